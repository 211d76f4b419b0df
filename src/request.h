/* SPDX-License-Identifier: ISC */
/*
 * From a CSR and the arguments beside it to the typed request that the signer
 * judges: the same for the front and for `pocketca issue`.
 */
#ifndef POCKETCA_REQUEST_H
#define POCKETCA_REQUEST_H

#include "csr.h"
#include "msg.h"

enum { REQUEST_NOTE_MAX = 256 };

/* The arguments as text; NULL: not given.  Borrowed. */
struct request_args {
    const char *profile, *lifetime, *not_before, *note, *replaces;
    const char *names;             /* comma-separated, or */
    const struct strs *name_list; /* one by one (JSON) */
};

/* Fills *m, which was empty, from a CSR as far as it was read (NULL: a renewal
 * that keeps its key).  -1 with every ERR_BAD_ARGUMENT, ERR_BAD_NAME and
 * ERR_NO_NAMES that applies; *m is then as if what is wrong was not given.
 * What is wrong with either belongs into m->errs, and the signer adds its own
 * reasons.  */
int request_fill(struct msg_issue *m, const struct csr *csr,
                 const struct request_args *a, struct errs *e);
/* What makes two requests the same for an Idempotency-Key: the DER of the CSR
 * and every argument as it was given; the serial renewed, or NULL. */
void request_hash(uint8_t out[32], const void *csr, size_t len,
                  const struct request_args *a, const struct serial *renews);

#endif
