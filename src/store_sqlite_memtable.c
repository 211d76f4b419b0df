/* SPDX-License-Identifier: ISC */
/* Postings in memory: an array by leaf, with a hash table over their keys. */
#include "store_sqlite_memtable.h"

#include <stdlib.h>
#include <string.h>

/* Where FEW are in question they are compared one by one: the chain of a bucket
 * may have all there are. */
enum { BUCKETS = 32768, FEW = 64 };

static uint32_t bucket_of(const struct sq_key *k)
{
    uint32_t h = 2166136261U ^ (uint32_t)k->class; /* FNV-1a */

    for (size_t i = 0; i < k->len; i++)
        h = (h ^ k->p[i]) * 16777619U;
    return h % BUCKETS;
}

struct sq_key memtable_key(const struct memtable *t, const struct sq_posting *p)
{
    return (struct sq_key){p->class, t->keys.data + p->at, p->len};
}

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b,
                          size_t b_len)
{
    const size_t both = a_len < b_len ? a_len : b_len;
    const int r = both ? memcmp(a, b, both) : 0;

    return r ? r : a_len < b_len ? -1 : a_len > b_len;
}

static bool same_key(const struct sq_key *a, const struct sq_key *b)
{
    return a->class == b->class &&
           compare_octets(a->p, a->len, b->p, b->len) == 0;
}

static void put(struct memtable *t, int64_t leaf, const struct sq_key *k)
{
    uint32_t *bucket;

    if (!t->buckets)
        t->buckets = xcalloc(BUCKETS, sizeof(*t->buckets));
    bucket = &t->buckets[bucket_of(k)];
    t->v = xgrow(t->v, t->n, sizeof(*t->v));
    t->v[t->n++] = (struct sq_posting){.class = k->class,
                                       .leaf = leaf,
                                       .at = t->keys.len,
                                       .len = (uint32_t)k->len,
                                       .next = *bucket};
    *bucket = (uint32_t)t->n;
    buf_put(&t->keys, k->p, k->len);
}

void memtable_put(struct memtable *t, int64_t leaf, const void *p, size_t len)
{
    struct rd rd = rd_of(p, len);

    while (rd.n && !rd.failed) {
        struct sq_key k = {.class = rd_u32(&rd)};

        k.p = rd_blob(&rd, &k.len);
        if (!rd.failed)
            put(t, leaf, &k);
    }
}

void memtable_cut(struct memtable *t, size_t n)
{
    while (t->n > n) {
        const struct sq_posting *p = &t->v[--t->n];
        const struct sq_key k = memtable_key(t, p);

        t->buckets[bucket_of(&k)] = p->next;
    }
}

void memtable_free(struct memtable *t)
{
    free(t->v);
    free(t->buckets);
    buf_free(&t->keys);
    *t = (struct memtable){0};
}

/* The first that is of no earlier leaf. */
static size_t place_of(const struct memtable *t, int64_t leaf)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (t->v[middle].leaf < leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct memtable *t, const struct sq_posting *p,
                  const struct sq_key *k)
{
    const struct sq_key other = memtable_key(t, p);

    return same_key(k, &other);
}

void memtable_of(const struct memtable *t, const struct sq_key *k,
                 const struct sq_span *span, struct sq_leaves *l)
{
    const size_t from = place_of(t, span->low), to = place_of(t, span->high);

    if (to <= from + FEW) {
        for (size_t i = from; i < to; i++)
            if (is_of(t, &t->v[i], k))
                sq_leaves_add(l, (uint64_t)t->v[i].leaf);
        return;
    }
    for (uint32_t i = t->buckets[bucket_of(k)]; i > from; i = t->v[i - 1].next)
        if (i <= to && is_of(t, &t->v[i - 1], k))
            sq_leaves_add(l, (uint64_t)t->v[i - 1].leaf);
}

static bool in_range(const struct sq_key *k, const struct sq_name_range *r)
{
    return k->class >= r->first && k->class <= r->last &&
           (!r->from.len ||
            (compare_octets(k->p, k->len, r->from.data, r->from.len) >= 0 &&
             compare_octets(k->p, k->len, r->to.data, r->to.len) < 0));
}

void memtable_in(const struct memtable *t, const struct sq_name_range *r,
                 struct sq_leaves *l)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct sq_key k = memtable_key(t, &t->v[i]);

        if (in_range(&k, r))
            sq_leaves_add(l, (uint64_t)t->v[i].leaf);
    }
}

bool memtable_has(const struct memtable *t, const struct sq_key *k,
                  int64_t leaf)
{
    for (size_t i = place_of(t, leaf); i < t->n && t->v[i].leaf == leaf; i++)
        if (is_of(t, &t->v[i], k))
            return true;
    return false;
}

static int compare_places(const void *a, const void *b, void *arg)
{
    const struct memtable *t = arg;
    const struct sq_posting *x = &t->v[*(const uint32_t *)a];
    const struct sq_posting *y = &t->v[*(const uint32_t *)b];
    const struct sq_key kx = memtable_key(t, x), ky = memtable_key(t, y);
    int r;

    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    r = compare_octets(kx.p, kx.len, ky.p, ky.len);
    return r ? r : x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

uint32_t *memtable_order(struct memtable *t)
{
    uint32_t *order = xreallocarray(NULL, t->n, sizeof(*order));

    for (size_t i = 0; i < t->n; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, t->n, sizeof(*order), compare_places, t);
    return order;
}
