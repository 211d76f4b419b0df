/* SPDX-License-Identifier: ISC */
/* The audit of what is revoked or blocked without a certificate. */
#include "ledger_audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crl.h"

/* ---- serials */

static void hash_serial(const struct revoked_serial *s, uint8_t hash[HASH_LEN])
{
    AUTO(buf) struct buf object = {0};

    ledger_serial(&object, s);
    digest_sum(DIGEST_SHA256, object.data, object.len, hash);
}

static void find_unsaid(struct audit *a, const struct serial *s, uint64_t entry)
{
    char serial[2 * SERIAL_MAX + 1];

    serial_text(serial, s);
    audit_finding(a, entry,
                  "the serial number %s is revoked, and entry %" PRIu64 " does "
                  "not say so with that date, reason and end",
                  serial, entry);
}

/* A row that is its entry's but for the reason, which a later one raised. */
static bool is_raised(const struct revoked_serial *s, const struct entry *e)
{
    struct revoked_serial was = *s;
    uint8_t hash[HASH_LEN];

    if (s->reason != REASON_KEY_COMPROMISE)
        return false;
    for (was.reason = 0; was.reason <= REASON_AA_COMPROMISE; was.reason++) {
        hash_serial(&was, hash);
        if (memcmp(hash, e->object, HASH_LEN) == 0)
            return true;
    }
    return false;
}

static int check_row(void *arg, const struct revoked_serial *s)
{
    struct audit *a = arg;
    struct audit_entry *v = &a->chunk->v[s->entry - a->chunk->first];
    struct audit_raise raise = {.serial = s->serial, .entry = s->entry};
    bool said = v->decoded && v->e.type == ENTRY_SERIAL;

    hash_serial(s, raise.object);
    if (said && memcmp(raise.object, v->e.object, HASH_LEN) != 0) {
        said = is_raised(s, &v->e);
        if (said) {
            a->raises = xgrow(a->raises, a->n_raises, sizeof(*a->raises));
            a->raises[a->n_raises++] = raise;
        }
    }
    v->seen |= said;
    if (!said)
        find_unsaid(a, &s->serial, s->entry);
    return 0;
}

bool audit_raise(struct audit *a, const struct entry *e)
{
    for (size_t i = 0; i < a->n_raises; i++)
        if (memcmp(a->raises[i].object, e->object, HASH_LEN) == 0)
            return a->raises[i].said = true;
    return false;
}

void audit_raises_end(struct audit *a)
{
    for (size_t i = 0; i < a->n_raises; i++)
        if (!a->raises[i].said)
            find_unsaid(a, &a->raises[i].serial, a->raises[i].entry);
}

/* No row: it raised the reason of one, or the certificate was imported after
 * all, and is revoked itself. */
static int check_entry(struct audit *a, uint64_t index, const struct entry *e)
{
    AUTO(record) struct record r = {0};
    char serial[2 * SERIAL_MAX + 1];
    enum store_result res;

    if (audit_raise(a, e))
        return 0;
    res = store_cert_by_serial(a->c, e->authority, &e->serial, &r);
    if (audit_store(a, res) != 0)
        return -1;
    serial_text(serial, &e->serial);
    if (res == STORE_NONE || !r.revoked_at)
        audit_finding(a, index,
                      "entry %" PRIu64 " revokes the serial number %s, which "
                      "counts as good",
                      index, serial);
    return 0;
}

int audit_serials(struct audit *a)
{
    struct audit_chunk *k = a->chunk;

    if (audit_store(a, store_serials(a->c, k->first, k->first + k->n, check_row,
                                     a)) != 0)
        return -1;
    for (unsigned i = 0; i < k->n; i++)
        if (k->v[i].decoded && k->v[i].e.type == ENTRY_SERIAL &&
            !k->v[i].seen && check_entry(a, k->first + i, &k->v[i].e) != 0)
            return -1;
    return 0;
}

/* ---- keys */

int audit_blocks_begin(struct audit *a)
{
    uint64_t after = (uint64_t)INT64_MIN; /* an edit's may be below zero */
    enum store_result r;

    for (;;) {
        struct blocked_key k;

        r = store_block_next(a->c, after, &k);
        if (r != STORE_OK)
            return audit_store(a, r);
        after = k.entry;
        a->blocks =
            xreallocarray(a->blocks, a->n_blocks + 1, sizeof(*a->blocks));
        a->blocks[a->n_blocks++] = (struct audit_block){.key = k};
    }
}

static int compare(const void *x, const void *y)
{
    const struct audit_block *a = x, *b = y;

    const int64_t m = (int64_t)a->key.entry, n = (int64_t)b->key.entry;

    return m < n ? -1 : m > n;
}

void audit_block(struct audit *a, const struct entry *e, uint64_t index)
{
    const struct audit_block key = {.key = {.entry = index}};
    struct audit_block *b = a->n_blocks ? bsearch(&key, a->blocks, a->n_blocks,
                                                  sizeof(key), compare)
                                        : NULL;
    AUTO(buf) struct buf object = {0};
    uint8_t hash[HASH_LEN];

    if (b)
        ledger_block(&object, &b->key);
    digest_sum(DIGEST_SHA256, object.data, object.len, hash);
    if (!b || b->key.at != e->time || memcmp(hash, e->object, HASH_LEN) != 0)
        audit_finding(a, index,
                      "entry %" PRIu64 " blocks a key that is not blocked, or "
                      "otherwise",
                      index);
    if (b)
        b->made = true;
}

void audit_unblock(struct audit *a, const struct entry *e, uint64_t index)
{
    for (size_t i = 0; i < a->n_blocks; i++) {
        struct audit_block *b = &a->blocks[i];
        AUTO(buf) struct buf object = {0};
        uint8_t hash[HASH_LEN];

        if (b->key.removed != index)
            continue;
        ledger_unblock(&object, &b->key);
        digest_sum(DIGEST_SHA256, object.data, object.len, hash);
        if (memcmp(hash, e->object, HASH_LEN) == 0) {
            b->taken = true;
            return;
        }
    }
    audit_finding(a, index,
                  "entry %" PRIu64 " takes the block of a key back, and the "
                  "key does not know of it",
                  index);
}

void audit_blocks_end(struct audit *a)
{
    for (size_t i = 0; i < a->n_blocks; i++) {
        const struct audit_block *b = &a->blocks[i];
        char hash[2 * HASH_LEN + 1];

        hex_encode(hash, b->key.key_sha256, HASH_LEN);
        if (!b->made)
            audit_finding(a, b->key.entry,
                          "the key %s is blocked, and entry %" PRId64 " does "
                          "not say so",
                          hash, (int64_t)b->key.entry);
        if (b->key.removed && !b->taken)
            audit_finding(
                a, b->key.removed,
                "the key %s is not blocked any more, and entry %" PRIu64 " "
                "does not say so",
                hash, b->key.removed);
    }
}
