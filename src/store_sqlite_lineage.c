/* SPDX-License-Identifier: ISC */
/* Which certificates were made from which by renewal, and which have one key.
 * One that names what it replaces, but was not renewed from it (detached), has
 * a fate of its own. */
#include "store_sqlite_posting.h"

/* What was made from the leaf at once, and is not in *seen yet: to *found.
 * lock: others look into that set, or NULL. */
static enum store_result children(struct sq_conn *c, uint64_t leaf,
                                  struct leafset *seen, pthread_mutex_t *lock,
                                  struct sq_leaves *found)
{
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_CHILDREN, "i", (int64_t)leaf);
    enum store_result r;

    while ((r = sq_next(c, st)) == STORE_OK) {
        const uint64_t child = (uint64_t)sqlite3_column_int64(st, 0);
        bool is_new;

        if (lock)
            pthread_mutex_lock(lock);
        is_new = leafset_add(seen, child);
        if (lock)
            pthread_mutex_unlock(lock);
        if (is_new)
            sq_leaves_add(found, child);
    }
    return r == STORE_NONE ? STORE_OK : r;
}

/* At any remove.  A circle in an edited file ends. */
static enum store_result follow(struct sq_conn *c, uint64_t leaf,
                                struct leafset *seen, pthread_mutex_t *lock,
                                struct sq_leaves *found)
{
    enum store_result r = children(c, leaf, seen, lock, found);

    for (size_t i = 0; i < found->n && r == STORE_OK; i++)
        r = children(c, found->v[i], seen, lock, found);
    return r;
}

enum store_result sq_cert_descendants(struct store_conn *base, uint64_t leaf,
                                      struct leafset *seen, store_record_fn *fn,
                                      void *arg)
{
    struct sq_conn *c = sq_of(base);
    AUTO(leaves) struct sq_leaves l = {0};
    int64_t parent;
    enum store_result r;

    if (!leafset_add(seen, leaf))
        return STORE_OK;
    r = sq_int(c, sq_bind(c, SQL_CERT_PARENT, "i", (int64_t)leaf), &parent);
    if (r == STORE_OK && leafset_has(seen, (uint64_t)parent))
        return STORE_OK;
    if (r == STORE_OK || r == STORE_NONE)
        r = follow(c, leaf, seen, NULL, &l);
    sq_leaves_sort(&l);
    return r == STORE_OK ? sq_leaves_each(c, &l, fn, arg) : r;
}

/* A walk over the certificates of a key. */
struct key_walk {
    const uint8_t *key_sha256;
    int64_t now;
    struct leafset *seen; /* with what was renewed from them; NULL: without */
    store_record_fn *fn;
    void *arg;
    bool stopped;
};

static enum store_result show_valid(struct sq_conn *c, struct key_walk *w,
                                    uint64_t leaf)
{
    AUTO(record) struct record rec = {0};
    int64_t is;
    enum store_result r = sq_int(
        c, sq_bind(c, SQL_CERT_IS_VALID, "ii", (int64_t)leaf, w->now), &is);

    if (r == STORE_OK)
        r = sq_cert_by_leaf(&c->base, leaf, &rec);
    if (r == STORE_OK)
        w->stopped = w->fn(w->arg, &rec) != 0;
    return r == STORE_NONE ? STORE_OK : r;
}

/* A posting has eight octets of the digest: it may be another key's. */
static enum store_result visit(struct sq_conn *c, struct key_walk *w,
                               uint64_t leaf)
{
    AUTO(leaves) struct sq_leaves l = {0};
    int64_t has;
    enum store_result r = sq_int(
        c, sq_bind(c, SQL_CERT_HAS_KEY, "ih", (int64_t)leaf, w->key_sha256),
        &has);

    if (r != STORE_OK || (w->seen && !leafset_add(w->seen, leaf)))
        return r == STORE_NONE ? STORE_OK : r;
    if (w->seen)
        r = follow(c, leaf, w->seen, NULL, &l);
    sq_leaves_add(&l, leaf);
    sq_leaves_sort(&l);
    for (size_t i = 0; i < l.n && r == STORE_OK && !w->stopped; i++)
        r = show_valid(c, w, l.v[i]);
    return r;
}

static enum store_result walk_key(struct sq_conn *c, struct key_walk *w)
{
    enum { WINDOW = 512 }; /* a key may have any number of certificates */
    const struct sq_key key = sq_key_of(SQ_CLASS_KEY_SHA256, w->key_sha256);
    struct sq_span span = {0, INT64_MAX, WINDOW, false};

    for (;;) {
        AUTO(leaves) struct sq_leaves l = {0};
        enum store_result r = sq_postings_of(c, &key, &span, &l);

        if (r != STORE_OK || l.n == 0)
            return r;
        span.low = (int64_t)l.v[l.n - 1] + 1;
        for (size_t i = 0; i < l.n && r == STORE_OK && !w->stopped; i++)
            r = visit(c, w, l.v[i]);
        if (r != STORE_OK || w->stopped)
            return r;
    }
}

enum store_result sq_cert_by_key(struct store_conn *base,
                                 const uint8_t key_sha256[32], int64_t now,
                                 store_record_fn *fn, void *arg)
{
    struct key_walk w = {
        .key_sha256 = key_sha256, .now = now, .fn = fn, .arg = arg};

    return walk_key(sq_of(base), &w);
}

enum store_result sq_cert_by_lost_key(struct store_conn *base,
                                      const uint8_t key_sha256[32], int64_t now,
                                      store_record_fn *fn, void *arg)
{
    AUTO(leafset) struct leafset seen = {0};
    struct key_walk w = {.key_sha256 = key_sha256,
                         .now = now,
                         .seen = &seen,
                         .fn = fn,
                         .arg = arg};

    return walk_key(sq_of(base), &w);
}

/*
 * Every renewal asks whether an ancestor was revoked for keyCompromise, nearly
 * every answer is no, and a line of renewals may be thousands long: so what
 * descends from one that was is in a set in memory, and only who is in it is
 * looked for in the ledger.  A leaf is in it before its row is written, and its
 * children with it, so that the set is never behind a commit; one too many,
 * when a transaction is undone, costs a look-up.  The writer alone adds.
 */
static bool may_be_tainted(struct sq_store *s, uint64_t leaf)
{
    bool is;

    pthread_mutex_lock(&s->tainted_lock);
    is = leafset_has(&s->tainted, leaf);
    pthread_mutex_unlock(&s->tainted_lock);
    return is;
}

enum store_result sq_taint(struct sq_conn *c, uint64_t leaf)
{
    AUTO(leaves) struct sq_leaves l = {0};

    if (may_be_tainted(c->store, leaf))
        return STORE_OK;
    return follow(c, leaf, &c->store->tainted, &c->store->tainted_lock, &l);
}

void sq_taint_child(struct sq_store *s, uint64_t parent, uint64_t leaf)
{
    pthread_mutex_lock(&s->tainted_lock);
    if (leafset_has(&s->tainted, parent))
        leafset_add(&s->tainted, leaf);
    pthread_mutex_unlock(&s->tainted_lock);
}

int sq_tainted_load(struct sq_store *s, sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql_text[SQL_COMPROMISED_DESCENDANTS].text,
                                -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    for (; rc == SQLITE_ROW; rc = sqlite3_step(st))
        leafset_add(&s->tainted, (uint64_t)sqlite3_column_int64(st, 0));
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

enum store_result sq_ancestor_compromised(struct store_conn *base,
                                          uint64_t leaf)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt) sqlite3_stmt *st = NULL;
    int64_t is;
    enum store_result r =
        sq_int(c, sq_bind(c, SQL_CERT_COMPROMISED, "i", (int64_t)leaf), &is);

    if (r != STORE_NONE || !may_be_tainted(c->store, leaf))
        return r;
    st = sq_bind(c, SQL_ANCESTOR_COMPROMISED, "i", (int64_t)leaf);
    return sq_next(c, st);
}
