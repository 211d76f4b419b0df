/* SPDX-License-Identifier: ISC */
/* The frames' side: who is at the other end, and which message goes where. */
#include "signer_ocsp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>

enum { ADMIN_SEND_S = 30, HELD_MAX = 64, QUICK_MAX = 32 };

struct peer *peer_new(int sock, enum msg_peer kind, uid_t uid)
{
    struct peer *p = xcalloc(1, sizeof(*p));

    p->sock = sock;
    p->kind = kind;
    p->uid = uid;
    p->refs = 1;
    return p;
}

struct peer *peer_ref(struct peer *p)
{
    p->refs++;
    return p;
}

void peer_unref(struct peer *p)
{
    if (!p || --p->refs > 0)
        return;
    close(p->sock);
    free(p);
}

static void unsent(struct peer *p)
{
    if (errno == EMSGSIZE)
        log_fatal("frame", "an answer is too long");
    /* Gone, or an admin that does not read: never let it hold up others. */
    shutdown(p->sock, SHUT_RDWR);
}

static void send_frame(struct peer *p, struct buf *frame, bool dontwait)
{
    if (msg_send(p->sock, frame, -1, dontwait) != 0)
        unsent(p);
}

/* What this thread holds back, all for the one front. */
static _Thread_local struct {
    struct buf v[HELD_MAX];
    size_t n;
    struct peer *front;
    bool on;
} held;

static void send_held(void)
{
    if (!held.n)
        return;
    if (msg_send_all(held.front->sock, held.v, held.n, false) != held.n)
        unsent(held.front);
    while (held.n)
        buf_wipe(&held.v[--held.n]);
    peer_unref(held.front);
}

void peer_hold(void)
{
    held.on = true;
}

void peer_let_go(void)
{
    held.on = false;
    send_held();
}

void peer_send(struct peer *p, struct buf *frame)
{
    if (!held.on || p->kind == PEER_A) {
        send_frame(p, frame, p->kind == PEER_A);
        return;
    }
    if (held.n == 0)
        held.front = peer_ref(p);
    held.v[held.n++] = *frame;
    *frame = (struct buf){0};
    if (held.n == HELD_MAX)
        send_held();
}

void peer_send_wait(struct peer *p, struct buf *frame)
{
    send_frame(p, frame, false);
}

void peer_send_error(struct peer *p, uint64_t id, const struct errs *e)
{
    AUTO(buf) struct buf b = {0};
    struct errs some = *e;

    /* As many reasons as go into one frame. */
    do {
        msg_begin(&b, MSG_ERROR, id, false);
        errs_put(&b, &some);
        some.n -= some.n / 4 + 1;
    } while (b.len > MSG_MAX);
    peer_send(p, &b);
}

int body_done(const struct frame *f, const struct rd *body, struct errs *e)
{
    if (rd_done(body))
        return 0;
    return err_add(e, ERR_BAD_REQUEST, "the body of a %s frame is malformed",
                   msg_name(f->type));
}

struct key_signer *worker_key(struct worker *w,
                              const struct signer_authority *a)
{
    size_t i = (size_t)(a - w->s->authorities);

    if (!w->keys[i])
        w->keys[i] = key_signer_new(a->key);
    return w->keys[i];
}

static handler_fn *const handlers[MSG__MAX] = {
    [MSG_HELLO] = handle_hello,
    [MSG_SERVICE_CERT] = handle_service_cert,
    [MSG_ISSUE] = handle_issue,
    [MSG_RENEW] = handle_renew,
    [MSG_REVOKE] = handle_revoke,
    [MSG_REVOCATIONS] = handle_revocations,
    [MSG_GET] = handle_get,
    [MSG_LIST] = handle_list,
    [MSG_WHO] = handle_who,
    [MSG_TOKEN_MAKE] = handle_token_make,
    [MSG_TOKEN_LIST] = handle_token_list,
    [MSG_TOKEN_REMOVE] = handle_token_remove,
    [MSG_METRICS] = handle_metrics,
    [MSG_READY] = handle_ready,
    [MSG_CRL_NEXT] = handle_crl_next,
    [MSG_CRL_INSTALL] = handle_crl_install,
    [MSG_CRL_BUILD] = handle_crl_build,
    [MSG_AUDIT] = handle_audit,
    [MSG_CLOCK_ACCEPT] = handle_clock_accept,
    [MSG_IMPORT] = handle_import,
    [MSG_BLOCK] = handle_block,
    [MSG_UNBLOCK] = handle_unblock,
    [MSG_BLOCK_LIST] = handle_block_list,
    [MSG_SIGN_CA] = handle_sign_ca,
    [MSG_EXPLAIN] = handle_explain,
    [MSG_OCSP] = handle_ocsp,
};

/* Refusals of those who ask are of interest; a miss is not. */
static void log_refusal(const struct frame *f, const struct caller *c,
                        const struct errs *e)
{
    struct who w = {.request_id = c->request_id};
    enum err code = errs_first(e)->code;

    signer_log(err_status(code) == 503 ? LOG_WARN : LOG_DEBUG,
               msg_name(f->type), &w, NULL, e, false);
}

static void dispatch(struct worker *w, const struct frame *f)
{
    AUTO(errs) struct errs e = {0};
    struct rd body = f->body;
    struct caller c;

    caller_get(&body, &c);
    if (body.failed)
        body_done(f, &body, &e);
    else if (handlers[f->type](w, f, &c, &body, &e) == 0)
        errs_free(&e);
    else if (e.n == 0)
        log_fatal("refusal", "%s without a reason", msg_name(f->type));
    if (e.n) {
        log_refusal(f, &c, &e);
        peer_send_error(w->peer, f->id, &e);
    }
    caller_free(&c);
}

struct worker *worker_new(struct signer *s, struct peer *p)
{
    AUTO(errs) struct errs e = {0};
    struct worker *w = xcalloc(1, sizeof(*w));

    w->s = s;
    w->peer = p;
    w->keys = xcalloc(s->n_authorities, sizeof(*w->keys));
    w->ocsp_keys = xcalloc(s->n_authorities, sizeof(*w->ocsp_keys));
    w->reader = store_conn_open(s->store, false, &e);
    if (!w->reader)
        log_fatal("ledger", "%s", e.n ? e.v[0].detail : "no connection");
    return w;
}

void worker_free(struct worker *w)
{
    for (size_t i = 0; i < w->s->n_authorities; i++) {
        key_signer_free(w->keys[i]);
        key_signer_free(w->ocsp_keys[i]);
    }
    free(w->keys);
    free(w->ocsp_keys);
    store_conn_close(w->reader);
    buf_wipe(&w->reply);
    for (size_t i = 0; i < KNOWN_MAX; i++)
        buf_free(&w->known[i].token);
    peer_unref(w->peer);
    mem_wipe(&w->in, sizeof(w->in)); /* tokens came through it */
    free(w);
}

/* Of admins alone somebody asks; the front is spared the clock. */
static void serve_frame(struct worker *w, const struct frame *f)
{
    struct peer *p = w->peer;

    p->silent_us = 0;
    dispatch(w, f);
    if (p->kind == PEER_A)
        p->silent_us = tm_mono_us();
}

static bool is_quick(const struct peer *p, const struct frame *f)
{
    return p->kind == PEER_F && msg_is_quick(f->type);
}

/* While one quick request follows another, their answers go together, and those
 * of OCSP come from one read transaction. */
int peer_serve(struct signer *s, struct peer *p)
{
    struct worker *w = worker_new(s, p);
    struct frame f;
    int got, quick = 0;

    do {
        got = quick ? msg_recv_now(p->sock, p->kind, &w->in, &f)
                    : msg_recv(p->sock, p->kind, &w->in, &f);
        if (quick == QUICK_MAX || got != 1 || !is_quick(p, &f))
            quick = 0;
        if (quick == 0 || f.type != MSG_OCSP)
            ocsp_read_end(w);
        if (quick == 0)
            peer_let_go();
        if (got != 1)
            continue;
        if (is_quick(p, &f)) {
            peer_hold();
            quick++;
        }
        serve_frame(w, &f);
    } while (got == 1 || got == MSG_NONE);
    worker_free(w);
    return got;
}

struct accepted {
    struct signer *s;
    struct peer *p;
};

/* A place for p: a free one, else that of the one who has been silent for the
 * longest, who is cut off.  false when all are being served. */
static bool enter(struct signer *s, struct peer *p)
{
    struct peer **place = NULL;
    int64_t since = INT64_MAX;

    pthread_mutex_lock(&s->admin_lock);
    for (size_t i = 0; i < ADMINS_MAX && since; i++) {
        struct peer *old = s->admins[i];
        int64_t silent = old ? old->silent_us : 0;

        if (old && (silent == 0 || silent >= since))
            continue;
        place = &s->admins[i];
        since = silent;
    }
    if (place && *place)
        shutdown((*place)->sock, SHUT_RDWR);
    if (place)
        *place = p;
    pthread_mutex_unlock(&s->admin_lock);
    return place;
}

static void leave(struct signer *s, const struct peer *p)
{
    pthread_mutex_lock(&s->admin_lock);
    for (size_t i = 0; i < ADMINS_MAX; i++)
        if (s->admins[i] == p)
            s->admins[i] = NULL;
    pthread_mutex_unlock(&s->admin_lock);
}

static void accepted_free(struct accepted *a)
{
    leave(a->s, a->p);
    peer_unref(a->p);
    free(a);
}

static void *admin_run(void *arg)
{
    struct accepted *a = arg;

    pthread_setname_np(pthread_self(), "admin");
    if (peer_serve(a->s, peer_ref(a->p)) < 0)
        log_msg(LOG_WARN, "admin", "a connection broke the protocol");
    accepted_free(a);
    return NULL;
}

/* The owner of the service and root; whoever else got at the socket is not
 * answered. */
static bool is_admin(const struct signer *s, int sock, uid_t *uid)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    *uid = cred.uid;
    return cred.uid == 0 || cred.uid == s->own_uid;
}

static void admit(struct signer *s, int sock)
{
    const struct timeval patience = {.tv_sec = ADMIN_SEND_S};
    struct accepted *a;
    pthread_attr_t attr;
    pthread_t thread;
    uid_t uid;

    if (!is_admin(s, sock, &uid)) {
        close(sock);
        return;
    }
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    a = xcalloc(1, sizeof(*a));
    *a = (struct accepted){s, peer_new(sock, PEER_A, uid)};
    a->p->silent_us = tm_mono_us();
    if (!enter(s, a->p)) {
        accepted_free(a);
        return;
    }
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, admin_run, a) != 0)
        accepted_free(a);
    pthread_attr_destroy(&attr);
}

void peer_accept(struct signer *s, int listener)
{
    for (;;) {
        int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (sock >= 0)
            admit(s, sock);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS)
            usleep(100 * 1000); /* until somebody goes */
        else if (errno != EINTR && errno != ECONNABORTED)
            log_fatal("admin", "accept: %s", strerror(errno));
    }
}
