/* SPDX-License-Identifier: ISC */
#include "name.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Lists up to here are searched from end to end. */
enum { SHORT_LIST = 16 };

/* FNV-1a, begun with the index's address: nobody can prepare names that all
 * fall together. */
static uint32_t hash(const struct names *l, const struct name *n)
{
    uint32_t h = UINT32_C(2166136261) ^ (uint32_t)((uintptr_t)l->slots >> 4);

    h = (h ^ (uint32_t)n->kind) * UINT32_C(16777619);
    for (const char *p = n->value; *p; p++)
        h = (h ^ (uint8_t)*p) * UINT32_C(16777619);
    return h ^ h >> 15;
}

/* Slots hold the place in the list, counted from 1. */
static uint32_t *slot_of(const struct names *l, const struct name *n)
{
    size_t mask = l->n_slots - 1, i = hash(l, n) & mask;

    while (l->slots[i] && !name_equal(&l->v[l->slots[i] - 1], n))
        i = (i + 1) & mask;
    return &l->slots[i];
}

static void index_update(struct names *l)
{
    if (l->n * 2 >= l->n_slots) {
        free(l->slots);
        l->n_slots = l->n_slots ? l->n_slots * 2 : SHORT_LIST * 8;
        while (l->n * 2 >= l->n_slots)
            l->n_slots *= 2;
        l->slots = xcalloc(l->n_slots, sizeof(*l->slots));
        l->indexed = 0;
    }
    for (; l->indexed < l->n; l->indexed++)
        *slot_of(l, &l->v[l->indexed]) = (uint32_t)(l->indexed + 1);
}

bool names_has(const struct names *l, const struct name *n)
{
    if (l->slots && l->indexed == l->n)
        return *slot_of(l, n) != 0;
    for (size_t i = 0; i < l->n; i++)
        if (name_equal(&l->v[i], n))
            return true;
    return false;
}

void names_add(struct names *l, struct name *n)
{
    if (names_has(l, n)) {
        name_free(n);
        return;
    }
    if (l->n >= l->cap) {
        l->cap = l->n ? l->n * 2 : 4;
        l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
    }
    l->v[l->n++] = *n;
    *n = (struct name){0};
    if (l->n > SHORT_LIST)
        index_update(l);
}

void names_copy(struct names *to, const struct names *from)
{
    for (size_t i = 0; i < from->n; i++) {
        struct name n;

        name_copy(&n, &from->v[i]);
        names_add(to, &n);
    }
}

void names_free(struct names *l)
{
    for (size_t i = 0; i < l->n; i++)
        name_free(&l->v[i]);
    free(l->v);
    free(l->slots);
    *l = (struct names){0};
}

int names_parse(struct names *l, const char *text, struct errs *e)
{
    AUTO(names) struct names found = {0};
    const char *blanks = " \t\r\n";
    int result = 0;

    for (const char *end;; text = end + 1) {
        struct name n;
        size_t len;

        text += strspn(text, blanks);
        end = strchrnul(text, ',');
        for (len = (size_t)(end - text); len; len--)
            if (!strchr(blanks, text[len - 1]))
                break;
        if (name_parse(&n, text, len, e))
            result = -1;
        else
            names_add(&found, &n);
        if (!*end)
            break;
    }
    if (result == 0)
        names_copy(l, &found);
    return result;
}

void names_of_cn(struct names *out, const char *cn, const struct names *san)
{
    AUTO(errs) struct errs e = {0};
    AUTO(name) struct name n = {0};

    if (name_parse(&n, cn, strlen(cn), &e) == 0) {
        if (names_has(san, &n))
            return;
        names_add(out, &n);
    }
    if (name_of_cn(&n, cn))
        names_add(out, &n);
}

void names_put(struct buf *b, const struct names *l)
{
    buf_u32(b, (uint32_t)l->n);
    for (size_t i = 0; i < l->n; i++) {
        buf_u8(b, (uint8_t)l->v[i].kind);
        buf_str(b, l->v[i].value);
    }
}

void names_get(struct rd *r, struct names *l)
{
    uint32_t n = rd_u32(r);

    for (uint32_t i = 0; i < n && !r->failed; i++) {
        uint8_t kind = rd_u8(r);
        size_t len;
        const char *value = (const char *)rd_blob(r, &len);
        AUTO(errs) struct errs e = {0};
        struct name name;

        if (kind == NAME_STOP || kind >= NAME_CN ||
            name_parse_kind(&name, (enum name_kind)kind, value, len, &e))
            r->failed = true;
        else
            names_add(l, &name);
    }
}
