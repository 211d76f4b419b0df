/* SPDX-License-Identifier: ISC */
#include "store.h"

#include <stdlib.h>

#include "store_ops.h"

int store_create(const char *path, struct errs *e)
{
    return sq_create(path, e);
}

struct store *store_open(const char *path, struct errs *e)
{
    return sq_open(path, e);
}

void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}

struct store_conn *store_conn_open(struct store *s, bool writer, struct errs *e)
{
    return s->ops->conn_open(s, writer, e);
}

void store_conn_close(struct store_conn *c)
{
    if (c)
        c->ops->conn_close(c);
}

const char *store_conn_error(const struct store_conn *c)
{
    return c->ops->conn_error(c);
}

enum store_result store_begin(struct store_conn *c)
{
    return c->ops->begin(c);
}

uint64_t store_changes(const struct store_conn *c)
{
    return c->ops->changes(c);
}

enum store_result store_commit(struct store_conn *c)
{
    return c->ops->commit(c);
}

enum store_result store_rollback(struct store_conn *c)
{
    return c->ops->rollback(c);
}

enum store_result store_entry_put(struct store_conn *c, uint64_t index,
                                  const void *entry, size_t len)
{
    return c->ops->entry_put(c, index, entry, len);
}

enum store_result store_tile_put(struct store_conn *c, unsigned level,
                                 uint64_t index, const uint8_t *root,
                                 const uint8_t *hashes)
{
    return c->ops->tile_put(c, level, index, root, hashes);
}

enum store_result store_head_put(struct store_conn *c, const struct head *h)
{
    return c->ops->head_put(c, h);
}

enum store_result store_head_last(struct store_conn *c, struct head *h)
{
    return c->ops->head_last(c, h);
}

enum store_result store_heads(struct store_conn *c, store_head_fn *fn,
                              void *arg)
{
    return c->ops->heads(c, fn, arg);
}

enum store_result store_entries(struct store_conn *c, uint64_t first,
                                uint64_t count, store_entry_fn *fn, void *arg)
{
    return c->ops->entries(c, first, count, fn, arg);
}

enum store_result store_tiles(struct store_conn *c, unsigned level,
                              uint64_t first, uint64_t count, store_tile_fn *fn,
                              void *arg)
{
    return c->ops->tiles(c, level, first, count, fn, arg);
}

enum store_result store_cert_put(struct store_conn *c,
                                 const struct cert_row *row)
{
    return c->ops->cert_put(c, row);
}

enum store_result store_cert_revoke(struct store_conn *c, uint64_t leaf,
                                    int64_t at, int reason, uint64_t entry)
{
    return c->ops->cert_revoke(c, leaf, at, reason, entry);
}

enum store_result store_cert_by_leaf(struct store_conn *c, uint64_t leaf,
                                     struct record *out)
{
    return c->ops->cert_by_leaf(c, leaf, out);
}

enum store_result store_cert_by_serial(struct store_conn *c,
                                       const char *authority,
                                       const struct serial *s,
                                       struct record *out)
{
    return c->ops->cert_by_serial(c, authority, s, out);
}

enum store_result store_cert_status(struct store_conn *c, const char *authority,
                                    const struct serial *s,
                                    struct cert_status *out)
{
    return c->ops->cert_status(c, authority, s, out);
}

enum store_result store_cert_by_sha256(struct store_conn *c,
                                       const uint8_t sha256[32],
                                       struct record *out)
{
    return c->ops->cert_by_sha256(c, sha256, out);
}

enum store_result store_cert_by_idem(struct store_conn *c, const char *scope,
                                     const char *key, struct record *out,
                                     uint8_t hash[32])
{
    return c->ops->cert_by_idem(c, scope, key, out, hash);
}

enum store_result store_cert_descendants(struct store_conn *c, uint64_t leaf,
                                         struct leafset *seen,
                                         store_record_fn *fn, void *arg)
{
    return c->ops->cert_descendants(c, leaf, seen, fn, arg);
}

enum store_result store_cert_by_key(struct store_conn *c,
                                    const uint8_t key_sha256[32], int64_t now,
                                    store_record_fn *fn, void *arg)
{
    return c->ops->cert_by_key(c, key_sha256, now, fn, arg);
}

enum store_result store_cert_by_lost_key(struct store_conn *c,
                                         const uint8_t key_sha256[32],
                                         int64_t now, store_record_fn *fn,
                                         void *arg)
{
    return c->ops->cert_by_lost_key(c, key_sha256, now, fn, arg);
}

enum store_result store_key_compromised(struct store_conn *c,
                                        const uint8_t key_sha256[32],
                                        struct key_ban *out)
{
    return c->ops->key_compromised(c, key_sha256, out);
}

enum store_result store_ancestor_compromised(struct store_conn *c,
                                             uint64_t leaf)
{
    return c->ops->ancestor_compromised(c, leaf);
}

enum store_result store_cert_list(struct store_conn *c, const struct query *q,
                                  int64_t now, struct list_walk *w,
                                  store_record_fn *fn, void *arg)
{
    return c->ops->cert_list(c, q, now, w, fn, arg);
}

enum store_result store_certs(struct store_conn *c, uint64_t first,
                              uint64_t end, store_columns_fn *fn, void *arg)
{
    return c->ops->certs(c, first, end, fn, arg);
}

enum store_result store_name_has(struct store_conn *c, const struct name *n,
                                 uint64_t leaf)
{
    return c->ops->name_has(c, n, leaf);
}

enum store_result store_digests_have(struct store_conn *c,
                                     const struct cert_columns *d,
                                     uint64_t leaf)
{
    return c->ops->digests_have(c, d, leaf);
}

enum store_result store_posting_count(struct store_conn *c, uint64_t end,
                                      uint64_t *n)
{
    return c->ops->posting_count(c, end, n);
}

enum store_result store_revoked(struct store_conn *c,
                                const struct revoked_page *p,
                                store_revoked_fn *fn, void *arg)
{
    return c->ops->revoked(c, p, fn, arg);
}

enum store_result store_partition_last(struct store_conn *c,
                                       const char *authority, uint32_t *n)
{
    return c->ops->partition_last(c, authority, n);
}

enum store_result store_partition(struct store_conn *c, const char *authority,
                                  uint32_t n, struct partition_row *out)
{
    return c->ops->partition(c, authority, n, out);
}

void revoked_serial_free(struct revoked_serial *s)
{
    free(s->authority);
    *s = (struct revoked_serial){0};
}

enum store_result store_serial_put(struct store_conn *c,
                                   const struct revoked_serial *s)
{
    return c->ops->serial_put(c, s);
}

enum store_result store_serial_raise(struct store_conn *c, uint64_t entry,
                                     int reason)
{
    return c->ops->serial_raise(c, entry, reason);
}

enum store_result store_serial_remove(struct store_conn *c, uint64_t entry)
{
    return c->ops->serial_remove(c, entry);
}

enum store_result store_serial_find(struct store_conn *c, const char *authority,
                                    const struct serial *serial,
                                    struct revoked_serial *out)
{
    return c->ops->serial_find(c, authority, serial, out);
}

enum store_result store_serials(struct store_conn *c, uint64_t first,
                                uint64_t end, store_serial_fn *fn, void *arg)
{
    return c->ops->serials(c, first, end, fn, arg);
}

enum store_result store_serials_revoked(struct store_conn *c,
                                        const struct revoked_page *p,
                                        store_revoked_fn *fn, void *arg)
{
    return c->ops->serials_revoked(c, p, fn, arg);
}

void blocked_key_free(struct blocked_key *k)
{
    free(k->note);
    *k = (struct blocked_key){0};
}

enum store_result store_block_put(struct store_conn *c,
                                  const struct blocked_key *k)
{
    return c->ops->block_put(c, k);
}

enum store_result store_block_remove(struct store_conn *c, uint64_t entry,
                                     uint64_t removed)
{
    return c->ops->block_remove(c, entry, removed);
}

enum store_result store_block_find(struct store_conn *c,
                                   const uint8_t key_sha256[32],
                                   uint64_t *entry)
{
    return c->ops->block_find(c, key_sha256, entry);
}

enum store_result store_block_next(struct store_conn *c, uint64_t after,
                                   struct blocked_key *out)
{
    return c->ops->block_next(c, after, out);
}

enum store_result store_token_put(struct store_conn *c, const struct token *t)
{
    return c->ops->token_put(c, t);
}

enum store_result store_token_by_id(struct store_conn *c, const char *id,
                                    struct token *out)
{
    return c->ops->token_by_id(c, id, out);
}

enum store_result store_token_use(struct store_conn *c, const char *id,
                                  uint64_t n, int64_t now)
{
    return c->ops->token_use(c, id, n, now);
}

enum store_result store_token_touch(struct store_conn *c, const char *id,
                                    int64_t last_used)
{
    return c->ops->token_touch(c, id, last_used);
}

enum store_result store_token_remove(struct store_conn *c, const char *id,
                                     int64_t now)
{
    return c->ops->token_remove(c, id, now);
}

enum store_result store_token_label(struct store_conn *c, const char *label)
{
    return c->ops->token_label(c, label);
}

enum store_result store_token_list(struct store_conn *c, const char *after,
                                   unsigned max, store_token_fn *fn, void *arg)
{
    return c->ops->token_list(c, after, max, fn, arg);
}

enum store_result store_token_all(struct store_conn *c, const char *after,
                                  unsigned max, store_token_fn *fn, void *arg)
{
    return c->ops->token_all(c, after, max, fn, arg);
}

enum store_result store_authority_put(struct store_conn *c, const char *name,
                                      const char *parent, const struct buf *der)
{
    return c->ops->authority_put(c, name, parent, der);
}

enum store_result store_authorities(struct store_conn *c,
                                    store_authority_fn *fn, void *arg)
{
    return c->ops->authorities(c, fn, arg);
}

enum store_result store_crl_get(struct store_conn *c, const char *authority,
                                uint32_t partition, struct crl_state *out)
{
    return c->ops->crl_get(c, authority, partition, out);
}

enum store_result store_crl_put(struct store_conn *c, const char *authority,
                                uint32_t partition, const struct crl_state *s)
{
    return c->ops->crl_put(c, authority, partition, s);
}

enum store_result store_crl_last(struct store_conn *c, const char *authority,
                                 uint32_t *partition)
{
    return c->ops->crl_last(c, authority, partition);
}

enum store_result store_fact_get(struct store_conn *c, const char *key,
                                 struct buf *out)
{
    return c->ops->fact_get(c, key, out);
}

enum store_result store_fact_put(struct store_conn *c, const char *key,
                                 const void *value, size_t len)
{
    return c->ops->fact_put(c, key, value, len);
}

enum store_result store_count(struct store_conn *c, int64_t now,
                              struct store_counts *out)
{
    return c->ops->count(c, now, out);
}

enum store_result store_log_move(struct store_conn *c, int64_t longer,
                                 bool *done)
{
    return c->ops->log_move(c, longer, done);
}

enum store_result store_log_restart(struct store_conn *writer)
{
    return writer->ops->log_restart(writer);
}

enum store_result store_checkpoint(struct store_conn *c)
{
    return c->ops->checkpoint(c);
}
