/* SPDX-License-Identifier: ISC */
/* The CRL thread: builds, commits, publishes, and only then lets the replies
 * of revocations go.  Those that wait share one build. */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PASS_S = 5,  /* how often the schedule is looked at */
    RETRY_S = 5, /* after a failure */
    LATE_S = 5,
    LATE_TIMES = 60,
    NICE = 10, /* whoever waits for a certificate goes first */
};

/* Somebody waits for it, or nobody has it; with the lock held, as below. */
static bool is_urgent(struct signer *s, size_t i, const struct signer_crl *c,
                      int64_t now)
{
    if (!s->authorities[i].key || now < c->retry_at ||
        crl_is_over(s, i, c, now))
        return false;
    return c->wanted || c->revoked_end > c->state.snapshot ||
           (s->front && !c->published);
}

/* Partitions are spread over the last quarter of the time between two, each at
 * a place of its own: what became due at once, after a pause, drifts apart. */
static int64_t early(uint32_t partition, int64_t refresh)
{
    return (int64_t)(partition * UINT32_C(2654435761) >> 16) * (refresh / 4) >>
           16;
}

/* A complete list that lacks what was revoked in partitions, which nobody waits
 * for: so often that making it is a small part of the work at any size. */
static bool is_behind(const struct signer_crl *c, int64_t now)
{
    const int64_t pause = LATE_TIMES * c->took_us / 1000000;

    return c->parts_end > c->state.snapshot &&
           now - TM_MINUTE >=
               c->state.this_update + (pause > LATE_S ? pause : LATE_S);
}

/* The schedule; and what a clock that was ahead has dated in advance, which
 * nobody takes until then. */
static bool is_due(struct signer *s, size_t i, const struct signer_crl *c,
                   int64_t now)
{
    AUTO(errs) struct errs e = {0};
    const struct conf_authority *conf = s->authorities[i].conf;

    if (!s->authorities[i].key || now < c->retry_at || !s->front ||
        crl_is_over(s, i, c, now))
        return false;
    return (now >= c->state.next_update || now < c->state.this_update ||
            is_behind(c, now) ||
            now - TM_MINUTE >= c->state.this_update + conf->crl_refresh -
                                   early(c->partition, conf->crl_refresh)) &&
           clock_check(s, now, &e) == 0;
}

/* What the thread is to do next. */
struct task {
    size_t i;
    struct signer_crl *c; /* NULL: open a partition of it */
};

/* Of those, the one that was made longest ago. */
static bool find_crl(struct signer *s, bool parts_only,
                     bool (*is)(struct signer *, size_t,
                                const struct signer_crl *, int64_t),
                     struct task *t)
{
    const int64_t now = tm_now();

    t->c = NULL;
    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t n = parts_only; n <= s->crls[i].n_parts; n++) {
            struct signer_crl *c = crl_slot(&s->crls[i], n);

            if ((!t->c || c->state.snapshot < t->c->state.snapshot) &&
                is(s, i, c, now))
                *t = (struct task){i, c};
        }
    return t->c;
}

static bool find_task(struct signer *s, bool parts_only, struct task *t)
{
    const int64_t now = tm_now();

    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->crl_first_pass && crl_wants_part(s, i, now)) {
            *t = (struct task){i, NULL};
            return true;
        }
    return find_crl(s, parts_only, is_urgent, t) ||
           (!parts_only && find_crl(s, false, is_due, t));
}

static void do_task(struct signer *s, struct store_conn *db,
                    const struct task *t)
{
    AUTO(errs) struct errs e = {0};
    int rc;

    if (!t->c) {
        crl_open_part(s, db, t->i);
        return;
    }
    rc = crl_make(s, db, t->i, t->c, &e);
    if (rc == 0)
        crl_note_end(s, db, t->i, t->c);
    pthread_mutex_lock(&s->crl_lock);
    t->c->failed = rc == 0 ? ERR_NONE : e.v[0].code;
    if (rc != 0)
        t->c->retry_at = tm_now() + RETRY_S;
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
    if (rc != 0)
        crl_answer(s, t->c, &e);
}

void crl_serve_parts(struct signer *s, struct store_conn *db)
{
    struct task t;
    bool found;

    pthread_mutex_lock(&s->crl_lock);
    found = find_task(s, true, &t);
    pthread_mutex_unlock(&s->crl_lock);
    if (!found)
        return;
    do_task(s, db, &t);
    crl_answer(s, NULL, NULL);
}

/* False when there is nothing to do: then the thread may have slept. */
static bool next_task(struct signer *s, struct task *t, bool *stop)
{
    struct timespec until;
    bool found;

    pthread_mutex_lock(&s->crl_lock);
    found = find_task(s, false, t);
    *stop = s->crl_stopping;
    if (!found && !s->crl_stopping && !crl_has_ready(s)) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PASS_S;
        pthread_cond_timedwait(&s->crl_wake, &s->crl_lock, &until);
    }
    pthread_mutex_unlock(&s->crl_lock);
    return found;
}

/* Somebody waits; lock held. */
static bool is_asked(const struct signer *s)
{
    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->crls[i].asked)
            return true;
    return s->crl_waiting;
}

/* Inside a command there is nothing to do before somebody asks. */
static bool wait_for_work(struct signer *s)
{
    bool work;

    pthread_mutex_lock(&s->crl_lock);
    while (!s->front && !is_asked(s) && !s->crl_stopping)
        pthread_cond_wait(&s->crl_wake, &s->crl_lock);
    work = s->front || is_asked(s);
    pthread_mutex_unlock(&s->crl_lock);
    return work;
}

static void *crl_run(void *arg)
{
    struct signer *s = arg;
    AUTO(errs) struct errs e = {0};
    struct store_conn *c = store_conn_open(s->store, false, &e);
    struct task t;
    bool stop, found;

    pthread_setname_np(pthread_self(), "crl");
    if (!c)
        log_fatal("ledger", "%s", e.n ? e.v[0].detail : "no connection");
    if (wait_for_work(s))
        crl_first_pass(s, c); /* for which others wait */
    /* Of this thread alone, on Linux. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    do {
        found = next_task(s, &t, &stop);
        crl_publish_others(s);
        crl_retire(s);
        crl_lost_settle(s, c);
        crl_answer(s, NULL, NULL);
        if (found)
            do_task(s, c, &t);
        crl_lost_settle(s, c);
        crl_answer(s, NULL, NULL);
    } while (!stop || found);
    crl_answer(s, NULL, &e);
    store_conn_close(c);
    return NULL;
}

/* The first pass is over, and no CRL is still to be tried; lock held. */
static bool is_settled(const struct signer *s)
{
    const int64_t now = tm_now();

    for (size_t i = 0; i < s->n_authorities; i++) {
        const struct signer_crls *l = &s->crls[i];
        const struct conf_authority *conf = s->authorities[i].conf;

        if (!s->authorities[i].key)
            continue;
        for (uint32_t n = 0; n <= l->n_parts; n++) {
            const struct signer_crl *c = crl_slot(l, n);

            if (!c->published && !c->retry_at && !crl_is_over(s, i, c, now))
                return false;
        }
        if (conf->crl_partition_size && l->n_parts == l->filling &&
            !l->retry_at)
            return false;
    }
    return s->crl_first_pass;
}

void crl_wait_first(struct signer *s, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&s->crl_lock);
    while (!is_settled(s) &&
           pthread_cond_timedwait(&s->crl_passed, &s->crl_lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->crl_lock);
}

int crl_start(struct signer *s, struct errs *e)
{
    s->crl_began_us = tm_mono_us();
    if (pthread_create(&s->crl_thread, NULL, crl_run, s) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
    s->crl_runs = true;
    return 0;
}

void crl_stop(struct signer *s)
{
    if (!s->crl_runs)
        return;
    pthread_mutex_lock(&s->crl_lock);
    s->crl_stopping = true;
    pthread_cond_broadcast(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
    pthread_join(s->crl_thread, NULL);
    s->crl_runs = false;
}
