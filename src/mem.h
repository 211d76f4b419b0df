/* SPDX-License-Identifier: ISC */
/*
 * Memory and small strings.  Running out of memory is a fault of our own and
 * ends the process (the supervisor starts afresh), so none of these returns
 * NULL; the caller frees what they return with free().
 */
#ifndef POCKETCA_MEM_H
#define POCKETCA_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"

/* Elements of an array (never of a pointer: the compiler warns). */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
/* n * size octets, refused (process ends) on overflow. */
void *xreallocarray(void *p, size_t n, size_t size);
/* A list of n elements with room for one more: its memory doubles whenever n
 * is a power of two, so that nothing else may grow it. */
void *xgrow(void *v, size_t n, size_t size);
char *xstrdup(const char *s);
/* NULL stays NULL. */
char *xstrdup_null(const char *s);
/* len octets and a NUL behind them. */
char *xstrndup(const char *s, size_t len);
void *xmemdup(const void *p, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

/* A list of owned strings; zero-initialised is empty. */
struct strs {
    char **v;
    size_t n;
};
void strs_add(struct strs *l, const char *s);
/* Takes ownership of s. */
void strs_add_own(struct strs *l, char *s);
bool strs_has(const struct strs *l, const char *s);
void strs_copy(struct strs *to, const struct strs *from);
/* Joined by sep; the caller frees. */
char *strs_join(const struct strs *l, const char *sep);
/* Splits at each octet `sep`; empty parts are kept; "" gives none. */
void strs_split(struct strs *l, const char *s, char sep);
void strs_free(struct strs *l);
AUTO_VALUE(strs, struct strs, strs_free)

/* Lower-case hexadecimal of len octets, NUL-terminated; out has 2*len+1. */
void hex_encode(char *out, const uint8_t *p, size_t len);
/* Either case.  Octets written (at most max), or -1 if it is not hex. */
int hex_decode(uint8_t *out, size_t max, const char *s, size_t len);

/* Zeroes that no compiler takes for a dead store. */
void mem_wipe(void *p, size_t len);

#endif
