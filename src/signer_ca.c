/* SPDX-License-Identifier: ISC */
/* The certificate of an authority below one whose key is here: an offline root
 * signs those of the authorities that issue. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

#include "csr.h"
#include "decision.h"

enum { LIFETIME = 3650 * 24 * 3600 };

/* What was asked, and the certificate that it would be. */
struct ca_ask {
    struct msg_sign_ca m;
    const struct signer_authority *issuer;
    struct subject name;
    struct cert_constraints limits;
    struct cert_spec spec;
};

static void ca_ask_free(struct ca_ask *a)
{
    msg_sign_ca_free(&a->m);
    subject_free(&a->name);
    cert_constraints_free(&a->limits);
}
AUTO_VALUE(ca_ask, struct ca_ask, ca_ask_free)

static const struct signer_authority *
issuer_of(struct worker *w, const struct msg_sign_ca *m, struct errs *e)
{
    const struct signer_authority *a =
        signer_authority_find(w->s, m->authority);

    if (!a)
        err_add(e, ERR_NOT_FOUND, "there is no authority %s", m->authority);
    else if (!a->key)
        err_add(e, ERR_KEY_NOT_ALLOWED,
                "the key of authority %s is not open: it is encrypted, and "
                "there is no passphrase (--passphrase-file)",
                a->name);
    else
        return a;
    return NULL;
}

/* Both ends, of the lifetime that was asked for or, 0, of the usual one. */
static int validity(struct ca_ask *a, int64_t lifetime, int64_t now,
                    struct errs *e)
{
    const struct cert *issuer = &a->issuer->cert;
    struct cert_spec *spec = &a->spec;
    char end[TM_RFC3339_SIZE];
    int64_t last;

    if (lifetime < 0 || lifetime > INT64_C(36500) * TM_DAY)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "lifetime: it is over a hundred years");
    spec->not_before = now - TM_MINUTE;
    last = spec->not_before + (lifetime ? lifetime : LIFETIME) - 1;
    tm_rfc3339(end, issuer->not_after);
    if (now > issuer->not_after)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the certificate of the authority ended at %s", end);
    if (lifetime && last > issuer->not_after)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "lifetime: it goes beyond the end of the authority "
                       "itself, %s",
                       end);
    spec->not_after = last < issuer->not_after ? last : issuer->not_after;
    return 0;
}

static int sign(struct worker *w, struct ca_ask *a, struct issue_job *j,
                struct errs *e)
{
    struct key_signer *key = worker_key(w, a->issuer);
    struct cert_spec *spec = &a->spec;
    struct record *r = &j->record;
    AUTO(buf) struct buf tbs = {0};

    spec->alg = key_signer_alg(key);
    serial_new(&spec->serial);
    cert_write_tbs(&tbs, spec);
    j->passed = decide_authority(&tbs, &a->issuer->cert, &r->warnings, e);
    if (!j->passed)
        return -1;
    cert_seal(&r->der, j->passed, key);
    r->serial = spec->serial;
    j->cn = xstrdup(spec->cn);
    return 0;
}

static int queue(struct worker *w, struct issue_job *j, struct errs *e)
{
    char serial[2 * SERIAL_MAX + 1];

    serial_text(serial, &j->record.serial);
    j->job.about = xstrdup(serial);
    reply_record(&j->job.reply, j->job.id, false, &j->record, false);
    return job_queue(w->s, &j->job, e);
}

/* What an authority may ask of its issuer; the rest would be more power. */
static void judge_power(const struct msg_sign_ca *m, struct errs *e)
{
    static const unsigned fine =
        CSR_POWER_CA | CSR_POWER_CERT_SIGN | CSR_POWER_CRL_SIGN;

    for (unsigned bit = 1; bit < CSR_POWER_CRITICAL; bit <<= 1)
        if (m->power & bit & ~fine)
            err_add(e, ERR_EXTENSION_NOT_ALLOWED,
                    "the CSR asks for %s, which an authority is not granted",
                    csr_power_text((enum csr_power)bit));
    if (m->power & CSR_POWER_CRITICAL)
        err_add(e, ERR_EXTENSION_NOT_ALLOWED,
                "the CSR asks for a critical extension that an authority is "
                "not granted: %s",
                m->critical ? m->critical : "unnamed");
}

static void judge_name(const struct msg_sign_ca *m, struct errs *e)
{
    AUTO(free) char *text = subject_values(m->cn);
    const char *rule = *m->cn ? subject_rule(SUBJECT_CN, m->cn) : NULL;

    if (!*m->cn)
        err_add(e, ERR_BAD_CSR,
                "the subject of the CSR has no commonName, and that becomes "
                "the name of the authority");
    if (rule)
        err_add(e, ERR_BAD_CSR, "the common name %s %s", text, rule);
}

/* Its common name, behind the fields of a directory name where the issuer's
 * name constraints permit no other. */
static void fill_name(struct ca_ask *a)
{
    struct profile p = {.ca = true};

    p.fixed.v[SUBJECT_CN] = *a->m.cn ? xstrdup(a->m.cn) : NULL;
    profile_fit(&p, &a->issuer->cert); /* else a lint refuses */
    a->name = p.fixed;
}

static void judge_path(const struct msg_sign_ca *m,
                       const struct signer_authority *a, struct errs *e)
{
    const int most = a->cert.path_len;

    if (most >= 0 && m->path_len >= most)
        err_add(e, ERR_EXTENSION_NOT_ALLOWED,
                "path-len: %d is not below the pathLenConstraint %d of "
                "authority %s",
                m->path_len, most, a->name);
}

/* What is refused already is written all the same, so that the lints' reasons
 * come with policy's; it is never signed. */
static void lint_refused(struct worker *w, struct ca_ask *a, struct errs *e)
{
    struct cert_spec *spec = &a->spec;
    AUTO(buf) struct buf tbs = {0};
    AUTO(strs) struct strs warnings = {0};

    spec->alg = key_signer_alg(worker_key(w, a->issuer));
    serial_new(&spec->serial);
    cert_write_tbs(&tbs, spec);
    decide_refused(&tbs, &a->issuer->cert, &warnings, e);
}

/* All but the validity and what signing adds. */
static void fill_spec(struct ca_ask *a)
{
    const struct msg_sign_ca *m = &a->m;
    const struct signer_authority *issuer = a->issuer;

    a->spec = (struct cert_spec){
        .issuer = issuer->cert.subject,
        .issuer_len = issuer->cert.subject_len,
        .cn = *m->cn ? m->cn : NULL,
        .subject = &a->name,
        .spki = m->spki.data,
        .spki_len = m->spki.len,
        .ca = true,
        .path_len = m->path_len,
        .ku = KU_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE,
        .aki = issuer->ski,
        .crl_url = issuer->crl_url,
        .issuer_url = issuer->issuer_url,
        .constraints = m->permitted.n ? &a->limits : NULL,
    };
}

/* Everything that is refused, at once. */
static int judge(struct worker *w, struct ca_ask *a, struct errs *e)
{
    const struct msg_sign_ca *m = &a->m;
    AUTO(errs) struct errs none = {0};
    const int64_t now = tm_now();
    struct key_pub key;
    bool readable;

    if (clock_check(w->s, now, e) != 0)
        return -1;
    readable = key_pub_parse(&key, m->spki.data, m->spki.len, e) == 0;
    if (readable)
        issue_judge_key(w, &key, e);
    judge_name(m, e);
    judge_power(m, e);
    judge_path(m, a->issuer, e);
    fill_name(a);
    fill_spec(a);
    if (validity(a, m->lifetime, now, e) != 0)
        readable &= validity(a, 0, now, &none) == 0;
    cert_constraints_parse(&a->limits, &m->permitted, e);
    if (e->n && readable)
        lint_refused(w, a, e);
    return e->n ? -1 : 0;
}

int handle_sign_ca(struct worker *w, const struct frame *f,
                   const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(ca_ask) struct ca_ask a = {0};
    AUTO(msg_issue) struct msg_issue none = {0};
    AUTO(who) struct who who = {0};
    const uint64_t revocations = w->s->revocations;
    struct issue_job *j;

    msg_sign_ca_get(body, &a.m);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_ADMIN, e) != 0)
        return -1;
    a.issuer = issuer_of(w, &a.m, e);
    if (!a.issuer || judge(w, &a, e) != 0)
        return -1;
    j = issue_new(w, f, &none, &who);
    j->revocations = revocations;
    j->record.issued_at = tm_now();
    j->record.authority = xstrdup(a.issuer->name);
    j->record.profile = xstrdup("");
    requester_copy(&j->record.requester, &j->job.who.requester);
    j->record.warnings = a.m.warnings;
    a.m.warnings = (struct strs){0};
    if (sign(w, &a, j, e) == 0 && queue(w, j, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
