/* SPDX-License-Identifier: ISC */
/* CRLs that are read: what is no CRL of ours is refused; and the names of
 * reasons and of partitions. */
#include <stdlib.h>

#include "crl_made.h"
#include "mem.h"
#include "tm.h"
#include "unit.h"
#include "weak_key.h"

static struct party key;

START_TEST(cut_changed_or_followed)
{
    AUTO(issuer) struct issuer i;
    AUTO(buf) struct buf der = {0};
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 4};
    size_t accepted = 0;
    struct crl c;

    issuer_make(&i, &key);
    ck_assert_int_eq(crl_build(fd, &i.spec, key.signer, next, &source), 4);
    slurp(fd, &der);
    for (size_t len = 0; len < der.len; len++) {
        AUTO(errs) struct errs e = {0};
        AUTO(free) uint8_t *copy = xmemdup(der.data, len);

        ck_assert_int_eq(crl_parse(&c, copy, len, &e), -1);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_REQUEST);
    }
    for (size_t bit = 0; bit < der.len * 8; bit++) {
        AUTO(errs) struct errs e = {0};

        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (crl_parse(&c, der.data, der.len, &e) == 0) {
            X509_CRL_free(openssl_crl(&der));
            accepted++;
        }
        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_uint_gt(accepted, der.len);
    ck_assert_uint_lt(accepted, der.len * 7);
    buf_putc(&der, 0);
    AUTO(errs) struct errs e = {0};
    ck_assert_int_eq(crl_parse(&c, der.data, der.len, &e), -1);
}
END_TEST

/* An entry that ends where the date of the one before would have to follow:
 * nothing is read behind it. */
START_TEST(a_date_is_within_its_entry)
{
    static const char octets[] = "\x30\x12\x02\x01\x01"
                                 "\x17\x0d"
                                 "260101000000Z"
                                 "\x30\x03\x02\x01\x02";
    AUTO(free) uint8_t *copy = xmemdup(octets, sizeof(octets) - 1);
    struct crl_entries list = {.rest = der_of(copy, sizeof(octets) - 1)};
    struct crl_entry is;

    ck_assert_int_eq(crl_entry_next(&list, &is), 1);
    ck_assert_int_eq(is.revoked_at, INT64_C(1767225600));
    ck_assert_int_eq(crl_entry_next(&list, &is), -1);
}
END_TEST

/* Each makes one thing of a CRL of OpenSSL's wrong. */
static void ext_add(X509_CRL *x, const char *name, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, name, value);

    ck_assert_ptr_nonnull(ext);
    X509_CRL_add_ext(x, ext, -1);
    X509_EXTENSION_free(ext);
}

static void good(X509_CRL *x)
{
    ext_add(x, "2.5.29.20", "DER:020107");
    ext_add(x, "1.2.3.4", "DER:0500");
}

static void no_number(X509_CRL *x)
{
    ext_add(x, "1.2.3.4", "DER:0500");
}

static void two_numbers(X509_CRL *x)
{
    ext_add(x, "2.5.29.20", "DER:020107");
    ext_add(x, "2.5.29.20", "DER:020107");
}

static void negative_number(X509_CRL *x)
{
    ext_add(x, "2.5.29.20", "DER:0201ff");
}

static void number_of_65_bits(X509_CRL *x)
{
    ext_add(x, "2.5.29.20", "DER:0209010000000000000000");
}

static void delta(X509_CRL *x)
{
    good(x);
    ext_add(x, "2.5.29.27", "critical,DER:020101");
}

static void two_key_ids(X509_CRL *x)
{
    good(x);
    ext_add(x, "2.5.29.35", "DER:3003800101");
    ext_add(x, "2.5.29.35", "DER:3003800101");
}

/* One entry, with that extension, in the language of openssl.cnf. */
static void entry_with(X509_CRL *x, const char *oid, const char *value)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, oid, value);
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE);

    good(x);
    ASN1_INTEGER_set(serial, 1);
    X509_REVOKED_set_serialNumber(r, serial);
    X509_REVOKED_set_revocationDate(r, t);
    X509_REVOKED_add_ext(r, ext, -1);
    X509_CRL_add0_revoked(x, r);
    X509_EXTENSION_free(ext);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(t);
}

static void indirect_entry(X509_CRL *x)
{
    entry_with(x, "2.5.29.29", "critical,DER:3000");
}

static void last_reason(X509_CRL *x)
{
    entry_with(x, "2.5.29.21", "DER:0a010a");
}

static void reason_7(X509_CRL *x)
{
    entry_with(x, "2.5.29.21", "DER:0a0107");
}

static void reason_11(X509_CRL *x)
{
    entry_with(x, "2.5.29.21", "DER:0a010b");
}

static void negative_reason(X509_CRL *x)
{
    entry_with(x, "2.5.29.21", "DER:0a01ff");
}

static void critical_reason(X509_CRL *x)
{
    entry_with(x, "2.5.29.21", "critical,DER:0a0101");
}

static void v1(X509_CRL *x)
{
    X509_CRL_set_version(x, 0);
}

static void backwards(X509_CRL *x)
{
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE - 1);

    good(x);
    X509_CRL_set1_nextUpdate(x, t);
    ASN1_TIME_free(t);
}

START_TEST(what_is_wrong_is_refused)
{
    static const struct {
        void (*spoil)(X509_CRL *x);
        const char *why;
    } cases[] = {
        {good, ""},
        {v1, "version is not 2"},
        {no_number, "has no number"},
        {two_numbers, "number is malformed"},
        {negative_number, "number is malformed"},
        {number_of_65_bits, "number is malformed"},
        {delta, "is a delta CRL"},
        {two_key_ids, "key identifier"},
        {indirect_entry, "entry is malformed"},
        {last_reason, ""},
        {reason_7, "entry is malformed"},
        {reason_11, "entry is malformed"},
        {negative_reason, "entry is malformed"},
        {critical_reason, "entry is malformed"},
        {backwards, "thisUpdate and nextUpdate"},
    };

    for (size_t k = 0; k < COUNT(cases); k++) {
        AUTO(x509_crl) X509_CRL *x = X509_CRL_new();
        AUTO(errs) struct errs e = {0};
        ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE);
        unsigned char *der = NULL;
        struct crl c;
        int len;

        X509_CRL_set_version(x, 1);
        X509_CRL_set1_lastUpdate(x, t);
        X509_CRL_set1_nextUpdate(x, t);
        ASN1_TIME_free(t);
        cases[k].spoil(x);
        ck_assert_int_gt(X509_CRL_sign(x, key.key, EVP_sha256()), 0);
        len = i2d_X509_CRL(x, &der);
        ck_assert_msg(crl_parse(&c, der, (size_t)len, &e) ==
                          (*cases[k].why ? -1 : 0),
                      "%s: %s", cases[k].why, e.n ? e.v[0].detail : "");
        if (*cases[k].why)
            ck_assert_ptr_nonnull(strstr(e.v[0].detail, cases[k].why));
        ck_assert_int_eq(crl_parse_frame(&c, der, (size_t)len, &e),
                         *cases[k].why && !strstr(cases[k].why, "entry") ? -1
                                                                         : 0);
        OPENSSL_free(der);
    }
}
END_TEST

#define SERIAL_1 "020101"
#define DATE "170d3236303130313030303030305a"
#define REASON(len, contents)                                                  \
    "06"                                                                       \
    "03551d15"                                                                 \
    "04" len contents

/* An entry by hand: what is in its SEQUENCE; -1: malformed. */
START_TEST(entries_by_hand)
{
    static const struct {
        const char *what, *hex;
        int reason;
    } rows[] = {
        {"nothing more", SERIAL_1 DATE, 0},
        {"a reason", SERIAL_1 DATE "300c300a" REASON("03", "0a0105"), 5},
        {"a reason beside another extension",
         SERIAL_1 DATE "3014"
                       "300a" REASON("03", "0a0105") "3006"
                                                     "06022a03"
                                                     "0400",
         5},
        {"no extension in the list", SERIAL_1 DATE "3000", -1},
        {"a reason of two octets",
         SERIAL_1 DATE "300d300b" REASON("04", "0a020101"), -1},
        {"a reason, and more",
         SERIAL_1 DATE "300e300c" REASON("05", "0a01010500"), -1},
        {"a reason twice",
         SERIAL_1 DATE
         "3018"
         "300a" REASON("03", "0a0101") "300a" REASON("03", "0a0101"),
         -1},
        {"behind the extensions",
         SERIAL_1 DATE "300c300a" REASON("03", "0a0101") "0500", -1},
        {"a serial number of 20 octets",
         "02147f00000000000000000000000000000000000000" DATE, 0},
        {"a serial number of 21 octets",
         "02157f0000000000000000000000000000000000000000" DATE, -1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf) struct buf der = {0};
        const size_t n = strlen(rows[i].hex) / 2,
                     seq = der_open(&der, DER_SEQUENCE);
        struct crl_entry entry = {.reason = 99};
        struct crl_entries list = {0};

        ck_assert_int_eq(hex_decode(buf_extend(&der, n), n, rows[i].hex, 2 * n),
                         (int)n);
        der_close(&der, seq);
        list.rest = der_of(der.data, der.len);
        ck_assert_msg(crl_entry_next(&list, &entry) ==
                          (rows[i].reason < 0 ? -1 : 1),
                      "%s", rows[i].what);
        if (rows[i].reason >= 0)
            ck_assert_int_eq(entry.reason, rows[i].reason);
    }
}
END_TEST

/* Of the same key, by another name of the same length. */
START_TEST(an_issuer_is_known_by_its_name)
{
    AUTO(issuer) struct issuer i;
    AUTO(buf) struct buf der = {0}, other_der = {0};
    AUTO(cert) struct cert other = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(fd) int fd = empty_file();
    struct cert_spec s = root_spec(&key);
    AUTO(free) char *cn = xstrdup(s.cn);
    struct source source = {.count = 1};
    struct crl c;

    cn[0] ^= 1;
    s.cn = cn;
    cert_make(&other_der, &s, &key);
    ck_assert_int_eq(cert_parse(&other, other_der.data, other_der.len, &e), 0);
    issuer_make(&i, &key);
    ck_assert_int_eq(crl_build(fd, &i.spec, key.signer, next, &source), 1);
    slurp(fd, &der);
    ck_assert_int_eq(crl_parse(&c, der.data, der.len, &e), 0);
    ck_assert_int_eq(crl_verify(&c, &i.cert, "root", &e), 0);
    ck_assert_uint_eq(c.issuer_len, other.subject_len);
    ck_assert_int_eq(crl_verify(&c, &other, "root", &e), -1);
    ck_assert_str_eq(e.v[0].detail, "the CRL's issuer is not authority root");
}
END_TEST

/* Its key made the signature, and is none that may. */
START_TEST(a_weak_issuer_signs_nothing)
{
    AUTO(party) struct party weak = {0};
    AUTO(issuer) struct issuer i = {0};
    AUTO(x509_crl) X509_CRL *x = X509_CRL_new();
    AUTO(x509) X509 *cert = NULL;
    AUTO(errs) struct errs e = {0};
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE);
    unsigned char *der = NULL;
    struct crl c;
    int len;

    party_make_weak(&weak);
    issuer_make(&i, &weak);
    cert = openssl_read(&i.der);
    X509_CRL_set_version(x, 1);
    X509_CRL_set1_lastUpdate(x, t);
    X509_CRL_set1_nextUpdate(x, t);
    ASN1_TIME_free(t);
    X509_CRL_set_issuer_name(x, X509_get_subject_name(cert));
    good(x);
    ck_assert_int_gt(X509_CRL_sign(x, weak.key, EVP_sha256()), 0);
    len = i2d_X509_CRL(x, &der);
    ck_assert_int_eq(crl_parse(&c, der, (size_t)len, &e), 0);
    ck_assert_int_eq(crl_verify(&c, &i.cert, "root", &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_REQUEST);
    ck_assert_str_eq(e.v[0].detail,
                     "authority root: the key is weak: the primes of its RSA "
                     "modulus are the same or too close");
    OPENSSL_free(der);
}
END_TEST

START_TEST(reasons_by_name)
{
    static const struct {
        int reason;
        const char *text;
        bool allowed;
    } cases[] = {
        {0, "unspecified", true},        {1, "keyCompromise", true},
        {2, "cACompromise", false},      {3, "affiliationChanged", true},
        {4, "superseded", true},         {5, "cessationOfOperation", true},
        {6, "certificateHold", false},   {8, "removeFromCRL", false},
        {9, "privilegeWithdrawn", true}, {10, "aACompromise", false},
    };

    for (size_t k = 0; k < COUNT(cases); k++) {
        ck_assert_str_eq(crl_reason_text(cases[k].reason), cases[k].text);
        ck_assert_int_eq(crl_reason_parse(cases[k].text), cases[k].reason);
        ck_assert(crl_reason_allowed(cases[k].reason) == cases[k].allowed);
    }
    for (int r = -2; r < 20; r++)
        if (r < 0 || r == 7 || r > 10) {
            ck_assert_ptr_null(crl_reason_text(r));
            ck_assert(!crl_reason_allowed(r));
        }
    ck_assert_int_eq(crl_reason_parse(""), -1);
    ck_assert_int_eq(crl_reason_parse("KeyCompromise"), -1);
    ck_assert_int_eq(crl_reason_parse("1"), -1);
}
END_TEST

/* The address says which partition, in one spelling. */
START_TEST(a_certificate_names_its_partition)
{
    static const struct {
        const char *url;
        uint32_t n;
    } cases[] = {
        {"http://a.b/crl/issuing/1.crl", 1},
        {"http://a.b/x/crl/issuing/4294967295.crl", 4294967295},
        {"http://a.b/crl/issuing/4294967297.crl", 0},
        {"http://a.b/crl/issuing/0.crl", 0},
        {"http://a.b/crl/issuing/01.crl", 0},
        {"http://a.b/crl/issuing/+1.crl", 0},
        {"http://a.b/crl/issuing/1.crlx", 0},
        {"http://a.b/crl/issuing/1.crl#", 0}, /* a NUL there, see below */
        {"http://a.b/crl/issuing/1.pem", 0},
        {"http://a.b/crl/issuing/.crl", 0},
        {"http://a.b/crl/issuing.crl", 0},
        {"http://a.b/crl/other/1.crl", 0},
        {"http://a.b/crl/xissuing/1.crl", 0},
        {"http://a.b/ocsp/issuing/1.crl", 0},
        {"/1.crl", 0},
        {"1", 0},
        {NULL, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cert_spec spec = root_spec(&key);
        AUTO(buf) struct buf der = {0};
        AUTO(cert) struct cert cert = {0};
        AUTO(errs) struct errs e = {0};
        struct der_tlv uri;
        char *mark;

        spec.crl_url = cases[i].url;
        cert_make(&der, &spec, &key);
        mark = memmem(der.data, der.len, "crl#", 4);
        if (mark)
            mark[3] = '\0';
        ck_assert_int_eq(cert_parse_any(&cert, der.data, der.len, &e), 0);
        ck_assert_msg(crl_partition_of(&cert, "issuing", &uri) == cases[i].n,
                      "%s", cases[i].url);
    }
}
END_TEST

START_TEST(an_address_is_that_of_its_partition)
{
    AUTO(free) char *whole = crl_url("http://a.b/c", "issuing", 0);
    AUTO(free) char *part = crl_url("http://a.b/c", "issuing", 4294967295);

    ck_assert_str_eq(whole, "http://a.b/c/crl/issuing.crl");
    ck_assert_str_eq(part, "http://a.b/c/crl/issuing/4294967295.crl");
}
END_TEST
int main(void)
{
    const TTest *const tests[] = {
        cut_changed_or_followed,
        a_date_is_within_its_entry,
        what_is_wrong_is_refused,
        entries_by_hand,
        an_issuer_is_known_by_its_name,
        a_weak_issuer_signs_nothing,
        reasons_by_name,
        a_certificate_names_its_partition,
        an_address_is_that_of_its_partition,
    };
    int failed;

    party_make(&key, "ec:P-256");
    failed = unit_run("crl_read", tests, COUNT(tests));
    party_free(&key);
    return failed;
}
