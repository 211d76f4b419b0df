/* SPDX-License-Identifier: ISC */
/* Bodies of messages about revocations. */
#include <string.h>

#include "crl.h"
#include "mem.h"
#include "msg.h"
#include "revocations.h"
#include "unit.h"

START_TEST(revocations_have_real_reasons)
{
    AUTO(buf) struct buf b = {0};

    for (int reason = -1; reason < 20; reason++) {
        struct msg_revoke m = {{{0x42}, 1}, reason, -1, 7}, back;
        struct rd r;

        buf_reset(&b);
        msg_revoke_put(&b, &m);
        r = rd_of(b.data, b.len);
        msg_revoke_get(&r, &back);
        ck_assert_int_eq(rd_done(&r), reason < 0 || crl_reason_text(reason));
        if (rd_done(&r))
            ck_assert(back.reason == reason && back.renewals == -1 &&
                      back.leaf == 7);
    }
    buf_reset(&b);
    msg_revoke_put(&b, &(struct msg_revoke){{{0x42}, 1}, 1, 2, 0});
    struct rd r = rd_of(b.data, b.len);
    msg_revoke_get(&r, &(struct msg_revoke){0});
    ck_assert(r.failed);
}
END_TEST

/* The serials of several frames come together; the record is the last's. */
START_TEST(what_was_revoked_comes_in_parts)
{
    AUTO(buf) struct buf b = {0};
    struct serial also[3] = {{{0x41}, 1}, {{0x42}, 1}, {{0x43}, 1}};
    struct msg_revoked m = {
        .record = {.authority = (char *)"a",
                   .profile = (char *)"p",
                   .protocol = (char *)"http",
                   .requester = {WHO_TOKEN, (char *)"i", NULL},
                   .serial = {{0x40}, 1}},
        .also = also,
        .n = 2};
    AUTO(msg_revoked) struct msg_revoked back = {0};
    struct rd r;

    for (int part = 0; part < 2; part++) {
        buf_reset(&b);
        msg_revoked_put(&b, &m);
        r = rd_of(b.data, b.len);
        msg_revoked_get(&r, &back);
        ck_assert(rd_done(&r));
        ck_assert(back.crl_pending == m.crl_pending);
        m = (struct msg_revoked){m.record, true, also + 2, 1};
    }
    ck_assert_uint_eq(back.n, 3);
    for (int i = 0; i < 3; i++)
        ck_assert(serial_equal(&back.also[i], &also[i]));
    for (size_t len = 0; len < b.len; len++) {
        AUTO(msg_revoked) struct msg_revoked cut = {0};

        r = rd_of(b.data, len);
        msg_revoked_get(&r, &cut);
        ck_assert(!rd_done(&r));
    }
}
END_TEST

START_TEST(many_revocations_are_asked_for_as_they_come)
{
    AUTO(buf) struct buf b = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(msg_revocations)
    struct msg_revocations m = {.show = 7};
    struct rd r;

    query_init(&m.q);
    buf_puts(&m.followed, "kept");
    ck_assert_int_eq(query_set(&m.q, "name", "dns:**.b", &e), 0);
    ck_assert_int_eq(
        query_set(&m.q, "issued_after", "2026-01-02T03:04:05Z", &e), 0);
    for (int i = 0; i < 3; i++) {
        AUTO(msg_revocations) struct msg_revocations back;

        m.reason = m.renewals = i - 1;
        m.wait = i == 1;
        m.dry = i != 2;
        buf_reset(&b);
        msg_revocations_put(&b, &m);
        r = rd_of(b.data, b.len);
        msg_revocations_get(&r, &back);
        ck_assert(rd_done(&r));
        ck_assert(back.reason == i - 1 && back.renewals == i - 1);
        ck_assert(back.dry == m.dry && back.wait == m.wait && back.show == 7);
        ck_assert(back.followed.len == 4 &&
                  memcmp(back.followed.data, "kept", 4) == 0);
        ck_assert(back.q.has_pattern &&
                  back.q.issued_after == m.q.issued_after);
    }
    for (size_t len = 0; len <= b.len; len++) {
        AUTO(msg_revocations) struct msg_revocations cut;

        r = rd_of(b.data, len);
        msg_revocations_get(&r, &cut);
        ck_assert(rd_done(&r) == (len == b.len));
    }
    /* reason … wait, before show and followed */
    for (size_t back = 5 + 8; back <= 8 + 8; back++) {
        AUTO(msg_revocations) struct msg_revocations odd;
        const uint8_t was = b.data[b.len - back];

        b.data[b.len - back] = 100; /* no flag, and no reason */
        r = rd_of(b.data, b.len);
        msg_revocations_get(&r, &odd);
        ck_assert(!rd_done(&r));
        b.data[b.len - back] = was;
    }
    for (int more = 0; more < 2; more++) {
        AUTO(msg_revocations) struct msg_revocations long_one;

        buf_reset(&b);
        buf_extend(&m.followed, FOLLOWED_MAX + (size_t)more - m.followed.len);
        msg_revocations_put(&b, &m);
        r = rd_of(b.data, b.len);
        msg_revocations_get(&r, &long_one);
        ck_assert(rd_done(&r) == !more);
    }
}
END_TEST

static void add_one(struct revocations *l, uint64_t leaf, enum outcome outcome,
                    bool expired)
{
    const struct revocation one = {
        .leaf = leaf,
        .serial = {{0x40}, SERIAL_MAX},
        .outcome = outcome,
        .expired = expired,
        .why = outcome == OUTCOME_REFUSED ? (char *)"because" : NULL};

    revocations_add(l, &one);
}

/* More than one frame holds; every one is within the bound. */
START_TEST(what_became_of_many_comes_in_frames)
{
    AUTO(revocations) struct revocations all = {.crl_pending = true};
    AUTO(revocations) struct revocations back = {0};
    AUTO(buf) struct buf b = {0};
    size_t frames = 0;
    struct rd r;

    for (uint64_t i = 0; i < 5000; i++)
        add_one(&all, i, i % 7 ? OUTCOME_REVOKED : OUTCOME_REFUSED, i & 1);
    all.cursor = xstrdup("0011");
    memset(buf_extend(&all.followed, FOLLOWED_MAX), 7, FOLLOWED_MAX);
    for (size_t from = 0, n; from < all.n; from += n, frames++) {
        n = revocations_fit(&all, from);
        msg_begin(&b, MSG_REVOKED_PAGE, 1, from + n < all.n);
        revocations_put(&b, &all, from, n);
        ck_assert_uint_le(b.len, MSG_MAX);
        r = rd_of(b.data + MSG_HEAD, b.len - MSG_HEAD);
        revocations_get(&r, &back);
        ck_assert(rd_done(&r));
    }
    ck_assert_uint_gt(frames, 1);
    ck_assert_uint_lt(frames, 8);
    ck_assert_uint_eq(back.followed.len, FOLLOWED_MAX);
    ck_assert_uint_eq(back.n, all.n);
    ck_assert(back.crl_pending && strcmp(back.cursor, "0011") == 0);
    for (size_t i = 0; i < all.n; i++) {
        ck_assert(back.v[i].leaf == i && back.v[i].expired == (i & 1));
        ck_assert(serial_equal(&back.v[i].serial, &all.v[i].serial));
        ck_assert(back.v[i].outcome == all.v[i].outcome);
        ck_assert(!back.v[i].why == !all.v[i].why);
    }
    for (size_t len = MSG_HEAD; len < b.len; len += 41) {
        AUTO(revocations) struct revocations cut = {0};

        r = rd_of(b.data + MSG_HEAD, len - MSG_HEAD);
        revocations_get(&r, &cut);
        ck_assert(!rd_done(&r));
    }
}
END_TEST

static bool is_read(const struct buf *b, struct revocations *l)
{
    struct rd r = rd_of(b->data, b->len);

    revocations_get(&r, l);
    return rd_done(&r);
}

/* Octets that no signer sends. */
START_TEST(what_became_of_many_is_well_formed)
{
    static const struct {
        unsigned outcome;
        const char *why;
        bool good;
    } rows[] = {
        {OUTCOME_STOP, NULL, false},    {OUTCOME_REVOKED, NULL, true},
        {OUTCOME_REVOKED, "x", false},  {OUTCOME_REFUSED, "x", true},
        {OUTCOME_REFUSED, NULL, false}, {OUTCOME__MAX - 1, NULL, true},
        {OUTCOME__MAX, NULL, false},    {255, NULL, false},
    };
    AUTO(buf) struct buf endless = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct revocation v = {.serial = {{0x40}, 1},
                               .outcome = (enum outcome)rows[i].outcome,
                               .why = (char *)(uintptr_t)rows[i].why};
        const struct revocations no = {.v = &v, .n = 1};
        AUTO(buf) struct buf b = {0}, yes = {0};

        revocations_put(&b, &no, 0, 1);
        v.expired = true;
        revocations_put(
            &yes, &(struct revocations){.v = &v, .n = 1, .crl_pending = true},
            0, 1);
        for (size_t at = 0; at <= b.len; at++) {
            AUTO(revocations) struct revocations l = {0};

            if (at < b.len && b.data[at] == yes.data[at])
                continue;
            if (at < b.len)
                b.data[at] = 2; /* neither */
            ck_assert(is_read(&b, &l) == (at == b.len && rows[i].good));
            if (at < b.len)
                b.data[at] = 0;
        }
    }
    buf_str(&endless, NULL);
    buf_u8(&endless, 0);
    buf_blob(&endless, NULL, 0);
    buf_u32(&endless, UINT32_MAX);
    AUTO(revocations) struct revocations l = {0};
    ck_assert(!is_read(&endless, &l));
    ck_assert_uint_eq(l.n, 1);
}
END_TEST

/* Each line: what is said of one certificate, page after page; the last word
 * is the same of a dry run and of a real one. */
START_TEST(each_certificate_is_counted_once)
{
    static const struct {
        enum outcome said[3], counts;
    } lines[] = {
        {{OUTCOME_REVOKED, OUTCOME_RENEWAL, OUTCOME_STOP}, OUTCOME_REVOKED},
        {{OUTCOME_RENEWAL, OUTCOME_REVOKED, OUTCOME_STOP}, OUTCOME_REVOKED},
        {{OUTCOME_RENEWAL, OUTCOME_RENEWAL, OUTCOME_ALREADY}, OUTCOME_REVOKED},
        {{OUTCOME_RENEWAL, OUTCOME_RENEWAL, OUTCOME_STOP}, OUTCOME_RENEWAL},
        {{OUTCOME_ALREADY, OUTCOME_STOP, OUTCOME_STOP}, OUTCOME_ALREADY},
        {{OUTCOME_RENEWAL, OUTCOME_REFUSED, OUTCOME_REVOKED}, OUTCOME_REFUSED},
        {{OUTCOME_CHANGED, OUTCOME_STOP, OUTCOME_STOP}, OUTCOME_CHANGED},
    };
    AUTO(revocations) struct revocations l = {0};
    struct revocations_sum sum;

    for (size_t page = 0; page < 3; page++)
        for (size_t i = 0; i < COUNT(lines); i++)
            if (lines[i].said[page] != OUTCOME_STOP)
                add_one(&l, i, lines[i].said[page], i == 2 || i == 4);
    revocations_settle(&l);
    ck_assert_uint_eq(l.n, COUNT(lines));
    for (size_t i = 0; i < l.n; i++) {
        ck_assert(l.v[i].leaf == i && l.v[i].outcome == lines[i].counts);
        ck_assert(!l.v[i].why == (l.v[i].outcome != OUTCOME_REFUSED));
    }
    sum = revocations_sum(&l);
    ck_assert(sum.matched == 6 && sum.valid == 2 && sum.expired == 1);
    ck_assert(sum.changed == 1 && sum.already == 1 && sum.refused == 1);
    ck_assert(sum.renewals == 1 && sum.affected == 5);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        revocations_have_real_reasons,
        what_was_revoked_comes_in_parts,
        many_revocations_are_asked_for_as_they_come,
        what_became_of_many_comes_in_frames,
        what_became_of_many_is_well_formed,
        each_certificate_is_counted_once,
    };

    return unit_run("msg_revocations", tests, COUNT(tests));
}
