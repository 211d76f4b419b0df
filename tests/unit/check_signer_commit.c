/* SPDX-License-Identifier: ISC */
/* Many jobs in one transaction, and what becomes of them when one fails. */
#include "ca.h"

#include <semaphore.h>
#include <sqlite3.h>

#include "unit.h"

static void edit(const struct ca *c, const char *sql)
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
static void plant(struct ca *c)
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

/* A slow disk has large commits, a fast one small ones. */
START_TEST(room_follows_the_disk)
{
    const int64_t work_a_job = 15;
    size_t room = 32;

    for (int i = 0; i < 8; i++)
        room = commit_room(room, room, (int64_t)room * work_a_job, 10000);
    ck_assert_uint_eq(room, 256);
    /* What was not full says nothing of a larger one. */
    ck_assert_uint_eq(commit_room(32, 31, 31 * work_a_job, 10000), 32);
    for (int i = 0; i < 8; i++)
        room = commit_room(room, room, (int64_t)room * work_a_job, 200);
    ck_assert_uint_eq(room, 32);
    for (int i = 0; i < 8; i++)
        room = commit_room(room, room, 1, 10000);
    ck_assert_uint_eq(room, 512);
}
END_TEST

/* A row that the database refuses: that request alone. */
START_TEST(a_refused_row_is_one_refused_request)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    unsigned good = 0, bad = 0;
    uint64_t before;

    new_key(&spki);
    ca_make(&c);
    ca_start(&c);
    admin = ca_admin(&c);
    plant(&c);
    before = ca_tree_size(&c);
    for (int i = 0; i < 20; i++) {
        struct ca_want w = {.names = "w.internal",
                            .spki = &spki,
                            .note = i % 4 == 1 ? "no" : "yes"};

        ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < 20; i++) {
        AUTO(record) struct record r = {0};
        struct frame f;
        enum err code;

        ca_recv(&c, &f);
        code = ca_record(&f, &r, NULL);
        ck_assert(code == ERR_NONE || code == ERR_STORAGE_ERROR);
        good += code == ERR_NONE;
        bad += code == ERR_STORAGE_ERROR;
    }
    ck_assert_uint_eq(good, 15);
    ck_assert_uint_eq(bad, 5);
    ck_assert(ca_tree_size(&c) == before + 15);
    /* The tree is what the ledger says it is. */
    ca_stop(&c);
    ca_start(&c);
    ck_assert(ca_tree_size(&c) == before + 15);
    caller_free(&admin);
}
END_TEST

/* A job that holds the committer up, between two transactions: what comes
 * meanwhile is one batch. */
struct hold {
    struct job job;
    sem_t *begun, *go;
};

static enum store_result hold_apply(struct signer *s, struct job *job)
{
    (void)s;
    (void)job;
    return STORE_OK;
}

static void hold_done(struct signer *s, struct job *job)
{
    struct hold *h = (struct hold *)job;

    sem_post(h->begun);
    sem_wait(h->go);
    job_done(s, job);
}

static const struct job_kind hold_kind = {.apply = hold_apply,
                                          .done = hold_done};

static void hold(struct ca *c, sem_t *go)
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
static void join(struct ca *c)
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

static void issue(struct scene *s, const char *names, struct record *out)
{
    const struct ca_want w = {.names = names, .spki = &s->spki};

    ck_assert_int_eq(ca_issue(&s->ca, &s->admin, &w, out, NULL), ERR_NONE);
}

static void scene_make(struct scene *s)
{
    const struct token few = {
        .label = (char *)"few", .roles = ROLE_REVOKE, .max_uses = 1};

    *s = (struct scene){0};
    ca_make(&s->ca);
    ca_start(&s->ca);
    s->admin = ca_admin(&s->ca);
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

static void scene_free(struct scene *s)
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

static void put_issue(struct scene *s, const char *idem, const char *note)
{
    const struct ca_want w = {
        .names = "new.internal", .spki = &s->spki, .idem = idem, .note = note};

    ca_put_issue(ca_begin(&s->ca, MSG_ISSUE, &s->admin), &w);
    join(&s->ca);
}

static void put_revoke(struct scene *s, const struct caller *who,
                       const struct record *r, int reason)
{
    const struct msg_revoke m = {r->serial, reason, -1};

    msg_revoke_put(ca_begin(&s->ca, MSG_REVOKE, who), &m);
    join(&s->ca);
}

static void put_page(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    struct msg_revocations m = {.reason = -1, .renewals = -1};

    query_init(&m.q);
    ck_assert_int_eq(query_set(&m.q, "name", "page.internal", &e), 0);
    msg_revocations_put(ca_begin(&s->ca, MSG_REVOCATIONS, &s->admin), &m);
    join(&s->ca);
    query_free(&m.q);
}

static void put_token(struct scene *s)
{
    const struct token t = {.label = (char *)"late", .roles = ROLE_READ};

    token_put(ca_begin(&s->ca, MSG_TOKEN_MAKE, &s->admin), &t);
    join(&s->ca);
}

/* The same serial number n times: from the second time on it is known. */
static void put_import(struct scene *s, int line, int reason, uint32_t n)
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

static void read_import(struct scene *s, int line, enum err code, uint32_t n)
{
    struct frame f;
    int front = s->ca.front;

    s->ca.front = line;
    ca_recv(&s->ca, &f);
    s->ca.front = front;
    ck_assert_int_eq(ca_error(&f, NULL), code);
    if (code != ERR_NONE)
        return;
    ck_assert_int_eq(f.type, MSG_IMPORTED);
    ck_assert_uint_eq(rd_u32(&f.body), n);
    for (uint32_t i = 0; i < n; i++) {
        AUTO(free) char *why = NULL;

        ck_assert_uint_eq(rd_u8(&f.body), i ? IMPORT_KNOWN : IMPORT_NEW);
        why = rd_str_null(&f.body);
        ck_assert_ptr_null(why);
    }
    ck_assert(rd_done(&f.body));
}

static void read_revoked(struct frame *f, uint32_t also, int reason)
{
    AUTO(msg_revoked) struct msg_revoked m = {0};

    ck_assert_int_eq(f->type, MSG_REVOKED);
    msg_revoked_get(&f->body, &m);
    ck_assert(rd_done(&f->body));
    ck_assert_uint_eq(m.n, also);
    ck_assert_int_eq(m.record.reason, reason);
}

static void read_issued(struct scene *s, struct frame *f, bool again)
{
    AUTO(record) struct record r = {0};
    bool repeated = false;

    ck_assert_int_eq(ca_record(f, &r, &repeated), ERR_NONE);
    ck_assert(repeated == again);
    if (again)
        ck_assert(serial_equal(&r.serial, &s->issued));
    s->issued = r.serial;
}

static void read_page(struct frame *f)
{
    AUTO(revocations) struct revocations page = {0};

    ck_assert_int_eq(f->type, MSG_REVOKED_PAGE);
    revocations_get(&f->body, &page);
    ck_assert_uint_eq(page.n, PAGE);
    for (size_t i = 0; i < page.n; i++)
        ck_assert_int_eq(page.v[i].outcome, OUTCOME_REVOKED);
}

/* Those of the front, in whatever order; `first` is the id of the first. */
static void read_answers(struct scene *s, uint64_t first, enum err bad)
{
    for (int n = 0; n < 9; n++) {
        struct frame f;

        ca_recv(&s->ca, &f);
        if (f.id < first + 3)
            read_issued(s, &f, f.id == first + 1);
        else if (f.id < first + 5)
            read_revoked(&f, f.id == first + 3, REASON_KEY_COMPROMISE);
        else if (f.id == first + 5)
            read_revoked(&f, 0, REASON_SUPERSEDED);
        else if (f.id == first + 6)
            read_page(&f);
        else if (f.id == first + 7)
            ck_assert_int_eq(f.type, MSG_TOKEN);
        else
            ck_assert_int_eq(ca_error(&f, NULL), bad);
    }
}

/* Each once: issued and imported, revoked, told to who answers OCSP. */
static void expect_once(struct scene *s)
{
    const struct signer_counters *n = &s->ca.s->counters;
    struct store_counts rows;
    AUTO(errs) struct errs e = {0};
    struct store_conn *conn = store_conn_open(s->ca.s->store, false, &e);

    ck_assert_int_eq(store_count(conn, tm_now(), &rows), STORE_OK);
    store_conn_close(conn);
    ck_assert_uint_eq(rows.valid + rows.revoked, 4 + PAGE + 2);
    ck_assert_uint_eq(rows.revoked, 3 + PAGE);
    ck_assert_uint_eq(n->revoked[REASON_KEY_COMPROMISE], 2);
    ck_assert_uint_eq(n->revoked[REASON_SUPERSEDED], 1);
    ck_assert_uint_eq(n->revoked[REASON_UNSPECIFIED], PAGE);
    ck_assert_uint_eq(s->ca.changes, 3 + PAGE);
}

/* All that a front and a command can want written; the last one fails. */
static void put_all(struct scene *s, bool planted, int line)
{
    put_issue(s, "key", NULL);
    put_issue(s, "key", NULL);
    put_issue(s, NULL, NULL);
    put_revoke(s, &s->admin, &s->a, REASON_KEY_COMPROMISE);
    put_revoke(s, &s->admin, &s->a, -1);
    put_revoke(s, &s->few, &s->b, REASON_SUPERSEDED);
    put_page(s);
    put_token(s);
    put_import(s, line, REASON_UNSPECIFIED, 2);
    if (planted)
        put_issue(s, NULL, "no");
    else
        put_revoke(s, &s->few, &s->d, REASON_SUPERSEDED);
}

/* The last one of a batch fails, in the database or refused when it has
 * written: the others are done, once, and answered as if it had not been there.
 */
static void last_one_fails(bool planted)
{
    AUTO(scene) struct scene s;
    uint64_t first, commits;
    pthread_t thread;
    sem_t go;
    int line;

    scene_make(&s);
    line = ca_command(&s.ca, &thread);
    commits = s.ca.s->commits;
    hold(&s.ca, &go);
    first = s.ca.id + 1;
    put_all(&s, planted, line);
    sem_post(&go);
    read_answers(&s, first, planted ? ERR_STORAGE_ERROR : ERR_TOKEN_USED_UP);
    read_import(&s, line, ERR_NONE, 2);
    close(line);
    pthread_join(thread, NULL);
    sem_destroy(&go);
    ck_assert_uint_ge(s.ca.s->commits - commits, 1 + 9); /* one by one */
    ca_settle(&s.ca);
    expect_once(&s);
}

START_TEST(what_fails_takes_nobody_along)
{
    last_one_fails(true);
    last_one_fails(false);
}
END_TEST

/* What was a repeat in an attempt that was undone is the first one when what
 * it repeated has failed. */
START_TEST(an_attempt_that_was_undone_tells_nothing)
{
    AUTO(scene) struct scene s;
    pthread_t thread;
    uint64_t first;
    sem_t go;
    int line;

    scene_make(&s);
    line = ca_command(&s.ca, &thread);
    hold(&s.ca, &go);
    first = s.ca.id + 1;
    put_issue(&s, NULL, NULL);
    put_issue(&s, "key", "late");
    put_issue(&s, "key", NULL);
    put_import(&s, line, REASON_SUPERSEDED, 1);
    put_import(&s, line, REASON_UNSPECIFIED, 1);
    put_issue(&s, NULL, "no");
    sem_post(&go);
    for (int n = 0; n < 4; n++) {
        struct frame f;

        ca_recv(&s.ca, &f);
        if (f.id == first || f.id == first + 2)
            read_issued(&s, &f, false);
        else
            ck_assert_int_eq(ca_error(&f, NULL), ERR_STORAGE_ERROR);
    }
    read_import(&s, line, ERR_STORAGE_ERROR, 1);
    read_import(&s, line, ERR_NONE, 1);
    close(line);
    pthread_join(thread, NULL);
    sem_destroy(&go);
}
END_TEST

/* Another process has the ledger: a batch waits for it once, and not each of
 * its jobs.  That it is gone when the first of them was told is too late. */
START_TEST(what_cannot_begin_is_refused_at_once)
{
    AUTO(scene) struct scene s;
    char path[160];
    sqlite3 *db;
    sem_t go;

    scene_make(&s);
    hold(&s.ca, &go);
    ca_path(&s.ca, path, "ledger.db");
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 3; i++)
        put_issue(&s, NULL, NULL);
    sem_post(&go);
    for (int i = 0; i < 3; i++) {
        struct frame f;

        ca_recv(&s.ca, &f);
        ck_assert_int_eq(ca_error(&f, NULL), ERR_STORAGE_ERROR);
        if (i == 0)
            sqlite3_close(db);
    }
    sem_destroy(&go);
}
END_TEST

/* As many as may wait do; one more is told so, and nothing becomes of it. */
START_TEST(a_full_queue_is_said)
{
    static const struct job_kind idle = {.apply = hold_apply, .done = job_done};
    AUTO(scene) struct scene s;
    AUTO(errs) struct errs none = {0};
    AUTO(record) struct record r = {0};
    const struct ca_want w = {.names = "new.internal", .spki = &s.spki};
    uint64_t before;
    sem_t go;

    scene_make(&s);
    before = ca_tree_size(&s.ca);
    hold(&s.ca, &go);
    for (int i = 0; i < QUEUE_MAX; i++)
        ck_assert_int_eq(
            job_queue(s.ca.s, job_new(sizeof(struct job), &idle, NULL, 0, NULL),
                      &none),
            0);
    ck_assert_int_eq(ca_issue(&s.ca, &s.admin, &w, &r, NULL), ERR_QUEUE_FULL);
    sem_post(&go);
    while (ca_issue(&s.ca, &s.admin, &w, &r, NULL) == ERR_QUEUE_FULL)
        usleep(100);
    ck_assert_uint_eq(ca_tree_size(&s.ca), before + 1);
    sem_destroy(&go);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        room_follows_the_disk,
        a_refused_row_is_one_refused_request,
        what_fails_takes_nobody_along,
        an_attempt_that_was_undone_tells_nothing,
        what_cannot_begin_is_refused_at_once,
        a_full_queue_is_said,
    };

    return unit_run("signer_commit", tests, COUNT(tests));
}
