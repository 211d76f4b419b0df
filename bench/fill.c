/* SPDX-License-Identifier: ISC */
/*
 * Fills the ledger of a CA whose service does not run with certificates like
 * those it issues, each with a key, name and serial of its own and signed by
 * the issuing key: a million in a few minutes, to measure what follows.
 * `pocketca audit` finds nothing wrong with the result.
 *
 *   fill DATA COUNT [REVOKED]     so many of them are revoked
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/sha.h>

#include "die.h"
#include "seal.h"
#include "crl.h"
#include "ledger.h"

enum { BATCH = 1000, POINT = 65, LIFE = 90 * 86400 };

/* SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480). */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                    0x01, 0x07, 0x03, 0x42, 0x00};

struct fill {
    long count, revoked;
    struct store_conn *conn;
    struct ledger *ledger;
    struct key_signer *signer;
    struct cert issuer;
    int64_t now;
};

static void need(int ok, const char *what, const struct errs *e)
{
    const struct err_item *first = e ? errs_first(e) : NULL;

    if (!ok)
        die(1, "%s: %s", what, first ? first->detail : "failed");
}

static void stored(const struct fill *f, enum store_result r, const char *what)
{
    if (r != STORE_OK)
        die(1, "%s: %s", what, store_conn_error(f->conn));
}

static void new_key(uint8_t *spki)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t len = 0;

    memcpy(spki, spki_head, sizeof(spki_head));
    need(key && EVP_PKEY_get_octet_string_param(
                    key, "pub", spki + sizeof(spki_head), POINT, &len) == 1,
         "a key", NULL);
    EVP_PKEY_free(key);
}

static void write_cert(const struct fill *f, struct cert_spec *spec,
                       struct buf *der)
{
    AUTO(buf) struct buf tbs = {0};

    spec->issuer = f->issuer.subject;
    spec->issuer_len = f->issuer.subject_len;
    spec->not_before = f->now - 60;
    spec->not_after = spec->not_before + LIFE - 1;
    spec->path_len = -1;
    spec->ku = KU_DIGITAL_SIGNATURE;
    spec->eku = EKU_SERVER;
    spec->aki = f->issuer.ski;
    spec->crl_url = "http://ca.bench.internal:8080/crl/issuing.crl";
    spec->issuer_url = "http://ca.bench.internal:8080/ca/issuing.der";
    spec->ocsp_url = "http://ca.bench.internal:8080/ocsp";
    spec->alg = key_signer_alg(f->signer);
    serial_new(&spec->serial);
    cert_write_tbs(&tbs, spec);
    tbs_seal(der, &tbs, f->signer);
}

static void put(struct fill *f, struct record *rec, const char *cn)
{
    struct entry entry = {.type = ENTRY_ISSUED,
                          .time = f->now,
                          .who = WHO_USER,
                          .who_id = rec->requester.id,
                          .authority = rec->authority};
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};

    need(cert_parse(&cert, rec->der.data, rec->der.len, &e) == 0,
         "reading what was written", &e);
    entry.serial = rec->serial = cert.serial;
    SHA256(rec->der.data, rec->der.len, entry.object);
    stored(f, ledger_append(f->ledger, &entry, &rec->leaf), "ledger_append");
    struct cert_row row = {
        .record = rec, .cert = &cert, .sha256 = entry.object, .cn = cn};
    stored(f, store_cert_put(f->conn, &row), "store_cert_put");
}

static void put_revoked(struct fill *f, const struct record *rec)
{
    struct entry entry = {.type = ENTRY_REVOKED,
                          .time = f->now,
                          .who = WHO_USER,
                          .who_id = rec->requester.id,
                          .authority = rec->authority,
                          .serial = rec->serial};
    AUTO(buf) struct buf object = {0};
    uint64_t index;

    ledger_revocation(&object, rec->authority, &rec->serial, f->now,
                      REASON_SUPERSEDED);
    SHA256(object.data, object.len, entry.object);
    stored(f, ledger_append(f->ledger, &entry, &index), "ledger_append");
    stored(
        f,
        store_cert_revoke(f->conn, rec->leaf, f->now, REASON_SUPERSEDED, index),
        "store_cert_revoke");
}

static void issue(struct fill *f, long i)
{
    char name[64];
    uint8_t spki[sizeof(spki_head) + POINT];
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names names = {0};
    struct cert_spec spec = {
        .cn = name, .names = &names, .spki = spki, .spki_len = sizeof(spki)};
    AUTO(buf) struct buf der = {0};
    const bool odd = i % 2 != 0, ends = i == 0 || i == f->count - 1;

    snprintf(name, sizeof(name), "node-%07ld.bench.internal", i);
    need(names_parse(&names, name, &e) == 0, name, &e);
    new_key(spki);
    write_cert(f, &spec, &der);
    /* Filters that match half of them each, and together the first and, of an
     * odd number, the last. */
    struct record rec = {
        .authority = (char *)"issuing",
        .profile = (char *)(odd || ends ? "client" : "server"),
        .requester = {.type = WHO_USER, .id = (char *)(odd ? "1" : "0")},
        .protocol = (char *)"cli",
        .issued_at = f->now,
        .der = der};
    put(f, &rec, name);
    if (i < f->revoked)
        put_revoked(f, &rec);
}

static void fill(struct fill *f)
{
    for (long i = 0; i < f->count; i++) {
        if (i % BATCH == 0)
            stored(f, store_begin(f->conn), "begin");
        issue(f, i);
        if (i % BATCH == BATCH - 1 || i == f->count - 1) {
            stored(f, ledger_seal(f->ledger, f->now), "ledger_seal");
            stored(f, store_commit(f->conn), "commit");
        }
        if (i % (50L * BATCH) == 50L * BATCH - 1)
            stored(f, store_checkpoint(f->conn), "checkpoint");
    }
    stored(f, store_checkpoint(f->conn), "checkpoint");
}

int main(int argc, char **argv)
{
    long count = argc > 2 ? atol(argv[2]) : 0;

    if (count < 1)
        die(2, "usage: fill DATA COUNT [REVOKED]");
    const char *dir = argv[1];
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *db = xasprintf("%s/ledger.db", dir);
    AUTO(free) char *pem = xasprintf("%s/issuing.pem", dir);
    AUTO(evp_pkey)
    EVP_PKEY *ca = key_load("file:keys/issuing.key", dir, NULL, &e);
    need(ca != NULL, "the issuing key", &e);
    AUTO(evp_pkey)
    EVP_PKEY *log = key_load("file:keys/ledger.key", dir, NULL, &e);
    need(log != NULL, "the ledger key", &e);
    AUTO(blobs) struct blobs certs = {0};
    need(cert_load(pem, &certs, &e) == 0, pem, &e);

    struct fill f = {.now = time(NULL),
                     .signer = key_signer_new(ca),
                     .count = count,
                     .revoked = argc > 3 ? atol(argv[3]) : 0};
    need(cert_parse(&f.issuer, certs.v[0].data, certs.v[0].len, &e) == 0, pem,
         &e);
    AUTO(store) struct store *store = store_open(db, &e);
    need(store != NULL, db, &e);
    f.conn = store_conn_open(store, true, &e);
    need(f.conn != NULL, db, &e);
    f.ledger = ledger_open(f.conn, log, &e);
    need(f.ledger != NULL, db, &e);
    fill(&f);
    printf("%llu\n", (unsigned long long)ledger_size(f.ledger));
    ledger_close(f.ledger);
    store_conn_close(f.conn);
    key_signer_free(f.signer);
    cert_free(&f.issuer);
    return 0;
}
