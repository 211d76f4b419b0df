/* SPDX-License-Identifier: ISC */
/* The store's file, its transactions, and what it refuses. */
#include "merkle.h"
#include "unit.h"

#include "store_box.h"

/* The file is refused with a sentence that has these words. */
static void refused(const char *path, const char *words)
{
    AUTO(errs) struct errs e = {0};
    struct store *s = store_open(path, &e);

    ck_assert_msg(s == NULL, "opened; wanted: %s", words);
    ck_assert_uint_eq(e.n, 1);
    ck_assert_msg(strstr(e.v[0].detail, words) != NULL, "\"%s\", wanted \"%s\"",
                  e.v[0].detail, words);
    ck_assert_msg(strstr(e.v[0].detail, path) != NULL, "no path: %s",
                  e.v[0].detail);
}

static void write_at(const char *path, off_t at, const void *p, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, p, len, at), (ssize_t)len);
    close(fd);
}

static off_t size_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

static void add_many(struct box *b, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++) {
        AUTO(free) char *name = xasprintf("n%d.many.internal", (int)i);
        struct put p = {.leaf = i, .names = name};

        box_add(b, &p);
    }
}

START_TEST(test_create_open)
{
    AUTO(box) struct box b;
    AUTO(errs) struct errs e = {0};
    struct stat st;
    mode_t mask;

    box_dir(&b);
    mask = umask(0);
    ck_assert_int_eq(store_create(b.path, &e), 0);
    umask(mask);
    ck_assert_int_eq(stat(b.path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    box_open(&b);
    add_many(&b, 0, 0);
    ck_assert_str_eq(store_conn_error(b.w), "no error");
    /* A second time: refused, the first one unharmed. */
    ck_assert_int_eq(store_create(b.path, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, b.path));
    box_close(&b);
    box_open(&b);
    ck_assert_int_eq(box_number(b.w, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(box_number(b.w, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(box_number(b.w, "PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(box_number(b.r, "PRAGMA query_only"), 1);
    /* What a reader tries to write is refused, and nothing else. */
    ck_assert_int_eq(store_fact_put(b.r, "a", "b", 1), STORE_REFUSED);
    ck_assert_int_eq(store_fact_put(b.w, "a", "b", 1), STORE_OK);
}
END_TEST

START_TEST(test_refuse_files)
{
    AUTO(box) struct box b;
    uint8_t noise[8192];

    box_dir(&b);
    refused(b.path, "cannot be read");
    refused("/tmp", "not a regular file");
    write_at(b.path, 0, "", 0);
    refused(b.path, "0 octets");
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(i * 151 + 7);
    write_at(b.path, 0, noise, sizeof(noise));
    refused(b.path, "not a database");
    ck_assert_int_eq(size_of(b.path), sizeof(noise));
    unlink(b.path);
    box_edit(b.path, "CREATE TABLE certificates (leaf INTEGER PRIMARY KEY)");
    refused(b.path, "no ledger of pocketca");
}
END_TEST

START_TEST(test_refuse_ledgers)
{
    static const char *const changed[] = {
        "DROP TABLE names", "DROP INDEX cert_not_after",
        "ALTER TABLE tokens RENAME COLUMN uses TO used"};

    for (size_t i = 0; i <= sizeof(changed) / sizeof(changed[0]); i++) {
        AUTO(box) struct box b;

        box_make(&b);
        add_many(&b, 0, 3);
        box_close(&b);
        if (i == sizeof(changed) / sizeof(changed[0])) {
            box_edit(b.path, "PRAGMA user_version = 99");
            refused(b.path, "has schema 99");
        } else {
            box_edit(b.path, changed[i]);
            refused(b.path, "cannot be used");
        }
    }
}
END_TEST

/* Half of the file, in every half, is refused; it is never taken for one that
 * has less in it. */
START_TEST(test_refuse_half)
{
    AUTO(box) struct box b;
    off_t size;

    box_make(&b);
    add_many(&b, 0, 40);
    ck_assert_int_eq(store_checkpoint(b.w, 0), STORE_OK);
    box_close(&b);
    size = size_of(b.path);
    for (off_t to = size - 1; to > 0; to = to > 4096 ? to / 2 : to - 1000) {
        ck_assert_int_eq(truncate(b.path, to), 0);
        refused(b.path, to < 4096 ? "" : "damaged");
    }
}
END_TEST

/* Noise in the middle: reading it is a failure, and not "no such row". */
START_TEST(test_garbage_page)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    uint8_t noise[4096];
    uint64_t broken = 0;
    off_t size, first;

    box_make(&b);
    first = box_number(b.w, "SELECT max(rootpage) FROM sqlite_schema");
    add_many(&b, 0, 200);
    ck_assert_int_eq(store_checkpoint(b.w, 0), STORE_OK);
    box_close(&b);
    size = size_of(b.path);
    memset(noise, 0xa5, sizeof(noise));
    for (off_t at = first * 4096; at < size; at += 4096)
        write_at(b.path, at, noise, sizeof(noise));
    box_open(&b);
    for (uint64_t i = 0; i < 200; i++) {
        enum store_result r = store_cert_by_leaf(b.r, i, &rec);

        ck_assert_int_ne(r, STORE_NONE);
        broken += r == STORE_BROKEN;
        record_free(&rec);
        rec = (struct record){0};
    }
    ck_assert_uint_gt(broken, 100);
    ck_assert_ptr_nonnull(strstr(store_conn_error(b.r), "malformed"));
}
END_TEST

START_TEST(test_rollback)
{
    AUTO(box) struct box b;
    struct store_counts n;
    struct put one = {.leaf = 1, .names = "one.internal"};
    struct put two = {.leaf = 2, .names = "two.internal", .profile = "other"};
    struct put three = {.leaf = 3, .names = "three.internal"};
    struct put four = {.leaf = 4, .names = "four.internal", .profile = "other"};

    box_make(&b);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &one), STORE_OK);
    /* Nobody sees it before the commit. */
    ck_assert(!box_has(&b, 1));
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &two), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 4, 9), STORE_OK);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    box_add(&b, &three);
    ck_assert(box_has(&b, 1) && !box_has(&b, 2) && box_has(&b, 3));
    ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
    ck_assert_uint_eq(n.valid, 2);
    ck_assert_uint_eq(n.revoked, 0);
    /* The undone one's own rows went with it; and it can come again.  Nor does
     * the writer remember the profile that it made then. */
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM profiles"), 1);
    box_add(&b, &four);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM profiles"), 2);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM names"), 3);
    box_add(&b, &two);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
    ck_assert_uint_eq(n.valid, 4);
    ck_assert_uint_eq(n.revoked, 0);
}
END_TEST

/* What only reads changes nothing; what was undone counts. */
START_TEST(test_changes)
{
    AUTO(box) struct box b;
    struct put p = {.leaf = 1, .names = "a.internal"};
    uint64_t before;

    box_make(&b);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    before = store_changes(b.w);
    ck_assert_int_eq(store_token_use(b.w, "none", DAY_ONE), STORE_NONE);
    ck_assert_uint_eq(store_changes(b.w), before);
    ck_assert_int_eq(box_put(&b, &p), STORE_OK);
    ck_assert_uint_gt(store_changes(b.w), before);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    ck_assert_uint_gt(store_changes(b.w), before);
}
END_TEST

/* A note of that many octets. */
static char *long_note(size_t len)
{
    char *s = xmalloc(len + 1);

    memset(s, 'x', len);
    s[len] = 0;
    return s;
}

START_TEST(test_full)
{
    AUTO(box) struct box b;
    AUTO(free) char *note = long_note(400000);
    AUTO(free) char *limit = NULL;
    struct store_counts n;
    struct put small = {.leaf = 1, .names = "small.internal"};
    struct put big = {.leaf = 2, .names = "big.internal", .note = note};
    struct put after = {.leaf = 3, .names = "after.internal"};

    box_make(&b);
    limit = xasprintf("PRAGMA max_page_count = %d",
                      (int)box_number(b.w, "PRAGMA page_count") + 8);
    box_number(b.w, limit);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(store_begin(b.w), STORE_OK);
        ck_assert_int_eq(box_put(&b, &small), STORE_OK);
        ck_assert_int_eq(box_put(&b, &big), STORE_FULL);
        ck_assert_ptr_nonnull(strstr(store_conn_error(b.w), "full"));
        ck_assert_int_eq(store_rollback(b.w), STORE_OK);
        after.leaf = 3 + (uint64_t)round;
        after.serial.len = 0;
        box_add(&b, &after);
    }
    ck_assert(!box_has(&b, 1) && !box_has(&b, 2) && box_has(&b, 5));
    ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
    ck_assert_uint_eq(n.valid, 3);
    ck_assert_int_eq(box_number(b.w, "PRAGMA max_page_count = 100000"), 100000);
    box_add(&b, &big);
    ck_assert_int_eq(box_number(b.r,
                                "SELECT count(*) FROM pragma_integrity_check "
                                "WHERE integrity_check <> 'ok'"),
                     0);
}
END_TEST

/* Space ends somewhere else each time: in the row, an index, a name, a tally.
 * What was stored before stays, and nothing is half there. */
START_TEST(test_full_anywhere)
{
    AUTO(box) struct box b;
    uint64_t leaf = 1, full = 0;

    box_make(&b);
    for (int spare = 0; spare < 12; spare++) {
        AUTO(free)
        char *limit =
            xasprintf("PRAGMA max_page_count = %d",
                      (int)box_number(b.w, "PRAGMA page_count") + spare % 3);

        box_number(b.w, limit);
        for (int i = 0; i < 60; i++, leaf++) {
            struct put p = {.leaf = leaf, .names = "a.internal,b.internal"};
            enum store_result r;

            ck_assert_int_eq(store_begin(b.w), STORE_OK);
            r = box_put(&b, &p);
            ck_assert(r == STORE_OK || r == STORE_FULL);
            full += r == STORE_FULL;
            ck_assert_int_eq(r == STORE_OK ? store_commit(b.w)
                                           : store_rollback(b.w),
                             STORE_OK);
            ck_assert(box_has(&b, leaf) == (r == STORE_OK));
        }
        box_number(b.w, "PRAGMA max_page_count = 100000");
    }
    ck_assert_uint_gt(full, 10);
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) * 2 FROM certificates"),
                     box_number(b.r, "SELECT count(*) FROM names"));
    ck_assert_int_eq(box_number(b.r, "SELECT sum(total) FROM hours"),
                     box_number(b.r, "SELECT count(*) FROM certificates"));
}
END_TEST

static void plant(struct box *b, const char *raise, const char *when)
{
    AUTO(free)
    char *sql = xasprintf("CREATE TRIGGER bad BEFORE INSERT ON %s BEGIN "
                          "SELECT RAISE(%s, 'planted'); END",
                          when, raise);

    box_edit(b->path, sql);
}

/* Whether SQLite has undone the statement, or the transaction, or nothing: the
 * tallies of what was in it do not come with the next one. */
START_TEST(test_refused_row)
{
    struct put good = {.leaf = 1, .names = "good.internal"};
    struct put bad = {.leaf = 2, .names = "bad.internal", .note = "poison"};
    struct put late = {.leaf = 3, .names = "late.internal"};
    static const char *const raise[] = {"ABORT", "FAIL", "ROLLBACK"};

    for (int i = 0; i < 3; i++) {
        AUTO(box) struct box b;
        struct store_counts n;

        box_make(&b);
        plant(&b, raise[i], "certificates WHEN new.note = 'poison'");
        ck_assert_int_eq(store_begin(b.w), STORE_OK);
        ck_assert_int_eq(box_put(&b, &good), STORE_OK);
        ck_assert_int_eq(box_put(&b, &bad), STORE_REFUSED);
        ck_assert_ptr_nonnull(strstr(store_conn_error(b.w), "planted"));
        ck_assert_int_eq(store_rollback(b.w), STORE_OK);
        box_add(&b, &late);
        ck_assert(!box_has(&b, 1) && !box_has(&b, 2) && box_has(&b, 3));
        ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
        ck_assert_uint_eq(n.valid, 1);
    }
}
END_TEST

/* What commit itself writes is refused: nothing was stored, and the
 * transaction is closed. */
START_TEST(test_refused_commit)
{
    AUTO(box) struct box b;
    struct put p = {.leaf = 1, .names = "a.internal"};
    struct store_counts n;

    box_make(&b);
    plant(&b, "ABORT", "hours");
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &p), STORE_OK);
    ck_assert_int_eq(store_commit(b.w), STORE_REFUSED);
    ck_assert(sqlite3_get_autocommit(sq_of(b.w)->db));
    ck_assert(!box_has(&b, 1));
    box_edit(b.path, "DROP TRIGGER bad");
    box_add(&b, &p);
    ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
    ck_assert_uint_eq(n.valid, 1);
}
END_TEST

START_TEST(test_serial)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0}, any = {0};
    struct put p = {.leaf = 1, .names = "a.internal", .serial = serial_of(77)};
    struct put q = p, s = p, nobody = p;
    const struct serial seven = serial_of(77), none = serial_of(78);
    struct cert_status st = {1, 1};

    box_make(&b);
    box_add(&b, &p);
    q.leaf = 2;
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &q), STORE_REFUSED);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    s.leaf = 3;
    s.authority = "second";
    ck_assert_int_eq(box_put(&b, &s), STORE_OK);
    nobody.leaf = 4;
    nobody.authority = "nobody";
    ck_assert_int_eq(box_put(&b, &nobody), STORE_REFUSED);
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    ck_assert_int_eq(store_cert_by_serial(b.r, "issuing", &seven, &rec),
                     STORE_OK);
    ck_assert_uint_eq(rec.leaf, 1);
    ck_assert_int_eq(store_cert_status(b.r, "issuing", &seven, &st), STORE_OK);
    ck_assert(st.revoked_at == 0 && st.reason == 0);
    ck_assert_int_eq(store_cert_status(b.r, "issuing", &none, &st), STORE_NONE);
    ck_assert_int_eq(store_cert_status(b.r, "nobody", &seven, &st), STORE_NONE);
    ck_assert_int_eq(store_cert_by_serial(b.r, NULL, &seven, &any), STORE_OK);
    ck_assert_uint_eq(any.leaf, 3);
    ck_assert_int_eq(store_cert_by_serial(b.r, NULL, &none, &any), STORE_NONE);
    ck_assert_int_eq(store_cert_by_serial(b.r, "nobody", &seven, &any),
                     STORE_NONE);
}
END_TEST

START_TEST(test_idempotency)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    uint8_t hash[32] = {0};
    struct put p = {.leaf = 1, .idem_scope = "token:a", .idem_key = "x"};
    struct put again = p, other = p, plain = {.leaf = 4}, plain2 = {.leaf = 5};

    box_make(&b);
    box_add(&b, &p);
    again.leaf = 2;
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &again), STORE_REFUSED);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    other.leaf = 3;
    other.idem_scope = "token:b";
    other.serial.len = 0;
    box_add(&b, &other);
    box_add(&b, &plain);
    box_add(&b, &plain2);
    ck_assert_int_eq(store_cert_by_idem(b.r, "token:a", "x", &rec, hash),
                     STORE_OK);
    ck_assert_uint_eq(rec.leaf, 1);
    ck_assert_uint_eq(hash[0], 1);
    ck_assert_int_eq(store_cert_by_idem(b.r, "token:a", "y", &rec, hash),
                     STORE_NONE);
    ck_assert_int_eq(store_cert_by_idem(b.r, "token:c", "x", &rec, hash),
                     STORE_NONE);
}
END_TEST

struct seen {
    uint64_t leaf[16];
    struct revoked_row rows[16];
    size_t n;
};

static int see_revoked(void *arg, const struct revoked_row *r)
{
    struct seen *s = arg;

    s->rows[s->n] = *r;
    s->leaf[s->n++] = r->leaf;
    return 0;
}

static int see_record(void *arg, struct record *r)
{
    struct seen *s = arg;

    s->leaf[s->n++] = r->leaf;
    return 0;
}

static size_t revoked(struct box *b, struct seen *s, uint64_t snapshot,
                      int64_t ends_after)
{
    *s = (struct seen){0};
    ck_assert_int_eq(store_revoked(b->r, "issuing", 0, snapshot, ends_after,
                                   UINT64_MAX, 16, see_revoked, s),
                     STORE_OK);
    return s->n;
}

START_TEST(test_revoke)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    struct store_counts n;
    struct seen s;

    box_make(&b);
    add_many(&b, 0, 3);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 0, DAY_ONE, 6, 10), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 6, 11), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 0, DAY_ONE + 5, 1, 20), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 99, DAY_ONE, 1, 21), STORE_NONE);
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    ck_assert_int_eq(store_cert_by_leaf(b.r, 0, &rec), STORE_OK);
    ck_assert_int_eq(rec.revoked_at, DAY_ONE + 5);
    ck_assert_int_eq(rec.reason, 1);
    /* By its first entry: no CRL loses it while the reason changes. */
    ck_assert_uint_eq(revoked(&b, &s, 10, 0), 0);
    ck_assert_uint_eq(revoked(&b, &s, 11, 0), 1);
    ck_assert_int_eq(s.rows[0].reason, 1);
    ck_assert_uint_eq(revoked(&b, &s, 12, 0), 2);
    ck_assert_uint_eq(revoked(&b, &s, 12, DAY_ONE + 90 * TM_DAY), 2);
    ck_assert_uint_eq(revoked(&b, &s, 12, DAY_ONE + 90 * TM_DAY + 1), 0);
    /* Counted once. */
    ck_assert_int_eq(store_count(b.r, DAY_ONE, &n), STORE_OK);
    ck_assert_uint_eq(n.revoked, 2);
    ck_assert_uint_eq(n.valid, 1);
}
END_TEST

START_TEST(test_partitions)
{
    AUTO(box) struct box b;
    struct put rows[] = {
        {.leaf = 1, .names = "a.b"},
        {.leaf = 2, .names = "b.b", .partition = 1},
        {.leaf = 3, .names = "c.b", .partition = 2},
        {.leaf = 4,
         .names = "d.b",
         .partition = 1,
         .not_after = DAY_ONE + 99 * TM_DAY},
        {.leaf = 5, .names = "e.b", .partition = 1, .authority = "second"},
    };
    AUTO(record) struct record rec = {0};
    struct partition_row row;
    struct crl_state st = {.number = 5, .snapshot = 6}, got;
    struct seen s = {0};
    uint32_t n;

    box_make(&b);
    ck_assert_int_eq(store_partition_last(b.r, "issuing", &n), STORE_NONE);
    ck_assert_int_eq(store_crl_last(b.r, "issuing", &n), STORE_NONE);
    for (int i = 0; i < 5; i++) {
        box_add(&b, &rows[i]);
        ck_assert_int_eq(
            store_cert_revoke(b.w, rows[i].leaf, DAY_ONE, 1, 10 + (uint64_t)i),
            STORE_OK);
    }
    ck_assert_int_eq(store_cert_by_leaf(b.r, 4, &rec), STORE_OK);
    ck_assert_uint_eq(rec.crl_partition, 1);
    ck_assert_int_eq(store_partition_last(b.r, "issuing", &n), STORE_OK);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(store_partition(b.r, "issuing", 1, &row), STORE_OK);
    ck_assert_uint_eq(row.certs, 2);
    ck_assert_int_eq(row.ends, DAY_ONE + 99 * TM_DAY);
    ck_assert(row.leaf == 4);
    ck_assert_int_eq(store_partition(b.r, "issuing", 9, &row), STORE_OK);
    ck_assert_uint_eq(row.certs, 0);
    ck_assert_int_eq(store_revoked(b.r, "issuing", 1, 99, 0, UINT64_MAX, 16,
                                   see_revoked, &s),
                     STORE_OK);
    ck_assert(s.n == 2 && s.leaf[0] == 2 && s.leaf[1] == 4);
    ck_assert_uint_eq(revoked(&b, &s, 99, 0), 1);
    ck_assert_uint_eq(s.leaf[0], 1);
    ck_assert_int_eq(store_crl_put(b.w, "issuing", 3, &st), STORE_OK);
    ck_assert_int_eq(store_crl_get(b.r, "issuing", 0, &got), STORE_NONE);
    ck_assert_int_eq(store_crl_get(b.r, "issuing", 3, &got), STORE_OK);
    ck_assert(got.number == 5 && got.snapshot == 6);
    ck_assert_int_eq(store_crl_last(b.r, "issuing", &n), STORE_OK);
    ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(test_replace)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    struct seen s = {0};
    struct put first = {.leaf = 1}, second = {.leaf = 2}, third = {.leaf = 3};
    struct put aside = {.leaf = 4, .detached = true}, lost = {.leaf = 5};

    box_make(&b);
    second.replaces = serial_of(1);
    third.replaces = serial_of(2);
    aside.replaces = serial_of(1);
    lost.replaces = serial_of(12345);
    box_add(&b, &first);
    box_add(&b, &second);
    box_add(&b, &third);
    box_add(&b, &aside);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(box_put(&b, &lost), STORE_REFUSED);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 1, 9), STORE_OK);
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    ck_assert_int_eq(store_cert_descendants(b.r, 1, see_record, &s), STORE_OK);
    ck_assert_uint_eq(s.n, 2);
    ck_assert_uint_eq(s.leaf[0] * 10 + s.leaf[1], 23);
    ck_assert_int_eq(store_ancestor_compromised(b.r, 3), STORE_OK);
    ck_assert_int_eq(store_ancestor_compromised(b.r, 4), STORE_NONE);
    ck_assert_int_eq(store_cert_by_leaf(b.r, 2, &rec), STORE_OK);
    ck_assert_uint_eq(rec.replaces.v[8], 1);
    ck_assert_uint_eq(rec.replaced_by.v[8], 3);
}
END_TEST

static void check_banned(struct store_conn *c, const uint8_t *revoked,
                         const uint8_t *blocked, const uint8_t *neither)
{
    struct key_ban ban;

    ck_assert_int_eq(store_key_compromised(c, revoked, &ban), STORE_OK);
    ck_assert(!ban.blocked);
    ck_assert_int_eq(store_key_compromised(c, blocked, &ban), STORE_OK);
    ck_assert(ban.blocked);
    ck_assert_int_eq(store_key_compromised(c, neither, &ban), STORE_NONE);
}

START_TEST(test_keys)
{
    AUTO(box) struct box b;
    struct seen s = {0};
    uint8_t hash[BOX_KEYS][32];
    struct put p = {.leaf = 1, .key = 1}, q = {.leaf = 2, .key = 1};
    struct put old = {.leaf = 3, .key = 1, .not_after = DAY_ONE + 5};
    struct blocked_key block = {.at = DAY_ONE};
    struct store_conn *reader;
    AUTO(store) struct store *again = NULL;
    AUTO(errs) struct errs e = {0};
    struct key_ban ban;

    box_make(&b);
    box_add(&b, &p);
    box_add(&b, &q);
    box_add(&b, &old);
    for (int i = 0; i < BOX_KEYS; i++)
        merkle_sha256(hash[i], b.keys[i].spki.data, b.keys[i].spki.len);
    ck_assert_int_eq(
        store_cert_by_key(b.r, hash[1], DAY_ONE + 6, see_record, &s), STORE_OK);
    ck_assert_uint_eq(s.n, 2);
    ck_assert_int_eq(store_key_compromised(b.r, hash[1], &ban), STORE_NONE);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 4, 9), STORE_OK);
    ck_assert_int_eq(store_key_compromised(b.r, hash[1], &ban), STORE_NONE);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 1, 10), STORE_OK);
    ck_assert_int_eq(store_key_compromised(b.r, hash[1], &ban), STORE_OK);
    ck_assert_int_eq(store_key_compromised(b.r, hash[2], &ban), STORE_NONE);
    block.entry = 11;
    memcpy(block.key_sha256, hash[2], sizeof(hash[2]));
    ck_assert_int_eq(store_block_put(b.w, &block), STORE_OK);
    check_banned(b.r, hash[1], hash[2], hash[0]);
    again = store_open(b.path, &e);
    ck_assert_ptr_nonnull(again);
    reader = store_conn_open(again, false, &e);
    check_banned(reader, hash[1], hash[2], hash[0]);
    store_conn_close(reader);
    ck_assert_int_eq(store_block_remove(b.w, 11, 12), STORE_OK);
    ck_assert_int_eq(store_key_compromised(b.r, hash[2], &ban), STORE_NONE);
    s.n = 0;
    ck_assert_int_eq(store_cert_by_key(b.r, hash[1], DAY_ONE, see_record, &s),
                     STORE_OK);
    ck_assert_uint_eq(s.n, 2);
    ck_assert_uint_eq(s.leaf[0], 2);
}
END_TEST

struct tally {
    uint64_t last;
    size_t n, stop; /* it stops after so many */
};
static int count_up(void *arg, struct record *r)
{
    struct tally *t = arg;

    ck_assert_uint_gt(r->leaf, t->last);
    t->last = r->leaf;
    return ++t->n == t->stop;
}

/* More certificates of one key than are read at once, each once and in order;
 * and no further than was asked for. */
START_TEST(test_one_key)
{
    enum { SAME = 1024 };
    AUTO(box) struct box b;
    uint8_t hash[32];
    struct tally all = {0}, some = {.stop = 600};

    box_make(&b);
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    for (uint64_t i = 1; i <= SAME; i++) {
        struct put p = {.leaf = i, .key = 1};

        ck_assert_int_eq(box_put(&b, &p), STORE_OK);
    }
    ck_assert_int_eq(store_commit(b.w), STORE_OK);
    merkle_sha256(hash, b.keys[1].spki.data, b.keys[1].spki.len);
    ck_assert_int_eq(store_cert_by_key(b.r, hash, DAY_ONE, count_up, &all),
                     STORE_OK);
    ck_assert_uint_eq(all.n, SAME);
    ck_assert_int_eq(store_cert_by_key(b.r, hash, DAY_ONE, count_up, &some),
                     STORE_OK);
    ck_assert_uint_eq(some.n, 600);
}
END_TEST

static struct token token_of(const char *id, const char *label, uint64_t max)
{
    return (struct token){.id = (char *)id,
                          .label = (char *)label,
                          .roles = ROLE_ISSUE,
                          .max_uses = max,
                          .created_at = DAY_ONE,
                          .creator = {WHO_USER, (char *)"0", NULL}};
}

START_TEST(test_token)
{
    AUTO(box) struct box b;
    AUTO(token) struct token got = {0}, gone = {0};
    const struct token three = token_of("three", "label", 3);
    const struct token free_ = token_of("free", "other", 0);
    const struct token same = token_of("same", "label", 0);

    box_make(&b);
    ck_assert_int_eq(store_token_put(b.w, &three), STORE_OK);
    ck_assert_int_eq(store_token_put(b.w, &three), STORE_REFUSED);
    ck_assert_int_eq(store_token_put(b.w, &same), STORE_REFUSED);
    ck_assert_int_eq(store_token_put(b.w, &free_), STORE_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(store_token_use(b.w, "three", DAY_ONE + i), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "three", DAY_ONE + 9), STORE_NONE);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(store_token_use(b.w, "free", DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "nobody", DAY_ONE), STORE_NONE);
    /* Times never go back. */
    ck_assert_int_eq(store_token_touch(b.w, "three", DAY_ONE - 9), STORE_OK);
    ck_assert_int_eq(store_token_by_id(b.r, "three", &got), STORE_OK);
    ck_assert_uint_eq(got.uses, 3);
    ck_assert_int_eq(got.last_used, DAY_ONE + 2);
    ck_assert_int_eq(store_token_label(b.r, "label"), STORE_OK);
    ck_assert_int_eq(store_token_remove(b.w, "three", DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_remove(b.w, "three", DAY_ONE), STORE_NONE);
    ck_assert_int_eq(store_token_remove(b.w, "free", DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "free", DAY_ONE), STORE_NONE);
    ck_assert_int_eq(store_token_label(b.r, "label"), STORE_NONE);
    ck_assert_int_eq(store_token_put(b.w, &same), STORE_OK);
    ck_assert_int_eq(store_token_by_id(b.r, "three", &gone), STORE_OK);
    ck_assert_int_eq(gone.removed_at, DAY_ONE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_create_open, test_refuse_files,   test_refuse_ledgers,
        test_refuse_half, test_garbage_page,   test_rollback,
        test_full,        test_full_anywhere,  test_refused_row,
        test_changes,     test_refused_commit, test_serial,
        test_idempotency, test_revoke,         test_replace,
        test_keys,        test_one_key,        test_token,
        test_partitions,
    };

    return unit_run("store", tests, sizeof(tests) / sizeof(tests[0]));
}
