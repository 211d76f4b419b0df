/* SPDX-License-Identifier: ISC */
/* Characters: every code point there and back, and what stands for none. */
#include "utf8.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "unit.h"

static bool there_and_back(struct buf *b, uint32_t c)
{
    const size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    const uint8_t *p, *cut;

    buf_reset(b);
    utf8_put(b, c);
    p = cut = b->data;
    return b->len == len && utf8_next(&p, b->data + len) == c &&
           p == b->data + len && utf8_count(b->data, len) == 1 &&
           (len == 1 || utf8_next(&cut, cut + len - 1) == UTF8_BAD);
}

/* An assertion that holds costs more than all of it: only one that does not. */
START_TEST(every_code_point)
{
    AUTO(buf) struct buf b = {0};

    for (uint32_t c = 0; c <= 0x10ffff; c++)
        if (!utf8_is_surrogate(c) && !there_and_back(&b, c))
            ck_abort_msg("U+%04X", c);
}
END_TEST

START_TEST(no_code_point)
{
    static const char *const cases[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xff",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xc3\x28",
        "\xe2\x28\xa1",
        "\xe2\x82\x28",
        "\xf0\x90\x28\xbc",
        "\xfe",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint8_t *p = (const uint8_t *)cases[i], *was = p;

        ck_assert_uint_eq(utf8_next(&p, p + strlen(cases[i])), UTF8_BAD);
        ck_assert(p > was);
    }
}
END_TEST

START_TEST(controls)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++)
        if (utf8_is_control(c) !=
            (c < 0x20 || c == 0x7f || (c >= 0x80 && c <= 0x9f)))
            ck_abort_msg("U+%04X", c);
}
END_TEST

/* In the locale of C, in which a test program starts. */
START_TEST(ascii_as_the_c_library)
{
    for (int c = CHAR_MIN; c <= UCHAR_MAX; c++) {
        const bool in = c >= 0 && c < 0x80;
        const char text[] = {(char)c, '\0'};

        ck_assert_int_eq(ascii_is_upper(c), in && isupper(c));
        ck_assert_int_eq(ascii_is_lower(c), in && islower(c));
        ck_assert_int_eq(ascii_is_digit(c), in && isdigit(c));
        ck_assert_int_eq(ascii_is_alpha(c), in && isalpha(c));
        ck_assert_int_eq(ascii_is_alnum(c), in && isalnum(c));
        ck_assert_int_eq(ascii_lower((char)c), in ? (char)tolower(c) : (char)c);
        ck_assert_int_eq(ascii_hex(c),
                         in && isxdigit(c) ? (int)strtol(text, NULL, 16) : -1);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_code_point,
        no_code_point,
        controls,
        ascii_as_the_c_library,
    };

    return unit_run("utf8", tests, COUNT(tests));
}
