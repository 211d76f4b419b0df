/* SPDX-License-Identifier: ISC */
/* What a configuration needs of other files: that they are there, private,
 * and fit each other. */
#include "conf.h"

#include <errno.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include "cert.h"
#include "chain.h"
#include "conf_parse.h"
#include "key.h"
#include "tm.h"
#include "weak_list.h"

/* A certificate; the first of a file has all of that. */
struct held {
    struct blobs der;
    struct cert cert;
    const char *path;
};

static void held_free(struct held *h)
{
    cert_free(&h->cert);
    blobs_free(&h->der);
}

static int held_read(struct held *h, const struct buf *der, struct errs *e)
{
    AUTO(errs) struct errs why = {0};

    if (cert_parse(&h->cert, der->data, der->len, &why) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", h->path, why.v[0].detail);
    if (h->cert.ca)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "%s: this is not the certificate of an authority", h->path);
}

/* As a file of n certificates of the chain, from the first on, would be. */
static int held_take(struct held *h, const struct conf_chain *in, size_t first,
                     size_t n, struct errs *e)
{
    h->path = in->file;
    h->der.v = xcalloc(n, sizeof(*h->der.v));
    for (; h->der.n < n; h->der.n++) {
        const struct buf *der = &in->certs->v[first + h->der.n];

        buf_put(&h->der.v[h->der.n], der->data, der->len);
    }
    return held_read(h, &h->der.v[0], e);
}

static int held_load(struct held *h, const char *path, struct errs *e)
{
    h->path = path;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: is not there yet; `pocketca install-chain` brings "
                       "the chain that the root has signed",
                       path);
    if (cert_load(path, &h->der, e) < 0)
        return -1;
    return held_read(h, &h->der.v[0], e);
}

static int check_signature(struct key_verifier *v, const struct held *issuer,
                           const struct held *h, struct errs *e)
{
    AUTO(errs) struct errs why = {0};

    if (cert_verify(&h->cert, &issuer->cert.key, v, &why) == 0)
        return 0;
    if (key_refused(&why))
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", issuer->path,
                       key_refused(&why));
    return err_add(e, ERR_BAD_ARGUMENT, "%s: not signed by the key of %s",
                   h->path, issuer->path);
}

static void check_dates(const struct held *h, struct strs *warnings)
{
    char when[TM_RFC3339_SIZE];
    int64_t now = tm_now();

    if (h->cert.not_after >= now + 30 * TM_DAY)
        return;
    tm_rfc3339(when, h->cert.not_after);
    strs_add_own(warnings,
                 xasprintf(h->cert.not_after < now ? "%s ended at %s"
                                                   : "%s ends soon, at %s",
                           h->path, when));
}

static int check_data(const struct conf *c, struct errs *e)
{
    AUTO(free) char *ledger = xasprintf("%s/ledger.db", c->data);
    struct stat st;

    if (stat(c->data, &st) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "data: %s: %s", c->data,
                       strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT, "data: %s is not a directory",
                       c->data);
    if (st.st_mode & 077)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "data: %s is open to others (mode %03o); chmod 700 it",
                       c->data, (unsigned)st.st_mode & 0777);
    if (stat(ledger, &st) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s%s", ledger, strerror(errno),
                       errno == ENOENT ? "; `pocketca init` makes it" : "");
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT, "%s is not a regular file", ledger);
    return 0;
}

bool conf_key_closed(const struct conf *c, const struct conf_authority *a)
{
    AUTO(free) char *path = NULL;

    if (a->pass || strncmp(a->key, "file:", 5) != 0)
        return false;
    path = a->key[5] == '/' ? xstrdup(a->key + 5)
                            : xasprintf("%s/%s", c->data, a->key + 5);
    return key_is_encrypted(path);
}

static void check_key(const struct conf *c, const struct conf_authority *a,
                      const struct held *h, struct errs *e)
{
    AUTO(evp_pkey) EVP_PKEY *key = NULL;
    AUTO(buf) struct buf spki = {0};

    if (c->offline && conf_key_closed(c, a))
        return;
    key = key_load(a->key, c->data, a->pass, e);
    if (!key || !h->cert.der)
        return;
    key_spki(key, &spki);
    if (spki.len != h->cert.key.spki_len ||
        memcmp(spki.data, h->cert.key.spki, spki.len) != 0)
        err_add(e, ERR_BAD_ARGUMENT, "%s: not the key of %s", a->key, h->path);
}

static void check_weak_keys(const struct conf *c, struct errs *e)
{
    AUTO(weak_list) struct weak_list l = {0};

    if (c->weak_keys)
        weak_list_load(&l, c->weak_keys, e);
}

static void check_ledger_key(const struct conf *c, struct errs *e)
{
    AUTO(evp_pkey)
    EVP_PKEY *key = key_load(c->ledger_key, c->data, NULL, e);

    if (key && !EVP_PKEY_is_a(key, "ED25519"))
        err_add(e, ERR_BAD_ARGUMENT, "%s: the ledger's key must be Ed25519",
                c->ledger_key);
}

/* Every certificate: the root's, that of authority i at i + 1, then those that
 * stand behind them in their files, between them and the root. */
struct all {
    struct held *v;
    size_t n;
};

static void all_free(struct all *all)
{
    for (size_t i = 0; i < all->n; i++)
        held_free(&all->v[i]);
    free(all->v);
}
AUTO_VALUE(all, struct all, all_free)

static struct held *held_issuer(const struct all *all, const struct held *h)
{
    for (size_t k = 0; k < all->n; k++)
        if (&all->v[k] != h && all->v[k].cert.der &&
            cert_may_issue(&all->v[k].cert, &h->cert))
            return &all->v[k];
    return NULL;
}

static bool is_root(const struct all *all, const struct buf *der)
{
    const struct cert *root = &all->v[0].cert;

    return root->der_len == der->len &&
           memcmp(root->der, der->data, der->len) == 0;
}

static void load_above(struct all *all, size_t i, struct errs *e)
{
    for (size_t k = 1; k < all->v[i].der.n; k++) {
        const struct buf *der = &all->v[i].der.v[k];
        struct held above = {.path = all->v[i].path};

        if (is_root(all, der) || held_read(&above, der, e) < 0)
            continue;
        all->v = xreallocarray(all->v, all->n + 1, sizeof(*all->v));
        all->v[all->n++] = above;
    }
}

static void load_all(const struct conf *c, const struct conf_chain *in,
                     struct all *all, struct errs *e)
{
    const size_t n = c->n_authorities + 1;

    all->v = xcalloc(n, sizeof(*all->v));
    all->n = n;
    if (in)
        held_take(&all->v[0], in, in->certs->n - 1, 1, e);
    else
        held_load(&all->v[0], c->root, e);
    for (size_t i = 1; i < n; i++) {
        const struct conf_authority *a = &c->authorities[i - 1];

        if (in && in->authority == a)
            held_take(&all->v[i], in, 0, conf_chain_own(in->certs), e);
        else
            held_load(&all->v[i], a->certificate, e);
        check_key(c, a, &all->v[i], e);
    }
    for (size_t i = 1; i < n; i++)
        load_above(all, i, e);
}

static void check_root(const struct held *root, struct key_verifier *v,
                       struct strs *warnings, struct errs *e)
{
    if (!root->cert.der)
        return;
    if (!cert_self_signed(&root->cert))
        err_add(e, ERR_BAD_ARGUMENT, "root: %s did not issue itself",
                root->path);
    else
        check_signature(v, root, root, e);
    check_dates(root, warnings);
}

static void check_issued(const struct all *all, const struct held *h,
                         struct key_verifier *v, struct strs *warnings,
                         struct errs *e)
{
    const struct held *issuer = h->cert.der ? held_issuer(all, h) : NULL;

    if (!h->cert.der)
        return;
    if (issuer)
        check_signature(v, issuer, h, e);
    else if (all->v[0].cert.der)
        err_add(e, ERR_BAD_ARGUMENT,
                "%s: issued neither by %s nor by another authority, and its "
                "issuer's certificate is not behind it in its file",
                h->path, all->v[0].path);
    check_dates(h, warnings);
}

/* From an authority to the root, as far as they could be read. */
static size_t chain_of(const struct all *all, const struct held *h,
                       struct conf_issuer chain[CHAIN_MAX])
{
    size_t n = 0;

    for (; h && h->cert.der && n < CHAIN_MAX; n++) {
        chain[n] = (struct conf_issuer){&h->cert, h->path};
        h = cert_self_signed(&h->cert) ? NULL : held_issuer(all, h);
    }
    return n;
}

static void check_profile(const struct conf *c, const struct all *all,
                          const struct profile *p, struct errs *e)
{
    const struct conf_authority *a =
        p->authority ? conf_authority(c, p->authority) : c->authorities;
    struct conf_issuer chain[CHAIN_MAX];
    size_t n = chain_of(all, &all->v[a - c->authorities + 1], chain);

    conf_fit(c, p, chain, n, e);
}

/* Nothing else tells of it before somebody asks. */
static void check_responder(const struct conf *c, const struct all *all,
                            size_t a, struct strs *warnings)
{
    AUTO(taken) struct taken ignored = {0};
    struct conf_issuer chain[CHAIN_MAX];
    struct cert links[CHAIN_MAX]; /* borrow */
    const size_t n = chain_of(all, &all->v[a + 1], chain);

    if (n == 0 || !c->public_url)
        return;
    for (size_t i = 0; i < n; i++) {
        links[i] = *chain[i].cert;
        links[i].above = i + 1 < n ? &links[i + 1] : NULL;
    }
    if (!profile_fit_responder(&ignored, c->authorities[a].name, c->public_url,
                               links))
        strs_add_own(warnings,
                     xasprintf("authority %s: name constraints of %s, or above "
                               "it, permit no subject that its OCSP responder "
                               "could have, and not public-url either, so "
                               "there are no OCSP answers about its "
                               "certificates",
                               c->authorities[a].name, chain[0].path));
}

/* The service's own certificate is the first authority's. */
static void check_host(const struct conf *c, const struct all *all,
                       struct errs *e)
{
    struct conf_issuer chain[CHAIN_MAX];

    conf_fit_host(c, chain, chain_of(all, &all->v[1], chain), e);
}

static void check_certificates(const struct conf *c,
                               const struct conf_chain *in,
                               struct strs *warnings, struct errs *e)
{
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();
    AUTO(all) struct all all = {0};

    load_all(c, in, &all, e);
    check_root(&all.v[0], v, warnings, e);
    for (size_t i = 1; i < all.n; i++)
        check_issued(&all, &all.v[i], v, warnings, e);
    for (size_t i = 0; i < c->profiles.n; i++)
        check_profile(c, &all, &c->profiles.v[i], e);
    for (size_t i = 0; !c->offline && i < c->n_authorities; i++)
        check_responder(c, &all, i, warnings);
    if (!c->offline)
        check_host(c, &all, e);
}

static bool url_is_loopback(const char *url)
{
    static const char *const hosts[] = {"http://localhost", "http://127.",
                                        "http://[::1]"};

    for (size_t i = 0; i < COUNT(hosts); i++) {
        size_t len = strlen(hosts[i]);

        if (strncasecmp(url, hosts[i], len) == 0 &&
            (hosts[i][len - 1] == '.' || strchr(":/", url[len])))
            return true;
    }
    return false;
}

static void warn(const struct conf *c, struct strs *warnings)
{
    AUTO(free) char *root_key = xasprintf("%s/keys/root.key", c->data);
    struct stat st;

    for (size_t i = 0; i < c->warnings.n; i++)
        strs_add(warnings, c->warnings.v[i]);
    if (!c->offline && stat(root_key, &st) == 0 && !key_is_encrypted(root_key))
        strs_add_own(warnings,
                     xasprintf("the root's key lies unencrypted in %s; the "
                               "service does not need it: move it to a safe "
                               "place",
                               root_key));
    if (c->public_url && url_is_loopback(c->public_url))
        strs_add_own(warnings,
                     xasprintf("public-url is %s, so certificates name an "
                               "address that only this machine reaches",
                               c->public_url));
}

int conf_check(const struct conf *c, struct strs *warnings, struct errs *e)
{
    return conf_check_chain(c, NULL, warnings, e);
}

size_t conf_chain_own(const struct blobs *certs)
{
    return certs->n > 1 ? certs->n - 1 : 1;
}

int conf_check_chain(const struct conf *c, const struct conf_chain *in,
                     struct strs *warnings, struct errs *e)
{
    size_t before = e->n;

    if (check_data(c, e) < 0)
        return -1;
    check_certificates(c, in, warnings, e);
    check_ledger_key(c, e);
    check_weak_keys(c, e);
    warn(c, warnings);
    return e->n == before ? 0 : -1;
}
