/* SPDX-License-Identifier: ISC */
/* Postings in memory, found by key or in a range of keys.  Not locked. */
#ifndef POCKETCA_STORE_SQLITE_MEMTABLE_H
#define POCKETCA_STORE_SQLITE_MEMTABLE_H

#include "store_sqlite_posting.h"

struct sq_posting {
    int64_t class, leaf;
    size_t at;          /* in keys */
    uint32_t len, next; /* 1 + the one before it in its bucket */
};

/* Zero-initialised is empty. */
struct memtable {
    struct sq_posting *v; /* by leaf */
    size_t n;
    struct buf keys;
    uint32_t *buckets;
};

void memtable_free(struct memtable *t);
AUTO_VALUE(memtable, struct memtable, memtable_free)
/* A row of `recent`, of a later leaf than all before. */
void memtable_put(struct memtable *t, int64_t leaf, const void *p, size_t len);
/* Takes the newest out, down to n postings; keys stay. */
void memtable_cut(struct memtable *t, size_t n);
/* Borrowed, until the next that is put. */
struct sq_key memtable_key(const struct memtable *t,
                           const struct sq_posting *p);
/* The indices into v in the order of the table; the caller frees. */
uint32_t *memtable_order(struct memtable *t);

/* Leaves that match are added to l; a span's max and order are the caller's. */
void memtable_of(const struct memtable *t, const struct sq_key *k,
                 const struct sq_span *span, struct sq_leaves *l);
void memtable_in(const struct memtable *t, const struct sq_name_range *r,
                 struct sq_leaves *l);
bool memtable_has(const struct memtable *t, const struct sq_key *k,
                  int64_t leaf);

#endif
