/* SPDX-License-Identifier: ISC */
/* The write-ahead log is moved into the database by a thread of its own, so
 * that no commit waits for the disk to take it. */
#include "signer.h"

#include <unistd.h>

enum { WAL_MAX = 4 * 1024 * 1024, PAUSE_US = 200 * 1000 };

/* Without space it is tried again after the next commit. */
static void judge(struct signer *s, const struct store_conn *c,
                  enum store_result r)
{
    if (r != STORE_BROKEN)
        return;
    log_msg(LOG_ERROR, "checkpoint", "%s", store_conn_error(c));
    commit_give_up(s, "the log could not be moved into the ledger");
}

void checkpoint_end(struct signer *s)
{
    bool moved = atomic_exchange(&s->log_moved, false);

    /* A command has no thread for it, and may import a million. */
    if (!s->front)
        judge(s, s->writer, store_log_move(s->writer, WAL_MAX, &moved));
    if (moved)
        judge(s, s->writer, store_log_restart(s->writer));
}

static void *run(void *arg)
{
    struct signer *s = arg;
    AUTO(errs) struct errs e = {0};
    struct store_conn *c = store_conn_open(s->store, false, &e);
    uint64_t seen = 0;
    bool stop = false, done;

    pthread_setname_np(pthread_self(), "checkpointer");
    if (!c) {
        log_msg(LOG_ERROR, "checkpoint", "%s", e.v[0].detail);
        commit_give_up(s, "the log could not be opened to be moved");
    }
    while (c && !stop) {
        usleep(PAUSE_US);
        pthread_mutex_lock(&s->queue_lock);
        stop = s->stopping;
        pthread_mutex_unlock(&s->queue_lock);
        if (s->commits == seen)
            continue;
        seen = s->commits;
        judge(s, c, store_log_move(c, WAL_MAX, &done));
        s->log_moved = done;
    }
    store_conn_close(c);
    return NULL;
}

int checkpoint_start(struct signer *s, struct errs *e)
{
    if (pthread_create(&s->checkpointer, NULL, run, s) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
    s->checkpointer_runs = true;
    return 0;
}

void checkpoint_stop(struct signer *s)
{
    if (s->checkpointer_runs)
        pthread_join(s->checkpointer, NULL);
    s->checkpointer_runs = false;
}
