/* SPDX-License-Identifier: ISC */
#include "cmd_status_ask.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/http.h>

#include "tm.h"

enum {
    PATIENCE = 15, /* seconds, for one answer and all of it */
    OCSP_MAX = 1 << 16,
    CRL_MAX = 1 << 27,
    HEAD_LINE_MAX = 8192,
    NAP_MS = 50,
};

/* The first reason of OpenSSL's is the cause of the others. */
static void failed(struct status *out)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long code = ERR_peek_error_data(&data, &flags);
    const char *reason = ERR_reason_error_string(code);
    const bool more = data && *data && (flags & ERR_TXT_STRING);

    if (ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
    status_set(out, SAYS_FAILED, "it could not be asked: %s%s%s",
               reason ? reason : "no answer", more ? ": " : "",
               more ? data : "");
    ERR_clear_error();
}

/* OpenSSL looks at the clock only where it waits: who sends without a pause is
 * read for ever.  Read nothing once the time is up. */
static long in_time(BIO *b, int oper, const char *p, size_t len, int argi,
                    long argl, int ret, size_t *done)
{
    const time_t *end = (const time_t *)(void *)BIO_get_callback_arg(b);

    (void)p, (void)len, (void)argi, (void)argl, (void)done;
    if (oper != BIO_CB_READ || time(NULL) <= *end)
        return ret;
    ERR_raise(ERR_LIB_BIO, BIO_R_TRANSFER_TIMEOUT);
    return 0;
}

/* Refused is an answer; OSSL_HTTP_open() would ask again until the time is up.
 */
static BIO *dial(const char *host, const char *port, time_t end)
{
    BIO *b = BIO_new_connect(host);

    if (!b)
        return NULL;
    BIO_set_conn_port(b, port);
    BIO_set_nbio(b, 1);
    while (BIO_do_connect(b) <= 0)
        if (!BIO_should_retry(b) || BIO_wait(b, end, NAP_MS) <= 0) {
            BIO_free_all(b);
            return NULL;
        }
    return b;
}

/* GET, or POST of what is asked; the answer is read to the end of its DER. No
 * proxy is asked, and no redirection followed. */
static BIO *transfer(const char *url, BIO *question, size_t max)
{
    time_t end = time(NULL) + PATIENCE;
    char *host = NULL, *port = NULL, *path = NULL;
    AUTO(bio) BIO *b = NULL;
    BIO *in = NULL;

    if (OSSL_HTTP_parse_url(url, NULL, NULL, &host, &port, NULL, &path, NULL,
                            NULL))
        b = dial(host, port, end);
    if (b) {
        BIO_set_callback_arg(b, (char *)&end);
        BIO_set_callback_ex(b, in_time);
        in = OSSL_HTTP_transfer(
            NULL, host, port, path, 0, NULL, NULL, b, b, NULL, NULL,
            HEAD_LINE_MAX, NULL, question ? "application/ocsp-request" : NULL,
            question, question ? "application/ocsp-response" : NULL, 1, max,
            PATIENCE, 0);
    }
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    return in;
}

static int ask(const struct buf *question, size_t max, struct buf *answer,
               struct status *out)
{
    AUTO(bio) BIO *body = NULL;
    AUTO(bio) BIO *in = NULL;
    uint8_t chunk[4096];
    int n;

    ERR_clear_error();
    if (question)
        body = BIO_new_mem_buf(question->data, (int)question->len);
    in = transfer(out->url, body, max);
    if (!in) {
        failed(out);
        return -1;
    }
    while ((n = BIO_read(in, chunk, sizeof(chunk))) > 0)
        buf_put(answer, chunk, (size_t)n);
    ERR_clear_error();
    return 0;
}

/* The next address is for when this one has no answer that counts. */
static bool is_list_of(const char *url, const struct cert *c,
                       const struct cert *issuer, struct status *out)
{
    AUTO(buf) struct buf answer = {0};

    status_free(out);
    out->url = xstrdup(url);
    if (ask(NULL, CRL_MAX, &answer, out) == 0)
        status_judge_crl(c, issuer, answer.data, answer.len, tm_now(), out);
    return out->says != SAYS_FAILED;
}

void ask_crl(const struct cert *c, const struct cert *issuer,
             struct status *out)
{
    AUTO(status_points) struct status_points p = {0};
    const bool malformed = status_points_read(&p, c) != 0;

    if (malformed)
        status_set(out, SAYS_FAILED, "its distribution points are malformed");
    else if (p.urls.n + p.others.n == 0)
        status_set(out, SAYS_NOTHING, "the certificate names none");
    else if (p.urls.n == 0 && p.failed)
        out->says = SAYS_FAILED;
    for (size_t i = 0; i < p.urls.n && !malformed; i++) {
        if (is_list_of(p.urls.v[i], c, issuer, out))
            break;
        if (i + 1 < p.urls.n)
            strs_add_own(&p.others,
                         xasprintf("%s: %s", p.urls.v[i], out->detail));
    }
    status_tell(out, &p.others);
}

void ask_ocsp(const struct cert *c, const struct cert *issuer, bool nonce,
              struct status *out)
{
    AUTO(buf) struct buf der = {0}, answer = {0};
    AUTO(question) struct question *q = NULL;

    if (status_ocsp_url(c, out) != 0)
        return;
    q = question_new(c, issuer, nonce);
    if (!q) {
        status_set(out, SAYS_FAILED, "OpenSSL does not read the certificate");
        return;
    }
    question_put(q, &der);
    if (ask(&der, OCSP_MAX, &answer, out) == 0)
        question_judge(q, answer.data, answer.len, tm_now(), out);
}
