/* SPDX-License-Identifier: ISC */
/* Many revocations, page by page. */
#include "signer_narrow.h"

enum { PAGES_MAX = 100 };

/* How often what goes along is looked for: the names are the linker's. */
typedef enum store_result by_key_fn(struct store_conn *c,
                                    const uint8_t key_sha256[32], int64_t now,
                                    store_record_fn *fn, void *arg);
by_key_fn __real_store_cert_by_key, __wrap_store_cert_by_key;
by_key_fn __real_store_cert_by_lost_key, __wrap_store_cert_by_lost_key;
typedef enum store_result by_leaf_fn(struct store_conn *c, uint64_t leaf,
                                     struct leafset *seen, store_record_fn *fn,
                                     void *arg);
by_leaf_fn __real_store_cert_descendants, __wrap_store_cert_descendants;

static _Atomic unsigned by_key, by_renewal;

enum store_result __wrap_store_cert_by_key(struct store_conn *c,
                                           const uint8_t key_sha256[32],
                                           int64_t now, store_record_fn *fn,
                                           void *arg)
{
    by_key++;
    return __real_store_cert_by_key(c, key_sha256, now, fn, arg);
}

enum store_result __wrap_store_cert_by_lost_key(struct store_conn *c,
                                                const uint8_t key_sha256[32],
                                                int64_t now,
                                                store_record_fn *fn, void *arg)
{
    by_key++;
    return __real_store_cert_by_lost_key(c, key_sha256, now, fn, arg);
}

/* Of those that were not followed yet. */
struct counted {
    store_record_fn *fn;
    void *arg;
};
static int count_renewal(void *arg, struct record *r)
{
    const struct counted *it = arg;

    by_renewal++;
    return it->fn(it->arg, r);
}

enum store_result __wrap_store_cert_descendants(struct store_conn *c,
                                                uint64_t leaf,
                                                struct leafset *seen,
                                                store_record_fn *fn, void *arg)
{
    struct counted it = {fn, arg};

    return __real_store_cert_descendants(c, leaf, seen, count_renewal, &it);
}

/* One page into *l, or the reason. */
static enum err ask_page(struct ca *c, const struct caller *who,
                         const struct msg_revocations *m, struct revocations *l)
{
    struct frame f = {.more = true};
    enum err code;

    msg_revocations_put(ca_begin(c, MSG_REVOCATIONS, who), m);
    ca_ask(c, &f);
    code = ca_error(&f, NULL);
    while (code == ERR_NONE) {
        ck_assert_int_eq(f.type, MSG_REVOKED_PAGE);
        revocations_get(&f.body, l);
        ck_assert(rd_done(&f.body));
        if (!f.more)
            break;
        ca_recv(c, &f);
    }
    return code;
}

/* All pages of so many, settled. */
static void ask_all(struct ca *c, const struct caller *who,
                    struct msg_revocations *m, unsigned limit,
                    struct revocations *l)
{
    AUTO(errs) struct errs e = {0};
    int pages = 0;

    m->q.has_cursor = false;
    buf_reset(&m->followed);
    do {
        const size_t before = l->n;
        size_t n = 0;

        m->q.limit = limit;
        ck_assert_int_lt(pages++, PAGES_MAX);
        ck_assert_int_eq(ask_page(c, who, m, l), ERR_NONE);
        for (size_t i = before; i < l->n; i++)
            n += l->v[i].outcome != OUTCOME_RENEWAL;
        ck_assert_uint_le(n, limit);
    } while (l->cursor && revocations_next(m, l, &e) == 0);
    ck_assert_uint_eq(e.n, 0);
    revocations_settle(l);
}

static void set(struct msg_revocations *m, const char *key, const char *value)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_msg(query_set(&m->q, key, value, &e) == 0, "%s",
                  e.n ? e.v[0].detail : "");
}

static struct msg_revocations ask_of(const char *name)
{
    struct msg_revocations m = {.reason = -1, .renewals = -1};

    query_init(&m.q);
    set(&m, "name", name);
    return m;
}

static void issue_some(struct ca *c, const struct caller *who,
                       const char *names, const struct buf *spki, int n)
{
    const struct ca_want w = {.names = names, .spki = spki};

    for (int i = 0; i < n; i++) {
        AUTO(record) struct record r = {0};

        ck_assert_int_eq(ca_issue(c, who, &w, &r, NULL), ERR_NONE);
    }
}

/* A front that has been taken over asks for what the real one would refuse. */
START_TEST(the_signer_decides_who_may_and_what)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(msg_revocations) struct msg_revocations m = ask_of("dns:**.internal");
    AUTO(msg_revocations)
    struct msg_revocations all = {.reason = -1, .renewals = -1};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct token roles = {.label = (char *)"r",
                          .roles = ROLE_READ | ROLE_ISSUE | ROLE_METRICS};
    struct token uses = {
        .label = (char *)"u", .roles = ROLE_REVOKE, .max_uses = 2};
    struct caller admin, reader, user, itself;
    uint64_t size;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ck_assert_int_eq(ca_token(&c, &admin, &roles, &reader), ERR_NONE);
    ck_assert_int_eq(ca_token(&c, &admin, &uses, &user), ERR_NONE);
    itself = ca_cert_caller(&r);
    query_init(&all.q);
    set(&all, "status", "valid");
    size = ca_tree_size(&c);
    for (int dry = 0; dry < 2; dry++) {
        AUTO(revocations) struct revocations l = {0};

        m.dry = all.dry = dry;
        m.reason = -1;
        ck_assert_int_eq(ask_page(&c, NULL, &m, &l), ERR_TOKEN_MISSING);
        ck_assert_int_eq(ask_page(&c, &reader, &m, &l), ERR_ROLE_MISSING);
        ck_assert_int_eq(ask_page(&c, &user, &m, &l), ERR_ROLE_MISSING);
        ck_assert_int_eq(ask_page(&c, &itself, &m, &l), ERR_ROLE_MISSING);
        ck_assert_int_eq(ask_page(&c, &admin, &all, &l), ERR_BAD_ARGUMENT);
        m.reason = REASON_CERTIFICATE_HOLD;
        ck_assert_int_eq(ask_page(&c, &admin, &m, &l), ERR_REASON_NOT_ALLOWED);
        ck_assert_uint_eq(l.n, 0);
    }
    ck_assert_uint_eq(ca_tree_size(&c), size);
    caller_free(&admin);
    caller_free(&reader);
    caller_free(&user);
}
END_TEST

/* The next build is tried when somebody waits for it. */
static void retry_soon(struct ca *c)
{
    pthread_mutex_lock(&c->s->crl_lock);
    c->s->crls[0].retry_at = 0;
    pthread_mutex_unlock(&c->s->crl_lock);
}

/* And one that was asked to.  When no CRL can be built the last one says so,
 * and everything is revoked all the same. */
START_TEST(the_last_page_waits_for_the_crl)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(msg_revocations) struct msg_revocations m = ask_of("x.internal");
    AUTO(revocations) struct revocations l = {0};
    AUTO(revocations) struct revocations again = {0};
    struct caller admin;
    char crl[160], away[160];

    new_key(&spki);
    ca_make(&c);
    ca_path(&c, crl, "crl");
    ca_path(&c, away, "crl-away");
    ca_start(&c);
    admin = ca_admin(&c);
    issue_some(&c, &admin, "x.internal", &spki, 6);
    ca_settle(&c);
    m.q.limit = 2;
    ck_assert_int_eq(ask_page(&c, &admin, &m, &l), ERR_NONE);
    ck_assert(l.n == 2 && l.cursor && !l.crl_pending);
    set(&m, "cursor", l.cursor);
    m.wait = true;
    ck_assert_int_eq(ask_page(&c, &admin, &m, &l), ERR_NONE);
    ck_assert(l.n == 4 && l.cursor);
    ck_assert(c.s->crls[0].whole.state.snapshot >=
              c.s->crls[0].whole.revoked_end);
    ck_assert_int_eq(rename(crl, away), 0);
    set(&m, "cursor", l.cursor);
    m.wait = false;
    ck_assert_int_ne(ask_page(&c, &admin, &m, &l), ERR_NONE);
    ck_assert_uint_eq(l.n, 4);
    /* Nothing is left to do, but to publish it. */
    retry_soon(&c);
    m.q.has_cursor = false;
    m.q.limit = 100;
    ck_assert_int_ne(ask_page(&c, &admin, &m, &l), ERR_NONE);
    /* Once it can be built, the same call says that all is done. */
    ck_assert_int_eq(rename(away, crl), 0);
    retry_soon(&c);
    ask_all(&c, &admin, &m, 100, &again);
    ck_assert_uint_eq(revocations_sum(&again).already, 6);
    ck_assert(c.s->crls[0].whole.state.snapshot >=
              c.s->crls[0].whole.revoked_end);
    caller_free(&admin);
}
END_TEST

START_TEST(without_crl_wait_it_is_pending)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(msg_revocations) struct msg_revocations m = ask_of("x.internal");
    AUTO(revocations) struct revocations l = {0};
    struct caller admin;
    char crl[160], away[160];

    new_key(&spki);
    ca_make(&c);
    c.conf->authorities[0].crl_wait = false;
    ca_path(&c, crl, "crl");
    ca_path(&c, away, "crl-away");
    ca_start(&c);
    admin = ca_admin(&c);
    issue_some(&c, &admin, "x.internal", &spki, 3);
    ca_settle(&c);
    ck_assert_int_eq(rename(crl, away), 0);
    ask_all(&c, &admin, &m, 2, &l);
    ck_assert(l.crl_pending && revocations_sum(&l).valid == 3);
    ck_assert_int_eq(rename(away, crl), 0);
    retry_soon(&c);
    caller_free(&admin);
}
END_TEST

/* A wood of certificates: renewals of renewals, keys in common, some revoked
 * already.  A small generator of our own, so that a failure comes again. */
enum { TREES = 24, KEYS = 4, ROUNDS = 24 };
static uint32_t seed = 1;
static unsigned pick(unsigned n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % n;
}

static void plant(struct ca *c, const struct caller *who, int round)
{
    AUTO(free) char *domain = xasprintf("r%d.internal", round);
    struct record made[TREES] = {0};
    struct buf keys[KEYS] = {0};

    for (int i = 0; i < KEYS; i++)
        new_key(&keys[i]);
    for (int i = 0; i < TREES; i++) {
        /* every fifth is out of the filter */
        AUTO(free)
        char *name = xasprintf("n%d.%s%s", i, i % 5 ? "" : "no", domain);
        const unsigned of = i ? pick((unsigned)i) : 0;
        struct ca_want w = {.names = name, .spki = &keys[pick(KEYS)]};
        struct record gone = {0};

        if (i && pick(3) && !made[of].revoked_at) {
            w = (struct ca_want){.renews = made[of].serial};
            ck_assert_int_eq(ca_renew(c, who, &w, &made[i]), ERR_NONE);
        } else {
            ck_assert_int_eq(ca_issue(c, who, &w, &made[i], NULL), ERR_NONE);
        }
        if (pick(6) == 0) {
            ck_assert_int_eq(ca_revoke(c, who, &made[i].serial,
                                       REASON_SUPERSEDED, 0, &gone, NULL),
                             ERR_NONE);
            made[i].revoked_at = gone.revoked_at;
            record_free(&gone);
        }
    }
    for (int i = 0; i < TREES; i++)
        record_free(&made[i]);
    for (int i = 0; i < KEYS; i++)
        buf_free(&keys[i]);
}

/* What the ledger says of each is what was said of it. */
static void compare(struct ca *c, const struct caller *who,
                    const struct revocations *said, int reason)
{
    for (size_t i = 0; i < said->n; i++) {
        AUTO(record) struct record r = {0};

        ck_assert_int_eq(ca_get(c, who, &said->v[i].serial, &r), ERR_NONE);
        ck_assert(r.leaf == said->v[i].leaf && r.revoked_at);
        /* Without a reason what goes along gets that of the first. */
        if (said->v[i].outcome != OUTCOME_ALREADY)
            ck_assert(r.reason == (reason < 0 ? 0 : reason) ||
                      (reason < 0 && r.reason == REASON_SUPERSEDED));
    }
}

START_TEST(a_dry_run_says_what_is_done)
{
    static const int reasons[] = {-1, REASON_UNSPECIFIED, REASON_SUPERSEDED,
                                  REASON_KEY_COMPROMISE};
    AUTO(ca) struct ca c;
    struct caller admin;

    admin = ca_up(&c);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(free) char *name = xasprintf("dns:*.r%d.internal", round);
        AUTO(msg_revocations) struct msg_revocations m = ask_of(name);
        AUTO(revocations) struct revocations dry = {0};
        AUTO(revocations) struct revocations done = {0};
        uint64_t size, n = 0;

        plant(&c, &admin, round);
        m.reason = reasons[pick(4)];
        m.renewals = (int)pick(3) - 1;
        set(&m, "order", pick(2) ? "issued" : "expiry");
        size = ca_tree_size(&c);
        m.dry = true;
        ask_all(&c, &admin, &m, 1 + pick(9), &dry);
        ck_assert_uint_eq(ca_tree_size(&c), size);
        m.dry = false;
        ask_all(&c, &admin, &m, 1 + pick(9), &done);
        ck_assert_uint_eq(dry.n, done.n);
        for (size_t i = 0; i < dry.n; i++) {
            ck_assert(dry.v[i].leaf == done.v[i].leaf);
            ck_assert_msg(dry.v[i].outcome == done.v[i].outcome,
                          "round %d, leaf %d: %u, then %u", round,
                          (int)dry.v[i].leaf, dry.v[i].outcome,
                          done.v[i].outcome);
            n += done.v[i].outcome != OUTCOME_ALREADY;
        }
        ck_assert_uint_gt(n, 0);
        compare(&c, &admin, &done, m.reason);
        /* No more than was said: an entry each, beside those about CRLs. */
        ck_assert_uint_ge(ca_tree_size(&c) - size, n);
        m.dry = true;
        revocations_free(&dry);
        ask_all(&c, &admin, &m, 100, &dry);
        ck_assert_uint_eq(revocations_sum(&dry).affected, 0);
    }
    caller_free(&admin);
}
END_TEST

/* n of a key, each renewed from the one before. */
static void chain(struct ca *c, const struct caller *who, const char *name,
                  int n)
{
    AUTO(buf) struct buf spki = {0};
    struct ca_want w = {.names = name, .spki = &spki};

    new_key(&spki);
    for (int i = 0; i < n; i++) {
        AUTO(record) struct record r = {0};

        if (i == 0)
            ck_assert_int_eq(ca_issue(c, who, &w, &r, NULL), ERR_NONE);
        else
            ck_assert_int_eq(ca_renew(c, who, &w, &r), ERR_NONE);
        w = (struct ca_want){.renews = r.serial};
    }
}

/* For each it would be the square of how many a stolen key has. */
START_TEST(what_goes_along_is_looked_for_once)
{
    enum { CHAINS = 3, EACH = 8 };
    AUTO(ca) struct ca c;
    struct caller admin = ca_up(&c);
    AUTO(msg_revocations) struct msg_revocations m = ask_of("dns:*.s.internal");

    for (int i = 0; i < CHAINS; i++) {
        AUTO(free) char *name = xasprintf("c%d.s.internal", i);

        chain(&c, &admin, name, EACH);
    }
    m.reason = REASON_KEY_COMPROMISE;
    for (int dry = 1; dry >= 0; dry--)
        for (int i = 0; i < 6; i++) {
            AUTO(revocations) struct revocations l = {0};
            const bool again = i > 0;

            m.dry = dry;
            set(&m, "order", i % 2 ? "expiry" : "issued");
            by_key = by_renewal = 0;
            ask_all(&c, &admin, &m, i < 2 ? 100 : 4, &l);
            ck_assert_uint_eq(revocations_sum(&l).matched, CHAINS * EACH);
            ck_assert_uint_eq(revocations_sum(&l).affected,
                              dry || !again ? CHAINS * EACH : 0);
            ck_assert_uint_eq(by_key, CHAINS);
            ck_assert_uint_le(by_renewal, CHAINS * (EACH - 1));
        }
    caller_free(&admin);
}
END_TEST

/* One goes along as far as the token's limits, another with the same key, that
 * was revoked for keyCompromise, beyond them. */
START_TEST(limits_hold_for_each_of_a_page)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(msg_revocations) struct msg_revocations m = ask_of("dns:*.s.internal");
    AUTO(revocations) struct revocations l = {0};
    struct record made[3] = {0}, now = {0};
    struct caller admin, t;
    const char *const names[3] = {"x.s.internal", "o.internal", "y.s.internal"};

    new_key(&spki);
    admin = ca_up(&c);
    t = narrow(&c, &admin, "t", ROLE_REVOKE, "dns:*.s.internal", false);
    for (int i = 0; i < 3; i++) {
        const struct ca_want w = {.names = names[i], .spki = &spki};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &made[i], NULL), ERR_NONE);
    }
    ck_assert_int_eq(ca_revoke(&c, &admin, &made[2].serial,
                               REASON_KEY_COMPROMISE, 0, &now, NULL),
                     ERR_NONE);
    m.renewals = 1;
    ask_all(&c, &t, &m, 100, &l);
    ck_assert_uint_eq(revocations_sum(&l).valid, 1);
    ck_assert_uint_eq(revocations_sum(&l).renewals, 1);
    record_free(&now);
    ck_assert_int_eq(ca_get(&c, &admin, &made[1].serial, &now), ERR_NONE);
    ck_assert_int_eq(now.reason, REASON_KEY_COMPROMISE);
    record_free(&now);
    for (int i = 0; i < 3; i++)
        record_free(&made[i]);
    caller_free(&admin);
    caller_free(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_signer_decides_who_may_and_what, the_last_page_waits_for_the_crl,
        without_crl_wait_it_is_pending,      a_dry_run_says_what_is_done,
        what_goes_along_is_looked_for_once,  limits_hold_for_each_of_a_page,
    };

    return unit_run("signer_revocations", tests, COUNT(tests));
}
