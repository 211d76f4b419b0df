/* SPDX-License-Identifier: ISC */
/* Children: this binary again, with exactly the descriptors it is to have. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "proc.h"

static const struct {
    const char *text, *argv0;
} kinds[] = {
    [CHILD_CHECK] = {"check", PROC_CHECK},
    [CHILD_FRONT] = {"front", PROC_FRONT},
    [CHILD_SIGNER] = {"signer", PROC_SIGNER},
};

const char *child_text(enum child_kind k)
{
    return kinds[k].text;
}

int child_binary(void)
{
    return open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

int child_conf(const void *text, size_t len)
{
    int fd = memfd_create("pocketca.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (write(fd, text, len) == (ssize_t)len &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Moves every descriptor out of the way, then to its place. */
static int place(const struct child_fds *fds)
{
    int high[CHILD_FDS_MAX];

    for (size_t i = 0; i < fds->n; i++) {
        high[i] = -1;
        if (fds->v[i] >= 0) {
            high[i] =
                fcntl(fds->v[i], F_DUPFD_CLOEXEC, FD_CONF + CHILD_FDS_MAX);
            if (high[i] < 0)
                return -1;
        }
    }
    for (size_t i = 0; i < fds->n; i++) {
        int to = FD_CONF + (int)i;

        if (high[i] < 0)
            close(to);
        else if (dup2(high[i], to) < 0)
            return -1;
    }
    return 0;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(enum child_kind kind, int binary,
                             const char *conf_path, const struct child_fds *fds)
{
    char *argv[] = {(char *)(uintptr_t)kinds[kind].argv0,
                    (char *)(uintptr_t)conf_path, NULL};
    int self = fcntl(binary, F_DUPFD_CLOEXEC, FD_CONF + 2 * CHILD_FDS_MAX);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (self < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || place(fds) < 0)
        _exit(127);
    /* Everything but what was placed, and `self` which goes at the exec. */
    close_range((unsigned)FD_CONF + (unsigned)fds->n, (unsigned)self - 1, 0);
    close_range((unsigned)self + 1, ~0U, 0);
    reset_signals();
    unsetenv("NOTIFY_SOCKET");
    /* A turn frees more at once than the seven of a size that glibc keeps for
     * a thread; the others would go the long way. */
    setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=100", 0);
    execveat(self, "", argv, environ, AT_EMPTY_PATH);
    _exit(127);
}

int child_spawn(struct child *c, enum child_kind kind, int binary,
                const char *conf_path, struct child_fds *fds)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    fds->v[FD_SUP - FD_CONF] = pair[1];
    pid = fork();
    if (pid == 0)
        become(kind, binary, conf_path, fds);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return -1;
    }
    *c = (struct child){
        .kind = kind, .pid = pid, .tell = pair[0], .current = true};
    return 0;
}
