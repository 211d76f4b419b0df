/* SPDX-License-Identifier: ISC */
/* The subjects that a profile makes, and the directory names of name
 * constraints (RFC 5280 section 4.2.1.10), which bind all but empty ones. */
#include <string.h>

#include "profile.h"

/* What is known of a field before there is a request. */
enum presence { ABSENT = 0, OPEN, FIXED };

static enum presence presence(const struct profile *p, enum subject_field f)
{
    if (p->fixed.v[f])
        return FIXED;
    if (p->taken & 1U << f)
        return OPEN;
    /* the first DNS name */
    return f == SUBJECT_CN && !p->no_cn && !p->ca &&
                   patterns_has_kind(&p->names, NAME_DNS)
               ? OPEN
               : ABSENT;
}

/* The first field of that kind, or SUBJECT__MAX. */
static enum subject_field first(const struct profile *p, enum presence wanted)
{
    int f = 0;

    while (f < SUBJECT__MAX && presence(p, (enum subject_field)f) != wanted)
        f++;
    return (enum subject_field)f;
}

static bool makes_subjects(const struct profile *p)
{
    return first(p, FIXED) != SUBJECT__MAX || first(p, OPEN) != SUBJECT__MAX;
}

/* Whether the profile certifies the name at all. */
static bool allows(const struct profile *p, const struct name *n)
{
    return profile_has_name(p, n) && !patterns_match(&p->deny, n) &&
           (!n->wildcard || p->wildcards);
}

static bool is_ascii(const char *text)
{
    while (*text && !(*text & 0x80))
        text++;
    return !*text;
}

/* A common name that is a name, or, where one is taken, one of its own kind;
 * beyond ASCII a pattern does not say what is equal. */
static bool cn_may_be(const struct profile *p, const char *text)
{
    const bool taken = p->taken & 1U << SUBJECT_CN;
    AUTO(errs) struct errs none = {0};
    AUTO(name) struct name cn = {0};
    AUTO(name) struct name n = {0};

    if (taken && !is_ascii(text))
        return true;
    if (name_of_cn(&cn, text)) {
        if (patterns_match(&p->deny, &cn))
            return false;
        if (taken && patterns_match(&p->names, &cn))
            return true;
    }
    return name_parse(&n, text, strlen(text), &none) == 0 &&
           (taken || n.kind == NAME_DNS) && allows(p, &n);
}

/* The leading fields that are known are within it, so whatever follows is. */
static bool all_within(const struct profile *p, const struct der_tlv *base)
{
    const enum subject_field end = first(p, OPEN);
    struct subject lead = {0}; /* borrows */
    AUTO(buf) struct buf name = {0};

    for (int f = 0; f < (int)end; f++)
        lead.v[f] = p->fixed.v[f];
    subject_write(&name, &lead);
    return cert_dn_within(name.data, name.len, base, false);
}

/* The subject that is nearest to it: what is fixed, and of what is open what
 * the base has. */
static bool some_within(const struct profile *p, const struct der_tlv *base,
                        bool perhaps)
{
    AUTO(subject) struct subject has = {0};
    struct subject nearest = {0}; /* borrows */
    AUTO(buf) struct buf name = {0};

    subject_read(&has, base->val, base->len);
    for (int i = 0; i < SUBJECT__MAX; i++) {
        const enum subject_field f = (enum subject_field)i;
        const enum presence is = presence(p, f);

        if (is == FIXED)
            nearest.v[f] = p->fixed.v[f];
        else if (is == OPEN && has.v[f] &&
                 (f != SUBJECT_CN || cn_may_be(p, has.v[f])))
            nearest.v[f] = has.v[f];
    }
    subject_write(&name, &nearest);
    return cert_dn_within(name.data, name.len, base, perhaps);
}

static bool base_next(struct der *list, struct der_tlv *base)
{
    bool bounds;

    while (cert_subtree_next(list, base, &bounds))
        if (base->tag == DER_CTX_CONS(4))
            return true;
    return false;
}

struct dn_fit profile_dn_fit(const struct profile *p, const struct cert *ca)
{
    struct dn_fit fit = {.how = DN_FITS, .field = first(p, OPEN)};
    struct der list = cert_subtrees(ca, true);
    bool asked = false, some = false;
    struct der_tlv base;

    if (!makes_subjects(p))
        return fit;
    while (base_next(&list, &fit.base))
        if (some_within(p, &fit.base, true)) {
            fit.how = DN_EXCLUDED;
            return fit;
        }
    list = cert_subtrees(ca, false);
    while (base_next(&list, &base)) {
        if (all_within(p, &base))
            return fit;
        asked = true;
        some |= some_within(p, &base, false);
    }
    if (asked)
        fit.how = some ? DN_WIDER : DN_NONE;
    return fit;
}

char *profile_dn_permitted(const struct cert *ca)
{
    struct der list = cert_subtrees(ca, false);
    AUTO(strs) struct strs all = {0};
    struct der_tlv base;

    while (base_next(&list, &base))
        strs_add_own(&all, cert_name_text(base.val, base.len));
    return strs_join(&all, "; ");
}

/* ---- what does fit ---- */

static bool fits(const struct profile *p, const struct cert *ca)
{
    for (; ca; ca = ca->above)
        if (profile_dn_fit(p, ca).how != DN_FITS)
            return false;
    return true;
}

/* Takes the fields of a permitted subtree, where all of them are fields that
 * may be fixed; a common name or a mail address would be everybody's. */
static bool take_base(struct profile *p, const struct der_tlv *base,
                      const struct cert *ca)
{
    AUTO(subject) struct subject has = {0};
    struct profile trial = *p;

    subject_read(&has, base->val, base->len);
    if (has.v[SUBJECT_CN] || has.v[SUBJECT_EMAIL])
        return false;
    for (int f = 0; f < SUBJECT__MAX; f++) {
        if (has.v[f] && subject_rule((enum subject_field)f, has.v[f]))
            return false;
        if (has.v[f])
            trial.fixed.v[f] = has.v[f];
    }
    if (!fits(&trial, ca))
        return false;
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (has.v[f])
            subject_set(&p->fixed, (enum subject_field)f, xstrdup(has.v[f]));
    return true;
}

bool profile_fit(struct profile *p, const struct cert *ca)
{
    struct profile empty = *p;
    struct der_tlv base;

    if (fits(p, ca))
        return true;
    for (const struct cert *c = ca; c; c = c->above) {
        struct der list = cert_subtrees(c, false);

        while (base_next(&list, &base))
            if (take_base(p, &base, ca))
                return true;
    }
    empty.no_cn = true;
    p->no_cn = !makes_subjects(&empty);
    return p->no_cn;
}

/* A URI is bound by constraints of its own (RFC 5280 section 4.2.1.10). */
static bool url_fits(const struct name *url, const struct cert *ca)
{
    const struct pattern that = {
        .kind = url->kind, .how = PATTERN_EXACT, .value = url->value};
    static const struct patterns none;

    for (; ca; ca = ca->above)
        if (!cert_constraints_permit(ca, &that, &none))
            return false;
    return true;
}

bool profile_fit_responder(struct taken *out, const char *authority,
                           const char *url, const struct cert *ca)
{
    AUTO(errs) struct errs ignored = {0};
    AUTO(name) struct name name = {0};
    struct profile p = {.eku = EKU_OCSP};
    bool fit;

    p.fixed.v[SUBJECT_CN] = xasprintf("OCSP responder of %.44s", authority);
    fit = profile_fit(&p, ca);
    out->subject = p.fixed;
    if (fit || !url ||
        name_parse_kind(&name, NAME_URI, url, strlen(url), &ignored) < 0 ||
        !url_fits(&name, ca))
        return fit;
    subject_free(&out->subject);
    names_add(&out->names, &name);
    return true;
}
