/* SPDX-License-Identifier: ISC */
/* Octets, and a DER writer that writes what it is told. */
#ifndef POCKETCA_MKCSR_DER_H
#define POCKETCA_MKCSR_DER_H

#include <stddef.h>

struct bytes {
    unsigned char v[1 << 21];
    size_t n;
};

/* Says so, and ends the program. */
_Noreturn void die(const char *what);

/* Empty; to be freed by free(), or by wrap(). */
struct bytes *fresh(void);
void put(struct bytes *b, const void *p, size_t n);
/* %XX is an octet. */
void put_text(struct bytes *b, const char *s);
void put_hex(struct bytes *b, const char *s);
void put_file(struct bytes *b, const char *path);
/* One element: tag, length, contents. */
void tlv(struct bytes *b, int tag, const void *p, size_t n);
/* The same of what another buffer holds, which is freed. */
void wrap(struct bytes *b, int tag, struct bytes *inner);
void oid(struct bytes *b, const char *dotted);

#endif
