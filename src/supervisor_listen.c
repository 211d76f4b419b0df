/* SPDX-License-Identifier: ISC */
/* The listening sockets: they outlive every child, so that clients wait
 * while a pair is started and are never refused. */
#include "supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BACKLOG = 4096 };

static bool is_same(const struct sock *s, const struct conf_listen *l)
{
    if (!l || s->admin)
        return !l && s->admin;
    if (l->path || s->path)
        return l->path && s->path && strcmp(l->path, s->path) == 0;
    return l->port == s->port && strcmp(l->host, s->host) == 0;
}

int socks_find(const struct socks *s, const struct conf_listen *l)
{
    for (size_t i = 0; i < s->n; i++)
        if (is_same(&s->v[i], l))
            return s->v[i].fd;
    return -1;
}

static void sock_close(struct sock *s)
{
    struct stat st;

    /* Only what we made: another service may have put its own there. */
    if (s->path && lstat(s->path, &st) == 0 && st.st_dev == s->dev &&
        st.st_ino == s->ino)
        unlink(s->path);
    close(s->fd);
    free(s->path);
    free(s->host);
}

/* Nobody listens at the path any more. */
static bool is_stale(const struct sockaddr_un *at)
{
    AUTO(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    if (fd < 0 || lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return false;
    /* EPROTOTYPE: somebody does, with another kind of socket. */
    return connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 &&
           errno == ECONNREFUSED;
}

/* With the mode from the beginning: a chmod(2) would follow a link that the
 * owner of the directory might put there. */
static int bind_mode(int fd, const struct sockaddr_un *at, mode_t mode)
{
    mode_t before = umask(0777 & ~mode);
    int r = bind(fd, (const struct sockaddr *)at, sizeof(*at));

    umask(before);
    return r;
}

static int bind_unix(struct sock *s, int type, mode_t mode, uid_t uid,
                     gid_t gid)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat st;

    strncpy(at.sun_path, s->path, sizeof(at.sun_path) - 1);
    s->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return -1;
    if (bind_mode(s->fd, &at, mode) < 0) {
        if (errno != EADDRINUSE)
            return -1;
        if (!is_stale(&at)) {
            errno = EADDRINUSE;
            return -1;
        }
        if (unlink(s->path) < 0 || bind_mode(s->fd, &at, mode) < 0)
            return -1;
    }
    if (lstat(s->path, &st) < 0 ||
        (geteuid() == 0 && uid && lchown(s->path, uid, gid) < 0))
        return -1;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    return 0;
}

static int bind_tcp(struct sock *s)
{
    struct sockaddr_storage at;
    struct addrinfo *found,
        hints = {.ai_socktype = SOCK_STREAM,
                 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    socklen_t len;
    char port[8];
    const int on = 1;

    snprintf(port, sizeof(port), "%d", s->port);
    if (getaddrinfo(s->host, port, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    len = found->ai_addrlen;
    memcpy(&at, found->ai_addr, len);
    freeaddrinfo(found);
    s->fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return -1;
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    /* So that 0.0.0.0 and [::] can stand side by side. */
    if (at.ss_family == AF_INET6)
        setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (s->shares)
        setsockopt(s->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    return bind(s->fd, (struct sockaddr *)&at, len);
}

static char *admin_path(const struct conf *c)
{
    return xasprintf("%s/admin.sock", c->data);
}

/* The user of the socket's other side, when we are root. */
static void owner_of(const char *user, uid_t *uid, gid_t *gid)
{
    const struct passwd *pw = user ? getpwnam(user) : NULL;

    *uid = pw ? pw->pw_uid : 0;
    *gid = pw ? pw->pw_gid : 0;
}

static void keep(struct socks *s, const struct sock *one)
{
    s->v = xreallocarray(s->v, s->n + 1, sizeof(*s->v));
    s->v[s->n++] = *one;
}

/* It could not be opened, says errno; `url` is for people. */
static int lose(struct sock *one, const char *url, bool *busy, struct errs *e)
{
    const int error = errno;

    *busy = error == EADDRINUSE;
    if (*busy && one->admin)
        err_add(e, ERR_BAD_ARGUMENT,
                "another service runs with this data directory: %s is in use",
                one->path);
    else
        err_add(e, ERR_BAD_ARGUMENT, "listening on %s: %s", url,
                strerror(error));
    if (one->fd >= 0)
        close(one->fd);
    free(one->path);
    free(one->host);
    return -1;
}

static bool is_wanted(const struct sock *s, const struct conf *c)
{
    AUTO(free) char *admin = NULL;

    if (s->admin) {
        admin = admin_path(c);
        return strcmp(s->path, admin) == 0;
    }
    for (size_t i = 0; i < c->n_listens; i++)
        if (is_same(s, &c->listens[i]))
            return true;
    return false;
}

/* Lets another socket have the port of those that go; whether there are any. */
static bool give_port(struct socks *s, const struct conf *c, int port)
{
    const int on = 1;
    bool any = false;

    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].host && s->v[i].port == port && !is_wanted(&s->v[i], c)) {
            setsockopt(s->v[i].fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
            s->v[i].shares = any = true;
        }
    return any;
}

/* Nobody else may have it any more.  The kernel remembers of a port that it is
 * shared until one that does not share is bound at it, where nobody is: at the
 * other family's loopback.  Where that cannot be, others of our user, who could
 * do worse, may still share it. */
static void take_port(struct sock *s)
{
    const char *elsewhere = strchr(s->host, ':') ? "127.0.0.1" : "::1";
    struct sock other = {
        .host = (char *)(uintptr_t)elsewhere, .port = s->port, .fd = -1};
    const int off = 0;

    setsockopt(s->fd, SOL_SOCKET, SO_REUSEPORT, &off, sizeof(off));
    (void)bind_tcp(&other);
    if (other.fd >= 0)
        close(other.fd);
    s->shares = false;
}

static void take_ports(struct socks *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].shares)
            take_port(&s->v[i]);
}

static int open_listen(struct socks *s, const struct conf *c,
                       const struct conf_listen *l, bool *busy, struct errs *e)
{
    struct sock one = {.path = xstrdup_null(l->path),
                       .host = xstrdup_null(l->host),
                       .port = l->port,
                       .shares = give_port(s, c, l->port),
                       .fd = -1};
    uid_t uid;
    gid_t gid;
    int r;

    owner_of(c->user, &uid, &gid);
    /* Open to every local user, as a port on loopback is; the directory can
     * be narrower. */
    r = l->path ? bind_unix(&one, SOCK_STREAM | SOCK_NONBLOCK, 0666, uid, gid)
                : bind_tcp(&one);
    if (r < 0 || listen(one.fd, BACKLOG) < 0)
        return lose(&one, l->url, busy, e);
    keep(s, &one);
    return 0;
}

static int open_admin(struct socks *s, const struct conf *c, bool *busy,
                      struct errs *e)
{
    struct sock one = {.admin = true, .path = admin_path(c), .fd = -1};
    uid_t uid;
    gid_t gid;

    owner_of(c->signer_user ? c->signer_user : c->user, &uid, &gid);
    if (bind_unix(&one, SOCK_SEQPACKET, 0600, uid, gid) < 0 ||
        listen(one.fd, BACKLOG) < 0)
        return lose(&one, one.path, busy, e);
    keep(s, &one);
    return 0;
}

void socks_keep(struct socks *s, const struct conf *c)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (c && is_wanted(&s->v[i], c))
            s->v[n++] = s->v[i];
        else
            sock_close(&s->v[i]);
    }
    s->n = n;
    take_ports(s);
    if (n == 0) {
        free(s->v);
        s->v = NULL;
    }
}

/* An admin socket of this very configuration is open. */
static bool has_admin(const struct socks *s, const struct conf *c)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].admin && is_wanted(&s->v[i], c))
            return true;
    return false;
}

int socks_open(struct socks *s, const struct conf *c, bool *busy,
               struct errs *e)
{
    size_t before = s->n;
    int r = 0;

    *busy = false;
    if (!has_admin(s, c))
        r = open_admin(s, c, busy, e);
    for (size_t i = 0; r == 0 && i < c->n_listens; i++)
        if (socks_find(s, &c->listens[i]) < 0)
            r = open_listen(s, c, &c->listens[i], busy, e);
    while (r < 0 && s->n > before)
        sock_close(&s->v[--s->n]);
    if (r < 0)
        take_ports(s);
    return r;
}
