/* SPDX-License-Identifier: ISC */
/* One CRL, on the CRL thread: from the rows to the file that the front has. */
#include "signer_crl.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 2048 }; /* revoked rows a read */

/* One page of rows at a time, so that no read lasts. */
struct pages {
    struct signer *s;
    struct store_conn *db;
    const char *authority;
    uint64_t snapshot, after;
    int64_t ends_after;
    struct crl_entry rows[PAGE];
    unsigned n, at;
    uint32_t partition, last; /* whose turn it is, and the last one */
    bool whole;               /* all of them, and serials without one */
    bool serials, end;
    struct crl_lost_walk lost; /* behind them */
};

static int add_row(void *arg, const struct revoked_row *r)
{
    struct pages *p = arg;

    p->rows[p->n++] = (struct crl_entry){
        .serial = r->serial, .revoked_at = r->at, .reason = r->reason};
    p->after = r->leaf;
    return 0;
}

/* A partition is through. */
static void next_source(struct pages *p)
{
    p->after = 0;
    if (p->serials || !p->whole)
        p->end = true;
    else if (p->partition < p->last)
        p->partition++;
    else
        p->serials = true;
}

static enum store_result next_page(struct pages *p)
{
    const struct revoked_page page = {.authority = p->authority,
                                      .partition = p->partition,
                                      .snapshot = p->snapshot,
                                      .ends_after = p->ends_after,
                                      .after = p->after,
                                      .max = PAGE};

    return p->serials ? store_serials_revoked(p->db, &page, add_row, p)
                      : store_revoked(p->db, &page, add_row, p);
}

static int next_row(void *arg, struct crl_entry *out)
{
    struct pages *p = arg;
    enum store_result r;

    while (p->at == p->n && !p->end) {
        p->at = p->n = 0;
        if (p->whole && p->last)
            crl_serve_parts(p->s, p->db);
        sched_yield(); /* being nice counts only at the next tick */
        r = next_page(p);
        if (r != STORE_OK && r != STORE_NONE) {
            errno = EIO;
            return -1;
        }
        if (p->n < PAGE)
            next_source(p);
    }
    if (p->at == p->n)
        return crl_lost_next(&p->lost, out);
    *out = p->rows[p->at++];
    return 1;
}

static int write_crl(struct signer *s, struct store_conn *db, size_t i,
                     const struct signer_crl *c, int fd, struct crl_state *st,
                     struct errs *e)
{
    const struct signer_authority *a = &s->authorities[i];
    const struct crl_spec spec = {
        .issuer = a->cert.subject,
        .issuer_len = a->cert.subject_len,
        .aki = a->ski,
        .this_update = st->this_update,
        .next_update = st->next_update,
        .number = st->number,
        .url = c->url,
    };
    AUTO(key_signer) struct key_signer *key = key_signer_new(a->key);
    AUTO(free) struct pages *p = xcalloc(1, sizeof(*p));
    struct crl_made made;

    p->s = s;
    p->db = db;
    p->authority = a->name;
    p->snapshot = st->snapshot;
    p->partition = c->partition;
    p->whole = c->partition == 0;
    p->last = p->whole ? s->crls[i].n_parts : c->partition;
    p->lost = (struct crl_lost_walk){
        .l = &s->crls[i], .partition = c->partition, .whole = p->whole};
    /* It leaves one period after its end: RFC 5280 section 3.3 wants it on one
     * regular CRL more, and each of those is out for no longer. */
    p->ends_after = st->this_update - a->conf->crl_lifetime;
    made.entries = crl_build(fd, &spec, key, next_row, p);
    if (made.entries < 0)
        return err_add(e, crl_file_error(errno),
                       "the CRL of %s could not be written: %s", a->name,
                       strerror(errno));
    if (crl_check(fd, &spec, &a->cert.key, &made, e) != 0)
        return -1;
    memcpy(st->sha256, made.sha256, sizeof(st->sha256));
    return 0;
}

struct crl_commit {
    struct job job;
    const struct requester *who;
    const char *authority, *scope;
    uint32_t partition;
    struct crl_state state;
};

static enum store_result crl_apply(struct signer *s, struct job *job)
{
    struct crl_commit *j = (struct crl_commit *)job;
    struct entry en = {.type = ENTRY_CRL,
                       .time = tm_now(),
                       .who = j->who->type,
                       .who_id = j->who->id,
                       .authority = (char *)(uintptr_t)j->scope};
    uint64_t index;
    enum store_result r;

    memcpy(en.object, j->state.sha256, sizeof(en.object));
    r = ledger_append(s->ledger, &en, &index);
    if (r == STORE_OK)
        r = store_crl_put(s->writer, j->authority, j->partition, &j->state);
    return r;
}

static const struct job_kind crl_kind = {.apply = crl_apply, .done = job_done};

static int commit_state(struct signer *s, size_t i, const struct signer_crl *c,
                        const char *scope, const struct requester *who,
                        const struct crl_state *st, struct errs *e)
{
    struct crl_commit *j = job_new(sizeof(*j), &crl_kind, NULL, 0, NULL);
    AUTO(errs) struct errs why = {0};
    int rc;

    j->authority = s->authorities[i].name;
    j->scope = scope;
    j->partition = c->partition;
    j->who = who;
    j->state = *st;
    rc = job_wait(s, &j->job, &why);
    job_free(&j->job);
    return rc == 0 ? 0
                   : err_add(e, why.v[0].code,
                             "the ledger could not be told of it (%s)",
                             err_code(why.v[0].code));
}

void crl_set_published(struct signer *s, size_t i, struct signer_crl *c,
                       const struct crl_state *st)
{
    AUTO(free) char *scope = crl_scope(s->authorities[i].name, c->partition);

    crl_file_tell(s, scope, st);
    pthread_mutex_lock(&s->crl_lock);
    c->state = *st;
    c->published = true;
    pthread_mutex_unlock(&s->crl_lock);
    if (!s->authorities[i].key)
        crl_above_read(s, i);
}

void crl_number_seen(struct signer *s, size_t i, uint64_t number)
{
    pthread_mutex_lock(&s->crl_lock);
    if (number > s->crls[i].number)
        s->crls[i].number = number;
    pthread_mutex_unlock(&s->crl_lock);
}

/* What is behind fd becomes the newest CRL: known to the ledger, then seen.
 * When there is no room for that, the file goes: the ledger needs what it
 * takes. */
static int commit_file(struct signer *s, size_t i, struct signer_crl *c,
                       const struct requester *who, int fd,
                       struct crl_state *st, struct errs *e)
{
    AUTO(free) char *scope = crl_scope(s->authorities[i].name, c->partition);

    if (crl_file_sync(fd, e) != 0 ||
        commit_state(s, i, c, scope, who, st, e) != 0) {
        /* After any other error the ledger may mean this file. */
        if (e->v[0].code == ERR_STORAGE_FULL)
            crl_file_drop(s, scope);
        return -1;
    }
    /* The number is used up, whatever becomes of the file. */
    crl_number_seen(s, i, st->number);
    if (crl_file_publish(s, scope, e) != 0)
        return -1;
    crl_set_published(s, i, c, st);
    return 0;
}

int crl_install(struct signer *s, size_t i, const struct requester *who,
                const struct buf *der, struct crl_state *st, struct errs *e)
{
    const uint64_t last = s->crls[i].number; /* this thread's to write */
    AUTO(fd) int fd = -1;

    if (st->number <= last)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "CRL number %" PRIu64 " is not after %" PRIu64,
                       st->number, last);
    st->snapshot = s->size;
    fd = crl_file_new(s, s->authorities[i].name, e);
    if (fd < 0)
        return -1;
    for (size_t at = 0; at < der->len;) {
        ssize_t n = write(fd, der->data + at, der->len - at);

        if (n <= 0) {
            crl_file_drop(s, s->authorities[i].name);
            return err_add(e, crl_file_error(errno), "the CRL of %s: %s",
                           s->authorities[i].name, strerror(errno));
        }
        at += (size_t)n;
    }
    digest_sum(DIGEST_SHA256, der->data, der->len, st->sha256);
    return commit_file(s, i, &s->crls[i].whole, who, fd, st, e);
}

static int build(struct signer *s, struct store_conn *db, size_t i,
                 struct signer_crl *c, struct crl_state *st, struct errs *e)
{
    const struct requester service = {WHO_SERVICE, (char *)"service", NULL};
    const struct signer_authority *a = &s->authorities[i];
    AUTO(free) char *scope = crl_scope(a->name, c->partition);
    AUTO(fd) int fd = crl_file_new(s, scope, e);
    const int64_t now = tm_now();
    uint64_t above;

    if (fd < 0)
        return -1;
    if (ledger_crl_above(db, a->name, &above) != STORE_OK)
        return auth_store_error(STORE_BROKEN, e);
    crl_number_seen(s, i, above);
    pthread_mutex_lock(&s->crl_lock);
    *st = (struct crl_state){
        .number = ++s->crls[i].number,
        .this_update = now - TM_MINUTE,
        .next_update = now + a->conf->crl_lifetime,
        .snapshot = s->size,
    };
    c->wanted = false;
    pthread_mutex_unlock(&s->crl_lock);
    if (write_crl(s, db, i, c, fd, st, e) != 0) {
        crl_file_drop(s, scope);
        return -1;
    }
    return commit_file(s, i, c, &service, fd, st, e);
}

int crl_make(struct signer *s, struct store_conn *db, size_t i,
             struct signer_crl *c, struct errs *e)
{
    AUTO(free) char *scope = crl_scope(s->authorities[i].name, c->partition);
    const int64_t began = tm_mono_us();
    struct crl_state st = {0};
    struct log_line l;
    int rc = build(s, db, i, c, &st, e);

    c->took_us = tm_mono_us() - began; /* this thread's alone */
    if (!s->front)
        return rc;
    log_begin(&l, rc == 0 ? LOG_INFO : LOG_ERROR, "crl");
    log_str(&l, "authority", scope);
    log_int(&l, "number", (int64_t)st.number);
    log_str(&l, "result", rc == 0 ? "ok" : err_code(e->v[0].code));
    log_str(&l, "detail", rc == 0 ? NULL : e->v[0].detail);
    log_int(&l, "us", tm_mono_us() - began);
    log_end(&l);
    return rc;
}
