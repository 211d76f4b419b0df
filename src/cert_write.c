/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "der.h"
#include "mem.h"
#include "oid.h"

enum { CN_MAX = 64 };

const char *cert_cn(const struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        if (names->v[i].kind == NAME_DNS)
            return strlen(names->v[i].value) <= CN_MAX ? names->v[i].value
                                                       : NULL;
    return NULL;
}

/* An open extension: its SEQUENCE and its OCTET STRING. */
struct ext {
    size_t seq, value;
};

static struct ext ext_open(struct buf *b, bool critical, const void *oid,
                           size_t len)
{
    struct ext x;

    x.seq = der_open(b, DER_SEQUENCE);
    der_put_oid(b, oid, len);
    if (critical)
        der_put_bool(b, true);
    x.value = der_open(b, DER_OCTET_STRING);
    return x;
}

static void ext_close(struct buf *b, struct ext x)
{
    der_close(b, x.value);
    der_close(b, x.seq);
}

void cert_ext_put(struct buf *b, bool critical, const void *oid, size_t oid_len,
                  const struct buf *value)
{
    struct ext x = ext_open(b, critical, oid, oid_len);

    buf_put(b, value->data, value->len);
    ext_close(b, x);
}

static void put_basic(struct buf *b, const struct cert_spec *spec)
{
    struct ext x = ext_open(b, true, OID(CE_BASIC));
    size_t seq = der_open(b, DER_SEQUENCE);

    if (spec->ca) {
        der_put_bool(b, true);
        if (spec->path_len >= 0)
            der_put_int(b, (uint32_t)spec->path_len);
    }
    der_close(b, seq);
    ext_close(b, x);
}

static void put_key_usage(struct buf *b, const struct cert_spec *spec)
{
    struct ext x;

    if (!spec->ku)
        return;
    x = ext_open(b, true, OID(CE_KEY_USAGE));
    der_put_named_bits(b, spec->ku);
    ext_close(b, x);
}

static void put_eku(struct buf *b, const struct cert_spec *spec)
{
    static const struct {
        enum ext_key_usage bit;
        const char *oid;
        size_t len;
    } usages[] = {
        {EKU_SERVER, OID(KP_SERVER)}, {EKU_CLIENT, OID(KP_CLIENT)},
        {EKU_CODE, OID(KP_CODE)},     {EKU_EMAIL, OID(KP_EMAIL)},
        {EKU_TIME, OID(KP_TIME)},     {EKU_OCSP, OID(KP_OCSP)},
        {EKU_ANY, OID(KP_ANY)},
    };
    struct ext x;
    size_t seq;

    if (!spec->eku && !(spec->eku_other && spec->eku_other->len))
        return;
    x = ext_open(b, spec->eku & EKU_TIME, OID(CE_EKU));
    seq = der_open(b, DER_SEQUENCE);
    for (size_t i = 0; i < COUNT(usages); i++)
        if (spec->eku & usages[i].bit)
            der_put_oid(b, usages[i].oid, usages[i].len);
    if (spec->eku_other)
        buf_put(b, spec->eku_other->data, spec->eku_other->len);
    der_close(b, seq);
    ext_close(b, x);
}

/* Method (1) of RFC 5280 section 4.2.1.2, from the SPKI's BIT STRING. */
static void spki_ski(const uint8_t *spki, size_t len, uint8_t out[SKI_LEN])
{
    struct der d = der_of(spki, len), seq;
    struct der_tlv alg;
    struct key_pub k = {0};

    if (der_enter(&d, DER_SEQUENCE, &seq) ||
        der_get(&seq, DER_SEQUENCE, &alg) ||
        der_get_bits(&seq, &k.point, &k.point_len))
        abort(); /* every key was parsed before it comes here */
    key_pub_ski(&k, out);
}

static void put_key_ids(struct buf *b, const struct cert_spec *spec)
{
    uint8_t ski[SKI_LEN];
    struct ext x = ext_open(b, false, OID(CE_SKI));
    size_t seq;

    if (spec->ski)
        memcpy(ski, spec->ski, SKI_LEN);
    else
        spki_ski(spec->spki, spec->spki_len, ski);
    der_put(b, DER_OCTET_STRING, ski, SKI_LEN);
    ext_close(b, x);
    if (!spec->aki)
        return;
    x = ext_open(b, false, OID(CE_AKI));
    seq = der_open(b, DER_SEQUENCE);
    der_put(b, DER_CTX(0), spec->aki, SKI_LEN);
    der_close(b, seq);
    ext_close(b, x);
}

/* GeneralName tags (RFC 5280 section 4.2.1.6). */
static const uint8_t general_tag[NAME__MAX] = {
    [NAME_DNS] = DER_CTX(2),
    [NAME_IP] = DER_CTX(7),
    [NAME_EMAIL] = DER_CTX(1),
    [NAME_URI] = DER_CTX(6),
};

static void put_text(struct buf *b, uint8_t tag, const char *text)
{
    der_put(b, tag, text, strlen(text));
}

static bool subject_empty(const struct cert_spec *spec)
{
    return spec->subject ? subject_is_empty(spec->subject) : !spec->cn;
}

static void put_san(struct buf *b, const struct cert_spec *spec)
{
    const size_t start = b->len;
    struct ext x = ext_open(b, subject_empty(spec), OID(CE_SAN));
    size_t seq = der_open(b, DER_SEQUENCE);

    for (size_t i = 0; spec->names && i < spec->names->n; i++) {
        const struct name *n = &spec->names->v[i];

        if (n->kind == NAME_IP)
            der_put(b, general_tag[n->kind], n->ip, n->ip_len);
        else if (n->kind != NAME_CN)
            put_text(b, general_tag[n->kind], n->value);
    }
    if (b->len == seq) { /* there is none */
        b->len = start;
        return;
    }
    der_close(b, seq);
    ext_close(b, x);
}

/* RFC 5280 section 4.2.1.13: one point, by its full name. */
static void put_cdp(struct buf *b, const struct cert_spec *spec)
{
    struct ext x;
    size_t points, point, name, full;

    if (!spec->crl_url)
        return;
    x = ext_open(b, false, OID(CE_CDP));
    points = der_open(b, DER_SEQUENCE);
    point = der_open(b, DER_SEQUENCE);
    name = der_open(b, DER_CTX_CONS(0));
    full = der_open(b, DER_CTX_CONS(0));
    put_text(b, DER_CTX(6), spec->crl_url);
    der_close(b, full);
    der_close(b, name);
    der_close(b, point);
    der_close(b, points);
    ext_close(b, x);
}

static void put_access(struct buf *b, const void *oid, size_t len,
                       const char *url)
{
    size_t seq;

    if (!url)
        return;
    seq = der_open(b, DER_SEQUENCE);
    der_put_oid(b, oid, len);
    put_text(b, DER_CTX(6), url);
    der_close(b, seq);
}

static void put_aia(struct buf *b, const struct cert_spec *spec)
{
    struct ext x;
    size_t seq;

    if (!spec->ocsp_url && !spec->issuer_url)
        return;
    x = ext_open(b, false, OID(PE_AIA));
    seq = der_open(b, DER_SEQUENCE);
    put_access(b, OID(AD_OCSP), spec->ocsp_url);
    put_access(b, OID(AD_CA_ISSUERS), spec->issuer_url);
    der_close(b, seq);
    ext_close(b, x);
}

/* A GeneralSubtree; minimum is its default, so not there. */
static void put_subtree(struct buf *b, enum name_kind k, const void *base,
                        size_t len)
{
    size_t seq = der_open(b, DER_SEQUENCE);

    der_put(b, general_tag[k], base, len);
    der_close(b, seq);
}

static void put_net(struct buf *b, const struct pattern *net)
{
    uint8_t v[32] = {0};

    memcpy(v, net->ip, net->ip_len);
    for (unsigned i = 0; i < net->prefix; i++)
        v[net->ip_len + i / 8] |= (uint8_t)(0x80 >> i % 8);
    put_subtree(b, NAME_IP, v, 2U * net->ip_len);
}

static bool permits_kind(const struct cert_constraints *c, enum name_kind k)
{
    if (c->any & 1U << k)
        return true;
    for (size_t i = 0; i < c->permitted.n; i++)
        if (c->permitted.v[i].kind == k)
            return true;
    return false;
}

static bool permits_family(const struct cert_constraints *c, size_t ip_len)
{
    if (c->any & 1U << NAME_IP)
        return true;
    for (size_t i = 0; i < c->nets.n; i++)
        if (c->nets.v[i].ip_len == ip_len)
            return true;
    return false;
}

/* Closes what der_open() gave `at` for, or takes it away when it is empty. */
static void close_unless_empty(struct buf *b, size_t at)
{
    if (b->len == at)
        b->len = at - 1;
    else
        der_close(b, at);
}

static void put_permitted(struct buf *b, const struct cert_constraints *c)
{
    size_t at = der_open(b, DER_CTX_CONS(0));

    for (size_t i = 0; i < c->permitted.n; i++) {
        const struct name *n = &c->permitted.v[i];

        if (!(c->any & 1U << n->kind))
            put_subtree(b, n->kind, n->value, strlen(n->value));
    }
    if (!(c->any & 1U << NAME_IP))
        for (size_t i = 0; i < c->nets.n; i++)
            put_net(b, &c->nets.v[i]);
    close_unless_empty(b, at);
}

/* The empty subtree is every name; for addresses there is one a family. */
static void put_excluded(struct buf *b, const struct cert_constraints *c)
{
    static const enum name_kind named[] = {NAME_DNS, NAME_EMAIL, NAME_URI};
    static const uint8_t every[32];
    size_t at = der_open(b, DER_CTX_CONS(1));

    for (size_t i = 0; i < COUNT(named); i++)
        if (!permits_kind(c, named[i]))
            put_subtree(b, named[i], "", 0);
    if (!permits_family(c, 4))
        put_subtree(b, NAME_IP, every, 8);
    if (!permits_family(c, 16))
        put_subtree(b, NAME_IP, every, 32);
    close_unless_empty(b, at);
}

static void put_constraints(struct buf *b, const struct cert_spec *spec)
{
    size_t start = b->len, seq;
    struct ext x;

    if (!spec->constraints)
        return;
    x = ext_open(b, true, OID(CE_NAME_CONSTRAINTS));
    seq = der_open(b, DER_SEQUENCE);
    put_permitted(b, spec->constraints);
    put_excluded(b, spec->constraints);
    if (b->len == seq) { /* everything is permitted */
        b->len = start;
        return;
    }
    der_close(b, seq);
    ext_close(b, x);
}

static void put_subject(struct buf *b, const struct cert_spec *spec)
{
    const struct subject cn = {.v[SUBJECT_CN] = (char *)spec->cn};

    subject_write(b, spec->subject ? spec->subject : &cn);
}

static void put_extensions(struct buf *b, const struct cert_spec *spec)
{
    size_t tagged = der_open(b, DER_CTX_CONS(3));
    size_t seq = der_open(b, DER_SEQUENCE);

    put_basic(b, spec);
    put_key_usage(b, spec);
    put_eku(b, spec);
    put_key_ids(b, spec);
    put_san(b, spec);
    put_cdp(b, spec);
    put_aia(b, spec);
    put_constraints(b, spec);
    if (spec->extra)
        buf_put(b, spec->extra->data, spec->extra->len);
    der_close(b, seq);
    der_close(b, tagged);
}

void cert_write_tbs(struct buf *tbs, const struct cert_spec *spec)
{
    size_t seq = der_open(tbs, DER_SEQUENCE), at;

    at = der_open(tbs, DER_CTX_CONS(0));
    der_put_int(tbs, 2);
    der_close(tbs, at);
    der_put_uint(tbs, spec->serial.v, spec->serial.len);
    sig_alg_put(tbs, spec->alg);
    if (spec->issuer)
        buf_put(tbs, spec->issuer, spec->issuer_len);
    else
        put_subject(tbs, spec);
    at = der_open(tbs, DER_SEQUENCE);
    der_put_time(tbs, spec->not_before);
    der_put_time(tbs, spec->not_after);
    der_close(tbs, at);
    put_subject(tbs, spec);
    buf_put(tbs, spec->spki, spec->spki_len);
    put_extensions(tbs, spec);
    der_close(tbs, seq);
}
