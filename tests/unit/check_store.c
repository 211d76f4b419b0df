/* SPDX-License-Identifier: ISC */
/* The store's file, its transactions, and what it refuses. */
#include "store_refused.h"

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
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM recent"), 3);
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
    ck_assert_int_eq(store_token_use(b.w, "none", 1, DAY_ONE), STORE_NONE);
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
    ck_assert_int_eq(box_number(b.r, "SELECT count(*) FROM certificates"),
                     box_number(b.r, "SELECT count(*) FROM recent"));
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
    ck_assert_int_eq(store_token_use(b.w, "three", 1, DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "three", 3, DAY_ONE), STORE_NONE);
    ck_assert_int_eq(store_token_use(b.w, "three", 2, DAY_ONE + 2), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "three", 1, DAY_ONE + 9), STORE_NONE);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(store_token_use(b.w, "free", 1, DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "nobody", 1, DAY_ONE), STORE_NONE);
    /* Times never go back. */
    ck_assert_int_eq(store_token_touch(b.w, "three", DAY_ONE - 9), STORE_OK);
    ck_assert_int_eq(store_token_by_id(b.r, "three", &got), STORE_OK);
    ck_assert_uint_eq(got.uses, 3);
    ck_assert_int_eq(got.last_used, DAY_ONE + 2);
    ck_assert_int_eq(store_token_label(b.r, "label"), STORE_OK);
    ck_assert_int_eq(store_token_remove(b.w, "three", DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_remove(b.w, "three", DAY_ONE), STORE_NONE);
    ck_assert_int_eq(store_token_remove(b.w, "free", DAY_ONE), STORE_OK);
    ck_assert_int_eq(store_token_use(b.w, "free", 1, DAY_ONE), STORE_NONE);
    ck_assert_int_eq(store_token_label(b.r, "label"), STORE_NONE);
    ck_assert_int_eq(store_token_put(b.w, &same), STORE_OK);
    ck_assert_int_eq(store_token_by_id(b.r, "three", &gone), STORE_OK);
    ck_assert_int_eq(gone.removed_at, DAY_ONE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_rollback,    test_full,        test_full_anywhere,
        test_refused_row, test_changes,     test_refused_commit,
        test_serial,      test_idempotency, test_token,
    };

    return unit_run("store", tests, COUNT(tests));
}
