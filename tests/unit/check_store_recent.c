/* SPDX-License-Identifier: ISC */
/* Postings on their way: what waits, what is half merged and what is in the
 * table is found alike, by every kind of look-up. */
#include <string.h>

#include "unit.h"

#include "store_box.h"
#include "store_sqlite_posting.h"

/* Certificates that wait; of each two digests and two names. */
enum { WAIT = 200, EACH = 4 };

static void name_of(char *out, size_t size, uint64_t leaf)
{
    snprintf(out, size, "n%d.internal", (int)leaf);
}

static void put_one(struct box *b, uint64_t leaf, uint8_t sha256[32])
{
    char name[32], names[64];
    struct put p = {.leaf = leaf, .names = names, .key = (int)(leaf % 2)};

    name_of(name, sizeof(name), leaf);
    snprintf(names, sizeof(names), "%s,10.0.%d.%d", name, (int)leaf / 256,
             (int)leaf % 256);
    ck_assert_int_eq(box_put(b, &p), STORE_OK);
    memcpy(sha256, p.sha256, 32);
}

/* Leaves from to before to, `together` a commit. */
static void put_all(struct box *b, uint64_t from, uint64_t to, int together,
                    uint8_t (*sha256)[32])
{
    while (from < to) {
        ck_assert_int_eq(store_begin(b->w), STORE_OK);
        for (int i = 0; i < together && from < to; i++, from++)
            put_one(b, from, sha256[from]);
        ck_assert_int_eq(store_commit(b->w), STORE_OK);
    }
}

static int count_one(void *arg, struct record *r)
{
    uint64_t *n = arg;

    /* By leaf, each once. */
    ck_assert(n[0] == 0 || r->leaf > n[1]);
    n[0]++;
    n[1] = r->leaf;
    return 0;
}

static uint64_t by_key(struct box *b, int key)
{
    uint64_t n[2] = {0};
    uint8_t hash[32];

    digest_sum(DIGEST_SHA256, b->keys[key].spki.data, b->keys[key].spki.len,
               hash);
    ck_assert_int_eq(store_cert_by_key(b->r, hash, DAY_ONE, count_one, n),
                     STORE_OK);
    return n[0];
}

static uint64_t listed(struct store_conn *c, const char *key, const char *value)
{
    AUTO(query) struct query q = {0};
    AUTO(errs) struct errs e = {0};
    struct list_walk w = {.look = UINT_MAX};
    uint64_t n[2] = {0, UINT64_MAX};

    query_init(&q);
    q.limit = 5000;
    q.by_expiry = true; /* all end together: by leaf */
    ck_assert_int_eq(query_set(&q, key, value, &e), 0);
    n[1] = 0;
    ck_assert_int_eq(store_cert_list(c, &q, DAY_ONE, &w, count_one, n),
                     STORE_OK);
    return n[0];
}

static bool found(struct store_conn *c, const uint8_t sha256[32], uint64_t leaf)
{
    AUTO(record) struct record r = {0};
    const enum store_result got = store_cert_by_sha256(c, sha256, &r);

    ck_assert(got == STORE_OK || got == STORE_NONE);
    ck_assert(got == STORE_NONE || r.leaf == leaf);
    return got == STORE_OK;
}

static bool is_all_there(struct box *b, uint64_t n, uint8_t (*sha256)[32])
{
    uint64_t rows;

    ck_assert_int_eq(store_posting_count(b->r, n, &rows), STORE_OK);
    if (rows != n * EACH || by_key(b, 0) != (n + 1) / 2 ||
        by_key(b, 1) != n / 2 || listed(b->r, "name", "*.internal") != n ||
        listed(b->r, "name", "10.0.0.0/16") != n)
        return false;
    for (uint64_t leaf = 0; leaf < n; leaf++) {
        char name[32], hex[65];

        name_of(name, sizeof(name), leaf);
        hex_encode(hex, sha256[leaf], 32);
        if (!found(b->r, sha256[leaf], leaf) ||
            listed(b->r, "name", name) != 1 ||
            listed(b->r, "covers", name) != 1 ||
            listed(b->r, "sha256", hex) != 1)
            return false;
    }
    return true;
}

static int64_t in_both(struct box *b)
{
    return box_number(b->r, "SELECT count(*) FROM postings p JOIN recent r ON "
                            "r.leaf = p.leaf");
}

static void box_few(struct box *b)
{
    sq_of(b->w)->store->recent_max = WAIT * EACH;
}

/* Everything is found while it waits, is half merged, and is merged; also by
 * who opens the ledger then, as after a crash. */
START_TEST(test_found_at_every_stage)
{
    /* Of each key more than a look-up takes at once. */
    static uint8_t sha256[7 * WAIT][32];
    AUTO(box) struct box b;

    box_make(&b);
    box_few(&b);
    put_all(&b, 0, WAIT, 1, sha256);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM postings"), 0);
    ck_assert(is_all_there(&b, WAIT, sha256));
    put_all(&b, WAIT, WAIT + 1, 1, sha256);
    ck_assert_int_gt(in_both(&b), 0);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM recent"), WAIT + 1);
    ck_assert(is_all_there(&b, WAIT + 1, sha256));
    box_close(&b);
    box_open(&b);
    box_few(&b);
    ck_assert(is_all_there(&b, WAIT + 1, sha256));
    put_all(&b, WAIT + 1, WAIT + 5, 1, sha256);
    ck_assert_int_eq(in_both(&b), 0);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM recent"), 3);
    ck_assert(is_all_there(&b, WAIT + 5, sha256));
    put_all(&b, WAIT + 5, 7 * WAIT, 50, sha256);
    ck_assert_int_gt(box_number(b.r, "SELECT count(*) FROM recent"), 0);
    ck_assert(is_all_there(&b, 7 * WAIT, sha256));
}
END_TEST

/* What was undone is not found, and its leaf can be another's. */
START_TEST(test_undone)
{
    static uint8_t sha256[WAIT][32], undone[WAIT][32];
    AUTO(box) struct box b;
    struct put other = {.leaf = 150, .names = "other.internal", .key = 2};

    box_make(&b);
    box_few(&b);
    put_all(&b, 0, 3, 1, sha256);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    for (uint64_t leaf = 3; leaf < WAIT; leaf++)
        put_one(&b, leaf, undone[leaf]);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    ck_assert(is_all_there(&b, 3, sha256));
    box_add(&b, &other);
    ck_assert(!found(b.r, undone[150], 150));
    ck_assert(found(b.r, other.sha256, 150));
    ck_assert_uint_eq(listed(b.r, "name", "n150.internal"), 0);
    ck_assert_uint_eq(listed(b.r, "name", "other.internal"), 1);
    ck_assert_uint_eq(by_key(&b, 0), 2);
    ck_assert_uint_eq(by_key(&b, 2), 1);
}
END_TEST

/* A commit that fails keeps what it was to merge for the next. */
START_TEST(test_merge_undone)
{
    static uint8_t sha256[WAIT + 130][32];
    AUTO(box) struct box b;

    box_make(&b);
    box_few(&b);
    put_all(&b, 0, WAIT, 1, sha256);
    box_edit(b.path, "CREATE TRIGGER bad BEFORE INSERT ON postings BEGIN "
                     "SELECT raise(ABORT, 'no'); END");
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    put_one(&b, WAIT, sha256[WAIT]);
    ck_assert_int_eq(store_commit(b.w), STORE_REFUSED);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    ck_assert(is_all_there(&b, WAIT, sha256));
    /* 64 others do without. */
    put_all(&b, WAIT, WAIT + 64, 1, sha256);
    ck_assert(is_all_there(&b, WAIT + 64, sha256));
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM postings"), 0);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(store_commit(b.w), STORE_REFUSED);
    box_edit(b.path, "DROP TRIGGER bad");
    put_all(&b, WAIT + 64, WAIT + 128, 1, sha256);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM postings"), 0);
    put_all(&b, WAIT + 128, WAIT + 130, 1, sha256);
    ck_assert_int_eq(in_both(&b), 0);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM recent"), 130);
    ck_assert(is_all_there(&b, WAIT + 130, sha256));
}
END_TEST

/* A certificate that is in no commit yet. */
struct undone {
    struct box box;
    uint64_t leaf;
};

static void begin_undone(struct undone *u)
{
    struct put p = {.leaf = u->leaf, .names = "n.internal"};

    ck_assert_int_eq(store_begin(u->box.w), STORE_OK);
    ck_assert_int_eq(box_put(&u->box, &p), STORE_OK);
}

/* Before each look at a row: it is undone, another has its leaf, and the next
 * is begun. */
static int take_place(unsigned what, void *arg, void *st, void *text)
{
    struct undone *u = arg;
    struct put other = {.leaf = u->leaf, .names = "other.example", .key = 2};

    (void)what;
    (void)text;
    if (!strstr(sqlite3_sql(st), "not_after, cn FROM certificates"))
        return 0;
    ck_assert_int_eq(store_rollback(u->box.w), STORE_OK);
    box_add(&u->box, &other);
    u->leaf++;
    begin_undone(u);
    return 0;
}

START_TEST(test_undone_while_listed)
{
    static const char *const names[] = {"n.internal", "*.internal"};

    for (int i = 0; i < 2; i++) {
        struct undone u = {0};

        box_make(&u.box);
        begin_undone(&u);
        sqlite3_trace_v2(sq_of(u.box.r)->db, SQLITE_TRACE_STMT, take_place, &u);
        ck_assert_uint_eq(listed(u.box.r, "name", names[i]), 0);
        ck_assert_uint_ge(u.leaf, 2);
        ck_assert_int_eq(store_rollback(u.box.w), STORE_OK);
        box_free(&u.box);
    }
}
END_TEST

/* A certificate of very many names, or of long ones, does not wait for others:
 * the rest are in before memory is full. */
START_TEST(test_long_names)
{
    AUTO(box) struct box b;
    char name[1024];

    box_make(&b);
    memset(name, 'a', sizeof(name));
    memcpy(name, "uri:https://a.internal/", 23);
    for (uint64_t leaf = 0; leaf < 5000; leaf++) {
        struct put p = {.leaf = leaf, .names = name};

        snprintf(name + 1000, sizeof(name) - 1000, "%d", (int)leaf);
        if (leaf % 100 == 0)
            ck_assert_int_eq(store_begin(b.w), STORE_OK);
        ck_assert_int_eq(box_put(&b, &p), STORE_OK);
        if (leaf % 100 == 99)
            ck_assert_int_eq(store_commit(b.w), STORE_OK);
    }
    ck_assert_int_gt(box_number(b.r, "SELECT count(*) FROM postings"), 0);
}
END_TEST

/* In a read transaction, which may be from before the end of a merge, what
 * memory has forgotten since would be missed. */
START_TEST(test_in_a_transaction)
{
    static uint8_t sha256[WAIT + 10][32];
    AUTO(box) struct box b;
    AUTO(record) struct record r = {0};
    AUTO(query) struct query q = {0};
    AUTO(errs) struct errs e = {0};
    struct list_walk w = {.look = UINT_MAX};

    box_make(&b);
    box_few(&b);
    put_all(&b, 0, WAIT, 1, sha256);
    ck_assert_int_eq(store_begin(b.r), STORE_OK);
    ck_assert_int_eq(store_cert_by_leaf(b.r, 0, &r), STORE_OK);
    put_all(&b, WAIT, WAIT + 10, 1, sha256);
    record_free(&r);
    ck_assert_int_eq(store_cert_by_leaf(b.r, 7, &r), STORE_OK);
    record_free(&r);
    ck_assert_int_eq(store_cert_by_sha256(b.r, sha256[7], &r), STORE_BROKEN);
    query_init(&q);
    ck_assert_int_eq(query_set(&q, "name", "*.internal", &e), 0);
    ck_assert_int_eq(store_cert_list(b.r, &q, DAY_ONE, &w, count_one, NULL),
                     STORE_BROKEN);
    ck_assert_int_eq(store_rollback(b.r), STORE_OK);
    ck_assert(is_all_there(&b, WAIT + 10, sha256));
}
END_TEST

/* A ledger of the first schema, with what `b` has. */
static void make_older(struct box *b, const char *path)
{
    sqlite3 *db = NULL;
    AUTO(free)
    char *copy = xasprintf(
        "ATTACH '%s' AS b; PRAGMA application_id = %d; PRAGMA user_version = 1;"
        "INSERT INTO authorities SELECT * FROM b.authorities;"
        "INSERT INTO profiles SELECT * FROM b.profiles;"
        "INSERT INTO requesters SELECT * FROM b.requesters;"
        "INSERT INTO certificates SELECT * FROM b.certificates;"
        "UPDATE certificates SET fp = 7;"
        "INSERT INTO names SELECT * FROM b.postings WHERE class < 16384",
        b->path, (int)box_number(b->r, "PRAGMA application_id"));

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    for (int i = 0; i < SQL_STEPS; i++)
        if (sql_steps[i].version == 1)
            ck_assert_int_eq(
                sqlite3_exec(db, sql_steps[i].text, NULL, NULL, NULL),
                SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, copy, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

START_TEST(test_older_schema)
{
    static uint8_t sha256[2 * WAIT][32];
    AUTO(box) struct box b;
    char path[96];

    box_make(&b);
    sq_of(b.w)->store->recent_max = 1;
    put_all(&b, 0, WAIT, 1, sha256);
    put_all(&b, WAIT, WAIT + 2, 1, sha256); /* the rest of the last */
    snprintf(path, sizeof(path), "%s.older", b.path);
    make_older(&b, path);
    box_close(&b);
    ck_assert_int_eq(rename(path, b.path), 0);
    box_open(&b);
    ck_assert_int_eq(box_number(b.w, "PRAGMA user_version"), SQL_SCHEMA);
    /* No row was written again. */
    ck_assert_int_eq(
        box_number(b.w, "SELECT count(*) FROM certificates WHERE fp = 7"),
        WAIT + 2);
    box_edit(b.path, "DELETE FROM postings WHERE leaf >= 200;"
                     "DELETE FROM certificates WHERE leaf >= 200");
    ck_assert(is_all_there(&b, WAIT, sha256));
    put_all(&b, WAIT, WAIT + 5, 1, sha256);
    ck_assert(is_all_there(&b, WAIT + 5, sha256));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_found_at_every_stage, test_undone,     test_merge_undone,
        test_undone_while_listed,  test_long_names, test_in_a_transaction,
        test_older_schema,
    };

    return unit_run("store_recent", tests, COUNT(tests));
}
