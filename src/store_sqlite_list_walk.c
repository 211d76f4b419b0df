/* SPDX-License-Identifier: ISC */
/* Lists with many candidates: along the indices that have the order, in
 * windows, so that no read stays open. */
#include "store_sqlite_list.h"

enum {
    WINDOW = 1024,
    PER_ROW = 16, /* rows of an index that cost as much as judging one */
};

/* The walk may look no further: true, and where the list goes on. */
static bool spent(const struct search *s, int64_t time, int64_t leaf)
{
    struct list_walk *w = s->walk;

    if (w->looked < w->look)
        return false;
    w->early = true;
    w->not_after = time;
    w->leaf = (uint64_t)leaf;
    return true;
}

/* ---- newest first: what the ordered sources have in common */

struct stream {
    const struct source *src;
    struct sq_leaves l; /* a window, newest first */
    size_t at;
    bool dry; /* there is no window behind it */
};

static void streams_free(struct stream *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sq_leaves_free(&v[i].l);
}

/* Its newest leaf that is not above `top`; STORE_NONE: there is none. */
static enum store_result stream_seek(struct search *s, struct stream *v,
                                     int64_t top, int64_t *leaf)
{
    for (;;) {
        enum store_result r;

        while (v->at < v->l.n && (int64_t)v->l.v[v->at] > top)
            v->at++;
        if (v->at < v->l.n) {
            *leaf = (int64_t)v->l.v[v->at];
            return STORE_OK;
        }
        if (v->dry)
            return STORE_NONE;
        sq_leaves_free(&v->l);
        v->at = 0;
        r = search_take(s, v->src, top + 1, WINDOW, &v->l);
        if (r != STORE_OK)
            return r;
        v->dry = v->l.n < WINDOW;
        s->walk->looked += (unsigned)v->l.n / PER_ROW;
    }
}

/* The newest leaf, not above *top, that all have: judged.  *top is then below
 * it, or where a stream stands that has not got it. */
static enum store_result step(struct search *s, struct stream *v, size_t n,
                              int64_t *top)
{
    int64_t first = 0, leaf = *top;

    for (size_t i = 0; i < n; i++) {
        const enum store_result r = stream_seek(s, &v[i], leaf, &leaf);

        if (r != STORE_OK)
            return r;
        if (i == 0)
            first = leaf;
    }
    *top = first == leaf ? leaf - 1 : leaf;
    return first == leaf ? search_judge(s, (uint64_t)leaf) : STORE_OK;
}

enum store_result search_walk_issued(struct search *s)
{
    static const struct source all = {.sql = SQL_LIST_ISSUED, .ordered = true};
    struct stream v[LIST_SOURCES] = {0};
    int64_t top = s->high - 1;
    enum store_result r = STORE_OK;
    size_t n = 0;

    for (size_t i = 0; i < s->n_sources; i++) {
        const struct source *src = &s->sources[i];

        if (!src->ordered)
            continue;
        v[n++].src = src;
        s->judge_pattern = s->judge_pattern && !src->names;
    }
    if (n == 0)
        v[n++].src = &all;
    while (r == STORE_OK && s->n < s->max && !spent(s, 0, top + 1))
        r = step(s, v, n, &top);
    streams_free(v, n);
    return r == STORE_NONE ? STORE_OK : r;
}

/* ---- soonest end first */

/* Behind this row. */
struct place {
    int64_t time, leaf;
};

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

static int64_t window(const struct list_walk *w)
{
    const unsigned left = w->look - w->looked;

    return left < WINDOW ? left : WINDOW;
}

enum store_result search_walk_expiry(struct search *s)
{
    const struct query *q = s->q;
    struct place at = {s->ends_from, -1};
    enum store_result r = STORE_OK;

    if (q->has_cursor && q->cursor_time >= at.time)
        at = (struct place){q->cursor_time, (int64_t)q->cursor_leaf};
    while (r == STORE_OK && s->n < s->max && !spent(s, at.time, at.leaf)) {
        AUTO(leaves) struct sq_leaves l = {0};
        const int64_t want = window(s->walk);

        r = take_expiry(s, &at, want, &l);
        for (size_t i = 0; i < l.n && r == STORE_OK && s->n < s->max; i++)
            r = search_judge(s, l.v[i]);
        if ((int64_t)l.n < want)
            break;
    }
    return r;
}
