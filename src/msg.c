/* SPDX-License-Identifier: ISC */
#include "msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/uio.h>

enum { FLAG_MORE = 1, LENGTH_AT = 4, SEND_AT_ONCE = 64 };

static const struct {
    const char *name;
    uint8_t from; /* who may send it: PEER_… */
} table[MSG__MAX] = {
#define X(name, number, from) [number] = {#name, from},
    MSG_TABLE(X)
#undef X
};

const char *msg_name(unsigned type)
{
    return type < MSG__MAX ? table[type].name : NULL;
}

void msg_begin(struct buf *b, enum msg_type type, uint64_t id, bool more)
{
    if (!msg_name(type))
        abort();
    buf_reset(b);
    buf_u16(b, (uint16_t)type);
    buf_u16(b, more ? FLAG_MORE : 0);
    buf_u32(b, 0);
    buf_u64(b, id);
}

/* Puts its length into the head; -1 when it is too long to be sent. */
static int frame_end(struct buf *frame)
{
    uint32_t n = (uint32_t)(frame->len - MSG_HEAD);

    if (frame->len < MSG_HEAD)
        abort();
    if (frame->len > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    for (int i = 0; i < 4; i++)
        frame->data[LENGTH_AT + i] = (uint8_t)(n >> (24 - 8 * i));
    return 0;
}

int msg_send(int sock, struct buf *frame, int fd, bool dontwait)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = frame->data, .iov_len = frame->len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (frame_end(frame) != 0)
        return -1;
    if (fd >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    }
    do
        n = sendmsg(sock, &m, MSG_NOSIGNAL | (dontwait ? MSG_DONTWAIT : 0));
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

int msg_send_all(int sock, struct buf *frames, size_t n)
{
    struct mmsghdr m[SEND_AT_ONCE];
    struct iovec iov[SEND_AT_ONCE];
    size_t ready = 0;
    int sent;

    for (; n; frames += sent, n -= (size_t)sent) {
        for (ready = 0; ready < n && ready < SEND_AT_ONCE; ready++) {
            if (frame_end(&frames[ready]) != 0)
                return -1;
            iov[ready] = (struct iovec){frames[ready].data, frames[ready].len};
            m[ready] = (struct mmsghdr){
                .msg_hdr = {.msg_iov = &iov[ready], .msg_iovlen = 1}};
        }
        do
            sent = sendmmsg(sock, m, (unsigned)ready, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent < 0)
            return -1;
    }
    return 0;
}

/* The head, judged: what the table does not permit is a broken promise. */
static int parse(const uint8_t *buf, size_t n, enum msg_peer peer,
                 struct frame *out)
{
    struct rd r = rd_of(buf, n);
    uint16_t type = rd_u16(&r), flags = rd_u16(&r);
    uint32_t length = rd_u32(&r);

    out->id = rd_u64(&r);
    if (r.failed || length != r.n || flags > FLAG_MORE)
        return -1;
    if (!msg_name(type) || !(table[type].from & peer))
        return -1;
    if ((flags & FLAG_MORE) && peer != PEER_S)
        return -1; /* only answers come in several frames */
    out->type = (enum msg_type)type;
    out->more = flags & FLAG_MORE;
    out->body = r;
    return 1;
}

static int take_fd(struct msghdr *m)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    int fd = -1;

    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

static int receive(int sock, enum msg_peer peer, int flags, uint8_t *buf,
                   struct frame *out)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = buf, .iov_len = MSG_MAX};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    *out = (struct frame){.fd = -1};
    if (peer == PEER_S) {
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
    }
    do
        n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | flags);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return MSG_NONE;
    if (n <= 0)
        return 0;
    if (peer == PEER_S)
        out->fd = take_fd(&m);
    /* MSG_CTRUNC: descriptors came that were not asked for. */
    if (!(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
        parse(buf, (size_t)n, peer, out) == 1 &&
        (out->fd >= 0) == (out->type == MSG_CRL_FILE))
        return 1;
    if (out->fd >= 0)
        close(out->fd);
    out->fd = -1;
    return -1;
}

int msg_recv(int sock, enum msg_peer peer, uint8_t *buf, struct frame *out)
{
    return receive(sock, peer, 0, buf, out);
}

int msg_recv_now(int sock, enum msg_peer peer, uint8_t *buf, struct frame *out)
{
    return receive(sock, peer, MSG_DONTWAIT, buf, out);
}
