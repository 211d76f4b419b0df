/* SPDX-License-Identifier: ISC */
/* After a restore from an older copy the ledger has not all that was revoked.
 * What was published says it: such a file is kept, and goes on to count until
 * the ledger knows all of it.  Under the signer's crl_lock; crl_lost_read is
 * true once the files were read, and crl_lost_any while one says what is
 * unknown. */
#include "signer_crl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_UPS = 500, WAIT_US = 1000000 };

static int by_serial(const void *a, const void *b)
{
    const struct serial *x = &((const struct crl_lost *)a)->serial;
    const struct serial *y = &((const struct crl_lost *)b)->serial;

    return x->len != y->len ? x->len - y->len : memcmp(x->v, y->v, x->len);
}

static const struct crl_lost *find(const struct signer_crl *c,
                                   const struct serial *serial)
{
    const struct crl_lost key = {.serial = *serial};

    return c->n_lost ? bsearch(&key, c->lost, c->n_lost, sizeof(key), by_serial)
                     : NULL;
}

static bool is_known(struct store_conn *db, const char *authority,
                     const struct serial *serial)
{
    AUTO(revoked_serial) struct revoked_serial gone = {0};
    struct cert_status st = {0};
    enum store_result r = store_cert_status(db, authority, serial, &st);

    if (r == STORE_NONE)
        return store_serial_find(db, authority, serial, &gone) == STORE_OK;
    return r == STORE_OK && st.revoked_at;
}

/* Look-ups in one read transaction: each in its own costs twice as much, and
 * one that lasts would keep the log from being moved. */
struct look_ups {
    struct store_conn *db;
    const char *authority;
    unsigned n;
};

static void look_end(struct look_ups *u)
{
    if (u->n)
        store_rollback(u->db);
    u->n = 0;
}

static void look_next(struct look_ups *u)
{
    if (u->n == LOOK_UPS)
        look_end(u);
    if (u->n++ == 0)
        (void)store_begin(u->db);
}

/* Whether the ledger's own list of c lacks it; what cannot be read it does. */
static bool is_lost(struct look_ups *u, const struct signer_crl *c,
                    struct crl_lost *x)
{
    AUTO(record) struct record r = {0};

    look_next(u);
    x->known = is_known(u->db, u->authority, &x->serial);
    if (!x->known || !c->partition)
        return !x->known;
    return store_cert_by_serial(u->db, u->authority, &x->serial, &r) !=
               STORE_OK ||
           r.crl_partition != c->partition;
}

char *crl_lost_text(const struct signer *s, size_t i,
                    const struct signer_crl *c)
{
    AUTO(free) char *files = NULL;

    if (!c->n_unknown)
        return NULL;
    files = strs_join(&c->kept, " --crl ");
    return xasprintf("crl: %s was published, and lists %zu as revoked that the "
                     "ledger, an older copy, does not: pocketca import "
                     "--authority %s --crl %s",
                     c->kept.v[0], c->n_unknown, s->authorities[i].name, files);
}

void crl_lost_free(struct signer_crl *c)
{
    strs_free(&c->kept);
    free(c->lost);
    c->lost = NULL;
    c->n_lost = c->n_unknown = 0;
}

static void count_unknown(struct signer *s)
{
    bool any = false;

    pthread_mutex_lock(&s->crl_lock);
    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t n = 0; n <= s->crls[i].n_parts; n++) {
            struct signer_crl *c = crl_slot(&s->crls[i], n);

            c->n_unknown = 0;
            for (size_t k = 0; k < c->n_lost; k++)
                c->n_unknown += !c->lost[k].known;
            any |= c->n_unknown > 0;
        }
    s->crl_lost_any = any;
    pthread_mutex_unlock(&s->crl_lock);
}

/* Files that say nothing more than the ledger's list go. */
static void tell(struct signer *s, size_t i, struct signer_crl *c)
{
    AUTO(free) char *text = crl_lost_text(s, i, c);

    if (text)
        log_msg(LOG_WARN, "crl", "%s", text + strlen("crl: "));
    else if (c->kept.n)
        log_msg(LOG_INFO, "crl", "the ledger knows all that %s lists",
                c->kept.v[0]);
    if (text || (c->n_lost && !crl_is_over(s, i, c, tm_now())))
        return;
    for (size_t k = 0; k < c->kept.n; k++)
        unlink(c->kept.v[k]);
    pthread_mutex_lock(&s->crl_lock);
    crl_lost_free(c);
    pthread_mutex_unlock(&s->crl_lock);
}

/* ---- reading them */

struct reading {
    struct signer *s;
    size_t i;
    struct look_ups look;
    struct signer_crl *c;
};

static void read_entry(void *arg, const struct crl_entry *en)
{
    struct reading *r = arg;
    struct signer_crl *c = r->c;
    struct crl_lost x = {.serial = en->serial,
                         .reason = (uint8_t)en->reason,
                         .revoked_at = en->revoked_at ? en->revoked_at : 1};

    if (!is_lost(&r->look, c, &x))
        return;
    c->lost = xgrow(c->lost, c->n_lost, sizeof(*c->lost));
    c->lost[c->n_lost++] = x;
}

/* What it lists nobody can tell, so it may be good for everybody. */
static void note_unread(const struct reading *r, const char *path,
                        const char *why)
{
    struct signer_crls *l = &r->s->crls[r->i];
    char *text = xasprintf("%s was published, and what it lists is not known "
                           "(%s): put the right one in its place, or remove "
                           "it, and restart",
                           path, why);

    log_msg(LOG_ERROR, "crl", "%s", text);
    pthread_mutex_lock(&r->s->crl_lock);
    strs_add_own(&l->unread, text);
    pthread_mutex_unlock(&r->s->crl_lock);
}

static void read_kept(void *arg, uint32_t partition, uint64_t number,
                      const char *path)
{
    struct reading *r = arg;
    struct signer_crls *l = &r->s->crls[r->i];
    AUTO(errs) struct errs e = {0};
    AUTO(fd) int fd = -1;
    struct signer_crl *c = crl_slot(l, partition);
    size_t n;

    if (!number)
        return; /* it is in place */
    crl_number_seen(r->s, r->i, number);
    fd = crl_file_open(path);
    if (fd < 0) {
        note_unread(r, path, errno ? strerror(errno) : "it is no regular file");
        return;
    }
    r->c = c ? c : &l->whole; /* which lists everything */
    n = r->c->n_lost;
    if (crl_walk(fd, &r->s->authorities[r->i].cert, read_entry, r, &e) != 0) {
        r->c->n_lost = n;
        note_unread(r, path, e.v[0].detail);
        return;
    }
    strs_add(&r->c->kept, path);
}

static void sort(struct signer_crl *c)
{
    size_t n = 0;

    if (c->n_lost)
        qsort(c->lost, c->n_lost, sizeof(*c->lost), by_serial);
    for (size_t k = 0; k < c->n_lost; k++)
        if (n == 0 || by_serial(&c->lost[n - 1], &c->lost[k]) != 0)
            c->lost[n++] = c->lost[k];
    c->n_lost = n;
}

void crl_lost_load(struct signer *s, struct store_conn *db)
{
    for (size_t i = 0; i < s->n_authorities; i++) {
        const char *name = s->authorities[i].name;
        struct reading r = {
            .s = s, .i = i, .look = {.db = db, .authority = name}};

        if (s->authorities[i].key)
            crl_file_each(s, name, read_kept, &r);
        look_end(&r.look);
        for (uint32_t n = 0; n <= s->crls[i].n_parts; n++)
            sort(crl_slot(&s->crls[i], n));
    }
    count_unknown(s);
    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t n = 0; n <= s->crls[i].n_parts; n++)
            tell(s, i, crl_slot(&s->crls[i], n));
    pthread_mutex_lock(&s->crl_lock);
    s->crl_lost_read = true;
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
}

int crl_lost_wait(struct signer *s, struct errs *e)
{
    const int64_t end = s->crl_began_us + WAIT_US;
    const struct timespec until = {.tv_sec = end / 1000000,
                                   .tv_nsec = end % 1000000 * 1000};

    if (s->crl_lost_read || !s->front)
        return 0;
    peer_let_go(); /* answers that stand before this one */
    pthread_mutex_lock(&s->crl_lock);
    while (!s->crl_lost_read &&
           pthread_cond_timedwait(&s->crl_passed, &s->crl_lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->crl_lock);
    return s->crl_lost_read
               ? 0
               : err_add(e, ERR_SIGNER_AWAY,
                         "the CRLs that were published are being read still, "
                         "and may say more than the ledger");
}

/* ---- until the ledger knows it */

static void settle(struct signer *s, struct store_conn *db, size_t i,
                   struct signer_crl *c)
{
    struct crl_lost *v = xcalloc(c->n_lost + 1, sizeof(*v)), *old = c->lost;
    struct look_ups look = {.db = db, .authority = s->authorities[i].name};
    size_t n = 0;

    for (size_t k = 0; k < c->n_lost; k++) {
        v[n] = old[k];
        n += v[n].known || is_lost(&look, c, &v[n]);
    }
    look_end(&look);
    pthread_mutex_lock(&s->crl_lock);
    c->lost = v;
    c->n_lost = n;
    pthread_mutex_unlock(&s->crl_lock);
    free(old);
}

/* What was revoked since it was looked at last is so in the ledger. */
static bool is_settled(struct signer *s, size_t i)
{
    struct signer_crls *l = &s->crls[i];
    uint64_t end;

    pthread_mutex_lock(&s->crl_lock);
    end = l->whole.revoked_end > l->whole.parts_end ? l->whole.revoked_end
                                                    : l->whole.parts_end;
    pthread_mutex_unlock(&s->crl_lock);
    if (end <= l->settled)
        return true;
    l->settled = end;
    return false;
}

void crl_lost_settle(struct signer *s, struct store_conn *db)
{
    for (size_t i = 0; s->crl_lost_any && i < s->n_authorities; i++) {
        if (is_settled(s, i))
            continue;
        for (uint32_t n = 0; n <= s->crls[i].n_parts; n++) {
            struct signer_crl *c = crl_slot(&s->crls[i], n);

            if (!c->n_unknown)
                continue;
            settle(s, db, i, c);
            count_unknown(s);
            if (!c->n_unknown)
                tell(s, i, c);
        }
    }
}

bool crl_lost_find(struct signer *s, size_t i, const struct serial *serial,
                   struct crl_lost *out)
{
    const struct signer_crls *l = &s->crls[i];
    const struct crl_lost *x = NULL;

    if (!s->crl_lost_any || i >= s->n_authorities)
        return false;
    pthread_mutex_lock(&s->crl_lock);
    for (uint32_t n = 0; n <= l->n_parts && !x; n++)
        x = find(crl_slot(l, n), serial);
    if (x)
        *out = *x;
    pthread_mutex_unlock(&s->crl_lock);
    return x;
}

void crl_lost_mark(struct signer *s, struct record *r)
{
    struct crl_lost x;

    if (!s->crl_lost_any || r->revoked_at ||
        !crl_lost_find(s, signer_authority_index(s, r->authority), &r->serial,
                       &x))
        return;
    r->revoked_at = x.revoked_at;
    r->reason = x.reason;
}

struct ban {
    struct signer *s;
    struct key_ban *out;
    bool found;
};

static int note_ban(void *arg, struct record *r)
{
    struct ban *b = arg;

    crl_lost_mark(b->s, r);
    if (r->revoked_at && r->reason == REASON_KEY_COMPROMISE) {
        *b->out = (struct key_ban){.since = r->revoked_at};
        b->found = true;
    }
    return b->found;
}

enum store_result crl_lost_ban(struct signer *s, struct store_conn *db,
                               const uint8_t key_sha256[32],
                               struct key_ban *out)
{
    struct ban b = {s, out, false};
    enum store_result r = STORE_NONE;

    /* Those that have ended too: the ban has no end. */
    if (s->crl_lost_any)
        r = store_cert_by_key(db, key_sha256, 0, note_ban, &b);
    return r != STORE_OK && r != STORE_NONE ? r
           : b.found                        ? STORE_OK
                                            : STORE_NONE;
}

int crl_lost_next(struct crl_lost_walk *w, struct crl_entry *out)
{
    const struct signer_crl *c;

    while ((c = crl_slot(w->l, w->partition))) {
        while (w->at < c->n_lost) {
            const struct crl_lost *x = &c->lost[w->at++];

            /* Of all it is in the ledger's rows then, or here before. */
            if (w->whole && c->partition &&
                (x->known || find(&w->l->whole, &x->serial)))
                continue;
            *out = (struct crl_entry){.serial = x->serial,
                                      .revoked_at = x->revoked_at,
                                      .reason = x->reason};
            return 1;
        }
        if (!w->whole)
            return 0;
        w->partition++;
        w->at = 0;
    }
    return 0;
}
