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
#include "passphrase.h"

/* ---- listening sockets (supervisor_listen.c) ---- */

/* One of them, known by its place, whatever is spoken there. */
struct sock {
    bool admin;
    char *path; /* of a UNIX socket, or NULL */
    char *host;
    int port;
    bool shares; /* the port, with one of ours that goes or comes */
    dev_t dev; /* of the file that we made there */
    ino_t ino;
    int fd;
};
struct socks {
    struct sock *v;
    size_t n;
};

/* Opens what the configuration names and is not open yet, beside what it names
 * no more.  On -1 nothing has changed; *busy says that a later attempt may
 * succeed. */
int socks_open(struct socks *s, const struct conf *c, bool *busy,
               struct errs *e);
/* Closes what the configuration does not name; NULL: all. */
void socks_keep(struct socks *s, const struct conf *c);
/* NULL: the admin socket.  -1 when there is none. */
int socks_find(const struct socks *s, const struct conf_listen *l);

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

/* ---- the whole ---- */

enum state {
    STATE_START = 0, /* the first check is under way */
    STATE_LISTEN,    /* good; the sockets are being opened */
    STATE_RUN,
    STATE_DRAIN, /* the old pair ends, a new one with `next` follows */
    STATE_STOP,
    STATE_END
};

#define MS INT64_C(1000)
#define BACKOFF_FIRST (50 * MS)
#define BACKOFF_LAST (1000 * MS)

enum { CHILDREN_MAX = 16 };

struct supervisor {
    enum state state;
    int code;
    char *path; /* of the configuration, absolute */
    int binary, signals;
    struct conf *conf, *next; /* next: under check, or behind a drain */
    int conf_fd, next_fd;
    struct passphrase_kept pass, next_pass;
    const struct passphrase_from *pass_from;
    struct socks socks;
    struct child children[CHILDREN_MAX];
    bool ready;        /* the current pair */
    bool reload_again; /* SIGHUP came while one was under way */
    int64_t backoff;
    int64_t start_at; /* when to start a pair, or to try to listen; 0 */
    int64_t deadline; /* of listen, drain and stop; 0 */
};

/* ---- the pair and its configuration (supervisor_pair.c) ---- */

/* Each reason a line of the log. */
void reasons_log(const struct errs *e);
/* Reads the file into s->next and starts its check; -1: said why. */
int next_load(struct supervisor *s);
void next_drop(struct supervisor *s);
/* s->next is s->conf from now on. */
void next_adopt(struct supervisor *s);
/* The child of that kind that counts, or NULL. */
struct child *pair_child(struct supervisor *s, enum child_kind kind);
bool pair_lives(struct supervisor *s);
/* Starts both; a failure is tried again later. */
void pair_start(struct supervisor *s);
/* The next attempt, later each time. */
void pair_later(struct supervisor *s);
/* What is left of it ends by itself when the other half is gone, or else at
 * `kill_at`. */
void pair_let_go(struct supervisor *s, int64_t kill_at);
/* Both have said so. */
void pair_ready(struct supervisor *s);

/* ---- reload and stop (supervisor_reload.c) ---- */

/* A connection takes a descriptor. */
void raise_descriptors(const struct conf *c);
/* SIGHUP: the new file goes to its check, now or after what is under way. */
void reload_begin(struct supervisor *s);
/* It was good: the old pair drains. */
void reload_drain(struct supervisor *s);
/* It was not. */
void reload_refused(struct supervisor *s);
/* The old pair is gone: the new one starts. */
void reload_finish(struct supervisor *s);
bool children_left(const struct supervisor *s);
void children_kill(struct supervisor *s, bool current_only);
/* SIGTERM, SIGINT; a second one waits no more. */
void stop_begin(struct supervisor *s, int code);

/* ---- the service manager (supervisor_notify.c) ---- */

/* sd_notify(3): one datagram to $NOTIFY_SOCKET, if there is one. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
