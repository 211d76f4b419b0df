/* SPDX-License-Identifier: ISC */
/* The audit inside; for the ledger_audit*.c files only. */
#ifndef POCKETCA_LEDGER_AUDIT_H
#define POCKETCA_LEDGER_AUDIT_H

#include "digest.h"
#include "ledger.h"

enum { TILE_BITS = 8, TILE_LEVELS = MERKLE_LEVELS / TILE_BITS };
/* The index of a finding that is about no entry. */
#define NO_ENTRY UINT64_MAX

/* A chunk of entries: those of one tile of level 0. */
struct audit_entry {
    bool here, decoded, seen; /* seen: the certificate that it issued */
    struct entry e;
    uint8_t leaf[MERKLE_HASH];
};
struct audit_chunk {
    uint64_t first;
    unsigned n;
    struct audit_entry v[TILE_WIDTH];
};

/* What entries say of objects that have no leaf of their own. */
struct audit_object {
    uint8_t object[HASH_LEN];
    uint64_t index;
    int64_t time;
    bool later; /* after the head that is audited: permits, demands nothing */
    bool used;
};
struct audit_objects {
    struct audit_object *v;
    size_t n;
};

struct audit_authority {
    char *name;
    uint8_t sha256[HASH_LEN];
    uint64_t number;       /* above which its CRLs are to be; 0: none */
    uint64_t number_entry; /* the newest; NO_ENTRY: none */
    uint8_t number_object[HASH_LEN];
    bool seen;
};

/* The CRL of an authority, or of a partition. */
struct audit_crl {
    char *scope;
    bool has; /* a row */
    struct crl_state state;
    uint64_t entry; /* the newest; NO_ENTRY: none */
    uint8_t object[HASH_LEN];
};

struct audit_block {
    struct blocked_key key;
    bool made, taken; /* its entries were seen */
};

/* The row of a serial whose reason a later entry is to have raised. */
struct audit_raise {
    struct serial serial;
    uint64_t entry;           /* the row's */
    uint8_t object[HASH_LEN]; /* the later one's */
    bool said;
};

struct audit_head {
    uint64_t size;
    int64_t time;
    uint8_t root[HASH_LEN];
};

struct audit {
    struct store_conn *c;
    EVP_PKEY *key;
    ledger_say_fn *say;
    void *arg;
    struct errs *e;

    struct head head; /* everything up to here is audited */
    struct audit_chunk *chunk;
    uint64_t findings, first; /* the lowest index that one is about */
    char *sentence;           /* the finding about that */

    struct merkle_edge edge;
    bool torn; /* entries are missing: the tree ends here */
    struct audit_head *heads;
    size_t n_heads, next_head;
    uint64_t good; /* the size of the last head that fits */

    uint64_t certs, postings, unread; /* unread: rows that do not parse */
    struct audit_authority *authorities;
    size_t n_authorities;
    struct audit_crl *crls;
    size_t n_crls;
    struct audit_objects made, removed; /* tokens */
    uint64_t tokens;
    struct audit_block *blocks; /* by entry */
    size_t n_blocks;
    struct audit_raise *raises;
    size_t n_raises;
    bool has_profiles; /* the fact */
    uint8_t profiles[HASH_LEN], profiles_object[HASH_LEN];
    uint64_t profiles_entry; /* the newest; NO_ENTRY: none */
};

/* One thing that does not fit, in a sentence. */
void audit_finding(struct audit *a, uint64_t index, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or -1 with the reason when the store cannot be read. */
int audit_store(struct audit *a, enum store_result r);

/* Each returns -1 when the store cannot be read. */
/* Before the first chunk, inside the snapshot: heads, and that nothing is
 * behind the newest. */
int audit_tree_begin(struct audit *a);
/* Before the first chunk, after the snapshot: the heads that were kept. */
int audit_heads(struct audit *a);
/* Fills the chunk, and grows the tree by it. */
int audit_tree(struct audit *a);
/* The certificates and revocations of the chunk, both ways. */
int audit_certs(struct audit *a);
/* The serials of the chunk that are revoked without a certificate. */
int audit_serials(struct audit *a);
/* An ENTRY_SERIAL without a row: whether one was raised to what it says; and
 * at the end. */
bool audit_raise(struct audit *a, const struct entry *e);
void audit_raises_end(struct audit *a);
/* Blocked keys: inside the snapshot, an entry about one, at the end. */
int audit_blocks_begin(struct audit *a);
void audit_block(struct audit *a, const struct entry *e, uint64_t index);
void audit_unblock(struct audit *a, const struct entry *e, uint64_t index);
void audit_blocks_end(struct audit *a);
/* At the end: the indices of names and digests have nothing else. */
int audit_postings(struct audit *a);
/* Inside the snapshot: authorities, CRLs, profiles as they are now. */
int audit_state_begin(struct audit *a);
/* What the chunk says about them and about tokens. */
void audit_state(struct audit *a);
/* At the end: both ways. */
int audit_state_end(struct audit *a);
void audit_state_free(struct audit *a);

#endif
