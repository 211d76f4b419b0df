/* SPDX-License-Identifier: ISC */
/* Tokens. */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

enum store_result sq_token_put(struct store_conn *base, const struct token *t)
{
    AUTO(buf) struct buf profiles = {0};
    AUTO(buf) struct buf names = {0};

    strs_put(&profiles, &t->profiles);
    strs_put(&names, &t->names);
    return sq_do(sq_of(base), SQL_TOKEN_PUT, "ssibbiiiiiiissih", t->id,
                 t->label ? t->label : "", (int64_t)t->roles, profiles.data,
                 profiles.len, names.data, names.len, (int64_t)t->wildcards,
                 (int64_t)t->max_uses, (int64_t)t->uses, t->created_at,
                 t->not_after, t->last_used, (int64_t)t->creator.type,
                 t->creator.id ? t->creator.id : "", t->creator.label,
                 t->removed_at, t->secret_sha256);
}

static bool read_strs(sqlite3_stmt *st, int col, struct strs *out)
{
    const void *p = sqlite3_column_blob(st, col);
    struct rd rd = rd_of(p, p ? (size_t)sqlite3_column_bytes(st, col) : 0);

    strs_get(&rd, out);
    return rd_done(&rd);
}

static enum store_result read_token(struct sq_conn *c, sqlite3_stmt *st,
                                    struct token *out)
{
    AUTO(token)
    struct token t = {
        .id = sq_text_or_empty(st, 0),
        .label = sq_text_or_empty(st, 1),
        .roles = (unsigned)sqlite3_column_int64(st, 2),
        .wildcards = sqlite3_column_int(st, 5) != 0,
        .max_uses = (uint64_t)sqlite3_column_int64(st, 6),
        .uses = (uint64_t)sqlite3_column_int64(st, 7),
        .created_at = sqlite3_column_int64(st, 8),
        .not_after = sqlite3_column_int64(st, 9),
        .last_used = sqlite3_column_int64(st, 10),
        .creator = {(enum who_type)sqlite3_column_int(st, 11),
                    sq_text_or_empty(st, 12), sq_text(st, 13)},
        .removed_at = sqlite3_column_int64(st, 14),
    };

    sq_hash(st, 15, t.secret_sha256);
    /* A list that cannot be read would read as "no limits". */
    if (!read_strs(st, 3, &t.profiles) || !read_strs(st, 4, &t.names))
        return sq_result(c, SQLITE_CORRUPT, "tokens");
    *out = t;
    t = (struct token){0};
    return STORE_OK;
}

enum store_result sq_token_by_id(struct store_conn *base, const char *id,
                                 struct token *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_TOKEN_GET, "s", id);
    enum store_result r = sq_next(c, st);

    return r == STORE_OK ? read_token(c, st, out) : r;
}

/* STORE_NONE when there was no row to update. */
static enum store_result updated(const struct sq_conn *c, enum store_result r)
{
    return r == STORE_OK && sqlite3_changes(c->db) == 0 ? STORE_NONE : r;
}

static enum store_result update(struct sq_conn *c, enum sql_id sql,
                                const char *id, int64_t at)
{
    return updated(c, sq_do(c, sql, "si", id, at));
}

enum store_result sq_token_use(struct store_conn *c, const char *id, uint64_t n,
                               int64_t now)
{
    return updated(sq_of(c),
                   sq_do(sq_of(c), SQL_TOKEN_USE, "sii", id, now, (int64_t)n));
}

enum store_result sq_token_touch(struct store_conn *c, const char *id,
                                 int64_t last_used)
{
    return update(sq_of(c), SQL_TOKEN_TOUCH, id, last_used);
}

enum store_result sq_token_remove(struct store_conn *c, const char *id,
                                  int64_t now)
{
    return update(sq_of(c), SQL_TOKEN_REMOVE, id, now);
}

enum store_result sq_token_label(struct store_conn *base, const char *label)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_TOKEN_LABEL, "s", label);

    return sq_next(c, st);
}

static enum store_result list(struct sq_conn *c, enum sql_id sql,
                              const char *after, unsigned max,
                              store_token_fn *fn, void *arg)
{
    AUTO(strs) struct strs ids = {0};
    sqlite3_stmt *st = sq_bind(c, sql, "si", after, (int64_t)max);
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK)
        strs_add_own(&ids, sq_text_or_empty(st, 0));
    if (st)
        sqlite3_reset(st);
    for (size_t i = 0; i < ids.n && r == STORE_NONE; i++) {
        AUTO(token) struct token t = {0};
        enum store_result got = sq_token_by_id(&c->base, ids.v[i], &t);

        if (got != STORE_OK && got != STORE_NONE)
            r = got;
        else if (got == STORE_OK && fn(arg, &t))
            break;
    }
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sq_token_list(struct store_conn *c, const char *after,
                                unsigned max, store_token_fn *fn, void *arg)
{
    return list(sq_of(c), SQL_TOKEN_LIST, after, max, fn, arg);
}

enum store_result sq_token_all(struct store_conn *c, const char *after,
                               unsigned max, store_token_fn *fn, void *arg)
{
    return list(sq_of(c), SQL_TOKEN_ALL, after, max, fn, arg);
}
