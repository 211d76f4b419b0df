/* SPDX-License-Identifier: ISC */
/*
 * Sends standard input, octet for octet, to HOST PORT and prints what comes
 * back, until the other side closes (exit 0), nothing was heard for IDLE
 * milliseconds after all was sent (exit 3), or the time is up (exit 4).
 * With -d it drips one octet every MS milliseconds.  With -h it hangs up as
 * soon as all was sent.  The number of milliseconds spent goes to stderr.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct talk {
    int fd;
    char *out;
    size_t len, sent;
    long limit, idle, drip, start, heard, next;
    int hang_up;
};

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void read_input(struct talk *t)
{
    size_t cap = 0;
    ssize_t n;

    do {
        if (t->len == cap) {
            cap = cap ? cap * 2 : 65536;
            t->out = realloc(t->out, cap);
            if (!t->out)
                exit(1);
        }
        n = read(0, t->out + t->len, cap - t->len);
        if (n > 0)
            t->len += (size_t)n;
    } while (n > 0);
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* 0 when the other side will not take more. */
static int send_some(struct talk *t, long now)
{
    size_t want = t->len - t->sent;
    ssize_t n;

    if (t->drip) {
        if (now < t->next)
            return 1;
        t->next = now + t->drip;
        want = 1;
    }
    n = send(t->fd, t->out + t->sent, want, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        t->sent += (size_t)n;
        t->heard = now;
    }
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* The exit code when it is over, -1 to go on. */
static int turn(struct talk *t)
{
    char in[16384];
    long now = now_ms(), wait = t->start + t->limit - now;
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    int sending = t->sent < t->len;
    ssize_t n;

    if (wait <= 0)
        return 4;
    if (!sending && t->hang_up)
        return 0;
    if (!sending && now - t->heard >= t->idle)
        return 3;
    if (!sending && t->heard + t->idle - now < wait)
        wait = t->heard + t->idle - now;
    if (sending && t->drip && t->next > now && t->next - now < wait)
        wait = t->next - now;
    if (sending && (!t->drip || t->next <= now))
        p.events |= POLLOUT;
    if (poll(&p, 1, (int)wait) < 0)
        return errno == EINTR ? -1 : 1;
    if (p.revents & POLLIN) {
        n = recv(t->fd, in, sizeof(in), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return 0;
        if (n > 0)
            t->heard = now;
        if (n > 0 && fwrite(in, 1, (size_t)n, stdout) != (size_t)n)
            return 1;
        return -1;
    }
    if (p.revents & (POLLERR | POLLHUP))
        return 0;
    if ((p.revents & POLLOUT) && !send_some(t, now_ms()))
        t->sent = t->len; /* it closed its reading side: hear the rest */
    return -1;
}

int main(int argc, char **argv)
{
    struct talk t = {.limit = 10000, .idle = 1500};
    int c, code;

    while ((c = getopt(argc, argv, "t:i:d:h")) != -1) {
        if (c == 't')
            t.limit = atol(optarg);
        else if (c == 'i')
            t.idle = atol(optarg);
        else if (c == 'd')
            t.drip = atol(optarg);
        else if (c == 'h')
            t.hang_up = 1;
        else
            return 2;
    }
    if (argc - optind != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    read_input(&t);
    t.start = t.heard = t.next = now_ms();
    t.fd = dial(argv[optind], argv[optind + 1]);
    if (t.fd < 0) {
        perror("rawhttp: connect");
        return 1;
    }
    do
        code = turn(&t);
    while (code < 0);
    fflush(stdout);
    fprintf(stderr, "%ld\n", now_ms() - t.start);
    close(t.fd);
    free(t.out);
    return code;
}
