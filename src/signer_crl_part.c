/* SPDX-License-Identifier: ISC */
/* Partitions: which one a new certificate names, and that its CRL is out
 * before. */
#include "signer_crl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <sys/resource.h>

enum { WAIT_S = 10, RETRY_S = 5, SETTLED_S = 3600 };

void crl_part_free(struct signer_crl *c)
{
    crl_lost_free(c);
    free(c->url);
    free(c);
}

bool crl_is_over(const struct signer *s, size_t i, const struct signer_crl *c,
                 int64_t now)
{
    return c->closed_at && /* so it has a configuration */
           c->ends + s->authorities[i].conf->crl_lifetime < now;
}

/* Lock held.  The next certificate's; false: nobody knows yet. */
static bool take(struct signer_crls *l, unsigned size, uint32_t *partition)
{
    struct signer_crl *c = crl_slot(l, l->filling), *next;

    if (l->filling && l->filled < size && c->published) {
        l->filled++;
        *partition = l->filling;
        return true;
    }
    next = crl_slot(l, l->filling + 1);
    if (!next || !next->published) {
        if (next)
            next->wanted = true;
        return false;
    }
    if (l->filling) {
        c->closed_at = tm_now();
        c->ends = TM_LAST; /* until one looks */
    }
    l->filling++;
    l->filled = 1;
    *partition = l->filling;
    return true;
}

int crl_partition_take(struct signer *s, const struct signer_authority *a,
                       uint32_t *partition, struct errs *e)
{
    struct signer_crls *l = &s->crls[a - s->authorities];
    const unsigned size = a->conf->crl_partition_size;
    struct timespec until;
    bool taken, late = false;
    enum err why;

    *partition = 0;
    if (size == 0)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&s->crl_lock);
    for (;;) {
        taken = l->loaded && take(l, size, partition);
        /* A first certificate of a partition: one more is to be spare. */
        if (taken && l->filled > 1)
            break;
        l->asked = !taken;
        pthread_cond_signal(&s->crl_wake);
        if (taken || late || tm_now() < l->retry_at)
            break;
        late = pthread_cond_timedwait(&s->crl_passed, &s->crl_lock, &until);
    }
    why = l->failed != ERR_NONE ? l->failed : ERR_STORAGE_ERROR;
    pthread_mutex_unlock(&s->crl_lock);
    return taken ? 0
                 : err_add(e, why,
                           "the CRL of the next partition of %s could not be "
                           "published yet: nothing is issued before it is",
                           a->name);
}

uint32_t crl_partition_guess(struct worker *w, const struct signer_authority *a)
{
    uint32_t n;

    if (!a->conf || a->conf->crl_partition_size == 0)
        return 0;
    return store_partition_last(w->reader, a->name, &n) == STORE_OK ? n : 1;
}

bool crl_wants_part(struct signer *s, size_t i, int64_t now)
{
    const struct signer_authority *a = &s->authorities[i];
    const struct signer_crls *l = &s->crls[i];

    if (!a->key || a->conf->crl_partition_size == 0 || now < l->retry_at)
        return false;
    return s->front ? l->n_parts < l->filling + CRL_SPARE
                    : l->asked && l->n_parts == l->filling;
}

uint64_t crl_count(const struct signer *s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t k = 0; k <= s->crls[i].n_parts; k++)
            n += crl_slot(&s->crls[i], k)->published;
    return n;
}

/* The front has the same hard limit, and goes up to it. */
uint64_t crl_count_max(const struct signer *s)
{
    struct rlimit lim;

    if (!s->front || getrlimit(RLIMIT_NOFILE, &lim) < 0 ||
        lim.rlim_max == RLIM_INFINITY)
        return UINT64_MAX;
    return conf_share_crls(s->conf, lim.rlim_max);
}

/* A front without a descriptor left could not take the next one. */
static int judge_room(struct signer *s, size_t i, struct errs *e)
{
    uint64_t n, max;

    pthread_mutex_lock(&s->crl_lock);
    n = crl_count(s);
    max = crl_count_max(s);
    pthread_mutex_unlock(&s->crl_lock);
    if (n < max)
        return 0;
    err_add(e, ERR_STORAGE_FULL,
            "%" PRIu64 " CRLs are served, and the limit of open files has room "
            "for %" PRIu64 ": raise it, or crl-partition-size",
            n, max);
    log_msg(LOG_ERROR, "crl", "the next partition of %s: %s",
            s->authorities[i].name, e->v[0].detail);
    return -1;
}

void crl_open_part(struct signer *s, struct store_conn *db, size_t i)
{
    AUTO(errs) struct errs e = {0};
    struct signer_crls *l = &s->crls[i];
    struct signer_crl *c = xcalloc(1, sizeof(*c));
    int rc;

    c->partition = l->n_parts + 1; /* this thread's to write */
    c->url = crl_url(s->conf->public_url, s->authorities[i].name, c->partition);
    rc = judge_room(s, i, &e);
    if (rc == 0)
        rc = crl_make(s, db, i, c, &e);
    pthread_mutex_lock(&s->crl_lock);
    l->failed = rc == 0 ? ERR_NONE : e.v[0].code;
    if (rc == 0) {
        l->parts = xreallocarray(l->parts, c->partition, sizeof(*l->parts));
        l->parts[l->n_parts++] = c;
    } else {
        l->retry_at = tm_now() + RETRY_S;
    }
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
    if (rc != 0)
        crl_part_free(c);
}

int64_t crl_part_ends(const struct partition_row *row)
{
    return row->certs ? row->ends : TM_LAST;
}

void crl_note_end(struct signer *s, struct store_conn *db, size_t i,
                  struct signer_crl *c)
{
    struct partition_row row;
    int64_t closed_at;

    pthread_mutex_lock(&s->crl_lock);
    closed_at = c->closed_at;
    pthread_mutex_unlock(&s->crl_lock);
    /* What was judged before that is in the ledger by now. */
    if (!closed_at || tm_now() < closed_at + SETTLED_S ||
        store_partition(db, s->authorities[i].name, c->partition, &row) !=
            STORE_OK)
        return;
    pthread_mutex_lock(&s->crl_lock);
    c->ends = crl_part_ends(&row);
    pthread_mutex_unlock(&s->crl_lock);
}

/* The lowest partition from `from` on that is over and is served still; 0:
 * none. */
static uint32_t find_over(struct signer *s, size_t i, uint32_t from,
                          int64_t now)
{
    const struct signer_crls *l = &s->crls[i];
    uint32_t found = 0;

    pthread_mutex_lock(&s->crl_lock);
    for (uint32_t n = from; n <= l->n_parts && !found; n++) {
        struct signer_crl *c = crl_slot(l, n);

        if (!c->published || !crl_is_over(s, i, c, now))
            continue;
        c->published = false;
        found = n;
    }
    pthread_mutex_unlock(&s->crl_lock);
    return found;
}

void crl_retire(struct signer *s)
{
    AUTO(errs) struct errs e = {0};
    const int64_t now = tm_now();

    /* By a clock that went ahead they all would be. */
    if (!s->front || clock_check(s, now, &e) != 0)
        return;
    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t n = 0; (n = find_over(s, i, n + 1, now));) {
            AUTO(free) char *scope = crl_scope(s->authorities[i].name, n);

            crl_file_remove(s, scope);
            log_msg(LOG_INFO, "crl", "%s is over: its certificates have ended",
                    scope);
        }
}
