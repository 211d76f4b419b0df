/* SPDX-License-Identifier: ISC */
/* Certificates in the order of their leaves: for CRLs and the audit. */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

/* One short read at a time, whatever the caller asks for. */
enum { CHUNK = 2048 };

struct revoked_rows {
    struct revoked_row v[CHUNK];
    unsigned n;
};

static enum store_result take_revoked(struct sq_conn *c, sqlite3_stmt *st,
                                      struct revoked_rows *rows)
{
    enum store_result r;

    rows->n = 0;
    while ((r = sq_next(c, st)) == STORE_OK && rows->n < CHUNK) {
        struct revoked_row *row = &rows->v[rows->n++];

        row->leaf = (uint64_t)sqlite3_column_int64(st, 0);
        sq_serial(st, 1, &row->serial);
        row->at = sqlite3_column_int64(st, 2);
        row->reason = sqlite3_column_int(st, 3);
    }
    if (st)
        sqlite3_reset(st);
    return r == STORE_NONE ? STORE_OK : r;
}

/* Binds a statement for the rows of the page behind `from`, at most `want`. */
typedef sqlite3_stmt *again_fn(struct sq_conn *c, const struct revoked_page *p,
                               int64_t authority, int64_t from, int64_t want);

static sqlite3_stmt *bind_certs(struct sq_conn *c, const struct revoked_page *p,
                                int64_t authority, int64_t from, int64_t want)
{
    return sq_bind(c, SQL_CERT_REVOKED, "iiiiii", authority, from,
                   p->ends_after, (int64_t)p->snapshot, want,
                   (int64_t)p->partition);
}

static sqlite3_stmt *bind_serials(struct sq_conn *c,
                                  const struct revoked_page *p,
                                  int64_t authority, int64_t from, int64_t want)
{
    return sq_bind(c, SQL_SERIAL_REVOKED, "iiiii", authority, from,
                   (int64_t)p->snapshot, p->ends_after, want);
}

/* Each row to fn, in short reads. */
static enum store_result revoked_each(struct sq_conn *c,
                                      const struct revoked_page *p,
                                      again_fn *again, store_revoked_fn *fn,
                                      void *arg)
{
    AUTO(free) struct revoked_rows *rows = xmalloc(sizeof(*rows));
    int64_t authority, from = p->after > INT64_MAX ? -1 : (int64_t)p->after;
    unsigned max = p->max;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", p->authority), &authority);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_OK : r;
    rows->n = CHUNK;
    while (r == STORE_OK && max > 0 && rows->n == CHUNK) {
        r = take_revoked(
            c, again(c, p, authority, from, max < CHUNK ? max : CHUNK), rows);
        for (unsigned i = 0; r == STORE_OK && i < rows->n; i++) {
            if (fn(arg, &rows->v[i]))
                return STORE_OK;
            from = (int64_t)rows->v[i].leaf;
        }
        max -= rows->n;
    }
    return r;
}

enum store_result sq_revoked(struct store_conn *base,
                             const struct revoked_page *p, store_revoked_fn *fn,
                             void *arg)
{
    return revoked_each(sq_of(base), p, bind_certs, fn, arg);
}

enum store_result sq_serials_revoked(struct store_conn *base,
                                     const struct revoked_page *p,
                                     store_revoked_fn *fn, void *arg)
{
    return revoked_each(sq_of(base), p, bind_serials, fn, arg);
}

static enum store_result columns(struct sq_conn *c, uint64_t leaf,
                                 struct cert_columns *out)
{
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_COLUMNS, "i", (int64_t)leaf);
    enum store_result r = sq_next(c, st);

    if (r != STORE_OK)
        return r;
    sq_hash(st, 0, out->sha256);
    sq_hash(st, 1, out->key_sha256);
    out->not_after = sqlite3_column_int64(st, 2);
    out->revoked_first = (uint64_t)sqlite3_column_int64(st, 3);
    out->revoked_entry = (uint64_t)sqlite3_column_int64(st, 4);
    /* What an index has instead of the digest: gone with it. */
    if (sqlite3_column_int64(st, 5) != sq_prefix(out->key_sha256))
        memset(out->key_sha256, 0, sizeof(out->key_sha256));
    return STORE_OK;
}

/* Record and columns as of one moment. */
static enum store_result read_both(struct sq_conn *c, uint64_t leaf,
                                   struct record *rec, struct cert_columns *k)
{
    const bool own = sqlite3_get_autocommit(c->db);
    enum store_result r = own ? store_begin(&c->base) : STORE_OK;

    if (r == STORE_OK)
        r = sq_cert_by_leaf(&c->base, leaf, rec);
    if (r == STORE_OK)
        r = columns(c, leaf, k);
    if (own)
        store_rollback(&c->base);
    return r;
}

enum store_result sq_certs(struct store_conn *base, uint64_t first,
                           uint64_t end, store_columns_fn *fn, void *arg)
{
    struct sq_conn *c = sq_of(base);

    for (;;) {
        AUTO(leaves) struct sq_leaves l = {0};
        enum store_result r =
            sq_leaves_take(c,
                           sq_bind(c, SQL_CERT_RANGE, "iii", (int64_t)first,
                                   (int64_t)end, (int64_t)CHUNK),
                           &l);

        if (r != STORE_OK || l.n == 0)
            return r;
        for (size_t i = 0; i < l.n; i++) {
            AUTO(record) struct record rec = {0};
            struct cert_columns k = {0};

            r = read_both(c, l.v[i], &rec, &k);
            if (r != STORE_OK && r != STORE_NONE)
                return r;
            if (r == STORE_OK && fn(arg, &rec, &k))
                return STORE_OK;
        }
        first = l.v[l.n - 1] + 1;
    }
}
