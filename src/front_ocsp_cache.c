/* SPDX-License-Identifier: ISC */
#include "front_ocsp_cache.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

enum {
    SLOTS = 8192, /* a power of two */
    SPARE = 1200, /* octets of a response with its headers */
};

struct ocsp_entry {
    struct ocsp_entry *chain; /* of its slot */
    struct ocsp_entry *newer,
        *older; /* by use; only while it keeps something */
    uint16_t authority;
    struct serial serial;
    unsigned pins;
    uint64_t floor; /* snapshots before it are history */
    struct ocsp_body *kept[OCSP_HASHES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ocsp_entry *slots[SLOTS];
static struct ocsp_entry *newest, *oldest;
static size_t octets;
static uint64_t seed; /* nobody outside chooses who shares a slot */
static bool closed;

/* ---- all of these under the lock ---- */

static struct ocsp_entry **slot_of(uint16_t authority, const struct serial *s)
{
    uint64_t h;

    while (!seed)
        if (RAND_bytes((uint8_t *)&seed, sizeof(seed)) != 1)
            abort();
    h = seed ^ authority;
    for (int i = 0; i < s->len; i++)
        h = (h ^ s->v[i]) * UINT64_C(0x100000001b3);
    return &slots[(h ^ h >> 32) % SLOTS];
}

static struct ocsp_entry *look_up(uint16_t authority, const struct serial *s)
{
    struct ocsp_entry *e = *slot_of(authority, s);

    while (e && (e->authority != authority || !serial_equal(&e->serial, s)))
        e = e->chain;
    return e;
}

static bool keeps(const struct ocsp_entry *e)
{
    for (int i = 0; i < OCSP_HASHES; i++)
        if (e->kept[i])
            return true;
    return false;
}

static void list_remove(struct ocsp_entry *e)
{
    *(e->newer ? &e->newer->older : &newest) = e->older;
    *(e->older ? &e->older->newer : &oldest) = e->newer;
}

static void list_put(struct ocsp_entry *e)
{
    e->newer = NULL;
    e->older = newest;
    *(newest ? &newest->newer : &oldest) = e;
    newest = e;
}

static size_t cost(const struct ocsp_body *b)
{
    return sizeof(*b) + b->der.cap + SPARE + sizeof(struct ocsp_entry);
}

static void drop_one(struct ocsp_entry *e, int i)
{
    if (!e->kept[i])
        return;
    octets -= cost(e->kept[i]);
    ocsp_body_unref(e->kept[i]);
    e->kept[i] = NULL;
}

/* Its answers go; the entry itself when nobody has it pinned. */
static void drop(struct ocsp_entry *e)
{
    struct ocsp_entry **at = slot_of(e->authority, &e->serial);

    if (keeps(e))
        list_remove(e);
    for (int i = 0; i < OCSP_HASHES; i++)
        drop_one(e, i);
    if (e->pins)
        return;
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    free(e);
}

/* ---- */

void ocsp_body_unref(struct ocsp_body *b)
{
    if (!b || --b->refs)
        return;
    if (b->spare)
        MHD_destroy_response(b->spare);
    buf_free(&b->der);
    free(b);
}

struct ocsp_body *ocsp_cache_find(uint16_t authority,
                                  const struct serial *serial,
                                  enum digest digest, int64_t now)
{
    struct ocsp_body *b = NULL;
    struct ocsp_entry *e;

    pthread_mutex_lock(&lock);
    e = closed ? NULL : look_up(authority, serial);
    if (e && e->kept[digest] && now >= e->kept[digest]->this_update &&
        now < e->kept[digest]->fresh_until) {
        b = e->kept[digest];
        b->refs++;
        list_remove(e);
        list_put(e);
    }
    pthread_mutex_unlock(&lock);
    return b;
}

struct ocsp_entry *ocsp_cache_pin(uint16_t authority,
                                  const struct serial *serial)
{
    struct ocsp_entry *e, **slot;

    pthread_mutex_lock(&lock);
    e = look_up(authority, serial);
    if (!e) {
        slot = slot_of(authority, serial);
        e = xcalloc(1, sizeof(*e));
        e->authority = authority;
        e->serial = *serial;
        e->chain = *slot;
        *slot = e;
    }
    e->pins++;
    pthread_mutex_unlock(&lock);
    return e;
}

void ocsp_cache_unpin(struct ocsp_entry *e)
{
    pthread_mutex_lock(&lock);
    if (--e->pins == 0 && !keeps(e))
        drop(e);
    pthread_mutex_unlock(&lock);
}

bool ocsp_cache_current(struct ocsp_entry *e, uint64_t snapshot)
{
    bool current;

    pthread_mutex_lock(&lock);
    current = snapshot >= e->floor;
    pthread_mutex_unlock(&lock);
    return current;
}

static struct ocsp_body *body_new(struct msg_ocsp_answer *m)
{
    struct ocsp_body *b = xcalloc(1, sizeof(*b));
    uint8_t sha256[32];

    b->refs = 1;
    b->der = m->der;
    m->der = (struct buf){0};
    b->this_update = m->this_update;
    b->next_update = m->next_update;
    b->fresh_until = m->this_update + (m->next_update - m->this_update) / 2;
    digest_sum(DIGEST_SHA256, b->der.data, b->der.len, sha256);
    b->etag[0] = '"';
    hex_encode(b->etag + 1, sha256, 16);
    strcat(b->etag, "\"");
    /* Caches are given a quarter of the answer's life, and we half of it: so
     * what a cache has is never over, and seldom old. */
    snprintf(b->control, sizeof(b->control),
             "max-age=%" PRId64 ", public, no-transform, must-revalidate",
             (b->next_update - b->this_update) / 4);
    tm_http(b->modified, b->this_update);
    tm_http(b->expires, b->next_update);
    return b;
}

static void put(struct ocsp_entry *e, enum digest digest, struct ocsp_body *b)
{
    if (keeps(e))
        list_remove(e);
    drop_one(e, (int)digest);
    e->kept[digest] = b;
    b->refs++;
    octets += cost(b);
    list_put(e);
    while (octets > OCSP_CACHE_MAX) /* that of one answer is far below */
        drop(oldest);
}

struct ocsp_body *ocsp_cache_keep(struct ocsp_entry *e, enum digest digest,
                                  struct msg_ocsp_answer *m)
{
    const uint64_t snapshot = m->snapshot;
    struct ocsp_body *b = body_new(m);

    pthread_mutex_lock(&lock);
    if (snapshot >= e->floor)
        put(e, digest, b);
    pthread_mutex_unlock(&lock);
    return b;
}

void ocsp_cache_changed(const struct ocsp_change *c, uint64_t end)
{
    struct ocsp_entry *e;

    pthread_mutex_lock(&lock);
    e = look_up(c->authority, &c->serial);
    if (e) {
        if (e->floor < end)
            e->floor = end;
        drop(e);
    }
    pthread_mutex_unlock(&lock);
}

void ocsp_cache_close(void)
{
    pthread_mutex_lock(&lock);
    closed = true;
    pthread_mutex_unlock(&lock);
}
