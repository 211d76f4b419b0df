/* SPDX-License-Identifier: ISC */
/* Open addressing; at most half of the places are taken. */
#include "leafset.h"

#include <stdlib.h>

#include "mem.h"

enum { CAP_MIN = 16 };

void leafset_free(struct leafset *s)
{
    free(s->v);
    *s = (struct leafset){0};
}

/* Leaves are counted up: the multiplication spreads them. */
static size_t place_of(const struct leafset *s, uint64_t leaf)
{
    size_t at = (size_t)((leaf * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

    for (at &= s->cap - 1; s->v[at] && s->v[at] != leaf + 1;)
        at = (at + 1) & (s->cap - 1);
    return at;
}

bool leafset_has(const struct leafset *s, uint64_t leaf)
{
    return s->n && s->v[place_of(s, leaf)];
}

static void grow(struct leafset *s)
{
    struct leafset more = {.n = s->n, .cap = s->cap ? 2 * s->cap : CAP_MIN};

    more.v = xcalloc(more.cap, sizeof(*more.v));
    for (size_t i = 0; i < s->cap; i++)
        if (s->v[i])
            more.v[place_of(&more, s->v[i] - 1)] = s->v[i];
    leafset_free(s);
    *s = more;
}

bool leafset_add(struct leafset *s, uint64_t leaf)
{
    if (2 * s->n >= s->cap)
        grow(s);
    if (leafset_has(s, leaf))
        return false;
    s->v[place_of(s, leaf)] = leaf + 1;
    s->n++;
    return true;
}
