/* SPDX-License-Identifier: ISC */
/* Partitioned CRLs: no partition has too many, its CRL is out before a
 * certificate names it, and a revocation makes that one anew. */
#include "ca.h"

#include <stdatomic.h>

#include "ca_crl.h"
#include "unit.h"

enum { SIZE = 3 };

/* A start stays where it looks at what was kept. */
static atomic_bool held;

void __real_crl_lost_load(struct signer *s, struct store_conn *db);
void __wrap_crl_lost_load(struct signer *s, struct store_conn *db);

void __wrap_crl_lost_load(struct signer *s, struct store_conn *db)
{
    while (held) /* check's own limit ends it */
        usleep(1000);
    __real_crl_lost_load(s, db);
}

static void begin(struct ca *c, struct buf *spki, struct caller *admin)
{
    new_key(spki);
    ca_make(c);
    c->conf->authorities[0].crl_partition_size = SIZE;
    ca_start(c);
    *admin = ca_admin(c);
}

/* Issued, and its CRL was here before it. */
static void take_issued(struct ca *c, struct record *r, unsigned *places,
                        size_t n)
{
    struct frame f;
    uint64_t number;
    uint32_t at;

    ca_recv(c, &f);
    ck_assert_int_eq(f.type, MSG_RECORD);
    rd_u8(&f.body);
    record_get(&f.body, r);
    ck_assert(rd_done(&f.body));
    at = partition_of(r);
    ck_assert(at > 0 && at < n);
    places[at]++;
    ck_assert_uint_le(places[at], SIZE);
    ck_assert(!on_part(c, at, &r->serial, &number));
    ck_assert_uint_gt(number, 0);
}

static void put_issue(struct ca *c, const struct caller *admin,
                      struct ca_want *w)
{
    ca_put_issue(ca_begin(c, MSG_ISSUE, admin), w);
    ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
}

START_TEST(many_at_once_get_a_place_each)
{
    enum { N = 40, PLACES = 64 };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    unsigned places[PLACES] = {0};

    begin(&c, &spki, &admin);
    for (int i = 0; i < N; i++)
        put_issue(&c, &admin, &w);
    for (int i = 0; i < N; i++) {
        AUTO(record) struct record r = {0};

        take_issued(&c, &r, places, PLACES);
    }
    caller_free(&admin);
}
END_TEST

/* As if it took an hour. */
static void make_whole_seldom(struct ca *c)
{
    pthread_mutex_lock(&c->s->crl_lock);
    c->s->crls[0].whole.took_us = 3600 * INT64_C(1000000);
    pthread_mutex_unlock(&c->s->crl_lock);
}

START_TEST(a_revocation_makes_its_own_list)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct record r[7];
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t before[4], number, last = 0;

    begin(&c, &spki, &admin);
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r[i], NULL), ERR_NONE);
    ca_settle(&c);
    make_whole_seldom(&c);
    for (uint32_t n = 0; n < 4; n++) {
        on_part(&c, n, &r[0].serial, &before[n]);
        ck_assert_uint_gt(before[n], 0);
    }
    for (int i = 0; i < 7; i += 3) {
        AUTO(record) struct record gone = {0};
        const uint32_t at = partition_of(&r[i]);

        ck_assert_int_eq(
            ca_revoke(&c, &admin, &r[i].serial, -1, -1, &gone, NULL), ERR_NONE);
        ck_assert(on_part(&c, at, &r[i].serial, &number));
        ck_assert(number > last && number > before[at]);
        last = before[at] = number;
        for (uint32_t n = 0; n < 4; n++) {
            ck_assert(on_part(&c, n, &r[i].serial, &number) == (n == at));
            ck_assert_uint_eq(number, before[n]);
        }
    }
    for (int i = 0; i < 7; i++)
        record_free(&r[i]);
    caller_free(&admin);
}
END_TEST

/* A start goes on with the partition that was not full, and never gives a place
 * twice. */
START_TEST(a_start_goes_on)
{
    enum { PLACES = 16 };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    unsigned places[PLACES] = {0};
    uint32_t highest = 0;

    begin(&c, &spki, &admin);
    for (int i = 0; i < 10; i++) {
        AUTO(record) struct record r = {0};

        if (i) {
            ca_stop(&c);
            ca_start(&c);
            ca_settle(&c);
        }
        put_issue(&c, &admin, &w);
        take_issued(&c, &r, places, PLACES);
        highest = partition_of(&r);
    }
    ck_assert_uint_eq(highest, 4); /* ten by three */
    caller_free(&admin);
}
END_TEST

/* The ledger is of yesterday: what it does not know of is not given again, and
 * numbers go on above what is in place. */
START_TEST(an_old_copy_takes_no_place_twice)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    char db[160], old[160];
    uint64_t then = 0, number;
    uint32_t highest = 0;

    begin(&c, &spki, &admin);
    ca_settle(&c);
    ca_stop(&c);
    ca_path(&c, db, "ledger.db");
    ca_path(&c, old, "old.db");
    copy_file(db, old);
    ca_start(&c);
    for (int i = 0; i < 10; i++) {
        AUTO(record) struct record lost = {0};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &lost, NULL), ERR_NONE);
        highest = partition_of(&lost);
    }
    ca_settle(&c);
    for (uint32_t n = 1; n < 16; n++) {
        on_part(&c, n, &r.serial, &number);
        if (number > then)
            then = number;
    }
    ca_stop(&c);
    copy_file(old, db);
    /* Also when nothing is issued before the start after that. */
    for (int i = 0; i < 2; i++) {
        ca_start(&c);
        ca_settle(&c);
        ca_stop(&c);
    }
    ca_start(&c);
    ca_settle(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ck_assert_uint_gt(partition_of(&r), highest);
    on_part(&c, partition_of(&r), &r.serial, &number);
    ck_assert_uint_gt(number, then);
    caller_free(&admin);
}
END_TEST

/* Switched off, what has a partition keeps it. */
START_TEST(off_and_on)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record in = {0}, out = {0}, again = {0}, gone = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t number;

    begin(&c, &spki, &admin);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &in, NULL), ERR_NONE);
    ca_stop(&c);
    c.conf->authorities[0].crl_partition_size = 0;
    ca_start(&c);
    ca_settle(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &out, NULL), ERR_NONE);
    ck_assert_uint_eq(partition_of(&in), 1);
    ck_assert_uint_eq(partition_of(&out), 0);
    ck_assert_int_eq(ca_revoke(&c, &admin, &in.serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert(on_part(&c, 1, &in.serial, &number));
    ca_stop(&c);
    c.conf->authorities[0].crl_partition_size = SIZE;
    ca_start(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &again, NULL), ERR_NONE);
    ck_assert_uint_eq(partition_of(&again), 1);
    ck_assert(on_part(&c, 1, &in.serial, &number));
    caller_free(&admin);
}
END_TEST

/* One is on record as revoked, and the process ended before its list was out.
 */
static void end_unpublished(struct ca *c, struct caller *admin,
                            struct record *r)
{
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record gone = {0};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    char crl[160], away[160];
    uint64_t number;

    begin(c, &spki, admin);
    ck_assert_int_eq(ca_issue(c, admin, &w, r, NULL), ERR_NONE);
    ca_settle(c);
    ca_path(c, crl, "crl/issuing");
    ca_path(c, away, "away");
    ck_assert_int_eq(rename(crl, away), 0);
    ck_assert_int_eq(mkfifo(crl, 0600), 0); /* no directory */
    c->conf->authorities[0].crl_wait = false;
    ck_assert_int_eq(ca_revoke(c, admin, &r->serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert(!on_part(c, 1, &r->serial, &number));
    ca_stop(c);
    ck_assert_int_eq(unlink(crl), 0);
    ck_assert_int_eq(rename(away, crl), 0);
    c->conf->authorities[0].crl_wait = true;
}

START_TEST(what_was_not_published_is_made_up_for)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record r = {0};
    AUTO(record) struct record again = {0};
    struct caller admin;
    uint64_t number;

    end_unpublished(&c, &admin, &r);
    ca_start(&c);
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &again, NULL),
                     ERR_NONE);
    ck_assert(on_part(&c, 1, &r.serial, &number));
    caller_free(&admin);
}
END_TEST

static bool waits(struct ca *c)
{
    bool any;

    pthread_mutex_lock(&c->s->crl_lock);
    any = c->s->crl_waiting;
    pthread_mutex_unlock(&c->s->crl_lock);
    return any;
}

/* Who asks while a start looks at what there is has no answer before the list
 * has it, either. */
START_TEST(who_asks_at_a_start_waits_for_the_list)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record r = {0};
    struct msg_revoke m = {.reason = -1, .renewals = -1};
    struct caller admin;
    struct frame f;
    uint64_t number;

    end_unpublished(&c, &admin, &r);
    m.serial = r.serial;
    held = true;
    ca_launch(&c);
    msg_revoke_put(ca_begin(&c, MSG_REVOKE, &admin), &m);
    ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    while (!waits(&c))
        usleep(1000);
    held = false;
    ca_recv(&c, &f);
    ck_assert_int_eq(f.type, MSG_REVOKED);
    ck_assert(on_part(&c, 1, &r.serial, &number));
    caller_free(&admin);
}
END_TEST

/* chain.pem has the complete list and those of partitions: that one is the last
 * that the front has of a start, and made anew when one of them is. */
START_TEST(the_complete_list_comes_last)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    char crl[160];
    uint64_t before, number;

    begin(&c, &spki, &admin);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ca_settle(&c);
    on_part(&c, 0, &r.serial, &before);
    ca_stop(&c);
    ca_forget_files(&c);
    ca_start(&c);
    ck_assert_uint_gt(c.n_files, 2);
    ck_assert_str_eq(c.files[c.n_files - 1].name, "issuing.crl");
    on_part(&c, 0, &r.serial, &number);
    ck_assert_uint_eq(number, before);
    ca_stop(&c);
    ca_path(&c, crl, "crl/issuing/1.crl");
    ck_assert_int_eq(unlink(crl), 0);
    ca_start(&c);
    ca_settle(&c);
    on_part(&c, 0, &r.serial, &number);
    ck_assert_uint_gt(number, before);
    caller_free(&admin);
}
END_TEST

/* Of the complete list and of partitions at once: while that one is made the
 * others are served, and each answer finds its own. */
START_TEST(old_and_new_ones_at_once)
{
    enum { N = 80 };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct serial serials[N];
    uint64_t number;

    begin(&c, &spki, &admin);
    for (int i = 0; i < N; i++) {
        AUTO(record) struct record r = {0};

        /* Restarted in between: the number is a running signer's to keep. */
        if (i == N / 2) {
            ca_stop(&c);
            c.conf->authorities[0].crl_partition_size = 0;
            ca_start(&c);
        }
        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
        serials[i] = r.serial;
        ck_assert_uint_eq(!partition_of(&r), i >= N / 2);
    }
    for (int i = 0; i < N; i++) {
        const struct msg_revoke m = {serials[i * 37 % N], -1, -1, 0};

        msg_revoke_put(ca_begin(&c, MSG_REVOKE, &admin), &m);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < N; i++) {
        AUTO(record) struct record r = {0};
        struct frame f;

        ca_recv(&c, &f);
        ck_assert_int_eq(f.type, MSG_REVOKED);
        record_get(&f.body, &r);
        ck_assert(on_part(&c, partition_of(&r), &r.serial, &number));
    }
    caller_free(&admin);
}
END_TEST

/* Those that were opened for another address and that nobody names yet are made
 * anew, for the address that the next certificate names. */
START_TEST(a_spare_one_moves_with_the_address)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(buf) struct buf idp = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record first = {0};
    AUTO(record) struct record r = {0};
    AUTO(cert) struct cert cert = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct der_tlv uri;
    struct crl crl;
    uint64_t number;

    begin(&c, &spki, &admin);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &first, NULL), ERR_NONE);
    ck_assert_uint_eq(partition_of(&first), 1);
    ca_stop(&c);
    free(c.conf->public_url);
    c.conf->public_url = xstrdup("http://elsewhere.internal");
    ca_start(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ck_assert_int_eq(cert_parse(&cert, r.der.data, r.der.len, &e), 0);
    ck_assert_uint_eq(crl_partition_of(&cert, "issuing", &uri), 2);
    AUTO(free) char *url = xstrndup((const char *)uri.val, uri.len);
    ck_assert_str_eq(url, "http://elsewhere.internal/crl/issuing/2.crl");
    crl_put_idp(&idp, url);
    ck_assert(ca_crl(&c, "issuing/2.crl", &der, &number));
    ck_assert_int_eq(crl_parse_frame(&crl, der.data, der.len, &e), 0);
    ck_assert_uint_eq(crl.idp_len, idp.len);
    ck_assert_mem_eq(crl.idp, idp.data, idp.len);
    /* The one that has a certificate keeps its own. */
    ck_assert(!on_part(&c, 1, &first.serial, &number));
    ck_assert_uint_ne(number, 0);
    caller_free(&admin);
}
END_TEST

/* Of a certificate that is not issued, by what is on record. */
START_TEST(the_place_that_one_would_have)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct worker worker = {0};
    struct signer_authority a = {.name = (char *)"issuing"};

    begin(&c, &spki, &admin);
    for (int i = 0; i < 2; i++) {
        ca_stop(&c);
        AUTO(ca_ledger) struct ca_ledger l = ca_ledger_open(&c);
        worker.reader = l.conn;
        a.conf = NULL;
        ck_assert_uint_eq(crl_partition_guess(&worker, &a), 0);
        a.conf = &c.conf->authorities[0];
        ck_assert_uint_eq(crl_partition_guess(&worker, &a), i ? 2 : 1);
        c.conf->authorities[0].crl_partition_size = 0;
        ck_assert_uint_eq(crl_partition_guess(&worker, &a), 0);
        c.conf->authorities[0].crl_partition_size = SIZE;
        ca_start(&c);
        for (int k = 0; k <= SIZE; k++) {
            AUTO(record) struct record r = {0};

            ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
        }
    }
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {many_at_once_get_a_place_each,
                                  a_revocation_makes_its_own_list,
                                  a_start_goes_on,
                                  an_old_copy_takes_no_place_twice,
                                  off_and_on,
                                  what_was_not_published_is_made_up_for,
                                  who_asks_at_a_start_waits_for_the_list,
                                  the_complete_list_comes_last,
                                  old_and_new_ones_at_once,
                                  a_spare_one_moves_with_the_address,
                                  the_place_that_one_would_have};

    return unit_run("signer_partition", tests, COUNT(tests));
}
