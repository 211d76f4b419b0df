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
                             uint32_t partition, struct crl_state *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st =
        sq_bind(c, SQL_CRL_GET, "si", authority, (int64_t)partition);
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

enum store_result sq_crl_last(struct store_conn *base, const char *authority,
                              uint32_t *partition)
{
    struct sq_conn *c = sq_of(base);
    int64_t n = 0;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_CRL_LAST, "s", authority), &n);

    *partition = (uint32_t)n;
    return r;
}

static enum store_result id_of(struct sq_conn *c, const char *authority,
                               int64_t *id)
{
    return sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", authority), id);
}

enum store_result sq_crl_put(struct store_conn *base, const char *authority,
                             uint32_t partition, const struct crl_state *s)
{
    struct sq_conn *c = sq_of(base);
    int64_t id;
    enum store_result r = id_of(c, authority, &id);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_REFUSED : r;
    return sq_do(c, SQL_CRL_PUT, "iiiiiih", id, (int64_t)partition,
                 (int64_t)s->number, s->this_update, s->next_update,
                 (int64_t)s->snapshot, s->sha256);
}

enum store_result sq_partition_last(struct store_conn *base,
                                    const char *authority, uint32_t *n)
{
    struct sq_conn *c = sq_of(base);
    int64_t id, last = 0;
    enum store_result r = id_of(c, authority, &id);

    if (r == STORE_OK)
        r = sq_int(c, sq_bind(c, SQL_PARTITION_LAST, "i", id), &last);
    *n = (uint32_t)last;
    return r;
}

enum store_result sq_partition(struct store_conn *base, const char *authority,
                               uint32_t n, struct partition_row *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = NULL;
    int64_t id;
    enum store_result r = id_of(c, authority, &id);

    if (r != STORE_OK)
        return r;
    st = sq_bind(c, SQL_PARTITION_GET, "ii", id, (int64_t)n);
    r = sq_next(c, st);
    if (r == STORE_OK)
        *out = (struct partition_row){
            .certs = (uint64_t)sqlite3_column_int64(st, 0),
            .ends = sqlite3_column_int64(st, 1),
            .leaf = (uint64_t)sqlite3_column_int64(st, 2),
        };
    return r;
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
