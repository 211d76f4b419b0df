/* SPDX-License-Identifier: ISC */
#include "msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/uio.h>

enum { FLAG_MORE = 1, LENGTH_AT = 4, ID_AT = 8, PACKED_MAX = 64 };

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

bool msg_is_quick(unsigned type)
{
    return type == MSG_OCSP || type == MSG_GET;
}

bool msg_may_share(unsigned type)
{
    return msg_is_quick(type) || type == MSG_ISSUE;
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

enum msg_type msg_type_of(const struct buf *frame)
{
    struct rd r = rd_of(frame->data, frame->len);

    return (enum msg_type)rd_u16(&r);
}

void msg_set_id(struct buf *frame, uint64_t id)
{
    for (int i = 0; i < 8; i++)
        frame->data[ID_AT + i] = (uint8_t)(id >> (56 - 8 * i));
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

static int send_packet(int sock, const struct msghdr *m, int flags)
{
    ssize_t n;

    do
        n = sendmsg(sock, m, MSG_NOSIGNAL | flags);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

int msg_send(int sock, struct buf *frame, int fd, bool dontwait)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = frame->data, .iov_len = frame->len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

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
    return send_packet(sock, &m, dontwait ? MSG_DONTWAIT : 0);
}

/* One packet of as many frames as it has room for: how many, 0 on failure. */
static size_t send_some(int sock, struct buf *frames, size_t n, int flags)
{
    struct iovec iov[PACKED_MAX];
    struct msghdr m = {.msg_iov = iov};
    size_t i, octets = 0;

    for (i = 0; i < n && i < PACKED_MAX; i++) {
        if (frame_end(&frames[i]) != 0)
            return 0;
        octets += frames[i].len;
        if (octets > MSG_MAX)
            break;
        iov[i] = (struct iovec){frames[i].data, frames[i].len};
    }
    m.msg_iovlen = i;
    return send_packet(sock, &m, flags) == 0 ? i : 0;
}

size_t msg_send_all(int sock, struct buf *frames, size_t n, bool dontwait)
{
    size_t done = 0, some = 1;

    for (; done < n && some; done += some)
        some = send_some(sock, frames + done, n - done,
                         dontwait ? MSG_DONTWAIT : 0);
    return done;
}

static bool may_share(unsigned type, enum msg_peer peer)
{
    return peer == PEER_S || (peer == PEER_F && msg_may_share(type));
}

/* The next frame's head, judged: what the table does not permit is a broken
 * promise. */
static int parse(struct msg_in *in, enum msg_peer peer, struct frame *out)
{
    struct rd r = rd_of(in->v + in->at, in->n - in->at);
    uint16_t type = rd_u16(&r), flags = rd_u16(&r);
    uint32_t length = rd_u32(&r);

    out->id = rd_u64(&r);
    if (r.failed || length > r.n || flags > FLAG_MORE)
        return -1;
    if (!msg_name(type) || !(table[type].from & peer))
        return -1;
    if ((flags & FLAG_MORE) && peer != PEER_S)
        return -1; /* only answers come in several frames */
    if (length < r.n && !may_share(type, peer))
        return -1;
    in->at = in->n - (r.n - length);
    r.n = length;
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

/* 1, 0, -1 or MSG_NONE, as msg_recv() has them. */
static int take_packet(int sock, enum msg_peer peer, int flags,
                       struct msg_in *in, int *fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = in->v, .iov_len = sizeof(in->v)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

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
        *fd = take_fd(&m);
    in->at = 0;
    in->n = (size_t)n;
    /* MSG_CTRUNC: descriptors came that were not asked for. */
    return m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -1 : 1;
}

static int receive(int sock, enum msg_peer peer, int flags, struct msg_in *in,
                   struct frame *out)
{
    int got = 1;

    *out = (struct frame){.fd = -1};
    if (in->at == in->n)
        got = take_packet(sock, peer, flags, in, &out->fd);
    if (got == 1)
        got = parse(in, peer, out);
    if (got == 1 && (out->fd >= 0) != (out->type == MSG_CRL_FILE))
        got = -1;
    if (got == -1) {
        if (out->fd >= 0)
            close(out->fd);
        out->fd = -1;
        in->at = in->n;
    }
    return got;
}

int msg_recv(int sock, enum msg_peer peer, struct msg_in *in, struct frame *out)
{
    return receive(sock, peer, 0, in, out);
}

int msg_recv_now(int sock, enum msg_peer peer, struct msg_in *in,
                 struct frame *out)
{
    return receive(sock, peer, MSG_DONTWAIT, in, out);
}
