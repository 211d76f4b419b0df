/* SPDX-License-Identifier: ISC */
/*
 * PEM (RFC 7468).  Reading is lax about line ends and lengths, also when
 * `curl -d` took every line end away, and strict about everything else:
 * labels match, base64 is whole, nothing but white space outside.
 */
#ifndef POCKETCA_PEM_H
#define POCKETCA_PEM_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum pem_result {
    PEM_OK = 0,
    PEM_NOT = -1,      /* does not begin with -----BEGIN */
    PEM_BROKEN = -2,   /* begins so, and is not PEM */
    PEM_MANY = -3,     /* something that is not white space follows */
    PEM_PRIVATE = -4,  /* the label says it is a private key */
    PEM_ENCRYPTED = -5 /* has RFC 1421 headers or an encrypted label */
};

void pem_put(struct buf *b, const char *label, const void *der, size_t len);
/* One block and nothing else.  label_out (64 octets) gets its label, also
 * with PEM_PRIVATE and PEM_ENCRYPTED, and is "" where there is none; *der is
 * appended to on PEM_OK only. */
enum pem_result pem_read(const void *text, size_t len, char label_out[64],
                         struct buf *der);
/* As pem_read() for the first block of several; *used octets were read, the
 * white space before and behind the block included: at the end of the text
 * *used == len.  PEM_NOT with *used == len when there is nothing left; after
 * PEM_BROKEN there is no going on. */
enum pem_result pem_read_next(const void *text, size_t len, char label_out[64],
                              struct buf *der, size_t *used);

/* Base64 (RFC 4648 section 4) with white space anywhere and nothing else,
 * appended: 0; -1, and nothing is. */
int base64_decode(struct buf *out, const char *text, size_t len);

#endif
