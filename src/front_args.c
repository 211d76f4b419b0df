/* SPDX-License-Identifier: ISC */
#include "front_args.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "mem.h"
#include "utf8.h"

enum { ARGS_MAX = 64 };

void front_args_free(struct front_args *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->v[i].key);
        free(a->v[i].value);
    }
    free(a->v);
    *a = (struct front_args){0};
}

static bool is_text(const struct buf *b)
{
    const uint8_t *p = b->data, *end = p + b->len;

    while (p < end) {
        uint32_t c = utf8_next(&p, end);

        if (c == UTF8_BAD || utf8_is_control(c))
            return false;
    }
    return true;
}

/* %41 and +; NULL when the encoding is wrong or the text is none. */
static char *decode(const char *s, size_t len)
{
    AUTO(buf) struct buf b = {0};

    buf_extend(&b, 0);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)s[i];

        if (c == '%') {
            if (len - i < 3 || hex_decode(&c, 1, s + i + 1, 2) != 1)
                return NULL;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        buf_putc(&b, c);
    }
    return is_text(&b) ? buf_take_str(&b) : NULL;
}

static int add(struct front_args *a, const char *s, size_t len, struct errs *e)
{
    const char *eq = memchr(s, '=', len);
    char *key, *value;

    if (!eq)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "argument %zu has no \"=\": key=value is wanted",
                       a->n + 1);
    key = decode(s, (size_t)(eq - s));
    value = decode(eq + 1, len - (size_t)(eq + 1 - s));
    a->v = xreallocarray(a->v, a->n + 1, sizeof(*a->v));
    a->v[a->n++] = (struct front_arg){key, value};
    if (!key || !value)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "argument %zu is not percent-encoded UTF-8 without "
                       "control characters",
                       a->n);
    for (size_t i = 0; i + 1 < a->n; i++)
        if (strcmp(a->v[i].key, key) == 0)
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%.64s is given twice, as argument %zu and %zu", key,
                           i + 1, a->n);
    return 0;
}

int front_args_parse(struct front_args *out, const char *text, size_t len,
                     struct errs *e)
{
    const char *end = text + len;
    int rc = 0;

    for (const char *s = text; len && s <= end && rc == 0;) {
        const char *amp = memchr(s, '&', (size_t)(end - s));

        if (out->n == ARGS_MAX)
            rc = err_add(e, ERR_BAD_ARGUMENT, "over %d arguments", ARGS_MAX);
        else
            rc = add(out, s, (size_t)((amp ? amp : end) - s), e);
        s = amp ? amp + 1 : end + 1;
    }
    if (rc != 0)
        front_args_free(out);
    return rc;
}

const char *front_args_get(const struct front_args *a, const char *key)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i].key, key) == 0)
            return a->v[i].value;
    return NULL;
}

int front_args_bool(const struct front_args *a, const char *key, int *out,
                    struct errs *e)
{
    const char *value = front_args_get(a, key);
    bool yes = value && strcmp(value, "true") == 0;

    if (!value)
        return 0;
    if (!yes && strcmp(value, "false") != 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s=%.64s: true or false is wanted",
                       key, value);
    *out = yes;
    return 0;
}

static bool is_one_of(const char *s, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(s, *names) == 0)
            return true;
    return false;
}

/* "a, b, c", or "none"; the caller frees. */
static char *listed(const char *const *names)
{
    struct buf b = {0};

    for (size_t i = 0; names[i]; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", names[i]);
    if (!b.len)
        buf_puts(&b, "none");
    return buf_take_str(&b);
}

int front_args_only(const struct front_args *a, const char *const *names,
                    struct errs *e)
{
    int rc = 0;

    for (size_t i = 0; i < a->n; i++) {
        AUTO(free) char *all = NULL;

        if (is_one_of(a->v[i].key, names))
            continue;
        all = listed(names);
        rc = err_add(e, ERR_BAD_ARGUMENT,
                     "%.64s: there is no such argument; there is: %s",
                     a->v[i].key, all);
    }
    return rc;
}
