/* SPDX-License-Identifier: ISC */
/* What is read to be imported: all of it comes out, or an error does. */
#include "cmd_import_spool.h"

#include <errno.h>

#include "crl.h"
#include "unit.h"

static void put_revoked(struct spool *s, int reason, const char *source)
{
    const struct msg_import_item m = {
        .kind = IMPORT_SERIAL, .serial = {{1}, 1}, .reason = reason};

    ck_assert_int_eq(spool_put(s, source, &m), 0);
}

static void put(struct spool *s, enum import_kind kind, const char *source)
{
    const struct msg_import_item m = {.kind = kind, .serial = {{1}, 1}};

    ck_assert_int_eq(spool_put(s, source, &m), 0);
}

/* The next item is from there. */
static void comes(struct spool *s, const char *source)
{
    AUTO(buf) struct buf item = {0};
    AUTO(free) char *from = NULL;
    struct rd rd;

    ck_assert_int_eq(spool_next(s, &item), 1);
    rd = rd_of(item.data, item.len);
    from = rd_str(&rd);
    ck_assert_str_eq(from, source);
}

START_TEST(what_is_revoked_comes_first)
{
    AUTO(buf) struct buf item = {0};
    struct spool s = {0};

    ck_assert_int_eq(spool_open(&s), 0);
    put_revoked(&s, REASON_SUPERSEDED, "list.crl");
    put(&s, IMPORT_CERT, "a.pem");
    put_revoked(&s, REASON_KEY_COMPROMISE, "index.txt:2");
    put(&s, IMPORT_NAMED, "index.txt:1");
    put(&s, IMPORT_CERT, "b.pem");
    ck_assert_int_eq(spool_rewind(&s), 0);
    comes(&s, "index.txt:2");
    comes(&s, "list.crl");
    comes(&s, "a.pem");
    comes(&s, "b.pem");
    comes(&s, "index.txt:1");
    ck_assert_int_eq(spool_next(&s, &item), 0);
    spool_close(&s);
}
END_TEST

/* An item that waited in a buffer is not lost without a word. */
START_TEST(a_full_disk_is_an_error)
{
    struct spool s = {
        {fopen("/dev/full", "w+e"), tmpfile(), tmpfile(), tmpfile()}};

    ck_assert(s.files[0] && s.files[3]);
    put_revoked(&s, REASON_KEY_COMPROMISE, "list.crl");
    ck_assert_int_eq(spool_rewind(&s), -1);
    ck_assert_int_eq(errno, ENOSPC);
    spool_close(&s);
}
END_TEST

START_TEST(a_cut_item_is_an_error)
{
    AUTO(buf) struct buf item = {0};
    struct spool s = {0};
    long end;

    ck_assert_int_eq(spool_open(&s), 0);
    put(&s, IMPORT_CERT, "a.pem");
    put(&s, IMPORT_CERT, "b.pem");
    end = ftell(s.files[2]);
    ck_assert_int_eq(spool_rewind(&s), 0);
    ck_assert_int_eq(ftruncate(fileno(s.files[2]), end - 1), 0);
    comes(&s, "a.pem");
    ck_assert_int_eq(spool_next(&s, &item), -1);
    ck_assert_int_eq(errno, EIO);
    spool_close(&s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_revoked_comes_first,
        a_full_disk_is_an_error,
        a_cut_item_is_an_error,
    };

    return unit_run("import_spool", tests, COUNT(tests));
}
