/* SPDX-License-Identifier: ISC */
/*
 * The store: everything the program can ask of its database, as one struct of
 * functions with one file per back end (store_sqlite.c).  The SQL is in
 * sql/.  A connection belongs to one thread; there is one writer.
 *
 * Results: STORE_OK; STORE_NONE (no such row); STORE_REFUSED (a row that the
 * database refuses: constraint, trigger) and STORE_FULL (no space): both mean
 * absent, roll back and go on; STORE_BROKEN (I/O error, corrupt):
 * the fate of the transaction is unknown, end the process.
 */
#ifndef POCKETCA_STORE_H
#define POCKETCA_STORE_H

#include "leafset.h"
#include "record.h"

enum store_result {
    STORE_OK = 0,
    STORE_NONE,
    STORE_REFUSED,
    STORE_FULL,
    STORE_BROKEN
};

struct store;      /* one database file; shared between threads */
struct store_conn; /* one connection; one thread */

/* Makes a new ledger at path (must not exist, mode 0600) with the newest
 * schema.  -1 with a reason. */
int store_create(const char *path, struct errs *e);
/* Opens an existing one and brings its schema up to date.  Refuses a newer
 * schema, and a file that is no ledger, with a sentence.  NULL on error. */
struct store *store_open(const char *path, struct errs *e);
void store_close(struct store *s);
AUTO_DEFINE(store, struct store *, store_close)
/* The writer (once) and readers.  A reader must not hold a read transaction
 * between calls; each call below is one unless said otherwise. */
struct store_conn *store_conn_open(struct store *s, bool writer,
                                   struct errs *e);
void store_conn_close(struct store_conn *c);
/* What the last call failed with, for the log. */
const char *store_conn_error(const struct store_conn *c);

/* Writing: begin, …, then commit; or roll back, which has to follow anything
 * but STORE_OK of what wrote in between.  Anything but STORE_OK from
 * store_commit(): the transaction is gone; with STORE_FULL and STORE_REFUSED
 * nothing of it was stored, with STORE_BROKEN nobody knows.
 * A reader may begin and roll back as well, to see one state over several
 * calls; that must be short, and what looks up by name, key or digest is
 * STORE_BROKEN then. */
enum store_result store_begin(struct store_conn *c);
enum store_result store_commit(struct store_conn *c);
enum store_result store_rollback(struct store_conn *c);
/* Rows that this connection has written so far, undone ones too: whether
 * something was written in between. */
uint64_t store_changes(const struct store_conn *c);

/* The transparency log: rows of what ledger.c computes. */
enum { TILE_WIDTH = 256, HASH_LEN = 32 };
enum store_result store_entry_put(struct store_conn *c, uint64_t index,
                                  const void *entry, size_t len);
/* A complete tile: 256 hashes of that level and the root over them. */
enum store_result store_tile_put(struct store_conn *c, unsigned level,
                                 uint64_t index, const uint8_t *root,
                                 const uint8_t *hashes);
/* The newest head of an hour takes the place of the one before it. */
enum store_result store_head_put(struct store_conn *c, const struct head *h);
enum store_result store_head_last(struct store_conn *c, struct head *h);
/* The kept heads from the oldest on; non-zero stops. */
typedef int store_head_fn(void *arg, const struct head *h);
enum store_result store_heads(struct store_conn *c, store_head_fn *fn,
                              void *arg);
typedef int store_entry_fn(void *arg, uint64_t index, const uint8_t *entry,
                           size_t len); /* non-zero stops */
/* Entries first … first + count - 1 in order, as far as they exist. */
enum store_result store_entries(struct store_conn *c, uint64_t first,
                                uint64_t count, store_entry_fn *fn, void *arg);
/* Roots of the complete tiles first … of a level, in order. */
typedef int store_tile_fn(void *arg, uint64_t index, const uint8_t *root,
                          const uint8_t *hashes); /* non-zero stops */
enum store_result store_tiles(struct store_conn *c, unsigned level,
                              uint64_t first, uint64_t count, store_tile_fn *fn,
                              void *arg);

/* Certificates. */
struct cert_row {
    const struct record *record; /* leaf, authority … der; not replaced_by */
    const struct cert *cert;     /* its parsed der */
    const uint8_t *sha256;       /* of the der, 32 octets */
    const char *cn; /* subject CN for the name index (names_of_cn), or NULL */
    /* record->replaces was only named in the request: what befalls that one
     * does not befall this one (no descendant).  False: it was renewed. */
    bool detached;
    /* Idempotency: scope is the credential ("token:<id>"); NULL: none. */
    const char *idem_scope, *idem_key;
    const uint8_t *idem_hash; /* 32 octets */
};
/* Leaves only grow.  Also indexes names and digests, and marks what it replaces
 * as replaced (the same authority's certificate with that serial, else the
 * newest of any); STORE_REFUSED when there is none, or when its authority is
 * unknown. */
enum store_result store_cert_put(struct store_conn *c,
                                 const struct cert_row *row);
/* Sets date, reason and the entry that says so; STORE_NONE if unknown.  Once
 * more changes date, reason and entry; it stays on every CRL meanwhile. */
enum store_result store_cert_revoke(struct store_conn *c, uint64_t leaf,
                                    int64_t at, int reason, uint64_t entry);
/* *out is freed by the caller (record_free). */
enum store_result store_cert_by_leaf(struct store_conn *c, uint64_t leaf,
                                     struct record *out);
/* The little that OCSP tells.  STORE_NONE: the authority has no such. */
struct cert_status {
    int64_t revoked_at; /* 0: it is not */
    int reason;
};
enum store_result store_cert_status(struct store_conn *c, const char *authority,
                                    const struct serial *s,
                                    struct cert_status *out);
/* authority NULL: any; the newest when serials repeat. */
enum store_result store_cert_by_serial(struct store_conn *c,
                                       const char *authority,
                                       const struct serial *s,
                                       struct record *out);
enum store_result store_cert_by_sha256(struct store_conn *c,
                                       const uint8_t sha256[32],
                                       struct record *out);
/* The certificate that a repeated request made, and the hash of that. */
enum store_result store_cert_by_idem(struct store_conn *c, const char *scope,
                                     const char *key, struct record *out,
                                     uint8_t hash[32]);
typedef int store_record_fn(void *arg, struct record *r); /* non-zero stops;
                                    r is the callee's to read, not to keep */
/* Those that were made from this one by renewal, at any remove, by leaf; their
 * leaves are in memory meanwhile.  It and they are added to *seen; those that
 * were there, and what was made from them, are left out. */
enum store_result store_cert_descendants(struct store_conn *c, uint64_t leaf,
                                         struct leafset *seen,
                                         store_record_fn *fn, void *arg);
/* Those with this key that are neither expired at `now` nor revoked, by leaf.
 */
enum store_result store_cert_by_key(struct store_conn *c,
                                    const uint8_t key_sha256[32], int64_t now,
                                    store_record_fn *fn, void *arg);
/* Those, and those neither expired nor revoked that were made by renewal from
 * any with this key, whatever became of that one; each once. */
enum store_result store_cert_by_lost_key(struct store_conn *c,
                                         const uint8_t key_sha256[32],
                                         int64_t now, store_record_fn *fn,
                                         void *arg);
/* STORE_OK when a certificate with this key was revoked for keyCompromise or
 * the key was blocked by itself, STORE_NONE when not. */
struct key_ban {
    int64_t since;
    bool blocked; /* by itself */
};
enum store_result store_key_compromised(struct store_conn *c,
                                        const uint8_t key_sha256[32],
                                        struct key_ban *out);
/* STORE_OK when an ancestor of leaf (or it itself) was revoked for
 * keyCompromise. */
enum store_result store_ancestor_compromised(struct store_conn *c,
                                             uint64_t leaf);
/* At most q->limit + 1 rows of the query in its order, from its cursor.
 * Filters that each match many and together few could walk the whole table:
 * when w->look rows (at least 1; sixteen of an index are one) did not suffice,
 * w->early says so, and the list goes on behind the row that w names.  A few
 * thousand may be looked at beyond that. */
enum { LIST_LOOK = 20000 }; /* for one answer of a list */
struct list_walk {
    unsigned look;
    unsigned looked;
    bool early;
    int64_t not_after;
    uint64_t leaf;
};
enum store_result store_cert_list(struct store_conn *c, const struct query *q,
                                  int64_t now, struct list_walk *w,
                                  store_record_fn *fn, void *arg);
/* For the audit: certificates with first <= leaf < end, by leaf, and the
 * columns that look-ups use beside the record. */
struct cert_columns {
    uint8_t sha256[32], key_sha256[32];
    int64_t not_after;
    uint64_t revoked_first, revoked_entry; /* when revoked */
};
typedef int store_columns_fn(void *arg, struct record *r,
                             const struct cert_columns *k);
enum store_result store_certs(struct store_conn *c, uint64_t first,
                              uint64_t end, store_columns_fn *fn, void *arg);
/* STORE_OK when the name index leads from n to that leaf. */
enum store_result store_name_has(struct store_conn *c, const struct name *n,
                                 uint64_t leaf);
/* STORE_OK when the indices of digests lead from both to that leaf. */
enum store_result store_digests_have(struct store_conn *c,
                                     const struct cert_columns *d,
                                     uint64_t leaf);
/* How many rows the indices of names and digests have for leaves before `end`;
 * in short reads. */
enum store_result store_posting_count(struct store_conn *c, uint64_t end,
                                      uint64_t *n);
struct revoked_row {
    struct serial serial;
    int64_t at;
    int reason;
    uint64_t leaf;
};
/* Non-zero stops. */
typedef int store_revoked_fn(void *arg, const struct revoked_row *r);
/* A page of what a CRL lists: the authority's, with leaf > after, at most max,
 * by leaf, first revoked by an entry before the snapshot, whose notAfter is at
 * or after ends_after. */
struct revoked_page {
    const char *authority;
    uint32_t partition; /* of its certificates; 0: those in none */
    uint64_t snapshot, after; /* after UINT64_MAX: from the first leaf on */
    int64_t ends_after;
    unsigned max;
};
/* Certificates. */
enum store_result store_revoked(struct store_conn *c,
                                const struct revoked_page *p,
                                store_revoked_fn *fn, void *arg);

/* What a partition of an authority's certificates has. */
struct partition_row {
    uint64_t certs;
    int64_t ends;  /* the latest notAfter */
    uint64_t leaf; /* of one of them; when there are any */
};
/* The highest that a certificate is of. */
enum store_result store_partition_last(struct store_conn *c,
                                       const char *authority, uint32_t *n);
enum store_result store_partition(struct store_conn *c, const char *authority,
                                  uint32_t n, struct partition_row *out);

/* Serials that an earlier CA revoked and whose certificates are not here. */
struct revoked_serial {
    uint64_t entry; /* that says so */
    char *authority;
    struct serial serial;
    int64_t at, not_after; /* TM_LAST: it stays on the CRL for ever */
    int reason;
};
void revoked_serial_free(struct revoked_serial *s);
AUTO_VALUE(revoked_serial, struct revoked_serial, revoked_serial_free)
enum store_result store_serial_put(struct store_conn *c,
                                   const struct revoked_serial *s);
/* Another reason than that entry's, by a later one.  The row keeps its place,
 * so that a CRL that is being made meanwhile has it. */
enum store_result store_serial_raise(struct store_conn *c, uint64_t entry,
                                     int reason);
/* When its certificate came after all. */
enum store_result store_serial_remove(struct store_conn *c, uint64_t entry);
enum store_result store_serial_find(struct store_conn *c, const char *authority,
                                    const struct serial *serial,
                                    struct revoked_serial *out);
typedef int store_serial_fn(void *arg, const struct revoked_serial *s);
/* For the audit: those with first <= entry < end, by entry. */
enum store_result store_serials(struct store_conn *c, uint64_t first,
                                uint64_t end, store_serial_fn *fn, void *arg);
/* As store_revoked(), of these, which are in no partition; leaf is the
 * entry. */
enum store_result store_serials_revoked(struct store_conn *c,
                                        const struct revoked_page *p,
                                        store_revoked_fn *fn, void *arg);

/* Keys that were blocked by themselves. */
struct blocked_key {
    uint64_t entry; /* that says so */
    uint8_t key_sha256[32];
    int64_t at;
    char *note;       /* or NULL */
    uint64_t removed; /* the entry that took it back; 0: none */
};
void blocked_key_free(struct blocked_key *k);
AUTO_VALUE(blocked_key, struct blocked_key, blocked_key_free)
/* STORE_REFUSED when it is blocked already. */
enum store_result store_block_put(struct store_conn *c,
                                  const struct blocked_key *k);
enum store_result store_block_remove(struct store_conn *c, uint64_t entry,
                                     uint64_t removed);
/* The block that stands, by key: its entry. */
enum store_result store_block_find(struct store_conn *c,
                                   const uint8_t key_sha256[32],
                                   uint64_t *entry);
/* The first with entry > after, also one that was taken back. */
enum store_result store_block_next(struct store_conn *c, uint64_t after,
                                   struct blocked_key *out);

/* Tokens.  A removed one stays readable (its label) with removed_at. */
enum store_result store_token_put(struct store_conn *c, const struct token *t);
enum store_result store_token_by_id(struct store_conn *c, const char *id,
                                    struct token *out);
/* n uses more; STORE_NONE when fewer are left. */
enum store_result store_token_use(struct store_conn *c, const char *id,
                                  uint64_t n, int64_t now);
enum store_result store_token_touch(struct store_conn *c, const char *id,
                                    int64_t last_used);
enum store_result store_token_remove(struct store_conn *c, const char *id,
                                     int64_t now);
/* STORE_OK when a token that is not removed has this label. */
enum store_result store_token_label(struct store_conn *c, const char *label);
typedef int store_token_fn(void *arg, struct token *t);
/* Not removed ones with id > after (""), at most max, by id. */
enum store_result store_token_list(struct store_conn *c, const char *after,
                                   unsigned max, store_token_fn *fn, void *arg);

/* For the audit: all of them, the removed ones too, with id > after. */
enum store_result store_token_all(struct store_conn *c, const char *after,
                                  unsigned max, store_token_fn *fn, void *arg);

/* Authorities and their CRLs. */
struct crl_state {
    uint64_t number; /* of the newest; 0: none yet */
    int64_t this_update, next_update;
    uint64_t snapshot;  /* entries before this one are in it */
    uint8_t sha256[32]; /* of the DER */
};
enum store_result store_authority_put(struct store_conn *c, const char *name,
                                      const char *parent,
                                      const struct buf *der);
typedef int store_authority_fn(void *arg, const char *name, const char *parent,
                               const uint8_t *der, size_t len);
enum store_result store_authorities(struct store_conn *c,
                                    store_authority_fn *fn, void *arg);
/* partition 0: the complete CRL. */
enum store_result store_crl_get(struct store_conn *c, const char *authority,
                                uint32_t partition, struct crl_state *out);
enum store_result store_crl_put(struct store_conn *c, const char *authority,
                                uint32_t partition,
                                const struct crl_state *s);
/* The highest partition that had a CRL. */
enum store_result store_crl_last(struct store_conn *c, const char *authority,
                                 uint32_t *partition);

/* Small facts by name: the hash of the profiles, and the like. */
enum store_result store_fact_get(struct store_conn *c, const char *key,
                                 struct buf *out);
enum store_result store_fact_put(struct store_conn *c, const char *key,
                                 const void *value, size_t len);

/* For metrics.  Never scans a table: counts come from indices, bounded. */
struct store_counts {
    uint64_t valid, revoked, expired;
    uint64_t expiring[4]; /* within 1, 7, 14, 30 days; not replaced */
    int64_t ledger_bytes, wal_bytes;
};
enum store_result store_count(struct store_conn *c, int64_t now,
                              struct store_counts *out);

/* The log is moved into the database in two steps, so that a commit hardly
 * waits for it.  The first is for a thread and connection of its own, beside
 * the writer: when the log is longer than so many octets, its pages are moved
 * and synced, until (*done) but a few are left.  The second is the writer's,
 * between two transactions: these few are moved too, and the log starts from
 * its beginning, unless somebody reads in it; then another time.
 * After STORE_BROKEN the process must end: the pages are in the log still, but
 * only who opens the store anew moves them again. */
enum store_result store_log_move(struct store_conn *c, int64_t longer,
                                 bool *done);
enum store_result store_log_restart(struct store_conn *writer);
/* All at once, and the log is cut: before the end. */
enum store_result store_checkpoint(struct store_conn *c);

#endif
