/* SPDX-License-Identifier: ISC */
#include "lint.h"

#include "lint_part.h"
#include "mem.h"

static const struct lint faults[] = {
#define X(id, name, cite, text)                                                \
    {name, LINT_ERROR, LINT_ANY, cite, text, NULL, NULL},
    CERT_FAULT_TABLE(X)
#undef X
};
static LINT_TABLE(lint_faults, faults);

static const struct lint_table *const tables[] = {
    &lint_faults, &lint_body,   &lint_subject, &lint_san,         &lint_usage,
    &lint_ids,    &lint_points, &lint_policy,  &lint_constraints, &lint_pair,
};
enum { TABLES = COUNT(tables) };

const char *lint_severity_text(enum lint_severity s)
{
    return s == LINT_ERROR ? "error" : "warning";
}

char *lint_text(const struct lint *l)
{
    return xasprintf("%s: %s (%s)", l->name, l->text, l->citation);
}

const struct lint *lint_at(size_t n)
{
    for (size_t i = 0; i < TABLES; n -= tables[i++]->n)
        if (n < tables[i]->n)
            return &tables[i]->v[n];
    return NULL;
}

static void found(struct lint_findings *out, const struct lint *l)
{
    if (out->n == LINT_FINDINGS_MAX)
        return;
    out->v[out->n++] = l;
    out->errors += l->severity == LINT_ERROR;
}

void lint_run(const struct cert *c, const struct cert *issuer,
              struct lint_findings *out)
{
    const bool self = cert_self_signed(c);
    const struct cert *above = issuer ? issuer : self ? c : NULL;
    unsigned is = (c->ca ? LINT_CA : LINT_LEAF) |
                  (self ? LINT_SELF : LINT_NOT_SELF) | (above ? LINT_PAIR : 0);

    for (size_t t = 1; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->n; i++) {
            const struct lint *l = &tables[t]->v[i];
            unsigned more = l->about & ~(unsigned)LINT_ANY;

            if (l->about & LINT_ANY & is && !(more & ~is) &&
                l->broken(c, l->about & LINT_PAIR ? above : NULL, l))
                found(out, l);
        }
}

void lint_der(const uint8_t *der, size_t len, const struct cert *issuer,
              struct lint_findings *out, char **reason)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};

    *reason = NULL;
    if (der_check(der, len)) {
        *reason = xstrdup("the certificate is not DER");
        found(out, &faults[CERT_FAULT_DER - 1]);
    } else if (cert_parse_any(&c, der, len, &e)) {
        *reason = xstrdup(e.v[0].detail);
        found(out, &faults[c.fault - 1]);
    } else {
        if (c.odd_name.raw && cert_judge_odd(&c, &e)) {
            *reason = xstrdup(e.v[e.n - 1].detail);
            found(out, &faults[CERT_FAULT_SAN - 1]);
        }
        lint_run(&c, issuer, out);
    }
}
