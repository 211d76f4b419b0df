/* SPDX-License-Identifier: ISC */
/* The file of the store: made, opened, and refused. */
#include "store_refused.h"

#include <signal.h>

#include <sys/resource.h>

static void write_at(const char *path, off_t at, const void *p, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, p, len, at), (ssize_t)len);
    close(fd);
}

static off_t size_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

START_TEST(test_create_open)
{
    AUTO(box) struct box b;
    AUTO(errs) struct errs e = {0};
    struct stat st;
    mode_t mask;

    box_dir(&b);
    mask = umask(0);
    ck_assert_int_eq(store_create(b.path, &e), 0);
    umask(mask);
    ck_assert_int_eq(stat(b.path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    box_open(&b);
    add_many(&b, 0, 0);
    ck_assert_str_eq(store_conn_error(b.w), "no error");
    /* A second time: refused, the first one unharmed. */
    ck_assert_int_eq(store_create(b.path, &e), -1);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, b.path));
    box_close(&b);
    box_open(&b);
    ck_assert_int_eq(box_number(b.w, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(box_number(b.w, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(box_number(b.w, "PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(box_number(b.r, "PRAGMA query_only"), 1);
    /* What a reader tries to write is refused, and nothing else. */
    ck_assert_int_eq(store_fact_put(b.r, "a", "b", 1), STORE_REFUSED);
    ck_assert_int_eq(store_fact_put(b.w, "a", "b", 1), STORE_OK);
}
END_TEST

START_TEST(test_refuse_files)
{
    AUTO(box) struct box b;
    uint8_t noise[8192];

    box_dir(&b);
    refused(b.path, "cannot be read");
    refused("/tmp", "not a regular file");
    write_at(b.path, 0, "", 0);
    refused(b.path, "0 octets");
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(i * 151 + 7);
    write_at(b.path, 0, noise, sizeof(noise));
    refused(b.path, "not a database");
    ck_assert_int_eq(size_of(b.path), sizeof(noise));
    unlink(b.path);
    box_edit(b.path, "CREATE TABLE certificates (leaf INTEGER PRIMARY KEY)");
    refused(b.path, "no ledger of pocketca");
}
END_TEST

START_TEST(test_refuse_ledgers)
{
    static const char *const changed[] = {
        "DROP TABLE postings", "DROP INDEX cert_not_after",
        "ALTER TABLE tokens RENAME COLUMN uses TO used"};

    for (size_t i = 0; i <= COUNT(changed); i++) {
        AUTO(box) struct box b;

        box_make(&b);
        add_many(&b, 0, 3);
        box_close(&b);
        if (i == COUNT(changed)) {
            box_edit(b.path, "PRAGMA user_version = 99");
            refused(b.path, "has schema 99");
        } else {
            box_edit(b.path, changed[i]);
            refused(b.path, "cannot be used");
        }
    }
}
END_TEST

/* A disk without room is not taken for a ledger that is damaged. */
START_TEST(test_refuse_no_room)
{
    AUTO(box) struct box b;
    AUTO(errs) struct errs e = {0};
    struct rlimit was, none;
    struct store *s;

    box_make(&b);
    add_many(&b, 0, 3);
    box_close(&b);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    none = was;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    s = store_open(b.path, &e); /* check itself writes to a file */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(e.v[0].detail, "disk is full or fails") != NULL, "%s",
                  e.v[0].detail);
    box_open(&b);
}
END_TEST

/* Half of the file, in every half, is refused; it is never taken for one that
 * has less in it. */
START_TEST(test_refuse_half)
{
    AUTO(box) struct box b;
    off_t size;

    box_make(&b);
    add_many(&b, 0, 40);
    ck_assert_int_eq(store_checkpoint(b.w), STORE_OK);
    box_close(&b);
    size = size_of(b.path);
    for (off_t to = size - 1; to > 0; to = to > 4096 ? to / 2 : to - 1000) {
        ck_assert_int_eq(truncate(b.path, to), 0);
        refused(b.path, to < 4096 ? "" : "damaged");
    }
}
END_TEST

/* Noise in the middle: reading it is a failure, and not "no such row". */
START_TEST(test_garbage_page)
{
    AUTO(box) struct box b;
    AUTO(record) struct record rec = {0};
    uint8_t noise[4096];
    uint64_t broken = 0;
    off_t size, first;

    box_make(&b);
    first = box_number(b.w, "SELECT max(rootpage) FROM sqlite_schema");
    /* What waits to be merged is read when a ledger is opened. */
    sq_of(b.w)->store->recent_max = 1;
    add_many(&b, 0, 200);
    ck_assert_int_eq(store_checkpoint(b.w), STORE_OK);
    box_close(&b);
    size = size_of(b.path);
    memset(noise, 0xa5, sizeof(noise));
    for (off_t at = first * 4096; at < size; at += 4096)
        write_at(b.path, at, noise, sizeof(noise));
    box_open(&b);
    for (uint64_t i = 0; i < 200; i++) {
        enum store_result r = store_cert_by_leaf(b.r, i, &rec);

        ck_assert_int_ne(r, STORE_NONE);
        broken += r == STORE_BROKEN;
        record_free(&rec);
        rec = (struct record){0};
    }
    ck_assert_uint_gt(broken, 100);
    ck_assert_ptr_nonnull(strstr(store_conn_error(b.r), "malformed"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_create_open, test_refuse_files, test_refuse_ledgers,
        test_refuse_no_room, test_refuse_half, test_garbage_page,
    };

    return unit_run("store_file", tests, COUNT(tests));
}
