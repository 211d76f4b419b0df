/* SPDX-License-Identifier: ISC */
/*
 * What a back end of the store is: one struct of functions, each as its
 * namesake in store.h says.  A back end's own structs begin with struct store
 * and struct store_conn.
 */
#ifndef POCKETCA_STORE_OPS_H
#define POCKETCA_STORE_OPS_H

#include "store.h"

struct store_ops {
    void (*close)(struct store *s);
    struct store_conn *(*conn_open)(struct store *s, bool writer,
                                    struct errs *e);
    void (*conn_close)(struct store_conn *c);
    const char *(*conn_error)(const struct store_conn *c);

    enum store_result (*begin)(struct store_conn *c);
    uint64_t (*changes)(const struct store_conn *c);
    enum store_result (*commit)(struct store_conn *c);
    enum store_result (*rollback)(struct store_conn *c);

    enum store_result (*entry_put)(struct store_conn *c, uint64_t index,
                                   const void *entry, size_t len);
    enum store_result (*tile_put)(struct store_conn *c, unsigned level,
                                  uint64_t index, const uint8_t *root,
                                  const uint8_t *hashes);
    enum store_result (*head_put)(struct store_conn *c, const struct head *h);
    enum store_result (*head_last)(struct store_conn *c, struct head *h);
    enum store_result (*heads)(struct store_conn *c, store_head_fn *fn,
                               void *arg);
    enum store_result (*entries)(struct store_conn *c, uint64_t first,
                                 uint64_t count, store_entry_fn *fn, void *arg);
    enum store_result (*tiles)(struct store_conn *c, unsigned level,
                               uint64_t first, uint64_t count,
                               store_tile_fn *fn, void *arg);

    enum store_result (*cert_put)(struct store_conn *c,
                                  const struct cert_row *row);
    enum store_result (*cert_revoke)(struct store_conn *c, uint64_t leaf,
                                     int64_t at, int reason, uint64_t entry);
    enum store_result (*cert_by_leaf)(struct store_conn *c, uint64_t leaf,
                                      struct record *out);
    enum store_result (*cert_by_serial)(struct store_conn *c,
                                        const char *authority,
                                        const struct serial *s,
                                        struct record *out);
    enum store_result (*cert_status)(struct store_conn *c,
                                     const char *authority,
                                     const struct serial *s,
                                     struct cert_status *out);
    enum store_result (*cert_by_sha256)(struct store_conn *c,
                                        const uint8_t sha256[32],
                                        struct record *out);
    enum store_result (*cert_by_idem)(struct store_conn *c, const char *scope,
                                      const char *key, struct record *out,
                                      uint8_t hash[32]);
    enum store_result (*cert_descendants)(struct store_conn *c, uint64_t leaf,
                                          struct leafset *seen,
                                          store_record_fn *fn, void *arg);
    enum store_result (*cert_by_key)(struct store_conn *c,
                                     const uint8_t key_sha256[32], int64_t now,
                                     store_record_fn *fn, void *arg);
    enum store_result (*cert_by_lost_key)(struct store_conn *c,
                                          const uint8_t key_sha256[32],
                                          int64_t now, store_record_fn *fn,
                                          void *arg);
    enum store_result (*key_compromised)(struct store_conn *c,
                                         const uint8_t key_sha256[32],
                                         struct key_ban *out);
    enum store_result (*ancestor_compromised)(struct store_conn *c,
                                              uint64_t leaf);
    enum store_result (*cert_list)(struct store_conn *c, const struct query *q,
                                   int64_t now, struct list_walk *w,
                                   store_record_fn *fn, void *arg);
    enum store_result (*certs)(struct store_conn *c, uint64_t first,
                               uint64_t end, store_columns_fn *fn, void *arg);
    enum store_result (*name_has)(struct store_conn *c, const struct name *n,
                                  uint64_t leaf);
    enum store_result (*digests_have)(struct store_conn *c,
                                      const struct cert_columns *d,
                                      uint64_t leaf);
    enum store_result (*posting_count)(struct store_conn *c, uint64_t end,
                                       uint64_t *n);
    enum store_result (*revoked)(struct store_conn *c,
                                 const struct revoked_page *p,
                                 store_revoked_fn *fn, void *arg);
    enum store_result (*partition_last)(struct store_conn *c,
                                        const char *authority, uint32_t *n);
    enum store_result (*partition)(struct store_conn *c, const char *authority,
                                   uint32_t n, struct partition_row *out);

    enum store_result (*serial_put)(struct store_conn *c,
                                    const struct revoked_serial *s);
    enum store_result (*serial_raise)(struct store_conn *c, uint64_t entry,
                                      int reason);
    enum store_result (*serial_remove)(struct store_conn *c, uint64_t entry);
    enum store_result (*serial_find)(struct store_conn *c,
                                     const char *authority,
                                     const struct serial *serial,
                                     struct revoked_serial *out);
    enum store_result (*serials)(struct store_conn *c, uint64_t first,
                                 uint64_t end, store_serial_fn *fn, void *arg);
    enum store_result (*serials_revoked)(struct store_conn *c,
                                         const struct revoked_page *p,
                                         store_revoked_fn *fn, void *arg);
    enum store_result (*block_put)(struct store_conn *c,
                                   const struct blocked_key *k);
    enum store_result (*block_remove)(struct store_conn *c, uint64_t entry,
                                      uint64_t removed);
    enum store_result (*block_find)(struct store_conn *c,
                                    const uint8_t key_sha256[32],
                                    uint64_t *entry);
    enum store_result (*block_next)(struct store_conn *c, uint64_t after,
                                    struct blocked_key *out);

    enum store_result (*token_put)(struct store_conn *c, const struct token *t);
    enum store_result (*token_by_id)(struct store_conn *c, const char *id,
                                     struct token *out);
    enum store_result (*token_use)(struct store_conn *c, const char *id,
                                   uint64_t n, int64_t now);
    enum store_result (*token_touch)(struct store_conn *c, const char *id,
                                     int64_t last_used);
    enum store_result (*token_remove)(struct store_conn *c, const char *id,
                                      int64_t now);
    enum store_result (*token_label)(struct store_conn *c, const char *label);
    enum store_result (*token_list)(struct store_conn *c, const char *after,
                                    unsigned max, store_token_fn *fn,
                                    void *arg);
    enum store_result (*token_all)(struct store_conn *c, const char *after,
                                   unsigned max, store_token_fn *fn, void *arg);

    enum store_result (*authority_put)(struct store_conn *c, const char *name,
                                       const char *parent,
                                       const struct buf *der);
    enum store_result (*authorities)(struct store_conn *c,
                                     store_authority_fn *fn, void *arg);
    enum store_result (*crl_get)(struct store_conn *c, const char *authority,
                                 uint32_t partition, struct crl_state *out);
    enum store_result (*crl_put)(struct store_conn *c, const char *authority,
                                 uint32_t partition, const struct crl_state *s);
    enum store_result (*crl_last)(struct store_conn *c, const char *authority,
                                  uint32_t *partition);
    enum store_result (*fact_get)(struct store_conn *c, const char *key,
                                  struct buf *out);
    enum store_result (*fact_put)(struct store_conn *c, const char *key,
                                  const void *value, size_t len);

    enum store_result (*count)(struct store_conn *c, int64_t now,
                               struct store_counts *out);
    enum store_result (*log_move)(struct store_conn *c, int64_t longer,
                                  bool *done);
    enum store_result (*log_restart)(struct store_conn *writer);
    enum store_result (*checkpoint)(struct store_conn *c);
};

struct store {
    const struct store_ops *ops;
};

struct store_conn {
    const struct store_ops *ops;
};

/* The back ends: what store_create() and store_open() do. */
int sq_create(const char *path, struct errs *e);
struct store *sq_open(const char *path, struct errs *e);

#endif
