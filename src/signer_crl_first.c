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
 * its number is, also unread: it may be the right one of two lives, and after a
 * restore what was revoked since the copy is on it alone.  False: it cannot
 * be. */
static bool set_aside(const struct signer *s, size_t i, const char *scope,
                      const struct crl_in_place *in, const char *why)
{
    /* Nobody knows that of one that is unread: none of those that were seen. */
    const uint64_t number = in->number ? in->number : s->crls[i].number + 1;
    const bool lost = s->authorities[i].key && in->there &&
                      crl_file_keep(s, scope, number) != 0;

    log_msg(lost ? LOG_ERROR : LOG_WARN, "crl", "%s.crl %s%s%s", scope, why,
            lost ? ", and the one in place cannot be kept: " : "",
            lost ? strerror(errno) : "");
    return !lost;
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
    AUTO(free) char *older = NULL;
    struct crl_state st = {0};
    struct crl_in_place in = crl_file_look(s, scope, c->url);
    const bool known = store_crl_get(db, name, c->partition, &st) == STORE_OK;
    bool meant;

    if (!known && !in.there)
        return;
    pthread_mutex_lock(&s->crl_lock);
    c->state = st;
    pthread_mutex_unlock(&s->crl_lock);
    crl_number_seen(s, i, in.number);
    crl_number_seen(s, i, st.number);
    if (in.number > st.number)
        older = xasprintf("has number %" PRIu64 ", the ledger knows %" PRIu64
                          ": it is an older copy; the next one has a higher "
                          "number",
                          in.number, st.number);
    meant = !older && (in.number || !in.there) &&
            crl_file_restore(s, scope, st.sha256);
    if (meant)
        in = crl_file_look(s, scope, c->url); /* it may be another now */
    if (!meant || !in.fits)
        set_aside(s, i, scope, &in,
                  older ? older : "is not the file that is meant");
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
    const struct crl_in_place in = crl_file_look(s, scope, NULL);

    crl_number_seen(s, i, in.number);
    (void)store_crl_get(db, name, c->partition, &st);
    if (!in.there || (in.number && in.number <= st.number))
        crl_file_remove(s, scope);
    else
        log_msg(LOG_WARN, "crl", "%s.crl %s: it is neither served nor removed",
                scope,
                in.number ? "has a number that the ledger does not know"
                          : "cannot be read");
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
    uint32_t n[2] = {0}, last;
    bool loaded;

    pthread_mutex_lock(&s->crl_lock);
    loaded = l->loaded;
    last = l->n_parts;
    pthread_mutex_unlock(&s->crl_lock);
    if (loaded || store_crl_last(db, name, &n[0]) == STORE_BROKEN ||
        store_partition_last(db, name, &n[1]) == STORE_BROKEN)
        return last;
    return crl_file_parts(s, name, larger(last, larger(n[0], n[1])));
}

/* The highest partition that certificates may name, of those that the ledger
 * knows a CRL of: more are known than are spare, or those behind it have one
 * and it has none, after a restore from an old copy, though they are opened in
 * order. */
static uint32_t last_taken(struct store_conn *db, const char *authority,
                           uint32_t known)
{
    struct crl_state st;
    uint32_t n = known;

    while (n && known - n < CRL_SPARE &&
           store_crl_get(db, authority, n, &st) == STORE_OK)
        n--;
    return n;
}

/* The one to be filled up is full when others than those in it would name
 * another address, or when it is of another life, of which nobody knows how
 * many are in it: so it is when none is on record, or the last was imported. */
static void judge_filling(struct signer *s, struct store_conn *db, size_t i,
                          bool older)
{
    struct signer_crls *l = &s->crls[i];
    const char *name = s->authorities[i].name;
    struct partition_row row = {0};
    AUTO(record) struct record r = {0};
    AUTO(free) char *url = NULL;
    const char *names;

    if (!l->filling || !s->conf->public_url)
        return;
    names = crl_slot(l, l->filling)->url;
    url = crl_url(s->conf->public_url, name, l->filling);
    store_partition(db, name, l->filling, &row);
    l->filled = row.certs;
    if (older || !names || strcmp(names, url) != 0 ||
        store_cert_by_leaf(db, row.leaf, &r) != STORE_OK ||
        strcmp(r.protocol, "import") == 0)
        l->filled = UINT64_MAX;
}

struct strays {
    struct signer *s;
    size_t i;
};

/* Were it of a partition, all before it would be opened. */
static void keep_stray(void *arg, uint32_t partition, uint64_t number,
                       const char *path)
{
    const struct strays *of = arg;
    const uint32_t last = of->s->crls[of->i].n_parts;
    AUTO(free)
    char *scope = crl_scope(of->s->authorities[of->i].name, partition);
    AUTO(free) char *why = NULL;
    struct crl_in_place in;

    (void)path;
    if (number || partition <= last)
        return;
    in = crl_file_look(of->s, scope, NULL);
    why = xasprintf("is of no partition: it does not name itself as its "
                    "distribution point, and the last one is %" PRIu32,
                    last);
    if (set_aside(of->s, of->i, scope, &in, why))
        crl_file_remove(of->s, scope);
}

/* Whether more was published than the ledger knows of: whatever was opened may
 * be full then. */
static bool is_older(const struct signer *s, struct store_conn *db, size_t i)
{
    const char *name = s->authorities[i].name;
    struct crl_state st = {0};

    (void)store_crl_get(db, name, 0, &st);
    return crl_file_look(s, name, NULL).number > st.number;
}

static void load_parts(struct signer *s, struct store_conn *db, size_t i)
{
    const struct signer_authority *a = &s->authorities[i];
    struct signer_crls *l = &s->crls[i];
    uint32_t last, known, named, in_place;
    bool older;

    if (!a->key || store_crl_last(db, a->name, &known) == STORE_BROKEN ||
        store_partition_last(db, a->name, &named) == STORE_BROKEN)
        return;
    last = larger(known, named);
    in_place = crl_file_parts(s, a->name, last);
    older = in_place > last || is_older(s, db, i);
    l->filling =
        older ? in_place : larger(named, last_taken(db, a->name, known));
    while (l->n_parts < in_place)
        add_part(s, db, i);
    crl_file_each(s, a->name, keep_stray, &(struct strays){s, i});
    judge_filling(s, db, i, older);
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
