/* SPDX-License-Identifier: ISC */
/* Revocation.  What is decided here is decided inside the transaction, by
 * what the ledger says then. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

enum { SERIALS_MAX = 1000 }; /* in one frame */

struct revoke_job {
    struct job job;
    uint64_t leaf;
    int reason, renewals;
    int64_t now;
    struct serial *also;
    uint64_t *leaves;
    size_t n_also;
    bool changed;
    struct record record;
    uint64_t authorities, last_entry;
};

static void revoke_free(struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;

    free(j->also);
    free(j->leaves);
    record_free(&j->record);
}

/* One that is not configured any more makes no CRLs: nothing to wait for. */
static uint64_t authority_bit(const struct signer *s, const char *name)
{
    size_t i = signer_authority_index(s, name);

    return i < s->n_authorities && s->authorities[i].key ? UINT64_C(1) << i : 0;
}

static enum store_result mark_revoked(struct signer *s, struct revoke_job *j,
                                      const struct record *r, int64_t at,
                                      int reason)
{
    AUTO(buf) struct buf object = {0};
    enum store_result res;

    ledger_revocation(&object, r->authority, &r->serial, at, reason);
    res =
        job_entry(s, &j->job.who.requester, ENTRY_REVOKED, r->authority,
                  &r->serial, object.data, object.len, j->now, &j->last_entry);
    if (res == STORE_OK)
        res = store_cert_revoke(s->writer, r->leaf, at, reason, j->last_entry);
    s->revocations++;
    j->authorities |= authority_bit(s, r->authority);
    return res == STORE_NONE ? STORE_REFUSED : res;
}

/* What the request means for a certificate in the state that it is in now. */
static enum store_result revoke_one(struct signer *s, struct revoke_job *j)
{
    struct record *r = &j->record;
    int reason = j->reason < 0 ? REASON_UNSPECIFIED : j->reason;

    if (r->revoked_at && (j->reason < 0 || j->reason == r->reason))
        return STORE_OK;
    if (r->revoked_at && j->reason != REASON_KEY_COMPROMISE) {
        char when[TM_RFC3339_SIZE];

        tm_rfc3339(when, r->revoked_at);
        err_add(&j->job.errs, ERR_ALREADY_REVOKED,
                "it was revoked at %s with the reason %s", when,
                crl_reason_text(r->reason));
        return STORE_OK;
    }
    if (!r->revoked_at)
        r->revoked_at = j->now;
    r->reason = reason;
    j->changed = true;
    return mark_revoked(s, j, r, r->revoked_at, reason);
}

static int note_other(void *arg, struct record *r)
{
    struct revoke_job *j = arg;

    if (r->revoked_at || r->leaf == j->leaf)
        return 0;
    for (size_t i = 0; i < j->n_also; i++)
        if (j->leaves[i] == r->leaf)
            return 0;
    j->leaves = xreallocarray(j->leaves, j->n_also + 1, sizeof(*j->leaves));
    j->also = xreallocarray(j->also, j->n_also + 1, sizeof(*j->also));
    j->leaves[j->n_also] = r->leaf;
    j->also[j->n_also++] = r->serial;
    return 0;
}

/* Everything renewed from it, and every valid certificate with its key. */
static enum store_result revoke_others(struct signer *s, struct revoke_job *j)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};
    const struct buf *der = &j->record.der;
    uint8_t key[32];
    enum store_result r;

    if (cert_parse_any(&cert, der->data, der->len, &e) != 0)
        return STORE_REFUSED;
    key_pub_sha256(&cert.key, key);
    r = store_cert_descendants(s->writer, j->leaf, note_other, j);
    if (r == STORE_OK || r == STORE_NONE)
        r = store_cert_by_key(s->writer, key, j->now, note_other, j);
    for (size_t i = 0; (r == STORE_OK || r == STORE_NONE) && i < j->n_also;
         i++) {
        AUTO(record) struct record other = {0};

        r = store_cert_by_leaf(s->writer, j->leaves[i], &other);
        if (r == STORE_OK)
            r = mark_revoked(s, j, &other, j->now, j->record.reason);
    }
    return r == STORE_NONE ? STORE_OK : r;
}

static enum store_result revoke_apply(struct signer *s, struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;
    bool renewals;
    enum store_result r;

    r = store_cert_by_leaf(s->writer, j->leaf, &j->record);
    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_REFUSED : r;
    r = revoke_one(s, j);
    if (r != STORE_OK || job->errs.n)
        return r;
    renewals = j->renewals < 0 ? j->record.reason == REASON_KEY_COMPROMISE
                               : j->renewals;
    if (renewals)
        r = revoke_others(s, j);
    if (r == STORE_OK && (j->changed || j->n_also))
        r = job_use(s, job, j->now);
    return r;
}

/* The record is lent to a frame with n of the serials. */
static void put_frame(struct revoke_job *j, size_t from, size_t n)
{
    const struct msg_revoked m = {.record = j->record,
                                  .crl_pending = j->job.crl_pending,
                                  .also = j->also + from,
                                  .n = n};

    msg_begin(&j->job.reply, MSG_REVOKED, j->job.id, from + n < j->n_also);
    msg_revoked_put(&j->job.reply, &m);
}

/* All frames but the last go out here: the CRL has been published by then. */
static void send_reply(struct signer *s, struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;
    size_t from = 0;

    while (!job->errs.n && j->n_also - from > SERIALS_MAX) {
        put_frame(j, from, SERIALS_MAX);
        if (job->peer)
            peer_send(job->peer, &job->reply);
        from += SERIALS_MAX;
    }
    put_frame(j, from, j->n_also - from);
    job_done(s, job);
}

static void revoke_done(struct signer *s, struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;

    if (job->errs.n) {
        job_done(s, job);
        return;
    }
    if (j->changed)
        s->counters.revoked[j->record.reason & 15]++;
    s->counters.revoked[j->record.reason & 15] += j->n_also;
    job->repeated = !j->changed;
    job->authorities = j->authorities | authority_bit(s, j->record.authority);
    crl_job_wait(s, job, j->changed || j->n_also ? j->last_entry + 1 : 0,
                 send_reply);
}

static const struct job_kind revoke_kind = {
    .event = "revoke",
    .apply = revoke_apply,
    .done = revoke_done,
    .free = revoke_free,
};

int find_record(struct worker *w, const struct who *who,
                const struct serial *serial,
                bool (*may)(const struct who *, const struct record *),
                struct record *out, struct errs *e)
{
    char text[2 * SERIAL_MAX + 1];
    enum store_result r = store_cert_by_serial(w->reader, NULL, serial, out);

    if (r == STORE_OK && may(who, out))
        return 0;
    record_free(out);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    serial_text(text, serial);
    return err_add(e, ERR_NOT_FOUND, "there is no certificate %s", text);
}

/* An authority's own certificate is revoked by the one above it. */
static int judge_authority(const struct signer *s, const struct serial *serial,
                           struct errs *e)
{
    for (size_t i = 0; i < s->n_authorities; i++)
        if (serial_equal(&s->authorities[i].cert.serial, serial))
            return err_add(e, ERR_REASON_NOT_ALLOWED,
                           "this is the certificate of authority %s: only the "
                           "authority above it revokes it",
                           s->authorities[i].name);
    return 0;
}

static int choose(struct worker *w, const struct who *who,
                  const struct msg_revoke *m, struct record *out,
                  struct errs *e)
{
    if (who->requester.type == WHO_CERTIFICATE) {
        enum store_result r;

        if (!serial_equal(&m->serial, &who->record.serial))
            return auth_role(who, ROLE_REVOKE, e);
        r = store_cert_by_leaf(w->reader, who->record.leaf, out);
        return r == STORE_OK ? 0 : auth_store_error(r, e);
    }
    if (auth_role(who, ROLE_REVOKE, e) != 0)
        return -1;
    if (!who->narrow && judge_authority(w->s, &m->serial, e) != 0)
        return -1;
    if (find_record(w, who, &m->serial, auth_covers, out, e) != 0)
        return -1;
    /* The service's own; what was imported has no profile either. */
    return *out->profile || strcmp(out->protocol, "import") == 0
               ? 0
               : auth_role(who, ROLE_ADMIN, e);
}

int handle_revoke(struct worker *w, const struct frame *f,
                  const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(record) struct record r = {0};
    struct msg_revoke m;
    struct revoke_job *j;
    char serial[2 * SERIAL_MAX + 1];

    msg_revoke_get(body, &m);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        choose(w, &who, &m, &r, e) != 0)
        return -1;
    if (m.reason >= 0 && !crl_reason_allowed(m.reason))
        return err_add(e, ERR_REASON_NOT_ALLOWED,
                       "reason=%s: one of unspecified, keyCompromise, "
                       "affiliationChanged, superseded, cessationOfOperation, "
                       "privilegeWithdrawn is permitted",
                       crl_reason_text(m.reason));
    serial_text(serial, &r.serial);
    j = job_new(sizeof(*j), &revoke_kind, w, f->id, &who);
    j->leaf = r.leaf;
    j->reason = m.reason;
    j->renewals = m.renewals;
    j->now = tm_now();
    j->job.about = xstrdup(serial);
    if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
