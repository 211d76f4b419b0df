/* SPDX-License-Identifier: ISC */
#include "status_part.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "mem.h"

enum { NONCE_LEN = 32 };

AUTO_DEFINE(x509, X509 *, X509_free)
AUTO_DEFINE(x509_store, X509_STORE *, X509_STORE_free)
AUTO_DEFINE(ocsp_resp, OCSP_RESPONSE *, OCSP_RESPONSE_free)
AUTO_DEFINE(ocsp_basic, OCSP_BASICRESP *, OCSP_BASICRESP_free)

struct question {
    X509 *issuer;
    OCSP_CERTID *id; /* of the request */
    OCSP_REQUEST *request;
    bool nonce;
};

static X509 *read_cert(const struct cert *c)
{
    const uint8_t *p = c->der;

    return d2i_X509(NULL, &p, (long)c->der_len);
}

int status_ocsp_url(const struct cert *c, struct status *out)
{
    AUTO(x509) X509 *x = read_cert(c);
    STACK_OF(OPENSSL_STRING) *l = x ? X509_get1_ocsp(x) : NULL;
    const char *url = NULL;
    int rc = -1;

    for (int i = 0; i < sk_OPENSSL_STRING_num(l) && !url; i++)
        if (strncmp(sk_OPENSSL_STRING_value(l, i), "http://", 7) == 0)
            url = sk_OPENSSL_STRING_value(l, i);
    if (url)
        rc = status_take_url(out, url, strlen(url));
    else
        status_set(out, SAYS_NOTHING,
                   sk_OPENSSL_STRING_num(l) > 0
                       ? "its address is not http://"
                       : "the certificate names no responder");
    X509_email_free(l);
    return rc;
}

struct question *question_new(const struct cert *c, const struct cert *issuer,
                              bool nonce)
{
    AUTO(x509) X509 *x = read_cert(c);
    struct question *q = xcalloc(1, sizeof(*q));
    OCSP_CERTID *id;

    q->issuer = read_cert(issuer);
    q->request = OCSP_REQUEST_new();
    q->nonce = nonce;
    /* SHA-1, which every responder knows (RFC 5019 section 2.1.1). */
    id = x && q->issuer ? OCSP_cert_to_id(EVP_sha1(), x, q->issuer) : NULL;
    q->id = id ? OCSP_CERTID_dup(id) : NULL;
    if (id && q->id && q->request && OCSP_request_add0_id(q->request, id) &&
        (!nonce || OCSP_request_add1_nonce(q->request, NULL, NONCE_LEN)))
        return q;
    ERR_clear_error();
    question_free(q);
    return NULL;
}

void question_free(struct question *q)
{
    if (!q)
        return;
    X509_free(q->issuer);
    OCSP_CERTID_free(q->id);
    OCSP_REQUEST_free(q->request);
    free(q);
}

void question_put(const struct question *q, struct buf *out)
{
    uint8_t *der = NULL;
    int n = i2d_OCSP_REQUEST(q->request, &der);

    if (n > 0)
        buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
}

/* Signed by the issuer, or by whom it made a responder that has not ended
 * (section 4.2.2.2). */
static bool is_signed(const struct question *q, OCSP_BASICRESP *basic,
                      int64_t now)
{
    AUTO(x509_store) X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *l = sk_X509_new_null();
    bool ok;

    if (store)
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)now);
    ok = store && l && sk_X509_push(l, q->issuer) > 0 &&
         X509_STORE_add_cert(store, q->issuer) &&
         OCSP_basic_verify(basic, l, store, OCSP_PARTIAL_CHAIN) == 1;
    sk_X509_free(l);
    ERR_clear_error();
    return ok;
}

static int64_t time_of(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;

    return t && ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) : 0;
}

static void judge_single(const struct question *q, OCSP_BASICRESP *basic,
                         int64_t now, struct status *out)
{
    ASN1_GENERALIZEDTIME *revoked, *from, *until;
    int state, reason;

    if (!OCSP_resp_find_status(basic, q->id, &state, &reason, &revoked, &from,
                               &until)) {
        status_set(out, SAYS_FAILED, "the answer is about another certificate");
        return;
    }
    out->this_update = time_of(from);
    out->next_update = time_of(until);
    if (!status_is_of_now(out, now))
        return;
    out->says = state == V_OCSP_CERTSTATUS_GOOD      ? SAYS_GOOD
                : state == V_OCSP_CERTSTATUS_REVOKED ? SAYS_REVOKED
                                                     : SAYS_UNKNOWN;
    if (out->says != SAYS_REVOKED)
        return;
    out->revoked_at = time_of(revoked);
    out->reason = reason < 0 ? REASON_UNSPECIFIED : reason;
}

static void judge_basic(const struct question *q, OCSP_BASICRESP *basic,
                        int64_t now, struct status *out)
{
    int nonce = OCSP_check_nonce(q->request, basic);

    if (!is_signed(q, basic, now))
        status_set(out, SAYS_FAILED,
                   "the answer is signed neither by the issuer nor by a "
                   "responder of it");
    else if (q->nonce && nonce == -1)
        status_set(out, SAYS_FAILED,
                   "the answer has no nonce: it may be an old one");
    else if (q->nonce && nonce != 1)
        status_set(out, SAYS_FAILED,
                   "the answer has another nonce than the question");
    else
        judge_single(q, basic, now, out);
}

void question_judge(const struct question *q, const uint8_t *der, size_t len,
                    int64_t now, struct status *out)
{
    const uint8_t *p = der;
    AUTO(ocsp_resp)
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
    AUTO(ocsp_basic) OCSP_BASICRESP *basic = NULL;

    if (r && p == der + len &&
        OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        status_set(out, SAYS_FAILED, "the responder says %s",
                   OCSP_response_status_str(OCSP_response_status(r)));
    else if (r && p == der + len && (basic = OCSP_response_get1_basic(r)))
        judge_basic(q, basic, now, out);
    else
        status_set(out, SAYS_FAILED, "the answer is not one of OCSP");
    ERR_clear_error();
}
