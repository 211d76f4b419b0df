/* SPDX-License-Identifier: ISC */
/* Which partition the next certificate is of, and when one more is wanted:
 * without a thread that opens any. */
#include <errno.h>

#include "signer_crl.h"

#include "unit.h"

enum { PARTS = 3 };

/* How often somebody waited; nobody comes to wake anyone. */
static unsigned waits;

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until);

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until)
{
    (void)cond;
    (void)lock;
    (void)until;
    waits++;
    ck_assert_uint_le(waits, 1);
    return ETIMEDOUT;
}

struct turn {
    struct conf_authority conf;
    struct signer_authority authority;
    struct signer_crl part[PARTS], *parts[PARTS];
    struct signer_crls l;
    struct signer s;
};

/* The first two are published, and the first one has a place left; nobody waits
 * for more. */
static void turn_make(struct turn *t)
{
    *t = (struct turn){.conf = {.crl_partition_size = 2},
                       .authority = {.name = (char *)"issuing"},
                       .l = {.loaded = true,
                             .filling = 1,
                             .filled = 1,
                             .n_parts = PARTS,
                             .retry_at = INT64_MAX}};
    for (uint32_t n = 0; n < PARTS; n++) {
        t->part[n] =
            (struct signer_crl){.partition = n + 1, .published = n < 2};
        t->parts[n] = &t->part[n];
    }
    t->l.parts = t->parts;
    t->authority.conf = &t->conf;
    t->s.authorities = &t->authority;
    t->s.crls = &t->l;
    t->s.n_authorities = 1;
    pthread_mutex_init(&t->s.crl_lock, NULL);
    pthread_cond_init(&t->s.crl_wake, NULL);
    pthread_cond_init(&t->s.crl_passed, NULL);
}

/* The next certificate's; 0: it is refused, for that. */
static uint32_t turn_take(struct turn *t, enum err why)
{
    AUTO(errs) struct errs e = {0};
    uint32_t n;

    if (crl_partition_take(&t->s, &t->authority, &n, &e) == 0)
        return n;
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(e.v[0].code, why);
    return 0;
}

START_TEST(one_after_the_other)
{
    struct turn t;

    turn_make(&t);
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 1);
    ck_assert_int_eq(t.part[0].closed_at, 0);
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 2);
    ck_assert_int_ne(t.part[0].closed_at, 0);
    ck_assert_int_eq(t.part[0].ends, TM_LAST);
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 2);
    ck_assert(!t.l.asked);
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_ERROR), 0);
    ck_assert(t.l.asked);
    ck_assert(t.part[2].wanted);
    ck_assert_int_eq(t.part[1].closed_at, 0);
    t.l.failed = ERR_STORAGE_FULL;
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_FULL), 0);
    t.part[2].published = true;
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 3);
    ck_assert(!t.l.asked);
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 3);
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_FULL), 0);
    t.conf.crl_partition_size = 0;
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 0);
}
END_TEST

/* No certificate names a list that is not out. */
START_TEST(what_is_not_published_is_nobody_s)
{
    struct turn t;

    turn_make(&t);
    t.part[0].published = false;
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 2);
    turn_make(&t);
    t.part[0].published = t.part[1].published = false;
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_ERROR), 0);
    ck_assert_int_eq(t.part[0].closed_at, 0);
    turn_make(&t);
    t.l.filling = 0;
    ck_assert_uint_eq(turn_take(&t, ERR_NONE), 1);
    turn_make(&t);
    t.l.loaded = false;
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_ERROR), 0);
}
END_TEST

/* Who finds none waits for the thread once, and not while it has to wait. */
START_TEST(who_finds_none_waits_once)
{
    struct turn t;

    turn_make(&t);
    t.l.n_parts = 0;
    t.l.filling = 0;
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_ERROR), 0);
    ck_assert_uint_eq(waits, 0);
    t.l.retry_at = tm_now();
    ck_assert_uint_eq(turn_take(&t, ERR_STORAGE_ERROR), 0);
    ck_assert_uint_eq(waits, 1);
}
END_TEST

/* A service has some to spare, a command opens one when it has to. */
START_TEST(when_one_more_is_wanted)
{
    struct turn t;
    int front, key;

    turn_make(&t);
    t.l.retry_at = 0;
    ck_assert(!crl_wants_part(&t.s, 0, 1)); /* its key is elsewhere */
    t.authority.key = (void *)&key;
    t.l.filling = 3;
    ck_assert(!crl_wants_part(&t.s, 0, 1));
    t.l.asked = true;
    ck_assert(crl_wants_part(&t.s, 0, 1));
    t.l.filling = 2;
    ck_assert(!crl_wants_part(&t.s, 0, 1));
    t.s.front = (void *)&front;
    t.l.asked = false;
    ck_assert(crl_wants_part(&t.s, 0, 1));
    t.l.filling = 1;
    ck_assert(!crl_wants_part(&t.s, 0, 1));
    t.l.filling = 3;
    t.l.retry_at = 2;
    ck_assert(!crl_wants_part(&t.s, 0, 1));
    ck_assert(crl_wants_part(&t.s, 0, 2));
    t.conf.crl_partition_size = 0;
    ck_assert(!crl_wants_part(&t.s, 0, 2));
}
END_TEST

START_TEST(how_many_are_served)
{
    struct turn t;

    turn_make(&t);
    ck_assert_uint_eq(crl_count(&t.s), 2);
    t.l.whole.published = true;
    ck_assert_uint_eq(crl_count(&t.s), 3);
    ck_assert(crl_count_max(&t.s) == UINT64_MAX); /* a command opens none */
}
END_TEST

/* In the second in which it ends, a crl-lifetime later, it is not over yet. */
START_TEST(when_it_is_over)
{
    struct turn t;
    struct signer_crl *c = &t.part[0];

    turn_make(&t);
    t.conf.crl_lifetime = 100;
    c->ends = 1000;
    ck_assert(!crl_is_over(&t.s, 0, c, 5000));
    c->closed_at = 1;
    ck_assert(!crl_is_over(&t.s, 0, c, 1100));
    ck_assert(crl_is_over(&t.s, 0, c, 1101));
    ck_assert_int_eq(crl_part_ends(&(struct partition_row){1, 77, 0}), 77);
    ck_assert_int_eq(crl_part_ends(&(struct partition_row){0, 77, 0}), TM_LAST);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_after_the_other,       what_is_not_published_is_nobody_s,
        who_finds_none_waits_once, when_one_more_is_wanted,
        how_many_are_served,       when_it_is_over,
    };

    return unit_run("signer_turn", tests, COUNT(tests));
}
