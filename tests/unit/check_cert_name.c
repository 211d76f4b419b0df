/* SPDX-License-Identifier: ISC */
/* Names as text. */
#include <stdlib.h>

#include "mem.h"
#include "unit.h"
#include "x509.h"

START_TEST(names_as_text)
{
    static const struct {
        const char *der;
        size_t len;
        const char *text;
    } cases[] = {
#define N(der, text) {der, sizeof(der) - 1, text}
        N("\x30\x00", ""),
        N("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03"
          "a+b",
          "CN=a\\+b"),
        N("\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x0a\x0c\x05"
          " #\x00\x1b ",
          "O=\\ #\\00\\1b\\ "),
        N("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1e\x04"
          "\x00\xfc\x20\xac",
          "CN=\xc3\xbc\xe2\x82\xac"),
        N("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02"
          "\xff\xc3",
          ""),
        N("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x16\x02"
          "\xff\xc3",
          "CN=\\ff\\c3"),
        N("\x30\x0c\x31\x0a\x30\x08\x06\x02\x2a\x03\x0c\x02"
          "ab",
          "1.2.3=#0c026162"),
        N("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x13\x01"
          "a\x30\x08\x06\x03\x55\x04\x0b\x13\x01"
          "b",
          "CN=a+OU=b"),
        N("\x30\x03\x31\x01\x30", ""),
#undef N
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free)
        char *got = cert_name_text((const uint8_t *)cases[i].der, cases[i].len);

        ck_assert_str_eq(got, cases[i].text);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_as_text,
    };

    return unit_run("cert_name", tests, COUNT(tests));
}
