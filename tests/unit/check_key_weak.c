/* SPDX-License-Identifier: ISC */
/* RSA moduli that can be factored, and what it costs to find out. */
#include "mkcsr.h"
#include "spki.h"

/* The verdict on p * q; q NULL: on p alone. */
static const char *weakness(const BIGNUM *p, const BIGNUM *q, char *text,
                            size_t size)
{
    AUTO(errs) struct errs e = {0};
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_dup(p);
    uint8_t octets[512];
    struct key_pub k = {.type = KEY_RSA, .bits = BN_num_bits(p), .n = octets};

    ck_assert(!q || BN_mul(n, p, q, ctx));
    k.n_len = (size_t)BN_bn2bin(n, octets);
    *text = '\0';
    if (key_rsa_weak(&k, &e)) {
        ck_assert_int_eq(e.v[0].code, ERR_KEY_WEAK);
        snprintf(text, size, "%s", e.v[0].detail);
    }
    BN_free(n);
    BN_CTX_free(ctx);
    return text;
}

static BIGNUM *prime(int bits)
{
    BIGNUM *p = BN_new();

    ck_assert(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL));
    return p;
}

/* The next prime behind p + step. */
static BIGNUM *prime_after(const BIGNUM *p, unsigned step)
{
    BIGNUM *q = BN_dup(p);

    ck_assert(BN_add_word(q, step));
    while (BN_check_prime(q, NULL, NULL) != 1)
        ck_assert(BN_add_word(q, 2));
    return q;
}

/* k * M + (65537^a mod M), M the product of the first 126 primes. */
static BIGNUM *roca_prime(void)
{
    BIGNUM *p = BN_new(), *m = BN_new(), *a = BN_new(), *g = BN_new();
    BN_CTX *ctx = BN_CTX_new();

    ck_assert(BN_one(m) && BN_set_word(g, 65537));
    for (unsigned i = 2, d; i <= 701; i++) {
        for (d = 2; d * d <= i && i % d; d++)
            ;
        ck_assert(d * d <= i || BN_mul_word(m, i));
    }
    do {
        ck_assert(BN_rand(a, 64, -1, 0) && BN_mod_exp(a, g, a, m, ctx));
        ck_assert(BN_rand(p, 1024 - BN_num_bits(m), 0, 0));
        ck_assert(BN_mul(p, p, m, ctx) && BN_add(p, p, a));
    } while (BN_check_prime(p, ctx, NULL) != 1);
    BN_free(m);
    BN_free(a);
    BN_free(g);
    BN_CTX_free(ctx);
    return p;
}

START_TEST(rsa_moduli)
{
    BIGNUM *p = prime(1024), *q = prime(1024), *near = prime_after(p, 1000);
    BIGNUM *r = roca_prime(), *s = roca_prime(), *big = prime(2048);
    static const unsigned factors[] = {3, 5, 101, 751, 7919, 8179, 8191};
    char text[200];

    ck_assert_str_eq(weakness(p, q, text, sizeof(text)), "");
    ck_assert(strstr(weakness(p, p, text, sizeof(text)), "too close"));
    ck_assert(strstr(weakness(p, near, text, sizeof(text)), "too close"));
    ck_assert(strstr(weakness(big, NULL, text, sizeof(text)), "is a prime"));
    ck_assert(strstr(weakness(r, s, text, sizeof(text)), "ROCA"));
    ck_assert_str_eq(weakness(r, q, text, sizeof(text)), "");
    for (size_t i = 0; i < COUNT(factors); i++) {
        BIGNUM *small = BN_new();

        ck_assert(BN_set_word(small, factors[i]));
        ck_assert_msg(strstr(weakness(big, small, text, sizeof(text)),
                             "small factor") != NULL,
                      "%u: %s", factors[i], text);
        BN_free(small);
    }
    BN_free(p);
    BN_free(q);
    BN_free(near);
    BN_free(r);
    BN_free(s);
    BN_free(big);
}
END_TEST

/* ---- what is asked of libcrypto (Makefile.am: --wrap) */

static int powers, verifications;

int __real_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in);
int __wrap_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in);
int __wrap_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in)
{
    powers++;
    return __real_BN_mod_exp_mont(r, a, p, m, ctx, in);
}

int __real_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen)
{
    verifications++;
    return __real_EVP_PKEY_verify(ctx, sig, siglen, tbs, tbslen);
}

/* A request with this key, with the signature of another RSA key or its own,
 * goes the whole way: the code. */
static enum err whole_way(const struct buf *spki, EVP_PKEY *key)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf info = {0}, sig = {0}, der = {0};
    struct key_signer *s = key_signer_new(key);

    buf_put(&m.spki, spki->data, spki->len);
    mkcsr_san(&m, DER_CTX(2), "a.example", 9);
    mkcsr_info(&m, &info);
    sig_alg_put(&m.alg, SIG_RSA_SHA256);
    key_sign(s, info.data, info.len, &sig);
    key_signer_free(s);
    mkcsr_seal(&m, &info, &sig, &der);
    powers = verifications = 0;
    return mkcsr_judge(&der, NULL, NULL, NULL);
}

/* One of 16384 bits, or any other above the limit, costs not one power; and
 * the counters count. */
START_TEST(no_power_for_a_huge_modulus)
{
    static const unsigned bits[] = {8193, 16384, 65536, 262144};
    AUTO(evp_pkey) EVP_PKEY *key = EVP_RSA_gen(2048);
    AUTO(buf) struct buf good = {0};

    key_spki(key, &good);
    ck_assert_int_eq(whole_way(&good, key), ERR_NONE);
    ck_assert_int_eq(verifications, 1);
    ck_assert_int_eq(powers, 1); /* of the primality test */
    for (size_t i = 0; i < COUNT(bits); i++) {
        AUTO(buf) struct buf spki = {0};
        size_t len = (bits[i] + 7) / 8;
        uint8_t *n = xmalloc(len);

        memset(n, 0x5b, len);
        n[0] = bits[i] % 8 ? 0x01 : 0x80;
        rsa_put(&spki, n, len, "\x01\x00\x01", 3);
        free(n);
        ck_assert_msg(whole_way(&spki, key) == ERR_KEY_NOT_ALLOWED, "%u",
                      bits[i]);
        ck_assert_int_eq(verifications, 0);
        ck_assert_int_eq(powers, 0);
    }
}
END_TEST

static void modulus_sha256(const BIGNUM *n, uint8_t out[32])
{
    uint8_t octets[512];

    digest_sum(DIGEST_SHA256, octets, (size_t)BN_bn2bin(n, octets), out);
}

/* What is weak is so the second time as well; what passed is remembered, and
 * nothing else. */
START_TEST(rsa_passed)
{
    BIGNUM *p = prime(1024), *q = prime(1024), *big = prime(2048);
    BIGNUM *n = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    uint8_t good[32], bad[32];
    char text[200];

    ck_assert(BN_mul(n, p, q, ctx));
    modulus_sha256(n, good);
    modulus_sha256(big, bad);
    ck_assert(!key_passed(good));
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(weakness(p, q, text, sizeof(text)), "");
        ck_assert(strstr(weakness(big, NULL, text, sizeof(text)), "a prime"));
        ck_assert(key_passed(good));
        ck_assert(!key_passed(bad));
    }
    /* One that comes in the place of another pushes it out, and is not it. */
    memcpy(bad, good, sizeof(bad));
    bad[31] ^= 1;
    ck_assert(!key_passed(bad));
    key_passed_add(bad);
    ck_assert(key_passed(bad));
    ck_assert(!key_passed(good));
    BN_free(p);
    BN_free(q);
    BN_free(big);
    BN_free(n);
    BN_CTX_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rsa_moduli, rsa_passed,
                                  no_power_for_a_huge_modulus};

    return unit_run("key_weak", tests, COUNT(tests));
}
