/* SPDX-License-Identifier: ISC */
/* The ledger over a real store: entries, tiles, heads, undo, opening. */
#include "ledger_book.h"

/* The root over entries, from their octets alone. */
static void root_of(const uint64_t *numbers, size_t n, uint8_t out[MERKLE_HASH])
{
    struct merkle_edge edge = {0};

    for (size_t i = 0; i < n; i++) {
        AUTO(buf) struct buf b = {0};
        const struct entry e = entry_of(numbers[i]);
        uint8_t leaf[MERKLE_HASH];

        entry_encode(&b, &e);
        merkle_leaf(leaf, b.data, b.len);
        merkle_append(&edge, leaf);
    }
    merkle_root(&edge, out);
}

static void expect_head(const struct book *b, const uint64_t *numbers, size_t n)
{
    uint8_t root[MERKLE_HASH];
    struct head h;

    ledger_head(b->l, &h);
    root_of(numbers, n, root);
    ck_assert_uint_eq(h.size, n);
    ck_assert_mem_eq(h.root, root, sizeof(root));
    ck_assert(head_verify(&h, b->key));
}

/* ---- the tree */

START_TEST(an_empty_ledger_has_a_head)
{
    AUTO(book) struct book b;

    book_make(&b);
    expect_head(&b, NULL, 0);
    ck_assert_int_eq(ledger_last_time(b.l), 0);
    book_close(&b);
    book_open(&b);
    expect_head(&b, NULL, 0);
    expect_fits(b.path, b.key);
}
END_TEST

static const uint64_t sizes[] = {1,   2,    255,   256,   257,   511,  512,
                                 513, 1024, 65535, 65536, 65537, 66000};

START_TEST(every_size_opens_again)
{
    AUTO(book) struct book b;
    AUTO(free) uint64_t *numbers = xcalloc(66000, sizeof(*numbers));

    for (uint64_t i = 0; i < 66000; i++)
        numbers[i] = i;
    book_make(&b);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        fill(&b, sizes[i], START + (int64_t)sizes[i]);
        expect_head(&b, numbers, sizes[i]);
        book_close(&b);
        book_open(&b);
        ck_assert_uint_eq(ledger_size(b.l), sizes[i]);
        ck_assert_int_eq(ledger_last_time(b.l), START + (int64_t)sizes[i] - 1);
        expect_head(&b, numbers, sizes[i]);
    }
    expect_fits(b.path, b.key);
}
END_TEST

/* Transactions of many sizes, some rolled back, before and after a head was
 * made: what is left is a ledger of what was kept. */
START_TEST(what_was_undone_was_never_there)
{
    AUTO(book) struct book b;
    uint64_t kept[3000], number = 0;
    size_t n = 0;
    unsigned dice = 12345;

    book_make(&b);
    while (n < 2000) {
        struct ledger_mark start;
        size_t before = n;

        ledger_mark(b.l, &start);
        ck_assert_int_eq(store_begin(b.c), STORE_OK);
        dice = dice * 1103515245 + 12345;
        for (unsigned k = dice >> 16 & 511; k > 0; k--) {
            kept[n++] = number;
            append(&b, number++);
        }
        if (dice >> 26 & 1)
            ck_assert_int_eq(ledger_seal(b.l, START), STORE_OK);
        if (dice >> 25 & 1) {
            if (!(dice >> 26 & 1))
                ck_assert_int_eq(ledger_seal(b.l, START), STORE_OK);
            ck_assert_int_eq(store_commit(b.c), STORE_OK);
        } else {
            ledger_undo(b.l, &start);
            ck_assert_int_eq(store_rollback(b.c), STORE_OK);
            n = before;
            ck_assert_uint_eq(ledger_size(b.l), n);
        }
        expect_head(&b, kept, n);
    }
    book_close(&b);
    book_open(&b);
    expect_head(&b, kept, n);
    expect_fits(b.path, b.key);
}
END_TEST

START_TEST(an_undo_restores_the_time)
{
    AUTO(book) struct book b;
    struct ledger_mark m;

    book_make(&b);
    fill(&b, 3, START);
    ledger_mark(b.l, &m);
    ck_assert_int_eq(store_begin(b.c), STORE_OK);
    append(&b, 1000);
    ck_assert_int_eq(ledger_last_time(b.l), START + 1000);
    ledger_undo(b.l, &m);
    ck_assert_int_eq(store_rollback(b.c), STORE_OK);
    ck_assert_int_eq(ledger_last_time(b.l), START + 2);
}
END_TEST

/* A tile is made of what the store has, which must be what was put there. */
START_TEST(a_tile_over_changed_entries_is_not_written)
{
    AUTO(book) struct book b;
    struct ledger_mark m;
    uint64_t index;
    const struct entry e = entry_of(255);

    book_make(&b);
    fill(&b, 255, START);
    db_edit(b.path, "UPDATE entries SET entry = zeroblob(60) WHERE idx = 50");
    ledger_mark(b.l, &m);
    ck_assert_int_eq(store_begin(b.c), STORE_OK);
    ck_assert_int_eq(ledger_append(b.l, &e, &index), STORE_BROKEN);
    ledger_undo(b.l, &m);
    ck_assert_int_eq(store_rollback(b.c), STORE_OK);
    ck_assert_uint_eq(ledger_size(b.l), 255);
}
END_TEST

static int count_head(void *arg, const struct head *h)
{
    (void)h;
    ++*(unsigned *)arg;
    return 0;
}

START_TEST(heads_are_one_an_hour_and_never_go_back)
{
    AUTO(book) struct book b;
    struct head h;
    unsigned n = 0;

    book_make(&b);
    fill(&b, 1, START);
    fill(&b, 2, START + 3599);
    fill(&b, 3, START + 3600);
    fill(&b, 4, START - 90000); /* the clock went back */
    ledger_head(b.l, &h);
    ck_assert_int_eq(h.time, START + 3600);
    ck_assert_int_eq(store_heads(b.c, count_head, &n), STORE_OK);
    ck_assert_uint_eq(n, 2);
    book_close(&b);
    book_open(&b);
    ck_assert_uint_eq(ledger_size(b.l), 4);
    expect_fits(b.path, b.key);
}
END_TEST

START_TEST(a_head_is_bound_whole)
{
    AUTO(book) struct book b;
    struct head h, other;

    book_make(&b);
    fill(&b, 5, START);
    ledger_head(b.l, &h);
    ck_assert(head_verify(&h, b.key));
    other = h;
    other.size++;
    ck_assert(!head_verify(&other, b.key));
    other = h;
    other.time++;
    ck_assert(!head_verify(&other, b.key));
    other = h;
    other.root[31] ^= 1;
    ck_assert(!head_verify(&other, b.key));
    other = h;
    other.sig[0] ^= 1;
    ck_assert(!head_verify(&other, b.key));
}
END_TEST

START_TEST(the_key_must_fit)
{
    static const char *const specs[] = {"ec:P-256", "rsa:2048", "ed25519"};

    for (size_t i = 0; i < COUNT(specs); i++) {
        AUTO(book) struct book b;
        AUTO(errs) struct errs e = {0};
        AUTO(evp_pkey) EVP_PKEY *other = key_generate(specs[i], &e);

        book_make(&b);
        fill(&b, 5, START);
        book_close(&b);
        ck_assert_int_ne(book_try(&b, other, &e), 0);
        ck_assert_uint_eq(e.n, 1);
        ck_assert_ptr_nonnull(
            strstr(e.v[0].detail, i < 2 ? "not ed25519" : "not signed"));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_ledger_has_a_head,
        every_size_opens_again,
        what_was_undone_was_never_there,
        an_undo_restores_the_time,
        a_tile_over_changed_entries_is_not_written,
        heads_are_one_an_hour_and_never_go_back,
        a_head_is_bound_whole,
        the_key_must_fit,
    };

    return unit_run("ledger", tests, COUNT(tests));
}
