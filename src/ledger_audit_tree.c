/* SPDX-License-Identifier: ISC */
/* The audit of entries, tiles and heads. */
#include "ledger_audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tm.h"

/* ---- the newest head, and that nothing is behind it */

struct noted {
    bool any;
    uint64_t index;
};

static int note_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    (void)p;
    (void)len;
    *(struct noted *)arg = (struct noted){true, index};
    return 1;
}

static int note_tile(void *arg, uint64_t index, const uint8_t *root,
                     const uint8_t *hashes)
{
    (void)root;
    (void)hashes;
    *(struct noted *)arg = (struct noted){true, index};
    return 1;
}

static int note_cert(void *arg, struct record *r, const struct cert_columns *k)
{
    (void)k;
    *(struct noted *)arg = (struct noted){true, r->leaf};
    return 1;
}

static int note_serial(void *arg, const struct revoked_serial *s)
{
    *(struct noted *)arg = (struct noted){true, s->entry};
    return 1;
}

/* Rows that no entry of this tree can have made.  The database's integers have
 * a sign: what is below zero is behind INT64_MAX here. */
static int no_rows(struct audit *a, uint64_t first, uint64_t end)
{
    struct noted n = {0}, serial = {0};

    if (audit_store(a, store_certs(a->c, first, end, note_cert, &n)) != 0 ||
        audit_store(a, store_serials(a->c, first, end, note_serial, &serial)))
        return -1;
    if (n.any)
        audit_finding(a, n.index,
                      "there is a certificate of entry %" PRId64 ", which is "
                      "not in the ledger",
                      (int64_t)n.index);
    if (serial.any)
        audit_finding(a, serial.index,
                      "a serial number is revoked by entry %" PRId64 ", which "
                      "is not in the ledger",
                      (int64_t)serial.index);
    return 0;
}

static int no_entries(struct audit *a, uint64_t first, uint64_t count)
{
    struct noted n = {0};

    if (audit_store(a, store_entries(a->c, first, count, note_entry, &n)) != 0)
        return -1;
    if (n.any)
        audit_finding(a, n.index,
                      "entry %" PRId64 " is behind the newest head, which is "
                      "over %" PRIu64 " entries",
                      (int64_t)n.index, a->head.size);
    return 0;
}

static int nothing_behind(struct audit *a)
{
    const uint64_t end = a->head.size, far = UINT64_C(1) << 47;

    if (no_entries(a, end, INT64_MAX - end) != 0 ||
        no_entries(a, (uint64_t)INT64_MIN, (uint64_t)INT64_MIN) != 0)
        return -1;
    if (no_rows(a, end, INT64_MAX) != 0 ||
        no_rows(a, (uint64_t)INT64_MIN, 0) != 0)
        return -1;
    for (unsigned level = 0; level < TILE_LEVELS - 1; level++) {
        uint64_t first = end >> (level + 1) * TILE_BITS;
        struct noted n = {0};

        if (audit_store(
                a, store_tiles(a->c, level, first, far, note_tile, &n)) != 0)
            return -1;
        if (n.any)
            audit_finding(a, NO_ENTRY,
                          "tile %" PRIu64 " of level %u is behind the newest "
                          "head",
                          n.index, level);
    }
    return 0;
}

static int note_signed(void *arg, const struct head *h)
{
    struct audit *a = arg;

    if (h->size >= a->head.size && head_verify(h, a->key))
        a->head = *h;
    return 0;
}

/* The newest head that is signed: what else its row says is nobody's word. */
static int choose_head(struct audit *a)
{
    enum store_result r = store_head_last(a->c, &a->head);

    if (r == STORE_OK && head_verify(&a->head, a->key))
        return 0;
    a->head = (struct head){0};
    if (r == STORE_OK)
        r = store_heads(a->c, note_signed, a);
    return audit_store(a, r);
}

int audit_tree_begin(struct audit *a)
{
    return choose_head(a) == 0 ? nothing_behind(a) : -1;
}

/* ---- the heads that were kept */

static int note_head(void *arg, const struct head *h)
{
    struct audit *a = arg;
    struct audit_head *last = a->n_heads ? &a->heads[a->n_heads - 1] : NULL;
    char when[TM_RFC3339_SIZE];

    tm_rfc3339(when, h->time);
    if (!head_verify(h, a->key)) {
        audit_finding(a, NO_ENTRY,
                      "the head of %s over %" PRIu64 " entries is not signed "
                      "by the ledger's key",
                      when, h->size);
        return 0;
    }
    if (h->size > a->head.size && h->time >= a->head.time)
        return 0; /* later than this audit */
    if (h->size > a->head.size ||
        (last && (h->size < last->size || h->time < last->time))) {
        audit_finding(a, NO_ENTRY,
                      "the head of %s over %" PRIu64 " entries is out of order",
                      when, h->size);
        return 0;
    }
    a->heads = xgrow(a->heads, a->n_heads, sizeof(*a->heads));
    last = &a->heads[a->n_heads++];
    *last = (struct audit_head){.size = h->size, .time = h->time};
    memcpy(last->root, h->root, HASH_LEN);
    return 0;
}

/* Every head that the tree has reached; after the first that does not fit no
 * other can. */
static void check_heads(struct audit *a)
{
    uint8_t root[MERKLE_HASH];

    while (!a->torn && a->next_head < a->n_heads &&
           a->heads[a->next_head].size == a->edge.size) {
        const struct audit_head *h = &a->heads[a->next_head++];
        char when[TM_RFC3339_SIZE];

        merkle_root(&a->edge, root);
        if (memcmp(root, h->root, sizeof(root)) == 0) {
            a->good = h->size;
            continue;
        }
        tm_rfc3339(when, h->time);
        audit_finding(a, a->good,
                      "entries %" PRIu64 " to %" PRIu64 " do not give the root "
                      "of the head of %s",
                      a->good, h->size ? h->size - 1 : 0, when);
        a->torn = true;
    }
}

int audit_heads(struct audit *a)
{
    /* The newest may have given way to a later one of its hour meanwhile. */
    if (audit_store(a, store_heads(a->c, note_head, a)) != 0)
        return -1;
    if (a->head.size &&
        (!a->n_heads || a->heads[a->n_heads - 1].size < a->head.size))
        note_head(a, &a->head);
    check_heads(a);
    return 0;
}

/* ---- a chunk of entries, and its tile */

struct tile {
    bool here;
    uint8_t root[HASH_LEN], hashes[TILE_WIDTH * HASH_LEN];
};

static int take_tile(void *arg, uint64_t index, const uint8_t *root,
                     const uint8_t *hashes)
{
    struct tile *t = arg;

    (void)index;
    t->here = true;
    memcpy(t->root, root, sizeof(t->root));
    memcpy(t->hashes, hashes, sizeof(t->hashes));
    return 1;
}

static int take_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct audit_chunk *k = arg;
    struct audit_entry *v = &k->v[index - k->first];

    v->here = true;
    v->decoded = entry_decode(p, len, &v->e) == 0;
    merkle_leaf(v->leaf, p, len);
    return 0;
}

/* False when an entry is missing. */
static bool check_entries(struct audit *a)
{
    struct audit_chunk *k = a->chunk;
    bool all = true;

    for (unsigned i = 0; i < k->n; i++) {
        if (!k->v[i].here)
            audit_finding(a, k->first + i, "entry %" PRIu64 " is missing",
                          k->first + i);
        else if (!k->v[i].decoded)
            audit_finding(a, k->first + i, "entry %" PRIu64 " is malformed",
                          k->first + i);
        all = all && k->v[i].here;
    }
    return all;
}

static void root_of(const uint8_t *hashes, uint8_t out[MERKLE_HASH])
{
    struct merkle_edge edge = {0};

    for (unsigned i = 0; i < TILE_WIDTH; i++)
        merkle_append(&edge, hashes + (size_t)i * HASH_LEN);
    merkle_root(&edge, out);
}

/* Compares the hashes of a complete chunk with its tile.  Where they differ
 * those that give the tile's root stand, so that what follows can be judged:
 * the heads decide which of the two was changed. */
static bool check_tile(struct audit *a, const struct tile *t, uint8_t *hashes,
                       bool all)
{
    uint64_t index = a->chunk->first >> TILE_BITS;
    uint8_t computed[MERKLE_HASH], stored[MERKLE_HASH];
    bool differ = false;

    if (!t->here) {
        audit_finding(a, a->chunk->first,
                      "tile %" PRIu64 " of level 0 is missing", index);
        return all;
    }
    root_of(hashes, computed);
    root_of(t->hashes, stored);
    for (unsigned i = 0; i < TILE_WIDTH; i++) {
        if (!memcmp(hashes + i * HASH_LEN, t->hashes + i * HASH_LEN, HASH_LEN))
            continue;
        differ = true;
        if (a->chunk->v[i].here)
            audit_finding(a, a->chunk->first + i,
                          "entry %" PRIu64 " does not give the hash that its "
                          "tile has",
                          a->chunk->first + i);
    }
    if (all && memcmp(computed, t->root, HASH_LEN) == 0)
        return true;
    if (!differ || memcmp(stored, t->root, HASH_LEN) != 0) {
        audit_finding(a, a->chunk->first,
                      "tile %" PRIu64 " of level 0 does not give its root",
                      index);
        return all;
    }
    memcpy(hashes, t->hashes, sizeof(t->hashes));
    return true;
}

/* A tile of a higher level, that the last chunk completed. */
static int check_higher(struct audit *a, unsigned level)
{
    uint64_t index = (a->edge.size >> (level + 1) * TILE_BITS) - 1;
    uint64_t entry = index << (level + 1) * TILE_BITS;
    AUTO(free) struct tile *t = xcalloc(1, sizeof(*t));
    uint8_t stored[MERKLE_HASH];

    if (audit_store(a, store_tiles(a->c, level, index, 1, take_tile, t)) != 0)
        return -1;
    if (!t->here) {
        audit_finding(a, entry, "tile %" PRIu64 " of level %u is missing",
                      index, level);
        return 0;
    }
    root_of(t->hashes, stored);
    if (memcmp(stored, t->root, HASH_LEN) != 0 ||
        memcmp(t->root, a->edge.hash[(level + 1) * TILE_BITS], HASH_LEN) != 0)
        audit_finding(a, entry,
                      "tile %" PRIu64 " of level %u does not give its root, or "
                      "not that of its entries",
                      index, level);
    return 0;
}

static int grow(struct audit *a, const uint8_t *hashes)
{
    for (unsigned i = 0; i < a->chunk->n; i++) {
        merkle_append(&a->edge, hashes + (size_t)i * HASH_LEN);
        check_heads(a);
    }
    for (unsigned level = 1; level < TILE_LEVELS - 1 && !a->torn; level++) {
        if (a->edge.size & ((UINT64_C(1) << (level + 1) * TILE_BITS) - 1))
            break;
        if (check_higher(a, level) != 0)
            return -1;
    }
    return 0;
}

int audit_tree(struct audit *a)
{
    struct audit_chunk *k = a->chunk;
    AUTO(free) struct tile *t = xcalloc(1, sizeof(*t));
    AUTO(free) uint8_t *hashes = xcalloc(TILE_WIDTH, HASH_LEN);
    bool whole;

    if (audit_store(a, store_entries(a->c, k->first, k->n, take_entry, k)) != 0)
        return -1;
    whole = check_entries(a);
    for (unsigned i = 0; i < k->n; i++)
        memcpy(hashes + (size_t)i * HASH_LEN, k->v[i].leaf, HASH_LEN);
    if (k->n == TILE_WIDTH) {
        if (audit_store(a, store_tiles(a->c, 0, k->first >> TILE_BITS, 1,
                                       take_tile, t)) != 0)
            return -1;
        whole = check_tile(a, t, hashes, whole);
    }
    if (!whole)
        a->torn = true;
    return a->torn ? 0 : grow(a, hashes);
}
