/* SPDX-License-Identifier: ISC */
/*
 * Keys that are never certified again.  Every issue asks, and nearly every
 * answer is no: a bitmap over the first two octets of the digests says so
 * without a look into the database.  A bit is set before the row is written,
 * so that no commit is ever ahead of it, and stays until the ledger is opened
 * anew: one too many costs a look-up.
 */
#include "store_sqlite.h"

static unsigned bit_of(int64_t prefix)
{
    return (unsigned)((uint64_t)prefix >> 48);
}

void sq_ban_note(struct sq_store *s, int64_t prefix)
{
    const unsigned bit = bit_of(prefix);

    atomic_fetch_or(&s->banned[bit / 8], (unsigned char)(1U << bit % 8));
}

static bool may_be_banned(struct sq_store *s, int64_t prefix)
{
    const unsigned bit = bit_of(prefix);

    return atomic_load(&s->banned[bit / 8]) >> bit % 8 & 1;
}

int sq_bans_load(struct sq_store *s, sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    uint8_t hash[HASH_LEN];
    int rc = sqlite3_prepare_v2(db, sql_text[SQL_KEY_BANS].text, -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
        if (sqlite3_column_type(st, 0) == SQLITE_INTEGER) {
            sq_ban_note(s, sqlite3_column_int64(st, 0));
        } else {
            sq_hash(st, 1, hash);
            sq_ban_note(s, sq_prefix(hash));
        }
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

enum store_result sq_key_compromised(struct store_conn *base,
                                     const uint8_t key_sha256[32],
                                     struct key_ban *out)
{
    struct sq_conn *c = sq_of(base);
    const int64_t prefix = sq_prefix(key_sha256);
    AUTO(stmt) sqlite3_stmt *st = NULL;
    enum store_result r;

    if (!may_be_banned(c->store, prefix))
        return STORE_NONE;
    st = sq_bind(c, SQL_KEY_COMPROMISED, "ih", prefix, key_sha256);
    r = sq_next(c, st);
    if (r == STORE_OK)
        *out = (struct key_ban){sqlite3_column_int64(st, 0),
                                sqlite3_column_int(st, 1)};
    return r;
}
