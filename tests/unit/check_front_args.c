/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <string.h>

#include "front_args.h"
#include "mem.h"
#include "unit.h"

/* Parses; 0 or the only code that may be refused with. */
static enum err parse(struct front_args *a, const char *text, size_t len)
{
    AUTO(errs) struct errs e = {0};
    /* Without a NUL behind it: nothing may be read there. */
    AUTO(free) char *exact = xmemdup(text, len);
    int rc = front_args_parse(a, exact, len, &e);

    ck_assert_int_eq(rc, e.n ? -1 : 0);
    if (rc == 0)
        return ERR_NONE;
    ck_assert_uint_eq(a->n, 0);
    ck_assert_ptr_null(a->v);
    return e.v[0].code;
}

START_TEST(arguments_are_decoded)
{
    AUTO(front_args) struct front_args a = {0};
    static const char text[] = "names=a.b%2Cc.d&note=hello+world%2b%E2%82%AC"
                               "&empty=&odd=a=b?c";

    ck_assert_int_eq(parse(&a, text, strlen(text)), ERR_NONE);
    ck_assert_uint_eq(a.n, 4);
    ck_assert_str_eq(front_args_get(&a, "names"), "a.b,c.d");
    ck_assert_str_eq(front_args_get(&a, "note"), "hello world+\xe2\x82\xac");
    ck_assert_str_eq(front_args_get(&a, "empty"), "");
    ck_assert_str_eq(front_args_get(&a, "odd"), "a=b?c");
    ck_assert_ptr_null(front_args_get(&a, "nam"));
    ck_assert_ptr_null(front_args_get(&a, "Names"));
}
END_TEST

START_TEST(nothing_is_no_argument)
{
    AUTO(front_args) struct front_args a = {0};

    ck_assert_int_eq(parse(&a, "", 0), ERR_NONE);
    ck_assert_uint_eq(a.n, 0);
}
END_TEST

START_TEST(a_doubled_argument_is_named)
{
    AUTO(errs) struct errs e = {0};
    struct front_args a = {0};
    static const char text[] = "note=x&names=a&note=x";

    ck_assert_int_eq(front_args_parse(&a, text, strlen(text), &e), -1);
    ck_assert_str_eq(e.v[0].detail, "note is given twice, as argument 1 and 3");
}
END_TEST

START_TEST(what_is_not_an_argument_is_refused)
{
    static const char *const bad[] = {
        "a",
        "a=1&b",
        "&",
        "a=1&",
        "&a=1",
        "a=1&&b=1",
        "a=%",
        "a=%4",
        "a=%zz",
        "a=%4g",
        "a=%00",
        "a=%0a",
        "a=%1b",
        "a=%7f",
        "a=%c2%80",
        "a=%ff",
        "a=%c0%80",
        "a=%c1%bf",
        "a=%e2%82",
        "a=%e0%9f%bf",
        "a=%ed%a0%80",
        "a=%f0%8f%bf%bf",
        "a=%f4%90%80%80",
        "a=%80",
        "a=1&a=2",
        "a=1&%61=2",
        "%ff=1",
        "a=\x01",
        "a=\xff",
        "a=%+1",
        "a=% 1",
        "a=%-1",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(front_args) struct front_args a = {0};

        ck_assert_msg(parse(&a, bad[i], strlen(bad[i])) == ERR_BAD_ARGUMENT,
                      "%s was taken", bad[i]);
    }
}
END_TEST

START_TEST(a_nul_octet_is_refused)
{
    AUTO(front_args) struct front_args a = {0};

    ck_assert_int_eq(parse(&a, "a=b\0c", 5), ERR_BAD_ARGUMENT);
    ck_assert_int_eq(parse(&a, "a\0=b", 4), ERR_BAD_ARGUMENT);
}
END_TEST

/* What was put in the wrong place may be a secret. */
START_TEST(no_reason_quotes_a_value)
{
    static const char *const texts[] = {"x=pca_secret%zz", "pca_secret",
                                        "a=1&a=pca_secret", "token=pca_secret"};
    static const char *const none[] = {NULL};

    for (size_t i = 0; i < 4; i++) {
        AUTO(front_args) struct front_args a = {0};
        AUTO(errs) struct errs e = {0};

        if (front_args_parse(&a, texts[i], strlen(texts[i]), &e) == 0)
            ck_assert_int_eq(front_args_only(&a, none, &e), -1);
        ck_assert_uint_ge(e.n, 1);
        for (size_t k = 0; k < e.n; k++)
            ck_assert_ptr_null(strstr(e.v[k].detail, "pca_"));
    }
}
END_TEST

START_TEST(true_or_false)
{
    static const char text[] = "yes=true&no=false&odd=True&empty=";
    AUTO(front_args) struct front_args a = {0};
    AUTO(errs) struct errs e = {0};
    int v = -1;

    ck_assert_int_eq(front_args_parse(&a, text, strlen(text), &e), 0);
    ck_assert_int_eq(front_args_bool(&a, "none", &v, &e), 0);
    ck_assert_int_eq(v, -1);
    ck_assert_int_eq(front_args_bool(&a, "yes", &v, &e), 0);
    ck_assert_int_eq(v, 1);
    ck_assert_int_eq(front_args_bool(&a, "odd", &v, &e), -1);
    ck_assert_int_eq(front_args_bool(&a, "empty", &v, &e), -1);
    ck_assert_int_eq(v, 1);
    ck_assert_uint_eq(e.n, 2);
    ck_assert_str_eq(e.v[0].detail, "odd=True: true or false is wanted");
    ck_assert_int_eq(front_args_bool(&a, "no", &v, &e), 0);
    ck_assert_int_eq(v, 0);
}
END_TEST

START_TEST(there_is_an_end_to_them)
{
    AUTO(front_args) struct front_args a = {0};
    AUTO(buf) struct buf b = {0};

    for (int i = 0; i < 64; i++)
        buf_printf(&b, "%sa%d=", i ? "&" : "", i);
    ck_assert_int_eq(parse(&a, (char *)b.data, b.len), ERR_NONE);
    ck_assert_uint_eq(a.n, 64);
    front_args_free(&a);
    buf_puts(&b, "&b=");
    ck_assert_int_eq(parse(&a, (char *)b.data, b.len), ERR_BAD_ARGUMENT);
}
END_TEST

START_TEST(only_known_ones_are_taken)
{
    static const char *const names[] = {"a", "b", NULL};
    AUTO(front_args) struct front_args a = {0};
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(parse(&a, "b=1&a=2", 7), ERR_NONE);
    ck_assert_int_eq(front_args_only(&a, names, &e), 0);
    ck_assert_int_eq(front_args_only(&a, names + 1, &e), -1);
    ck_assert_uint_eq(e.n, 1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    ck_assert_int_eq(front_args_only(&a, names + 2, &e), -1);
    ck_assert_uint_eq(e.n, 3);
}
END_TEST

static const char *const types[] = {"text/plain", "application/json",
                                    "text/csv"};

static int choose(const char *accept)
{
    return accept_choose(accept, types, 3);
}

START_TEST(accept_is_weighed)
{
    ck_assert_int_eq(choose(NULL), 0);
    ck_assert_int_eq(choose(""), 0);
    ck_assert_int_eq(choose("*/*"), 0);
    ck_assert_int_eq(choose("application/json"), 1);
    ck_assert_int_eq(choose("APPLICATION/Json"), 1);
    ck_assert_int_eq(choose("application/json;q=0.1, */*;q=0.01"), 1);
    ck_assert_int_eq(choose("text/*"), 0);
    ck_assert_int_eq(choose("text/*, text/plain;q=0.5"), 2);
    ck_assert_int_eq(choose("*/*, text/plain;q=0"), 1);
    ck_assert_int_eq(choose("text/html, */*;q=0.8"), 0);
    ck_assert_int_eq(choose("text/csv;header=present"), 2);
    ck_assert_int_eq(choose("text/csv ; q=0.5 , application/json ; q=0.6"), 1);
    ck_assert_int_eq(choose("text/csv;a=\"x,y;q=0\";q=0.7, */*;q=0.6"), 2);
    ck_assert_int_eq(choose(",, text/csv"), 2);
    ck_assert_int_eq(choose("text/csv;q=1.000"), 2);
    ck_assert_int_eq(choose("text/csv;q=1.9, application/json"), 1);
}
END_TEST

START_TEST(accept_permits_nothing)
{
    static const char *const none[] = {
        "image/png",
        "text/html, image/*",
        "*/*;q=0",
        "application/json;q=0",
        "text",
        "/",
        "text/",
        "/json",
        "text/csv/x",
        "application/json;q=x",
        "text/csvx",
        "tex/*",
        "@@@",
        "\"text/csv\"",
        "application/json;q=0.000",
    };

    for (size_t i = 0; i < COUNT(none); i++)
        ck_assert_msg(choose(none[i]) == -1, "%s was taken", none[i]);
}
END_TEST

START_TEST(long_header_values_end)
{
    AUTO(free) char *s = xcalloc(1, 20001);

    for (const char *c = ",;=\"\\/*a q"; *c; c++) {
        memset(s, *c, 20000);
        choose(s);
        etag_match(s, "\"x\"");
    }
    memset(s, 'a', 20000);
    memcpy(s + 19990, ",text/csv", 9);
    s[19999] = '\0';
    ck_assert_int_eq(choose(s), 2);
}
END_TEST

START_TEST(media_types_are_read)
{
    char out[MEDIA_SIZE];

    ck_assert(media_type_read(out, "Text/Plain; charset=utf-8"));
    ck_assert_str_eq(out, "text/plain");
    ck_assert(media_type_read(out, " application/json ;x"));
    ck_assert_str_eq(out, "application/json");
    ck_assert(media_type_read(out, NULL));
    ck_assert_str_eq(out, "");
    ck_assert(media_type_read(out, ""));
    ck_assert_str_eq(out, "");
    ck_assert(!media_type_read(out, "text"));
    ck_assert(!media_type_read(out, "text/plain, text/html"));
    ck_assert(!media_type_read(out, "text/plain x"));
    ck_assert(!media_type_read(out, "a/b/c"));
    ck_assert(!media_type_read(
        out, "application/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaaaaaaaaaaaaaaaaa"));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(entity_tags_match)
{
    static const char *const yes[] = {
        "\"ab\"",         "W/\"ab\"",      "*",
        "\"zz\", \"ab\"", "\"\",W/\"ab\"", " , \"ab\""};
    static const char *const no[] = {"",          "\"abc\"", "ab",
                                     "\"ab",      "\"a\"",   "w/\"ab\"",
                                     "\"zz\" ab", "x\"ab\"", "W/ab"};

    for (size_t i = 0; i < COUNT(yes); i++)
        ck_assert_msg(etag_match(yes[i], "\"ab\""), "%s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        ck_assert_msg(!etag_match(no[i], "\"ab\""), "%s", no[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        arguments_are_decoded,
        nothing_is_no_argument,
        a_doubled_argument_is_named,
        what_is_not_an_argument_is_refused,
        a_nul_octet_is_refused,
        no_reason_quotes_a_value,
        true_or_false,
        there_is_an_end_to_them,
        only_known_ones_are_taken,
        accept_is_weighed,
        accept_permits_nothing,
        long_header_values_end,
        media_types_are_read,
        entity_tags_match,
    };

    return unit_run("front_args", tests, COUNT(tests));
}
