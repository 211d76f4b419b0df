/* SPDX-License-Identifier: ISC */
/* Revocation in the signer: one certificate, and what goes along with it, for
 * a request about one and for a page of many. */
#ifndef POCKETCA_SIGNER_REVOKE_H
#define POCKETCA_SIGNER_REVOKE_H

#include "signer.h"

/* A key whose certificates were looked for: a page of many comes to the same
 * one again and again. */
struct revoke_key {
    uint8_t sha256[32];
    bool lost; /* as a compromised one: all of them, and their renewals */
};

struct revoke {
    int reason, renewals; /* as in msg_revoke */
    int64_t now;
    int64_t at; /* when it was, if it was not here; 0: now */
    const struct who *who;
    struct job *job; /* gets a note of each, for OCSP and CRLs; NULL: dry */
    struct store_conn *conn;  /* the writer, unless dry */
    bool dry;                 /* says what it would do */
    struct record record;     /* as it is afterwards */
    enum outcome outcome;     /* REVOKED, CHANGED or ALREADY */
    struct serial *also;      /* revoked along with it */
    uint64_t *leaves;         /* of these */
    size_t n_also, n_renewed; /* the first ones are renewals, by leaf */
    /* Of all that it has been called for: */
    struct revoke_key *keys;
    size_t n_keys;
    struct leafset followed; /* to their renewals */
    uint64_t *named;         /* and those that this was called for */
    size_t n_named;
    uint64_t last_entry;
    uint32_t marked[16]; /* by reason */
};
/* What it has found and done. */
void revoke_free(struct revoke *v);
AUTO_VALUE(revoke, struct revoke, revoke_free)
/* Something of it is new. */
bool revoke_is_changed(const struct revoke *v);
/* Inside the transaction.  One revoked for another reason, which is not
 * keyCompromise now, is ALREADY and keeps that in its record. */
enum store_result revoke_one(struct signer *s, struct revoke *v, uint64_t leaf);
/* What has been followed, for the next page, in at most FOLLOWED_MAX octets;
 * and what was on the page before. */
void revoke_remember(const struct revoke *v, struct buf *out);
void revoke_recall(struct revoke *v, const struct buf *followed);
/* One key more, a copy of *key, and one certificate more, that was followed. */
void revoke_add_key(struct revoke *v, const struct revoke_key *key);
void revoke_add_named(struct revoke *v, uint64_t leaf);
/* After the commit, before anybody is answered. */
void revoke_committed(struct signer *s, const struct revoke *v);
/* The service's own certificates; the credential covers this one. */
int revoke_judge(const struct who *who, const struct record *r,
                 const struct cert *cert, struct errs *e);
/* -1 with ERR_REASON_NOT_ALLOWED; a reason below 0 is none. */
int revoke_reason(int reason, struct errs *e);

#endif
