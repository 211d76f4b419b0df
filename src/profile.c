/* SPDX-License-Identifier: ISC */
#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    strs_free(&p->usage);
    buf_free(&p->eku_other);
    patterns_free(&p->names);
    patterns_free(&p->deny);
    free(p->names_line);
    free(p->keys);
    subject_free(&p->fixed);
    strs_free(&p->policies);
    strs_free(&p->extensions);
    buf_free(&p->extra);
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

bool limits_have(const struct limits *lim, const char *profile)
{
    return !lim->limited || lim->profiles.n == 0 ||
           strs_has(&lim->profiles, profile);
}

/* "server, client": what the caller may use; to be freed. */
static char *usable(const struct profiles *l, const struct limits *lim)
{
    AUTO(strs) struct strs names = {0};

    for (size_t i = 0; i < l->n; i++)
        if (limits_have(lim, l->v[i].name))
            strs_add(&names, l->v[i].name);
    return names.n ? strs_join(&names, ", ") : xstrdup("none");
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
    AUTO(free) char *text = NULL;
    const struct profile *p;

    if (!asked) {
        p = profile_default(l, lim);
        if (!p)
            err_add(e, ERR_UNKNOWN_PROFILE,
                    "there is no profile left that you may use");
        return p;
    }
    p = profiles_find(l, asked);
    if (p && limits_have(lim, asked))
        return p;
    text = usable(l, lim);
    if (p)
        err_add(e, ERR_PROFILE_NOT_ALLOWED,
                "the token does not allow profile \"%s\"; it allows: %s", asked,
                text);
    else
        err_add(e, ERR_UNKNOWN_PROFILE,
                "there is no profile \"%.100s\"; you may use: %s", asked, text);
    return NULL;
}

/* In hours where it is long, so that it can be asked for a minute later. */
static int issuer_expires(const struct profile *p, int64_t longest, int64_t now,
                          int64_t issuer_not_after, struct errs *e)
{
    char span[32], end[TM_RFC3339_SIZE], least[32];

    tm_rfc3339(end, issuer_not_after);
    if (issuer_not_after < now)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the issuing certificate ended at %s: no lifetime is "
                       "possible",
                       end);
    if (longest <= 0)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the issuing certificate ends at %s, before not_before: "
                       "no lifetime is possible",
                       end);
    if (longest < p->min_lifetime) {
        tm_print_span(least, sizeof(least), p->min_lifetime);
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the issuing certificate ends at %s, before the %s that "
                       "profile \"%s\" asks for at least: no lifetime is "
                       "possible",
                       end, least, p->name);
    }
    if (longest >= 2 * TM_HOUR)
        longest -= longest % TM_HOUR;
    tm_print_span(span, sizeof(span), longest);
    return err_add(e, ERR_ISSUER_EXPIRES,
                   "the issuing certificate ends at %s; the longest lifetime "
                   "possible is %s",
                   end, span);
}

static int judge_lifetime(const struct profile *p, int64_t asked,
                          struct errs *e)
{
    char span[32], limit[32];

    tm_print_span(span, sizeof(span), asked);
    if (asked > p->max_lifetime) {
        tm_print_span(limit, sizeof(limit), p->max_lifetime);
        return err_add(e, ERR_LIFETIME_TOO_LONG,
                       "a lifetime of %s is longer than the %s that profile "
                       "\"%s\" allows",
                       span, limit, p->name);
    }
    if (asked && asked < p->min_lifetime) {
        tm_print_span(limit, sizeof(limit), p->min_lifetime);
        return err_add(e, ERR_LIFETIME_TOO_SHORT,
                       "a lifetime of %s is shorter than the %s that profile "
                       "\"%s\" asks for at least",
                       span, limit, p->name);
    }
    return 0;
}

/* A notBefore that a request chose lies between now, as it would be without,
 * and the profile's bound. */
static int judge_not_before(const struct profile *p, int64_t asked, int64_t now,
                            struct errs *e)
{
    char when[TM_RFC3339_SIZE], first[TM_RFC3339_SIZE], last[TM_RFC3339_SIZE];

    if (!asked)
        return 0;
    tm_rfc3339(when, asked);
    if (!p->not_before)
        return err_add(e, ERR_NOT_BEFORE_NOT_ALLOWED,
                       "not_before: profile \"%s\" does not let a request "
                       "choose when a certificate begins",
                       p->name);
    if (asked >= now - BACKDATE && asked <= now + p->not_before)
        return 0;
    tm_rfc3339(first, now - BACKDATE);
    tm_rfc3339(last, now + p->not_before);
    return err_add(e, ERR_NOT_BEFORE_NOT_ALLOWED,
                   "not_before: %s is not between %s and %s, which profile "
                   "\"%s\" allows",
                   when, first, last, p->name);
}

/* Of a lifetime that was asked for; the least default is longer. */
static int is_over(const struct span *asked, int64_t begin, struct errs *e)
{
    char from[TM_RFC3339_SIZE];

    tm_rfc3339(from, begin);
    return err_add(e, ERR_BAD_ARGUMENT,
                   "a lifetime of %" PRId64 "s is over when it begins: it "
                   "counts from %s",
                   asked->lifetime, asked->not_before ? from : "a minute ago");
}

int profile_validity(const struct profile *p, const struct span *asked,
                     int64_t now, int64_t issuer_not_after, int64_t *not_before,
                     int64_t *not_after, struct errs *e)
{
    int64_t begin = asked->not_before ? asked->not_before : now - BACKDATE;
    int64_t longest = issuer_not_after - begin + 1;
    int64_t span = asked->lifetime ? asked->lifetime : p->lifetime;
    int bad;

    bad = judge_not_before(p, asked->not_before, now, e);
    if (!bad && asked->lifetime && asked->lifetime <= now - begin)
        return is_over(asked, begin, e);
    bad |= judge_lifetime(p, asked->lifetime, e);
    if (issuer_not_after < now || longest <= 0 || longest < p->min_lifetime ||
        (asked->lifetime && span > longest))
        bad = issuer_expires(p, longest, now, issuer_not_after, e);
    if (bad)
        return -1;
    *not_before = begin;
    *not_after = begin + (span < longest ? span : longest) - 1;
    return 0;
}

/* RSA keys of TLS servers still meet RSA key exchange (RFC 5246); mail is
 * encrypted to an RSA key, or agreed upon with one on a curve (RFC 8551). */
unsigned profile_key_usage(const struct profile *p, const struct key_pub *k)
{
    unsigned ku = KU_DIGITAL_SIGNATURE;

    if (p->ca)
        return KU_CERT_SIGN | KU_CRL_SIGN;
    if (k->type == KEY_RSA && p->eku & (EKU_SERVER | EKU_EMAIL))
        ku |= KU_KEY_ENCIPHERMENT;
    if (k->type == KEY_EC && p->eku & EKU_EMAIL)
        ku |= KU_KEY_AGREEMENT;
    return ku;
}

void profile_spec(const struct profile *p, const struct taken *t,
                  const struct key_pub *k, struct cert_spec *spec)
{
    spec->subject = &t->subject;
    spec->names = &t->names;
    spec->spki = k->spki;
    spec->spki_len = k->spki_len;
    spec->ca = p->ca;
    spec->path_len = p->ca ? (int)p->path_len : -1;
    spec->ku = profile_key_usage(p, k);
    spec->eku = p->eku;
    spec->eku_other = &p->eku_other;
    spec->extra = &p->extra;
    if (!p->cdp)
        spec->crl_url = NULL;
    if (!p->aia)
        spec->issuer_url = spec->ocsp_url = NULL;
}

bool limits_cover(const struct limits *l, const char *profile,
                  const struct names *names)
{
    if (!limits_have(l, profile))
        return false;
    if (!l->limited || l->names.n == 0)
        return true;
    for (size_t i = 0; i < names->n; i++)
        if (!patterns_match(&l->names, &names->v[i]))
            return false;
    return names->n > 0;
}
