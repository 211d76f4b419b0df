/* SPDX-License-Identifier: ISC */
/* OCSP in the signer: the responders, what they may sign, and who is told that
 * the status of a certificate has changed. */
#ifndef POCKETCA_SIGNER_OCSP_H
#define POCKETCA_SIGNER_OCSP_H

#include "ocsp.h"
#include "signer.h"

/* signer_responder.c */
/* The delegated responder (RFC 6960 section 4.2.2.2) of one authority.  Its key
 * is made when the process starts and never written; its certificate lives two
 * weeks and is renewed when eight days are left. */
struct responder {
    EVP_PKEY *key; /* NULL: the authority signs nothing here */
    uint8_t key_hash[SKI_LEN];
    struct ocsp_issuer issuer;
    /* Under the lock of the signer's responders: */
    struct buf cert; /* DER; empty: none yet */
    int64_t not_before, not_after;
};
/* For a service: makes keys and certificates, those that it can, and starts the
 * thread that renews them.  -1 with a reason when there is no thread. */
int responders_start(struct signer *s, struct errs *e);
void responders_stop(struct signer *s);
void responders_free(struct signer *s);
/* The end of authority i's; 0 when it has none.  begin: its notBefore, or NULL.
 */
int64_t responder_end(struct signer *s, size_t i, int64_t *begin);
/* A copy of its certificate and the end, as of now; -1: it has none. */
int responder_cert(struct signer *s, size_t i, struct buf *cert,
                   int64_t *not_after);

/* signer_ocsp.c */
/* One signature more from the budget (ocsp-sign-budget a second, of which a
 * second may be saved up); false: it is used up. */
bool ocsp_budget_take(struct signer *s, int64_t now_us);
/* The worker's read transaction, which goes on from one OCSP request to the
 * next while nothing is committed, ends: before it reads anything else, and
 * before it waits. */
void ocsp_read_end(struct worker *w);
/* Inside the transaction: the status of that serial will be another. */
void ocsp_note(struct job *j, size_t authority, const struct serial *serial);
/* After the commit, before the reply: tells the front what was noted. */
void ocsp_tell(struct signer *s, struct job *j);

#endif
