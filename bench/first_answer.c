/* SPDX-License-Identifier: ISC */
/*
 * How long from start to the first answer.  Starts the command, asks the port
 * on loopback for a path every millisecond until it answers 200, prints the
 * milliseconds, ends the command with SIGTERM and waits for it.
 *
 *   first_answer PORT PATH COMMAND [ARGUMENT]...
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "die.h"

enum { PATIENCE_MS = 20000 };

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int answers(int port, const char *path)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    char text[512];
    ssize_t n = -1;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (s < 0)
        die(1, "socket: %s", strerror(errno));
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    int len =
        snprintf(text, sizeof(text),
                 "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", path, port);
    if (connect(s, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        send(s, text, (size_t)len, MSG_NOSIGNAL) == len)
        n = recv(s, text, sizeof(text), 0);
    close(s);
    return n > 12 && memcmp(text, "HTTP/1.1 200", 12) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die(2, "usage: first_answer PORT PATH COMMAND [ARGUMENT]...");
    int port = atoi(argv[1]);
    if (answers(port, argv[2]))
        die(1, "somebody answers on port %d already", port);

    double began = now_ms();
    pid_t pid = fork();
    if (pid < 0)
        die(1, "fork: %s", strerror(errno));
    if (pid == 0) {
        execvp(argv[3], argv + 3);
        die(127, "%s: %s", argv[3], strerror(errno));
    }
    while (!answers(port, argv[2])) {
        if (waitpid(pid, NULL, WNOHANG) == pid)
            die(1, "%s ended before it answered", argv[3]);
        if (now_ms() - began > PATIENCE_MS) {
            kill(pid, SIGTERM);
            die(1, "no answer in %d ms", PATIENCE_MS);
        }
        usleep(1000);
    }
    double took = now_ms() - began;
    int status;
    kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        die(1, "%s did not end well", argv[3]);
    printf("%.1f\n", took);
    return 0;
}
