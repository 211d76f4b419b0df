/* SPDX-License-Identifier: ISC */
/* Many jobs in one transaction, and what becomes of them when one fails. */
#include "signer_batch.h"
#include "unit.h"

/* n requests at once; the database refuses one of four. */
static void ask_many(struct ca *c, const struct caller *who,
                     const struct buf *spki, int n)
{
    for (int i = 0; i < n; i++) {
        struct ca_want w = {.names = "w.internal",
                            .spki = spki,
                            .note = i % 4 == 1 ? "no" : "yes"};

        ca_put_issue(ca_begin(c, MSG_ISSUE, who), &w);
        ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
    }
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
    admin = ca_up(&c);
    plant(&c);
    before = ca_tree_size(&c);
    ask_many(&c, &admin, &spki, 20);
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
