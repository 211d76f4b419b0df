/* SPDX-License-Identifier: ISC */
/* Each forbidden thing is tried for real, in a child that has entered. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sqlite3.h>

#include "key.h"
#include "mem.h"
#include "sandbox.h"
#include "unit.h"

/* What a child reports: the errno of what it tried (0: it worked), or that
 * the kernel ended it. */
enum { KILLED = 1000, ODD = 2000 };
#define FAILS(call) ((call) < 0 ? errno : 0)

static char data[64];

typedef int attempt_fn(void);

static int in_child(attempt_fn *try, int front)
{
    static const char *const dirs[] = {"/etc/group", "/nowhere", NULL};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (front)
            sandbox_front();
        else
            sandbox_signer(data, dirs);
        _exit(try());
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return WTERMSIG(status) == SIGSYS ? KILLED : ODD;
}

static void make_data(void)
{
    strcpy(data, "/tmp/check_sandbox.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(data));
}

static void remove_data(void)
{
    static const char *const names[] = {"a",        "b",        "x.db",
                                        "x.db-wal", "x.db-shm", ""};

    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", data, names[i]);
        remove(path);
    }
}

/* ---- what nobody may ---- */

static int try_execve(void)
{
    char *argv[] = {NULL};

    return FAILS(execve("/bin/true", argv, argv));
}

static int try_execveat(void)
{
    char *argv[] = {NULL};

    return FAILS(syscall(SYS_execveat, 0, "", argv, argv, AT_EMPTY_PATH));
}

static int try_ptrace(void)
{
    return FAILS(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_readv(void)
{
    char c;
    struct iovec v = {&c, 1};

    return FAILS(process_vm_readv(getppid(), &v, 1, &v, 1, 0));
}

static int try_writev(void)
{
    char c = 0;
    struct iovec v = {&c, 1};

    return FAILS(process_vm_writev(getppid(), &v, 1, &v, 1, 0));
}

static int try_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};

    return FAILS(connect(0, (struct sockaddr *)&to, sizeof(to)));
}

static int try_unix_socket(void)
{
    return FAILS(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_inet_socket(void)
{
    return FAILS(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_socketpair(void)
{
    int pair[2];

    return FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int try_kill_parent(void)
{
    return FAILS(kill(getppid(), 0));
}

static int try_tgkill_parent(void)
{
    return FAILS(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int try_kill_all(void)
{
    return FAILS(kill(-1, 0));
}

static int try_fork(void)
{
    return FAILS(fork());
}

static int try_vfork_by_clone(void)
{
    return FAILS(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int try_clone3(void)
{
    return FAILS(syscall(SYS_clone3, NULL, 0));
}

static int try_exec_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

static int try_exec_later(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return FAILS(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int try_dumpable(void)
{
    return FAILS(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int try_mount(void)
{
    return FAILS(syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL));
}

static int try_unshare(void)
{
    return FAILS(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static int try_pidfd(void)
{
    return FAILS(syscall(SYS_pidfd_open, getppid(), 0));
}

static int try_io_uring(void)
{
    return FAILS(syscall(SYS_io_uring_setup, 1, NULL));
}

static const struct {
    attempt_fn *try;
    int expected;
} nobody[] = {
    {try_execve, KILLED},       {try_execveat, KILLED},
    {try_ptrace, KILLED},       {try_readv, KILLED},
    {try_writev, KILLED},       {try_connect, KILLED},
    {try_unix_socket, EACCES},  {try_inet_socket, EACCES},
    {try_socketpair, EACCES},   {try_kill_parent, EPERM},
    {try_tgkill_parent, EPERM}, {try_kill_all, EPERM},
    {try_fork, ENOSYS},         {try_vfork_by_clone, ENOSYS},
    {try_clone3, ENOSYS},       {try_exec_memory, ENOSYS},
    {try_exec_later, ENOSYS},   {try_dumpable, ENOSYS},
    {try_mount, ENOSYS},        {try_unshare, ENOSYS},
    {try_pidfd, ENOSYS},        {try_io_uring, ENOSYS},
};

START_TEST(nobody_may)
{
    for (size_t i = 0; i < COUNT(nobody); i++)
        for (int front = 0; front < 2; front++)
            ck_assert_msg(in_child(nobody[i].try, front) == nobody[i].expected,
                          "attempt %zu as %s: %d", i,
                          front ? "front" : "signer",
                          in_child(nobody[i].try, front));
}
END_TEST

/* ---- files ---- */

static int try_open(const char *path, int flags)
{
    return FAILS(open(path, flags, 0600));
}

static int open_passwd(void)
{
    return try_open("/etc/passwd", O_RDONLY);
}

static int open_group(void)
{
    return try_open("/etc/group", O_RDONLY);
}

static int write_group(void)
{
    return try_open("/etc/group", O_WRONLY);
}

static int open_proc(void)
{
    return try_open("/proc/self/mem", O_RDONLY);
}

static int make_outside(void)
{
    return try_open("/tmp/check_sandbox.outside", O_CREAT | O_WRONLY);
}

static int climb_out(void)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/../check_sandbox.outside", data);
    return try_open(path, O_CREAT | O_WRONLY);
}

static int use_data(void)
{
    char a[128], b[128];
    int fd;

    snprintf(a, sizeof(a), "%s/a", data);
    snprintf(b, sizeof(b), "%s/b", data);
    fd = open(a, O_CREAT | O_RDWR, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0 ||
        ftruncate(fd, 0) < 0 || rename(a, b) < 0 || unlink(b) < 0)
        return errno;
    return 0;
}

static int link_out(void)
{
    char a[128];

    snprintf(a, sizeof(a), "%s/a", data);
    return FAILS(symlink("/etc/passwd", a));
}

/* The signer's work: a write-ahead log, a key, a signature. */
static int use_database(void)
{
    char path[128];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/x.db", data);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        return 1;
    if (sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE t(a); INSERT INTO t VALUES (1);"
                     "PRAGMA wal_checkpoint(TRUNCATE);",
                     NULL, NULL, NULL) != SQLITE_OK)
        return 2;
    return sqlite3_close(db) == SQLITE_OK ? 0 : 3;
}

static int use_keys(void)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);
    AUTO(buf) struct buf sig = {0};
    struct key_signer *s;

    if (!key)
        return 1;
    s = key_signer_new(key);
    key_sign(s, "x", 1, &sig);
    key_signer_free(s);
    return sig.len ? 0 : 2;
}

START_TEST(files)
{
    static const struct {
        attempt_fn *try;
        int front, signer;
    } cases[] = {
        {open_passwd, EACCES, EACCES},  {open_group, EACCES, 0},
        {write_group, EACCES, EACCES},  {open_proc, EACCES, EACCES},
        {make_outside, EACCES, EACCES}, {climb_out, EACCES, EACCES},
        {use_data, EACCES, 0},          {use_keys, 0, 0},
        {link_out, ENOSYS, ENOSYS},     {use_database, 1, 0},
    };

    make_data();
    for (size_t i = 0; i < COUNT(cases); i++) {
        int front = in_child(cases[i].try, 1);
        int signer = in_child(cases[i].try, 0);

        /* Without it only the front, which opens nothing at all, is held. */
        if (!strstr(sandbox_text(), "landlock") && cases[i].signer == EACCES)
            signer = EACCES;
        ck_assert_msg(front == cases[i].front, "%zu as front: %d", i, front);
        ck_assert_msg(signer == cases[i].signer, "%zu as signer: %d", i,
                      signer);
    }
    remove_data();
}
END_TEST

/* ---- what must go on working ---- */

static void *add_one(void *arg)
{
    if (pthread_setname_np(pthread_self(), "worker") == 0)
        ++*(int *)arg;
    return NULL;
}

static int threads_work(void)
{
    pthread_t t;
    int n = 0;

    for (int i = 0; i < 8; i++)
        if (pthread_create(&t, NULL, add_one, &n) != 0 ||
            pthread_join(t, NULL) != 0)
            return 1;
    return n == 8 ? 0 : 2;
}

static int listener = -1, caller = -1;

static int accept_works(void)
{
    char c = 0;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int on = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, 1, &on, sizeof(on)) < 0)
        return 1;
    if (send(fd, "x", 1, MSG_NOSIGNAL) != 1 || read(caller, &c, 1) != 1)
        return 2;
    return c == 'x' && shutdown(fd, SHUT_RDWR) == 0 && close(fd) == 0 ? 0 : 3;
}

/* abort() must end in SIGABRT, not hang. */
static int abort_works(void)
{
    abort();
}

START_TEST(work_goes_on)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    make_data();
    for (int front = 0; front < 2; front++) {
        caller = socket(AF_INET, SOCK_STREAM, 0);
        ck_assert_int_eq(connect(caller, (struct sockaddr *)&at, len), 0);
        ck_assert_int_eq(in_child(threads_work, front), 0);
        ck_assert_int_eq(in_child(accept_works, front), 0);
        ck_assert_int_eq(in_child(abort_works, front), ODD);
        close(caller);
    }
    close(listener);
    remove_data();
}
END_TEST

/* ---- threads made later ---- */

static void *open_in_thread(void *arg)
{
    *(int *)arg = open_passwd();
    return NULL;
}

static int thread_is_bound(void)
{
    pthread_t t;
    int e = 0;

    if (pthread_create(&t, NULL, open_in_thread, &e) != 0 ||
        pthread_join(t, NULL) != 0)
        return 1;
    return e;
}

START_TEST(threads_inherit)
{
    make_data();
    ck_assert_int_eq(in_child(thread_is_bound, 1), EACCES);
    if (strstr(sandbox_text(), "landlock"))
        ck_assert_int_eq(in_child(thread_is_bound, 0), EACCES);
    remove_data();
}
END_TEST

START_TEST(no_dump)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        sandbox_no_dump();
        _exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_ptr_nonnull(sandbox_text());
}
END_TEST

int main(void)
{
#ifdef WITH_SANDBOX
    const TTest *const tests[] = {nobody_may, files, work_goes_on,
                                  threads_inherit, no_dump};
#else
    /* Nothing to try in a build that leaves the sandbox out. */
    const TTest *const tests[] = {no_dump};
    (void)nobody_may;
    (void)files;
    (void)work_goes_on;
    (void)threads_inherit;
#endif
    return unit_run("sandbox", tests, COUNT(tests));
}
