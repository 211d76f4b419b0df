/* SPDX-License-Identifier: ISC */
/*
 * The certificates of an authority and of all above it, the root last, before
 * they are taken: RFC 5280 section 6.1, and what a CA must be.
 */
#ifndef POCKETCA_CHAIN_H
#define POCKETCA_CHAIN_H

#include "cert.h"
#include "mem.h"

enum { CHAIN_MAX = 8 };

/* Judges the chain in `l`, read from `path`, for the key with that
 * SubjectPublicKeyInfo: order, signatures and their algorithms, dates, the CA
 * bit, keyUsage, pathLenConstraint, and that the last one signed itself.
 * Every failed check is a reason with value and rule; -1 when there is one. */
int chain_judge(const char *path, const struct blobs *l, const uint8_t *spki,
                size_t spki_len, int64_t now, struct errs *e);
/* Of a chain that chain_judge() found good: a sentence for every lint, errors
 * too, that one of its certificates breaks.  Another program made them, and
 * they do for what is signed here. */
void chain_lint(const char *path, const struct blobs *l,
                struct strs *warnings);

#endif
