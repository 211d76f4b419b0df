/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "passphrase.h"
#include "signer.h"

enum { PATIENCE_MS = 3000, STEP_MS = 50 };

struct client {
    int sock;
    struct signer *s; /* NULL: a service answers */
    pthread_t server;
    struct buf out;
    uint64_t id;
    struct msg_in in;
};

static int away(const struct conf *c, struct errs *e)
{
    return err_add(e, ERR_SIGNER_AWAY,
                   "the service on %s does not answer: try again", c->data);
}

static int dial(const struct conf *c)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    AUTO(free) char *path = xasprintf("%s/admin.sock", c->data);
    int sock;

    if (strlen(path) >= sizeof(a.sun_path))
        return -1;
    strcpy(a.sun_path, path);
    sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (sock >= 0 && connect(sock, (struct sockaddr *)&a, sizeof(a)) != 0) {
        close(sock);
        sock = -1;
    }
    return sock;
}

/* The supervisor keeps the socket open while the signer starts afresh, so only
 * an answer shows that somebody is there. */
static bool answers(struct client *c, int wait_ms)
{
    struct pollfd in = {.fd = c->sock, .events = POLLIN};
    AUTO(errs) struct errs e = {0};
    struct frame f;

    client_begin(c, MSG_HELLO);
    return client_send(c, &e) == 0 && poll(&in, 1, wait_ms) == 1 &&
           client_recv(c, &f, &e) == 0;
}

static void *serve(void *arg)
{
    struct client *c = arg;
    peer_serve(c->s, c->s->local);
    return NULL;
}

/* No service runs: the lock is ours, and the signer is in this process. */
static int start_signer(struct client *c, struct conf *conf, int lock,
                        struct errs *e)
{
    AUTO(strs) struct strs warnings = {0};
    int pair[2];

    if (passphrase_fill(conf, conf->given_pass, conf->may_ask, e) != 0 ||
        conf_check(conf, &warnings, e) != 0) {
        close(lock);
        return -1;
    }
    c->s = signer_open(conf, NULL, lock, e);
    if (!c->s)
        return -1;
    c->s->own_user = signer_user_name();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "socketpair: %s", strerror(errno));
    c->sock = pair[0];
    c->s->local = peer_new(pair[1], PEER_A, geteuid());
    if (pthread_create(&c->server, NULL, serve, c) == 0)
        return 0;
    peer_unref(c->s->local);
    c->s->local = NULL;
    return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
}

/* 1 open, 0 not now, -1 never. */
static int try_open(struct client *c, struct conf *conf, int left_ms,
                    struct errs *e)
{
    AUTO(errs) struct errs held = {0};
    int lock = signer_lock(conf, 0, &held);

    if (lock >= 0)
        return start_signer(c, conf, lock, e) == 0 ? 1 : -1;
    if (held.v[0].code != ERR_SIGNER_AWAY) {
        errs_move(e, &held);
        return -1;
    }
    c->sock = dial(conf);
    if (c->sock < 0)
        return 0;
    if (answers(c, left_ms))
        return 1;
    close(c->sock);
    c->sock = -1;
    return 0;
}

struct client *client_open(struct conf *conf, struct errs *e)
{
    struct client *c = xcalloc(1, sizeof(*c));
    const int64_t end = tm_mono_us() + PATIENCE_MS * 1000;
    int got = 0;

    c->sock = -1;
    while (got == 0) {
        int64_t left = (end - tm_mono_us()) / 1000;

        if (left <= 0) {
            got = away(conf, e);
            break;
        }
        got = try_open(c, conf, (int)left, e);
        if (got == 0)
            usleep(STEP_MS * 1000);
    }
    if (got == 1)
        return c;
    client_close(c);
    return NULL;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    if (c->sock >= 0)
        close(c->sock);
    if (c->s && c->s->local)
        pthread_join(c->server, NULL);
    signer_close(c->s);
    buf_wipe(&c->out);
    mem_wipe(&c->in, sizeof(c->in)); /* a new token came through it */
    free(c);
}

struct buf *client_begin(struct client *c, enum msg_type type)
{
    const struct caller nobody = {0};

    msg_begin(&c->out, type, ++c->id, false);
    caller_put(&c->out, &nobody);
    return &c->out;
}

int client_send(struct client *c, struct errs *e)
{
    if (msg_send(c->sock, &c->out, -1, false) == 0)
        return 0;
    if (errno == EMSGSIZE)
        return err_add(e, ERR_TOO_LARGE, "the request has %zu octets",
                       c->out.len);
    return err_add(e, ERR_SIGNER_AWAY, "the service went away");
}

int client_recv(struct client *c, struct frame *f, struct errs *e)
{
    if (msg_recv(c->sock, PEER_S, &c->in, f) != 1 || f->id != c->id)
        return err_add(e, ERR_SIGNER_AWAY, "the service went away");
    if (f->type != MSG_ERROR)
        return 0;
    errs_get(&f->body, e);
    if (!rd_done(&f->body) || e->n == 0)
        err_add(e, ERR_SIGNER_AWAY, "the service gave no reason");
    return -1;
}

int client_call(struct client *c, enum msg_type want, struct frame *f,
                struct errs *e)
{
    if (client_send(c, e) != 0 || client_recv(c, f, e) != 0)
        return -1;
    if (f->type != want || f->more)
        return err_add(e, ERR_SIGNER_AWAY, "%s was answered by %s",
                       msg_name(want), msg_name(f->type));
    return 0;
}
