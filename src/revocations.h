/* SPDX-License-Identifier: ISC */
/*
 * Many revocations at once: what is asked for, the pages that it is answered
 * with, and what these come to.
 */
#ifndef POCKETCA_REVOCATIONS_H
#define POCKETCA_REVOCATIONS_H

#include "record.h"

/* REVOCATIONS: one page of what matches is revoked, or only judged. */
struct msg_revocations {
    struct query q;      /* limit: at most so many of what matches */
    int reason;          /* -1: none given */
    int renewals;        /* -1: default, 0, 1 */
    bool dry;            /* nothing is done */
    bool wait;           /* for the CRLs, also when this is not the last page */
    uint32_t show;       /* so many of them come as RECORD */
    struct buf followed; /* of the page before */
};
void msg_revocations_free(struct msg_revocations *m);
AUTO_VALUE(msg_revocations, struct msg_revocations, msg_revocations_free)
void msg_revocations_put(struct buf *b, const struct msg_revocations *m);
/* *m is the caller's to free, also when r failed. */
void msg_revocations_get(struct rd *r, struct msg_revocations *m);

/* What became of a certificate, or would. */
enum outcome {
    OUTCOME_STOP = 0,
    OUTCOME_REVOKED,
    OUTCOME_CHANGED, /* it was revoked, and is for keyCompromise now */
    OUTCOME_ALREADY, /* it was revoked: nothing changes */
    OUTCOME_REFUSED, /* why says by which rule */
    OUTCOME_RENEWAL, /* not matched: renewed from one that was, or its key */
    OUTCOME__MAX
};
struct revocation {
    uint64_t leaf;
    struct serial serial;
    enum outcome outcome;
    bool expired; /* it had ended before; not said of OUTCOME_RENEWAL */
    char *why;    /* OUTCOME_REFUSED; else NULL */
};

/* REVOKED_PAGE, and what all pages come to. */
struct revocations {
    struct revocation *v;
    size_t n;
    char *cursor;        /* behind the page; NULL: that was the last */
    bool crl_pending;    /* the CRL that says so is still being built */
    struct buf followed; /* the signer's note to itself: goes with the cursor */
};
enum { FOLLOWED_MAX = 25000 }; /* octets */
void revocations_free(struct revocations *l);
AUTO_VALUE(revocations, struct revocations, revocations_free)
/* why is copied. */
void revocations_add(struct revocations *l, const struct revocation *one);
/* How many from the first on go into one frame; and puts so many. */
size_t revocations_fit(const struct revocations *l, size_t first);
void revocations_put(struct buf *b, const struct revocations *l, size_t first,
                     size_t n);
/* Adds to *l what is in the frame; its cursor takes the place of the last. */
void revocations_get(struct rd *r, struct revocations *l);
/* Makes *m ask for the page behind *l, which has a cursor; -1: it is none. */
int revocations_next(struct msg_revocations *m, struct revocations *l,
                     struct errs *e);
/* Every certificate once: one that went along with another, and then was met
 * where it matches itself, is one that matches and was revoked.  Sorts by
 * leaf. */
void revocations_settle(struct revocations *l);
struct revocations_sum {
    size_t matched; /* all but renewals */
    size_t valid, expired, changed, already, refused, renewals;
    size_t affected; /* all but already and refused */
};
struct revocations_sum revocations_sum(const struct revocations *l);

#endif
