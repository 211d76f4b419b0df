/* SPDX-License-Identifier: ISC */
/*
 * The data base of `openssl ca`, which easy-rsa has too: a line for each
 * certificate, six fields with a tab between: state (V, R, E), end, date of
 * revocation with the reason, serial number, file, subject.
 */
#ifndef POCKETCA_INDEX_TXT_H
#define POCKETCA_INDEX_TXT_H

#include "cert.h"

struct index_row {
    char state; /* 'V' valid, 'R' revoked, 'E' expired */
    int64_t not_after;
    int64_t revoked_at; /* 'R' */
    int reason;         /* 'R': enum crl_reason */
    struct serial serial;
};

struct index_txt {
    const char *file; /* for reasons */
    const char *text;
    size_t len, at;
    unsigned line; /* the one that was read last, from 1 */
};

/* The next row: 1; 0 at the end; -1 with ERR_BAD_ARGUMENT,
 * "FILE:LINE: sentence": the caller may go on behind it.  A line that begins
 * with "#" is passed over.  Dates are UTCTime or
 * GeneralizedTime with Z, serial numbers hexadecimal. */
int index_txt_next(struct index_txt *t, struct index_row *out, struct errs *e);

#endif
