/* SPDX-License-Identifier: ISC */
/* Keys, certificates, configuration and ledger of a new authority. */
#include "init.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "cmd.h"
#include "csr.h"
#include "decision.h"
#include "pem.h"
#include "store.h"
#include "tm.h"

/* One of the two authorities while it is made. */
struct made {
    EVP_PKEY *key;
    struct buf spki, der;
    struct cert cert;
};

static void made_free(struct made *m)
{
    cert_free(&m->cert);
    EVP_PKEY_free(m->key);
    buf_free(&m->spki);
    buf_free(&m->der);
}

static int make_dirs(const struct init *i, struct errs *e)
{
    static const char *const names[] = {"keys", "crl"};

    for (size_t k = 0; k < COUNT(names); k++) {
        AUTO(free) char *path = xasprintf("%s/%s", i->tmp, names[k]);

        if (mkdir(path, 0700) < 0)
            return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path,
                           strerror(errno));
    }
    return 0;
}

static int write_key(const struct init *i, const char *name, EVP_PKEY *key,
                     const char *pass, int fd, struct errs *e)
{
    struct buf pem = {0};
    int r;

    key_to_pem(key, pass, &pem);
    r = fd >= 0 ? init_write_fd(fd, name, &pem, e)
                : init_write(i, name, 0600, &pem, e);
    buf_wipe(&pem);
    return r;
}

static int make_root_key(const struct init *i, struct made *root,
                         struct errs *e)
{
    root->key = key_generate(i->key, e);
    if (!root->key)
        return -1;
    key_spki(root->key, &root->spki);
    return write_key(i, i->root_key_out ? i->root_key_out : "keys/root.key",
                     root->key, i->pass, i->root_key_fd, e);
}

static int make_issuing_key(const struct init *i, struct made *issuing,
                            struct errs *e)
{
    issuing->key = key_generate(i->key, e);
    if (!issuing->key)
        return -1;
    key_spki(issuing->key, &issuing->spki);
    return write_key(i, "keys/issuing.key", issuing->key,
                     i->form == INIT_CSR ? i->pass : NULL, -1, e);
}

static int make_ledger(const struct init *i, struct errs *e)
{
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ed25519", e);
    AUTO(free) char *path = xasprintf("%s/ledger.db", i->tmp);

    if (!key || write_key(i, "keys/ledger.key", key, NULL, -1, e) < 0)
        return -1;
    return store_create(path, e);
}

/* Signs what spec says with the issuer's key, once it passed the lints, and
 * reads it back.  issuer NULL: a root. */
static int make_cert(struct made *m, struct cert_spec *spec,
                     const struct cert *issuer, EVP_PKEY *key, struct errs *e)
{
    AUTO(key_signer) struct key_signer *signer = key_signer_new(key);
    AUTO(decision) struct decision *passed = NULL;
    AUTO(buf) struct buf tbs = {0};
    AUTO(strs) struct strs warnings = {0};

    serial_new(&spec->serial);
    spec->spki = m->spki.data;
    spec->spki_len = m->spki.len;
    spec->ca = true;
    spec->ku |= KU_CERT_SIGN | KU_CRL_SIGN;
    spec->alg = key_signer_alg(signer);
    cert_write_tbs(&tbs, spec);
    passed = decide_authority(&tbs, issuer, &warnings, e);
    if (passed)
        cert_seal(&m->der, passed, signer);
    cmd_warn(&warnings);
    if (!passed)
        return -1;
    return cert_parse(&m->cert, m->der.data, m->der.len, e);
}

static int make_root(const struct init *i, struct made *root, struct errs *e)
{
    AUTO(free) char *cn = xasprintf("%s Root", i->name);
    int64_t begin = tm_now() - TM_MINUTE;
    struct cert_spec spec = {.not_before = begin,
                             .not_after = begin + i->root_lifetime - 1,
                             .cn = cn,
                             .path_len = -1};

    return make_cert(root, &spec, NULL, root->key, e);
}

/* --allow, every --host, and this machine, which is among them. */
static int constraints(const struct init *i, struct cert_constraints *out,
                       struct errs *e)
{
    AUTO(strs) struct strs all = {0};

    strs_copy(&all, &i->allow_text);
    for (size_t k = 0; k < i->host.n; k++)
        strs_add_own(&all, name_text(&i->host.v[k]));
    return cert_constraints_parse(out, &all, e);
}

static int make_issuing(const struct init *i, const struct made *root,
                        struct made *issuing, struct errs *e)
{
    AUTO(cert_constraints) struct cert_constraints limits = {0};
    AUTO(free) char *cn = xasprintf("%s Issuing", i->name);
    AUTO(free) char *crl = NULL;
    AUTO(free) char *up = NULL;
    int64_t end = root->cert.not_before + i->lifetime - 1;
    struct cert_spec spec = {
        .issuer = root->cert.subject,
        .issuer_len = root->cert.subject_len,
        .not_before = root->cert.not_before,
        .not_after = end < root->cert.not_after ? end : root->cert.not_after,
        .cn = cn,
        .aki = root->cert.ski,
        .path_len = 0,
        .ku = KU_DIGITAL_SIGNATURE /* for OCSP answers of its own */};

    if (i->public_url) {
        spec.crl_url = crl = xasprintf("%s/crl/root.crl", i->public_url);
        spec.issuer_url = up = xasprintf("%s/ca/root.der", i->public_url);
    }
    if (i->constrain) {
        if (i->allow.n == 0) /* every DNS name and address */
            limits.any = 1u << NAME_DNS | 1u << NAME_IP;
        if (constraints(i, &limits, e) < 0)
            return -1;
        spec.constraints = &limits;
    }
    return make_cert(issuing, &spec, &root->cert, root->key, e);
}

/* The certificates of those that were made, the lowest first. */
static int write_certs(const struct init *i, const char *name,
                       const struct made *first, const struct made *next,
                       struct errs *e)
{
    AUTO(buf) struct buf pem = {0};

    pem_put(&pem, "CERTIFICATE", first->der.data, first->der.len);
    if (next)
        pem_put(&pem, "CERTIFICATE", next->der.data, next->der.len);
    return init_write(i, name, 0644, &pem, e);
}

void init_conf(const struct init *i, const char *data, struct buf *out)
{
    AUTO(free)
    char *key = i->root_key_out ? xasprintf("file:%s", i->root_key_out)
                                : xstrdup("file:keys/root.key");
    struct conf_init ci = {.data = data,
                           .offline = i->form == INIT_ROOT,
                           .root_key = key,
                           .passphrase_file =
                               i->form >= INIT_CSR ? i->passphrase_file : NULL,
                           .host = &i->host_text,
                           .allow = &i->allow_text,
                           .subject = &i->subject,
                           .listen_api = i->listen_api,
                           .listen_public = i->listen_public,
                           .public_url = i->public_url,
                           .user = i->user};

    conf_write(out, &ci);
}

static int write_conf(const struct init *i, struct errs *e)
{
    AUTO(buf) struct buf text = {0};

    init_conf(i, i->split ? i->data : ".", &text);
    return init_write(i, "pocketca.conf", 0644, &text, e);
}

static int make_both(const struct init *i, struct made *root,
                     struct made *issuing, struct errs *e)
{
    if (make_root_key(i, root, e) < 0 || make_issuing_key(i, issuing, e) < 0 ||
        make_root(i, root, e) < 0 || make_issuing(i, root, issuing, e) < 0 ||
        write_certs(i, "root.pem", root, NULL, e) < 0 ||
        write_certs(i, "issuing.pem", issuing, NULL, e) < 0 ||
        write_certs(i, "chain.pem", issuing, root, e) < 0)
        return -1;
    return init_ledger(i, &root->cert, root->key, e);
}

/* The ledger's first session is install-chain's: without a certificate there
 * is no authority to register. */
static int make_csr(const struct init *i, struct made *issuing, struct errs *e)
{
    AUTO(free) char *cn = xasprintf("%s Issuing", i->name);
    AUTO(buf) struct buf der = {0};
    AUTO(buf) struct buf pem = {0};

    if (make_issuing_key(i, issuing, e) < 0)
        return -1;
    csr_make(issuing->key, cn, &der);
    pem_put(&pem, "CERTIFICATE REQUEST", der.data, der.len);
    return init_write(i, "issuing.csr", 0644, &pem, e);
}

static int write_blobs(const struct init *i, const char *name,
                       const struct blobs *l, size_t from, size_t to,
                       struct errs *e)
{
    AUTO(buf) struct buf pem = {0};

    for (size_t k = from; k < to; k++)
        pem_put(&pem, "CERTIFICATE", l->v[k].data, l->v[k].len);
    return init_write(i, name, 0644, &pem, e);
}

/* A root that issues by itself is in both files; what is between an authority
 * and its root is in the authority's. */
static int make_import(const struct init *i, struct errs *e)
{
    const struct blobs *l = &i->imported;
    const size_t below = l->n > 1 ? l->n - 1 : 1;

    if (write_key(i, "keys/issuing.key", i->imported_key, i->pass, -1, e) < 0 ||
        write_blobs(i, "root.pem", l, l->n - 1, l->n, e) < 0 ||
        write_blobs(i, "issuing.pem", l, 0, below, e) < 0 ||
        write_blobs(i, "chain.pem", l, 0, l->n, e) < 0)
        return -1;
    return init_ledger(i, NULL, NULL, e);
}

static int import_root(const struct init *i, struct errs *e)
{
    if (write_key(i, "keys/root.key", i->imported_key, i->pass, -1, e) < 0 ||
        write_blobs(i, "root.pem", &i->imported, 0, 1, e) < 0)
        return -1;
    return init_ledger(i, NULL, NULL, e);
}

static int make_root_only(const struct init *i, struct made *root,
                          struct errs *e)
{
    if (i->import_cert)
        return import_root(i, e);
    if (make_root_key(i, root, e) < 0 || make_root(i, root, e) < 0 ||
        write_certs(i, "root.pem", root, NULL, e) < 0)
        return -1;
    return init_ledger(i, &root->cert, root->key, e);
}

static int make(const struct init *i, struct made *root, struct made *issuing,
                struct errs *e)
{
    if (make_dirs(i, e) < 0 || make_ledger(i, e) < 0 || write_conf(i, e) < 0)
        return -1;
    switch (i->form) {
    case INIT_ROOT:
        return make_root_only(i, root, e);
    case INIT_CSR:
        return make_csr(i, issuing, e);
    case INIT_IMPORT:
        return make_import(i, e);
    default:
        return make_both(i, root, issuing, e);
    }
}

int init_make(const struct init *i, struct errs *e)
{
    struct made root = {0}, issuing = {0};
    int r = make(i, &root, &issuing, e);

    made_free(&root);
    made_free(&issuing);
    return r;
}
