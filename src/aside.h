/* SPDX-License-Identifier: ISC */
/*
 * Something done beside, in a thread of its own: to save time, not to wait for
 * anybody.  Where the system has no thread to give it is done at once.
 */
#ifndef POCKETCA_ASIDE_H
#define POCKETCA_ASIDE_H

#include <pthread.h>
#include <stdbool.h>

#include "auto.h"

typedef void aside_fn(void *arg);

/* Zero-initialised is idle. */
struct aside {
    aside_fn *fn;
    void *arg;
    pthread_t thread;
    bool running;
};

/* Calls fn(arg).  Nobody but fn touches what it works on, nor *a, until
 * aside_wait(); *a must be idle. */
void aside_begin(struct aside *a, aside_fn *fn, void *arg);
/* Until fn has returned; idle afterwards, and as it is when it was so. */
void aside_wait(struct aside *a);
AUTO_VALUE(aside, struct aside, aside_wait)

#endif
