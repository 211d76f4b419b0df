/* SPDX-License-Identifier: ISC */
/* A ledger in a directory of its own, and a second handle on its file: what
 * the tests of the ledger and of its audit share. */
#ifndef POCKETCA_LEDGER_EDIT_H
#define POCKETCA_LEDGER_EDIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "ledger.h"
#include "tm.h"

/* Runs SQL on the file as somebody with an editor would: no constraint and no
 * other program's opinion counts. */
static inline void db_edit(const char *path, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static inline void db_edit(const char *path, const char *fmt, ...)
{
    sqlite3 *db = NULL;
    AUTO(free) char *sql = NULL;
    char *why = NULL;
    va_list ap;
    int rc;

    va_start(ap, fmt);
    sql = xvasprintf(fmt, ap);
    va_end(ap);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    rc = sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL,
                      NULL);
    ck_assert_int_eq(rc, SQLITE_OK);
    rc = sqlite3_exec(db, sql, NULL, NULL, &why);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, why ? why : "");
    ck_assert_msg(sqlite3_total_changes(db) > 0, "%s: nothing changed", sql);
    sqlite3_free(why);
    sqlite3_close(db);
}

/* The lines of an audit. */
struct said {
    struct buf text;
    unsigned lines;
};
static inline void said_free(struct said *s)
{
    buf_free(&s->text);
}
AUTO_VALUE(said, struct said, said_free)

static inline void said_line(void *arg, const char *line)
{
    struct said *s = arg;

    s->lines++;
    buf_printf(&s->text, "%s\n", line);
}

/* Audits the file; the first misfit in *why (freed by the caller). */
static inline int db_audit(const char *path, EVP_PKEY *key, struct said *said,
                           char **why)
{
    AUTO(errs) struct errs e = {0};
    AUTO(store) struct store *store = store_open(path, &e);
    struct store_conn *c;
    int rc;

    ck_assert_msg(store != NULL, "%s", e.n ? e.v[0].detail : "");
    c = store_conn_open(store, false, &e);
    ck_assert_ptr_nonnull(c);
    rc = ledger_audit(c, key, said_line, said, &e);
    store_conn_close(c);
    ck_assert((rc == 0) == (e.n == 0));
    *why = xstrdup(e.n ? e.v[0].detail : "");
    return rc;
}

static inline void expect_fits(const char *path, EVP_PKEY *key)
{
    AUTO(said) struct said said = {0};
    AUTO(free) char *why = NULL;
    int rc = db_audit(path, key, &said, &why);

    ck_assert_msg(rc == 0, "%s\n%s", why, (char *)said.text.data);
}

/* The first misfit has this in it. */
static inline void expect_misfit(const char *path, EVP_PKEY *key,
                                 const char *part)
{
    AUTO(said) struct said said = {0};
    AUTO(free) char *why = NULL;

    ck_assert_msg(db_audit(path, key, &said, &why) != 0, "not found: %s", part);
    ck_assert_msg(strstr(why, part) != NULL, "\"%s\", wanted \"%s\"", why,
                  part);
    ck_assert_uint_gt(said.lines, 0);
}

#endif
