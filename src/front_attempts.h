/* SPDX-License-Identifier: ISC */
/* How often somebody showed a wrong token (API: 429 too-many-attempts). */
#ifndef POCKETCA_FRONT_ATTEMPTS_H
#define POCKETCA_FRONT_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

/* So many at once, and then one more for each tenth of a second. */
enum { ATTEMPTS_BURST = 1000, ATTEMPTS_EVERY_US = 100000 };

/* Notes a failed attempt from the address, text as inet_ntop() gives it, at
 * now_us (tm_mono_us()).  False when it was one too many: then it is answered
 * 429.  Of an IPv6 address the first 64 bits count; "unix" and what is no
 * address are always let pass.  From any thread; memory is fixed: an address
 * may push another out of the table, whose count begins anew. */
bool attempt_noted(const char *address, int64_t now_us);

#endif
