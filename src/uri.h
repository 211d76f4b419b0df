/* SPDX-License-Identifier: ISC */
/* The URIs that certificates carry (RFC 3986; RFC 5280 section 4.2.1.6):
 * absolute, with an authority. */
#ifndef POCKETCA_URI_H
#define POCKETCA_URI_H

#include <stdbool.h>
#include <stddef.h>

enum { URI_MAX = 1024 };

/* True when the text begins with scheme:// . */
bool uri_is_like(const char *text, size_t len);
/* *out gets the URI in normal form (RFC 3986 sections 6.2.2 and 6.2.3: scheme
 * and host, percent-encoding, the usual port), the caller frees, and NULL is
 * returned; otherwise the rule that was broken, as the end of a sentence.
 * Refused beside what RFC 3986 refuses: user information, dot
 * segments and encoded control characters (both could lead a pattern
 * astray), and a host that is neither a DNS name nor an address. */
const char *uri_normal(char **out, const char *text, size_t len);
/* Where the host of a normal URI is, brackets of an IPv6 address included. */
void uri_host(const char *uri, const char **host, size_t *len);

#endif
