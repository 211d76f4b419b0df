/* SPDX-License-Identifier: ISC */
/*
 * Which system calls remain.  What is not listed does not exist (ENOSYS), so
 * that a C library newer than this list takes its older way; what only an
 * intruder would call ends the process.
 */
#include "sandbox_filter.h"

/* Builds with --disable-sandbox have no libseccomp. */
typedef int sandbox_filter_is_not_empty;

#ifdef WITH_SANDBOX

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "mem.h"

/* Names, not numbers: not every architecture has all of them. */
static const char *const both[] = {
    /* descriptors */
    "read",
    "readv",
    "write",
    "writev",
    "pread64",
    "preadv",
    "close",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "fcntl64",
    "lseek",
    "_llseek",
    "fstat",
    "fstat64",
    "newfstatat",
    "fstatat64",
    "statx",
    "sendfile",
    "sendfile64",
    "splice",
    "pipe",
    "pipe2",
    "eventfd2",
    "fadvise64",
    /* sockets that are there already */
    "accept",
    "accept4",
    "recvfrom",
    "recvmsg",
    "recv",
    "sendto",
    "sendmsg",
    "send",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "shutdown",
    /* waiting */
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "select",
    "pselect6",
    "pselect6_time64",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_settime64",
    "timerfd_gettime",
    "signalfd4",
    /* memory; mmap and mprotect are below */
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "mlock",
    "mlock2",
    "munlock",
    "membarrier",
    /* threads and signals; clone, kill and tgkill are below */
    "futex",
    "futex_time64",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "gettid",
    "getpid",
    "getppid",
    "exit",
    "exit_group",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigtimedwait_time64",
    "rt_sigsuspend",
    "sigaltstack",
    "sigreturn",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "getcpu",
    "arch_prctl",
    /* time, random, who */
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "nanosleep",
    "gettimeofday",
    "time",
    "times",
    "getrandom",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
    "ugetrlimit",
    "umask",
};

/* Files: Landlock says which. */
static const char *const signer_only[] = {
    "open",         "openat",      "openat2",
    "creat",        "stat",        "stat64",
    "lstat",        "lstat64",     "access",
    "faccessat",    "faccessat2",  "readlink",
    "readlinkat",   "getcwd",      "getdents64",
    "statfs",       "statfs64",    "fstatfs",
    "fstatfs64",    "pwrite64",    "pwritev",
    "fsync",        "fdatasync",   "sync_file_range",
    "ftruncate",    "ftruncate64", "truncate",
    "fallocate",    "flock",       "fchmod",
    "fchown",       "fchown32",    "unlink",
    "unlinkat",     "rename",      "renameat",
    "renameat2",    "link",        "linkat",
    "mkdir",        "mkdirat",     "rmdir",
    "utimensat",    "futimesat",   "copy_file_range",
    "memfd_create", "msync",       "sync_file_range2",
    "setpriority",
};

static const struct {
    const char *name;
    unsigned kinds;
    int error; /* 0: the process ends */
} refused[] = {
    {"execve", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"execveat", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"ptrace", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"process_vm_readv", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"process_vm_writev", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"connect", SANDBOX_FRONT | SANDBOX_SIGNER, 0},
    {"socket", SANDBOX_FRONT | SANDBOX_SIGNER, EACCES},
    {"socketpair", SANDBOX_FRONT | SANDBOX_SIGNER, EACCES},
    {"bind", SANDBOX_FRONT | SANDBOX_SIGNER, EACCES},
    {"open", SANDBOX_FRONT, EACCES},
    {"openat", SANDBOX_FRONT, EACCES},
    {"openat2", SANDBOX_FRONT, EACCES},
    {"stat", SANDBOX_FRONT, EACCES},
    {"lstat", SANDBOX_FRONT, EACCES},
    {"access", SANDBOX_FRONT, EACCES},
    {"faccessat", SANDBOX_FRONT, EACCES},
    {"readlink", SANDBOX_FRONT, EACCES},
    {"readlinkat", SANDBOX_FRONT, EACCES},
};

static int allow_all(scmp_filter_ctx f, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int nr = seccomp_syscall_resolve_name(names[i]);
        int r = nr == __NR_SCMP_ERROR
                    ? 0
                    : seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);

        if (r < 0 && r != -EDOM)
            return r;
    }
    return 0;
}

static int refuse(scmp_filter_ctx f, enum sandbox_kind kind)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        int nr = seccomp_syscall_resolve_name(refused[i].name);
        uint32_t action = refused[i].error
                              ? SCMP_ACT_ERRNO((uint32_t)refused[i].error)
                              : SCMP_ACT_KILL_PROCESS;
        int r = 0;

        if (nr != __NR_SCMP_ERROR && (refused[i].kinds & kind))
            r = seccomp_rule_add(f, action, nr, 0);
        if (r < 0 && r != -EDOM)
            return r;
    }
    return 0;
}

/* Argument n compared; b is for SCMP_CMP_MASKED_EQ, where a is the mask. */
static struct scmp_arg_cmp arg(unsigned n, enum scmp_compare op, scmp_datum_t a,
                               scmp_datum_t b)
{
    return (struct scmp_arg_cmp){
        .arg = n, .op = op, .datum_a = a, .datum_b = b};
}

/* Signals: to ourselves only (abort, pthread_kill). */
static int allow_signals(scmp_filter_ctx f)
{
    static const int calls[] = {SCMP_SYS(kill), SCMP_SYS(tgkill)};
    scmp_datum_t pid = (scmp_datum_t)getpid();
    int r = 0;

    for (size_t i = 0; r == 0 && i < COUNT(calls); i++) {
        r = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 1,
                             arg(0, SCMP_CMP_EQ, pid, 0));
        if (r == 0)
            r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
                                 arg(0, SCMP_CMP_NE, pid, 0));
    }
    return r;
}

/* By argument: threads but no processes, no memory that can be executed, a
 * thread's name, whether a socket waits, our own limits to read. */
static int allow_some(scmp_filter_ctx f)
{
    const struct {
        int nr;
        struct scmp_arg_cmp cmp;
    } rules[] = {
        {SCMP_SYS(clone),
         arg(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)},
        {SCMP_SYS(mmap), arg(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
        {SCMP_SYS(mmap2), arg(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
        {SCMP_SYS(mprotect), arg(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
        {SCMP_SYS(prctl), arg(0, SCMP_CMP_EQ, PR_SET_NAME, 0)},
        {SCMP_SYS(prctl), arg(0, SCMP_CMP_EQ, PR_GET_NAME, 0)},
        {SCMP_SYS(ioctl), arg(1, SCMP_CMP_EQ, FIONREAD, 0)},
        {SCMP_SYS(ioctl), arg(1, SCMP_CMP_EQ, FIONBIO, 0)},
        {SCMP_SYS(prlimit64), arg(2, SCMP_CMP_EQ, 0, 0)},
    };

    for (size_t i = 0; i < COUNT(rules); i++) {
        int r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, rules[i].nr, 1,
                                       &rules[i].cmp);

        if (r < 0 && r != -EDOM)
            return r;
    }
    return 0;
}

static const char *fill(scmp_filter_ctx f, enum sandbox_kind kind, int *r)
{
    *r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (*r == 0)
        *r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
    if (*r < 0)
        return "attributes";
    *r = allow_all(f, both, COUNT(both));
    if (*r == 0 && kind == SANDBOX_SIGNER)
        *r = allow_all(f, signer_only,
                       COUNT(signer_only));
    if (*r == 0)
        *r = allow_some(f);
    if (*r == 0)
        *r = allow_signals(f);
    if (*r == 0)
        *r = refuse(f, kind);
    if (*r < 0)
        return "rules";
    *r = seccomp_load(f);
    return *r < 0 ? "load" : NULL;
}

const char *sandbox_filter(enum sandbox_kind kind)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    const char *failed;
    int r;

    if (!f) {
        errno = ENOMEM;
        return "init";
    }
    failed = fill(f, kind, &r);
    seccomp_release(f);
    errno = -r;
    return failed;
}

#endif
