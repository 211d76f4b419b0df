/* SPDX-License-Identifier: ISC */
/* The ledger over a real store: entries, tiles, heads, undo, opening. */
#include "ledger.h"

#include "key.h"
#include "unit.h"

#include "ledger_edit.h"

enum { START = 1795392000 }; /* 2026-11-23T00:00:00Z */

struct book {
    char dir[64], path[80];
    EVP_PKEY *key;
    struct store *store;
    struct store_conn *c;
    struct ledger *l;
};

static void book_close(struct book *b)
{
    ledger_close(b->l);
    store_conn_close(b->c);
    store_close(b->store);
    b->l = NULL;
    b->c = NULL;
    b->store = NULL;
}

static void book_free(struct book *b)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    book_close(b);
    for (int i = 0; i < 3; i++) {
        AUTO(free) char *path = xasprintf("%s%s", b->path, ends[i]);

        unlink(path);
    }
    rmdir(b->dir);
    EVP_PKEY_free(b->key);
}
AUTO_VALUE(book, struct book, book_free)

static int book_try(struct book *b, EVP_PKEY *key, struct errs *e)
{
    b->store = store_open(b->path, e);
    ck_assert_msg(b->store != NULL, "%s", e->n ? e->v[0].detail : "");
    b->c = store_conn_open(b->store, true, e);
    ck_assert_ptr_nonnull(b->c);
    b->l = ledger_open(b->c, key, e);
    return b->l ? 0 : -1;
}

static void book_open(struct book *b)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_msg(book_try(b, b->key, &e) == 0, "%s", e.n ? e.v[0].detail : "");
}

static void book_make(struct book *b)
{
    AUTO(errs) struct errs e = {0};

    *b = (struct book){.dir = "/tmp/pocketca-check-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(b->dir));
    snprintf(b->path, sizeof(b->path), "%s/ledger.db", b->dir);
    b->key = key_generate("ed25519", &e);
    ck_assert_int_eq(store_create(b->path, &e), 0);
    book_open(b);
}

/* An entry that says the clock was accepted: it has no object elsewhere. */
static struct entry entry_of(uint64_t i)
{
    struct entry e = {.type = ENTRY_CLOCK,
                      .time = START + (int64_t)i,
                      .who = WHO_USER,
                      .who_id = (char *)"1000",
                      .authority = (char *)""};

    merkle_sha256(e.object, &i, sizeof(i));
    return e;
}

static void append(struct book *b, uint64_t i)
{
    const struct entry e = entry_of(i);
    uint64_t before = ledger_size(b->l), index;

    ck_assert_int_eq(ledger_append(b->l, &e, &index), STORE_OK);
    ck_assert_uint_eq(index, before);
    ck_assert_uint_eq(ledger_size(b->l), before + 1);
}

/* Entries up to n, sealed and committed. */
static void fill(struct book *b, uint64_t n, int64_t now)
{
    ck_assert_int_eq(store_begin(b->c), STORE_OK);
    while (ledger_size(b->l) < n)
        append(b, ledger_size(b->l));
    ck_assert_int_eq(ledger_seal(b->l, now), STORE_OK);
    ck_assert_int_eq(store_commit(b->c), STORE_OK);
}

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

/* ---- octets */

static struct entry full_entry(void)
{
    struct entry e = entry_of(7);

    e.type = ENTRY_ISSUED;
    e.authority = (char *)"issuing";
    e.serial = (struct serial){.v = {0x41, 0x02}, .len = 2};
    return e;
}

START_TEST(an_entry_has_these_octets)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf want = {0};

    entry_encode(&b, &e);
    buf_put(&want, "\1\1\0\0\0\0\x6b\x03\xaa\x07\2", 11);
    want.data[6] = (uint8_t)((START + 7) >> 24);
    want.data[7] = (uint8_t)((START + 7) >> 16);
    want.data[8] = (uint8_t)((START + 7) >> 8);
    want.data[9] = (uint8_t)(START + 7);
    buf_put(&want, "\0\0\0\0041000\0\0\0\7issuing\2\x41\2", 22);
    buf_put(&want, e.object, 32);
    ck_assert_uint_eq(b.len, want.len);
    ck_assert_mem_eq(b.data, want.data, b.len);
}
END_TEST

START_TEST(an_entry_comes_back)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf again = {0};
    struct entry out;

    entry_encode(&b, &e);
    ck_assert_int_eq(entry_decode(b.data, b.len, &out), 0);
    ck_assert(out.type == e.type && out.time == e.time && out.who == e.who);
    ck_assert_str_eq(out.who_id, e.who_id);
    ck_assert_str_eq(out.authority, e.authority);
    ck_assert(serial_equal(&out.serial, &e.serial));
    ck_assert_mem_eq(out.object, e.object, 32);
    entry_encode(&again, &out);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    entry_free(&out);
}
END_TEST

/* Whatever octet is changed: it is refused, or it is another entry with those
 * very octets. */
START_TEST(an_entry_has_one_form)
{
    const struct entry e = full_entry();
    AUTO(buf) struct buf b = {0};
    struct entry out;

    entry_encode(&b, &e);
    for (size_t len = 0; len < b.len; len++)
        ck_assert_int_ne(entry_decode(b.data, len, &out), 0);
    for (size_t i = 0; i < b.len; i++) {
        for (unsigned v = 0; v < 256; v++) {
            AUTO(buf) struct buf again = {0};
            const uint8_t was = b.data[i];

            b.data[i] = (uint8_t)v;
            if (entry_decode(b.data, b.len, &out) == 0) {
                entry_encode(&again, &out);
                entry_free(&out);
                ck_assert_uint_eq(again.len, b.len);
                ck_assert_mem_eq(again.data, b.data, b.len);
            }
            b.data[i] = was;
        }
    }
    buf_putc(&b, 0);
    ck_assert_int_ne(entry_decode(b.data, b.len, &out), 0);
}
END_TEST

START_TEST(an_entry_out_of_range_is_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{0, 0},          {0, 2},         {1, ENTRY_STOP},
                 {1, ENTRY__MAX}, {1, 0xff},      {2, 0x80},
                 {10, WHO_STOP},  {10, WHO__MAX}, {15, 0}};
    const struct entry e = full_entry();
    struct entry out;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        AUTO(buf) struct buf b = {0};

        entry_encode(&b, &e);
        ck_assert_int_eq(entry_decode(b.data, b.len, &out), 0);
        entry_free(&out);
        b.data[cases[i].at] = cases[i].value;
        ck_assert_msg(entry_decode(b.data, b.len, &out) != 0, "case %zu", i);
    }
}
END_TEST

/* Each member of a token changes its object, but those that its use changes. */
START_TEST(a_token_is_bound_whole)
{
    AUTO(token)
    struct token t = {.id = xstrdup("abc"),
                      .label = xstrdup("l"),
                      .roles = ROLE_ISSUE,
                      .creator = {WHO_USER, xstrdup("0"), NULL}};
    uint8_t seen[11][32], hash[32];
    unsigned n = 0;

    for (int step = 0; step < 14; step++) {
        AUTO(buf) struct buf b = {0};

        if (step == 1)
            t.id[0] = 'x';
        if (step == 2)
            t.label[0] = 'm';
        if (step == 3)
            t.roles |= ROLE_ADMIN;
        if (step == 4)
            strs_add(&t.profiles, "server");
        if (step == 5)
            strs_add(&t.names, "dns:**.internal");
        if (step == 6)
            t.wildcards = true;
        if (step == 7)
            t.max_uses = 3;
        if (step == 8)
            t.created_at = START;
        if (step == 9)
            t.not_after = START;
        if (step == 10)
            t.creator.id[0] = '1';
        if (step == 11)
            t.uses = 1;
        if (step == 12)
            t.last_used = START;
        if (step == 13)
            t.removed_at = START;
        ledger_token(&b, &t);
        merkle_sha256(hash, b.data, b.len);
        for (unsigned i = 0; i < n; i++)
            ck_assert_msg(step > 10 ? i < 10 || !memcmp(seen[i], hash, 32)
                                    : memcmp(seen[i], hash, 32) != 0,
                          "step %d", step);
        if (step <= 10)
            memcpy(seen[n++], hash, 32);
    }
}
END_TEST

START_TEST(a_revocation_is_bound_whole)
{
    static const struct serial serials[] = {{.v = {1}, .len = 1},
                                            {.v = {2}, .len = 1}};
    uint8_t hash[16][32];

    for (unsigned i = 0; i < 16; i++) {
        AUTO(buf) struct buf b = {0};

        ledger_revocation(&b, i & 1 ? "a" : "b", &serials[i >> 1 & 1],
                          START + (i >> 2 & 1), i >> 3 & 1);
        merkle_sha256(hash[i], b.data, b.len);
        for (unsigned k = 0; k < i; k++)
            ck_assert_mem_ne(hash[i], hash[k], 32);
    }
}
END_TEST

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
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
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

    for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
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

/* ---- a file that somebody edited */

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
    for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++)
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

    for (size_t i = 0; i < sizeof(higher) / sizeof(*higher); i++) {
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
        an_entry_has_these_octets,
        an_entry_comes_back,
        an_entry_has_one_form,
        an_entry_out_of_range_is_refused,
        a_token_is_bound_whole,
        a_revocation_is_bound_whole,
        an_empty_ledger_has_a_head,
        every_size_opens_again,
        what_was_undone_was_never_there,
        an_undo_restores_the_time,
        a_tile_over_changed_entries_is_not_written,
        heads_are_one_an_hour_and_never_go_back,
        a_head_is_bound_whole,
        the_key_must_fit,
        an_edit_of_a_higher_tile_is_found,
        the_first_misfit_is_named,
        a_consistent_rewrite_needs_the_key,
        the_audit_ignores_what_is_later,
        an_edit_is_found,
    };

    return unit_run("ledger", tests, sizeof(tests) / sizeof(*tests));
}
