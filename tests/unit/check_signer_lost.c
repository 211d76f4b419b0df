/* SPDX-License-Identifier: ISC */
/* An older copy in the ledger's place: what was published goes on to count, no
 * place is given twice, and numbers rise. */
#include "ca_crl.h"

#include "signer_batch.h"
#include "unit.h"

enum { SIZE = 3 };

static void begin(struct ca *c, unsigned size, struct buf *spki,
                  struct caller *admin)
{
    new_key(spki);
    ca_make(c);
    c->conf->authorities[0].crl_partition_size = size;
    ca_start(c);
    *admin = ca_admin(c);
}

static void go_on(struct ca *c)
{
    ca_start(c);
    ca_settle(c);
}

static void issue_one(struct ca *c, const struct caller *admin,
                      const struct buf *spki, struct record *r)
{
    const struct ca_want w = {.names = "x.internal", .spki = spki};

    ck_assert_int_eq(ca_issue(c, admin, &w, r, NULL), ERR_NONE);
}

static void revoke_one(struct ca *c, const struct caller *admin,
                       const struct record *r)
{
    AUTO(record) struct record gone = {0};

    ck_assert_int_eq(ca_revoke(c, admin, &r->serial, -1, -1, &gone, NULL),
                     ERR_NONE);
}

static void remove_file(const struct ca *c, const char *name)
{
    char path[160];

    ca_path(c, path, name);
    ck_assert_int_eq(unlink(path), 0);
}

/* ---- what a list has beside the ledger's rows */

static struct crl_lost lost(uint8_t serial, bool known)
{
    return (struct crl_lost){.serial = {{serial}, 1},
                             .reason = serial % 3,
                             .revoked_at = 1000 + serial,
                             .known = known};
}

/* These serial numbers, in this order. */
static void walk_is(const struct signer_crls *l, uint32_t partition, bool whole,
                    const char *want)
{
    struct crl_lost_walk w = {.l = l, .partition = partition, .whole = whole};
    struct crl_entry en;

    for (; *want; want++) {
        const uint8_t serial = (uint8_t)*want;

        ck_assert_int_eq(crl_lost_next(&w, &en), 1);
        ck_assert_uint_eq(en.serial.len, 1);
        ck_assert_uint_eq(en.serial.v[0], serial);
        ck_assert_int_eq(en.reason, serial % 3);
        ck_assert_int_eq(en.revoked_at, 1000 + serial);
    }
    ck_assert_int_eq(crl_lost_next(&w, &en), 0);
    ck_assert_int_eq(crl_lost_next(&w, &en), 0);
}

/* The complete list has each once: what it listed itself, and what a partition
 * did alone; what is revoked in the ledger it has from there. */
START_TEST(the_complete_list_has_each_once)
{
    struct crl_lost whole[] = {lost('a', false), lost('c', false)};
    struct crl_lost one[] = {lost('a', false), lost('b', true),
                             lost('d', false)};
    struct crl_lost three[] = {lost('c', false), lost('e', true),
                               lost('f', false)};
    struct signer_crl first = {.partition = 1, .lost = one, .n_lost = 3};
    struct signer_crl second = {.partition = 2};
    struct signer_crl third = {.partition = 3, .lost = three, .n_lost = 3};
    struct signer_crl *parts[] = {&first, &second, &third};
    const struct signer_crls l = {
        .whole = {.lost = whole, .n_lost = 2}, .parts = parts, .n_parts = 3};

    walk_is(&l, 0, true, "acdf");
    walk_is(&l, 1, false, "abd");
    walk_is(&l, 2, false, "");
    walk_is(&l, 3, false, "cef");
}
END_TEST

/* Its certificate is in another partition, by the ledger, whose rows of this
 * one lack it. */
START_TEST(what_a_partition_listed_it_lists)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct record r[SIZE + 1];
    struct caller admin;
    uint64_t number;

    begin(&c, SIZE, &spki, &admin);
    for (int i = 0; i <= SIZE; i++)
        issue_one(&c, &admin, &spki, &r[i]);
    ck_assert_uint_eq(partition_of(&r[0]), 1);
    ck_assert_uint_eq(partition_of(&r[SIZE]), 2);
    revoke_one(&c, &admin, &r[0]);
    ca_stop(&c);
    ca_copy(&c, "crl/issuing/1.crl", "crl/issuing/1.crl.99");
    ca_copy(&c, "crl/issuing/1.crl", "crl/issuing/2.crl.99");
    go_on(&c);
    revoke_one(&c, &admin, &r[1]);
    revoke_one(&c, &admin, &r[SIZE]);
    ck_assert(on_part(&c, 1, &r[0].serial, &number));
    ck_assert(on_part(&c, 2, &r[0].serial, &number));
    ck_assert(on_part(&c, 2, &r[SIZE].serial, &number));
    for (int i = 0; i <= SIZE; i++)
        record_free(&r[i]);
    caller_free(&admin);
}
END_TEST

/* ---- the file in place */

/* It is not the ledger's, though that one is beside it, as when a process ended
 * before it had put it in place. */
START_TEST(a_newer_list_is_kept_whatever_is_beside_it)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record got = {0};
    struct caller admin;
    uint64_t number, then;

    begin(&c, 0, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ca_stop(&c);
    ca_copy(&c, "ledger.db", "old.db");
    ca_copy(&c, "crl/issuing.crl", "old.crl");
    go_on(&c);
    revoke_one(&c, &admin, &r);
    ck_assert_int_eq(on_crl(&c, &r.serial, &then), 0);
    ca_stop(&c);
    ca_copy(&c, "old.db", "ledger.db");
    ca_copy(&c, "old.crl", "crl/issuing.crl.new");
    go_on(&c);
    ck_assert_int_eq(ca_get(&c, &admin, &r.serial, &got), ERR_NONE);
    ck_assert(got.revoked_at);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), 0);
    ck_assert_uint_gt(number, then);
    caller_free(&admin);
}
END_TEST

/* All that is left of what was published is what was kept. */
START_TEST(numbers_rise_above_what_was_kept)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    const struct serial none = {{0x41}, 1};
    uint64_t number;

    begin(&c, 0, &spki, &admin);
    ca_stop(&c);
    close(empty_crl(&c, "crl/issuing.crl.1000",
                    &(struct empty_crl){.number = 1000}));
    remove_file(&c, "crl/issuing.crl");
    go_on(&c);
    on_crl(&c, &none, &number);
    ck_assert_uint_eq(number, 1001);
    ca_stop(&c);
    ca_copy(&c, "pocketca.conf", "crl/issuing.crl.2000"); /* damaged */
    remove_file(&c, "crl/issuing.crl");
    go_on(&c);
    on_crl(&c, &none, &number);
    ck_assert_uint_eq(number, 2001);
    caller_free(&admin);
}
END_TEST

/* A list that was about to be put in place, and is not the ledger's. */
START_TEST(an_old_list_is_not_put_in_place)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    uint64_t number, then;

    begin(&c, 0, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ca_copy(&c, "crl/issuing.crl", "old.crl");
    revoke_one(&c, &admin, &r);
    ck_assert_int_eq(on_crl(&c, &r.serial, &then), 0);
    ca_stop(&c);
    ca_copy(&c, "old.crl", "crl/issuing.crl.new");
    remove_file(&c, "crl/issuing.crl");
    go_on(&c);
    ck_assert_int_eq(on_crl(&c, &r.serial, &number), 0);
    ck_assert_uint_gt(number, then);
    caller_free(&admin);
}
END_TEST

/* ---- partitions */

/* Before a service has loaded them: whatever says that there is one. */
START_TEST(the_last_of_all)
{
    AUTO(ca) struct ca c;
    struct signer_authority a = {.name = (char *)"issuing"};
    struct signer_crls l = {.n_parts = 1};
    struct signer s = {.authorities = &a, .n_authorities = 1, .crls = &l};
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    const char *const last[] = {
        "UPDATE crls SET crl_partition = 5 WHERE crl_partition = 3",
        "UPDATE certificates SET crl_partition = 6",
        "UPDATE certificates SET crl_partition = 1"};

    begin(&c, SIZE, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ca_stop(&c);
    s.conf = c.conf;
    pthread_mutex_init(&s.crl_lock, NULL);
    for (uint32_t i = 0; i < COUNT(last); i++) {
        edit(&c, last[i]);
        if (i == 2)
            part_crl(&c, 7, 1);
        AUTO(ca_ledger) struct ca_ledger led = ca_ledger_open(&c);
        l.loaded = false;
        ck_assert_uint_eq(crl_partition_last(&s, led.conn, 0), 5 + i);
        l.loaded = true;
        ck_assert_uint_eq(crl_partition_last(&s, led.conn, 0), 1);
    }
    edit(&c, "UPDATE crls SET crl_partition = 3 WHERE crl_partition = 5");
    caller_free(&admin);
}
END_TEST

/* They are opened in order, so one without a CRL in the ledger had one in
 * another life, and certificates that name it. */
START_TEST(a_gap_in_the_ledger_is_a_partition_that_was_lost)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record next = {0};
    struct caller admin;

    begin(&c, SIZE, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ck_assert_uint_eq(partition_of(&r), 1);
    ca_stop(&c);
    edit(&c, "DELETE FROM crls WHERE crl_partition = 2");
    go_on(&c);
    issue_one(&c, &admin, &spki, &next);
    ck_assert_uint_eq(partition_of(&next), 3);
    caller_free(&admin);
}
END_TEST

/* More are known than are spare: certificates name those before them. */
START_TEST(what_cannot_be_spare_is_taken)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record next = {0};
    struct caller admin;

    begin(&c, SIZE, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ca_stop(&c);
    edit(&c, "INSERT INTO crls SELECT authority, 4, number, this_update, "
             "next_update, snapshot, sha256 FROM crls WHERE crl_partition = 3");
    go_on(&c);
    issue_one(&c, &admin, &spki, &next);
    ck_assert_uint_eq(partition_of(&next), 3);
    caller_free(&admin);
}
END_TEST

/* As after an import that no service saw: no list of theirs is known. */
START_TEST(certificates_alone_say_how_far_it_is)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;

    begin(&c, SIZE, &spki, &admin);
    for (uint32_t i = 0; i <= SIZE; i++) {
        AUTO(record) struct record r = {0};

        issue_one(&c, &admin, &spki, &r);
    }
    ca_stop(&c);
    edit(&c, "DELETE FROM crls WHERE crl_partition > 0");
    for (int n = 2; n <= 4; n++) {
        AUTO(free) char *name = xasprintf("crl/issuing/%d.crl", n);

        remove_file(&c, name);
    }
    go_on(&c);
    for (uint32_t i = SIZE + 1; i <= 2 * SIZE; i++) {
        AUTO(record) struct record r = {0};

        issue_one(&c, &admin, &spki, &r);
        ck_assert_uint_eq(partition_of(&r), 1 + i / SIZE);
    }
    caller_free(&admin);
}
END_TEST

/* Taken over by a command, as a file from another life. */
static void import_one(struct ca *c, const struct record *r)
{
    const struct msg_import_item m = {.kind = IMPORT_CERT, .der = r->der};
    const int front = c->front;
    pthread_t thread;
    struct frame f;
    struct buf *b;

    c->front = ca_command(c, &thread);
    b = ca_begin(c, MSG_IMPORT, NULL);
    buf_str(b, "issuing");
    buf_u8(b, false);
    buf_u64(b, 0);
    buf_u32(b, 1);
    msg_import_item_put(b, &m);
    ca_ask(c, &f);
    ck_assert_int_eq(f.type, MSG_IMPORTED);
    ck_assert_uint_eq(rd_u32(&f.body), 1);
    ck_assert_int_eq(rd_u8(&f.body), IMPORT_NEW);
    close(c->front);
    c->front = front;
    pthread_join(thread, NULL);
}

/* Of another life, without one to spare behind it: nobody knows how many have
 * a place in it, also when some are taken over and nothing is issued before the
 * next start. */
START_TEST(what_was_lost_is_not_filled_up)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record next = {0};
    struct record r[SIZE];
    struct caller admin;
    char path[160];

    begin(&c, SIZE, &spki, &admin);
    ca_stop(&c);
    ca_copy(&c, "ledger.db", "old.db");
    go_on(&c);
    for (int i = 0; i < SIZE; i++)
        issue_one(&c, &admin, &spki, &r[i]);
    ca_stop(&c);
    ca_copy(&c, "old.db", "ledger.db");
    ca_path(&c, path, "crl/issuing");
    ca_remove(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    edit(&c, "DELETE FROM crls WHERE crl_partition > 0");
    part_crl(&c, 1, 1000);
    go_on(&c);
    import_one(&c, &r[0]);
    ca_stop(&c);
    go_on(&c);
    for (int i = 1; i < SIZE; i++)
        import_one(&c, &r[i]);
    issue_one(&c, &admin, &spki, &next);
    ck_assert_uint_eq(partition_of(&next), 2);
    for (int i = 0; i < SIZE; i++)
        record_free(&r[i]);
    caller_free(&admin);
}
END_TEST

/* The copy knows of each partition, and not of all that is in the last one. */
START_TEST(what_was_filled_since_the_copy_is_full)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record next = {0};
    struct caller admin;

    begin(&c, SIZE, &spki, &admin);
    issue_one(&c, &admin, &spki, &r);
    ck_assert_uint_eq(partition_of(&r), 1);
    ca_stop(&c);
    close(
        empty_crl(&c, "crl/issuing.crl", &(struct empty_crl){.number = 1000}));
    for (int i = 0; i < 3; i++) { /* also when nothing is issued before */
        go_on(&c);
        ca_stop(&c);
    }
    go_on(&c);
    issue_one(&c, &admin, &spki, &next);
    ck_assert_uint_eq(partition_of(&next), 1 + CRL_SPARE + 1);
    caller_free(&admin);
}
END_TEST

/* ---- until they are read */

/* What stands before one that waits does not wait with it. */
START_TEST(who_waits_holds_no_answer_back)
{
    AUTO(ca) struct ca c;
    AUTO(errs) struct errs e = {0};
    struct peer *front;
    struct msg_in in;
    struct frame f;
    int pair[2];

    ca_make(&c);
    ca_start(&c);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    front = peer_new(pair[1], PEER_F, 0);
    c.s->crl_lost_read = false;
    c.s->crl_began_us = tm_mono_us() - 2000000;
    peer_hold();
    msg_begin(&c.out, MSG_DONE, 7, false);
    peer_send(front, &c.out);
    ck_assert_int_eq(msg_recv_now(pair[0], PEER_S, &in, &f), MSG_NONE);
    ck_assert_int_eq(crl_lost_wait(c.s, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_SIGNER_AWAY);
    ck_assert_int_eq(msg_recv_now(pair[0], PEER_S, &in, &f), 1);
    ck_assert_uint_eq(f.id, 7);
    c.s->crl_lost_read = true;
    peer_unref(front);
    close(pair[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_complete_list_has_each_once,
        what_a_partition_listed_it_lists,
        a_newer_list_is_kept_whatever_is_beside_it,
        numbers_rise_above_what_was_kept,
        an_old_list_is_not_put_in_place,
        the_last_of_all,
        a_gap_in_the_ledger_is_a_partition_that_was_lost,
        what_cannot_be_spare_is_taken,
        certificates_alone_say_how_far_it_is,
        what_was_lost_is_not_filled_up,
        what_was_filled_since_the_copy_is_full,
        who_waits_holds_no_answer_back,
    };

    return unit_run("signer_lost", tests, COUNT(tests));
}
