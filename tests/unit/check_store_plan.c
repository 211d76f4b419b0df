/* SPDX-License-Identifier: ISC */
/* How the database finds what lists ask for: never by a scan. */
#include <string.h>

#include "unit.h"

#include "store_box.h"

/* These read a table from an end of it and stop, or rows of a recursion; or,
 * at the start, the whole of a table or partial index that is small. */
static bool may_scan(const char *statement, const char *detail)
{
    static const struct {
        const char *statement, *detail;
    } fine[] = {
        {"head_last", "SCAN heads"},
        {"recent_all", "SCAN recent"},
        {"ancestor_compromised", "SCAN up"},
        {"compromised_descendants", "SCAN d"},
        {"compromised_descendants", "SCAN p USING INDEX cert_compromised"},
        {"key_bans", "SCAN certificates USING INDEX cert_compromised"},
        {"key_bans", "SCAN blocked_keys USING INDEX blocked_key"},
    };

    if (strcmp(detail, "SCAN CONSTANT ROW") == 0)
        return true;
    for (size_t i = 0; i < COUNT(fine); i++)
        if (strcmp(fine[i].statement, statement) == 0 &&
            strcmp(fine[i].detail, detail) == 0)
            return true;
    return false;
}

static bool plan_is_bad(const char *statement, const char *detail)
{
    return (strncmp(detail, "SCAN", 4) == 0 && !may_scan(statement, detail)) ||
           strstr(detail, "TEMP B-TREE FOR ORDER BY") ||
           strstr(detail, "AUTOMATIC");
}

/* The first bad line of the plan, or NULL; the caller frees. */
static char *bad_plan(struct store_conn *c, const char *name, const char *text)
{
    AUTO(free) char *sql = xasprintf("EXPLAIN QUERY PLAN %s", text);
    sqlite3_stmt *st = NULL;
    char *bad = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(sq_of(c)->db, sql, -1, &st, NULL),
                     SQLITE_OK);
    while (!bad && sqlite3_step(st) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(st, 3);

        if (plan_is_bad(name, detail))
            bad = xstrdup(detail);
    }
    sqlite3_finalize(st);
    return bad;
}

START_TEST(test_plans)
{
    static const char *const scans[] = {
        "SELECT leaf FROM certificates WHERE note = 'x'",
        "SELECT leaf FROM postings WHERE key = x'00'",
        "SELECT count(*) FROM entries",
        "SELECT leaf FROM certificates WHERE profile = 1 ORDER BY issued_at",
    };
    AUTO(box) struct box b;

    box_make(&b);
    for (size_t i = 0; i < COUNT(scans); i++) {
        AUTO(free) char *bad = bad_plan(b.r, "test", scans[i]);

        ck_assert_msg(bad != NULL, "this test does not see: %s", scans[i]);
    }
    for (int i = 0; i < SQL__MAX; i++) {
        AUTO(free)
        char *bad = bad_plan(b.r, sql_text[i].name, sql_text[i].text);

        ck_assert_msg(bad == NULL, "%s: %s", sql_text[i].name, bad);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_plans,
    };

    return unit_run("store_plan", tests, COUNT(tests));
}
