/* SPDX-License-Identifier: ISC */
/* Lists: what a query asks for in the database's terms, and the indices that
 * candidates are taken from. */
#include "store_sqlite_list.h"

#include <stdlib.h>
#include <string.h>

#include "tm.h"

void search_free(struct search *s)
{
    for (size_t i = 0; i < s->n_covers; i++)
        name_free(&s->covers[i]);
    for (size_t i = 0; i < s->n_sources; i++)
        buf_free(&s->sources[i].key);
    free(s->hits);
}

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

static void digest_source(struct search *s, int64_t class,
                          const uint8_t sha256[32])
{
    struct source *src = source_add(s, SQL_POSTING_NEWEST, true, class);

    buf_put(&src->key, sha256, SQ_DIGEST_LEN);
}

static void name_source(struct search *s, const struct name *n, bool pattern)
{
    struct source *src = source_add(s, SQL_POSTING_NEWEST, true, 0);

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
        name_source(s, &exact, !s->careful);
    else
        source_add(s, SQL_POSTING_BETWEEN, false, 0)->names = !s->careful;
}

enum store_result search_prepare(struct search *s)
{
    const struct query *q = s->q;
    enum store_result r = find_ids(s);

    if (r == STORE_OK)
        r = issue_bounds(s);
    expiry_bounds(s);
    if (q->has_sha256)
        digest_source(s, SQ_CLASS_SHA256, q->sha256);
    if (q->has_key_sha256)
        digest_source(s, SQ_CLASS_KEY_SHA256, q->key_sha256);
    if (q->has_pattern)
        pattern_source(s);
    if (q->covers)
        covers_sources(s);
    if (q->covers && s->n_covers == 1)
        name_source(s, &s->covers[0], false);
    else if (q->covers)
        source_add(s, SQL_POSTING_NEWEST, false, 0);
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
    default:
        return sq_bind(s->c, src->sql, "iiii", before, s->low, max, src->a);
    }
}

/* A pattern is a range of keys in each class that it may be in. */
static enum store_result take_names(struct search *s, int64_t max,
                                    struct sq_leaves *l)
{
    struct sq_name_range range;
    enum store_result r;

    sq_name_range(&s->q->name, &range);
    r = sq_postings_in(s->c, &range, max, l);
    sq_name_range_free(&range);
    return r;
}

static enum store_result take_covers(struct search *s, int64_t max,
                                     struct sq_leaves *l)
{
    enum store_result r = STORE_OK;

    for (size_t i = 0; i < s->n_covers && r == STORE_OK; i++) {
        AUTO(buf) struct buf key = {0};
        const int64_t class = sq_name_key(&s->covers[i], &key);
        const struct sq_key k = {class, key.data, key.len};
        const struct sq_span span = {s->low, s->high, max, true};

        r = sq_postings_of(s->c, &k, &span, l);
    }
    return r;
}

/* At most `max` candidates below `before`. */
enum store_result search_take(struct search *s, const struct source *src,
                              int64_t before, int64_t max, struct sq_leaves *l)
{
    const struct sq_key key = {src->a, src->key.data, src->key.len};
    const struct sq_span span = {s->low, before, max, true};

    if (src->ordered && src->sql == SQL_POSTING_NEWEST)
        return sq_postings_of(s->c, &key, &span, l);
    if (src->ordered)
        return sq_leaves_take(s->c, bind_ordered(s, src, before, max), l);
    if (src->sql == SQL_POSTING_BETWEEN)
        return take_names(s, max, l);
    if (src->sql == SQL_POSTING_NEWEST)
        return take_covers(s, max, l);
    if (src->sql == SQL_LIST_BY_REQUESTERS)
        return sq_leaves_take(s->c,
                              sq_bind(s->c, src->sql, "is", max, src->text), l);
    return sq_leaves_take(
        s->c, sq_bind(s->c, src->sql, "iii", max, src->a, src->b), l);
}
