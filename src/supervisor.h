/* SPDX-License-Identifier: ISC */
/* What the files of the supervisor share. */
#ifndef POCKETCA_SUPERVISOR_H
#define POCKETCA_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "conf.h"
#include "err.h"

/* ---- listening sockets (supervisor_listen.c) ---- */

/* One of them, known by its url as written; "" is the admin socket. */
struct sock {
    char *url;
    char *path; /* of a UNIX socket, or NULL */
    dev_t dev;  /* of the file that we made there */
    ino_t ino;
    int fd;
};
struct socks {
    struct sock *v;
    size_t n;
};

/* Opens what the configuration names and is not open yet.  On -1 nothing has
 * changed; *busy says that a later attempt may succeed. */
int socks_open(struct socks *s, const struct conf *c, bool *busy,
               struct errs *e);
/* Closes what the configuration does not name; NULL: all. */
void socks_keep(struct socks *s, const struct conf *c);
/* -1 when there is none. */
int socks_find(const struct socks *s, const char *url);

/* ---- children (supervisor_spawn.c) ---- */

enum child_kind { CHILD_STOP = 0, CHILD_CHECK, CHILD_FRONT, CHILD_SIGNER };

struct child {
    enum child_kind kind; /* CHILD_STOP: a free place */
    pid_t pid;
    int tell;        /* our end of its FD_SUP */
    bool current;    /* of the pair that serves, or the check under way */
    bool ready;      /* told so */
    int64_t kill_at; /* microseconds, monotonic; 0: never */
};
/* "front", "signer", "check" */
const char *child_text(enum child_kind k);

/* What a child finds behind its descriptors from FD_CONF on; -1: nothing. */
enum { CHILD_FDS_MAX = 64 };
struct child_fds {
    int v[CHILD_FDS_MAX];
    size_t n;
};
/* This very binary, kept open so that an upgrade never mixes versions. */
int child_binary(void);
/* A sealed memfd with the text. */
int child_conf(const void *text, size_t len);
/* fds->v[FD_SUP - FD_CONF] is filled in here.  -1 with errno. */
int child_spawn(struct child *c, enum child_kind kind, int binary,
                const char *conf_path, struct child_fds *fds);

/* ---- the service manager (supervisor_notify.c) ---- */

/* sd_notify(3): one datagram to $NOTIFY_SOCKET, if there is one. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
