/* SPDX-License-Identifier: ISC */
/* An RSA key that can sign, and that nobody should have. */
#ifndef POCKETCA_WEAK_KEY_H
#define POCKETCA_WEAK_KEY_H

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "x509.h"

/* The modulus is the square of a prime. */
static inline EVP_PKEY *weak_rsa(void)
{
    AUTO(bignum) BIGNUM *p = BN_new(), *n = BN_new(), *d = BN_new();
    AUTO(bignum) BIGNUM *e = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    ck_assert(BN_set_word(e, 65537) &&
              BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL) &&
              BN_sqr(n, p, ctx) && BN_sub(d, n, p) &&
              BN_mod_inverse(d, e, d, ctx) != NULL);
    ck_assert(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) &&
              OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) &&
              OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, d));
    params = OSSL_PARAM_BLD_to_param(b);
    ck_assert(EVP_PKEY_fromdata_init(make) > 0 &&
              EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEYPAIR, params) > 0);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(make);
    BN_CTX_free(ctx);
    return key;
}

static inline void party_make_weak(struct party *p)
{
    *p = (struct party){.key = weak_rsa()};
    p->signer = key_signer_new(p->key);
    key_spki(p->key, &p->spki);
}

#endif
