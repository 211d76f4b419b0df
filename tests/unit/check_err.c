/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "err.h"
#include "mem.h"
#include "unit.h"

START_TEST(every_code_is_there_once)
{
    for (int e = ERR_NONE + 1; e < ERR__MAX; e++) {
        ck_assert_ptr_nonnull(err_code((enum err)e));
        ck_assert_int_ge(err_status((enum err)e), 400);
        ck_assert_int_le(err_status((enum err)e), 503);
        for (int other = ERR_NONE; other < e; other++)
            ck_assert_str_ne(err_code((enum err)other), err_code((enum err)e));
    }
}
END_TEST

START_TEST(the_lowest_status_decides)
{
    AUTO(errs) struct errs l = {0};

    ck_assert_ptr_null(errs_first(&l));
    err_add(&l, ERR_KEY_WEAK, "policy");
    err_add(&l, ERR_BAD_NAME, "format");
    err_add(&l, ERR_BAD_CSR, "format too");
    ck_assert_int_eq(errs_first(&l)->code, ERR_BAD_NAME);
    ck_assert_int_eq(errs_exit_code(&l), 1);
}
END_TEST

START_TEST(storage_is_for_later)
{
    AUTO(errs) struct errs l = {0};

    err_add(&l, ERR_STORAGE_FULL, "full");
    ck_assert_int_eq(errs_exit_code(&l), 3);
}
END_TEST

START_TEST(foreign_octets_are_escaped)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain", "plain"},
        {"a\r\nb\x1b[2J", "a\\x0d\\x0ab\\x1b[2J"},
        {"\x7f", "\\x7f"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
        {"\xc2\x85", "\\xc2\\x85"},          /* C1 control */
        {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"}, /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xff", "\\xff"},
        {"\xe2\x82", "\\xe2\\x82"}, /* cut */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs l = {0};

        err_add_name(&l, ERR_BAD_NAME, cases[i].in, "%s", cases[i].in);
        ck_assert_str_eq(l.v[0].detail, cases[i].out);
        ck_assert_str_eq(l.v[0].name, cases[i].out);
    }
}
END_TEST

START_TEST(what_is_quoted_is_bounded)
{
    AUTO(errs) struct errs l = {0};
    AUTO(free) char *big = xmalloc(100001);

    memset(big, '\n', 100000);
    big[100000] = '\0';
    err_add(&l, ERR_BAD_JSON, "%s", big);
    ck_assert_uint_lt(strlen(l.v[0].detail), 1000);
    for (int i = 0; i < 10000; i++)
        err_add(&l, ERR_BAD_NAME, "x");
    ck_assert_uint_eq(l.n, 256);
}
END_TEST

START_TEST(over_the_wire_and_back)
{
    AUTO(errs) struct errs l = {0}, back = {0}, cut = {0};
    AUTO(buf) struct buf b = {0};
    struct rd r;

    err_add_name(&l, ERR_NAME_NOT_ALLOWED, "dns:a.b", "no %s", "a.b");
    err_add(&l, ERR_QUEUE_FULL, "later");
    errs_put(&b, &l);
    r = rd_of(b.data, b.len);
    errs_get(&r, &back);
    ck_assert(rd_done(&r));
    ck_assert_uint_eq(back.n, 2);
    ck_assert_str_eq(back.v[0].name, "dns:a.b");
    ck_assert_str_eq(back.v[0].detail, "no a.b");
    ck_assert_ptr_null(back.v[1].name);
    ck_assert_int_eq(back.v[1].code, ERR_QUEUE_FULL);
    b.data[2] = 0xff; /* a code that there is not */
    r = rd_of(b.data, b.len);
    errs_get(&r, &cut);
    ck_assert(r.failed);
}
END_TEST

START_TEST(each_reason_once)
{
    AUTO(errs) struct errs to = {0};
    AUTO(errs) struct errs from = {0};

    err_add(&to, ERR_KEY_WEAK, "weak");
    err_add(&from, ERR_KEY_WEAK, "weak");
    err_add(&from, ERR_KEY_WEAK, "weaker");
    err_add(&from, ERR_KEY_NOT_ALLOWED, "weak");
    err_add_name(&from, ERR_KEY_WEAK, "dns:a.b", "weak");
    err_add(&from, ERR_KEY_WEAK, "weaker");
    errs_merge(&to, &from);
    ck_assert_uint_eq(from.n, 0);
    ck_assert_uint_eq(to.n, 4);
    ck_assert_str_eq(to.v[1].detail, "weaker");
    ck_assert_str_eq(to.v[3].name, "dns:a.b");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_code_is_there_once,  the_lowest_status_decides,
        storage_is_for_later,      foreign_octets_are_escaped,
        what_is_quoted_is_bounded, over_the_wire_and_back,
        each_reason_once,
    };

    return unit_run("err", tests, COUNT(tests));
}
