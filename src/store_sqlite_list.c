/* SPDX-License-Identifier: ISC */
/*
 * Lists.  Sources are the indices that a filter has; each is asked for a few
 * candidates.  One that ends early has all there are: those are judged one by
 * one and sorted.  When none does, matches are dense, and the list is walked in
 * its own order (or along a source that has it) until the page is full, in
 * windows, so that no read stays open.
 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "tm.h"

enum { FEW = 2000, WINDOW = 1024, SOURCES = 12 };

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
    int64_t now;
    int64_t profile, authority, requester;
    const int64_t *profile_p, *authority_p; /* NULL: not asked for */
    bool none;         /* something asked for does not exist */
    int64_t low, high; /* leaves: low to before high */
    int64_t ends_from, ends_before;
    struct name covers[2]; /* the name itself, and the wildcard for it */
    size_t n_covers;
    bool judge_pattern;
    struct source sources[SOURCES];
    size_t n_sources;
    struct hit *hits;
    size_t n, max;
};

static void search_free(struct search *s)
{
    for (size_t i = 0; i < s->n_covers; i++)
        name_free(&s->covers[i]);
    for (size_t i = 0; i < s->n_sources; i++)
        buf_free(&s->sources[i].key);
    free(s->hits);
}
AUTO_VALUE(search, struct search, search_free)

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct source *source_add(struct search *s, enum sql_id sql,
                                 bool ordered, int64_t a)
{
    struct source *src = &s->sources[s->n_sources++];

    *src = (struct source){.sql = sql, .ordered = ordered, .a = a};
    return src;
}

/* ---- what the query asks for, in the database's terms */

static enum store_result find_ids(struct search *s)
{
    const struct query *q = s->q;
    enum store_result r = STORE_OK;

    if (q->profile) {
        r = sq_int(s->c, sq_bind(s->c, SQL_PROFILE_ID, "s", q->profile),
                   &s->profile);
        s->profile_p = &s->profile;
    }
    if (q->authority && r == STORE_OK) {
        r = sq_int(s->c, sq_bind(s->c, SQL_AUTHORITY_ID, "s", q->authority),
                   &s->authority);
        s->authority_p = &s->authority;
    }
    s->none = r == STORE_NONE;
    return s->none ? STORE_OK : r;
}

static enum store_result requester_source(struct search *s)
{
    AUTO(leaves) struct sq_leaves ids = {0};
    enum store_result r = sq_leaves_take(
        s->c, sq_bind(s->c, SQL_LIST_REQUESTERS, "s", s->q->requester), &ids);

    if (r != STORE_OK)
        return r;
    s->none |= ids.n == 0;
    if (ids.n == 1)
        source_add(s, SQL_LIST_BY_REQUESTER, true, (int64_t)ids.v[0]);
    else if (ids.n > 1)
        source_add(s, SQL_LIST_BY_REQUESTERS, false, 0)->text = s->q->requester;
    return STORE_OK;
}

static void name_source(struct search *s, const struct name *n, bool pattern)
{
    struct source *src = source_add(s, SQL_LIST_BY_NAME, true, 0);

    src->a = sq_name_key(n, &src->key);
    src->names = pattern;
}

static void covers_sources(struct search *s)
{
    const char *dot = strchr(s->q->covers, '.');

    s->covers[0] =
        (struct name){.kind = NAME_DNS, .value = xstrdup(s->q->covers)};
    s->n_covers = 1;
    if (!dot || s->q->covers[0] == '*')
        return;
    s->covers[1] = (struct name){
        .kind = NAME_DNS, .wildcard = true, .value = xasprintf("*%s", dot)};
    s->n_covers = 2;
}

/* Leaves that may have been issued in the time asked for. */
static enum store_result issue_bounds(struct search *s)
{
    const struct query *q = s->q;
    enum store_result r = STORE_OK;
    int64_t leaf = 0;

    s->high = INT64_MAX;
    if (q->has_cursor && !q->by_expiry)
        s->high = min64(s->high, (int64_t)q->cursor_leaf);
    if (q->issued_before > 0) {
        r = sq_int(s->c,
                   sq_bind(s->c, SQL_LIST_LAST_LEAF, "i",
                           (q->issued_before - 1) / TM_DAY),
                   &leaf);
        s->none |= r == STORE_NONE;
        s->high = min64(s->high, leaf + 1);
    }
    if (q->issued_after > 0 && (r == STORE_OK || r == STORE_NONE)) {
        r = sq_int(
            s->c,
            sq_bind(s->c, SQL_LIST_FIRST_LEAF, "i", q->issued_after / TM_DAY),
            &leaf);
        s->none |= r == STORE_NONE;
        s->low = leaf;
    }
    return r == STORE_NONE ? STORE_OK : r;
}

static void expiry_bounds(struct search *s)
{
    const struct query *q = s->q;

    s->ends_from = q->expires_after;
    s->ends_before = q->expires_before > 0 ? q->expires_before : INT64_MAX;
    if (q->status == STATUS_VALID)
        s->ends_from = max64(s->ends_from, s->now);
    if (q->status == STATUS_EXPIRED)
        s->ends_before = min64(s->ends_before, s->now);
}

static void pattern_source(struct search *s)
{
    const struct pattern *p = &s->q->name;
    const struct name exact = {.kind = p->kind, .value = p->value};

    s->judge_pattern = true;
    if (p->how == PATTERN_EXACT)
        name_source(s, &exact, true);
    else
        source_add(s, SQL_LIST_BY_NAMES, false, 0)->names = true;
}

static enum store_result search_prepare(struct search *s)
{
    const struct query *q = s->q;
    enum store_result r = find_ids(s);

    if (r == STORE_OK)
        r = issue_bounds(s);
    expiry_bounds(s);
    if (q->has_sha256)
        source_add(s, SQL_LIST_BY_SHA256, true, sq_prefix(q->sha256));
    if (q->has_key_sha256)
        source_add(s, SQL_LIST_BY_KEY, true, sq_prefix(q->key_sha256));
    if (q->has_pattern)
        pattern_source(s);
    if (q->covers)
        covers_sources(s);
    if (q->covers && s->n_covers == 1)
        name_source(s, &s->covers[0], false);
    else if (q->covers)
        source_add(s, SQL_LIST_BY_NAME, false, 0);
    if (q->requester && r == STORE_OK)
        r = requester_source(s);
    if (q->replaced == 1)
        source_add(s, SQL_LIST_BY_REPLACED, true, 0);
    if (q->status == STATUS_REVOKED)
        source_add(s, SQL_LIST_BY_REVOKED, true, 0);
    if (s->profile_p)
        source_add(s, SQL_LIST_BY_PROFILE, true, s->profile);
    if (s->authority_p)
        source_add(s, SQL_LIST_BY_AUTHORITY, true, s->authority);
    if (s->ends_from > 0 || s->ends_before != INT64_MAX)
        source_add(s, SQL_LIST_BY_END, false, s->ends_from)->b = s->ends_before;
    return r;
}

/* ---- taking candidates */

static sqlite3_stmt *bind_ordered(struct search *s, const struct source *src,
                                  int64_t before, int64_t max)
{
    switch (src->sql) {
    case SQL_LIST_ISSUED:
    case SQL_LIST_BY_REPLACED:
    case SQL_LIST_BY_REVOKED:
        return sq_bind(s->c, src->sql, "iii", before, s->low, max);
    case SQL_LIST_BY_NAME:
        return sq_bind(s->c, src->sql, "iiiib", before, s->low, max, src->a,
                       src->key.data, src->key.len);
    default:
        return sq_bind(s->c, src->sql, "iiii", before, s->low, max, src->a);
    }
}

/* A pattern is a range of keys in each class that it may be in; only classes
 * that exist are asked. */
static enum store_result take_names(struct search *s, int64_t max,
                                    struct sq_leaves *l)
{
    enum store_result r = STORE_OK;
    struct sq_name_range range;
    int64_t class;

    sq_name_range(&s->q->name, &range);
    class = range.first - 1;
    while (r == STORE_OK && (int64_t)l->n < max) {
        int64_t left = max - (int64_t)l->n;

        r = sq_int(s->c,
                   sq_bind(s->c, SQL_LIST_NEXT_CLASS, "ii", class, range.last),
                   &class);
        if (r != STORE_OK)
            break;
        if (range.from.len)
            r = sq_leaves_take(s->c,
                               sq_bind(s->c, SQL_LIST_BY_NAMES, "iibb", left,
                                       class, range.from.data, range.from.len,
                                       range.to.data, range.to.len),
                               l);
        else
            r = sq_leaves_take(
                s->c,
                sq_bind(s->c, SQL_LIST_BY_CLASS, "iii", left, class, class), l);
    }
    sq_name_range_free(&range);
    return r == STORE_NONE ? STORE_OK : r;
}

static enum store_result take_covers(struct search *s, int64_t max,
                                     struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    for (size_t i = 0; i < s->n_covers && r == STORE_OK; i++) {
        AUTO(buf) struct buf key = {0};
        int64_t class = sq_name_key(&s->covers[i], &key);

        r = sq_leaves_take(s->c,
                           sq_bind(s->c, SQL_LIST_BY_NAME, "iiiib", s->high,
                                   s->low, max, class, key.data, key.len),
                           l);
    }
    return r;
}

/* At most `max` candidates below `before`. */
static enum store_result take(struct search *s, const struct source *src,
                              int64_t before, int64_t max, struct sq_leaves *l)
{
    if (src->ordered)
        return sq_leaves_take(s->c, bind_ordered(s, src, before, max), l);
    if (src->sql == SQL_LIST_BY_NAMES)
        return take_names(s, max, l);
    if (src->sql == SQL_LIST_BY_NAME)
        return take_covers(s, max, l);
    if (src->sql == SQL_LIST_BY_REQUESTERS)
        return sq_leaves_take(s->c,
                              sq_bind(s->c, src->sql, "is", max, src->text), l);
    return sq_leaves_take(
        s->c, sq_bind(s->c, src->sql, "iii", max, src->a, src->b), l);
}

/* ---- judging one candidate */

static enum store_result check_columns(struct search *s, uint64_t leaf,
                                       int64_t *not_after, char **cn)
{
    const struct query *q = s->q;
    const int64_t *after = q->issued_after > 0 ? &q->issued_after : NULL;
    const int64_t *before = q->issued_before > 0 ? &q->issued_before : NULL;
    const int64_t *from = q->expires_after > 0 ? &q->expires_after : NULL;
    const int64_t *to = q->expires_before > 0 ? &q->expires_before : NULL;
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(
        s->c, SQL_LIST_CHECK, "iiiiIIshhIIII", (int64_t)leaf,
        (int64_t)q->status, s->now, (int64_t)q->replaced, s->profile_p,
        s->authority_p, q->requester, q->has_key_sha256 ? q->key_sha256 : NULL,
        q->has_sha256 ? q->sha256 : NULL, after, before, from, to);
    enum store_result r = sq_next(s->c, st);

    if (r == STORE_OK) {
        *not_after = sqlite3_column_int64(st, 0);
        *cn = sq_text(st, 1);
    }
    return r;
}

static bool cn_matches(const struct pattern *p, const char *cn)
{
    AUTO(names) struct names l = {0};
    bool match = false;

    if (cn)
        names_of_cn(&l, cn, &(struct names){0});
    for (size_t i = 0; i < l.n; i++)
        match |= pattern_match(p, &l.v[i]);
    return match;
}

/* The names as the certificate has them: there is no index by leaf. */
static enum store_result check_pattern(struct search *s, uint64_t leaf,
                                       const char *cn)
{
    const struct pattern *p = &s->q->name;
    AUTO(record) struct record rec = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    enum store_result r;

    if (cn_matches(p, cn))
        return STORE_OK;
    r = sq_cert_by_leaf(&s->c->base, leaf, &rec);
    if (r != STORE_OK ||
        cert_parse_any(&cert, rec.der.data, rec.der.len, &e) != 0)
        return r == STORE_OK ? STORE_NONE : r;
    for (size_t i = 0; i < cert.names.n; i++)
        if (pattern_match(p, &cert.names.v[i]))
            return STORE_OK;
    return STORE_NONE;
}

static enum store_result check_covers(struct search *s, uint64_t leaf)
{
    enum store_result r = s->n_covers ? STORE_NONE : STORE_OK;

    for (size_t i = 0; i < s->n_covers && r == STORE_NONE; i++)
        r = sq_name_has(&s->c->base, &s->covers[i], leaf);
    return r;
}

static bool behind_cursor(const struct search *s, uint64_t leaf,
                          int64_t not_after)
{
    const struct query *q = s->q;

    if (!q->has_cursor)
        return true;
    if (!q->by_expiry)
        return leaf < q->cursor_leaf;
    return not_after > q->cursor_time ||
           (not_after == q->cursor_time && leaf > q->cursor_leaf);
}

/* STORE_OK also when the candidate does not match. */
static enum store_result judge(struct search *s, uint64_t leaf)
{
    AUTO(free) char *cn = NULL;
    int64_t not_after = 0;
    enum store_result r = check_columns(s, leaf, &not_after, &cn);

    if (r == STORE_OK && !behind_cursor(s, leaf, not_after))
        return STORE_OK;
    if (r == STORE_OK)
        r = check_covers(s, leaf);
    if (r == STORE_OK && s->judge_pattern)
        r = check_pattern(s, leaf, cn);
    if (r == STORE_NONE)
        return STORE_OK;
    if (r != STORE_OK)
        return r;
    if ((s->n & (s->n - 1)) == 0)
        s->hits = xreallocarray(s->hits, s->n ? 2 * s->n : 1, sizeof(*s->hits));
    s->hits[s->n++] = (struct hit){leaf, not_after};
    return STORE_OK;
}

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

static int by_leaf(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static enum store_result run_few(struct search *s, struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    if (l->n)
        qsort(l->v, l->n, sizeof(*l->v), by_leaf);
    for (size_t i = 0; i < l->n && r == STORE_OK; i++)
        if (i == 0 || l->v[i] != l->v[i - 1])
            r = judge(s, l->v[i]);
    if (s->n)
        qsort(s->hits, s->n, sizeof(*s->hits),
              s->q->by_expiry ? soonest_first : newest_first);
    if (s->n > s->max)
        s->n = s->max;
    return r;
}

/* ---- many: along an index that has the order */

static enum store_result walk_issued(struct search *s, const struct source *src)
{
    static const struct source all = {.sql = SQL_LIST_ISSUED, .ordered = true};
    int64_t before = s->high;
    enum store_result r = STORE_OK;

    if (!src)
        src = &all;
    while (r == STORE_OK && s->n < s->max) {
        AUTO(leaves) struct sq_leaves l = {0};

        r = take(s, src, before, WINDOW, &l);
        for (size_t i = 0; i < l.n && r == STORE_OK && s->n < s->max; i++)
            r = judge(s, l.v[i]);
        if (l.n < WINDOW)
            break;
        before = (int64_t)l.v[l.n - 1];
    }
    return r;
}

/* Where a walk by expiry stands: behind this row. */
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
                                     struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    if (at->time < s->ends_before)
        r = take_ends(s,
                      sq_bind(s->c, SQL_LIST_EXPIRY_AT, "iii", at->time,
                              at->leaf, (int64_t)WINDOW),
                      at, l);
    if (r == STORE_OK && l->n < WINDOW)
        r = take_ends(s,
                      sq_bind(s->c, SQL_LIST_EXPIRY, "iii", at->time,
                              s->ends_before, (int64_t)WINDOW - (int64_t)l->n),
                      at, l);
    return r;
}

static enum store_result walk_expiry(struct search *s)
{
    const struct query *q = s->q;
    struct place at = {s->ends_from, -1};
    enum store_result r = STORE_OK;

    if (q->has_cursor && q->cursor_time >= at.time)
        at = (struct place){q->cursor_time, (int64_t)q->cursor_leaf};
    while (r == STORE_OK && s->n < s->max) {
        AUTO(leaves) struct sq_leaves l = {0};

        r = take_expiry(s, &at, &l);
        for (size_t i = 0; i < l.n && r == STORE_OK && s->n < s->max; i++)
            r = judge(s, l.v[i]);
        if (l.n < WINDOW)
            break;
    }
    return r;
}

/* The source with the fewest candidates, and those; n > FEW: all have many. */
static enum store_result fewest(struct search *s, const struct source **best,
                                struct sq_leaves *out)
{
    for (size_t i = 0; i < s->n_sources; i++) {
        AUTO(leaves) struct sq_leaves l = {0};
        enum store_result r = take(s, &s->sources[i], s->high, FEW + 1, &l);

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

static const struct source *first_ordered(const struct search *s)
{
    for (size_t i = 0; i < s->n_sources; i++)
        if (s->sources[i].ordered)
            return &s->sources[i];
    return NULL;
}

static enum store_result search_run(struct search *s)
{
    AUTO(leaves) struct sq_leaves few = {0};
    const struct source *best = NULL, *along;
    enum store_result r = fewest(s, &best, &few);

    if (r != STORE_OK)
        return r;
    if (best && few.n <= FEW) {
        s->judge_pattern = s->judge_pattern && !best->names;
        return run_few(s, &few);
    }
    if (s->q->by_expiry)
        return walk_expiry(s);
    along = first_ordered(s);
    s->judge_pattern = s->judge_pattern && !(along && along->names);
    return walk_issued(s, along);
}

enum store_result sq_cert_list(struct store_conn *base, const struct query *q,
                               int64_t now, store_record_fn *fn, void *arg)
{
    AUTO(leaves) struct sq_leaves found = {0};
    AUTO(search)
    struct search s = {
        .c = sq_of(base), .q = q, .now = now, .max = (size_t)q->limit + 1};
    enum store_result r = search_prepare(&s);

    if (r == STORE_OK && !s.none)
        r = search_run(&s);
    if (r != STORE_OK)
        return r;
    for (size_t i = 0; i < s.n; i++)
        sq_leaves_add(&found, s.hits[i].leaf);
    return sq_leaves_each(s.c, &found, fn, arg);
}
