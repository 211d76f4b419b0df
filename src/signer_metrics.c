/* SPDX-License-Identifier: ISC */
/* Prometheus text (version 0.0.4) of what only the signer knows; requests and
 * refusals are counted by who answers them. */
#include "signer_crl.h"
#include "signer_ocsp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const protocols[] = {"http", "cli", "service", "ocsp",
                                        "other"};
enum { N_PROTOCOLS = COUNT(protocols) };

/* Upper bounds; the last bucket is +Inf. */
static const uint64_t us_bounds[SECONDS_BUCKETS] = {
    100,   250,   500,    1000,   2500,    5000,
    10000, 25000, 100000, 250000, 1000000, 5000000};
static const uint64_t batch_bounds[SECONDS_BUCKETS] = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

static void observe(struct histogram *h, const uint64_t *bounds, uint64_t v)
{
    int i = 0;

    while (i < SECONDS_BUCKETS && v > bounds[i])
        i++;
    h->bucket[i]++;
    h->count++;
    h->sum += v;
}

void count_batch(struct signer *s, size_t n, int64_t us)
{
    observe(&s->counters.commit_us, us_bounds, (uint64_t)us);
    observe(&s->counters.batch, batch_bounds, n);
}

/* The slot behind the last profile is the service's own certificates. */
void count_issued(struct signer *s, const char *profile, const char *protocol)
{
    const struct profiles *l = &s->conf->profiles;
    size_t p = 0, k = 0;

    while (p < l->n && strcmp(l->v[p].name, profile) != 0)
        p++;
    while (k < N_PROTOCOLS - 1 && strcmp(protocols[k], protocol) != 0)
        k++;
    s->counters.issued[p * N_PROTOCOLS + k]++;
}

size_t count_slots(const struct conf *c)
{
    return (c->profiles.n + 1) * N_PROTOCOLS;
}

static void head(struct buf *b, const char *name, const char *type,
                 const char *help)
{
    buf_printf(b, "# HELP pocketca_%s %s\n# TYPE pocketca_%s %s\n", name, help,
               name, type);
}

static void put_issued(struct buf *b, const struct signer *s)
{
    const struct profiles *l = &s->conf->profiles;

    head(b, "issued_total", "counter",
         "Certificates issued since the start, by profile and protocol.");
    for (size_t p = 0; p <= l->n; p++)
        for (size_t k = 0; k < N_PROTOCOLS; k++) {
            uint64_t n = s->counters.issued[p * N_PROTOCOLS + k];

            /* A series that exists from the start shows its first step. */
            if (n || (p < l->n && k < 2))
                buf_printf(b,
                           "pocketca_issued_total{profile=\"%s\","
                           "protocol=\"%s\"} %" PRIu64 "\n",
                           p < l->n ? l->v[p].name : "", protocols[k], n);
        }
}

static void put_revoked(struct buf *b, const struct signer *s)
{
    head(b, "revoked_total", "counter",
         "Certificates revoked since the start, by reason.");
    for (int i = 0; i < 16; i++)
        if (crl_reason_text(i) && crl_reason_allowed(i))
            buf_printf(b, "pocketca_revoked_total{reason=\"%s\"} %" PRIu64 "\n",
                       crl_reason_text(i), s->counters.revoked[i]);
}

static void put_histogram(struct buf *b, const char *name, const char *help,
                          const struct histogram *h, const uint64_t *bounds,
                          double unit)
{
    uint64_t sum = 0;

    head(b, name, "histogram", help);
    for (int i = 0; i < SECONDS_BUCKETS; i++) {
        sum += h->bucket[i];
        buf_printf(b, "pocketca_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                   (double)bounds[i] * unit, sum);
    }
    sum += h->bucket[SECONDS_BUCKETS];
    buf_printf(b,
               "pocketca_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
               "pocketca_%s_sum %.6f\npocketca_%s_count %" PRIu64 "\n",
               name, sum, name, (double)h->sum * unit, name, sum);
}

static void gauge(struct buf *b, const char *name, const char *help,
                  int64_t value)
{
    head(b, name, "gauge", help);
    buf_printf(b, "pocketca_%s %" PRId64 "\n", name, value);
}

static void put_counts(struct buf *b, const struct store_counts *n)
{
    static const char *const within[] = {"1d", "7d", "14d", "30d"};

    head(b, "certificates", "gauge", "Certificates by status.");
    buf_printf(b,
               "pocketca_certificates{status=\"valid\"} %" PRIu64 "\n"
               "pocketca_certificates{status=\"revoked\"} %" PRIu64 "\n"
               "pocketca_certificates{status=\"expired\"} %" PRIu64 "\n",
               n->valid, n->revoked, n->expired);
    head(b, "expiring_certificates", "gauge",
         "Valid certificates that end within that time and are not replaced.");
    for (int i = 0; i < 4; i++)
        buf_printf(
            b, "pocketca_expiring_certificates{within=\"%s\"} %" PRIu64 "\n",
            within[i], n->expiring[i]);
    gauge(b, "ledger_bytes", "Size of the ledger.", n->ledger_bytes);
    gauge(b, "wal_bytes", "Size of its write-ahead log.", n->wal_bytes);
}

/* Of an authority's CRLs, partitions that are over left out.  There may be
 * thousands of those: what is said is how many, and the worst. */
enum crl_gauge {
    CRL_END,
    CRL_AGE,
    CRL_PARTS,
    CRL_PARTS_END,
    CRL_PARTS_AGE,
    CRL_FAILING,
    CRL_LOST,
    CRL_UNREAD,
    CRL__MAX
};
static const char *const crl_gauges[CRL__MAX][2] = {
    {"next_update_seconds",
     "Seconds until the next update that the complete CRL promises."},
    {"age_seconds", "Seconds since thisUpdate of the complete CRL."},
    {"partitions", "Partitions whose CRL is served."},
    {"partition_next_update_seconds",
     "Seconds until the next update that a partition's CRL promises; of all, "
     "the first to end."},
    {"partition_age_seconds",
     "Seconds since thisUpdate of a partition's CRL; of all, the oldest."},
    {"failing", "CRLs, partitions among them, that could not be made when last "
                "tried."},
    {"lost", "Revoked serial numbers that a CRL was published with, and that "
             "the ledger, an older copy, does not know."},
    {"unread", "Files of CRLs that were published and kept, and cannot be "
               "read."},
};
#define NO_GAUGE INT64_MIN

/* Lock held, as below. */
static void look_at_crl(const struct signer_crl *c, int64_t now, int64_t *v)
{
    const int64_t end = c->state.next_update - now;
    const int64_t age = now - c->state.this_update;
    int64_t *ends = &v[c->partition ? CRL_PARTS_END : CRL_END];
    int64_t *is = &v[c->partition ? CRL_PARTS_AGE : CRL_AGE];

    v[CRL_FAILING] += c->failed != ERR_NONE;
    if (!c->published)
        return;
    v[CRL_PARTS] += c->partition > 0;
    if (*ends == NO_GAUGE || end < *ends)
        *ends = end;
    if (age > *is)
        *is = age;
}

static void look_at_crls(const struct signer *s, size_t i, int64_t now,
                         int64_t *v)
{
    const struct signer_crls *l = &s->crls[i];

    v[CRL_END] = v[CRL_AGE] = v[CRL_PARTS_END] = v[CRL_PARTS_AGE] = NO_GAUGE;
    v[CRL_FAILING] = l->failed != ERR_NONE;
    v[CRL_UNREAD] = (int64_t)l->unread.n;
    for (uint32_t n = 0; n <= l->n_parts; n++) {
        const struct signer_crl *c = crl_slot(l, n);

        v[CRL_LOST] += (int64_t)c->n_unknown;
        if (!crl_is_over(s, i, c, now))
            look_at_crl(c, now, v);
    }
    /* Made elsewhere, it has an age and an end alone. */
    for (int g = CRL_PARTS; g < CRL__MAX && !s->authorities[i].key; g++)
        v[g] = NO_GAUGE;
}

static void put_crls(struct buf *b, struct signer *s, int64_t now)
{
    AUTO(free)
    int64_t(*v)[CRL__MAX] = xcalloc(s->n_authorities, sizeof(*v));

    pthread_mutex_lock(&s->crl_lock);
    for (size_t i = 0; i < s->n_authorities; i++)
        look_at_crls(s, i, now, v[i]);
    pthread_mutex_unlock(&s->crl_lock);
    for (int g = 0; g < CRL__MAX; g++) {
        AUTO(free) char *name = xasprintf("crl_%s", crl_gauges[g][0]);

        head(b, name, "gauge", crl_gauges[g][1]);
        for (size_t i = 0; i < s->n_authorities; i++)
            if (v[i][g] != NO_GAUGE)
                buf_printf(b, "pocketca_%s{authority=\"%s\"} %" PRId64 "\n",
                           name, s->authorities[i].name, v[i][g]);
    }
}

static void put_responders(struct buf *b, struct signer *s, int64_t now)
{
    static const char *const gauges[2][2] = {
        {"responder_not_after_seconds",
         "Seconds until the certificate of the authority's OCSP responder "
         "ends."},
        {"responder_age_seconds", "Seconds since notBefore of that."},
    };

    for (int g = 0; g < 2; g++) {
        head(b, gauges[g][0], "gauge", gauges[g][1]);
        for (size_t i = 0; i < s->n_authorities; i++) {
            int64_t begin;
            const int64_t end = responder_end(s, i, &begin);

            if (end)
                buf_printf(b, "pocketca_%s{authority=\"%s\"} %" PRId64 "\n",
                           gauges[g][0], s->authorities[i].name,
                           g ? now - begin : end - now);
        }
    }
}

static void put_authorities(struct buf *b, struct signer *s, int64_t now)
{
    put_crls(b, s, now);
    put_responders(b, s, now);
    head(b, "authority_not_after_seconds", "gauge",
         "Seconds until the authority's certificate ends.");
    for (size_t i = 0; i < s->n_authorities; i++)
        buf_printf(b,
                   "pocketca_authority_not_after_seconds{authority=\"%s\"} "
                   "%" PRId64 "\n",
                   s->authorities[i].name,
                   s->authorities[i].cert.not_after - now);
}

int handle_metrics(struct worker *w, const struct frame *f,
                   const struct caller *c, struct rd *body, struct errs *e)
{
    struct signer *s = w->s;
    AUTO(who) struct who who = {0};
    AUTO(buf) struct buf b = {0};
    AUTO(msg_ready) struct msg_ready ready = {0};
    struct store_counts n = {0};
    const int64_t now = tm_now();
    enum store_result r;

    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_METRICS, e) != 0)
        return -1;
    r = store_count(w->reader, now, &n);
    if (r != STORE_OK)
        return auth_store_error(r, e);
    ready_judge(w, &ready);
    gauge(&b, "ready", "1 when a certificate can be issued now.", ready.ready);
    put_issued(&b, s);
    put_revoked(&b, s);
    put_histogram(&b, "commit_seconds", "Time of a commit.",
                  &s->counters.commit_us, us_bounds, 1e-6);
    put_histogram(&b, "batch_size", "Requests in a commit.", &s->counters.batch,
                  batch_bounds, 1);
    pthread_mutex_lock(&s->queue_lock);
    gauge(&b, "queue_length", "Requests that wait for a commit.",
          (int64_t)s->queue_len);
    pthread_mutex_unlock(&s->queue_lock);
    put_counts(&b, &n);
    put_authorities(&b, s, now);
    gauge(&b, "tree_size", "Entries of the ledger.", (int64_t)s->size);
    msg_begin(&w->reply, MSG_TEXT, f->id, false);
    buf_blob(&w->reply, b.data, b.len);
    if (w->reply.len > MSG_MAX)
        return err_add(e, ERR_TOO_LARGE, "the metrics have %zu octets", b.len);
    peer_send(w->peer, &w->reply);
    return 0;
}
