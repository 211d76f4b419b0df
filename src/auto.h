/* SPDX-License-Identifier: ISC */
/*
 * Scope-bound clean-up.  AUTO(kind) before a local pointer releases it when
 * the scope ends; take_ptr() hands the pointer out instead.  Each type that
 * owns something has its line beside it; every release function accepts NULL.
 */
#ifndef POCKETCA_AUTO_H
#define POCKETCA_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(kind) __attribute__((cleanup(auto_##kind)))

#define AUTO_DEFINE(kind, type, release)                                       \
    __attribute__((unused)) static inline void auto_##kind(type *p)            \
    {                                                                          \
        if (*p)                                                                \
            release(*p);                                                       \
    }

/* For structs held by value: the release function takes their address. */
#define AUTO_VALUE(kind, type, release)                                        \
    __attribute__((unused)) static inline void auto_##kind(type *p)            \
    {                                                                          \
        release(p);                                                            \
    }

#define take_ptr(p)                                                            \
    __extension__({                                                   \
        __typeof__(p) taken_ = (p);                                            \
        (p) = NULL;                                                            \
        taken_;                                                                \
    })

__attribute__((unused)) static inline void auto_free(void *p)
{
    free(*(void **)p);
}

__attribute__((unused)) static inline void auto_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

AUTO_DEFINE(file, FILE *, fclose)

#endif
