/* SPDX-License-Identifier: ISC */
/*
 * Postings: what a certificate is found by, a row each: class, key, leaf.
 *
 * They belong at random places of a large table, where each would cost a page
 * of its own in the log and one more in the database.  So the newest wait in
 * another, `recent`, a row a certificate, with a copy in memory that look-ups
 * search first; once they are many they go into the large table in its order, a
 * slice a commit, several to a page: the log-structured merge tree of O'Neil,
 * Cheng, Gawlick and O'Neil (Acta Informatica 33, 1996) with two components.
 */
#ifndef POCKETCA_STORE_SQLITE_POSTING_H
#define POCKETCA_STORE_SQLITE_POSTING_H

#include "store_sqlite.h"

/* Behind the classes of names: the first octets of a digest. */
enum {
    SQ_CLASS_SHA256 = 64 * SQ_CLASS_KIND,
    SQ_CLASS_KEY_SHA256,
    SQ_DIGEST_LEN = 8
};

/* What is searched for; borrowed. */
struct sq_key {
    int64_t class;
    const uint8_t *p;
    size_t len;
};
struct sq_key sq_key_of(int64_t class, const uint8_t sha256[32]);

/* Leaves `low` to before `high`, at most `max`: the oldest, by leaf, or the
 * newest, from the last one down. */
struct sq_span {
    int64_t low, high, max;
    bool newest;
};

/* store_sqlite_posting.c.  Leaves found are added to l; some may have no row
 * that this connection sees. */
enum store_result sq_postings_put(struct sq_conn *c, const struct cert_row *row,
                                  const struct names *more,
                                  const uint8_t key_sha256[32]);
enum store_result sq_postings_of(struct sq_conn *c, const struct sq_key *k,
                                 const struct sq_span *span,
                                 struct sq_leaves *l);
/* Names in the range, at most about `max`, in no order, some twice. */
enum store_result sq_postings_in(struct sq_conn *c,
                                 const struct sq_name_range *range, int64_t max,
                                 struct sq_leaves *l);

/* store_sqlite_recent.c: those that wait. */
/* Reads them, when the store is opened; an SQLite code. */
int sq_recent_load(struct sq_store *s, sqlite3 *db);
void sq_recent_free(struct sq_recent *m);
/* One certificate's: each u32 class, u32 length, key. */
enum store_result sq_recent_put(struct sq_conn *c, uint64_t leaf,
                                const struct buf *postings);
/* A slice of them into the table: the writer's, before its commit. */
enum store_result sq_recent_merge(struct sq_conn *c);
/* After the transaction. */
void sq_recent_end(struct sq_conn *c, bool committed);
/* What of them is wanted; to be asked before the table, since they go there. */
enum store_result sq_recent_of(struct sq_conn *c, const struct sq_key *k,
                               const struct sq_span *span, struct sq_leaves *l);
enum store_result sq_recent_in(struct sq_conn *c,
                               const struct sq_name_range *range,
                               struct sq_leaves *l);
/* All that wait, as this connection sees them. */
struct memtable;
enum store_result sq_recent_read(struct sq_conn *c, struct memtable *t);

#endif
