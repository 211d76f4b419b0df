/* SPDX-License-Identifier: ISC */
/*
 * Deadlines of our own: libmicrohttpd counts inactivity only, so one octet a
 * second would live for ever.  A thread looks at every connection four times
 * a second and shuts down what is late; libmicrohttpd then sees its end.
 * A connection leaves the list, under the lock, before its descriptor is
 * closed.
 */
#include "front_core.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/socket.h>

#include "log.h"
#include "tm.h"

enum {
    TICK_US = 250 * 1000,
    SECOND = 1000 * 1000,
    IDLE_S = 30, /* the handshake, or until the next request line */
    HEAD_S = 10, /* the headers behind it */
    BODY_S = 30,
    REPLY_S = 30, /* and as long as this many octets a second take: */
    REPLY_RATE = 8192,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct link *links;

struct link *link_open(struct front *f, int fd, char *address)
{
    struct link *l = xcalloc(1, sizeof(*l));

    l->fd = fd;
    l->address = address;
    l->deadline = tm_mono_us() + IDLE_S * (int64_t)SECOND;
    pthread_mutex_lock(&lock);
    l->next = links;
    if (links)
        links->prev = l;
    links = l;
    pthread_mutex_unlock(&lock);
    f->connections++;
    return l;
}

void link_close(struct front *f, struct link *l)
{
    pthread_mutex_lock(&lock);
    if (l->prev)
        l->prev->next = l->next;
    else
        links = l->next;
    if (l->next)
        l->next->prev = l->prev;
    pthread_mutex_unlock(&lock);
    f->connections--;
    linger_take(l->fd, l->refused);
    free(l->address);
    free(l);
}

void link_phase(struct link *l, enum phase p, uint64_t octets)
{
    static const int seconds[] = {
        [PHASE_IDLE] = IDLE_S, [PHASE_HEAD] = HEAD_S,   [PHASE_BODY] = BODY_S,
        [PHASE_WAIT] = 0,      [PHASE_REPLY] = REPLY_S,
    };
    int64_t now = tm_mono_coarse_us(), left = seconds[p] * (int64_t)SECOND;

    if (left)
        left += (int64_t)(octets / REPLY_RATE) * SECOND + now;
    pthread_mutex_lock(&lock);
    /* The head has what the idle time left, but enough. */
    if (p != PHASE_HEAD || l->deadline < left)
        l->deadline = left;
    l->phase = p;
    l->requests += p == PHASE_HEAD;
    pthread_mutex_unlock(&lock);
}

/* What a reader leaves unread goes too; an idle one may still be reading. */
static void end(struct link *l)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};

    l->deadline = 0;
    if (l->phase == PHASE_REPLY)
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    shutdown(l->fd, SHUT_RDWR);
}

static void look(int64_t now)
{
    pthread_mutex_lock(&lock);
    for (struct link *l = links; l; l = l->next)
        if (l->deadline && l->deadline <= now)
            end(l);
    pthread_mutex_unlock(&lock);
}

void link_end_idle(bool fresh)
{
    pthread_mutex_lock(&lock);
    for (struct link *l = links; l; l = l->next)
        if (l->phase == PHASE_IDLE && (fresh || l->requests))
            end(l);
    pthread_mutex_unlock(&lock);
}

static void *run(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "deadlines");
    for (;;) {
        int64_t now = tm_mono_us();

        look(now);
        signer_link_expire(now);
        linger_look(now);
        usleep(TICK_US);
    }
    return NULL;
}

void deadline_start(struct front *f)
{
    pthread_t t;

    (void)f;
    if (pthread_create(&t, NULL, run, NULL) != 0)
        log_fatal("start", "no thread for the deadlines");
    pthread_detach(t);
}
