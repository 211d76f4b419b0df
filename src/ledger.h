/* SPDX-License-Identifier: ISC */
/*
 * The ledger: everything that happens is an entry, a leaf of the Merkle tree
 * of RFC 6962 section 2.1.  An entry names what happened by the SHA-256 of its
 * object, never holds the object.  doc/LEDGER.md has the octets.
 *
 * One thread (the writer's) owns a struct ledger.
 */
#ifndef POCKETCA_LEDGER_H
#define POCKETCA_LEDGER_H

#include <openssl/evp.h>

#include "merkle.h"
#include "record.h"
#include "store.h"

enum entry_type {
    ENTRY_STOP = 0,
    ENTRY_ISSUED,    /* object: the certificate, DER */
    ENTRY_REVOKED,   /* object: ledger_revocation() */
    ENTRY_TOKEN_MADE,    /* object: ledger_token() */
    ENTRY_TOKEN_REMOVED, /* object: the id's octets */
    ENTRY_PROFILES,      /* object: the configuration's profile sections */
    ENTRY_AUTHORITY,     /* object: the certificate, DER */
    ENTRY_CRL,           /* object: the CRL, DER */
    ENTRY_CLOCK,         /* the clock was accepted; object: empty */
    ENTRY_IMPORTED,      /* object: an earlier CA's certificate, DER */
    ENTRY_SERIAL,        /* revoked, certificate unknown: ledger_serial() */
    ENTRY_CRL_NUMBER,    /* an earlier CA's last: ledger_crl_number() */
    ENTRY_KEY_BLOCKED,   /* object: ledger_block() */
    ENTRY_KEY_UNBLOCKED, /* object: ledger_unblock() */
    ENTRY__MAX
};

struct entry {
    enum entry_type type;
    int64_t time;
    enum who_type who;
    char *who_id;    /* never the label: that may be personal data */
    char *authority; /* "" where it has none */
    struct serial serial; /* len 0 where it has none */
    uint8_t object[32];
};
void entry_free(struct entry *e);
AUTO_VALUE(entry, struct entry, entry_free)
/* One of who's, about no authority and no serial; borrows, not to be freed. */
struct entry entry_by(const struct requester *who, enum entry_type type,
                      int64_t time);
/* The canonical octets, and back; -1 when they are not canonical. */
void entry_encode(struct buf *b, const struct entry *e);
int entry_decode(const uint8_t *p, size_t len, struct entry *out);
/* The canonical octets of a revocation, the object of ENTRY_REVOKED. */
void ledger_revocation(struct buf *b, const char *authority,
                       const struct serial *s, int64_t at, int reason);
/* Those of a serial that is revoked without its certificate. */
void ledger_serial(struct buf *b, const struct revoked_serial *s);
/* Those of the number that an authority's own CRLs are to be above. */
void ledger_crl_number(struct buf *b, const char *authority, uint64_t number);
/* That number; 0 when there is none. */
enum store_result ledger_crl_above(struct store_conn *c, const char *authority,
                                   uint64_t *number);
enum store_result ledger_crl_above_put(struct store_conn *c,
                                       const char *authority, uint64_t number);
/* Those of a blocked key, and of taking it back. */
void ledger_block(struct buf *b, const struct blocked_key *k);
void ledger_unblock(struct buf *b, const struct blocked_key *k);
/* The canonical octets of a token as it was made, the object of
 * ENTRY_TOKEN_MADE: everything but uses, last_used, removed_at and the text of
 * the secret. */
void ledger_token(struct buf *b, const struct token *t);

struct ledger;
/* Rebuilds the tree's edge from the store (O(log n)), checks the newest head:
 * its signature, and that the newest entries give its root.  key: Ed25519.
 * NULL with a sentence when the ledger does not fit its head.  One without
 * entries and heads gets a head of size 0, signed but not stored. */
struct ledger *ledger_open(struct store_conn *writer, EVP_PKEY *key,
                           struct errs *e);
void ledger_close(struct ledger *l);
AUTO_DEFINE(ledger, struct ledger *, ledger_close)
/* The index that the next entry will have. */
uint64_t ledger_size(const struct ledger *l);
/* Inside a transaction: appends one entry, index in *index. */
enum store_result ledger_append(struct ledger *l, const struct entry *e,
                                uint64_t *index);
/* Marks where a transaction began, and goes back there when it was undone; a
 * mark is good until the transaction that it was taken in, or just before, has
 * been committed. */
struct ledger_mark {
    uint64_t size;
    int64_t last_time;
    struct head head;
    struct merkle_edge edge;
};
void ledger_mark(const struct ledger *l, struct ledger_mark *m);
void ledger_undo(struct ledger *l, const struct ledger_mark *m);
/* Before the commit: signs and stores the head over all entries; its time is
 * `now`, or that of the head before when the clock went back. */
enum store_result ledger_seal(struct ledger *l, int64_t now);
/* The newest sealed head. */
void ledger_head(const struct ledger *l, struct head *out);
/* The octets that the head's signature is over. */
void head_encode(struct buf *b, const struct head *h);
/* True when the head is signed by this key; its public half is enough. */
bool head_verify(const struct head *h, EVP_PKEY *key);
/* The latest time of an entry since the clock was accepted; 0 when empty. */
int64_t ledger_last_time(const struct ledger *l);

/* Recomputes everything: each entry's hash up to the head's root and
 * signature, each certificate against its entry, each revocation, token,
 * authority and CRL state both ways.  Reads in chunks up to the head noted at
 * the start.  say() gets a line for each finding and for progress.  0 when all
 * fits, -1 with the first entry that does not in e. */
typedef void ledger_say_fn(void *arg, const char *line);
int ledger_audit(struct store_conn *reader, EVP_PKEY *key,
                 ledger_say_fn *say, void *arg, struct errs *e);

#endif
