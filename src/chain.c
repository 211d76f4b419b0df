/* SPDX-License-Identifier: ISC */
#include "chain.h"

#include <string.h>

#include "lint.h"
#include "tm.h"

struct link {
    struct cert cert;
    char *name; /* its subject, for messages */
};

struct chain {
    const char *path;
    struct link v[CHAIN_MAX];
    size_t n;
    struct errs *e;
};

static bool same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static void read_all(struct chain *c, const struct blobs *l)
{
    for (size_t i = 0; i < l->n; i++) {
        AUTO(errs) struct errs why = {0};
        struct link *k = &c->v[i];

        if (cert_parse(&k->cert, l->v[i].data, l->v[i].len, &why) < 0) {
            err_add(c->e, ERR_BAD_ARGUMENT, "%s: certificate %zu: %s", c->path,
                    i + 1, why.v[0].detail);
            continue;
        }
        k->name = cert_name_text(k->cert.subject, k->cert.subject_len);
    }
    c->n = l->n;
}

static void check_dates(const struct chain *c, const struct link *k,
                        int64_t now)
{
    char when[TM_RFC3339_SIZE];

    if (now < k->cert.not_before) {
        tm_rfc3339(when, k->cert.not_before);
        err_add(c->e, ERR_BAD_ARGUMENT, "%s: \"%s\" begins only at %s", c->path,
                k->name, when);
    }
    if (now > k->cert.not_after) {
        tm_rfc3339(when, k->cert.not_after);
        err_add(c->e, ERR_BAD_ARGUMENT, "%s: \"%s\" ended at %s", c->path,
                k->name, when);
    }
}

/* RFC 5280 section 4.2.1.3: without keyUsage every use is permitted. */
static void check_power(const struct chain *c, const struct link *k,
                        size_t below)
{
    const bool limited = k->cert.ext[EXT_KEY_USAGE].value;

    if (!k->cert.ca)
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: \"%s\" is not the certificate of an authority: "
                "basicConstraints has no cA TRUE",
                c->path, k->name);
    if (k->cert.subject_len == 2)
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: certificate %zu has an empty subject, and the issuer of "
                "a certificate has a name (RFC 5280 section 4.1.2.4)",
                c->path, below + 1);
    if (limited && !(k->cert.ku & KU_CERT_SIGN))
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: \"%s\" may not sign certificates: keyUsage has no "
                "keyCertSign",
                c->path, k->name);
    if (limited && !(k->cert.ku & KU_CRL_SIGN))
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: \"%s\" may not sign CRLs: keyUsage has no cRLSign",
                c->path, k->name);
    if (k->cert.path_len >= 0 && (size_t)k->cert.path_len < below)
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: \"%s\" has pathLenConstraint %d, and %zu authorities "
                "below it",
                c->path, k->name, k->cert.path_len, below);
}

static void check_signature(const struct chain *c, const struct link *k,
                            const struct link *issuer, struct key_verifier *v)
{
    const struct cert *s = &k->cert;
    AUTO(errs) struct errs why = {0};

    if (!same(s->issuer, s->issuer_len, issuer->cert.subject,
              issuer->cert.subject_len)) {
        AUTO(free) char *wanted = cert_name_text(s->issuer, s->issuer_len);

        if (k == issuer)
            err_add(c->e, ERR_BAD_ARGUMENT,
                    "%s: the last certificate, \"%s\", is no root: the one of "
                    "\"%s\", which issued it, has to follow",
                    c->path, k->name, wanted);
        else
            err_add(c->e, ERR_BAD_ARGUMENT,
                    "%s: \"%s\" was issued by \"%s\", and \"%s\" follows: the "
                    "authority comes first, then its issuer, the root last",
                    c->path, k->name, wanted, issuer->name);
    } else if (cert_verify(s, &issuer->cert.key, v, &why) == 0) {
        return;
    } else if (key_refused(&why)) {
        err_add(c->e, ERR_BAD_ARGUMENT, "%s: \"%s\": %s", c->path, issuer->name,
                key_refused(&why));
    } else {
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: \"%s\" is not signed by the key of \"%s\"", c->path,
                k->name, issuer->name);
    }
}

static void check_all(const struct chain *c, const uint8_t *spki,
                      size_t spki_len, int64_t now)
{
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();
    const struct key_pub *own = &c->v[0].cert.key;

    if (!same(own->spki, own->spki_len, spki, spki_len))
        err_add(c->e, ERR_BAD_ARGUMENT,
                "%s: the first certificate, \"%s\", is of another key than "
                "the authority's",
                c->path, c->v[0].name);
    for (size_t i = 0; i < c->n; i++) {
        check_dates(c, &c->v[i], now);
        check_power(c, &c->v[i], i);
        check_signature(c, &c->v[i], &c->v[i + 1 < c->n ? i + 1 : i], v);
        if (i + 1 < c->n && cert_self_signed(&c->v[i].cert))
            err_add(c->e, ERR_BAD_ARGUMENT,
                    "%s: \"%s\" signed itself, and \"%s\" follows: a root "
                    "comes last",
                    c->path, c->v[i].name, c->v[i + 1].name);
    }
}

static void chain_free(struct chain *c)
{
    for (size_t i = 0; i < c->n; i++) {
        cert_free(&c->v[i].cert);
        free(c->v[i].name);
    }
}

int chain_judge(const char *path, const struct blobs *l, const uint8_t *spki,
                size_t spki_len, int64_t now, struct errs *e)
{
    struct chain c = {.path = path, .e = e};
    const size_t before = e->n;

    if (l->n > CHAIN_MAX)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: %zu certificates are more than a chain has here "
                       "(%d)",
                       path, l->n, CHAIN_MAX);
    read_all(&c, l);
    if (e->n == before)
        check_all(&c, spki, spki_len, now);
    chain_free(&c);
    return e->n == before ? 0 : -1;
}

void chain_lint(const char *path, const struct blobs *l, struct strs *warnings)
{
    AUTO(errs) struct errs none = {0};
    struct chain c = {.path = path, .e = &none};

    read_all(&c, l);
    for (size_t i = 0; i + 1 < c.n; i++)
        c.v[i].cert.above = &c.v[i + 1].cert;
    for (size_t i = 0; i < c.n; i++) {
        struct lint_findings found = {0};

        lint_run(&c.v[i].cert, c.v[i].cert.above, &found);
        for (size_t k = 0; k < found.n; k++) {
            AUTO(free) char *text = lint_text(found.v[k]);

            strs_add_own(warnings,
                         xasprintf("%s: \"%s\": %s", path, c.v[i].name, text));
        }
    }
    chain_free(&c);
}
