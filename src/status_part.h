/* SPDX-License-Identifier: ISC */
/* What status.c does for status_ocsp.c. */
#ifndef POCKETCA_STATUS_PART_H
#define POCKETCA_STATUS_PART_H

#include "status.h"

/* Judges this_update and next_update; false with SAYS_FAILED. */
bool status_is_of_now(struct status *s, int64_t now);
/* An http URL from a certificate to out->url, or -1: SAYS_FAILED when it is no
 * URL, SAYS_NOTHING when it is another scheme's. */
int status_take_url(struct status *out, const void *text, size_t len);

#endif
