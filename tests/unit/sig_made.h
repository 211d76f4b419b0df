/* SPDX-License-Identifier: ISC */
/* For check_sig*.c: signatures by OpenSSL. */
#ifndef POCKETCA_SIG_MADE_H
#define POCKETCA_SIG_MADE_H

#include "key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "digest.h"
#include "mem.h"
#include "oid.h"
#include "unit.h"

struct pair {
    EVP_PKEY *key;
    struct buf spki;
    struct key_pub pub;
};

static inline struct pair pair_make(const char *type, const char *group)
{
    AUTO(errs) struct errs e = {0};
    struct pair p = {0};

    if (strcmp(type, "RSA") == 0)
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
    else if (group)
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type, group);
    else
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    ck_assert_ptr_nonnull(p.key);
    key_spki(p.key, &p.spki);
    ck_assert_int_eq(key_pub_parse(&p.pub, p.spki.data, p.spki.len, &e), 0);
    return p;
}

static inline void pair_free(struct pair *p)
{
    EVP_PKEY_free(p->key);
    buf_free(&p->spki);
}
AUTO_VALUE(pair, struct pair, pair_free)

static const struct alg {
    enum sig_alg alg;
    const char *type, *group, *md;
    int pss_salt; /* 0: not PSS */
} algs[] = {
    {SIG_RSA_SHA256, "RSA", NULL, "SHA256", 0},
    {SIG_RSA_SHA384, "RSA", NULL, "SHA384", 0},
    {SIG_RSA_SHA512, "RSA", NULL, "SHA512", 0},
    {SIG_RSA_PSS_SHA256, "RSA", NULL, "SHA256", 32},
    {SIG_RSA_PSS_SHA384, "RSA", NULL, "SHA384", 48},
    {SIG_RSA_PSS_SHA512, "RSA", NULL, "SHA512", 64},
    {SIG_ECDSA_SHA256, "EC", "P-256", "SHA256", 0},
    {SIG_ECDSA_SHA384, "EC", "P-256", "SHA384", 0},
    {SIG_ECDSA_SHA256, "EC", "P-384", "SHA256", 0},
    {SIG_ECDSA_SHA384, "EC", "P-384", "SHA384", 0},
    {SIG_ECDSA_SHA512, "EC", "P-521", "SHA512", 0},
    {SIG_ED25519, "ED25519", NULL, NULL, 0},
};

static inline EVP_MD_CTX *sign_begin(const struct alg *a, EVP_PKEY *key,
                                     int salt)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *p;

    ck_assert_int_eq(
        EVP_DigestSignInit_ex(ctx, &p, a->md, NULL, NULL, key, NULL), 1);
    if (salt) {
        EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(p, salt);
    }
    return ctx;
}

#endif
