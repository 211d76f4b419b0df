/* SPDX-License-Identifier: ISC */
/* How the service is, and the little that is the same for everyone. */
#include <string.h>

#include "front_handle.h"
#include "log.h"

void front_health(struct req *r)
{
    static const char ok[] = "ok\n";

    if (front_query_none(r) == 0)
        front_reply_lent(r, 200, "text/plain; charset=utf-8", ok,
                         sizeof(ok) - 1);
}

static json_t *texts(const struct strs *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(a, json_string(l->v[i]));
    return a;
}

static void reply_ready(struct req *r, const struct msg_ready *m)
{
    if (!m->ready)
        front_header(r, "Retry-After", "5");
    front_header(r, "Cache-Control", "no-store");
    front_reply_json(r, m->ready ? 200 : 503,
                     json_pack("{s:b, s:o, s:o}", "ready", m->ready, "reasons",
                               texts(&m->reasons), "warnings",
                               texts(&m->warnings)));
}

static void readiness(struct req *r)
{
    AUTO(msg_ready) struct msg_ready m = {0};
    struct rd *body = front_answer(r, MSG_READINESS);

    msg_ready_get(body, &m);
    front_answer_done(r, body);
    reply_ready(r, &m);
}

/* Without the signer nothing is issued: that is the reason then. */
static void unready(struct req *r, const struct errs *e)
{
    AUTO(msg_ready) struct msg_ready m = {0};

    for (size_t i = 0; i < e->n; i++)
        strs_add_own(&m.reasons, xasprintf("signer: %s", e->v[i].detail));
    reply_ready(r, &m);
}

/* Who probes wants to know, and not to wait. */
enum { PROBE_US = 3000000 };

void front_ready(struct req *r)
{
    if (front_query_none(r) != 0)
        return;
    front_patience(r, PROBE_US);
    front_on_failed(r, unready);
    front_begin(r, MSG_READY);
    front_ask(r, readiness);
}

static void metrics(struct req *r)
{
    AUTO(buf) struct buf out = {0};

    for (size_t i = 0; i < r->answers.n; i++) {
        struct answer *a = &r->answers.v[i];
        const uint8_t *p;
        size_t len;

        if (a->type != MSG_TEXT)
            log_fatal("signer", "%s where TEXT belongs", msg_name(a->type));
        p = rd_blob(&a->body, &len);
        front_answer_done(r, &a->body);
        buf_put(&out, p, len);
    }
    front_metrics_put(r, &out);
    front_reply(r, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

void front_metrics(struct req *r)
{
    if (front_query_none(r) != 0)
        return;
    front_begin(r, MSG_METRICS);
    front_ask(r, metrics);
}

void front_openapi(struct req *r)
{
    if (front_query_none(r) == 0)
        front_reply_lent(r, 200, "application/yaml", front_openapi_text,
                         front_openapi_size);
}
