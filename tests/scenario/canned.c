/* SPDX-License-Identifier: ISC */
/*
 * A hostile HTTP server: canned PORT GET POST answers each GET with the octets
 * of the file GET as they are (status line and head are in it), each POST with
 * those of POST, and closes.  Files are read anew each time; where there is
 * none nothing is answered.  Instead of NAME there may be NAME.endless, which
 * is sent over and over behind NAME.head, or NAME.drip, an octet every 100 ms,
 * until the other side has enough.  One connection at a time.  It shares the
 * port with whoever lets it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536, FILE_MAX = 1 << 20 };

/* Up to the end of the head and, of a POST, whatever came with it: what is
 * sent without having read all would be lost in a reset. */
static int read_request(int fd)
{
    static char request[REQUEST_MAX];
    size_t n = 0, want = 0;
    const char *end, *length;
    ssize_t got;

    while (n < sizeof(request) - 1 &&
           (got = read(fd, request + n, sizeof(request) - 1 - n)) > 0) {
        n += (size_t)got;
        request[n] = 0;
        end = strstr(request, "\r\n\r\n");
        if (!end)
            continue;
        length = strstr(request, "Content-Length: ");
        want = (size_t)(end + 4 - request);
        if (length && length < end)
            want += strtoul(length + 16, NULL, 10);
        if (n >= want)
            break;
    }
    return request[0];
}

static size_t read_file(const char *name, const char *suffix, char *to)
{
    char path[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "%s%s", name, suffix);
    f = fopen(path, "r");
    if (!f)
        return 0;
    n = fread(to, 1, FILE_MAX, f);
    fclose(f);
    return n;
}

static void drip(int fd, const char *p, size_t n)
{
    const struct timespec pause = {.tv_nsec = 100000000};

    for (size_t i = 0; i < n && write(fd, p + i, 1) == 1; i++)
        nanosleep(&pause, NULL);
}

static void answer(int fd, const char *name)
{
    /* the other side's cores are also those of other tests */
    const struct timespec breath = {.tv_nsec = 1000000};
    static char body[FILE_MAX];
    size_t n, head;

    if ((n = read_file(name, "", body))) {
        for (size_t at = 0; at < n;) {
            ssize_t w = write(fd, body + at, n - at);

            if (w <= 0)
                return;
            at += (size_t)w;
        }
    } else if ((n = read_file(name, ".endless", body))) {
        head = read_file(name, ".head", body);
        if (head && write(fd, body, head) < 0)
            return;
        n = read_file(name, ".endless", body);
        while (write(fd, body, n) > 0)
            nanosleep(&breath, NULL);
    } else if ((n = read_file(name, ".drip", body))) {
        drip(fd, body, n);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int one = 1, sock, fd, method;

    if (argc != 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    a.sin_port = htons((unsigned short)atoi(argv[1]));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sock = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(sock, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    if (bind(sock, (struct sockaddr *)&a, sizeof(a)) != 0 ||
        listen(sock, 16) != 0) {
        perror("canned");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    while ((fd = accept(sock, NULL, NULL)) >= 0) {
        method = read_request(fd);
        answer(fd, method == 'P' ? argv[3] : argv[2]);
        close(fd);
    }
    return 1;
}
