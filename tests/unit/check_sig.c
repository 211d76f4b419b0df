/* SPDX-License-Identifier: ISC */
/* Signatures: their algorithms, made and verified, against OpenSSL. */
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "mem.h"
#include "oid.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t tbs[] = "what is to be signed";

struct pair {
    EVP_PKEY *key;
    struct buf spki;
    struct key_pub pub;
};

static struct pair pair_make(const char *type, const char *group)
{
    AUTO(errs) struct errs e = {0};
    struct pair p = {0};

    if (strcmp(type, "RSA") == 0)
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
    else if (group)
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type, group);
    else
        p.key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    ck_assert_ptr_nonnull(p.key);
    key_spki(p.key, &p.spki);
    ck_assert_int_eq(key_pub_parse(&p.pub, p.spki.data, p.spki.len, &e), 0);
    return p;
}

static void pair_free(struct pair *p)
{
    EVP_PKEY_free(p->key);
    buf_free(&p->spki);
}
AUTO_VALUE(pair, struct pair, pair_free)

static const struct alg {
    enum sig_alg alg;
    const char *type, *group, *md;
    int pss_salt; /* 0: not PSS */
} algs[] = {
    {SIG_RSA_SHA256, "RSA", NULL, "SHA256", 0},
    {SIG_RSA_SHA384, "RSA", NULL, "SHA384", 0},
    {SIG_RSA_SHA512, "RSA", NULL, "SHA512", 0},
    {SIG_RSA_PSS_SHA256, "RSA", NULL, "SHA256", 32},
    {SIG_RSA_PSS_SHA384, "RSA", NULL, "SHA384", 48},
    {SIG_RSA_PSS_SHA512, "RSA", NULL, "SHA512", 64},
    {SIG_ECDSA_SHA256, "EC", "P-256", "SHA256", 0},
    {SIG_ECDSA_SHA384, "EC", "P-256", "SHA384", 0},
    {SIG_ECDSA_SHA256, "EC", "P-384", "SHA256", 0},
    {SIG_ECDSA_SHA384, "EC", "P-384", "SHA384", 0},
    {SIG_ECDSA_SHA512, "EC", "P-521", "SHA512", 0},
    {SIG_ED25519, "ED25519", NULL, NULL, 0},
};

static EVP_MD_CTX *sign_begin(const struct alg *a, EVP_PKEY *key, int salt)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *p;

    ck_assert_int_eq(
        EVP_DigestSignInit_ex(ctx, &p, a->md, NULL, NULL, key, NULL), 1);
    if (salt) {
        EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(p, salt);
    }
    return ctx;
}

/* By OpenSSL's ordinary way, not by ours. */
static void openssl_sign(const struct alg *a, EVP_PKEY *key, int salt,
                         struct buf *sig)
{
    AUTO(evp_md_ctx) EVP_MD_CTX *ctx = sign_begin(a, key, salt);
    size_t len = 1024;

    buf_reset(sig);
    ck_assert_int_eq(
        EVP_DigestSign(ctx, buf_extend(sig, len), &len, tbs, sizeof(tbs)), 1);
    sig->len = len;
}

static enum err verify(struct key_verifier *v, const struct key_pub *k,
                       enum sig_alg alg, const uint8_t *p, size_t len,
                       const void *sig, size_t sig_len)
{
    AUTO(errs) struct errs e = {0};
    int rc = key_verify(v, k, alg, p, len, sig, sig_len, &e);

    ck_assert_int_eq(rc, e.n ? -1 : 0);
    return e.n ? e.v[0].code : ERR_NONE;
}

static enum err verify_tbs(struct key_verifier *v, const struct pair *p,
                           enum sig_alg alg, const struct buf *sig)
{
    return verify(v, &p->pub, alg, tbs, sizeof(tbs), sig->data, sig->len);
}

/* Every octet of signature and content changed, other keys, other lengths. */
static void attack(struct key_verifier *v, const struct alg *a,
                   const struct pair *p, const struct pair *other,
                   struct buf *sig)
{
    uint8_t changed[sizeof(tbs)];

    ck_assert_int_eq(verify_tbs(v, other, a->alg, sig), ERR_BAD_SIGNATURE);
    for (size_t i = 0; i < sig->len; i++) {
        sig->data[i] ^= 1;
        ck_assert_int_eq(verify_tbs(v, p, a->alg, sig), ERR_BAD_SIGNATURE);
        sig->data[i] ^= 1;
    }
    memcpy(changed, tbs, sizeof(tbs));
    for (size_t i = 0; i < sizeof(tbs); i++) {
        changed[i] ^= 0x80;
        ck_assert_int_eq(verify(v, &p->pub, a->alg, changed, sizeof(tbs),
                                sig->data, sig->len),
                         ERR_BAD_SIGNATURE);
        changed[i] ^= 0x80;
    }
    for (size_t len = 0; len < sig->len; len += 1 + sig->len / 16)
        ck_assert_int_eq(
            verify(v, &p->pub, a->alg, tbs, sizeof(tbs), sig->data, len),
            ERR_BAD_SIGNATURE);
    buf_putc(sig, 0);
    ck_assert_int_eq(verify_tbs(v, p, a->alg, sig), ERR_BAD_SIGNATURE);
    sig->len--;
    ck_assert_int_eq(verify_tbs(v, p, a->alg, sig), ERR_NONE);
}

START_TEST(openssl_signs_we_verify)
{
    struct key_verifier *v = key_verifier_new();

    for (size_t i = 0; i < COUNT(algs); i++) {
        AUTO(pair) struct pair p = pair_make(algs[i].type, algs[i].group);
        AUTO(pair) struct pair other = pair_make(algs[i].type, algs[i].group);
        AUTO(buf) struct buf sig = {0};

        openssl_sign(&algs[i], p.key, algs[i].pss_salt, &sig);
        ck_assert_msg(verify_tbs(v, &p, algs[i].alg, &sig) == ERR_NONE,
                      "alg %zu", i);
        attack(v, &algs[i], &p, &other, &sig);
        for (int alg = SIG_STOP + 1; alg < SIG__MAX; alg++)
            if (alg != (int)algs[i].alg)
                ck_assert_msg(verify_tbs(v, &p, (enum sig_alg)alg, &sig) ==
                                  ERR_BAD_SIGNATURE,
                              "alg %zu as %d", i, alg);
    }
    key_verifier_free(v);
}
END_TEST

/* One verifier, keys in turn: none is confused with the one before it. */
START_TEST(keys_in_turn)
{
    struct key_verifier *v = key_verifier_new();
    struct pair p[8];
    struct buf sig[8] = {0};

    for (int i = 0; i < 8; i++) {
        p[i] = pair_make("EC", i & 1 ? "P-384" : "P-256");
        openssl_sign(&algs[i & 1 ? 9 : 6], p[i].key, 0, &sig[i]);
    }
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++)
                ck_assert_int_eq(
                    verify_tbs(v, &p[i],
                               i & 1 ? SIG_ECDSA_SHA384 : SIG_ECDSA_SHA256,
                               &sig[j]),
                    i == j ? ERR_NONE : ERR_BAD_SIGNATURE);
    for (int i = 0; i < 8; i++) {
        pair_free(&p[i]);
        buf_free(&sig[i]);
    }
    key_verifier_free(v);
}
END_TEST

/* Salts other than what the algorithm says. */
START_TEST(pss_salts)
{
    static const int salts[] = {-2, 20, 31, 33, 64, 222};
    AUTO(pair) struct pair p = pair_make("RSA", NULL);
    struct key_verifier *v = key_verifier_new();

    for (size_t i = 0; i < COUNT(salts); i++) {
        AUTO(buf) struct buf sig = {0};

        openssl_sign(&algs[3], p.key, salts[i], &sig);
        ck_assert_int_eq(verify_tbs(v, &p, SIG_RSA_PSS_SHA256, &sig),
                         ERR_BAD_SIGNATURE);
    }
    key_verifier_free(v);
}
END_TEST

static enum err verify_salt(struct key_verifier *v, const struct pair *p,
                            int salt, const struct buf *sig)
{
    AUTO(errs) struct errs e = {0};
    int rc = key_verify_salt(v, &p->pub, SIG_RSA_PSS_SHA256, (uint32_t)salt,
                             tbs, sizeof(tbs), sig->data, sig->len, &e);

    ck_assert_int_eq(rc, e.n ? -1 : 0);
    return e.n ? e.v[0].code : ERR_NONE;
}

/* One whose length is told is verified with that length and no other. */
START_TEST(pss_salts_as_told)
{
    static const int salts[] = {32, 33, 64, 222};
    AUTO(pair) struct pair p = pair_make("RSA", NULL);
    struct key_verifier *v = key_verifier_new();

    for (size_t i = 0; i < COUNT(salts); i++) {
        AUTO(buf) struct buf sig = {0};

        openssl_sign(&algs[3], p.key, salts[i], &sig);
        ck_assert_int_eq(verify_salt(v, &p, salts[i], &sig), ERR_NONE);
        ck_assert_int_eq(verify_salt(v, &p, salts[i] + 1, &sig),
                         ERR_BAD_SIGNATURE);
        ck_assert_int_eq(verify_salt(v, &p, salts[i] - 1, &sig),
                         ERR_BAD_SIGNATURE);
        ck_assert_int_eq(verify_salt(v, &p, 512, &sig), ERR_BAD_SIGNATURE);
        ck_assert_int_eq(verify_salt(v, &p, INT32_MAX, &sig),
                         ERR_BAD_SIGNATURE);
    }
    key_verifier_free(v);
}
END_TEST

/* Off the curve, and beyond the field: an error, and the next key is right. */
START_TEST(points_off_the_curve)
{
    AUTO(pair) struct pair p = pair_make("EC", "P-256");
    AUTO(buf) struct buf sig = {0};
    struct key_verifier *v = key_verifier_new();
    uint8_t point[65];
    struct key_pub k = p.pub;

    openssl_sign(&algs[6], p.key, 0, &sig);
    k.point = point;
    for (size_t i = 1; i < sizeof(point); i += 7) {
        memcpy(point, p.pub.point, sizeof(point));
        point[i] ^= 1;
        ck_assert_int_eq(verify(v, &k, SIG_ECDSA_SHA256, tbs, sizeof(tbs),
                                sig.data, sig.len),
                         ERR_KEY_NOT_ALLOWED);
        ck_assert_int_eq(verify_tbs(v, &p, SIG_ECDSA_SHA256, &sig), ERR_NONE);
    }
    memset(point + 1, 0xff, 64);
    ck_assert_int_eq(
        verify(v, &k, SIG_ECDSA_SHA256, tbs, sizeof(tbs), sig.data, sig.len),
        ERR_KEY_NOT_ALLOWED);
    memset(point + 1, 0, 64);
    ck_assert_int_eq(
        verify(v, &k, SIG_ECDSA_SHA256, tbs, sizeof(tbs), sig.data, sig.len),
        ERR_KEY_NOT_ALLOWED);
    ck_assert_int_eq(verify_tbs(v, &p, SIG_ECDSA_SHA256, &sig), ERR_NONE);
    key_verifier_free(v);
}
END_TEST

static void number_put(struct buf *b, const BIGNUM *n, size_t zeroes)
{
    uint8_t p[80] = {0};
    int len = BN_bn2bin(n, p + 2);
    size_t at = der_open(b, DER_INTEGER);

    if (p[2] & 0x80 || len == 0)
        zeroes++;
    buf_put(b, "\0\0\0\0", zeroes);
    buf_put(b, p + 2, (size_t)len);
    der_close(b, at);
}

/* The same r and s in forms that are not DER, and numbers that are none. */
START_TEST(ecdsa_forms)
{
    AUTO(pair) struct pair p = pair_make("EC", "P-256");
    struct key_verifier *v = key_verifier_new();
    AUTO(buf) struct buf sig = {0};
    AUTO(bignum) BIGNUM *zero = BN_new(), *big = BN_new();
    const uint8_t *at;
    const BIGNUM *r, *s;
    ECDSA_SIG *parts;

    openssl_sign(&algs[6], p.key, 0, &sig);
    at = sig.data;
    parts = d2i_ECDSA_SIG(NULL, &at, (long)sig.len);
    ECDSA_SIG_get0(parts, &r, &s);
    BN_lshift(big, r, 256);
    for (int how = 0; how < 10; how++) {
        AUTO(buf) struct buf b = {0};
        AUTO(errs) struct errs e = {0};
        size_t seq = der_open(&b, how == 1 ? DER_SET : DER_SEQUENCE);

        number_put(&b, how == 2 ? zero : how == 3 ? big : r, how == 4 ? 1 : 0);
        if (how != 5)
            number_put(&b, how == 6 ? zero : s, how == 7 ? 3 : 0);
        if (how == 8)
            number_put(&b, s, 0);
        der_close(&b, seq);
        if (how == 9) /* the length in two octets */
            memcpy(buf_insert(&b, 1, 1), "\x81", 1);
        ck_assert_msg(key_verify(v, &p.pub, SIG_ECDSA_SHA256, tbs, sizeof(tbs),
                                 b.data, b.len, &e) == (how ? -1 : 0),
                      "form %d", how);
        /* By us, before OpenSSL is asked. */
        ck_assert(!how || strstr(e.v[0].detail, "in DER"));
    }
    ECDSA_SIG_free(parts);
    key_verifier_free(v);
}
END_TEST

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
        enum sig_alg got = SIG_STOP;
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
        ck_assert_int_eq(got, algs[i].alg);
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
 * the NULL of each hash, which a change can only destroy. */
START_TEST(pss_parameters)
{
    AUTO(buf) struct buf b = {0};
    enum sig_alg got;
    struct der d;

    sig_alg_put(&b, SIG_RSA_PSS_SHA256);
    for (size_t i = 0; i < b.len; i++)
        for (unsigned x = 1; x < 256; x++) {
            AUTO(errs) struct errs e = {0};

            b.data[i] ^= (uint8_t)x;
            d = der_of(b.data, b.len);
            ck_assert_msg(sig_alg_parse(&d, &got, &e) == -1, "octet %zu", i);
            ck_assert_int_eq(e.v[0].code, ERR_BAD_SIGNATURE);
            b.data[i] ^= (uint8_t)x;
        }
}
END_TEST

/* A salt at least as long as the hash, where it may be longer. */
START_TEST(pss_salt_lengths)
{
    static const struct {
        uint32_t salt;
        int rc;
    } cases[] = {{31, -1}, {32, 0}, {33, 0},   {222, 0},
                 {0, -1},  {20, -1}, {512, 0}, {0x7fffffff, -1}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf b = {0}, n = {0};
        AUTO(errs) struct errs e = {0};
        enum sig_alg got;
        uint32_t salt;
        struct der d;

        sig_alg_put(&b, SIG_RSA_PSS_SHA256);
        b.len -= 5; /* [2] { INTEGER 32 } */
        der_put_int(&n, cases[i].salt);
        if (cases[i].salt != 20) /* the default */
            der_put(&b, DER_CTX_CONS(2), n.data, n.len);
        b.data[1] = (uint8_t)(b.len - 2);
        b.data[14] = (uint8_t)(b.len - 15);
        d = der_of(b.data, b.len);
        ck_assert_msg(sig_alg_parse_salt(&d, &got, &salt, &e) == cases[i].rc,
                      "%u: %s", cases[i].salt, e.n ? e.v[0].detail : "taken");
        ck_assert(cases[i].salt > 512 || salt == cases[i].salt);
        d = der_of(b.data, b.len);
        ck_assert_int_eq(sig_alg_parse(&d, &got, &e),
                         cases[i].salt == 32 ? 0 : -1);
    }
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
        enum sig_alg got;
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

/* Ours, verified by OpenSSL's ordinary way. */
START_TEST(we_sign_openssl_verifies)
{
    static const struct {
        const char *type, *group, *md;
        enum sig_alg alg;
        bool streams;
    } cases[] = {
        {"EC", "P-256", "SHA256", SIG_ECDSA_SHA256, true},
        {"EC", "P-384", "SHA384", SIG_ECDSA_SHA384, true},
        {"EC", "P-521", "SHA512", SIG_ECDSA_SHA512, true},
        {"RSA", NULL, "SHA256", SIG_RSA_SHA256, true},
        {"ED25519", NULL, NULL, SIG_ED25519, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(pair) struct pair p = pair_make(cases[i].type, cases[i].group);
        struct key_signer *s = key_signer_new(p.key);

        ck_assert_int_eq(key_signer_alg(s), cases[i].alg);
        ck_assert_int_eq(key_signer_streams(s), cases[i].streams);
        for (int n = 0; n < 20; n++) {
            AUTO(buf) struct buf sig = {0};
            AUTO(evp_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

            buf_puts(&sig, "before");
            if (cases[i].streams && n & 1) {
                key_sign_init(s);
                key_sign_update(s, tbs, 5);
                key_sign_update(s, tbs + 5, sizeof(tbs) - 5);
                key_sign_final(s, &sig);
            } else {
                key_sign(s, tbs, sizeof(tbs), &sig);
            }
            ck_assert_mem_eq(sig.data, "before", 6);
            ck_assert_int_eq(EVP_DigestVerifyInit_ex(ctx, NULL, cases[i].md,
                                                     NULL, NULL, p.key, NULL),
                             1);
            ck_assert_int_eq(EVP_DigestVerify(ctx, sig.data + 6, sig.len - 6,
                                              tbs, sizeof(tbs)),
                             1);
        }
        key_signer_free(s);
    }
    key_signer_free(NULL);
    key_verifier_free(NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        openssl_signs_we_verify,
        keys_in_turn,
        pss_salts,
        pss_salts_as_told,
        points_off_the_curve,
        ecdsa_forms,
        algorithms_as_openssl_writes_them,
        pss_parameters,
        pss_salt_lengths,
        algorithms_refused,
        we_sign_openssl_verifies,
    };

    return unit_run("sig", tests, sizeof(tests) / sizeof(tests[0]));
}
