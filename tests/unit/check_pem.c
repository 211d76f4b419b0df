/* SPDX-License-Identifier: ISC */
#include "pem.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "key.h"
#include "mem.h"
#include "unit.h"

static enum pem_result read_text(const char *text, char label[64],
                                 struct buf *der)
{
    return pem_read(text, strlen(text), label, der);
}

/* Every length around the line's, written as OpenSSL writes it. */
START_TEST(written_as_openssl_does)
{
    uint8_t data[200];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 1; len <= sizeof(data); len++) {
        AUTO(buf) struct buf b = {0}, back = {0};
        AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
        char label[64], *text;
        long n;

        ck_assert(PEM_write_bio(bio, "X Y", "", data, (long)len));
        n = BIO_get_mem_data(bio, &text);
        pem_put(&b, "X Y", data, len);
        ck_assert_int_eq((long)b.len, n);
        ck_assert_mem_eq(b.data, text, b.len);
        ck_assert_int_eq(pem_read(b.data, b.len, label, &back), PEM_OK);
        ck_assert_str_eq(label, "X Y");
        ck_assert_uint_eq(back.len, len);
        ck_assert_mem_eq(back.data, data, len);
    }
}
END_TEST

START_TEST(line_ends_do_not_matter)
{
    static const char *const texts[] = {
        "-----BEGIN A-----\nAQID\nBAUG\n-----END A-----\n",
        "-----BEGIN A-----\r\nAQID\r\nBAUG\r\n-----END A-----\r\n",
        "-----BEGIN A-----AQIDBAUG-----END A-----",
        "-----BEGIN A----- AQID BAUG -----END A-----",
        "-----BEGIN A-----\n\n  AQI\n\tDBAU G\n\n-----END A-----\n\n \t",
        " \r\n-----BEGIN A-----\nA\nQ\nI\nD\nBAUG\n-----END A-----",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(buf) struct buf der = {0};
        char label[64];

        ck_assert_msg(read_text(texts[i], label, &der) == PEM_OK, "%s",
                      texts[i]);
        ck_assert_uint_eq(der.len, 6);
        ck_assert_mem_eq(der.data, "\1\2\3\4\5\6", 6);
    }
}
END_TEST

START_TEST(what_is_refused)
{
    static const struct {
        const char *text;
        enum pem_result r;
    } cases[] = {
        {"", PEM_NOT},
        {"\n", PEM_NOT},
        {"AQID", PEM_NOT},
        {"x-----BEGIN A-----AQID-----END A-----", PEM_NOT},
        {"----BEGIN A-----AQID-----END A-----", PEM_NOT},
        {"-----begin A-----AQID-----END A-----", PEM_NOT},
        {"-----BEGIN A", PEM_BROKEN},
        {"-----BEGIN A-----", PEM_BROKEN},
        {"-----BEGIN A----AQID-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID", PEM_BROKEN},
        {"-----BEGIN A-----AQID-----END A----", PEM_BROKEN},
        {"-----BEGIN A-----AQID----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID-----END B-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID-----END AA-----", PEM_BROKEN},
        {"-----BEGIN AA-----AQID-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID-----END a-----", PEM_BROKEN},
        {"-----BEGIN  A-----AQID-----END  A-----", PEM_BROKEN},
        {"-----BEGIN A -----AQID-----END A -----", PEM_BROKEN},
        {"-----BEGIN A\n-----AQID-----END A\n-----", PEM_BROKEN},
        {"-----BEGIN A-----\n-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQI-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQIDB-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ=-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----A===-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----====-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ==AQID-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID=-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID====-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AR==-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQJ=-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ*D-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ_D-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQ\xc3\xbc-----END A-----", PEM_BROKEN},
        {"-----BEGIN A-----AQID-----END A-----x", PEM_MANY},
        {"-----BEGIN A-----AQID-----END A-----\n"
         "-----BEGIN A-----AQID-----END A-----\n",
         PEM_MANY},
        {"-----BEGIN PRIVATE KEY-----AQID-----END PRIVATE KEY-----",
         PEM_PRIVATE},
        {"-----BEGIN RSA PRIVATE KEY-----rubbish", PEM_PRIVATE},
        {"-----BEGIN OPENSSH PRIVATE KEY-----", PEM_PRIVATE},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----AQID", PEM_ENCRYPTED},
        {"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,1\n\n"
         "AQID\n-----END A-----",
         PEM_ENCRYPTED},
        {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
         PEM_ENCRYPTED},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf der = {0};
        char label[64];

        ck_assert_msg(read_text(cases[i].text, label, &der) == cases[i].r, "%s",
                      cases[i].text);
        ck_assert_msg(der.len == 0, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(a_nul_is_no_white_space)
{
    static const char text[] = "-----BEGIN A-----AQID-----END A-----";
    AUTO(buf) struct buf der = {0};
    char label[64];

    ck_assert_int_eq(pem_read(text, sizeof(text), label, &der), PEM_MANY);
    ck_assert_int_eq(pem_read("\0", 1, label, &der), PEM_NOT);
    ck_assert_int_eq(pem_read("-----BEGIN \0-----", 17, label, &der),
                     PEM_BROKEN);
}
END_TEST

START_TEST(labels)
{
    char longest[] =
        "012345678901234567890123456789012345678901234567890123456789012";

    for (int extra = 0; extra < 2; extra++) {
        AUTO(free)
        char *name = xasprintf("%s%s", longest, extra ? "3" : "");
        AUTO(free)
        char *text =
            xasprintf("-----BEGIN %s-----AQID-----END %s-----", name, name);
        AUTO(buf) struct buf der = {0};
        char label[64];

        ck_assert_int_eq(read_text(text, label, &der),
                         extra ? PEM_BROKEN : PEM_OK);
        ck_assert_str_eq(label, extra ? "" : name);
    }
}
END_TEST

START_TEST(several_blocks)
{
    static const char text[] = "-----BEGIN A-----AQID-----END A-----\n"
                               "-----BEGIN EC PRIVATE KEY-----\nAQID\n"
                               "-----END EC PRIVATE KEY-----\n"
                               "\n-----BEGIN B-----BAUG-----END B-----\n ";
    static const struct {
        enum pem_result r;
        const char *label;
        size_t len;
    } want[] = {{PEM_OK, "A", 3},
                {PEM_PRIVATE, "EC PRIVATE KEY", 3},
                {PEM_OK, "B", 6},
                {PEM_NOT, "", 6}};
    AUTO(buf) struct buf der = {0};
    const char *p = text;
    size_t left = sizeof(text) - 1, used;
    char label[64];

    for (size_t i = 0; i < COUNT(want); i++) {
        enum pem_result r = pem_read_next(p, left, label, &der, &used);

        ck_assert_int_eq(r, want[i].r);
        ck_assert_str_eq(label, want[i].label);
        ck_assert_uint_eq(der.len, want[i].len);
        p += used;
        left -= used;
    }
    ck_assert_uint_eq(left, 0);
    ck_assert_int_eq(pem_read_next("junk", 4, label, &der, &used), PEM_NOT);
    ck_assert_uint_eq(used, 0);
}
END_TEST

/* Truncated anywhere it is no PEM, and never read beyond its end. */
START_TEST(base64_alone)
{
    static const struct {
        const char *text, *hex; /* NULL: refused */
    } cases[] = {
        {"", ""},           {"BQA=", "0500"},   {" B\nQ A = ", "0500"},
        {"DAFB", "0c0141"}, {"BQ==", "05"},     {"BQ", NULL},
        {"BQ=", NULL},      {"BR==", NULL},     {"BQA=-", NULL},
        {"BQA_", NULL},     {"BQA=BQA=", NULL}, {"====", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf out = {0};
        char hex[32];
        int rc;

        buf_putc(&out, 'x');
        rc = base64_decode(&out, cases[i].text, strlen(cases[i].text));
        ck_assert_msg((rc == 0) == (cases[i].hex != NULL), "%s", cases[i].text);
        hex_encode(hex, out.data + 1, out.len - 1);
        ck_assert_str_eq(hex, cases[i].hex ? cases[i].hex : "");
    }
}
END_TEST

START_TEST(every_truncation)
{
    static const char text[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
                               "AQIDBAUGBwgJCgsMDQ4PEA==\n"
                               "-----END CERTIFICATE REQUEST-----";

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        AUTO(free) char *cut = xmemdup(text, len);
        AUTO(buf) struct buf der = {0};
        char label[64];

        ck_assert_int_lt(pem_read(cut, len, label, &der), 0);
        ck_assert_uint_eq(der.len, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        written_as_openssl_does,
        line_ends_do_not_matter,
        what_is_refused,
        a_nul_is_no_white_space,
        labels,
        several_blocks,
        base64_alone,
        every_truncation,
    };

    return unit_run("pem", tests, COUNT(tests));
}
