/* SPDX-License-Identifier: ISC */
/* For check_cert*.c: certificates that were written, and chains. */
#ifndef POCKETCA_CERT_MADE_H
#define POCKETCA_CERT_MADE_H

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "oid.h"
#include "unit.h"
#include "x509.h"

static const char *const key_specs[] = {"ec:P-256", "ec:P-384", "ed25519",
                                        "rsa:2048"};
enum { KEYS = COUNT(key_specs) };

static struct party keys[KEYS];

static inline void names_of(struct names *out, const char *text)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(names_parse(out, text, &e), 0);
}

/* "DNS:a.b" and so on, as OpenSSL has it. */
static inline char *general_text(const GENERAL_NAME *g)
{
    int type;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(g, &type);
    const char *p = (const char *)ASN1_STRING_get0_data(s);
    int len = ASN1_STRING_length(s);
    char hex[80];

    if (type != GEN_IPADD)
        return xasprintf("%d:%.*s", type, len, p);
    ck_assert_int_le(len, 32);
    hex_encode(hex, (const uint8_t *)p, (size_t)len);
    return xasprintf("%d:%s", type, hex);
}

/* A root, an intermediate below it and a full leaf, for each kind of key. */
struct chain {
    struct buf root, issuing, leaf;
    struct cert root_read, issuing_read;
    struct names names;
    struct cert_spec leaf_spec;
};

static inline void chain_free(struct chain *c)
{
    buf_free(&c->root);
    buf_free(&c->issuing);
    buf_free(&c->leaf);
    cert_free(&c->root_read);
    cert_free(&c->issuing_read);
    names_free(&c->names);
}
AUTO_VALUE(chain, struct chain, chain_free)

static inline void read_back(struct cert *out, const struct buf *der)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_msg(cert_parse(out, der->data, der->len, &e) == 0, "%s",
                  e.n ? e.v[0].detail : "");
}

static inline void issue(struct buf *out, const struct cert_spec *spec,
                         const struct cert *issuer, const struct party *key)
{
    struct cert_spec s = *spec;

    s.issuer = issuer->subject;
    s.issuer_len = issuer->subject_len;
    s.aki = issuer->ski;
    s.alg = key_signer_alg(key->signer);
    cert_make(out, &s, key);
}

static inline struct cert_spec issuing_spec(const struct party *p)
{
    struct cert_spec s = root_spec(p);

    serial_new(&s.serial);
    s.cn = "Test Issuing";
    s.path_len = 0;
    s.not_after = DAY_ONE + 86400 * INT64_C(3650) - 1;
    s.crl_url = "http://ca.example:8080/crl/root.crl";
    return s;
}

static inline void chain_make(struct chain *c, size_t key,
                              const struct cert_constraints *constraints)
{
    struct cert_spec s = root_spec(&keys[key]);

    *c = (struct chain){0};
    cert_make(&c->root, &s, &keys[key]);
    read_back(&c->root_read, &c->root);
    s = issuing_spec(&keys[key]);
    s.constraints = constraints;
    issue(&c->issuing, &s, &c->root_read, &keys[key]);
    read_back(&c->issuing_read, &c->issuing);
}

static inline struct cert_spec leaf_spec(const struct party *p,
                                         const struct names *names)
{
    struct cert_spec s = {.not_before = DAY_ONE + 60,
                          .not_after = DAY_ONE + 60 + 90 * 86400 - 1,
                          .cn = cert_cn(names),
                          .names = names,
                          .spki = p->spki.data,
                          .spki_len = p->spki.len,
                          .path_len = -1,
                          .ku = KU_DIGITAL_SIGNATURE,
                          .eku = EKU_SERVER | EKU_CLIENT,
                          .crl_url = "http://ca.example:8080/crl/issuing.crl",
                          .issuer_url = "http://ca.example:8080/ca/i.crt",
                          .ocsp_url = "http://ca.example:8080/ocsp"};

    serial_new(&s.serial);
    return s;
}

static inline int verify(const struct chain *c, const struct buf *leaf)
{
    AUTO(x509) X509 *root = openssl_read(&c->root);
    AUTO(x509) X509 *issuing = openssl_read(&c->issuing);
    AUTO(x509) X509 *x = openssl_read(leaf);
    STACK_OF(X509) *between = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error;

    sk_X509_push(between, issuing);
    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(ctx, store, x, between);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)DAY_ONE + 3600);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT |
                                      X509_V_FLAG_CHECK_SS_SIGNATURE |
                                      X509_V_FLAG_POLICY_CHECK);
    X509_verify_cert(ctx);
    error = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(between);
    return error;
}

#endif
