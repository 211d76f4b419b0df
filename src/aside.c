/* SPDX-License-Identifier: ISC */
#include "aside.h"

static void *run(void *arg)
{
    const struct aside *a = arg;

    a->fn(a->arg);
    return NULL;
}

void aside_begin(struct aside *a, aside_fn *fn, void *arg)
{
    a->fn = fn;
    a->arg = arg;
    a->running = pthread_create(&a->thread, NULL, run, a) == 0;
    if (!a->running)
        fn(arg);
}

void aside_wait(struct aside *a)
{
    if (a->running)
        pthread_join(a->thread, NULL);
    a->running = false;
}
