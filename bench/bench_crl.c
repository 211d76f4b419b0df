/* SPDX-License-Identifier: ISC */
/*
 * A complete CRL of all that the ledger has revoked, as the service builds it
 * (written, read back, verified, hashed for the ledger), beside its limit: the
 * rows read once, and its octets hashed and signed.  Medians of turns.  The
 * sync, which comes after, is in neither.
 *
 *   bench_crl DATA     prints entries, seconds of the limit, seconds of the
 *                      CRL, their ratio, and KiB that memory grew by
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "crl.h"
#include "die.h"
#include "store.h"

enum { PAGE = 2048, TURNS = 5 };

struct rows {
    struct store_conn *conn;
    uint64_t after;
    struct crl_entry page[PAGE];
    unsigned n, at;
};

static int add(void *arg, const struct revoked_row *r)
{
    struct rows *p = arg;

    p->page[p->n++] = (struct crl_entry){r->serial, r->at, r->reason};
    p->after = r->leaf;
    return 0;
}

static struct revoked_page page_after(uint64_t leaf, unsigned max)
{
    return (struct revoked_page){.authority = "issuing",
                                 .snapshot = UINT64_MAX >> 1,
                                 .after = leaf,
                                 .max = max};
}

static int next(void *arg, struct crl_entry *out)
{
    struct rows *p = arg;
    struct revoked_page page;

    if (p->at == p->n) {
        p->at = p->n = 0;
        page = page_after(p->after, PAGE);
        store_revoked(p->conn, &page, add, p);
        if (p->n == 0)
            return 0;
    }
    *out = p->page[p->at++];
    return 1;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return r.ru_maxrss;
}

static int see(void *arg, const struct revoked_row *r)
{
    *(uint64_t *)arg += r->leaf + r->serial.v[0] + (uint64_t)r->at;
    return 0;
}

static double read_rows(struct store_conn *conn)
{
    const struct revoked_page all = page_after(UINT64_MAX, UINT_MAX);
    static volatile uint64_t used;
    uint64_t sum = 0;
    const double began = now();

    if (store_revoked(conn, &all, see, &sum) != STORE_OK)
        die(1, "%s", store_conn_error(conn));
    used = sum;
    (void)used;
    return now() - began;
}

static double hash_and_sign(int fd, struct key_signer *key)
{
    AUTO(buf) struct buf sig = {0};
    uint8_t part[16384];
    ssize_t n;
    const double began = now();

    key_sign_init(key);
    for (off_t at = 0; (n = pread(fd, part, sizeof(part), at)) > 0; at += n)
        key_sign_update(key, part, (size_t)n);
    key_sign_final(key, &sig);
    return now() - began;
}

static double build(int fd, struct store_conn *conn, const struct cert *ca,
                    struct key_signer *key, int64_t *entries)
{
    static struct rows p;
    AUTO(errs) struct errs e = {0};
    const struct crl_spec spec = {.issuer = ca->subject,
                                  .issuer_len = ca->subject_len,
                                  .aki = ca->ski,
                                  .this_update = 1000000000,
                                  .next_update = 2000000000,
                                  .number = 1};
    struct crl_made made;
    double began;

    if (ftruncate(fd, 0) != 0)
        die(1, "the file cannot be emptied");
    began = now();
    p = (struct rows){.conn = conn, .after = UINT64_MAX};
    made.entries = *entries = crl_build(fd, &spec, key, next, &p);
    if (*entries < 0 || crl_check(fd, &spec, &ca->key, &made, &e) != 0)
        die(1, "the CRL: %s", e.n ? e.v[0].detail : "failed");
    return now() - began;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double v[TURNS])
{
    qsort(v, TURNS, sizeof(*v), by_size);
    return v[TURNS / 2];
}

/* In turn, so that whatever else the machine does meets both.  The first turn
 * warms what the kernel keeps, and shows the memory. */
static void measure(struct store_conn *conn, const struct cert *ca,
                    struct key_signer *key, int fd)
{
    double limit[TURNS], took[TURNS];
    int64_t entries;
    long grew = 0;

    for (int i = -1; i < TURNS; i++) {
        const double rows = read_rows(conn);
        const long before = peak();
        const double built = build(fd, conn, ca, key, &entries);

        if (i < 0) {
            grew = peak() - before;
            continue;
        }
        took[i] = built;
        limit[i] = rows + hash_and_sign(fd, key);
    }
    printf("%lld %.3f %.3f %.2f %ld\n", (long long)entries, median(limit),
           median(took), median(took) / median(limit), grew);
}

int main(int argc, char **argv)
{
    const char *dir = argc == 2 ? argv[1] : "";
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *db = xasprintf("%s/ledger.db", dir);
    AUTO(free) char *pem = xasprintf("%s/issuing.pem", dir);
    AUTO(free) char *path = xasprintf("%s/bench.crl", dir);
    AUTO(blobs) struct blobs certs = {0};
    AUTO(cert) struct cert ca = {0};

    if (argc != 2)
        die(2, "usage: bench_crl DATA");
    AUTO(evp_pkey)
    EVP_PKEY *private = key_load("file:keys/issuing.key", dir, NULL, &e);
    AUTO(store) struct store *store = store_open(db, &e);
    if (!private || !store || cert_load(pem, &certs, &e) != 0 ||
        cert_parse(&ca, certs.v[0].data, certs.v[0].len, &e) != 0)
        die(1, "%s: %s", dir, e.v[0].detail);
    struct store_conn *conn = store_conn_open(store, false, &e);
    struct key_signer *key = key_signer_new(private);
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (!conn || fd < 0)
        die(1, "%s cannot be opened", path);
    measure(conn, &ca, key, fd);
    key_signer_free(key);
    store_conn_close(conn);
    unlink(path);
    return 0;
}
