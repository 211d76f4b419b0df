/* SPDX-License-Identifier: ISC */
/* Revocation.  What is decided here is decided inside the transaction, by
 * what the ledger says then. */
#include "signer_revoke.h"

#include <stdlib.h>
#include <string.h>

#include "signer_crl.h"
#include "signer_ocsp.h"

enum { SERIALS_MAX = 1000 }; /* in one frame */

struct revoke_job {
    struct job job;
    struct revoke revoke;
    uint64_t leaf;
};

static void revoke_job_free(struct job *job)
{
    revoke_free(&((struct revoke_job *)job)->revoke);
}

void revoke_free(struct revoke *v)
{
    free(v->also);
    free(v->leaves);
    free(v->keys);
    free(v->named);
    leafset_free(&v->followed);
    record_free(&v->record);
    v->also = NULL;
    v->leaves = NULL;
    v->keys = NULL;
    v->named = NULL;
    v->n_also = v->n_renewed = v->n_keys = v->n_named = 0;
    v->last_entry = 0;
    memset(v->marked, 0, sizeof(v->marked));
}

static enum store_result mark_revoked(struct signer *s, struct revoke *v,
                                      const struct record *r, int64_t at,
                                      int reason)
{
    struct entry en = entry_by(&v->who->requester, ENTRY_REVOKED, v->now);
    AUTO(buf) struct buf object = {0};
    enum store_result res;

    if (v->dry)
        return STORE_OK;
    ledger_revocation(&object, r->authority, &r->serial, at, reason);
    en.authority = r->authority;
    en.serial = r->serial;
    res = job_entry(s, &en, object.data, object.len, &v->last_entry);
    if (res == STORE_OK)
        res = store_cert_revoke(s->writer, r->leaf, at, reason, v->last_entry);
    s->revocations++;
    v->marked[reason & 15]++;
    ocsp_note(v->job, signer_authority_index(s, r->authority), &r->serial);
    crl_job_add(s, v->job, r->authority, r->crl_partition);
    return res == STORE_NONE ? STORE_REFUSED : res;
}

/* What the request means for a certificate in the state that it is in now. */
static enum store_result revoke_it(struct signer *s, struct revoke *v)
{
    struct record *r = &v->record;

    v->outcome = OUTCOME_ALREADY;
    if (r->revoked_at && (v->reason != REASON_KEY_COMPROMISE ||
                          r->reason == REASON_KEY_COMPROMISE))
        return STORE_OK;
    v->outcome = r->revoked_at ? OUTCOME_CHANGED : OUTCOME_REVOKED;
    if (!r->revoked_at)
        r->revoked_at = v->at ? v->at : v->now;
    r->reason = v->reason < 0 ? REASON_UNSPECIFIED : v->reason;
    return mark_revoked(s, v, r, r->revoked_at, r->reason);
}

/* That a key is compromised is a fact about the key, whoever says so, and no
 * certificate of it may stay; any other reason is about certificates, and a
 * token's limits hold for each. */
static bool is_narrow(const struct revoke *v)
{
    return v->who->narrow && v->record.reason != REASON_KEY_COMPROMISE;
}

static int by_leaf(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Called for the renewals and then for those with the key, which may be among
 * them. */
static int note_other(void *arg, struct record *r)
{
    struct revoke *v = arg;

    if (r->revoked_at || r->leaf == v->record.leaf ||
        (is_narrow(v) && !auth_covers(v->who, r)))
        return 0;
    if (v->n_renewed &&
        bsearch(&r->leaf, v->leaves, v->n_renewed, sizeof(*v->leaves), by_leaf))
        return 0;
    v->leaves = xgrow(v->leaves, v->n_also, sizeof(*v->leaves));
    v->also = xgrow(v->also, v->n_also, sizeof(*v->also));
    v->leaves[v->n_also] = r->leaf;
    v->also[v->n_also++] = r->serial;
    return 0;
}

void revoke_add_key(struct revoke *v, const struct revoke_key *key)
{
    v->keys = xgrow(v->keys, v->n_keys, sizeof(*v->keys));
    v->keys[v->n_keys++] = *key;
}

void revoke_add_named(struct revoke *v, uint64_t leaf)
{
    v->named = xgrow(v->named, v->n_named, sizeof(*v->named));
    v->named[v->n_named++] = leaf;
}

/* Who has a compromised key may have renewed with it, to one that nobody else
 * knows: each certificate of it is followed as the one that was named. */
static enum store_result same_key(struct revoke *v, const uint8_t sha256[32])
{
    struct revoke_key key = {.lost = v->record.reason == REASON_KEY_COMPROMISE};

    for (size_t i = 0; i < v->n_keys; i++)
        if (v->keys[i].lost >= key.lost &&
            memcmp(v->keys[i].sha256, sha256, 32) == 0)
            return STORE_OK;
    memcpy(key.sha256, sha256, 32);
    revoke_add_key(v, &key);
    return key.lost
               ? store_cert_by_lost_key(v->conn, sha256, v->now, note_other, v)
               : store_cert_by_key(v->conn, sha256, v->now, note_other, v);
}

/* Everything renewed from it, and every valid certificate with its key; when
 * that is compromised, whatever is valid and was renewed from one with it. */
static enum store_result revoke_others(struct signer *s, struct revoke *v)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};
    const struct buf *der = &v->record.der;
    uint8_t key[32];
    enum store_result r;

    if (cert_parse_any(&cert, der->data, der->len, &e) != 0)
        return STORE_REFUSED;
    key_pub_sha256(&cert.key, key);
    revoke_add_named(v, v->record.leaf);
    r = store_cert_descendants(v->conn, v->record.leaf, &v->followed,
                               note_other, v);
    v->n_renewed = v->n_also;
    if (r == STORE_OK || r == STORE_NONE)
        r = same_key(v, key);
    for (size_t i = 0;
         (r == STORE_OK || r == STORE_NONE) && i < v->n_also && !v->dry; i++) {
        AUTO(record) struct record other = {0};

        r = store_cert_by_leaf(v->conn, v->leaves[i], &other);
        if (r == STORE_OK)
            r = mark_revoked(s, v, &other, v->now, v->record.reason);
    }
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result revoke_one(struct signer *s, struct revoke *v, uint64_t leaf)
{
    bool others;
    enum store_result r;

    record_free(&v->record);
    v->n_also = v->n_renewed = 0;
    r = store_cert_by_leaf(v->conn, leaf, &v->record);
    if (r == STORE_OK)
        r = revoke_it(s, v);
    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_REFUSED : r;
    /* Revoked for another reason, which stays: nothing follows from this. */
    if (v->reason >= 0 && v->reason != v->record.reason)
        return STORE_OK;
    others = v->renewals < 0 ? v->record.reason == REASON_KEY_COMPROMISE
                             : v->renewals;
    return others ? revoke_others(s, v) : STORE_OK;
}

bool revoke_is_changed(const struct revoke *v)
{
    return v->outcome != OUTCOME_ALREADY || v->n_also;
}

static enum store_result revoke_apply(struct signer *s, struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;
    struct revoke *v = &j->revoke;
    enum store_result r;

    revoke_free(v);
    v->who = &job->who;
    v->job = job;
    v->conn = s->writer;
    r = revoke_one(s, v, j->leaf);
    if (r == STORE_OK && v->reason >= 0 && v->reason != v->record.reason) {
        char when[TM_RFC3339_SIZE];

        tm_rfc3339(when, v->record.revoked_at);
        err_add(&job->errs, ERR_ALREADY_REVOKED,
                "it was revoked at %s with the reason %s, which %s replaces",
                when, crl_reason_text(v->record.reason),
                v->record.reason == REASON_KEY_COMPROMISE
                    ? "nothing"
                    : "keyCompromise alone");
    } else if (r == STORE_OK && revoke_is_changed(v)) {
        r = job_use(s, job, v->now);
    }
    return r;
}

/* The record is lent to a frame with n of the serials. */
static void put_frame(struct revoke_job *j, size_t from, size_t n)
{
    const struct revoke *v = &j->revoke;
    const struct msg_revoked m = {.record = v->record,
                                  .crl_pending = j->job.crl_pending,
                                  .also = v->also + from,
                                  .n = n};

    msg_begin(&j->job.reply, MSG_REVOKED, j->job.id, from + n < v->n_also);
    msg_revoked_put(&j->job.reply, &m);
}

/* All frames but the last go out here: the CRL has been published by then. */
static void send_reply(struct signer *s, struct job *job)
{
    struct revoke_job *j = (struct revoke_job *)job;
    const size_t n = j->revoke.n_also;
    size_t from = 0;

    while (!job->errs.n && n - from > SERIALS_MAX) {
        put_frame(j, from, SERIALS_MAX);
        if (job->peer)
            peer_send(job->peer, &job->reply);
        from += SERIALS_MAX;
    }
    put_frame(j, from, n - from);
    job_done(s, job);
}

void revoke_committed(struct signer *s, const struct revoke *v)
{
    for (size_t i = 0; i < COUNT(v->marked); i++)
        s->counters.revoked[i] += v->marked[i];
}

static void revoke_done(struct signer *s, struct job *job)
{
    const struct revoke *v = &((struct revoke_job *)job)->revoke;

    if (job->errs.n) {
        job_done(s, job);
        return;
    }
    revoke_committed(s, v);
    job->repeated = v->outcome == OUTCOME_ALREADY;
    crl_job_add(s, job, v->record.authority, v->record.crl_partition);
    crl_job_wait(s, job, revoke_is_changed(v) ? v->last_entry + 1 : 0,
                 send_reply);
}

static const struct job_kind revoke_kind = {
    .event = "revoke",
    .apply = revoke_apply,
    .done = revoke_done,
    .free = revoke_job_free,
};

static int no_certificate(const struct serial *serial, struct errs *e)
{
    char text[2 * SERIAL_MAX + 1];

    serial_text(text, serial);
    return err_add(e, ERR_NOT_FOUND, "there is no certificate %s", text);
}

int find_record(struct worker *w, const struct who *who,
                const struct serial *serial,
                bool (*may)(const struct who *, const struct record *),
                struct record *out, struct errs *e)
{
    enum store_result r = store_cert_by_serial(w->reader, NULL, serial, out);

    if (r == STORE_OK && may(who, out)) {
        crl_lost_mark(w->s, out);
        return 0;
    }
    record_free(out);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    return no_certificate(serial, e);
}

/* An authority's own certificate is revoked by the one above it; a root by
 * whoever stops trusting it. */
static int judge_authority(const struct signer *s, const struct serial *serial,
                           struct errs *e)
{
    for (size_t i = 0; i < s->n_authorities; i++)
        if (serial_equal(&s->authorities[i].cert.serial, serial))
            return err_add(e, ERR_REASON_NOT_ALLOWED,
                           "this is the certificate of authority %s: %s",
                           s->authorities[i].name,
                           cert_self_signed(&s->authorities[i].cert)
                               ? "nobody is above a root: it ends where it is "
                                 "trusted no more"
                               : "only the authority above it revokes it");
    return 0;
}

/* The service's own; what was imported has no profile either. */
static bool is_own(const struct record *r)
{
    return !*r->profile && strcmp(r->protocol, "import") != 0;
}

int revoke_judge(const struct who *who, const struct record *r,
                 const struct cert *cert, struct errs *e)
{
    if (!is_own(r))
        return 0;
    if (cert->eku & EKU_OCSP)
        return err_add(e, ERR_REASON_NOT_ALLOWED,
                       "this is a responder's certificate: who gets its "
                       "answers is told not to ask about it (RFC 6960 section "
                       "4.2.2.2.1), and it ends soon");
    return auth_role(who, ROLE_ADMIN, e);
}

int revoke_reason(int reason, struct errs *e)
{
    if (reason < 0 || crl_reason_allowed(reason))
        return 0;
    return err_add(e, ERR_REASON_NOT_ALLOWED,
                   "reason=%s: one of unspecified, keyCompromise, "
                   "affiliationChanged, superseded, cessationOfOperation, "
                   "privilegeWithdrawn is permitted",
                   crl_reason_text(reason));
}

/* Serial numbers that were imported may be those of other authorities too: it
 * is not guessed which one is meant. */
static int judge_serial(struct worker *w, const struct who *who,
                        const struct record *r, struct errs *e)
{
    char text[2 * SERIAL_MAX + 1];

    for (size_t i = 0; i < w->s->n_authorities; i++) {
        const char *name = w->s->authorities[i].name;
        AUTO(record) struct record other = {0};

        if (strcmp(name, r->authority) == 0 ||
            store_cert_by_serial(w->reader, name, &r->serial, &other) !=
                STORE_OK ||
            !auth_covers(who, &other))
            continue;
        serial_text(text, &r->serial);
        return err_add(e, ERR_BAD_ARGUMENT,
                       "authorities %s and %s have a certificate %s each: its "
                       "file or its SHA-256 says which is meant",
                       r->authority, name, text);
    }
    return 0;
}

/* By its leaf, or by its serial when that is enough. */
static int find_one(struct worker *w, const struct who *who,
                    const struct msg_revoke *m, struct record *out,
                    struct errs *e)
{
    enum store_result r;

    if (!m->leaf) {
        if (!who->narrow && judge_authority(w->s, &m->serial, e) != 0)
            return -1;
        return find_record(w, who, &m->serial, auth_covers, out, e) == 0
                   ? judge_serial(w, who, out, e)
                   : -1;
    }
    r = store_cert_by_leaf(w->reader, m->leaf, out);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    if (r == STORE_OK && serial_equal(&out->serial, &m->serial) &&
        auth_covers(who, out))
        return 0;
    return no_certificate(&m->serial, e);
}

static int choose(struct worker *w, const struct who *who,
                  const struct msg_revoke *m, struct record *out,
                  struct errs *e)
{
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs unread = {0};

    if (who->requester.type == WHO_CERTIFICATE) {
        enum store_result r;

        if (!serial_equal(&m->serial, &who->record.serial))
            return auth_role(who, ROLE_REVOKE, e);
        r = store_cert_by_leaf(w->reader, who->record.leaf, out);
        return r == STORE_OK ? 0 : auth_store_error(r, e);
    }
    if (auth_role(who, ROLE_REVOKE, e) != 0)
        return -1;
    if (find_one(w, who, m, out, e) != 0)
        return -1;
    if (cert_parse_any(&cert, out->der.data, out->der.len, &unread) != 0)
        return auth_role(who, ROLE_ADMIN, e);
    return revoke_judge(who, out, &cert, e);
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
    if (revoke_reason(m.reason, e) != 0)
        return -1;
    serial_text(serial, &r.serial);
    j = job_new(sizeof(*j), &revoke_kind, w, f->id, &who);
    j->leaf = r.leaf;
    j->revoke.reason = m.reason;
    j->revoke.renewals = m.renewals;
    j->revoke.now = tm_now();
    j->job.about = xstrdup(serial);
    if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
