/* SPDX-License-Identifier: ISC */
/* How the records of an answer are sent. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "front_core.h"
#include "unit.h"

/* The kernel holds a head back for 200 ms, and this process may stand still for
 * longer. */
enum { TRIES = 5 };

static void connected(int *client, struct link *l)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(listener, (void *)&at, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (void *)&at, &len), 0);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(*client, (void *)&at, len), 0);
    *l = (struct link){.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)};
    ck_assert_int_ge(l->fd, 0);
    close(listener);
}

static void push(struct link *l, const char *text)
{
    giovec_t v[] = {{(void *)(uintptr_t)text, 1},
                    {(void *)(uintptr_t)(text + 1), strlen(text) - 1}};

    ck_assert_int_eq(tls_push(l, v, 2), (int)strlen(text));
}

/* All of it, by and by. */
static void comes(int client, const char *text)
{
    char got[16] = "";

    ck_assert_int_eq(recv(client, got, strlen(text), MSG_WAITALL),
                     (int)strlen(text));
    ck_assert_str_eq(got, text);
}

/* True when nothing came before the body. */
static bool head_waited(void)
{
    struct link l;
    int client;
    char one;
    bool waited;

    connected(&client, &l);
    l.head_next = true;
    push(&l, "head");
    waited = recv(client, &one, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
    push(&l, "body");
    ck_assert(!l.head_next);
    comes(client, "headbody");
    push(&l, "next");
    comes(client, "next");
    close(client);
    close(l.fd);
    return waited;
}

START_TEST(a_head_waits_for_its_body)
{
    int waited = 0;

    for (int i = 0; i < TRIES && !waited; i++)
        waited = head_waited();
    ck_assert(waited);
}
END_TEST

START_TEST(a_head_that_was_not_sent_is_one_still)
{
    static const uint8_t octets[65536];
    giovec_t v = {(void *)(uintptr_t)octets, sizeof(octets)};
    struct link l;
    int client;

    connected(&client, &l);
    while (tls_push(&l, &v, 1) > 0)
        ;
    l.head_next = true;
    ck_assert_int_eq(tls_push(&l, &v, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert(l.head_next);
    close(client);
    close(l.fd);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_head_waits_for_its_body,
                                  a_head_that_was_not_sent_is_one_still};

    return unit_run("front_tls", tests, COUNT(tests));
}
