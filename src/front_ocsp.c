/* SPDX-License-Identifier: ISC */
/* OCSP over HTTP (RFC 6960 appendix A, RFC 5019). */
#include <string.h>

#include <openssl/evp.h>

#include "front_handle.h"
#include "front_ocsp_cache.h"
#include "log.h"
#include "tm.h"

#define TYPE_REQUEST "application/ocsp-request"
#define TYPE_RESPONSE "application/ocsp-response"

/* A request that the signer is asked about. */
struct asked {
    struct buf der; /* what q points into */
    struct ocsp_request q;
    uint16_t authority;
    bool with_nonce;
    struct ocsp_entry *pins[OCSP_IDS_MAX];
    struct ocsp_body *kept; /* that it is answered with, until it is sent */
};

static void asked_free(void *arg)
{
    struct asked *a = arg;

    for (size_t i = 0; i < a->q.n; i++)
        if (a->pins[i])
            ocsp_cache_unpin(a->pins[i]);
    ocsp_body_unref(a->kept);
    buf_free(&a->der);
    free(a);
}

/* ---- answers ---- */

static void reply_error(struct req *r, enum ocsp_error error)
{
    AUTO(buf) struct buf der = {0};

    ocsp_error_der(buf_extend(&der, OCSP_ERROR_LEN), error);
    front_header_lent(r, "Cache-Control", "no-store");
    front_reply(r, 200, TYPE_RESPONSE, &der);
}

/* Takes the reference. */
static void reply_kept(struct req *r, struct ocsp_body *b)
{
    struct asked *a = r->state;
    const bool known = r->method == METHOD_GET &&
                       front_not_modified(r, b->etag, b->this_update);

    front_header_lent(r, "Cache-Control", b->control);
    front_header_lent(r, "ETag", b->etag);
    front_header_lent(r, "Last-Modified", b->modified);
    front_header_lent(r, "Expires", b->expires);
    a->kept = b;
    if (known)
        front_reply_lent(r, 304, TYPE_RESPONSE, b->der.data, b->der.len);
    else
        front_reply_kept(r, TYPE_RESPONSE, b->der.data, b->der.len, &b->spare);
}

/* ---- asking the signer ---- */

static front_fn answered;

static void ask(struct req *r)
{
    const struct asked *a = r->state;
    struct msg_ocsp m = {.authority = a->authority, .n = a->q.n};

    for (size_t i = 0; i < a->q.n; i++) {
        m.digest[i] = a->q.ids[i].digest;
        m.serial[i] = a->q.ids[i].serial;
    }
    if (a->with_nonce) {
        m.nonce = a->q.nonce;
        m.nonce_len = a->q.nonce_len;
    }
    msg_ocsp_put(front_begin(r, MSG_OCSP), &m);
    front_ask(r, answered);
}

/* What was kept, or the signer. */
static void answer(struct req *r)
{
    struct asked *a = r->state;
    const struct ocsp_id *id = &a->q.ids[0];
    struct ocsp_body *b = NULL;

    if (a->q.n == 1 && !a->with_nonce)
        b = ocsp_cache_find(a->authority, &id->serial, id->digest, tm_now());
    if (b) {
        reply_kept(r, b);
        return;
    }
    for (size_t i = 0; i < a->q.n; i++)
        if (!a->pins[i])
            a->pins[i] = ocsp_cache_pin(a->authority, &a->q.ids[i].serial);
    ask(r);
}

static bool is_current(const struct asked *a, uint64_t snapshot)
{
    for (size_t i = 0; i < a->q.n; i++)
        if (!ocsp_cache_current(a->pins[i], snapshot))
            return false;
    return true;
}

static void answered(struct req *r)
{
    struct asked *a = r->state;
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer m = {0};
    struct rd *body = front_answer(r, MSG_OCSP_ANSWER);

    msg_ocsp_answer_get(body, &m);
    front_answer_done(r, body);
    if (!is_current(a, m.snapshot)) {
        ask(r); /* somebody revoked meanwhile */
    } else if (m.error && a->with_nonce) {
        a->with_nonce = false; /* RFC 5019: what everybody gets, then */
        answer(r);
    } else if (m.error) {
        reply_error(r, (enum ocsp_error)m.error);
    } else if (m.keep) {
        reply_kept(r, ocsp_cache_keep(a->pins[0], a->q.ids[0].digest, &m));
    } else {
        front_header_lent(r, "Cache-Control", "no-store");
        front_reply(r, 200, TYPE_RESPONSE, &m.der);
    }
}

/* ---- requests ---- */

/* The authority that issued them all and answers here; -1: none. */
static int find_authority(const struct front *f, const struct ocsp_request *q)
{
    for (size_t a = 0; a < f->hello.authorities.n; a++) {
        size_t n = 0;

        if (!f->ocsp_issuers[a].answers)
            continue;
        while (n < q->n && ocsp_id_of(&q->ids[n], &f->ocsp_issuers[a].hashes))
            n++;
        if (n == q->n)
            return (int)a;
    }
    return -1;
}

/* Takes der. */
static void begin(struct req *r, struct buf *der)
{
    AUTO(errs) struct errs e = {0};
    struct asked *a = xcalloc(1, sizeof(*a));
    int authority;

    r->state = a;
    r->state_free = asked_free;
    a->der = *der;
    *der = (struct buf){0};
    if (ocsp_request_parse(&a->q, a->der.data, a->der.len, &e) != 0) {
        a->q.n = 0;
        reply_error(r, OCSP_MALFORMED);
        return;
    }
    authority = find_authority(r->front, &a->q);
    if (authority < 0) {
        reply_error(r, OCSP_UNAUTHORIZED);
        return;
    }
    a->authority = (uint16_t)authority;
    a->with_nonce = a->q.nonce_len > 0;
    answer(r);
}

void front_ocsp_post(struct req *r)
{
    AUTO(free) char *type = front_content_type(r);

    if (front_query_none(r) != 0)
        return;
    if (strcmp(type, TYPE_REQUEST) != 0)
        front_refuse_type(r, type, TYPE_REQUEST " is wanted");
    else
        begin(r, &r->body);
}

/* 0, or -1 when it is not base64 with its padding. */
static int decode(const char *text, struct buf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t len = strlen(text), n = strspn(text, alphabet);
    const size_t pad = len - n;

    if (len == 0 || len % 4 || pad > 2 || strspn(text + n, "=") != pad)
        return -1;
    EVP_DecodeBlock(buf_extend(out, len / 4 * 3), (const uint8_t *)text,
                    (int)len);
    out->len -= pad;
    return 0;
}

void front_ocsp_get(struct req *r)
{
    AUTO(buf) struct buf der = {0};

    if (front_query_none(r) != 0)
        return;
    if (decode(r->part, &der) != 0)
        reply_error(r, OCSP_MALFORMED);
    else
        begin(r, &der);
}

void front_ocsp_prepare(struct front *f)
{
    const struct authority_infos *l = &f->hello.authorities;

    f->ocsp_issuers = xcalloc(l->n, sizeof(*f->ocsp_issuers));
    for (size_t i = 0; i < l->n; i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(cert) struct cert c = {0};

        if (cert_parse(&c, l->v[i].der.data, l->v[i].der.len, &e) != 0)
            log_fatal("ocsp", "authority %s: %s", l->v[i].name, e.v[0].detail);
        ocsp_issuer_init(&f->ocsp_issuers[i].hashes, &c);
        f->ocsp_issuers[i].answers = l->v[i].has_key;
    }
}
