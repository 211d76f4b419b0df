/* SPDX-License-Identifier: ISC */
/* The one rule: what was answered is on disk.  fdatasync() is this test's own,
 * which SQLite calls for its log, and fsync() and rename(), for a CRL's file.
 */
#include "ca.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

static atomic_uint log_syncs, renames, file_dirty, dir_dirty;
static struct stat synced; /* the file that fsync() was called for */

static bool is_log(int fd)
{
    char link[32], path[256];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path));
    return n > 4 && memcmp(path + n - 4, "-wal", 4) == 0;
}

int fdatasync(int fd)
{
    const int rc = (int)syscall(SYS_fdatasync, fd);

    log_syncs += rc == 0 && is_log(fd);
    return rc;
}

int fsync(int fd)
{
    const int rc = (int)syscall(SYS_fsync, fd);
    struct stat st;

    if (rc == 0 && fstat(fd, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            dir_dirty = 0;
        else
            synced = st;
    }
    return rc;
}

int rename(const char *from, const char *to)
{
    struct stat st;

    if (stat(from, &st) != 0 || st.st_ino != synced.st_ino ||
        memcmp(&st.st_mtim, &synced.st_mtim, sizeof(st.st_mtim)) != 0)
        file_dirty++;
    dir_dirty = 1;
    renames++;
    return (int)syscall(SYS_rename, from, to);
}

START_TEST(an_answer_comes_when_its_record_is_on_disk)
{
    static const char *const names[] = {"x.internal", "y.internal"};
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    const struct token ask = {.label = (char *)"t", .roles = ROLE_ISSUE};
    struct caller admin, made;

    new_key(&spki);
    admin = ca_up(&c);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(record) struct record r = {0};
        AUTO(record) struct record gone = {0};
        const struct ca_want w = {.names = names[i], .spki = &spki};

        log_syncs = renames = 0;
        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
        ck_assert_uint_gt(log_syncs, 0);
        log_syncs = 0;
        ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &gone, NULL),
                         ERR_NONE);
        ck_assert_uint_gt(log_syncs, 0);
        ck_assert_uint_gt(renames, 0); /* its CRL is in place, */
        ck_assert_uint_eq(file_dirty, 0);
        ck_assert_uint_eq(dir_dirty, 0); /* and stays there */
    }
    log_syncs = 0;
    ck_assert_int_eq(ca_token(&c, &admin, &ask, &made), ERR_NONE);
    ck_assert_uint_gt(log_syncs, 0);
    caller_free(&made);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_answer_comes_when_its_record_is_on_disk,
    };

    return unit_run("signer_durable", tests, COUNT(tests));
}
