/* SPDX-License-Identifier: ISC */
/* For check_profile_*.c: one profile, as the configuration has it. */
#ifndef POCKETCA_PROFILE_READ_H
#define POCKETCA_PROFILE_READ_H

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "oid.h"
#include "tm.h"
#include "unit.h"

static const char before[] =
    "data = \".\"\nhost = { \"ca.internal\" }\n"
    "public-url = \"http://ca.internal\"\n"
    "listen api { url = \"https://127.0.0.1:1\" }\n"
    "listen public { url = \"http://127.0.0.1:2\" }\n"
    "authority issuing { certificate = \"i.pem\" key = \"file:i.key\" }\n"
    "profile p {\n"; /* line 7; the rules are from line 8 on */

#define SERVER "usage = server\n"
#define NAMES "names = \"dns:**.internal\"\n"

static inline struct conf *read_conf(const char *rules, struct errs *e)
{
    AUTO(free) char *text = xasprintf("%s%s}\n", before, rules);

    return conf_parse("/c/x.conf", text, strlen(text), e);
}

static inline const struct profile *rules_of(struct conf *c)
{
    ck_assert_uint_eq(c->profiles.n, 1);
    return &c->profiles.v[0];
}

#endif
