/* SPDX-License-Identifier: ISC */
/* Signatures: their algorithms, made and verified, against OpenSSL. */
#include "sig_made.h"

AUTO_DEFINE(bignum, BIGNUM *, BN_free)

static const uint8_t tbs[] = "what is to be signed";

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
                       const struct sig *s)
{
    AUTO(errs) struct errs e = {0};
    int rc = key_verify(v, k, s, &e);

    ck_assert_int_eq(rc, e.n ? -1 : 0);
    return e.n ? e.v[0].code : ERR_NONE;
}

/* Over tbs, with the salt that is as long as the hash. */
static struct sig sig_of(enum sig_alg alg, const struct buf *value)
{
    return (struct sig){.tbs = tbs,
                        .tbs_len = sizeof(tbs),
                        .alg = alg,
                        .salt = sig_salt(alg),
                        .value = value->data,
                        .len = value->len};
}

static enum err verify_tbs(struct key_verifier *v, const struct pair *p,
                           enum sig_alg alg, const struct buf *sig)
{
    const struct sig s = sig_of(alg, sig);

    return verify(v, &p->pub, &s);
}

/* Every octet of signature and content changed, other keys, other lengths. */
static void attack(struct key_verifier *v, const struct alg *a,
                   const struct pair *p, const struct pair *other,
                   struct buf *sig)
{
    uint8_t changed[sizeof(tbs)];
    struct sig s = sig_of(a->alg, sig);

    ck_assert_int_eq(verify_tbs(v, other, a->alg, sig), ERR_BAD_SIGNATURE);
    for (size_t i = 0; i < sig->len; i++) {
        sig->data[i] ^= 1;
        ck_assert_int_eq(verify_tbs(v, p, a->alg, sig), ERR_BAD_SIGNATURE);
        sig->data[i] ^= 1;
    }
    memcpy(changed, tbs, sizeof(tbs));
    s.tbs = changed;
    for (size_t i = 0; i < sizeof(tbs); i++) {
        changed[i] ^= 0x80;
        ck_assert_int_eq(verify(v, &p->pub, &s), ERR_BAD_SIGNATURE);
        changed[i] ^= 0x80;
    }
    s.tbs = tbs;
    for (s.len = 0; s.len < sig->len; s.len += 1 + sig->len / 16)
        ck_assert_int_eq(verify(v, &p->pub, &s), ERR_BAD_SIGNATURE);
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
    struct sig s = sig_of(SIG_RSA_PSS_SHA256, sig);

    s.salt = (uint32_t)salt;
    return verify(v, &p->pub, &s);
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
    struct sig s;

    openssl_sign(&algs[6], p.key, 0, &sig);
    s = sig_of(SIG_ECDSA_SHA256, &sig);
    k.point = point;
    for (size_t i = 1; i < sizeof(point); i += 7) {
        memcpy(point, p.pub.point, sizeof(point));
        point[i] ^= 1;
        ck_assert_int_eq(verify(v, &k, &s), ERR_KEY_NOT_ALLOWED);
        ck_assert_int_eq(verify_tbs(v, &p, SIG_ECDSA_SHA256, &sig), ERR_NONE);
    }
    memset(point + 1, 0xff, 64);
    ck_assert_int_eq(verify(v, &k, &s), ERR_KEY_NOT_ALLOWED);
    memset(point + 1, 0, 64);
    ck_assert_int_eq(verify(v, &k, &s), ERR_KEY_NOT_ALLOWED);
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
        struct sig made;
        size_t seq = der_open(&b, how == 1 ? DER_SET : DER_SEQUENCE);

        number_put(&b, how == 2 ? zero : how == 3 ? big : r, how == 4 ? 1 : 0);
        if (how != 5)
            number_put(&b, how == 6 ? zero : s, how == 7 ? 3 : 0);
        if (how == 8)
            number_put(&b, s, 0);
        der_close(&b, seq);
        if (how == 9) /* the length in two octets */
            memcpy(buf_insert(&b, 1, 1), "\x81", 1);
        made = sig_of(SIG_ECDSA_SHA256, &b);
        ck_assert_msg(key_verify(v, &p.pub, &made, &e) == (how ? -1 : 0),
                      "form %d", how);
        /* By us, before OpenSSL is asked. */
        ck_assert(!how || strstr(e.v[0].detail, "in DER"));
    }
    ECDSA_SIG_free(parts);
    key_verifier_free(v);
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
        openssl_signs_we_verify,  keys_in_turn,         pss_salts,
        pss_salts_as_told,        points_off_the_curve, ecdsa_forms,
        we_sign_openssl_verifies,
    };

    return unit_run("sig", tests, COUNT(tests));
}
