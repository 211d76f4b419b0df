/* SPDX-License-Identifier: ISC */
/* From a request to a certificate: judged and signed by the worker, numbered
 * and made durable by the committer. */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { LEAF_AT = MSG_HEAD + 1 };

void reply_record(struct buf *b, uint64_t id, bool repeated,
                  const struct record *r, bool more)
{
    msg_begin(b, MSG_RECORD, id, more);
    buf_u8(b, repeated);
    record_put(b, r);
}

/* 1 and the earlier certificate; 0 none; -1 with reasons. */
static int find_repeat(struct store_conn *c, const char *scope, const char *key,
                       const uint8_t hash[32], struct record *old,
                       struct errs *e)
{
    uint8_t was[32];
    char serial[2 * SERIAL_MAX + 1];
    enum store_result r = store_cert_by_idem(c, scope, key, old, was);

    if (r == STORE_NONE)
        return 0;
    if (r != STORE_OK)
        return auth_store_error(r, e);
    if (CRYPTO_memcmp(was, hash, sizeof(was)) == 0)
        return 1;
    serial_text(serial, &old->serial);
    return err_add(e, ERR_IDEMPOTENCY_CONFLICT,
                   "Idempotency-Key %s made certificate %s from another "
                   "request",
                   key, serial);
}

int issue_repeat(struct worker *w, const struct frame *f,
                 const struct msg_issue *m, const struct who *who,
                 struct errs *e)
{
    AUTO(record) struct record old = {0};
    AUTO(free) char *scope = NULL;
    char serial[2 * SERIAL_MAX + 1];
    int found;

    if (crl_lost_wait(w->s, e) != 0)
        return -1;
    if (!m->idem_key)
        return 0;
    scope = auth_scope(who);
    found = find_repeat(w->reader, scope, m->idem_key, m->idem_hash, &old, e);
    if (found != 1)
        return found;
    crl_lost_mark(w->s, &old);
    reply_record(&w->reply, f->id, true, &old, false);
    peer_send(w->peer, &w->reply);
    serial_text(serial, &old.serial);
    signer_log(LOG_INFO, "issue", who, serial, &(struct errs){0}, true);
    return 1;
}

/* Inside the transaction: what revocations since the judgement say. */
static enum store_result judge_again(struct signer *s, struct issue_job *j)
{
    AUTO(record) struct record old = {0};
    uint8_t key[32];
    enum store_result r;

    if (s->revocations == j->revocations)
        return STORE_OK;
    key_pub_sha256(&decision_cert(j->passed)->key, key);
    r = judge_ban(s, s->writer, key, &j->job.errs);
    if (r == STORE_NONE && j->renewal)
        r = judge_ban(s, s->writer, j->renews_key, &j->job.errs);
    if (r == STORE_NONE && j->renewal) {
        r = store_ancestor_compromised(s->writer, j->renews_leaf);
        if (r == STORE_OK)
            err_add(&j->job.errs, ERR_KEY_COMPROMISED,
                    "the key was revoked for keyCompromise");
    }
    if (r != STORE_NONE || !j->by_cert)
        return r == STORE_NONE ? STORE_OK : r;
    r = store_cert_by_leaf(s->writer, j->renews_leaf, &old);
    if (r == STORE_OK && old.revoked_at)
        err_add(&j->job.errs, ERR_CERTIFICATE_REVOKED,
                "the client certificate was revoked");
    return r == STORE_NONE ? STORE_REFUSED : r;
}

static enum store_result put_cert(struct signer *s, struct issue_job *j)
{
    struct record *rec = &j->record;
    struct entry en = entry_by(&rec->requester, ENTRY_ISSUED, rec->issued_at);
    const struct cert_row row = {
        .record = rec,
        .cert = decision_cert(j->passed),
        .sha256 = en.object,
        .cn = j->cn,
        .detached = !j->renewal,
        .idem_scope = j->scope,
        .idem_key = j->idem_key,
        .idem_hash = j->idem_hash,
    };
    uint64_t leaf;
    enum store_result r;

    en.authority = rec->authority;
    en.serial = rec->serial;
    r = job_entry(s, &en, rec->der.data, rec->der.len, &leaf);
    if (r != STORE_OK)
        return r;
    rec->leaf = leaf;
    for (int i = 0; i < 8; i++)
        j->job.reply.data[LEAF_AT + i] = (uint8_t)(leaf >> (56 - 8 * i));
    r = store_cert_put(s->writer, &row);
    return r == STORE_NONE ? STORE_REFUSED : r;
}

/* The service's own are renewed by themselves, so that the one before is
 * replaced, and nobody is warned of its end.  The newest is a fact by its role.
 */
static enum store_result find_last(struct signer *s, struct issue_job *j)
{
    AUTO(buf) struct buf was = {0};
    AUTO(record) struct record old = {0};
    struct serial serial;
    enum store_result r = store_fact_get(s->writer, j->role, &was);
    struct rd rd = rd_of(was.data, was.len);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_OK : r;
    serial_get(&rd, &serial);
    r = store_cert_by_serial(s->writer, j->record.authority, &serial, &old);
    if (r == STORE_OK)
        j->record.replaces = serial;
    return r == STORE_NONE ? STORE_OK : r;
}

static enum store_result put_last(struct signer *s, const struct issue_job *j)
{
    AUTO(buf) struct buf now = {0};

    serial_put(&now, &j->record.serial);
    return store_fact_put(s->writer, j->role, now.data, now.len);
}

static void answer_with(struct issue_job *j, const struct record *r,
                        bool repeated)
{
    struct job *job = &j->job;
    char serial[2 * SERIAL_MAX + 1];

    serial_text(serial, &r->serial);
    free(job->about);
    job->about = xstrdup(serial);
    reply_record(&job->reply, job->id, repeated, r, false);
    job->repeated = repeated;
}

/* As issue_repeat(), inside the transaction. */
static int repeat_now(struct signer *s, struct issue_job *j)
{
    AUTO(record) struct record old = {0};
    int found;

    if (!j->idem_key)
        return 0;
    if (j->job.repeated) /* in an attempt that was undone */
        answer_with(j, &j->record, false);
    found = find_repeat(s->writer, j->scope, j->idem_key, j->idem_hash, &old,
                        &j->job.errs);
    if (found == 1) {
        crl_lost_mark(s, &old);
        answer_with(j, &old, true);
    }
    return found;
}

static enum store_result issue_apply(struct signer *s, struct job *job)
{
    struct issue_job *j = (struct issue_job *)job;
    enum store_result r;

    if (repeat_now(s, j) != 0)
        return STORE_OK;
    r = job_use(s, job, j->record.issued_at);
    if (r == STORE_OK && !job->errs.n)
        r = judge_again(s, j);
    if (r == STORE_OK && !job->errs.n && j->role)
        r = find_last(s, j);
    if (r == STORE_OK && !job->errs.n)
        r = put_cert(s, j);
    if (r == STORE_OK && !job->errs.n && j->role)
        r = put_last(s, j);
    return r;
}

static void issue_done(struct signer *s, struct job *job)
{
    struct issue_job *j = (struct issue_job *)job;

    if (!job->errs.n && !job->repeated)
        count_issued(s, j->record.profile, j->record.protocol);
    job_done(s, job);
}

static void issue_free(struct job *job)
{
    struct issue_job *j = (struct issue_job *)job;

    decision_free(j->passed);
    record_free(&j->record);
    free(j->cn);
    free(j->role);
    free(j->scope);
    free(j->idem_key);
}

const struct job_kind issue_kind = {
    .event = "issue",
    .apply = issue_apply,
    .done = issue_done,
    .free = issue_free,
};
static const struct job_kind renew_kind = {
    .event = "renew",
    .apply = issue_apply,
    .done = issue_done,
    .free = issue_free,
};

struct issue_job *issue_new(struct worker *w, const struct frame *f,
                            struct msg_issue *m, struct who *who)
{
    const bool renewal = f->type == MSG_RENEW;
    char *scope = m->idem_key ? auth_scope(who) : NULL;
    struct issue_job *j =
        job_new(sizeof(*j), renewal ? &renew_kind : &issue_kind, w, f->id, who);

    j->renewal = renewal;
    j->scope = scope;
    j->idem_key = take_ptr(m->idem_key);
    memcpy(j->idem_hash, m->idem_hash, sizeof(j->idem_hash));
    j->record.protocol =
        w->peer->kind == PEER_A ? xstrdup("cli") : take_ptr(m->protocol);
    j->record.note = take_ptr(m->note);
    j->record.replaces = m->replaces;
    j->record.warnings = m->warnings;
    m->warnings = (struct strs){0};
    return j;
}

int issue_queue(struct worker *w, struct issue_job *j, const struct build *b,
                struct errs *e)
{
    struct record *r = &j->record;

    r->authority = xstrdup(b->authority->name);
    j->passed = build_cert(w, b, r, e);
    if (!j->passed) {
        job_free(&j->job);
        return -1;
    }
    j->cn = xstrdup_null(b->taken->subject.v[SUBJECT_CN]);
    answer_with(j, r, false);
    if (j->job.reply.len > RECORD_MAX)
        err_add(e, ERR_TOO_LARGE, "the certificate would have %zu octets",
                r->der.len);
    else if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}

int handle_issue(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(who) struct who who = {0};
    AUTO(ask) struct issue_ask a = {.m = &m, .now = tm_now()};
    const uint64_t revocations = w->s->revocations;
    struct issue_job *j;
    struct build b = {0};
    int repeat;

    msg_issue_get(body, &m);
    if (body_done(f, body, e) != 0 ||
        auth_who(w, c, m.idem_key != NULL, &who, e) != 0 ||
        auth_role(&who, ROLE_ISSUE, e) != 0)
        return -1;
    repeat = issue_repeat(w, f, &m, &who, e);
    if (repeat != 0)
        return repeat == 1 ? 0 : -1;
    if (auth_alive(&who, e) != 0)
        return -1;
    errs_move(e, &m.errs);
    if (clock_check(w->s, a.now, e) != 0 || issue_ask(w, &who, &a, &b, e) != 0)
        return -1;
    j = issue_new(w, f, &m, &who);
    j->revocations = revocations;
    j->record.issued_at = a.now;
    j->record.profile = xstrdup(a.profile->name);
    requester_copy(&j->record.requester, &j->job.who.requester);
    return issue_queue(w, j, &b, e);
}
