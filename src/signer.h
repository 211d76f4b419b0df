/* SPDX-License-Identifier: ISC */
/*
 * The signer's insides, shared by signer_*.c: the CA keys and the ledger, the
 * threads around them, and what a request goes through.
 *
 * A worker authenticates, judges, builds and signs in memory, and queues a
 * job.  The committer, one thread and the only writer, takes all that wait into
 * one transaction, and replies after the COMMIT.  Revocations wait for the CRL
 * thread too.  Reads are answered by the worker itself.
 */
#ifndef POCKETCA_SIGNER_H
#define POCKETCA_SIGNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "conf.h"
#include "crl.h"
#include "decision.h"
#include "ledger.h"
#include "log.h"
#include "msg.h"
#include "revocations.h"
#include "store.h"
#include "tm.h"
#include "weak_list.h"

enum {
    LABEL_MAX = 128,
    NOTE_MAX = 256,
    QUEUE_MAX = 4096,
    /* What is stored must fit a frame whatever comes to it later: a date, a
     * successor, a thousand serials that were revoked along. */
    RECORD_MAX = 40 * 1024,
    TOKEN_MAX = 32 * 1024,
};

/* An authority: the root is one too, known by its certificate alone. */
struct signer_authority {
    const char *name;
    const struct authority_info *info;
    const struct conf_authority *conf; /* NULL: no key here */
    bool in_use; /* it issues, or is above one that does */
    struct cert cert;
    uint8_t key_sha256[32], ski[SKI_LEN];
    EVP_PKEY *key;
    char *crl_url, *issuer_url; /* of what it issues; or NULL */
};

/* Since the start, for /metrics. */
enum { SECONDS_BUCKETS = 12 };
struct histogram {
    atomic_uint_fast64_t bucket[SECONDS_BUCKETS + 1], count, sum;
};
struct signer_counters {
    atomic_uint_fast64_t *issued;     /* by profile, then protocol */
    atomic_uint_fast64_t revoked[16]; /* by reason */
    struct histogram commit_us, batch;
};

struct signer_clock {
    pthread_mutex_t lock;
    int64_t offset; /* wall clock minus boot clock, as believed */
    atomic_int_fast64_t newest_entry;
};

/* Who is at the other end of a socket; lives until its last job is done. */
struct peer {
    int sock;
    enum msg_peer kind;
    uid_t uid; /* of an admin */
    atomic_int refs;
    atomic_int_fast64_t silent_us; /* an admin's: since when; 0: it is served */
};

/* What the responders may sign of what is signed for one request alone. */
struct ocsp_budget {
    int64_t left, at_us; /* left: in millionths of a signature */
};

enum { ADMINS_MAX = 16 };

struct job;
struct signer {
    const struct conf *conf;
    int lock_fd;
    struct store *store;
    struct store_conn *writer;
    EVP_PKEY *ledger_key;
    uint8_t ledger_key_sha256[32];
    struct weak_list weak; /* of the configuration's weak-keys */
    struct ledger *ledger; /* the committer's alone, once it runs */
    struct authority_infos infos;
    struct signer_authority *authorities;
    size_t n_authorities;
    char *ocsp_url;
    struct strs warnings;
    uid_t own_uid;
    char *own_user;

    pthread_mutex_t queue_lock; /* from here to `committer` */
    pthread_cond_t queue_wake;
    struct job *queue, **queue_end;
    size_t queue_len;
    size_t room; /* jobs of the next commit at most; the committer's alone */
    bool stopping;
    pthread_t committer;
    bool committer_runs;
    atomic_int_fast64_t committed_us; /* when the last one was, monotonic */
    atomic_int_fast64_t signed_us;    /* when the keys were last tried */
    atomic_bool broken; /* the ledger's state is unknown: no writing */

    pthread_mutex_t touch_lock; /* when tokens were last noted as used */
    struct {
        char id[TOKEN_ID_LEN + 1];
        int64_t at;
    } touched[64];
    atomic_uint_fast64_t token_removals; /* since the start */

    pthread_mutex_t head_lock;
    struct head head;                 /* the newest committed one */
    atomic_uint_fast64_t size;        /* its size */
    atomic_uint_fast64_t revocations; /* how many since the start */

    pthread_mutex_t crl_lock; /* from here to `crl_thread` */
    pthread_cond_t crl_wake, crl_passed;
    struct signer_crls *crls; /* beside authorities */
    struct job *crl_waiting;
    bool crl_stopping, crl_first_pass;
    atomic_bool crl_lost_read, crl_lost_any; /* signer_crl_lost.c */
    int64_t crl_began_us; /* the thread, monotonic */
    pthread_t crl_thread;
    bool crl_runs;

    pthread_mutex_t responder_lock; /* the budget, and as signer_ocsp.h says */
    pthread_cond_t responder_wake;
    struct responder *responders; /* beside authorities; NULL in a command */
    struct ocsp_budget ocsp_budget;
    pthread_t responder_thread;
    bool responders_run, responders_stopping;

    struct peer *front; /* gets every file; NULL inside a command */
    struct peer *local; /* the command itself, inside one */

    pthread_t checkpointer;
    bool checkpointer_runs;
    atomic_bool log_moved; /* but for the last step */
    atomic_uint_fast64_t commits;

    pthread_mutex_t admin_lock;
    struct peer *admins[ADMINS_MAX]; /* who is connected; or NULL */

    struct signer_clock clock;
    struct signer_counters counters;
};

/* signer_open.c: opens ledger and keys, registers what the configuration has
 * and the ledger not yet, starts the threads.  front: its peer, whose
 * reference is taken over, or NULL inside a command.  lock_fd: from
 * signer_lock(), taken over too.  NULL with reasons. */
struct signer *signer_open(const struct conf *c, struct peer *front,
                           int lock_fd, struct errs *e);
/* Commits what is queued, answers what waits, ends the threads. */
void signer_stop(struct signer *s);
/* signer_stop(), then lets everything go, the lock too. */
void signer_close(struct signer *s);
AUTO_DEFINE(signer, struct signer *, signer_close)
/* The lock alone: a descriptor, or -1 with ERR_SIGNER_AWAY when another has it
 * (the reason names data), ERR_STORAGE_ERROR when the disk or descriptors do
 * not let it be had now, anything else when it cannot be had at all. */
int signer_lock(const struct conf *c, int wait_ms, struct errs *e);
const struct signer_authority *signer_authority_find(const struct signer *s,
                                                     const char *name);
/* Whose key signs what the profile is for; NULL: it is not known. */
const struct signer_authority *signer_authority_of(const struct signer *s,
                                                   const struct profile *p);
/* Its place among them; n_authorities when there is none. */
size_t signer_authority_index(const struct signer *s, const char *name);

/* signer_register.c: authorities and profiles that the ledger has not. */
int signer_register(struct signer *s, struct errs *e);

/* signer_known.c: a token that a worker has read; under no lock, its own. */
enum { KNOWN_MAX = 64 };
struct known_token {
    char id[TOKEN_ID_LEN + 1];
    struct buf token; /* as in a frame; none: this one is vacant */
    uint64_t removals;
    int64_t until_us;
};

/* signer_peer.c */
struct worker {
    struct signer *s;
    struct peer *peer;
    struct store_conn *reader;
    struct key_signer **keys;      /* beside authorities; made when needed */
    struct key_signer **ocsp_keys; /* of their responders; likewise */
    struct buf reply;
    uint64_t asked; /* the frame that a long answer is for */
    bool reading;   /* of OCSP: a read transaction is open, which has */
    uint64_t read_size; /* at least so many entries */
    struct known_token known[KNOWN_MAX];
    struct msg_in in;
};
/* peer: whom it answers, taken over; NULL: nobody, for a thread of our own. */
struct worker *worker_new(struct signer *s, struct peer *peer);
void worker_free(struct worker *w);
struct peer *peer_new(int sock, enum msg_peer kind, uid_t uid);
struct peer *peer_ref(struct peer *p);
/* The last one closes the socket. */
void peer_unref(struct peer *p);
/* A whole frame.  Never blocks when the peer is an admin: one that does not
 * read its answers is cut off. */
void peer_send(struct peer *p, struct buf *frame);
/* Between them what this thread sends to the front is gathered, and goes
 * together at the latest at peer_let_go(): one wake-up for a whole batch. */
void peer_hold(void);
void peer_let_go(void);
/* As peer_send(), but waits for an admin to read: for long answers, by the
 * peer's own thread. */
void peer_send_wait(struct peer *p, struct buf *frame);
void peer_send_error(struct peer *p, uint64_t id, const struct errs *e);
/* Serves frames until the peer is gone: 0, or -1 when it broke the protocol.
 * Takes over the caller's reference. */
int peer_serve(struct signer *s, struct peer *p);
/* The admin socket: a thread for each connection, until the process ends. */
void peer_accept(struct signer *s, int listener);
struct key_signer *worker_key(struct worker *w,
                              const struct signer_authority *a);

/* signer_auth.c: who the evidence proves to be asking. */
struct who {
    struct requester requester;
    unsigned roles;
    struct limits limits;
    bool narrow; /* limits name profiles or names: not everything is seen */
    struct token token;   /* WHO_TOKEN */
    struct record record; /* WHO_CERTIFICATE: its own */
    char *request_id;
    int64_t began_us;
};
void who_free(struct who *w);
AUTO_VALUE(who, struct who, who_free)
/* Where an id belongs in a table of that many slots. */
unsigned auth_slot(const char *id, size_t slots);
/* As store_token_by_id() at this moment, but for uses of one without a limit
 * and last_used, which may be some seconds old. */
enum store_result token_known(struct worker *w, const char *id,
                              struct token *out);
/* -1 with the 401.  When repeats is true a used-up token passes, for
 * auth_alive() to judge. */
int auth_who(struct worker *w, const struct caller *c, bool repeats,
             struct who *out, struct errs *e);
/* Who asks if the token with that id did, whatever its secret: *out is
 * replaced. -1 with ERR_NOT_FOUND when there never was one.  Why it may not
 * issue is added to `why`. */
int auth_as(struct worker *w, const char *id, struct who *out, struct errs *why,
            struct errs *e);
/* -1 with ERR_TOKEN_USED_UP: for what is no repeat. */
int auth_alive(const struct who *w, struct errs *e);
/* -1 with ERR_ROLE_MISSING. */
int auth_role(const struct who *w, unsigned role, struct errs *e);
/* The same for a set of roles and MAY_…: one of them is enough.  The reason
 * names the last. */
int auth_may(const struct who *w, unsigned may, struct errs *e);
/* What a limited credential sees, renews and revokes. */
bool auth_covers(const struct who *w, const struct record *r);
/* What it may read: that, what it issued itself, and itself. */
bool auth_sees(const struct who *w, const struct record *r);
/* "token:<id>": the scope of idempotency keys; the caller frees. */
char *auth_scope(const struct who *w);
/* At most max characters of UTF-8, none of them a control; -1 with
 * ERR_BAD_ARGUMENT. */
int auth_text(const char *what, const char *text, size_t max, struct errs *e);
/* The reason for a row that could not be read. */
int auth_store_error(enum store_result r, struct errs *e);

/* signer_commit.c: everything that writes. */
struct job_kind {
    const char *event; /* for the log; NULL: none */
    /* Inside the transaction: does it all, and makes j->reply.  A reason in
     * j->errs, or a result other than STORE_OK, undoes it.  Called once more
     * when another job of the transaction has failed: it begins afresh. */
    enum store_result (*apply)(struct signer *s, struct job *j);
    /* After the commit (j->errs empty) or the refusal.  Owns the job. */
    void (*done)(struct signer *s, struct job *j);
    void (*free)(struct job *j); /* what is beyond struct job */
};
struct job {
    struct job *next;
    const struct job_kind *kind;
    struct peer *peer; /* NULL: nobody waits */
    uint64_t id;       /* of the frame */
    struct who who;
    struct buf reply;
    struct errs errs;
    char *about; /* for the log: serial, token id */
    bool repeated;
    struct ocsp_change *changed; /* for ocsp_tell() */
    size_t n_changed;
    /* For the CRL thread: */
    struct crl_ref *crls; /* these must have everything before `needs` */
    size_t n_crls;
    uint64_t needs;
    bool crl_asked;              /* for them alone: it waits in any case */
    bool crl_pending;            /* they have not, and nobody waits */
    void (*reply_fn)(struct signer *s, struct job *j); /* then */
    void (*publish)(struct signer *s, struct job *j);  /* first; or NULL */
};
/* size: of the whole struct that begins with a struct job; zeroed. */
void *job_new(size_t size, const struct job_kind *kind, struct worker *w,
              uint64_t id, struct who *who);
void job_free(struct job *j);
/* -1 with ERR_QUEUE_FULL or ERR_STORAGE_ERROR; the job is then the caller's
 * still. */
int job_queue(struct signer *s, struct job *j, struct errs *e);
/* Sends the reply or the reasons, logs, frees: the usual done(). */
void job_done(struct signer *s, struct job *j);
/* Queues a job without a peer and waits; its errs are moved to e. */
int job_wait(struct signer *s, struct job *j, struct errs *e);
/* Inside a transaction: appends the entry with the hash of the object's len
 * octets, NULL with none; its index in *index, where that is not NULL. */
enum store_result job_entry(struct signer *s, struct entry *en,
                            const void *object, size_t len, uint64_t *index);
/* The token's use inside the transaction; reasons in j->errs. */
enum store_result job_use(struct signer *s, struct job *j, int64_t now);
int commit_start(struct signer *s, struct errs *e);
/* How many jobs the next commit takes at most, after one of n with room for
 * `room` that took work_us of CPU until its COMMIT and sync_us in it.  While a
 * large batch is at work, whoever stands in it asks for nothing and the other
 * threads run dry; a small one pays its sync for fewer.  So: few, unless syncs
 * are slow. */
size_t commit_room(size_t room, size_t n, int64_t work_us, int64_t sync_us);
/* Waits until everything that was queued so far is done. */
void commit_drain(struct signer *s);
/* Does what is queued, then ends the thread. */
void commit_stop(struct signer *s);
/* Nobody knows what the disk has: nothing more is written, and a service
 * starts afresh from what it finds there. */
void commit_give_up(struct signer *s, const char *why);

/* signer_checkpoint.c */
int checkpoint_start(struct signer *s, struct errs *e);
/* Between two batches: the last step, if it is time. */
void checkpoint_end(struct signer *s);
void checkpoint_stop(struct signer *s);

/* signer_build.c: one certificate, from what was judged. */
struct build {
    const struct signer_authority *authority;
    const struct profile *profile;
    const struct limits *limits;
    const struct taken *taken;
    const struct key_pub *key;
    const struct span *asked;
    int64_t now, not_before, not_after;
    uint32_t crl_partition;
};
/* Writes the TBSCertificate and has it judged.  NULL with every reason. */
struct decision *build_decide(struct worker *w, const struct build *b,
                              struct strs *warnings, struct errs *e);
/* What the lints say of one that was refused: every reason is reported. */
void build_lint(struct worker *w, const struct build *b, struct strs *warnings,
                struct errs *e);
/* And signs it: fills serial, der and warnings of r. */
struct decision *build_cert(struct worker *w, const struct build *b,
                            struct record *r, struct errs *e);

/* signer_judge.c */
/* What is to be judged. */
struct issue_ask {
    struct msg_issue *m; /* gets the warnings */
    const struct profile *profile;
    const struct limits *limits;
    struct taken taken;
    struct key_pub key;
    bool bad_key; /* it is refused in itself */
    int64_t now;
    struct report *report; /* gets what each rule said; or NULL */
};
static inline void ask_free(struct issue_ask *a)
{
    taken_free(&a->taken);
}
AUTO_VALUE(ask, struct issue_ask, ask_free)
/* Everything that policy says about what was taken of the request, key and
 * validity, for issue and renewal; every reason is added, and where there is
 * one, or e had one before, those of the lints too: -1.  Fills b, which borrows
 * from a. */
int issue_judge(struct worker *w, const struct issue_ask *a, struct build *b,
                struct errs *e);
/* All that there is to say about a new certificate before it is written: the
 * profile, what it takes, what it replaces, issue_judge().  *a has m, now and
 * report; the rest is filled in. */
int issue_ask(struct worker *w, const struct who *who, struct issue_ask *a,
              struct build *b, struct errs *e);
/* Reads the key that was sent. */
void issue_read_key(struct issue_ask *a, struct errs *e);
/* What the profile takes of the CSR and its arguments; profile_take(). */
int issue_take(const struct issue_ask *a, struct taken *out, struct errs *e);
/* The key of an authority, or the ledger's. */
bool is_own_key(const struct signer *s, const uint8_t sha256[32]);
/* STORE_OK and ERR_KEY_COMPROMISED when the key is never certified again;
 * STORE_NONE when nothing is against it. */
enum store_result judge_ban(struct signer *s, struct store_conn *c,
                            const uint8_t sha256[32], struct errs *e);
/* Nobody's own key, and none that was revoked for keyCompromise. */
int issue_judge_key(struct worker *w, const struct key_pub *key,
                    struct errs *e);

/* signer_issue.c */
struct issue_job {
    struct job job;
    struct record record;
    struct decision *passed; /* about record.der */
    char *cn, *scope, *idem_key;
    uint8_t idem_hash[32];
    char *role; /* of the service's own: it replaces the one before in that */
    uint64_t revocations; /* how many there were when it was judged */
    bool renewal, by_cert;
    uint64_t renews_leaf;
    uint8_t renews_key[32]; /* SHA-256 of its SubjectPublicKeyInfo */
};
/* For a certificate that the service makes itself, with job_wait(). */
extern const struct job_kind issue_kind;
/* A job with the record that the certificate is to have; takes texts out of
 * m. */
struct issue_job *issue_new(struct worker *w, const struct frame *f,
                            struct msg_issue *m, struct who *who);
/* Builds, signs and queues, or frees.  */
int issue_queue(struct worker *w, struct issue_job *j, const struct build *b,
                struct errs *e);
/* 1: a repeat, answered; 0: new; -1 with ERR_IDEMPOTENCY_CONFLICT, or as
 * crl_lost_wait(): nothing about the request was looked up before. */
int issue_repeat(struct worker *w, const struct frame *f,
                 const struct msg_issue *m, const struct who *who,
                 struct errs *e);
void reply_record(struct buf *b, uint64_t id, bool repeated,
                  const struct record *r, bool more);
/* The certificate with that serial that who may read, renew or revoke: -1 with
 * ERR_NOT_FOUND. */
int find_record(struct worker *w, const struct who *who,
                const struct serial *serial,
                bool (*may)(const struct who *, const struct record *),
                struct record *out, struct errs *e);

/* Handlers: 0 when an answer went out or a job is queued, -1 with reasons. */
typedef int handler_fn(struct worker *w, const struct frame *f,
                       const struct caller *c, struct rd *body, struct errs *e);
handler_fn handle_hello, handle_service_cert, handle_issue, handle_renew,
    handle_revoke, handle_get, handle_list, handle_who, handle_token_make,
    handle_token_list, handle_token_remove, handle_metrics, handle_ready,
    handle_crl_next, handle_crl_install, handle_crl_build, handle_audit,
    handle_clock_accept, handle_block, handle_unblock, handle_block_list,
    handle_import, handle_sign_ca, handle_explain, handle_revocations,
    handle_ocsp;
/* The body was exact, or ERR_BAD_REQUEST. */
int body_done(const struct frame *f, const struct rd *body, struct errs *e);

/* signer_token.c: what an admin with limits sees of the tokens. */
bool token_within(const struct who *w, const struct token *t);

/* signer_clock.c (the clock is suspect: DESIGN "Time") */
void clock_open(struct signer *s);
/* -1 with ERR_CLOCK_SUSPECT and why. */
int clock_check(struct signer *s, int64_t now, struct errs *e);

/* signer_ready.c */
void ready_judge(struct worker *w, struct msg_ready *out);

/* signer_metrics.c */
void count_issued(struct signer *s, const char *profile, const char *protocol);
void count_batch(struct signer *s, size_t n, int64_t us);

/* How many counters of issued certificates there are. */
size_t count_slots(const struct conf *c);

/* The name of the process's user, for requesters; or NULL. */
char *signer_user_name(void);

/* signer_log.c: the one line of an event, once logging is on: a command says
 * what happened itself. */
void signer_log_on(void);
void signer_log(enum log_level level, const char *event, const struct who *w,
                const char *about, const struct errs *e, bool repeated);

#endif
