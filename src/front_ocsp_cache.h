/* SPDX-License-Identifier: ISC */
/*
 * Signed OCSP answers that are given to everybody who asks the same (RFC 5019),
 * and the rule that keeps them true: the signer's notice of a change comes
 * before its reply to whoever made the change, and from then on no answer of an
 * earlier snapshot about that serial is kept or given.  What is under way
 * meanwhile is pinned, so that the notice finds it; of a serial that is neither
 * kept nor pinned nothing need be remembered, since whoever asks after the
 * notice is told what it told.  All functions are for any thread.
 */
#ifndef POCKETCA_FRONT_OCSP_CACHE_H
#define POCKETCA_FRONT_OCSP_CACHE_H

#include <stdatomic.h>

#include "front.h"
#include "tm.h"

enum { OCSP_CACHE_MAX = 16 * 1024 * 1024 }; /* octets, all told */

/* An answer as it is sent.  Constant once it is made, refs and spare aside. */
struct ocsp_body {
    atomic_uint refs;
    struct buf der;
    int64_t this_update, next_update;
    /* For HTTP (RFC 5019 section 6.2): */
    char etag[2 + 32 + 1]; /* with its quotes: of SHA-256 the first half */
    char control[80], modified[TM_HTTP_SIZE], expires[TM_HTTP_SIZE];
    int64_t fresh_until; /* half of its life: then a new one is asked for */
    front_spare spare;
};
void ocsp_body_unref(struct ocsp_body *b);
AUTO_DEFINE(ocsp_body, struct ocsp_body *, ocsp_body_unref)

/* A reference to what was kept and is fresh at `now`, and not of a clock that
 * was ahead; NULL: nothing. */
struct ocsp_body *ocsp_cache_find(uint16_t authority,
                                  const struct serial *serial,
                                  enum digest digest, int64_t now);

/* The place of one serial; before the signer is asked about it. */
struct ocsp_entry;
struct ocsp_entry *ocsp_cache_pin(uint16_t authority,
                                  const struct serial *serial);
void ocsp_cache_unpin(struct ocsp_entry *e);
/* False: a notice since then has made this snapshot history. */
bool ocsp_cache_current(struct ocsp_entry *e, uint64_t snapshot);
/* Keeps an answer unless it is history by now, and gives a reference to it.
 * Takes the octets of m->der. */
struct ocsp_body *ocsp_cache_keep(struct ocsp_entry *e, enum digest digest,
                                  struct msg_ocsp_answer *m);
/* A notice: answers about it of a snapshot before `end` are history. */
void ocsp_cache_changed(const struct ocsp_change *c, uint64_t end);
/* The signer is gone and tells of no change any more: nothing is found from
 * now on. */
void ocsp_cache_close(void);

#endif
