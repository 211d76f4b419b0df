/* SPDX-License-Identifier: ISC */
/* Lists in pieces: cursors, equal ends, and what is rare. */
#include "store_many.h"

/* What was there when the first page was read comes exactly once, whatever is
 * stored between the pages. */
START_TEST(test_stable)
{
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (int by_expiry = 0; by_expiry < 2; by_expiry++) {
        AUTO(query) struct query q = {0};
        const size_t before = m.n;
        AUTO(free) unsigned *seen = xcalloc(before, sizeof(*seen));
        size_t pages = 0, late = 0;

        query_init(&q);
        q.by_expiry = by_expiry;
        q.limit = 173;
        for (;; pages++) {
            AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
            size_t i = 0;

            list_page(&m, &q, p);
            for (; i < p->n && i < q.limit; i++) {
                size_t at = (p->leaf[i] - 5) / LEAF_STEP;

                if (at < before)
                    seen[at]++;
                else
                    late++;
            }
            if (p->n <= q.limit)
                break;
            grow(&m, 20);
            set_cursor(&q, &m.v[(p->leaf[i - 1] - 5) / LEAF_STEP]);
        }
        for (size_t i = 0; i < before; i++)
            ck_assert_uint_eq(seen[i], 1);
        ck_assert_uint_gt(pages, 10);
        /* Newest first: they are before the first page.  Soonest first: those
         * that end behind the cursor do come. */
        ck_assert((late > 0) == (by_expiry == 1));
    }
}
END_TEST

/* The whole list in pieces, none of which looks at many rows. */
static void check_pieces(struct many *m, struct query *q, unsigned look)
{
    AUTO(found) struct found want = {0};
    size_t at = 0;
    unsigned early = 0;

    find_all(m, q, &want);
    for (;;) {
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        struct list_walk w = {.look = look, .looked = 7, .early = true};
        size_t n;

        ck_assert_int_eq(store_cert_list(m->box.r, q, NOW, &w, take, p),
                         STORE_OK);
        n = p->n < q->limit ? p->n : q->limit;
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p->leaf[i], want.v[at + i]->put.leaf);
        at += n;
        /* Windows of two indices more; what runs dry towards the end of the
         * list is looked at whole. */
        ck_assert_uint_le(w.looked, w.early ? look + 2 * 64 : 2000);
        if (p->n > q->limit)
            set_cursor(q, want.v[at - 1]);
        else if (w.early)
            query_go_on(q, w.not_after, w.leaf);
        else
            break;
        ck_assert(p->n > q->limit || w.looked >= look);
        early += w.early;
        no_scan(m->box.r, "a piece");
    }
    ck_assert_uint_eq(at, want.n);
    ck_assert(early > 0 || look > q->limit);
}

/* Filters that each match more than a list gathers, so that it walks: what they
 * have in common takes longer to find than one call may. */
START_TEST(test_pieces)
{
    static const struct argument dense[][2] = {
        {{"profile", "server"}, {"requester", "k1"}},
        {{"authority", "issuing"}, {"profile", "server"}},
        {{"name", "**.internal"}, {"profile", "server"}},
        {{"expires_after", "2026-11-24T00:00:00Z"}, {"replaced", "false"}},
    };
    static const unsigned looks[] = {1, 40, 1500};
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (size_t i = 0; i < 4 * 2 * 3; i++) {
        AUTO(query) struct query q = {0};
        AUTO(errs) struct errs e = {0};

        query_init(&q);
        q.by_expiry = i / 3 % 2;
        for (size_t k = 0; k < 2; k++)
            ck_assert_int_eq(
                query_set(&q, dense[i / 6][k].key, dense[i / 6][k].value, &e),
                0);
        check_pieces(&m, &q, looks[i % 3]);
    }
}
END_TEST

/* Behind the last of many that end together, nothing is looked at. */
START_TEST(test_equal_ends)
{
    AUTO(many) struct many m;
    AUTO(found) struct found all = {0};
    AUTO(query) struct query q = {0};
    AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
    int steps = 0;

    many_make(&m, MANY);
    query_init(&q);
    q.by_expiry = true;
    find_all(&m, &q, &all);
    ck_assert_int_eq(all.v[m.n - 1]->put.not_after,
                     all.v[m.n - 1200]->put.not_after);
    set_cursor(&q, all.v[m.n - 2]);
    list_page(&m, &q, p);
    ck_assert_uint_eq(p->n, 1);
    ck_assert_uint_eq(p->leaf[0], all.v[m.n - 1]->put.leaf);
    for (int i = 0; i < SQL__MAX; i++)
        if (sq_of(m.box.r)->st[i])
            steps += sqlite3_stmt_status(sq_of(m.box.r)->st[i],
                                         SQLITE_STMTSTATUS_VM_STEP, 0);
    ck_assert_int_lt(steps, 1000);
}
END_TEST

/* A rare value is found by its index, not by a walk over the others. */
START_TEST(test_rare)
{
    static const struct argument rare[] = {{"replaced", "true"},
                                           {"authority", "second"}};
    AUTO(many) struct many m;

    many_make(&m, MANY);
    for (size_t i = 0; i < 2 * 2; i++) {
        AUTO(query) struct query q = {0};
        AUTO(errs) struct errs e = {0};
        AUTO(found) struct found want = {0};
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        sqlite3_stmt *check;

        query_init(&q);
        q.limit = 1000;
        q.by_expiry = i >= 2;
        ck_assert_int_eq(query_set(&q, rare[i % 2].key, rare[i % 2].value, &e),
                         0);
        find_all(&m, &q, &want);
        list_page(&m, &q, p);
        ck_assert_uint_eq(p->n, want.n);
        check = sq_of(m.box.r)->st[SQL_LIST_CHECK];
        ck_assert_uint_eq(
            (unsigned)sqlite3_stmt_status(check, SQLITE_STMTSTATUS_RUN, 1),
            want.n);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_stable,
        test_pieces,
        test_equal_ends,
        test_rare,
    };

    return unit_run("store_pieces", tests, COUNT(tests));
}
