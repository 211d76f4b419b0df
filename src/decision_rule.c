/* SPDX-License-Identifier: ISC */
#include "decision_rule.h"

#include <string.h>

#include "oid.h"
#include "tm.h"

enum { SERIAL_LEN = 16 };

/* Each is a rule about the octets: true when they break it. */
typedef bool rule_fn(const struct cert *c, const struct decision_facts *f);

static bool same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool other_serial(const struct cert *c, const struct decision_facts *f)
{
    (void)f;
    return c->serial.len != SERIAL_LEN || (c->serial.v[0] & 0xc0) != 0x40;
}

static bool other_issuer(const struct cert *c, const struct decision_facts *f)
{
    return !same(c->issuer, c->issuer_len, f->issuer->subject,
                 f->issuer->subject_len);
}

static bool other_alg(const struct cert *c, const struct decision_facts *f)
{
    return c->sig.alg != f->alg;
}

static bool other_key(const struct cert *c, const struct decision_facts *f)
{
    return !same(c->key.spki, c->key.spki_len, f->key->spki, f->key->spki_len);
}

/* The alternative names, in their order; a common name is none of them. */
static bool other_names(const struct cert *c, const struct decision_facts *f)
{
    const struct names *asked = &f->taken->names;
    size_t at = 0;

    for (size_t i = 0; i < asked->n; i++)
        if (asked->v[i].kind != NAME_CN &&
            (at == c->names.n || !name_equal(&c->names.v[at++], &asked->v[i])))
            return true;
    return at != c->names.n;
}

static size_t attributes(const struct cert *c)
{
    struct der d = der_of(c->subject, c->subject_len), rdns;
    struct der_tlv t;
    size_t n = 0;

    if (der_enter(&d, DER_SEQUENCE, &rdns))
        return 0;
    while (!der_end(&rdns) && der_next(&rdns, &t) == 0)
        n++;
    return n;
}

/* The fields that the profile took or fixed, and no other. */
static bool other_subject(const struct cert *c, const struct decision_facts *f)
{
    AUTO(subject) struct subject is = {0};
    size_t n = 0;

    subject_read(&is, c->subject, c->subject_len);
    for (int i = 0; i < SUBJECT__MAX; i++) {
        const char *want = f->profile->fixed.v[i] ? f->profile->fixed.v[i]
                                                  : f->taken->subject.v[i];

        if (!want != !is.v[i] || (want && strcmp(want, is.v[i]) != 0))
            return true;
        n += want != NULL;
    }
    return n != attributes(c);
}

static bool other_basic(const struct cert *c, const struct decision_facts *f)
{
    const struct profile *p = f->profile;

    return c->ca != p->ca || !c->ext[EXT_BASIC].critical ||
           c->path_len != (p->ca ? (int)p->path_len : -1);
}

static bool other_usage(const struct cert *c, const struct decision_facts *f)
{
    return c->ku != profile_key_usage(f->profile, f->key) ||
           !c->ext[EXT_KEY_USAGE].critical;
}

/* Those that have a bit in any order, then the others in theirs. */
static bool other_purpose(const struct cert *c, const struct decision_facts *f)
{
    const struct profile *p = f->profile;
    const struct cert_ext *x = &c->ext[EXT_EKU];
    struct der value = der_of(x->value, x->len), list;
    struct der_tlv oid = {0};

    if (!x->value)
        return p->eku || p->eku_other.len;
    if (x->critical != !!(p->eku & EKU_TIME) ||
        c->eku != (p->eku | (p->eku_other.len ? EKU_OTHER : 0U)) ||
        der_enter(&value, DER_SEQUENCE, &list))
        return true;
    for (unsigned bits = p->eku; bits; bits &= bits - 1)
        if (der_next(&list, &oid))
            return true;
    return !same(list.p, list.n, p->eku_other.data, p->eku_other.len);
}

static bool other_ski(const struct cert *c, const struct decision_facts *f)
{
    uint8_t ski[SKI_LEN];

    key_pub_ski(f->key, ski);
    return !same(c->ski, c->ski_len, ski, sizeof(ski));
}

static bool other_aki(const struct cert *c, const struct decision_facts *f)
{
    return !same(c->aki, c->aki_len, f->issuer_ski, SKI_LEN);
}

/* A GeneralName that is this URI. */
static bool is_uri(const struct der_tlv *t, const char *url)
{
    return url && t->tag == DER_CTX(6) &&
           same(t->val, t->len, url, strlen(url));
}

static bool other_crl(const struct cert *c, const struct decision_facts *f)
{
    const char *url = f->profile->cdp ? f->crl_url : NULL;
    const struct cert_ext *x = &c->ext[EXT_CDP];
    struct der_tlv uri;

    if (!url || !x->value)
        return url || x->value;
    return cert_crl_uri(c, &uri) != 0 || !is_uri(&uri, url);
}

/* The next access, when its address is to be there: true when it is not this.
 */
static bool other_access(struct der *list, const void *oid, size_t len,
                         const char *url)
{
    struct der_tlv method, where;
    struct der seq;

    if (!url)
        return false;
    return der_enter(list, DER_SEQUENCE, &seq) || der_get_oid(&seq, &method) ||
           der_next(&seq, &where) || !der_end(&seq) ||
           !der_oid_is(&method, oid, len) || !is_uri(&where, url);
}

static bool other_addresses(const struct cert *c,
                            const struct decision_facts *f)
{
    const struct cert_ext *x = &c->ext[EXT_AIA];
    struct der value = der_of(x->value, x->len), list;
    bool wanted = f->profile->aia && (f->ocsp_url || f->issuer_url);

    if (!wanted || !x->value)
        return wanted || x->value;
    return der_enter(&value, DER_SEQUENCE, &list) ||
           other_access(&list, OID(AD_OCSP), f->ocsp_url) ||
           other_access(&list, OID(AD_CA_ISSUERS), f->issuer_url) ||
           !der_end(&list);
}

/* Behind those that every certificate may have are, to the octet, the
 * profile's own, and nothing else. */
static bool other_extension(const struct cert *c,
                            const struct decision_facts *f)
{
    const struct buf *own = &f->profile->extra;
    struct der list = der_of(own->data, own->len);
    struct der_tlv t;
    size_t known = 0;

    for (int i = EXT_BASIC; i <= EXT_AIA; i++)
        known += c->ext[i].value != NULL;
    while (!der_end(&list) && der_next(&list, &t) == 0)
        known++;
    return known != c->n_exts || c->exts_len < own->len ||
           !same(c->exts + c->exts_len - own->len, own->len, own->data,
                 own->len);
}

static int64_t length(const struct cert *c)
{
    return c->not_after - c->not_before + 1;
}

static bool too_long(const struct cert *c, const struct decision_facts *f)
{
    return length(c) > f->profile->max_lifetime;
}

/* Also where the default was cut to the issuer's end. */
static bool too_short(const struct cert *c, const struct decision_facts *f)
{
    return length(c) < f->profile->min_lifetime;
}

static bool outlives(const struct cert *c, const struct decision_facts *f)
{
    return c->not_after > f->issuer->not_after;
}

/* What was asked for; else the default, which the issuer's end may cut. */
static bool other_lifetime(const struct cert *c, const struct decision_facts *f)
{
    const int64_t asked = f->asked->lifetime;

    if (asked)
        return length(c) != asked;
    return length(c) != f->profile->lifetime &&
           c->not_after != f->issuer->not_after;
}

/* When it was asked for, as far ahead as the profile lets it, or a minute ago.
 */
static bool other_begin(const struct cert *c, const struct decision_facts *f)
{
    const int64_t usual = f->now - TM_MINUTE;

    if (c->not_after < f->now)
        return true;
    if (!f->asked->not_before)
        return c->not_before != usual;
    return c->not_before != f->asked->not_before || c->not_before < usual ||
           c->not_before > f->now + f->profile->not_before;
}

static const struct rule {
    rule_fn *broken;
    enum err code;
    const char *text;
} rules[] = {
    {other_names, ERR_NAME_NOT_ALLOWED, "names are not those asked for"},
    {other_subject, ERR_NAME_NOT_ALLOWED,
     "subject is not what its profile takes of the request"},
    {other_key, ERR_KEY_NOT_ALLOWED, "key is not that of the request"},
    {other_usage, ERR_EXTENSION_NOT_ALLOWED,
     "keyUsage is not that of its profile and key"},
    {other_purpose, ERR_EXTENSION_NOT_ALLOWED,
     "extKeyUsage is not that of its profile"},
    {other_basic, ERR_EXTENSION_NOT_ALLOWED,
     "basicConstraints is not that of its profile"},
    {other_crl, ERR_EXTENSION_NOT_ALLOWED,
     "CRL distribution point is not that of its authority"},
    {other_addresses, ERR_EXTENSION_NOT_ALLOWED,
     "authority information is not that of its authority"},
    {other_extension, ERR_EXTENSION_NOT_ALLOWED,
     "extensions are more than its profile has"},
    {too_long, ERR_LIFETIME_TOO_LONG,
     "validity is longer than its profile allows"},
    {too_short, ERR_ISSUER_EXPIRES,
     "validity is shorter than its profile asks for"},
    {other_lifetime, ERR_LINT,
     "validity is not as long as asked for, or as its profile says"},
    {outlives, ERR_ISSUER_EXPIRES, "validity ends after its issuer's"},
    {other_begin, ERR_LINT, "validity does not begin when it should"},
    {other_serial, ERR_LINT, "serial number is not one that is made here"},
    {other_alg, ERR_LINT, "signature algorithm is not its authority's"},
    {other_issuer, ERR_LINT, "issuer is not its authority's subject"},
    {other_ski, ERR_LINT, "subjectKeyIdentifier is not that of its key"},
    {other_aki, ERR_LINT, "authorityKeyIdentifier is not its authority's"},
};

/* A common name that the profile let the request choose, and that is none of
 * the names, is judged as a name of its own. */
static void add_cn(struct names *names, const struct cert *c,
                   const struct decision_facts *f)
{
    AUTO(errs) struct errs e = {0};
    AUTO(subject) struct subject is = {0};
    const char *cn;
    struct name n;

    if (f->profile->fixed.v[SUBJECT_CN])
        return;
    subject_read(&is, c->subject, c->subject_len);
    cn = is.v[SUBJECT_CN];
    for (size_t i = 0; cn && i < names->n; i++)
        if (strcmp(names->v[i].value, cn) == 0)
            return;
    if (cn && name_parse_kind(&n, NAME_CN, cn, strlen(cn), &e) == 0)
        names_add(names, &n);
}

/* The profile's rules for names and key, once more, on what stands there. */
static void judge_profile(const struct cert *c, const struct decision_facts *f,
                          struct errs *e)
{
    AUTO(names) struct names names = {0};
    AUTO(subject) struct subject is = {0};
    struct request asked = {.names = &c->names, .key = &c->key};

    if (f->profile->taken & 1U << SUBJECT_CN) {
        subject_read(&is, c->subject, c->subject_len);
        asked.cn = is.v[SUBJECT_CN];
        names_copy(&names, &c->names);
        add_cn(&names, c, f);
        asked.names = &names;
    }
    profile_judge(f->profile, f->limits, &asked, NULL, e);
}

void decision_judge(const struct cert *c, const struct decision_facts *f,
                    struct errs *e)
{
    judge_profile(c, f, e);
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].broken(c, f))
            err_add(e, rules[i].code, "the certificate's %s", rules[i].text);
}
