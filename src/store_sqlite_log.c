/* SPDX-License-Identifier: ISC */
/* The transparency log: entries, tiles, heads. */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "tm.h"

enum { TILE_LEVEL_SHIFT = 48, TILE_LEVELS = 8 };

enum store_result sq_entry_put(struct store_conn *c, uint64_t index,
                               const void *entry, size_t len)
{
    return sq_do(sq_of(c), SQL_ENTRY_PUT, "ib", (int64_t)index, entry, len);
}

enum store_result sq_entries(struct store_conn *base, uint64_t first,
                             uint64_t count, store_entry_fn *fn, void *arg)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_ENTRY_RANGE, "ii", (int64_t)first,
                               (int64_t)(first + count));
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK) {
        const void *p = sqlite3_column_blob(st, 1);
        int len = sqlite3_column_bytes(st, 1);

        if (fn(arg, (uint64_t)sqlite3_column_int64(st, 0), p ? p : "",
               (size_t)len))
            return STORE_OK;
    }
    return r == STORE_NONE ? STORE_OK : r;
}

static int64_t tile_id(unsigned level, uint64_t index)
{
    if (level >= TILE_LEVELS || index >> TILE_LEVEL_SHIFT)
        abort();
    return (int64_t)((uint64_t)level << TILE_LEVEL_SHIFT | index);
}

enum store_result sq_tile_put(struct store_conn *c, unsigned level,
                              uint64_t index, const uint8_t *root,
                              const uint8_t *hashes)
{
    return sq_do(sq_of(c), SQL_TILE_PUT, "ihb", tile_id(level, index), root,
                 hashes, (size_t)TILE_WIDTH * HASH_LEN);
}

enum store_result sq_tiles(struct store_conn *base, unsigned level,
                           uint64_t first, uint64_t count, store_tile_fn *fn,
                           void *arg)
{
    const int64_t from = tile_id(level, first);
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st =
        sq_bind(c, SQL_TILE_RANGE, "ii", from, from + (int64_t)count);
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK) {
        uint64_t index = (uint64_t)(sqlite3_column_int64(st, 0) - from) + first;
        const uint8_t *root = sqlite3_column_blob(st, 1);
        const uint8_t *hashes = sqlite3_column_blob(st, 2);

        if (!root || !hashes ||
            sqlite3_column_bytes(st, 2) != TILE_WIDTH * HASH_LEN)
            return sq_result(c, SQLITE_CORRUPT, "tile_range");
        if (fn(arg, index, root, hashes))
            return STORE_OK;
    }
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sq_head_put(struct store_conn *c, const struct head *h)
{
    return sq_do(sq_of(c), SQL_HEAD_PUT, "iiihb", h->time / TM_HOUR,
                 (int64_t)h->size, h->time, h->root, h->sig, sizeof(h->sig));
}

/* Columns size, time, root, sig from `col` on. */
static enum store_result head_get(struct sq_conn *c, sqlite3_stmt *st, int col,
                                  struct head *h)
{
    const void *sig = sqlite3_column_blob(st, col + 3);

    if (!sig || sqlite3_column_bytes(st, col + 3) != sizeof(h->sig))
        return sq_result(c, SQLITE_CORRUPT, "heads");
    h->size = (uint64_t)sqlite3_column_int64(st, col);
    h->time = sqlite3_column_int64(st, col + 1);
    sq_hash(st, col + 2, h->root);
    memcpy(h->sig, sig, sizeof(h->sig));
    return STORE_OK;
}

enum store_result sq_head_last(struct store_conn *base, struct head *h)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_HEAD_LAST, "");
    enum store_result r = sq_next(c, st);

    return r == STORE_OK ? head_get(c, st, 0, h) : r;
}

/* Some heads behind *hour; STORE_NONE when there are none. */
static enum store_result heads_chunk(struct sq_conn *c, int64_t *hour,
                                     struct buf *out)
{
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_HEAD_RANGE, "i", *hour);
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK) {
        struct head h;

        *hour = sqlite3_column_int64(st, 0);
        r = head_get(c, st, 1, &h);
        if (r != STORE_OK)
            return r;
        buf_put(out, &h, sizeof(h));
    }
    return r == STORE_NONE && out->len ? STORE_OK : r;
}

enum store_result sq_heads(struct store_conn *base, store_head_fn *fn,
                           void *arg)
{
    AUTO(buf) struct buf chunk = {0};
    int64_t hour = -1;
    enum store_result r;

    while ((r = heads_chunk(sq_of(base), &hour, &chunk)) == STORE_OK) {
        for (size_t at = 0; at < chunk.len; at += sizeof(struct head)) {
            struct head h;

            memcpy(&h, chunk.data + at, sizeof(h));
            if (fn(arg, &h))
                return STORE_OK;
        }
        buf_reset(&chunk);
    }
    return r == STORE_NONE ? STORE_OK : r;
}
