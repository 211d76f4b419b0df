/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tm.h"
#include "unit.h"

/* The C library agrees on a day of every month and on both ends. */
START_TEST(civil_as_the_c_library)
{
    setenv("TZ", "America/St_Johns", 1);
    tzset();
    for (int64_t t = TM_FIRST; t <= TM_LAST; t += 29 * TM_DAY + 86399) {
        time_t when = t;
        struct tm_civil c;
        struct tm tm;
        int64_t back;

        gmtime_r(&when, &tm);
        tm_to_civil(t, &c);
        ck_assert_int_eq(c.year, tm.tm_year + 1900);
        ck_assert_int_eq(c.month, tm.tm_mon + 1);
        ck_assert_int_eq(c.day, tm.tm_mday);
        ck_assert_int_eq(c.hour, tm.tm_hour);
        ck_assert_int_eq(c.second, tm.tm_sec);
        ck_assert_int_eq(tm_from_civil(&c, &back), 0);
        ck_assert(back == t);
    }
}
END_TEST

START_TEST(the_first_and_the_last_second)
{
    char text[TM_RFC3339_SIZE];
    struct tm_civil c = {1949, 12, 31, 23, 59, 59};
    int64_t t;

    tm_rfc3339(text, TM_FIRST);
    ck_assert_str_eq(text, "1950-01-01T00:00:00Z");
    tm_rfc3339(text, INT64_MIN);
    ck_assert_str_eq(text, "1950-01-01T00:00:00Z");
    tm_rfc3339(text, -1);
    ck_assert_str_eq(text, "1969-12-31T23:59:59Z");
    ck_assert_int_eq(tm_from_civil(&c, &t), -1);

    tm_rfc3339(text, TM_LAST);
    ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
    tm_rfc3339(text, TM_LAST + 1);
    ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
    tm_rfc3339(text, 0);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(rfc3339_read)
{
    static const struct {
        const char *text;
        int64_t t; /* -1: refused */
    } cases[] = {
        {"2026-11-23T09:25:53Z", 1795425953},
        {"2026-11-23t09:25:53z", 1795425953},
        {"2026-11-23T10:25:53+01:00", 1795425953},
        {"2026-11-23T04:55:53-04:30", 1795425953},
        {"2026-11-23T09:25:53.999Z", 1795425953},
        {"2024-02-29T00:00:00Z", 1709164800},
        {"2026-02-29T00:00:00Z", -1},
        {"2100-02-29T00:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-11-23T24:00:00Z", -1},
        {"2026-11-23T09:25:60Z", -1},
        {"2026-11-23T09:25:53", -1},
        {"2026-11-23 09:25:53Z", -1},
        {"2026-11-23T09:25:53.Z", -1},
        {"2026-11-23T09:25:53Zx", -1},
        {"2026-11-23T09:25:53+0100", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"1970-01-01T00:59:59+01:00", -1},
        {"1970-01-01T01:00:01+01:00", 1},
        {"9999-12-31T23:59:59Z", TM_LAST},
        {"9999-12-31T23:59:59-00:01", -1},
        {"", -1},
        {"2026", -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t t = -1;
        int rc = tm_parse_rfc3339(cases[i].text, &t);

        ck_assert_msg((rc ? -1 : t) == cases[i].t, "%s: %lld", cases[i].text,
                      (long long)t);
    }
}
END_TEST

START_TEST(http_dates)
{
    char text[TM_HTTP_SIZE];
    int64_t t;

    tm_http(text, -1);
    ck_assert_str_eq(text, "Wed, 31 Dec 1969 23:59:59 GMT");
    tm_http(text, TM_FIRST);
    ck_assert_str_eq(text, "Sun, 01 Jan 1950 00:00:00 GMT");
    tm_http(text, 784111777);
    ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    ck_assert_int_eq(tm_parse_http(text, &t), 0);
    ck_assert(t == 784111777);
    ck_assert_int_eq(tm_parse_http("Sun, 06 Nov 1994 08:49:37 UTC", &t), -1);
    ck_assert_int_eq(tm_parse_http("Sun, 31 Feb 1994 08:49:37 GMT", &t), -1);
    ck_assert_int_eq(tm_parse_http("Sunday, 06-Nov-94 08:49:37 GMT", &t), -1);
    ck_assert_int_eq(tm_parse_http("", &t), -1);
}
END_TEST

START_TEST(spans)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } cases[] = {
        {"90d", 90 * TM_DAY},
        {"12h", 12 * TM_HOUR},
        {"30m", 1800},
        {"45s", 45},
        {"10y", 3650 * TM_DAY},
        {"100y", 36500 * TM_DAY},
        {"101y", 0},
        {"0d", 0},
        {"d", 0},
        {"90", 0},
        {"-1d", 0},
        {"1.5d", 0},
        {"90 d", 0},
        {"90dd", 0},
        {"1w", 0},
        {"99999999999999d", 0},
        {"", 0},
        {" 1d", 0},
        {"4294967297d", 0},
        {"9999999999y", 0},
    };
    char text[32];

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t v = 0;
        int rc = tm_parse_span(cases[i].text, &v);

        ck_assert_msg((rc ? 0 : v) == cases[i].seconds, "%s", cases[i].text);
    }
    tm_print_span(text, sizeof(text), 90 * TM_DAY);
    ck_assert_str_eq(text, "90d");
    tm_print_span(text, sizeof(text), 730 * TM_DAY);
    ck_assert_str_eq(text, "2y");
    tm_print_span(text, sizeof(text), 90061);
    ck_assert_str_eq(text, "90061s");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        civil_as_the_c_library,
        the_first_and_the_last_second,
        rfc3339_read,
        http_dates,
        spans,
    };

    return unit_run("tm", tests, COUNT(tests));
}
