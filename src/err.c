/* SPDX-License-Identifier: ISC */
#include "err.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

static const struct {
    int status;
    const char *code, *title;
} table[ERR__MAX] = {[ERR_NONE] = {200, "none", "No error"},
#define X(id, status, code, title) [ERR_##id] = {status, code, title},
                     ERR_TABLE(X)
#undef X
};

/* A detail quotes what was sent; it must not grow with it. */
enum { DETAIL_MAX = 600, ERRS_MAX = 256 };

const char *err_code(enum err e)
{
    return table[e].code;
}

const char *err_title(enum err e)
{
    return table[e].title;
}

int err_status(enum err e)
{
    return table[e].status;
}

char *err_escape(const char *text)
{
    const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
    struct buf b = {0};

    while (p < end && b.len <= DETAIL_MAX) {
        const uint8_t *at = p;
        uint32_t c = utf8_next(&p, end);

        if (c != UTF8_BAD && !utf8_is_control(c)) {
            buf_put(&b, at, (size_t)(p - at));
        } else {
            buf_printf(&b, "\\x%02x", *at);
            p = at + 1;
        }
    }
    if (p < end)
        buf_puts(&b, "...");
    return buf_take_str(&b);
}

static void add(struct errs *l, enum err e, const char *name, char *detail)
{
    struct err_item *i;

    if (l->n < ERRS_MAX) {
        l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
        i = &l->v[l->n++];
        i->code = e;
        i->name = name ? err_escape(name) : NULL;
        i->detail = err_escape(detail);
    }
    free(detail);
}

int err_add(struct errs *l, enum err e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(l, e, NULL, xvasprintf(fmt, ap));
    va_end(ap);
    return -1;
}

int err_add_name(struct errs *l, enum err e, const char *name, const char *fmt,
                 ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(l, e, name, xvasprintf(fmt, ap));
    va_end(ap);
    return -1;
}

const struct err_item *errs_first(const struct errs *l)
{
    const struct err_item *first = NULL;

    for (size_t i = 0; i < l->n; i++)
        if (!first || err_status(l->v[i].code) < err_status(first->code))
            first = &l->v[i];
    return first;
}

bool errs_full(const struct errs *l)
{
    return l->n >= ERRS_MAX;
}

static void item_free(struct err_item *i)
{
    free(i->detail);
    free(i->name);
}

void errs_free(struct errs *l)
{
    for (size_t i = 0; i < l->n; i++)
        item_free(&l->v[i]);
    free(l->v);
    *l = (struct errs){0};
}

void errs_move(struct errs *to, struct errs *from)
{
    to->v = xreallocarray(to->v, to->n + from->n, sizeof(*to->v));
    if (from->n)
        memcpy(to->v + to->n, from->v, from->n * sizeof(*from->v));
    to->n += from->n;
    free(from->v);
    *from = (struct errs){0};
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has(const struct errs *l, const struct err_item *i)
{
    for (size_t at = 0; at < l->n; at++)
        if (l->v[at].code == i->code && same_text(l->v[at].name, i->name) &&
            same_text(l->v[at].detail, i->detail))
            return true;
    return false;
}

void errs_merge(struct errs *to, struct errs *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (has(to, &from->v[i])) {
            item_free(&from->v[i]);
            continue;
        }
        to->v = xreallocarray(to->v, to->n + 1, sizeof(*to->v));
        to->v[to->n++] = from->v[i];
    }
    free(from->v);
    *from = (struct errs){0};
}

void errs_put(struct buf *b, const struct errs *l)
{
    buf_u16(b, (uint16_t)l->n);
    for (size_t i = 0; i < l->n; i++) {
        buf_u16(b, (uint16_t)l->v[i].code);
        buf_str(b, l->v[i].detail);
        buf_str(b, l->v[i].name);
    }
}

void errs_get(struct rd *r, struct errs *l)
{
    uint16_t n = rd_u16(r);

    for (unsigned i = 0; i < n && !r->failed; i++) {
        uint16_t code = rd_u16(r);
        AUTO(free) char *detail = rd_str(r);
        AUTO(free) char *name = rd_str_null(r);

        if (code == ERR_NONE || code >= ERR__MAX)
            r->failed = true;
        else
            add(l, (enum err)code, name, take_ptr(detail));
    }
}

int errs_exit_code(const struct errs *l)
{
    const struct err_item *first = errs_first(l);

    return first && err_status(first->code) == 503 ? 3 : 1;
}
