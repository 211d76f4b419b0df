/* SPDX-License-Identifier: ISC */
/* CRLs: out before the answer to a revocation is, whatever lay there before,
 * and whoever asked. */
#include "ca.h"

#include "ca_crl.h"
#include "client.h"
#include "unit.h"

/* Pages of revoked rows that were read, and those before which the thread did
 * not give way. */
static _Atomic unsigned pages, late_pages;
static _Thread_local bool gave_way;

int __real_sched_yield(void);
int __wrap_sched_yield(void);
enum store_result __real_store_revoked(struct store_conn *c,
                                       const struct revoked_page *p,
                                       store_revoked_fn *fn, void *arg);
enum store_result __wrap_store_revoked(struct store_conn *c,
                                       const struct revoked_page *p,
                                       store_revoked_fn *fn, void *arg);
enum store_result __real_store_serials_revoked(struct store_conn *c,
                                               const struct revoked_page *p,
                                               store_revoked_fn *fn, void *arg);
enum store_result __wrap_store_serials_revoked(struct store_conn *c,
                                               const struct revoked_page *p,
                                               store_revoked_fn *fn, void *arg);

int __wrap_sched_yield(void)
{
    gave_way = true;
    return __real_sched_yield();
}

static void note_page(void)
{
    pages++;
    late_pages += !gave_way;
    gave_way = false;
}

enum store_result __wrap_store_revoked(struct store_conn *c,
                                       const struct revoked_page *p,
                                       store_revoked_fn *fn, void *arg)
{
    note_page();
    return __real_store_revoked(c, p, fn, arg);
}

enum store_result __wrap_store_serials_revoked(struct store_conn *c,
                                               const struct revoked_page *p,
                                               store_revoked_fn *fn, void *arg)
{
    note_page();
    return __real_store_serials_revoked(c, p, fn, arg);
}

START_TEST(the_crl_is_out_before_the_answer)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t number = 0, last = 0;

    new_key(&spki);
    admin = ca_up(&c);
    for (int i = 0; i < 10; i++) {
        AUTO(record) struct record r = {0};
        AUTO(record) struct record gone = {0};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
        ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, REASON_SUPERSEDED, -1,
                                   &gone, NULL),
                         ERR_NONE);
        ck_assert(gone.revoked_at && gone.reason == REASON_SUPERSEDED);
        /* What has been received by now is what the front serves. */
        ck_assert_int_eq(on_crl(&c, &r.serial, &number), REASON_SUPERSEDED);
        ck_assert(number > last);
        last = number;
    }
    caller_free(&admin);
}
END_TEST

/* Many at once share builds, and each finds itself on the list. */
START_TEST(many_revocations_share_a_build)
{
    enum { N = 200 };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct serial serials[N];
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t number, before;

    new_key(&spki);
    admin = ca_up(&c);
    for (int i = 0; i < N; i++) {
        AUTO(record) struct record r = {0};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
        serials[i] = r.serial;
    }
    X509_CRL_free(openssl_crl(&c, "issuing.crl", &before));
    for (int i = 0; i < N; i++) {
        const struct msg_revoke m = {serials[i], -1, -1, 0};

        msg_revoke_put(ca_begin(&c, MSG_REVOKE, &admin), &m);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < N; i++) {
        AUTO(record) struct record r = {0};
        struct frame f;

        ca_recv(&c, &f);
        ck_assert_int_eq(f.type, MSG_REVOKED);
        record_get(&f.body, &r);
        ck_assert_int_eq(on_crl(&c, &r.serial, &number), 0);
    }
    ck_assert(number - before < N);
    caller_free(&admin);
}
END_TEST

/* Whatever lies there at the start: what is served is what the ledger says. */
START_TEST(a_file_of_yesterday_is_not_served)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record gone = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    char crl[160], old[160], fresh[160];
    uint64_t number, then;

    new_key(&spki);
    ca_make(&c);
    ca_path(&c, crl, "crl/issuing.crl");
    ca_path(&c, fresh, "crl/issuing.crl.new");
    ca_path(&c, old, "old.crl");
    ca_start(&c);
    admin = ca_admin(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ca_settle(&c);
    copy_file(crl, old);
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert_int_eq(on_crl(&c, &r.serial, &then), 0);
    ca_stop(&c);
    /* The process ended between the commit and the rename. */
    ck_assert_int_eq(rename(crl, fresh), 0);
    copy_file(old, crl);
    ca_start(&c);
    ca_settle(&c);
    record_free(&gone);
    ck_assert_int_eq(ca_get(&c, &admin, &r.serial, &gone), ERR_NONE);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), 0);
    ck_assert(number == then);
    ca_stop(&c);
    /* And once more without the file that it meant. */
    copy_file(old, crl);
    ca_start(&c);
    record_free(&gone);
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), 0);
    ck_assert(number > then);
    caller_free(&admin);
}
END_TEST

/* The command's way: a signer inside this process, then none. */
static void inside_a_command(struct ca *c, const struct serial *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *cl = client_open(c->conf, &e);
    const struct msg_revoke m = {*s, REASON_SUPERSEDED, -1, 0};
    AUTO(record) struct record r = {0};
    struct frame f;

    ck_assert_msg(cl != NULL, "%s", e.n ? e.v[0].detail : "");
    msg_revoke_put(client_begin(cl, MSG_REVOKE), &m);
    ck_assert_int_eq(client_call(cl, MSG_REVOKED, &f, &e), 0);
    record_get(&f.body, &r);
    ck_assert_int_eq(r.reason, REASON_SUPERSEDED);
    /* What is refused comes back with its reasons. */
    serial_put(client_begin(cl, MSG_GET), &(struct serial){{0x41}, 1});
    ck_assert_int_eq(client_call(cl, MSG_RECORD, &f, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_NOT_FOUND);
}

START_TEST(a_command_without_a_service_leaves_a_fresh_crl)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record got = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t number;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ca_stop(&c);
    inside_a_command(&c, &r.serial);
    ca_start(&c);
    ca_settle(&c);
    ck_assert_int_eq(ca_get(&c, &admin, &r.serial, &got), ERR_NONE);
    ck_assert(got.revoked_at);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), REASON_SUPERSEDED);
    caller_free(&admin);
}
END_TEST

START_TEST(a_lock_that_is_held_says_so)
{
    AUTO(ca) struct ca c;
    AUTO(errs) struct errs e = {0};
    const int64_t began = tm_mono_us();

    ca_make(&c);
    ca_start(&c); /* holds the lock, and has no admin socket */
    ck_assert_ptr_null(client_open(c.conf, &e));
    ck_assert_int_eq(e.v[0].code, ERR_SIGNER_AWAY);
    ck_assert(tm_mono_us() - began > 2500000);
    ck_assert(tm_mono_us() - began < 8000000);
}
END_TEST

/* A ledger that was restored from an old copy knows an old number; what was
 * published is still there. */
START_TEST(a_number_that_was_published_is_not_used_again)
{
    AUTO(ca) struct ca c;
    uint64_t number = 0;

    ca_make(&c);
    ca_start(&c);
    ca_settle(&c);
    ca_stop(&c);
    close(
        empty_crl(&c, "crl/issuing.crl", &(struct empty_crl){.number = 1000}));
    ca_start(&c);
    ca_settle(&c);
    X509_CRL_free(openssl_crl(&c, "issuing.crl", &number));
    ck_assert_uint_eq(number, 1001);
}
END_TEST

/* No CRL can be built, and the answer does not wait for one. */
START_TEST(without_crl_wait_the_answer_comes_first)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(msg_revoked) struct msg_revoked got = {0};
    AUTO(record) struct record again = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct msg_revoke m = {.reason = REASON_SUPERSEDED, .renewals = -1};
    struct frame f;
    char crl[160], away[160];
    uint64_t number;

    new_key(&spki);
    ca_make(&c);
    c.conf->authorities[0].crl_wait = false;
    ca_path(&c, crl, "crl");
    ca_path(&c, away, "crl-away");
    ca_start(&c);
    ca_settle(&c);
    admin = ca_admin(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ck_assert_int_eq(rename(crl, away), 0);
    m.serial = r.serial;
    msg_revoke_put(ca_begin(&c, MSG_REVOKE, &admin), &m);
    ca_ask(&c, &f);
    ck_assert_int_eq(f.type, MSG_REVOKED);
    msg_revoked_get(&f.body, &got);
    ck_assert(rd_done(&f.body));
    ck_assert(got.crl_pending);
    ck_assert(got.record.revoked_at != 0);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), -1);
    /* Who waits gets it as soon as it can be built. */
    ck_assert_int_eq(rename(away, crl), 0);
    c.conf->authorities[0].crl_wait = true;
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &again, NULL),
                     ERR_NONE);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), REASON_SUPERSEDED);
    caller_free(&admin);
}
END_TEST

/* The root's CRL is signed elsewhere and installed. */
static int install(struct ca *c, struct client *cl, const char *key,
                   uint64_t number, int64_t next, struct errs *e)
{
    AUTO(buf) struct buf der = {0};
    const struct empty_crl m = {&c->root, key, NULL, number, next};
    AUTO(fd) int fd = empty_crl(c, "root-crl", &m);
    off_t size = lseek(fd, 0, SEEK_END);
    struct frame f;

    ck_assert_int_eq(pread(fd, buf_extend(&der, (size_t)size), (size_t)size, 0),
                     size);
    struct buf *b = client_begin(cl, MSG_CRL_INSTALL);
    buf_str(b, "root");
    buf_blob(b, der.data, der.len);
    return client_call(cl, MSG_DONE, &f, e);
}

struct install_case {
    const char *key;
    uint64_t number;
    int64_t next;
    enum err code;
};

static void install_each(struct ca *c, struct client *cl,
                         const struct install_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(errs) struct errs e = {0};
        int rc =
            install(c, cl, cases[i].key, cases[i].number, cases[i].next, &e);

        ck_assert_msg((rc == 0) == (cases[i].code == ERR_NONE) &&
                          (rc == 0 || e.v[0].code == cases[i].code),
                      "case %zu: %s", i, e.n ? e.v[0].detail : "ok");
    }
}

START_TEST(a_crl_of_the_root_is_installed_once)
{
    AUTO(ca) struct ca c;
    struct client *cl;
    struct frame f;
    const int64_t year = tm_now() + 365 * TM_DAY;
    uint64_t number;
    const struct install_case cases[] = {
        {"file:keys/issuing.key", 1, year, ERR_BAD_REQUEST},
        {"file:keys/root.key", 1, tm_now() - 1, ERR_BAD_REQUEST},
        {"file:keys/root.key", 1, year + TM_DAY, ERR_BAD_REQUEST}, /* to come */
        {"file:keys/root.key", 1, year, ERR_NONE},
        {"file:keys/root.key", 1, year, ERR_BAD_ARGUMENT},
        {"file:keys/root.key", 2, year, ERR_NONE},
    };

    ca_make(&c);
    AUTO(errs) struct errs oe = {0};
    cl = client_open(c.conf, &oe);
    ck_assert_ptr_nonnull(cl);
    buf_str(client_begin(cl, MSG_CRL_NEXT), "root");
    ck_assert_int_eq(client_call(cl, MSG_CRL_NUMBER, &f, &oe), 0);
    ck_assert(rd_u64(&f.body) == 1);
    install_each(&c, cl, cases, COUNT(cases));
    client_close(cl);
    ca_start(&c);
    ca_settle(&c);
    struct caller admin = ca_admin(&c);
    X509_CRL *crl = openssl_crl(&c, "root.crl", &number);
    ck_assert(number == 2);
    X509_CRL_free(crl);
    caller_free(&admin);
    /* That of the first authority is the last that the front is given. */
    ca_stop(&c);
    ca_forget_files(&c);
    ca_start(&c);
    ck_assert_uint_eq(c.n_files, 2);
    ck_assert_str_eq(c.files[1].name, "issuing.crl");
}
END_TEST

/* What is above the number in place, and above that in the ledger when there is
 * none. */
START_TEST(the_root_s_numbers_rise)
{
    AUTO(ca) struct ca c;
    AUTO(errs) struct errs e = {0};
    const int64_t year = tm_now() + 365 * TM_DAY;
    const char *key = "file:keys/root.key";
    const struct install_case first[] = {{key, 7, year, ERR_NONE}};
    const struct install_case no_file[] = {{key, 7, year, ERR_BAD_ARGUMENT},
                                           {key, 8, year, ERR_NONE}};
    const struct install_case older[] = {{key, 1000, year, ERR_BAD_ARGUMENT},
                                         {key, 1001, year, ERR_NONE}};
    const struct {
        const struct install_case *cases;
        size_t n;
    } lives[] = {{first, 1}, {no_file, 2}, {older, 2}};
    char path[160];

    ca_make(&c);
    ca_path(&c, path, "crl/root.crl");
    for (size_t i = 0; i < COUNT(lives); i++) {
        struct client *cl;

        if (i)
            ck_assert_int_eq(unlink(path), 0);
        if (lives[i].cases == older)
            close(
                empty_crl(&c, "crl/root.crl",
                          &(struct empty_crl){&c.root, key, NULL, 1000, year}));
        cl = client_open(c.conf, &e);
        ck_assert_ptr_nonnull(cl);
        if (i) {
            struct frame f;

            buf_str(client_begin(cl, MSG_CRL_NEXT), "root");
            ck_assert_int_eq(client_call(cl, MSG_CRL_NUMBER, &f, &e), 0);
            ck_assert_uint_eq(rd_u64(&f.body), lives[i].cases[1].number);
        }
        install_each(&c, cl, lives[i].cases, lives[i].n);
        client_close(cl);
    }
    /* Whoever has the key knows what the older one listed. */
    ca_path(&c, path, "crl/root.crl.1000");
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Being nice counts only at the next tick: so each page of rows that a list is
 * made of begins with giving way. */
START_TEST(a_build_gives_way_before_each_page)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record gone = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    pages = late_pages = 0;
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert_uint_ge(pages, 2); /* certificates, and serials without one */
    ck_assert_uint_eq(late_pages, 0);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_crl_is_out_before_the_answer,
        many_revocations_share_a_build,
        a_file_of_yesterday_is_not_served,
        a_command_without_a_service_leaves_a_fresh_crl,
        a_lock_that_is_held_says_so,
        a_crl_of_the_root_is_installed_once,
        the_root_s_numbers_rise,
        a_build_gives_way_before_each_page,
        a_number_that_was_published_is_not_used_again,
        without_crl_wait_the_answer_comes_first,
    };

    return unit_run("signer_crl", tests, COUNT(tests));
}
