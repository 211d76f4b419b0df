/* SPDX-License-Identifier: ISC */
/* Keys that are blocked, and serials that are revoked without a certificate. */
#include "store_sqlite.h"

#include <stdlib.h>

enum store_result sq_serial_put(struct store_conn *base,
                                const struct revoked_serial *s)
{
    struct sq_conn *c = sq_of(base);
    int64_t id;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", s->authority), &id);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_REFUSED : r;
    return sq_do(c, SQL_SERIAL_PUT, "iibiii", (int64_t)s->entry, id,
                 s->serial.v, (size_t)s->serial.len, s->at, (int64_t)s->reason,
                 s->not_after);
}

enum store_result sq_serial_raise(struct store_conn *c, uint64_t entry,
                                  int reason)
{
    return sq_do(sq_of(c), SQL_SERIAL_RAISE, "ii", (int64_t)entry,
                 (int64_t)reason);
}

enum store_result sq_serial_remove(struct store_conn *c, uint64_t entry)
{
    return sq_do(sq_of(c), SQL_SERIAL_REMOVE, "i", (int64_t)entry);
}

static void read_serial(sqlite3_stmt *st, struct revoked_serial *out)
{
    *out = (struct revoked_serial){
        .entry = (uint64_t)sqlite3_column_int64(st, 0),
        .authority = sq_text_or_empty(st, 1),
        .at = sqlite3_column_int64(st, 3),
        .reason = sqlite3_column_int(st, 4),
        .not_after = sqlite3_column_int64(st, 5),
    };
    sq_serial(st, 2, &out->serial);
}

enum store_result sq_serial_find(struct store_conn *base, const char *authority,
                                 const struct serial *serial,
                                 struct revoked_serial *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = NULL;
    int64_t id;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", authority), &id);

    if (r != STORE_OK)
        return r;
    st = sq_bind(c, SQL_SERIAL_FIND, "ib", id, serial->v, (size_t)serial->len);
    r = sq_next(c, st);
    if (r == STORE_OK)
        read_serial(st, out);
    return r;
}

enum store_result sq_serials(struct store_conn *base, uint64_t first,
                             uint64_t end, store_serial_fn *fn, void *arg)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st =
        sq_bind(c, SQL_SERIAL_RANGE, "ii", (int64_t)first, (int64_t)end);
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK) {
        AUTO(revoked_serial) struct revoked_serial s = {0};

        read_serial(st, &s);
        if (fn(arg, &s))
            return STORE_OK;
    }
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sq_block_put(struct store_conn *c,
                               const struct blocked_key *k)
{
    sq_ban_note(sq_of(c)->store, sq_prefix(k->key_sha256));
    return sq_do(sq_of(c), SQL_BLOCK_PUT, "ihis", (int64_t)k->entry,
                 k->key_sha256, k->at, k->note);
}

enum store_result sq_block_remove(struct store_conn *c, uint64_t entry,
                                  uint64_t removed)
{
    return sq_do(sq_of(c), SQL_BLOCK_REMOVE, "ii", (int64_t)entry,
                 (int64_t)removed);
}

enum store_result sq_block_find(struct store_conn *base,
                                const uint8_t key_sha256[32], uint64_t *entry)
{
    struct sq_conn *c = sq_of(base);
    int64_t found = 0;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_BLOCK_FIND, "h", key_sha256), &found);

    *entry = (uint64_t)found;
    return r;
}

enum store_result sq_block_next(struct store_conn *base, uint64_t after,
                                struct blocked_key *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_BLOCK_NEXT, "i", (int64_t)after);
    enum store_result r = sq_next(c, st);

    if (r != STORE_OK)
        return r;
    *out = (struct blocked_key){
        .entry = (uint64_t)sqlite3_column_int64(st, 0),
        .at = sqlite3_column_int64(st, 2),
        .note = sq_text(st, 3),
        .removed = (uint64_t)sqlite3_column_int64(st, 4),
    };
    sq_hash(st, 1, out->key_sha256);
    return STORE_OK;
}
