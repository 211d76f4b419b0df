/* SPDX-License-Identifier: ISC */
/* For check_ledger*.c: a ledger in a directory of its own. */
#ifndef POCKETCA_LEDGER_BOOK_H
#define POCKETCA_LEDGER_BOOK_H

#include "ledger.h"

#include "digest.h"
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

static inline void book_close(struct book *b)
{
    ledger_close(b->l);
    store_conn_close(b->c);
    store_close(b->store);
    b->l = NULL;
    b->c = NULL;
    b->store = NULL;
}

static inline void book_free(struct book *b)
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

static inline int book_try(struct book *b, EVP_PKEY *key, struct errs *e)
{
    b->store = store_open(b->path, e);
    ck_assert_msg(b->store != NULL, "%s", e->n ? e->v[0].detail : "");
    b->c = store_conn_open(b->store, true, e);
    ck_assert_ptr_nonnull(b->c);
    b->l = ledger_open(b->c, key, e);
    return b->l ? 0 : -1;
}

static inline void book_open(struct book *b)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_msg(book_try(b, b->key, &e) == 0, "%s", e.n ? e.v[0].detail : "");
}

static inline void book_make(struct book *b)
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
static inline struct entry entry_of(uint64_t i)
{
    struct entry e = {.type = ENTRY_CLOCK,
                      .time = START + (int64_t)i,
                      .who = WHO_USER,
                      .who_id = (char *)"1000",
                      .authority = (char *)""};

    digest_sum(DIGEST_SHA256, &i, sizeof(i), e.object);
    return e;
}

static inline void append(struct book *b, uint64_t i)
{
    const struct entry e = entry_of(i);
    uint64_t before = ledger_size(b->l), index;

    ck_assert_int_eq(ledger_append(b->l, &e, &index), STORE_OK);
    ck_assert_uint_eq(index, before);
    ck_assert_uint_eq(ledger_size(b->l), before + 1);
}

/* Entries up to n, sealed and committed. */
static inline void fill(struct book *b, uint64_t n, int64_t now)
{
    ck_assert_int_eq(store_begin(b->c), STORE_OK);
    while (ledger_size(b->l) < n)
        append(b, ledger_size(b->l));
    ck_assert_int_eq(ledger_seal(b->l, now), STORE_OK);
    ck_assert_int_eq(store_commit(b->c), STORE_OK);
}

#endif
