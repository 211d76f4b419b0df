/* SPDX-License-Identifier: ISC */
/* How long a profile lets a certificate be valid. */
#include "profile_made.h"

START_TEST(validity)
{
    enum { NOW = 1795392060 };
    const int64_t d = TM_DAY, far = NOW + 3650 * TM_DAY;
    const struct {
        int64_t asked, issuer;
        int64_t length; /* of the validity, or 0 */
        const char *codes;
    } cases[] = {
        {0, far, 90 * d, NULL},
        {d, far, d, NULL},
        {61, far, 61, NULL},
        {397 * d, far, 397 * d, NULL},
        {397 * d + 1, far, 0, "lifetime-too-long"},
        {INT64_MAX, far, 0, "lifetime-too-long"},
        {60, far, 0, "bad-argument"},
        {-1, far, 0, "bad-argument"},
        {INT64_MIN, far, 0, "bad-argument"},
        {0, NOW - 60 + 30 * d - 1, 30 * d, NULL}, /* the default is cut */
        {30 * d, NOW - 60 + 30 * d - 1, 30 * d, NULL},
        {30 * d + 1, NOW - 60 + 30 * d - 1, 0, "issuer-expires"},
        {398 * d, NOW + d, 0, "lifetime-too-long"},
        {0, NOW, 61, NULL},
        {0, NOW - 1, 0, "issuer-expires"},
        {0, NOW - d, 0, "issuer-expires"},
    };
    AUTO(profile) struct profile p = profile_of("server", "dns:**");

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        int64_t from = 0, to = 0;
        const struct span asked = {.lifetime = cases[i].asked};
        int r =
            profile_validity(&p, &asked, NOW, cases[i].issuer, &from, &to, &e);

        ck_assert_int_eq(r, cases[i].codes ? -1 : 0);
        if (r) {
            ck_assert_str_eq(err_code(e.v[0].code), cases[i].codes);
            ck_assert_int_eq(to, 0);
            continue;
        }
        ck_assert_int_eq(from, NOW - 60);
        ck_assert_int_eq(to - from + 1, cases[i].length);
        ck_assert_int_le(to, cases[i].issuer);
    }
}
END_TEST

/* Where a request chose the beginning, which may be a minute ago. */
START_TEST(chosen_begin)
{
    enum { NOW = 1795392060 };
    const int64_t far = NOW + 3650 * TM_DAY;
    const struct {
        int64_t from, asked, issuer;
        const char *said; /* NULL: granted */
    } cases[] = {
        {NOW - 60, 61, far, NULL},
        {NOW - 60, 60, far, "60s is over when it begins: it counts from 2026-"},
        {NOW - 30, 1, far, "1s is over when it begins: it counts from 2026-"},
        {NOW, 1, far, NULL},
        {NOW + TM_DAY, 1, far, NULL},
        {NOW + TM_DAY, 1, NOW + TM_DAY, NULL},
        {NOW + TM_DAY, 2, NOW + TM_DAY, "longest lifetime possible is 1s"},
        {NOW + TM_DAY, 0, NOW + TM_DAY, NULL},
        {NOW + TM_DAY, 1, NOW + TM_DAY - 1, "ends at 2026-11-24T00:00:59Z, "},
        {NOW + TM_DAY, 1, NOW - 1, "ended at "},
        {NOW - 61, TM_DAY, far, "is not between"},
        {NOW + 31 * TM_DAY, TM_DAY, far, "is not between"},
        {INT64_MAX, INT64_MAX, far, "is not between"},
    };
    AUTO(profile) struct profile p = profile_of("server", "dns:**");

    p.not_before = 30 * TM_DAY;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        int64_t from = 0, to = 0;
        const struct span asked = {.lifetime = cases[i].asked,
                                   .not_before = cases[i].from};
        int r =
            profile_validity(&p, &asked, NOW, cases[i].issuer, &from, &to, &e);

        ck_assert_msg((r != 0) == (cases[i].said != NULL), "case %zu", i);
        if (r)
            ck_assert_msg(strstr(e.v[0].detail, cases[i].said) != NULL,
                          "case %zu: %s", i, e.v[0].detail);
        else
            ck_assert_msg(from == cases[i].from && to >= NOW && to >= from &&
                              to <= cases[i].issuer,
                          "case %zu", i);
    }
}
END_TEST

/* What issuer-expires names can be asked for, a minute later too. */
START_TEST(the_longest_lifetime_named_is_possible)
{
    static const int64_t left[] = {70, 3600, 7200, 86400, 8999999};
    AUTO(profile) struct profile p = profile_of("server", "dns:**");
    const int64_t now = 1795392060;

    for (size_t i = 0; i < COUNT(left); i++) {
        AUTO(errs) struct errs e = {0};
        struct span span = {.lifetime = 390 * TM_DAY};
        int64_t from, to;
        const char *text;

        ck_assert_int_eq(
            profile_validity(&p, &span, now, now + left[i], &from, &to, &e),
            -1);
        text = strstr(e.v[0].detail, "possible is ");
        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(
            tm_parse_span(text + strlen("possible is "), &span.lifetime), 0);
        ck_assert_int_eq(
            profile_validity(&p, &span, now, now + left[i], &from, &to, &e), 0);
        ck_assert_int_ge(to, now + left[i] - TM_HOUR);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        validity,
        chosen_begin,
        the_longest_lifetime_named_is_possible,
    };

    return unit_run("profile_validity", tests, COUNT(tests));
}
