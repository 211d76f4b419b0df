/* SPDX-License-Identifier: ISC */
/* AlgorithmIdentifiers of signatures, written and read. */
#include "sig_made.h"

/* What sig_alg_put() writes is what OpenSSL writes into what it signs. */
START_TEST(algorithms_as_openssl_writes_them)
{
    for (size_t i = 0; i < COUNT(algs); i++) {
        AUTO(pair) struct pair p = pair_make(algs[i].type, algs[i].group);
        AUTO(buf) struct buf b = {0};
        AUTO(errs) struct errs e = {0};
        AUTO(evp_md_ctx)
        EVP_MD_CTX *ctx = sign_begin(&algs[i], p.key, algs[i].pss_salt);
        X509_REQ *req = X509_REQ_new();
        const X509_ALGOR *alg;
        uint8_t *der = NULL;
        struct sig got = {0};
        struct der d;
        int len;

        X509_REQ_set_pubkey(req, p.key);
        ck_assert_int_gt(X509_REQ_sign_ctx(req, ctx), 0);
        X509_REQ_get0_signature(req, NULL, &alg);
        len = i2d_X509_ALGOR(alg, &der);
        sig_alg_put(&b, algs[i].alg);
        ck_assert_int_eq((int)b.len, len);
        ck_assert_mem_eq(b.data, der, b.len);
        d = der_of(b.data, b.len);
        ck_assert_int_eq(sig_alg_parse(&d, &got, &e), 0);
        ck_assert_int_eq(got.alg, algs[i].alg);
        ck_assert_uint_eq(got.salt, (uint32_t)algs[i].pss_salt);
        ck_assert(der_end(&d));
        for (size_t cut = 0; cut < b.len; cut++) {
            d = der_of(b.data, cut);
            ck_assert_int_eq(sig_alg_parse(&d, &got, &e), -1);
        }
        OPENSSL_free(der);
        X509_REQ_free(req);
    }
}
END_TEST

/* Every octet of a PSS AlgorithmIdentifier counts: the form has one choice,
 * the NULL of each hash, which a change can only destroy.  The last is the
 * length of the salt, where any is one but the default. */
START_TEST(pss_parameters)
{
    AUTO(buf) struct buf b = {0};
    struct sig got;
    struct der d;

    sig_alg_put(&b, SIG_RSA_PSS_SHA256);
    for (size_t i = 0; i < b.len; i++)
        for (unsigned x = 1; x < 256; x++) {
            AUTO(errs) struct errs e = {0};

            b.data[i] ^= (uint8_t)x;
            d = der_of(b.data, b.len);
            if (i == b.len - 1 && b.data[i] < 0x80 && b.data[i] != 20) {
                ck_assert_int_eq(sig_alg_parse(&d, &got, &e), 0);
                ck_assert_uint_eq(got.salt, b.data[i]);
            } else {
                ck_assert_msg(sig_alg_parse(&d, &got, &e) == -1, "octet %zu",
                              i);
                ck_assert_int_eq(e.v[0].code, ERR_BAD_SIGNATURE);
            }
            b.data[i] ^= (uint8_t)x;
        }
}
END_TEST

/* A salt of whatever length a key could have room for; the default is left
 * out. */
START_TEST(pss_salt_lengths)
{
    static const struct {
        uint32_t salt;
        bool left_out;
        int rc;
    } cases[] = {{0, false, 0},          {19, false, 0},   {20, true, 0},
                 {20, false, -1},        {31, false, 0},   {32, false, 0},
                 {222, false, 0},        {1024, false, 0}, {1025, false, -1},
                 {0x7fffffff, false, -1}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf b = {0}, n = {0};
        AUTO(errs) struct errs e = {0};
        struct sig got;
        struct der d;

        sig_alg_put(&b, SIG_RSA_PSS_SHA256);
        b.len -= 5; /* [2] { INTEGER 32 } */
        der_put_int(&n, cases[i].salt);
        if (!cases[i].left_out)
            der_put(&b, DER_CTX_CONS(2), n.data, n.len);
        b.data[1] = (uint8_t)(b.len - 2);
        b.data[14] = (uint8_t)(b.len - 15);
        d = der_of(b.data, b.len);
        ck_assert_msg(sig_alg_parse(&d, &got, &e) == cases[i].rc, "%u: %s",
                      cases[i].salt, e.n ? e.v[0].detail : "taken");
        ck_assert(cases[i].rc || got.salt == cases[i].salt);
    }
    ck_assert_uint_eq(sig_salt(SIG_RSA_PSS_SHA384), 48);
    ck_assert_uint_eq(sig_salt(SIG_RSA_SHA384), 0);
}
END_TEST

START_TEST(algorithms_refused)
{
    static const struct {
        const char *oid;
        size_t len;
        const char *params;
        size_t params_len;
        const char *named; /* NULL: accepted */
    } cases[] = {
        {OID(RSA_SHA1), "\x05\x00", 2, "SHA-1"},
        {OID(RSA_MD5), "\x05\x00", 2, "MD5"},
        {OID(RSA_MD2), "\x05\x00", 2, "MD2"},
        {OID(RSA_SHA224), "\x05\x00", 2, "SHA-224"},
        {OID(ECDSA_SHA1), "", 0, "SHA-1"},
        {OID(ECDSA_SHA224), "", 0, "SHA-224"},
        {OID(DSA_SHA1), "", 0, "DSA"},
        {OID(DSA_SHA256), "", 0, "DSA"},
        {OID(ED448), "", 0, "Ed448"},
        {OID(RSA), "\x05\x00", 2, "1.2.840.113549.1.1.1"},
        {OID(AT_CN), "", 0, "2.5.4.3"},
        {OID(RSA_SHA256), "", 0, NULL},
        {OID(RSA_SHA256), "\x05\x00", 2, NULL},
        {OID(RSA_SHA256), "\x05\x01\x00", 3, "parameters"},
        {OID(RSA_SHA256), "\x30\x00", 2, "parameters"},
        {OID(RSA_SHA256), "\x05\x00\x05\x00", 4, "parameters"},
        {OID(ECDSA_SHA256), "", 0, NULL},
        {OID(ECDSA_SHA256), "\x05\x00", 2, "parameters"},
        {OID(ED25519), "", 0, NULL},
        {OID(ED25519), "\x05\x00", 2, "parameters"},
        {OID(RSA_PSS), "", 0, "without"},
        {OID(RSA_PSS), "\x05\x00", 2, "without"},
        {OID(RSA_PSS), "\x30\x00", 2, "SHA-1"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf b = {0};
        AUTO(errs) struct errs e = {0};
        size_t at = der_open(&b, DER_SEQUENCE);
        struct sig got;
        struct der d;
        int rc;

        der_put_oid(&b, cases[i].oid, cases[i].len);
        buf_put(&b, cases[i].params, cases[i].params_len);
        der_close(&b, at);
        d = der_of(b.data, b.len);
        rc = sig_alg_parse(&d, &got, &e);
        ck_assert_msg(rc == (cases[i].named ? -1 : 0), "case %zu", i);
        if (rc) {
            ck_assert_int_eq(e.v[0].code, ERR_BAD_SIGNATURE);
            ck_assert_msg(strstr(e.v[0].detail, cases[i].named), "%s",
                          e.v[0].detail);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        algorithms_as_openssl_writes_them,
        pss_parameters,
        pss_salt_lengths,
        algorithms_refused,
    };

    return unit_run("sig_alg", tests, COUNT(tests));
}
