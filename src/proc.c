/* SPDX-License-Identifier: ISC */
#include "proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conf.h"
#include "log.h"

/* The supervisor made the socket behind FD_SUP, so its peer names it, whatever
 * process ids mean in this container. */
static void die_with_parent(void)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(FD_SUP, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        log_fatal("start", "this is started by `pocketca serve` only");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        log_fatal("start", "PR_SET_PDEATHSIG: %s", strerror(errno));
    if (getppid() != peer.pid)
        _exit(1);
}

/* Who is woken waits until the one who works has had its slice: with a thread
 * of every kind for each certificate, a tenth of the CPU went into taking it
 * from each other.  On an idle CPU nobody waits.  What the administrator has
 * chosen stays. */
static void let_finish(void)
{
    const struct sched_param none = {0};

    if (sched_getscheduler(0) == SCHED_OTHER &&
        sched_setscheduler(0, SCHED_BATCH, &none) < 0)
        log_msg(LOG_WARN, "start", "SCHED_BATCH: %s", strerror(errno));
}

void proc_child_init(const char *log_name)
{
    /* SIGXFSZ: a file that may not grow is an error of its write. */
    static const int ignored[] = {SIGPIPE, SIGINT, SIGHUP, SIGXFSZ};
    const struct rlimit none = {0, 0};

    log_open(log_name);
    die_with_parent();
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    let_finish();
}

void proc_tell(const char *text)
{
    /* A supervisor that is gone takes us with it. */
    (void)!send(FD_SUP, text, strlen(text), MSG_NOSIGNAL);
}

static void drop(uid_t uid, gid_t gid)
{
    int signal_number = 0;

    prctl(PR_GET_PDEATHSIG, &signal_number);
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        log_fatal("start", "becoming user %u: %s", (unsigned)uid,
                  strerror(errno));
    if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() != uid ||
        getegid() != gid)
        log_fatal("start", "root's rights did not go away");
    /* The kernel forgets it when the user changes. */
    if (signal_number)
        die_with_parent();
}

void proc_drop(const char *user)
{
    const struct passwd *pw;

    if (!user || geteuid() != 0)
        return;
    errno = 0;
    pw = getpwnam(user);
    if (!pw)
        log_fatal("start", "user %s: %s", user,
                  errno ? strerror(errno) : "there is no such user");
    if (pw->pw_uid == 0)
        return;
    if (initgroups(user, pw->pw_gid) < 0)
        log_fatal("start", "groups of %s: %s", user, strerror(errno));
    drop(pw->pw_uid, pw->pw_gid);
}

void proc_drop_ids(uid_t uid, gid_t gid)
{
    if (geteuid() != 0 || uid == 0)
        return;
    if (setgroups(0, NULL) < 0)
        log_fatal("start", "setgroups: %s", strerror(errno));
    drop(uid, gid);
}

struct conf *proc_conf(const char *path)
{
    AUTO(buf) struct buf text = {0};
    AUTO(errs) struct errs e = {0};
    struct conf *c;
    struct stat st;
    size_t len;

    if (fstat(FD_CONF, &st) < 0)
        log_fatal("start", "the configuration: %s", strerror(errno));
    len = (size_t)st.st_size;
    if (pread(FD_CONF, buf_extend(&text, len), len, 0) != (ssize_t)len)
        log_fatal("start", "the configuration came in half");
    close(FD_CONF);
    c = conf_parse(path, (const char *)text.data, text.len, &e);
    if (!c)
        log_fatal("start", "%s", e.v[0].detail);
    log_set_level((enum log_level)c->log_level);
    return c;
}
