/* SPDX-License-Identifier: ISC */
/* Group commit: what waits goes into one transaction, is made durable by one
 * COMMIT, and only then answered. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "signer_ocsp.h"

/* Jobs a commit.  A sync counts as slow when it takes SYNC_SLOW times as long
 * as what it is for. */
enum { BATCH_MIN = 32, BATCH_MAX = 512, SYNC_SLOW = 4 };

void *job_new(size_t size, const struct job_kind *kind, struct worker *w,
              uint64_t id, struct who *who)
{
    struct job *j = xcalloc(1, size);

    j->kind = kind;
    j->id = id;
    if (w)
        j->peer = peer_ref(w->peer);
    if (who) {
        j->who = *who;
        *who = (struct who){0};
    }
    return j;
}

void job_free(struct job *j)
{
    if (!j)
        return;
    if (j->kind->free)
        j->kind->free(j);
    peer_unref(j->peer);
    who_free(&j->who);
    buf_wipe(&j->reply); /* a new token's secret is in one */
    errs_free(&j->errs);
    free(j->about);
    free(j->changed);
    free(j->crls);
    free(j);
}

int job_queue(struct signer *s, struct job *j, struct errs *e)
{
    int rc = 0;

    if (s->broken)
        return err_add(e, ERR_STORAGE_ERROR, "the ledger cannot be written");
    pthread_mutex_lock(&s->queue_lock);
    if (s->queue_len >= QUEUE_MAX) {
        rc = err_add(e, ERR_QUEUE_FULL, "%zu requests are waiting already",
                     s->queue_len);
    } else {
        *s->queue_end = j;
        s->queue_end = &j->next;
        s->queue_len++;
        pthread_cond_signal(&s->queue_wake);
    }
    pthread_mutex_unlock(&s->queue_lock);
    return rc;
}

void job_done(struct signer *s, struct job *j)
{
    (void)s;
    if (j->peer && j->errs.n)
        peer_send_error(j->peer, j->id, &j->errs);
    else if (j->peer)
        peer_send(j->peer, &j->reply);
    if (j->kind->event)
        signer_log(j->errs.n ? LOG_WARN : LOG_INFO, j->kind->event, &j->who,
                   j->about, &j->errs, j->repeated);
    job_free(j);
}

enum store_result job_entry(struct signer *s, struct entry *en,
                            const void *object, size_t len, uint64_t *index)
{
    uint64_t at;

    digest_sum(DIGEST_SHA256, object ? object : "", len, en->object);
    return ledger_append(s->ledger, en, index ? index : &at);
}

enum store_result job_use(struct signer *s, struct job *j, int64_t now)
{
    const char *id = j->who.requester.id;
    enum store_result r;

    if (j->who.requester.type != WHO_TOKEN)
        return STORE_OK;
    r = store_token_use(s->writer, id, 1, now);
    if (r != STORE_NONE)
        return r;
    /* Used up or removed since the worker looked. */
    err_add(&j->errs, ERR_TOKEN_USED_UP, "token %s has no use left", id);
    return STORE_OK;
}

static void fail(struct job *j, enum store_result r, const char *why)
{
    errs_free(&j->errs);
    if (r == STORE_FULL)
        err_add(&j->errs, ERR_STORAGE_FULL,
                "no space is left for the ledger: nothing was done");
    else
        err_add(&j->errs, ERR_STORAGE_ERROR,
                "the ledger refused to be written: nothing was done");
    log_msg(LOG_ERROR, "ledger", "%s: %s",
            j->kind->event ? j->kind->event : "job", why);
}

/* What an attempt that was undone has left. */
static void forget(struct job *j)
{
    errs_free(&j->errs);
    j->n_changed = j->n_crls = 0;
}

/* What was refused before it wrote anything needs no undoing. */
static enum store_result run_job(struct signer *s, struct job *j)
{
    const uint64_t changes = store_changes(s->writer);
    enum store_result r;

    forget(j);
    r = j->kind->apply(s, j);
    if (r == STORE_OK && j->errs.n && store_changes(s->writer) != changes)
        return STORE_REFUSED;
    return r;
}

size_t commit_room(size_t room, size_t n, int64_t work_us, int64_t sync_us)
{
    if (n >= room && sync_us / SYNC_SLOW > work_us)
        return room * 2 < BATCH_MAX ? room * 2 : BATCH_MAX;
    if (sync_us / SYNC_SLOW * 2 < work_us)
        return room / 2 > BATCH_MIN ? room / 2 : BATCH_MIN;
    return room;
}

static enum store_result run_batch(struct signer *s, struct job *batch,
                                   size_t n)
{
    enum store_result r = STORE_OK;
    uint64_t before = ledger_size(s->ledger);
    const int64_t began = tm_work_us();
    int64_t work, synced;

    for (struct job *j = batch; j && r == STORE_OK; j = j->next)
        r = run_job(s, j);
    if (r == STORE_OK && ledger_size(s->ledger) != before)
        r = ledger_seal(s->ledger, tm_now());
    work = tm_work_us() - began;
    synced = tm_mono_us();
    if (r == STORE_OK)
        r = store_commit(s->writer);
    s->room = commit_room(s->room, n, work, tm_mono_us() - synced);
    return r;
}

static void publish_head(struct signer *s)
{
    struct head h;

    ledger_head(s->ledger, &h);
    pthread_mutex_lock(&s->head_lock);
    s->head = h;
    pthread_mutex_unlock(&s->head_lock);
    s->size = h.size;
    s->clock.newest_entry = ledger_last_time(s->ledger);
}

void commit_give_up(struct signer *s, const char *why)
{
    s->broken = true;
    if (s->front)
        log_fatal("ledger", "%s: starting again", why);
}

/* Every notice has gone before: an answer may come from the thread that makes
 * CRLs as soon as done() was called. */
static void answer_all(struct signer *s, struct job *batch)
{
    struct job *next;

    peer_hold();
    log_hold();
    for (struct job *j = batch; j; j = next) {
        next = j->next;
        j->next = NULL;
        j->kind->done(s, j);
    }
    peer_let_go();
    log_let_go();
}

/* *begun: it was a job that failed, if anything did. */
static enum store_result try_batch(struct signer *s, struct job *batch,
                                   size_t n, bool *begun, char **why)
{
    struct ledger_mark start;
    enum store_result r = store_begin(s->writer);

    *begun = r == STORE_OK;
    ledger_mark(s->ledger, &start);
    if (*begun)
        r = run_batch(s, batch, n);
    if (r == STORE_OK)
        return r;
    *why = xstrdup(store_conn_error(s->writer));
    ledger_undo(s->ledger, &start);
    store_rollback(s->writer);
    return r;
}

static void count_commit(struct signer *s, size_t n, int64_t began)
{
    publish_head(s);
    count_batch(s, n, tm_mono_us() - began);
    s->commits++;
    s->committed_us = tm_mono_us();
}

static void commit_batch(struct signer *s, struct job *batch, size_t n);

static void commit_each(struct signer *s, struct job *batch)
{
    struct job *next;

    for (struct job *j = batch; j; j = next) {
        next = j->next;
        j->next = NULL;
        commit_batch(s, j, 1);
    }
}

/* No job pays for a savepoint: when one of several fails, all are undone and
 * each is done again in a transaction of its own. */
static void commit_batch(struct signer *s, struct job *batch, size_t n)
{
    const uint64_t revocations = s->revocations;
    int64_t began = tm_mono_us();
    AUTO(free) char *why = NULL;
    bool begun;
    enum store_result r = try_batch(s, batch, n, &begun, &why);

    if (r != STORE_OK && r != STORE_BROKEN && begun && n > 1) {
        commit_each(s, batch);
        return;
    }
    if (r == STORE_OK)
        count_commit(s, n, began);
    /* Once more: who read the number before the commit could not see what it
     * counts. */
    if (s->revocations != revocations)
        s->revocations++;
    for (struct job *j = batch; j; j = j->next) {
        if (r != STORE_OK && j->errs.n == 0)
            fail(j, r, why);
        if (j->errs.n == 0)
            ocsp_tell(s, j);
    }
    answer_all(s, batch);
    if (r == STORE_BROKEN)
        commit_give_up(s, "the fate of a commit is unknown");
}

/* What waits, as far as there is room; NULL at the end. */
static struct job *take_batch(struct signer *s, size_t *n)
{
    struct job *batch, **end;

    pthread_mutex_lock(&s->queue_lock);
    while (!s->queue && !s->stopping)
        pthread_cond_wait(&s->queue_wake, &s->queue_lock);
    batch = s->queue;
    end = &batch;
    for (*n = 0; *end && *n < s->room; ++*n)
        end = &(*end)->next;
    s->queue = *end;
    *end = NULL;
    if (!s->queue)
        s->queue_end = &s->queue;
    s->queue_len -= *n;
    pthread_mutex_unlock(&s->queue_lock);
    return batch;
}

static void *commit_run(void *arg)
{
    struct signer *s = arg;
    struct job *batch;
    size_t n;

    pthread_setname_np(pthread_self(), "committer");
    while ((batch = take_batch(s, &n))) {
        commit_batch(s, batch, n);
        checkpoint_end(s);
    }
    return NULL;
}

int commit_start(struct signer *s, struct errs *e)
{
    s->queue_end = &s->queue;
    s->room = BATCH_MIN;
    publish_head(s);
    if (pthread_create(&s->committer, NULL, commit_run, s) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
    s->committer_runs = true;
    return 0;
}

void commit_stop(struct signer *s)
{
    if (!s->committer_runs)
        return;
    pthread_mutex_lock(&s->queue_lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->queue_wake);
    pthread_mutex_unlock(&s->queue_lock);
    pthread_join(s->committer, NULL);
    s->committer_runs = false;
}

/* A job that a thread of our own waits for: done() hands it back. */
struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    const struct job_kind *kind;
};

static void wake_waiting(struct signer *s, struct job *j)
{
    struct waiting *w = (struct waiting *)(uintptr_t)j->id;

    (void)s;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

int job_wait(struct signer *s, struct job *j, struct errs *e)
{
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                        false, j->kind};
    struct job_kind kind = *j->kind;

    kind.done = wake_waiting;
    j->kind = &kind;
    j->id = (uint64_t)(uintptr_t)&w;
    if (job_queue(s, j, e) != 0) {
        j->kind = w.kind;
        return -1;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.cond, &w.lock);
    pthread_mutex_unlock(&w.lock);
    j->kind = w.kind;
    if (!j->errs.n)
        return 0;
    errs_move(e, &j->errs);
    return -1;
}

static enum store_result apply_nothing(struct signer *s, struct job *j)
{
    (void)s;
    (void)j;
    return STORE_OK;
}

static const struct job_kind nothing = {.apply = apply_nothing};

void commit_drain(struct signer *s)
{
    AUTO(errs) struct errs e = {0};
    struct job *j = job_new(sizeof(*j), &nothing, NULL, 0, NULL);

    /* The queue is first in, first out. */
    job_wait(s, j, &e);
    job_free(j);
}
