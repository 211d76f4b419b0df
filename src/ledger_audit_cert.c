/* SPDX-License-Identifier: ISC */
/* The audit of certificates and revocations: entry against row, and row
 * against entry. */
#include "ledger_audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crl.h"

/* ---- revocations */

static int take_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    (void)index;
    entry_decode(p, len, arg);
    return 1;
}

/* Whether entry `index` revokes that certificate; -1 when it cannot be read. */
static int is_revocation(struct audit *a, uint64_t index,
                         const struct record *r, struct entry *e)
{
    if (index > INT64_MAX)
        return 0;
    if (audit_store(a, store_entries(a->c, index, 1, take_entry, e)) != 0)
        return -1;
    return e->type == ENTRY_REVOKED &&
           strcmp(e->authority, r->authority) == 0 &&
           serial_equal(&e->serial, &r->serial);
}

/* A row that says "revoked": by the entries that it names. */
static int check_revoked(struct audit *a, const struct record *r,
                         const struct cert_columns *k)
{
    AUTO(buf) struct buf object = {0};
    AUTO(entry) struct entry last = {0}, first = {0};
    uint8_t hash[HASH_LEN];
    int rc = is_revocation(a, k->revoked_entry, r, &last);

    ledger_revocation(&object, r->authority, &r->serial, r->revoked_at,
                      r->reason);
    digest_sum(DIGEST_SHA256, object.data, object.len, hash);
    if (rc == 0 || (rc == 1 && memcmp(hash, last.object, sizeof(hash)) != 0)) {
        audit_finding(a, r->leaf,
                      "the certificate of entry %" PRIu64 " is revoked, and no "
                      "entry says so with that date and reason",
                      r->leaf);
        return 0;
    }
    if (rc < 0 || k->revoked_first == k->revoked_entry)
        return rc < 0 ? -1 : 0;
    rc = is_revocation(a, k->revoked_first, r, &first);
    if (rc == 0)
        audit_finding(a, r->leaf,
                      "the certificate of entry %" PRIu64 " was not revoked "
                      "first by entry %" PRIu64,
                      r->leaf, k->revoked_first);
    return rc < 0 ? -1 : 0;
}

struct wanted {
    uint64_t index;
    bool found, revoked, knows;
};

static int take_columns(void *arg, struct record *r,
                        const struct cert_columns *k)
{
    struct wanted *w = arg;

    w->found = true;
    w->revoked = r->revoked_at != 0;
    w->knows = w->index >= k->revoked_first && w->index <= k->revoked_entry;
    return 1;
}

/* An entry that says "revoked": by the certificate's row. */
static int check_revocation(struct audit *a, uint64_t index,
                            const struct entry *e)
{
    AUTO(record) struct record r = {0};
    struct wanted w = {.index = index};
    char serial[2 * SERIAL_MAX + 1];
    enum store_result res =
        store_cert_by_serial(a->c, e->authority, &e->serial, &r);

    if (res == STORE_OK)
        res = store_certs(a->c, r.leaf, r.leaf + 1, take_columns, &w);
    if (audit_store(a, res) != 0)
        return -1;
    if (w.found && w.revoked && w.knows)
        return 0;
    serial_text(serial, &e->serial);
    audit_finding(a, index,
                  "entry %" PRIu64 " revokes the certificate %s, which %s",
                  index, serial,
                  !w.found     ? "is missing"
                  : !w.revoked ? "counts as good"
                               : "does not know of it");
    return 0;
}

/* ---- certificates */

struct rows {
    struct audit *a;
    int rc;
};

static void differs(struct audit *a, const struct record *r, const char *what)
{
    audit_finding(a, r->leaf,
                  "the certificate of entry %" PRIu64 " is stored with another "
                  "%s",
                  r->leaf, what);
}

/* An entry that has a certificate. */
static bool is_issue(const struct entry *e)
{
    return e->type == ENTRY_ISSUED || e->type == ENTRY_IMPORTED;
}

/* What the row says again of what the entry says. */
static void check_entry(struct audit *a, const struct record *r,
                        const struct entry *e)
{
    uint8_t hash[HASH_LEN];

    digest_sum(DIGEST_SHA256, r->der.data, r->der.len, hash);
    if (memcmp(hash, e->object, sizeof(hash)) != 0)
        audit_finding(a, r->leaf,
                      "the certificate of entry %" PRIu64 " is not the one "
                      "that was issued",
                      r->leaf);
    if (strcmp(r->authority, e->authority) != 0)
        differs(a, r, "authority");
    if (!serial_equal(&r->serial, &e->serial))
        differs(a, r, "serial number");
    if (e->type == ENTRY_ISSUED && r->issued_at != e->time)
        differs(a, r, "date of issue");
    if (r->requester.type != e->who ||
        strcmp(r->requester.id ? r->requester.id : "", e->who_id) != 0)
        differs(a, r, "requester");
}

/* A common name is in the index too, when whoever stored it said so. */
static int count_cn(struct audit *a, uint64_t leaf, const struct cert *cert)
{
    AUTO(subject) struct subject subject = {0};
    AUTO(names) struct names l = {0};

    subject_read(&subject, cert->subject, cert->subject_len);
    if (subject.v[SUBJECT_CN])
        names_of_cn(&l, subject.v[SUBJECT_CN], &cert->names);
    for (size_t i = 0; i < l.n; i++) {
        enum store_result res = store_name_has(a->c, &l.v[i], leaf);

        if (audit_store(a, res) != 0)
            return -1;
        a->postings += res == STORE_OK;
    }
    return 0;
}

/* Look-ups by fingerprint and by key lead to it. */
static int check_digests(struct audit *a, uint64_t leaf,
                         const struct cert_columns *k)
{
    const enum store_result res = store_digests_have(a->c, k, leaf);

    if (audit_store(a, res) != 0)
        return -1;
    a->postings += 2;
    if (res == STORE_NONE)
        audit_finding(a, leaf,
                      "the certificate of entry %" PRIu64 " is not found by "
                      "its fingerprint, or not by its key",
                      leaf);
    return 0;
}

static int check_names(struct audit *a, uint64_t leaf, const struct cert *cert)
{
    a->postings += cert->names.n;
    for (size_t i = 0; i < cert->names.n; i++) {
        enum store_result res = store_name_has(a->c, &cert->names.v[i], leaf);
        AUTO(free) char *name = NULL;

        if (audit_store(a, res) != 0)
            return -1;
        if (res == STORE_OK)
            continue;
        name = name_text(&cert->names.v[i]);
        audit_finding(a, leaf,
                      "the certificate of entry %" PRIu64 " is not found by "
                      "its name %s",
                      leaf, name);
    }
    return count_cn(a, leaf, cert);
}

/* What the row says again of what the certificate says. */
static int check_columns(struct audit *a, const struct record *r,
                         const struct cert_columns *k, bool imported)
{
    AUTO(errs) struct errs why = {0};
    AUTO(cert) struct cert cert = {0};
    uint8_t hash[HASH_LEN];
    struct der_tlv uri;

    if (cert_parse_any(&cert, r->der.data, r->der.len, &why) != 0) {
        a->unread++;
        audit_finding(a, r->leaf,
                      "the certificate of entry %" PRIu64 " cannot be read: %s",
                      r->leaf, why.v[0].detail);
        return 0;
    }
    if (!serial_equal(&cert.serial, &r->serial))
        differs(a, r, "serial number than its own");
    if (cert.not_after != k->not_after)
        differs(a, r, "end");
    /* What an earlier CA issued may name one that is not here. */
    if (!(imported && r->crl_partition == 0) &&
        r->crl_partition != crl_partition_of(&cert, r->authority, &uri))
        differs(a, r, "CRL partition than it names");
    if (imported && r->issued_at != cert.not_before)
        differs(a, r, "date of issue");
    digest_sum(DIGEST_SHA256, r->der.data, r->der.len, hash);
    if (memcmp(hash, k->sha256, sizeof(hash)) != 0)
        differs(a, r, "fingerprint");
    key_pub_sha256(&cert.key, hash);
    if (memcmp(hash, k->key_sha256, sizeof(hash)) != 0)
        differs(a, r, "key");
    if (check_digests(a, r->leaf, k) != 0)
        return -1;
    return check_names(a, r->leaf, &cert);
}

static int check_row(void *arg, struct record *r, const struct cert_columns *k)
{
    struct rows *rows = arg;
    struct audit *a = rows->a;
    struct audit_entry *v = &a->chunk->v[r->leaf - a->chunk->first];

    a->certs++;
    v->seen = true;
    if (v->decoded && is_issue(&v->e))
        check_entry(a, r, &v->e);
    else
        audit_finding(a, r->leaf,
                      "there is a certificate of entry %" PRIu64 ", which "
                      "issued none",
                      r->leaf);
    rows->rc =
        check_columns(a, r, k, v->decoded && v->e.type == ENTRY_IMPORTED);
    if (rows->rc == 0 && r->revoked_at)
        rows->rc = check_revoked(a, r, k);
    return rows->rc;
}

int audit_certs(struct audit *a)
{
    struct audit_chunk *k = a->chunk;
    struct rows rows = {.a = a};
    enum store_result r =
        store_certs(a->c, k->first, k->first + k->n, check_row, &rows);

    if (rows.rc != 0 || audit_store(a, r) != 0)
        return -1;
    for (unsigned i = 0; i < k->n; i++) {
        const struct audit_entry *v = &k->v[i];

        if (!v->decoded)
            continue;
        if (is_issue(&v->e) && !v->seen)
            audit_finding(a, k->first + i,
                          "the certificate of entry %" PRIu64 " is missing",
                          k->first + i);
        if (v->e.type == ENTRY_REVOKED &&
            check_revocation(a, k->first + i, &v->e) != 0)
            return -1;
    }
    return 0;
}

int audit_postings(struct audit *a)
{
    uint64_t n = 0;

    if (audit_store(a, store_posting_count(a->c, a->head.size, &n)) != 0)
        return -1;
    if (n > a->postings && !a->unread)
        audit_finding(a, NO_ENTRY,
                      "the indices of names and digests have %" PRIu64
                      " rows, and the certificates make %" PRIu64,
                      n, a->postings);
    return 0;
}
