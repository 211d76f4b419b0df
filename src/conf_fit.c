/* SPDX-License-Identifier: ISC */
/* Whether an authority can sign what a profile allows: its certificate and
 * those above it bind what it signs (RFC 5280 section 6.1). */
#include "conf_parse.h"

#include <string.h>

/* At the line of the profile's rule. */
static void complain(const struct conf *c, int line, struct errs *e,
                     const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void complain(const struct conf *c, int line, struct errs *e,
                     const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    err_add(e, ERR_BAD_ARGUMENT, "%s:%d: %s", c->file, line, text);
}

static void fit_names(const struct conf *c, const struct profile *p,
                      const struct conf_issuer *i, struct errs *e)
{
    for (size_t n = 0; n < p->names.n; n++) {
        AUTO(free) char *text = NULL;

        if (cert_constraints_permit(i->cert, &p->names.v[n], &p->deny))
            continue;
        text = pattern_text(&p->names.v[n]);
        complain(c, p->names_line[n], e,
                 "profile %s: names \"%s\" allows more than the name "
                 "constraints of %s permit",
                 p->name, text, i->path);
    }
}

/* A mail address that is fixed is a name like any other (RFC 5280 section
 * 4.2.1.10); one that is taken is judged by its patterns. */
static void fit_mail(const struct conf *c, const struct profile *p,
                     const struct conf_issuer *i, struct errs *e)
{
    const struct pattern mail = {.kind = NAME_EMAIL,
                                 .how = PATTERN_EXACT,
                                 .value = p->fixed.v[SUBJECT_EMAIL]};
    static const struct patterns none;

    if (mail.value && !cert_constraints_permit(i->cert, &mail, &none))
        complain(c, p->subject_line, e,
                 "profile %s: subject fixes the email \"%s\", which is outside "
                 "the name constraints of %s",
                 p->name, mail.value, i->path);
}

static void fit_excluded(const struct conf *c, const struct profile *p,
                         const struct conf_issuer *i,
                         const struct der_tlv *base, struct errs *e)
{
    AUTO(free) char *text = cert_name_text(base->val, base->len);

    complain(c, p->subject_line, e,
             "profile %s: subject allows the directory name \"%s\", which the "
             "name constraints of %s exclude",
             p->name, text, i->path);
}

static void fit_subject(const struct conf *c, const struct profile *p,
                        const struct conf_issuer *i, struct errs *e)
{
    const struct dn_fit fit = profile_dn_fit(p, i->cert);
    AUTO(free) char *permitted = profile_dn_permitted(i->cert);

    if (fit.how == DN_EXCLUDED)
        fit_excluded(c, p, i, &fit.base, e);
    else if (fit.how == DN_NONE)
        complain(c, p->subject_line, e,
                 "profile %s: no subject that it makes is within the directory "
                 "names that the name constraints of %s permit: %s",
                 p->name, i->path, permitted);
    else if (fit.how == DN_WIDER)
        complain(c, p->subject_line, e,
                 "profile %s: %s \"%s\" allows more than the directory names "
                 "that the name constraints of %s permit: %s",
                 p->name,
                 p->taken & 1U << fit.field ? "subject"
                                            : "the first DNS name as",
                 subject_field_text(fit.field), i->path, permitted);
}

void conf_fit_host(const struct conf *c, const struct conf_issuer *chain,
                   size_t n, struct errs *e)
{
    static const struct patterns none;

    for (size_t h = 0; h < c->host.n; h++) {
        AUTO(errs) struct errs why = {0};
        AUTO(pattern) struct pattern host = {0};

        if (pattern_parse(&host, c->host.v[h], &why) < 0)
            continue; /* conf_parse() has said so */
        for (size_t i = 0; i < n; i++)
            if (!cert_constraints_permit(chain[i].cert, &host, &none))
                err_add(e, ERR_BAD_ARGUMENT,
                        "%s: host \"%s\" is outside the name constraints of "
                        "%s, so the service would have no certificate",
                        c->file, c->host.v[h], chain[i].path);
    }
}

static void fit_usage(const struct conf *c, const struct profile *p,
                      const struct conf_issuer *i, struct errs *e)
{
    const unsigned eku = i->cert->eku;
    struct der others = der_of(p->eku_other.data, p->eku_other.len);
    struct der_tlv oid;
    bool wider = p->eku & ~eku & ~(unsigned)EKU_OCSP;

    if (!eku || eku & EKU_ANY)
        return;
    while (!der_end(&others) && der_get_oid(&others, &oid) == 0)
        wider |= !cert_eku_has(i->cert, oid.val, oid.len);
    if (wider)
        complain(c, p->line, e,
                 "profile %s: usage has a purpose that the extended key usage "
                 "of %s does not",
                 p->name, i->path);
}

/* depth: how many authorities there are between. */
static void fit_path(const struct conf *c, const struct profile *p,
                     const struct conf_issuer *i, size_t depth, struct errs *e)
{
    const int most = i->cert->path_len;

    if (p->ca && most >= 0 && (size_t)most < depth + 1 + p->path_len)
        complain(c, p->line, e,
                 "profile %s: usage intermediate with path-len %u needs a path "
                 "length of %zu in %s, which has %d",
                 p->name, p->path_len, depth + 1 + p->path_len, i->path, most);
}

void conf_fit(const struct conf *c, const struct profile *p,
              const struct conf_issuer *chain, size_t n, struct errs *e)
{
    for (size_t i = 0; i < n; i++) {
        fit_names(c, p, &chain[i], e);
        fit_mail(c, p, &chain[i], e);
        fit_subject(c, p, &chain[i], e);
        fit_usage(c, p, &chain[i], e);
        fit_path(c, p, &chain[i], i, e);
    }
}
