/* SPDX-License-Identifier: ISC */
/* Public keys as they are read, and rules for them. */
#include "key_sig.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "mem.h"
#include "mkcsr.h"
#include "oid.h"
#include "tm.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const enum err taken = ERR_NONE;

/* Parses; the code of the first reason, ERR_NONE when it is a key. */
static enum err judge(const struct buf *spki, struct key_pub *k)
{
    AUTO(errs) struct errs e = {0};
    struct key_pub mine, *out = k ? k : &mine;
    const struct err_item *first;
    int rc;

    *out = (struct key_pub){0};
    rc = key_pub_parse(out, spki->data, spki->len, &e);
    ck_assert(rc ? out->type == KEY_STOP : out->type != KEY_STOP);
    ck_assert_int_eq(rc != 0, e.n != 0);
    first = errs_first(&e);
    return first ? first->code : ERR_NONE;
}

static void spki_open(struct buf *b, size_t at[2], const void *oid, size_t len)
{
    at[0] = der_open(b, DER_SEQUENCE);
    at[1] = der_open(b, DER_SEQUENCE);
    der_put_oid(b, oid, len);
}

/* SEQUENCE { SEQUENCE { oid, params }, BIT STRING }, params as they come. */
static void spki_put(struct buf *b, const void *oid, size_t oid_len,
                     const struct buf *params, const void *bits, size_t len)
{
    size_t at[2];

    spki_open(b, at, oid, oid_len);
    buf_put(b, params->data, params->len);
    der_close(b, at[1]);
    der_put_bits(b, bits, len);
    der_close(b, at[0]);
}

static void rsa_put(struct buf *b, const uint8_t *n, size_t n_len,
                    const void *exp, size_t exp_len)
{
    AUTO(buf) struct buf params = {0}, key = {0};
    size_t at = der_open(&key, DER_SEQUENCE);

    der_put_null(&params);
    der_put_uint(&key, n, n_len);
    der_put_uint(&key, exp, exp_len);
    der_close(&key, at);
    spki_put(b, OID(RSA), &params, key.data, key.len);
}

static void ec_put(struct buf *b, const void *curve, size_t curve_len,
                   const void *point, size_t len)
{
    AUTO(buf) struct buf params = {0};

    der_put_oid(&params, curve, curve_len);
    spki_put(b, OID(EC), &params, point, len);
}

static EVP_PKEY *make(const char *type, const char *group)
{
    EVP_PKEY *k = group ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                        : EVP_PKEY_Q_keygen(NULL, NULL, type);

    ck_assert_msg(k != NULL, "%s %s", type, group ? group : "");
    return k;
}

/* The ways other programs compute what we do. */
static void fingerprints_check(const struct key_pub *k, EVP_PKEY *key)
{
    AUTO(buf) struct buf spki = {0};
    X509_PUBKEY *x = NULL;
    const uint8_t *bits;
    int len;
    uint8_t want[32], got[32];

    key_spki(key, &spki);
    SHA256(spki.data, spki.len, want);
    key_pub_sha256(k, got);
    ck_assert_mem_eq(got, want, 32);
    ck_assert(X509_PUBKEY_set(&x, key));
    ck_assert(X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, x));
    SHA1(bits, (size_t)len, want);
    key_pub_ski(k, got);
    ck_assert_mem_eq(got, want, 20);
    X509_PUBKEY_free(x);
}

START_TEST(keys_of_ours)
{
    static const struct {
        const char *spec;
        enum key_type type;
        enum key_curve curve;
        int bits;
        size_t point_len;
    } cases[] = {
        {"ec:P-256", KEY_EC, CURVE_P256, 256, 65},
        {"ec:P-384", KEY_EC, CURVE_P384, 384, 97},
        {"ed25519", KEY_ED25519, CURVE_NONE, 256, 32},
        {"rsa:2048", KEY_RSA, CURVE_NONE, 2048, 270},
        {"rsa:3072", KEY_RSA, CURVE_NONE, 3072, 398},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(buf) struct buf spki = {0};
        AUTO(evp_pkey) EVP_PKEY *key = key_generate(cases[i].spec, &e);
        struct key_pub k;
        char spec[32];

        ck_assert_ptr_nonnull(key);
        key_spki(key, &spki);
        ck_assert_int_eq(judge(&spki, &k), taken);
        ck_assert_int_eq(k.type, cases[i].type);
        ck_assert_int_eq(k.curve, cases[i].curve);
        ck_assert_int_eq(k.bits, cases[i].bits);
        ck_assert_uint_eq(k.point_len, cases[i].point_len);
        ck_assert_ptr_eq(k.spki, spki.data);
        ck_assert_uint_eq(k.spki_len, spki.len);
        key_pub_spec(&k, spec, sizeof(spec));
        ck_assert_str_eq(spec, cases[i].spec);
        fingerprints_check(&k, key);
    }
}
END_TEST

START_TEST(p521_is_read)
{
    AUTO(buf) struct buf spki = {0};
    AUTO(evp_pkey) EVP_PKEY *key = make("EC", "P-521");
    struct key_pub k;

    key_spki(key, &spki);
    ck_assert_int_eq(judge(&spki, &k), taken);
    ck_assert_int_eq(k.bits, 521);
    ck_assert_uint_eq(k.point_len, 133);
    ck_assert_str_eq(key_curve_text(k.curve), "P-521");
}
END_TEST

/* Truncated at every length, and with an octet behind it. */
START_TEST(spki_has_its_length)
{
    static const char *const specs[] = {"ec:P-256", "ed25519", "rsa:2048"};

    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(buf) struct buf spki = {0};
        AUTO(evp_pkey) EVP_PKEY *key = key_generate(specs[i], &e);
        size_t len;

        key_spki(key, &spki);
        len = spki.len;
        for (spki.len = 0; spki.len < len; spki.len++)
            ck_assert_int_eq(judge(&spki, NULL), ERR_BAD_CSR);
        buf_putc(&spki, 0);
        ck_assert_int_eq(judge(&spki, NULL), ERR_BAD_CSR);
    }
}
END_TEST

/* Sizes by shape alone: an odd number with its top bit set. */
START_TEST(rsa_sizes)
{
    static const struct {
        int bits;
        enum err code;
    } cases[] = {
        {512, ERR_KEY_WEAK},
        {1024, ERR_KEY_WEAK},
        {2040, ERR_KEY_WEAK},
        {2047, ERR_KEY_WEAK},
        {2048, ERR_NONE},
        {2049, ERR_NONE},
        {4096, ERR_NONE},
        {4097, ERR_NONE},
        {8192, ERR_NONE},
        {8193, ERR_KEY_NOT_ALLOWED},
        {16384, ERR_KEY_NOT_ALLOWED},
        {400000, ERR_KEY_NOT_ALLOWED},
    };
    int64_t start = tm_mono_us();

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf spki = {0};
        size_t len = ((size_t)cases[i].bits + 7) / 8;
        AUTO(free) uint8_t *n = xmalloc(len);
        struct key_pub k;

        memset(n, 0xa5, len);
        n[0] = (uint8_t)(0x80 >> ((8 - cases[i].bits % 8) % 8));
        rsa_put(&spki, n, len, "\1\0\1", 3);
        ck_assert_msg(judge(&spki, &k) == cases[i].code, "%d", cases[i].bits);
        ck_assert(cases[i].code || k.bits == cases[i].bits);
    }
    /* No arithmetic was done: a verification of 16384 bits takes longer. */
    ck_assert_int_lt(tm_mono_us() - start, 100000);
}
END_TEST

START_TEST(rsa_shapes)
{
    static const struct {
        const char *exp;
        size_t len;
        enum err code;
    } exps[] = {
        {"\1\0\1", 3, ERR_NONE},
        {"\3", 1, ERR_KEY_WEAK},
        {"\1", 1, ERR_KEY_WEAK},
        {"", 0, ERR_KEY_WEAK},
        {"\1\0\3", 3, ERR_KEY_WEAK},
        {"\1\0\0", 3, ERR_KEY_WEAK},
        {"\1\0\1\0\1\0\1\0\1", 9, ERR_KEY_WEAK},
    };
    uint8_t n[256];

    memset(n, 0xa5, sizeof(n));
    for (size_t i = 0; i < COUNT(exps); i++) {
        AUTO(buf) struct buf spki = {0};

        rsa_put(&spki, n, sizeof(n), exps[i].exp, exps[i].len);
        ck_assert_msg(judge(&spki, NULL) == exps[i].code, "exponent %zu", i);
    }
    {
        AUTO(buf) struct buf even = {0}, zero = {0};

        n[255] = 0xa4;
        rsa_put(&even, n, sizeof(n), "\1\0\1", 3);
        ck_assert_int_eq(judge(&even, NULL), ERR_KEY_WEAK);
        rsa_put(&zero, n, 0, "\1\0\1", 3);
        ck_assert_int_eq(judge(&zero, NULL), ERR_KEY_WEAK);
    }
}
END_TEST

/* All reasons at once. */
START_TEST(rsa_reasons)
{
    AUTO(buf) struct buf spki = {0};
    AUTO(errs) struct errs e = {0};
    struct key_pub k;
    uint8_t n[128];

    memset(n, 0xa4, sizeof(n));
    rsa_put(&spki, n, sizeof(n), "\3", 1);
    ck_assert_int_eq(key_pub_parse(&k, spki.data, spki.len, &e), -1);
    ck_assert_uint_eq(e.n, 3);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "1024 bits"));
    ck_assert_ptr_nonnull(strstr(e.v[1].detail, "even"));
    ck_assert_ptr_nonnull(strstr(e.v[2].detail, "65537"));
}
END_TEST

START_TEST(rsa_forms)
{
    static const struct {
        const char *params, *key; /* key: 2 octets long integers inside */
        size_t params_len, key_len;
    } cases[] = {
#define P(p, k) {p, k, sizeof(p) - 1, sizeof(k) - 1}
        P("", "\x30\x06\x02\x01\x05\x02\x01\x03"), /* parameters absent */
        P("\x05\x01\x00", "\x30\x06\x02\x01\x05\x02\x01\x03"),
        P("\x05\x00\x05\x00", "\x30\x06\x02\x01\x05\x02\x01\x03"),
        P("\x30\x00", "\x30\x06\x02\x01\x05\x02\x01\x03"),
        P("\x05\x00", ""),
        P("\x05\x00", "\x30\x00"),
        P("\x05\x00", "\x30\x03\x02\x01\x05"),
        P("\x05\x00", "\x30\x06\x02\x01\x85\x02\x01\x03"), /* negative */
        P("\x05\x00", "\x30\x06\x02\x01\x05\x02\x01\x83"), /* negative */
        P("\x05\x00", "\x30\x07\x02\x02\x00\x05\x02\x01\x03"),
        P("\x05\x00", "\x30\x06\x02\x01\x05\x02\x01\x03\x00"),
        P("\x05\x00", "\x30\x09\x02\x01\x05\x02\x01\x03\x02\x01\x03"),
        P("\x05\x00", "\x31\x06\x02\x01\x05\x02\x01\x03"),
#undef P
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf spki = {0}, params = {0};

        buf_put(&params, cases[i].params, cases[i].params_len);
        spki_put(&spki, OID(RSA), &params, cases[i].key, cases[i].key_len);
        ck_assert_msg(judge(&spki, NULL) == ERR_BAD_CSR, "case %zu", i);
    }
}
END_TEST

/* Made by OpenSSL, refused by name. */
START_TEST(types_refused)
{
    static const struct {
        const char *type, *group, *named;
    } cases[] = {
        {"EC", "P-192", "P-192"},
        {"EC", "P-224", "P-224"},
        {"EC", "secp256k1", "secp256k1"},
        {"EC", "brainpoolP256r1", "brainpoolP256r1"},
        {"EC", "brainpoolP384r1", "brainpoolP384r1"},
        {"EC", "brainpoolP512r1", "brainpoolP512r1"},
        {"EC", "brainpoolP256t1", "1.3.36.3.3.2.8.1.1.8"},
        {"EC", "secp160r1", "1.3.132.0.8"},
        {"EC", "sect283k1", "1.3.132.0.16"},
        {"X25519", NULL, "X25519"},
        {"X448", NULL, "X448"},
        {"ED448", NULL, "Ed448"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = make(cases[i].type, cases[i].group);
        AUTO(buf) struct buf spki = {0};
        AUTO(errs) struct errs e = {0};
        struct key_pub k;

        key_spki(key, &spki);
        ck_assert_int_eq(key_pub_parse(&k, spki.data, spki.len, &e), -1);
        ck_assert_uint_eq(e.n, 1);
        ck_assert_int_eq(e.v[0].code, ERR_KEY_NOT_ALLOWED);
        ck_assert_msg(strstr(e.v[0].detail, cases[i].named), "%s",
                      e.v[0].detail);
    }
}
END_TEST

START_TEST(other_algorithms_refused)
{
#define A(id, name)                                                            \
    {                                                                          \
        OID(id), name                                                          \
    }
    static const struct {
        const char *oid;
        size_t len;
        const char *named;
    } cases[] = {
        A(DSA, "DSA"),   A(DH, "Diffie-Hellman"), A(X942_DH, "Diffie-Hellman"),
        A(ECDH, "ECDH"), A(RSA_PSS, "PSS"),       A(AT_CN, "2.5.4.3"),
#undef A
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf spki = {0}, params = {0};
        AUTO(errs) struct errs e = {0};
        struct key_pub k;

        spki_put(&spki, cases[i].oid, cases[i].len, &params, "12345678", 8);
        ck_assert_int_eq(key_pub_parse(&k, spki.data, spki.len, &e), -1);
        ck_assert_int_eq(e.v[0].code, ERR_KEY_NOT_ALLOWED);
        ck_assert_msg(strstr(e.v[0].detail, cases[i].named), "%s",
                      e.v[0].detail);
    }
}
END_TEST

/* The same P-256 key in the forms that OpenSSL can write. */
START_TEST(ec_forms_of_openssl)
{
    static const struct {
        const char *param, *value;
        enum err code;
    } cases[] = {
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed", ERR_NONE},
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed",
         ERR_KEY_NOT_ALLOWED},
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid",
         ERR_KEY_NOT_ALLOWED},
        {OSSL_PKEY_PARAM_EC_ENCODING, "explicit", ERR_KEY_NOT_ALLOWED},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = make("EC", "P-256");
        AUTO(buf) struct buf spki = {0};

        ck_assert(EVP_PKEY_set_utf8_string_param(key, cases[i].param,
                                                 cases[i].value));
        key_spki(key, &spki);
        ck_assert_msg(judge(&spki, NULL) == cases[i].code, "%s",
                      cases[i].value);
    }
}
END_TEST

START_TEST(ec_points)
{
    static const struct {
        uint8_t first;
        size_t len;
        enum err code;
    } cases[] = {
        {4, 65, ERR_NONE},
        {0, 1, ERR_KEY_NOT_ALLOWED}, /* at infinity */
        {2, 33, ERR_KEY_NOT_ALLOWED},
        {3, 33, ERR_KEY_NOT_ALLOWED},
        {6, 65, ERR_KEY_NOT_ALLOWED},
        {7, 65, ERR_KEY_NOT_ALLOWED},
        {4, 0, ERR_BAD_CSR},
        {4, 64, ERR_BAD_CSR},
        {4, 66, ERR_BAD_CSR},
        {4, 97, ERR_BAD_CSR}, /* of P-384 */
        {4, 33, ERR_BAD_CSR},
        {0, 65, ERR_BAD_CSR},
        {1, 65, ERR_BAD_CSR},
        {5, 65, ERR_BAD_CSR},
        {2, 65, ERR_BAD_CSR},
    };
    uint8_t point[100];

    memset(point, 0x42, sizeof(point));
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf spki = {0};

        point[0] = cases[i].first;
        ec_put(&spki, OID(P256), point, cases[i].len);
        ck_assert_msg(judge(&spki, NULL) == cases[i].code, "case %zu", i);
    }
}
END_TEST

START_TEST(ec_parameters)
{
    static const struct {
        const char *p;
        size_t n;
        enum err code;
    } cases[] = {
        {"", 0, ERR_BAD_CSR},
        {"\x05\x00", 2, ERR_KEY_NOT_ALLOWED}, /* implicitlyCA */
        {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10, ERR_NONE},
        {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x05\x00", 12, ERR_BAD_CSR},
        {"\x06\x00", 2, ERR_BAD_CSR},
        {"\x04\x01\x00", 3, ERR_BAD_CSR},
    };
    uint8_t point[65] = {4};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf spki = {0}, params = {0};

        buf_put(&params, cases[i].p, cases[i].n);
        spki_put(&spki, OID(EC), &params, point, sizeof(point));
        ck_assert_msg(judge(&spki, NULL) == cases[i].code, "case %zu", i);
    }
}
END_TEST

START_TEST(ed25519_points)
{
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    static const char *const odd[] = {
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    AUTO(buf) struct buf none = {0}, null = {0};
    uint8_t y[40] = {9};

    der_put_null(&null);
    for (size_t i = 0; i < COUNT(weak) + COUNT(odd); i++) {
        bool is_weak = i < COUNT(weak);
        const char *hex = is_weak ? weak[i] : odd[i - COUNT(weak)];
        AUTO(buf) struct buf spki = {0};

        ck_assert_int_eq(hex_decode(y, 32, hex, 64), 32);
        spki_put(&spki, OID(ED25519), &none, y, 32);
        ck_assert_msg(judge(&spki, NULL) ==
                          (is_weak ? ERR_KEY_WEAK : ERR_BAD_CSR),
                      "%s", hex);
    }
    memset(y, 9, sizeof(y));
    for (size_t len = 0; len < 40; len++) {
        AUTO(buf) struct buf spki = {0}, with = {0};

        spki_put(&spki, OID(ED25519), &none, y, len);
        ck_assert_int_eq(judge(&spki, NULL),
                         len == 32 ? ERR_NONE : ERR_BAD_CSR);
        spki_put(&with, OID(ED25519), &null, y, len);
        ck_assert_int_eq(judge(&with, NULL), ERR_BAD_CSR);
    }
}
END_TEST

START_TEST(rules)
{
    static const struct {
        const char *text;
        enum key_type type;
        enum key_curve curve;
        int min, max;
    } good[] = {
        {"ec:P-256", KEY_EC, CURVE_P256, 0, 0},
        {"ec:P-384", KEY_EC, CURVE_P384, 0, 0},
        {"ec:P-521", KEY_EC, CURVE_P521, 0, 0},
        {"ed25519", KEY_ED25519, CURVE_NONE, 0, 0},
        {"rsa:2048", KEY_RSA, CURVE_NONE, 2048, 2048},
        {"rsa:2048-4096", KEY_RSA, CURVE_NONE, 2048, 4096},
        {"rsa:3072-3072", KEY_RSA, CURVE_NONE, 3072, 3072},
        {"rsa:8192", KEY_RSA, CURVE_NONE, 8192, 8192},
    };
    static const char *const bad[] = {
        "",          "rsa",           "rsa:",           "rsa:1024",
        "rsa:2047",  "rsa:8193",      "rsa:02048",      "rsa:4096-2048",
        "rsa:2048-", "rsa:-4096",     "rsa:2048-4096x", "rsa:2048 ",
        "rsa: 2048", "rsa:1024-4096", "rsa:2048-16384", "rsa:99999999999999",
        "ec",        "ec:",           "ec:p-256",       "ec:P-224",
        "ec:P-256 ", "Ed25519",       "ed25519:",       "ed448",
        "dsa",       "RSA:2048",
    };

    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r;

        ck_assert_int_eq(key_rule_parse(&r, good[i].text, &e), 0);
        ck_assert_int_eq(r.type, good[i].type);
        ck_assert_int_eq(r.curve, good[i].curve);
        ck_assert_int_eq(r.min, good[i].min);
        ck_assert_int_eq(r.max, good[i].max);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r = {.min = -5};

        ck_assert_msg(key_rule_parse(&r, bad[i], &e) == -1, "%s", bad[i]);
        ck_assert_int_eq(r.min, -5);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    }
}
END_TEST

START_TEST(rules_match)
{
    static const struct {
        const char *rule;
        struct key_pub key;
        bool match;
    } cases[] = {
        {"ec:P-256", {.type = KEY_EC, .curve = CURVE_P256}, true},
        {"ec:P-256", {.type = KEY_EC, .curve = CURVE_P384}, false},
        {"ec:P-256", {.type = KEY_ED25519, .bits = 256}, false},
        {"ed25519", {.type = KEY_ED25519, .bits = 256}, true},
        {"ed25519", {.type = KEY_RSA, .bits = 2048}, false},
        {"rsa:2048", {.type = KEY_RSA, .bits = 2048}, true},
        {"rsa:2048", {.type = KEY_RSA, .bits = 2049}, false},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 2048}, true},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 4096}, true},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 4097}, false},
        {"rsa:3072-4096", {.type = KEY_RSA, .bits = 2048}, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r;

        ck_assert_int_eq(key_rule_parse(&r, cases[i].rule, &e), 0);
        ck_assert_msg(key_rule_match(&r, &cases[i].key) == cases[i].match,
                      "case %zu", i);
    }
}
END_TEST

/* The verdict on p * q; q NULL: on p alone. */
static const char *weakness(const BIGNUM *p, const BIGNUM *q, char *text,
                            size_t size)
{
    AUTO(errs) struct errs e = {0};
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_dup(p);
    uint8_t octets[512];
    struct key_pub k = {.type = KEY_RSA, .bits = BN_num_bits(p), .n = octets};

    ck_assert(!q || BN_mul(n, p, q, ctx));
    k.n_len = (size_t)BN_bn2bin(n, octets);
    *text = '\0';
    if (key_rsa_weak(&k, &e)) {
        ck_assert_int_eq(e.v[0].code, ERR_KEY_WEAK);
        snprintf(text, size, "%s", e.v[0].detail);
    }
    BN_free(n);
    BN_CTX_free(ctx);
    return text;
}

static BIGNUM *prime(int bits)
{
    BIGNUM *p = BN_new();

    ck_assert(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL));
    return p;
}

/* The next prime behind p + step. */
static BIGNUM *prime_after(const BIGNUM *p, unsigned step)
{
    BIGNUM *q = BN_dup(p);

    ck_assert(BN_add_word(q, step));
    while (BN_check_prime(q, NULL, NULL) != 1)
        ck_assert(BN_add_word(q, 2));
    return q;
}

/* k * M + (65537^a mod M), M the product of the first 126 primes. */
static BIGNUM *roca_prime(void)
{
    BIGNUM *p = BN_new(), *m = BN_new(), *a = BN_new(), *g = BN_new();
    BN_CTX *ctx = BN_CTX_new();

    ck_assert(BN_one(m) && BN_set_word(g, 65537));
    for (unsigned i = 2, d; i <= 701; i++) {
        for (d = 2; d * d <= i && i % d; d++)
            ;
        ck_assert(d * d <= i || BN_mul_word(m, i));
    }
    do {
        ck_assert(BN_rand(a, 64, -1, 0) && BN_mod_exp(a, g, a, m, ctx));
        ck_assert(BN_rand(p, 1024 - BN_num_bits(m), 0, 0));
        ck_assert(BN_mul(p, p, m, ctx) && BN_add(p, p, a));
    } while (BN_check_prime(p, ctx, NULL) != 1);
    BN_free(m);
    BN_free(a);
    BN_free(g);
    BN_CTX_free(ctx);
    return p;
}

START_TEST(rsa_moduli)
{
    BIGNUM *p = prime(1024), *q = prime(1024), *near = prime_after(p, 1000);
    BIGNUM *r = roca_prime(), *s = roca_prime(), *big = prime(2048);
    static const unsigned factors[] = {3, 5, 101, 751, 7919, 8179, 8191};
    char text[200];

    ck_assert_str_eq(weakness(p, q, text, sizeof(text)), "");
    ck_assert(strstr(weakness(p, p, text, sizeof(text)), "too close"));
    ck_assert(strstr(weakness(p, near, text, sizeof(text)), "too close"));
    ck_assert(strstr(weakness(big, NULL, text, sizeof(text)), "is a prime"));
    ck_assert(strstr(weakness(r, s, text, sizeof(text)), "ROCA"));
    ck_assert_str_eq(weakness(r, q, text, sizeof(text)), "");
    for (size_t i = 0; i < COUNT(factors); i++) {
        BIGNUM *small = BN_new();

        ck_assert(BN_set_word(small, factors[i]));
        ck_assert_msg(strstr(weakness(big, small, text, sizeof(text)),
                             "small factor") != NULL,
                      "%u: %s", factors[i], text);
        BN_free(small);
    }
    BN_free(p);
    BN_free(q);
    BN_free(near);
    BN_free(r);
    BN_free(s);
    BN_free(big);
}
END_TEST

/* ---- what is asked of libcrypto (Makefile.am: --wrap) */

static int powers, verifications;

int __real_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in);
int __wrap_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in);
int __wrap_BN_mod_exp_mont(BIGNUM *r, const BIGNUM *a, const BIGNUM *p,
                           const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *in)
{
    powers++;
    return __real_BN_mod_exp_mont(r, a, p, m, ctx, in);
}

int __real_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen);
int __wrap_EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig,
                           size_t siglen, const unsigned char *tbs,
                           size_t tbslen)
{
    verifications++;
    return __real_EVP_PKEY_verify(ctx, sig, siglen, tbs, tbslen);
}

/* A request with this key, with the signature of another RSA key or its own,
 * goes the whole way: the code. */
static enum err whole_way(const struct buf *spki, EVP_PKEY *key)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf info = {0}, sig = {0}, der = {0};
    struct key_signer *s = key_signer_new(key);

    buf_put(&m.spki, spki->data, spki->len);
    mkcsr_san(&m, DER_CTX(2), "a.example", 9);
    mkcsr_info(&m, &info);
    sig_alg_put(&m.alg, SIG_RSA_SHA256);
    key_sign(s, info.data, info.len, &sig);
    key_signer_free(s);
    mkcsr_seal(&m, &info, &sig, &der);
    powers = verifications = 0;
    return mkcsr_judge(&der, NULL, NULL, NULL);
}

/* One of 16384 bits, or any other above the limit, costs not one power; and
 * the counters count. */
START_TEST(no_power_for_a_huge_modulus)
{
    static const unsigned bits[] = {8193, 16384, 65536, 262144};
    AUTO(evp_pkey) EVP_PKEY *key = EVP_RSA_gen(2048);
    AUTO(buf) struct buf good = {0};

    key_spki(key, &good);
    ck_assert_int_eq(whole_way(&good, key), ERR_NONE);
    ck_assert_int_eq(verifications, 1);
    ck_assert_int_eq(powers, 1); /* of the primality test */
    for (size_t i = 0; i < COUNT(bits); i++) {
        AUTO(buf) struct buf spki = {0};
        size_t len = (bits[i] + 7) / 8;
        uint8_t *n = xmalloc(len);

        memset(n, 0x5b, len);
        n[0] = bits[i] % 8 ? 0x01 : 0x80;
        rsa_put(&spki, n, len, "\x01\x00\x01", 3);
        free(n);
        ck_assert_msg(whole_way(&spki, key) == ERR_KEY_NOT_ALLOWED, "%u",
                      bits[i]);
        ck_assert_int_eq(verifications, 0);
        ck_assert_int_eq(powers, 0);
    }
}
END_TEST

static void modulus_sha256(const BIGNUM *n, uint8_t out[32])
{
    uint8_t octets[512];

    digest_sum(DIGEST_SHA256, octets, (size_t)BN_bn2bin(n, octets), out);
}

/* What is weak is so the second time as well; what passed is remembered, and
 * nothing else. */
START_TEST(rsa_passed)
{
    BIGNUM *p = prime(1024), *q = prime(1024), *big = prime(2048);
    BIGNUM *n = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    uint8_t good[32], bad[32];
    char text[200];

    ck_assert(BN_mul(n, p, q, ctx));
    modulus_sha256(n, good);
    modulus_sha256(big, bad);
    ck_assert(!key_passed(good));
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(weakness(p, q, text, sizeof(text)), "");
        ck_assert(strstr(weakness(big, NULL, text, sizeof(text)), "a prime"));
        ck_assert(key_passed(good));
        ck_assert(!key_passed(bad));
    }
    /* One that comes in the place of another pushes it out, and is not it. */
    memcpy(bad, good, sizeof(bad));
    bad[31] ^= 1;
    ck_assert(!key_passed(bad));
    key_passed_add(bad);
    ck_assert(key_passed(bad));
    ck_assert(!key_passed(good));
    BN_free(p);
    BN_free(q);
    BN_free(big);
    BN_free(n);
    BN_CTX_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        keys_of_ours,        p521_is_read,  spki_has_its_length,
        rsa_sizes,           rsa_shapes,    rsa_reasons,
        rsa_forms,           types_refused, other_algorithms_refused,
        ec_forms_of_openssl, ec_points,     ec_parameters,
        ed25519_points,      rules,         rules_match,
        rsa_moduli,          rsa_passed,    no_power_for_a_huge_modulus,
    };

    return unit_run("key", tests, sizeof(tests) / sizeof(tests[0]));
}
