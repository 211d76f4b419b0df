/* SPDX-License-Identifier: ISC */
/* The log is moved into the database: beside whom, and what a disk that fails
 * leaves.  pwrite64() and fdatasync() are this test's own, which SQLite calls.
 */
#include "store_box.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include <sys/syscall.h>

#include "store_sqlite.h"
#include "unit.h"

/* What befalls the database; the log goes through. */
static struct {
    bool fail, hold_write, hold_sync;
    atomic_uint syncs;
    sem_t begun, go;
} disk;

static bool is_database(int fd)
{
    char link[40], path[4096];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    return n > 3 && memcmp(path + n - 3, ".db", 3) == 0;
}

/* Until the test lets it go on, once. */
static void stay(bool *hold)
{
    if (!*hold)
        return;
    *hold = false;
    sem_post(&disk.begun);
    sem_wait(&disk.go);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    if (is_database(fd))
        stay(&disk.hold_write);
    return syscall(SYS_pwrite64, fd, p, n, at);
}

int fdatasync(int fd)
{
    if (!is_database(fd))
        return (int)syscall(SYS_fdatasync, fd);
    disk.syncs++;
    stay(&disk.hold_sync);
    errno = EIO;
    return disk.fail ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static int wal_pages(const struct box *b)
{
    return atomic_load(&sq_of(b->w)->store->wal_pages);
}

static void add(struct box *b, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++) {
        struct put p = {.leaf = i, .names = "a.internal"};

        box_add(b, &p);
    }
}

static void *move_run(void *arg)
{
    struct box *b = arg;
    bool done;

    ck_assert_int_eq(store_log_move(b->r, 0, &done), STORE_OK);
    ck_assert(done);
    return NULL;
}

/* Commits come while the disk takes the database; afterwards all of it is
 * synced but what they brought, and the log begins anew. */
static void commits_beside(bool *hold)
{
    AUTO(box) struct box b;
    pthread_t thread;
    int before;

    box_make(&b);
    add(&b, 1, 50);
    sem_init(&disk.begun, 0, 0);
    sem_init(&disk.go, 0, 0);
    disk.syncs = 0;
    *hold = true;
    pthread_create(&thread, NULL, move_run, &b);
    sem_wait(&disk.begun);
    add(&b, 51, 3);
    sem_post(&disk.go);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(disk.syncs, 0);
    before = wal_pages(&b);
    ck_assert_int_eq(store_log_restart(b.w), STORE_OK);
    add(&b, 54, 1);
    ck_assert_int_lt(wal_pages(&b), before / 2);
    for (uint64_t leaf = 1; leaf <= 54; leaf++)
        ck_assert(box_has(&b, leaf));
}

START_TEST(no_commit_waits_for_the_database)
{
    commits_beside(&disk.hold_write);
    commits_beside(&disk.hold_sync);
}
END_TEST

START_TEST(a_short_log_is_left_alone)
{
    AUTO(box) struct box b;
    bool done;

    box_make(&b);
    add(&b, 1, 1);
    disk.syncs = 0;
    ck_assert_int_eq(store_log_move(b.r, 1024 * 4096, &done), STORE_OK);
    ck_assert(!done && disk.syncs == 0);
}
END_TEST

/* It is in the log as long as somebody reads there, and nobody waits for him.
 */
START_TEST(a_reader_keeps_the_log)
{
    AUTO(box) struct box b;
    AUTO(record) struct record r = {0};
    bool done;
    int before;

    box_make(&b);
    add(&b, 1, 20);
    ck_assert_int_eq(store_begin(b.r), STORE_OK);
    ck_assert_int_eq(store_cert_by_leaf(b.r, 1, &r), STORE_OK);
    add(&b, 21, 20);
    before = wal_pages(&b);
    ck_assert_int_eq(store_log_restart(b.w), STORE_OK);
    add(&b, 41, 1);
    ck_assert_int_gt(wal_pages(&b), before);
    ck_assert(!box_has(&b, 21)); /* the reader's own moment */
    ck_assert_int_eq(store_rollback(b.r), STORE_OK);
    ck_assert_int_eq(store_log_move(b.r, 0, &done), STORE_OK);
    ck_assert_int_eq(store_log_restart(b.w), STORE_OK);
    add(&b, 42, 1);
    ck_assert_int_lt(wal_pages(&b), before);
    ck_assert(box_has(&b, 21));
}
END_TEST

/* Who opens it anew finds all in the log. */
START_TEST(a_disk_that_fails_is_told_of)
{
    AUTO(box) struct box b;
    bool done;

    box_make(&b);
    add(&b, 1, 50);
    disk.fail = true;
    ck_assert_int_eq(store_log_move(b.r, 0, &done), STORE_BROKEN);
    ck_assert(!done);
    ck_assert_ptr_nonnull(strstr(store_conn_error(b.r), "checkpoint"));
    ck_assert_int_eq(store_log_restart(b.w), STORE_BROKEN);
    disk.fail = false;
    box_close(&b);
    box_open(&b);
    for (uint64_t leaf = 1; leaf <= 50; leaf++)
        ck_assert(box_has(&b, leaf));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_commit_waits_for_the_database,
        a_short_log_is_left_alone,
        a_reader_keeps_the_log,
        a_disk_that_fails_is_told_of,
    };

    return unit_run("store_checkpoint", tests,
                    COUNT(tests));
}
