/* SPDX-License-Identifier: ISC */
/* index.txt of openssl and easy-rsa: rows, and what is no row. */
#include "index_txt.h"

#include "crl.h"
#include "unit.h"

static int read_row(const char *text, struct index_row *row, struct errs *e)
{
    struct index_txt t = {
        .file = "index.txt", .text = text, .len = strlen(text)};

    return index_txt_next(&t, row, e);
}

START_TEST(rows_are_read)
{
    static const struct {
        const char *text;
        char state;
        int64_t not_after, revoked_at;
        int reason;
        const char *serial;
    } cases[] = {
        {"V\t700102000000Z\t\t0a11\tunknown\t/CN=a\n", 'V', 86400, 0, 0,
         "0a11"},
        {"V\t491231235959Z\t\t1\tunknown\t/CN=a", 'V', 2524607999, 0, 0, "01"},
        {"E\t20500101000000Z\t\t00FF\tf.pem\t/\r\n", 'E', 2524608000, 0, 0,
         "ff"},
        {"R\t700103000000Z\t700102000000Z\t01\tu\t/", 'R', 172800, 86400, 0,
         "01"},
        {"R\t700103000000Z\t700102000000Z,CACompromise\t01\tu\t/", 'R', 172800,
         86400, REASON_CA_COMPROMISE, "01"},
        {"R\t700103000000Z\t700102000000Z,keyTime,20200101000000Z\t01\tu\t/",
         'R', 172800, 86400, REASON_KEY_COMPROMISE, "01"},
        {"R\t700101000000Z\t700101000000Z\t01\tu\t/", 'R', 0, 0, 0, "01"},
        {"V\t700102000000Z\t\t01\tu\t/CN=a\\\tb", 'V', 86400, 0, 0, "01"},
        {"#\t1\n#\nV\t700102000000Z\t\t01\tu\t/", 'V', 86400, 0, 0, "01"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct index_row row;
        char serial[2 * SERIAL_MAX + 1];

        ck_assert_msg(read_row(cases[i].text, &row, &e) == 1, "case %zu: %s", i,
                      e.n ? e.v[0].detail : "end");
        ck_assert_int_eq(row.state, cases[i].state);
        ck_assert_int_eq(row.not_after, cases[i].not_after);
        ck_assert_int_eq(row.revoked_at, cases[i].revoked_at);
        ck_assert_int_eq(row.reason, cases[i].reason);
        serial_text(serial, &row.serial);
        ck_assert_str_eq(serial, cases[i].serial);
    }
}
END_TEST

START_TEST(others_are_refused)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"V", "six fields"},
        {"V\t700102000000Z\t\t01\tu", "six fields"},
        {"\n", "six fields"},
        {"v\t700102000000Z\t\t01\tu\t/", "state \"v\" is not V"},
        {"VV\t700102000000Z\t\t01\tu\t/", "state"},
        {"V\t\t\t01\tu\t/", "end \"\" is not"},
        {"V\t700102000000\t\t01\tu\t/", "end \"700102000000\" is not"},
        {"V\t700230000000Z\t\t01\tu\t/", "end \"700230000000Z\" is a day"},
        {"V\t700102240000Z\t\t01\tu\t/", "is a day or an hour"},
        {"V\t691231235959Z\t\t01\tu\t/", "\"691231235959Z\" is before 1970"},
        {"V\t500101000000Z\t\t01\tu\t/", "is before 1970"},
        {"R\t700102000000Z\t19691231235959Z\t01\tu\t/",
         "revocation \"19691231235959Z\" is before 1970"},
        {"R\t700102000000Z\t7001Z\t01\tu\t/",
         "revocation \"7001Z\" is not YYMMDD"},
        {"V\t70010200000+Z\t\t01\tu\t/", "is not YYMMDD"},
        {"V\t19690102000000Z\t\t01\tu\t/", "is before 1970"},
        {"V\t700102000000Z\t700102000000Z\t01\tu\t/", "state is not R"},
        {"R\t700102000000Z\t\t01\tu\t/", "date of revocation"},
        {"R\t700102000000Z\t700102000000Z,\t01\tu\t/", "reason"},
        {"R\t700102000000Z\t700102000000Z,none\t01\tu\t/",
         "reason \"none\" is none of"},
        {"V\t700102000000Z\t\t\tu\t/", "serial"},
        {"V\t700102000000Z\t\t0x1\tu\t/", "serial"},
        {"V\t700102000000Z\t\t-1\tu\t/", "serial number \"-1\" is not hex"},
        {"V\t700102000000Z\t\t0:1\tu\t/", "serial"},
        {"V\t700102000000Z\t\t1111111111111111111111111111111111111111111111\tu"
         "\t/",
         "serial"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct index_row row;

        ck_assert_msg(read_row(cases[i].text, &row, &e) == -1, "case %zu", i);
        ck_assert_uint_eq(e.n, 1);
        ck_assert_msg(strncmp(e.v[0].detail, "index.txt:1: ", 13) == 0 &&
                          strstr(e.v[0].detail, cases[i].says),
                      "case %zu: %s", i, e.v[0].detail);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rows_are_read, others_are_refused};

    return unit_run("index_txt", tests, COUNT(tests));
}
