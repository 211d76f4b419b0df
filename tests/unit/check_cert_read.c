/* SPDX-License-Identifier: ISC */
/* Certificates read: what OpenSSL and Go made, and what nobody should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cert_edit.h"
#include "mem.h"
#include "unit.h"
#include "x509.h"

static struct party ca;

/* A P-384 CA with constraints and an Ed25519 leaf of Go's crypto/x509. */
static const char go_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB8TCCAXegAwIBAgIBATAKBggqhkjOPQQDAzAwMQswCQYDVQQGEwJERTERMA8G\n"
    "A1UEChMIR28sIEluYy4xDjAMBgNVBAMTBUdvIENBMCAXDTI2MDEwMTAwMDAwMFoY\n"
    "DzIwNjYwMTAxMDAwMDAwWjAwMQswCQYDVQQGEwJERTERMA8GA1UEChMIR28sIElu\n"
    "Yy4xDjAMBgNVBAMTBUdvIENBMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEJjEraOWA\n"
    "auW4S4lo3cv3JBUrb4kDsMsh2NujJEFYHnXiohKY4W2E6h+oEC+rCGuajE6psBCk\n"
    "MNKBEu2u7od6zROkYB7TiD883n1nFfuwYoQNEws9c87xntjWdf7/+n2zo2MwYTAO\n"
    "BgNVHQ8BAf8EBAMCAQYwEgYDVR0TAQH/BAgwBgEB/wIBATAdBgNVHQ4EFgQU7t7K\n"
    "VG04RqP66JtJ2upuHjAOM90wHAYDVR0eAQH/BBIwEKAOMAyCCmdvLmV4YW1wbGUw\n"
    "CgYIKoZIzj0EAwMDaAAwZQIwCtuDBYhKgDPZ38LbuoMtIYE4HZ4tfWDZcDMMD1HO\n"
    "lscgBuZJ2xXpCD0Sl6g5BPt8AjEA2TccgFTIpAY9LPK1x6y2utCxtaUSXeC7Hda+\n"
    "h5zMVsBLqGB1dTE2N+GgOdUsK+RD\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN CERTIFICATE-----\n"
    "MIICKzCCAbCgAwIBAgIFAP8BAgMwCgYIKoZIzj0EAwMwMDELMAkGA1UEBhMCREUx\n"
    "ETAPBgNVBAoTCEdvLCBJbmMuMQ4wDAYDVQQDEwVHbyBDQTAeFw0yNjAxMDEwMDAw\n"
    "MDBaFw0yNjA0MDEwMDAwMDBaMBkxFzAVBgNVBAMTDndlYi5nby5leGFtcGxlMCow\n"
    "BQYDK2VwAyEACfVBqPaRBYBn47Fau8A/x33TVEplmJn3f+tL9OPqNYCjgfwwgfkw\n"
    "DgYDVR0PAQH/BAQDAgWgMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAzAf\n"
    "BgNVHSMEGDAWgBTu3spUbThGo/rom0na6m4eMA4z3TAsBggrBgEFBQcBAQQgMB4w\n"
    "HAYIKwYBBQUHMAGGEGh0dHA6Ly9vLmV4YW1wbGUwUAYDVR0RBEkwR4IOd2ViLmdv\n"
    "LmV4YW1wbGWBDmpvZUBnby5leGFtcGxlhwQKAAABhxAgAQ24AAAAAAAAAAAAAAAB\n"
    "hg1zcGlmZmU6Ly90ZC94MCcGA1UdHwQgMB4wHKAaoBiGFmh0dHA6Ly9jLmV4YW1w\n"
    "bGUveC5jcmwwCgYIKoZIzj0EAwMDaQAwZgIxANVzQFqEpKlrBX+RP31C1J2ZFmCI\n"
    "4FCCJElVJJoCxpuZBWOFF0twZicDqdS41NX9GAIxAPBKBBnimP9pF1xsqhpl3fiv\n"
    "atwxvS85Twc61jq1FoLA8+TNKYteTyTwznQM6XG7Fg==\n"
    "-----END CERTIFICATE-----\n";

/* What cert_parse() says: "" for good. */
static char *judge(const uint8_t *der, size_t len)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};

    if (cert_parse(&c, der, len, &e) == 0)
        return xstrdup("");
    ck_assert_uint_eq(e.n, 1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_REQUEST);
    ck_assert_ptr_null(c.der);
    return xstrdup(e.v[0].detail);
}

static X509_NAME *name_make(const char *cn)
{
    X509_NAME *name = X509_NAME_new();

    X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8, (const uint8_t *)"DE",
                               -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)cn,
                               -1, -1, 0);
    return name;
}

/* A certificate as OpenSSL makes it, to be changed before it is signed. */
static X509 *openssl_make(void)
{
    X509 *x = X509_new();
    X509_NAME *issuer = name_make("OpenSSL CA");
    X509_NAME *subject = name_make("web.example");

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
    X509_set_issuer_name(x, issuer);
    X509_set_subject_name(x, subject);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)DAY_ONE);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)DAY_ONE + 86400);
    X509_set_pubkey(x, ca.key);
    X509_NAME_free(issuer);
    X509_NAME_free(subject);
    return x;
}

static void ext_add(X509 *x, const char *name, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    ext = X509V3_EXT_nconf(NULL, &ctx, name, value);
    ck_assert_msg(ext != NULL, "%s=%s", name, value);
    X509_add_ext(x, ext, -1);
    X509_EXTENSION_free(ext);
}

/* Signs and encodes; the certificate is gone. */
static void finish(X509 *x, struct buf *out)
{
    unsigned char *der = NULL;
    int len;

    ck_assert_int_gt(X509_sign(x, ca.key, EVP_sha256()), 0);
    len = i2d_X509(x, &der);
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(x);
}

static void parse(struct cert *out, const struct buf *der)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_msg(cert_parse(out, der->data, der->len, &e) == 0, "%s",
                  e.n ? e.v[0].detail : "");
}

START_TEST(a_certificate_of_openssl)
{
    AUTO(buf) struct buf der = {0};
    AUTO(cert) struct cert c = {0};
    AUTO(free) char *subject = NULL;
    char serial[2 * SERIAL_MAX + 1];
    X509 *x = openssl_make();

    ext_add(x, "basicConstraints", "critical,CA:FALSE");
    ext_add(x, "keyUsage",
            "critical,digitalSignature,keyEncipherment,"
            "decipherOnly");
    ext_add(x, "extendedKeyUsage", "serverAuth,clientAuth,codeSigning");
    ext_add(x, "subjectKeyIdentifier", "hash");
    ext_add(x, "authorityKeyIdentifier", "keyid:always,issuer:always");
    ext_add(x, "subjectAltName",
            "DNS:Web.example,IP:10.0.0.1,email:joe@b,URI:spiffe://td/x,"
            "otherName:1.2.3;UTF8:x,RID:1.2.3");
    ext_add(x, "certificatePolicies", "critical,DER:3007300506032a0304");
    ext_add(x, "noCheck", "ignored");
    finish(x, &der);
    parse(&c, &der);
    subject = cert_name_text(c.subject, c.subject_len);
    serial_text(serial, &c.serial);
    ck_assert_str_eq(serial, "1267");
    ck_assert_str_eq(subject, "CN=web.example,C=DE");
    ck_assert_int_eq(c.not_before, DAY_ONE);
    ck_assert_int_eq(c.not_after, DAY_ONE + 86400);
    ck_assert(!c.ca && c.path_len == -1 && !c.ext[EXT_SAN].critical);
    ck_assert_uint_eq(c.ku, 1U << 0 | 1U << 2 | 1U << 8);
    ck_assert_uint_eq(c.eku, EKU_SERVER | EKU_CLIENT | EKU_CODE);
    ck_assert_uint_eq(c.ski_len, 20);
    ck_assert_uint_eq(c.aki_len, 20);
    ck_assert_uint_eq(c.names.n, 4);
    ck_assert_str_eq(c.names.v[0].value, "web.example");
    ck_assert_int_eq(c.sig.alg, SIG_ECDSA_SHA256);
    ck_assert_int_eq(c.key.type, KEY_EC);
}
END_TEST

START_TEST(certificates_of_go)
{
    AUTO(free) char *path = xasprintf("/tmp/check_cert_read.%d", getpid());
    AUTO(blobs) struct blobs l = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0}, leaf = {0};
    AUTO(free) char *subject = NULL;
    struct key_verifier *v = key_verifier_new();
    FILE *f = fopen(path, "w");

    fputs(go_pem, f);
    fclose(f);
    ck_assert_int_eq(cert_load(path, &l, &e), 0);
    unlink(path);
    ck_assert_uint_eq(l.n, 2);
    parse(&c, &l.v[0]);
    parse(&leaf, &l.v[1]);
    subject = cert_name_text(c.subject, c.subject_len);
    ck_assert_str_eq(subject, "CN=Go CA,O=Go\\, Inc.,C=DE");
    ck_assert(c.ca && c.path_len == 1 && c.ext[EXT_CONSTRAINTS].value);
    ck_assert_int_eq(c.not_after, INT64_C(3029529600));
    ck_assert_uint_eq(leaf.serial.len, 4);
    ck_assert_uint_eq(leaf.serial.v[0], 0xff);
    ck_assert_uint_eq(leaf.names.n, 5);
    ck_assert_int_eq(leaf.key.type, KEY_ED25519);
    ck_assert_mem_eq(leaf.aki, c.ski, c.ski_len);
    ck_assert_int_eq(cert_verify(&leaf, &c.key, v, &e), 0);
    key_verifier_free(v);
}
END_TEST

/* Each takes what openssl_make() made and spoils one thing. */
static void v1(X509 *x)
{
    X509_set_version(x, 0);
}

static void negative_serial(X509 *x)
{
    ASN1_INTEGER_set(X509_get_serialNumber(x), -4711);
}

static void long_serial(X509 *x)
{
    AUTO(bignum) BIGNUM *n = BN_new();

    BN_set_bit(n, 160);
    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
}

static void ends_before_it_begins(X509 *x)
{
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)DAY_ONE - 1);
}

static void extension_twice(X509 *x)
{
    ext_add(x, "basicConstraints", "CA:FALSE");
    ext_add(x, "basicConstraints", "CA:FALSE");
}

static void unknown_twice(X509 *x)
{
    ext_add(x, "1.2.3.4", "DER:0500");
    ext_add(x, "1.2.3.4", "DER:0500");
}

static void unknown_critical(X509 *x)
{
    ext_add(x, "1.2.3.4", "critical,DER:0500");
}

static void path_without_ca(X509 *x)
{
    ext_add(x, "basicConstraints", "DER:3003020100");
}

static void false_written_out(X509 *x)
{
    ext_add(x, "basicConstraints", "DER:3003010100");
}

static void boolean_of_one(X509 *x)
{
    ext_add(x, "basicConstraints", "DER:3003010101");
}

static void empty_key_usage(X509 *x)
{
    ext_add(x, "keyUsage", "DER:030100");
}

static void loose_key_usage(X509 *x)
{
    ext_add(x, "keyUsage", "DER:03020080");
}

static void long_key_usage(X509 *x)
{
    ext_add(x, "keyUsage", "DER:0304008000ff");
}

static void empty_eku(X509 *x)
{
    ext_add(x, "extendedKeyUsage", "DER:3000");
}

static void empty_san(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:3000");
}

static void san_of_nul(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:30068204612e0062");
}

static void san_of_odd_tag(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:3003890161");
}

static void san_of_five_octets(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:300787050a00000101");
}

static void san_with_a_tail(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:30058203612e620500");
}

static void san_is_no_der(X509 *x)
{
    ext_add(x, "subjectAltName", "DER:ffff");
}

static void empty_ski(X509 *x)
{
    ext_add(x, "subjectKeyIdentifier", "DER:0400");
}

static void aki_out_of_order(X509 *x)
{
    ext_add(x, "authorityKeyIdentifier", "DER:3006820101800101");
}

static void many_extensions(X509 *x)
{
    for (int i = 0; i < 65; i++) {
        AUTO(free) char *oid = xasprintf("1.2.3.%d", i);

        ext_add(x, oid, "DER:0500");
    }
}

START_TEST(what_is_wrong_is_refused)
{
    static const struct {
        void (*spoil)(X509 *x);
        const char *why;
    } cases[] = {
        {v1, "version is not 3"},
        {negative_serial, "serial number"},
        {long_serial, "serial number"},
        {ends_before_it_begins, "validity"},
        {extension_twice, "extension twice"},
        {unknown_twice, "extension twice"},
        {unknown_critical, "unknown critical extension"},
        {path_without_ca, "basicConstraints"},
        {false_written_out, "basicConstraints"},
        {boolean_of_one, "basicConstraints"},
        {empty_key_usage, "keyUsage"},
        {loose_key_usage, "keyUsage"},
        {long_key_usage, "keyUsage"},
        {empty_eku, "extKeyUsage"},
        {empty_san, "subjectAltName"},
        {san_of_nul, "subjectAltName is malformed: the name \"dns:a.\\x00b"},
        {san_of_odd_tag, "subjectAltName"},
        {san_of_five_octets, "subjectAltName"},
        {san_with_a_tail, "subjectAltName"},
        {san_is_no_der, "subjectAltName"},
        {empty_ski, "subjectKeyIdentifier"},
        {aki_out_of_order, "authorityKeyIdentifier"},
        {many_extensions, "more than 64"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf der = {0};
        AUTO(free) char *got = NULL;
        X509 *x = openssl_make();

        cases[i].spoil(x);
        finish(x, &der);
        got = judge(der.data, der.len);
        ck_assert_msg(strstr(got, cases[i].why) != NULL, "%zu, %s: %s", i,
                      cases[i].why, got);
    }
}
END_TEST

/* Who only looks passes over them, and knows of the first. */
START_TEST(unknown_critical_ones_are_told)
{
    AUTO(buf) struct buf der = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    X509 *x = openssl_make();
    char oid[64];

    ext_add(x, "1.2.3.4", "DER:0500");
    ext_add(x, "1.2.3.5", "critical,DER:0500");
    ext_add(x, "1.2.3.6", "critical,DER:0500");
    finish(x, &der);
    ck_assert_int_eq(cert_parse_any(&c, der.data, der.len, &e), 0);
    der_oid_print(oid, sizeof(oid), c.odd_critical.val, c.odd_critical.len);
    ck_assert_str_eq(oid, "1.2.3.5");
    cert_free(&c);
    ck_assert_int_eq(cert_parse(&c, der.data, der.len, &e), -1);
    ck_assert_int_eq(c.fault, CERT_FAULT_CRITICAL);
    ck_assert_ptr_null(c.subject);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "(1.2.3.5)"));
}
END_TEST

/* One of ours, with everything in it. */
static void sample(struct buf *out)
{
    AUTO(names) struct names names = {0};
    AUTO(cert) struct cert root = {0};
    AUTO(buf) struct buf root_der = {0};
    AUTO(errs) struct errs e = {0};
    struct cert_spec s = root_spec(&ca);

    cert_make(&root_der, &s, &ca);
    parse(&root, &root_der);
    names_parse(&names, "web.example,10.0.0.1,joe@b,s://td/x", &e);
    s.issuer = root.subject;
    s.issuer_len = root.subject_len;
    s.aki = root.ski;
    s.ca = false;
    s.cn = "web.example";
    s.names = &names;
    s.ku = KU_DIGITAL_SIGNATURE;
    s.eku = EKU_SERVER;
    s.crl_url = s.ocsp_url = s.issuer_url = "http://a.b/c";
    cert_make(out, &s, &ca);
}

START_TEST(cut_or_followed_it_is_refused)
{
    AUTO(buf) struct buf der = {0};

    sample(&der);
    for (size_t len = 0; len < der.len; len++) {
        AUTO(free) uint8_t *copy = xmemdup(der.data, len);
        AUTO(free) char *got = judge(copy, len);

        ck_assert_str_ne(got, "");
    }
    buf_putc(&der, 0);
    AUTO(free) char *got = judge(der.data, der.len);
    ck_assert_str_ne(got, "");
}
END_TEST

/* Whatever one bit is changed: refused, or OpenSSL reads it too and writes
 * the very same again. */
START_TEST(no_changed_bit_makes_it_lax)
{
    AUTO(buf) struct buf der = {0};
    size_t accepted = 0;

    sample(&der);
    for (size_t bit = 0; bit < der.len * 8; bit++) {
        AUTO(free) char *got = NULL;

        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        got = judge(der.data, der.len);
        if (!*got) {
            X509_free(openssl_read(&der));
            accepted++;
        }
        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    /* serial, names, key, URLs and signature are free to change */
    ck_assert_uint_gt(accepted, der.len);
    ck_assert_uint_lt(accepted, der.len * 7);
}
END_TEST

/* DER, and not what RFC 5280 says: OpenSSL does not write it. */
START_TEST(forms_that_nobody_writes)
{
#define LIST "300a300806022a0304020500" /* one extension */
    static const struct {
        enum part part;
        const char *hex;
        bool good;
    } cases[] = {{PART_TAIL, "a30c" LIST, true},
                 {PART_TAIL, "a30e" LIST "0500", false},
                 {PART_TAIL, "a3023000", false},
                 {PART_SUBJECT, "30023100", false},
                 {PART_ISSUER, "30023100", false}};
#undef LIST

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(cert_edit) struct cert_edit e;
        AUTO(buf) struct buf was = {0}, der = {0};
        AUTO(free) char *got = NULL;

        sample(&was);
        cert_edit_open(&e, &was);
        e.no_exts = cases[i].part == PART_TAIL;
        cert_edit_hex(&e, cases[i].part, cases[i].hex);
        cert_edit_close(&e, ca.signer, &der);
        got = judge(der.data, der.len);
        ck_assert_msg((*got == '\0') == cases[i].good, "%zu: %s", i, got);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_certificate_of_openssl,      certificates_of_go,
        what_is_wrong_is_refused,      unknown_critical_ones_are_told,
        cut_or_followed_it_is_refused, no_changed_bit_makes_it_lax,
        forms_that_nobody_writes,
    };
    int failed;

    party_make(&ca, "ec:P-256");
    failed = unit_run("cert_read", tests, COUNT(tests));
    party_free(&ca);
    return failed;
}
