/* SPDX-License-Identifier: ISC */
/* What certificates are found by: putting it down, and looking it up in what
 * waits and in the table. */
#include "store_sqlite_memtable.h"

#include <stdlib.h>

struct sq_key sq_key_of(int64_t class, const uint8_t sha256[32])
{
    return (struct sq_key){class, sha256, SQ_DIGEST_LEN};
}

/* ---- putting down */

static void write_posting(struct buf *out, int64_t class, const void *key,
                          size_t len)
{
    buf_u32(out, (uint32_t) class);
    buf_blob(out, key, len);
}

static void write_names(struct buf *out, const struct names *l)
{
    AUTO(buf) struct buf key = {0};

    for (size_t i = 0; i < l->n; i++) {
        const int64_t class = sq_name_key(&l->v[i], &key);

        write_posting(out, class, key.data, key.len);
        buf_reset(&key);
    }
}

enum store_result sq_postings_put(struct sq_conn *c, const struct cert_row *row,
                                  const struct names *more,
                                  const uint8_t key_sha256[32])
{
    AUTO(buf) struct buf out = {0};

    write_posting(&out, SQ_CLASS_SHA256, row->sha256, SQ_DIGEST_LEN);
    write_posting(&out, SQ_CLASS_KEY_SHA256, key_sha256, SQ_DIGEST_LEN);
    write_names(&out, &row->cert->names);
    write_names(&out, more);
    return sq_recent_put(c, row->record->leaf, &out);
}

/* ---- looking up */

/* At most `max` of them, each once, in the span's order. */
static void settle(struct sq_leaves *l, const struct sq_span *span)
{
    sq_leaves_sort(l);
    for (size_t i = 0, j = l->n; span->newest && i + 1 < j; i++) {
        const uint64_t leaf = l->v[i];

        l->v[i] = l->v[--j];
        l->v[j] = leaf;
    }
    if ((int64_t)l->n > span->max)
        l->n = (size_t)span->max;
}

enum store_result sq_postings_of(struct sq_conn *c, const struct sq_key *k,
                                 const struct sq_span *span,
                                 struct sq_leaves *l)
{
    AUTO(leaves) struct sq_leaves own = {0};
    enum store_result r = sq_recent_of(c, k, span, &own);

    if (r == STORE_OK)
        r = sq_leaves_take(
            c,
            sq_bind(c, span->newest ? SQL_POSTING_NEWEST : SQL_POSTING_OLDEST,
                    "ibiii", k->class, k->p, k->len, span->low, span->high,
                    span->max),
            &own);
    settle(&own, span);
    for (size_t i = 0; i < own.n; i++)
        sq_leaves_add(l, own.v[i]);
    return r;
}

enum store_result sq_postings_in(struct sq_conn *c,
                                 const struct sq_name_range *range, int64_t max,
                                 struct sq_leaves *l)
{
    enum store_result r = sq_recent_in(c, range, l);
    int64_t class = range->first - 1;

    /* Only classes that exist are asked. */
    while (r == STORE_OK && (int64_t)l->n < max) {
        const int64_t left = max - (int64_t)l->n;

        r = sq_int(c,
                   sq_bind(c, SQL_POSTING_NEXT_CLASS, "ii", class, range->last),
                   &class);
        if (r != STORE_OK)
            break;
        if (range->from.len)
            r = sq_leaves_take(c,
                               sq_bind(c, SQL_POSTING_BETWEEN, "ibbi", class,
                                       range->from.data, range->from.len,
                                       range->to.data, range->to.len, left),
                               l);
        else
            r = sq_leaves_take(
                c, sq_bind(c, SQL_POSTING_OF_CLASS, "ii", class, left), l);
    }
    return r == STORE_NONE ? STORE_OK : r;
}

/* ---- for the audit */

static enum store_result has(struct sq_conn *c, const struct sq_key *k,
                             uint64_t leaf)
{
    const struct sq_span one = {(int64_t)leaf, (int64_t)leaf + 1, 1, false};
    AUTO(leaves) struct sq_leaves l = {0};
    enum store_result r = sq_postings_of(c, k, &one, &l);

    return r == STORE_OK && l.n == 0 ? STORE_NONE : r;
}

enum store_result sq_name_has(struct store_conn *base, const struct name *n,
                              uint64_t leaf)
{
    AUTO(buf) struct buf key = {0};
    const int64_t class = sq_name_key(n, &key);
    const struct sq_key k = {class, key.data, key.len};

    return has(sq_of(base), &k, leaf);
}

enum store_result sq_digests_have(struct store_conn *base,
                                  const struct cert_columns *d, uint64_t leaf)
{
    const struct sq_key cert = sq_key_of(SQ_CLASS_SHA256, d->sha256);
    const struct sq_key key = sq_key_of(SQ_CLASS_KEY_SHA256, d->key_sha256);
    enum store_result r = has(sq_of(base), &cert, leaf);

    return r == STORE_OK ? has(sq_of(base), &key, leaf) : r;
}

/* Counts what the table has, but for what waits as well. */
struct walk {
    const struct memtable *waits;
    uint64_t end, n;
    int64_t class; /* of the last row, as the next two */
    struct buf key;
    int64_t leaf;
};

static void take_row(struct walk *w, sqlite3_stmt *st)
{
    struct sq_key k = {.class = sqlite3_column_int64(st, 0)};

    buf_reset(&w->key);
    sq_blob(st, 1, &w->key);
    k.p = w->key.data;
    k.len = w->key.len;
    w->class = k.class;
    w->leaf = sqlite3_column_int64(st, 2);
    w->n += (uint64_t)w->leaf < w->end && !memtable_has(w->waits, &k, w->leaf);
}

/* Goes one chunk on; STORE_NONE at the end. */
static enum store_result walk_on(struct sq_conn *c, struct walk *w)
{
    AUTO(buf) struct buf key = w->key;
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_POSTING_WALK, "ibi", w->class, key.data,
                               key.len, w->leaf);
    enum store_result r;
    bool any = false;

    w->key = (struct buf){0};
    while ((r = sq_next(c, st)) == STORE_OK) {
        any = true;
        take_row(w, st);
    }
    return r == STORE_NONE && any ? STORE_OK : r;
}

enum store_result sq_posting_count(struct store_conn *base, uint64_t end,
                                   uint64_t *n)
{
    struct sq_conn *c = sq_of(base);
    AUTO(memtable) struct memtable waits = {0};
    struct walk w = {.waits = &waits, .end = end};
    enum store_result r = sq_recent_read(c, &waits);

    for (size_t i = 0; i < waits.n; i++)
        w.n += (uint64_t)waits.v[i].leaf < end;
    /* Before every key; a NULL would compare as neither. */
    buf_putc(&w.key, 0);
    while (r == STORE_OK)
        r = walk_on(c, &w);
    buf_free(&w.key);
    *n = w.n;
    return r == STORE_NONE ? STORE_OK : r;
}
