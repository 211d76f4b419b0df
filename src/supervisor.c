/* SPDX-License-Identifier: ISC */
/*
 * The supervisor: opens the listeners, starts front and signer, starts them
 * again.  It holds no key, and reads nothing foreign but the configuration.
 * One thread, one loop: signals, the children's words, the clock.
 */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cmd.h"
#include "log.h"
#include "proc.h"
#include "tm.h"

static const int64_t patience = 3000 * MS; /* for sockets in use */
static const int64_t linger = 2000 * MS;   /* what is left of a dead pair */

/* ---- events ---- */

static void listen_try(struct supervisor *s)
{
    AUTO(errs) struct errs e = {0};
    int64_t now = tm_mono_us();
    bool busy;

    if (socks_open(&s->socks, s->conf, &busy, &e) == 0) {
        s->state = STATE_RUN;
        s->deadline = 0;
        raise_descriptors(s->conf);
        pair_start(s);
        if (s->reload_again) {
            s->reload_again = false;
            reload_begin(s);
        }
    } else if (busy && now < s->deadline) {
        s->start_at = now + BACKOFF_FIRST;
    } else {
        for (size_t i = 0; i < e.n; i++)
            log_msg(LOG_ERROR, "start", "%s", e.v[i].detail);
        stop_begin(s, busy ? EXIT_LATER : EXIT_REFUSED);
    }
}

static void on_check(struct supervisor *s, bool good)
{
    if (s->state == STATE_START && good) {
        next_adopt(s);
        s->state = STATE_LISTEN;
        s->deadline = tm_mono_us() + patience;
        listen_try(s);
    } else if (s->state == STATE_START) {
        stop_begin(s, EXIT_REFUSED);
    } else if (s->state == STATE_RUN && s->next) {
        if (good)
            reload_drain(s);
        else
            reload_refused(s);
    }
}

static void log_exit(const struct supervisor *s, const struct child *c,
                     int status)
{
    bool asked = s->state == STATE_STOP || s->state == STATE_DRAIN ||
                 !c->current || c->kind == CHILD_CHECK;
    struct log_line l;

    log_begin(&l, asked ? LOG_DEBUG : LOG_WARN, "child-exit");
    log_str(&l, "child", child_text(c->kind));
    log_int(&l, "pid", c->pid);
    if (WIFSIGNALED(status))
        log_int(&l, "signal", WTERMSIG(status));
    else
        log_int(&l, "code", WEXITSTATUS(status));
    log_end(&l);
}

/* Half of the pair is gone. */
static void on_loss(struct supervisor *s)
{
    bool was_ready = s->ready;

    if (s->state == STATE_DRAIN) {
        if (!pair_lives(s))
            reload_finish(s);
        return;
    }
    if (s->state != STATE_RUN)
        return;
    pair_let_go(s, tm_mono_us() + linger);
    if (was_ready)
        pair_start(s);
    else
        pair_later(s);
}

static void on_exit_of(struct supervisor *s, struct child *c, int status)
{
    struct child gone = *c;

    log_exit(s, c, status);
    if (c->tell >= 0)
        close(c->tell);
    c->kind = CHILD_STOP;
    if (gone.kind == CHILD_CHECK)
        on_check(s, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else if (gone.current)
        on_loss(s);
    if (s->state == STATE_STOP && !children_left(s))
        s->state = STATE_END;
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    /* As process 1 of a container there are strangers among them. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < CHILDREN_MAX; i++)
            if (s->children[i].kind != CHILD_STOP &&
                s->children[i].pid == pid) {
                on_exit_of(s, &s->children[i], status);
                break;
            }
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            reap(s);
        else if (info.ssi_signo == SIGHUP)
            reload_begin(s);
        else
            stop_begin(s, EXIT_DONE);
    }
}

static void on_word(struct supervisor *s, struct child *c)
{
    char word[64];
    ssize_t n = recv(c->tell, word, sizeof(word), MSG_DONTWAIT);
    struct child *front, *signer;

    if (n == 0) { /* it says no more; its end is SIGCHLD's to tell */
        close(c->tell);
        c->tell = -1;
    }
    if (n != (ssize_t)strlen(PROC_READY) || memcmp(word, PROC_READY, (size_t)n))
        return;
    c->ready = true;
    front = pair_child(s, CHILD_FRONT);
    signer = pair_child(s, CHILD_SIGNER);
    if (!s->ready && front && front->ready && signer && signer->ready &&
        s->state == STATE_RUN)
        pair_ready(s);
}

static void on_time(struct supervisor *s)
{
    int64_t now = tm_mono_us();

    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        struct child *c = &s->children[i];

        if (c->kind != CHILD_STOP && c->kill_at && c->kill_at <= now) {
            kill(c->pid, SIGKILL);
            c->kill_at = 0;
        }
    }
    if (s->deadline && s->deadline <= now && s->state != STATE_LISTEN) {
        children_kill(s, s->state == STATE_DRAIN);
        s->deadline = 0;
    }
    if (s->start_at && s->start_at <= now) {
        s->start_at = 0;
        if (s->state == STATE_LISTEN)
            listen_try(s);
        else if (s->state == STATE_RUN)
            pair_start(s);
    }
}

static int64_t soonest(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

static int wait_time(const struct supervisor *s)
{
    int64_t at = s->start_at, left;

    if (s->state != STATE_LISTEN)
        at = soonest(at, s->deadline);
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP)
            at = soonest(at, s->children[i].kill_at);
    if (!at)
        return -1;
    left = at - tm_mono_us();
    return left <= 0 ? 0 : (int)(left / MS) + 1;
}

static void turn(struct supervisor *s)
{
    struct pollfd p[CHILDREN_MAX + 1];
    struct child *who[CHILDREN_MAX + 1];
    nfds_t n = 0;

    p[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP && !s->children[i].ready) {
            who[n] = &s->children[i];
            p[n++] =
                (struct pollfd){.fd = s->children[i].tell, .events = POLLIN};
        }
    if (poll(p, n, wait_time(s)) < 0 && errno != EINTR)
        log_fatal("supervisor", "poll: %s", strerror(errno));
    for (nfds_t i = 1; i < n; i++)
        if (p[i].revents)
            on_word(s, who[i]);
    if (p[0].revents & POLLIN)
        on_signal(s);
    on_time(s);
}

/* ---- begin and end ---- */

static int watch_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static char *absolute(const char *path)
{
    AUTO(free) char *cwd = NULL;

    if (*path == '/')
        return xstrdup(path);
    cwd = getcwd(NULL, 0);
    return xasprintf("%s/%s", cwd ? cwd : "", path);
}

static void begin(struct supervisor *s)
{
    s->binary = child_binary();
    s->signals = watch_signals();
    if (s->binary < 0 || s->signals < 0)
        log_fatal("start", "%s: %s",
                  s->binary < 0 ? "/proc/self/exe" : "signalfd",
                  strerror(errno));
    if (next_load(s) < 0) {
        s->state = STATE_END;
        s->code = EXIT_REFUSED;
        return;
    }
    if (geteuid() == 0 && !s->next->user)
        log_msg(LOG_WARN, "start",
                "running as root; set user in the configuration");
}

int supervisor_run(const char *conf_path, const struct passphrase_from *pass)
{
    struct supervisor s = {.path = absolute(conf_path),
                           .conf_fd = -1,
                           .next_fd = -1,
                           .pass = PASSPHRASE_NONE,
                           .next_pass = PASSPHRASE_NONE,
                           .pass_from = pass,
                           .backoff = BACKOFF_FIRST};

    log_open("supervisor");
    begin(&s);
    while (s.state != STATE_END)
        turn(&s);
    socks_keep(&s.socks, NULL);
    next_drop(&s);
    conf_free(s.conf);
    if (s.conf_fd >= 0)
        close(s.conf_fd);
    close(s.signals);
    close(s.binary);
    free(s.path);
    log_msg(LOG_INFO, "stop", "ended");
    return s.code;
}
