/* SPDX-License-Identifier: ISC */
/* What a field of a subject may be. */
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
        {"Müller & Söhne", true},
        {"株式会社", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *rule = subject_rule(SUBJECT_O, cases[i].value);

        ck_assert_msg(!rule == cases[i].good, "%zu, %s: %s", i, cases[i].value,
                      rule ? rule : "taken");
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {joiners_where_they_are_seen};

    return unit_run("subject", tests, 1);
}
