/* SPDX-License-Identifier: ISC */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
}

void buf_wipe(struct buf *b)
{
    if (b->data)
        mem_wipe(b->data, b->cap);
    buf_free(b);
}

static void grow(struct buf *b, size_t more)
{
    size_t cap = b->cap ? 2 * b->cap : 256;

    if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
        abort();
    if (cap < b->len + more)
        cap = b->len + more;
    b->data = xreallocarray(b->data, cap, 1);
    b->cap = cap;
}

void buf_reserve(struct buf *b, size_t len)
{
    if (len > b->cap - b->len)
        grow(b, len);
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
    buf_reserve(b, len);
    b->len += len;
    return b->data + b->len - len;
}

uint8_t *buf_insert(struct buf *b, size_t at, size_t len)
{
    buf_reserve(b, len);
    memmove(b->data + at + len, b->data + at, b->len - at);
    b->len += len;
    return b->data + at;
}

void buf_put(struct buf *b, const void *p, size_t len)
{
    if (len)
        memcpy(buf_extend(b, len), p, len);
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, uint8_t c)
{
    *buf_extend(b, 1) = c;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int len;

    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0)
        abort();
    buf_reserve(b, (size_t)len + 1);
    vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, again);
    va_end(again);
    b->len += (size_t)len;
}

char *buf_take_str(struct buf *b)
{
    char *s;

    buf_putc(b, 0);
    s = (char *)b->data;
    *b = (struct buf){0};
    return s;
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_putc(b, v);
}

static void buf_be(struct buf *b, uint64_t v, size_t len)
{
    uint8_t *p = buf_extend(b, len);

    while (len--) {
        p[len] = (uint8_t)v;
        v >>= 8;
    }
}

void buf_u16(struct buf *b, uint16_t v)
{
    buf_be(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
    buf_be(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
    buf_be(b, v, 8);
}

void buf_i64(struct buf *b, int64_t v)
{
    buf_be(b, (uint64_t)v, 8);
}

void buf_blob(struct buf *b, const void *p, size_t len)
{
    if (len > UINT32_MAX)
        abort();
    buf_u32(b, (uint32_t)len);
    buf_put(b, p, len);
}

void buf_str(struct buf *b, const char *s)
{
    buf_blob(b, s, s ? strlen(s) : 0);
}

struct rd rd_of(const void *p, size_t len)
{
    return (struct rd){.p = p, .n = len};
}

static const uint8_t *rd_take(struct rd *r, size_t len)
{
    const uint8_t *p = r->p;

    if (r->failed || len > r->n) {
        r->failed = true;
        return NULL;
    }
    r->p += len;
    r->n -= len;
    return p;
}

static uint64_t rd_be(struct rd *r, size_t len)
{
    const uint8_t *p = rd_take(r, len);
    uint64_t v = 0;

    for (size_t i = 0; p && i < len; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t rd_u8(struct rd *r)
{
    return (uint8_t)rd_be(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
    return (uint16_t)rd_be(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
    return (uint32_t)rd_be(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
    return rd_be(r, 8);
}

int64_t rd_i64(struct rd *r)
{
    return (int64_t)rd_be(r, 8);
}

const uint8_t *rd_blob(struct rd *r, size_t *len)
{
    uint32_t n = rd_u32(r);
    const uint8_t *p = rd_take(r, n);

    *len = p ? n : 0;
    return p ? p : (const uint8_t *)"";
}

void rd_bytes(struct rd *r, void *out, size_t len)
{
    const uint8_t *p = rd_take(r, len);

    if (p)
        memcpy(out, p, len);
    else
        memset(out, 0, len);
}

static const char *rd_text(struct rd *r, size_t *len)
{
    const uint8_t *p = rd_blob(r, len);

    if (memchr(p, 0, *len)) {
        r->failed = true;
        *len = 0;
    }
    return (const char *)p;
}

char *rd_str(struct rd *r)
{
    size_t len;
    const char *p = rd_text(r, &len);

    return xstrndup(p, len);
}

char *rd_str_null(struct rd *r)
{
    size_t len;
    const char *p = rd_text(r, &len);

    return len ? xstrndup(p, len) : NULL;
}

bool rd_done(const struct rd *r)
{
    return !r->failed && r->n == 0;
}
