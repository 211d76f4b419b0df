/* SPDX-License-Identifier: ISC */
/* Authorities, the state of their CRLs, small facts. */
#include "store_sqlite.h"

#include <stdlib.h>

enum store_result sq_authority_put(struct store_conn *base, const char *name,
                                   const char *parent, const struct buf *der)
{
    return sq_do(sq_of(base), SQL_AUTHORITY_PUT, "ssb", name, parent, der->data,
                 der->len);
}

struct authority_row {
    int64_t id;
    char *name, *parent;
    struct buf der;
};

static void authority_row_free(struct authority_row *a)
{
    free(a->name);
    free(a->parent);
    buf_free(&a->der);
}
AUTO_VALUE(authority_row, struct authority_row, authority_row_free)

static enum store_result authority_next(struct sq_conn *c, int64_t after,
                                        struct authority_row *out)
{
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_AUTHORITY_NEXT, "i", after);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK) {
        out->id = sqlite3_column_int64(st, 0);
        out->name = sq_text_or_empty(st, 1);
        out->parent = sq_text(st, 2);
        sq_blob(st, 3, &out->der);
    }
    return r;
}

enum store_result sq_authorities(struct store_conn *base,
                                 store_authority_fn *fn, void *arg)
{
    int64_t after = -1;

    for (;;) {
        AUTO(authority_row) struct authority_row a = {0};
        enum store_result r = authority_next(sq_of(base), after, &a);

        if (r != STORE_OK)
            return r == STORE_NONE ? STORE_OK : r;
        if (fn(arg, a.name, a.parent, a.der.data, a.der.len))
            return STORE_OK;
        after = a.id;
    }
}

enum store_result sq_crl_get(struct store_conn *base, const char *authority,
                             struct crl_state *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_CRL_GET, "s", authority);
    enum store_result r = sq_next(c, st);

    if (r != STORE_OK)
        return r;
    *out = (struct crl_state){
        .number = (uint64_t)sqlite3_column_int64(st, 0),
        .this_update = sqlite3_column_int64(st, 1),
        .next_update = sqlite3_column_int64(st, 2),
        .snapshot = (uint64_t)sqlite3_column_int64(st, 3),
    };
    sq_hash(st, 4, out->sha256);
    return STORE_OK;
}

enum store_result sq_crl_put(struct store_conn *base, const char *authority,
                             const struct crl_state *s)
{
    struct sq_conn *c = sq_of(base);
    int64_t id;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", authority), &id);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_REFUSED : r;
    return sq_do(c, SQL_CRL_PUT, "iiiiih", id, (int64_t)s->number,
                 s->this_update, s->next_update, (int64_t)s->snapshot,
                 s->sha256);
}

enum store_result sq_fact_get(struct store_conn *base, const char *key,
                              struct buf *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_FACT_GET, "s", key);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK)
        sq_blob(st, 0, out);
    return r;
}

enum store_result sq_fact_put(struct store_conn *base, const char *key,
                              const void *value, size_t len)
{
    return sq_do(sq_of(base), SQL_FACT_PUT, "sb", key, len ? value : "", len);
}
