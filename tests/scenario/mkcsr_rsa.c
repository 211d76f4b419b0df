/* SPDX-License-Identifier: ISC */
#include "mkcsr_rsa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

enum { BITS = 2048, HALF = BITS / 2 };

static void must(int good)
{
    if (good)
        return;
    fprintf(stderr, "mkcsr: libcrypto refused\n");
    exit(2);
}

static BIGNUM *number(unsigned long value)
{
    BIGNUM *n = BN_new();

    must(n && BN_set_word(n, value));
    return n;
}

/* p - 1 has no factor in common with the exponent, which is a prime. */
static int usable(const BIGNUM *p)
{
    return BN_mod_word(p, 65537) != 1;
}

/* The two highest bits are set, so that products have every bit. */
static BIGNUM *prime(int bits)
{
    BIGNUM *p = BN_new();

    do
        must(p && BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL));
    while (!usable(p));
    return p;
}

static BIGNUM *prime_behind(const BIGNUM *p, unsigned long step)
{
    BIGNUM *q = BN_dup(p);

    must(q && BN_add_word(q, step));
    while (!usable(q) || BN_check_prime(q, NULL, NULL) != 1)
        must(BN_add_word(q, 2));
    return q;
}

/* The product of the first 126 primes, as RSALib took it for 2048 bits. */
static BIGNUM *primorial(void)
{
    BIGNUM *m = number(1);

    for (unsigned long i = 2, d; i <= 701; i++) {
        for (d = 2; d * d <= i && i % d; d++)
            ;
        if (d * d > i)
            must(BN_mul_word(m, i));
    }
    return m;
}

/* k * M + (65537^a mod M) (CVE-2017-15361). */
static BIGNUM *roca(void)
{
    BIGNUM *m = primorial(), *g = number(65537), *a = number(0), *p = number(0);
    BN_CTX *ctx = BN_CTX_new();

    do {
        must(BN_rand(a, 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
        must(BN_mod_exp(a, g, a, m, ctx));
        must(BN_rand(p, HALF, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY));
        must(BN_div(p, NULL, p, m, ctx));
        must(BN_mul(p, p, m, ctx) && BN_add(p, p, a));
    } while (BN_num_bits(p) != HALF || !usable(p) ||
             BN_check_prime(p, ctx, NULL) != 1);
    BN_free(m);
    BN_free(g);
    BN_free(a);
    BN_CTX_free(ctx);
    return p;
}

/* p alone, or p * q, with the order of its group: q may be p. */
static EVP_PKEY *key_of(const BIGNUM *p, const BIGNUM *q)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_dup(p), *e = number(65537), *phi = BN_dup(p), *rest;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    must(ctx && n && phi && b && make && BN_sub_word(phi, 1));
    if (q) {
        rest = BN_dup(q);
        must(rest && (BN_cmp(p, q) == 0 || BN_sub_word(rest, 1)));
        must(BN_mul(n, n, q, ctx) && BN_mul(phi, phi, rest, ctx));
        BN_free(rest);
    }
    must(BN_mod_inverse(phi, e, phi, ctx) != NULL);
    must(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) &&
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, phi));
    params = OSSL_PARAM_BLD_to_param(b);
    must(EVP_PKEY_fromdata_init(make) > 0 &&
         EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEYPAIR, params) > 0);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(make);
    BN_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    BN_free(phi);
    return key;
}

EVP_PKEY *rsa_odd(const char *kind)
{
    BIGNUM *p, *q = NULL;
    EVP_PKEY *key = NULL;

    if (strcmp(kind, "prime") == 0) {
        p = prime(BITS);
    } else if (strcmp(kind, "small") == 0) {
        p = prime(BITS - 11);
        q = number(2039);
    } else if (strcmp(kind, "roca") == 0) {
        p = roca();
        q = roca();
    } else {
        p = prime(HALF);
        if (strcmp(kind, "square") == 0)
            q = BN_dup(p);
        else if (strcmp(kind, "close") == 0)
            q = prime_behind(p, 1000);
    }
    if (q || strcmp(kind, "prime") == 0)
        key = key_of(p, q);
    BN_free(p);
    BN_free(q);
    return key;
}
