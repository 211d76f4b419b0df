/* SPDX-License-Identifier: ISC */
/* Steps: who runs the next one, and what becomes of a request that failed. */
#include "front_core.h"

#include "log.h"

bool req_run(struct req *r, front_fn *fn)
{
    struct front_core *c = r->core;

    enum todo todo;

    c->todo = TODO_STOP;
    if (c->failed.n && c->on_failed)
        c->on_failed(r, &c->failed);
    else if (c->failed.n)
        front_problem(r, &c->failed);
    else
        fn(r);
    todo = c->todo;
    if (todo == TODO_REPLY || todo == TODO_STREAM)
        return true;
    if (todo == TODO_STOP)
        log_fatal("step", "%s was left without an answer", r->path);
    /* Suspended first: from the next line on it is another thread's. */
    link_phase(c->link, PHASE_WAIT, 0);
    MHD_suspend_connection(c->conn);
    if (todo == TODO_ASK) {
        signer_link_send(r);
    } else if (!crypto_push(r)) {
        err_add(&c->failed, ERR_QUEUE_FULL,
                "too many requests are waiting; try again");
        req_resume(r);
    }
    return false;
}

void req_go_on(struct req *r)
{
    struct front_core *c = r->core;

    switch (c->todo) {
    case TODO_ASK:
        signer_link_send(r);
        return;
    case TODO_REPLY:
    case TODO_STREAM:
        req_resume(r);
        return;
    default:
        log_fatal("step", "%s: no way on from a crypto thread", r->path);
    }
}
