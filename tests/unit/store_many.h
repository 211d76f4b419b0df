/* SPDX-License-Identifier: ISC */
/* For check_store_list.c and check_store_pieces.c: many certificates, and lists
 * by looking at every one. */
#ifndef POCKETCA_STORE_MANY_H
#define POCKETCA_STORE_MANY_H

#include <string.h>

#include "pattern.h"
#include "unit.h"

#include "store_box.h"

/* More than the candidates that a list gathers, so that it has to walk.  Some
 * WAITING postings are merged together. */
enum { MANY = 2600, LEAF_STEP = 3, BATCH = 200, WAITING = 3000 };
#define NOW (DAY_ONE + 25 * TM_DAY)

static const char *const pool[] = {
    "a.internal",
    "b.a.internal",
    "c.b.a.internal",
    "*.a.internal",
    "*.b.a.internal",
    "xa.internal",
    "d.c.b.a.internal",
    "10.0.0.1",
    "10.0.255.255",
    "10.1.0.0",
    "11.0.0.1",
    "192.168.1.1",
    "::2",
    "fd00::1",
    "fd00:1::1",
    "x@a.internal",
    "y@a.internal",
    "x@b.a.internal",
    "x@xa.internal",
    "https://h.internal/a/",
    "https://h.internal/a/b",
    "https://h.internal/ab",
    "https://h.internal/a",
};
enum { POOL = COUNT(pool) };

static const char *const profiles[] = {"server", "client", "rare"};
static const char *const authorities[] = {"issuing", "second"};
/* The last two share a label; the label of the second is the first's id. */
static const struct {
    const char *id, *label;
} requesters[] = {{"k1", NULL}, {"k2", "k1"}, {"k3", "team"}, {"k4", "team"}};

/* What the test knows of a certificate. */
struct one {
    struct put put;
    struct names names; /* with the CN when that is one */
    char *text, *cn;
    int requester;
    bool revoked, replaced;
};

struct many {
    struct box box;
    struct one *v;
    size_t n;
    uint64_t seed;
};

static inline uint32_t draw(struct many *m, uint32_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(m->seed >> 33) % below;
}

static inline void many_free(struct many *m)
{
    for (size_t i = 0; i < m->n; i++) {
        names_free(&m->v[i].names);
        free(m->v[i].text);
        free(m->v[i].cn);
    }
    free(m->v);
    box_free(&m->box);
}
AUTO_VALUE(many, struct many, many_free)

/* Mostly the first, so that matches are dense. */
static inline int pick(struct many *m, int n)
{
    return draw(m, 20) < 17 ? 0 : (int)draw(m, (uint32_t)n);
}

static inline void invent_names(struct many *m, struct one *o, size_t i)
{
    AUTO(buf) struct buf b = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names none = {0};

    if (draw(m, 10) < 9)
        buf_printf(&b, "n%zu.x.internal", i);
    for (uint32_t k = draw(m, 3) + (b.len == 0); k > 0; k--)
        buf_printf(&b, "%s%s", b.len ? "," : "", pool[draw(m, POOL)]);
    o->text = xstrndup((char *)b.data, b.len);
    ck_assert_int_eq(names_parse(&o->names, o->text, &e), 0);
    if (draw(m, 8) == 0)
        o->cn = xstrdup(draw(m, 2) ? "cn.a.internal" : "Some Body");
    if (o->cn)
        names_of_cn(&o->names, o->cn, &none);
}

/* Most end together, last of all, and are more than a walk takes at once. */
static inline int64_t end_of(struct many *m)
{
    return DAY_ONE + (draw(m, 10) < 6 ? 49 : (int64_t)draw(m, 50)) * TM_DAY;
}

static inline struct one *invent(struct many *m)
{
    size_t i = m->n;
    struct one *o;

    m->v = xreallocarray(m->v, i + 1, sizeof(*m->v));
    o = &m->v[m->n++];
    *o = (struct one){.requester = pick(m, 4)};
    invent_names(m, o, i);
    o->put = (struct put){
        .leaf = 5 + i * LEAF_STEP,
        .names = o->text,
        .cn = o->cn,
        .authority = authorities[pick(m, 2)],
        .profile = profiles[pick(m, 3)],
        .who = requesters[o->requester].id,
        .label = requesters[o->requester].label,
        .key = pick(m, BOX_KEYS - 1),
        .issued_at = DAY_ONE + (int64_t)i * 600,
        .not_after = end_of(m),
    };
    return o;
}

static inline void store_one(struct many *m, struct one *o)
{
    struct one *old = m->n > 1 ? &m->v[draw(m, (uint32_t)m->n - 1)] : NULL;

    if (old && draw(m, 10) == 0) {
        o->put.replaces = old->put.serial;
        old->replaced = true;
        /* Serials repeat nowhere here, so the authority does not matter. */
    }
    ck_assert_msg(box_put(&m->box, &o->put) == STORE_OK, "%s",
                  store_conn_error(m->box.w));
    o->revoked = draw(m, 6) == 0;
    if (o->revoked)
        ck_assert_int_eq(
            store_cert_revoke(m->box.w, o->put.leaf, DAY_ONE, 4, o->put.leaf),
            STORE_OK);
}

static inline void grow(struct many *m, size_t n)
{
    ck_assert_int_eq(store_begin(m->box.w), STORE_OK);
    for (size_t i = 0; i < n; i++)
        store_one(m, invent(m));
    ck_assert_int_eq(store_commit(m->box.w), STORE_OK);
}

/* In the table, half merged and waiting: a look-up has to know all three. */
static inline void is_mixed(struct many *m)
{
    ck_assert_int_gt(box_number(m->box.r,
                                "SELECT count(*) FROM postings WHERE leaf < "
                                "(SELECT min(leaf) FROM recent)"),
                     0);
    ck_assert_int_gt(box_number(m->box.r, "SELECT count(*) FROM recent r JOIN "
                                          "postings p ON p.leaf = r.leaf"),
                     0);
    ck_assert_int_gt(box_number(m->box.r,
                                "SELECT count(*) FROM recent WHERE leaf > "
                                "(SELECT max(leaf) FROM postings)"),
                     0);
}

static inline void many_make(struct many *m, size_t n)
{
    *m = (struct many){.seed = 20261123};
    box_make(&m->box);
    sq_of(m->box.w)->store->recent_max = WAITING;
    for (; m->n < n; grow(m, n - m->n < BATCH ? n - m->n : BATCH))
        ;
    is_mixed(m);
}

static inline bool covered(const struct one *o, const char *covers)
{
    const char *dot = strchr(covers, '.');

    for (size_t i = 0; i < o->names.n; i++) {
        const struct name *n = &o->names.v[i];

        if (n->kind == NAME_DNS &&
            (strcmp(n->value, covers) == 0 ||
             (n->wildcard && dot && strcmp(n->value + 1, dot) == 0)))
            return true;
    }
    return false;
}

static inline bool named(const struct one *o, const struct pattern *p)
{
    for (size_t i = 0; i < o->names.n; i++)
        if (pattern_match(p, &o->names.v[i]))
            return true;
    return false;
}

static inline bool within(int64_t t, int64_t from, int64_t before)
{
    return (!from || t >= from) && (!before || t < before);
}

static inline bool has_status(const struct one *o, enum query_status s)
{
    const bool ended = o->put.not_after < NOW;

    return s == STATUS_ANY || (s == STATUS_REVOKED && o->revoked) ||
           (s == STATUS_VALID && !o->revoked && !ended) ||
           (s == STATUS_EXPIRED && !o->revoked && ended);
}

static inline bool asked_by(const struct one *o, const char *who)
{
    const char *label = requesters[o->requester].label;

    return strcmp(requesters[o->requester].id, who) == 0 ||
           (label && strcmp(label, who) == 0);
}

static inline bool has_key(const struct many *m, const struct one *o,
                           const uint8_t want[32])
{
    const struct buf *spki = &m->box.keys[o->put.key].spki;
    uint8_t hash[32];

    digest_sum(DIGEST_SHA256, spki->data, spki->len, hash);
    return memcmp(hash, want, 32) == 0;
}

static inline bool matches(const struct many *m, const struct one *o,
                           const struct query *q)
{
    return has_status(o, q->status) &&
           (q->replaced < 0 || o->replaced == (q->replaced == 1)) &&
           (!q->profile || strcmp(q->profile, o->put.profile) == 0) &&
           (!q->authority || strcmp(q->authority, o->put.authority) == 0) &&
           (!q->requester || asked_by(o, q->requester)) &&
           within(o->put.issued_at, q->issued_after, q->issued_before) &&
           within(o->put.not_after, q->expires_after, q->expires_before) &&
           (!q->covers || covered(o, q->covers)) &&
           (!q->has_pattern || named(o, &q->name)) &&
           (!q->has_sha256 || memcmp(q->sha256, o->put.sha256, 32) == 0) &&
           (!q->has_key_sha256 || has_key(m, o, q->key_sha256));
}

static inline int soonest(const void *a, const void *b)
{
    const struct one *x = *(const struct one *const *)a;
    const struct one *y = *(const struct one *const *)b;

    if (x->put.not_after != y->put.not_after)
        return x->put.not_after < y->put.not_after ? -1 : 1;
    return x->put.leaf < y->put.leaf ? -1 : 1;
}

static inline int newest(const void *a, const void *b)
{
    const struct one *x = *(const struct one *const *)a;
    const struct one *y = *(const struct one *const *)b;

    return x->put.leaf > y->put.leaf ? -1 : 1;
}

struct found {
    const struct one **v;
    size_t n;
};
static inline void found_free(struct found *f)
{
    free(f->v);
}
AUTO_VALUE(found, struct found, found_free)

static inline void find_all(const struct many *m, const struct query *q,
                            struct found *f)
{
    f->v = xcalloc(m->n, sizeof(const struct one *));
    f->n = 0;
    for (size_t i = 0; i < m->n; i++)
        if (matches(m, &m->v[i], q))
            f->v[f->n++] = &m->v[i];
    qsort(f->v, f->n, sizeof(const struct one *),
          q->by_expiry ? soonest : newest);
}

struct page {
    uint64_t leaf[1001];
    size_t n;
};

static inline int take(void *arg, struct record *r)
{
    struct page *p = arg;

    p->leaf[p->n++] = r->leaf;
    return 0;
}

/* A page whose walk is not cut short. */
static inline void list_page(struct many *m, const struct query *q,
                             struct page *p)
{
    struct list_walk w = {.look = UINT_MAX};

    ck_assert_int_eq(store_cert_list(m->box.r, q, NOW, &w, take, p), STORE_OK);
    ck_assert(!w.early);
}

/* No statement of the connection stepped through a table. */
static inline void no_scan(struct store_conn *c, const char *what)
{
    for (int i = 0; i < SQL__MAX; i++) {
        sqlite3_stmt *st = sq_of(c)->st[i];

        if (st)
            ck_assert_msg(sqlite3_stmt_status(
                              st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) == 0,
                          "%s: %s scans", what, sql_text[i].name);
    }
    /* Nor is a read left open. */
    ck_assert(sqlite3_txn_state(sq_of(c)->db, NULL) == SQLITE_TXN_NONE);
}

static inline void set_cursor(struct query *q, const struct one *last)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free)
    char *text = query_cursor(q, last->put.not_after, last->put.leaf);

    ck_assert_int_eq(query_set(q, "cursor", text, &e), 0);
}

struct argument {
    const char *key, *value;
};

#endif
