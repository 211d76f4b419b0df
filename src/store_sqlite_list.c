/* SPDX-License-Identifier: ISC */
/*
 * Lists.  Sources are the indices that a filter has; each is asked for a few
 * candidates.  One that ends early has all there are: those are judged one by
 * one and sorted.  When none does, the list is walked in its own order (or
 * along what the sources that have it have in common) until the page is full.
 */
#include "store_sqlite_list.h"

#include <stdlib.h>

enum { FEW = 2000 };

/* ---- few candidates: all of them, sorted */

static int newest_first(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;

    return x->leaf > y->leaf ? -1 : x->leaf < y->leaf;
}

static int soonest_first(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;

    if (x->not_after != y->not_after)
        return x->not_after < y->not_after ? -1 : 1;
    return x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

static enum store_result run_few(struct search *s, struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    sq_leaves_sort(l);
    for (size_t i = 0; i < l->n && r == STORE_OK; i++)
        r = search_judge(s, l->v[i]);
    if (s->n)
        qsort(s->hits, s->n, sizeof(*s->hits),
              s->q->by_expiry ? soonest_first : newest_first);
    if (s->n > s->max)
        s->n = s->max;
    return r;
}

/* The source with the fewest candidates, and those; n > FEW: all have many. */
static enum store_result fewest(struct search *s, const struct source **best,
                                struct sq_leaves *out)
{
    for (size_t i = 0; i < s->n_sources; i++) {
        AUTO(leaves) struct sq_leaves l = {0};
        enum store_result r =
            search_take(s, &s->sources[i], s->high, FEW + 1, &l);

        if (r != STORE_OK)
            return r;
        if (*best && l.n >= out->n)
            continue;
        *best = &s->sources[i];
        sq_leaves_free(out);
        *out = l;
        l = (struct sq_leaves){0};
    }
    return STORE_OK;
}

static enum store_result search_run(struct search *s)
{
    AUTO(leaves) struct sq_leaves few = {0};
    const struct source *best = NULL;
    enum store_result r = search_prepare(s);

    if (r == STORE_OK && !s->none)
        r = fewest(s, &best, &few);
    if (r != STORE_OK || s->none)
        return r;
    if (best && few.n <= FEW) {
        s->judge_pattern = s->judge_pattern && !best->names;
        return run_few(s, &few);
    }
    return s->q->by_expiry ? search_walk_expiry(s) : search_walk_issued(s);
}

static struct search search_of(struct sq_conn *c, const struct query *q,
                               int64_t now, struct list_walk *w, bool careful)
{
    *w = (struct list_walk){.look = w->look};
    return (struct search){.c = c,
                           .q = q,
                           .walk = w,
                           .now = now,
                           .careful = careful,
                           .max = (size_t)q->limit + 1};
}

enum store_result sq_cert_list(struct store_conn *base, const struct query *q,
                               int64_t now, struct list_walk *w,
                               store_record_fn *fn, void *arg)
{
    struct sq_conn *c = sq_of(base);
    const unsigned undone = atomic_load(&c->store->undone);
    AUTO(leaves) struct sq_leaves found = {0};
    AUTO(search) struct search s = search_of(c, q, now, w, false);
    enum store_result r = search_run(&s);

    /* The leaf of what was undone meanwhile may be another certificate's. */
    if (r == STORE_OK && atomic_load(&c->store->undone) != undone) {
        search_free(&s);
        s = search_of(c, q, now, w, true);
        r = search_run(&s);
    }
    if (r != STORE_OK)
        return r;
    for (size_t i = 0; i < s.n; i++)
        sq_leaves_add(&found, s.hits[i].leaf);
    return sq_leaves_each(s.c, &found, fn, arg);
}
