/* SPDX-License-Identifier: ISC */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>

/* Whose CRL it names; the caller frees. */
static char *crl_url_of(const struct worker *w, const struct build *b)
{
    const char *url = w->s->conf->public_url;

    return url ? crl_url(url, b->authority->name, b->crl_partition) : NULL;
}

/* What the certificate is compared with, from those who know. */
static struct decision_facts facts(const struct worker *w,
                                   const struct build *b, const char *crl,
                                   enum sig_alg alg)
{
    const struct signer_authority *a = b->authority;

    return (struct decision_facts){.profile = b->profile,
                                   .limits = b->limits,
                                   .taken = b->taken,
                                   .key = b->key,
                                   .issuer = &a->cert,
                                   .issuer_ski = a->ski,
                                   .crl_url = crl,
                                   .issuer_url = a->issuer_url,
                                   .ocsp_url = w->s->ocsp_url,
                                   .asked = b->asked,
                                   .alg = alg,
                                   .now = b->now};
}

static void write_tbs(struct worker *w, const struct build *b, const char *crl,
                      struct buf *tbs)
{
    const struct signer_authority *a = b->authority;
    struct cert_spec spec = {
        .issuer = a->cert.subject,
        .issuer_len = a->cert.subject_len,
        .not_before = b->not_before,
        .not_after = b->not_after,
        .aki = a->ski,
        .crl_url = crl,
        .issuer_url = a->issuer_url,
        .ocsp_url = w->s->ocsp_url,
        .alg = key_signer_alg(worker_key(w, a)),
    };

    profile_spec(b->profile, b->taken, b->key, &spec);
    serial_new(&spec.serial);
    cert_write_tbs(tbs, &spec);
}

struct decision *build_decide(struct worker *w, const struct build *b,
                              struct strs *warnings, struct errs *e)
{
    AUTO(free) char *crl = crl_url_of(w, b);
    const struct decision_facts known =
        facts(w, b, crl, key_signer_alg(worker_key(w, b->authority)));
    AUTO(buf) struct buf tbs = {0};

    write_tbs(w, b, crl, &tbs);
    return decide_leaf(&tbs, &known, warnings, e);
}

void build_lint(struct worker *w, const struct build *b, struct strs *warnings,
                struct errs *e)
{
    AUTO(free) char *crl = crl_url_of(w, b);
    AUTO(buf) struct buf tbs = {0};

    write_tbs(w, b, crl, &tbs);
    decide_refused(&tbs, &b->authority->cert, warnings, e);
}

struct decision *build_cert(struct worker *w, const struct build *b,
                            struct record *r, struct errs *e)
{
    struct build with = *b;
    struct decision *passed;

    if (b->profile->cdp &&
        crl_partition_take(w->s, b->authority, &with.crl_partition, e) != 0)
        return NULL;
    passed = build_decide(w, &with, &r->warnings, e);
    if (!passed)
        return NULL;
    r->crl_partition = with.crl_partition;
    cert_seal(&r->der, passed, worker_key(w, b->authority));
    r->serial = decision_cert(passed)->serial;
    return passed;
}
