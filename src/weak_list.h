/* SPDX-License-Identifier: ISC */
/*
 * Lists of RSA moduli that everybody knows, as Debian's openssl-blacklist has
 * them: files blacklist.RSA-BITS, a line for each: the last 20 hexadecimal
 * digits of the SHA-1 of what `openssl rsa -noout -modulus` prints; a line that
 * begins with # is a comment.
 */
#ifndef POCKETCA_WEAK_LIST_H
#define POCKETCA_WEAK_LIST_H

#include "key.h"

enum {
    WEAK_LIST_TAIL = 10,      /* octets of the digest */
    WEAK_LIST_MAX = 16 << 20, /* octets of all files together */
};

/* Zero-initialised is empty; once it is read, any number of threads look. */
struct weak_list {
    uint8_t (*v)[WEAK_LIST_TAIL]; /* sorted */
    size_t n;
};

/* Adds what the text of a file says.  -1 with ERR_BAD_ARGUMENT,
 * "FILE:LINE: sentence", and the list as it was. */
int weak_list_read(struct weak_list *l, const char *file, const char *text,
                   size_t len, struct errs *e);
/* Every list of a directory; -1 with ERR_BAD_ARGUMENT, also when there is
 * none, or none has a key. */
int weak_list_load(struct weak_list *l, const char *dir, struct errs *e);
bool weak_list_find(const struct weak_list *l,
                    const uint8_t tail[WEAK_LIST_TAIL]);
/* Whether the modulus of an RSA key is listed; false for any other key. */
bool weak_list_has(const struct weak_list *l, const struct key_pub *k);
void weak_list_free(struct weak_list *l);
AUTO_VALUE(weak_list, struct weak_list, weak_list_free)

#endif
