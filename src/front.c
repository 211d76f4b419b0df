/* SPDX-License-Identifier: ISC */
/* The front's life: what it is given, what it gives up, how it ends. */
#include "front_core.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "digest.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"
#include "tm.h"

/* The supervisor gives a drain 5 s. */
enum {
    MS = 1000,
    DRAIN_MS = 4000,
    DRAIN_TICK_MS = 10,
    UNCOUNTED_MS = 30, /* for one that is being accepted meanwhile */
    FRESH_MS = 1000,   /* for a connection that has not asked yet */
    IDLE_MS = 100,     /* for one whose next request is on its way */
    GONE_MS = 1000,
    TLS_LOOK_MS = 5000,
};

static int stop_fd = -1;

void front_stop(void)
{
    const uint64_t one = 1;

    (void)!write(stop_fd, &one, sizeof(one));
}

static int watch_term(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void raise_descriptors(void)
{
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
        return;
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
}

static void greet(struct front *f)
{
    AUTO(errs) struct errs e = {0};
    struct req *r = req_new(f, NULL, NULL, "");
    struct rd body;

    front_begin(r, MSG_HELLO);
    if (signer_link_call(r, MSG_AUTHORITIES, &body, &e) < 0)
        log_fatal("start", "the signer: %s", e.v[0].detail);
    msg_hello_get(&body, &f->hello);
    if (!rd_done(&body))
        log_fatal("frame", "AUTHORITIES of the signer is malformed");
    front_ocsp_prepare(f);
    req_free(r);
}

static bool has_tls(const struct conf *c)
{
    for (size_t i = 0; i < c->n_listens; i++)
        if (c->listens[i].tls)
            return true;
    return false;
}

/* Until SIGTERM (0) or the end of the signer (1). */
static int live(struct front *f, int term_fd)
{
    const bool tls = has_tls(f->conf);
    struct pollfd p[] = {{.fd = term_fd, .events = POLLIN},
                         {.fd = stop_fd, .events = POLLIN}};

    for (;;) {
        /* Dates are the clock's, which steps, and goes on while we sleep. */
        int n = poll(p, 2, tls ? TLS_LOOK_MS : -1);

        if (n < 0 && errno != EINTR)
            log_fatal("front", "poll: %s", strerror(errno));
        if (p[1].revents)
            return 1;
        if (p[0].revents)
            return 0;
        if (n == 0 && tls_due())
            tls_renew(f);
    }
}

/* Connections end when they have their answer; those that ask nothing are
 * given a moment, since a request may be on its way. */
static void drain(struct front *f, int ms)
{
    f->draining = true;
    http_quiesce();
    for (int t = 0; t < ms && (t < UNCOUNTED_MS || f->connections);
         t += DRAIN_TICK_MS) {
        if (t >= IDLE_MS)
            link_end_idle(t >= FRESH_MS);
        usleep(DRAIN_TICK_MS * MS);
    }
}

static void prepare(struct front *f, const char *conf_path)
{
    proc_child_init("front");
    f->conf = proc_conf(conf_path);
    raise_descriptors();
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        log_fatal("start", "eventfd: %s", strerror(errno));
    digest_md(DIGEST_SHA256);
    proc_drop(f->conf->user);
    sandbox_no_dump();
    sandbox_front();
}

int front_main(const char *conf_path)
{
    static struct front f;
    int term_fd, code;

    prepare(&f, conf_path);
    term_fd = watch_term();
    if (term_fd < 0)
        log_fatal("start", "signalfd: %s", strerror(errno));
    signer_link_start(&f);
    greet(&f);
    if (has_tls(f.conf))
        tls_renew(&f);
    crypto_start();
    deadline_start(&f);
    http_start(&f);
    proc_tell(PROC_READY);
    code = live(&f, term_fd);
    drain(&f, code ? GONE_MS : DRAIN_MS);
    /* libmicrohttpd cannot be stopped while a request is suspended. */
    _exit(code);
}
