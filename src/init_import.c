/* SPDX-License-Identifier: ISC */
/* An authority that another program has made: its key and certificates are
 * judged as those of install-chain are, and copied. */
#include "init.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "cmd_record.h"
#include "crl.h"
#include "pem.h"
#include "tm.h"

enum { CRL_MAX = 64 * 1024 * 1024 };

/* openssl and easy-rsa write the certificate as text before the PEM. */
static void drop_text(const struct buf *from, struct buf *out)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    const uint8_t *p = from->data, *stop = from->data + from->len;

    while (p < stop &&
           (p = memmem(p, (size_t)(stop - p), begin, sizeof(begin) - 1))) {
        const uint8_t *e = memmem(p, (size_t)(stop - p), end, sizeof(end) - 1);
        const uint8_t *nl = e ? memchr(e, '\n', (size_t)(stop - e)) : NULL;
        const uint8_t *to = nl ? nl + 1 : stop;

        buf_put(out, p, (size_t)(to - p));
        p = to;
    }
}

static int add_certs(const char *path, struct blobs *l, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf pem = {0};
    AUTO(blobs) struct blobs more = {0};

    if (conf_read(path, &text, e) < 0)
        return -1;
    drop_text(&text, &pem);
    if (cert_split(path, &pem, &more, e) < 0)
        return -1;
    for (size_t i = 0; i < more.n; i++) {
        const struct buf *last = l->n ? &l->v[l->n - 1] : NULL;

        /* The certificate itself may be the first of its chain. */
        if (last && last->len == more.v[i].len &&
            memcmp(last->data, more.v[i].data, last->len) == 0)
            continue;
        l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
        l->v[l->n++] = more.v[i];
        more.v[i] = (struct buf){0};
    }
    return 0;
}

/* Relative to where the command was given, and only for its owner. */
static EVP_PKEY *load_key(struct init *i, struct errs *e)
{
    AUTO(free) char *uri = xasprintf("file:%s", i->import_key);

    if (!i->pass && key_is_encrypted(i->import_key))
        i->pass = passphrase_ask(i->import_key, e);
    return e->n ? NULL : key_load(uri, NULL, i->pass, e);
}

/* What it revoked stays revoked: signed by it, or nothing is made. */
static int load_crl(struct init *i, struct errs *e)
{
    AUTO(cert) struct cert issuer = {0};
    const struct buf *der = &i->imported.v[0];
    struct crl crl;

    if (!i->import_crl)
        return 0;
    if (cert_parse(&issuer, der->data, der->len, e) < 0 ||
        cmd_read_crl(i->import_crl, CRL_MAX, &i->imported_crl, e) < 0 ||
        crl_parse_any(&crl, i->imported_crl.data, i->imported_crl.len, e) < 0)
        return -1;
    return crl_verify(&crl, &issuer, i->import_cert, e);
}

static void warn(const struct init *i)
{
    AUTO(strs) struct strs warnings = {0};

    chain_lint(i->import_cert, &i->imported, &warnings);
    cmd_warn(&warnings);
}

/* The names of the profiles that init writes. */
static void put_names(struct profile *p, const struct init *i)
{
    static const char *const all[] = {"dns:**", "ip:**"};
    AUTO(errs) struct errs none = {0};
    struct pattern one;

    for (size_t k = 0; k < i->allow.n; k++) {
        pattern_copy(&one, &i->allow.v[k]);
        patterns_add(&p->names, &one);
    }
    for (size_t k = 0; i->allow.n == 0 && k < 2; k++)
        if (pattern_parse(&one, all[k], &none) == 0)
            patterns_add(&p->names, &one);
    p->single_label = true;
}

/* Subjects that the directory names of its name constraints permit: what is
 * fixed, or none at all. */
static void fit_subject(struct init *i, const struct cert *ca)
{
    AUTO(profile) struct profile p = {0};

    put_names(&p, i);
    profile_fit(&p, ca);
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (p.fixed.v[f])
            strs_add_own(&i->subject,
                         xasprintf("%s=%s",
                                   subject_field_text((enum subject_field)f),
                                   p.fixed.v[f]));
    if (p.no_cn)
        strs_add(&i->subject, "cn=");
}

static void fit_chain(struct init *i)
{
    AUTO(errs) struct errs none = {0};
    struct cert chain[CHAIN_MAX] = {0};

    for (size_t k = i->imported.n; k-- > 0;) { /* chain_judge() took all */
        const struct buf *der = &i->imported.v[k];

        cert_parse(&chain[k], der->data, der->len, &none);
        chain[k].above = k + 1 < i->imported.n ? &chain[k + 1] : NULL;
    }
    fit_subject(i, chain);
    for (size_t k = 0; k < i->imported.n; k++)
        cert_free(&chain[k]);
}

int init_import(struct init *i, struct errs *e)
{
    AUTO(buf) struct buf spki = {0};

    i->imported_key = load_key(i, e);
    if (!i->imported_key || add_certs(i->import_cert, &i->imported, e) < 0 ||
        (i->import_chain && add_certs(i->import_chain, &i->imported, e) < 0))
        return -1;
    if (i->form == INIT_ROOT && i->imported.n > 1)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: %zu certificates; --root-only takes a root alone",
                       i->import_cert, i->imported.n);
    key_spki(i->imported_key, &spki);
    if (chain_judge(i->import_cert, &i->imported, spki.data, spki.len, tm_now(),
                    e) < 0)
        return -1;
    warn(i);
    if (i->form == INIT_IMPORT)
        fit_chain(i);
    return load_crl(i, e);
}
