/* SPDX-License-Identifier: ISC */
/* The clock is suspect when it is well before the newest entry, or stepped
 * against the boot clock, which nobody sets. */
#include "signer.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STEP_MAX = 300 };

void clock_open(struct signer *s)
{
    pthread_mutex_init(&s->clock.lock, NULL);
    s->clock.offset = tm_now() - tm_boot();
}

int clock_check(struct signer *s, int64_t now, struct errs *e)
{
    int64_t newest = s->clock.newest_entry, step;
    char then[TM_RFC3339_SIZE], text[TM_RFC3339_SIZE];

    pthread_mutex_lock(&s->clock.lock);
    step = now - tm_boot() - s->clock.offset;
    /* Small corrections are followed, so that they do not add up. */
    if (llabs(step) <= STEP_MAX)
        s->clock.offset += step;
    pthread_mutex_unlock(&s->clock.lock);
    tm_rfc3339(text, now);
    if (now < newest - STEP_MAX) {
        tm_rfc3339(then, newest);
        return err_add(e, ERR_CLOCK_SUSPECT,
                       "the clock says %s, and the newest entry of the "
                       "ledger is of %s; if the clock is right: pocketca "
                       "clock accept",
                       text, then);
    }
    if (llabs(step) > STEP_MAX)
        return err_add(e, ERR_CLOCK_SUSPECT,
                       "the clock stepped by %" PRId64 " seconds to %s; if it "
                       "is right: pocketca clock accept",
                       step, text);
    return 0;
}

struct clock_job {
    struct job job;
    int64_t now;
};

static enum store_result accept_apply(struct signer *s, struct job *j)
{
    struct clock_job *c = (struct clock_job *)j;
    struct entry en = entry_by(&j->who.requester, ENTRY_CLOCK, c->now);

    msg_begin(&j->reply, MSG_DONE, j->id, false);
    return job_entry(s, &en, NULL, 0, NULL);
}

/* What ended while the clock was suspect is made now, not at the next pass. */
static void wake(pthread_mutex_t *lock, pthread_cond_t *who)
{
    pthread_mutex_lock(lock);
    pthread_cond_broadcast(who);
    pthread_mutex_unlock(lock);
}

static void accept_done(struct signer *s, struct job *j)
{
    struct clock_job *c = (struct clock_job *)j;

    if (!j->errs.n) {
        pthread_mutex_lock(&s->clock.lock);
        s->clock.offset = c->now - tm_boot();
        pthread_mutex_unlock(&s->clock.lock);
        wake(&s->crl_lock, &s->crl_wake);
        wake(&s->responder_lock, &s->responder_wake);
    }
    job_done(s, j);
}

static const struct job_kind accept_kind = {
    .event = "clock-accept", .apply = accept_apply, .done = accept_done};

int handle_clock_accept(struct worker *w, const struct frame *f,
                        const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    struct clock_job *j;

    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0)
        return -1;
    j = job_new(sizeof(*j), &accept_kind, w, f->id, &who);
    j->now = tm_now();
    if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
