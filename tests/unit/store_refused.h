/* SPDX-License-Identifier: ISC */
/* For check_store*.c: what is refused, and many certificates. */
#ifndef POCKETCA_STORE_REFUSED_H
#define POCKETCA_STORE_REFUSED_H

#include "merkle.h"
#include "unit.h"

#include "store_box.h"

/* The file is refused with a sentence that has these words. */
static inline void refused(const char *path, const char *words)
{
    AUTO(errs) struct errs e = {0};
    struct store *s = store_open(path, &e);

    ck_assert_msg(s == NULL, "opened; wanted: %s", words);
    ck_assert_uint_eq(e.n, 1);
    ck_assert_msg(strstr(e.v[0].detail, words) != NULL, "\"%s\", wanted \"%s\"",
                  e.v[0].detail, words);
    ck_assert_msg(strstr(e.v[0].detail, path) != NULL, "no path: %s",
                  e.v[0].detail);
}

static inline void add_many(struct box *b, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++) {
        AUTO(free) char *name = xasprintf("n%d.many.internal", (int)i);
        struct put p = {.leaf = i, .names = name};

        box_add(b, &p);
    }
}

struct seen {
    uint64_t leaf[16];
    struct revoked_row rows[16];
    size_t n;
};

static inline int see_revoked(void *arg, const struct revoked_row *r)
{
    struct seen *s = arg;

    s->rows[s->n] = *r;
    s->leaf[s->n++] = r->leaf;
    return 0;
}

static inline size_t revoked(struct box *b, struct seen *s, uint64_t snapshot,
                             int64_t ends_after)
{
    const struct revoked_page page = {.authority = "issuing",
                                      .snapshot = snapshot,
                                      .after = UINT64_MAX,
                                      .ends_after = ends_after,
                                      .max = 16};

    *s = (struct seen){0};
    ck_assert_int_eq(store_revoked(b->r, &page, see_revoked, s), STORE_OK);
    return s->n;
}

#endif
