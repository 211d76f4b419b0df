/* SPDX-License-Identifier: ISC */
/* Certificates: storing, revoking, looking up. */
#include "store_sqlite_posting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crl.h"

static void id_forget(struct sq_id *k)
{
    free(k->text);
    k->text = NULL;
}

void sq_ids_drop(struct sq_conn *c)
{
    id_forget(&c->authority);
    id_forget(&c->profile);
    id_forget(&c->requester);
}

static bool id_known(const struct sq_id *k, const char *text, int64_t *id)
{
    *id = k->id;
    return k->text && strcmp(k->text, text) == 0;
}

/* Keeps what was found for text. */
static enum store_result id_keep(struct sq_conn *c, struct sq_id *k,
                                 enum store_result r, const char *text,
                                 int64_t id)
{
    if (r != STORE_OK || !c->writer)
        return r;
    id_forget(k);
    *k = (struct sq_id){xstrdup(text), id};
    return r;
}

/* The ids behind names of small tables. */
static enum store_result authority_id(struct sq_conn *c, const char *name,
                                      int64_t *id)
{
    enum store_result r;

    if (id_known(&c->authority, name, id))
        return STORE_OK;
    r = sq_int(c, sq_bind(c, SQL_AUTHORITY_ID, "s", name), id);
    return id_keep(c, &c->authority, r, name, *id);
}

static enum store_result profile_id(struct sq_conn *c, const char *name,
                                    int64_t *id)
{
    enum store_result r;

    if (id_known(&c->profile, name, id))
        return STORE_OK;
    r = sq_int(c, sq_bind(c, SQL_PROFILE_ID, "s", name), id);
    if (r == STORE_NONE) {
        r = sq_do(c, SQL_PROFILE_PUT, "s", name);
        *id = sqlite3_last_insert_rowid(c->db);
    }
    return id_keep(c, &c->profile, r, name, *id);
}

/* Neither an ident nor a label has a line's end. */
static enum store_result requester_id(struct sq_conn *c,
                                      const struct requester *q, int64_t *id)
{
    const char *ident = q->id ? q->id : "", *label = q->label ? q->label : "";
    AUTO(free)
    char *text = xasprintf("%d\n%s\n%s", (int)q->type, ident, label);
    enum store_result r;

    if (id_known(&c->requester, text, id))
        return STORE_OK;
    r = sq_int(
        c, sq_bind(c, SQL_REQUESTER_ID, "sis", ident, (int64_t)q->type, label),
        id);
    if (r == STORE_NONE) {
        r = sq_do(c, SQL_REQUESTER_PUT, "sis", ident, (int64_t)q->type, label);
        *id = sqlite3_last_insert_rowid(c->db);
    }
    return id_keep(c, &c->requester, r, text, *id);
}

/* The columns of a new row that are not the record's own. */
struct row_ids {
    int64_t authority, profile, requester, replaces;
    const int64_t *replaces_p;
    uint8_t key_sha256[32];
    struct buf warnings;
    struct names of_cn;
};

static enum store_result refuse(struct sq_conn *c, const char *why)
{
    c->last = STORE_REFUSED;
    snprintf(c->error, sizeof(c->error), "%s", why);
    return STORE_REFUSED;
}

static enum store_result by_serial(struct sq_conn *c, int64_t authority,
                                   const struct serial *s, int64_t *leaf)
{
    enum store_result r = sq_int(c,
                                 sq_bind(c, SQL_CERT_BY_SERIAL_OF, "bi", s->v,
                                         (size_t)s->len, authority),
                                 leaf);

    if (r != STORE_NONE)
        return r;
    return sq_int(c, sq_bind(c, SQL_CERT_BY_SERIAL, "b", s->v, (size_t)s->len),
                  leaf);
}

static enum store_result resolve(struct sq_conn *c, const struct record *rec,
                                 struct row_ids *ids)
{
    enum store_result r = authority_id(c, rec->authority, &ids->authority);

    if (r == STORE_NONE)
        return refuse(c, "the certificate's authority is unknown");
    if (r == STORE_OK)
        r = profile_id(c, rec->profile ? rec->profile : "", &ids->profile);
    if (r == STORE_OK)
        r = requester_id(c, &rec->requester, &ids->requester);
    if (r != STORE_OK || rec->replaces.len == 0)
        return r;
    r = by_serial(c, ids->authority, &rec->replaces, &ids->replaces);
    if (r == STORE_NONE)
        return refuse(c, "the certificate that is replaced is unknown");
    ids->replaces_p = &ids->replaces;
    return r;
}

/* The old one is no longer open; the first row to say so counts. */
static enum store_result mark_replaced(struct sq_conn *c, int64_t old,
                                       uint64_t leaf)
{
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_STATE, "i", old);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK && sqlite3_column_type(st, 1) == SQLITE_NULL &&
        sqlite3_column_type(st, 2) == SQLITE_NULL)
        sq_tally_hour(c, sqlite3_column_int64(st, 0), 0, 0, -1);
    if (st)
        sqlite3_reset(st);
    if (r != STORE_OK)
        return r;
    return sq_do(c, SQL_CERT_REPLACED, "ii", old, (int64_t)leaf);
}

static enum store_result put_row(struct sq_conn *c, const struct cert_row *row,
                                 const struct row_ids *ids)
{
    const struct record *rec = row->record;
    const char *key = row->idem_key;

    return sq_do(
        c, SQL_CERT_PUT, "iibiiiiiIihhsshsissbb", (int64_t)rec->leaf,
        ids->authority, rec->serial.v, (size_t)rec->serial.len,
        sq_prefix(ids->key_sha256), row->cert->not_after, rec->issued_at,
        ids->profile, ids->requester, ids->replaces_p, (int64_t)row->detached,
        row->sha256, ids->key_sha256, key ? row->idem_scope : NULL, key,
        key ? row->idem_hash : NULL, rec->protocol ? rec->protocol : "",
        (int64_t)rec->crl_partition, ids->of_cn.n ? row->cn : NULL, rec->note,
        ids->warnings.data, ids->warnings.len, rec->der.data, rec->der.len);
}

enum store_result sq_cert_put(struct store_conn *base,
                              const struct cert_row *row)
{
    struct sq_conn *c = sq_of(base);
    const struct record *rec = row->record;
    struct row_ids ids = {0};
    enum store_result r = resolve(c, rec, &ids);

    if (r != STORE_OK)
        return r;
    key_pub_sha256(&row->cert->key, ids.key_sha256);
    if (rec->warnings.n)
        strs_put(&ids.warnings, &rec->warnings);
    if (row->cn)
        names_of_cn(&ids.of_cn, row->cn, &row->cert->names);
    if (ids.replaces_p && !row->detached)
        sq_taint_child(c->store, (uint64_t)ids.replaces, rec->leaf);
    r = put_row(c, row, &ids);
    if (r == STORE_OK)
        r = sq_postings_put(c, row, &ids.of_cn, ids.key_sha256);
    if (r == STORE_OK && ids.replaces_p)
        r = mark_replaced(c, ids.replaces, rec->leaf);
    if (r == STORE_OK) {
        sq_tally_hour(c, row->cert->not_after, 1, 0, 1);
        sq_tally_day(c, rec->issued_at, rec->leaf);
    }
    buf_free(&ids.warnings);
    names_free(&ids.of_cn);
    return r;
}

enum store_result sq_cert_revoke(struct store_conn *base, uint64_t leaf,
                                 int64_t at, int reason, uint64_t entry)
{
    struct sq_conn *c = sq_of(base);
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_STATE, "i", (int64_t)leaf);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK && sqlite3_column_type(st, 1) == SQLITE_NULL)
        sq_tally_hour(c, sqlite3_column_int64(st, 0), 0, 1,
                      sqlite3_column_type(st, 2) == SQLITE_NULL ? -1 : 0);
    if (r == STORE_OK && reason == REASON_KEY_COMPROMISE)
        sq_ban_note(c->store, sqlite3_column_int64(st, 3));
    if (st)
        sqlite3_reset(st);
    if (r == STORE_OK && reason == REASON_KEY_COMPROMISE)
        r = sq_taint(c, leaf);
    if (r != STORE_OK)
        return r;
    return sq_do(c, SQL_CERT_REVOKE, "iiii", (int64_t)leaf, at, (int64_t)reason,
                 (int64_t)entry);
}

static void read_warnings(sqlite3_stmt *st, int col, struct strs *out)
{
    struct rd rd = rd_of(sqlite3_column_blob(st, col),
                         (size_t)sqlite3_column_bytes(st, col));

    if (rd.p)
        strs_get(&rd, out);
}

static void read_record(sqlite3_stmt *st, struct record *out)
{
    *out = (struct record){
        .leaf = (uint64_t)sqlite3_column_int64(st, 0),
        .authority = sq_text_or_empty(st, 1),
        .profile = sq_text_or_empty(st, 2),
        .requester = {(enum who_type)sqlite3_column_int(st, 3),
                      sq_text_or_empty(st, 4), sq_text(st, 5)},
        .protocol = sq_text_or_empty(st, 6),
        .note = sq_text(st, 7),
        .issued_at = sqlite3_column_int64(st, 8),
        .revoked_at = sqlite3_column_int64(st, 9),
        .reason = sqlite3_column_int(st, 10),
    };
    sq_serial(st, 11, &out->serial);
    sq_serial(st, 12, &out->replaces);
    sq_serial(st, 13, &out->replaced_by);
    read_warnings(st, 14, &out->warnings);
    sq_blob(st, 15, &out->der);
    out->crl_partition = (uint32_t)sqlite3_column_int64(st, 16);
}

/* leaf NULL: by serial. */
static enum store_result get(struct sq_conn *c, const int64_t *leaf,
                             const char *authority, const struct serial *s,
                             struct record *out)
{
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_GET, "Ibs", leaf, s ? s->v : NULL,
                               s ? (size_t)s->len : 0, authority);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK)
        read_record(st, out);
    return r;
}

enum store_result sq_cert_by_leaf(struct store_conn *base, uint64_t leaf,
                                  struct record *out)
{
    const int64_t id = (int64_t)leaf;

    return get(sq_of(base), &id, NULL, NULL, out);
}

enum store_result sq_cert_by_serial(struct store_conn *base,
                                    const char *authority,
                                    const struct serial *s, struct record *out)
{
    return get(sq_of(base), NULL, authority, s, out);
}

enum store_result sq_cert_status(struct store_conn *base, const char *authority,
                                 const struct serial *s,
                                 struct cert_status *out)
{
    struct sq_conn *c = sq_of(base);
    AUTO(stmt)
    sqlite3_stmt *st =
        sq_bind(c, SQL_CERT_STATUS, "bs", s->v, (size_t)s->len, authority);
    const enum store_result r = sq_next(c, st);

    if (r == STORE_OK)
        *out = (struct cert_status){sqlite3_column_int64(st, 0),
                                    sqlite3_column_int(st, 1)};
    return r;
}

enum store_result sq_cert_by_sha256(struct store_conn *base,
                                    const uint8_t sha256[32],
                                    struct record *out)
{
    static const struct sq_span all = {0, INT64_MAX, INT64_MAX, false};
    struct sq_conn *c = sq_of(base);
    const struct sq_key key = sq_key_of(SQ_CLASS_SHA256, sha256);
    AUTO(leaves) struct sq_leaves l = {0};
    enum store_result r = sq_postings_of(c, &key, &all, &l);
    int64_t is;

    for (size_t i = 0; i < l.n && r == STORE_OK; i++) {
        r = sq_int(c, sq_bind(c, SQL_CERT_IS, "ih", (int64_t)l.v[i], sha256),
                   &is);
        if (r == STORE_OK)
            return sq_cert_by_leaf(base, l.v[i], out);
        if (r == STORE_NONE)
            r = STORE_OK;
    }
    return r == STORE_OK ? STORE_NONE : r;
}

static enum store_result idem_find(struct sq_conn *c, const char *scope,
                                   const char *key, uint64_t *leaf,
                                   uint8_t hash[32])
{
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_CERT_BY_IDEM, "ss", scope, key);
    enum store_result r = sq_next(c, st);

    if (r == STORE_OK) {
        *leaf = (uint64_t)sqlite3_column_int64(st, 0);
        sq_hash(st, 1, hash);
    }
    return r;
}

enum store_result sq_cert_by_idem(struct store_conn *base, const char *scope,
                                  const char *key, struct record *out,
                                  uint8_t hash[32])
{
    uint64_t leaf;
    enum store_result r = idem_find(sq_of(base), scope, key, &leaf, hash);

    return r == STORE_OK ? sq_cert_by_leaf(base, leaf, out) : r;
}
