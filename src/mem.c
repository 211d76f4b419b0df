/* SPDX-License-Identifier: ISC */
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ascii.h"

enum { SMALL = 1024 };

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "pocketca: out of memory\n";

    (void)!fwrite(text, 1, sizeof(text) - 1, stderr);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

/* What is small by malloc: calloc of glibc passes by what the thread has
 * freed, which then goes the long way too. */
void *xcalloc(size_t n, size_t size)
{
    size_t all;
    void *p;

    if (!__builtin_mul_overflow(n, size, &all) && all <= SMALL)
        return memset(xmalloc(all), 0, all);
    p = calloc(n, size);
    if (!p)
        out_of_memory();
    return p;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);

    if (!q)
        out_of_memory();
    return q;
}

void *xgrow(void *v, size_t n, size_t size)
{
    return n & (n - 1) ? v : xreallocarray(v, n ? 2 * n : 1, size);
}

void *xmemdup(const void *p, size_t len)
{
    void *q = xmalloc(len);

    if (len)
        memcpy(q, p, len);
    return q;
}

char *xstrndup(const char *s, size_t len)
{
    char *q = xmalloc(len + 1);

    if (len)
        memcpy(q, s, len);
    q[len] = '\0';
    return q;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrdup_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

char *xvasprintf(const char *fmt, va_list ap)
{
    char *s;

    if (vasprintf(&s, fmt, ap) < 0)
        out_of_memory();
    return s;
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void strs_add_own(struct strs *l, char *s)
{
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    l->v[l->n++] = s;
}

void strs_add(struct strs *l, const char *s)
{
    strs_add_own(l, xstrdup(s));
}

bool strs_has(const struct strs *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i], s) == 0)
            return true;
    return false;
}

void strs_copy(struct strs *to, const struct strs *from)
{
    for (size_t i = 0; i < from->n; i++)
        strs_add(to, from->v[i]);
}

char *strs_join(const struct strs *l, const char *sep)
{
    size_t len = 0, seplen = strlen(sep);
    char *s, *p;

    for (size_t i = 0; i < l->n; i++)
        len += strlen(l->v[i]) + (i ? seplen : 0);
    p = s = xmalloc(len + 1);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            p = mempcpy(p, sep, seplen);
        p = mempcpy(p, l->v[i], strlen(l->v[i]));
    }
    *p = '\0';
    return s;
}

void strs_split(struct strs *l, const char *s, char sep)
{
    const char *end;

    if (!*s)
        return;
    while ((end = strchr(s, sep))) {
        strs_add_own(l, xstrndup(s, (size_t)(end - s)));
        s = end + 1;
    }
    strs_add(l, s);
}

void strs_free(struct strs *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i]);
    free(l->v);
    *l = (struct strs){0};
}

void hex_encode(char *out, const uint8_t *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

int hex_decode(uint8_t *out, size_t max, const char *s, size_t len)
{
    if (len % 2 || len / 2 > max)
        return -1;
    for (size_t i = 0; i < len; i += 2) {
        int hi = ascii_hex(s[i]), lo = ascii_hex(s[i + 1]);

        if (hi < 0 || lo < 0)
            return -1;
        out[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    return (int)(len / 2);
}

void mem_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}
