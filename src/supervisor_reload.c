/* SPDX-License-Identifier: ISC */
/* SIGHUP and SIGTERM: the pair drains, and another follows or none. */
#include "supervisor.h"

#include <signal.h>

#include <sys/resource.h>

#include "log.h"
#include "tm.h"

static const int64_t drain_time = 5000 * MS, stop_time = 4000 * MS;

void raise_descriptors(const struct conf *c)
{
    rlim_t want = c->max_connections + 512;
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
        return;
    if (r.rlim_max < want) {
        log_msg(LOG_WARN, "start",
                "max-connections %u wants %u descriptors; the limit is %u",
                c->max_connections, (unsigned)want, (unsigned)r.rlim_max);
        want = r.rlim_max;
    }
    r.rlim_cur = want;
    setrlimit(RLIMIT_NOFILE, &r);
}

void reload_begin(struct supervisor *s)
{
    if (s->state == STATE_START || s->state == STATE_LISTEN || s->next) {
        s->reload_again = true;
        return;
    }
    if (s->state != STATE_RUN)
        return;
    log_msg(LOG_INFO, "reload", "checking %s", s->path);
    notify_reloading();
    if (next_load(s) < 0) {
        log_msg(LOG_ERROR, "reload", "the old configuration stays");
        notify_ready();
    }
}

void reload_finish(struct supervisor *s)
{
    s->deadline = 0;
    next_adopt(s);
    socks_keep(&s->socks, s->conf);
    raise_descriptors(s->conf);
    s->state = STATE_RUN;
    s->backoff = BACKOFF_FIRST;
    pair_start(s);
    if (s->reload_again) {
        s->reload_again = false;
        reload_begin(s);
    }
}

void reload_refused(struct supervisor *s)
{
    next_drop(s);
    log_msg(LOG_ERROR, "reload", "the old configuration stays");
    notify_ready();
    if (s->reload_again) {
        s->reload_again = false;
        reload_begin(s);
    }
}

void reload_drain(struct supervisor *s)
{
    AUTO(errs) struct errs e = {0};
    struct child *front = pair_child(s, CHILD_FRONT);
    bool busy;

    if (socks_open(&s->socks, s->next, &busy, &e) < 0) {
        reasons_log(&e);
        reload_refused(s);
        return;
    }
    s->state = STATE_DRAIN;
    s->start_at = 0;
    s->deadline = tm_mono_us() + drain_time;
    if (front)
        kill(front->pid, SIGTERM);
    if (!pair_lives(s))
        reload_finish(s);
}

bool children_left(const struct supervisor *s)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP)
            return true;
    return false;
}

void children_kill(struct supervisor *s, bool current_only)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (s->children[i].kind != CHILD_STOP &&
            (s->children[i].current || !current_only))
            kill(s->children[i].pid, SIGKILL);
}

void stop_begin(struct supervisor *s, int code)
{
    struct child *front = pair_child(s, CHILD_FRONT);
    struct child *signer = pair_child(s, CHILD_SIGNER);
    struct child *check = pair_child(s, CHILD_CHECK);

    if (s->state == STATE_STOP) { /* asked twice: no more waiting */
        children_kill(s, false);
        return;
    }
    s->state = STATE_STOP;
    s->code = code;
    s->start_at = 0;
    s->deadline = tm_mono_us() + stop_time;
    notify_stopping();
    log_msg(LOG_INFO, "stop", "draining");
    if (check)
        kill(check->pid, SIGKILL);
    if (front)
        kill(front->pid, SIGTERM);
    else if (signer)
        signer->kill_at = s->deadline;
    /* Nobody new: what waits in the backlog is refused now, not later. */
    socks_keep(&s->socks, NULL);
    if (!children_left(s))
        s->state = STATE_END;
}
