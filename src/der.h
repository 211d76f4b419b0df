/* SPDX-License-Identifier: ISC */
/*
 * DER (X.690 section 10 and 11): a bounded strict reader and a writer.
 *
 * The reader takes definite lengths in their shortest form, low tag numbers,
 * and nothing behind the end.  It never allocates and never recurses: the
 * caller descends, so the depth is the caller's.
 */
#ifndef POCKETCA_DER_H
#define POCKETCA_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
/* Context-specific tags: [n] primitive (IMPLICIT) and constructed. */
#define DER_CTX(n) ((uint8_t)(0x80 | (n)))
#define DER_CTX_CONS(n) ((uint8_t)(0xa0 | (n)))

/* What is left to read of one constructed value. */
struct der {
    const uint8_t *p;
    size_t n;
};

/* One element: val/len its contents, raw/raw_len with tag and length. */
struct der_tlv {
    uint8_t tag;
    const uint8_t *val, *raw;
    size_t len, raw_len;
};

struct der der_of(const void *p, size_t len);
bool der_end(const struct der *d);
/* The tag of the next element, or -1 at the end. */
int der_peek(const struct der *d);
/* The next element of any tag, moved past; -1 when it is not DER. */
int der_next(struct der *d, struct der_tlv *out);
/* The next element, which must have this tag. */
int der_get(struct der *d, uint8_t tag, struct der_tlv *out);
/* As der_get(), for a constructed element: its contents become *inner. */
int der_enter(struct der *d, uint8_t tag, struct der *inner);
/* 1 and entered when the next element has the tag, 0 when not, -1 bad. */
int der_enter_opt(struct der *d, uint8_t tag, struct der *inner);

/* BOOLEAN: 0x00 or 0xff only. */
int der_get_bool(struct der *d, bool *out);
/* INTEGER, shortest form; magnitude without sign octet; -1 when negative. */
int der_get_uint(struct der *d, const uint8_t **p, size_t *len);
/* A non-negative INTEGER that fits 31 bits. */
int der_get_int31(struct der *d, uint32_t *out);
/* BIT STRING with no unused bits (signatures, keys). */
int der_get_bits(struct der *d, const uint8_t **p, size_t *len);
/* OBJECT IDENTIFIER: contents, well-formed arcs, at most 64 octets. */
int der_get_oid(struct der *d, struct der_tlv *out);
/* True for the contents of one. */
bool der_oid_valid(const uint8_t *p, size_t len);
bool der_oid_is(const struct der_tlv *oid, const void *contents, size_t len);
/* UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5. */
int der_get_time(struct der *d, int64_t *t);
/* 0 when it is one element and nothing else, DER down to its leaves and at
 * most DER_DEPTH levels deep: also what is skipped later is well-formed. */
enum { DER_DEPTH = 32 };
int der_check(const void *p, size_t len);
/* Appends a character string (UTF8String, PrintableString, IA5String,
 * T61String, BMPString, UniversalString, NumericString) as UTF-8.  NULL, or
 * the rule that it breaks: not that kind's characters, or control characters;
 * then nothing is appended. */
const char *der_text(struct buf *out, const struct der_tlv *string);
/* "1.2.840.113549" of OID contents; out is cut at size. */
void der_oid_print(char *out, size_t size, const uint8_t *p, size_t len);
/* Appends the contents of the OID that the text ("1.2.840.113549") is: at
 * least two arcs, each below 2^31; -1 when it is none, and nothing appended. */
int der_oid_parse(struct buf *out, const char *text);

/*
 * Writer.  size_t at = der_open(b, tag); ...contents...; der_close(b, at);
 * der_close() puts the length in when the contents are known.
 */
size_t der_open(struct buf *b, uint8_t tag);
void der_close(struct buf *b, size_t at);
void der_put(struct buf *b, uint8_t tag, const void *p, size_t len);
/* Tag and length only, the contents (len octets) follow by other means. */
void der_put_head(struct buf *b, uint8_t tag, size_t len);
void der_put_bool(struct buf *b, bool v);
void der_put_uint(struct buf *b, const uint8_t *p, size_t len);
void der_put_int(struct buf *b, uint32_t v);
/* contents of the OID, as a string literal with its length. */
void der_put_oid(struct buf *b, const void *contents, size_t len);
void der_put_null(struct buf *b);
void der_put_bits(struct buf *b, const void *p, size_t len);
/* A named-bit list (KeyUsage): bit 0 is the first; trailing zeroes cut. */
void der_put_named_bits(struct buf *b, uint32_t bits);
/* UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5). */
void der_put_time(struct buf *b, int64_t t);
/* GeneralizedTime always. */
void der_put_gentime(struct buf *b, int64_t t);

#endif
