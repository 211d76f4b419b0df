/* SPDX-License-Identifier: ISC */
/* The responders' keys and certificates. */
#include "signer_ocsp.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LIFETIME = 14 * 24 * 3600,
    /* Left when the next one is made: who is warned of certificates that end
     * within a week is not warned of this one. */
    RENEW_LEFT = 8 * 24 * 3600,
    PASS_S = 5, /* how often it is tried again, and their ends are looked at */
};

static const struct limits unlimited;
static const struct span no_span;
static struct key_rule p256 = {KEY_EC, CURVE_P256, 256, 256};

/* For OCSP alone, and never asked about itself (id-pkix-ocsp-nocheck). */
static void responder_profile(struct profile *p, const struct names *names)
{
    *p = (struct profile){
        .name = (char *)"(a responder's)",
        .eku = EKU_OCSP,
        .keys = &p256,
        .n_keys = 1,
        .lifetime = LIFETIME,
        .max_lifetime = LIFETIME,
        .max_names = UINT_MAX,
    };
    for (size_t i = 0; i < names->n; i++) {
        struct pattern name = {.kind = names->v[i].kind,
                               .how = PATTERN_EXACT,
                               .value = xstrdup(names->v[i].value)};

        patterns_add(&p->names, &name);
    }
    profile_compile(p);
}

static struct issue_job *job_of(struct signer *s, const struct build *b)
{
    struct who who = {.began_us = tm_mono_us()};
    struct issue_job *j;

    who.requester = (struct requester){WHO_SERVICE, xstrdup("service"), NULL};
    j = job_new(sizeof(*j), &issue_kind, NULL, 0, &who);
    j->revocations = s->revocations;
    j->cn = xstrdup_null(b->taken->subject.v[SUBJECT_CN]);
    j->record.authority = xstrdup(b->authority->name);
    j->record.profile = xstrdup("");
    j->record.protocol = xstrdup("ocsp");
    j->record.issued_at = b->now;
    j->role = xasprintf("responder of %s", b->authority->name);
    requester_copy(&j->record.requester, &j->job.who.requester);
    return j;
}

static void take_cert(struct signer *s, size_t i, const struct issue_job *j)
{
    const struct cert *cert = decision_cert(j->passed);
    struct responder *r = &s->responders[i];

    pthread_mutex_lock(&s->responder_lock);
    buf_reset(&r->cert);
    buf_put(&r->cert, j->record.der.data, j->record.der.len);
    r->not_before = cert->not_before;
    r->not_after = cert->not_after;
    pthread_mutex_unlock(&s->responder_lock);
}

/* Durable before it is used, as every certificate. */
static int issue(struct worker *w, size_t i, const struct profile *p,
                 struct taken *taken, struct errs *e)
{
    struct signer *s = w->s;
    AUTO(buf) struct buf spki = {0};
    struct key_pub key;
    struct build b = {
        .authority = &s->authorities[i],
        .profile = p,
        .limits = &unlimited,
        .taken = taken,
        .key = &key,
        .asked = &no_span,
        .now = tm_now(),
    };
    struct issue_job *j;
    int rc = -1;

    key_spki(s->responders[i].key, &spki);
    if (key_pub_parse(&key, spki.data, spki.len, e) != 0 ||
        profile_validity(p, b.asked, b.now, b.authority->cert.not_after,
                         &b.not_before, &b.not_after, e) != 0)
        return -1;
    j = job_of(s, &b);
    j->passed = build_cert(w, &b, &j->record, e);
    if (j->passed) {
        reply_record(&j->job.reply, 0, false, &j->record, false);
        rc = job_wait(s, &j->job, e);
    }
    if (rc == 0) {
        take_cert(s, i, j);
        count_issued(s, "", "ocsp");
    }
    job_free(&j->job);
    return rc;
}

static void renew(struct worker *w, size_t i)
{
    const struct signer_authority *a = &w->s->authorities[i];
    AUTO(errs) struct errs e = {0};
    AUTO(taken) struct taken taken = {0};
    struct profile p;
    struct log_line l;
    int rc;

    profile_fit_responder(&taken, a->name, w->s->conf->public_url,
                          &a->cert); /* else a lint refuses */
    responder_profile(&p, &taken.names);
    rc = issue(w, i, &p, &taken, &e);
    patterns_free(&p.names);
    buf_free(&p.extra);
    log_begin(&l, rc == 0 ? LOG_INFO : LOG_ERROR, "responder");
    log_str(&l, "authority", a->name);
    log_str(&l, "result", rc == 0 ? "ok" : err_code(e.v[0].code));
    log_str(&l, "detail", rc == 0 ? NULL : e.v[0].detail);
    log_end(&l);
}

/* Not for one that would end no later: the authority ends then.  One of a clock
 * that was ahead nobody takes.  That a clock is suspect others say. */
static bool is_due(struct signer *s, size_t i, int64_t now)
{
    const struct responder *r = &s->responders[i];
    AUTO(errs) struct errs e = {0};
    bool due;

    pthread_mutex_lock(&s->responder_lock);
    due = r->key && (!r->cert.len || now < r->not_before ||
                     (now > r->not_after - RENEW_LEFT &&
                      r->not_after < s->authorities[i].cert.not_after));
    pthread_mutex_unlock(&s->responder_lock);
    return due && clock_check(s, now, &e) == 0;
}

static void renew_due(struct worker *w)
{
    for (size_t i = 0; i < w->s->n_authorities; i++)
        if (is_due(w->s, i, tm_now()))
            renew(w, i);
}

static bool sleep_a_while(struct signer *s)
{
    struct timespec until;
    bool stop;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PASS_S;
    pthread_mutex_lock(&s->responder_lock);
    if (!s->responders_stopping)
        pthread_cond_timedwait(&s->responder_wake, &s->responder_lock, &until);
    stop = s->responders_stopping;
    pthread_mutex_unlock(&s->responder_lock);
    return !stop;
}

static void *responders_run(void *arg)
{
    struct signer *s = arg;
    struct worker *w = worker_new(s, NULL);

    pthread_setname_np(pthread_self(), "responders");
    while (sleep_a_while(s))
        renew_due(w);
    worker_free(w);
    return NULL;
}

static void make_key(struct signer *s, size_t i)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf spki = {0};
    struct responder *r = &s->responders[i];
    struct key_pub key;

    r->key = key_generate("ec:P-256", &e);
    if (!r->key)
        log_fatal("responder", "%s", e.v[0].detail);
    key_spki(r->key, &spki);
    if (key_pub_parse(&key, spki.data, spki.len, &e) != 0)
        log_fatal("responder", "%s", e.v[0].detail);
    key_pub_ski(&key, r->key_hash);
    ocsp_issuer_init(&r->issuer, &s->authorities[i].cert);
}

int responders_start(struct signer *s, struct errs *e)
{
    struct worker *w;

    s->responders = xcalloc(s->n_authorities, sizeof(*s->responders));
    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->authorities[i].key)
            make_key(s, i);
    w = worker_new(s, NULL);
    renew_due(w);
    worker_free(w);
    if (pthread_create(&s->responder_thread, NULL, responders_run, s) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
    s->responders_run = true;
    return 0;
}

void responders_stop(struct signer *s)
{
    if (!s->responders_run)
        return;
    pthread_mutex_lock(&s->responder_lock);
    s->responders_stopping = true;
    pthread_cond_broadcast(&s->responder_wake);
    pthread_mutex_unlock(&s->responder_lock);
    pthread_join(s->responder_thread, NULL);
    s->responders_run = false;
}

void responders_free(struct signer *s)
{
    for (size_t i = 0; s->responders && i < s->n_authorities; i++) {
        EVP_PKEY_free(s->responders[i].key);
        buf_free(&s->responders[i].cert);
    }
    free(s->responders);
}

int64_t responder_end(struct signer *s, size_t i, int64_t *begin)
{
    int64_t end = 0;

    pthread_mutex_lock(&s->responder_lock);
    if (s->responders && s->responders[i].cert.len) {
        end = s->responders[i].not_after;
        if (begin)
            *begin = s->responders[i].not_before;
    }
    pthread_mutex_unlock(&s->responder_lock);
    return end;
}

int responder_cert(struct signer *s, size_t i, struct buf *cert,
                   int64_t *not_after)
{
    pthread_mutex_lock(&s->responder_lock);
    if (s->responders) {
        const struct buf *have = &s->responders[i].cert;

        buf_put(cert, have->data, have->len);
        *not_after = s->responders[i].not_after;
    }
    pthread_mutex_unlock(&s->responder_lock);
    return cert->len ? 0 : -1;
}
