/* SPDX-License-Identifier: ISC */
/*
 * The postings that wait.  Two memtables: certificates go into the young one;
 * when they are many it becomes the old one, which the writer's commits carry
 * into the table; when all of it is there, `recent` and memory forget it.  What
 * a transaction put is taken out again when it is undone.
 */
#include <pthread.h>
#include <stdlib.h>

#include "store_sqlite_memtable.h"

/* MANY postings, or of so many octets, are merged together: it bounds memory,
 * and how long a look-up keeps others out.  SLICE of them a commit, and twice
 * as many as it added, so that the old ones are in before the young are many.
 * When a commit failed that merged, PAUSE others do without: on a full disk
 * there may still be room for a revocation. */
enum { MANY = 32768, OCTETS = 1 << 22, SLICE = 512, PAUSE = 64 };

struct sq_recent {
    pthread_mutex_t lock; /* of the writer, when it changes them, and readers */
    struct memtable young, old;
    /* The writer's own. */
    uint32_t *order;     /* of old: as they stand in the table */
    size_t done, merged; /* of these: are there; will be with this commit */
    size_t n, keys_len;  /* of young, before this transaction */
    unsigned pause;      /* commits that do not merge */
};

/* ---- looking up */

static void take_row(struct memtable *t, sqlite3_stmt *st)
{
    memtable_put(t, sqlite3_column_int64(st, 0), sqlite3_column_blob(st, 1),
                 (size_t)sqlite3_column_bytes(st, 1));
}

enum store_result sq_recent_read(struct sq_conn *c, struct memtable *t)
{
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, SQL_RECENT_ALL, "");
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK)
        take_row(t, st);
    return r == STORE_NONE ? STORE_OK : r;
}

/* A read transaction that is older than the end of a merge would find what
 * memory has forgotten in neither place.  STORE_OK: the lock is held. */
static enum store_result look_begin(struct sq_conn *c)
{
    if (!c->writer && !sqlite3_get_autocommit(c->db))
        return sq_result(c, SQLITE_MISUSE, "a look-up in a read transaction");
    pthread_mutex_lock(&c->store->recent->lock);
    return STORE_OK;
}

enum store_result sq_recent_of(struct sq_conn *c, const struct sq_key *k,
                               const struct sq_span *span, struct sq_leaves *l)
{
    struct sq_recent *m = c->store->recent;
    enum store_result r = look_begin(c);

    if (r != STORE_OK)
        return r;
    memtable_of(&m->old, k, span, l);
    memtable_of(&m->young, k, span, l);
    pthread_mutex_unlock(&m->lock);
    return STORE_OK;
}

enum store_result sq_recent_in(struct sq_conn *c,
                               const struct sq_name_range *range,
                               struct sq_leaves *l)
{
    struct sq_recent *m = c->store->recent;
    enum store_result r = look_begin(c);

    if (r != STORE_OK)
        return r;
    memtable_in(&m->old, range, l);
    memtable_in(&m->young, range, l);
    pthread_mutex_unlock(&m->lock);
    return STORE_OK;
}

/* ---- the writer's */

static void mark(struct sq_recent *m)
{
    m->merged = m->done;
    m->n = m->young.n;
    m->keys_len = m->young.keys.len;
}

int sq_recent_load(struct sq_store *s, sqlite3 *db)
{
    struct sq_recent *m = s->recent = xcalloc(1, sizeof(*m));
    sqlite3_stmt *st = NULL;
    int rc =
        sqlite3_prepare_v2(db, sql_text[SQL_RECENT_ALL].text, -1, &st, NULL);

    pthread_mutex_init(&m->lock, NULL);
    s->recent_max = MANY;
    while (st && (rc = sqlite3_step(st)) == SQLITE_ROW)
        take_row(&m->young, st);
    sqlite3_finalize(st);
    mark(m);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

void sq_recent_free(struct sq_recent *m)
{
    if (!m)
        return;
    memtable_free(&m->young);
    memtable_free(&m->old);
    free(m->order);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

enum store_result sq_recent_put(struct sq_conn *c, uint64_t leaf,
                                const struct buf *postings)
{
    struct sq_recent *m = c->store->recent;
    enum store_result r = sq_do(c, SQL_RECENT_PUT, "ib", (int64_t)leaf,
                                postings->data, postings->len);

    if (r != STORE_OK)
        return r;
    pthread_mutex_lock(&m->lock);
    memtable_put(&m->young, (int64_t)leaf, postings->data, postings->len);
    pthread_mutex_unlock(&m->lock);
    return STORE_OK;
}

enum store_result sq_recent_merge(struct sq_conn *c)
{
    struct sq_recent *m = c->store->recent;
    const struct memtable *t = &m->old;
    const size_t slice = SLICE + 2 * (m->young.n - m->n);
    enum store_result r = STORE_OK;

    if (m->pause)
        return STORE_OK;
    for (size_t i = 0; i < slice && m->merged < t->n && r == STORE_OK; i++) {
        const struct sq_posting *p = &t->v[m->order[m->merged++]];
        const struct sq_key k = memtable_key(t, p);

        r = sq_do(c, SQL_POSTING_PUT, "ibi", k.class, k.p, k.len, p->leaf);
    }
    if (r == STORE_OK && t->n && m->merged == t->n)
        r = sq_do(c, SQL_RECENT_DROP, "i", t->v[t->n - 1].leaf);
    return r;
}

static void undo(struct sq_recent *m)
{
    memtable_cut(&m->young, m->n);
    m->young.keys.len = m->keys_len;
    if (m->merged > m->done)
        m->pause = PAUSE;
}

/* The young are many, and none are old. */
static bool turn(struct sq_recent *m, size_t max)
{
    if (m->old.n || (m->young.n < max && m->young.keys.len < OCTETS))
        return false;
    m->old = m->young;
    m->young = (struct memtable){0};
    m->done = 0;
    return true;
}

void sq_recent_end(struct sq_conn *c, bool committed)
{
    struct sq_recent *m = c->store->recent;
    bool turned;

    pthread_mutex_lock(&m->lock);
    if (!committed && m->young.n > m->n)
        atomic_fetch_add(&c->store->undone, 1);
    if (!committed)
        undo(m);
    else if ((m->done = m->merged) == m->old.n)
        memtable_free(&m->old);
    if (committed && m->pause)
        m->pause--;
    turned = turn(m, c->store->recent_max);
    mark(m);
    pthread_mutex_unlock(&m->lock);
    if (!turned)
        return;
    free(m->order);
    m->order = memtable_order(&m->old);
}
