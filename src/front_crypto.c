/* SPDX-License-Identifier: ISC */
/* Threads for arithmetic: a first-in first-out queue with an end. */
#include "front_core.h"

#include <pthread.h>
#include <unistd.h>

#include "log.h"

enum {
    THREADS_MIN = 2,
    THREADS_MAX = 16,
    QUEUE_MAX = 1024,
    TOGETHER = 4, /* verified one after the other, sent in one packet */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct req *first, **last = &first;
static unsigned length;

bool crypto_push(struct req *r)
{
    bool room;

    r->core->queued = NULL;
    pthread_mutex_lock(&lock);
    room = length < QUEUE_MAX;
    if (room) {
        *last = r;
        last = &r->core->queued;
        length++;
        pthread_cond_signal(&work);
    }
    pthread_mutex_unlock(&lock);
    return room;
}

/* NULL when none is there and nobody is to wait. */
static struct req *pop(bool wait)
{
    struct req *r;

    pthread_mutex_lock(&lock);
    while (!first && wait)
        pthread_cond_wait(&work, &lock);
    r = first;
    if (r) {
        first = r->core->queued;
        length--;
    }
    if (!first)
        last = &first;
    pthread_mutex_unlock(&lock);
    return r;
}

static void go_on(struct req *r, struct key_verifier *v)
{
    front_fn *fn = r->core->next;

    r->core->todo = TODO_STOP;
    r->verifier = v;
    fn(r);
    r->verifier = NULL;
    req_go_on(r);
}

static void *run(void *arg)
{
    struct key_verifier *v = key_verifier_new();

    (void)arg;
    pthread_setname_np(pthread_self(), "crypto");
    for (;;) {
        struct req *r = pop(true);

        signer_link_hold();
        for (unsigned n = 0; r; r = ++n < TOGETHER ? pop(false) : NULL)
            go_on(r, v);
        signer_link_let_go();
    }
    return NULL;
}

void crypto_start(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    n = n < THREADS_MIN ? THREADS_MIN : n > THREADS_MAX ? THREADS_MAX : n;
    while (n-- > 0) {
        pthread_t t;

        if (pthread_create(&t, NULL, run, NULL) != 0)
            log_fatal("start", "no thread for signatures");
        pthread_detach(t);
    }
}
