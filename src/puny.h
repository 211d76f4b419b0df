/* SPDX-License-Identifier: ISC */
/* Punycode (RFC 3492), as far as it takes to know a real A-label. */
#ifndef POCKETCA_PUNY_H
#define POCKETCA_PUNY_H

#include <stddef.h>

/* The label, lower case, with its "xn--"; NULL when it is an A-label: it
 * decodes, to something that is not all ASCII and has no code point that
 * no label may have, and encodes to the same again.  Otherwise the rule that
 * it breaks, as the end of a sentence.  The code points that IDNA 2008
 * (RFC 5892) lets in one by one are not looked at. */
const char *puny_check(const char *label, size_t len);

#endif
