/* SPDX-License-Identifier: ISC */
/* Public keys as they are read. */
#include <openssl/sha.h>

#include "spki.h"

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

int main(void)
{
    const TTest *const tests[] = {
        keys_of_ours,        p521_is_read,  spki_has_its_length,
        rsa_sizes,           rsa_shapes,    rsa_reasons,
        rsa_forms,           types_refused, other_algorithms_refused,
        ec_forms_of_openssl, ec_points,     ec_parameters,
        ed25519_points,
    };

    return unit_run("key", tests, COUNT(tests));
}
