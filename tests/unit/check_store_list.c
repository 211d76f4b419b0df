/* SPDX-License-Identifier: ISC */
/* Lists: every filter alone and in company, in both orders and page by page,
 * against what the same query finds by looking at every certificate. */
#include <string.h>

#include "pattern.h"
#include "unit.h"

#include "store_box.h"

/* More than the candidates that a list gathers, so that it has to walk. */
enum { MANY = 2600, LEAF_STEP = 3, BATCH = 200 };
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
enum { POOL = sizeof(pool) / sizeof(pool[0]) };

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

static uint32_t draw(struct many *m, uint32_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(m->seed >> 33) % below;
}

static void many_free(struct many *m)
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
static int pick(struct many *m, int n)
{
    return draw(m, 20) < 17 ? 0 : (int)draw(m, (uint32_t)n);
}

static void invent_names(struct many *m, struct one *o, size_t i)
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
static int64_t end_of(struct many *m)
{
    return DAY_ONE + (draw(m, 10) < 6 ? 49 : (int64_t)draw(m, 50)) * TM_DAY;
}

static struct one *invent(struct many *m)
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

static void store_one(struct many *m, struct one *o)
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

static void grow(struct many *m, size_t n)
{
    ck_assert_int_eq(store_begin(m->box.w), STORE_OK);
    for (size_t i = 0; i < n; i++)
        store_one(m, invent(m));
    ck_assert_int_eq(store_commit(m->box.w), STORE_OK);
}

static void many_make(struct many *m, size_t n)
{
    *m = (struct many){.seed = 20261123};
    box_make(&m->box);
    for (; m->n < n; grow(m, n - m->n < BATCH ? n - m->n : BATCH))
        ;
}

/* ---- the same by looking at every one */

static bool covered(const struct one *o, const char *covers)
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

static bool named(const struct one *o, const struct pattern *p)
{
    for (size_t i = 0; i < o->names.n; i++)
        if (pattern_match(p, &o->names.v[i]))
            return true;
    return false;
}

static bool within(int64_t t, int64_t from, int64_t before)
{
    return (!from || t >= from) && (!before || t < before);
}

static bool has_status(const struct one *o, enum query_status s)
{
    const bool ended = o->put.not_after < NOW;

    return s == STATUS_ANY || (s == STATUS_REVOKED && o->revoked) ||
           (s == STATUS_VALID && !o->revoked && !ended) ||
           (s == STATUS_EXPIRED && !o->revoked && ended);
}

static bool asked_by(const struct one *o, const char *who)
{
    const char *label = requesters[o->requester].label;

    return strcmp(requesters[o->requester].id, who) == 0 ||
           (label && strcmp(label, who) == 0);
}

static bool has_key(const struct many *m, const struct one *o,
                    const uint8_t want[32])
{
    const struct buf *spki = &m->box.keys[o->put.key].spki;
    uint8_t hash[32];

    merkle_sha256(hash, spki->data, spki->len);
    return memcmp(hash, want, 32) == 0;
}

static bool matches(const struct many *m, const struct one *o,
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

static int soonest(const void *a, const void *b)
{
    const struct one *x = *(const struct one *const *)a;
    const struct one *y = *(const struct one *const *)b;

    if (x->put.not_after != y->put.not_after)
        return x->put.not_after < y->put.not_after ? -1 : 1;
    return x->put.leaf < y->put.leaf ? -1 : 1;
}

static int newest(const void *a, const void *b)
{
    const struct one *x = *(const struct one *const *)a;
    const struct one *y = *(const struct one *const *)b;

    return x->put.leaf > y->put.leaf ? -1 : 1;
}

struct found {
    const struct one **v;
    size_t n;
};
static void found_free(struct found *f)
{
    free(f->v);
}
AUTO_VALUE(found, struct found, found_free)

static void find_all(const struct many *m, const struct query *q,
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

/* ---- pages */

struct page {
    uint64_t leaf[1001];
    size_t n;
};

static int take(void *arg, struct record *r)
{
    struct page *p = arg;

    p->leaf[p->n++] = r->leaf;
    return 0;
}

/* A page whose walk is not cut short. */
static void list_page(struct many *m, const struct query *q, struct page *p)
{
    struct list_walk w = {.look = UINT_MAX};

    ck_assert_int_eq(store_cert_list(m->box.r, q, NOW, &w, take, p), STORE_OK);
    ck_assert(!w.early);
}

/* No statement of the connection stepped through a table. */
static void no_scan(struct store_conn *c, const char *what)
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

static void set_cursor(struct query *q, const struct one *last)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free)
    char *text = query_cursor(q, last->put.not_after, last->put.leaf);

    ck_assert_int_eq(query_set(q, "cursor", text, &e), 0);
}

/* At most max_pages pages of the query, each as it must be. */
static void check_pages(struct many *m, struct query *q, const char *what,
                        unsigned max_pages)
{
    AUTO(found) struct found want = {0};
    size_t at = 0;

    find_all(m, q, &want);
    for (unsigned k = 0; k < max_pages; k++) {
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        size_t n = want.n - at > q->limit ? q->limit + 1 : want.n - at;

        list_page(m, q, p);
        ck_assert_msg(p->n == n, "%s, page %u: %zu rows, wanted %zu", what, k,
                      p->n, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(p->leaf[i] == want.v[at + i]->put.leaf,
                          "%s, page %u, row %zu", what, k, i);
        no_scan(m->box.r, what);
        if (n <= q->limit)
            return;
        at += q->limit;
        set_cursor(q, want.v[at - 1]);
    }
}

struct argument {
    const char *key, *value;
};

static void check_query(struct many *m, const struct argument *args, size_t n,
                        bool by_expiry, unsigned limit)
{
    AUTO(query) struct query q = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf what = {0};

    query_init(&q);
    q.by_expiry = by_expiry;
    q.limit = limit;
    buf_printf(&what, "%s, %u:", by_expiry ? "expiry" : "issued", limit);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&what, " %s=%s", args[i].key, args[i].value);
        ck_assert_msg(query_set(&q, args[i].key, args[i].value, &e) == 0,
                      "%.*s: %s", (int)what.len, (char *)what.data,
                      e.n ? e.v[0].detail : "");
    }
    buf_putc(&what, 0);
    check_pages(m, &q, (char *)what.data, limit < 100 ? 3 : 40);
}

static const struct argument arguments[] = {
    {"name", "a.internal"},
    {"name", "n77.x.internal"},
    {"name", "nobody.internal"},
    {"name", "cn.a.internal"},
    {"name", "*.a.internal"},
    {"name", "*.x.internal"},
    {"name", "*.b.a.internal"},
    {"name", "**.a.internal"},
    {"name", "**.internal"},
    {"name", "dns:**"},
    {"name", "10.0.0.1"},
    {"name", "10.0.0.0/16"},
    {"name", "10.0.0.0/8"},
    {"name", "10.0.255.0/24"},
    {"name", "0.0.0.0/0"},
    {"name", "fd00::/16"},
    {"name", "fd00::/32"},
    {"name", "::/0"},
    {"name", "::/64"},
    {"name", "ip:**"},
    {"name", "x@a.internal"},
    {"name", "email:*@a.internal"},
    {"name", "email:*@internal"},
    {"name", "email:**"},
    {"name", "https://h.internal/a/"},
    {"name", "https://h.internal/a/**"},
    {"name", "https://h.internal/**"},
    {"name", "uri:**"},
    {"covers", "b.a.internal"},
    {"covers", "zz.a.internal"},
    {"covers", "a.internal"},
    {"covers", "zz.b.a.internal"},
    {"covers", "zz.zz.a.internal"},
    {"status", "valid"},
    {"status", "revoked"},
    {"status", "expired"},
    {"replaced", "true"},
    {"replaced", "false"},
    {"profile", "server"},
    {"profile", "rare"},
    {"profile", "none' OR 1=1 --"},
    {"authority", "issuing"},
    {"authority", "second"},
    {"authority", "nobody"},
    {"requester", "k1"},
    {"requester", "k2"},
    {"requester", "team"},
    {"requester", "k%"},
    {"issued_after", "2026-11-25T12:00:00Z"},
    {"issued_after", "2027-11-25T12:00:00Z"},
    {"issued_before", "2026-11-24T00:10:00Z"},
    {"issued_before", "2026-11-23T00:00:00Z"},
    {"issued_before", "2026-11-23T00:00:01Z"},
    {"expires_after", "2026-12-25T00:00:00Z"},
    {"expires_after", "2030-12-25T00:00:00Z"},
    {"expires_before", "2026-12-01T00:00:00Z"},
    {"expires_before", "2026-11-23T00:00:00Z"},
};
enum { ARGUMENTS = sizeof(arguments) / sizeof(arguments[0]) };

/* The two whose values depend on the keys of this run. */
static void hashes(struct many *m, struct argument out[4], char text[4][65])
{
    uint8_t hash[4][32];

    merkle_sha256(hash[0], m->box.keys[0].spki.data, m->box.keys[0].spki.len);
    merkle_sha256(hash[1], m->box.keys[1].spki.data, m->box.keys[1].spki.len);
    memcpy(hash[2], m->v[m->n / 2].put.sha256, 32);
    /* The same first octets as a real one, which the index has. */
    memcpy(hash[3], hash[2], 32);
    hash[3][31] ^= 1;
    for (int i = 0; i < 4; i++) {
        hex_encode(text[i], hash[i], 32);
        out[i] = (struct argument){i < 2 ? "key_sha256" : "sha256", text[i]};
    }
}

START_TEST(test_each)
{
    AUTO(many) struct many m;
    struct argument extra[4];
    char text[4][65];

    many_make(&m, MANY);
    hashes(&m, extra, text);
    for (int by_expiry = 0; by_expiry < 2; by_expiry++) {
        check_query(&m, NULL, 0, by_expiry, 1000);
        check_query(&m, NULL, 0, by_expiry, 1);
        for (size_t i = 0; i < ARGUMENTS; i++) {
            check_query(&m, &arguments[i], 1, by_expiry, 1000);
            check_query(&m, &arguments[i], 1, by_expiry, 7);
        }
        for (size_t i = 0; i < 4; i++)
            check_query(&m, &extra[i], 1, by_expiry, 100);
    }
}
END_TEST

START_TEST(test_combined)
{
    AUTO(many) struct many m;
    struct argument extra[4];
    char text[4][65];

    many_make(&m, MANY);
    hashes(&m, extra, text);
    for (int i = 0; i < 400; i++) {
        struct argument args[4];
        size_t n = 2 + draw(&m, 3);

        for (size_t k = 0; k < n; k++) {
            uint32_t a = draw(&m, ARGUMENTS + 4);

            args[k] = a < ARGUMENTS ? arguments[a] : extra[a - ARGUMENTS];
        }
        check_query(&m, args, n, draw(&m, 2), draw(&m, 2) ? 1000 : 13);
    }
}
END_TEST

/* What was there when the first page was read comes exactly once, whatever is
 * stored between the pages. */
START_TEST(test_stable)
{
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (int by_expiry = 0; by_expiry < 2; by_expiry++) {
        AUTO(query) struct query q = {0};
        const size_t before = m.n;
        AUTO(free) unsigned *seen = xcalloc(before, sizeof(*seen));
        size_t pages = 0, late = 0;

        query_init(&q);
        q.by_expiry = by_expiry;
        q.limit = 173;
        for (;; pages++) {
            AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
            size_t i = 0;

            list_page(&m, &q, p);
            for (; i < p->n && i < q.limit; i++) {
                size_t at = (p->leaf[i] - 5) / LEAF_STEP;

                if (at < before)
                    seen[at]++;
                else
                    late++;
            }
            if (p->n <= q.limit)
                break;
            grow(&m, 20);
            set_cursor(&q, &m.v[(p->leaf[i - 1] - 5) / LEAF_STEP]);
        }
        for (size_t i = 0; i < before; i++)
            ck_assert_uint_eq(seen[i], 1);
        ck_assert_uint_gt(pages, 10);
        /* Newest first: they are before the first page.  Soonest first: those
         * that end behind the cursor do come. */
        ck_assert((late > 0) == (by_expiry == 1));
    }
}
END_TEST

/* The whole list in pieces, none of which looks at many rows. */
static void check_pieces(struct many *m, struct query *q, unsigned look)
{
    AUTO(found) struct found want = {0};
    size_t at = 0;
    unsigned early = 0;

    find_all(m, q, &want);
    for (;;) {
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        struct list_walk w = {.look = look, .looked = 7, .early = true};
        size_t n;

        ck_assert_int_eq(store_cert_list(m->box.r, q, NOW, &w, take, p),
                         STORE_OK);
        n = p->n < q->limit ? p->n : q->limit;
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p->leaf[i], want.v[at + i]->put.leaf);
        at += n;
        /* Windows of two indices more; what runs dry towards the end of the
         * list is looked at whole. */
        ck_assert_uint_le(w.looked, w.early ? look + 2 * 64 : 2000);
        if (p->n > q->limit)
            set_cursor(q, want.v[at - 1]);
        else if (w.early)
            query_go_on(q, w.not_after, w.leaf);
        else
            break;
        ck_assert(p->n > q->limit || w.looked >= look);
        early += w.early;
        no_scan(m->box.r, "a piece");
    }
    ck_assert_uint_eq(at, want.n);
    ck_assert(early > 0 || look > q->limit);
}

/* Filters that each match more than a list gathers, so that it walks: what they
 * have in common takes longer to find than one call may. */
START_TEST(test_pieces)
{
    static const struct argument dense[][2] = {
        {{"profile", "server"}, {"requester", "k1"}},
        {{"authority", "issuing"}, {"profile", "server"}},
        {{"name", "**.internal"}, {"profile", "server"}},
        {{"expires_after", "2026-11-24T00:00:00Z"}, {"replaced", "false"}},
    };
    static const unsigned looks[] = {1, 40, 1500};
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (size_t i = 0; i < 4 * 2 * 3; i++) {
        AUTO(query) struct query q = {0};
        AUTO(errs) struct errs e = {0};

        query_init(&q);
        q.by_expiry = i / 3 % 2;
        for (size_t k = 0; k < 2; k++)
            ck_assert_int_eq(
                query_set(&q, dense[i / 6][k].key, dense[i / 6][k].value, &e),
                0);
        check_pieces(&m, &q, looks[i % 3]);
    }
}
END_TEST

/* Behind the last of many that end together, nothing is looked at. */
START_TEST(test_equal_ends)
{
    AUTO(many) struct many m;
    AUTO(found) struct found all = {0};
    AUTO(query) struct query q = {0};
    AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
    int steps = 0;

    many_make(&m, MANY);
    query_init(&q);
    q.by_expiry = true;
    find_all(&m, &q, &all);
    ck_assert_int_eq(all.v[m.n - 1]->put.not_after,
                     all.v[m.n - 1200]->put.not_after);
    set_cursor(&q, all.v[m.n - 2]);
    list_page(&m, &q, p);
    ck_assert_uint_eq(p->n, 1);
    ck_assert_uint_eq(p->leaf[0], all.v[m.n - 1]->put.leaf);
    for (int i = 0; i < SQL__MAX; i++)
        if (sq_of(m.box.r)->st[i])
            steps += sqlite3_stmt_status(sq_of(m.box.r)->st[i],
                                         SQLITE_STMTSTATUS_VM_STEP, 0);
    ck_assert_int_lt(steps, 1000);
}
END_TEST

/* A rare value is found by its index, not by a walk over the others. */
START_TEST(test_rare)
{
    static const struct argument rare[] = {{"replaced", "true"},
                                           {"authority", "second"}};
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (size_t i = 0; i < 2 * 2; i++) {
        AUTO(query) struct query q = {0};
        AUTO(errs) struct errs e = {0};
        AUTO(found) struct found want = {0};
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        sqlite3_stmt *check;

        query_init(&q);
        q.limit = 1000;
        q.by_expiry = i >= 2;
        ck_assert_int_eq(query_set(&q, rare[i % 2].key, rare[i % 2].value, &e),
                         0);
        find_all(&m, &q, &want);
        list_page(&m, &q, p);
        ck_assert_uint_eq(p->n, want.n);
        check = sq_of(m.box.r)->st[SQL_LIST_CHECK];
        ck_assert_uint_eq(
            (unsigned)sqlite3_stmt_status(check, SQLITE_STMTSTATUS_RUN, 1),
            want.n);
    }
}
END_TEST

/* ---- plans */

/* These read a table from an end of it and stop, or rows of a recursion; or,
 * once at the start, the whole of a partial index that is small. */
static bool may_scan(const char *statement, const char *detail)
{
    static const struct {
        const char *statement, *detail;
    } fine[] = {
        {"head_last", "SCAN heads"},
        {"cert_descendants", "SCAN d"},
        {"ancestor_compromised", "SCAN up"},
        {"key_bans", "SCAN certificates USING INDEX cert_compromised"},
        {"key_bans", "SCAN blocked_keys USING INDEX blocked_key"},
    };

    if (strcmp(detail, "SCAN CONSTANT ROW") == 0)
        return true;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        if (strcmp(fine[i].statement, statement) == 0 &&
            strcmp(fine[i].detail, detail) == 0)
            return true;
    return false;
}

static bool plan_is_bad(const char *statement, const char *detail)
{
    return (strncmp(detail, "SCAN", 4) == 0 && !may_scan(statement, detail)) ||
           strstr(detail, "TEMP B-TREE FOR ORDER BY") ||
           strstr(detail, "AUTOMATIC");
}

/* The first bad line of the plan, or NULL; the caller frees. */
static char *bad_plan(struct store_conn *c, const char *name, const char *text)
{
    AUTO(free) char *sql = xasprintf("EXPLAIN QUERY PLAN %s", text);
    sqlite3_stmt *st = NULL;
    char *bad = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(sq_of(c)->db, sql, -1, &st, NULL),
                     SQLITE_OK);
    while (!bad && sqlite3_step(st) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(st, 3);

        if (plan_is_bad(name, detail))
            bad = xstrdup(detail);
    }
    sqlite3_finalize(st);
    return bad;
}

START_TEST(test_plans)
{
    static const char *const scans[] = {
        "SELECT leaf FROM certificates WHERE note = 'x'",
        "SELECT leaf FROM names WHERE key = x'00'",
        "SELECT count(*) FROM entries",
        "SELECT leaf FROM certificates WHERE profile = 1 ORDER BY issued_at",
    };
    AUTO(box) struct box b;

    box_make(&b);
    for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
        AUTO(free) char *bad = bad_plan(b.r, "test", scans[i]);

        ck_assert_msg(bad != NULL, "this test does not see: %s", scans[i]);
    }
    for (int i = 0; i < SQL__MAX; i++) {
        AUTO(free)
        char *bad = bad_plan(b.r, sql_text[i].name, sql_text[i].text);

        ck_assert_msg(bad == NULL, "%s: %s", sql_text[i].name, bad);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_each,       test_combined, test_stable, test_pieces,
        test_equal_ends, test_rare,     test_plans,
    };

    return unit_run("store_list", tests, sizeof(tests) / sizeof(tests[0]));
}
