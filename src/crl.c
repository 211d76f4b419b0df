/* SPDX-License-Identifier: ISC */
#include "crl.h"

#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "mem.h"
#include "oid.h"

static const struct {
    const char *text;
    bool allowed;
} reasons[] = {
    [REASON_UNSPECIFIED] = {"unspecified", true},
    [REASON_KEY_COMPROMISE] = {"keyCompromise", true},
    [REASON_CA_COMPROMISE] = {"cACompromise", false},
    [REASON_AFFILIATION_CHANGED] = {"affiliationChanged", true},
    [REASON_SUPERSEDED] = {"superseded", true},
    [REASON_CESSATION_OF_OPERATION] = {"cessationOfOperation", true},
    [REASON_CERTIFICATE_HOLD] = {"certificateHold", false},
    [REASON_REMOVE_FROM_CRL] = {"removeFromCRL", false},
    [REASON_PRIVILEGE_WITHDRAWN] = {"privilegeWithdrawn", true},
    [REASON_AA_COMPROMISE] = {"aACompromise", false},
};

enum { REASONS = COUNT(reasons) };

const char *crl_reason_text(int reason)
{
    return reason >= 0 && reason < REASONS ? reasons[reason].text : NULL;
}

int crl_reason_parse(const char *text)
{
    for (int i = 0; i < REASONS; i++)
        if (reasons[i].text && strcmp(reasons[i].text, text) == 0)
            return i;
    return -1;
}

bool crl_reason_allowed(int reason)
{
    return reason >= 0 && reason < REASONS && reasons[reason].allowed;
}

char *crl_scope(const char *authority, uint32_t partition)
{
    return partition ? xasprintf("%s/%lu", authority, (unsigned long)partition)
                     : xstrdup(authority);
}

char *crl_url(const char *public_url, const char *authority, uint32_t partition)
{
    AUTO(free) char *scope = crl_scope(authority, partition);

    return xasprintf("%s/crl/%s.crl", public_url, scope);
}

uint32_t crl_partition_of(const struct cert *c, const char *authority,
                          struct der_tlv *uri)
{
    AUTO(free) char *url = NULL;
    AUTO(free) char *middle = xasprintf("/crl/%s/", authority);
    AUTO(free) char *end = NULL;
    unsigned long n;
    const char *at;

    if (cert_crl_uri(c, uri) != 0)
        return 0;
    url = xstrndup((const char *)uri->val, uri->len);
    at = strrchr(url, '/');
    if (!at || (size_t)(at + 1 - url) < strlen(middle) ||
        strncmp(at + 1 - strlen(middle), middle, strlen(middle)) != 0)
        return 0;
    n = strtoul(at + 1, NULL, 10);
    if (n > UINT32_MAX)
        return 0;
    /* One spelling: no sign, no zeros before it, nothing behind. */
    end = xasprintf("%lu.crl", n);
    return strcmp(at + 1, end) == 0 && strlen(url) == uri->len ? (uint32_t)n
                                                               : 0;
}

static int bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_REQUEST, "the CRL is refused: %s", what);
}

/* The extensions of nearly every entry, up to the CRLReason: passed over as a
 * whole, since a list may have a million of them. */
static const uint8_t only_reason[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                      0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};

/* CRLReason (section 5.3.1).  An entry with a certificate issuer (5.3.3) is
 * another authority's; other kinds of extension are passed over, critical ones
 * refused. */
static int read_entry_extensions(struct der *entry, int *reason)
{
    struct der list, value;
    struct der_tlv oid, t;
    bool critical, given = false;

    *reason = REASON_UNSPECIFIED;
    if (der_end(entry))
        return 0;
    if (entry->n == sizeof(only_reason) + 1 &&
        memcmp(entry->p, only_reason, sizeof(only_reason)) == 0) {
        *reason = entry->p[sizeof(only_reason)];
        return crl_reason_text(*reason) ? 0 : -1;
    }
    if (der_enter(entry, DER_SEQUENCE, &list) || der_end(&list))
        return -1;
    while (!der_end(&list)) {
        if (cert_ext_next(&list, &oid, &critical, &value) || critical ||
            der_oid_is(&oid, OID(CE_CERTIFICATE_ISSUER)))
            return -1;
        if (!der_oid_is(&oid, OID(CE_REASON)))
            continue;
        if (given || der_get(&value, DER_ENUMERATED, &t) || t.len != 1 ||
            !der_end(&value) || !crl_reason_text(t.val[0]))
            return -1;
        *reason = t.val[0];
        given = true;
    }
    return der_end(entry) ? 0 : -1;
}

/* Who revokes many does it at once: most are as the one before. */
static int read_date(struct crl_entries *list, struct der *entry)
{
    const uint8_t *p = entry->p;
    const size_t len = list->date.n;

    if (len && len <= entry->n && memcmp(p, list->date.p, len) == 0) {
        *entry = der_of(p + len, entry->n - len);
        return 0;
    }
    if (der_get_time(entry, &list->at))
        return -1;
    list->date = der_of(p, (size_t)(entry->p - p));
    return 0;
}

int crl_entry_next(struct crl_entries *list, struct crl_entry *out)
{
    struct der entry;
    const uint8_t *serial;
    size_t len;

    if (der_end(&list->rest))
        return 0;
    if (der_enter(&list->rest, DER_SEQUENCE, &entry) ||
        der_get_uint(&entry, &serial, &len) || len > SERIAL_MAX ||
        read_date(list, &entry) || read_entry_extensions(&entry, &out->reason))
        return -1;
    out->revoked_at = list->at;
    out->serial.len = (uint8_t)len;
    memcpy(out->serial.v, serial, len);
    return 1;
}

/* revokedCertificates is left out when there are none (section 5.1.2.6). */
static int enter_entries(struct crl *c, struct der *tbs)
{
    struct der *list = &c->revoked.rest;

    if (der_peek(tbs) != DER_SEQUENCE)
        return 0;
    return der_enter(tbs, DER_SEQUENCE, list) || der_end(list) ? -1 : 0;
}

static int count_entries(struct crl *c)
{
    struct crl_entries list = c->revoked;
    struct crl_entry entry;
    int more;

    while ((more = crl_entry_next(&list, &entry)) == 1)
        c->entries++;
    return more;
}

static int read_number(struct crl *c, struct der *value)
{
    const uint8_t *p;
    size_t len;

    if (der_get_uint(value, &p, &len) || len > sizeof(c->number) ||
        !der_end(value))
        return -1;
    for (size_t i = 0; i < len; i++)
        c->number = c->number << 8 | p[i];
    return 0;
}

static int read_extensions(struct crl *c, struct der *tbs, bool any,
                           struct errs *e)
{
    struct der tagged, list, value;
    bool critical, numbered = false, identified = false;
    struct der_tlv oid;

    if (der_enter(tbs, DER_CTX_CONS(0), &tagged) ||
        der_enter(&tagged, DER_SEQUENCE, &list) || !der_end(&tagged) ||
        der_end(&list))
        return bad(e, "its extensions are malformed");
    while (!der_end(&list)) {
        if (cert_ext_next(&list, &oid, &critical, &value))
            return bad(e, "its extensions are malformed");
        if (der_oid_is(&oid, OID(CE_AKI))) {
            if (identified || cert_aki_read(&value, &c->aki, &c->aki_len) ||
                !der_end(&value))
                return bad(e, "its authority key identifier is malformed");
            identified = true;
        } else if (der_oid_is(&oid, OID(CE_CRL_NUMBER))) {
            if (numbered || read_number(c, &value))
                return bad(e, "its number is malformed or too large");
            numbered = true;
        } else if (der_oid_is(&oid, OID(CE_IDP))) {
            if (c->idp_len || der_end(&value))
                return bad(e, "its distribution point is malformed");
            c->idp = value.p;
            c->idp_len = value.n;
        } else if (der_oid_is(&oid, OID(CE_DELTA))) {
            return bad(e, "it is a delta CRL, which lists only what changed");
        } else if (critical) {
            return bad(e, "it has an unknown critical extension");
        }
    }
    return numbered || any ? 0 : bad(e, "it has no number");
}

static bool is_time(int tag)
{
    return tag == DER_UTC_TIME || tag == DER_GENERALIZED_TIME;
}

/* `inner` is the AlgorithmIdentifier within. */
static int read_tbs(struct crl *c, struct der_tlv *inner, bool any,
                    struct errs *e)
{
    struct der all = der_of(c->sig.tbs, c->sig.tbs_len), tbs;
    struct der_tlv issuer;
    uint32_t version = 0;

    if (der_enter(&all, DER_SEQUENCE, &tbs))
        return bad(e, "it is not DER");
    if ((!any || der_peek(&tbs) == DER_INTEGER) &&
        (der_get_int31(&tbs, &version) || version != 1))
        return bad(e, "its version is not 2");
    if (der_get(&tbs, DER_SEQUENCE, inner))
        return bad(e, "it has no signature algorithm");
    if (der_get(&tbs, DER_SEQUENCE, &issuer) ||
        cert_name_check(issuer.raw, issuer.raw_len))
        return bad(e, "its issuer is malformed");
    c->issuer = issuer.raw;
    c->issuer_len = issuer.raw_len;
    if (der_get_time(&tbs, &c->this_update) ||
        ((!any || is_time(der_peek(&tbs))) &&
         (der_get_time(&tbs, &c->next_update) ||
          c->this_update > c->next_update)))
        return bad(e, "its thisUpdate and nextUpdate are malformed");
    if (enter_entries(c, &tbs))
        return bad(e, "its list is malformed");
    /* Version 1 has none. */
    if (any && der_end(&tbs))
        return 0;
    if (version == 0 || read_extensions(c, &tbs, any, e))
        return version ? -1 : bad(e, "a list of version 1 has extensions");
    return der_end(&tbs) ? 0 : bad(e, "something follows its extensions");
}

static int read_all(struct crl *c, const uint8_t *der, size_t len, bool any,
                    struct errs *e)
{
    struct der d = der_of(der, len), seq, alg;
    struct der_tlv tbs, inner, outer;
    AUTO(errs) struct errs why = {0};

    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d) ||
        der_get(&seq, DER_SEQUENCE, &tbs))
        return bad(e, "it is not DER");
    c->sig.tbs = tbs.raw;
    c->sig.tbs_len = tbs.raw_len;
    if (read_tbs(c, &inner, any, e))
        return -1;
    if (der_get(&seq, DER_SEQUENCE, &outer) || outer.raw_len != inner.raw_len ||
        memcmp(outer.raw, inner.raw, inner.raw_len) != 0)
        return bad(e, "its two signature algorithms differ");
    alg = der_of(outer.raw, outer.raw_len);
    if (sig_alg_parse(&alg, &c->sig, &why))
        return bad(e, why.v[0].detail);
    if (der_get_bits(&seq, &c->sig.value, &c->sig.len) || !der_end(&seq))
        return bad(e, "its signature is malformed");
    return 0;
}

static int parse_frame(struct crl *out, const uint8_t *der, size_t len,
                       bool any, struct errs *e)
{
    *out = (struct crl){0};
    if (read_all(out, der, len, any, e) == 0)
        return 0;
    *out = (struct crl){0};
    return -1;
}

int crl_parse_frame(struct crl *out, const uint8_t *der, size_t len,
                    struct errs *e)
{
    return parse_frame(out, der, len, false, e);
}

static int parse_part(struct crl *out, const uint8_t *der, size_t len, bool any,
                      struct errs *e)
{
    if (parse_frame(out, der, len, any, e))
        return -1;
    if (count_entries(out) == 0)
        return 0;
    *out = (struct crl){0};
    return bad(e, "an entry is malformed");
}

static int parse(struct crl *out, const uint8_t *der, size_t len, bool any,
                 struct errs *e)
{
    if (parse_part(out, der, len, any, e))
        return -1;
    if (out->idp_len == 0)
        return 0;
    *out = (struct crl){0};
    return bad(e, "it covers only a part of the certificates");
}

int crl_parse(struct crl *out, const uint8_t *der, size_t len, struct errs *e)
{
    return parse(out, der, len, false, e);
}

int crl_parse_any(struct crl *out, const uint8_t *der, size_t len,
                  struct errs *e)
{
    return parse(out, der, len, true, e);
}

int crl_parse_part(struct crl *out, const uint8_t *der, size_t len,
                   struct errs *e)
{
    return parse_part(out, der, len, true, e);
}

int crl_verify(const struct crl *crl, const struct cert *issuer,
               const char *name, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();

    if (crl->issuer_len != issuer->subject_len ||
        memcmp(crl->issuer, issuer->subject, crl->issuer_len) != 0)
        return err_add(e, ERR_BAD_REQUEST,
                       "the CRL's issuer is not authority %s", name);
    if (key_verify(v, &issuer->key, &crl->sig, &why) == 0)
        return 0;
    if (key_refused(&why))
        return err_add(e, ERR_BAD_REQUEST, "authority %s: %s", name,
                       key_refused(&why));
    return err_add(e, ERR_BAD_REQUEST, "the CRL is not signed by authority %s",
                   name);
}
