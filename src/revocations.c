/* SPDX-License-Identifier: ISC */
#include "revocations.h"

#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "msg.h"

enum {
    NOT_GIVEN = 0xff,
    ONE_SIZE =
        8 + 4 + 1 + 1 + 4, /* octets of one, at most, but serial and why */
    HEAD_MAX = 256 + FOLLOWED_MAX, /* what stands before them */
};

void msg_revocations_free(struct msg_revocations *m)
{
    query_free(&m->q);
    buf_free(&m->followed);
}

void msg_revocations_put(struct buf *b, const struct msg_revocations *m)
{
    query_put(b, &m->q);
    buf_u8(b, m->reason < 0 ? NOT_GIVEN : (uint8_t)m->reason);
    buf_u8(b, m->renewals < 0 ? NOT_GIVEN : (uint8_t)m->renewals);
    buf_u8(b, m->dry);
    buf_u8(b, m->wait);
    buf_u32(b, m->show);
    buf_blob(b, m->followed.data, m->followed.len);
}

static void get_followed(struct rd *r, struct buf *out)
{
    size_t len;
    const uint8_t *p = rd_blob(r, &len);

    buf_reset(out);
    if (len <= FOLLOWED_MAX)
        buf_put(out, p, len);
    else
        r->failed = true;
}

void msg_revocations_get(struct rd *r, struct msg_revocations *m)
{
    uint8_t reason, renewals, dry, wait;

    m->followed = (struct buf){0};
    query_get(r, &m->q);
    reason = rd_u8(r);
    renewals = rd_u8(r);
    dry = rd_u8(r);
    wait = rd_u8(r);
    m->show = rd_u32(r);
    get_followed(r, &m->followed);
    m->reason = reason == NOT_GIVEN ? -1 : reason;
    m->renewals = renewals == NOT_GIVEN ? -1 : renewals;
    m->dry = dry == 1;
    m->wait = wait == 1;
    if (dry > 1 || wait > 1 || m->renewals > 1 ||
        (m->reason >= 0 && !crl_reason_text(m->reason)))
        r->failed = true;
}

void revocations_free(struct revocations *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i].why);
    free(l->v);
    free(l->cursor);
    buf_free(&l->followed);
    *l = (struct revocations){0};
}

static void add(struct revocations *l, const struct revocation *one)
{
    l->v = xgrow(l->v, l->n, sizeof(*l->v));
    l->v[l->n++] = *one;
}

void revocations_add(struct revocations *l, const struct revocation *one)
{
    add(l, one);
    l->v[l->n - 1].why = xstrdup_null(one->why);
}

static size_t size_of(const struct revocation *one)
{
    return ONE_SIZE + one->serial.len + (one->why ? strlen(one->why) : 0);
}

size_t revocations_fit(const struct revocations *l, size_t first)
{
    size_t n = 0, left = MSG_MAX - HEAD_MAX;

    while (first + n < l->n && size_of(&l->v[first + n]) <= left)
        left -= size_of(&l->v[first + n++]);
    return n;
}

void revocations_put(struct buf *b, const struct revocations *l, size_t first,
                     size_t n)
{
    buf_str(b, l->cursor);
    buf_u8(b, l->crl_pending);
    buf_blob(b, l->followed.data, first + n == l->n ? l->followed.len : 0);
    buf_u32(b, (uint32_t)n);
    for (size_t i = first; i < first + n; i++) {
        buf_u64(b, l->v[i].leaf);
        serial_put(b, &l->v[i].serial);
        buf_u8(b, (uint8_t)l->v[i].outcome);
        buf_u8(b, l->v[i].expired);
        buf_str(b, l->v[i].why);
    }
}

static void get_one(struct rd *r, struct revocations *l)
{
    struct revocation one = {.leaf = rd_u64(r)};
    uint8_t outcome, expired;

    serial_get(r, &one.serial);
    outcome = rd_u8(r);
    expired = rd_u8(r);
    one.expired = expired == 1;
    one.outcome = (enum outcome)outcome;
    one.why = rd_str_null(r);
    if (outcome <= OUTCOME_STOP || outcome >= OUTCOME__MAX || expired > 1 ||
        (outcome == OUTCOME_REFUSED) != (one.why != NULL))
        r->failed = true;
    add(l, &one);
}

void revocations_get(struct rd *r, struct revocations *l)
{
    uint8_t pending;
    uint32_t n;

    free(l->cursor);
    l->cursor = rd_str_null(r);
    pending = rd_u8(r);
    l->crl_pending = pending == 1;
    get_followed(r, &l->followed);
    n = rd_u32(r);
    if (pending > 1)
        r->failed = true;
    for (uint32_t i = 0; i < n && !r->failed; i++)
        get_one(r, l);
}

int revocations_next(struct msg_revocations *m, struct revocations *l,
                     struct errs *e)
{
    buf_free(&m->followed);
    m->followed = l->followed;
    l->followed = (struct buf){0};
    return query_set(&m->q, "cursor", l->cursor, e);
}

static int by_leaf(const void *a, const void *b)
{
    const struct revocation *const *x = a, *const *y = b;

    if ((*x)->leaf != (*y)->leaf)
        return (*x)->leaf < (*y)->leaf ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* the first word first */
}

/* The first word about a certificate counts, unless it says RENEWAL and a later
 * one does not.  Whether that was a dry run or not, it says the same. */
static void settle_one(struct revocations *l, struct revocation **said,
                       size_t n)
{
    struct revocation *one = said[0];

    for (size_t i = 1; i < n && one->outcome == OUTCOME_RENEWAL; i++)
        if (said[i]->outcome != OUTCOME_RENEWAL)
            one = said[i];
    if (one != said[0] && one->outcome == OUTCOME_ALREADY)
        one->outcome = OUTCOME_REVOKED;
    add(l, one);
    one->why = NULL;
}

void revocations_settle(struct revocations *l)
{
    AUTO(free)
    struct revocation **order = xcalloc(l->n + 1, sizeof(struct revocation *));
    struct revocations settled = {.cursor = take_ptr(l->cursor),
                                  .crl_pending = l->crl_pending};
    size_t n;

    for (size_t i = 0; i < l->n; i++)
        order[i] = &l->v[i];
    qsort(order, l->n, sizeof(order[0]), by_leaf);
    for (size_t i = 0; i < l->n; i += n) {
        for (n = 1; i + n < l->n && order[i + n]->leaf == order[i]->leaf;)
            n++;
        settle_one(&settled, order + i, n);
    }
    revocations_free(l);
    *l = settled;
}

struct revocations_sum revocations_sum(const struct revocations *l)
{
    struct revocations_sum s = {0};
    size_t n[OUTCOME__MAX] = {0};

    for (size_t i = 0; i < l->n; i++) {
        n[l->v[i].outcome]++;
        s.expired += l->v[i].outcome == OUTCOME_REVOKED && l->v[i].expired;
    }
    s.valid = n[OUTCOME_REVOKED] - s.expired;
    s.changed = n[OUTCOME_CHANGED];
    s.already = n[OUTCOME_ALREADY];
    s.refused = n[OUTCOME_REFUSED];
    s.renewals = n[OUTCOME_RENEWAL];
    s.matched = l->n - s.renewals;
    s.affected = l->n - s.already - s.refused;
    return s;
}
