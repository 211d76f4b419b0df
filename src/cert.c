/* SPDX-License-Identifier: ISC */
#include "cert.h"

#include <string.h>

#include "der.h"
#include "mem.h"
#include "oid.h"

enum { EXTENSIONS_MAX = 64 };

/* Each takes the contents of an extension; -1 when it is not what its RFC
 * says. */
typedef int ext_fn(struct cert *c, struct der *value);

/* RFC 5280 section 4.2.1.9 */
static int read_basic(struct cert *c, struct der *value)
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
static int read_key_usage(struct cert *c, struct der *value)
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

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (der_oid_is(oid, known[i].oid, known[i].len))
            return known[i].bit;
    return EKU_OTHER;
}

static int read_eku(struct cert *c, struct der *value)
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

static int read_ski(struct cert *c, struct der *value)
{
    struct der_tlv t;

    if (der_get(value, DER_OCTET_STRING, &t) || t.len == 0)
        return -1;
    c->ski = t.val;
    c->ski_len = t.len;
    return 0;
}

/* Section 4.2.1.1: [0] key id, [1] issuer, [2] serial, each optional. */
static int read_aki(struct cert *c, struct der *value)
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
            c->aki = t.val;
            c->aki_len = t.len;
        }
    }
    return der_end(&seq) ? 0 : -1;
}

/* The other kinds of GeneralName: otherName, x400Address, directoryName,
 * ediPartyName, registeredID. */
static bool is_other_name(uint8_t tag)
{
    return tag == DER_CTX_CONS(0) || tag == DER_CTX_CONS(3) ||
           tag == DER_CTX_CONS(4) || tag == DER_CTX_CONS(5) ||
           tag == DER_CTX(8);
}

/* Section 4.2.1.6 */
static int read_san(struct cert *c, struct der *value)
{
    struct der_tlv t;
    struct der seq;

    if (der_enter(value, DER_SEQUENCE, &seq) || der_end(&seq))
        return -1;
    while (!der_end(&seq)) {
        AUTO(errs) struct errs e = {0};
        struct name n;

        if (der_next(&seq, &t))
            return -1;
        if (is_other_name(t.tag))
            continue;
        if (t.tag != DER_CTX(1) && t.tag != DER_CTX(2) && t.tag != DER_CTX(6) &&
            t.tag != DER_CTX(7))
            return -1;
        if (name_from_general(&n, t.tag & 0x1f, t.val, t.len, &e))
            return -1;
        names_add(&c->names, &n);
    }
    return 0;
}

static int read_constraints(struct cert *c, struct der *value)
{
    (void)c;
    return der_enter(value, DER_SEQUENCE, &(struct der){0});
}

static int read_other(struct cert *c, struct der *value)
{
    (void)c;
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

static const char *const fault_texts[CERT_FAULT__MAX] = {
#define X(id, name, cite, text) [CERT_FAULT_##id] = text,
    CERT_FAULT_TABLE(X)
#undef X
};

static int bad_why(struct cert *c, struct errs *e, enum cert_fault f,
                   const char *why)
{
    c->fault = f;
    return err_add(e, ERR_BAD_REQUEST, "the certificate is refused: %s", why);
}

static int bad(struct cert *c, struct errs *e, enum cert_fault f)
{
    return bad_why(c, e, f, fault_texts[f]);
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

static int ext_read(struct cert *c, const struct der_tlv *oid, bool critical,
                    struct der *value, struct errs *e)
{
    const struct cert_ext ext = {value->p, value->n, critical};
    const enum cert_ext_id i = cert_ext_of(oid);

    if (critical && (i == EXT__MAX || extensions[i].only_plain) &&
        !c->odd_critical.raw)
        c->odd_critical = *oid;
    if (i == EXT__MAX)
        return 0;
    c->ext[i] = ext;
    if (extensions[i].read(c, value) || !der_end(value))
        return bad(c, e, extensions[i].fault);
    return 0;
}

static int read_extensions(struct cert *c, struct der *tbs, struct errs *e)
{
    struct der_tlv seen[EXTENSIONS_MAX];
    struct der tagged, list, value;
    bool critical;
    size_t n = 0;

    if (der_enter(tbs, DER_CTX_CONS(3), &tagged) ||
        der_enter(&tagged, DER_SEQUENCE, &list) || !der_end(&tagged) ||
        der_end(&list))
        return bad(c, e, CERT_FAULT_EXTENSIONS);
    c->exts = list.p;
    c->exts_len = list.n;
    for (; !der_end(&list); n++) {
        if (n == EXTENSIONS_MAX)
            return bad(c, e, CERT_FAULT_COUNT);
        if (cert_ext_next(&list, &seen[n], &critical, &value))
            return bad(c, e, CERT_FAULT_EXTENSIONS);
        for (size_t i = 0; i < n; i++)
            if (der_oid_is(&seen[i], seen[n].val, seen[n].len))
                return bad(c, e, CERT_FAULT_TWICE);
        if (ext_read(c, &seen[n], critical, &value, e))
            return -1;
    }
    c->n_exts = n;
    return 0;
}

static int read_serial(struct der *tbs, struct serial *s)
{
    const uint8_t *p;
    size_t len;

    if (der_get_uint(tbs, &p, &len) || len > SERIAL_MAX)
        return -1;
    memcpy(s->v, p, len);
    s->len = (uint8_t)len;
    return 0;
}

static int read_name(struct der *tbs, const uint8_t **p, size_t *len)
{
    struct der_tlv t;

    if (der_get(tbs, DER_SEQUENCE, &t) || cert_name_check(t.raw, t.raw_len))
        return -1;
    *p = t.raw;
    *len = t.raw_len;
    return 0;
}

static int read_validity(struct der *tbs, struct cert *c)
{
    struct der seq;

    if (der_enter(tbs, DER_SEQUENCE, &seq))
        return -1;
    c->not_before_tag = (uint8_t)der_peek(&seq);
    if (der_get_time(&seq, &c->not_before))
        return -1;
    c->not_after_tag = (uint8_t)der_peek(&seq);
    return der_get_time(&seq, &c->not_after) || !der_end(&seq) ? -1 : 0;
}

/* The version, which is v3: [0] EXPLICIT INTEGER 2. */
static int read_version(struct der *tbs)
{
    struct der tagged;
    uint32_t version;

    if (der_enter(tbs, DER_CTX_CONS(0), &tagged) ||
        der_get_int31(&tagged, &version) || version != 2 || !der_end(&tagged))
        return -1;
    return 0;
}

static int read_key(struct cert *c, struct der *tbs, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    struct der_tlv t;

    if (der_get(tbs, DER_SEQUENCE, &t))
        return bad(c, e, CERT_FAULT_KEY);
    if (key_pub_parse(&c->key, t.raw, t.raw_len, &why))
        return bad_why(c, e, CERT_FAULT_KEY, why.v[0].detail);
    return 0;
}

/* `inner` is the AlgorithmIdentifier within. */
static int read_tbs(struct cert *c, struct der_tlv *inner, struct errs *e)
{
    struct der all = der_of(c->tbs, c->tbs_len), tbs;

    if (der_enter(&all, DER_SEQUENCE, &tbs) || !der_end(&all))
        return bad(c, e, CERT_FAULT_DER);
    if (read_version(&tbs))
        return bad(c, e, CERT_FAULT_VERSION);
    if (read_serial(&tbs, &c->serial))
        return bad(c, e, CERT_FAULT_SERIAL);
    if (der_get(&tbs, DER_SEQUENCE, inner))
        return bad(c, e, CERT_FAULT_INNER_ALG);
    if (read_name(&tbs, &c->issuer, &c->issuer_len))
        return bad(c, e, CERT_FAULT_ISSUER);
    if (read_validity(&tbs, c))
        return bad(c, e, CERT_FAULT_VALIDITY);
    if (c->not_before > c->not_after)
        return bad(c, e, CERT_FAULT_ORDER);
    if (read_name(&tbs, &c->subject, &c->subject_len))
        return bad(c, e, CERT_FAULT_SUBJECT);
    if (read_key(c, &tbs, e))
        return -1;
    if (!der_end(&tbs) && read_extensions(c, &tbs, e))
        return -1;
    return der_end(&tbs) ? 0 : bad(c, e, CERT_FAULT_TAIL);
}

static int read_alg(struct cert *c, const struct der_tlv *alg, struct errs *e)
{
    struct der d = der_of(alg->raw, alg->raw_len);
    AUTO(errs) struct errs why = {0};

    if (sig_alg_parse(&d, &c->alg, &why))
        return bad_why(c, e, CERT_FAULT_ALG, why.v[0].detail);
    return 0;
}

static int read_all(struct cert *c, struct errs *e)
{
    struct der d = der_of(c->der, c->der_len), seq;
    struct der_tlv tbs, inner, outer;

    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d) ||
        der_get(&seq, DER_SEQUENCE, &tbs))
        return bad(c, e, CERT_FAULT_DER);
    c->tbs = tbs.raw;
    c->tbs_len = tbs.raw_len;
    if (read_tbs(c, &inner, e))
        return -1;
    if (der_get(&seq, DER_SEQUENCE, &outer) || outer.raw_len != inner.raw_len ||
        memcmp(outer.raw, inner.raw, inner.raw_len) != 0)
        return bad(c, e, CERT_FAULT_ALGS_DIFFER);
    if (read_alg(c, &outer, e))
        return -1;
    if (der_get_bits(&seq, &c->sig, &c->sig_len) || !der_end(&seq))
        return bad(c, e, CERT_FAULT_SIGNATURE);
    return 0;
}

/* Empty but for the fault. */
static int refused(struct cert *c)
{
    enum cert_fault fault = c->fault;

    cert_free(c);
    c->fault = fault;
    return -1;
}

int cert_parse_any(struct cert *out, const uint8_t *der, size_t len,
                   struct errs *e)
{
    *out = (struct cert){.der = der, .der_len = len, .path_len = -1};
    return read_all(out, e) ? refused(out) : 0;
}

int cert_parse(struct cert *out, const uint8_t *der, size_t len, struct errs *e)
{
    AUTO(free) char *why = NULL;
    char oid[64];

    if (cert_parse_any(out, der, len, e) != 0)
        return -1;
    if (!out->odd_critical.raw)
        return 0;
    der_oid_print(oid, sizeof(oid), out->odd_critical.val,
                  out->odd_critical.len);
    why = xasprintf("it has an unknown critical extension (%s)", oid);
    bad_why(out, e, CERT_FAULT_CRITICAL, why);
    return refused(out);
}

int cert_parse_tbs(struct cert *out, const uint8_t *tbs, size_t len,
                   struct errs *e)
{
    struct der_tlv alg;

    *out = (struct cert){.tbs = tbs, .tbs_len = len, .path_len = -1};
    return read_tbs(out, &alg, e) || read_alg(out, &alg, e) ? refused(out) : 0;
}

bool cert_may_issue(const struct cert *issuer, const struct cert *c)
{
    if (issuer->subject_len != c->issuer_len ||
        memcmp(issuer->subject, c->issuer, c->issuer_len) != 0)
        return false;
    return !c->aki || !issuer->ski ||
           (c->aki_len == issuer->ski_len &&
            memcmp(c->aki, issuer->ski, c->aki_len) == 0);
}

bool cert_self_signed(const struct cert *c)
{
    return cert_may_issue(c, c);
}

void cert_free(struct cert *c)
{
    names_free(&c->names);
    *c = (struct cert){0};
}

int cert_crl_uri(const struct cert *c, struct der_tlv *uri)
{
    const struct cert_ext *x = &c->ext[EXT_CDP];
    struct der value = der_of(x->value, x->len), points, point, name, full;

    if (!x->value || der_enter(&value, DER_SEQUENCE, &points) ||
        der_enter(&points, DER_SEQUENCE, &point) || !der_end(&points) ||
        der_enter(&point, DER_CTX_CONS(0), &name) || !der_end(&point) ||
        der_enter(&name, DER_CTX_CONS(0), &full) || !der_end(&name) ||
        der_next(&full, uri) || uri->tag != DER_CTX(6) || !der_end(&full))
        return -1;
    return 0;
}
