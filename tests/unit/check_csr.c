/* SPDX-License-Identifier: ISC */
/* The form of a CSR: good ones, hostile ones, and the bodies they come in. */
#include "csr_key.h"

/* By OpenSSL's ordinary way: CN and SAN, signed with that digest. */
static void openssl_csr(EVP_PKEY *key, const char *md, struct buf *out)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *name = X509_REQ_get_subject_name(req);
    STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
    static const char *const values[] = {
        "DNS:a.example,DNS:*.B.example,IP:10.0.0.1,IP:2001:db8::1",
        "digitalSignature,keyEncipherment"};
    static const int nids[] = {NID_subject_alt_name, NID_key_usage};
    uint8_t *der = NULL;
    int len;

    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                               (const uint8_t *)"M\xc3\xbcller", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const uint8_t *)"a.example", -1, -1, 0);
    for (int i = 0; i < 2; i++)
        sk_X509_EXTENSION_push(
            exts, X509V3_EXT_conf_nid(NULL, NULL, nids[i], values[i]));
    X509_REQ_add_extensions(req, exts);
    X509_REQ_set_pubkey(req, key);
    ck_assert_int_gt(X509_REQ_sign(req, key, EVP_get_digestbyname(md)), 0);
    len = i2d_X509_REQ(req, &der);
    ck_assert_int_gt(len, 0);
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    X509_REQ_free(req);
}

START_TEST(requests_of_openssl)
{
    static const struct {
        const char *spec, *md;
        enum sig_alg alg;
    } cases[] = {
        {"ec:P-256", "SHA256", SIG_ECDSA_SHA256},
        {"ec:P-384", "SHA384", SIG_ECDSA_SHA384},
        {"ec:P-384", "SHA256", SIG_ECDSA_SHA256},
        {"rsa:2048", "SHA256", SIG_RSA_SHA256},
        {"rsa:2048", "SHA512", SIG_RSA_SHA512},
        {"ed25519", "none", SIG_ED25519},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = make(cases[i].spec);
        AUTO(buf) struct buf der = {0};
        AUTO(csr) struct csr c = {0};
        AUTO(names) struct names n = {0};

        openssl_csr(key, cases[i].md, &der);
        ck_assert_int_eq(mkcsr_judge(&der, &c, &n, NULL), ERR_NONE);
        ck_assert_int_eq(c.sig.alg, cases[i].alg);
        ck_assert_str_eq(c.subject.v[SUBJECT_CN], "a.example");
        ck_assert_uint_eq(c.power, 0);
        ck_assert_ptr_null(c.critical);
        ck_assert_uint_eq(c.warnings.n, 0);
        ck_assert_uint_eq(n.n, 4);
        ck_assert_str_eq(n.v[0].value, "a.example");
        ck_assert_str_eq(n.v[1].value, "*.b.example");
        ck_assert_str_eq(n.v[2].value, "10.0.0.1");
        ck_assert_str_eq(n.v[3].value, "2001:db8::1");
    }
}
END_TEST

/* What the octets of ours mean to OpenSSL. */
START_TEST(ours_are_good)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};
    const uint8_t *p;
    X509_REQ *req;

    mkcsr_san(&m, DER_CTX(2), "b.example", 9);
    mkcsr_make(&m, &der);
    p = der.data;
    req = d2i_X509_REQ(NULL, &p, (long)der.len);
    ck_assert_ptr_nonnull(req);
    ck_assert_int_eq(X509_REQ_verify(req, mkcsr_key()), 1);
    ck_assert_int_eq(mkcsr_judge(&der, NULL, NULL, NULL), ERR_NONE);
    X509_REQ_free(req);
}
END_TEST

START_TEST(truncated_and_trailing)
{
    AUTO(evp_pkey) EVP_PKEY *key = make("rsa:2048");
    AUTO(buf) struct buf der = {0}, two = {0};
    size_t len;

    openssl_csr(key, "SHA256", &der);
    len = der.len;
    for (der.len = 0; der.len < len; der.len++)
        ck_assert_int_eq(mkcsr_judge(&der, NULL, NULL, NULL), ERR_BAD_CSR);
    buf_put(&two, der.data, len);
    buf_putc(&two, 0);
    ck_assert_int_eq(mkcsr_judge(&two, NULL, NULL, NULL), ERR_BAD_CSR);
    two.len = len;
    buf_put(&two, der.data, len);
    ck_assert_int_eq(mkcsr_judge(&two, NULL, NULL, NULL), ERR_BAD_CSR);
}
END_TEST

/* Every octet, every bit: nothing that was changed passes. */
START_TEST(every_octet_changed)
{
    static const char *const specs[] = {"ec:P-256", "ed25519", "rsa:2048"};
    static const char *const mds[] = {"SHA256", "none", "SHA256"};
    unsigned verified = 0;

    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = make(specs[i]);
        AUTO(buf) struct buf der = {0};

        openssl_csr(key, mds[i], &der);
        for (size_t at = 0; at < der.len; at++)
            for (unsigned bit = 0; bit <= 8; bit++) {
                uint8_t x = (uint8_t)(bit == 8 ? 0xff : 1U << bit);
                enum err r;

                der.data[at] ^= x;
                r = mkcsr_judge(&der, NULL, NULL, NULL);
                ck_assert_msg(r != ERR_NONE, "%s octet %zu ^ %02x", specs[i],
                              at, x);
                ck_assert_msg(err_status(r) == 400 || err_status(r) == 422,
                              "%s octet %zu ^ %02x: %s", specs[i], at, x,
                              err_code(r));
                verified += r == ERR_BAD_SIGNATURE;
                der.data[at] ^= x;
            }
    }
    /* Most of it is what the signature alone protects. */
    ck_assert_uint_gt(verified, 5000);
}
END_TEST

static enum err judge_make(struct mkcsr *m)
{
    AUTO(buf) struct buf der = {0};

    mkcsr_make(m, &der);
    return mkcsr_judge(&der, NULL, NULL, NULL);
}

/* One part replaced by something that is not what belongs there. */
START_TEST(parts_replaced)
{
    static const struct {
        size_t part;
        const char *p;
        size_t n;
    } cases[] = {
#define C(part, text) {offsetof(struct mkcsr, part), text, sizeof(text) - 1}
        C(version, "\x02\x01\x01"),
        C(version, "\x02\x01\x02"),
        C(version, "\x02\x01\xff"), /* -1 */
        C(version, "\x02\x02\x00\x00"),
        C(version, "\x02\x05\x01\x00\x00\x00\x00"),
        C(version, "\x02\x00"),
        C(version, "\x0a\x01\x00"),
        C(version, "\x02\x01\x00\x02\x01\x00"),
        C(version, "\x01\x01\x01"),
        C(subject, "\x31\x00"),
        C(subject, "\x05\x00"),
        C(subject, "\x30\x02\x31\x00"),         /* empty RDN */
        C(subject, "\x30\x02\x30\x00"),         /* not a SET */
        C(subject, "\x30\x04\x31\x02\x30\x00"), /* no attribute */
        C(subject, "\x30\x80\x00\x00"),         /* indefinite */
        C(subject, "\x30\x84\x7f\xff\xff\xff"), /* too long */
        C(subject, "\x30\x81\x00"),             /* long form */
        C(spki, "\x30\x00"),
        C(spki, "\x05\x00"),
        C(tail, "\xa1\x00"),
        C(tail, "\x05\x00"),
        C(after, "\x05\x00"),
        C(after, "\x03\x01\x00"),
        C(alg, "\x05\x00"),
#undef C
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        enum err r;

        buf_put((struct buf *)((char *)&m + cases[i].part), cases[i].p,
                cases[i].n);
        r = judge_make(&m);
        ck_assert_msg(r == (cases[i].part == offsetof(struct mkcsr, alg)
                                ? ERR_BAD_SIGNATURE
                                : ERR_BAD_CSR),
                      "case %zu: %s", i, err_code(r));
    }
}
END_TEST

START_TEST(attributes_must_be_there)
{
    AUTO(mkcsr) struct mkcsr without = {.no_attrs = true}, empty = {0};

    ck_assert_int_eq(judge_make(&without), ERR_BAD_CSR);
    ck_assert_int_eq(judge_make(&empty), ERR_NONE);
}
END_TEST

/* 2000 deep, in an attribute that nobody reads. */
START_TEST(deep_nesting)
{
    for (unsigned depth = 1; depth <= 2000; depth += 333) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(buf) struct buf value = {0};
        size_t at[2000];

        for (unsigned i = 0; i < depth; i++)
            at[i] = der_open(&value, DER_SEQUENCE);
        for (unsigned i = depth; i; i--)
            der_close(&value, at[i - 1]);
        mkcsr_attr(&m.attrs, OID(CHALLENGE_PASSWORD), &value);
        ck_assert_int_eq(judge_make(&m), depth == 1 ? ERR_NONE : ERR_BAD_CSR);
    }
}
END_TEST

/* Not DER in places that are otherwise skipped. */
START_TEST(skipped_parts_are_der_too)
{
    static const struct {
        const char *p;
        size_t n;
        enum err code;
    } values[] = {
#define V(text, code) {text, sizeof(text) - 1, code}
        V("\x0c\x01x", ERR_NONE),           V("\x01\x01\xff", ERR_NONE),
        V("\x01\x01\x01", ERR_BAD_CSR),     V("\x24\x03\x04\x01x", ERR_BAD_CSR),
        V("\x30\x80\x00\x00", ERR_BAD_CSR), V("\x02\x02\x00\x01", ERR_BAD_CSR),
        V("\x0c\x81\x01x", ERR_BAD_CSR),    V("\x06\x01\x80", ERR_BAD_CSR),
#undef V
    };

    for (size_t i = 0; i < COUNT(values); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(buf) struct buf set = {0};

        buf_put(&set, values[i].p, values[i].n);
        mkcsr_attr(&m.attrs, OID(CHALLENGE_PASSWORD), &set);
        ck_assert_msg(judge_make(&m) == values[i].code, "value %zu", i);
    }
}
END_TEST

START_TEST(oid_of_65_octets)
{
    uint8_t oid[65];

    memset(oid, 1, sizeof(oid));
    for (size_t len = 64; len <= 65; len++) {
        enum err want = len == 64 ? ERR_NONE : ERR_BAD_CSR;
        AUTO(mkcsr) struct mkcsr attr = {0}, ext = {0};
        AUTO(buf) struct buf null = {0};

        der_put_null(&null);
        mkcsr_attr(&attr.attrs, oid, len, &null);
        ck_assert_int_eq(judge_make(&attr), want);
        mkcsr_ext(&ext, oid, len, false, "", 0);
        ck_assert_int_eq(judge_make(&ext), want);
    }
}
END_TEST

static void openssl_refused(const char *spec, const char *md, const char *why)
{
    AUTO(evp_pkey) EVP_PKEY *key = make(spec);
    AUTO(buf) struct buf der = {0};
    AUTO(free) char *detail = NULL;

    openssl_csr(key, md, &der);
    ck_assert_int_eq(mkcsr_judge(&der, NULL, NULL, &detail), ERR_BAD_SIGNATURE);
    ck_assert_msg(strstr(detail, why), "%s", detail);
}

START_TEST(weak_digests)
{
    openssl_refused("rsa:2048", "SHA1", "SHA-1");
    openssl_refused("rsa:2048", "MD5", "MD5");
    openssl_refused("rsa:2048", "SHA224", "SHA-224");
    openssl_refused("ec:P-256", "SHA1", "SHA-1");
}
END_TEST

/* The identifier of another key type, and of another digest. */
START_TEST(algorithm_of_another_key)
{
    for (int a = SIG_STOP + 1; a < SIG__MAX; a++) {
        AUTO(mkcsr) struct mkcsr m = {0};

        sig_alg_put(&m.alg, (enum sig_alg)a);
        ck_assert_int_eq(judge_make(&m),
                         a == SIG_ECDSA_SHA256 ? ERR_NONE : ERR_BAD_SIGNATURE);
    }
}
END_TEST

/* Signed by another key than the one inside. */
START_TEST(somebody_elses_key)
{
    AUTO(evp_pkey) EVP_PKEY *other = make("ec:P-256");
    AUTO(mkcsr) struct mkcsr m = {0};

    key_spki(other, &m.spki);
    ck_assert_int_eq(judge_make(&m), ERR_BAD_SIGNATURE);
}
END_TEST

START_TEST(weak_and_foreign_keys)
{
    static const struct {
        const char *type, *group;
        size_t bits;
        enum err code;
    } cases[] = {
        {"RSA", NULL, 1024, ERR_KEY_WEAK},
        {"RSA", NULL, 2047, ERR_KEY_WEAK},
        {"EC", "P-224", 0, ERR_KEY_NOT_ALLOWED},
        {"EC", "secp256k1", 0, ERR_KEY_NOT_ALLOWED},
        {"EC", "brainpoolP256r1", 0, ERR_KEY_NOT_ALLOWED},
        {"ED448", NULL, 0, ERR_BAD_SIGNATURE}, /* says the first of two */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = NULL;
        AUTO(buf) struct buf der = {0};
        enum err r;

        key = cases[i].bits
                  ? EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type, cases[i].bits)
              : cases[i].group
                  ? EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type, cases[i].group)
                  : EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type);
        openssl_csr(key, i == 5 ? "none" : "SHA256", &der);
        r = mkcsr_judge(&der, NULL, NULL, NULL);
        ck_assert_msg(r == cases[i].code, "%s %s: %s", cases[i].type,
                      cases[i].group ? cases[i].group : "", err_code(r));
    }
}
END_TEST

START_TEST(point_off_the_curve)
{
    AUTO(mkcsr) struct mkcsr m = {0};

    key_spki(mkcsr_key(), &m.spki);
    m.spki.data[m.spki.len - 1] ^= 1;
    ck_assert_int_eq(judge_make(&m), ERR_KEY_NOT_ALLOWED);
}
END_TEST

/* A bad name, a weak key and a bad extension are all said at once. */
START_TEST(all_reasons)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(evp_pkey)
    EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    AUTO(errs) struct errs e = {0};
    AUTO(csr) struct csr c = {0};
    unsigned seen = 0;

    key_spki(weak, &m.spki);
    mkcsr_san(&m, DER_CTX(2), "a..b", 4);
    mkcsr_ext(&m, OID(CE_BASIC), false, "\x05\x00", 2);
    mkcsr_make(&m, &der);
    ck_assert_int_eq(csr_parse(&c, der.data, der.len, &e), -1);
    for (size_t i = 0; i < e.n; i++)
        seen |= e.v[i].code == ERR_BAD_NAME   ? 1
                : e.v[i].code == ERR_KEY_WEAK ? 2
                : e.v[i].code == ERR_BAD_CSR  ? 4
                                              : 8;
    ck_assert_uint_eq(seen, 7);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        requests_of_openssl,
        ours_are_good,
        truncated_and_trailing,
        every_octet_changed,
        parts_replaced,
        attributes_must_be_there,
        deep_nesting,
        skipped_parts_are_der_too,
        oid_of_65_octets,
        weak_digests,
        algorithm_of_another_key,
        somebody_elses_key,
        weak_and_foreign_keys,
        point_off_the_curve,
        all_reasons,
    };

    return unit_run("csr", tests, COUNT(tests));
}
