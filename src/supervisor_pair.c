/* SPDX-License-Identifier: ISC */
/* Front and signer: started together, gone together; and the configuration
 * that they are started with. */
#include "supervisor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "log.h"
#include "passphrase.h"
#include "tm.h"

/* ---- the configuration ---- */

void reasons_log(const struct errs *e)
{
    for (size_t i = 0; i < e->n; i++)
        log_msg(LOG_ERROR, "configuration", "%s", e->v[i].detail);
}

void next_drop(struct supervisor *s)
{
    conf_free(s->next);
    s->next = NULL;
    if (s->next_fd >= 0)
        close(s->next_fd);
    passphrase_drop(&s->next_pass);
    s->next_fd = -1;
}

void next_adopt(struct supervisor *s)
{
    conf_free(s->conf);
    if (s->conf_fd >= 0)
        close(s->conf_fd);
    passphrase_drop(&s->pass);
    s->conf = s->next;
    s->conf_fd = s->next_fd;
    s->pass = s->next_pass;
    s->next = NULL;
    s->next_fd = -1;
    s->next_pass = PASSPHRASE_NONE;
    log_set_level((enum log_level)s->conf->log_level);
}

static struct child *child_free_place(struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind == CHILD_STOP)
            return &s->children[i];
    return NULL;
}

static int start_check(struct supervisor *s)
{
    struct child_fds fds = {.v = {s->next_fd, -1, -1, -1, s->next_pass.fd},
                            .n = 5};
    struct child *c = child_free_place(s);

    if (c && child_spawn(c, CHILD_CHECK, s->binary, s->path, &fds) == 0)
        return 0;
    log_msg(LOG_ERROR, "configuration", "cannot be checked: %s",
            strerror(errno));
    return -1;
}

static void wipe_passphrases(struct conf *c)
{
    for (size_t i = 0; i < c->n_authorities; i++) {
        passphrase_free(c->authorities[i].pass);
        c->authorities[i].pass = NULL;
    }
}

static int passphrases_keep(struct supervisor *s, struct errs *e)
{
    int unlocked = 0;

    if (passphrase_seal(s->next, &s->next_pass, &unlocked) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "memfd: %s", strerror(errno));
    if (unlocked)
        log_msg(LOG_WARN, "passphrases",
                "they may be swapped to disk: mlock: %s (LimitMEMLOCK)",
                strerror(unlocked));
    return 0;
}

/* Of `next`, into a memfd: the options and the terminal are asked once, when
 * the service starts; afterwards what is known stays known. */
static int passphrases_load(struct supervisor *s, struct errs *e)
{
    const bool first = !s->conf;
    char *given = NULL;
    int r = first ? passphrase_given(s->pass_from, &given, e) : 0;

    if (r == 0)
        r = passphrase_fill(s->next, given, first && s->pass_from->ask, e);
    if (r == 0 && !first && passphrase_unseal(s->next, s->pass.fd) < 0)
        r = err_add(e, ERR_BAD_ARGUMENT, "the passphrases kept are broken");
    if (r == 0)
        r = passphrases_keep(s, e);
    passphrase_free(given);
    wipe_passphrases(s->next);
    return r;
}

static struct conf *next_read(struct supervisor *s, struct buf *text,
                              struct errs *e)
{
    struct conf *c = NULL;

    if (conf_read(s->path, text, e) == 0)
        c = conf_parse(s->path, (const char *)text->data, text->len, e);
    if (c && c->offline) {
        err_add(e, ERR_BAD_ARGUMENT,
                "%s: offline = yes: an offline root has no service", s->path);
        conf_free(c);
        c = NULL;
    }
    return c;
}

int next_load(struct supervisor *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf text = {0};

    s->next = next_read(s, &text, &e);
    if (s->next && passphrases_load(s, &e) < 0)
        next_drop(s);
    reasons_log(&e);
    if (!s->next)
        return -1;
    s->next_fd = child_conf(text.data, text.len);
    if (s->next_fd < 0)
        log_msg(LOG_ERROR, "configuration", "memfd: %s", strerror(errno));
    if (s->next_fd >= 0 && start_check(s) == 0)
        return 0;
    next_drop(s);
    return -1;
}

/* ---- the pair ---- */

struct child *pair_child(struct supervisor *s, enum child_kind kind)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind == kind && s->children[i].current)
            return &s->children[i];
    return NULL;
}

bool pair_lives(struct supervisor *s)
{
    return pair_child(s, CHILD_FRONT) || pair_child(s, CHILD_SIGNER);
}

void pair_let_go(struct supervisor *s, int64_t kill_at)
{
    static const enum child_kind kinds[] = {CHILD_FRONT, CHILD_SIGNER};

    for (size_t i = 0; i < 2; i++) {
        struct child *c = pair_child(s, kinds[i]);

        if (c) {
            c->current = false;
            c->kill_at = kill_at;
        }
    }
    s->ready = false;
}

void pair_later(struct supervisor *s)
{
    s->start_at = tm_mono_us() + s->backoff;
    s->backoff *= 2;
    if (s->backoff > BACKOFF_LAST)
        s->backoff = BACKOFF_LAST;
}

static int pair_spawn(struct supervisor *s, const int peer[2])
{
    struct child_fds front = {.v = {s->conf_fd, peer[0], -1}, .n = 3};
    struct child_fds signer = {
        .v = {s->conf_fd, peer[1], -1, socks_find(&s->socks, NULL), s->pass.fd},
        .n = 5};
    struct child *c;

    for (size_t i = 0; i < s->conf->n_listens; i++)
        front.v[front.n++] = socks_find(&s->socks, &s->conf->listens[i]);
    c = child_free_place(s);
    if (!c || child_spawn(c, CHILD_SIGNER, s->binary, s->path, &signer) < 0)
        return -1;
    c = child_free_place(s);
    if (!c || child_spawn(c, CHILD_FRONT, s->binary, s->path, &front) < 0)
        return -1;
    return 0;
}

void pair_start(struct supervisor *s)
{
    int peer[2];

    s->start_at = 0;
    s->ready = false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, peer) < 0) {
        log_msg(LOG_ERROR, "start", "socketpair: %s", strerror(errno));
        pair_later(s);
        return;
    }
    if (pair_spawn(s, peer) < 0) {
        log_msg(LOG_ERROR, "start", "starting a child: %s", strerror(errno));
        pair_let_go(s, tm_mono_us());
        pair_later(s);
    }
    close(peer[0]);
    close(peer[1]);
}

void pair_ready(struct supervisor *s)
{
    struct log_line l;

    s->ready = true;
    s->backoff = BACKOFF_FIRST;
    log_begin(&l, LOG_INFO, "ready");
    for (size_t i = 0; i < s->conf->n_listens; i++)
        log_str(&l, s->conf->listens[i].kind == LISTEN_API ? "api" : "public",
                s->conf->listens[i].url);
    log_end(&l);
    notify_ready();
}
