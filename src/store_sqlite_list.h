/* SPDX-License-Identifier: ISC */
/*
 * A list in the making, shared by the files of it: what is asked for and where
 * candidates come from (store_sqlite_list_source.c), whether one matches
 * (_judge.c), walks along an order (_walk.c), and which way is taken
 * (store_sqlite_list.c).
 */
#ifndef POCKETCA_STORE_SQLITE_LIST_H
#define POCKETCA_STORE_SQLITE_LIST_H

#include "store_sqlite_posting.h"

enum { LIST_SOURCES = 12 };

/* Where candidates come from; `ordered` ones take list_issued's bounds. */
struct source {
    enum sql_id sql;
    bool ordered;
    bool names; /* the candidates match the query's pattern */
    int64_t a, b;
    const char *text;
    struct buf key;
};

struct hit {
    uint64_t leaf;
    int64_t not_after;
};

struct search {
    struct sq_conn *c;
    const struct query *q;
    struct list_walk *walk;
    int64_t now;
    int64_t profile, authority, requester;
    const int64_t *profile_p, *authority_p; /* NULL: not asked for */
    bool none;         /* something asked for does not exist */
    int64_t low, high; /* leaves: low to before high */
    int64_t ends_from, ends_before;
    struct name covers[2]; /* the name itself, and the wildcard for it */
    size_t n_covers;
    bool careful; /* no candidate is taken for one that matches the pattern */
    bool judge_pattern;
    struct source sources[LIST_SOURCES];
    size_t n_sources;
    struct hit *hits;
    size_t n, max;
};

void search_free(struct search *s);
AUTO_VALUE(search, struct search, search_free)
/* From s->q: the bounds and the sources.  s->none: nothing can match. */
enum store_result search_prepare(struct search *s);
/* At most `max` candidates of the source, of an ordered one the newest with
 * leaf < before; added to l. */
enum store_result search_take(struct search *s, const struct source *src,
                              int64_t before, int64_t max, struct sq_leaves *l);
/* A candidate that matches and lies behind the query's cursor is added to
 * s->hits; STORE_OK also when it is not. */
enum store_result search_judge(struct search *s, uint64_t leaf);
/* Hits in the list's order until there are s->max, or s->walk has looked at as
 * many rows as it may: newest first, what all ordered sources have in common;
 * or soonest end first. */
enum store_result search_walk_issued(struct search *s);
enum store_result search_walk_expiry(struct search *s);

#endif
