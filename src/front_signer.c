/* SPDX-License-Identifier: ISC */
/*
 * The link to the signer.  What waits for an answer has a slot, and the slot
 * is in the frame's id.  Frames are sent by whoever has them; only when the
 * socket is full (a signer that does not read) do they queue for a thread, so
 * that HTTP never stands still.
 */
#include "front_core.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#include "front_ocsp_cache.h"
#include "log.h"
#include "proc.h"
#include "tm.h"

enum {
    SLOTS = 4096, /* a power of two */
    HELD_MAX = 8, /* one worker of the signer takes them */
    SOCKET_ROOM = 4 * 1024 * 1024,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t unsent = PTHREAD_COND_INITIALIZER;
static struct req *slots[SLOTS]; /* slot 0 is never used: id 0 is a notice */
static unsigned vacant[SLOTS], n_vacant;
static uint64_t rounds;
/* A ring of ids whose frame is not sent yet; as many as there are slots. */
static uint64_t ring[SLOTS];
static unsigned ring_at, ring_n;
static bool sending; /* the thread holds a frame from the ring's front */
static bool gone;

/* ---- slots; all under the lock ---- */

static bool slot_take(struct req *r)
{
    unsigned i;

    if (n_vacant == 0)
        return false;
    i = vacant[--n_vacant];
    slots[i] = r;
    r->core->id = ++rounds * SLOTS + i;
    r->core->due_us = tm_mono_us() + r->core->patience_us;
    msg_set_id(&r->frame, r->core->id);
    return true;
}

static struct req *slot_find(uint64_t id)
{
    struct req *r = slots[id % SLOTS];

    return r && r->core->id == id ? r : NULL;
}

static void slot_free(struct req *r)
{
    unsigned i = (unsigned)(r->core->id % SLOTS);

    slots[i] = NULL;
    vacant[n_vacant++] = i;
}

/* ---- sending ---- */

static void fail(struct req *r, enum err code, const char *why)
{
    err_add(&r->core->failed, code, "%s", why);
    answers_free(&r->answers);
    req_resume(r);
}

static void ring_put(uint64_t id)
{
    ring[(ring_at + ring_n++) % SLOTS] = id;
    pthread_cond_signal(&unsent);
}

/* What the socket had no room for waits its turn. */
static void put_back(uint64_t id, struct buf *frame)
{
    struct req *r;

    pthread_mutex_lock(&lock);
    r = slot_find(id);
    if (r) {
        r->frame = *frame;
        *frame = (struct buf){0};
        ring_put(id);
    }
    pthread_mutex_unlock(&lock);
}

/* Outside the lock, which every answer takes too.  From here on the requests
 * may be answered, or expire, at any moment. */
static void send_now(const uint64_t *ids, struct buf *frames, size_t n)
{
    size_t sent = msg_send_all(FD_PEER, frames, n, true);

    if (sent < n && errno == EMSGSIZE)
        log_fatal("frame", "a frame of %zu octets", frames[sent].len);
    /* Another error: gone, which the one who receives notices. */
    if (sent < n && (errno == EAGAIN || errno == ENOBUFS))
        for (size_t i = sent; i < n; i++)
            put_back(ids[i], &frames[i]);
    for (size_t i = 0; i < n; i++)
        buf_wipe(&frames[i]);
}

/* What this thread holds back, to be sent together. */
static _Thread_local struct {
    struct buf frames[HELD_MAX];
    uint64_t ids[HELD_MAX];
    size_t n;
    bool on;
} held;

void signer_link_hold(void)
{
    held.on = true;
}

void signer_link_let_go(void)
{
    held.on = false;
    if (held.n)
        send_now(held.ids, held.frames, held.n);
    held.n = 0;
}

static void hold(uint64_t id, struct buf *frame)
{
    held.ids[held.n] = id;
    held.frames[held.n++] = *frame;
    if (held.n == HELD_MAX) {
        signer_link_let_go();
        signer_link_hold();
    }
}

/* True when the request has a slot.  Its frame is in *now when it may go at
 * once, and waits its turn otherwise. */
static bool admit(struct req *r, struct buf *now, uint64_t *id)
{
    if (gone || !slot_take(r))
        return false;
    *id = r->core->id;
    if (ring_n || sending) {
        ring_put(*id);
    } else {
        *now = r->frame;
        r->frame = (struct buf){0};
    }
    return true;
}

void signer_link_send(struct req *r)
{
    struct buf now = {0};
    uint64_t id = 0;
    bool away, admitted;

    answers_free(&r->answers);
    pthread_mutex_lock(&lock);
    away = gone;
    admitted = admit(r, &now, &id);
    pthread_mutex_unlock(&lock);
    if (away)
        fail(r, ERR_SIGNER_AWAY, "the signer is restarting; try again");
    else if (!admitted)
        fail(r, ERR_QUEUE_FULL, "too many requests are waiting; try again");
    else if (now.len && held.on && msg_may_share(msg_type_of(&now)))
        hold(id, &now);
    else if (now.len)
        send_now(&id, &now, 1);
}

/* A frame that nobody waits for any more is not sent. */
static void *send_run(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "sender");
    pthread_mutex_lock(&lock);
    for (;;) {
        AUTO(buf) struct buf frame = {0};
        struct req *r;

        while (ring_n == 0)
            pthread_cond_wait(&unsent, &lock);
        r = slot_find(ring[ring_at]);
        ring_at = (ring_at + 1) % SLOTS;
        ring_n--;
        if (!r)
            continue;
        frame = r->frame;
        r->frame = (struct buf){0};
        sending = true;
        pthread_mutex_unlock(&lock);
        msg_send(FD_PEER, &frame, -1, false);
        mem_wipe(frame.data, frame.len);
        pthread_mutex_lock(&lock);
        sending = false;
    }
    return NULL;
}

/* ---- receiving ---- */

static void answers_add(struct answers *a, const struct frame *f)
{
    struct answer *x;

    a->v = xreallocarray(a->v, a->n + 1, sizeof(*a->v));
    x = &a->v[a->n++];
    x->type = f->type;
    x->octets = xmemdup(f->body.p, f->body.n);
    x->body = rd_of(x->octets, f->body.n);
}

/* Between two frames of one answer the request stays in its slot, so that it
 * is only touched under the lock. */
static void on_answer(const struct frame *f)
{
    struct req *r;
    struct rd body = f->body;

    pthread_mutex_lock(&lock);
    r = slot_find(f->id);
    if (r) {
        r->core->due_us = tm_mono_us() + r->core->patience_us;
        r->core->known = true;
        if (f->type == MSG_ERROR)
            errs_get(&body, &r->core->failed);
        else
            answers_add(&r->answers, f);
        if (f->more)
            r = NULL;
        else
            slot_free(r);
    }
    pthread_mutex_unlock(&lock);
    if (!r)
        return;
    if (f->type == MSG_ERROR && (!rd_done(&body) || !r->core->failed.n))
        log_fatal("frame", "an ERROR of the signer is malformed");
    req_resume(r);
}

static void on_change(const struct frame *f)
{
    struct rd body = f->body;
    const uint64_t end = rd_u64(&body);
    const uint32_t n = rd_u32(&body);

    for (uint32_t i = 0; i < n && !body.failed; i++) {
        struct ocsp_change c;

        ocsp_change_get(&body, &c);
        ocsp_cache_changed(&c, end);
        tls_revoked(&c.serial);
    }
    if (!rd_done(&body))
        log_fatal("frame", "an OCSP_CHANGED of the signer is malformed");
}

static void on_crl(const struct frame *f)
{
    struct msg_crl_file m;
    struct rd body = f->body;

    msg_crl_file_get(&body, &m);
    if (!rd_done(&body))
        log_fatal("frame", "a CRL_FILE of the signer is malformed");
    crl_put(&m, f->fd);
}

static void on_gone(const struct frame *f)
{
    struct rd body = f->body;
    AUTO(free) char *name = rd_str(&body);

    if (!rd_done(&body) || !name)
        log_fatal("frame", "a CRL_GONE of the signer is malformed");
    crl_drop(name);
}

/* Takes whoever should have been answered by now; what comes later is
 * dropped. */
static struct req *take_late(int64_t now_us)
{
    struct req *late = NULL;

    pthread_mutex_lock(&lock);
    for (unsigned i = 1; i < SLOTS && !late; i++)
        if (slots[i] && slots[i]->core->due_us <= now_us) {
            late = slots[i];
            slot_free(late);
        }
    pthread_mutex_unlock(&lock);
    return late;
}

void signer_link_expire(int64_t now_us)
{
    struct req *r;

    while ((r = take_late(now_us)))
        fail(r, ERR_SIGNER_AWAY,
             "the signer does not answer; whether it did what was asked is "
             "not known");
}

static void *recv_run(void *arg)
{
    static struct msg_in in;
    struct frame f;
    struct req *r;

    (void)arg;
    pthread_setname_np(pthread_self(), "answers");
    while (msg_recv(FD_PEER, PEER_S, &in, &f) == 1) {
        if (f.type == MSG_CRL_FILE)
            on_crl(&f);
        else if (f.type == MSG_CRL_GONE)
            on_gone(&f);
        else if (f.type == MSG_OCSP_CHANGED)
            on_change(&f);
        else
            on_answer(&f);
    }
    ocsp_cache_close();
    pthread_mutex_lock(&lock);
    gone = true;
    pthread_mutex_unlock(&lock);
    while ((r = take_late(INT64_MAX)))
        fail(r, ERR_SIGNER_AWAY, "the signer is restarting; try again");
    front_stop();
    return NULL;
}

/* ---- calls of our own ---- */

int signer_link_call(struct req *r, enum msg_type want, struct rd *body,
                     struct errs *e)
{
    sem_t done;

    sem_init(&done, 0, 0);
    r->core->sem = &done;
    signer_link_send(r);
    while (sem_wait(&done) < 0 && errno == EINTR)
        ;
    sem_destroy(&done);
    if (r->core->failed.n) {
        errs_move(e, &r->core->failed);
        return -1;
    }
    if (r->answers.n != 1 || r->answers.v[0].type != want)
        log_fatal("frame", "the signer answers a %s with something else",
                  msg_name(want));
    *body = r->answers.v[0].body;
    return 0;
}

void signer_link_start(struct front *f)
{
    static void *(*const runs[])(void *) = {send_run, recv_run};
    const int room = SOCKET_ROOM;

    (void)f;
    /* As much as the system permits; less is slower, not wrong. */
    setsockopt(FD_PEER, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    for (unsigned i = SLOTS - 1; i > 0; i--)
        vacant[n_vacant++] = i;
    for (size_t i = 0; i < 2; i++) {
        pthread_t t;

        if (pthread_create(&t, NULL, runs[i], NULL) != 0)
            log_fatal("start", "no thread for the signer");
        pthread_detach(t);
    }
}
