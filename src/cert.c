/* SPDX-License-Identifier: ISC */
#include "cert.h"

#include <string.h>

#include "der.h"
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
    if (der_oid_is(oid, OID(KP_SERVER)))
        return EKU_SERVER;
    if (der_oid_is(oid, OID(KP_CLIENT)))
        return EKU_CLIENT;
    if (der_oid_is(oid, OID(KP_OCSP)))
        return EKU_OCSP;
    return der_oid_is(oid, OID(KP_ANY)) ? EKU_ANY : EKU_OTHER;
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
    c->constraints = value->p;
    c->constraints_len = value->n;
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
    const char *text;
} extensions[] = {
    {OID(CE_BASIC), read_basic, "basicConstraints"},
    {OID(CE_KEY_USAGE), read_key_usage, "keyUsage"},
    {OID(CE_EKU), read_eku, "extKeyUsage"},
    {OID(CE_SKI), read_ski, "subjectKeyIdentifier"},
    {OID(CE_AKI), read_aki, "authorityKeyIdentifier"},
    {OID(CE_SAN), read_san, "subjectAltName"},
    {OID(CE_CDP), read_other, "cRLDistributionPoints"},
    {OID(PE_AIA), read_other, "authorityInfoAccess"},
    {OID(CE_NAME_CONSTRAINTS), read_constraints, "nameConstraints"},
    /* critical in certificates of other authorities: they bind who builds
     * chains, which this program never does */
    {OID(CE_POLICIES), read_other, "certificatePolicies"},
    {"\x55\x1d\x21", 3, read_other, "policyMappings"},
    {"\x55\x1d\x24", 3, read_other, "policyConstraints"},
    {"\x55\x1d\x36", 3, read_other, "inhibitAnyPolicy"},
};

static const struct ext_row *ext_find(const struct der_tlv *oid)
{
    for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++)
        if (der_oid_is(oid, extensions[i].oid, extensions[i].len))
            return &extensions[i];
    return NULL;
}

static int bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_REQUEST, "the certificate is refused: %s", what);
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
    const struct ext_row *row = ext_find(oid);

    if (!row && critical)
        return bad(e, "it has an unknown critical extension");
    if (row && (row->read(c, value) || !der_end(value)))
        return err_add(e, ERR_BAD_REQUEST,
                       "the certificate is refused: its %s is malformed",
                       row->text);
    if (row && row->read == read_san)
        c->san_critical = critical;
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
        return bad(e, "its extensions are malformed");
    for (; !der_end(&list); n++) {
        if (n == EXTENSIONS_MAX)
            return bad(e, "it has more than 64 extensions");
        if (cert_ext_next(&list, &seen[n], &critical, &value))
            return bad(e, "its extensions are malformed");
        for (size_t i = 0; i < n; i++)
            if (der_oid_is(&seen[i], seen[n].val, seen[n].len))
                return bad(e, "it has an extension twice");
        if (ext_read(c, &seen[n], critical, &value, e))
            return -1;
    }
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

    if (der_enter(tbs, DER_SEQUENCE, &seq) ||
        der_get_time(&seq, &c->not_before) ||
        der_get_time(&seq, &c->not_after) || !der_end(&seq))
        return -1;
    return c->not_before <= c->not_after ? 0 : -1;
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
        return bad(e, "it has no public key");
    if (key_pub_parse(&c->key, t.raw, t.raw_len, &why))
        return bad(e, why.v[0].detail);
    return 0;
}

/* `inner` is the AlgorithmIdentifier within. */
static int read_tbs(struct cert *c, struct der_tlv *inner, struct errs *e)
{
    struct der all = der_of(c->tbs, c->tbs_len), tbs;

    if (der_enter(&all, DER_SEQUENCE, &tbs))
        return bad(e, "it is not DER");
    if (read_version(&tbs))
        return bad(e, "its version is not 3");
    if (read_serial(&tbs, &c->serial))
        return bad(e, "its serial number is negative, longer than 20 octets, "
                      "or not DER");
    if (der_get(&tbs, DER_SEQUENCE, inner))
        return bad(e, "it has no signature algorithm");
    if (read_name(&tbs, &c->issuer, &c->issuer_len))
        return bad(e, "its issuer is malformed");
    if (read_validity(&tbs, c))
        return bad(e, "its validity is malformed, or ends before it begins");
    if (read_name(&tbs, &c->subject, &c->subject_len))
        return bad(e, "its subject is malformed");
    if (read_key(c, &tbs, e))
        return -1;
    if (!der_end(&tbs) && read_extensions(c, &tbs, e))
        return -1;
    return der_end(&tbs) ? 0 : bad(e, "something follows its extensions");
}

static int read_all(struct cert *c, struct errs *e)
{
    struct der d = der_of(c->der, c->der_len), seq, alg;
    struct der_tlv tbs, inner, outer;
    AUTO(errs) struct errs why = {0};

    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d) ||
        der_get(&seq, DER_SEQUENCE, &tbs))
        return bad(e, "it is not DER");
    c->tbs = tbs.raw;
    c->tbs_len = tbs.raw_len;
    if (read_tbs(c, &inner, e))
        return -1;
    if (der_get(&seq, DER_SEQUENCE, &outer) || outer.raw_len != inner.raw_len ||
        memcmp(outer.raw, inner.raw, inner.raw_len) != 0)
        return bad(e, "its two signature algorithms differ");
    alg = der_of(outer.raw, outer.raw_len);
    if (sig_alg_parse(&alg, &c->alg, &why))
        return bad(e, why.v[0].detail);
    if (der_get_bits(&seq, &c->sig, &c->sig_len) || !der_end(&seq))
        return bad(e, "its signature is malformed");
    return 0;
}

int cert_parse(struct cert *out, const uint8_t *der, size_t len, struct errs *e)
{
    *out = (struct cert){.der = der, .der_len = len, .path_len = -1};
    if (read_all(out, e) == 0)
        return 0;
    cert_free(out);
    return -1;
}

void cert_free(struct cert *c)
{
    names_free(&c->names);
    *c = (struct cert){0};
}
