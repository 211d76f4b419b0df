/* SPDX-License-Identifier: ISC */
/* The CRL thread: builds, commits, publishes, and only then lets the replies
 * of revocations go.  Those that wait share one build. */
#include "signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PASS_S = 5,   /* how often the schedule is looked at */
    RETRY_S = 5,  /* after a failure */
    PAGE = 500,   /* revoked rows a read */
    CHUNK = 1000, /* entries a read */
    NICE = 10,    /* whoever waits for a certificate goes first */
};

size_t signer_authority_index(const struct signer *s, const char *name)
{
    size_t i = 0;

    while (i < s->n_authorities && strcmp(s->authorities[i].name, name) != 0)
        i++;
    return i;
}

static bool satisfied(const struct signer *s, const struct job *j)
{
    for (size_t i = 0; i < s->n_authorities; i++)
        if (j->authorities >> i & 1 &&
            (!s->crls[i].published ||
             (s->crls[i].state.snapshot < j->needs &&
              s->crls[i].state.snapshot < s->crls[i].revoked_end)))
            return false;
    return true;
}

void crl_note(struct signer *s, size_t i, uint64_t end)
{
    pthread_mutex_lock(&s->crl_lock);
    if (end > s->crls[i].revoked_end)
        s->crls[i].revoked_end = end;
    pthread_cond_signal(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
}

void crl_job_wait(struct signer *s, struct job *j, uint64_t needs,
                  void (*reply)(struct signer *s, struct job *j))
{
    struct job **end = &s->crl_waiting;
    bool wait = false;

    j->reply_fn = reply;
    pthread_mutex_lock(&s->crl_lock);
    for (size_t i = 0; i < s->n_authorities; i++) {
        struct signer_crl *c = &s->crls[i];

        if (!(j->authorities >> i & 1))
            continue;
        wait |= s->authorities[i].conf && s->authorities[i].conf->crl_wait;
        if (needs > c->revoked_end)
            c->revoked_end = needs;
        if (j->needs < c->revoked_end)
            j->needs = c->revoked_end;
    }
    wait |= j->publish || j->authorities == 0;
    while (*end)
        end = &(*end)->next;
    if (wait)
        *end = j;
    else
        j->crl_pending = !satisfied(s, j);
    pthread_cond_signal(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
    if (!wait)
        reply(s, j);
}

/* One page of rows at a time, so that no read lasts. */
struct pages {
    struct store_conn *c;
    const char *authority;
    uint64_t snapshot, after;
    int64_t ends_after;
    struct crl_entry rows[PAGE];
    unsigned n, at;
    bool serials; /* certificates are through: those without one */
    bool last;
};

static int add_row(void *arg, const struct revoked_row *r)
{
    struct pages *p = arg;

    p->rows[p->n++] = (struct crl_entry){
        .serial = r->serial, .revoked_at = r->at, .reason = r->reason};
    p->after = r->leaf;
    return 0;
}

static int next_row(void *arg, struct crl_entry *out)
{
    struct pages *p = arg;
    enum store_result r;

    while (p->at == p->n && !p->last) {
        p->at = p->n = 0;
        r = p->serials
                ? store_serials_revoked(p->c, p->authority, p->snapshot,
                                        p->ends_after, p->after, PAGE, add_row,
                                        p)
                : store_revoked(p->c, p->authority, p->snapshot, p->ends_after,
                                p->after, PAGE, add_row, p);
        if (r != STORE_OK && r != STORE_NONE)
            return -1;
        if (p->n == PAGE)
            break;
        p->last = p->serials;
        p->serials = true;
        p->after = 0;
    }
    if (p->at == p->n)
        return 0;
    *out = p->rows[p->at++];
    return 1;
}

struct crl_commit {
    struct job job;
    const struct requester *who;
    const char *authority;
    struct crl_state state;
};

static enum store_result crl_apply(struct signer *s, struct job *job)
{
    struct crl_commit *j = (struct crl_commit *)job;
    struct entry en = {.type = ENTRY_CRL,
                       .time = tm_now(),
                       .who = j->who->type,
                       .who_id = j->who->id,
                       .authority = (char *)(uintptr_t)j->authority};
    uint64_t index;
    enum store_result r;

    memcpy(en.object, j->state.sha256, sizeof(en.object));
    r = ledger_append(s->ledger, &en, &index);
    if (r == STORE_OK)
        r = store_crl_put(s->writer, j->authority, &j->state);
    return r;
}

static const struct job_kind crl_kind = {.apply = crl_apply, .done = job_done};

static int commit_state(struct signer *s, const char *authority,
                        const struct requester *who, const struct crl_state *st,
                        struct errs *e)
{
    struct crl_commit *j = job_new(sizeof(*j), &crl_kind, NULL, 0, NULL);
    int rc;

    j->authority = authority;
    j->who = who;
    j->state = *st;
    rc = job_wait(s, &j->job, e);
    job_free(&j->job);
    return rc;
}

static int write_crl(struct store_conn *c, const struct signer_authority *a,
                     int fd, const struct crl_state *st, struct errs *e)
{
    struct crl_spec spec = {
        .issuer = a->cert.subject,
        .issuer_len = a->cert.subject_len,
        .aki = a->ski,
        .this_update = st->this_update,
        .next_update = st->next_update,
        .number = st->number,
    };
    struct key_signer *key = key_signer_new(a->key);
    AUTO(free) struct pages *p = xcalloc(1, sizeof(*p));
    int64_t n;

    p->c = c;
    p->authority = a->name;
    p->snapshot = st->snapshot;
    /* It leaves one period after its end: RFC 5280 section 3.3 wants it on one
     * regular CRL more, and each of those is out for no longer. */
    p->ends_after = st->this_update - a->conf->crl_lifetime;
    n = crl_build(fd, &spec, key, next_row, p);
    key_signer_free(key);
    if (n >= 0)
        return crl_check(fd, &spec, &a->cert.key, n, e);
    return err_add(e, errno == ENOSPC ? ERR_STORAGE_FULL : ERR_STORAGE_ERROR,
                   "the CRL of %s could not be written: %s", a->name,
                   strerror(errno));
}

/* Published is what the front has been given already. */
static void set_published(struct signer *s, size_t i,
                          const struct crl_state *st)
{
    pthread_mutex_lock(&s->crl_lock);
    s->crls[i].state = *st;
    pthread_mutex_unlock(&s->crl_lock);
    crl_file_tell(s, s->authorities[i].name, st);
    pthread_mutex_lock(&s->crl_lock);
    s->crls[i].published = true;
    pthread_mutex_unlock(&s->crl_lock);
}

/* What is behind fd becomes the newest CRL: known to the ledger, then seen. */
static int commit_file(struct signer *s, size_t i, const struct requester *who,
                       int fd, struct crl_state *st, struct errs *e)
{
    const char *name = s->authorities[i].name;

    if (crl_file_seal(fd, st->sha256, e) != 0 ||
        commit_state(s, name, who, st, e) != 0)
        return -1;
    /* The number is used up, whatever becomes of the file. */
    pthread_mutex_lock(&s->crl_lock);
    s->crls[i].state.number = st->number;
    pthread_mutex_unlock(&s->crl_lock);
    if (crl_file_publish(s, name, e) != 0)
        return -1;
    set_published(s, i, st);
    return 0;
}

int crl_install(struct signer *s, size_t i, const struct requester *who,
                const struct buf *der, struct crl_state *st, struct errs *e)
{
    const uint64_t last = s->crls[i].state.number; /* this thread's to write */
    AUTO(fd) int fd = -1;

    if (st->number <= last)
        return err_add(e, ERR_BAD_ARGUMENT, "CRL number %llu is not after %llu",
                       (unsigned long long)st->number,
                       (unsigned long long)last);
    st->snapshot = s->size;
    fd = crl_file_new(s, s->authorities[i].name, e);
    if (fd < 0)
        return -1;
    for (size_t at = 0; at < der->len;) {
        ssize_t n = write(fd, der->data + at, der->len - at);

        if (n <= 0)
            return err_add(e, ERR_STORAGE_ERROR, "the CRL of %s: %s",
                           s->authorities[i].name, strerror(errno));
        at += (size_t)n;
    }
    return commit_file(s, i, who, fd, st, e);
}

static int build(struct signer *s, struct store_conn *c, size_t i,
                 struct errs *e)
{
    const struct requester service = {WHO_SERVICE, (char *)"service", NULL};
    const struct signer_authority *a = &s->authorities[i];
    const int64_t now = tm_now();
    struct crl_state st = {
        .this_update = now - TM_MINUTE,
        .next_update = now + a->conf->crl_lifetime,
        .snapshot = s->size,
    };
    AUTO(fd) int fd = crl_file_new(s, a->name, e);
    uint64_t above;

    if (fd < 0)
        return -1;
    if (ledger_crl_above(c, a->name, &above) != STORE_OK)
        return auth_store_error(STORE_BROKEN, e);
    pthread_mutex_lock(&s->crl_lock);
    st.number = s->crls[i].state.number;
    st.number = (st.number > above ? st.number : above) + 1;
    s->crls[i].wanted = false;
    pthread_mutex_unlock(&s->crl_lock);
    if (write_crl(c, a, fd, &st, e) != 0)
        return -1;
    return commit_file(s, i, &service, fd, &st, e);
}

/* The schedule; with the lock held. */
static bool is_due(struct signer *s, size_t i, int64_t now)
{
    AUTO(errs) struct errs e = {0};
    const struct signer_crl *c = &s->crls[i];
    const struct signer_authority *a = &s->authorities[i];

    if (!a->key || now < c->retry_at)
        return false;
    if (c->wanted || c->revoked_end > c->state.snapshot)
        return true;
    if (!s->front)
        return false;
    if (!c->published)
        return true;
    return (now >= c->state.next_update ||
            now - TM_MINUTE >= c->state.this_update + a->conf->crl_refresh) &&
           clock_check(s, now, &e) == 0;
}

/* Lets those go whose CRLs are out; with reasons, those whose failed. */
static void answer(struct signer *s, uint64_t failed, const struct errs *why)
{
    struct job *ready = NULL, **end = &ready, **at, *j;

    pthread_mutex_lock(&s->crl_lock);
    for (at = &s->crl_waiting; (j = *at);) {
        const bool good = !j->publish && satisfied(s, j);

        if (!good && !(j->authorities & failed)) {
            at = &j->next;
            continue;
        }
        if (!good)
            err_add(&j->errs, why->n ? why->v[0].code : ERR_STORAGE_ERROR,
                    "the revocation is recorded, and the CRL that says so "
                    "could not be published yet: %s",
                    why->n ? why->v[0].detail : "the service is ending");
        *at = j->next;
        j->next = NULL;
        *end = j;
        end = &j->next;
    }
    pthread_mutex_unlock(&s->crl_lock);
    while ((j = ready)) {
        ready = j->next;
        j->next = NULL;
        j->reply_fn(s, j);
    }
}

/* Files that came from elsewhere (the root's CRL) are put in place here, so
 * that one thread alone writes below data/crl. */
static void publish_others(struct signer *s)
{
    for (;;) {
        struct job **at = &s->crl_waiting, *j;

        pthread_mutex_lock(&s->crl_lock);
        while (*at && !(*at)->publish)
            at = &(*at)->next;
        j = *at;
        if (j)
            *at = j->next;
        pthread_mutex_unlock(&s->crl_lock);
        if (!j)
            return;
        j->next = NULL;
        j->publish(s, j);
        j->reply_fn(s, j);
    }
}

struct scan {
    struct signer *s;
    uint64_t next;
};

static int scan_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct scan *sc = arg;
    struct entry en = {0};
    size_t i;

    sc->next = index + 1;
    if (entry_decode(p, len, &en) != 0)
        return 0; /* the audit's to report */
    i = signer_authority_index(sc->s, en.authority);
    if ((en.type == ENTRY_REVOKED || en.type == ENTRY_SERIAL ||
         en.type == ENTRY_CRL_NUMBER) &&
        i < sc->s->n_authorities) {
        struct signer_crl *c = &sc->s->crls[i];

        pthread_mutex_lock(&sc->s->crl_lock);
        if (index >= c->state.snapshot && index + 1 > c->revoked_end)
            c->revoked_end = index + 1;
        pthread_mutex_unlock(&sc->s->crl_lock);
    }
    entry_free(&en);
    return 0;
}

/* Revocations that were committed and not yet published when the last process
 * ended. */
static void scan_entries(struct signer *s, struct store_conn *c)
{
    const uint64_t end = s->size;
    struct scan sc = {s, end};

    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->authorities[i].key && s->crls[i].state.snapshot < sc.next)
            sc.next = s->crls[i].state.snapshot;
    while (sc.next < end) {
        uint64_t from = sc.next;

        if (store_entries(c, from, CHUNK, scan_entry, &sc) != STORE_OK ||
            sc.next == from)
            return;
    }
}

static void first_pass(struct signer *s, struct store_conn *c)
{
    for (size_t i = 0; i < s->n_authorities; i++) {
        const char *name = s->authorities[i].name;
        struct crl_state st = {0};
        uint64_t seen = crl_file_number(s, name);

        if (store_crl_get(c, name, &st) != STORE_OK && !seen)
            continue;
        /* After a restore the ledger may know less than what was published. */
        if (seen > st.number) {
            log_msg(LOG_WARN, "crl",
                    "%s.crl has number %llu, the ledger knows %llu: the next "
                    "one has a higher number",
                    name, (unsigned long long)seen,
                    (unsigned long long)st.number);
            st.number = seen;
        }
        pthread_mutex_lock(&s->crl_lock);
        s->crls[i].state = st;
        pthread_mutex_unlock(&s->crl_lock);
        if (crl_file_restore(s, name, st.sha256) == 1)
            set_published(s, i, &st);
        else
            log_msg(LOG_WARN, "crl",
                    "%s.crl is not the file that the ledger knows%s", name,
                    s->authorities[i].key ? ": made anew" : "");
    }
    scan_entries(s, c);
    pthread_mutex_lock(&s->crl_lock);
    for (struct job *j = s->crl_waiting; j; j = j->next)
        for (size_t i = 0; i < s->n_authorities; i++)
            if (j->authorities >> i & 1 && j->needs < s->crls[i].revoked_end)
                j->needs = s->crls[i].revoked_end;
    s->crl_first_pass = true;
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
}

static void build_one(struct signer *s, struct store_conn *c, size_t i)
{
    AUTO(errs) struct errs e = {0};
    const int64_t began = tm_mono_us();
    struct log_line l;
    int rc = build(s, c, i, &e);

    if (s->front) {
        log_begin(&l, rc == 0 ? LOG_INFO : LOG_ERROR, "crl");
        log_str(&l, "authority", s->authorities[i].name);
        log_int(&l, "number", (int64_t)s->crls[i].state.number);
        log_str(&l, "result", rc == 0 ? "ok" : err_code(e.v[0].code));
        log_str(&l, "detail", rc == 0 ? NULL : e.v[0].detail);
        log_int(&l, "us", tm_mono_us() - began);
        log_end(&l);
    }
    pthread_mutex_lock(&s->crl_lock);
    if (rc != 0)
        s->crls[i].retry_at = tm_now() + RETRY_S;
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
    if (rc != 0)
        answer(s, UINT64_C(1) << i, &e);
}

/* Somebody can be answered, or wants a file put in place; lock held. */
static bool has_ready(const struct signer *s)
{
    for (const struct job *j = s->crl_waiting; j; j = j->next)
        if (j->publish || satisfied(s, j))
            return true;
    return false;
}

/* Which to build next, or n_authorities: then the thread may have slept. */
static size_t pick(struct signer *s, bool *stop)
{
    struct timespec until;
    const int64_t now = tm_now();
    size_t i = 0;

    pthread_mutex_lock(&s->crl_lock);
    while (i < s->n_authorities && !is_due(s, i, now))
        i++;
    *stop = s->crl_stopping;
    if (i == s->n_authorities && !s->crl_stopping && !has_ready(s)) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += PASS_S;
        pthread_cond_timedwait(&s->crl_wake, &s->crl_lock, &until);
    }
    pthread_mutex_unlock(&s->crl_lock);
    return i;
}

/* Inside a command there is nothing to do before somebody asks. */
static bool wait_for_work(struct signer *s)
{
    bool work;

    pthread_mutex_lock(&s->crl_lock);
    while (!s->front && !s->crl_waiting && !s->crl_stopping)
        pthread_cond_wait(&s->crl_wake, &s->crl_lock);
    work = s->front || s->crl_waiting;
    pthread_mutex_unlock(&s->crl_lock);
    return work;
}

static void *crl_run(void *arg)
{
    struct signer *s = arg;
    AUTO(errs) struct errs e = {0};
    struct store_conn *c = store_conn_open(s->store, false, &e);
    bool stop;
    size_t i;

    if (!c)
        log_fatal("ledger", "%s", e.n ? e.v[0].detail : "no connection");
    /* Of this thread alone, on Linux. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    if (wait_for_work(s))
        first_pass(s, c);
    do {
        i = pick(s, &stop);
        publish_others(s);
        answer(s, 0, NULL);
        if (i < s->n_authorities)
            build_one(s, c, i);
        answer(s, 0, NULL);
    } while (!stop || i < s->n_authorities);
    answer(s, UINT64_MAX, &e);
    store_conn_close(c);
    return NULL;
}

/* The first pass is over, and no CRL is still to be tried; lock held. */
static bool is_settled(const struct signer *s)
{
    for (size_t i = 0; i < s->n_authorities; i++)
        if (s->authorities[i].key && !s->crls[i].published &&
            !s->crls[i].retry_at)
            return false;
    return s->crl_first_pass;
}

void crl_wait_first(struct signer *s, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&s->crl_lock);
    while (!is_settled(s) &&
           pthread_cond_timedwait(&s->crl_passed, &s->crl_lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->crl_lock);
}

int crl_start(struct signer *s, struct errs *e)
{
    if (pthread_create(&s->crl_thread, NULL, crl_run, s) != 0)
        return err_add(e, ERR_SIGNER_AWAY, "a thread could not be started");
    s->crl_runs = true;
    return 0;
}

void crl_stop(struct signer *s)
{
    if (!s->crl_runs)
        return;
    pthread_mutex_lock(&s->crl_lock);
    s->crl_stopping = true;
    pthread_cond_broadcast(&s->crl_wake);
    pthread_mutex_unlock(&s->crl_lock);
    pthread_join(s->crl_thread, NULL);
    s->crl_runs = false;
}
