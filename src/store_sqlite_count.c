/* SPDX-License-Identifier: ISC */
/* Tallies and the metrics made of them; the size of the files. */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tm.h"

static struct sq_hour *hour_of(struct sq_tally *t, int64_t hour)
{
    struct sq_hour *h;

    for (size_t i = 0; i < t->n_hours; i++)
        if (t->hours[i].hour == hour)
            return &t->hours[i];
    t->hours = xreallocarray(t->hours, t->n_hours + 1, sizeof(*t->hours));
    h = &t->hours[t->n_hours++];
    *h = (struct sq_hour){.hour = hour};
    return h;
}

static struct sq_day *day_of(struct sq_tally *t, int64_t day, int64_t leaf)
{
    struct sq_day *d;

    for (size_t i = 0; i < t->n_days; i++)
        if (t->days[i].day == day)
            return &t->days[i];
    t->days = xreallocarray(t->days, t->n_days + 1, sizeof(*t->days));
    d = &t->days[t->n_days++];
    *d = (struct sq_day){day, leaf, leaf};
    return d;
}

void sq_tally_hour(struct sq_conn *c, int64_t not_after, int total, int revoked,
                   int open)
{
    struct sq_hour *h = hour_of(&c->tally, not_after / TM_HOUR);

    h->total += total;
    h->revoked += revoked;
    h->open += open;
}

void sq_tally_day(struct sq_conn *c, int64_t issued_at, uint64_t leaf)
{
    struct sq_day *d = day_of(&c->tally, issued_at / TM_DAY, (int64_t)leaf);

    if ((int64_t)leaf < d->first)
        d->first = (int64_t)leaf;
    if ((int64_t)leaf > d->last)
        d->last = (int64_t)leaf;
}

void sq_tally_drop(struct sq_conn *c)
{
    free(c->tally.hours);
    free(c->tally.days);
    c->tally = (struct sq_tally){0};
}

enum store_result sq_tally_flush(struct sq_conn *c)
{
    enum store_result r = STORE_OK;

    for (size_t i = 0; i < c->tally.n_hours && r == STORE_OK; i++) {
        const struct sq_hour *h = &c->tally.hours[i];

        r = sq_do(c, SQL_HOUR_ADD, "iiii", h->hour, h->total, h->revoked,
                  h->open);
    }
    for (size_t i = 0; i < c->tally.n_days && r == STORE_OK; i++) {
        const struct sq_day *d = &c->tally.days[i];

        r = sq_do(c, SQL_DAY_ADD, "iii", d->day, d->first, d->last);
    }
    sq_tally_drop(c);
    return r;
}

struct sums {
    uint64_t total, revoked, open;
};

static enum store_result add_sums(struct sq_conn *c, enum sql_id id,
                                  int64_t from, int64_t to, struct sums *out)
{
    AUTO(stmt) sqlite3_stmt *st = sq_bind(c, id, "ii", from, to);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK) {
        out->total += (uint64_t)sqlite3_column_int64(st, 0);
        out->revoked += (uint64_t)sqlite3_column_int64(st, 1);
        out->open += (uint64_t)sqlite3_column_int64(st, 2);
    }
    return r;
}

/* Certificates whose notAfter is from `from` on, before `to`: whole hours from
 * the tally, the rest of at most two hours from the index. */
static enum store_result count_between(struct sq_conn *c, int64_t from,
                                       int64_t to, struct sums *out)
{
    int64_t first = (from + TM_HOUR - 1) / TM_HOUR, last = to / TM_HOUR;
    enum store_result r;

    *out = (struct sums){0};
    if (first > last)
        return add_sums(c, SQL_HOUR_PART, from, to, out);
    r = add_sums(c, SQL_HOUR_PART, from, first * TM_HOUR, out);
    if (r == STORE_OK)
        r = add_sums(c, SQL_HOUR_SUM, first, last, out);
    if (r == STORE_OK && last * TM_HOUR < to)
        r = add_sums(c, SQL_HOUR_PART, last * TM_HOUR, to, out);
    return r;
}

static enum store_result count_all(struct sq_conn *c, int64_t now,
                                   struct store_counts *out)
{
    static const int within[4] = {1, 7, 14, 30};
    struct sums past, future, s;
    enum store_result r = count_between(c, 0, now, &past);

    if (r == STORE_OK)
        r = count_between(c, now, TM_LAST + 1, &future);
    for (int i = 0; i < 4 && r == STORE_OK; i++) {
        r = count_between(c, now, now + within[i] * TM_DAY, &s);
        out->expiring[i] = s.open;
    }
    if (r != STORE_OK)
        return r;
    out->valid = future.total - future.revoked;
    out->expired = past.total - past.revoked;
    out->revoked = past.revoked + future.revoked;
    return STORE_OK;
}

static int64_t file_bytes(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : 0;
}

enum store_result sq_count(struct store_conn *base, int64_t now,
                           struct store_counts *out)
{
    struct sq_conn *c = sq_of(base);
    const bool own = sqlite3_get_autocommit(c->db);
    AUTO(free) char *wal = xasprintf("%s-wal", c->store->path);
    enum store_result r = own ? store_begin(base) : STORE_OK;

    *out = (struct store_counts){0};
    if (r != STORE_OK)
        return r;
    r = count_all(c, now, out);
    if (own)
        store_rollback(base);
    out->ledger_bytes = file_bytes(c->store->path);
    out->wal_bytes = file_bytes(wal);
    return r;
}
