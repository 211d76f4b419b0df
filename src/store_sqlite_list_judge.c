/* SPDX-License-Identifier: ISC */
/* Lists: whether a candidate matches the whole query. */
#include "store_sqlite_list.h"

#include <stdlib.h>

#include "pattern.h"

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

enum store_result search_judge(struct search *s, uint64_t leaf)
{
    AUTO(free) char *cn = NULL;
    int64_t not_after = 0;
    enum store_result r = check_columns(s, leaf, &not_after, &cn);

    s->walk->looked++;
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
    s->hits = xgrow(s->hits, s->n, sizeof(*s->hits));
    s->hits[s->n++] = (struct hit){leaf, not_after};
    return STORE_OK;
}
