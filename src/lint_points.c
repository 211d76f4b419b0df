/* SPDX-License-Identifier: ISC */
/* Where to ask: CRL distribution points, authority information access, and
 * the TLS feature that obliges a server to have asked. */
#include <string.h>
#include <strings.h>

#include "lint_part.h"
#include "oid.h"
#include "uri.h"

enum { GENERAL_URI = DER_CTX(6), STATUS_REQUEST = 5 };

/* What one URL list or another may break. */
enum {
    POINT_FORM = 1 << 0,    /* it is not what the RFC says */
    POINT_REASONS = 1 << 1, /* a point of nothing but reasons */
    POINT_URI = 1 << 2,     /* not an absolute URI with a host */
    POINT_SCHEME = 1 << 3,  /* neither http nor ldap */
    POINT_HTTPS = 1 << 4,
};

static bool begins(const struct der_tlv *t, const char *scheme)
{
    size_t n = strlen(scheme);

    return t->len >= n && strncasecmp((const char *)t->val, scheme, n) == 0;
}

/* `wanted`: the costly one is looked for only where it is asked for. */
static unsigned uri_faults(const struct der_tlv *t, unsigned wanted)
{
    AUTO(free) char *normal = NULL;
    const char *text = (const char *)t->val;

    if (begins(t, "http://"))
        return wanted & POINT_URI && uri_normal(&normal, text, t->len)
                   ? POINT_URI
                   : 0;
    if (begins(t, "https://"))
        return POINT_HTTPS;
    if (begins(t, "ldap://"))
        return 0;
    return uri_is_like(text, t->len) ? POINT_SCHEME : POINT_URI;
}

static unsigned names_faults(struct der names, unsigned wanted)
{
    struct der_tlv t;
    unsigned found = der_end(&names) ? POINT_FORM : 0;

    while (!der_end(&names)) {
        if (der_next(&names, &t) || !cert_general_valid(&t))
            return POINT_FORM;
        if (t.tag == GENERAL_URI)
            found |= uri_faults(&t, wanted);
    }
    return found;
}

/* nameRelativeToCRLIssuer [1]: the contents of an RDN. */
static bool is_relative(struct der *name)
{
    AUTO(buf) struct buf whole = {0};
    struct der_tlv t;
    size_t at;

    if (der_get(name, DER_CTX_CONS(1), &t) || !der_end(name))
        return false;
    at = der_open(&whole, DER_SEQUENCE);
    der_put(&whole, DER_SET, t.val, t.len);
    der_close(&whole, at);
    return cert_name_check(whole.data, whole.len) == 0;
}

/* DistributionPoint ::= SEQUENCE { [0] name, [1] reasons, [2] cRLIssuer } */
static unsigned point_faults(struct der point, unsigned wanted)
{
    struct der name, full;
    struct der_tlv t;
    unsigned found = 0;
    int has_name = der_enter_opt(&point, DER_CTX_CONS(0), &name);

    if (has_name < 0)
        return POINT_FORM;
    if (has_name && der_peek(&name) == DER_CTX_CONS(0))
        found = der_enter(&name, DER_CTX_CONS(0), &full) || !der_end(&name)
                    ? POINT_FORM
                    : names_faults(full, wanted);
    else if (has_name && !is_relative(&name))
        return POINT_FORM;
    if (der_peek(&point) == DER_CTX(1) && der_next(&point, &t))
        return POINT_FORM;
    if (der_peek(&point) == DER_CTX_CONS(2))
        return der_enter(&point, DER_CTX_CONS(2), &full) || !der_end(&point)
                   ? POINT_FORM
                   : found | (names_faults(full, 0) & POINT_FORM);
    if (!der_end(&point))
        return POINT_FORM;
    return has_name ? found : found | POINT_REASONS;
}

static unsigned cdp_faults(const struct cert *c, unsigned wanted)
{
    struct der value = lint_ext(c, EXT_CDP), list, point;
    unsigned found = 0;

    if (!lint_has(c, EXT_CDP))
        return 0;
    if (der_enter(&value, DER_SEQUENCE, &list) || !der_end(&value) ||
        der_end(&list))
        return POINT_FORM;
    while (!der_end(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &point))
            return POINT_FORM;
        found |= point_faults(point, wanted);
    }
    return found;
}

/* One AccessDescription. */
static int access_next(struct der *list, struct der_tlv *method,
                       struct der_tlv *where)
{
    struct der seq;

    return der_enter(list, DER_SEQUENCE, &seq) || der_get_oid(&seq, method) ||
                   der_next(&seq, where) || !der_end(&seq) ||
                   !cert_general_valid(where)
               ? -1
               : 0;
}

static int aia_list(const struct cert *c, struct der *list)
{
    struct der value = lint_ext(c, EXT_AIA);

    return der_enter(&value, DER_SEQUENCE, list) || !der_end(&value) ? -1 : 0;
}

static unsigned aia_faults(const struct cert *c, unsigned wanted)
{
    struct der_tlv method, where;
    struct der list;
    unsigned found = 0;

    if (!lint_has(c, EXT_AIA))
        return 0;
    if (aia_list(c, &list) || der_end(&list))
        return POINT_FORM;
    while (!der_end(&list)) {
        if (access_next(&list, &method, &where))
            return POINT_FORM;
        if (where.tag == GENERAL_URI)
            found |= uri_faults(&where, wanted);
    }
    return found;
}

static bool has_ocsp(const struct cert *c)
{
    struct der_tlv method, where;
    struct der list;

    if (!lint_has(c, EXT_AIA) || aia_list(c, &list))
        return false;
    while (!der_end(&list) && access_next(&list, &method, &where) == 0)
        if (der_oid_is(&method, OID(AD_OCSP)))
            return true;
    return false;
}

static bool cdp_broken(LINT_ARGS)
{
    const unsigned wanted = *(const unsigned *)l->arg;

    return cdp_faults(c, wanted) & wanted;
}

static bool aia_broken(LINT_ARGS)
{
    const unsigned wanted = *(const unsigned *)l->arg;

    return aia_faults(c, wanted) & wanted;
}

static bool cdp_critical(LINT_ARGS)
{
    return c->ext[EXT_CDP].critical;
}

static bool aia_critical(LINT_ARGS)
{
    return c->ext[EXT_AIA].critical;
}

/* Features ::= SEQUENCE OF INTEGER: 1 when 5 is among them, -1 malformed. */
static int must_staple(const struct cert *c)
{
    struct der value = lint_ext(c, EXT_TLS_FEATURE), list;
    uint32_t feature;
    int staple = 0;

    if (!lint_has(c, EXT_TLS_FEATURE))
        return 0;
    if (der_enter(&value, DER_SEQUENCE, &list) || !der_end(&value) ||
        der_end(&list))
        return -1;
    while (!der_end(&list)) {
        if (der_get_int31(&list, &feature) || feature > UINT16_MAX)
            return -1;
        staple |= feature == STATUS_REQUEST;
    }
    return staple;
}

static bool feature_form(LINT_ARGS)
{
    return must_staple(c) < 0;
}

static bool staple_without_ocsp(LINT_ARGS)
{
    return must_staple(c) > 0 && !has_ocsp(c);
}

static const unsigned form = POINT_FORM, reasons = POINT_REASONS,
                      uri = POINT_URI, scheme = POINT_SCHEME,
                      https = POINT_HTTPS;

#define CDP "RFC 5280 4.2.1.13"
#define AIA "RFC 5280 4.2.2.1"
static const struct lint rows[] = {
    {"cdp_form", LINT_ERROR, LINT_ANY, CDP,
     "cRLDistributionPoints is malformed", cdp_broken, &form},
    {"cdp_reasons_only", LINT_ERROR, LINT_ANY, CDP,
     "a distribution point has neither a name nor an issuer", cdp_broken,
     &reasons},
    {"cdp_uri", LINT_ERROR, LINT_ANY, CDP,
     "a distribution point is no absolute URI with a host", cdp_broken, &uri},
    {"cdp_scheme", LINT_WARNING, LINT_ANY, CDP,
     "a distribution point is neither http nor ldap", cdp_broken, &scheme},
    {"cdp_https", LINT_WARNING, LINT_ANY, "RFC 5280 8",
     "a distribution point is https, whose certificate would have to be "
     "checked first",
     cdp_broken, &https},
    {"cdp_critical", LINT_WARNING, LINT_ANY, CDP,
     "cRLDistributionPoints is critical", cdp_critical, NULL},
    {"aia_form", LINT_ERROR, LINT_ANY, AIA, "authorityInfoAccess is malformed",
     aia_broken, &form},
    {"aia_uri", LINT_ERROR, LINT_ANY, AIA,
     "an access location is no absolute URI with a host", aia_broken, &uri},
    {"aia_scheme", LINT_WARNING, LINT_ANY, AIA,
     "an access location is neither http nor ldap", aia_broken, &scheme},
    {"aia_https", LINT_WARNING, LINT_ANY, "RFC 5280 8",
     "an access location is https, whose certificate would have to be checked "
     "first",
     aia_broken, &https},
    {"aia_critical", LINT_ERROR, LINT_ANY, AIA,
     "authorityInfoAccess is critical", aia_critical, NULL},
    {"tls_feature_form", LINT_ERROR, LINT_ANY, "RFC 7633 4.1",
     "the TLS features are no list of numbers", feature_form, NULL},
    {"staple_without_ocsp", LINT_ERROR, LINT_LEAF, "RFC 7633 4.2.3.1",
     "the server must staple an OCSP answer, and no responder is named",
     staple_without_ocsp, NULL},
};
LINT_TABLE(lint_points, rows);
