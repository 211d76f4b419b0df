/* SPDX-License-Identifier: ISC */
/* Lists with many candidates: along an index that has the order, in windows, so
 * that no read stays open. */
#include "store_sqlite_list.h"

enum { WINDOW = 1024 };

/* Where a walk stands: behind this row; newest first the leaf alone counts. */
struct place {
    int64_t time, leaf;
};

/* How many rows the next window may have; none: the walk ends here. */
static int64_t window(struct search *s, const struct place *at)
{
    struct list_walk *w = s->walk;
    const unsigned left = w->look > w->looked ? w->look - w->looked : 0;

    if (left)
        return left < WINDOW ? left : WINDOW;
    w->early = true;
    w->not_after = at->time;
    w->leaf = (uint64_t)at->leaf;
    return 0;
}

enum store_result search_walk_issued(struct search *s, const struct source *src)
{
    static const struct source all = {.sql = SQL_LIST_ISSUED, .ordered = true};
    struct place at = {0, s->high};
    enum store_result r = STORE_OK;

    if (!src)
        src = &all;
    while (r == STORE_OK && s->n < s->max) {
        AUTO(leaves) struct sq_leaves l = {0};
        const int64_t want = window(s, &at);

        if (want == 0)
            break;
        r = search_take(s, src, at.leaf, want, &l);
        for (size_t i = 0; i < l.n && r == STORE_OK && s->n < s->max; i++)
            r = search_judge(s, l.v[i]);
        if ((int64_t)l.n < want)
            break;
        at.leaf = (int64_t)l.v[l.n - 1];
    }
    return r;
}

static enum store_result take_ends(struct search *s, sqlite3_stmt *rows,
                                   struct place *at, struct sq_leaves *l)
{
    AUTO(stmt) sqlite3_stmt *st = rows;
    enum store_result r;

    while ((r = sq_next(s->c, st)) == STORE_OK) {
        at->leaf = sqlite3_column_int64(st, 0);
        at->time = sqlite3_column_int64(st, 1);
        sq_leaves_add(l, (uint64_t)at->leaf);
    }
    return r == STORE_NONE ? STORE_OK : r;
}

/* The next window: the rest of those that end together, and later ones. */
static enum store_result take_expiry(struct search *s, struct place *at,
                                     int64_t want, struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    if (at->time < s->ends_before)
        r = take_ends(
            s,
            sq_bind(s->c, SQL_LIST_EXPIRY_AT, "iii", at->time, at->leaf, want),
            at, l);
    if (r == STORE_OK && (int64_t)l->n < want)
        r = take_ends(s,
                      sq_bind(s->c, SQL_LIST_EXPIRY, "iii", at->time,
                              s->ends_before, want - (int64_t)l->n),
                      at, l);
    return r;
}

enum store_result search_walk_expiry(struct search *s)
{
    const struct query *q = s->q;
    struct place at = {s->ends_from, -1};
    enum store_result r = STORE_OK;

    if (q->has_cursor && q->cursor_time >= at.time)
        at = (struct place){q->cursor_time, (int64_t)q->cursor_leaf};
    while (r == STORE_OK && s->n < s->max) {
        AUTO(leaves) struct sq_leaves l = {0};
        const int64_t want = window(s, &at);

        if (want == 0)
            break;
        r = take_expiry(s, &at, want, &l);
        for (size_t i = 0; i < l.n && r == STORE_OK && s->n < s->max; i++)
            r = search_judge(s, l.v[i]);
        if ((int64_t)l.n < want)
            break;
    }
    return r;
}
