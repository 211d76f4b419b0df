/* SPDX-License-Identifier: ISC */
/* What a profile and a credential say about names, key and the rest. */
#include "profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csr.h"

/* One judgement.  Texts are for refusals and reports only, and made when one
 * needs them. */
struct judge {
    const struct profile *p;
    const struct limits *lim;
    struct errs *e;
    struct report *report;   /* or NULL */
    char *allowed;           /* the profile's patterns, or NULL yet */
    char *in_token;          /* the token's */
    const struct name *name; /* that is looked at */
    char *text;              /* it, or NULL yet */
};

/* Looks at this name from now on; NULL: at none. */
static void be_about(struct judge *j, const struct name *n)
{
    free(j->text);
    j->text = NULL;
    j->name = n;
}

static const char *text_of(struct judge *j)
{
    if (!j->text)
        j->text = name_text(j->name);
    return j->text;
}

static const char *allowed(struct judge *j)
{
    if (!j->allowed)
        j->allowed = patterns_text(&j->p->names);
    return *j->allowed ? j->allowed : "none";
}

static const char *in_token(struct judge *j)
{
    if (!j->in_token)
        j->in_token = patterns_text(&j->lim->names);
    return j->in_token;
}

/* What a rule said of the name that is looked at. */
static void told(struct judge *j, const char *rule, size_t had,
                 const char *detail)
{
    if (j->report)
        report_rule(j->report, rule, text_of(j), j->e, had, "%s", detail);
}

/* The same of a rule that is patterns, of which one allowed it. */
static void told_match(struct judge *j, const char *rule, size_t had,
                       const struct patterns *l)
{
    AUTO(free) char *which = NULL;

    for (size_t i = 0; j->report && i < l->n && !which; i++)
        if (pattern_match(&l->v[i], j->name))
            which = pattern_text(&l->v[i]);
    if (j->report)
        report_rule(j->report, rule, text_of(j), j->e, had, "matches %s",
                    which ? which : "none");
}

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

static bool is_short(const struct profile *p, const struct name *n)
{
    return is_single_label(n) && !p->single_label && !listed(&p->names, n);
}

bool profile_has_name(const struct profile *p, const struct name *n)
{
    return patterns_match(&p->names, n) && !is_short(p, n);
}

static void judge_by_names(struct judge *j, const struct name *n)
{
    const struct profile *p = j->p;

    if (patterns_match(&p->names, n)) {
        if (is_short(p, n))
            err_add_name(j->e, ERR_NAME_NOT_ALLOWED, text_of(j),
                         "\"%s\" is a single label, which profile \"%s\" "
                         "allows only where it lists it",
                         text_of(j), p->name);
    } else if (patterns_has_kind(&p->names, n->kind)) {
        err_add_name(j->e, ERR_NAME_NOT_ALLOWED, text_of(j),
                     "\"%s\" is not among the names that profile \"%s\" "
                     "allows: %s",
                     text_of(j), p->name, allowed(j));
    } else {
        err_add_name(j->e, ERR_NAME_TYPE_NOT_ALLOWED, text_of(j),
                     "\"%s\" is of a type that profile \"%s\" does not "
                     "allow; it allows: %s",
                     text_of(j), p->name, allowed(j));
    }
}

static void judge_wildcard(struct judge *j)
{
    if (!j->p->wildcards)
        err_add_name(j->e, ERR_WILDCARD_NOT_ALLOWED, text_of(j),
                     "\"%s\" is a wildcard, which profile \"%s\" does not "
                     "allow",
                     text_of(j), j->p->name);
}

/* A wildcard stands for every name that is one label longer. */
static bool denies(const struct pattern *d, const struct name *n)
{
    struct pattern covered = {.kind = NAME_DNS, .how = PATTERN_ONE};

    if (pattern_match(d, n))
        return true;
    if (!n->wildcard)
        return false;
    covered.value = n->value + strlen("*.");
    return pattern_within(d, &covered) || pattern_within(&covered, d);
}

static void judge_by_deny(struct judge *j, const struct name *n)
{
    const struct patterns *l = &j->p->deny;

    for (size_t i = 0; i < l->n; i++)
        if (denies(&l->v[i], n)) {
            AUTO(free) char *rule = pattern_text(&l->v[i]);

            err_add_name(j->e, ERR_NAME_NOT_ALLOWED, text_of(j),
                         "\"%s\" is denied by profile \"%s\": %s", text_of(j),
                         j->p->name, rule);
        }
}

static void judge_by_token(struct judge *j, const struct name *n)
{
    if (!patterns_match(&j->lim->names, n))
        err_add_name(j->e, ERR_NAME_NOT_IN_TOKEN, text_of(j),
                     "\"%s\" is not among the names that the token allows: "
                     "%s",
                     text_of(j), in_token(j));
}

static void judge_token_wildcard(struct judge *j)
{
    if (!j->lim->wildcards)
        err_add_name(j->e, ERR_WILDCARD_NOT_ALLOWED, text_of(j),
                     "\"%s\" is a wildcard, which the token does not allow",
                     text_of(j));
}

/* Every rule that there is for such a name, each told by itself. */
static void judge_name(struct judge *j)
{
    const struct name *n = j->name;
    size_t had = j->e->n;

    judge_by_names(j, n);
    told_match(j, "names", had, &j->p->names);
    had = j->e->n;
    if (n->wildcard) {
        judge_wildcard(j);
        told(j, "wildcards", had, "the profile allows wildcards");
        had = j->e->n;
    }
    if (j->p->deny.n) {
        judge_by_deny(j, n);
        told(j, "deny", had, "nothing that is denied");
        had = j->e->n;
    }
    if (j->lim->limited && j->lim->names.n) {
        judge_by_token(j, n);
        told_match(j, "token names", had, &j->lim->names);
        had = j->e->n;
    }
    if (j->lim->limited && n->wildcard) {
        judge_token_wildcard(j);
        told(j, "token wildcards", had, "the token allows wildcards");
    }
}

/* A CN that came in as a name of another kind, or from one: what is denied of
 * CNs holds for it as well. */
static void judge_cn(struct judge *j, const char *cn)
{
    const size_t had = j->e->n;
    AUTO(name) struct name n = {0};

    if (!cn || !patterns_has_kind(&j->p->deny, NAME_CN) || !name_of_cn(&n, cn))
        return;
    be_about(j, &n);
    judge_by_deny(j, &n);
    told(j, "deny", had, "nothing that is denied");
    be_about(j, NULL);
}

static bool has_cn(const struct names *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == NAME_CN)
            return true;
    return false;
}

static void judge_count(struct judge *j, const struct request *r)
{
    const size_t had = j->e->n;
    /* refused for themselves */
    const bool more = r->partial || (r->odd_san && r->odd_san->n);

    if (r->names->n == 0 && j->p->names.n && !more)
        err_add(j->e, ERR_NO_NAMES,
                "the request has no names; give them in the CSR or as "
                "?names=web.internal");
    if (r->names->n > j->p->max_names)
        err_add(j->e, ERR_TOO_MANY_NAMES,
                "%zu names are more than the %u that profile \"%s\" allows",
                r->names->n, j->p->max_names, j->p->name);
    report_rule(j->report, "max-names", NULL, j->e, had, "%zu of at most %u",
                r->names->n, j->p->max_names);
}

static void judge_least(struct judge *j, const struct request *r)
{
    const size_t had = j->e->n;

    if (!j->p->min_names || r->partial)
        return;
    if (r->names->n && r->names->n < j->p->min_names)
        err_add(j->e, ERR_TOO_FEW_NAMES,
                "%zu names are fewer than the %u that profile \"%s\" asks for",
                r->names->n, j->p->min_names, j->p->name);
    report_rule(j->report, "min-names", NULL, j->e, had, "%zu of at least %u",
                r->names->n, j->p->min_names);
}

/* A certificate without names is known by its CN, which the profile fixes: a
 * token with names has to have that one. */
static void judge_nameless(struct judge *j, const struct request *r)
{
    const char *cn = j->p->fixed.v[SUBJECT_CN];
    const size_t had = j->e->n;
    AUTO(name) struct name n = {0};

    if (r->names->n || j->p->names.n || !j->lim->limited || !j->lim->names.n)
        return;
    if (!cn || !name_of_cn(&n, cn))
        abort(); /* conf_profile_end() */
    be_about(j, &n);
    judge_by_token(j, &n);
    told_match(j, "token names", had, &j->lim->names);
    be_about(j, NULL);
}

static void judge_names(struct judge *j, const struct request *r)
{
    size_t had;

    judge_count(j, r);
    judge_least(j, r);
    judge_nameless(j, r);
    for (size_t i = 0; i < r->names->n; i++) {
        be_about(j, &r->names->v[i]);
        judge_name(j);
    }
    be_about(j, NULL);
    if (!has_cn(r->names))
        judge_cn(j, r->cn);
    had = j->e->n;
    for (size_t i = 0; r->odd_san && i < r->odd_san->n; i++)
        err_add(j->e, ERR_NAME_TYPE_NOT_ALLOWED,
                "a name of type %s is asked for, which is never certified; "
                "list the names that are (?names=web.internal)",
                r->odd_san->v[i]);
    if (j->e->n > had)
        report_rule(j->report, "names", NULL, j->e, had, "-");
}

static void key_rule_text(const struct key_rule *r, char *out, size_t size)
{
    struct key_pub k = {.type = r->type, .curve = r->curve, .bits = r->min};

    key_pub_spec(&k, out, size);
    if (r->type == KEY_RSA && r->max > r->min)
        snprintf(out + strlen(out), size - strlen(out), "-%d", r->max);
}

static void told_key(const struct judge *j, const struct key_pub *k,
                     const struct key_rule *by)
{
    char rule[64], spec[64];

    if (!j->report)
        return;
    key_rule_text(by, rule, sizeof(rule));
    key_pub_spec(k, spec, sizeof(spec));
    report_rule(j->report, "keys", spec, j->e, j->e->n, "matches %s", rule);
}

static void judge_key(const struct judge *j, const struct key_pub *k)
{
    const struct profile *p = j->p;
    const size_t had = j->e->n;
    AUTO(strs) struct strs rules = {0};
    AUTO(free) char *text = NULL;
    char one[64], spec[64];

    for (size_t i = 0; i < p->n_keys; i++)
        if (key_rule_match(&p->keys[i], k)) {
            told_key(j, k, &p->keys[i]);
            return;
        }
    key_pub_spec(k, spec, sizeof(spec));
    for (size_t i = 0; i < p->n_keys; i++) {
        key_rule_text(&p->keys[i], one, sizeof(one));
        strs_add(&rules, one);
    }
    text = strs_join(&rules, ", ");
    err_add(j->e, ERR_KEY_NOT_ALLOWED,
            "the key is %s; profile \"%s\" allows: %s", spec, p->name, text);
    report_rule(j->report, "keys", spec, j->e, had, "-");
}

static void judge_one_power(const struct judge *j, enum csr_power bit,
                            bool granted)
{
    const size_t had = j->e->n;
    const char *what = csr_power_text(bit);

    if (!granted)
        err_add(j->e, ERR_EXTENSION_NOT_ALLOWED,
                "the CSR asks for %s, which profile \"%s\" does not "
                "grant",
                what, j->p->name);
    report_rule(j->report, "usage", what, j->e, had,
                "the profile grants what the CSR asks for");
}

/* The rule of the profile that writes this extension, or NULL. */
static const char *written_by(const struct profile *p, const char *oid)
{
    const size_t len = strlen(oid);

    for (size_t i = 0; i < p->extensions.n; i++)
        if (strcspn(p->extensions.v[i], " ") == len &&
            memcmp(p->extensions.v[i], oid, len) == 0)
            return "extensions";
    if (p->must_staple && strcmp(oid, "1.3.6.1.5.5.7.1.24") == 0)
        return "must-staple";
    if (p->eku & EKU_OCSP && strcmp(oid, "1.3.6.1.5.5.7.48.1.5") == 0)
        return "usage";
    return NULL;
}

/* Critical extensions that only a profile knows.  What it has of them is in
 * the certificate as it says, whatever value the CSR has. */
static void judge_critical(const struct judge *j, const struct request *r)
{
    AUTO(strs) struct strs oids = {0};

    strs_split(&oids, r->critical ? r->critical : "unnamed", ' ');
    for (size_t i = 0; i < oids.n; i++) {
        const char *oid = oids.v[i], *rule = written_by(j->p, oid);
        const size_t had = j->e->n;

        if (!rule)
            err_add(j->e, ERR_EXTENSION_NOT_ALLOWED,
                    "the CSR asks for the critical extension %s, which is not "
                    "among the extensions of profile \"%s\"",
                    oid, j->p->name);
        report_rule(j->report, rule ? rule : "extensions", oid, j->e, had,
                    "the profile has it, with its own value");
    }
}

/* What a CSR asks beyond names is granted by the profile or refused. */
static void judge_power(const struct judge *j, const struct request *r)
{
    unsigned granted = j->p->eku & EKU_OCSP ? CSR_POWER_OCSP : 0;

    if (j->p->ca)
        granted |= CSR_POWER_CA | CSR_POWER_CERT_SIGN | CSR_POWER_CRL_SIGN;
    for (unsigned bit = CSR_POWER_CA; bit < CSR_POWER_CRITICAL; bit <<= 1)
        if (r->power & bit)
            judge_one_power(j, (enum csr_power)bit, granted & bit);
    if (r->power & CSR_POWER_CRITICAL)
        judge_critical(j, r);
}

int profile_judge(const struct profile *p, const struct limits *lim,
                  const struct request *r, struct report *report,
                  struct errs *e)
{
    AUTO(errs) struct errs found = {0};
    struct judge j = {.p = p, .lim = lim, .e = &found, .report = report};

    if (!limits_have(lim, p->name))
        err_add(&found, ERR_PROFILE_NOT_ALLOWED,
                "the token does not allow profile \"%s\"", p->name);
    if (lim->limited && lim->profiles.n)
        report_rule(report, "token profiles", p->name, &found, 0,
                    "the token allows it");
    judge_names(&j, r);
    if (r->key->type != KEY_STOP)
        judge_key(&j, r->key);
    judge_power(&j, r);
    free(j.allowed);
    free(j.in_token);
    if (found.n == 0)
        return 0;
    errs_move(e, &found);
    return -1;
}
