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

int status_crl_url(const struct cert *c, struct status *out)
{
    struct der_tlv uri;

    if (!c->ext[EXT_CDP].value) {
        status_set(out, SAYS_NOTHING, "the certificate names none");
        return -1;
    }
    if (cert_crl_uri(c, &uri) != 0) {
        status_set(out, SAYS_FAILED,
                   "the certificate names another number of them than one");
        return -1;
    }
    return status_take_url(out, uri.val, uri.len);
}

/* RFC 5280 section 5.2.5: of all, or of those that name this URL. */
static bool covers(const struct crl *crl, const char *url)
{
    AUTO(buf) struct buf idp = {0};

    if (crl->idp_len == 0)
        return true;
    crl_put_idp(&idp, url);
    return idp.len == crl->idp_len && memcmp(idp.data, crl->idp, idp.len) == 0;
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
    if (covers(&crl, out->url))
        look_up(&crl, c, now, out);
    else
        status_set(out, SAYS_FAILED,
                   "it covers only a part of the certificates, which is not "
                   "that of this one");
}
