/* SPDX-License-Identifier: ISC */
/*
 * Pages of lists, and one certificate by its serial, from a ledger that `fill`
 * has filled; beside each a bare read of the same rows by their keys, and the
 * ratio of the times.  What ends with fewer rows and + has looked at as many
 * as one call may, and would go on.
 *
 *   bench_list DATA
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "die.h"
#include "buf.h"
#include "store.h"
#include "tm.h"

enum { ARGUMENTS = 4, TRIES = 7, ROWS_MAX = 1001, LOOK = 20000 };

struct bench {
    struct store_conn *conn;
    sqlite3 *db;
    sqlite3_stmt *bare;
    uint64_t leaves[ROWS_MAX]; /* of the last page */
    size_t n;
    struct serial serial;
    bool early;
    int64_t now;
};

static void need(bool ok, const char *what, const struct errs *e)
{
    if (!ok)
        die(1, "%s: %s", what, e && e->n ? e->v[0].detail : "failed");
}

static int take(void *arg, struct record *r)
{
    struct bench *b = arg;

    b->leaves[b->n++] = r->leaf;
    return 0;
}

static void page(struct bench *b, const struct query *q)
{
    struct list_walk walk = {.look = LOOK};

    b->n = 0;
    if (store_cert_list(b->conn, q, b->now, &walk, take, b) != STORE_OK)
        die(1, "%s", store_conn_error(b->conn));
    b->early = walk.early;
}

static void by_serial(struct bench *b, const struct query *q)
{
    AUTO(record) struct record r = {0};

    (void)q;
    if (store_cert_by_serial(b->conn, NULL, &b->serial, &r) != STORE_OK)
        die(1, "%s", store_conn_error(b->conn));
    b->leaves[0] = r.leaf;
    b->n = 1;
}

/* Every column of the last page's rows. */
static void bare(struct bench *b, const struct query *q)
{
    (void)q;
    for (size_t i = 0; i < b->n; i++) {
        sqlite3_bind_int64(b->bare, 1, (sqlite3_int64)b->leaves[i]);
        if (sqlite3_step(b->bare) != SQLITE_ROW)
            die(1, "%s", sqlite3_errmsg(b->db));
        for (int c = 0; c < sqlite3_column_count(b->bare); c++)
            if (!sqlite3_column_blob(b->bare, c) &&
                sqlite3_column_type(b->bare, c) != SQLITE_NULL)
                die(1, "no memory");
        sqlite3_reset(b->bare);
    }
}

typedef void work_fn(struct bench *b, const struct query *q);

/* Microseconds, the least of some tries: the rest is what else goes on. */
static double least(work_fn *work, struct bench *b, const struct query *q)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < TRIES; i++) {
        const int64_t began = tm_mono_us();
        int64_t took;
        int times = 0;

        do
            work(b, q);
        while (++times < 100 && tm_mono_us() - began < 20000);
        took = (tm_mono_us() - began) * 1000 / times;
        best = took < best ? took : best;
    }
    return (double)best / 1000;
}

static void row(struct bench *b, const char *what, work_fn *work,
                const struct query *q)
{
    const double ours = least(work, b, q), beside = least(bare, b, q);

    printf("%-52.52s %5zu%c %9.1f", what, b->n, b->early ? '+' : ' ', ours);
    if (b->n && !b->early)
        printf("  %8.1f  %6.2f", beside, ours / beside);
    putchar('\n');
}

/* What is asked for as in a URL: name=value&name=value. */
static void list(struct bench *b, const char *args)
{
    AUTO(errs) struct errs e = {0};
    AUTO(query) struct query q;
    AUTO(free) char *text = xstrdup(args);
    char *state = NULL;

    query_init(&q);
    for (char *a = strtok_r(text, "&", &state); a;
         a = strtok_r(NULL, "&", &state)) {
        char *value = strchr(a, '=');

        need(value != NULL, a, NULL);
        *value++ = '\0';
        need(query_set(&q, a, value, &e) == 0, a, &e);
    }
    row(b, *args ? args : "(all)", page, &q);
}

static void list_at(struct bench *b, const char *args, const char *cursor)
{
    AUTO(free) char *text = xasprintf("%scursor=%s", args, cursor);

    list(b, text);
}

/* Filters that match all, half, few, one and none; client and 0 match half each
 * and together one or two. */
static void lists(struct bench *b, uint64_t middle, const struct record *one)
{
    static const char *const all[] = {
        "",
        "limit=1000",
        "order=expiry",
        "status=valid",
        "status=revoked",
        "status=expired",
        "replaced=false",
        "replaced=true",
        "authority=issuing",
        "profile=client",
        "profile=client&order=expiry",
        "requester=1",
        "name=dns:node-0000500.bench.internal",
        "name=dns:*.bench.internal",
        "name=dns:*.other.internal",
        "covers=node-0000500.bench.internal",
        "expires_within=91d",
        "expires_within=1d",
        "issued_after=2020-01-01T00:00:00Z",
        "issued_before=2020-01-01T00:00:00Z",
        "profile=client&requester=1",
        "profile=client&requester=0",
        "profile=client&requester=0&order=expiry",
        "profile=client&requester=0&name=dns:*.bench.internal",
        "replaced=false&status=valid&name=dns:**.internal&requester=1",
    };
    AUTO(query) struct query q;
    AUTO(free) char *issued = NULL;
    AUTO(free) char *expiry = NULL;
    AUTO(free) char *key = NULL;
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    char hex[65];
    uint8_t sha256[32];

    for (size_t i = 0; i < COUNT(all); i++)
        list(b, all[i]);
    need(cert_parse_any(&cert, one->der.data, one->der.len, &e) == 0, "DER",
         &e);
    query_init(&q);
    issued = query_cursor(&q, 0, middle);
    q.by_expiry = true;
    expiry = query_cursor(&q, cert.not_after, middle);
    list_at(b, "", issued);
    list_at(b, "profile=client&", issued);
    list_at(b, "order=expiry&", expiry);
    key_pub_sha256(&cert.key, sha256);
    hex_encode(hex, sha256, sizeof(sha256));
    key = xasprintf("key_sha256=%s", hex);
    list(b, key);
}

static void prepare(struct bench *b, const char *db)
{
    if (sqlite3_open_v2(db, &b->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(b->db, "SELECT * FROM certificates WHERE leaf = ?1",
                           -1, &b->bare, NULL) != SQLITE_OK)
        die(1, "%s: %s", db, sqlite3_errmsg(b->db));
    b->now = tm_now();
}

static void measure(struct bench *b)
{
    AUTO(query) struct query q;
    AUTO(record) struct record one = {0};
    uint64_t middle;

    query_init(&q);
    page(b, &q);
    if (b->n == 0)
        die(1, "there is no certificate in it");
    middle = b->leaves[0] / 2;
    while (store_cert_by_leaf(b->conn, middle, &one) == STORE_NONE)
        middle++;
    b->serial = one.serial;
    printf("%-52s  rows  us a page   bare us   ratio\n", "");
    row(b, "one, by its serial", by_serial, NULL);
    lists(b, middle, &one);
}

int main(int argc, char **argv)
{
    struct bench b = {0};

    if (argc != 2)
        die(2, "usage: bench_list DATA");
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *db = xasprintf("%s/ledger.db", argv[1]);
    AUTO(store) struct store *store = store_open(db, &e);
    need(store != NULL, db, &e);
    b.conn = store_conn_open(store, false, &e);
    need(b.conn != NULL, db, &e);
    prepare(&b, db);
    measure(&b);
    sqlite3_finalize(b.bare);
    sqlite3_close(b.db);
    store_conn_close(b.conn);
    return 0;
}
