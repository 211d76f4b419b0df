/* SPDX-License-Identifier: ISC */
/*
 * A connection that is closed while octets of its client lie unread is reset
 * by the kernel, and the client may lose the answer that it was sent: a 413
 * that did not wait for the body.  Here such a socket stays for a while, and
 * what still comes is dropped.
 */
#include "front_core.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <sys/socket.h>

#include "tm.h"

enum {
    ROOM = 32, /* of the descriptors that front_http.c leaves */
    LINGER_US = 2 * 1000 * 1000,
    DROP_MAX = 1024 * 1024,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int fd; /* 0: free */
    int64_t end;
    uint64_t dropped;
} left[ROOM];

/* Whether more may come. */
static bool drop(int fd, uint64_t *dropped)
{
    char octets[16384];
    ssize_t n;

    while ((n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0) {
        *dropped += (uint64_t)n;
        if (*dropped > DROP_MAX)
            return false;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

void linger_take(int fd, bool refused)
{
    char one;

    if (!refused && recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < ROOM; i++) {
        if (left[i].fd > 0)
            continue;
        left[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        left[i].end = tm_mono_us() + LINGER_US;
        left[i].dropped = 0;
        if (left[i].fd > 0)
            shutdown(left[i].fd, SHUT_WR);
        break;
    }
    pthread_mutex_unlock(&lock);
}

void linger_look(int64_t now)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < ROOM; i++) {
        if (left[i].fd <= 0 ||
            (drop(left[i].fd, &left[i].dropped) && now < left[i].end))
            continue;
        close(left[i].fd);
        left[i].fd = 0;
    }
    pthread_mutex_unlock(&lock);
}
