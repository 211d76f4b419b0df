/* SPDX-License-Identifier: ISC */
/* The profile sections of a configuration: their values, and rules that
 * contradict each other. */
#include "conf_parse.h"

#include <stdlib.h>
#include <string.h>

#include "tm.h"

/* ---- values ---- */

typedef int rule_fn(struct profile *p, const char *text, struct errs *e);

static void set_rule(struct parse *p, const struct field *f, void *at,
                     const char *value, rule_fn *read)
{
    AUTO(errs) struct errs e = {0};

    if (read(at, value, &e) != 0)
        conf_complain_all(p, f->name, &e);
}

static void set_usage(struct parse *p, const struct field *f, void *at,
                      const char *value)
{
    set_rule(p, f, at, value, profile_usage);
}

static void set_subject(struct parse *p, const struct field *f, void *at,
                        const char *value)
{
    set_rule(p, f, at, value, profile_subject);
}

static void set_policy(struct parse *p, const struct field *f, void *at,
                       const char *value)
{
    set_rule(p, f, at, value, profile_policy);
}

static void set_extension(struct parse *p, const struct field *f, void *at,
                          const char *value)
{
    set_rule(p, f, at, value, profile_extension);
}

static void set_pattern(struct parse *p, const struct field *f, void *at,
                        const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct pattern pat = {0};

    if (pattern_parse(&pat, value, &e) < 0)
        conf_complain_all(p, f->name, &e);
    else
        patterns_add(at, &pat);
}

static void set_name(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    struct profile *profile = at;
    const size_t n = profile->names.n;

    set_pattern(p, f, &profile->names, value);
    if (profile->names.n == n)
        return;
    profile->names_line =
        xreallocarray(profile->names_line, n + 1, sizeof(int));
    profile->names_line[n] = p->line;
}

static void set_key_rule(struct parse *p, const struct field *f, void *at,
                         const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct profile *profile = at;
    struct key_rule rule;

    if (key_rule_parse(&rule, value, &e) < 0) {
        conf_complain_all(p, f->name, &e);
        return;
    }
    for (size_t i = 0; i < profile->n_keys; i++)
        if (memcmp(&profile->keys[i], &rule, sizeof(rule)) == 0)
            conf_complain(p, "%s: \"%s\" is there twice", f->name, value);
    profile->keys = xreallocarray(profile->keys, profile->n_keys + 1,
                                  sizeof(*profile->keys));
    profile->keys[profile->n_keys++] = rule;
}

/* `no`, `yes` (30 days), or how far. */
static void set_not_before(struct parse *p, const struct field *f, void *at,
                           const char *value)
{
    if (strcmp(value, "no") == 0)
        *(int64_t *)at = 0;
    else if (strcmp(value, "yes") == 0)
        *(int64_t *)at = 30 * TM_DAY;
    else
        conf_set_span(p, f, at, value);
}

#define AT(member) offsetof(struct profile, member)
const struct field conf_profile_fields[] = {
    {"authority", false, false, conf_set_str, AT(authority), 0, 0},
    {"usage", true, true, set_usage, 0, 0, 0},
    {"path-len", false, false, conf_set_count, AT(path_len), 0, 10},
    {"names", true, false, set_name, 0, 0, 0},
    {"deny", true, false, set_pattern, AT(deny), 0, 0},
    {"wildcards", false, false, conf_set_bool, AT(wildcards), 0, 0},
    {"single-label", false, false, conf_set_bool, AT(single_label), 0, 0},
    {"max-names", false, false, conf_set_count, AT(max_names), 1, 1000},
    {"min-names", false, false, conf_set_count, AT(min_names), 1, 1000},
    {"subject", true, false, set_subject, 0, 0, 0},
    {"keys", true, false, set_key_rule, 0, 0, 0},
    /* it counts from a minute ago */
    {"lifetime", false, false, conf_set_span, AT(lifetime), TM_MINUTE + 1,
     36500 * TM_DAY},
    {"max-lifetime", false, false, conf_set_span, AT(max_lifetime),
     TM_MINUTE + 1, 36500 * TM_DAY},
    {"min-lifetime", false, false, conf_set_span, AT(min_lifetime), TM_MINUTE,
     36500 * TM_DAY},
    {"not-before", false, false, set_not_before, AT(not_before), TM_MINUTE,
     366 * TM_DAY},
    {"renew", false, false, conf_set_bool, AT(renew), 0, 0},
    {"rekey", false, false, conf_set_bool, AT(rekey), 0, 0},
    {"policies", true, false, set_policy, 0, 0, 0},
    {"must-staple", false, false, conf_set_bool, AT(must_staple), 0, 0},
    {"cdp", false, false, conf_set_bool, AT(cdp), 0, 0},
    {"aia", false, false, conf_set_bool, AT(aia), 0, 0},
    {"extensions", true, false, set_extension, 0, 0, 0},
    {0},
};
#undef AT

void *conf_profile_begin(struct parse *p)
{
    struct profiles *l = &p->c->profiles;
    struct profile *f;

    if (!conf_title_check(p, "profile"))
        return NULL;
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    f = &l->v[l->n++];
    *f = (struct profile){.name = xstrdup(p->title),
                          .line = conf_line(p, "usage", 0),
                          .subject_line = conf_line(p, "subject", 0),
                          .lifetime = 90 * TM_DAY,
                          .max_names = 100,
                          .renew = true,
                          .cdp = true,
                          .aia = true};
    return f;
}

/* ---- what cannot be meant ---- */

static bool meet(const struct pattern *a, const struct pattern *b)
{
    return pattern_within(a, b) || pattern_within(b, a);
}

/* A pattern said again adds nothing: another was meant. */
static void check_twice(struct parse *p, const struct profile *f,
                        const char *option, const struct patterns *l)
{
    for (size_t i = 1; i < l->n; i++)
        for (size_t k = 0; k < i; k++) {
            AUTO(free) char *text = pattern_text(&l->v[i]);

            if (!pattern_within(&l->v[i], &l->v[k]) ||
                !pattern_within(&l->v[k], &l->v[i]))
                continue;
            COMPLAIN(p, option, i,
                     "profile %s: %s has \"%s\" twice, first in line %d",
                     f->name, option, text, conf_line(p, option, k));
            break;
        }
}

/* Another that has all of the i-th and more; NULL: none. */
static const struct pattern *wider(const struct patterns *l, size_t i)
{
    for (size_t k = 0; k < l->n; k++)
        if (pattern_within(&l->v[i], &l->v[k]) &&
            !pattern_within(&l->v[k], &l->v[i]))
            return &l->v[k];
    return NULL;
}

static bool is_single(const struct pattern *n)
{
    return n->kind == NAME_DNS && n->how == PATTERN_EXACT &&
           !strchr(n->value, '.');
}

/* Harmless, and perhaps less was to be allowed than is.  A single label is
 * named where a wider pattern has none. */
static void check_wider(struct parse *p, const struct profile *f,
                        const char *option, const struct patterns *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct pattern *by = wider(l, i);
        AUTO(free) char *text = pattern_text(&l->v[i]);
        AUTO(free) char *other = by ? pattern_text(by) : NULL;

        if (by && (f->single_label || !is_single(&l->v[i])))
            WARN(p, option, i,
                 "profile %s: %s \"%s\" adds nothing to \"%s\" in line %d",
                 f->name, option, text, other,
                 conf_line(p, option, (size_t)(by - l->v)));
    }
}

/* What several of deny have together. */
static void check_denied(struct parse *p, const struct profile *f)
{
    for (size_t i = 0; i < f->names.n; i++) {
        const struct pattern *n = &f->names.v[i];
        AUTO(free) char *name = pattern_text(n);
        bool alone = false;

        for (size_t k = 0; k < f->deny.n; k++)
            alone |= pattern_within(n, &f->deny.v[k]);
        if (!alone && patterns_cover(&f->deny, n))
            COMPLAIN(p, "names", i,
                     "profile %s: names \"%s\" can never match: what deny in "
                     "line %d and behind it has together covers all of it",
                     f->name, name, conf_line(p, "deny", 0));
    }
}

/* What is denied must have been allowed, and not all of it. */
static void check_deny(struct parse *p, const struct profile *f)
{
    for (size_t i = 0; i < f->deny.n; i++) {
        AUTO(free) char *deny = pattern_text(&f->deny.v[i]);
        bool met = false;

        for (size_t k = 0; k < f->names.n; k++) {
            AUTO(free) char *name = pattern_text(&f->names.v[k]);

            met |= meet(&f->names.v[k], &f->deny.v[i]);
            if (pattern_within(&f->names.v[k], &f->deny.v[i]))
                COMPLAIN(p, "deny", i,
                         "profile %s: deny \"%s\" covers all of names \"%s\" "
                         "in line %d, which so can never match",
                         f->name, deny, name, f->names_line[k]);
        }
        if (!met)
            COMPLAIN(p, "deny", i,
                     "profile %s: deny \"%s\" can never match: no pattern of "
                     "names in line %d allows any of it",
                     f->name, deny, conf_line(p, "names", 0));
    }
}

static bool may_be_wildcard(const struct pattern *n)
{
    if (n->kind != NAME_DNS || n->how == PATTERN_EXACT)
        return false;
    return n->how != PATTERN_ONE || strchr(n->value, '.');
}

static bool any_name(const struct profile *f,
                     bool (*test)(const struct pattern *n))
{
    for (size_t i = 0; i < f->names.n; i++)
        if (test(&f->names.v[i]))
            return true;
    return false;
}

static bool may_be_single(const struct pattern *n)
{
    return n->kind == NAME_DNS && (n->how == PATTERN_ALL || is_single(n));
}

static bool is_host_name(const struct pattern *n)
{
    return n->kind != NAME_CN;
}

/* A server is named by what clients connect to (RFC 9525). */
static bool is_of_server(const struct pattern *n)
{
    return n->kind == NAME_DNS || n->kind == NAME_IP || n->kind == NAME_URI;
}

static void check_names(struct parse *p, const struct profile *f)
{
    const bool cn = f->taken & 1U << SUBJECT_CN;

    if (f->wildcards && !any_name(f, may_be_wildcard))
        COMPLAIN(p, "wildcards", 0,
                 "profile %s: wildcards = yes can never match: no pattern of "
                 "names in line %d has a name such as *.a.b",
                 f->name, conf_line(p, "names", 0));
    if (f->single_label && !any_name(f, may_be_single))
        COMPLAIN(p, "single-label", 0,
                 "profile %s: single-label = yes can never match: no pattern "
                 "of names in line %d has a name without a dot",
                 f->name, conf_line(p, "names", 0));
    if (f->eku & EKU_SERVER && f->names.n && !any_name(f, is_of_server))
        COMPLAIN(p, "names", 0,
                 "profile %s: names has no dns:, ip: or uri: pattern, one of "
                 "which each server has that usage in line %d certifies",
                 f->name, conf_line(p, "usage", 0));
    if (cn && !patterns_has_kind(&f->names, NAME_CN))
        COMPLAIN(p, "subject", 0,
                 "profile %s: subject takes a cn, and names in line %d has no "
                 "cn: pattern to check it by",
                 f->name, conf_line(p, "names", 0));
    if (f->taken & 1U << SUBJECT_EMAIL &&
        !patterns_has_kind(&f->names, NAME_EMAIL))
        COMPLAIN(p, "subject", 0,
                 "profile %s: subject takes an email, and names in line %d has "
                 "no email: pattern to check it by",
                 f->name, conf_line(p, "names", 0));
    for (size_t i = 0; i < f->names.n; i++)
        if (f->names.v[i].kind == NAME_CN && !cn) {
            AUTO(free) char *name = pattern_text(&f->names.v[i]);

            COMPLAIN(p, "names", i,
                     "profile %s: names \"%s\" can never match: subject in "
                     "line %d does not take a cn",
                     f->name, name, conf_line(p, "subject", 0));
        }
}

/* How many names of a certificate the patterns allow, as far as it matters; one
 * of them may be its cn. */
static unsigned most_names(const struct patterns *l, unsigned enough)
{
    unsigned most = patterns_has_kind(l, NAME_CN);

    for (size_t i = 0; i < l->n && most < enough; i++)
        if (l->v[i].kind != NAME_CN && !wider(l, i))
            most += pattern_size(&l->v[i], enough);
    return most;
}

static void check_counts(struct parse *p, const struct profile *f)
{
    if (f->min_names > f->max_names)
        COMPLAIN(p, "min-names", 0,
                 "profile %s: min-names %u is more than the max-names %u",
                 f->name, f->min_names, f->max_names);
    else if (most_names(&f->names, f->min_names) < f->min_names)
        COMPLAIN(p, "min-names", 0,
                 "profile %s: min-names %u can never match: names in line %d "
                 "allows %u",
                 f->name, f->min_names, conf_line(p, "names", 0),
                 most_names(&f->names, f->min_names));
}

static void check_lifetimes(struct parse *p, const struct profile *f)
{
    if (f->lifetime > f->max_lifetime)
        COMPLAIN(p, "max-lifetime", 0,
                 "profile %s: lifetime in line %d is longer than max-lifetime",
                 f->name, conf_line(p, "lifetime", 0));
    if (f->min_lifetime > f->lifetime)
        COMPLAIN(p, "min-lifetime", 0,
                 "profile %s: min-lifetime is longer than lifetime in line %d",
                 f->name, conf_line(p, "lifetime", 0));
}

/* What is fixed is not judged again when a certificate is asked for. */
static void check_fixed(struct parse *p, const struct profile *f,
                        enum subject_field field, enum name_kind kind)
{
    AUTO(errs) struct errs ignored = {0};
    AUTO(name) struct name n = {0};
    const char *value = f->fixed.v[field];

    if (value &&
        name_parse_kind(&n, kind, value, strlen(value), &ignored) == 0 &&
        patterns_match(&f->deny, &n))
        COMPLAIN(p, "subject", 0,
                 "profile %s: subject fixes the %s \"%s\", which deny in line "
                 "%d covers",
                 f->name, subject_field_text(field), value,
                 conf_line(p, "deny", 0));
}

/* Certificates without names are told apart by their subjects. */
static void check_subject(struct parse *p, const struct profile *f)
{
    const char *cn = f->fixed.v[SUBJECT_CN];

    if (f->names.n || conf_given(p, "names"))
        ; /* or it was said what is wrong with them */
    else if (!f->ca && !(f->eku & EKU_OCSP))
        conf_complain(p, "names is missing in %s", f->name);
    else if (!cn)
        conf_complain(p,
                      "profile %s: usage %s in line %d without names needs a "
                      "cn in subject",
                      f->name, f->usage.v[0], conf_line(p, "usage", 0));
    if (cn && f->eku & EKU_SERVER && name_is_like(cn, strlen(cn)))
        COMPLAIN(p, "subject", 0,
                 "profile %s: subject fixes the cn \"%s\", which clients take "
                 "for a name of every server that usage in line %d certifies",
                 f->name, cn, conf_line(p, "usage", 0));
}

static void check_usage(struct parse *p, const struct profile *f)
{
    const int line = conf_line(p, "usage", 0);

    if (f->usage.n > 1 && (f->ca || f->eku & (EKU_OCSP | EKU_TIME)))
        COMPLAIN(p, "usage", 0,
                 "profile %s: usage %s stands alone, and %s is there too",
                 f->name,
                 f->ca               ? "intermediate"
                 : f->eku & EKU_OCSP ? "ocsp"
                                     : "time-stamping",
                 f->usage.n == 2 ? "another" : "others");
    if (f->ca && any_name(f, is_host_name))
        COMPLAIN(p, "names", 0,
                 "profile %s: usage intermediate in line %d has no names but "
                 "cn:",
                 f->name, line);
    if (!f->ca && conf_given(p, "path-len"))
        COMPLAIN(p, "path-len", 0,
                 "profile %s: path-len is for usage intermediate, which usage "
                 "in line %d is not",
                 f->name, line);
    if (f->must_staple && !(f->eku & EKU_SERVER))
        COMPLAIN(p, "must-staple", 0,
                 "profile %s: must-staple is for servers, which usage in line "
                 "%d does not certify",
                 f->name, line);
    if (f->must_staple && !f->aia)
        COMPLAIN(p, "must-staple", 0,
                 "profile %s: must-staple needs OCSP, whose address aia = no "
                 "in line %d leaves out",
                 f->name, conf_line(p, "aia", 0));
    else if (f->must_staple && !p->c->public_url)
        COMPLAIN(p, "must-staple", 0,
                 "profile %s: must-staple needs OCSP, whose address public-url "
                 "is: there is none",
                 f->name);
}

static void check_others(struct parse *p, const struct profile *f)
{
    if (f->rekey && !f->renew)
        COMPLAIN(p, "rekey", 0,
                 "profile %s: rekey = yes can never match: renew = no in line "
                 "%d",
                 f->name, conf_line(p, "renew", 0));
    for (size_t i = 0; i < f->extensions.n; i++) {
        AUTO(free) char *fault = profile_extension_fault(f, i);

        if (fault)
            COMPLAIN(p, "extensions", i,
                     "profile %s: no certificate may have extensions "
                     "\"%.200s\": %s",
                     f->name, f->extensions.v[i], fault);
    }
}

void conf_profile_end(struct parse *p, void *at)
{
    static const char *const keys[] = {"ec:P-256", "ec:P-384", "ed25519",
                                       "rsa:2048-4096"};
    static const struct field keys_field = {.name = "keys"};
    struct profile *f = at;

    if (!f->n_keys)
        for (size_t i = 0; i < COUNT(keys); i++)
            set_key_rule(p, &keys_field, f, keys[i]);
    if (!f->max_lifetime)
        f->max_lifetime = f->lifetime;
    if (f->usage.n)
        check_usage(p, f);
    check_names(p, f);
    check_counts(p, f);
    check_twice(p, f, "names", &f->names);
    check_twice(p, f, "deny", &f->deny);
    check_wider(p, f, "names", &f->names);
    check_wider(p, f, "deny", &f->deny);
    check_deny(p, f);
    check_denied(p, f);
    check_subject(p, f);
    check_fixed(p, f, SUBJECT_CN, NAME_DNS);
    check_fixed(p, f, SUBJECT_EMAIL, NAME_EMAIL);
    check_lifetimes(p, f);
    check_others(p, f);
    if (f->authority && !conf_authority(p->c, f->authority))
        COMPLAIN(p, "authority", 0, "profile %s: there is no authority \"%s\"",
                 f->name, f->authority);
    profile_compile(f);
}
