/* SPDX-License-Identifier: ISC */
/*
 * The SQLite back end inside: connections, named statements, and what its
 * files share.  A statement is prepared once a connection, bound by a format,
 * and never left in the middle of its rows.
 */
#ifndef POCKETCA_STORE_SQLITE_H
#define POCKETCA_STORE_SQLITE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "sql_text.h"
#include "store_ops.h"

/* store_sqlite_vfs.c: the name of the VFS that gathers writes to the log. */
const char *sq_vfs(void);

struct sq_store {
    struct store base;
    char *path;
    atomic_int wal_pages;           /* in the log as of the last commit */
    atomic_uchar banned[65536 / 8]; /* store_sqlite_ban.c */
    pthread_mutex_t tainted_lock;   /* store_sqlite_lineage.c */
    struct leafset tainted;
    struct sq_recent *recent;       /* store_sqlite_recent.c */
    atomic_uint undone; /* transactions with certificates, for lists by name */
    size_t recent_max;  /* postings that wait there; tests set fewer */
};

/* What a transaction changed of the tallies, written before its commit. */
struct sq_hour {
    int64_t hour, total, revoked, open;
};
struct sq_day {
    int64_t day, first, last;
};
struct sq_tally {
    struct sq_hour *hours;
    struct sq_day *days;
    size_t n_hours, n_days;
};

/* The id behind a name of a small table, as the writer last met it: most rows
 * of a batch have the same.  What a transaction that is undone has added is
 * forgotten with it. */
struct sq_id {
    char *text; /* NULL: none */
    int64_t id;
};

struct sq_conn {
    struct store_conn base;
    struct sq_store *store;
    sqlite3 *db;
    bool writer;
    struct sq_tally tally;  /* of the transaction so far */
    enum store_result last; /* the last failure */
    char error[256];
    struct sq_id authority, profile, requester; /* of the writer */
    sqlite3_stmt *st[SQL__MAX];
};

static inline struct sq_conn *sq_of(struct store_conn *c)
{
    return (struct sq_conn *)c;
}

/* What SQLite's code means for the caller; keeps the text of a failure. */
enum store_result sq_result(struct sq_conn *c, int rc, const char *what);

/*
 * The statement, bound.  One letter for each parameter: i int64_t;
 * I const int64_t * (NULL binds NULL); s text (NULL binds NULL); b const void *
 * and size_t (NULL binds NULL); h 32 octets (NULL binds NULL).  Memory must
 * live until the statement is reset.  NULL: it could not be prepared; the
 * functions below take that and fail.
 */
sqlite3_stmt *sq_bind(struct sq_conn *c, enum sql_id id, const char *fmt, ...);
static inline void sq_done(sqlite3_stmt *st)
{
    sqlite3_reset(st);
}
AUTO_DEFINE(stmt, sqlite3_stmt *, sq_done)
/* STORE_OK a row, STORE_NONE no more. */
enum store_result sq_next(struct sq_conn *c, sqlite3_stmt *st);
/* Runs a statement without rows. */
enum store_result sq_do(struct sq_conn *c, enum sql_id id, const char *fmt,
                        ...);
/* The first column of the first row; STORE_NONE when there is none or it is
 * NULL. */
enum store_result sq_int(struct sq_conn *c, sqlite3_stmt *st, int64_t *out);

/* Columns, copied; an empty or NULL text is NULL. */
char *sq_text(sqlite3_stmt *st, int col);
char *sq_text_or_empty(sqlite3_stmt *st, int col);
void sq_blob(sqlite3_stmt *st, int col, struct buf *out);
/* Exactly 32 octets, zeroes when it is not. */
void sq_hash(sqlite3_stmt *st, int col, uint8_t out[32]);
void sq_serial(sqlite3_stmt *st, int col, struct serial *out);

/* The first eight octets, as the index of banned keys has them. */
int64_t sq_prefix(const uint8_t hash[32]);

/* Forgets the ids that the writer keeps. */
void sq_ids_drop(struct sq_conn *c);

/* Leaves, gathered so that no read is open while they are used. */
struct sq_leaves {
    uint64_t *v;
    size_t n;
};
void sq_leaves_free(struct sq_leaves *l);
AUTO_VALUE(leaves, struct sq_leaves, sq_leaves_free)
void sq_leaves_add(struct sq_leaves *l, uint64_t leaf);
/* Ascending, each once. */
void sq_leaves_sort(struct sq_leaves *l);
/* Every row of a statement whose first column is a leaf; STORE_OK also when
 * there is none. */
enum store_result sq_leaves_take(struct sq_conn *c, sqlite3_stmt *st,
                                 struct sq_leaves *l);
/* The record of each, as far as it exists. */
enum store_result sq_leaves_each(struct sq_conn *c, const struct sq_leaves *l,
                                 store_record_fn *fn, void *arg);

/* store_sqlite_name.c: how names are indexed. */
/* class: kind * 256 + labels of a DNS name, or octets of an address */
enum { SQ_CLASS_KIND = 256 };
int64_t sq_name_key(const struct name *n, struct buf *key);
/* What a pattern means there: classes first to last, keys from `from` to before
 * `to` (empty: every key of the class). */
struct sq_name_range {
    int64_t first, last;
    struct buf from, to;
};
void sq_name_range_free(struct sq_name_range *r);
void sq_name_range(const struct pattern *p, struct sq_name_range *out);

/* store_sqlite_ban.c: keys that may be banned.  note: before its row is
 * written; load: those that the database has, an SQLite code. */
void sq_ban_note(struct sq_store *s, int64_t prefix);
int sq_bans_load(struct sq_store *s, sqlite3 *db);
/* store_sqlite_lineage.c: what may have an ancestor that was revoked for
 * keyCompromise.  taint: before the row of that one is written; child: before
 * that of one that is renewed from parent; load: as above. */
enum store_result sq_taint(struct sq_conn *c, uint64_t leaf);
void sq_taint_child(struct sq_store *s, uint64_t parent, uint64_t leaf);
int sq_tainted_load(struct sq_store *s, sqlite3 *db);

/* store_sqlite_count.c: tallies. */
void sq_tally_hour(struct sq_conn *c, int64_t not_after, int total, int revoked,
                   int open);
void sq_tally_day(struct sq_conn *c, int64_t issued_at, uint64_t leaf);
void sq_tally_drop(struct sq_conn *c);
enum store_result sq_tally_flush(struct sq_conn *c);

/* The functions behind the table in store_sqlite.c. */
#define SQ_FN(name) enum store_result sq_##name
SQ_FN(entry_put)(struct store_conn *, uint64_t, const void *, size_t);
SQ_FN(tile_put)
(struct store_conn *, unsigned, uint64_t, const uint8_t *, const uint8_t *);
SQ_FN(head_put)(struct store_conn *, const struct head *);
SQ_FN(head_last)(struct store_conn *, struct head *);
SQ_FN(heads)(struct store_conn *, store_head_fn *, void *);
SQ_FN(entries)
(struct store_conn *, uint64_t, uint64_t, store_entry_fn *, void *);
SQ_FN(tiles)
(struct store_conn *, unsigned, uint64_t, uint64_t, store_tile_fn *, void *);
SQ_FN(cert_put)(struct store_conn *, const struct cert_row *);
SQ_FN(cert_revoke)(struct store_conn *, uint64_t, int64_t, int, uint64_t);
SQ_FN(cert_by_leaf)(struct store_conn *, uint64_t, struct record *);
SQ_FN(cert_by_serial)
(struct store_conn *, const char *, const struct serial *, struct record *);
SQ_FN(cert_status)
(struct store_conn *, const char *, const struct serial *,
 struct cert_status *);
SQ_FN(cert_by_sha256)(struct store_conn *, const uint8_t[32], struct record *);
SQ_FN(cert_by_idem)
(struct store_conn *, const char *, const char *, struct record *, uint8_t[32]);
SQ_FN(cert_descendants)
(struct store_conn *, uint64_t, struct leafset *, store_record_fn *, void *);
SQ_FN(cert_by_key)
(struct store_conn *, const uint8_t[32], int64_t, store_record_fn *, void *);
SQ_FN(cert_by_lost_key)
(struct store_conn *, const uint8_t[32], int64_t, store_record_fn *, void *);
SQ_FN(key_compromised)
(struct store_conn *, const uint8_t[32], struct key_ban *);
SQ_FN(ancestor_compromised)(struct store_conn *, uint64_t);
SQ_FN(cert_list)
(struct store_conn *, const struct query *, int64_t, struct list_walk *,
 store_record_fn *, void *);
SQ_FN(certs)
(struct store_conn *, uint64_t, uint64_t, store_columns_fn *, void *);
SQ_FN(name_has)(struct store_conn *, const struct name *, uint64_t);
SQ_FN(digests_have)
(struct store_conn *, const struct cert_columns *, uint64_t);
SQ_FN(posting_count)(struct store_conn *, uint64_t, uint64_t *);
SQ_FN(revoked)
(struct store_conn *, const struct revoked_page *, store_revoked_fn *, void *);
SQ_FN(partition_last)(struct store_conn *, const char *, uint32_t *);
SQ_FN(partition)
(struct store_conn *, const char *, uint32_t, struct partition_row *);
SQ_FN(serial_put)(struct store_conn *, const struct revoked_serial *);
SQ_FN(serial_raise)(struct store_conn *, uint64_t, int);
SQ_FN(serial_remove)(struct store_conn *, uint64_t);
SQ_FN(serial_find)
(struct store_conn *, const char *, const struct serial *,
 struct revoked_serial *);
SQ_FN(serials)
(struct store_conn *, uint64_t, uint64_t, store_serial_fn *, void *);
SQ_FN(serials_revoked)
(struct store_conn *, const struct revoked_page *, store_revoked_fn *, void *);
SQ_FN(block_put)(struct store_conn *, const struct blocked_key *);
SQ_FN(block_remove)(struct store_conn *, uint64_t, uint64_t);
SQ_FN(block_find)(struct store_conn *, const uint8_t[32], uint64_t *);
SQ_FN(block_next)(struct store_conn *, uint64_t, struct blocked_key *);
SQ_FN(token_put)(struct store_conn *, const struct token *);
SQ_FN(token_by_id)(struct store_conn *, const char *, struct token *);
SQ_FN(token_use)(struct store_conn *, const char *, uint64_t, int64_t);
SQ_FN(token_touch)(struct store_conn *, const char *, int64_t);
SQ_FN(token_remove)(struct store_conn *, const char *, int64_t);
SQ_FN(token_label)(struct store_conn *, const char *);
SQ_FN(token_list)
(struct store_conn *, const char *, unsigned, store_token_fn *, void *);
SQ_FN(token_all)
(struct store_conn *, const char *, unsigned, store_token_fn *, void *);
SQ_FN(authority_put)
(struct store_conn *, const char *, const char *, const struct buf *);
SQ_FN(authorities)(struct store_conn *, store_authority_fn *, void *);
SQ_FN(crl_get)
(struct store_conn *, const char *, uint32_t, struct crl_state *);
SQ_FN(crl_put)
(struct store_conn *, const char *, uint32_t, const struct crl_state *);
SQ_FN(crl_last)(struct store_conn *, const char *, uint32_t *);
SQ_FN(fact_get)(struct store_conn *, const char *, struct buf *);
SQ_FN(fact_put)(struct store_conn *, const char *, const void *, size_t);
SQ_FN(count)(struct store_conn *, int64_t, struct store_counts *);
SQ_FN(log_move)(struct store_conn *, int64_t, bool *);
SQ_FN(log_restart)(struct store_conn *);
SQ_FN(checkpoint)(struct store_conn *);
#undef SQ_FN

#endif
