/* SPDX-License-Identifier: ISC */
/* The extensions of a certificate (RFC 5280 section 4.2). */
#include "cert_part.h"
#include "der.h"
#include "mem.h"
#include "oid.h"

/* Each takes the contents of an extension; -1 when it is not what its RFC
 * says, with a reason in `why` when there is more to say. */
typedef int ext_fn(struct cert *c, struct der *value, struct errs *why);

#define EXT_ARGS                                                               \
    __attribute__((unused)) struct cert *c, struct der *value,                 \
        __attribute__((unused)) struct errs *why

/* RFC 5280 section 4.2.1.9 */
static int read_basic(EXT_ARGS)
{
    uint32_t path_len;
    struct der seq;

    if (der_enter(value, DER_SEQUENCE, &seq))
        return -1;
    if (der_end(&seq))
        return 0;
    if (der_get_bool(&seq, &c->ca) || !c->ca) /* FALSE is the default */
        return -1;
    if (der_end(&seq))
        return 0;
    if (der_get_int31(&seq, &path_len) || path_len > 1000)
        return -1;
    c->path_len = (int)path_len;
    return der_end(&seq) ? 0 : -1;
}

/* Section 4.2.1.3: a named-bit list without trailing zeroes, not empty. */
static int read_key_usage(EXT_ARGS)
{
    struct der_tlv t;
    unsigned unused;

    if (der_get(value, DER_BIT_STRING, &t) || t.len < 2 || t.len > 3)
        return -1;
    unused = t.val[0];
    if (unused > 7 || !(t.val[t.len - 1] >> unused & 1) ||
        t.val[t.len - 1] & ((1U << unused) - 1))
        return -1;
    for (unsigned i = 0; i < (t.len - 1) * 8; i++)
        if (t.val[1 + i / 8] & 0x80 >> i % 8)
            c->ku |= 1U << i;
    return 0;
}

static unsigned eku_bit(const struct der_tlv *oid)
{
    static const struct {
        const char *oid;
        size_t len;
        enum ext_key_usage bit;
    } known[] = {
        {OID(KP_SERVER), EKU_SERVER}, {OID(KP_CLIENT), EKU_CLIENT},
        {OID(KP_CODE), EKU_CODE},     {OID(KP_EMAIL), EKU_EMAIL},
        {OID(KP_TIME), EKU_TIME},     {OID(KP_OCSP), EKU_OCSP},
        {OID(KP_ANY), EKU_ANY},
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (der_oid_is(oid, known[i].oid, known[i].len))
            return known[i].bit;
    return EKU_OTHER;
}

static int read_eku(EXT_ARGS)
{
    struct der_tlv oid;
    struct der seq;

    if (der_enter(value, DER_SEQUENCE, &seq) || der_end(&seq))
        return -1;
    while (!der_end(&seq)) {
        if (der_get_oid(&seq, &oid))
            return -1;
        c->eku |= eku_bit(&oid);
    }
    return 0;
}

static int read_ski(EXT_ARGS)
{
    struct der_tlv t;

    if (der_get(value, DER_OCTET_STRING, &t) || t.len == 0)
        return -1;
    c->ski = t.val;
    c->ski_len = t.len;
    return 0;
}

int cert_aki_read(struct der *value, const uint8_t **id, size_t *len)
{
    static const uint8_t tags[] = {DER_CTX(0), DER_CTX_CONS(1), DER_CTX(2)};
    struct der_tlv t;
    struct der seq;

    if (der_enter(value, DER_SEQUENCE, &seq))
        return -1;
    for (size_t i = 0; i < sizeof(tags); i++) {
        if (der_peek(&seq) != tags[i])
            continue;
        if (der_next(&seq, &t) || t.len == 0)
            return -1;
        if (i == 0) {
            *id = t.val;
            *len = t.len;
        }
    }
    return der_end(&seq) ? 0 : -1;
}

static int read_aki(EXT_ARGS)
{
    return cert_aki_read(value, &c->aki, &c->aki_len);
}

/* The other kinds of GeneralName: otherName, x400Address, directoryName,
 * ediPartyName, registeredID. */
static bool is_other_name(uint8_t tag)
{
    return tag == DER_CTX_CONS(0) || tag == DER_CTX_CONS(3) ||
           tag == DER_CTX_CONS(4) || tag == DER_CTX_CONS(5) ||
           tag == DER_CTX(8);
}

static bool is_plain_name(uint8_t tag)
{
    return tag == DER_CTX(1) || tag == DER_CTX(2) || tag == DER_CTX(6) ||
           tag == DER_CTX(7);
}

/* OtherName ::= SEQUENCE { OID, [0] EXPLICIT value } */
static bool other_valid(const struct der_tlv *t)
{
    struct der seq = der_of(t->val, t->len), value;
    struct der_tlv oid, any;

    return der_get_oid(&seq, &oid) == 0 &&
           der_enter(&seq, DER_CTX_CONS(0), &value) == 0 && der_end(&seq) &&
           der_next(&value, &any) == 0 && der_end(&value);
}

bool cert_general_valid(const struct der_tlv *t)
{
    if (t->tag == DER_CTX_CONS(0))
        return other_valid(t);
    if (t->tag == DER_CTX_CONS(4))
        return cert_name_check(t->val, t->len) == 0;
    if (t->tag == DER_CTX(8))
        return der_oid_valid(t->val, t->len);
    return is_plain_name(t->tag) || is_other_name(t->tag);
}

/* Section 4.2.1.6 */
static int read_san(EXT_ARGS)
{
    struct der_tlv t;
    struct der seq;

    if (der_enter(value, DER_SEQUENCE, &seq) || der_end(&seq))
        return -1;
    while (!der_end(&seq)) {
        AUTO(errs) struct errs rule = {0}; /* cert_judge_odd() tells it */
        struct name n;

        if (der_next(&seq, &t))
            return -1;
        if (!cert_general_valid(&t))
            return -1;
        if (is_other_name(t.tag))
            continue;
        if (name_from_general(&n, t.tag & 0x1f, t.val, t.len, &rule) == 0)
            names_add(&c->names, &n);
        else if (!c->odd_name.raw)
            c->odd_name = t;
    }
    return 0;
}

/* GeneralSubtree: base, [0] minimum and [1] maximum, which a lint is about. */
static int read_subtree(struct der *list)
{
    struct der_tlv base, t;
    struct der seq;

    if (der_enter(list, DER_SEQUENCE, &seq) || der_next(&seq, &base) ||
        !cert_general_valid(&base))
        return -1;
    for (uint8_t i = 0; i < 2; i++)
        if (der_peek(&seq) == DER_CTX(i) && (der_next(&seq, &t) || t.len == 0))
            return -1;
    return der_end(&seq) ? 0 : -1;
}

/* Section 4.2.1.10.  What could not be read would not be enforced. */
static int read_constraints(EXT_ARGS)
{
    struct der seq, list;

    if (der_enter(value, DER_SEQUENCE, &seq))
        return -1;
    for (uint8_t i = 0; i < 2; i++) {
        int there = der_enter_opt(&seq, DER_CTX_CONS(i), &list);

        if (there < 0 || (there && der_end(&list)))
            return -1;
        while (there && !der_end(&list))
            if (read_subtree(&list))
                return -1;
    }
    return der_end(&seq) ? 0 : -1;
}

static int read_other(EXT_ARGS)
{
    *value = (struct der){0};
    return 0;
}

static const struct ext_row {
    const char *oid;
    size_t len;
    ext_fn *read;
    enum cert_fault fault; /* when read() says no */
    bool only_plain;       /* critical it is as good as unknown */
} extensions[EXT__MAX] = {
    [EXT_BASIC] = {OID(CE_BASIC), read_basic, CERT_FAULT_BASIC, false},
    [EXT_KEY_USAGE] = {OID(CE_KEY_USAGE), read_key_usage, CERT_FAULT_KEY_USAGE,
                       false},
    [EXT_EKU] = {OID(CE_EKU), read_eku, CERT_FAULT_EKU, false},
    [EXT_SKI] = {OID(CE_SKI), read_ski, CERT_FAULT_SKI, false},
    [EXT_AKI] = {OID(CE_AKI), read_aki, CERT_FAULT_AKI, false},
    [EXT_SAN] = {OID(CE_SAN), read_san, CERT_FAULT_SAN, false},
    [EXT_CDP] = {OID(CE_CDP), read_other, 0, false},
    [EXT_AIA] = {OID(PE_AIA), read_other, 0, false},
    [EXT_CONSTRAINTS] = {OID(CE_NAME_CONSTRAINTS), read_constraints,
                         CERT_FAULT_CONSTRAINTS, false},
    /* critical in certificates of other authorities: they bind who builds
     * chains, which this program never does */
    [EXT_POLICIES] = {OID(CE_POLICIES), read_other, 0, false},
    [EXT_POLICY_MAPPINGS] = {OID(CE_POLICY_MAPPINGS), read_other, 0, false},
    [EXT_POLICY_CONSTRAINTS] = {OID(CE_POLICY_CONSTRAINTS), read_other, 0,
                                false},
    [EXT_INHIBIT_ANY] = {OID(CE_INHIBIT_ANY), read_other, 0, false},
    [EXT_TLS_FEATURE] = {OID(PE_TLS_FEATURE), read_other, 0, true},
    [EXT_NOCHECK] = {OID(OCSP_NOCHECK), read_other, 0, true},
};

enum cert_ext_id cert_ext_of(const struct der_tlv *oid)
{
    for (int i = 0; i < EXT__MAX; i++)
        if (der_oid_is(oid, extensions[i].oid, extensions[i].len))
            return (enum cert_ext_id)i;
    return EXT__MAX;
}

static const char *const ext_texts[EXT__MAX] = {
    [EXT_BASIC] = "basicConstraints",
    [EXT_KEY_USAGE] = "keyUsage",
    [EXT_EKU] = "extKeyUsage",
    [EXT_SKI] = "subjectKeyIdentifier",
    [EXT_AKI] = "authorityKeyIdentifier",
    [EXT_SAN] = "subjectAltName",
    [EXT_CDP] = "cRLDistributionPoints",
    [EXT_AIA] = "authorityInfoAccess",
    [EXT_CONSTRAINTS] = "nameConstraints",
    [EXT_POLICIES] = "certificatePolicies",
    [EXT_POLICY_MAPPINGS] = "policyMappings",
    [EXT_POLICY_CONSTRAINTS] = "policyConstraints",
    [EXT_INHIBIT_ANY] = "inhibitAnyPolicy",
    [EXT_TLS_FEATURE] = "tlsFeature",
    [EXT_NOCHECK] = "ocspNoCheck",
};

const char *cert_ext_text(enum cert_ext_id id)
{
    return ext_texts[id];
}

int cert_ext_next(struct der *list, struct der_tlv *oid, bool *critical,
                  struct der *value)
{
    struct der seq;

    *critical = false;
    if (der_enter(list, DER_SEQUENCE, &seq) || der_get_oid(&seq, oid))
        return -1;
    if (der_peek(&seq) == DER_BOOLEAN &&
        (der_get_bool(&seq, critical) || !*critical))
        return -1;
    if (der_enter(&seq, DER_OCTET_STRING, value) || !der_end(&seq))
        return -1;
    return 0;
}

enum cert_fault cert_ext_read(struct cert *c, const struct der_tlv *oid,
                              bool critical, struct der *value,
                              struct errs *why)
{
    const struct cert_ext ext = {value->p, value->n, critical};
    const enum cert_ext_id i = cert_ext_of(oid);

    if (critical && (i == EXT__MAX || extensions[i].only_plain) &&
        !c->odd_critical.raw)
        c->odd_critical = *oid;
    if (i == EXT__MAX)
        return CERT_FAULT_NONE;
    c->ext[i] = ext;
    if (extensions[i].read(c, value, why) || !der_end(value))
        return extensions[i].fault;
    return CERT_FAULT_NONE;
}
