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
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cmd.h"
#include "log.h"
#include "proc.h"
#include "tm.h"

enum state {
    STATE_START = 0, /* the first check is under way */
    STATE_LISTEN,    /* good; the sockets are being opened */
    STATE_RUN,
    STATE_DRAIN, /* the old pair ends, a new one with `next` follows */
    STATE_STOP,
    STATE_END
};

#define MS INT64_C(1000)
static const int64_t backoff_first = 50 * MS, backoff_last = 1000 * MS;
static const int64_t patience = 3000 * MS; /* for sockets in use */
static const int64_t linger = 2000 * MS;   /* what is left of a dead pair */
static const int64_t drain_time = 5000 * MS, stop_time = 4000 * MS;

enum { CHILDREN_MAX = 16 };

struct supervisor {
    enum state state;
    int code;
    char *path; /* of the configuration, absolute */
    int binary, signals;
    struct conf *conf, *next; /* next: under check, or behind a drain */
    int conf_fd, next_fd;
    struct socks socks;
    struct child children[CHILDREN_MAX];
    bool ready;        /* the current pair */
    bool reload_again; /* SIGHUP came while one was under way */
    int64_t backoff;
    int64_t start_at; /* when to start a pair, or to try to listen; 0 */
    int64_t deadline; /* of listen, drain and stop; 0 */
};

/* ---- the configuration ---- */

static void log_reasons(const struct errs *e)
{
    for (size_t i = 0; i < e->n; i++)
        log_msg(LOG_ERROR, "configuration", "%s", e->v[i].detail);
}

static void next_drop(struct supervisor *s)
{
    conf_free(s->next);
    s->next = NULL;
    if (s->next_fd >= 0)
        close(s->next_fd);
    s->next_fd = -1;
}

static void next_adopt(struct supervisor *s)
{
    conf_free(s->conf);
    if (s->conf_fd >= 0)
        close(s->conf_fd);
    s->conf = s->next;
    s->conf_fd = s->next_fd;
    s->next = NULL;
    s->next_fd = -1;
    log_set_level((enum log_level)s->conf->log_level);
}

static struct child *child_free_place(struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind == CHILD_STOP)
            return &s->children[i];
    return NULL;
}

static int start_check(struct supervisor *s)
{
    struct child_fds fds = {.v = {s->next_fd, -1, -1}, .n = 3};
    struct child *c = child_free_place(s);

    if (c && child_spawn(c, CHILD_CHECK, s->binary, s->path, &fds) == 0)
        return 0;
    log_msg(LOG_ERROR, "configuration", "cannot be checked: %s",
            strerror(errno));
    return -1;
}

/* Reads the file and sends it to its check. */
static int next_load(struct supervisor *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf text = {0};

    if (conf_read(s->path, &text, &e) == 0)
        s->next = conf_parse(s->path, (const char *)text.data, text.len, &e);
    log_reasons(&e);
    if (!s->next)
        return -1;
    s->next_fd = child_conf(text.data, text.len);
    if (s->next_fd < 0)
        log_msg(LOG_ERROR, "configuration", "memfd: %s", strerror(errno));
    if (s->next_fd >= 0 && start_check(s) == 0)
        return 0;
    next_drop(s);
    return -1;
}

/* ---- the pair ---- */

static struct child *current(struct supervisor *s, enum child_kind kind)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind == kind && s->children[i].current)
            return &s->children[i];
    return NULL;
}

static bool pair_lives(struct supervisor *s)
{
    return current(s, CHILD_FRONT) || current(s, CHILD_SIGNER);
}

/* What is left of it ends by itself when the other half is gone, or else at
 * `kill_at`. */
static void pair_let_go(struct supervisor *s, int64_t kill_at)
{
    static const enum child_kind kinds[] = {CHILD_FRONT, CHILD_SIGNER};

    for (size_t i = 0; i < 2; i++) {
        struct child *c = current(s, kinds[i]);

        if (c) {
            c->current = false;
            c->kill_at = kill_at;
        }
    }
    s->ready = false;
}

/* The next attempt, later each time. */
static void pair_later(struct supervisor *s)
{
    s->start_at = tm_mono_us() + s->backoff;
    s->backoff *= 2;
    if (s->backoff > backoff_last)
        s->backoff = backoff_last;
}

static int pair_spawn(struct supervisor *s, const int peer[2])
{
    struct child_fds front = {.v = {s->conf_fd, peer[0], -1}, .n = 3};
    struct child_fds signer = {
        .v = {s->conf_fd, peer[1], -1, socks_find(&s->socks, "")}, .n = 4};
    struct child *c;

    for (size_t i = 0; i < s->conf->n_listens; i++)
        front.v[front.n++] = socks_find(&s->socks, s->conf->listens[i].url);
    c = child_free_place(s);
    if (!c || child_spawn(c, CHILD_SIGNER, s->binary, s->path, &signer) < 0)
        return -1;
    c = child_free_place(s);
    if (!c || child_spawn(c, CHILD_FRONT, s->binary, s->path, &front) < 0)
        return -1;
    return 0;
}

static void pair_start(struct supervisor *s)
{
    int peer[2];

    s->start_at = 0;
    s->ready = false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, peer) < 0) {
        log_msg(LOG_ERROR, "start", "socketpair: %s", strerror(errno));
        pair_later(s);
        return;
    }
    if (pair_spawn(s, peer) < 0) {
        log_msg(LOG_ERROR, "start", "starting a child: %s", strerror(errno));
        pair_let_go(s, tm_mono_us());
        pair_later(s);
    }
    close(peer[0]);
    close(peer[1]);
}

static void pair_ready(struct supervisor *s)
{
    struct log_line l;

    s->ready = true;
    s->backoff = backoff_first;
    log_begin(&l, LOG_INFO, "ready");
    for (size_t i = 0; i < s->conf->n_listens; i++)
        log_str(&l, s->conf->listens[i].kind == LISTEN_API ? "api" : "public",
                s->conf->listens[i].url);
    log_end(&l);
    notify_ready();
}

/* ---- reload and stop ---- */

/* A connection takes a descriptor. */
static void raise_descriptors(const struct conf *c)
{
    rlim_t want = c->max_connections + 512;
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
        return;
    if (r.rlim_max < want) {
        log_msg(LOG_WARN, "start",
                "max-connections %u wants %u descriptors; the limit is %u",
                c->max_connections, (unsigned)want, (unsigned)r.rlim_max);
        want = r.rlim_max;
    }
    r.rlim_cur = want;
    setrlimit(RLIMIT_NOFILE, &r);
}

static void reload_begin(struct supervisor *s)
{
    if (s->state == STATE_START || s->state == STATE_LISTEN || s->next) {
        s->reload_again = true;
        return;
    }
    if (s->state != STATE_RUN)
        return;
    log_msg(LOG_INFO, "reload", "checking %s", s->path);
    notify_reloading();
    if (next_load(s) < 0) {
        log_msg(LOG_ERROR, "reload", "the old configuration stays");
        notify_ready();
    }
}

static void reload_finish(struct supervisor *s)
{
    s->deadline = 0;
    next_adopt(s);
    socks_keep(&s->socks, s->conf);
    raise_descriptors(s->conf);
    s->state = STATE_RUN;
    s->backoff = backoff_first;
    pair_start(s);
    if (s->reload_again) {
        s->reload_again = false;
        reload_begin(s);
    }
}

static void reload_refused(struct supervisor *s)
{
    next_drop(s);
    log_msg(LOG_ERROR, "reload", "the old configuration stays");
    notify_ready();
    if (s->reload_again) {
        s->reload_again = false;
        reload_begin(s);
    }
}

/* The new file is good: the old pair drains. */
static void reload_drain(struct supervisor *s)
{
    AUTO(errs) struct errs e = {0};
    struct child *front = current(s, CHILD_FRONT);
    bool busy;

    if (socks_open(&s->socks, s->next, &busy, &e) < 0) {
        log_reasons(&e);
        reload_refused(s);
        return;
    }
    s->state = STATE_DRAIN;
    s->start_at = 0;
    s->deadline = tm_mono_us() + drain_time;
    if (front)
        kill(front->pid, SIGTERM);
    if (!pair_lives(s))
        reload_finish(s);
}

static bool any_child(const struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP)
            return true;
    return false;
}

static void kill_all(struct supervisor *s, bool current_only)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP &&
            (s->children[i].current || !current_only))
            kill(s->children[i].pid, SIGKILL);
}

static void stop_begin(struct supervisor *s, int code)
{
    struct child *front = current(s, CHILD_FRONT);
    struct child *signer = current(s, CHILD_SIGNER);
    struct child *check = current(s, CHILD_CHECK);

    if (s->state == STATE_STOP) { /* asked twice: no more waiting */
        kill_all(s, false);
        return;
    }
    s->state = STATE_STOP;
    s->code = code;
    s->start_at = 0;
    s->deadline = tm_mono_us() + stop_time;
    notify_stopping();
    log_msg(LOG_INFO, "stop", "draining");
    if (check)
        kill(check->pid, SIGKILL);
    if (front)
        kill(front->pid, SIGTERM);
    else if (signer)
        signer->kill_at = s->deadline;
    /* Nobody new: what waits in the backlog is refused now, not later. */
    socks_keep(&s->socks, NULL);
    if (!any_child(s))
        s->state = STATE_END;
}

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
        s->start_at = now + backoff_first;
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
    if (s->state == STATE_STOP && !any_child(s))
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
    front = current(s, CHILD_FRONT);
    signer = current(s, CHILD_SIGNER);
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
        kill_all(s, s->state == STATE_DRAIN);
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

int supervisor_run(const char *conf_path)
{
    struct supervisor s = {.path = absolute(conf_path),
                           .conf_fd = -1,
                           .next_fd = -1,
                           .backoff = backoff_first};

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
