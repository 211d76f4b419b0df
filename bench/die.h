/* SPDX-License-Identifier: ISC */
/* The benchmarks' way out.  (<err.h> would be the tree's own err.h here.) */
#ifndef POCKETCA_BENCH_DIE_H
#define POCKETCA_BENCH_DIE_H

#include <stdio.h>
#include <stdlib.h>

#define die(code, ...)                                                         \
    do {                                                                       \
        fprintf(stderr, __VA_ARGS__);                                          \
        fputc('\n', stderr);                                                   \
        exit(code);                                                            \
    } while (0)

#endif
