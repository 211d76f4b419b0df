/* SPDX-License-Identifier: ISC */
/* A request from its URL to its answer: what steps may call. */
#include "front_core.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "front_args.h"
#include "log.h"
#include "tm.h"
#include "view.h"

enum { ANSWER_US = 30000000 }; /* what the signer has for an answer */
#define ID_HEADER "X-Request-Id"

/* ---- life ---- */

struct req *req_new(struct front *f, struct MHD_Connection *conn,
                    struct link *l, const char *url)
{
    struct req *r = xcalloc(1, sizeof(*r));

    r->front = f;
    r->start_us = tm_mono_us();
    r->url = xstrdup(url);
    r->core = xcalloc(1, sizeof(*r->core));
    r->core->conn = conn;
    r->core->link = l;
    r->core->patience_us = ANSWER_US;
    return r;
}

void answers_free(struct answers *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->v[i].octets);
    free(a->v);
    *a = (struct answers){0};
}

static void core_free(struct front_core *c)
{
    for (size_t i = 0; i < c->n_headers; i++)
        free(c->headers[i].own);
    errs_free(&c->failed);
    errs_free(&c->held);
    buf_free(&c->out);
    if (c->response)
        MHD_destroy_response(c->response);
    free(c);
}

/* As it was, for the next request; one that was left meanwhile goes. */
static void spare_response(struct req *r)
{
    struct MHD_Response *m = r->core->response;

    MHD_del_response_header(m, ID_HEADER, r->caller.request_id);
    r->core->response = atomic_exchange(r->core->spare, m);
}

void req_free(struct req *r)
{
    if (!r)
        return;
    if (r->core->spare)
        spare_response(r);
    if (r->state_free)
        r->state_free(r->state);
    free(r->url);
    free(r->path);
    free(r->part);
    buf_free(&r->body);
    if (r->caller.token)
        mem_wipe(r->caller.token, strlen(r->caller.token));
    caller_free(&r->caller);
    buf_wipe(&r->frame);
    answers_free(&r->answers);
    core_free(r->core);
    free(r);
}

void req_resume(struct req *r)
{
    struct turn *t = r->core->turn;

    if (!r->core->conn) {
        sem_post(r->core->sem);
        return;
    }
    MHD_resume_connection(r->core->conn);
    turn_wake(t); /* r is the HTTP thread's by now */
}

/* ---- what comes next ---- */

static void say(struct req *r, enum todo todo, front_fn *fn)
{
    if (r->core->todo != TODO_STOP)
        log_fatal("step", "two answers to %s", r->path ? r->path : "-");
    r->core->todo = todo;
    r->core->next = fn;
}

void front_work(struct req *r, front_fn *fn)
{
    say(r, TODO_WORK, fn);
}

struct buf *front_begin(struct req *r, enum msg_type type)
{
    msg_begin(&r->frame, type, 0, false);
    caller_put(&r->frame, &r->caller);
    return &r->frame;
}

void front_ask(struct req *r, front_fn *fn)
{
    say(r, TODO_ASK, fn);
}

void front_patience(struct req *r, int64_t us)
{
    r->core->patience_us = us;
}

void front_on_failed(struct req *r, front_failed_fn *fn)
{
    r->core->on_failed = fn;
}

/* ---- the reply ---- */

enum { STREAM_BLOCK = 32 * 1024 };

static void put_header(struct req *r, const struct reply_header *h)
{
    struct front_core *c = r->core;

    if (c->n_headers == REPLY_HEADERS_MAX)
        log_fatal("reply", "%s has more than %d headers", r->path,
                  REPLY_HEADERS_MAX);
    c->headers[c->n_headers++] = *h;
}

void front_header(struct req *r, const char *name, const char *value)
{
    char *own = xstrdup(value);

    put_header(r, &(struct reply_header){name, own, own});
}

void front_header_lent(struct req *r, const char *name, const char *value)
{
    put_header(r, &(struct reply_header){name, value, NULL});
}

static void add_header(struct MHD_Response *m, const char *name,
                       const char *value)
{
    if (MHD_add_response_header(m, name, value) != MHD_YES)
        log_fatal("reply", "the header %s: %s cannot be", name, value);
}

/* Every reply goes through here. */
static void reply(struct req *r, enum todo todo, int status,
                  struct MHD_Response *m, uint64_t len)
{
    struct front_core *c = r->core;

    if (!m)
        log_fatal("reply", "no memory for a response");
    say(r, todo, NULL);
    c->response = m;
    c->reply_len = len;
    r->status = status;
    if (r->caller.request_id)
        add_header(m, ID_HEADER, r->caller.request_id);
}

static bool closes(const struct req *r)
{
    return r->core->last || r->front->draining;
}

static void finish(struct req *r, enum todo todo, int status, const char *type,
                   struct MHD_Response *m, uint64_t len)
{
    struct front_core *c = r->core;

    reply(r, todo, status, m, len);
    if (type && status != 304) /* it is the one that is known */
        add_header(m, "Content-Type", type);
    for (size_t i = 0; i < c->n_headers; i++)
        add_header(m, c->headers[i].name, c->headers[i].value);
    add_header(m, "X-Content-Type-Options", "nosniff");
    if (closes(r))
        add_header(m, "Connection", "close");
}

void front_reply(struct req *r, int status, const char *type, struct buf *body)
{
    size_t len = body ? body->len : 0;
    struct MHD_Response *m;

    if (len) {
        m = MHD_create_response_from_buffer(len, body->data,
                                            MHD_RESPMEM_MUST_FREE);
        *body = (struct buf){0};
    } else {
        m = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "",
                                            MHD_RESPMEM_PERSISTENT);
    }
    finish(r, TODO_REPLY, status, type, m, len);
}

void front_reply_lent(struct req *r, int status, const char *type,
                      const void *p, size_t len)
{
    finish(r, TODO_REPLY, status, type,
           MHD_create_response_from_buffer(len, (void *)(uintptr_t)p,
                                           MHD_RESPMEM_PERSISTENT),
           len);
}

void front_reply_kept(struct req *r, const char *type, const void *p,
                      size_t len, front_spare *spare)
{
    struct MHD_Response *m = NULL;

    if (!closes(r)) {
        r->core->spare = spare;
        m = atomic_exchange(spare, NULL);
    }
    if (m)
        reply(r, TODO_REPLY, 200, m, len);
    else
        front_reply_lent(r, 200, type, p, len);
}

void front_reply_fd(struct req *r, int status, const char *type, int fd,
                    uint64_t size)
{
    finish(r, TODO_REPLY, status, type, MHD_create_response_from_fd64(size, fd),
           size);
}

void front_reply_read(struct req *r, int status, const char *type,
                      uint64_t size, front_read_fn *read, void *arg,
                      void (*done)(void *arg))
{
    finish(
        r, TODO_REPLY, status, type,
        MHD_create_response_from_callback(size, STREAM_BLOCK, read, arg, done),
        size);
}

void front_reply_json(struct req *r, int status, json_t *j)
{
    AUTO(buf) struct buf b = {0};

    view_print(&b, j);
    front_reply(r, status, "application/json", &b);
}

/* ---- streams ---- */

/* One more turn of the one who makes the text; false: it waits. */
static bool stream_turn(struct req *r)
{
    struct front_core *c = r->core;
    front_fn *fn = c->more;

    c->todo = TODO_STOP;
    if (c->asked) {
        c->asked = false;
        fn = c->next;
        c->next = NULL;
    }
    buf_reset(&c->out);
    c->out_at = 0;
    fn(r);
    if (c->todo == TODO_ASK) {
        c->asked = true;
        link_phase(c->link, PHASE_WAIT, 0);
        MHD_suspend_connection(c->conn);
        signer_link_send(r);
        return false;
    }
    if (c->out.len == 0 && !c->ended)
        log_fatal("stream", "%s makes nothing", r->path);
    return true;
}

static ssize_t stream_read(void *arg, uint64_t pos, char *to, size_t max)
{
    struct req *r = arg;
    struct front_core *c = r->core;
    size_t n;

    (void)pos;
    while (c->out_at == c->out.len) {
        if (c->failed.n) {
            r->code = errs_first(&c->failed)->code;
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        if (c->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!stream_turn(r))
            return 0;
    }
    link_phase(c->link, PHASE_REPLY, STREAM_BLOCK);
    n = c->out.len - c->out_at < max ? c->out.len - c->out_at : max;
    memcpy(to, c->out.data + c->out_at, n);
    c->out_at += n;
    return (ssize_t)n;
}

void front_stream(struct req *r, int status, const char *type, front_fn *more)
{
    r->core->more = more;
    finish(r, TODO_STREAM, status, type,
           MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
                                             stream_read, r, NULL),
           0);
}

struct buf *front_out(struct req *r)
{
    return &r->core->out;
}

void front_end(struct req *r)
{
    r->core->ended = true;
}

/* ---- headers of the request ---- */

const char *front_head(const struct req *r, const char *name)
{
    return MHD_lookup_connection_value(r->core->conn, MHD_HEADER_KIND, name);
}

static enum MHD_Result gather_accept(void *arg, enum MHD_ValueKind kind,
                                     const char *name, const char *value)
{
    struct buf *b = arg;

    (void)kind;
    if (strcasecmp(name, "Accept") == 0 && value)
        buf_printf(b, "%s%s", b->len ? ", " : "", value);
    return MHD_YES;
}

int front_accept(const struct req *r, const char *const *types, size_t n)
{
    AUTO(buf) struct buf all = {0};

    MHD_get_connection_values(r->core->conn, MHD_HEADER_KIND, gather_accept,
                              &all);
    if (!all.len)
        return accept_choose(NULL, types, n);
    buf_putc(&all, '\0');
    return accept_choose((const char *)all.data, types, n);
}

char *front_content_type(const struct req *r)
{
    char type[MEDIA_SIZE];

    /* What is no media type is none of those that anybody takes. */
    if (!media_type_read(type, front_head(r, "Content-Type")))
        return xstrdup("malformed");
    return xstrdup(type);
}
