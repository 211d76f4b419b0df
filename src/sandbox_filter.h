/* SPDX-License-Identifier: ISC */
/* The seccomp filters of sandbox.c. */
#ifndef POCKETCA_SANDBOX_FILTER_H
#define POCKETCA_SANDBOX_FILTER_H

enum sandbox_kind { SANDBOX_FRONT = 1, SANDBOX_SIGNER = 2 };

/* Enters the filter for good, in all threads.  NULL, or what failed with
 * errno. */
const char *sandbox_filter(enum sandbox_kind kind);

#endif
