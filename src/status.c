/* SPDX-License-Identifier: ISC */
#include "status_part.h"

#include <string.h>

#include "tm.h"
#include "mem.h"
#include "uri.h"

enum { SKEW = 300 /* how far a clock may be before ours */ };

const char *says_text(enum says s)
{
    static const char *const text[SAYS__MAX] = {"none", "good", "revoked",
                                                "unknown", "failed"};
    return text[s];
}

const char *verdict_text(enum verdict v)
{
    static const char *const text[VERDICT__MAX] = {"good", "revoked", "differ",
                                                   "incomplete", "unknown"};
    return text[v];
}

void status_free(struct status *s)
{
    free(s->url);
    free(s->detail);
    *s = (struct status){0};
}

void status_set(struct status *s, enum says says, const char *fmt, ...)
{
    AUTO(free) char *raw = NULL;
    va_list ap;

    va_start(ap, fmt);
    raw = xvasprintf(fmt, ap);
    va_end(ap);
    free(s->detail);
    s->detail = err_escape(raw);
    s->says = says;
}

static bool differ(const struct status *a, const struct status *b)
{
    return a->says != b->says ||
           (a->says == SAYS_REVOKED &&
            (a->revoked_at != b->revoked_at || a->reason != b->reason));
}

enum verdict status_verdict(const struct status *v, size_t n)
{
    const struct status *first = NULL;
    bool failed = false;

    for (size_t i = 0; i < n; i++) {
        if (v[i].says == SAYS_FAILED)
            failed = true;
        else if (v[i].says != SAYS_NOTHING && !first)
            first = &v[i];
        else if (v[i].says != SAYS_NOTHING && differ(first, &v[i]))
            return VERDICT_DIFFER;
    }
    if (failed)
        return VERDICT_INCOMPLETE;
    if (!first || first->says == SAYS_UNKNOWN)
        return VERDICT_UNKNOWN;
    return first->says == SAYS_GOOD ? VERDICT_GOOD : VERDICT_REVOKED;
}

bool status_is_of_now(struct status *s, int64_t now)
{
    char when[TM_RFC3339_SIZE];

    if (s->this_update > now + SKEW) {
        tm_rfc3339(when, s->this_update);
        status_set(s, SAYS_FAILED, "it begins only at %s", when);
        return false;
    }
    if (s->next_update && s->next_update < now) {
        tm_rfc3339(when, s->next_update);
        status_set(s, SAYS_FAILED, "it ended at %s", when);
        return false;
    }
    return true;
}

int status_take_url(struct status *out, const void *text, size_t len)
{
    AUTO(free) char *raw = xstrndup(text, len);
    const char *rule = uri_normal(&out->url, text, len);

    if (rule) {
        status_set(out, SAYS_FAILED, "its address \"%s\" %s", raw, rule);
        return -1;
    }
    if (strncmp(out->url, "http://", 7) == 0)
        return 0;
    status_set(out, SAYS_NOTHING, "its address is not http://");
    return -1;
}

void status_points_free(struct status_points *p)
{
    strs_free(&p->urls);
    strs_free(&p->others);
}

void status_tell(struct status *s, const struct strs *more)
{
    AUTO(strs) struct strs all = {0};

    if (more->n == 0)
        return;
    if (s->detail)
        strs_add_own(&all, take_ptr(s->detail));
    strs_copy(&all, more);
    s->detail = strs_join(&all, "; ");
}

/* One address of a point: asked, or told as another. */
static void take_name(const struct der_tlv *t, struct status_points *p)
{
    AUTO(status) struct status one = {0};

    if (t->tag != DER_CTX(6))
        strs_add(&p->others, "a name that is no address is not asked");
    else if (status_take_url(&one, t->val, t->len) == 0)
        strs_add(&p->urls, one.url);
    else if (one.url)
        strs_add_own(&p->others, xasprintf("%s: %s", one.url, one.detail));
    else
        strs_add(&p->others, one.detail);
    p->failed |= one.says == SAYS_FAILED;
}

/* DistributionPoint ::= SEQUENCE { [0] name, [1] reasons, [2] cRLIssuer }: one
 * with either of the last two is not of every reason, or not the issuer's. */
static int take_point(struct der *points, struct status_points *p)
{
    struct der point, name, full;
    struct der_tlv t;
    int named;

    if (der_enter(points, DER_SEQUENCE, &point) ||
        (named = der_enter_opt(&point, DER_CTX_CONS(0), &name)) < 0)
        return -1;
    if (!der_end(&point)) {
        strs_add(&p->others, "a list of some reasons, or of another issuer, is "
                             "not asked");
        return 0;
    }
    if (!named || der_enter_opt(&name, DER_CTX_CONS(0), &full) != 1) {
        strs_add(&p->others, "a name that is no address is not asked");
        return 0;
    }
    while (!der_end(&full)) {
        if (der_next(&full, &t) != 0)
            return -1;
        take_name(&t, p);
    }
    return 0;
}

int status_points_read(struct status_points *p, const struct cert *c)
{
    const struct cert_ext *x = &c->ext[EXT_CDP];
    struct der value = der_of(x->value, x->len), points;

    if (!x->value)
        return 0;
    if (der_enter(&value, DER_SEQUENCE, &points) != 0)
        return -1;
    while (!der_end(&points))
        if (take_point(&points, p) != 0)
            return -1;
    return 0;
}

static bool is_url_of(const struct der_tlv *name, const struct cert *c,
                      const char *asked)
{
    AUTO(status_points) struct status_points p = {0};
    AUTO(free) char *url = NULL;

    if (name->tag != DER_CTX(6) ||
        uri_normal(&url, (const char *)name->val, name->len))
        return false;
    if (strcmp(url, asked) == 0)
        return true;
    return status_points_read(&p, c) == 0 && strs_has(&p.urls, url);
}

/* RFC 5280 sections 5.2.5 and 6.3.3 (b): of all, or of those that name one of
 * its addresses, and limited by nothing else. */
static bool covers(const struct crl *crl, const struct cert *c,
                   const char *asked)
{
    struct der value = der_of(crl->idp, crl->idp_len), idp, name, full;
    struct der_tlv t;

    if (crl->idp_len == 0)
        return true;
    if (der_enter(&value, DER_SEQUENCE, &idp) ||
        der_enter(&idp, DER_CTX_CONS(0), &name) || !der_end(&idp) ||
        der_enter(&name, DER_CTX_CONS(0), &full))
        return false;
    while (der_next(&full, &t) == 0)
        if (is_url_of(&t, c, asked))
            return true;
    return false;
}

static void look_up(const struct crl *crl, const struct cert *c, int64_t now,
                    struct status *out)
{
    struct crl_entries list = crl->revoked;
    struct crl_entry entry, found = {0};
    int more;

    while ((more = crl_entry_next(&list, &entry)) == 1)
        if (serial_equal(&entry.serial, &c->serial))
            found = entry;
    if (more < 0) {
        status_set(out, SAYS_FAILED, "an entry is malformed");
    } else if (found.serial.len) {
        out->says = SAYS_REVOKED;
        out->revoked_at = found.revoked_at;
        out->reason = found.reason;
    } else if (c->not_after < now) {
        status_set(out, SAYS_NOTHING,
                   "it need not name a certificate that has ended");
    } else {
        out->says = SAYS_GOOD;
    }
}

void status_judge_crl(const struct cert *c, const struct cert *issuer,
                      const uint8_t *der, size_t len, int64_t now,
                      struct status *out)
{
    AUTO(free)
    char *name = cert_name_text(issuer->subject, issuer->subject_len);
    AUTO(errs) struct errs e = {0};
    struct crl crl;

    if (crl_parse_frame(&crl, der, len, &e) != 0 ||
        crl_verify(&crl, issuer, name, &e) != 0) {
        status_set(out, SAYS_FAILED, "%s", e.v[0].detail);
        return;
    }
    out->this_update = crl.this_update;
    out->next_update = crl.next_update;
    if (!status_is_of_now(out, now))
        return;
    if (covers(&crl, c, out->url))
        look_up(&crl, c, now, out);
    else
        status_set(out, SAYS_FAILED,
                   "it covers only a part of the certificates, which is not "
                   "that of this one");
}
