/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>

#include "front_attempts.h"
#include "unit.h"

/* How many of n attempts at that time are let pass. */
static int passed(const char *address, int n, int64_t now)
{
    int good = 0;

    for (int i = 0; i < n; i++)
        good += attempt_noted(address, now);
    return good;
}

START_TEST(a_burst_then_one_by_one)
{
    int64_t t = 5000000;

    ck_assert_int_eq(passed("192.0.2.1", 3000, t), ATTEMPTS_BURST);
    ck_assert_int_eq(passed("192.0.2.1", 3, t + ATTEMPTS_EVERY_US - 1), 0);
    ck_assert_int_eq(passed("192.0.2.1", 3, t + ATTEMPTS_EVERY_US), 1);
    /* An hour later all is forgotten, and no more than that. */
    t += INT64_C(3600000000);
    ck_assert_int_eq(passed("192.0.2.1", 3000, t), ATTEMPTS_BURST);
}
END_TEST

START_TEST(others_are_not_held_up)
{
    ck_assert_int_eq(passed("192.0.2.9", 3000, 1), ATTEMPTS_BURST);
    ck_assert_int_eq(passed("192.0.2.10", 5, 1), 5);
    ck_assert_int_eq(passed("unix", 3000, 1), 3000);
    ck_assert_int_eq(passed("nonsense", 3000, 1), 3000);
    ck_assert_int_eq(passed("::1", 3000, 1), ATTEMPTS_BURST);
}
END_TEST

START_TEST(a_network_of_ipv6_is_one)
{
    char text[64];
    int good = 0;

    for (unsigned i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), "2001:db8:1:2::%x", i);
        good += attempt_noted(text, 1);
    }
    ck_assert_int_eq(good, ATTEMPTS_BURST);
    ck_assert_int_eq(passed("2001:db8:1:3::1", 5, 1), 5);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_burst_then_one_by_one,
                                  others_are_not_held_up,
                                  a_network_of_ipv6_is_one};

    return unit_run("front_attempts", tests, COUNT(tests));
}
