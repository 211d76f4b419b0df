/* SPDX-License-Identifier: ISC */
/* For check_signer_*.c: a token with limits. */
#ifndef POCKETCA_SIGNER_NARROW_H
#define POCKETCA_SIGNER_NARROW_H

#include "ca.h"

#include "unit.h"

/* A token with one pattern and these roles. */
static inline struct caller narrow(struct ca *c, const struct caller *admin,
                                   const char *label, unsigned roles,
                                   const char *pattern, bool wildcards)
{
    struct token t = {.label = (char *)(uintptr_t)label,
                      .roles = roles,
                      .wildcards = wildcards};
    struct caller out = {0};

    if (pattern)
        strs_add(&t.names, pattern);
    ck_assert_int_eq(ca_token(c, admin, &t, &out), ERR_NONE);
    strs_free(&t.names);
    return out;
}

#endif
