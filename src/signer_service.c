/* SPDX-License-Identifier: ISC */
/* The certificate that the service itself shows, renewed while it runs. */
#include "signer.h"

#include <limits.h>

enum { SERVICE_LIFETIME = 30 * 24 * 3600 };

/* What the service's own certificate may have. */
static struct pattern every_name[] = {
    {.kind = NAME_DNS, .how = PATTERN_ALL, .value = (char *)""},
    {.kind = NAME_IP, .how = PATTERN_ALL, .value = (char *)""},
};
static struct key_rule service_key = {KEY_EC, CURVE_P256, 256, 256};
static const struct limits unlimited;
static const struct span service_span;
static const struct profile service_profile = {
    .name = (char *)"(the service's own)",
    .eku = EKU_SERVER,
    .names = {every_name, COUNT(every_name)},
    .single_label = true,
    .keys = &service_key,
    .n_keys = 1,
    .lifetime = SERVICE_LIFETIME,
    .max_lifetime = SERVICE_LIFETIME,
    .max_names = UINT_MAX,
    .cdp = true,
    .aia = true,
};

/* The names are the configuration's, never the front's; the subject is one
 * that the authority may sign. */
static int service_names(const struct conf *conf, const struct cert *ca,
                         struct taken *out, struct errs *e)
{
    struct profile p = service_profile;

    for (size_t i = 0; i < conf->host.n; i++)
        if (names_parse(&out->names, conf->host.v[i], e) != 0)
            return -1;
    profile_fit(&p, ca);
    out->subject = p.fixed;
    if (!p.no_cn)
        out->subject.v[SUBJECT_CN] = xstrdup_null(cert_cn(&out->names));
    return 0;
}

/* Names, key and validity; what of the names it takes is b's too. */
static int judge(struct worker *w, struct build *b, struct taken *taken,
                 struct errs *e)
{
    const struct conf *conf = w->s->conf;

    b->authority = signer_authority_find(w->s, conf->authorities[0].name);
    if (service_names(conf, &b->authority->cert, taken, e) != 0)
        return -1;
    if (b->key->curve != CURVE_P256)
        return err_add(e, ERR_KEY_NOT_ALLOWED, "the service's key is ec:P-256");
    if (issue_judge_key(w, b->key, e) != 0)
        return -1;
    b->not_before = b->now - TM_MINUTE;
    b->not_after = b->not_before + SERVICE_LIFETIME - 1;
    if (b->not_after > b->authority->cert.not_after)
        b->not_after = b->authority->cert.not_after;
    return 0;
}

int handle_service_cert(struct worker *w, const struct frame *f,
                        const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(taken) struct taken taken = {0};
    AUTO(msg_issue) struct msg_issue m = {0};
    struct key_pub key;
    struct build b = {.profile = &service_profile,
                      .limits = &unlimited,
                      .asked = &service_span,
                      .key = &key,
                      .taken = &taken,
                      .now = tm_now()};
    struct who who = {.began_us = tm_mono_us()};
    const uint64_t revocations = w->s->revocations;
    struct issue_job *j;
    size_t len;
    const uint8_t *spki = rd_blob(body, &len);

    (void)c;
    if (body_done(f, body, e) != 0 || key_pub_parse(&key, spki, len, e) != 0 ||
        judge(w, &b, &taken, e) != 0)
        return -1;
    who.requester = (struct requester){WHO_SERVICE, xstrdup("service"), NULL};
    m.protocol = xstrdup("service");
    j = issue_new(w, f, &m, &who);
    j->record.issued_at = b.now;
    j->record.profile = xstrdup("");
    j->role = xstrdup("service");
    j->revocations = revocations;
    requester_copy(&j->record.requester, &j->job.who.requester);
    return issue_queue(w, j, &b, e);
}
