/* SPDX-License-Identifier: ISC */
/* UTF-8 (RFC 3629): shortest form, no surrogates, nothing above U+10FFFF. */
#ifndef POCKETCA_UTF8_H
#define POCKETCA_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define UTF8_BAD UINT32_MAX

/* The code point at *p (*p < end), moved past; UTF8_BAD when there is none:
 * then *p has moved as well, by one octet at least. */
uint32_t utf8_next(const uint8_t **p, const uint8_t *end);
/* Appends c, at most 0x10ffff and no surrogate. */
void utf8_put(struct buf *b, uint32_t c);
/* Surrogates (U+D800 to U+DFFF) stand for no character. */
bool utf8_is_surrogate(uint32_t c);
/* Control characters: C0, DEL and C1. */
bool utf8_is_control(uint32_t c);
/* Code points of well-formed text. */
size_t utf8_count(const uint8_t *p, size_t len);

#endif
