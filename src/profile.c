/* SPDX-License-Identifier: ISC */
#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csr.h"
#include "tm.h"

/* notBefore is this much before now, for clocks that are late. */
enum { BACKDATE = 60 };

void limits_free(struct limits *l)
{
    strs_free(&l->profiles);
    patterns_free(&l->names);
    *l = (struct limits){0};
}

void profile_free(struct profile *p)
{
    free(p->name);
    free(p->authority);
    patterns_free(&p->names);
    free(p->keys);
    *p = (struct profile){0};
}

void profiles_free(struct profiles *l)
{
    for (size_t i = 0; i < l->n; i++)
        profile_free(&l->v[i]);
    free(l->v);
    *l = (struct profiles){0};
}

const struct profile *profiles_find(const struct profiles *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].name, name) == 0)
            return &l->v[i];
    return NULL;
}

static bool may_use(const struct limits *lim, const char *profile)
{
    return !lim->limited || lim->profiles.n == 0 ||
           strs_has(&lim->profiles, profile);
}

/* "server, client": what the caller may use; to be freed. */
static char *usable(const struct profiles *l, const struct limits *lim)
{
    struct strs names = {0};
    char *text;

    for (size_t i = 0; i < l->n; i++)
        if (may_use(lim, l->v[i].name))
            strs_add(&names, l->v[i].name);
    text = strs_join(&names, ", ");
    strs_free(&names);
    if (*text)
        return text;
    free(text);
    return xstrdup("none");
}

/* The credential's first that there is, or the first at all. */
static const struct profile *profile_default(const struct profiles *l,
                                             const struct limits *lim)
{
    if (!lim->limited || lim->profiles.n == 0)
        return l->n ? &l->v[0] : NULL;
    for (size_t i = 0; i < lim->profiles.n; i++) {
        const struct profile *p = profiles_find(l, lim->profiles.v[i]);

        if (p)
            return p;
    }
    return NULL;
}

const struct profile *profiles_choose(const struct profiles *l,
                                      const char *asked,
                                      const struct limits *lim, struct errs *e)
{
    AUTO(free) char *text = usable(l, lim);
    const struct profile *p;

    if (!asked) {
        p = profile_default(l, lim);
        if (!p)
            err_add(e, ERR_UNKNOWN_PROFILE,
                    "there is no profile left that you may use");
        return p;
    }
    p = profiles_find(l, asked);
    if (!p) {
        err_add(e, ERR_UNKNOWN_PROFILE,
                "there is no profile \"%.100s\"; you may use: %s", asked, text);
        return NULL;
    }
    if (may_use(lim, asked))
        return p;
    err_add(e, ERR_PROFILE_NOT_ALLOWED,
            "the token does not allow profile \"%s\"; it allows: %s", asked,
            text);
    return NULL;
}

/* One judgement: the rules as texts are made once, not for each name. */
struct judge {
    const struct profile *p;
    const struct limits *lim;
    struct errs *e;
    char *allowed;  /* the profile's patterns */
    char *in_token; /* the token's */
};

static bool is_single_label(const struct name *n)
{
    return n->kind == NAME_DNS && !strchr(n->value, '.');
}

static bool listed(const struct patterns *l, const struct name *n)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].how == PATTERN_EXACT && pattern_match(&l->v[i], n))
            return true;
    return false;
}

static void judge_by_profile(const struct judge *j, const struct name *n,
                             const char *text)
{
    const struct profile *p = j->p;

    if (!patterns_has_kind(&p->names, n->kind))
        err_add_name(j->e, ERR_NAME_TYPE_NOT_ALLOWED, text,
                     "\"%s\" is of a type that profile \"%s\" does not "
                     "allow; it allows: %s",
                     text, p->name, j->allowed);
    else if (!patterns_match(&p->names, n))
        err_add_name(j->e, ERR_NAME_NOT_ALLOWED, text,
                     "\"%s\" is not among the names that profile \"%s\" "
                     "allows: %s",
                     text, p->name, j->allowed);
    else if (is_single_label(n) && !p->single_label && !listed(&p->names, n))
        err_add_name(j->e, ERR_NAME_NOT_ALLOWED, text,
                     "\"%s\" is a single label, which profile \"%s\" allows "
                     "only where it lists it",
                     text, p->name);
    if (n->wildcard && !p->wildcards)
        err_add_name(j->e, ERR_WILDCARD_NOT_ALLOWED, text,
                     "\"%s\" is a wildcard, which profile \"%s\" does not "
                     "allow",
                     text, p->name);
}

static void judge_by_token(const struct judge *j, const struct name *n,
                           const char *text)
{
    if (!j->lim->limited)
        return;
    if (j->lim->names.n && !patterns_match(&j->lim->names, n))
        err_add_name(j->e, ERR_NAME_NOT_IN_TOKEN, text,
                     "\"%s\" is not among the names that the token allows: "
                     "%s",
                     text, j->in_token);
    if (n->wildcard && !j->lim->wildcards)
        err_add_name(j->e, ERR_WILDCARD_NOT_ALLOWED, text,
                     "\"%s\" is a wildcard, which the token does not allow",
                     text);
}

static void judge_names(const struct judge *j, const struct request *r)
{
    if (r->names->n == 0)
        err_add(j->e, ERR_NO_NAMES,
                "the request has no names; give them in the CSR or as "
                "?names=web.internal");
    if (r->names->n > j->p->max_names)
        err_add(j->e, ERR_TOO_MANY_NAMES,
                "%zu names are more than the %u that profile \"%s\" allows",
                r->names->n, j->p->max_names, j->p->name);
    for (size_t i = 0; i < r->names->n; i++) {
        AUTO(free) char *text = name_text(&r->names->v[i]);

        judge_by_profile(j, &r->names->v[i], text);
        judge_by_token(j, &r->names->v[i], text);
    }
    for (size_t i = 0; r->odd_san && i < r->odd_san->n; i++)
        err_add(j->e, ERR_NAME_TYPE_NOT_ALLOWED,
                "a name of type %s is asked for, which is never certified",
                r->odd_san->v[i]);
}

static void key_rule_text(const struct key_rule *r, char *out, size_t size)
{
    struct key_pub k = {.type = r->type, .curve = r->curve, .bits = r->min};

    key_pub_spec(&k, out, size);
    if (r->type == KEY_RSA && r->max > r->min)
        snprintf(out + strlen(out), size - strlen(out), "-%d", r->max);
}

static void judge_key(const struct judge *j, const struct key_pub *k)
{
    const struct profile *p = j->p;
    struct strs rules = {0};
    AUTO(free) char *text = NULL;
    char one[64];

    for (size_t i = 0; i < p->n_keys; i++)
        if (key_rule_match(&p->keys[i], k))
            return;
    for (size_t i = 0; i < p->n_keys; i++) {
        key_rule_text(&p->keys[i], one, sizeof(one));
        strs_add(&rules, one);
    }
    text = strs_join(&rules, ", ");
    strs_free(&rules);
    key_pub_spec(k, one, sizeof(one));
    err_add(j->e, ERR_KEY_NOT_ALLOWED,
            "the key is %s; profile \"%s\" allows: %s", one, p->name, text);
}

/* What a CSR asks beyond names is granted by the profile or refused. */
static void judge_power(const struct judge *j, const struct request *r)
{
    unsigned granted = j->p->eku & EKU_OCSP ? CSR_POWER_OCSP : 0;

    for (unsigned bit = CSR_POWER_CA; bit <= CSR_POWER_CRITICAL; bit <<= 1)
        if (bit == CSR_POWER_CRITICAL && r->power & bit)
            err_add(j->e, ERR_EXTENSION_NOT_ALLOWED,
                    "the CSR asks for an unknown critical extension (%s)",
                    r->critical ? r->critical : "unnamed");
        else if (r->power & ~granted & bit)
            err_add(j->e, ERR_EXTENSION_NOT_ALLOWED,
                    "the CSR asks for %s, which profile \"%s\" does not "
                    "grant",
                    csr_power_text((enum csr_power)bit), j->p->name);
}

int profile_judge(const struct profile *p, const struct limits *lim,
                  const struct request *r, struct errs *e)
{
    AUTO(free) char *allowed = patterns_text(&p->names);
    AUTO(free) char *in_token = patterns_text(&lim->names);
    AUTO(errs) struct errs found = {0};
    const struct judge j = {p, lim, &found, allowed, in_token};

    if (!may_use(lim, p->name))
        err_add(&found, ERR_PROFILE_NOT_ALLOWED,
                "the token does not allow profile \"%s\"", p->name);
    judge_names(&j, r);
    judge_key(&j, r->key);
    judge_power(&j, r);
    if (found.n == 0)
        return 0;
    errs_move(e, &found);
    return -1;
}

/* In hours where it is long, so that it can be asked for a minute later. */
static int issuer_expires(struct errs *e, int64_t longest,
                          int64_t issuer_not_after)
{
    char span[32], end[TM_RFC3339_SIZE];

    tm_rfc3339(end, issuer_not_after);
    if (longest <= BACKDATE)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the issuing certificate ended at %s: no lifetime is "
                       "possible",
                       end);
    if (longest >= 2 * TM_HOUR)
        longest -= longest % TM_HOUR;
    tm_print_span(span, sizeof(span), longest);
    return err_add(e, ERR_ISSUER_EXPIRES,
                   "the issuing certificate ends at %s; the longest lifetime "
                   "possible is %s",
                   end, span);
}

static int too_long(struct errs *e, const struct profile *p, int64_t asked)
{
    char span[32], max[32];

    tm_print_span(span, sizeof(span), asked);
    tm_print_span(max, sizeof(max), p->max_lifetime);
    return err_add(e, ERR_LIFETIME_TOO_LONG,
                   "a lifetime of %s is longer than the %s that profile "
                   "\"%s\" allows",
                   span, max, p->name);
}

int profile_validity(const struct profile *p, int64_t asked, int64_t now,
                     int64_t issuer_not_after, int64_t *not_before,
                     int64_t *not_after, struct errs *e)
{
    int64_t begin = now - BACKDATE, longest = issuer_not_after - begin + 1;
    int64_t span = asked ? asked : p->lifetime;
    int bad = 0;

    if (asked && asked <= BACKDATE)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "a lifetime of %" PRId64 "s is over when it begins: it "
                       "counts from a minute ago",
                       asked);
    if (asked > p->max_lifetime)
        bad = too_long(e, p, asked);
    if (longest <= BACKDATE || (asked && asked > longest))
        bad = issuer_expires(e, longest, issuer_not_after);
    if (bad)
        return -1;
    *not_before = begin;
    *not_after = begin + (span < longest ? span : longest) - 1;
    return 0;
}

/* RSA keys of TLS servers still meet RSA key exchange (RFC 5246). */
unsigned profile_key_usage(const struct profile *p, const struct key_pub *k)
{
    unsigned ku = KU_DIGITAL_SIGNATURE;

    if (k->type == KEY_RSA && p->eku & EKU_SERVER)
        ku |= KU_KEY_ENCIPHERMENT;
    return ku;
}

bool limits_cover(const struct limits *l, const char *profile,
                  const struct names *names)
{
    if (!may_use(l, profile))
        return false;
    if (!l->limited || l->names.n == 0)
        return true;
    for (size_t i = 0; i < names->n; i++)
        if (!patterns_match(&l->names, &names->v[i]))
            return false;
    return names->n > 0;
}
