/* SPDX-License-Identifier: ISC */
/* Name constraints (RFC 5280 section 4.2.1.10, RFC 9549 section 2.2). */
#include <string.h>
#include <strings.h>

#include "host.h"
#include "lint_part.h"
#include "oid.h"
#include "uri.h"

enum { PERMITTED = false, EXCLUDED = true };
enum general {
    GENERAL_EMAIL = DER_CTX(1),
    GENERAL_DNS = DER_CTX(2),
    GENERAL_DN = DER_CTX_CONS(4),
    GENERAL_URI = DER_CTX(6),
    GENERAL_IP = DER_CTX(7),
};

/* text is below base or is it: "" is everything, and a leading dot, which is
 * not in the standard for DNS names, leaves base itself out. */
static bool domain_within(const char *text, size_t len, const struct der_tlv *b)
{
    size_t n = b->len;
    const char *base = (const char *)b->val;

    if (n == 0)
        return true;
    if (len < n || strncasecmp(text + len - n, base, n) != 0)
        return false;
    return len == n ? base[0] != '.'
                    : base[0] == '.' || text[len - n - 1] == '.';
}

/* A host exactly, or with a leading dot what is below it. */
static bool host_within(const char *text, size_t len, const struct der_tlv *b)
{
    if (b->len && b->val[0] != '.')
        return len == b->len &&
               strncasecmp(text, (const char *)b->val, len) == 0;
    return domain_within(text, len, b);
}

static bool email_within(const char *text, size_t len, const struct der_tlv *b)
{
    const char *at = memchr(text, '@', len);
    const uint8_t *base_at = b->len ? memchr(b->val, '@', b->len) : NULL;
    struct der_tlv host = *b;
    size_t local;

    if (!at)
        return false;
    local = (size_t)(at - text) + 1;
    if (base_at) {
        size_t n = (size_t)(base_at - b->val) + 1;

        if (n != local || memcmp(text, b->val, n) != 0)
            return false;
        host.val += n;
        host.len -= n;
    }
    return host_within(text + local, len - local, &host);
}

static bool ip_within(const struct name *n, const struct der_tlv *b)
{
    if (b->len != 2U * n->ip_len)
        return false;
    for (size_t i = 0; i < n->ip_len; i++)
        if ((n->ip[i] ^ b->val[i]) & b->val[n->ip_len + i])
            return false;
    return true;
}

static bool name_within(const struct name *n, const struct der_tlv *base)
{
    const char *host;
    size_t len = strlen(n->value);

    switch (n->kind) {
    case NAME_DNS:
        return domain_within(n->value, len, base);
    case NAME_EMAIL:
        return email_within(n->value, len, base);
    case NAME_URI:
        uri_host(n->value, &host, &len);
        return host_within(host, len, base);
    case NAME_IP:
        return ip_within(n, base);
    case NAME_CN:
    case NAME_STOP:
    case NAME__MAX:
        break;
    }
    return false;
}

static uint8_t general_of(enum name_kind k)
{
    return k == NAME_DNS     ? GENERAL_DNS
           : k == NAME_EMAIL ? GENERAL_EMAIL
           : k == NAME_URI   ? GENERAL_URI
                             : GENERAL_IP;
}

/* Constraints are about hosts, so a URI with an address is outside all. */
static bool is_beyond(const struct name *n)
{
    uint8_t ip[16];
    const char *host;
    size_t len;

    if (n->kind != NAME_URI)
        return false;
    uri_host(n->value, &host, &len);
    return *host == '[' || host_ip(ip, host, len);
}

/* A name of one kind against the subtrees of its kind alone; n NULL: one that
 * cannot be compared, and so is within none. */
static bool refuses_name(const struct cert *ca, uint8_t tag,
                         const struct name *n)
{
    bool asked = false, in = false, bounds;
    struct der list = cert_subtrees(ca, EXCLUDED);
    struct der_tlv base;

    while (cert_subtree_next(&list, &base, &bounds))
        if (base.tag == tag && (!n || name_within(n, &base)))
            return true;
    list = cert_subtrees(ca, PERMITTED);
    while (cert_subtree_next(&list, &base, &bounds))
        if (base.tag == tag) {
            asked = true;
            in |= n && name_within(n, &base);
        }
    return asked && !in;
}

static bool refuses_subject(const struct cert *ca, const struct cert *c)
{
    bool asked = false, in = false, bounds;
    struct der list = cert_subtrees(ca, EXCLUDED);
    struct der_tlv base;

    if (c->subject_len == 2)
        return false;
    while (cert_subtree_next(&list, &base, &bounds))
        if (base.tag == GENERAL_DN &&
            cert_dn_within(c->subject, c->subject_len, &base, true))
            return true;
    list = cert_subtrees(ca, PERMITTED);
    while (cert_subtree_next(&list, &base, &bounds))
        if (base.tag == GENERAL_DN) {
            asked = true;
            in |= cert_dn_within(c->subject, c->subject_len, &base, false);
        }
    return asked && !in;
}

/* "emailAddress" attributes count as mail addresses. */
static bool refuses_attribute(const struct cert *ca, const struct cert *c)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v)) {
        AUTO(errs) struct errs e = {0};
        AUTO(name) struct name n = {0};
        bool odd;

        if (!der_oid_is(&oid, OID(AT_EMAIL)))
            continue;
        odd = name_parse_kind(&n, NAME_EMAIL, (const char *)v.val, v.len, &e);
        if (refuses_name(ca, GENERAL_EMAIL, odd ? NULL : &n))
            return true;
    }
    return false;
}

bool constraints_refuse(const struct cert *issuer, const struct cert *c)
{
    if (!lint_has(issuer, EXT_CONSTRAINTS) || cert_self_signed(c))
        return false;
    for (size_t i = 0; i < c->names.n; i++) {
        const struct name *n = &c->names.v[i];

        if (refuses_name(issuer, general_of(n->kind), is_beyond(n) ? NULL : n))
            return true;
    }
    return refuses_subject(issuer, c) || refuses_attribute(issuer, c);
}

static bool in_leaf(LINT_ARGS)
{
    return lint_has(c, EXT_CONSTRAINTS);
}

static bool not_critical(LINT_ARGS)
{
    return lint_has(c, EXT_CONSTRAINTS) && !c->ext[EXT_CONSTRAINTS].critical;
}

static bool empty(LINT_ARGS)
{
    return lint_has(c, EXT_CONSTRAINTS) && cert_subtrees(c, PERMITTED).n == 0 &&
           cert_subtrees(c, EXCLUDED).n == 0;
}

/* True when some base is broken. */
static bool any_base(const struct cert *c,
                     bool (*broken)(const struct der_tlv *base, bool bounds))
{
    for (int which = PERMITTED; which <= EXCLUDED; which++) {
        struct der list = cert_subtrees(c, which);
        struct der_tlv base;
        bool bounds;

        while (cert_subtree_next(&list, &base, &bounds))
            if (broken(&base, bounds))
                return true;
    }
    return false;
}

static bool base_bounds(const struct der_tlv *base, bool bounds)
{
    (void)base;
    return bounds;
}

/* A-labels without a wildcard or a dot before them. */
static bool base_dns(const struct der_tlv *base, bool bounds)
{
    (void)bounds;
    if (base->tag != GENERAL_DNS)
        return false;
    for (size_t i = 0; i < base->len; i++)
        if (base->val[i] >= 0x80 || base->val[i] <= ' ' || base->val[i] == '*')
            return true;
    return base->len &&
           (base->val[0] == '.' || base->val[base->len - 1] == '.');
}

/* Address and mask, of ones and then zeroes (RFC 4632). */
static bool base_ip(const struct der_tlv *base, bool bounds)
{
    bool ended = false;

    (void)bounds;
    if (base->tag != GENERAL_IP)
        return false;
    if (base->len != 8 && base->len != 32)
        return true;
    for (size_t i = base->len * 4; i < base->len * 8; i++) {
        bool one = base->val[i / 8] >> (7 - i % 8) & 1;

        if (one && ended)
            return true;
        ended |= !one;
    }
    return false;
}

static bool base_uri(const struct der_tlv *base, bool bounds)
{
    (void)bounds;
    return base->tag == GENERAL_URI && base->len &&
           (memchr(base->val, ':', base->len) ||
            memchr(base->val, '/', base->len));
}

static bool bounds_given(LINT_ARGS)
{
    return any_base(c, base_bounds);
}

static bool dns_form(LINT_ARGS)
{
    return any_base(c, base_dns);
}

static bool ip_form(LINT_ARGS)
{
    return any_base(c, base_ip);
}

static bool uri_form(LINT_ARGS)
{
    return any_base(c, base_uri);
}

#define NC "RFC 5280 4.2.1.10"
static const struct lint rows[] = {
    {"leaf_name_constraints", LINT_ERROR, LINT_LEAF, NC,
     "nameConstraints in a certificate that is no authority's", in_leaf, NULL},
    {"name_constraints_not_critical", LINT_ERROR, LINT_CA, NC,
     "nameConstraints is not critical", not_critical, NULL},
    {"name_constraints_empty", LINT_ERROR, LINT_CA, NC,
     "nameConstraints permits and excludes nothing", empty, NULL},
    {"name_constraints_bounds", LINT_ERROR, LINT_CA, NC,
     "a subtree has a minimum or a maximum", bounds_given, NULL},
    {"name_constraints_dns", LINT_ERROR, LINT_CA, "RFC 9549 2.2",
     "a subtree is no DNS name in A-labels: it begins or ends with a dot, or "
     "has a wildcard",
     dns_form, NULL},
    {"name_constraints_ip", LINT_ERROR, LINT_CA, NC,
     "a subtree is no address with a contiguous mask", ip_form, NULL},
    {"name_constraints_uri", LINT_ERROR, LINT_CA, NC,
     "the subtree of URIs is more than a host or domain", uri_form, NULL},
};
LINT_TABLE(lint_constraints, rows);
