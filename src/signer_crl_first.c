/* SPDX-License-Identifier: ISC */
/* What the last process left: the CRLs in place, the partitions, and what was
 * revoked and not published any more. */
#include "signer_crl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1000 }; /* entries a read */

struct scan {
    struct signer *s;
    struct store_conn *db;
    uint64_t next;
};

/* The partition of what an entry revoked. */
static uint32_t partition_of(struct scan *sc, const struct entry *en,
                             const struct signer_crls *l)
{
    AUTO(record) struct record r = {0};

    if (en->type != ENTRY_REVOKED || !l->n_parts ||
        store_cert_by_serial(sc->db, en->authority, &en->serial, &r) !=
            STORE_OK)
        return 0;
    return r.crl_partition;
}

static int scan_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct scan *sc = arg;
    AUTO(entry) struct entry en = {0};
    size_t i;

    sc->next = index + 1;
    if (entry_decode(p, len, &en) != 0)
        return 0; /* the audit's to report */
    i = signer_authority_index(sc->s, en.authority);
    if ((en.type == ENTRY_REVOKED || en.type == ENTRY_SERIAL ||
         en.type == ENTRY_CRL_NUMBER) &&
        i < sc->s->n_authorities) {
        struct signer_crls *l = &sc->s->crls[i];
        struct signer_crl *c = crl_slot(l, partition_of(sc, &en, l));

        pthread_mutex_lock(&sc->s->crl_lock);
        if (c)
            crl_revoked(l, c, index + 1);
        pthread_mutex_unlock(&sc->s->crl_lock);
    }
    return 0;
}

/* Revocations that were committed and not yet published when the last process
 * ended. */
static void scan_entries(struct signer *s, struct store_conn *db)
{
    const int64_t now = tm_now();
    const uint64_t end = s->size;
    struct scan sc = {s, db, end};

    for (size_t i = 0; i < s->n_authorities; i++)
        for (uint32_t n = 0; n <= s->crls[i].n_parts; n++) {
            const struct signer_crl *c = crl_slot(&s->crls[i], n);

            /* One that is not in place is made anew, with all there is. */
            if (s->authorities[i].key && c->published &&
                !crl_is_over(s, i, c, now) && c->state.snapshot < sc.next)
                sc.next = c->state.snapshot;
        }
    while (sc.next < end) {
        uint64_t from = sc.next;

        if (store_entries(db, from, CHUNK, scan_entry, &sc) != STORE_OK ||
            sc.next == from)
            return;
    }
}

/* The one in place is not the one that the ledger means.  It is kept, whatever
 * its number is: it may be the right one of two lives, and after a restore what
 * was revoked since the copy is on it alone. */
static void set_aside(const struct signer *s, size_t i, const char *scope,
                      uint64_t seen, uint64_t known)
{
    const bool ours = s->authorities[i].key;
    const bool lost = ours && seen && crl_file_keep(s, scope, seen) != 0;
    const char *why = lost ? strerror(errno) : "";
    const char *but = lost ? ", and the one in place cannot be kept: " : "";

    if (seen > known)
        log_msg(lost ? LOG_ERROR : LOG_WARN, "crl",
                "%s.crl has number %" PRIu64 ", the ledger knows %" PRIu64
                ": it is an older copy; the next one has a higher number%s%s",
                scope, seen, known, but, why);
    else
        log_msg(lost ? LOG_ERROR : LOG_WARN, "crl",
                "%s.crl is not the file that is meant%s%s%s", scope,
                ours ? ": made anew" : "", but, why);
}

/* All its partitions are published.  Otherwise the complete list is made anew:
 * beside those alone, in chain.pem, it would judge what is in the others, of
 * which it lacks what was revoked last. */
static bool has_parts(const struct signer *s, size_t i)
{
    const struct signer_crls *l = &s->crls[i];
    const int64_t now = tm_now();

    for (uint32_t n = 1; n <= l->n_parts; n++)
        if (!crl_slot(l, n)->published &&
            !crl_is_over(s, i, crl_slot(l, n), now))
            return false;
    return true;
}

/* What is known of one CRL, and its file. */
static void restore(struct signer *s, struct store_conn *db, size_t i,
                    struct signer_crl *c)
{
    const char *name = s->authorities[i].name;
    AUTO(free) char *scope = crl_scope(name, c->partition);
    struct crl_state st = {0};
    bool fits;
    uint64_t seen = crl_file_number(s, scope, c->url, &fits);
    const bool known = store_crl_get(db, name, c->partition, &st) == STORE_OK;

    if (!known && !seen)
        return;
    pthread_mutex_lock(&s->crl_lock);
    c->state = st;
    pthread_mutex_unlock(&s->crl_lock);
    crl_number_seen(s, i, seen);
    crl_number_seen(s, i, st.number);
    if (seen > st.number || !crl_file_restore(s, scope, st.sha256) ||
        !crl_file_number(s, scope, c->url, &fits) || !fits)
        set_aside(s, i, scope, seen, st.number);
    else if (c->partition || has_parts(s, i))
        crl_set_published(s, i, c, &st);
}

/* The address that certificates of the partition name: a CRL that names
 * another (public-url was changed) is not about them. */
static char *url_of(struct signer *s, struct store_conn *db, size_t i,
                    uint32_t partition, const struct partition_row *row)
{
    const char *name = s->authorities[i].name;
    AUTO(record) struct record r = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    struct der_tlv uri;

    if (row->certs && store_cert_by_leaf(db, row->leaf, &r) == STORE_OK &&
        cert_parse_any(&cert, r.der.data, r.der.len, &e) == 0 &&
        crl_partition_of(&cert, name, &uri) == partition)
        return xstrndup((const char *)uri.val, uri.len);
    return s->conf->public_url ? crl_url(s->conf->public_url, name, partition)
                               : NULL;
}

/* It is over.  What the ledger does not know of, after a restore, is nobody's
 * to remove: it says what was revoked. */
static void leave(struct signer *s, struct store_conn *db, size_t i,
                  const struct signer_crl *c)
{
    const char *name = s->authorities[i].name;
    AUTO(free) char *scope = crl_scope(name, c->partition);
    struct crl_state st = {0};
    bool fits;
    const uint64_t seen = crl_file_number(s, scope, NULL, &fits);

    crl_number_seen(s, i, seen);
    (void)store_crl_get(db, name, c->partition, &st);
    if (seen <= st.number)
        crl_file_remove(s, scope);
    else
        log_msg(LOG_WARN, "crl",
                "%s.crl has number %" PRIu64 ", which the ledger does not "
                "know: it is neither served nor removed",
                scope, seen);
}

/* Adds the next one. */
static void add_part(struct signer *s, struct store_conn *db, size_t i)
{
    struct signer_crls *l = &s->crls[i];
    struct signer_crl *c = xcalloc(1, sizeof(*c));
    const unsigned size = s->authorities[i].conf->crl_partition_size;
    struct partition_row row = {0};

    c->partition = l->n_parts + 1;
    store_partition(db, s->authorities[i].name, c->partition, &row);
    c->url = url_of(s, db, i, c->partition, &row);
    c->ends = crl_part_ends(&row);
    if (c->partition < l->filling || !c->url || !size)
        c->closed_at = 1;
    else if (c->partition == l->filling)
        l->filled = row.certs;
    pthread_mutex_lock(&s->crl_lock);
    l->parts = xreallocarray(l->parts, l->n_parts + 1, sizeof(*l->parts));
    l->parts[l->n_parts++] = c;
    pthread_mutex_unlock(&s->crl_lock);
    if (crl_is_over(s, i, c, tm_now()))
        leave(s, db, i, c);
    else
        restore(s, db, i, c);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t crl_partition_last(struct signer *s, struct store_conn *db, size_t i)
{
    struct signer_crls *l = &s->crls[i];
    const char *name = s->authorities[i].name;
    uint32_t n[2] = {0}, last, in_place;
    bool loaded;

    pthread_mutex_lock(&s->crl_lock);
    loaded = l->loaded;
    last = l->n_parts;
    pthread_mutex_unlock(&s->crl_lock);
    if (loaded || store_crl_last(db, name, &n[0]) == STORE_BROKEN ||
        store_partition_last(db, name, &n[1]) == STORE_BROKEN)
        return last;
    in_place = crl_file_parts(s, name);
    return larger(larger(last, in_place), larger(n[0], n[1]));
}

/* The highest partition that certificates may name: after a restore from an old
 * copy one that the ledger does not know.  There is a file of it, or more are
 * known than are spare, or those behind it have a CRL in the ledger and it has
 * none, though they are opened in order; else the last known. */
static uint32_t last_taken(struct store_conn *db, const char *authority,
                           uint32_t named, uint32_t known, uint32_t in_place)
{
    struct crl_state st;

    if (in_place > known)
        return in_place;
    if (known > named + CRL_SPARE)
        return known - CRL_SPARE;
    while (known > named &&
           store_crl_get(db, authority, known, &st) == STORE_OK)
        known--;
    return known;
}

/* The one to be filled up is full when others than those in it would name
 * another address. */
static void judge_filling(const struct signer *s, size_t i)
{
    struct signer_crls *l = &s->crls[i];
    AUTO(free) char *url = NULL;

    if (!l->filling || !s->conf->public_url)
        return;
    url = crl_url(s->conf->public_url, s->authorities[i].name, l->filling);
    if (!l->parts[l->filling - 1]->url ||
        strcmp(l->parts[l->filling - 1]->url, url) != 0)
        l->filled = UINT64_MAX;
}

static void load_parts(struct signer *s, struct store_conn *db, size_t i)
{
    const struct signer_authority *a = &s->authorities[i];
    struct signer_crls *l = &s->crls[i];
    uint32_t last, known, named;

    if (!a->key || store_crl_last(db, a->name, &known) == STORE_BROKEN ||
        store_partition_last(db, a->name, &named) == STORE_BROKEN)
        return;
    l->filling = larger(named, last_taken(db, a->name, named, known,
                                          crl_file_parts(s, a->name)));
    last = larger(known, l->filling);
    while (l->n_parts < last)
        add_part(s, db, i);
    if (l->filling > named)
        l->filled = UINT64_MAX;
    judge_filling(s, i);
    /* Issuing does not wait for the entries to be looked through. */
    pthread_mutex_lock(&s->crl_lock);
    l->loaded = true;
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
}

void crl_first_pass(struct signer *s, struct store_conn *db)
{
    /* The complete list of the first authority is the last that the front has,
     * which gives nobody chain.pem before. */
    for (size_t i = s->n_authorities; i-- > 0;) {
        load_parts(s, db, i);
        restore(s, db, i, &s->crls[i].whole);
    }
    crl_lost_load(s, db);
    scan_entries(s, db);
    pthread_mutex_lock(&s->crl_lock);
    s->crl_first_pass = true;
    for (struct job *j = s->crl_waiting; j; j = j->next)
        crl_job_settle(s, j);
    pthread_cond_broadcast(&s->crl_passed);
    pthread_mutex_unlock(&s->crl_lock);
}
