/* SPDX-License-Identifier: ISC */
/* OCSP answers: what OpenSSL reads in them. */
#include "ocsp_made.h"

static const struct ocsp_single singles[] = {
    {DIGEST_SHA1, {.v = {3, 232}, .len = 2}, OCSP_STATE_GOOD, 0, 0},
    {DIGEST_SHA256,
     {.v = {3, 233}, .len = 2},
     OCSP_STATE_REVOKED,
     DAY_ONE + 100,
     REASON_KEY_COMPROMISE},
    {DIGEST_SHA1,
     {.v = {3, 234}, .len = 2},
     OCSP_STATE_REVOKED,
     DAY_ONE + 200,
     REASON_UNSPECIFIED},
    {DIGEST_SHA256, {.v = {3, 235}, .len = 2}, OCSP_STATE_UNKNOWN, 0, 0},
};

static int64_t seconds(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;

    ck_assert_ptr_nonnull(t);
    ck_assert_int_eq(ASN1_TIME_to_tm(t, &tm), 1);
    return timegm(&tm);
}

/* To the octet: who asked may look for what he sent. */
static void same_id(OCSP_CERTID *a, const OCSP_CERTID *b)
{
    unsigned char *x = NULL, *y = NULL;
    const int n = i2d_OCSP_CERTID(a, &x);

    ck_assert_int_eq(i2d_OCSP_CERTID(b, &y), n);
    ck_assert_mem_eq(x, y, (size_t)n);
    OPENSSL_free(x);
    OPENSSL_free(y);
}

static void compare(OCSP_BASICRESP *basic, const struct ocsp_single *s)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *from, *until;
    OCSP_CERTID *id =
        id_of(s->digest == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256(),
              s->serial.v[0] << 8 | s->serial.v[1]);
    int state, reason = -1;

    ck_assert_int_eq(OCSP_resp_find_status(basic, id, &state, &reason, &revoked,
                                           &from, &until),
                     1);
    same_id(id, OCSP_SINGLERESP_get0_id(
                    OCSP_resp_get0(basic, OCSP_resp_find(basic, id, -1))));
    ck_assert_int_eq(state, (int)s->state);
    ck_assert_int_eq(seconds(from), DAY_ONE + 1000);
    ck_assert_int_eq(seconds(until), DAY_ONE + 4600);
    if (s->state == OCSP_STATE_REVOKED) {
        ck_assert_int_eq(seconds(revoked), s->revoked_at);
        ck_assert_int_eq(reason, s->reason ? s->reason : -1);
    }
    OCSP_CERTID_free(id);
}

static OCSP_RESPONSE *read_back(const struct buf *der)
{
    const unsigned char *p = der->data;
    OCSP_RESPONSE *x = d2i_OCSP_RESPONSE(NULL, &p, (long)der->len);
    unsigned char *again = NULL;
    int len;

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    len = i2d_OCSP_RESPONSE(x, &again);
    ck_assert_int_eq(len, (int)der->len); /* DER, then */
    ck_assert_int_eq(memcmp(again, der->data, der->len), 0);
    OPENSSL_free(again);
    return x;
}

static void verify(OCSP_BASICRESP *basic)
{
    X509_STORE *store = X509_STORE_new();
    AUTO(x509) X509 *ca = openssl_read(&issuing_der);

    X509_STORE_add_cert(store, ca);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), DAY_ONE + 1000);
    ck_assert_int_eq(OCSP_basic_verify(basic, NULL, store, 0), 1);
    X509_STORE_free(store);
}

static void answer(struct buf *out, size_t nonce, struct ocsp_answer *a)
{
    static const uint8_t nonces[OCSP_NONCE_MAX] = {1, 2, 3};
    static uint8_t hash[SKI_LEN];
    AUTO(errs) struct errs e = {0};
    struct key_pub key;

    ck_assert_int_eq(
        key_pub_parse(&key, responder.spki.data, responder.spki.len, &e), 0);
    key_pub_ski(&key, hash);
    *a = (struct ocsp_answer){
        .issuer = &issuer,
        .key_hash = hash,
        .cert = &responder_der,
        .produced_at = DAY_ONE + 1060,
        .this_update = DAY_ONE + 1000,
        .next_update = DAY_ONE + 4600,
        .v = singles,
        .n = COUNT(singles),
        .nonce = nonces,
        .nonce_len = nonce,
    };
    ocsp_answer_put(out, a, responder.signer);
}

START_TEST(openssl_reads_what_was_meant)
{
    const size_t nonces[] = {0, 1, 16, 127, 128};

    for (size_t k = 0; k < 5; k++) {
        AUTO(buf) struct buf der = {0};
        struct ocsp_answer a;

        answer(&der, nonces[k], &a);
        AUTO(ocsp_resp) OCSP_RESPONSE *x = read_back(&der);
        AUTO(ocsp_basic) OCSP_BASICRESP *basic = OCSP_response_get1_basic(x);
        const ASN1_OCTET_STRING *by_key = NULL;
        const X509_NAME *by_name = NULL;
        int at =
            OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);

        ck_assert_int_eq(OCSP_response_status(x), 0);
        ck_assert_int_eq(OCSP_resp_count(basic), 4);
        for (size_t i = 0; i < a.n; i++)
            compare(basic, &singles[i]);
        ck_assert_int_eq(seconds(OCSP_resp_get0_produced_at(basic)),
                         DAY_ONE + 1060);
        ck_assert_int_eq(OCSP_resp_get0_id(basic, &by_key, &by_name), 1);
        ck_assert(by_key && !by_name);
        ck_assert_int_eq(memcmp(ASN1_STRING_get0_data(by_key), a.key_hash, 20),
                         0);
        verify(basic);
        ck_assert_int_eq(at >= 0, nonces[k] > 0);
        if (at >= 0) {
            const ASN1_OCTET_STRING *v =
                X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
            const uint8_t *p = ASN1_STRING_get0_data(v);
            const size_t n = (size_t)ASN1_STRING_length(v);

            ck_assert_uint_ge(n, nonces[k] + 2);
            ck_assert_int_eq(memcmp(p + n - nonces[k], a.nonce, nonces[k]), 0);
        }
    }
}
END_TEST

START_TEST(errors_have_no_more_than_a_status)
{
    const enum ocsp_error all[] = {OCSP_MALFORMED, OCSP_TRY_LATER,
                                   OCSP_UNAUTHORIZED};

    for (int i = 0; i < 3; i++) {
        AUTO(buf) struct buf der = {0};

        ocsp_error_der(buf_extend(&der, OCSP_ERROR_LEN), all[i]);
        AUTO(ocsp_resp) OCSP_RESPONSE *x = read_back(&der);
        ck_assert_int_eq(OCSP_response_status(x), (int)all[i]);
        ck_assert_ptr_null(OCSP_response_get1_basic(x));
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("ocsp_answer");

    tcase_add_test(tc, openssl_reads_what_was_meant);
    tcase_add_test(tc, errors_have_no_more_than_a_status);
    return ocsp_run("ocsp_answer", tc);
}
