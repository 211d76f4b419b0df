/* SPDX-License-Identifier: ISC */
/* The canonical octets of everything that is hashed or signed. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_VERSION = 1 };

void entry_free(struct entry *e)
{
    free(e->who_id);
    free(e->authority);
    *e = (struct entry){0};
}

struct entry entry_by(const struct requester *who, enum entry_type type,
                      int64_t time)
{
    return (struct entry){
        .type = type,
        .time = time,
        .who = who->type,
        .who_id = who->id,
        .authority = (char *)"",
    };
}

void entry_encode(struct buf *b, const struct entry *e)
{
    buf_u8(b, ENTRY_VERSION);
    buf_u8(b, (uint8_t)e->type);
    buf_i64(b, e->time);
    buf_u8(b, (uint8_t)e->who);
    buf_str(b, e->who_id);
    buf_str(b, e->authority);
    serial_put(b, &e->serial);
    buf_put(b, e->object, sizeof(e->object));
}

int entry_decode(const uint8_t *p, size_t len, struct entry *out)
{
    struct rd r = rd_of(p, len);
    uint8_t version = rd_u8(&r);
    struct entry e = {0};

    e.type = (enum entry_type)rd_u8(&r);
    e.time = rd_i64(&r);
    e.who = (enum who_type)rd_u8(&r);
    e.who_id = rd_str(&r);
    e.authority = rd_str(&r);
    serial_get(&r, &e.serial);
    rd_bytes(&r, e.object, sizeof(e.object));
    if (rd_done(&r) && version == ENTRY_VERSION && e.type > ENTRY_STOP &&
        e.type < ENTRY__MAX && e.time >= 0 && e.who > WHO_STOP &&
        e.who < WHO__MAX) {
        *out = e;
        return 0;
    }
    entry_free(&e);
    return -1;
}

void ledger_revocation(struct buf *b, const char *authority,
                       const struct serial *s, int64_t at, int reason)
{
    buf_str(b, "pocketca-revocation-v1");
    buf_str(b, authority);
    serial_put(b, s);
    buf_i64(b, at);
    buf_u32(b, (uint32_t)reason);
}

void ledger_serial(struct buf *b, const struct revoked_serial *s)
{
    buf_str(b, "pocketca-serial-v1");
    buf_str(b, s->authority);
    serial_put(b, &s->serial);
    buf_i64(b, s->at);
    buf_u32(b, (uint32_t)s->reason);
    buf_i64(b, s->not_after);
}

void ledger_crl_number(struct buf *b, const char *authority, uint64_t number)
{
    buf_str(b, "pocketca-crl-number-v1");
    buf_str(b, authority);
    buf_u64(b, number);
}

enum store_result ledger_crl_above(struct store_conn *c, const char *authority,
                                   uint64_t *number)
{
    AUTO(free) char *key = xasprintf("crl-number %s", authority);
    AUTO(buf) struct buf value = {0};
    enum store_result r = store_fact_get(c, key, &value);
    struct rd rd = rd_of(value.data, value.len);

    *number = r == STORE_OK ? rd_u64(&rd) : 0;
    return r == STORE_NONE ? STORE_OK : r;
}

enum store_result ledger_crl_above_put(struct store_conn *c,
                                       const char *authority, uint64_t number)
{
    AUTO(free) char *key = xasprintf("crl-number %s", authority);
    AUTO(buf) struct buf value = {0};

    buf_u64(&value, number);
    return store_fact_put(c, key, value.data, value.len);
}

void ledger_block(struct buf *b, const struct blocked_key *k)
{
    buf_str(b, "pocketca-block-v1");
    buf_put(b, k->key_sha256, sizeof(k->key_sha256));
    buf_str(b, k->note);
}

void ledger_unblock(struct buf *b, const struct blocked_key *k)
{
    buf_str(b, "pocketca-unblock-v1");
    buf_put(b, k->key_sha256, sizeof(k->key_sha256));
    buf_u64(b, k->entry);
}

void ledger_token(struct buf *b, const struct token *t)
{
    buf_str(b, "pocketca-token-v1");
    buf_str(b, t->id);
    buf_str(b, t->label);
    buf_u32(b, t->roles);
    strs_put(b, &t->profiles);
    strs_put(b, &t->names);
    buf_u8(b, t->wildcards);
    buf_u64(b, t->max_uses);
    buf_i64(b, t->created_at);
    buf_i64(b, t->not_after);
    requester_put(b, &t->creator);
    buf_put(b, t->secret_sha256, sizeof(t->secret_sha256));
}

void head_encode(struct buf *b, const struct head *h)
{
    buf_str(b, "pocketca-head-v1");
    buf_u64(b, h->size);
    buf_i64(b, h->time);
    buf_put(b, h->root, sizeof(h->root));
}
