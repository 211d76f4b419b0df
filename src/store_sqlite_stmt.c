/* SPDX-License-Identifier: ISC */
/* Named statements: preparing, binding, stepping, columns. */
#include "store_sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Absent (the caller may undo and go on) or unknown. */
static enum store_result meaning(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return STORE_OK;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
        return STORE_REFUSED;
    default:
        return STORE_BROKEN;
    }
}

enum store_result sq_result(struct sq_conn *c, int rc, const char *what)
{
    enum store_result r = meaning(rc);

    if (r != STORE_OK) {
        c->last = r;
        snprintf(c->error, sizeof(c->error), "%.60s: %s (%d)", what,
                 sqlite3_errmsg(c->db), rc);
    }
    return r;
}

static sqlite3_stmt *prepared(struct sq_conn *c, enum sql_id id)
{
    int rc;

    if (c->st[id])
        return c->st[id];
    rc = sqlite3_prepare_v3(c->db, sql_text[id].text, -1,
                            SQLITE_PREPARE_PERSISTENT, &c->st[id], NULL);
    sq_result(c, rc, sql_text[id].name);
    return c->st[id];
}

/* NULL and no octets differ: an empty blob is a value. */
static int bind_blob(sqlite3_stmt *st, int i, const void *p, size_t len)
{
    if (!p && len == 0)
        return sqlite3_bind_null(st, i);
    return sqlite3_bind_blob64(st, i, p, len, SQLITE_STATIC);
}

static int bind_next(sqlite3_stmt *st, int i, char type, va_list *ap)
{
    const int64_t *number;
    const void *p;

    switch (type) {
    case 'i':
        return sqlite3_bind_int64(st, i, va_arg(*ap, int64_t));
    case 'I':
        number = va_arg(*ap, const int64_t *);
        return number ? sqlite3_bind_int64(st, i, *number)
                      : sqlite3_bind_null(st, i);
    case 's':
        return sqlite3_bind_text(st, i, va_arg(*ap, const char *), -1,
                                 SQLITE_STATIC);
    case 'b':
        p = va_arg(*ap, const void *);
        return bind_blob(st, i, p, va_arg(*ap, size_t));
    case 'h':
        p = va_arg(*ap, const void *);
        return bind_blob(st, i, p, p ? HASH_LEN : 0);
    default:
        abort();
    }
}

static sqlite3_stmt *bind_all(struct sq_conn *c, enum sql_id id,
                              const char *fmt, va_list *ap)
{
    sqlite3_stmt *st = prepared(c, id);

    if (!st)
        return NULL;
    /* A cursor left open would hold its read transaction: a fault of ours. */
    if (sqlite3_stmt_busy(st) ||
        (int)strlen(fmt) != sqlite3_bind_parameter_count(st))
        abort();
    for (int i = 0; fmt[i]; i++)
        if (bind_next(st, i + 1, fmt[i], ap) != SQLITE_OK)
            abort();
    return st;
}

sqlite3_stmt *sq_bind(struct sq_conn *c, enum sql_id id, const char *fmt, ...)
{
    sqlite3_stmt *st;
    va_list ap;

    va_start(ap, fmt);
    st = bind_all(c, id, fmt, &ap);
    va_end(ap);
    return st;
}

static const char *name_of(const struct sq_conn *c, const sqlite3_stmt *st)
{
    for (int i = 0; i < SQL__MAX; i++)
        if (c->st[i] == st)
            return sql_text[i].name;
    return "statement";
}

enum store_result sq_next(struct sq_conn *c, sqlite3_stmt *st)
{
    int rc;

    if (!st)
        return c->last;
    rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return STORE_OK;
    if (rc == SQLITE_DONE)
        return STORE_NONE;
    return sq_result(c, rc, name_of(c, st));
}

enum store_result sq_do(struct sq_conn *c, enum sql_id id, const char *fmt, ...)
{
    AUTO(stmt) sqlite3_stmt *st = NULL;
    enum store_result r;
    va_list ap;

    va_start(ap, fmt);
    st = bind_all(c, id, fmt, &ap);
    va_end(ap);
    r = sq_next(c, st);
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sq_int(struct sq_conn *c, sqlite3_stmt *st, int64_t *out)
{
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK && sqlite3_column_type(st, 0) == SQLITE_NULL)
        r = STORE_NONE;
    if (r == STORE_OK)
        *out = sqlite3_column_int64(st, 0);
    if (st)
        sqlite3_reset(st);
    return r;
}

char *sq_text_or_empty(sqlite3_stmt *st, int col)
{
    const char *p = (const char *)sqlite3_column_text(st, col);

    return xstrdup(p ? p : "");
}

char *sq_text(sqlite3_stmt *st, int col)
{
    const char *p = (const char *)sqlite3_column_text(st, col);

    return p && *p ? xstrdup(p) : NULL;
}

void sq_blob(sqlite3_stmt *st, int col, struct buf *out)
{
    const void *p = sqlite3_column_blob(st, col);

    if (p)
        buf_put(out, p, (size_t)sqlite3_column_bytes(st, col));
}

void sq_hash(sqlite3_stmt *st, int col, uint8_t out[32])
{
    const void *p = sqlite3_column_blob(st, col);

    memset(out, 0, HASH_LEN);
    if (p && sqlite3_column_bytes(st, col) == HASH_LEN)
        memcpy(out, p, HASH_LEN);
}

void sq_serial(sqlite3_stmt *st, int col, struct serial *out)
{
    const void *p = sqlite3_column_blob(st, col);
    int len = sqlite3_column_bytes(st, col);

    *out = (struct serial){0};
    if (!p || len > SERIAL_MAX)
        return;
    memcpy(out->v, p, (size_t)len);
    out->len = (uint8_t)len;
}

int64_t sq_prefix(const uint8_t hash[32])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | hash[i];
    return (int64_t)v;
}

void sq_leaves_free(struct sq_leaves *l)
{
    free(l->v);
    *l = (struct sq_leaves){0};
}

void sq_leaves_add(struct sq_leaves *l, uint64_t leaf)
{
    l->v = xgrow(l->v, l->n, sizeof(*l->v));
    l->v[l->n++] = leaf;
}

static int compare_leaves(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

void sq_leaves_sort(struct sq_leaves *l)
{
    size_t n = 0;

    if (l->n)
        qsort(l->v, l->n, sizeof(*l->v), compare_leaves);
    for (size_t i = 0; i < l->n; i++)
        if (i == 0 || l->v[i] != l->v[n - 1])
            l->v[n++] = l->v[i];
    l->n = n;
}

enum store_result sq_leaves_take(struct sq_conn *c, sqlite3_stmt *st,
                                 struct sq_leaves *l)
{
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK)
        sq_leaves_add(l, (uint64_t)sqlite3_column_int64(st, 0));
    if (st)
        sqlite3_reset(st);
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sq_leaves_each(struct sq_conn *c, const struct sq_leaves *l,
                                 store_record_fn *fn, void *arg)
{
    for (size_t i = 0; i < l->n; i++) {
        AUTO(record) struct record rec = {0};
        enum store_result r = sq_cert_by_leaf(&c->base, l->v[i], &rec);

        if (r == STORE_NONE)
            continue;
        if (r != STORE_OK)
            return r;
        if (fn(arg, &rec))
            break;
    }
    return STORE_OK;
}
