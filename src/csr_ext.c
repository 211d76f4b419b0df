/* SPDX-License-Identifier: ISC */
/*
 * Attributes and requested extensions (RFC 2985 section 5.4).  Names are
 * taken, requests for power are noted for the policy, all else is skipped;
 * but what is known must be well-formed even if it is skipped: a SAN that
 * cannot be read is not "no SAN".
 */
#include "csr_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "oid.h"

enum { ATTRIBUTES_MAX = 32, EXTENSIONS_MAX = 64, SAN_MAX = 1000 };

static int ext_bad(struct errs *e, const char *which)
{
    return err_add(e, ERR_BAD_CSR, "the requested extension %s is malformed",
                   which);
}

/* GeneralName (RFC 5280 section 4.2.1.6): the kinds never certified. */
static const struct {
    uint8_t tag;
    const char *text;
} odd_kinds[] = {
    {DER_CTX_CONS(0), "otherName"},     {DER_CTX_CONS(3), "x400Address"},
    {DER_CTX_CONS(4), "directoryName"}, {DER_CTX_CONS(5), "ediPartyName"},
    {DER_CTX(8), "registeredID"},
};

/* "otherName 1.3.6.1.4.1.311.20.2.3": many are told without their types, which
 * is less than they take in the request. */
static void odd_name(struct csr *c, const char *kind, const struct der_tlv *t)
{
    enum { TYPES_MAX = 8 };
    struct der d = der_of(t->val, t->len);
    char text[220];
    struct der_tlv oid;
    size_t n = (size_t)snprintf(text, sizeof(text), "%s", kind);

    if (t->tag == DER_CTX_CONS(0) && c->odd_san.n < TYPES_MAX &&
        der_get_oid(&d, &oid) == 0) {
        text[n++] = ' ';
        der_oid_print(text + n, sizeof(text) - n, oid.val, oid.len);
    }
    if (!strs_has(&c->odd_san, text))
        strs_add(&c->odd_san, text);
}

static int general_parse(struct csr *c, const struct der_tlv *t, struct errs *e)
{
    struct name n;

    if (t->tag == DER_CTX(1) || t->tag == DER_CTX(2) || t->tag == DER_CTX(6) ||
        t->tag == DER_CTX(7)) {
        if (name_from_general(&n, t->tag & 0x1f, t->val, t->len, e))
            return -1;
        names_add(&c->san, &n);
        return 0;
    }
    for (size_t i = 0; i < COUNT(odd_kinds); i++)
        if (odd_kinds[i].tag == t->tag && cert_general_valid(t)) {
            odd_name(c, odd_kinds[i].text, t);
            return 0;
        }
    return ext_bad(e, "subjectAltName");
}

static int san_parse(struct csr *c, struct der d, struct errs *e)
{
    struct der list;
    struct der_tlv t;
    size_t n = 0;
    int r = 0;

    if (der_enter(&d, DER_SEQUENCE, &list))
        return ext_bad(e, "subjectAltName");
    if (der_end(&list))
        return err_add(e, ERR_BAD_NAME,
                       "the subjectAltName has no names in it");
    while (!der_end(&list)) {
        if (der_next(&list, &t))
            return ext_bad(e, "subjectAltName");
        if (++n > SAN_MAX)
            return err_add(e, ERR_TOO_MANY_NAMES,
                           "the subjectAltName has more than %d names",
                           SAN_MAX);
        if (general_parse(c, &t, e))
            r = -1;
    }
    return r;
}

/* BasicConstraints (section 4.2.1.9); FALSE is the default, so never there. */
static int basic_parse(struct csr *c, struct der d, struct errs *e)
{
    struct der seq;
    bool ca = false;
    uint32_t path_len;

    if (der_enter(&d, DER_SEQUENCE, &seq) ||
        (der_peek(&seq) == DER_BOOLEAN && (der_get_bool(&seq, &ca) || !ca)) ||
        (!der_end(&seq) && der_get_int31(&seq, &path_len)) || !der_end(&seq))
        return ext_bad(e, "basicConstraints");
    if (ca)
        c->power |= CSR_POWER_CA;
    return 0;
}

/* KeyUsage (section 4.2.1.3), a named-bit list: no zeroes behind the last. */
static int usage_parse(struct csr *c, struct der d, struct errs *e)
{
    struct der_tlv t;
    unsigned last, first;

    if (der_get(&d, DER_BIT_STRING, &t) || t.len == 0)
        return ext_bad(e, "keyUsage");
    last = t.val[t.len - 1];
    if (t.len > 1 && !(last >> t.val[0] & 1))
        return ext_bad(e, "keyUsage");
    first = t.len > 1 ? t.val[1] : 0;
    if (first & 0x80 >> 5)
        c->power |= CSR_POWER_CERT_SIGN;
    if (first & 0x80 >> 6)
        c->power |= CSR_POWER_CRL_SIGN;
    return 0;
}

static int eku_parse(struct csr *c, struct der d, struct errs *e)
{
    struct der seq;
    struct der_tlv oid;

    if (der_enter(&d, DER_SEQUENCE, &seq) || der_end(&seq))
        return ext_bad(e, "extKeyUsage");
    while (!der_end(&seq)) {
        if (der_get_oid(&seq, &oid))
            return ext_bad(e, "extKeyUsage");
        if (der_oid_is(&oid, OID(KP_ANY)))
            c->power |= CSR_POWER_ANY_EKU;
        if (der_oid_is(&oid, OID(KP_OCSP)))
            c->power |= CSR_POWER_OCSP;
    }
    return 0;
}

static int constraints_parse(struct csr *c, struct der d, struct errs *e)
{
    struct der seq;

    if (der_enter(&d, DER_SEQUENCE, &seq))
        return ext_bad(e, "nameConstraints");
    c->power |= CSR_POWER_CONSTRAINTS;
    return 0;
}

/* The extensions that are known; parse is NULL for those that ours replace. */
static const struct ext {
    const char *name, *oid;
    size_t oid_len;
    int (*parse)(struct csr *c, struct der value, struct errs *e);
} known[] = {
    {"subjectAltName", OID(CE_SAN), san_parse},
    {"basicConstraints", OID(CE_BASIC), basic_parse},
    {"keyUsage", OID(CE_KEY_USAGE), usage_parse},
    {"extKeyUsage", OID(CE_EKU), eku_parse},
    {"nameConstraints", OID(CE_NAME_CONSTRAINTS), constraints_parse},
    {"subjectKeyIdentifier", OID(CE_SKI), NULL},
    {"authorityKeyIdentifier", OID(CE_AKI), NULL},
    {"cRLDistributionPoints", OID(CE_CDP), NULL},
    {"certificatePolicies", OID(CE_POLICIES), NULL},
    {"authorityInfoAccess", OID(PE_AIA), NULL},
};

static void critical_add(struct csr *c, const struct der_tlv *oid)
{
    char text[200], *all;

    der_oid_print(text, sizeof(text), oid->val, oid->len);
    all = c->critical ? xasprintf("%s %s", c->critical, text) : xstrdup(text);
    free(c->critical);
    c->critical = all;
    c->power |= CSR_POWER_CRITICAL;
}

/* Extension (section 4.1); FALSE is the default of critical. */
static int extension_parse(struct csr *c, struct der *d, struct der_tlv *oid,
                           struct errs *e)
{
    struct der seq;
    struct der_tlv value;
    bool critical = false;

    if (der_enter(d, DER_SEQUENCE, &seq) || der_get_oid(&seq, oid) ||
        (der_peek(&seq) == DER_BOOLEAN &&
         (der_get_bool(&seq, &critical) || !critical)) ||
        der_get(&seq, DER_OCTET_STRING, &value) || !der_end(&seq))
        return ext_bad(e, "list");
    for (size_t i = 0; i < COUNT(known); i++) {
        if (!der_oid_is(oid, known[i].oid, known[i].oid_len))
            continue;
        if (der_check(value.val, value.len))
            return ext_bad(e, known[i].name);
        return known[i].parse
                   ? known[i].parse(c, der_of(value.val, value.len), e)
                   : 0;
    }
    if (critical)
        critical_add(c, oid);
    return 0;
}

/* True when oid is among the n before it. */
static bool is_repeated(const struct der_tlv *oids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (der_oid_is(&oids[i], oids[n].val, oids[n].len))
            return true;
    return false;
}

/* Extensions, one element and nothing else. */
static int extensions_parse(struct csr *c, const struct der_tlv *exts,
                            struct errs *e)
{
    struct der list = der_of(exts->val, exts->len);
    struct der_tlv oids[EXTENSIONS_MAX];
    size_t n = 0;
    int r = 0;

    if (exts->tag != DER_SEQUENCE)
        return ext_bad(e, "list");
    for (; !der_end(&list); n++) {
        if (n == EXTENSIONS_MAX)
            return csr_bad(e, "it asks for more than 64 extensions");
        oids[n] = (struct der_tlv){0};
        if (extension_parse(c, &list, &oids[n], e))
            r = -1;
        if (oids[n].len == 0)
            return r; /* not even an OID: there is no going on */
        if (is_repeated(oids, n))
            r = csr_bad(e, "it asks for the same extension twice");
    }
    return r;
}

/* Attribute (RFC 2986 section 4.1): every one that we know has one value. */
static int attribute_parse(struct csr *c, struct der *attrs,
                           struct der_tlv *oid, bool *had, struct errs *e)
{
    struct der seq, set;
    struct der_tlv value;

    if (der_enter(attrs, DER_SEQUENCE, &seq) || der_get_oid(&seq, oid) ||
        der_enter(&seq, DER_SET, &set) || !der_end(&seq))
        return csr_bad(e, "it has an attribute that is none");
    if (der_next(&set, &value) || !der_end(&set))
        return csr_bad(e, "it has an attribute with no or several values");
    if (!der_oid_is(oid, OID(EXTENSION_REQUEST)) &&
        !der_oid_is(oid, OID(MS_EXTENSION_REQUEST)))
        return 0;
    if (*had)
        return csr_bad(e, "it has two lists of extensions");
    *had = true;
    return extensions_parse(c, &value, e);
}

int csr_attributes_parse(struct csr *c, struct der attrs, struct errs *e)
{
    struct der_tlv oids[ATTRIBUTES_MAX];
    bool had = false;
    size_t n = 0;
    int r = 0;

    for (; !der_end(&attrs); n++) {
        if (n == ATTRIBUTES_MAX)
            return csr_bad(e, "it has more than 32 attributes");
        oids[n] = (struct der_tlv){0};
        if (attribute_parse(c, &attrs, &oids[n], &had, e))
            r = -1;
        else if (is_repeated(oids, n))
            r = csr_bad(e, "it has the same attribute twice");
        if (oids[n].len == 0)
            return r; /* not even an OID: there is no going on */
    }
    return r;
}
