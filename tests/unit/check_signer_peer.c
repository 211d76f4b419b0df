/* SPDX-License-Identifier: ISC */
/* The admin socket, as the running signer listens on it. */
#include "ca.h"

#include <stddef.h>
#include <sys/un.h>

#include "unit.h"

static struct signer *served;
static struct sockaddr_un at;
static int listener;

static void *accept_all(void *arg)
{
    peer_accept(arg, listener);
    return NULL;
}

static void admin_listen(struct ca *c)
{
    socklen_t len = sizeof(at.sun_family);
    pthread_t thread;

    at.sun_family = AF_UNIX; /* the kernel chooses an abstract address */
    listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
    len = sizeof(at);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    served = c->s;
    pthread_create(&thread, NULL, accept_all, c->s);
    pthread_detach(thread);
}

static int dial_admin(void)
{
    int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + 6;

    /* abstract: a zero and five hexadecimal digits, unix(7) */
    ck_assert_int_eq(connect(sock, (struct sockaddr *)&at, len), 0);
    return sock;
}

static size_t admins(void)
{
    size_t n = 0;

    pthread_mutex_lock(&served->admin_lock);
    for (size_t i = 0; i < ADMINS_MAX; i++)
        n += served->admins[i] != NULL;
    pthread_mutex_unlock(&served->admin_lock);
    return n;
}

static void wait_admins(size_t n)
{
    while (admins() != n)
        usleep(1000); /* check's own time limit ends it */
}

static void hello(struct buf *b)
{
    const struct caller nobody = {0};

    msg_begin(b, MSG_HELLO, 7, false);
    caller_put(b, &nobody);
}

/* What an honest command gets: the authorities. */
static bool is_answered(int sock)
{
    AUTO(buf) struct buf b = {0};
    static struct msg_in in;
    struct frame f;

    hello(&b);
    return msg_send(sock, &b, -1, false) == 0 &&
           msg_recv(sock, PEER_S, &in, &f) == 1 && f.type == MSG_AUTHORITIES &&
           f.id == 7;
}

static bool is_cut_off(int sock)
{
    uint8_t in[16];

    return recv(sock, in, sizeof(in), 0) <= 0;
}

/* One packet, then a good request beside it. */
static void breaks(const void *p, size_t n)
{
    int sock = dial_admin(), good = dial_admin();

    ck_assert_int_eq(send(sock, p, n, MSG_NOSIGNAL), (ssize_t)n);
    ck_assert_msg(is_cut_off(sock), "%zu octets", n);
    ck_assert(is_answered(good));
    close(sock);
    close(good);
    wait_admins(0);
}

static void put_head(struct buf *b, unsigned type, uint32_t length)
{
    buf_reset(b);
    buf_u16(b, (uint16_t)type);
    buf_u16(b, 0);
    buf_u32(b, length);
    buf_u64(b, 1);
}

START_TEST(a_broken_frame_ends_its_connection_alone)
{
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf whole = {0};
    static const uint32_t lengths[] = {1, 65520, 0x7fffffff, 0xffffffff};
    struct ca c;

    ca_make(&c);
    ca_start(&c);
    admin_listen(&c);
    hello(&whole);
    put_head(&b, MSG_HELLO, (uint32_t)(whole.len - MSG_HEAD));
    buf_put(&b, whole.data + MSG_HEAD, whole.len - MSG_HEAD);
    for (size_t n = 1; n < b.len; n++)
        breaks(b.data, n);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        put_head(&b, MSG_HELLO, lengths[i]);
        breaks(b.data, b.len);
    }
    for (int n = 1; n < 4096; n *= 3) { /* noise */
        buf_reset(&b);
        for (int i = 0; i < n; i++)
            buf_u8(&b, (uint8_t)(0xa5 ^ (i * 97)));
        breaks(b.data, b.len);
    }
    ca_stop(&c);
    ca_free(&c);
}
END_TEST

START_TEST(what_a_command_may_not_send_ends_the_connection)
{
    AUTO(buf) struct buf b = {0};
    static const unsigned types[] = {
        0,        MSG_SERVICE_CERT, MSG_ERROR, MSG_RECORD, MSG_CRL_FILE,
        MSG__MAX, 0x7fff,           0xffff};
    struct ca c;

    ca_make(&c);
    ca_start(&c);
    admin_listen(&c);
    for (size_t i = 0; i < COUNT(types); i++) {
        put_head(&b, types[i], 0);
        breaks(b.data, b.len);
    }
    ca_stop(&c);
    ca_free(&c);
}
END_TEST

/* A head that is good and no body: answered, and the connection goes on. */
START_TEST(an_empty_body_is_refused_with_a_reason)
{
    AUTO(buf) struct buf b = {0};
    static struct msg_in in;
    struct frame f;
    struct ca c;
    int sock;

    ca_make(&c);
    ca_start(&c);
    admin_listen(&c);
    sock = dial_admin();
    put_head(&b, MSG_ISSUE, 0);
    ck_assert_int_eq(send(sock, b.data, b.len, 0), (ssize_t)b.len);
    ck_assert_int_eq(msg_recv(sock, PEER_S, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_ERROR);
    ck_assert(is_answered(sock));
    close(sock);
    wait_admins(0);
    ca_stop(&c);
    ca_free(&c);
}
END_TEST

START_TEST(the_silent_lock_nobody_out)
{
    int silent[ADMINS_MAX], more[ADMINS_MAX];
    struct ca c;

    ca_make(&c);
    ca_start(&c);
    admin_listen(&c);
    for (size_t i = 0; i < ADMINS_MAX; i++) {
        silent[i] = dial_admin();
        wait_admins(i + 1);
    }
    ck_assert(is_answered(silent[0])); /* now the second is the oldest */
    for (size_t i = 0; i + 1 < ADMINS_MAX; i++) {
        more[i] = dial_admin();
        ck_assert(is_answered(more[i]));
        ck_assert(is_cut_off(silent[i + 1]));
    }
    ck_assert(is_answered(silent[0]));
    for (size_t i = 0; i < ADMINS_MAX; i++)
        close(silent[i]);
    for (size_t i = 0; i + 1 < ADMINS_MAX; i++)
        close(more[i]);
    wait_admins(0);
    ca_stop(&c);
    ca_free(&c);
}
END_TEST

START_TEST(what_is_held_goes_at_the_end_or_when_it_is_much)
{
    enum { MANY = 150 };
    static struct msg_in in;
    AUTO(buf) struct buf b = {0};
    struct peer *front;
    struct frame f;
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    front = peer_new(pair[0], PEER_F, 0);
    peer_hold();
    for (uint64_t i = 0; i < MANY; i++) {
        msg_begin(&b, MSG_DONE, i + 1, false);
        peer_send(front, &b);
        if (i == 3)
            ck_assert(recv(pair[1], in.v, sizeof(in.v), MSG_DONTWAIT) < 0);
    }
    peer_let_go();
    msg_begin(&b, MSG_DONE, MANY + 1, false);
    peer_send(front, &b);
    for (uint64_t i = 0; i <= MANY; i++) {
        ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), 1);
        ck_assert(f.id == i + 1);
    }
    peer_unref(front);
    ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), 0); /* the last one */
    close(pair[1]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_broken_frame_ends_its_connection_alone,
        what_a_command_may_not_send_ends_the_connection,
        an_empty_body_is_refused_with_a_reason,
        the_silent_lock_nobody_out,
        what_is_held_goes_at_the_end_or_when_it_is_much,
    };

    return unit_run("signer_peer", tests, COUNT(tests));
}
