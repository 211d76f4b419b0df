/* SPDX-License-Identifier: ISC */
#include "cert_part.h"

#include <string.h>

#include "der.h"
#include "mem.h"
#include "oid.h"

enum { EXTENSIONS_MAX = 64 };

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

/* The general reason, and what it is in particular. */
static int bad_ext(struct cert *c, struct errs *e, enum cert_fault f,
                   const struct errs *why)
{
    AUTO(free) char *text = NULL;

    if (!why->n)
        return bad(c, e, f);
    text = xasprintf("%s: %s", fault_texts[f], why->v[0].detail);
    return bad_why(c, e, f, text);
}

static int read_extensions(struct cert *c, struct der *tbs, struct errs *e)
{
    struct der_tlv seen[EXTENSIONS_MAX];
    AUTO(errs) struct errs why = {0};
    struct der tagged, list, value;
    enum cert_fault fault;
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
        fault = cert_ext_read(c, &seen[n], critical, &value, &why);
        if (fault)
            return bad_ext(c, e, fault, &why);
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
    struct der all = der_of(c->sig.tbs, c->sig.tbs_len), tbs;

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

    if (sig_alg_parse(&d, &c->sig, &why))
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
    c->sig.tbs = tbs.raw;
    c->sig.tbs_len = tbs.raw_len;
    if (read_tbs(c, &inner, e))
        return -1;
    if (der_get(&seq, DER_SEQUENCE, &outer) || outer.raw_len != inner.raw_len ||
        memcmp(outer.raw, inner.raw, inner.raw_len) != 0)
        return bad(c, e, CERT_FAULT_ALGS_DIFFER);
    if (read_alg(c, &outer, e))
        return -1;
    if (der_get_bits(&seq, &c->sig.value, &c->sig.len) || !der_end(&seq))
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

static int judge_name(struct cert *c, struct errs *e)
{
    const struct der_tlv *t = &c->odd_name;
    AUTO(errs) struct errs why = {0};
    struct name n;

    if (!t->raw ||
        name_from_general(&n, t->tag & 0x1f, t->val, t->len, &why) == 0)
        return 0;
    return bad_ext(c, e, CERT_FAULT_SAN, &why);
}

static int judge_critical(struct cert *c, struct errs *e)
{
    AUTO(free) char *why = NULL;
    char oid[64];

    if (!c->odd_critical.raw)
        return 0;
    der_oid_print(oid, sizeof(oid), c->odd_critical.val, c->odd_critical.len);
    why = xasprintf("it has an unknown critical extension (%s)", oid);
    return bad_why(c, e, CERT_FAULT_CRITICAL, why);
}

enum cert_fault cert_judge_odd(const struct cert *c, struct errs *e)
{
    struct cert copy = *c; /* borrowed: nothing of it is freed */

    judge_critical(&copy, e);
    judge_name(&copy, e);
    return copy.fault;
}

int cert_parse(struct cert *out, const uint8_t *der, size_t len, struct errs *e)
{
    if (cert_parse_any(out, der, len, e) != 0)
        return -1;
    return judge_name(out, e) || judge_critical(out, e) ? refused(out) : 0;
}

int cert_parse_tbs(struct cert *out, const uint8_t *tbs, size_t len,
                   struct errs *e)
{
    struct der_tlv alg;

    *out = (struct cert){.sig = {.tbs = tbs, .tbs_len = len}, .path_len = -1};
    return read_tbs(out, &alg, e) || read_alg(out, &alg, e) ||
                   judge_name(out, e)
               ? refused(out)
               : 0;
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

int cert_verify(const struct cert *c, const struct key_pub *issuer,
                struct key_verifier *v, struct errs *e)
{
    return key_verify(v, issuer, &c->sig, e);
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
