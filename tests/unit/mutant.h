/* SPDX-License-Identifier: ISC */
/* DER changed at random, in an octet or in an element, so that a reader of ours
 * and OpenSSL's can be asked about it. */
#ifndef POCKETCA_MUTANT_H
#define POCKETCA_MUTANT_H

#include <dirent.h>
#include <stdio.h>

#include "der.h"
#include "unit.h"
#include "x509.h"

enum { MUTANT_SEEDS = 32, MUTANTS = 1500 };

/* The same numbers in each run. */
static inline uint32_t random_below(uint32_t n)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}

enum mutant_change { CUT, TWICE, TAG, EMPTY, CHANGES };

static inline void mutant_copy(struct buf *out, const struct der_tlv *t,
                               enum mutant_change c)
{
    if (c == TWICE)
        buf_put(out, t->raw, t->raw_len);
    if (c == TWICE)
        buf_put(out, t->raw, t->raw_len);
    if (c == EMPTY)
        der_put(out, t->tag, t->val, 0);
    if (c == TAG)
        der_put(out, (uint8_t)(t->tag ^ 1U << random_below(8)), t->val, t->len);
}

/* Also what an OCTET STRING has inside, as of an extension. */
static inline bool mutant_is_nested(const struct der_tlv *t)
{
    return t->tag & 0x20 || (t->tag == DER_OCTET_STRING && t->len &&
                             der_check(t->val, t->len) == 0);
}

/* The elements with the one changed that *left comes down to; the lengths
 * around it are right again. */
static inline void mutant_rebuild(struct buf *out, struct der list, int *left,
                                  enum mutant_change c)
{
    struct der_tlv t;

    while (!der_end(&list) && der_next(&list, &t) == 0) {
        if ((*left)-- == 0) {
            mutant_copy(out, &t, c);
        } else if (mutant_is_nested(&t)) {
            size_t at = der_open(out, t.tag);

            mutant_rebuild(out, der_of(t.val, t.len), left, c);
            der_close(out, at);
        } else {
            buf_put(out, t.raw, t.raw_len);
        }
    }
}

static inline void mutant_make(struct buf *out, const struct buf *seed)
{
    int left = (int)random_below(120);

    if (random_below(2)) {
        mutant_rebuild(out, der_of(seed->data, seed->len), &left,
                       (enum mutant_change)random_below(CHANGES));
        return;
    }
    buf_put(out, seed->data, seed->len);
    for (uint32_t n = 1 + random_below(2); n; n--)
        out->data[random_below((uint32_t)out->len)] ^=
            (uint8_t)(1U << random_below(8));
}

/* The seed, which has to be read, and its mutants, each to read(), which says
 * whether ours reads it, and compares; some are read and some are not. */
static inline void mutants_read(const struct buf *seed,
                                bool (*read)(const struct buf *der, void *arg),
                                void *arg)
{
    size_t taken = 0;

    ck_assert(read(seed, arg));
    for (int i = 1; i < MUTANTS; i++) {
        AUTO(buf) struct buf der = {0};

        mutant_make(&der, seed);
        taken += read(&der, arg);
    }
    ck_assert_uint_gt(taken, MUTANTS / 20);
    ck_assert_uint_lt(taken, MUTANTS - 1);
}

/* Files of one DER element each. */
struct mutant_seeds {
    struct buf v[MUTANT_SEEDS];
    size_t n;
};

/* What is DER in the seeds of a fuzz target. */
static inline void mutant_seeds_load(struct mutant_seeds *s, const char *target)
{
    const char *srcdir = getenv("srcdir");
    AUTO(free)
    char *dir = xasprintf("%s/fuzz/seeds/%s", srcdir ? srcdir : ".", target);
    struct dirent **list;
    int n = scandir(dir, &list, NULL, alphasort);

    if (n < 0)
        abort();
    for (int i = 0; i < n; i++) {
        AUTO(free) char *path = xasprintf("%s/%s", dir, list[i]->d_name);
        AUTO(file)
        FILE *f = list[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
        uint8_t v[4096];
        size_t len = f ? fread(v, 1, sizeof(v), f) : 0;

        free(list[i]);
        if (len && v[0] == DER_SEQUENCE && s->n < MUTANT_SEEDS)
            buf_put(&s->v[s->n++], v, len);
    }
    free(list);
}

/* Of each of those. */
static inline void mutants_read_seeds(const char *target,
                                      bool (*read)(const struct buf *, void *),
                                      void *arg)
{
    struct mutant_seeds seeds = {0};

    mutant_seeds_load(&seeds, target);
    ck_assert_uint_gt(seeds.n, 0);
    for (size_t i = 0; i < seeds.n; i++) {
        mutants_read(&seeds.v[i], read, arg);
        buf_free(&seeds.v[i]);
    }
}

/* ---- the same */

static inline void same_octets(const void *a, size_t a_len, const void *b,
                               int b_len)
{
    ck_assert_uint_eq(a_len, (size_t)b_len);
    ck_assert_mem_eq(a, b, a_len);
}

static inline void same_name(const uint8_t *ours, size_t len,
                             const X509_NAME *theirs)
{
    const unsigned char *p;
    size_t n;

    ck_assert_int_eq(X509_NAME_get0_der(theirs, &p, &n), 1);
    same_octets(ours, len, p, (int)n);
}

static inline void same_serial(const struct serial *s, const ASN1_INTEGER *i)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(i, NULL);
    uint8_t v[SERIAL_MAX];

    ck_assert_int_eq(BN_is_negative(n), 0);
    ck_assert_int_eq(BN_bn2binpad(n, v, s->len), s->len);
    ck_assert_mem_eq(v, s->v, s->len);
    BN_free(n);
}

static inline void same_time(int64_t ours, const ASN1_TIME *theirs)
{
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(theirs, (time_t)ours), 0);
}

/* Not every point is on its curve: that is found when it verifies. */
static inline void same_key(const struct key_pub *ours, X509_PUBKEY *theirs)
{
    EVP_PKEY *key = X509_PUBKEY_get0(theirs);
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(theirs, &der);

    same_octets(ours->spki, ours->spki_len, der, len);
    OPENSSL_free(der);
    if (!key)
        ck_assert_int_eq(ours->type, KEY_EC);
    else if (ours->type != KEY_ED25519)
        ck_assert_int_eq(EVP_PKEY_get_bits(key), ours->bits);
}

#endif
