/* SPDX-License-Identifier: ISC */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "tm.h"

/* A tile of level n is made of the roots of 256 tiles of level n - 1, and one
 * of level 0 of the hashes of 256 entries. */
enum { TILE_BITS = 8, TILE_LEVELS = MERKLE_LEVELS / TILE_BITS };

_Static_assert(TILE_WIDTH == 1 << TILE_BITS, "a tile is a complete subtree");
_Static_assert((int)HASH_LEN == (int)MERKLE_HASH, "one hash");

/* Seconds: who decides earlier may append later. */
enum { BACK_MAX = 300 };
static const char newest[] = "newest"; /* the fact */

struct ledger {
    struct store_conn *store;
    EVP_PKEY *key;
    struct merkle_edge edge;
    int64_t last_time;
    struct head head;
};

static void sign_head(EVP_PKEY *key, struct head *h)
{
    AUTO(evp_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AUTO(buf) struct buf b = {0};
    size_t len = sizeof(h->sig);

    head_encode(&b, h);
    if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(ctx, h->sig, &len, b.data, b.len) != 1 ||
        len != sizeof(h->sig))
        abort();
}

bool head_verify(const struct head *h, EVP_PKEY *key)
{
    AUTO(evp_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AUTO(buf) struct buf b = {0};

    head_encode(&b, h);
    if (!ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
        abort();
    return EVP_DigestVerify(ctx, h->sig, sizeof(h->sig), b.data, b.len) == 1;
}

/* ---- opening */

struct rebuild {
    struct merkle_edge *edge;
    unsigned level;
    uint64_t next; /* the index that has to come now */
    int64_t time;
    bool failed;
};

static int add_tile(void *arg, uint64_t index, const uint8_t *root,
                    const uint8_t *hashes)
{
    struct rebuild *r = arg;

    (void)hashes;
    if (index != r->next) {
        r->failed = true;
        return 1;
    }
    merkle_append_tree(r->edge, (r->level + 1) * TILE_BITS, root);
    r->next++;
    return 0;
}

static int add_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct rebuild *r = arg;
    uint8_t leaf[MERKLE_HASH];
    AUTO(entry) struct entry en = {0};

    if (index != r->next || entry_decode(p, len, &en) != 0) {
        r->failed = true;
        return 1;
    }
    r->time = en.time;
    merkle_leaf(leaf, p, len);
    merkle_append(r->edge, leaf);
    r->next++;
    return 0;
}

static int broken(const struct store_conn *c, struct errs *e)
{
    return err_add(e, ERR_STORAGE_ERROR, "the ledger cannot be read: %s",
                   store_conn_error(c));
}

/* The complete tiles that no tile of a higher level holds. */
static int load_tiles(struct ledger *l, uint64_t size, struct errs *e)
{
    for (unsigned level = TILE_LEVELS - 1; level-- > 0;) {
        uint64_t end = size >> (level + 1) * TILE_BITS;
        uint64_t first = end & ~(uint64_t)(TILE_WIDTH - 1);
        struct rebuild r = {.edge = &l->edge, .level = level, .next = first};
        enum store_result res;

        if (first == end)
            continue;
        res = store_tiles(l->store, level, first, end - first, add_tile, &r);
        if (res != STORE_OK && res != STORE_NONE)
            return broken(l->store, e);
        if (r.failed || r.next != end)
            return err_add(e, ERR_BAD_ARGUMENT,
                           "the ledger lacks tile %" PRIu64 " of level %u",
                           r.next, level);
    }
    return 0;
}

/* What note_time() left. */
static enum store_result load_time(struct ledger *l)
{
    AUTO(buf) struct buf b = {0};
    const enum store_result res = store_fact_get(l->store, newest, &b);
    struct rd rd = rd_of(b.data, b.len);
    const int64_t time = res == STORE_OK ? rd_i64(&rd) : 0;

    if (!rd.failed && time > l->last_time)
        l->last_time = time;
    return res == STORE_NONE ? STORE_OK : res;
}

/* What comes after the last complete tile, and that nothing comes after the
 * head; the newest entry in any case, for its time. */
static int load_entries(struct ledger *l, uint64_t size, struct errs *e)
{
    uint64_t first = size & ~(uint64_t)(TILE_WIDTH - 1);
    struct merkle_edge scratch = {0};
    struct rebuild r = {.edge = &l->edge, .next = first};
    enum store_result res = STORE_OK;

    if (first == size && size > 0) {
        struct rebuild last = {.edge = &scratch, .next = size - 1};

        res = store_entries(l->store, size - 1, 1, add_entry, &last);
        r.time = last.time;
        if (last.next != size)
            r.failed = true;
    }
    if (res == STORE_OK || res == STORE_NONE)
        res = store_entries(l->store, first, size - first + 1, add_entry, &r);
    if (res != STORE_OK && res != STORE_NONE)
        return broken(l->store, e);
    if (r.failed || r.next < size)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "entry %" PRIu64 " of the ledger is missing or "
                       "malformed",
                       r.next < size ? r.next : size - 1);
    if (r.next > size)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the ledger has entry %" PRIu64 ", and its newest head "
                       "is over %" PRIu64 " entries only",
                       size, size);
    l->last_time = r.time;
    return load_time(l) == STORE_OK ? 0 : broken(l->store, e);
}

static int load(struct ledger *l, struct errs *e)
{
    enum store_result r = store_head_last(l->store, &l->head);
    uint8_t root[MERKLE_HASH];

    if (r != STORE_OK && r != STORE_NONE)
        return broken(l->store, e);
    if (r == STORE_NONE) {
        l->head = (struct head){.time = tm_now()};
        merkle_root(&l->edge, l->head.root);
        sign_head(l->key, &l->head);
        return load_entries(l, 0, e);
    }
    if (!head_verify(&l->head, l->key))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the newest head of the ledger (%" PRIu64 " entries) is "
                       "not signed by its key",
                       l->head.size);
    if (load_tiles(l, l->head.size, e) != 0 ||
        load_entries(l, l->head.size, e) != 0)
        return -1;
    merkle_root(&l->edge, root);
    if (memcmp(root, l->head.root, sizeof(root)) != 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the ledger's newest entries do not give the root of "
                       "its newest head (%" PRIu64 " entries)",
                       l->head.size);
    return 0;
}

struct ledger *ledger_open(struct store_conn *writer, EVP_PKEY *key,
                           struct errs *e)
{
    AUTO(ledger) struct ledger *l = NULL;

    if (!EVP_PKEY_is_a(key, "ED25519")) {
        err_add(e, ERR_BAD_ARGUMENT, "the ledger's key is not ed25519");
        return NULL;
    }
    l = xcalloc(1, sizeof(*l));
    l->store = writer;
    l->key = key;
    if (EVP_PKEY_up_ref(key) != 1)
        abort();
    return load(l, e) == 0 ? take_ptr(l) : NULL;
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    EVP_PKEY_free(l->key);
    free(l);
}

/* ---- appending */

struct tile {
    uint64_t next;
    unsigned n;
    uint8_t hashes[TILE_WIDTH * HASH_LEN];
};

static int take_hash(struct tile *t, uint64_t index)
{
    if (index != t->next || t->n == TILE_WIDTH)
        return 1;
    t->next++;
    t->n++;
    return 0;
}

static int take_entry(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct tile *t = arg;

    merkle_leaf(t->hashes + t->n * HASH_LEN, p, len);
    return take_hash(t, index);
}

static int take_root(void *arg, uint64_t index, const uint8_t *root,
                     const uint8_t *hashes)
{
    struct tile *t = arg;

    (void)hashes;
    memcpy(t->hashes + t->n * HASH_LEN, root, HASH_LEN);
    return take_hash(t, index);
}

/* The tile that the newest entry completed.  Its hashes are read back, not
 * kept: there is nothing to undo, and what is hashed is what was stored. */
static enum store_result put_tile(struct ledger *l, unsigned level)
{
    uint64_t index = (l->edge.size >> (level + 1) * TILE_BITS) - 1;
    uint64_t first = index << TILE_BITS;
    const uint8_t *root = l->edge.hash[(level + 1) * TILE_BITS];
    struct tile t = {.next = first};
    struct merkle_edge check = {0};
    enum store_result r;

    r = level == 0 ? store_entries(l->store, first, TILE_WIDTH, take_entry, &t)
                   : store_tiles(l->store, level - 1, first, TILE_WIDTH,
                                 take_root, &t);
    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_BROKEN : r;
    for (unsigned i = 0; i < t.n; i++)
        merkle_append(&check, t.hashes + i * HASH_LEN);
    if (t.n != TILE_WIDTH || memcmp(check.hash[TILE_BITS], root, HASH_LEN) != 0)
        return STORE_BROKEN; /* not what was written */
    return store_tile_put(l->store, level, index, root, t.hashes);
}

/* Under a suspect clock revocations go on, with times that lie back.  Only who
 * accepts the clock lets the newest go back, and a later start knows it too. */
static enum store_result note_time(struct ledger *l, const struct entry *e)
{
    const bool accepted = e->type == ENTRY_CLOCK;
    AUTO(buf) struct buf b = {0};

    if (accepted || e->time > l->last_time)
        l->last_time = e->time;
    if (!accepted && e->time >= l->last_time - BACK_MAX)
        return STORE_OK;
    buf_i64(&b, l->last_time);
    return store_fact_put(l->store, newest, b.data, b.len);
}

enum store_result ledger_append(struct ledger *l, const struct entry *e,
                                uint64_t *index)
{
    AUTO(buf) struct buf b = {0};
    uint64_t at = l->edge.size;
    uint8_t leaf[MERKLE_HASH];
    enum store_result r;

    entry_encode(&b, e);
    r = store_entry_put(l->store, at, b.data, b.len);
    if (r != STORE_OK)
        return r;
    merkle_leaf(leaf, b.data, b.len);
    merkle_append(&l->edge, leaf);
    for (unsigned level = 0; level < TILE_LEVELS - 1 && r == STORE_OK;
         level++) {
        if (l->edge.size & ((UINT64_C(1) << (level + 1) * TILE_BITS) - 1))
            break;
        r = put_tile(l, level);
    }
    if (r != STORE_OK)
        return r;
    *index = at;
    return note_time(l, e);
}

enum store_result ledger_seal(struct ledger *l, int64_t now)
{
    struct head h = {.size = l->edge.size, .time = now};
    enum store_result r;

    /* Heads never go back in time, whatever the clock does. */
    if (l->head.size > 0 && h.time < l->head.time)
        h.time = l->head.time;
    merkle_root(&l->edge, h.root);
    sign_head(l->key, &h);
    r = store_head_put(l->store, &h);
    if (r == STORE_OK)
        l->head = h;
    return r;
}

/* ---- where it stands */

void ledger_mark(const struct ledger *l, struct ledger_mark *m)
{
    m->size = l->edge.size;
    m->last_time = l->last_time;
    m->head = l->head;
    m->edge = l->edge;
}

void ledger_undo(struct ledger *l, const struct ledger_mark *m)
{
    l->last_time = m->last_time;
    l->head = m->head;
    l->edge = m->edge;
}

uint64_t ledger_size(const struct ledger *l)
{
    return l->edge.size;
}

void ledger_head(const struct ledger *l, struct head *out)
{
    *out = l->head;
}

int64_t ledger_last_time(const struct ledger *l)
{
    return l->last_time;
}
