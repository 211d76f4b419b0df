/* SPDX-License-Identifier: ISC */
/*
 * Sends the requests of standard input to 127.0.0.1 PORT over TLS, all at once
 * and again and again on one connection, reads the answers, and prints in how
 * many segments of TCP they came: the fewest of all times, since the kernel
 * sends what was held back when the service stands still for long.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { TIMES = 20, ROOM = 65536 };

static int fail(const char *what)
{
    fprintf(stderr, "segments: %s\n", what);
    exit(1);
}

static int dial(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(port)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return connect(fd, (void *)&at, sizeof(at)) == 0 ? fd : fail("connect");
}

/* TLS 1.2 without tickets: nothing comes that was not asked for. */
static gnutls_session_t greet(int fd)
{
    static gnutls_certificate_credentials_t nobody;
    gnutls_session_t s;

    gnutls_certificate_allocate_credentials(&nobody);
    gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
    gnutls_priority_set_direct(s, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, nobody);
    gnutls_transport_set_int(s, fd);
    if (gnutls_handshake(s) < 0)
        fail("handshake");
    return s;
}

static unsigned segments(int fd)
{
    struct tcp_info i = {0};
    socklen_t len = sizeof(i);

    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len);
    return i.tcpi_data_segs_in;
}

/* Behind the answer at p, which is to that request; NULL: not all is there. */
static const char *behind(const char *p, const char *request)
{
    static const char header[] = "\r\nContent-Length: ";
    const char *end = strstr(p, "\r\n\r\n"), *length = strstr(p, header);
    size_t body = 0;

    if (!end)
        return NULL;
    if (length && length < end && strncmp(request, "HEAD ", 5) != 0)
        body = strtoul(length + sizeof(header) - 1, NULL, 10);
    return strlen(end + 4) < body ? NULL : end + 4 + body;
}

static int all_came(const char *p, const char *requests)
{
    while (p && *requests) {
        p = behind(p, requests);
        requests = strstr(requests, "\r\n\r\n") + 4;
    }
    return p != NULL;
}

static unsigned once(int fd, gnutls_session_t s, const char *requests)
{
    static char in[ROOM];
    const unsigned before = segments(fd);
    size_t n = 0;

    in[0] = '\0';
    gnutls_record_send(s, requests, strlen(requests));
    while (!all_came(in, requests)) {
        ssize_t got = gnutls_record_recv(s, in + n, ROOM - 1 - n);

        if (got <= 0)
            fail("no answer");
        n += (size_t)got;
        in[n] = '\0';
    }
    return segments(fd) - before;
}

int main(int argc, char **argv)
{
    static char requests[ROOM];
    unsigned least = UINT32_MAX;
    gnutls_session_t s;
    int fd;

    if (argc != 2)
        return 2;
    requests[fread(requests, 1, ROOM - 1, stdin)] = '\0';
    fd = dial(argv[1]);
    s = greet(fd);
    for (int i = 0; i < TIMES; i++) {
        const unsigned n = once(fd, s, requests);

        least = n < least ? n : least;
    }
    gnutls_deinit(s);
    printf("%u\n", least);
    return 0;
}
