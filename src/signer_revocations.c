/* SPDX-License-Identifier: ISC */
/* Many revocations: a page of a list, judged by the worker and revoked by one
 * job.  Whoever asked asks for the next page. */
#include "signer_revoke.h"

#include <stdlib.h>
#include <string.h>

#include "signer_crl.h"

enum { PAGE = 250 };

struct page_job {
    struct job job;
    struct revoke revoke;
    struct revocations found, done; /* as judged, and what became of them */
    struct buf followed;            /* on the pages before */
    bool wait;                      /* for the CRLs of these: */
    uint64_t authorities;
};

static void page_free(struct job *job)
{
    struct page_job *j = (struct page_job *)job;

    revoke_free(&j->revoke);
    revocations_free(&j->found);
    revocations_free(&j->done);
    buf_free(&j->followed);
}

/* ---- what matches */

struct scan {
    struct worker *w;
    const struct who *who;
    int64_t now;
    uint64_t id;
    struct revocations *found;
    struct buf frames; /* RECORDs: u32 length, frame; ... */
    unsigned rows, limit;
    uint32_t show; /* so many are still to be shown */
    bool more;
    uint64_t leaf; /* the last row that was taken, and its end */
    int64_t not_after;
};

/* What is not revoked with others. */
static int judge(const struct scan *sc, const struct record *r,
                 const struct cert *cert, struct errs *e)
{
    if (cert->ca)
        return err_add(e, ERR_REASON_NOT_ALLOWED,
                       "this is the certificate of an authority: it is revoked "
                       "alone, by its serial number");
    return revoke_judge(sc->who, r, cert, e);
}

static void show(struct scan *sc, struct record *r)
{
    crl_lost_mark(sc->w->s, r);
    reply_record(&sc->w->reply, sc->id, false, r, true);
    buf_blob(&sc->frames, sc->w->reply.data, sc->w->reply.len);
    sc->show--;
}

static int take_row(void *arg, struct record *r)
{
    struct scan *sc = arg;
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};
    bool refused;

    if (sc->rows == sc->limit) {
        sc->more = true;
        return 1;
    }
    sc->rows++;
    sc->leaf = r->leaf;
    if (cert_parse_any(&cert, r->der.data, r->der.len, &e) != 0)
        return 0; /* the audit's to report */
    sc->not_after = cert.not_after;
    if (!auth_covers(sc->who, r))
        return 0;
    refused = judge(sc, r, &cert, &e) != 0;
    revocations_add(sc->found,
                    &(struct revocation){
                        .leaf = r->leaf,
                        .serial = r->serial,
                        .outcome = refused ? OUTCOME_REFUSED : OUTCOME_REVOKED,
                        .expired = cert.not_after < sc->now,
                        .why = refused ? e.v[0].detail : NULL});
    if (sc->show)
        show(sc, r);
    return 0;
}

static void send_shown(struct scan *sc)
{
    struct worker *w = sc->w;
    struct rd r = rd_of(sc->frames.data, sc->frames.len);

    while (r.n) {
        size_t len;
        const uint8_t *p = rd_blob(&r, &len);

        buf_reset(&w->reply);
        buf_put(&w->reply, p, len);
        peer_send_wait(w->peer, &w->reply);
    }
    buf_free(&sc->frames);
}

/* Fills j->found and its cursor; shows what is to be shown. */
static int find(struct scan *sc, struct query *q, struct errs *e)
{
    struct list_walk walk = {.look = LIST_LOOK};
    enum store_result r;

    q->limit = sc->limit = q->limit < PAGE ? q->limit : PAGE;
    r = store_cert_list(sc->w->reader, q, sc->now, &walk, take_row, sc);
    send_shown(sc);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    if (sc->more)
        sc->found->cursor = query_cursor(q, sc->not_after, sc->leaf);
    else if (walk.early)
        sc->found->cursor = query_cursor(q, walk.not_after, walk.leaf);
    return 0;
}

/* ---- what becomes of it */

static enum store_result one(struct signer *s, struct page_job *j,
                             const struct revocation *found)
{
    struct revoke *v = &j->revoke;
    struct revocation done = *found;
    enum store_result r;

    if (found->outcome == OUTCOME_REFUSED) {
        revocations_add(&j->done, found);
        return STORE_OK;
    }
    r = revoke_one(s, v, found->leaf);
    done.outcome = v->outcome;
    revocations_add(&j->done, &done);
    for (size_t i = 0; i < v->n_also; i++)
        revocations_add(&j->done,
                        &(struct revocation){.leaf = v->leaves[i],
                                             .serial = v->also[i],
                                             .outcome = OUTCOME_RENEWAL});
    if (r == STORE_OK && v->outcome != OUTCOME_ALREADY && !v->dry)
        r = job_use(s, &j->job, v->now);
    return r;
}

static int by_leaf(const void *a, const void *b)
{
    const struct revocation *x = a, *y = b;

    return x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

/* The oldest first: its renewals are then followed once, and not for each. */
static void begin_page(struct page_job *j)
{
    struct revoke *v = &j->revoke;

    revoke_free(v);
    revoke_recall(v, &j->followed);
    revocations_free(&j->done);
    if (j->found.n)
        qsort(j->found.v, j->found.n, sizeof(j->found.v[0]), by_leaf);
    v->who = &j->job.who;
    v->job = &j->job;
}

/* On the worker's own connection when it is dry. */
static enum store_result page_apply(struct signer *s, struct job *job)
{
    struct page_job *j = (struct page_job *)job;
    enum store_result r = STORE_OK;

    begin_page(j);
    if (!j->revoke.dry)
        j->revoke.conn = s->writer;
    for (size_t i = 0; i < j->found.n && r == STORE_OK && !job->errs.n; i++)
        r = one(s, j, &j->found.v[i]);
    return r;
}

/* All frames but the last go out; that is in job->reply. */
static void put_page(struct page_job *j,
                     void (*send)(struct peer *p, struct buf *frame))
{
    struct job *job = &j->job;
    size_t from = 0, n;
    bool more;

    j->done.cursor = take_ptr(j->found.cursor);
    if (j->done.cursor)
        revoke_remember(&j->revoke, &j->done.followed);
    j->done.crl_pending = job->crl_pending;
    do {
        n = revocations_fit(&j->done, from);
        more = from + n < j->done.n;
        msg_begin(&job->reply, MSG_REVOKED_PAGE, job->id, more);
        revocations_put(&job->reply, &j->done, from, n);
        from += n;
        if (more && job->peer)
            send(job->peer, &job->reply);
    } while (more);
}

static void send_page(struct signer *s, struct job *job)
{
    if (!job->errs.n)
        put_page((struct page_job *)job, peer_send);
    job_done(s, job);
}

static void page_done(struct signer *s, struct job *job)
{
    struct page_job *j = (struct page_job *)job;
    const struct revoke *v = &j->revoke;

    if (job->errs.n) {
        job_done(s, job);
        return;
    }
    revoke_committed(s, v);
    crl_job_note(s, job, v->last_entry + 1);
    /* Renewals and keys lead from one authority to another, and there were
     * pages before this one: the last one waits for all. */
    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->authorities[i].key)
            crl_job_add(s, job, s->authorities[i].name, CRL_ALL);
    if (j->wait || !j->found.cursor)
        crl_job_wait(s, job, 0, send_page);
    else
        send_page(s, job);
}

static const struct job_kind page_kind = {
    .event = "revocations",
    .apply = page_apply,
    .done = page_done,
    .free = page_free,
};

static int permit(const struct who *who, const struct msg_revocations *m,
                  struct errs *e)
{
    if (auth_role(who, ROLE_REVOKE, e) != 0)
        return -1;
    if (who->token.max_uses)
        return err_add(e, ERR_ROLE_MISSING,
                       "token %s has a limited number of uses: it revokes one "
                       "certificate at a time",
                       who->requester.id);
    if (query_check(&m->q, e) != 0)
        return -1;
    if (!query_narrows(&m->q))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "at least one of name, covers, profile, authority, "
                       "requester, key_sha256, sha256, issued_… and expires_… "
                       "has to say which certificates are meant");
    return revoke_reason(m->reason, e);
}

static int answer_dry(struct worker *w, struct page_job *j, struct errs *e)
{
    const enum store_result r = page_apply(w->s, &j->job);

    if (r != STORE_OK)
        return auth_store_error(r, e);
    put_page(j, peer_send_wait);
    peer_send_wait(w->peer, &j->job.reply);
    return 0;
}

static int queue(struct signer *s, struct page_job *j, struct errs *e)
{
    j->job.about = xasprintf("%zu certificates", j->found.n);
    return job_queue(s, &j->job, e);
}

static int run(struct worker *w, const struct frame *f,
               struct msg_revocations *m, struct who *who, struct errs *e)
{
    struct page_job *j = job_new(sizeof(*j), &page_kind, w, f->id, who);
    struct scan sc = {.w = w,
                      .who = &j->job.who,
                      .now = tm_now(),
                      .id = f->id,
                      .found = &j->found,
                      .show = m->dry ? m->show : 0};
    int rc;

    j->wait = m->wait;
    j->followed = m->followed;
    m->followed = (struct buf){0};
    j->revoke.reason = m->reason;
    j->revoke.renewals = m->renewals;
    j->revoke.now = sc.now;
    j->revoke.dry = m->dry;
    j->revoke.conn = w->reader;
    rc = m->dry ? crl_lost_wait(w->s, e) : 0;
    if (rc == 0)
        rc = find(&sc, &m->q, e);
    if (rc == 0 && m->dry)
        rc = answer_dry(w, j, e);
    else if (rc == 0)
        rc = queue(w->s, j, e);
    if (rc != 0 || m->dry)
        job_free(&j->job);
    return rc;
}

int handle_revocations(struct worker *w, const struct frame *f,
                       const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(msg_revocations) struct msg_revocations m;

    msg_revocations_get(body, &m);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        permit(&who, &m, e) != 0)
        return -1;
    return run(w, f, &m, &who, e);
}
