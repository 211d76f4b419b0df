/* SPDX-License-Identifier: ISC */
/*
 * What the core of the front keeps to itself; handlers see front.h only.
 *
 * Threads: one HTTP thread a listener (front_turn.c), some crypto threads,
 * one that reads the signer's answers, one that sends what did not go at once,
 * one for deadlines, and the first, which waits for the end.  A request that
 * waits is suspended: no HTTP thread touches it until it is resumed.
 */
#ifndef POCKETCA_FRONT_CORE_H
#define POCKETCA_FRONT_CORE_H

#include <semaphore.h>
#include <stdatomic.h>

#include <gnutls/abstract.h>

#include "front.h"

/* ---- a connection (front_deadline.c) ---- */

enum phase { PHASE_IDLE = 0, PHASE_HEAD, PHASE_BODY, PHASE_WAIT, PHASE_REPLY };

struct link {
    struct link *prev, *next;
    int fd;
    enum phase phase;
    int64_t deadline; /* tm_mono_us(); 0: none of ours, in PHASE_WAIT */
    unsigned requests;
    char *address;   /* text, or "unix" */
    bool cert_known; /* the client certificate has been looked at */
    bool has_cert;
    bool heard;     /* TLS: something has come */
    bool refused;   /* answered before its body came */
    bool head_next; /* what is sent next is a head with a body behind it */
    uint8_t cert[32];
};
struct link *link_open(struct front *f, int fd, char *address);
/* Before the descriptor is closed. */
void link_close(struct front *f, struct link *l);
/* octets: of a reply, which may take longer when it is long. */
void link_phase(struct link *l, enum phase p, uint64_t octets);
void deadline_start(struct front *f);
/* Ends what is idle, for a front that drains: fresh ones too? */
void link_end_idle(bool fresh);

/* ---- what a closed connection still sends (front_linger.c) ---- */

/* Before the descriptor is closed; refused: more is to be expected, otherwise
 * only when something lies unread. */
void linger_take(int fd, bool refused);
void linger_look(int64_t now);

/* ---- a request's other half ---- */

enum stage {
    STAGE_HEAD = 0,
    STAGE_BODY,
    STAGE_RUN,   /* steps */
    STAGE_REPLY, /* queued, or sent */
};

struct reply_header {
    const char *name, *value;
    char *own; /* the value, when it is ours to free */
};
enum { REPLY_HEADERS_MAX = 16 };

struct front_core {
    struct MHD_Connection *conn; /* NULL: a call of our own, see sem */
    struct turn *turn;           /* whose connection it is */
    sem_t *sem;
    struct link *link;
    enum stage stage;
    enum todo todo;
    front_fn *next;     /* what todo leads to */
    struct errs failed; /* instead of next: the problem to answer with */
    struct errs held;   /* what to answer if the caller may call at all */
    bool known;         /* the signer has judged the caller */
    uint64_t id;        /* of the frame that is under way */
    int64_t due_us;     /* tm_mono_us(): by then it is answered */
    int64_t patience_us;
    front_failed_fn *on_failed; /* NULL: front_problem() */

    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t n_headers;
    struct MHD_Response *response;
    front_spare *spare; /* where that goes in the end */
    uint64_t reply_len;
    bool last;        /* the connection ends with this answer */
    bool refused;     /* at the head: the body is read and dropped */
    uint64_t dropped; /* octets of it */
    size_t body_max;

    struct buf out; /* of a stream: what is not sent yet, from out_at */
    size_t out_at;
    front_fn *more;
    bool asked; /* next is due once the answer is there */
    bool ended;

    struct req *queued; /* behind this one, for a crypto thread */
};

struct req *req_new(struct front *f, struct MHD_Connection *conn,
                    struct link *l, const char *url);
void req_free(struct req *r);
/* Another thread is done with it: the HTTP thread goes on. */
void req_resume(struct req *r);
void answers_free(struct answers *a);

/* ---- front.c ---- */
/* The signer is gone: what is under way is answered, then the front ends. */
void front_stop(void);

/* ---- front_turn.c ---- */
struct turn {
    struct MHD_Daemon *daemon;
    int wake_fd;
    atomic_bool woken, quiesce;
    unsigned connections; /* after the last turn */
};
/* A thread that serves daemon, which has none of its own, for good; ends the
 * process when there is none to be had. */
void turn_start(struct turn *t, struct MHD_Daemon *daemon);
/* From any thread: something was resumed. */
void turn_wake(struct turn *t);
/* No new connections from now on. */
void turn_quiesce(struct turn *t);

/* ---- front_http.c ---- */
void http_start(struct front *f);
/* No new connections. */
void http_quiesce(void);

/* ---- front_log.c ---- */
/* What became of the request in so many microseconds; whole: the answer went
 * out to its end. */
void front_log(const struct req *r, int64_t us, bool whole);

/* ---- front_step.c ---- */
/* Runs fn, or answers with what failed; true: there is an answer to be queued;
 * false: r waits, and is another thread's. */
bool req_run(struct req *r, front_fn *fn);
/* From a crypto thread: what the last step of r said comes next. */
void req_go_on(struct req *r);

/* ---- front_who.c ---- */
/* False when e may be answered as it is.  Otherwise it has been taken, and is
 * answered after the signer was asked who that is. */
bool who_first(struct req *r, struct errs *e);

/* ---- front_route.c ---- */
struct route_found {
    const struct route *route; /* NULL: none */
    char *part;                /* the caller frees */
    unsigned allow;            /* bits 1 << method: the path has these */
};
void route_find(const struct route *table, size_t n, unsigned listener,
                enum front_method m, const char *path, struct route_found *out);
/* "GET, HEAD, POST"; the caller frees. */
char *route_allow(unsigned allow);

/* ---- front_crypto.c ---- */
void crypto_start(void);
/* False: the queue is full; nothing happened. */
bool crypto_push(struct req *r);

/* ---- front_signer.c ---- */
void signer_link_start(struct front *f);
/* Sends r->frame; r goes on (req_resume()) when it is answered, which may be
 * before this returns. */
void signer_link_send(struct req *r);
/* What this thread sends between the two goes together where it may
 * (msg_may_share()), a few at a time. */
void signer_link_hold(void);
void signer_link_let_go(void);
/* A call of our own, answered by one frame of `want`, which is valid until
 * req_free(r). */
int signer_link_call(struct req *r, enum msg_type want, struct rd *body,
                     struct errs *e);
/* Requests that wait too long are answered 503. */
void signer_link_expire(int64_t now_us);

/* ---- front_crl.c ---- */
/* Takes m and fd. */
void crl_put(struct msg_crl_file *m, int fd);
/* The one of that name is served no more; answers under way are sent. */
void crl_drop(const char *name);

/* ---- front_tls.c ---- */
/* A new key and its certificate from the signer; -1: not now, the reason is
 * logged. */
int tls_renew(struct front *f);
/* Whosever it was: the service's own is due. */
void tls_revoked(const struct serial *s);
/* Two thirds of its life are over, the clock was set to before it, or it was
 * revoked. */
bool tls_due(void);
int tls_choose(gnutls_session_t s, const gnutls_datum_t *ca, int n_ca,
               const gnutls_pk_algorithm_t *algs, int n_algs,
               gnutls_pcert_st **pcert, unsigned *n_pcert,
               gnutls_privkey_t *key);
/* Of a new connection: asks for a client certificate, which need not come,
 * sends by tls_push(), and tells a client that speaks HTTP without TLS so. */
void tls_begin(gnutls_session_t s, struct link *l);
/* Sends by the link `to`.  libmicrohttpd makes two records of an answer, its
 * head and its body: with head_next the first waits for the second, so that
 * they are no packet each. */
ssize_t tls_push(gnutls_transport_ptr_t to, const giovec_t *v, int n);
/* The SHA-256 of the one that came; false: none did. */
bool tls_peer(gnutls_session_t s, uint8_t sha256[32]);

#endif
