/* SPDX-License-Identifier: ISC */
/* Certificate policies and what goes with them (RFC 5280 sections 4.2.1.4,
 * 4.2.1.5, 4.2.1.11 and 4.2.1.14; RFC 6818 section 3). */
#include <string.h>

#include "lint_part.h"
#include "oid.h"
#include "uri.h"

enum { NOTICE_MAX = 200, VISIBLE_STRING = 0x1a };
enum {
    POLICY_FORM = 1 << 0,
    POLICY_TWICE = 1 << 1,
    POLICY_CPS = 1 << 2,           /* not an IA5String of a URI */
    POLICY_NOTICE_STRING = 1 << 3, /* VisibleString or BMPString */
    POLICY_NOTICE_LONG = 1 << 4,
};

static unsigned cps_faults(const struct der_tlv *v)
{
    return v->tag != DER_IA5_STRING ||
                   !uri_is_like((const char *)v->val, v->len)
               ? POLICY_CPS
               : 0;
}

/* UserNotice ::= SEQUENCE { NoticeReference OPTIONAL, explicitText OPTIONAL }
 */
static unsigned notice_faults(const struct der_tlv *v)
{
    struct der seq = der_of(v->val, v->len);
    struct der_tlv t;
    unsigned found = 0;

    if (v->tag != DER_SEQUENCE)
        return POLICY_FORM;
    if (der_peek(&seq) == DER_SEQUENCE && der_next(&seq, &t))
        return POLICY_FORM;
    if (der_end(&seq))
        return 0;
    if (der_next(&seq, &t) || !der_end(&seq))
        return POLICY_FORM;
    if (t.tag == VISIBLE_STRING || t.tag == DER_BMP_STRING)
        found |= POLICY_NOTICE_STRING;
    if (t.len > NOTICE_MAX * (t.tag == DER_BMP_STRING ? 2U : 1U))
        found |= POLICY_NOTICE_LONG;
    return found;
}

static unsigned qualifiers_faults(struct der *policy)
{
    struct der list, seq;
    struct der_tlv oid, v;
    unsigned found = 0;

    if (der_end(policy))
        return 0;
    if (der_enter(policy, DER_SEQUENCE, &list) || !der_end(policy) ||
        der_end(&list))
        return POLICY_FORM;
    while (!der_end(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &seq) || der_get_oid(&seq, &oid) ||
            der_next(&seq, &v) || !der_end(&seq))
            return POLICY_FORM;
        if (der_oid_is(&oid, OID(QT_CPS)))
            found |= cps_faults(&v);
        else if (der_oid_is(&oid, OID(QT_NOTICE)))
            found |= notice_faults(&v);
    }
    return found;
}

/* True when the rest of the list has that policy again. */
static bool has_policy(struct der list, const struct der_tlv *oid)
{
    struct der policy;
    struct der_tlv other;

    while (!der_end(&list) && der_enter(&list, DER_SEQUENCE, &policy) == 0)
        if (der_get_oid(&policy, &other) == 0 &&
            der_oid_is(&other, oid->val, oid->len))
            return true;
    return false;
}

static unsigned policy_faults(const struct cert *c)
{
    struct der value = lint_ext(c, EXT_POLICIES), list, policy;
    struct der_tlv oid;
    unsigned found = 0;

    if (!lint_has(c, EXT_POLICIES))
        return 0;
    if (der_enter(&value, DER_SEQUENCE, &list) || !der_end(&value) ||
        der_end(&list))
        return POLICY_FORM;
    while (!der_end(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &policy) ||
            der_get_oid(&policy, &oid))
            return POLICY_FORM;
        found |= qualifiers_faults(&policy);
        if (has_policy(list, &oid))
            found |= POLICY_TWICE;
    }
    return found;
}

static bool policy_broken(LINT_ARGS)
{
    return policy_faults(c) & *(const unsigned *)l->arg;
}

/* Extensions that are for authorities alone. */
static bool leaf_has(LINT_ARGS)
{
    return lint_has(c, *(const enum cert_ext_id *)l->arg);
}

static bool not_critical(LINT_ARGS)
{
    enum cert_ext_id id = *(const enum cert_ext_id *)l->arg;

    return lint_has(c, id) && !c->ext[id].critical;
}

static bool maps_any(LINT_ARGS)
{
    struct der value = lint_ext(c, EXT_POLICY_MAPPINGS), list, pair;
    struct der_tlv a, b;

    if (!lint_has(c, EXT_POLICY_MAPPINGS))
        return false;
    if (der_enter(&value, DER_SEQUENCE, &list) || der_end(&list))
        return true;
    while (!der_end(&list))
        if (der_enter(&list, DER_SEQUENCE, &pair) || der_get_oid(&pair, &a) ||
            der_get_oid(&pair, &b) || der_oid_is(&a, OID(ANY_POLICY)) ||
            der_oid_is(&b, OID(ANY_POLICY)))
            return true;
    return false;
}

static bool constraints_empty(LINT_ARGS)
{
    return lint_has(c, EXT_POLICY_CONSTRAINTS) &&
           c->ext[EXT_POLICY_CONSTRAINTS].len <= 2;
}

static bool inhibit_form(LINT_ARGS)
{
    struct der value = lint_ext(c, EXT_INHIBIT_ANY);
    uint32_t skip;

    return lint_has(c, EXT_INHIBIT_ANY) &&
           (der_get_int31(&value, &skip) || !der_end(&value));
}

static const unsigned form = POLICY_FORM, twice = POLICY_TWICE,
                      cps = POLICY_CPS, string = POLICY_NOTICE_STRING,
                      long_notice = POLICY_NOTICE_LONG;
static const enum cert_ext_id mappings = EXT_POLICY_MAPPINGS,
                              constraints = EXT_POLICY_CONSTRAINTS,
                              inhibit = EXT_INHIBIT_ANY;

static const struct lint rows[] = {
    {"policies_form", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.4",
     "certificatePolicies is malformed", policy_broken, &form},
    {"policy_twice", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.4",
     "a policy is there twice", policy_broken, &twice},
    {"policy_cps", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.4",
     "a CPS pointer is no IA5String with a URI", policy_broken, &cps},
    {"notice_string", LINT_ERROR, LINT_ANY, "RFC 6818 3",
     "the text of a user notice is VisibleString or BMPString", policy_broken,
     &string},
    {"notice_length", LINT_ERROR, LINT_ANY, "RFC 6818 3",
     "the text of a user notice has more than 200 octets", policy_broken,
     &long_notice},
    {"leaf_policy_mappings", LINT_ERROR, LINT_LEAF, "RFC 5280 4.2.1.5",
     "policyMappings in a certificate that is no authority's", leaf_has,
     &mappings},
    {"policy_mappings_any", LINT_ERROR, LINT_CA, "RFC 5280 4.2.1.5",
     "policyMappings maps anyPolicy, or is malformed", maps_any, NULL},
    {"policy_mappings_not_critical", LINT_WARNING, LINT_CA, "RFC 5280 4.2.1.5",
     "policyMappings is not critical", not_critical, &mappings},
    {"leaf_policy_constraints", LINT_WARNING, LINT_LEAF, "RFC 5280 4.2.1.11",
     "policyConstraints in a certificate that is no authority's", leaf_has,
     &constraints},
    {"policy_constraints_empty", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.11",
     "policyConstraints is empty", constraints_empty, NULL},
    {"policy_constraints_not_critical", LINT_ERROR, LINT_ANY,
     "RFC 5280 4.2.1.11", "policyConstraints is not critical", not_critical,
     &constraints},
    {"inhibit_any_not_critical", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.14",
     "inhibitAnyPolicy is not critical", not_critical, &inhibit},
    {"inhibit_any_form", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.14",
     "inhibitAnyPolicy is no number", inhibit_form, NULL},
    {"leaf_inhibit_any", LINT_WARNING, LINT_LEAF, "RFC 5280 4.2.1.14",
     "inhibitAnyPolicy in a certificate that is no authority's", leaf_has,
     &inhibit},
};
LINT_TABLE(lint_policy, rows);
