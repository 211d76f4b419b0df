/* SPDX-License-Identifier: ISC */
/* The process that holds the keys and the ledger.  No network: it speaks only
 * frames, with the front on FD_PEER and with commands on the admin socket. */
#include "signer_crl.h"
#include "signer_ocsp.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pwd.h>
#include <sys/socket.h>

#include "passphrase.h"
#include "proc.h"
#include "sandbox.h"

enum {
    WORKERS_MIN = 2,
    WORKERS_MAX = 8,
    LOCK_WAIT_MS = 3000,
    FIRST_CRL_MS = 150,
    SOCKET_ROOM = 1024 * 1024,
};

char *signer_user_name(void)
{
    struct passwd *pw = getpwuid(geteuid());

    return pw ? xstrdup(pw->pw_name) : NULL;
}

static void add_dir(struct strs *l, const char *path)
{
    const char *end = strrchr(path, '/');

    if (end && end != path)
        strs_add_own(l, xstrndup(path, (size_t)(end - path)));
}

/* Where certificates, keys and lists lie that are not below data. */
static void enter_sandbox(const struct conf *c)
{
    AUTO(free) const char **dirs = NULL;
    AUTO(strs) struct strs l = {0};

    add_dir(&l, c->root);
    if (c->weak_keys)
        strs_add(&l, c->weak_keys);
    for (size_t i = 0; i < c->n_authorities; i++) {
        const char *key = c->authorities[i].key;

        add_dir(&l, c->authorities[i].certificate);
        if (strncmp(key, "file:/", 6) == 0)
            add_dir(&l, key + 5);
    }
    if (strncmp(c->ledger_key, "file:/", 6) == 0)
        add_dir(&l, c->ledger_key + 5);
    dirs = xcalloc(l.n + 1, sizeof(*dirs));
    for (size_t i = 0; i < l.n; i++)
        dirs[i] = l.v[i];
    sandbox_no_dump();
    sandbox_signer(c->data, dirs);
}

static _Noreturn void refuse(const struct errs *e)
{
    for (size_t i = 0; i < e->n; i++)
        log_msg(LOG_ERROR, "start", "%s", e->v[i].detail);
    _exit(1);
}

static void *worker_run(void *arg)
{
    struct signer *s = arg;

    pthread_setname_np(pthread_self(), "worker");
    if (peer_serve(s, peer_ref(s->front)) < 0)
        log_fatal("frame", "the front broke the protocol");
    return NULL;
}

static void *accept_run(void *arg)
{
    pthread_setname_np(pthread_self(), "accept");
    peer_accept(arg, FD_LISTEN);
    return NULL;
}

static unsigned worker_count(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return cpus < WORKERS_MIN   ? WORKERS_MIN
           : cpus > WORKERS_MAX ? WORKERS_MAX
                                : (unsigned)cpus;
}

static void serve(struct signer *s)
{
    const unsigned n = worker_count();
    pthread_t workers[WORKERS_MAX], admin;

    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&workers[i], NULL, worker_run, s) != 0)
            log_fatal("start", "a thread could not be started");
    if (pthread_create(&admin, NULL, accept_run, s) != 0)
        log_fatal("start", "a thread could not be started");
    crl_wait_first(s, FIRST_CRL_MS);
    proc_tell(PROC_READY);
    for (unsigned i = 0; i < n; i++)
        pthread_join(workers[i], NULL);
}

int signer_main(const char *conf_path)
{
    const int room = SOCKET_ROOM;
    struct errs e = {0};
    struct conf *conf;
    struct signer *s;
    char *user;
    int lock;

    proc_child_init("signer");
    signal(SIGTERM, SIG_IGN);
    conf = proc_conf(conf_path);
    if (passphrase_unseal(conf, FD_PASS) < 0)
        log_fatal("start", "the passphrases did not come");
    close(FD_PASS);
    log_set_level((enum log_level)conf->log_level);
    signer_log_on();
    proc_drop(conf->signer_user ? conf->signer_user : conf->user);
    user = signer_user_name();
    enter_sandbox(conf);
    setsockopt(FD_PEER, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    lock = signer_lock(conf, LOCK_WAIT_MS, &e);
    if (lock < 0)
        refuse(&e);
    s = signer_open(conf, peer_new(FD_PEER, PEER_F, 0), lock, &e);
    if (!s)
        refuse(&e);
    s->own_user = user;
    if (responders_start(s, &e) != 0)
        refuse(&e);
    serve(s);
    /* The front is gone: what it had queued is made durable all the same, and
     * the log moved, so that the file alone is the whole ledger.  Nothing is
     * lost where that fails: the next start reads the log. */
    signer_stop(s);
    if (store_checkpoint(s->writer) != STORE_OK)
        log_msg(LOG_WARN, "checkpoint", "%s", store_conn_error(s->writer));
    _exit(0);
}
