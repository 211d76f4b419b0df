/* SPDX-License-Identifier: ISC */
#include "decision.h"

#include <stdlib.h>

#include "decision_rule.h"
#include "lint.h"

struct decision {
    struct buf tbs;
    struct cert cert; /* points into it */
};

/* The octets and what the reader finds in them; NULL with its reason. */
static struct decision *decision_read(struct buf *tbs, struct errs *e)
{
    struct decision *d = xcalloc(1, sizeof(*d));
    AUTO(errs) struct errs why = {0};

    d->tbs = *tbs;
    *tbs = (struct buf){0};
    if (cert_parse_tbs(&d->cert, d->tbs.data, d->tbs.len, &why) == 0)
        return d;
    err_add(e, ERR_LINT, "%s", why.v[0].detail);
    decision_free(d);
    return NULL;
}

static void judge_lints(const struct decision *d, const struct cert *issuer,
                        struct strs *warnings, struct errs *e)
{
    struct lint_findings found = {0};

    lint_run(&d->cert, issuer, &found);
    for (size_t i = 0; i < found.n; i++) {
        AUTO(free) char *text = lint_text(found.v[i]);

        if (found.v[i]->severity == LINT_ERROR)
            err_add(e, ERR_LINT, "%s", text);
        else
            strs_add(warnings, text);
    }
}

/* Nobody counts in a path what an authority issued to itself (RFC 5280 section
 * 4.2.1.9), and whose CRLs are whose is said by names. */
static void judge_own_name(const struct decision *d, const struct cert *issuer,
                           struct errs *e)
{
    const struct cert *c = &d->cert;
    struct der_tlv above, own;

    if (!c->ca || !issuer)
        return;
    above =
        (struct der_tlv){.val = issuer->subject, .len = issuer->subject_len};
    own = (struct der_tlv){.val = c->subject, .len = c->subject_len};
    if (cert_dn_within(own.val, own.len, &above, false) &&
        cert_dn_within(above.val, above.len, &own, false))
        err_add(e, ERR_NAME_NOT_ALLOWED,
                "the certificate's subject is its issuer's: an authority below "
                "another has a name of its own");
}

/* The decision, or NULL when there are reasons against it. */
static struct decision *decision_end(struct decision *d, struct errs *found,
                                     struct errs *e)
{
    if (found->n == 0)
        return d;
    errs_move(e, found);
    decision_free(d);
    return NULL;
}

struct decision *decide_leaf(struct buf *tbs, const struct decision_facts *f,
                             struct strs *warnings, struct errs *e)
{
    struct decision *d = decision_read(tbs, e);
    AUTO(errs) struct errs found = {0};

    if (!d)
        return NULL;
    decision_judge(&d->cert, f, &found);
    judge_own_name(d, f->issuer, &found);
    judge_lints(d, f->issuer, warnings, &found);
    return decision_end(d, &found, e);
}

struct decision *decide_authority(struct buf *tbs, const struct cert *issuer,
                                  struct strs *warnings, struct errs *e)
{
    struct decision *d = decision_read(tbs, e);
    AUTO(errs) struct errs found = {0};

    if (!d)
        return NULL;
    if (!d->cert.ca)
        err_add(&found, ERR_LINT, "this is no authority's certificate");
    if (d->cert.odd_critical.raw)
        err_add(&found, ERR_LINT,
                "an authority has no unknown critical extension");
    judge_own_name(d, issuer, &found);
    judge_lints(d, issuer, warnings, &found);
    return decision_end(d, &found, e);
}

void decide_refused(struct buf *tbs, const struct cert *issuer,
                    struct strs *warnings, struct errs *e)
{
    AUTO(decision) struct decision *d = decision_read(tbs, e);

    if (d)
        judge_lints(d, issuer, warnings, e);
}

const struct cert *decision_cert(const struct decision *d)
{
    return &d->cert;
}

void decision_free(struct decision *d)
{
    if (!d)
        return;
    cert_free(&d->cert);
    buf_free(&d->tbs);
    free(d);
}

void cert_seal(struct buf *out, const struct decision *d, struct key_signer *s)
{
    AUTO(buf) struct buf sig = {0};
    size_t seq;

    key_sign(s, d->tbs.data, d->tbs.len, &sig);
    seq = der_open(out, DER_SEQUENCE);
    buf_put(out, d->tbs.data, d->tbs.len);
    sig_alg_put(out, d->cert.sig.alg);
    der_put_bits(out, sig.data, sig.len);
    der_close(out, seq);
}
