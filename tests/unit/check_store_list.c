/* SPDX-License-Identifier: ISC */
/* Lists: every filter alone and in company, in both orders and page by page,
 * against what the same query finds by looking at every certificate. */
#include "store_many.h"

/* ---- pages */

/* At most max_pages pages of the query, each as it must be. */
static void check_pages(struct many *m, struct query *q, const char *what,
                        unsigned max_pages)
{
    AUTO(found) struct found want = {0};
    size_t at = 0;

    find_all(m, q, &want);
    for (unsigned k = 0; k < max_pages; k++) {
        AUTO(free) struct page *p = xcalloc(1, sizeof(*p));
        size_t n = want.n - at > q->limit ? q->limit + 1 : want.n - at;

        list_page(m, q, p);
        ck_assert_msg(p->n == n, "%s, page %u: %zu rows, wanted %zu", what, k,
                      p->n, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(p->leaf[i] == want.v[at + i]->put.leaf,
                          "%s, page %u, row %zu", what, k, i);
        no_scan(m->box.r, what);
        if (n <= q->limit)
            return;
        at += q->limit;
        set_cursor(q, want.v[at - 1]);
    }
}

static void check_query(struct many *m, const struct argument *args, size_t n,
                        bool by_expiry, unsigned limit)
{
    AUTO(query) struct query q = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf what = {0};

    query_init(&q);
    q.by_expiry = by_expiry;
    q.limit = limit;
    buf_printf(&what, "%s, %u:", by_expiry ? "expiry" : "issued", limit);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&what, " %s=%s", args[i].key, args[i].value);
        ck_assert_msg(query_set(&q, args[i].key, args[i].value, &e) == 0,
                      "%.*s: %s", (int)what.len, (char *)what.data,
                      e.n ? e.v[0].detail : "");
    }
    buf_putc(&what, 0);
    check_pages(m, &q, (char *)what.data, limit < 100 ? 3 : 40);
}

static const struct argument arguments[] = {
    {"name", "a.internal"},
    {"name", "n77.x.internal"},
    {"name", "nobody.internal"},
    {"name", "cn.a.internal"},
    {"name", "*.a.internal"},
    {"name", "*.x.internal"},
    {"name", "*.b.a.internal"},
    {"name", "**.a.internal"},
    {"name", "**.internal"},
    {"name", "dns:**"},
    {"name", "10.0.0.1"},
    {"name", "10.0.0.0/16"},
    {"name", "10.0.0.0/8"},
    {"name", "10.0.255.0/24"},
    {"name", "0.0.0.0/0"},
    {"name", "fd00::/16"},
    {"name", "fd00::/32"},
    {"name", "::/0"},
    {"name", "::/64"},
    {"name", "ip:**"},
    {"name", "x@a.internal"},
    {"name", "email:*@a.internal"},
    {"name", "email:*@internal"},
    {"name", "email:**"},
    {"name", "https://h.internal/a/"},
    {"name", "https://h.internal/a/**"},
    {"name", "https://h.internal/**"},
    {"name", "uri:**"},
    {"covers", "b.a.internal"},
    {"covers", "zz.a.internal"},
    {"covers", "a.internal"},
    {"covers", "zz.b.a.internal"},
    {"covers", "zz.zz.a.internal"},
    {"status", "valid"},
    {"status", "revoked"},
    {"status", "expired"},
    {"replaced", "true"},
    {"replaced", "false"},
    {"profile", "server"},
    {"profile", "rare"},
    {"profile", "none' OR 1=1 --"},
    {"authority", "issuing"},
    {"authority", "second"},
    {"authority", "nobody"},
    {"requester", "k1"},
    {"requester", "k2"},
    {"requester", "team"},
    {"requester", "k%"},
    {"issued_after", "2026-11-25T12:00:00Z"},
    {"issued_after", "2027-11-25T12:00:00Z"},
    {"issued_before", "2026-11-24T00:10:00Z"},
    {"issued_before", "2026-11-23T00:00:00Z"},
    {"issued_before", "2026-11-23T00:00:01Z"},
    {"expires_after", "2026-12-25T00:00:00Z"},
    {"expires_after", "2030-12-25T00:00:00Z"},
    {"expires_before", "2026-12-01T00:00:00Z"},
    {"expires_before", "2026-11-23T00:00:00Z"},
};
enum { ARGUMENTS = COUNT(arguments) };

/* The two whose values depend on the keys of this run. */
static void hashes(struct many *m, struct argument out[4], char text[4][65])
{
    uint8_t hash[4][32];

    for (size_t i = 0; i < 2; i++)
        digest_sum(DIGEST_SHA256, m->box.keys[i].spki.data,
                   m->box.keys[i].spki.len, hash[i]);
    memcpy(hash[2], m->v[m->n / 2].put.sha256, 32);
    /* The same first octets as a real one, which the index has. */
    memcpy(hash[3], hash[2], 32);
    hash[3][31] ^= 1;
    for (int i = 0; i < 4; i++) {
        hex_encode(text[i], hash[i], 32);
        out[i] = (struct argument){i < 2 ? "key_sha256" : "sha256", text[i]};
    }
}

START_TEST(test_each)
{
    AUTO(many) struct many m;
    struct argument extra[4];
    char text[4][65];

    many_make(&m, MANY);
    hashes(&m, extra, text);
    for (int by_expiry = 0; by_expiry < 2; by_expiry++) {
        check_query(&m, NULL, 0, by_expiry, 1000);
        check_query(&m, NULL, 0, by_expiry, 1);
        for (size_t i = 0; i < ARGUMENTS; i++) {
            check_query(&m, &arguments[i], 1, by_expiry, 1000);
            check_query(&m, &arguments[i], 1, by_expiry, 7);
        }
        for (size_t i = 0; i < 4; i++)
            check_query(&m, &extra[i], 1, by_expiry, 100);
    }
}
END_TEST

START_TEST(test_combined)
{
    AUTO(many) struct many m;
    struct argument extra[4];
    char text[4][65];

    many_make(&m, MANY);
    hashes(&m, extra, text);
    for (int i = 0; i < 400; i++) {
        struct argument args[4];
        size_t n = 2 + draw(&m, 3);

        for (size_t k = 0; k < n; k++) {
            uint32_t a = draw(&m, ARGUMENTS + 4);

            args[k] = a < ARGUMENTS ? arguments[a] : extra[a - ARGUMENTS];
        }
        check_query(&m, args, n, draw(&m, 2), draw(&m, 2) ? 1000 : 13);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_each,
        test_combined,
    };

    return unit_run("store_list", tests, COUNT(tests));
}
