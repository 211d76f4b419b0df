/* SPDX-License-Identifier: ISC */
/* The certificate of an authority below one whose key is here: an offline root
 * signs those of the authorities that issue. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

#include "csr.h"
#include "decision.h"

enum { LIFETIME = 3650 * 24 * 3600, CN_CHARS = 64 };

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

static int validity(const struct msg_sign_ca *m, const struct cert *issuer,
                    int64_t now, struct cert_spec *spec, struct errs *e)
{
    char end[TM_RFC3339_SIZE];
    int64_t last;

    if (m->lifetime < 0 || m->lifetime > INT64_C(36500) * TM_DAY)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "lifetime: it is over a hundred years");
    spec->not_before = now - TM_MINUTE;
    last = spec->not_before + (m->lifetime ? m->lifetime : LIFETIME) - 1;
    tm_rfc3339(end, issuer->not_after);
    if (now > issuer->not_after)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "the certificate of the authority ended at %s", end);
    if (m->lifetime && last > issuer->not_after)
        return err_add(e, ERR_ISSUER_EXPIRES,
                       "lifetime: it goes beyond the end of the authority "
                       "itself, %s",
                       end);
    spec->not_after = last < issuer->not_after ? last : issuer->not_after;
    return 0;
}

static int sign(struct worker *w, const struct signer_authority *a,
                struct cert_spec *spec, struct issue_job *j, struct errs *e)
{
    struct key_signer *key = worker_key(w, a);
    struct record *r = &j->record;
    AUTO(buf) struct buf tbs = {0};

    spec->alg = key_signer_alg(key);
    serial_random(&spec->serial);
    cert_write_tbs(&tbs, spec);
    j->passed = decide_authority(&tbs, &a->cert, &r->warnings, e);
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
    if (!*m->cn)
        err_add(e, ERR_BAD_CSR,
                "the subject of the CSR has no commonName, and that becomes "
                "the name of the authority");
    auth_text("subject CN", m->cn, CN_CHARS, e);
}

/* Its common name, behind the fields of a directory name where the issuer's
 * name constraints permit no other. */
static void fill_name(const struct msg_sign_ca *m, const struct cert *issuer,
                      struct subject *out)
{
    struct profile p = {.ca = true};

    p.fixed.v[SUBJECT_CN] = *m->cn ? xstrdup(m->cn) : NULL;
    profile_fit(&p, issuer); /* else a lint refuses */
    *out = p.fixed;
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
static void lint_refused(struct worker *w, const struct signer_authority *a,
                         struct cert_spec *spec, struct errs *e)
{
    AUTO(buf) struct buf tbs = {0};
    AUTO(strs) struct strs warnings = {0};

    spec->alg = key_signer_alg(worker_key(w, a));
    serial_random(&spec->serial);
    cert_write_tbs(&tbs, spec);
    decide_refused(&tbs, &a->cert, &warnings, e);
}

/* Everything that is refused, at once; fills what does not need the issuer. */
static int judge(struct worker *w, const struct msg_sign_ca *m,
                 const struct signer_authority *a, struct key_pub *key,
                 struct cert_spec *spec, struct cert_constraints *limits,
                 struct errs *e)
{
    static const struct msg_sign_ca usual;
    AUTO(errs) struct errs none = {0};
    const int64_t now = tm_now();
    bool readable;

    if (clock_check(w->s, now, e) != 0)
        return -1;
    readable = key_pub_parse(key, m->spki.data, m->spki.len, e) == 0;
    if (readable)
        issue_judge_key(w, key, e);
    judge_name(m, e);
    judge_power(m, e);
    judge_path(m, a, e);
    if (validity(m, &a->cert, now, spec, e) != 0)
        readable &= validity(&usual, &a->cert, now, spec, &none) == 0;
    cert_constraints_parse(limits, &m->permitted, e);
    *spec = (struct cert_spec){
        .issuer = a->cert.subject,
        .issuer_len = a->cert.subject_len,
        .not_before = spec->not_before,
        .not_after = spec->not_after,
        .cn = *m->cn ? m->cn : NULL,
        .subject = spec->subject,
        .spki = m->spki.data,
        .spki_len = m->spki.len,
        .ca = true,
        .path_len = m->path_len,
        .ku = KU_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE,
        .aki = a->ski,
        .crl_url = a->crl_url,
        .issuer_url = a->issuer_url,
        .constraints = m->permitted.n ? limits : NULL,
    };
    if (e->n && readable)
        lint_refused(w, a, spec, e);
    return e->n ? -1 : 0;
}

int handle_sign_ca(struct worker *w, const struct frame *f,
                   const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(msg_sign_ca) struct msg_sign_ca m = {0};
    AUTO(msg_issue) struct msg_issue none = {0};
    AUTO(cert_constraints) struct cert_constraints limits = {0};
    AUTO(who) struct who who = {0};
    AUTO(subject) struct subject name = {0};
    const uint64_t revocations = w->s->revocations;
    const struct signer_authority *a;
    struct cert_spec spec = {.subject = &name};
    struct key_pub key;
    struct issue_job *j;

    msg_sign_ca_get(body, &m);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_ADMIN, e) != 0)
        return -1;
    a = issuer_of(w, &m, e);
    if (!a)
        return -1;
    fill_name(&m, &a->cert, &name);
    if (judge(w, &m, a, &key, &spec, &limits, e) != 0)
        return -1;
    j = issue_new(w, f, &none, &who);
    j->revocations = revocations;
    j->record.issued_at = tm_now();
    j->record.authority = xstrdup(a->name);
    j->record.profile = xstrdup("");
    requester_copy(&j->record.requester, &j->job.who.requester);
    j->record.warnings = m.warnings;
    m.warnings = (struct strs){0};
    if (sign(w, a, &spec, j, e) == 0 && queue(w, j, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
