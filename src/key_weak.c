/* SPDX-License-Identifier: ISC */
/* RSA moduli that anybody can factor, or that are none. */
#include "key_sig.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

#include "mem.h"

enum {
    FACTOR_MAX = 8192,   /* primes below are tried as factors */
    FERMAT_ROUNDS = 100, /* CA/Browser Forum, Baseline Requirements 6.1.1.3 */
    PRIME_BITS = 4096,   /* beyond, the test costs more than it is worth */
    ROCA_PRIME_MAX = 167,
    ROCA_GENERATOR = 65537,
};

static bool is_prime(unsigned p)
{
    for (unsigned d = 2; d * d <= p; d++)
        if (p % d == 0)
            return false;
    return p > 1;
}

static unsigned common(unsigned a, unsigned b)
{
    while (b) {
        unsigned rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static bool has_factor(const BIGNUM *n)
{
    for (unsigned p = 3, product = 1; p < FACTOR_MAX; p += 2) {
        if (!is_prime(p))
            continue;
        product *= p;
        if (product < FACTOR_MAX && p + 2 < FACTOR_MAX)
            continue; /* one division for two or more */
        if (common(product, (unsigned)BN_mod_word(n, product)) > 1)
            return true;
        product = 1;
    }
    return false;
}

/* Whether r is a power of 65537 modulo p. */
static bool roca_residue(unsigned r, unsigned p)
{
    unsigned power = 1;

    for (unsigned i = 0; i < p; i++) {
        if (power == r)
            return true;
        power = power * (ROCA_GENERATOR % p) % p;
    }
    return false;
}

/* CVE-2017-15361: both primes, and so the modulus, are powers of 65537 modulo
 * each small prime.  One good key in 2^27 looks so. */
static bool is_roca(const BIGNUM *n)
{
    for (unsigned p = 3; p <= ROCA_PRIME_MAX; p += 2)
        if (is_prime(p) && !roca_residue((unsigned)BN_mod_word(n, p), p))
            return false;
    return true;
}

/* root = floor of the square root of n, by Newton's steps from above. */
static void square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
    BIGNUM *next;

    BN_CTX_start(ctx);
    next = BN_CTX_get(ctx);
    if (!next || !BN_set_word(next, 0) ||
        !BN_set_bit(next, (BN_num_bits(n) + 1) / 2))
        abort();
    do {
        if (!BN_copy(root, next) || !BN_div(next, NULL, n, root, ctx) ||
            !BN_add(next, next, root) || !BN_rshift1(next, next))
            abort();
    } while (BN_cmp(next, root) < 0);
    BN_CTX_end(ctx);
}

/* Odds of one in some hundreds to say yes wrongly. */
static bool may_be_square(const BIGNUM *n)
{
    static const unsigned primes[] = {3, 5, 7, 11, 13, 17, 19, 23};
    unsigned rest = (unsigned)BN_mod_word(n, 111546435); /* their product */

    for (size_t i = 0; i < COUNT(primes); i++) {
        unsigned p = primes[i], x = 0;

        while (x <= p / 2 && x * x % p != rest % p)
            x++;
        if (x > p / 2)
            return false;
    }
    return true;
}

/* Fermat's method: n = a² - b² with a just above the root of n. */
static bool has_close_primes(const BIGNUM *n, BN_CTX *ctx)
{
    bool found = false;
    BIGNUM *a, *diff, *root, *square;

    BN_CTX_start(ctx);
    a = BN_CTX_get(ctx);
    diff = BN_CTX_get(ctx);
    root = BN_CTX_get(ctx);
    square = BN_CTX_get(ctx);
    if (!square)
        abort();
    square_root(a, n, ctx);
    for (int i = 0; i <= FERMAT_ROUNDS && !found; i++) {
        if (!BN_sqr(diff, a, ctx) || !BN_sub(diff, diff, n))
            abort();
        if (!BN_is_negative(diff) && may_be_square(diff)) {
            if (BN_is_zero(diff))
                BN_zero(root);
            else
                square_root(root, diff, ctx);
            if (!BN_sqr(square, root, ctx))
                abort();
            found = BN_cmp(square, diff) == 0;
        }
        if (!BN_add_word(a, 1))
            abort();
    }
    BN_CTX_end(ctx);
    return found;
}

/* Fermat's little theorem to the base 2; no product of two primes that somebody
 * did not look for passes. */
static bool looks_prime(const BIGNUM *n, BN_CTX *ctx)
{
    bool prime;
    BIGNUM *two, *exp, *r;

    BN_CTX_start(ctx);
    two = BN_CTX_get(ctx);
    exp = BN_CTX_get(ctx);
    r = BN_CTX_get(ctx);
    if (!r || !BN_set_word(two, 2) || !BN_copy(exp, n) ||
        !BN_sub_word(exp, 1) || !BN_mod_exp_mont(r, two, exp, n, ctx, NULL))
        abort();
    prime = BN_is_one(r);
    BN_CTX_end(ctx);
    return prime;
}

/* NULL: it is not. */
static const char *find_weakness(const struct key_pub *k)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_bin2bn(k->n, (int)k->n_len, NULL);
    const char *why = NULL;

    if (!ctx || !n)
        abort();
    if (has_factor(n))
        why = "its RSA modulus has a small factor";
    else if (is_roca(n))
        why = "its RSA modulus has the form of CVE-2017-15361 (ROCA)";
    else if (has_close_primes(n, ctx))
        why = "the primes of its RSA modulus are the same or too close";
    else if (k->bits <= PRIME_BITS && looks_prime(n, ctx))
        why = "its RSA modulus is a prime";
    BN_free(n);
    BN_CTX_free(ctx);
    return why;
}

int key_rsa_weak(const struct key_pub *k, struct errs *e)
{
    uint8_t sha256[32];
    const char *why;

    digest_sum(DIGEST_SHA256, k->n, k->n_len, sha256);
    if (key_passed(sha256))
        return 0;
    why = find_weakness(k);
    if (why)
        return err_add(e, ERR_KEY_WEAK, "the key is weak: %s", why);
    key_passed_add(sha256);
    return 0;
}
