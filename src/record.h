/* SPDX-License-Identifier: ISC */
/*
 * What the ledger knows, as it travels between the store, the signer, the
 * front and the commands: certificates, tokens, authorities, queries.
 */
#ifndef POCKETCA_RECORD_H
#define POCKETCA_RECORD_H

#include "buf.h"
#include "cert.h"
#include "err.h"
#include "mem.h"
#include "name.h"
#include "profile.h"

enum who_type {
    WHO_STOP = 0,
    WHO_TOKEN,
    WHO_USER, /* of the admin socket */
    WHO_CERTIFICATE,
    WHO_SERVICE, /* the service itself */
    WHO__MAX
};
/* "token", "user", "certificate", "service" */
const char *who_type_text(enum who_type t);

struct requester {
    enum who_type type;
    char *id;    /* token id, user id in digits, SHA-256 of a certificate */
    char *label; /* token label, user name, or NULL */
};
void requester_free(struct requester *r);
void requester_copy(struct requester *to, const struct requester *from);
/* WHO_STOP is nobody yet: who asks for a token does not say who makes it. */
void requester_put(struct buf *b, const struct requester *q);
void requester_get(struct rd *r, struct requester *q);

/* Lists of strings and serials, as they travel. */
void strs_put(struct buf *b, const struct strs *l);
void strs_get(struct rd *r, struct strs *l);
void serial_put(struct buf *b, const struct serial *s);
void serial_get(struct rd *r, struct serial *s);

/* A certificate and its life.  What the DER says is not said again. */
struct record {
    uint64_t leaf;   /* leaf_index: the ledger entry that issued it */
    char *authority;
    char *profile;   /* "" for the service's own and for authorities */
    struct requester requester;
    char *protocol;  /* "http", "cli", "service" */
    char *note;      /* or NULL */
    int64_t issued_at;
    int64_t revoked_at; /* 0: not revoked */
    int reason;         /* enum crl_reason, when revoked */
    struct serial serial, replaces, replaced_by;
    struct strs warnings;
    struct buf der;
    uint32_t crl_partition; /* 0: the complete CRL; in no frame */
};
void record_free(struct record *r);
AUTO_VALUE(record, struct record, record_free)
void record_put(struct buf *b, const struct record *r);
void record_get(struct rd *rd, struct record *r);

enum role {
    ROLE_ISSUE = 1 << 0,
    ROLE_REVOKE = 1 << 1,
    ROLE_READ = 1 << 2,
    ROLE_METRICS = 1 << 3,
    ROLE_ADMIN = 1 << 4, /* includes all */
};
/* "issue", … ; NULL when not exactly one role. */
const char *role_text(unsigned one);
/* 0 when it is no role. */
unsigned role_parse(const char *text);

enum { TOKEN_ID_LEN = 12, TOKEN_SECRET_LEN = 43, TOKEN_TEXT_MAX = 64 };

struct token {
    char *id; /* TOKEN_ID_LEN lower-case letters and digits */
    char *label;
    unsigned roles;
    struct strs profiles;    /* as given; none: all */
    struct strs names;       /* pattern texts; none: all */
    bool wildcards;
    uint64_t max_uses, uses; /* max 0: no limit */
    int64_t created_at, not_after, last_used; /* not_after, last_used 0: none */
    struct requester creator;
    int64_t removed_at; /* 0: not */
    uint8_t secret_sha256[32];
    char *secret; /* the whole "pca_…", only right after it was made */
};
void token_free(struct token *t);
AUTO_VALUE(token, struct token, token_free)
void token_put(struct buf *b, const struct token *t);
void token_get(struct rd *rd, struct token *t);
/* "pca_<id>_<secret>": fills id_out and the SHA-256 over the whole text; -1
 * when it is not of that form (the hash is computed all the same). */
int token_split(const char *text, size_t len, char id_out[TOKEN_ID_LEN + 1],
                uint8_t sha256[32]);
/* Makes id, secret and secret_sha256. */
void token_generate(struct token *t);
/* Compiles profiles, names, wildcards of a token. */
int token_limits(const struct token *t, struct limits *out, struct errs *e);

/* An authority as the signer knows it. */
struct authority_info {
    char *name;
    char *parent; /* name of its issuer, or NULL for a root */
    struct buf der;
    struct buf pem;   /* the same; only where it came by a frame */
    bool has_key;     /* this service signs with it */
    bool key_exposed; /* the root's key lies unencrypted under data */
};
struct authority_infos {
    struct authority_info *v;
    size_t n;
};
void authority_infos_free(struct authority_infos *l);
AUTO_VALUE(authority_infos, struct authority_infos, authority_infos_free)
void authority_infos_put(struct buf *b, const struct authority_infos *l);
void authority_infos_get(struct rd *rd, struct authority_infos *l);
const struct authority_info *
authority_infos_find(const struct authority_infos *l, const char *name);
/* PEM: the certificate (leaf may be NULL), then `name` and what is above it
 * without the root. */
void authority_chain_pem(const struct authority_infos *l, const char *name,
                         const struct buf *leaf, struct buf *out);

/* A search: each member that is set narrows it. */
enum query_status {
    STATUS_ANY = 0,
    STATUS_VALID,
    STATUS_REVOKED,
    STATUS_EXPIRED
};
const char *status_text(enum query_status s);

struct query {
    bool has_pattern;
    struct pattern name;
    char *covers; /* normal DNS name */
    enum query_status status;
    int replaced; /* -1 any, 0, 1 */
    char *profile, *authority, *requester;
    bool has_key_sha256, has_sha256;
    uint8_t key_sha256[32], sha256[32];
    int64_t issued_after, issued_before;   /* 0: none; after is inclusive, */
    int64_t expires_after, expires_before; /* before is exclusive */
    bool by_expiry; /* order: soonest first; else newest first */
    unsigned limit; /* 1 to 1000; default 100 */
    /* where the page begins: the last row of the one before */
    bool has_cursor, cursor_by_expiry;
    int64_t cursor_time; /* by_expiry: its not_after */
    uint64_t cursor_leaf;
};
void query_init(struct query *q);
void query_free(struct query *q);
AUTO_VALUE(query, struct query, query_free)
/* One argument in snake_case (name, covers, status, replaced, profile,
 * authority, requester, key_sha256, sha256, issued_after, issued_before,
 * expires_after, expires_before, expires_within, order, limit, cursor).
 * ERR_BAD_ARGUMENT names argument, value and rule.  A repeated one is the
 * caller's to refuse. */
int query_set(struct query *q, const char *key, const char *value,
              struct errs *e);
/* What only the whole can tell: a cursor of a list in another order. */
int query_check(const struct query *q, struct errs *e);
/* True when something says which certificates are meant: status and replaced
 * alone do not, nor do order, limit and cursor. */
bool query_narrows(const struct query *q);
void query_put(struct buf *b, const struct query *q);
void query_get(struct rd *rd, struct query *q);
/* The page that begins behind this row. */
void query_go_on(struct query *q, int64_t not_after, uint64_t leaf);
/* The opaque cursor behind this row; the caller frees. */
char *query_cursor(const struct query *q, int64_t not_after, uint64_t leaf);

/* The signed head of the ledger (RFC 6962 section 2.1). */
struct head {
    uint64_t size;
    int64_t time;
    uint8_t root[32];
    uint8_t sig[64]; /* Ed25519 by the ledger key */
};

#endif
