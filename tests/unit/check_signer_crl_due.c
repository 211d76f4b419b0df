/* SPDX-License-Identifier: ISC */
/* When each list is made anew, and when one may be made elsewhere, by the clock
 * of the test. */
#include "ca_clock.h"

#include "unit.h"

enum { SIZE = 3 };

static void revoke_one(struct ca *c, const struct caller *admin,
                       const struct serial *serial)
{
    AUTO(record) struct record gone = {0};

    ck_assert_int_eq(ca_revoke(c, admin, serial, -1, -1, &gone, NULL),
                     ERR_NONE);
}

/* ---- the complete list behind those of partitions */

/* As if it had taken that long to make. */
static void set_took(struct ca *c, int64_t seconds)
{
    pthread_mutex_lock(&c->s->crl_lock);
    c->s->crls[0].whole.took_us = seconds * 1000000;
    pthread_mutex_unlock(&c->s->crl_lock);
}

/* What the thread has left when there is nothing to do for it any more; the
 * signer has ended then. */
static uint64_t number_left(struct ca *c)
{
    const struct signer s = {.conf = c->conf};

    ca_stop(c);
    return crl_file_look(&s, "issuing", NULL).number;
}

/* It follows after sixty times what it takes to make, also when another process
 * has published what it lacks; and once. */
START_TEST(the_complete_list_follows)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record first = {0};
    AUTO(record) struct record second = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t before, number;

    begin(&c, SIZE, &admin);
    new_key(&spki);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &first, NULL), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &second, NULL), ERR_NONE);
    before = number_left(&c);
    ca_start(&c);
    set_took(&c, 10);
    revoke_one(&c, &admin, &first.serial);
    ahead += 9 * TM_MINUTE;
    ck_assert_uint_eq(number_left(&c), before);

    ca_start(&c); /* which has not made any */
    ck_assert_uint_gt(number_left(&c), before);
    ca_start(&c);
    ck_assert(on_part(&c, 0, &first.serial, &before));
    ahead += 2 * TM_MINUTE;
    ck_assert_uint_eq(number_left(&c), before);

    ca_start(&c);
    set_took(&c, 10);
    revoke_one(&c, &admin, &second.serial);
    ahead += 11 * TM_MINUTE;
    ck_assert_uint_gt(number_left(&c), before);
    ca_start(&c);
    ck_assert(on_part(&c, 0, &second.serial, &number));
    caller_free(&admin);
}
END_TEST

/* ---- without the service */

/* As a command asks on the machine. */
static enum err ask_command(struct ca *c, const struct buf *body,
                            enum msg_type type, enum msg_type want)
{
    const int front = c->front;
    pthread_t thread;
    struct frame f;
    enum err code;

    c->front = ca_command(c, &thread);
    buf_put(ca_begin(c, type, NULL), body->data, body->len);
    ca_ask(c, &f);
    code = ca_error(&f, NULL);
    if (code == ERR_NONE)
        ck_assert_int_eq(f.type, want);
    close(c->front);
    c->front = front;
    pthread_join(thread, NULL);
    return code;
}

/* Whether a list that is signed elsewhere may be: it is empty. */
static enum err ask_empty(struct ca *c, const char *authority)
{
    AUTO(buf) struct buf b = {0};

    buf_str(&b, authority);
    return ask_command(c, &b, MSG_CRL_NEXT, MSG_CRL_NUMBER);
}

/* Revoked by an earlier CA, which is all that is known of it. */
static void import_serial(struct ca *c, int64_t not_after)
{
    const struct msg_import_item m = {.kind = IMPORT_SERIAL,
                                      .serial = {{0x41}, 1},
                                      .at = tm_now() - TM_HOUR,
                                      .not_after = not_after,
                                      .reason = REASON_SUPERSEDED};
    AUTO(buf) struct buf b = {0};

    buf_str(&b, "issuing");
    buf_u8(&b, false);
    buf_u64(&b, 0);
    buf_u32(&b, 1);
    msg_import_item_put(&b, &m);
    ck_assert_int_eq(ask_command(c, &b, MSG_IMPORT, MSG_IMPORTED), ERR_NONE);
}

START_TEST(no_empty_list_hides_what_is_revoked)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record in_none = {0};
    AUTO(record) struct record in_one = {0};
    struct caller admin;
    struct ca_want w = {
        .names = "x.internal", .spki = &spki, .lifetime = 10 * TM_HOUR};

    begin(&c, 0, &admin);
    new_key(&spki);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &in_none, NULL), ERR_NONE);
    ca_stop(&c);
    c.conf->authorities[0].crl_partition_size = SIZE;
    ca_start(&c);
    w.lifetime = 2 * TM_HOUR;
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &in_one, NULL), ERR_NONE);
    ck_assert_uint_eq(partition_of(&in_one), 1);
    ck_assert_int_eq(ask_empty(&c, "nobody"), ERR_NOT_FOUND);
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_NONE);

    revoke_one(&c, &admin, &in_one.serial);
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_KEY_NOT_ALLOWED);
    ck_assert_int_eq(ask_empty(&c, "root"), ERR_NONE);
    ahead += 3 * TM_HOUR; /* it has ended, the other has not */
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_NONE);

    revoke_one(&c, &admin, &in_none.serial);
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_KEY_NOT_ALLOWED);
    ahead += 10 * TM_HOUR;
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_NONE);

    import_serial(&c, tm_now() + TM_HOUR);
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_KEY_NOT_ALLOWED);
    ahead += 2 * TM_HOUR;
    ck_assert_int_eq(ask_empty(&c, "issuing"), ERR_NONE);
    caller_free(&admin);
}
END_TEST

/* ---- refreshing */

enum { LISTS = 40, STEPS = 16 };

/* The numbers of all lists; how many there are. */
static uint32_t numbers(struct ca *c, uint64_t out[LISTS])
{
    const struct serial none = {{0x41}, 1};
    uint32_t n = 0;

    while (n < LISTS && (on_part(c, n, &none, &out[n]), out[n]))
        n++;
    return n;
}

/* How many were made between the two; *whole: the complete one was. */
static unsigned made(const uint64_t before[], const uint64_t after[],
                     uint32_t n, bool *whole)
{
    unsigned count = 0;

    *whole = after[0] != before[0];
    for (uint32_t i = 1; i < n; i++)
        count += after[i] != before[i];
    return count;
}

static void go_to(struct ca *c, int64_t at)
{
    ahead += at - tm_now();
    stop_and_go_on(c);
    ca_settle(c);
}

/* Made in the same minute, they are made again in the last quarter of
 * crl-refresh, a few at a time, and each once. */
START_TEST(refreshing_is_spread)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint64_t first[LISTS], before[LISTS], after[LISTS];
    unsigned sum = 0, most = 0, last;
    int64_t start;
    uint32_t n;
    bool whole;

    begin(&c, 1, &admin);
    new_key(&spki);
    for (int i = 0; i < 30; i++) {
        AUTO(record) struct record r = {0};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    }
    stop_and_go_on(&c);
    ca_settle(&c);
    start = tm_now();
    n = numbers(&c, first);
    ck_assert_uint_ge(n, 31);
    go_to(&c, start + TM_DAY * 3 / 4 - 2 * TM_MINUTE);
    numbers(&c, before);
    ck_assert_uint_eq(made(first, before, n, &whole), 0);
    ck_assert(!whole);
    for (int64_t step = 1; step <= STEPS; step++) {
        unsigned now;

        go_to(&c, start + TM_DAY * 3 / 4 + TM_DAY / 4 * step / STEPS -
                      2 * TM_MINUTE);
        numbers(&c, after);
        now = made(before, after, n, &whole);
        ck_assert(!whole); /* the last of all */
        sum += now;
        most = now > most ? now : most;
        memcpy(before, after, sizeof(before));
    }
    go_to(&c, start + TM_DAY);
    numbers(&c, after);
    last = made(before, after, n, &whole);
    ck_assert(whole);
    sum += last;
    most = last > most ? last : most;
    ck_assert_uint_eq(sum, n - 1); /* each once */
    ck_assert_uint_eq(made(first, after, n, &whole), n - 1);
    ck_assert_uint_le(most, n / 5);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_complete_list_follows,
        no_empty_list_hides_what_is_revoked,
        refreshing_is_spread,
    };

    return unit_run("signer_crl_due", tests, COUNT(tests));
}
