/* SPDX-License-Identifier: ISC */
/* Can a certificate be issued now, and if not, why. */
#include "signer_crl.h"
#include "signer_ocsp.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <sys/statvfs.h>

enum { ROOT_WARN = 30 * 24 * 3600, FRESH_US = 1000000, TOLD_MAX = 5 };

static void judge_disk(const struct signer *s, struct msg_ready *out)
{
    struct statvfs v;
    int64_t room;

    if (statvfs(s->conf->data, &v) != 0) {
        strs_add_own(&out->reasons,
                     xasprintf("disk: %s: %s", s->conf->data, strerror(errno)));
        return;
    }
    room = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    if (v.f_flag & ST_RDONLY)
        strs_add(&out->reasons, "disk: data is on a read-only file system");
    if (room < s->conf->disk_floor)
        strs_add_own(&out->reasons,
                     xasprintf("disk: %" PRId64 " octets are free under data, "
                               "disk-floor is %" PRId64,
                               room, s->conf->disk_floor));
}

/* Signs and verifies something with each key that issues; one that signs
 * wrongly must not go on. */
static void judge_keys(struct worker *w)
{
    AUTO(key_verifier) struct key_verifier *v = NULL;
    struct signer *s = w->s;

    if (tm_mono_us() - s->signed_us < FRESH_US)
        return;
    s->signed_us = tm_mono_us();
    v = key_verifier_new();
    for (size_t i = 0; i < s->n_authorities; i++) {
        const struct signer_authority *a = &s->authorities[i];
        AUTO(errs) struct errs e = {0};

        if (a->key &&
            key_pair_judge(v, &a->cert.key, worker_key(w, a), &e) != 0)
            log_fatal("key", "that of %s signs wrongly", a->name);
    }
}

/* A profile is signed by it, or by one below it. */
static bool is_signing(const struct signer *s,
                       const struct signer_authority *of)
{
    const struct signer_authority *a = NULL;

    for (size_t i = 0; i < s->conf->profiles.n && !a; i++) {
        a = signer_authority_of(s, &s->conf->profiles.v[i]);
        while (a && a != of)
            a = a->info->parent ? signer_authority_find(s, a->info->parent)
                                : NULL;
    }
    return a;
}

/* One that has a successor goes on for what it has issued. */
static void judge_revoked(struct signer *s, size_t i, struct msg_ready *out)
{
    char *text;

    pthread_mutex_lock(&s->crl_lock);
    text = crl_above_text(s, i);
    pthread_mutex_unlock(&s->crl_lock);
    if (text)
        strs_add_own(is_signing(s, &s->authorities[i]) ? &out->reasons
                                                       : &out->warnings,
                     text);
}

static void judge_authority(const struct signer_authority *a, int64_t now,
                            struct msg_ready *out)
{
    char when[TM_RFC3339_SIZE];

    tm_rfc3339(when, a->cert.not_after);
    if (now > a->cert.not_after)
        strs_add_own(&out->reasons,
                     xasprintf("authority: %s ended at %s", a->name, when));
    else if (now > a->cert.not_after - ROOT_WARN)
        strs_add_own(&out->warnings,
                     xasprintf("authority: %s ends at %s", a->name, when));
}

/* The one of the authority's CRLs that is missing, or ends first. */
static struct signer_crl worst_crl(struct signer *s, size_t i, int64_t now)
{
    const struct signer_crls *l = &s->crls[i];
    struct signer_crl worst;

    pthread_mutex_lock(&s->crl_lock);
    worst = l->whole;
    for (uint32_t n = 1; n <= l->n_parts && worst.published; n++) {
        const struct signer_crl *c = l->parts[n - 1];

        if (!crl_is_over(s, i, c, now) &&
            (!c->published || c->state.next_update < worst.state.next_update))
            worst = *c;
    }
    pthread_mutex_unlock(&s->crl_lock);
    return worst;
}

/* One that cannot be made is stale from the next revocation on, long before
 * the last one ends. */
static void judge_making(struct signer *s, size_t i, int64_t now,
                         struct msg_ready *out)
{
    const struct signer_crls *l = &s->crls[i];
    const char *name = s->authorities[i].name;
    unsigned told = 0;
    char *lost;

    pthread_mutex_lock(&s->crl_lock);
    for (uint32_t n = 0; n <= l->n_parts && told < TOLD_MAX; n++)
        if ((lost = crl_lost_text(s, i, crl_slot(l, n)))) {
            strs_add_own(&out->reasons, lost);
            told++;
        }
    for (size_t n = 0; n < l->unread.n && n < TOLD_MAX; n++)
        strs_add_own(&out->reasons, xasprintf("crl: %s", l->unread.v[n]));
    for (uint32_t n = 0; n <= l->n_parts; n++) {
        const struct signer_crl *c = crl_slot(l, n);
        AUTO(free) char *scope = crl_scope(name, n);

        if (c->failed == ERR_NONE || crl_is_over(s, i, c, now))
            continue;
        strs_add_own(&out->reasons,
                     xasprintf("crl: that of %s cannot be made: %s", scope,
                               err_code(c->failed)));
        break;
    }
    if (l->failed != ERR_NONE)
        strs_add_own(&out->reasons,
                     xasprintf("crl: the next partition of %s cannot be "
                               "opened: %s",
                               name, err_code(l->failed)));
    pthread_mutex_unlock(&s->crl_lock);
}

/* Where the next one comes from, when the key is elsewhere. */
static const char *remedy(const struct signer_authority *a)
{
    return a->key            ? ""
           : a->info->parent ? ": pocketca crl import"
                             : ": pocketca crl sign --authority root";
}

static void judge_crl(struct signer *s, size_t i, int64_t now,
                      struct msg_ready *out)
{
    const struct signer_authority *a = &s->authorities[i];
    const struct signer_crl c = worst_crl(s, i, now);
    AUTO(free) char *scope = crl_scope(a->name, c.partition);
    char when[TM_RFC3339_SIZE];

    if (!c.published) {
        /* One whose key is elsewhere has none until somebody signs it. */
        strs_add_own(a->key ? &out->reasons : &out->warnings,
                     xasprintf("crl: %s has none yet", scope));
        return;
    }
    tm_rfc3339(when, c.state.next_update);
    if (now > c.state.next_update)
        strs_add_own(&out->reasons, xasprintf("crl: that of %s ended at %s%s",
                                              scope, when, remedy(a)));
    else if (a->key && now - c.state.this_update > 2 * a->conf->crl_refresh)
        strs_add_own(&out->warnings,
                     xasprintf("crl: that of %s ends at %s, and is not made "
                               "anew",
                               scope, when));
    else if (!a->key && now > c.state.next_update - ROOT_WARN)
        strs_add_own(&out->warnings, xasprintf("crl: that of %s ends at %s%s",
                                               a->name, when, remedy(a)));
}

/* Each CRL takes a descriptor of the front. */
static void judge_room(struct signer *s, struct msg_ready *out)
{
    uint64_t n, max;

    pthread_mutex_lock(&s->crl_lock);
    n = crl_count(s);
    max = crl_count_max(s);
    pthread_mutex_unlock(&s->crl_lock);
    if (n > max - max / 8)
        strs_add_own(&out->warnings,
                     xasprintf("crl: %" PRIu64 " are served, and the limit of "
                               "open files has room for %" PRIu64,
                               n, max));
}

static void judge_responder(struct signer *s, size_t i, int64_t now,
                            struct msg_ready *out)
{
    const struct signer_authority *a = &s->authorities[i];
    const int64_t end = responder_end(s, i, NULL);
    char when[TM_RFC3339_SIZE];

    if (!s->responders || !a->key || now <= end)
        return;
    tm_rfc3339(when, end);
    strs_add_own(
        &out->reasons,
        end ? xasprintf("ocsp: the responder of %s ended at %s", a->name, when)
            : xasprintf("ocsp: %s has no responder yet", a->name));
}

void ready_judge(struct worker *w, struct msg_ready *out)
{
    struct signer *s = w->s;
    AUTO(errs) struct errs e = {0};
    const int64_t now = tm_now();

    if (s->broken)
        strs_add(&out->reasons, "ledger: it cannot be written");
    if (clock_check(s, now, &e) != 0)
        strs_add_own(&out->reasons, xasprintf("clock: %s", e.v[0].detail));
    judge_disk(s, out);
    judge_keys(w);
    for (size_t i = 0; i < s->n_authorities; i++) {
        if (!s->authorities[i].in_use)
            continue; /* of the past: nothing is issued below it */
        judge_authority(&s->authorities[i], now, out);
        judge_revoked(s, i, out);
        judge_crl(s, i, now, out);
        judge_making(s, i, now, out);
        judge_responder(s, i, now, out);
    }
    judge_room(s, out);
    strs_copy(&out->warnings, &s->warnings);
    out->ready = out->reasons.n == 0;
}

/* A write that changes nothing shows that the ledger can be written. */
struct ready_job {
    struct job job;
    struct msg_ready m;
};

static enum store_result ready_apply(struct signer *s, struct job *job)
{
    const int64_t now = tm_now();

    (void)job;
    return store_fact_put(s->writer, "ready", &now, sizeof(now));
}

static void ready_done(struct signer *s, struct job *job)
{
    struct ready_job *j = (struct ready_job *)job;

    if (job->errs.n) {
        strs_add_own(&j->m.reasons,
                     xasprintf("ledger: %s", job->errs.v[0].detail));
        j->m.ready = false;
    }
    errs_free(&job->errs);
    msg_begin(&job->reply, MSG_READINESS, job->id, false);
    msg_ready_put(&job->reply, &j->m);
    job_done(s, job);
}

static void ready_free(struct job *job)
{
    msg_ready_free(&((struct ready_job *)job)->m);
}

static const struct job_kind ready_kind = {
    .apply = ready_apply, .done = ready_done, .free = ready_free};

int handle_ready(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(errs) struct errs full = {0};
    struct ready_job *j;

    (void)c;
    if (body_done(f, body, e) != 0)
        return -1;
    j = job_new(sizeof(*j), &ready_kind, w, f->id, NULL);
    ready_judge(w, &j->m);
    /* Who asks again and again costs no write: the last commit tells. */
    if (tm_mono_us() - w->s->committed_us < FRESH_US) {
        ready_done(w->s, &j->job);
        return 0;
    }
    if (job_queue(w->s, &j->job, &full) == 0)
        return 0;
    errs_move(&j->job.errs, &full);
    ready_done(w->s, &j->job);
    return 0;
}
