/* SPDX-License-Identifier: ISC */
/* When a partition is over, by the clock of the test. */
#include "ca_clock.h"

#include "unit.h"

enum { SIZE = 3 };

static void part_path(const struct ca *c, char out[160], uint32_t partition)
{
    AUTO(free) char *name = xasprintf("crl/issuing/%u.crl", partition);

    ca_path(c, out, name);
}

static bool is_in_place(const struct ca *c, uint32_t partition)
{
    char path[160];

    part_path(c, path, partition);
    return access(path, F_OK) == 0;
}

static bool is_served(struct ca *c, uint32_t partition)
{
    const struct serial none = {{0x41}, 1};
    uint64_t number;
    struct frame f;

    ca_begin(c, MSG_HELLO, NULL); /* behind all notices */
    ca_ask(c, &f);
    on_part(c, partition, &none, &number);
    return number != 0;
}

/* Two hours long each, until a partition that is theirs alone is full: that
 * one, and one in it. */
static uint32_t fill(struct ca *c, const struct caller *admin,
                     struct record *in)
{
    AUTO(buf) struct buf spki = {0};
    struct ca_want w = {
        .names = "x.internal", .spki = &spki, .lifetime = 2 * TM_HOUR};
    uint32_t first = 0;

    new_key(&spki);
    for (;;) {
        AUTO(record) struct record r = {0};

        ck_assert_int_eq(ca_issue(c, admin, &w, &r, NULL), ERR_NONE);
        if (!first) {
            first = partition_of(&r);
        } else if (!in->der.len && partition_of(&r) > first) {
            *in = r;
            r = (struct record){0};
        } else if (in->der.len && partition_of(&r) > partition_of(in)) {
            return partition_of(in);
        }
    }
}

/* Until the second at which it is over; its end is known from a list made a
 * day later on. */
static void wait_for_the_end(struct ca *c, const struct record *in)
{
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};

    ahead += TM_DAY + TM_HOUR;
    stop_and_go_on(c);
    cert_parse(&cert, in->der.data, in->der.len, &e);
    /* The others in it were issued in the seconds after it. */
    ahead += cert.not_after + 7 * TM_DAY - tm_now() - TM_MINUTE;
    stop_and_go_on(c);
}

/* Its last certificate ended a crl-lifetime ago: the file goes, the front
 * drops it, the others stay. */
START_TEST(a_partition_is_over)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record in = {0};
    AUTO(record) struct record gone = {0};
    struct caller admin;
    uint64_t before, number;
    uint32_t part;

    begin(&c, SIZE, &admin);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    ck_assert(is_served(&c, part));
    ck_assert(is_in_place(&c, part));

    ahead += 3 * TM_MINUTE;
    pthread_mutex_lock(&c.s->crl_lock);
    pthread_cond_signal(&c.s->crl_wake);
    pthread_mutex_unlock(&c.s->crl_lock);
    while (is_served(&c, part)) /* check's own limit ends it */
        usleep(1000);
    ck_assert(!is_in_place(&c, part));
    ck_assert(is_served(&c, part + 1));
    ck_assert(is_served(&c, 0));

    /* Who revokes what ended waits for nothing, and brings nothing back. */
    ck_assert_int_eq(ca_revoke(&c, &admin, &in.serial, -1, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert(gone.revoked_at);
    stop_and_go_on(&c);
    ck_assert(!is_served(&c, part));
    ck_assert(!is_in_place(&c, part));
    ck_assert(is_served(&c, part + 1));
    /* Nor is the complete list made anew for want of it. */
    ca_settle(&c);
    on_part(&c, 0, &in.serial, &before);
    stop_and_go_on(&c);
    ca_settle(&c);
    on_part(&c, 0, &in.serial, &number);
    ck_assert_uint_eq(number, before);
    caller_free(&admin);
}
END_TEST

/* While no service ran. */
START_TEST(a_start_removes_what_is_over)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record in = {0};
    AUTO(record) struct record lives = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint32_t part;

    begin(&c, SIZE, &admin);
    new_key(&spki);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &lives, NULL), ERR_NONE);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    ca_stop(&c);
    /* One that the ledger knows nothing of: of after its last copy. */
    part_crl(&c, part + 10, 1000);
    ahead += 3 * TM_MINUTE;
    ca_start(&c);
    ck_assert(!is_served(&c, part));
    ck_assert(!is_in_place(&c, part));
    ck_assert(is_served(&c, part + 10)); /* nobody knows when it ends */
    ck_assert(is_in_place(&c, part + 10));
    ck_assert(is_served(&c, partition_of(&lives)));
    caller_free(&admin);
}
END_TEST

/* A clock that jumps proves the end of nothing. */
START_TEST(a_suspect_clock_ends_nothing)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record in = {0};
    struct caller admin;
    uint32_t part;

    begin(&c, SIZE, &admin);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    pthread_mutex_lock(&c.s->clock.lock);
    c.s->clock.offset -= 40 * TM_DAY;
    pthread_mutex_unlock(&c.s->clock.lock);
    ahead += 3 * TM_MINUTE;
    ca_stop(&c);
    ck_assert(is_in_place(&c, part));
    ca_start(&c); /* it believes the clock that it finds */
    ck_assert(!is_served(&c, part));
    caller_free(&admin);
}
END_TEST

/* What a process wrote that an older copy of the ledger does not know says what
 * was revoked, and what cannot be read may: nobody removes it. */
START_TEST(a_newer_list_of_one_that_is_over_stays)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record in = {0};
    struct caller admin;
    char path[160];
    uint32_t part;

    begin(&c, SIZE, &admin);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    ca_stop(&c);
    ahead += 3 * TM_MINUTE;
    part_crl(&c, part, 1000);
    ca_forget_files(&c);
    ca_start(&c);
    ck_assert(!is_served(&c, part));
    pthread_mutex_lock(&c.s->crl_lock);
    ck_assert_uint_ge(c.s->crls[0].number, 1000);
    pthread_mutex_unlock(&c.s->crl_lock);
    ca_stop(&c);
    ck_assert(is_in_place(&c, part));
    part_path(&c, path, part);
    ck_assert_int_eq(truncate(path, 100), 0);
    ca_start(&c);
    ck_assert(!is_served(&c, part));
    ca_stop(&c);
    ck_assert(is_in_place(&c, part));
    caller_free(&admin);
}
END_TEST

static int64_t ends_of(struct ca *c, uint32_t partition)
{
    int64_t ends;

    pthread_mutex_lock(&c->s->crl_lock);
    ends = crl_slot(&c->s->crls[0], partition)->ends;
    pthread_mutex_unlock(&c->s->crl_lock);
    return ends;
}

/* What was judged when it had a place left may be committed later: so long
 * nobody says when the last one ends. */
START_TEST(its_end_is_known_after_an_hour)
{
    AUTO(ca) struct ca c;
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record in = {0};
    AUTO(record) struct record gone = {0};
    AUTO(record) struct record again = {0};
    struct caller admin;
    uint32_t part;

    begin(&c, SIZE, &admin);
    part = fill(&c, &admin, &in);
    cert_parse(&cert, in.der.data, in.der.len, &e);
    ahead += TM_HOUR - TM_MINUTE;
    ck_assert_int_eq(
        ca_revoke(&c, &admin, &in.serial, REASON_SUPERSEDED, -1, &gone, NULL),
        ERR_NONE);
    ck_assert_int_eq(ends_of(&c, part), TM_LAST);
    ahead += 2 * TM_MINUTE;
    ck_assert_int_eq(ca_revoke(&c, &admin, &in.serial, REASON_KEY_COMPROMISE,
                               -1, &again, NULL),
                     ERR_NONE);
    ck_assert_int_ge(ends_of(&c, part), cert.not_after);
    ck_assert_int_lt(ends_of(&c, part), cert.not_after + TM_HOUR);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_partition_is_over,
        a_start_removes_what_is_over,
        a_suspect_clock_ends_nothing,
        a_newer_list_of_one_that_is_over_stays,
        its_end_is_known_after_an_hour,
    };

    return unit_run("signer_crl_time", tests, COUNT(tests));
}
