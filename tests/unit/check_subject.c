/* SPDX-License-Identifier: ISC */
/* What a field of a subject may be. */
#include <string.h>

#include "mem.h"
#include "subject.h"
#include "unit.h"

/* Persian, Hindi and Sinhala need joiners, and show them; elsewhere nobody sees
 * one, and two values would look alike. */
START_TEST(joiners_where_they_are_seen)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {
        {"شرکت\u200cها", true},   /* teh, heh */
        {"می\u200cخواهم", true},  /* farsi yeh, khah */
        {"کتاب\u200cخانه", true}, /* beh, khah */
        {"क्\u200dष", true},       /* virama */
        {"क्\u200cष", true},
        {"ශ්\u200dරී", true},
        {"ro\u200cot", false},
        {"ro\u200dot", false},
        {"سرور\u200cها", false}, /* reh never joins what follows */
        {"شرکت\u200c", false},
        {"\u200cشرکت", false},
        {"شرکت\u200c ها", false},
        {"شرکت\u200dها", false},
        {"شرکت\u200c\u200cها", false},
        {"क्\u200d\u200dष", false},
        {"شرکت\u200ca", false},
        {"क\u200cष", false},
        {"a\u200b", false},
        {"a\u202eb", false},
        {"a\u00adb", false},
        {"Jane \ufeff", false},
        {"root\u3164", false}, /* fillers, and a blank of Braille */
        {"root\u115f", false},
        {"root\uffa0", false},
        {"root\u2800", false},
        {"root\u17b4", false},
        {"root\U0001bca0", false},
        {"Müller & Söhne", true},
        {"株式会社", true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *rule = subject_rule(SUBJECT_O, cases[i].value);

        ck_assert_msg(!rule == cases[i].good, "%zu, %s: %s", i, cases[i].value,
                      rule ? rule : "taken");
    }
}
END_TEST

/* What is compared as a blank is one. */
START_TEST(blanks)
{
    static const char *const same[] = {
        "Jane Doe",       " Jane  Doe ",         "Jane\u00a0Doe",
        "Jane Doe\u00a0", "\u3000Jane\u3000Doe", "Jane \u2003Doe",
        "Jane\u202fDoe",  "Jane\u1680\u205fDoe",
    };
    AUTO(subject) struct subject s = {0};

    for (size_t i = 0; i < COUNT(same); i++) {
        subject_set(&s, SUBJECT_CN, xstrdup(same[i]));
        ck_assert_str_eq(s.v[SUBJECT_CN], same[0]);
    }
    subject_set(&s, SUBJECT_CN, xstrdup("a \xe3\x80"));
    ck_assert_str_eq(s.v[SUBJECT_CN], "a \xe3\x80");
    subject_set(&s, SUBJECT_CN, xstrdup("\u3000"));
    ck_assert_ptr_null(s.v[SUBJECT_CN]);
}
END_TEST

/* Of a request: each value is kept, and a field with two of them is none. */
START_TEST(several_values)
{
    AUTO(subject) struct subject s = {0};
    AUTO(free) char *one = NULL, *two = NULL;

    subject_add(&s, SUBJECT_OU, xstrdup(" "));
    ck_assert_ptr_null(s.v[SUBJECT_OU]);
    subject_add(&s, SUBJECT_OU, xstrdup(" a  b "));
    subject_add(&s, SUBJECT_OU, xstrdup("a b"));
    subject_add(&s, SUBJECT_OU, xstrdup(""));
    ck_assert_str_eq(s.v[SUBJECT_OU], "a b");
    ck_assert_ptr_null(subject_rule(SUBJECT_OU, s.v[SUBJECT_OU]));
    one = subject_values(s.v[SUBJECT_OU]);
    ck_assert_str_eq(one, "\"a b\"");
    subject_add(&s, SUBJECT_OU, xstrdup("c"));
    subject_add(&s, SUBJECT_OU, xstrdup(" "));
    ck_assert_str_eq(s.v[SUBJECT_OU], "a b\nc");
    ck_assert_ptr_nonnull(subject_rule(SUBJECT_OU, s.v[SUBJECT_OU]));
    two = subject_values(s.v[SUBJECT_OU]);
    ck_assert_str_eq(two, "\"a b\", \"c\"");
}
END_TEST

/* In a sentence no more than a sentence takes, cut between characters. */
START_TEST(values_shown)
{
    AUTO(buf) struct buf long_one = {0}, many = {0};
    AUTO(free) char *one = NULL, *some = NULL;

    for (int i = 0; i < 1000; i++)
        buf_puts(&long_one, "ü");
    buf_putc(&long_one, '\0');
    one = subject_values((const char *)long_one.data);
    ck_assert_uint_eq(strlen(one), 64 * strlen("ü") + strlen("\"…\""));
    ck_assert_str_eq(one + 64 * strlen("ü") - 1, "ü…\"");
    for (char c = 'a'; c < 'z'; c++) {
        buf_putc(&many, (uint8_t)c);
        buf_putc(&many, '\n');
    }
    buf_puts(&many, "z");
    buf_putc(&many, '\0');
    some = subject_values((const char *)many.data);
    ck_assert_str_eq(some, "\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", "
                           "\"g\", \"h\", …");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {joiners_where_they_are_seen, blanks,
                                  several_values, values_shown};

    return unit_run("subject", tests, COUNT(tests));
}
