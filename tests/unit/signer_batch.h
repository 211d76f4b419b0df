/* SPDX-License-Identifier: ISC */
/* Requests that wait while the committer is held up, and so are one batch; a
 * database that refuses some. */
#ifndef POCKETCA_SIGNER_BATCH_H
#define POCKETCA_SIGNER_BATCH_H

#include <semaphore.h>
#include <sqlite3.h>

#include "ca.h"

static inline void edit(const struct ca *c, const char *sql)
{
    char path[160];
    sqlite3 *db;

    ca_path(c, path, "ledger.db");
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* The database refuses certificates with the note "no"; those with the note
 * "late", and serial numbers revoked as superseded, once another head is
 * there: when what was done in one transaction is done in several. */
static inline void plant(struct ca *c)
{
    AUTO(free)
    char *sql = xasprintf(
        "CREATE TRIGGER planted BEFORE INSERT ON certificates WHEN NEW.note = "
        "'no' OR NEW.note = 'late' AND (SELECT max(size) FROM heads) > %llu "
        "BEGIN SELECT RAISE(ABORT, 'planted'); END;"
        "CREATE TRIGGER planted_serial BEFORE INSERT ON revoked_serials WHEN "
        "NEW.reason = 4 AND (SELECT max(size) FROM heads) > %llu "
        "BEGIN SELECT RAISE(ABORT, 'planted'); END;",
        (unsigned long long)ca_tree_size(c),
        (unsigned long long)ca_tree_size(c));

    edit(c, sql);
}

/* A job that holds the committer up, between two transactions: what comes
 * meanwhile is one batch. */
struct hold {
    struct job job;
    sem_t *begun, *go;
};

static inline enum store_result hold_apply(struct signer *s, struct job *job)
{
    (void)s;
    (void)job;
    return STORE_OK;
}

static inline void hold_done(struct signer *s, struct job *job)
{
    struct hold *h = (struct hold *)job;

    sem_post(h->begun);
    sem_wait(h->go);
    job_done(s, job);
}

static const struct job_kind hold_kind = {.apply = hold_apply,
                                          .done = hold_done};

static inline void hold(struct ca *c, sem_t *go)
{
    AUTO(errs) struct errs e = {0};
    struct hold *h = job_new(sizeof(*h), &hold_kind, NULL, 0, NULL);
    sem_t begun;

    sem_init(&begun, 0, 0);
    sem_init(go, 0, 0);
    h->begun = &begun;
    h->go = go;
    ck_assert_int_eq(job_queue(c->s, &h->job, &e), 0);
    sem_wait(&begun);
    sem_destroy(&begun);
}

/* What was begun goes out, and waits behind the others for the committer. */
static inline void join(struct ca *c)
{
    bool there = false;

    ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
    while (!there) {
        usleep(100);
        pthread_mutex_lock(&c->s->queue_lock);
        for (struct job *j = c->s->queue; j && !there; j = j->next)
            there = j->id == c->id;
        pthread_mutex_unlock(&c->s->queue_lock);
    }
}

struct scene {
    struct ca ca;
    struct caller admin, few; /* few: one use */
    struct buf spki;
    struct record twin, a, b, d; /* twin and a have one key */
    struct serial issued;
};

enum { PAGE = 3 }; /* certificates of that name */

static inline void issue(struct scene *s, const char *names, struct record *out)
{
    const struct ca_want w = {.names = names, .spki = &s->spki};

    ck_assert_int_eq(ca_issue(&s->ca, &s->admin, &w, out, NULL), ERR_NONE);
}

static inline void scene_make(struct scene *s)
{
    const struct token few = {
        .label = (char *)"few", .roles = ROLE_REVOKE, .max_uses = 1};

    *s = (struct scene){0};
    s->admin = ca_up(&s->ca);
    ck_assert_int_eq(ca_token(&s->ca, &s->admin, &few, &s->few), ERR_NONE);
    new_key(&s->spki);
    issue(s, "twin.internal", &s->twin);
    issue(s, "a.internal", &s->a);
    new_key(&s->spki);
    issue(s, "b.internal", &s->b);
    issue(s, "d.internal", &s->d);
    for (int i = 0; i < PAGE; i++) {
        AUTO(record) struct record r = {0};

        issue(s, "page.internal", &r);
    }
    plant(&s->ca);
}

static inline void scene_free(struct scene *s)
{
    caller_free(&s->admin);
    caller_free(&s->few);
    buf_free(&s->spki);
    record_free(&s->twin);
    record_free(&s->a);
    record_free(&s->b);
    record_free(&s->d);
    ca_free(&s->ca);
}
AUTO_VALUE(scene, struct scene, scene_free)

static inline void put_issue(struct scene *s, const char *idem,
                             const char *note)
{
    const struct ca_want w = {
        .names = "new.internal", .spki = &s->spki, .idem = idem, .note = note};

    ca_put_issue(ca_begin(&s->ca, MSG_ISSUE, &s->admin), &w);
    join(&s->ca);
}

static inline void put_revoke(struct scene *s, const struct caller *who,
                              const struct record *r, int reason)
{
    const struct msg_revoke m = {r->serial, reason, -1, 0};

    msg_revoke_put(ca_begin(&s->ca, MSG_REVOKE, who), &m);
    join(&s->ca);
}

static inline void put_page(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    struct msg_revocations m = {.reason = -1, .renewals = -1};

    query_init(&m.q);
    ck_assert_int_eq(query_set(&m.q, "name", "page.internal", &e), 0);
    msg_revocations_put(ca_begin(&s->ca, MSG_REVOCATIONS, &s->admin), &m);
    join(&s->ca);
    query_free(&m.q);
}

static inline void put_token(struct scene *s)
{
    const struct token t = {.label = (char *)"late", .roles = ROLE_READ};

    token_put(ca_begin(&s->ca, MSG_TOKEN_MAKE, &s->admin), &t);
    join(&s->ca);
}

/* The same serial number n times: from the second time on it is known. */
static inline void put_import(struct scene *s, int line, int reason, uint32_t n)
{
    const struct msg_import_item m = {
        .kind = IMPORT_SERIAL,
        .serial = {.v = {0x42, 0x42}, .len = 2},
        .at = 1,
        .not_after = tm_now() + TM_DAY,
        .reason = reason,
    };
    struct buf *b = ca_begin(&s->ca, MSG_IMPORT, NULL);
    int front = s->ca.front;

    buf_str(b, "issuing");
    buf_u8(b, false);
    buf_u64(b, 0);
    buf_u32(b, n);
    for (uint32_t i = 0; i < n; i++)
        msg_import_item_put(b, &m);
    s->ca.front = line;
    join(&s->ca);
    s->ca.front = front;
}

#endif
