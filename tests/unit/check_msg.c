/* SPDX-License-Identifier: ISC */
/* Frames: their heads, sizes, descriptors and senders. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msg.h"
#include "unit.h"

static int pair[2];
static struct msg_in in;

static void open_pair(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

/* A packet as it may never be made by msg_send(). */
static int recv_raw(const void *p, size_t len, enum msg_peer peer)
{
    struct frame f;

    ck_assert_int_eq(send(pair[0], p, len, 0), (ssize_t)len);
    return msg_recv(pair[1], peer, &in, &f);
}

static void head(struct buf *b, unsigned type, unsigned flags, uint32_t length)
{
    buf_reset(b);
    buf_u16(b, (uint16_t)type);
    buf_u16(b, (uint16_t)flags);
    buf_u32(b, length);
    buf_u64(b, 7);
}

START_TEST(a_frame_arrives_as_it_was_sent)
{
    AUTO(buf) struct buf b = {0};
    struct frame f;

    open_pair();
    msg_begin(&b, MSG_GET, 0x0123456789abcdef, false);
    buf_str(&b, "body");
    ck_assert_int_eq(msg_send(pair[0], &b, -1, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_F, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_GET);
    ck_assert(!f.more && f.fd == -1);
    ck_assert(f.id == 0x0123456789abcdef);
    AUTO(free) char *s = rd_str(&f.body);
    ck_assert_str_eq(s, "body");
    ck_assert(rd_done(&f.body));
    close_pair();
}
END_TEST

/* Every number there is, from every sender, against the table. */
START_TEST(only_what_the_table_permits_is_taken)
{
    static const struct {
        int number, from;
    } table[] = {
#define X(name, number, from) {number, from},
        MSG_TABLE(X)
#undef X
    };
    AUTO(buf) struct buf b = {0};

    open_pair();
    for (unsigned type = 0; type < 300; type++)
        for (int peer = PEER_F; peer <= PEER_S; peer *= 2) {
            int want = -1;

            for (size_t i = 0; i < COUNT(table); i++)
                if (table[i].number == (int)type && (table[i].from & peer) &&
                    type != MSG_CRL_FILE) /* has a descriptor */
                    want = 1;
            head(&b, type, 0, 0);
            ck_assert_msg(recv_raw(b.data, b.len, (enum msg_peer)peer) == want,
                          "type %u from %d", type, peer);
            ck_assert((msg_name(type) != NULL) || want == -1);
        }
    close_pair();
}
END_TEST

START_TEST(a_wrong_length_breaks_the_protocol)
{
    AUTO(buf) struct buf b = {0};
    static const uint32_t lengths[] = {0, 3, 5, 0x7fffffff, UINT32_MAX};

    open_pair();
    for (size_t i = 0; i < COUNT(lengths); i++) {
        head(&b, MSG_LIST, 0, lengths[i]);
        buf_put(&b, "abcd", 4);
        ck_assert_int_eq(recv_raw(b.data, b.len, PEER_F), -1);
    }
    head(&b, MSG_LIST, 0, 4);
    buf_put(&b, "abcd", 4);
    ck_assert_int_eq(recv_raw(b.data, b.len, PEER_F), 1);
    for (size_t n = 1; n < MSG_HEAD; n++)
        ck_assert_int_eq(recv_raw(b.data, n, PEER_F), -1);
    close_pair();
}
END_TEST

START_TEST(flags_that_mean_nothing_break_the_protocol)
{
    AUTO(buf) struct buf b = {0};

    open_pair();
    for (unsigned bit = 1; bit < 16; bit++) {
        head(&b, MSG_DONE, 1u << bit, 0);
        ck_assert_int_eq(recv_raw(b.data, b.len, PEER_S), -1);
    }
    head(&b, MSG_DONE, 1, 0);
    ck_assert_int_eq(recv_raw(b.data, b.len, PEER_S), 1);
    /* A request is one frame. */
    head(&b, MSG_GET, 1, 0);
    ck_assert_int_eq(recv_raw(b.data, b.len, PEER_F), -1);
    close_pair();
}
END_TEST

START_TEST(the_largest_frame_passes_and_no_larger_one)
{
    AUTO(buf) struct buf b = {0};
    struct frame f;

    open_pair();
    msg_begin(&b, MSG_TEXT, 1, true);
    memset(buf_extend(&b, MSG_MAX - MSG_HEAD), 'x', MSG_MAX - MSG_HEAD);
    ck_assert_int_eq(msg_send(pair[0], &b, -1, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), 1);
    ck_assert(f.more && f.body.n == MSG_MAX - MSG_HEAD);
    buf_u8(&b, 'x');
    ck_assert_int_eq(msg_send(pair[0], &b, -1, false), -1);
    ck_assert_int_eq(errno, EMSGSIZE);
    /* The same from a peer that does not keep to it. */
    ck_assert_int_eq(recv_raw(b.data, b.len, PEER_S), -1);
    close_pair();
}
END_TEST

static int count_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

START_TEST(a_descriptor_goes_one_way_only)
{
    AUTO(buf) struct buf b = {0};
    struct msg_crl_file file = {.name = (char *)"issuing.crl", .size = 5};
    struct frame f;
    int fd, before;
    char text[6] = "";

    open_pair();
    fd = memfd_create("x", 0);
    ck_assert_int_eq(pwrite(fd, "hello", 5, 0), 5);
    before = count_fds();
    msg_begin(&b, MSG_CRL_FILE, 0, false);
    msg_crl_file_put(&b, &file);
    ck_assert_int_eq(msg_send(pair[0], &b, fd, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), 1);
    ck_assert_int_ge(f.fd, 0);
    ck_assert_int_eq(pread(f.fd, text, 5, 0), 5);
    ck_assert_str_eq(text, "hello");
    close(f.fd);
    /* A file without a descriptor, a descriptor without a file. */
    ck_assert_int_eq(msg_send(pair[0], &b, -1, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), -1);
    msg_begin(&b, MSG_DONE, 1, false);
    ck_assert_int_eq(msg_send(pair[0], &b, fd, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), -1);
    /* To the signer never. */
    msg_begin(&b, MSG_GET, 1, false);
    ck_assert_int_eq(msg_send(pair[0], &b, fd, false), 0);
    ck_assert_int_eq(msg_recv(pair[1], PEER_F, &in, &f), -1);
    ck_assert_int_eq(count_fds(), before);
    close(fd);
    close_pair();
}
END_TEST

START_TEST(a_gone_peer_is_gone)
{
    AUTO(buf) struct buf b = {0};
    struct frame f;

    open_pair();
    close(pair[0]);
    ck_assert_int_eq(msg_recv(pair[1], PEER_F, &in, &f), 0);
    msg_begin(&b, MSG_DONE, 1, false);
    ck_assert_int_eq(msg_send(pair[1], &b, -1, false), -1);
    ck_assert_int_eq(errno, EPIPE);
    close(pair[1]);
}
END_TEST

/* More than go at once, and than the socket holds, to one who reads late. */
START_TEST(many_frames_arrive_in_their_order)
{
    enum { MANY = 1000 };
    static struct buf frames[MANY];
    struct frame f;
    int status;

    open_pair();
    for (uint64_t i = 0; i < MANY; i++) {
        msg_begin(&frames[i], MSG_TEXT, i + 1, false);
        memset(buf_extend(&frames[i], i % 997), (int)i, i % 997);
    }
    if (fork() == 0)
        _exit(msg_send_all(pair[0], frames, MANY, false) != MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(msg_recv(pair[1], PEER_S, &in, &f), 1);
        ck_assert(f.id == i + 1 && f.body.n == i % 997);
        ck_assert(!f.body.n || f.body.p[f.body.n - 1] == (uint8_t)i);
    }
    wait(&status);
    ck_assert_int_eq(status, 0);
    /* One of them too long: those before it may have gone, it has not. */
    buf_extend(&frames[1], MSG_MAX);
    ck_assert_uint_lt(msg_send_all(pair[0], frames, 2, false), 2);
    ck_assert_int_eq(errno, EMSGSIZE);
    close(pair[1]);
    ck_assert_uint_eq(msg_send_all(pair[0], frames, 1, false), 0);
    ck_assert_int_eq(errno, EPIPE);
    close(pair[0]);
    for (size_t i = 0; i < MANY; i++)
        buf_free(&frames[i]);
}
END_TEST

/* A frame twice in one packet, the second `cut` octets too short. */
static void send_two(unsigned type, size_t cut)
{
    AUTO(buf) struct buf one = {0}, two = {0};

    head(&one, type, 0, 4);
    buf_u32(&one, 1);
    buf_put(&two, one.data, one.len);
    buf_put(&two, one.data, one.len);
    ck_assert(send(pair[0], two.data, two.len - cut, 0) > 0);
}

START_TEST(only_some_share_a_packet)
{
    static const struct {
        enum msg_peer peer;
        unsigned type;
        int second; /* what the second of two is */
    } table[] = {{PEER_S, MSG_DONE, 1},  {PEER_F, MSG_OCSP, 1},
                 {PEER_F, MSG_GET, 1},   {PEER_A, MSG_GET, -1},
                 {PEER_F, MSG_ISSUE, 1}, {PEER_A, MSG_ISSUE, -1},
                 {PEER_F, MSG_LIST, -1}, {PEER_F, MSG_REVOKE, -1}};
    struct frame f;

    open_pair();
    for (size_t i = 0; i < COUNT(table); i++) {
        send_two(table[i].type, 0);
        for (int n = 0; n < 2 && table[i].second == 1; n++) {
            ck_assert_int_eq(msg_recv_now(pair[1], table[i].peer, &in, &f), 1);
            ck_assert(f.type == table[i].type && f.id == 7 && f.body.n == 4);
        }
        if (table[i].second != 1)
            ck_assert_int_eq(msg_recv_now(pair[1], table[i].peer, &in, &f), -1);
        ck_assert_int_eq(msg_recv_now(pair[1], table[i].peer, &in, &f),
                         MSG_NONE);
    }
    close_pair();
}
END_TEST

START_TEST(a_second_frame_that_is_cut_breaks_the_protocol)
{
    struct frame f;

    open_pair();
    for (size_t cut = 1; cut < MSG_HEAD + 4; cut++) {
        send_two(MSG_DONE, cut);
        ck_assert_int_eq(msg_recv_now(pair[1], PEER_S, &in, &f), 1);
        ck_assert_int_eq(msg_recv_now(pair[1], PEER_S, &in, &f), -1);
        ck_assert_int_eq(msg_recv_now(pair[1], PEER_S, &in, &f), MSG_NONE);
    }
    close_pair();
}
END_TEST

START_TEST(many_frames_share_few_packets)
{
    enum { MANY = 130, PACKETS = 3 }; /* 64 in one */
    struct buf frames[MANY] = {0};
    int packets = 0;

    open_pair();
    for (uint64_t i = 0; i < MANY; i++)
        msg_begin(&frames[i], MSG_DONE, i + 1, false);
    ck_assert_uint_eq(msg_send_all(pair[0], frames, MANY, false), MANY);
    while (recv(pair[1], in.v, sizeof(in.v), MSG_DONTWAIT) > 0)
        packets++;
    ck_assert_int_eq(packets, PACKETS);
    /* Two that are too long for one. */
    for (int i = 0; i < 2; i++)
        buf_extend(&frames[i], MSG_MAX / 2);
    ck_assert_uint_eq(msg_send_all(pair[0], frames, 2, false), 2);
    for (packets = 0; recv(pair[1], in.v, sizeof(in.v), MSG_DONTWAIT) > 0;)
        packets++;
    ck_assert_int_eq(packets, 2);
    for (size_t i = 0; i < MANY; i++)
        buf_free(&frames[i]);
    close_pair();
}
END_TEST

START_TEST(nothing_there_is_not_the_end)
{
    AUTO(buf) struct buf b = {0};
    struct frame f;

    open_pair();
    ck_assert_int_eq(msg_recv_now(pair[1], PEER_F, &in, &f), MSG_NONE);
    msg_begin(&b, MSG_GET, 5, false);
    ck_assert_int_eq(msg_send(pair[0], &b, -1, false), 0);
    ck_assert_int_eq(msg_recv_now(pair[1], PEER_F, &in, &f), 1);
    ck_assert(f.type == MSG_GET && f.id == 5);
    ck_assert_int_eq(msg_recv_now(pair[1], PEER_F, &in, &f), MSG_NONE);
    close(pair[0]);
    ck_assert_int_eq(msg_recv_now(pair[1], PEER_F, &in, &f), 0);
    close(pair[1]);
}
END_TEST

START_TEST(a_full_socket_does_not_block_when_asked)
{
    AUTO(buf) struct buf b = {0};
    int rc, n = 0;

    open_pair();
    msg_begin(&b, MSG_DONE, 1, false);
    while ((rc = msg_send(pair[0], &b, -1, true)) == 0 && n < 1000000)
        n++;
    ck_assert_int_eq(rc, -1);
    ck_assert_int_eq(errno, EAGAIN);
    close_pair();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_frame_arrives_as_it_was_sent,
        only_what_the_table_permits_is_taken,
        a_wrong_length_breaks_the_protocol,
        flags_that_mean_nothing_break_the_protocol,
        the_largest_frame_passes_and_no_larger_one,
        a_descriptor_goes_one_way_only,
        a_gone_peer_is_gone,
        many_frames_arrive_in_their_order,
        only_some_share_a_packet,
        a_second_frame_that_is_cut_breaks_the_protocol,
        many_frames_share_few_packets,
        nothing_there_is_not_the_end,
        a_full_socket_does_not_block_when_asked,
    };

    return unit_run("msg", tests, COUNT(tests));
}
