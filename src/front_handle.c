/* SPDX-License-Identifier: ISC */
/* What the handlers share. */
#include "front_handle.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "tm.h"
#include "view.h"

int front_query(struct req *r, const char *const *names, struct front_args *out)
{
    AUTO(errs) struct errs e = {0};
    const char *text = r->query ? r->query : "";

    if (front_args_parse(out, text, strlen(text), &e) == 0 &&
        front_args_only(out, names, &e) == 0)
        return 0;
    front_args_free(out);
    front_problem(r, &e);
    return -1;
}

int front_query_none(struct req *r)
{
    static const char *const none[] = {NULL};
    struct front_args args = {0};

    if (!r->query || !*r->query)
        return 0;
    if (r->method == METHOD_POST) {
        front_refuse(r, ERR_BAD_ARGUMENT,
                     "the URL has no arguments here: they belong into the "
                     "body, as curl -d sends them");
        return -1;
    }
    if (front_query(r, none, &args) != 0)
        return -1;
    front_args_free(&args);
    return 0;
}

int front_serial(struct req *r, struct serial *s)
{
    if (r->part && serial_parse(s, r->part) == 0)
        return 0;
    front_refuse(r, ERR_NOT_FOUND,
                 "\"%.100s\" is no serial number in hexadecimal",
                 r->part ? r->part : "");
    return -1;
}

struct rd *front_answer(struct req *r, enum msg_type type)
{
    if (r->answers.n != 1 || r->answers.v[0].type != type)
        log_fatal("signer", "%zu frames, the first %s, where one %s belongs",
                  r->answers.n,
                  r->answers.n ? msg_name(r->answers.v[0].type) : "none",
                  msg_name(type));
    return &r->answers.v[0].body;
}

void front_answer_done(const struct req *r, const struct rd *body)
{
    if (!rd_done(body))
        log_fatal("signer", "a malformed answer for %s",
                  r->route ? r->route->name : "no route");
}

void front_ask_checked(struct req *r, front_fn *fn)
{
    if (r->frame.len > MSG_MAX)
        front_refuse(r, ERR_TOO_LARGE,
                     "the request comes to %zu octets, at most %d are taken",
                     r->frame.len, MSG_MAX);
    else
        front_ask(r, fn);
}

void front_refuse_type(struct req *r, const char *type, const char *wanted)
{
    front_refuse(r, ERR_UNSUPPORTED_MEDIA_TYPE, "Content-Type %.80s: %s",
                 *type ? type : "missing", wanted);
}

bool front_not_modified(const struct req *r, const char *etag, int64_t modified)
{
    const char *match = front_head(r, "If-None-Match");
    const char *since = front_head(r, "If-Modified-Since");
    int64_t t;

    if (match)
        return etag_match(match, etag);
    /* Exactly: thisUpdate lies a minute back, so that a later date than this
     * one may still be older than the list (RFC 9110 section 13.1.3). */
    return since && tm_parse_http(since, &t) == 0 && modified == t;
}

static void reply_json(struct req *r, int status, const struct record *rec)
{
    front_reply_json(r, status,
                     view_record(rec, tm_now(), &r->front->hello.authorities));
}

void front_reply_record(struct req *r, int status, const struct record *rec,
                        enum cert_format format)
{
    AUTO(buf) struct buf out = {0};

    if (format == CERT_JSON) {
        reply_json(r, status, rec);
        return;
    }
    if (format == CERT_DER)
        buf_put(&out, rec->der.data, rec->der.len);
    else
        authority_chain_pem(&r->front->hello.authorities, rec->authority,
                            &rec->der, &out);
    front_reply(r, status, format == CERT_DER ? TYPE_DER : TYPE_CHAIN, &out);
}
