/* SPDX-License-Identifier: ISC */
/*
 * Policy: what a certificate of a profile may contain, and what a token
 * narrows.  Compiled once from the configuration; every reason is reported.
 */
#ifndef POCKETCA_PROFILE_H
#define POCKETCA_PROFILE_H

#include "cert.h"
#include "err.h"
#include "key.h"
#include "mem.h"
#include "name.h"
#include "pattern.h"

struct profile {
    char *name;
    char *authority;      /* who signs; NULL: the first authority */
    unsigned eku;         /* enum ext_key_usage; from usage */
    struct patterns names;
    bool wildcards;
    bool single_label;    /* "web" without a dot may be certified */
    struct key_rule *keys;
    size_t n_keys;
    int64_t lifetime, max_lifetime;
    unsigned max_names;   /* default 100 */
    bool renew, rekey;
};

struct profiles {
    struct profile *v;
    size_t n;
};

/* What a credential narrows; all empty: nothing. */
struct limits {
    struct strs profiles;  /* none: every profile */
    struct patterns names; /* none: every name */
    bool wildcards;        /* counts only when `limited` */
    bool limited;          /* false: no limits at all (an unlimited admin) */
};
void limits_free(struct limits *l);

/* What somebody wants certified. Pointers are borrowed. */
struct request {
    const struct names *names;
    const struct strs *odd_san; /* kinds of name never certified */
    const struct key_pub *key;
    unsigned power;             /* enum csr_power */
    const char *critical;       /* OIDs behind CSR_POWER_CRITICAL */
};

const struct profile *profiles_find(const struct profiles *l,
                                    const char *name);
/* The profile asked for, or the credential's first, or the first at all.
 * NULL with ERR_UNKNOWN_PROFILE (which lists those the caller may use) or
 * ERR_PROFILE_NOT_ALLOWED. */
const struct profile *profiles_choose(const struct profiles *l,
                                      const char *asked,
                                      const struct limits *lim,
                                      struct errs *e);
/* 0, or -1 with every reason why not, each about the value and the rule.  A
 * DNS name of one label needs single_label or a pattern that names it. */
int profile_judge(const struct profile *p, const struct limits *lim,
                  const struct request *r, struct errs *e);
/* The validity: notBefore is a minute before now, the length counts both
 * ends.  asked 0: the default, cut to the issuer's end.  Otherwise granted or
 * refused: ERR_LIFETIME_TOO_LONG, ERR_ISSUER_EXPIRES (names the longest), or
 * ERR_BAD_ARGUMENT when it would be over before it began. */
int profile_validity(const struct profile *p, int64_t asked, int64_t now,
                     int64_t issuer_not_after, int64_t *not_before,
                     int64_t *not_after, struct errs *e);
/* KeyUsage that fits the key's type and the profile's usage. */
unsigned profile_key_usage(const struct profile *p,
                           const struct key_pub *k);
/* True when the certificate's names and profile all fit the limits: what a
 * limited token sees.  Wildcards are a matter of issuing only. */
bool limits_cover(const struct limits *l, const char *profile,
                  const struct names *names);
void profile_free(struct profile *p);
void profiles_free(struct profiles *l);

#endif
