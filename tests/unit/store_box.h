/* SPDX-License-Identifier: ISC */
/* A store in a directory of its own, with a writer, a reader, and certificates
 * as small as they get: what the tests of the store share. */
#ifndef POCKETCA_STORE_BOX_H
#define POCKETCA_STORE_BOX_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "store_sqlite.h"
#include "tm.h"
#include "x509.h"

enum { BOX_KEYS = 3 };

struct box {
    char dir[64], path[80];
    struct store *store;
    struct store_conn *w, *r;
    struct party keys[BOX_KEYS];
};

static inline void box_close(struct box *b)
{
    store_conn_close(b->r);
    store_conn_close(b->w);
    store_close(b->store);
    b->r = b->w = NULL;
    b->store = NULL;
}

static inline void box_free(struct box *b)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    box_close(b);
    for (int i = 0; i < 3; i++) {
        AUTO(free) char *path = xasprintf("%s%s", b->path, ends[i]);

        unlink(path);
    }
    ck_assert_int_eq(rmdir(b->dir), 0);
    for (int i = 0; i < BOX_KEYS; i++)
        party_free(&b->keys[i]);
}
AUTO_VALUE(box, struct box, box_free)

static inline void box_open(struct box *b)
{
    AUTO(errs) struct errs e = {0};

    b->store = store_open(b->path, &e);
    ck_assert_msg(b->store != NULL, "%s", e.n ? e.v[0].detail : "");
    b->w = store_conn_open(b->store, true, &e);
    b->r = store_conn_open(b->store, false, &e);
    ck_assert_ptr_nonnull(b->w);
    ck_assert_ptr_nonnull(b->r);
}

static inline void box_dir(struct box *b)
{
    *b = (struct box){.dir = "/tmp/pocketca-check-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(b->dir));
    snprintf(b->path, sizeof(b->path), "%s/ledger.db", b->dir);
    for (int i = 0; i < BOX_KEYS; i++)
        party_make(&b->keys[i], "ed25519");
}

/* With the authorities "issuing" and "second". */
static inline void box_make(struct box *b)
{
    AUTO(errs) struct errs e = {0};
    const struct buf der = {.data = (uint8_t *)"der", .len = 3};

    box_dir(b);
    ck_assert_int_eq(store_create(b->path, &e), 0);
    box_open(b);
    ck_assert_int_eq(store_authority_put(b->w, "issuing", "root", &der),
                     STORE_OK);
    ck_assert_int_eq(store_authority_put(b->w, "second", "root", &der),
                     STORE_OK);
}

/* SQL on a handle of its own: what somebody else may do to the file. */
static inline void box_edit(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *why = NULL;
    int rc;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    rc = sqlite3_exec(db, sql, NULL, NULL, &why);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, why ? why : "");
    sqlite3_close(db);
}

/* One number that the SQL gives on this connection. */
static inline int64_t box_number(struct store_conn *c, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n;

    ck_assert_int_eq(sqlite3_prepare_v2(sq_of(c)->db, sql, -1, &st, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* Members that are not set get something that fits. */
struct put {
    uint64_t leaf;
    const char *names, *cn, *authority, *profile, *who, *label, *note;
    int key;
    struct serial serial, replaces;
    bool detached;
    uint32_t partition;
    int64_t issued_at, not_after;
    const char *idem_scope, *idem_key;
    uint8_t sha256[32]; /* out: of the DER */
};

static inline struct serial serial_of(uint64_t n)
{
    struct serial s = {.v = {0x41}, .len = 9};

    for (int i = 0; i < 8; i++)
        s.v[1 + i] = (uint8_t)(n >> (56 - 8 * i));
    return s;
}

static inline void put_der(struct box *b, struct put *p, struct buf *der)
{
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names names = {0};
    struct cert_spec spec = root_spec(&b->keys[p->key]);

    if (p->names)
        ck_assert_msg(names_parse(&names, p->names, &e) == 0, "%s",
                      e.n ? e.v[0].detail : "");
    if (p->serial.len == 0)
        p->serial = serial_of(p->leaf);
    spec.serial = p->serial;
    spec.ca = false;
    spec.ku = KU_DIGITAL_SIGNATURE;
    spec.eku = EKU_SERVER;
    spec.cn = p->cn;
    spec.names = &names;
    spec.not_before = DAY_ONE - 60;
    spec.not_after = p->not_after ? p->not_after : DAY_ONE + 90 * TM_DAY;
    cert_make(der, &spec, &b->keys[p->key]);
}

static inline enum store_result box_put(struct box *b, struct put *p)
{
    static const uint8_t hash[32] = {1, 2, 3};
    AUTO(buf) struct buf der = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};

    put_der(b, p, &der);
    ck_assert_int_eq(cert_parse(&cert, der.data, der.len, &e), 0);
    digest_sum(DIGEST_SHA256, der.data, der.len, p->sha256);
    const struct record rec = {
        .leaf = p->leaf,
        .authority = (char *)(p->authority ? p->authority : "issuing"),
        .profile = (char *)(p->profile ? p->profile : "server"),
        .requester = {WHO_TOKEN, (char *)(p->who ? p->who : "k1"),
                      (char *)p->label},
        .protocol = (char *)"http",
        .note = (char *)p->note,
        .issued_at = p->issued_at ? p->issued_at : DAY_ONE,
        .serial = p->serial,
        .replaces = p->replaces,
        .der = der,
        .crl_partition = p->partition,
    };
    const struct cert_row row = {.record = &rec,
                                 .cert = &cert,
                                 .sha256 = p->sha256,
                                 .cn = p->cn,
                                 .detached = p->detached,
                                 .idem_scope = p->idem_scope,
                                 .idem_key = p->idem_key,
                                 .idem_hash = hash};
    return store_cert_put(b->w, &row);
}

/* In a transaction of its own; it must succeed. */
static inline void box_add(struct box *b, struct put *p)
{
    ck_assert_int_eq(store_begin(b->w), STORE_OK);
    ck_assert_msg(box_put(b, p) == STORE_OK, "%s", store_conn_error(b->w));
    ck_assert_int_eq(store_commit(b->w), STORE_OK);
}

static inline bool box_has(struct box *b, uint64_t leaf)
{
    AUTO(record) struct record rec = {0};
    enum store_result r = store_cert_by_leaf(b->r, leaf, &rec);

    ck_assert(r == STORE_OK || r == STORE_NONE);
    return r == STORE_OK;
}

#endif
