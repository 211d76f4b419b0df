/* SPDX-License-Identifier: ISC */
/*
 * Rows a second into the ledger, at 1, 10 and 100 certificates a commit: entry,
 * tree, row, name and signed head; beside it the same certificates into a bare
 * table of one column, and the ratio; last the CPU time of a row of ours, which
 * tells more where other work goes on beside.
 *
 *   bench_store [DIRECTORY]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "die.h"
#include "digest.h"
#include "seal.h"
#include "ledger.h"
#include "tm.h"

enum { ROWS = 20000 };
#define DAY INT64_C(1795392000) /* 2026-11-23T00:00:00Z */

struct row {
    struct buf der;
    struct cert cert;
    char name[40];
};

struct bench {
    char *db, *bare;
    struct key_signer *ca;
    EVP_PKEY *log;
    struct buf spki, issuer;
    struct row *rows;
    struct store_conn *conn;
    struct ledger *ledger;
};

static void need(bool ok, const char *what, const struct errs *e)
{
    if (!ok)
        die(1, "%s: %s", what, e && e->n ? e->v[0].detail : "failed");
}

static void stored(struct bench *b, enum store_result r, const char *what)
{
    if (r != STORE_OK)
        die(1, "%s: %s", what, store_conn_error(b->conn));
}

/* One key for all and a signature for all: neither is what is measured. */
static void make_row(struct bench *b, struct row *r, int i)
{
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names names = {0};
    AUTO(buf) struct buf tbs = {0};
    struct cert_spec spec = {.cn = r->name,
                             .names = &names,
                             .spki = b->spki.data,
                             .spki_len = b->spki.len,
                             .not_before = DAY,
                             .not_after = DAY + 90 * TM_DAY - 1 + i,
                             .path_len = -1,
                             .ku = KU_DIGITAL_SIGNATURE,
                             .eku = EKU_SERVER,
                             .alg = key_signer_alg(b->ca)};

    snprintf(r->name, sizeof(r->name), "node-%07d.bench.internal", i);
    need(names_parse(&names, r->name, &e) == 0, r->name, &e);
    serial_new(&spec.serial);
    cert_write_tbs(&tbs, &spec);
    tbs_seal(&r->der, &tbs, b->ca);
    need(cert_parse(&r->cert, r->der.data, r->der.len, &e) == 0, "cert", &e);
}

static void put(struct bench *b, struct row *r)
{
    struct record rec = {.authority = (char *)"issuing",
                         .profile = (char *)"server",
                         .requester = {WHO_USER, (char *)"0", NULL},
                         .protocol = (char *)"cli",
                         .issued_at = DAY,
                         .serial = r->cert.serial,
                         .der = r->der};
    struct entry en = {.type = ENTRY_ISSUED,
                       .time = DAY,
                       .who = WHO_USER,
                       .who_id = rec.requester.id,
                       .authority = rec.authority,
                       .serial = rec.serial};
    const struct cert_row row = {.record = &rec,
                                 .cert = &r->cert,
                                 .sha256 = en.object,
                                 .cn = r->name};

    digest_sum(DIGEST_SHA256, r->der.data, r->der.len, en.object);
    stored(b, ledger_append(b->ledger, &en, &rec.leaf), "append");
    stored(b, store_cert_put(b->conn, &row), "put");
}

/* Rows a second. */
static double fill(struct bench *b, int first, int rows, int batch)
{
    int64_t began = tm_mono_us();

    for (int i = 0; i < rows; i += batch) {
        stored(b, store_begin(b->conn), "begin");
        for (int k = 0; k < batch; k++)
            put(b, &b->rows[first + i + k]);
        stored(b, ledger_seal(b->ledger, DAY), "seal");
        stored(b, store_commit(b->conn), "commit");
    }
    return rows * 1e6 / (double)(tm_mono_us() - began);
}

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        die(1, "%s: %s", text, sqlite3_errmsg(db));
}

static double fill_bare(struct bench *b, sqlite3 *db, int first, int rows,
                        int batch)
{
    int64_t began = tm_mono_us();
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(db, "INSERT INTO t (der) VALUES (?1)", -1, &st,
                           NULL) != SQLITE_OK)
        die(1, "%s", sqlite3_errmsg(db));
    for (int i = 0; i < rows; i += batch) {
        sql(db, "BEGIN IMMEDIATE");
        for (int k = 0; k < batch; k++) {
            const struct buf *der = &b->rows[first + i + k].der;

            sqlite3_bind_blob(st, 1, der->data, (int)der->len, SQLITE_STATIC);
            if (sqlite3_step(st) != SQLITE_DONE)
                die(1, "%s", sqlite3_errmsg(db));
            sqlite3_reset(st);
        }
        sql(db, "COMMIT");
    }
    sqlite3_finalize(st);
    return rows * 1e6 / (double)(tm_mono_us() - began);
}

static void measure(struct bench *b)
{
    static const struct {
        int batch, rows;
    } runs[] = {{1, 2000}, {10, 6000}, {100, 12000}};
    sqlite3 *db = NULL;
    int first = 0;

    if (sqlite3_open(b->bare, &db) != SQLITE_OK)
        die(1, "%s cannot be opened", b->bare);
    sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA wal_autocheckpoint = 0;"
            "CREATE TABLE t (id INTEGER PRIMARY KEY, der BLOB NOT NULL)");
    printf("batch  ledger/s  bare/s  ratio  us of CPU\n");
    for (size_t i = 0; i < COUNT(runs); i++) {
        clock_t cpu = clock();
        double ours = fill(b, first, runs[i].rows, runs[i].batch);
        double us = (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC;
        double bare = fill_bare(b, db, first, runs[i].rows, runs[i].batch);

        printf("%5d  %8.0f  %6.0f   %.2f       %.1f\n", runs[i].batch, ours,
               bare, ours / bare, us / runs[i].rows);
        first += runs[i].rows;
    }
    sqlite3_close(db);
}

static void prepare(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    EVP_PKEY *key = key_generate("ec:P-256", &e);
    struct cert_spec spec = {.serial = {.v = {1}, .len = 1},
                             .not_before = DAY,
                             .not_after = DAY + 3650 * TM_DAY,
                             .cn = "Bench",
                             .ca = true,
                             .path_len = 0,
                             .ku = KU_CERT_SIGN | KU_CRL_SIGN};
    AUTO(buf) struct buf tbs = {0};

    need(key != NULL, "key", &e);
    b->log = key_generate("ed25519", &e);
    need(b->log != NULL, "key", &e);
    b->ca = key_signer_new(key);
    key_spki(key, &b->spki);
    EVP_PKEY_free(key);
    spec.spki = b->spki.data;
    spec.spki_len = b->spki.len;
    spec.alg = key_signer_alg(b->ca);
    cert_write_tbs(&tbs, &spec);
    tbs_seal(&b->issuer, &tbs, b->ca);
    b->rows = xcalloc(ROWS, sizeof(*b->rows));
    for (int i = 0; i < ROWS; i++)
        make_row(b, &b->rows[i], i);
}

static void clean(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (int i = 0; i < 3; i++) {
        AUTO(free) char *file = xasprintf("%s%s", path, ends[i]);

        unlink(file);
    }
}

static void bench_free(struct bench *b)
{
    for (int i = 0; i < ROWS; i++) {
        cert_free(&b->rows[i].cert);
        buf_free(&b->rows[i].der);
    }
    free(b->rows);
    key_signer_free(b->ca);
    EVP_PKEY_free(b->log);
    buf_free(&b->spki);
    buf_free(&b->issuer);
    free(b->db);
    free(b->bare);
}

int main(int argc, char **argv)
{
    AUTO(free)
    char *dir = xasprintf("%s/bench-store-XXXXXX", argc > 1 ? argv[1] : ".");
    AUTO(errs) struct errs e = {0};
    struct bench b = {0};
    struct store *store;

    if (!mkdtemp(dir))
        die(1, "%s cannot be made", dir);
    b.db = xasprintf("%s/ledger.db", dir);
    b.bare = xasprintf("%s/bare.db", dir);
    prepare(&b);
    need(store_create(b.db, &e) == 0, b.db, &e);
    store = store_open(b.db, &e);
    need(store != NULL, b.db, &e);
    b.conn = store_conn_open(store, true, &e);
    need(b.conn != NULL, b.db, &e);
    b.ledger = ledger_open(b.conn, b.log, &e);
    need(b.ledger != NULL, b.db, &e);
    stored(&b, store_authority_put(b.conn, "issuing", NULL, &b.issuer), "CA");
    measure(&b);
    ledger_close(b.ledger);
    store_conn_close(b.conn);
    store_close(store);
    clean(b.db);
    clean(b.bare);
    rmdir(dir);
    bench_free(&b);
    return 0;
}
