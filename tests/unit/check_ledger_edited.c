/* SPDX-License-Identifier: ISC */
/* A ledger that somebody edited: the audit names the first entry that does not
 * fit. */
#include "ledger_book.h"

struct edit {
    const char *sql;
    const char *opens; /* what opening says, NULL: it is not seen there */
    const char *audit; /* what the audit says */
};

/* On a ledger of 700 entries: two tiles, 188 entries behind them; heads of
 * hours over 100, 300 and 700 entries. */
static const struct edit edits[] = {
    {"UPDATE entries SET entry = zeroblob(60) WHERE idx = 5", NULL,
     "first: entry 5 "},
    {"UPDATE entries SET entry = (SELECT entry FROM entries WHERE idx = 6) "
     "WHERE idx = 300",
     NULL, "first: entry 300 "},
    {"UPDATE entries SET entry = (SELECT entry FROM entries WHERE idx = 6) "
     "WHERE idx = 600",
     "do not give the root", "first: entries 300 to 699 do not"},
    {"UPDATE entries SET entry = x'01' WHERE idx = 699", "entry 699 ",
     "first: entries 300 to 699 "},
    {"DELETE FROM entries WHERE idx = 0", NULL, "first: entry 0 is missing"},
    {"DELETE FROM entries WHERE idx = 511", NULL,
     "first: entry 511 is missing"},
    {"DELETE FROM entries WHERE idx = 512", "entry 512 ",
     "first: entry 512 is missing"},
    {"DELETE FROM entries WHERE idx = 699", "entry 699 ",
     "first: entry 699 is missing"},
    {"INSERT INTO entries SELECT 700, entry FROM entries WHERE idx = 699",
     "over 700 entries only", "first: entry 700 is behind"},
    {"INSERT INTO entries SELECT 9000000000, entry FROM entries "
     "WHERE idx = 699",
     NULL, "first: entry 9000000000 is behind"},
    {"UPDATE tiles SET root = zeroblob(32) WHERE id = 1",
     "do not give the root", "first: tile 1 of level 0 "},
    {"UPDATE tiles SET hashes = zeroblob(8192) WHERE id = 0", NULL,
     "first: entry 0 does not give the hash"},
    {"UPDATE tiles SET hashes = (SELECT hashes FROM tiles WHERE id = 1), "
     "root = (SELECT root FROM tiles WHERE id = 1) WHERE id = 0",
     "do not give the root", "first: entry 0 does not give the hash"},
    {"DELETE FROM tiles WHERE id = 0", "tile 0 of level 0",
     "first: tile 0 of level 0 is missing"},
    {"INSERT INTO tiles SELECT 2, root, hashes FROM tiles WHERE id = 1", NULL,
     "tile 2 of level 0 is behind"},
    {"INSERT INTO tiles SELECT 1 << 48, root, hashes FROM tiles WHERE id = 1",
     NULL, "tile 0 of level 1 is behind"},
    {"DELETE FROM heads WHERE size = 700", "over 300 entries only",
     "first: entry 300 is behind"},
    {"DELETE FROM heads", "over 0 entries only", "first: entry 0 is behind"},
    {"UPDATE heads SET sig = zeroblob(64) WHERE size = 100", NULL,
     "over 100 entries is not signed"},
    {"UPDATE heads SET root = zeroblob(32) WHERE size = 300", NULL,
     "over 300 entries is not signed"},
    {"UPDATE heads SET size = 699 WHERE size = 700", "not signed",
     "first: entry 300 is behind"},
    {"UPDATE heads SET size = 1 << 62 WHERE size = 700", "not signed",
     "first: entry 300 is behind"},
    {"UPDATE heads SET size = -1 WHERE size = 700", "not signed",
     "first: entry 300 is behind"},
    {"UPDATE heads SET time = time + 1 WHERE size = 700", "not signed",
     "first: entry 300 is behind"},
    {"UPDATE heads SET sig = zeroblob(64)", "not signed",
     "first: entry 0 is behind"},
    {"UPDATE heads SET hour = 1 WHERE size = 300", NULL,
     "over 100 entries is out of order"},
    {"INSERT INTO entries SELECT -1, entry FROM entries WHERE idx = 699", NULL,
     "entry -1 is behind"},
    {"UPDATE heads SET hour = hour + 9 WHERE size = 300",
     "over 300 entries only", "first: entry 300 is behind"},
};

static void try_edit(const struct edit *t)
{
    AUTO(book) struct book b;
    AUTO(errs) struct errs e = {0};
    int rc;

    book_make(&b);
    fill(&b, 100, START);
    fill(&b, 300, START + 3600);
    fill(&b, 700, START + 7200);
    book_close(&b);
    expect_fits(b.path, b.key);
    db_edit(b.path, "%s", t->sql);
    rc = book_try(&b, b.key, &e);
    ck_assert_msg((rc != 0) == (t->opens != NULL), "%s: %s", t->sql,
                  e.n ? e.v[0].detail : "opened");
    if (t->opens)
        ck_assert_msg(strstr(e.v[0].detail, t->opens) != NULL, "%s: %s", t->sql,
                      e.v[0].detail);
    book_close(&b);
    expect_misfit(b.path, b.key, t->audit);
}

START_TEST(an_edit_is_found)
{
    for (size_t i = 0; i < COUNT(edits); i++)
        try_edit(&edits[i]);
}
END_TEST

START_TEST(an_edit_of_a_higher_tile_is_found)
{
    static const struct edit higher[] = {
        {"UPDATE tiles SET hashes = zeroblob(8192) WHERE id = 1 << 48", NULL,
         "first: tile 0 of level 1 does not"},
        {"UPDATE tiles SET root = zeroblob(32) WHERE id = 1 << 48", NULL,
         "first: tile 0 of level 1 does not"},
        {"UPDATE tiles SET (root, hashes) = (SELECT root, hashes FROM tiles "
         "WHERE id = 3) WHERE id = 1 << 48",
         NULL, "first: tile 0 of level 1 does not"},
        {"DELETE FROM tiles WHERE id = 1 << 48", NULL,
         "first: tile 0 of level 1 is missing"},
    };

    for (size_t i = 0; i < COUNT(higher); i++) {
        AUTO(book) struct book b;

        book_make(&b);
        fill(&b, 65600, START);
        book_close(&b);
        db_edit(b.path, "%s", higher[i].sql);
        expect_misfit(b.path, b.key, higher[i].audit);
    }
}
END_TEST

/* Two entries changed: the lower one is named first. */
START_TEST(the_first_misfit_is_named)
{
    AUTO(book) struct book b;

    book_make(&b);
    fill(&b, 700, START);
    book_close(&b);
    db_edit(b.path, "UPDATE entries SET entry = x'00' WHERE idx IN (3, 400)");
    expect_misfit(b.path, b.key, "first: entry 3 ");
}
END_TEST

/* Somebody without the key rewrites an entry, its tile and the tree above. */
START_TEST(a_consistent_rewrite_needs_the_key)
{
    AUTO(book) struct book b, forged;

    book_make(&b);
    fill(&b, 300, START);
    fill(&b, 700, START + 3600);
    book_close(&b);
    book_make(&forged);
    ck_assert_int_eq(store_begin(forged.c), STORE_OK);
    for (uint64_t i = 0; i < 700; i++)
        append(&forged, i == 310 ? 9999 : i);
    ck_assert_int_eq(ledger_seal(forged.l, START), STORE_OK);
    ck_assert_int_eq(store_commit(forged.c), STORE_OK);
    book_close(&forged);
    db_edit(b.path,
            "ATTACH '%s' AS f; DELETE FROM entries; DELETE FROM tiles;"
            "INSERT INTO entries SELECT * FROM f.entries;"
            "INSERT INTO tiles SELECT * FROM f.tiles",
            forged.path);
    expect_misfit(b.path, b.key,
                  "first: entries 300 to 699 do not give the root of the head");
}
END_TEST

/* What is appended while the audit runs is not its concern. */
struct busy {
    struct book *b;
    struct said said;
    bool done;
};

static void append_meanwhile(void *arg, const char *line)
{
    struct busy *y = arg;

    if (!y->done)
        fill(y->b, ledger_size(y->b->l) + 700, START + 7200);
    y->done = true;
    said_line(&y->said, line);
}

START_TEST(the_audit_ignores_what_is_later)
{
    AUTO(book) struct book b;
    AUTO(errs) struct errs e = {0};
    struct busy y = {.b = &b};
    struct store_conn *reader;
    uint64_t size = (1 << 17) + 300; /* a line of progress is said before */

    book_make(&b);
    fill(&b, size, START);
    reader = store_conn_open(b.store, false, &e);
    ck_assert_ptr_nonnull(reader);
    ck_assert_msg(ledger_audit(reader, b.key, append_meanwhile, &y, &e) == 0,
                  "%s", e.n ? e.v[0].detail : "");
    ck_assert(y.done && y.said.lines == 2);
    ck_assert_uint_eq(ledger_size(b.l), size + 700);
    store_conn_close(reader);
    said_free(&y.said);
    expect_fits(b.path, b.key);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_edit_of_a_higher_tile_is_found,
        the_first_misfit_is_named,
        a_consistent_rewrite_needs_the_key,
        the_audit_ignores_what_is_later,
        an_edit_is_found,
    };

    return unit_run("ledger_edited", tests, COUNT(tests));
}
