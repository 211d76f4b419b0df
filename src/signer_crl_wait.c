/* SPDX-License-Identifier: ISC */
/* Who waits for which CRLs. */
#include "signer_crl.h"

#include <stdlib.h>

void crl_job_add(const struct signer *s, struct job *j, const char *authority,
                 uint32_t partition)
{
    size_t i = signer_authority_index(s, authority);

    /* One that is not configured any more makes no CRLs. */
    if (i == s->n_authorities || !s->authorities[i].key)
        return;
    for (size_t k = 0; k < j->n_crls; k++)
        if (j->crls[k].authority == i && j->crls[k].partition == partition)
            return;
    j->crls = xreallocarray(j->crls, j->n_crls + 1, sizeof(*j->crls));
    j->crls[j->n_crls++] = (struct crl_ref){(uint32_t)i, partition};
}

/* NULL before the first pass alone; lock held. */
static struct signer_crl *slot_of(const struct signer *s,
                                  const struct crl_ref *r)
{
    struct signer_crl *c = crl_slot(&s->crls[r->authority], r->partition);

    if (!c && s->crl_first_pass)
        log_fatal("crl", "%s has no partition %lu",
                  s->authorities[r->authority].name,
                  (unsigned long)r->partition);
    return c;
}

/* What was revoked before `needs` is out; lock held, as below. */
static bool is_out(const struct signer_crl *c, uint64_t needs)
{
    return c->state.snapshot >= needs || c->state.snapshot >= c->revoked_end;
}

static bool is_all_out(const struct signer *s, const struct crl_ref *r,
                       uint64_t needs, int64_t now)
{
    const struct signer_crls *l = &s->crls[r->authority];

    for (uint32_t n = 0; n <= l->n_parts; n++) {
        const struct signer_crl *c = crl_slot(l, n);

        if (!is_out(c, needs) && !crl_is_over(s, r->authority, c, now))
            return false;
    }
    return s->crl_first_pass;
}

static bool is_satisfied(const struct signer *s, const struct job *j)
{
    const int64_t now = tm_now();

    for (size_t k = 0; k < j->n_crls; k++) {
        const struct crl_ref *r = &j->crls[k];
        const struct signer_crl *c;

        if (r->partition == CRL_ALL) {
            if (!is_all_out(s, r, j->needs, now))
                return false;
            continue;
        }
        c = slot_of(s, r);
        if (c && crl_is_over(s, r->authority, c, now))
            continue; /* it is served no more */
        if (!c || !c->published || !is_out(c, j->needs))
            return false;
    }
    return true;
}

void crl_revoked(struct signer_crls *l, struct signer_crl *c, uint64_t end)
{
    if (end > c->revoked_end)
        c->revoked_end = end;
    if (c->partition && end > l->whole.parts_end)
        l->whole.parts_end = end;
}

static void note(struct signer *s, const struct crl_ref *r, uint64_t end)
{
    struct signer_crl *c = slot_of(s, r);

    if (!c)
        return; /* the first pass finds it in the ledger */
    crl_revoked(&s->crls[r->authority], c, end);
    if (!c->published)
        c->wanted = true;
}

void crl_job_settle(struct signer *s, struct job *j)
{
    for (size_t k = 0; k < j->n_crls; k++) {
        const struct crl_ref *r = &j->crls[k];
        const struct signer_crls *l = &s->crls[r->authority];
        const bool all = r->partition == CRL_ALL;

        if (!all)
            note(s, r, j->needs);
        for (uint32_t n = 0; n <= l->n_parts; n++)
            if ((all || n == r->partition) &&
                crl_slot(l, n)->revoked_end > j->needs)
                j->needs = crl_slot(l, n)->revoked_end;
    }
}

void crl_job_note(struct signer *s, const struct job *j, uint64_t end)
{
    pthread_mutex_lock(&s->crl_lock);
    for (size_t k = 0; k < j->n_crls; k++)
        note(s, &j->crls[k], end);
    pthread_cond_signal(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
}

void crl_job_wait(struct signer *s, struct job *j, uint64_t needs,
                  void (*reply)(struct signer *s, struct job *j))
{
    struct job **end = &s->crl_waiting;
    bool wait = j->publish || j->crl_asked || j->n_crls == 0;

    j->reply_fn = reply;
    j->needs = needs;
    for (size_t k = 0; k < j->n_crls; k++)
        wait |= s->authorities[j->crls[k].authority].conf->crl_wait;
    pthread_mutex_lock(&s->crl_lock);
    crl_job_settle(s, j);
    while (*end)
        end = &(*end)->next;
    if (wait)
        *end = j;
    else
        j->crl_pending = !is_satisfied(s, j);
    pthread_cond_signal(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
    if (!wait)
        reply(s, j);
}

bool crl_has_ready(const struct signer *s)
{
    for (const struct job *j = s->crl_waiting; j; j = j->next)
        if (j->publish || is_satisfied(s, j))
            return true;
    return false;
}

static bool waits_for(const struct signer *s, const struct job *j,
                      const struct signer_crl *c)
{
    for (size_t k = 0; k < j->n_crls; k++)
        if (crl_slot(&s->crls[j->crls[k].authority],
                     j->crls[k].partition == CRL_ALL
                         ? c->partition
                         : j->crls[k].partition) == c)
            return true;
    return false;
}

static void refuse(struct job *j, const struct errs *why)
{
    err_add(&j->errs, why->n ? why->v[0].code : ERR_STORAGE_ERROR, "%s: %s",
            j->crl_asked ? "the CRL could not be published"
                         : "the revocation is recorded, and the CRL that says "
                           "so could not be published yet",
            why->n ? why->v[0].detail : "the service is ending");
}

void crl_answer(struct signer *s, const struct signer_crl *failed,
                const struct errs *why)
{
    struct job *ready = NULL, **end = &ready, **at, *j;

    pthread_mutex_lock(&s->crl_lock);
    for (at = &s->crl_waiting; (j = *at);) {
        const bool good = !j->publish && is_satisfied(s, j);

        if (!good && !(why && (!failed || waits_for(s, j, failed)))) {
            at = &j->next;
            continue;
        }
        if (!good)
            refuse(j, why);
        *at = j->next;
        j->next = NULL;
        *end = j;
        end = &j->next;
    }
    pthread_mutex_unlock(&s->crl_lock);
    while ((j = ready)) {
        ready = j->next;
        j->next = NULL;
        j->reply_fn(s, j);
    }
}

void crl_publish_others(struct signer *s)
{
    for (;;) {
        struct job **at = &s->crl_waiting, *j;

        pthread_mutex_lock(&s->crl_lock);
        while (*at && !(*at)->publish)
            at = &(*at)->next;
        j = *at;
        if (j)
            *at = j->next;
        pthread_mutex_unlock(&s->crl_lock);
        if (!j)
            return;
        j->next = NULL;
        j->publish(s, j);
        j->reply_fn(s, j);
    }
}
