/* SPDX-License-Identifier: ISC */
/* Serial numbers. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "x509.h"

START_TEST(serials)
{
    static const struct {
        const char *in, *out; /* NULL: refused */
    } cases[] = {
        {"0a1b", "0a1b"},
        {"A1B", "0a1b"},
        {"0xA1b", "0a1b"},
        {"0X0000a1b", "0a1b"},
        {"0A:1B", "0a1b"},
        {"00:00:0a:1b", "0a1b"},
        {"0", "00"},
        {"00", "00"},
        {"7fffffffffffffffffffffffffffffffffffffff",
         "7fffffffffffffffffffffffffffffffffffffff"},
        {"00ffffffffffffffffffffffffffffffffffffffff",
         "ffffffffffffffffffffffffffffffffffffffff"},
        {"1ffffffffffffffffffffffffffffffffffffffff", NULL},
        {"", NULL},
        {"0x", NULL},
        {"x", NULL},
        {"-1", NULL},
        {"+1", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"1.", NULL},
        {":1", NULL},
        {"1:", NULL},
        {"1::2", NULL},
        {"0x:1", NULL},
        {":", NULL},
        {"0x0x1", NULL},
        {"g", NULL},
        {"\xc3\xbc", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct serial s = {0};
        char text[2 * SERIAL_MAX + 1];

        ck_assert_msg((serial_parse(&s, cases[i].in) == 0) ==
                          (cases[i].out != NULL),
                      "%s", cases[i].in);
        if (!cases[i].out)
            continue;
        serial_text(text, &s);
        ck_assert_str_eq(text, cases[i].out);
    }
}
END_TEST

START_TEST(new_serials_have_their_form)
{
    struct serial a, b;

    for (int i = 0; i < 1000; i++) {
        serial_new(&a);
        serial_new(&b);
        ck_assert_uint_eq(a.len, 16);
        ck_assert_uint_eq(a.v[0] & 0xc0, 0x40);
        ck_assert(!serial_equal(&a, &b));
        ck_assert(serial_equal(&a, &a));
        /* They begin with the time, and everything else differs. */
        ck_assert_int_le(memcmp(a.v, b.v, 6), 0);
        ck_assert(memcmp(a.v + 6, b.v + 6, 5) && memcmp(a.v + 11, b.v + 11, 5));
    }
}
END_TEST

/* The time is that of now, in milliseconds. */
START_TEST(serials_rise)
{
    struct serial a, b;
    struct timespec t;
    uint64_t ms = 0;

    serial_new(&a);
    usleep(5000);
    serial_new(&b);
    ck_assert_int_lt(memcmp(a.v, b.v, 6), 0);
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &t), 0);
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | (i ? b.v[i] : b.v[i] & 0x3f);
    ck_assert_uint_le(ms / 1000, (uint64_t)t.tv_sec);
    ck_assert_uint_ge(ms / 1000 + 60, (uint64_t)t.tv_sec);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        serials,
        new_serials_have_their_form,
        serials_rise,
    };

    return unit_run("serial", tests, COUNT(tests));
}
