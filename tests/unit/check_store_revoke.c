/* SPDX-License-Identifier: ISC */
/* What the store knows of revocations, of renewals and of keys. */
#include "store_refused.h"

static int see_record(void *arg, struct record *r)
{
    struct seen *s = arg;

    s->leaf[s->n++] = r->leaf;
    return 0;
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
    const struct revoked_page first = {.authority = "issuing",
                                       .partition = 1,
                                       .snapshot = 99,
                                       .after = UINT64_MAX,
                                       .max = 16};
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
    ck_assert_int_eq(store_revoked(b.r, &first, see_revoked, &s), STORE_OK);
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

/* Their leaves as the digits of a number. */
static uint64_t descendants(struct box *b, uint64_t leaf, struct leafset *seen)
{
    struct seen s = {0};
    uint64_t digits = 0;

    ck_assert_int_eq(store_cert_descendants(b->r, leaf, seen, see_record, &s),
                     STORE_OK);
    for (size_t i = 0; i < s.n; i++)
        digits = digits * 10 + s.leaf[i];
    return digits;
}

START_TEST(test_replace)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    AUTO(leafset) struct leafset seen = {0};
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
    ck_assert_uint_eq(descendants(&b, 1, &seen), 23);
    /* What was followed is not followed again, from wherever it is met. */
    ck_assert_uint_eq(descendants(&b, 1, &seen), 0);
    ck_assert_uint_eq(descendants(&b, 3, &seen), 0);
    leafset_free(&seen);
    ck_assert_uint_eq(descendants(&b, 2, &seen), 3);
    ck_assert_uint_eq(descendants(&b, 1, &seen), 0);
    leafset_free(&seen);
    leafset_add(&seen, 1); /* followed on another page */
    ck_assert_uint_eq(descendants(&b, 2, &seen), 0);
    ck_assert_uint_eq(descendants(&b, 4, &seen), 0);
    ck_assert(!leafset_has(&seen, 3));
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
        digest_sum(DIGEST_SHA256, b.keys[i].spki.data, b.keys[i].spki.len,
                   hash[i]);
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

/* Asked before and after, of this store and of one that is opened anew. */
static void tainted(struct box *b, const char *leaves)
{
    AUTO(errs) struct errs e = {0};
    AUTO(store) struct store *again = store_open(b->path, &e);
    struct store_conn *r = store_conn_open(again, false, &e);

    for (uint64_t leaf = 1; leaf <= 8; leaf++) {
        const enum store_result want =
            strchr(leaves, (int)('0' + leaf)) ? STORE_OK : STORE_NONE;

        ck_assert_msg(store_ancestor_compromised(b->r, leaf) == want &&
                          store_ancestor_compromised(r, leaf) == want,
                      "%s: %d", leaves, (int)leaf);
    }
    store_conn_close(r);
}

/* Whatever was undone, and whatever is renewed after that. */
START_TEST(test_tainted)
{
    AUTO(box) struct box b;
    struct put rows[] = {
        {.leaf = 1},
        {.leaf = 2, .replaces = serial_of(1)},
        {.leaf = 3, .replaces = serial_of(2)},
        {.leaf = 4, .replaces = serial_of(2), .detached = true},
        {.leaf = 5, .replaces = serial_of(3)},
        {.leaf = 6, .replaces = serial_of(1)},
    };
    struct put seven = {.leaf = 7, .replaces = serial_of(5)};
    struct put eight = {.leaf = 8, .replaces = serial_of(1)};

    box_make(&b);
    for (size_t i = 0; i < COUNT(rows); i++)
        box_add(&b, &rows[i]);
    tainted(&b, "");
    ck_assert_int_eq(store_begin(b.w), STORE_OK);
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 1, 20), STORE_OK);
    ck_assert_int_eq(store_ancestor_compromised(b.w, 5), STORE_OK);
    ck_assert_int_eq(store_rollback(b.w), STORE_OK);
    tainted(&b, "");
    box_add(&b, &seven); /* of one that is noted */
    box_add(&b, &eight); /* of one that is not */
    ck_assert_int_eq(store_cert_revoke(b.w, 2, DAY_ONE, 4, 21), STORE_OK);
    tainted(&b, "");
    ck_assert_int_eq(store_cert_revoke(b.w, 3, DAY_ONE, 1, 22), STORE_OK);
    tainted(&b, "357");
    ck_assert_int_eq(store_cert_revoke(b.w, 1, DAY_ONE, 1, 23), STORE_OK);
    tainted(&b, "1235678");
}
END_TEST

/* Of a lost key: what has it, and what was renewed from that, as far as it is
 * valid, whether its ancestor is or not. */
START_TEST(test_lost_key)
{
    enum { ENDED = DAY_ONE + 5 };
    AUTO(box) struct box b;
    uint8_t hash[32];
    struct seen s = {0};
    struct put rows[] = {
        {.leaf = 1, .key = 1, .not_after = ENDED},
        {.leaf = 2, .key = 1, .not_after = ENDED, .replaces = serial_of(1)},
        {.leaf = 3, .key = 2, .replaces = serial_of(2)},
        {.leaf = 4, .key = 2, .replaces = serial_of(3), .not_after = ENDED},
        {.leaf = 5, .key = 0, .replaces = serial_of(4)},
        {.leaf = 6, .key = 1},
        {.leaf = 7, .key = 2, .replaces = serial_of(6)},
        {.leaf = 8, .key = 1, .replaces = serial_of(7)},
        {.leaf = 9, .key = 2, .replaces = serial_of(6), .detached = true},
        {.leaf = 10, .key = 2},
    };

    box_make(&b);
    for (size_t i = 0; i < COUNT(rows); i++)
        box_add(&b, &rows[i]);
    ck_assert_int_eq(store_cert_revoke(b.w, 6, DAY_ONE, 4, 20), STORE_OK);
    digest_sum(DIGEST_SHA256, b.keys[1].spki.data, b.keys[1].spki.len, hash);
    ck_assert_int_eq(
        store_cert_by_lost_key(b.r, hash, ENDED + 1, see_record, &s), STORE_OK);
    ck_assert_uint_eq(s.n, 4);
    ck_assert(s.leaf[0] == 3 && s.leaf[1] == 5 && s.leaf[2] == 7 &&
              s.leaf[3] == 8);
    s.n = 0;
    ck_assert_int_eq(store_cert_by_key(b.r, hash, ENDED + 1, see_record, &s),
                     STORE_OK);
    ck_assert(s.n == 1 && s.leaf[0] == 8);
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
    digest_sum(DIGEST_SHA256, b.keys[1].spki.data, b.keys[1].spki.len, hash);
    ck_assert_int_eq(store_cert_by_key(b.r, hash, DAY_ONE, count_up, &all),
                     STORE_OK);
    ck_assert_uint_eq(all.n, SAME);
    ck_assert_int_eq(store_cert_by_key(b.r, hash, DAY_ONE, count_up, &some),
                     STORE_OK);
    ck_assert_uint_eq(some.n, 600);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_revoke,   test_tainted, test_replace,    test_keys,
        test_lost_key, test_one_key, test_partitions,
    };

    return unit_run("store_revoke", tests, COUNT(tests));
}
