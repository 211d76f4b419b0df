/* SPDX-License-Identifier: ISC */
/*
 * The threads that serve: one a listener, in turns of libmicrohttpd's.  They
 * are ours and not its own, since a turn has an end: what its requests gave to
 * the log and to the signer goes out there, together.  And whoever resumes many
 * requests wakes the thread once.
 */
#include "front_core.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include "log.h"

/* Cleared before the turn looks: what is resumed after that wakes again. */
static void awake(struct turn *t)
{
    uint64_t n;

    (void)!read(t->wake_fd, &n, sizeof(n));
    atomic_store(&t->woken, false);
}

void turn_wake(struct turn *t)
{
    const uint64_t one = 1;

    if (!atomic_exchange(&t->woken, true))
        (void)!write(t->wake_fd, &one, sizeof(one));
}

void turn_quiesce(struct turn *t)
{
    atomic_store(&t->quiesce, true);
    turn_wake(t);
}

/* Those who wait to be accepted are looked for again only in the turn after the
 * one in which a connection ended, when all were taken. */
static bool has_room_again(struct turn *t)
{
    const unsigned before = t->connections;

    t->connections =
        MHD_get_daemon_info(t->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
            ->num_connections;
    return t->connections < before;
}

/* Until there is something to do; libmicrohttpd may know of something. */
static void wait_for_work(struct turn *t, int epoll_fd)
{
    struct pollfd p[] = {{.fd = epoll_fd, .events = POLLIN},
                         {.fd = t->wake_fd, .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG ms;
    int timeout = -1;

    if (MHD_get_timeout(t->daemon, &ms) == MHD_YES)
        timeout = ms < 1000 ? (int)ms : 1000;
    if (has_room_again(t))
        timeout = 0;
    if (poll(p, 2, timeout) < 0 && errno != EINTR)
        log_fatal("http", "poll: %s", strerror(errno));
    if (p[1].revents)
        awake(t);
}

static void *run(void *arg)
{
    struct turn *t = arg;
    int epoll_fd =
        MHD_get_daemon_info(t->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    pthread_setname_np(pthread_self(), "http");
    for (;;) {
        wait_for_work(t, epoll_fd);
        if (atomic_exchange(&t->quiesce, false))
            MHD_quiesce_daemon(t->daemon);
        log_hold();
        signer_link_hold();
        MHD_run(t->daemon);
        signer_link_let_go();
        log_let_go();
    }
    return NULL;
}

void turn_start(struct turn *t, struct MHD_Daemon *daemon)
{
    pthread_t thread;

    t->daemon = daemon;
    t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->wake_fd < 0 || pthread_create(&thread, NULL, run, t) != 0)
        log_fatal("start", "no thread to serve with: %s", strerror(errno));
    pthread_detach(thread);
}
