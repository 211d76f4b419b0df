/* SPDX-License-Identifier: ISC */
/* What a CSR comes as: PEM, DER, and what else is in the body. */
#include "csr_key.h"

static enum err decode(const void *p, size_t len, struct buf *der,
                       char **detail)
{
    AUTO(errs) struct errs e = {0};
    size_t was = der->len;
    int rc = csr_decode(p, len, der, &e);

    ck_assert_int_eq(rc != 0, e.n != 0);
    if (rc)
        ck_assert_uint_eq(der->len, was);
    if (detail)
        *detail = e.n ? xstrdup(e.v[0].detail) : NULL;
    return e.n ? e.v[0].code : ERR_NONE;
}

static void one_line(struct buf *b, const char *instead)
{
    struct buf out = {0};

    for (size_t i = 0; i < b->len; i++)
        if (b->data[i] == '\n')
            buf_puts(&out, instead);
        else
            buf_putc(&out, b->data[i]);
    buf_free(b);
    *b = out;
}

START_TEST(bodies_that_hold_one)
{
    static const char *const ends[] = {"\n", "\r\n", "", " ", "\n\n"};
    static const char *const labels[] = {"CERTIFICATE REQUEST",
                                         "NEW CERTIFICATE REQUEST"};
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0}, got = {0};

    mkcsr_make(&m, &der);
    ck_assert_int_eq(decode(der.data, der.len, &got, NULL), ERR_NONE);
    ck_assert_uint_eq(got.len, der.len);
    ck_assert_mem_eq(got.data, der.data, der.len);
    for (size_t i = 0; i < COUNT(ends); i++)
        for (size_t j = 0; j < COUNT(labels); j++) {
            AUTO(buf) struct buf pem = {0};

            pem_put(&pem, labels[j], der.data, der.len);
            one_line(&pem, ends[i]);
            buf_reset(&got);
            ck_assert_int_eq(decode(pem.data, pem.len, &got, NULL), ERR_NONE);
            ck_assert_uint_eq(got.len, der.len);
            ck_assert_mem_eq(got.data, der.data, der.len);
        }
}
END_TEST

/* As `certtool --generate-request` writes it, and editors of Windows. */
START_TEST(text_before_it)
{
    static const struct {
        const char *before;
        enum err want;
    } cases[] = {
        {"PKCS #10 Certificate Request Information:\n\tVersion: 1\n", ERR_NONE},
        {"Certificate Request:\r\n    Data:\r\n", ERR_NONE},
        {"\xef\xbb\xbf", ERR_NONE},
        {"\xef\xbb\xbfsome text\n\n", ERR_NONE},
        {"text on the same line ", ERR_BAD_CSR},
        {"{\"csr\": \"", ERR_BAD_CSR},
        {"-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----\n",
         ERR_BAD_CSR},
        {" -----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----\n",
         ERR_BAD_CSR},
        {"text\n-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----\n",
         ERR_BAD_CSR},
        {"\n-----BEGIN PRIVATE KEY-----\n", ERR_CSR_IS_PRIVATE_KEY},
    };
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};

    mkcsr_make(&m, &der);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf pem = {0}, got = {0};

        buf_puts(&pem, cases[i].before);
        pem_put(&pem, "CERTIFICATE REQUEST", der.data, der.len);
        ck_assert_msg(decode(pem.data, pem.len, &got, NULL) == cases[i].want,
                      "case %zu", i);
        if (cases[i].want == ERR_NONE) {
            ck_assert_uint_eq(got.len, der.len);
            ck_assert_mem_eq(got.data, der.data, der.len);
        }
    }
}
END_TEST

/* Every character of the PEM changed or cut: an error, or the same request
 * (a line end for a space). */
START_TEST(bodies_changed)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0}, pem = {0};
    static const char with[] = "\0\n A=-\xff";

    mkcsr_make(&m, &der);
    pem_put(&pem, "CERTIFICATE REQUEST", der.data, der.len);
    for (size_t len = 0; len < pem.len - 1; len++) {
        AUTO(buf) struct buf got = {0};

        ck_assert_int_eq(decode(pem.data, len, &got, NULL), ERR_BAD_CSR);
    }
    for (size_t at = 0; at < pem.len; at++)
        for (size_t i = 0; i < sizeof(with) - 1; i++) {
            AUTO(buf) struct buf got = {0};
            uint8_t was = pem.data[at];

            pem.data[at] = (uint8_t)with[i];
            if (decode(pem.data, pem.len, &got, NULL) == ERR_NONE &&
                mkcsr_judge(&got, NULL, NULL, NULL) == ERR_NONE) {
                ck_assert_uint_eq(got.len, der.len);
                ck_assert_mem_eq(got.data, der.data, der.len);
            }
            pem.data[at] = was;
        }
}
END_TEST

START_TEST(bodies_refused)
{
    static const struct {
        const char *body, *why;
    } cases[] = {
        {"", "empty"},
        {"hello", "neither PEM"},
        {"{\"csr\": 1}", "neither PEM"},
        {"-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----",
         "\"CERTIFICATE\""},
        /* a chain, which is what the last answer was */
        {"-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----\n"
         "-----BEGIN CERTIFICATE-----AQID-----END CERTIFICATE-----\n",
         "\"CERTIFICATE\""},
        {"-----BEGIN PUBLIC KEY-----AQID-----END PUBLIC KEY-----",
         "PUBLIC KEY"},
        {"-----BEGIN CERTIFICATE REQUEST-----", "from end to end"},
        {"-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4,ENCRYPTED\n",
         "encrypted"},
        {"-----BEGIN CERTIFICATE REQUEST-----AQID"
         "-----END CERTIFICATE REQUEST-----\nand more",
         "follows"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf got = {0};
        AUTO(free) char *detail = NULL;

        ck_assert_int_eq(
            decode(cases[i].body, strlen(cases[i].body), &got, &detail),
            ERR_BAD_CSR);
        ck_assert_msg(strstr(detail, cases[i].why), "%s", detail);
    }
}
END_TEST

static void private_refused(const void *p, size_t len, const char *what)
{
    AUTO(buf) struct buf got = {0};
    AUTO(free) char *detail = NULL;

    ck_assert_msg(decode(p, len, &got, &detail) == ERR_CSR_IS_PRIVATE_KEY,
                  "%s: %s", what, detail ? detail : "taken");
}

/* In each form that OpenSSL writes, PEM and DER, encrypted and not. */
START_TEST(private_keys)
{
    static const char *const specs[] = {"ec:P-256", "rsa:2048", "ed25519"};

    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO(evp_pkey) EVP_PKEY *key = make(specs[i]);
        AUTO(bio) BIO *bio = BIO_new(BIO_s_mem()), *old = BIO_new(BIO_s_mem());
        AUTO(bio) BIO *p8 = BIO_new(BIO_s_mem()), *sealed = NULL;
        AUTO(bio) BIO *trad = BIO_new(BIO_s_mem());
        AUTO(buf) struct buf wrapped = {0};
        char *text, pass[] = "x";
        long n;

        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
        n = BIO_get_mem_data(bio, &text);
        private_refused(text, (size_t)n, "PKCS#8 PEM");
        private_refused(text, 60, "PKCS#8 PEM, cut");
        if (!EVP_PKEY_is_a(key, "ED25519")) { /* there is no such form */
            PEM_write_bio_PrivateKey_traditional(old, key, NULL, NULL, 0, NULL,
                                                 NULL);
            n = BIO_get_mem_data(old, &text);
            private_refused(text, (size_t)n, "traditional PEM");
            i2d_PrivateKey_bio(trad, key);
            n = BIO_get_mem_data(trad, &text);
            private_refused(text, (size_t)n, "traditional DER");
        }
        i2d_PKCS8PrivateKey_bio(p8, key, NULL, NULL, 0, NULL, NULL);
        n = BIO_get_mem_data(p8, &text);
        private_refused(text, (size_t)n, "PKCS#8 DER");
        pem_put(&wrapped, "CERTIFICATE REQUEST", text, (size_t)n);
        private_refused(wrapped.data, wrapped.len, "under a wrong label");
        sealed = BIO_new(BIO_s_mem());
        i2d_PKCS8PrivateKey_bio(sealed, key, EVP_aes_256_cbc(), pass, 1, NULL,
                                NULL);
        n = BIO_get_mem_data(sealed, &text);
        private_refused(text, (size_t)n, "encrypted DER");
    }
}
END_TEST

START_TEST(private_keys_beside_a_csr)
{
    static const char key[] = "-----BEGIN PRIVATE KEY-----\nAQID\n"
                              "-----END PRIVATE KEY-----\n";
    static const char sealed[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n"
                                 "-----END ENCRYPTED PRIVATE KEY-----\n";
    static const char old[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\nAQID\n"
                              "-----END RSA PRIVATE KEY-----\n";
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0}, before = {0}, behind = {0};
    int64_t start = tm_mono_us();

    mkcsr_make(&m, &der);
    buf_puts(&before, key);
    pem_put(&before, "CERTIFICATE REQUEST", der.data, der.len);
    private_refused(before.data, before.len, "before");
    pem_put(&behind, "CERTIFICATE REQUEST", der.data, der.len);
    buf_puts(&behind, key);
    private_refused(behind.data, behind.len, "behind");
    private_refused(sealed, strlen(sealed), "encrypted");
    private_refused(old, strlen(old), "encrypted, old form");
    ck_assert_int_lt(tm_mono_us() - start, 1000000); /* nobody was asked */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bodies_that_hold_one, text_before_it, bodies_changed,
        bodies_refused,       private_keys,   private_keys_beside_a_csr,
    };

    return unit_run("csr_body", tests, COUNT(tests));
}
