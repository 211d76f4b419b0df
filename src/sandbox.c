/* SPDX-License-Identifier: ISC */
#include "sandbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "log.h"
#include "sandbox_filter.h"

void sandbox_no_dump(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        log_fatal("sandbox", "PR_SET_DUMPABLE: %s", strerror(errno));
}

#ifdef WITH_SANDBOX

#include <linux/landlock.h>

/* What newer kernels know and older headers do not. */
enum {
    FS_REFER = 1 << 13,     /* 2 */
    FS_TRUNCATE = 1 << 14,  /* 3 */
    FS_IOCTL_DEV = 1 << 15, /* 5 */
    NET_ALL = 3,            /* 4: bind and connect TCP */
    SCOPE_ALL = 3,          /* 6: abstract UNIX sockets, signals */
};

struct ruleset_attr {
    uint64_t fs, net, scoped;
};

static const uint64_t fs_first = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
static const uint64_t fs_read =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t fs_file = LANDLOCK_ACCESS_FS_READ_FILE |
                                LANDLOCK_ACCESS_FS_WRITE_FILE |
                                (uint64_t)FS_TRUNCATE;
static const uint64_t fs_write =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_DIR | (uint64_t)FS_REFER | (uint64_t)FS_TRUNCATE;

/* The kernel's version of Landlock; 0: it has none, or it is switched off. */
static int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (int)abi : 0;
}

static struct ruleset_attr handled(int abi)
{
    struct ruleset_attr a = {.fs = fs_first};

    if (abi >= 2)
        a.fs |= FS_REFER;
    if (abi >= 3)
        a.fs |= FS_TRUNCATE;
    if (abi >= 5)
        a.fs |= FS_IOCTL_DEV;
    if (abi >= 4)
        a.net = NET_ALL;
    if (abi >= 6)
        a.scoped = SCOPE_ALL;
    return a;
}

/* What is not there needs no permission. */
static void allow_path(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    struct stat st;
    int r;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0 && errno == ENOENT)
        return;
    if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st) < 0)
        log_fatal("sandbox", "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        rule.allowed_access &= fs_file;
    r = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                     &rule, 0);
    if (r < 0)
        log_fatal("sandbox", "landlock_add_rule %s: %s", path, strerror(errno));
    close(rule.parent_fd);
}

static void enter_landlock(const char *data, const char *const *dirs)
{
    int abi = landlock_abi(), fd;
    struct ruleset_attr a = handled(abi);

    if (!abi) {
        log_msg(LOG_WARN, "sandbox", "this kernel has no Landlock");
        return;
    }
    fd = (int)syscall(SYS_landlock_create_ruleset, &a, sizeof(a), 0);
    if (fd < 0)
        log_fatal("sandbox", "landlock_create_ruleset: %s", strerror(errno));
    if (data)
        allow_path(fd, data, fs_write & a.fs);
    for (; dirs && *dirs; dirs++)
        allow_path(fd, *dirs, fs_read & a.fs);
    if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        log_fatal("sandbox", "landlock_restrict_self: %s", strerror(errno));
    close(fd);
}

/* What libraries read from files at their first use, while they may. */
static void warm_up(void)
{
    unsigned char octet;

    if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG |
                                OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                            NULL) != 1 ||
        RAND_bytes(&octet, 1) != 1)
        log_fatal("sandbox", "OpenSSL does not start");
}

static void enter(const char *data, const char *const *dirs,
                  enum sandbox_kind kind)
{
    const char *failed;

    warm_up();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        log_fatal("sandbox", "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
    enter_landlock(data, dirs);
    failed = sandbox_filter(kind);
    if (failed)
        log_fatal("sandbox", "seccomp: %s: %s", failed, strerror(errno));
}

void sandbox_front(void)
{
    enter(NULL, NULL, SANDBOX_FRONT);
}

void sandbox_signer(const char *data, const char *const *dirs)
{
    enter(data, dirs, SANDBOX_SIGNER);
}

const char *sandbox_text(void)
{
    static char text[40];
    int abi = landlock_abi();

    if (abi)
        snprintf(text, sizeof(text), "seccomp,landlock-%d", abi);
    else
        snprintf(text, sizeof(text), "seccomp");
    return text;
}

#else

void sandbox_front(void)
{
}

void sandbox_signer(const char *data, const char *const *dirs)
{
    (void)data;
    (void)dirs;
}

const char *sandbox_text(void)
{
    return "off";
}

#endif
