/* SPDX-License-Identifier: ISC */
/*
 * The front: HTTP outside, frames to the signer inside.  This is what its
 * core (front_http, front_head, front_route, front_crypto, front_signer,
 * front_tls, front_deadline) and its handlers agree on.
 *
 * A request is owned by one thread at a time and moves in steps.  A step is a
 * function of type front_fn; before it returns it says, by exactly one call,
 * what comes next:
 *
 *   front_work(r, fn)     fn is a step on a crypto thread (r->verifier is set)
 *   front_ask(r, fn)      r->frame goes to the signer; fn is a step on the HTTP
 *                         thread once the whole answer is in r->answers
 *   front_reply…(r, …)    the answer to the client, of any kind
 *   front_problem(r, e)   the same, problem+json, from reasons
 *   front_stream(r, …)    an answer that is made piece by piece
 *
 * The first step is the route's handler, on the HTTP thread, when the body has
 * come whole.  An answer MSG_ERROR of the signer, and a signer that is away,
 * become problems by themselves: fn only sees answers without an error.
 */
#ifndef POCKETCA_FRONT_H
#define POCKETCA_FRONT_H

#include <stdatomic.h>

#include <jansson.h>
#include <microhttpd.h>

#include "conf.h"
#include "key.h"
#include "msg.h"

struct req;
typedef void front_fn(struct req *r);

/* ---- routes (front_routes.c has the table, front_route.c the engine) ---- */

enum front_method {
    METHOD_STOP = 0,
    METHOD_GET,
    METHOD_POST,
    METHOD_DELETE,
    METHOD__MAX
};
enum {
    ON_API = 1,
    ON_PUBLIC = 2,
    ON_ANY = ON_API | ON_PUBLIC,
    QUIET = 4, /* by the thousand: a success is logged with level debug */
};
enum { BODY_NONE = 0, BODY_SMALL = 16 * 1024, BODY_CSR = 64 * 1024 };

struct route {
    enum front_method method; /* GET answers HEAD too */
    /* "/v1/certificates/{}.pem": {} is one part, at least one octet without
     * '/'; "/ocsp/{*}": all that is left, at least one octet.  Of several rows
     * that match, the first counts. */
    const char *path;
    const char *name;   /* for metrics: "/v1/certificates/{serial}" */
    unsigned listeners; /* ON_…, elsewhere it is 404; QUIET */
    unsigned who;    /* for whom it may be: roles and MAY_… (msg.h); without
                        a credential 401 token-missing by the core; 0: it is
                        for everyone */
    size_t body_max; /* 413 by the core; with BODY_NONE a body is ignored
                        up to BODY_SMALL */
    front_fn *handler;
};
extern const struct route front_routes[];
extern const size_t front_routes_n;

/* ---- a request ---- */

struct answer {
    enum msg_type type;
    struct rd body; /* into octets, which go with the request */
    uint8_t *octets;
};
struct answers {
    struct answer *v; /* one, or all with `more` and the last one */
    size_t n;
};

enum todo { TODO_STOP = 0, TODO_WORK, TODO_ASK, TODO_REPLY, TODO_STREAM };

struct req {
    struct front *front;
    const struct route *route; /* NULL when none matched */
    enum front_method method;
    bool head;            /* HEAD: the handler does as for GET */
    char *url;            /* raw, as it came, query and all */
    char *path;           /* raw, without the query */
    const char *query;    /* raw, behind '?'; NULL when there is no '?' */
    char *part;           /* what {} or {*} matched, %-decoded, no NUL inside;
                             NULL when the path has none */
    struct buf body;      /* whole */
    struct caller caller; /* evidence, request_id and address are set */
    enum listen_kind listener;
    bool tls;
    int64_t start_us; /* tm_mono_us() when the head was read */

    struct buf frame; /* what front_begin() started */
    struct answers answers;
    struct key_verifier *verifier; /* of the crypto thread, in front_work() */
    void *state;                   /* of the handler, and */
    void (*state_free)(void *);    /* how it goes when the request does */

    /* the reply, for log and metrics */
    int status;
    enum err code; /* of a problem; ERR_NONE */

    struct front_core *core; /* the core's own side */
};

/* A header of the request, NULL when it is not there.  These came at most once
 * or the core refused (400): Host, Authorization, Content-Type, Content-Length,
 * Idempotency-Key, If-None-Match, If-Modified-Since, X-Request-Id.  Accept
 * may be doubled: use front_accept(). */
const char *front_head(const struct req *r, const char *name);
/* (accept_choose() and media_type_read() of front_args.h do the reading.)
 * Accept as RFC 9110 12.5.1 means it: the index of the best of `types`
 * (n of them, the first wins a tie; no Accept: the first); -1: none, 406. */
int front_accept(const struct req *r, const char *const *types, size_t n);
/* The type of Content-Type in lower case, without parameters; "" when there is
 * none.  The caller frees. */
char *front_content_type(const struct req *r);

/* ---- what a step may call ---- */

void front_work(struct req *r, front_fn *fn);
/* Starts r->frame with the caller in it; put the body, then front_ask(). */
struct buf *front_begin(struct req *r, enum msg_type type);
void front_ask(struct req *r, front_fn *fn);
/* Asks who is asking, and whether the route may be for them: front_ask() with
 * the answer MSG_CALLER. */
void front_ask_who(struct req *r, front_fn *fn);
/* True once the signer has let this caller pass, for this route.  What costs
 * much waits for that. */
bool front_known(const struct req *r);
/* For what is asked from now on, instead of the half minute. */
void front_patience(struct req *r, int64_t us);
/* And who answers when the signer refuses, or does not answer, instead of
 * front_problem(). */
typedef void front_failed_fn(struct req *r, const struct errs *e);
void front_on_failed(struct req *r, front_failed_fn *fn);

/* A header of the reply; before front_reply…() or front_problem(). */
void front_header(struct req *r, const char *name, const char *value);
/* The same of a value that stays where it is until then. */
void front_header_lent(struct req *r, const char *name, const char *value);
/* Takes the content of body (empty afterwards); body NULL: none (204, 304). */
void front_reply(struct req *r, int status, const char *type, struct buf *body);
/* Octets that stay where they are until the request ends. */
void front_reply_lent(struct req *r, int status, const char *type,
                       const void *p, size_t len);
/* The same, with 200, of what is kept for many requests.  *spare, NULL at
 * first, is libmicrohttpd's response with the headers of such a reply: it goes
 * from one to the next, and is destroyed with what is kept. */
typedef struct MHD_Response *_Atomic front_spare;
void front_reply_kept(struct req *r, const char *type, const void *p,
                      size_t len, front_spare *spare);
/* A file; takes fd. */
void front_reply_fd(struct req *r, int status, const char *type, int fd,
                    uint64_t size);
/* size octets that read() gives: how many were put into out, at least one and
 * at most max, of those from `at` on; -1 cuts the connection.  done(arg) in the
 * end. */
typedef ssize_t front_read_fn(void *arg, uint64_t at, char *out, size_t max);
void front_reply_read(struct req *r, int status, const char *type,
                      uint64_t size, front_read_fn *read, void *arg,
                      void (*done)(void *arg));
/* application/json; takes the reference. */
void front_reply_json(struct req *r, int status, json_t *j);
/*
 * The reply is chunked, made as it is sent.  `more` is a step that is called
 * whenever all that was put into front_out(r) has been sent: it appends to it
 * (and returns without any other call), or calls front_ask(r, fn) where fn
 * appends in the same way, or front_end(r).  What fails on the way cuts the
 * connection, since the status is gone already.
 */
void front_stream(struct req *r, int status, const char *type, front_fn *more);
struct buf *front_out(struct req *r);
void front_end(struct req *r);

/* front_problem.c: problem+json with WWW-Authenticate, Retry-After; e is empty
 * afterwards.  Who is asking comes first: a refusal that the signer has no part
 * in waits until it has judged the caller, and a 401 or 403 takes its place. */
void front_problem(struct req *r, struct errs *e);
/* front_problem() of one reason. */
void front_refuse(struct req *r, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- what the front knows ---- */

/* By whose certificates OCSP knows one of our authorities. */
struct front_issuer {
    struct ocsp_issuer hashes;
    bool answers; /* its key is here */
};

struct front {
    struct conf *conf;
    struct msg_hello hello; /* authorities; constant after the start */
    struct front_issuer *ocsp_issuers; /* beside them */
    _Atomic bool draining;
    _Atomic unsigned connections;
};

/* Finished CRLs, as the signer handed them over; held until it is freed. */
struct crl_file {
    struct msg_crl_file meta;
    int fd;
    int64_t modified; /* no two lists of that name have the same */
    unsigned refs;
};
struct crl_files {
    struct crl_file **v;
    size_t n;
};
void crl_files_free(struct crl_files *l);
AUTO_VALUE(crl_files, struct crl_files, crl_files_free)
/* Adds the one with that name ("issuing.crl"), if there is one. */
void crl_files_find(struct crl_files *l, const char *name);
/* Adds those whose names begin so ("issuing/"). */
void crl_files_below(struct crl_files *l, const char *prefix);
/* When any of them changed last; no two changes are at the same time. */
int64_t crl_files_changed(void);

/* ---- what the handlers' side gives to the core ---- */

/* front_ocsp.c: once hello is there. */
void front_ocsp_prepare(struct front *f);
/* front_metrics.c: a request has been answered (or its client is gone);
 * status, code, route (may be NULL) are set; from any thread. */
void front_metrics_done(const struct req *r, int64_t us);

#endif
