/* SPDX-License-Identifier: ISC */
/*
 * The growing buffer that everything is written to, and the bounded reader
 * that is the only way to read octets from elsewhere.
 *
 * A reader has a sticky error: after the first read past the end every read
 * gives zero or empty, and rd_done() says false.  So a whole message is read
 * in straight lines and judged once, at its end.
 */
#ifndef POCKETCA_BUF_H
#define POCKETCA_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"

struct buf {
    uint8_t *data;
    size_t len, cap;
};

void buf_free(struct buf *b);
AUTO_VALUE(buf, struct buf, buf_free)
/* Keeps the memory, forgets the content. */
void buf_reset(struct buf *b);
/* Overwrites the content, then frees: for keys and tokens. */
void buf_wipe(struct buf *b);
void buf_put(struct buf *b, const void *p, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, uint8_t c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for len octets more: what is put then does not move. */
void buf_reserve(struct buf *b, size_t len);
/* Room for len octets at the end, counted as content; to be filled at once. */
uint8_t *buf_extend(struct buf *b, size_t len);
/* Opens a gap of len octets at offset at (at <= b->len). */
uint8_t *buf_insert(struct buf *b, size_t at, size_t len);
/* The content as a string, handed out; the buffer is empty afterwards. */
char *buf_take_str(struct buf *b);

/* Big-endian integers; strings and blobs as 32-bit length and octets. */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_blob(struct buf *b, const void *p, size_t len);
/* NULL is written as an empty string. */
void buf_str(struct buf *b, const char *s);

struct rd {
    const uint8_t *p;
    size_t n;
    bool failed;
};

struct rd rd_of(const void *p, size_t len);
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
int64_t rd_i64(struct rd *r);
/* Points into the reader's memory; *len is 0 and the result "" on failure. */
const uint8_t *rd_blob(struct rd *r, size_t *len);
/* Exactly len octets, copied; zeroes on failure. */
void rd_bytes(struct rd *r, void *out, size_t len);
/* A copy that the caller frees; a NUL inside is a failure; never NULL. */
char *rd_str(struct rd *r);
/* As rd_str(), but an empty string comes back as NULL. */
char *rd_str_null(struct rd *r);
/* True when nothing failed and nothing is left: the message was exact. */
bool rd_done(const struct rd *r);

#endif
