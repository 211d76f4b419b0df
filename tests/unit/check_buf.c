/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <limits.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "unit.h"

START_TEST(what_is_put_is_read)
{
    AUTO(buf) struct buf b = {0};
    struct rd r;
    size_t len;
    uint8_t raw[3];

    buf_u8(&b, 0xfe);
    buf_u16(&b, 0xfedc);
    buf_u32(&b, 0xfedcba98);
    buf_u64(&b, UINT64_MAX - 1);
    buf_i64(&b, INT64_MIN);
    buf_blob(&b, "a\0b", 3);
    buf_str(&b, "text");
    buf_str(&b, NULL);
    buf_put(&b, "xyz", 3);
    r = rd_of(b.data, b.len);
    ck_assert_uint_eq(rd_u8(&r), 0xfe);
    ck_assert_uint_eq(rd_u16(&r), 0xfedc);
    ck_assert_uint_eq(rd_u32(&r), 0xfedcba98);
    ck_assert(rd_u64(&r) == UINT64_MAX - 1);
    ck_assert(rd_i64(&r) == INT64_MIN);
    ck_assert_mem_eq(rd_blob(&r, &len), "a\0b", 3);
    ck_assert_uint_eq(len, 3);
    AUTO(free) char *s = rd_str(&r);
    ck_assert_str_eq(s, "text");
    ck_assert_ptr_null(rd_str_null(&r));
    rd_bytes(&r, raw, sizeof(raw));
    ck_assert_mem_eq(raw, "xyz", 3);
    ck_assert(rd_done(&r));
}
END_TEST

START_TEST(every_truncation_fails_and_never_overreads)
{
    AUTO(buf) struct buf b = {0};

    buf_u32(&b, 7);
    buf_str(&b, "0123456789");
    buf_u64(&b, 9);
    for (size_t n = 0; n < b.len; n++) {
        /* an exact copy, so that a sanitizer sees the first octet past it */
        AUTO(free) uint8_t *copy = xmemdup(b.data, n);
        struct rd r = rd_of(copy, n);

        rd_u32(&r);
        free(rd_str(&r));
        rd_u64(&r);
        ck_assert(!rd_done(&r));
        ck_assert_uint_eq(rd_u8(&r), 0);
    }
}
END_TEST

START_TEST(a_rest_is_not_done)
{
    struct rd r = rd_of("ab", 2);

    rd_u8(&r);
    ck_assert(!r.failed);
    ck_assert(!rd_done(&r));
}
END_TEST

START_TEST(a_failure_sticks)
{
    struct rd r = rd_of("\0\0\0\x05", 4);

    free(rd_str(&r));
    ck_assert(r.failed);
    r.n = 4; /* even if there were more */
    ck_assert_uint_eq(rd_u32(&r), 0);
    ck_assert(!rd_done(&r));
}
END_TEST

START_TEST(a_nul_in_a_string_fails)
{
    AUTO(buf) struct buf b = {0};
    struct rd r;

    buf_blob(&b, "a\0b", 3);
    r = rd_of(b.data, b.len);
    AUTO(free) char *s = rd_str(&r);
    ck_assert_str_eq(s, "");
    ck_assert(r.failed);
}
END_TEST

START_TEST(insert_moves_the_rest)
{
    AUTO(buf) struct buf b = {0};

    buf_puts(&b, "head");
    for (int i = 0; i < 1000; i++)
        buf_puts(&b, "tail");
    memcpy(buf_insert(&b, 4, 3), "mid", 3);
    ck_assert_uint_eq(b.len, 4007);
    ck_assert_mem_eq(b.data, "headmidtail", 11);
    ck_assert_mem_eq(b.data + 4003, "tail", 4);
}
END_TEST

START_TEST(printf_grows_past_the_first_block)
{
    AUTO(buf) struct buf b = {0};

    buf_printf(&b, "%0300d|%s", 7, "end");
    ck_assert_uint_eq(b.len, 304);
    AUTO(free) char *s = buf_take_str(&b);
    ck_assert_str_eq(s + 299, "7|end");
    ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(strs_split_keeps_empty_parts)
{
    struct strs l = {0};

    strs_split(&l, "a,,b,", ',');
    ck_assert_uint_eq(l.n, 4);
    ck_assert_str_eq(l.v[1], "");
    ck_assert_str_eq(l.v[3], "");
    ck_assert(strs_has(&l, "b"));
    ck_assert(!strs_has(&l, "c"));
    AUTO(free) char *joined = strs_join(&l, ", ");
    ck_assert_str_eq(joined, "a, , b, ");
    strs_free(&l);
    strs_split(&l, "", ',');
    ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(what_has_room_does_not_move)
{
    AUTO(buf) struct buf b = {0};
    const uint8_t *at;

    buf_puts(&b, "x");
    buf_reserve(&b, 5000);
    at = b.data;
    ck_assert_uint_eq(b.len, 1);
    memset(buf_extend(&b, 5000), 'y', 5000);
    ck_assert_ptr_eq(b.data, at);
    ck_assert_mem_eq(b.data, "xy", 2);
}
END_TEST

/* Whatever was there before. */
START_TEST(calloc_clears)
{
    static const size_t sizes[] = {0, 1, 64, 1024, 1025, 100000};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        AUTO(free) char *p = NULL;
        volatile char *dirty = xmalloc(sizes[i]);

        for (size_t k = 0; k < sizes[i]; k++)
            dirty[k] = 1;
        free((void *)(uintptr_t)dirty);
        p = xcalloc(1, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            ck_assert_int_eq(p[k], 0);
    }
}
END_TEST

START_TEST(hex_both_ways)
{
    uint8_t out[4];
    char text[9];

    ck_assert_int_eq(hex_decode(out, 4, "00fFaB9", 7), -1);
    ck_assert_int_eq(hex_decode(out, 4, "00fFaB9z", 8), -1);
    ck_assert_int_eq(hex_decode(out, 3, "00fFaB90", 8), -1);
    ck_assert_int_eq(hex_decode(out, 4, "00fFaB90", 8), 4);
    hex_encode(text, out, 4);
    ck_assert_str_eq(text, "00ffab90");
    ck_assert_int_eq(hex_decode(out, 4, "", 0), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_put_is_read,
        every_truncation_fails_and_never_overreads,
        a_rest_is_not_done,
        a_failure_sticks,
        a_nul_in_a_string_fails,
        insert_moves_the_rest,
        printf_grows_past_the_first_block,
        strs_split_keeps_empty_parts,
        what_has_room_does_not_move,
        calloc_clears,
        hex_both_ways,
    };

    return unit_run("buf", tests, COUNT(tests));
}
