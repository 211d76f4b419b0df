/* SPDX-License-Identifier: ISC */
/* What time does to partitions: when each list is made anew, and when one is
 * over.  The clock is the test's: days go by at once. */
#include "ca_crl.h"

#include "unit.h"

enum { SIZE = 3 };

/* How far it is ahead of the machine's; both clocks, as when time goes by. */
static _Atomic int64_t ahead;

int64_t __real_tm_now(void);
int64_t __real_tm_boot(void);
int64_t __wrap_tm_now(void);
int64_t __wrap_tm_boot(void);

int64_t __wrap_tm_now(void)
{
    return __real_tm_now() + ahead;
}

int64_t __wrap_tm_boot(void)
{
    return __real_tm_boot() + ahead;
}

static void begin(struct ca *c, unsigned size, struct caller *admin)
{
    ahead = 0;
    ca_make(c);
    c->conf->authorities[0].crl_partition_size = size;
    ca_start(c);
    *admin = ca_admin(c);
}

/* The CRL thread did what there was to do before it ended. */
static void stop_and_go_on(struct ca *c)
{
    ca_stop(c);
    ca_start(c);
}

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
    char from[160], lost[160];
    uint32_t part;

    begin(&c, SIZE, &admin);
    new_key(&spki);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &lives, NULL), ERR_NONE);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    ca_stop(&c);
    /* One that the ledger knows nothing of: of after its last copy. */
    part_path(&c, from, part);
    part_path(&c, lost, part + 10);
    copy_file(from, lost);
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
 * was revoked: nobody removes it. */
START_TEST(a_newer_list_of_one_that_is_over_stays)
{
    AUTO(ca) struct ca c;
    AUTO(record) struct record in = {0};
    struct caller admin;
    char path[160], name[40];
    uint32_t part;

    begin(&c, SIZE, &admin);
    part = fill(&c, &admin, &in);
    wait_for_the_end(&c, &in);
    ca_stop(&c);
    ahead += 3 * TM_MINUTE;
    part_path(&c, path, part);
    snprintf(name, sizeof(name), "crl/issuing/%u.crl", part);
    ck_assert_int_eq(unlink(path), 0);
    close(empty_crl(&c, name, &c.issuing, "file:keys/issuing.key", 1000,
                    tm_now() + TM_DAY));
    ca_forget_files(&c);
    ca_start(&c);
    ck_assert(!is_served(&c, part));
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

static void revoke_one(struct ca *c, const struct caller *admin,
                       const struct serial *serial)
{
    AUTO(record) struct record gone = {0};

    ck_assert_int_eq(ca_revoke(c, admin, serial, -1, -1, &gone, NULL),
                     ERR_NONE);
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
        a_partition_is_over,
        a_start_removes_what_is_over,
        a_suspect_clock_ends_nothing,
        a_newer_list_of_one_that_is_over_stays,
        its_end_is_known_after_an_hour,
        no_empty_list_hides_what_is_revoked,
        refreshing_is_spread,
    };

    return unit_run("signer_crl_time", tests, COUNT(tests));
}
