/* SPDX-License-Identifier: ISC */
/* For check_profile*.c: a profile and limits made of texts, and judgements as
 * texts. */
#ifndef POCKETCA_PROFILE_MADE_H
#define POCKETCA_PROFILE_MADE_H

#include <stdlib.h>

#include "csr.h"
#include "profile.h"
#include "tm.h"
#include "unit.h"
#include "x509.h"

/* A profile and limits made of texts, as configuration and tokens do. */
static inline void patterns_of(struct patterns *l, const char *text)
{
    AUTO(errs) struct errs e = {0};
    struct strs parts = {0};

    strs_split(&parts, text, ',');
    for (size_t i = 0; i < parts.n; i++) {
        struct pattern p;

        ck_assert_int_eq(pattern_parse(&p, parts.v[i], &e), 0);
        patterns_add(l, &p);
    }
    strs_free(&parts);
}

static inline struct profile profile_of(const char *name, const char *names)
{
    AUTO(errs) struct errs e = {0};
    struct profile p = {.name = xstrdup(name),
                        .eku = EKU_SERVER,
                        .lifetime = 90 * TM_DAY,
                        .max_lifetime = 397 * TM_DAY,
                        .max_names = 100,
                        .renew = true,
                        .n_keys = 2};

    patterns_of(&p.names, names);
    p.keys = xcalloc(2, sizeof(*p.keys));
    ck_assert_int_eq(key_rule_parse(&p.keys[0], "ec:P-256", &e), 0);
    ck_assert_int_eq(key_rule_parse(&p.keys[1], "rsa:2048-4096", &e), 0);
    return p;
}

/* The codes of a judgement, as "name-not-allowed:dns:a.b key-not-allowed". */
static inline char *codes(const struct profile *p, const struct limits *lim,
                          const struct request *r)
{
    AUTO(errs) struct errs e = {0};
    struct strs texts = {0};
    int refused = profile_judge(p, lim, r, NULL, &e);
    char *s;

    ck_assert_int_eq(refused, e.n ? -1 : 0);
    for (size_t i = 0; i < e.n; i++) {
        const char *name = e.v[i].name;

        strs_add_own(&texts, xasprintf("%s%s%s", err_code(e.v[i].code),
                                       name ? "=" : "", name ? name : ""));
        if (name)
            ck_assert_ptr_nonnull(strstr(e.v[i].detail, name));
    }
    s = strs_join(&texts, " ");
    strs_free(&texts);
    return s;
}

#endif
