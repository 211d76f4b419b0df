/* SPDX-License-Identifier: ISC */
/* What the front keeps of OCSP: never what a notice has overtaken. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "front_ocsp_cache.h"
#include "unit.h"

enum { NOW = 1000000, LIFE = 3600 };

static struct serial serial_of(unsigned n)
{
    struct serial s = {.len = 16};

    s.v[0] = 0x40;
    for (int i = 0; i < 4; i++)
        s.v[15 - i] = (uint8_t)(n >> 8 * i);
    return s;
}

static struct msg_ocsp_answer answer_of(uint64_t snapshot, size_t len)
{
    struct msg_ocsp_answer m = {.snapshot = snapshot,
                                .keep = true,
                                .this_update = NOW,
                                .next_update = NOW + LIFE};

    memset(buf_extend(&m.der, len), (int)snapshot, len);
    return m;
}

/* Asked, answered of that snapshot, and given up again. */
static void keep_of(uint16_t authority, unsigned n, enum digest digest,
                    uint64_t snapshot, size_t len)
{
    const struct serial s = serial_of(n);
    struct ocsp_entry *e = ocsp_cache_pin(authority, &s);
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer m = answer_of(snapshot, len);

    ocsp_body_unref(ocsp_cache_keep(e, digest, &m));
    ocsp_cache_unpin(e);
}

static void keep(unsigned n, enum digest digest, uint64_t snapshot, size_t len)
{
    keep_of(0, n, digest, snapshot, len);
}

/* The snapshot of what is found, 0: nothing. */
static unsigned found_of(uint16_t authority, unsigned n, enum digest digest,
                         int64_t now)
{
    const struct serial s = serial_of(n);
    AUTO(ocsp_body)
    struct ocsp_body *b = ocsp_cache_find(authority, &s, digest, now);

    return b ? b->der.data[0] : 0;
}

static unsigned found(unsigned n, enum digest digest, int64_t now)
{
    return found_of(0, n, digest, now);
}

static void change(unsigned n, uint64_t end)
{
    const struct ocsp_change c = {0, serial_of(n)};

    ocsp_cache_changed(&c, end);
}

START_TEST(what_is_kept_is_found)
{
    struct serial s = serial_of(1);

    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    keep(1, DIGEST_SHA1, 5, 100);
    keep(1, DIGEST_SHA256, 6, 100);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 5);
    ck_assert_uint_eq(found(1, DIGEST_SHA256, NOW), 6);
    ck_assert_uint_eq(found(2, DIGEST_SHA1, NOW), 0);
    ck_assert_ptr_null(ocsp_cache_find(1, &s, DIGEST_SHA1, NOW));
    s.len = 15;
    ck_assert_ptr_null(ocsp_cache_find(0, &s, DIGEST_SHA1, NOW));
    keep(1, DIGEST_SHA1, 7, 100);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 7);
}
END_TEST

START_TEST(half_of_its_life)
{
    keep(1, DIGEST_SHA1, 5, 100);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW + LIFE / 2 - 1), 5);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW + LIFE / 2), 0);
    /* The clock was ahead: nobody takes an answer of tomorrow. */
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 5);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW - 1), 0);
}
END_TEST

START_TEST(a_notice_takes_it_away)
{
    keep(1, DIGEST_SHA1, 5, 100);
    keep(1, DIGEST_SHA256, 5, 100);
    keep(2, DIGEST_SHA1, 5, 100);
    change(1, 6);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    ck_assert_uint_eq(found(1, DIGEST_SHA256, NOW), 0);
    ck_assert_uint_eq(found(2, DIGEST_SHA1, NOW), 5);
    keep(1, DIGEST_SHA1, 6, 100);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 6);
}
END_TEST

/* The race: asked before the revocation, answered after the notice. */
START_TEST(what_was_under_way_is_history)
{
    const struct serial s = serial_of(1);
    struct ocsp_entry *e = ocsp_cache_pin(0, &s), *f = ocsp_cache_pin(0, &s);
    struct msg_ocsp_answer old = answer_of(5, 100), fresh = answer_of(9, 100);
    struct ocsp_body *b;

    ck_assert_ptr_eq(e, f);
    ck_assert(ocsp_cache_current(e, 5));
    change(1, 9);
    ck_assert(!ocsp_cache_current(e, 5));
    ck_assert(!ocsp_cache_current(e, 8));
    ck_assert(ocsp_cache_current(e, 9));
    ocsp_body_unref(ocsp_cache_keep(e, DIGEST_SHA1, &old));
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    change(1, 3); /* an older one takes nothing back */
    ck_assert(!ocsp_cache_current(e, 8));
    b = ocsp_cache_keep(f, DIGEST_SHA1, &fresh);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 9);
    ocsp_cache_unpin(e);
    change(1, 12); /* gone for others, and still in the hand */
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    ck_assert_uint_eq(b->der.len, 100);
    ocsp_cache_unpin(f);
    ocsp_body_unref(b);
}
END_TEST

/* The oldest goes, and what is used stays. */
START_TEST(octets_are_bounded)
{
    enum { LEN = 64 * 1024, N = 4 * OCSP_CACHE_MAX / LEN };
    unsigned kept = 0;

    for (unsigned n = 0; n < N; n++) {
        keep(n, DIGEST_SHA1, 5, LEN);
        ck_assert_uint_eq(found(0, DIGEST_SHA1, NOW), 5);
    }
    for (unsigned n = 0; n < N; n++)
        kept += found(n, DIGEST_SHA1, NOW) == 5;
    ck_assert_uint_le(kept, OCSP_CACHE_MAX / LEN);
    ck_assert_uint_ge(kept, OCSP_CACHE_MAX / LEN / 2);
    ck_assert_uint_eq(found(N - 1, DIGEST_SHA1, NOW), 5);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
}
END_TEST

/* As many as have slots in common with others, each time the program runs. */
START_TEST(those_of_a_slot_are_told_apart)
{
    enum { N = 5000, AUTHORITIES = 20 };

    for (unsigned n = 0; n < N; n++)
        keep_of(3, n, DIGEST_SHA1, 1 + n % 250, 10);
    for (unsigned n = 0; n < N; n++)
        for (uint16_t a = 0; a < AUTHORITIES; a++)
            ck_assert_uint_eq(found_of(a, n, DIGEST_SHA1, NOW),
                              a == 3 ? 1 + n % 250 : 0);
}
END_TEST

/* What takes the place of another costs as much as one, and is the newest. */
START_TEST(the_same_again_costs_once)
{
    enum { LEN = 64 * 1024, N = OCSP_CACHE_MAX / LEN };

    keep(0, DIGEST_SHA1, 5, LEN);
    keep(1, DIGEST_SHA1, 5, LEN);
    for (unsigned n = 0; n < 2 * N; n++)
        keep(2 + n % 2, DIGEST_SHA1, 5, LEN);
    ck_assert_uint_eq(found(0, DIGEST_SHA1, NOW), 5);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 5);
    keep(2, DIGEST_SHA1, 6, LEN);
    ck_assert_uint_eq(found(2, DIGEST_SHA1, NOW), 6);
    for (unsigned n = 0; n < 2 * N; n++)
        keep(N + n, DIGEST_SHA1, 5, LEN);
    for (unsigned n = 0; n < N; n++)
        ck_assert_uint_eq(found(n, DIGEST_SHA1, NOW), 0);
}
END_TEST

/* One that is pinned loses its answer and not its memory of notices. */
START_TEST(pinned_is_not_forgotten)
{
    const struct serial s = serial_of(1);
    struct ocsp_entry *e = ocsp_cache_pin(0, &s);

    keep(1, DIGEST_SHA1, 5, 100);
    for (unsigned n = 2; n < 600; n++)
        keep(n, DIGEST_SHA1, 5, 64 * 1024);
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    change(1, 9);
    ck_assert(!ocsp_cache_current(e, 8));
    ocsp_cache_unpin(e);
}
END_TEST

START_TEST(without_a_signer_nothing_is_found)
{
    keep(1, DIGEST_SHA1, 5, 100);
    ocsp_cache_close();
    ck_assert_uint_eq(found(1, DIGEST_SHA1, NOW), 0);
    keep(2, DIGEST_SHA1, 5, 100);
    ck_assert_uint_eq(found(2, DIGEST_SHA1, NOW), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_kept_is_found,
        half_of_its_life,
        a_notice_takes_it_away,
        what_was_under_way_is_history,
        octets_are_bounded,
        those_of_a_slot_are_told_apart,
        the_same_again_costs_once,
        pinned_is_not_forgotten,
        without_a_signer_nothing_is_found,
    };

    return unit_run("ocsp_cache", tests, COUNT(tests));
}
