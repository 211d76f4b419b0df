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

/* The last reason is the one nearest to what was called. */
static void failed(struct status *out, long long took_us)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long code = ERR_peek_last_error_data(&data, &flags);
    const char *reason = ERR_reason_error_string(code);

    if (took_us >= PATIENCE * 1000000LL)
        status_set(out, SAYS_FAILED, "no whole answer within %d seconds",
                   PATIENCE);
    else
        status_set(out, SAYS_FAILED, "it could not be asked: %s%s%s",
                   reason ? reason : "no answer",
                   data && *data && (flags & ERR_TXT_STRING) ? ": " : "",
                   data && (flags & ERR_TXT_STRING) ? data : "");
    ERR_clear_error();
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
    char *host = NULL, *port = NULL, *path = NULL;
    AUTO(bio) BIO *b = NULL;
    BIO *in = NULL;

    if (OSSL_HTTP_parse_url(url, NULL, NULL, &host, &port, NULL, &path, NULL,
                            NULL))
        b = dial(host, port, time(NULL) + PATIENCE);
    if (b)
        in = OSSL_HTTP_transfer(
            NULL, host, port, path, 0, NULL, NULL, b, b, NULL, NULL,
            HEAD_LINE_MAX, NULL, question ? "application/ocsp-request" : NULL,
            question, question ? "application/ocsp-response" : NULL, 1, max,
            PATIENCE, 0);
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    return in;
}

static int ask(const struct buf *question, size_t max, struct buf *answer,
               struct status *out)
{
    const int64_t began = tm_mono_us();
    AUTO(bio) BIO *body = NULL;
    AUTO(bio) BIO *in = NULL;
    uint8_t chunk[4096];
    int n;

    ERR_clear_error();
    if (question)
        body = BIO_new_mem_buf(question->data, (int)question->len);
    in = transfer(out->url, body, max);
    if (!in) {
        failed(out, tm_mono_us() - began);
        return -1;
    }
    while ((n = BIO_read(in, chunk, sizeof(chunk))) > 0)
        buf_put(answer, chunk, (size_t)n);
    ERR_clear_error();
    return 0;
}

void ask_crl(const struct cert *c, const struct cert *issuer,
             struct status *out)
{
    AUTO(buf) struct buf answer = {0};

    if (status_crl_url(c, out) == 0 && ask(NULL, CRL_MAX, &answer, out) == 0)
        status_judge_crl(c, issuer, answer.data, answer.len, tm_now(), out);
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
