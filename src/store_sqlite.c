/* SPDX-License-Identifier: ISC */
/* The SQLite back end: files, connections, transactions. */
#include "store_sqlite_posting.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "pkca", in the file's header (PRAGMA application_id). */
enum { APPLICATION_ID = 0x706b6361, BUSY_MS = 5000 };
/* KiB of page cache.  The writer's may grow over it while a transaction is
 * open: spilling to the log early would only write pages twice. */
enum { CACHE_WRITER = 8192, CACHE_READER = 256, SPILL_PAGES = 4096 };

static int pragma(sqlite3 *db, const char *name, int64_t *out)
{
    AUTO(free) char *sql = xasprintf("PRAGMA %s", name);
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && out)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int settle(sqlite3 *db, bool writer)
{
    AUTO(free)
    char *sql = xasprintf(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
        "PRAGMA cache_size = -%d; PRAGMA cache_spill = %d;"
        "PRAGMA query_only = %d; PRAGMA journal_size_limit = 67108864",
        writer ? CACHE_WRITER : CACHE_READER, SPILL_PAGES, !writer);

    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL))
        return SQLITE_ERROR;
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int db_open(const char *path, sqlite3 **db)
{
    return sqlite3_open_v2(path, db,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                               SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                           sq_vfs());
}

/* The steps of the schema that come after `from`, in one transaction. */
static int schema_bring_up(sqlite3 *db, int from)
{
    AUTO(free)
    char *version = xasprintf(
        "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
        APPLICATION_ID, SQL_SCHEMA);
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    for (int i = 0; i < SQL_STEPS && rc == SQLITE_OK; i++)
        if (sql_steps[i].version > from)
            rc = sqlite3_exec(db, sql_steps[i].text, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, version, NULL, NULL, NULL);
    return rc;
}

/* A disk without room is no damage.  SQLite says "I/O error" where the index of
 * the log has none. */
static bool is_full(sqlite3 *db, int rc)
{
    const int why = sqlite3_system_errno(db);

    return rc == SQLITE_FULL || rc == SQLITE_IOERR_SHMSIZE || why == ENOSPC ||
           why == EDQUOT;
}

/* A disk that is full or fails leaves the ledger as it is. */
static int fault(sqlite3 *db, int rc, const char *path, struct errs *e)
{
    const int kind = rc & 0xff;
    const char *why = kind == SQLITE_CORRUPT ? sqlite3_errstr(rc)
                                             : sqlite3_errmsg(db);

    if (is_full(db, rc))
        return err_add(e, ERR_STORAGE_FULL,
                       "the ledger %s cannot be used now: no space is left on "
                       "its disk",
                       path);
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB)
        return err_add(e, ERR_STORAGE_ERROR,
                       "the ledger %s is damaged, restore a backup: %s", path,
                       why);
    return err_add(
        e, ERR_STORAGE_ERROR, "the ledger %s cannot be used%s: %s", path,
        kind == SQLITE_IOERR ? " now, its disk is full or fails" : "", why);
}

int sq_create(const char *path, struct errs *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sqlite3 *db = NULL;
    int rc;

    if (fd < 0)
        return err_add(e, ERR_STORAGE_ERROR, "%s cannot be made: %s", path,
                       strerror(errno));
    if (fchmod(fd, 0600) < 0)
        abort();
    close(fd);
    rc = db_open(path, &db);
    if (rc == SQLITE_OK)
        rc = settle(db, true);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = schema_bring_up(db, 0);
    if (rc != SQLITE_OK)
        fault(db, rc, path, e);
    if (sqlite3_close(db) != SQLITE_OK)
        abort();
    if (rc != SQLITE_OK)
        unlink(path);
    return rc == SQLITE_OK ? 0 : -1;
}

/* Every statement must fit the schema: another program's database, or one that
 * somebody changed, is found out now. */
static int statements_fit(sqlite3 *db)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < SQL__MAX && rc == SQLITE_OK; i++) {
        sqlite3_stmt *st = NULL;

        rc = sqlite3_prepare_v2(db, sql_text[i].text, -1, &st, NULL);
        sqlite3_finalize(st);
    }
    return rc;
}

static int judge_file(const char *path, struct errs *e)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return err_add(e, ERR_STORAGE_ERROR, "the ledger %s cannot be read: %s",
                       path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_STORAGE_ERROR,
                       "the ledger %s is not a regular file", path);
    if (st.st_size == 0)
        return err_add(e, ERR_STORAGE_ERROR,
                       "the ledger %s is empty (0 octets): it is damaged; "
                       "restore a backup",
                       path);
    return 0;
}

/* Moves what the last process left in the log into the file, which also finds
 * a disk that fails.  A full one is no damage: the log has everything, and is
 * moved when there is room.  SQLite takes a cut last page for a whole one. */
static int settle_file(sqlite3 *db, const char *path)
{
    struct stat st;
    int64_t page = 0;
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                       NULL, NULL);

    if ((rc & 0xff) == SQLITE_BUSY || rc == SQLITE_FULL)
        return SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = pragma(db, "page_size", &page);
    if (rc == SQLITE_OK && (stat(path, &st) < 0 || st.st_size % page != 0))
        rc = SQLITE_CORRUPT;
    return rc;
}

static int judge_db(sqlite3 *db, const char *path, struct errs *e)
{
    int64_t id = 0, version = 0;
    int rc = settle(db, true);

    if (rc == SQLITE_OK)
        rc = pragma(db, "application_id", &id);
    if (rc == SQLITE_OK)
        rc = pragma(db, "user_version", &version);
    if (rc == SQLITE_OK)
        rc = pragma(db, "schema_version", NULL); /* reads the schema */
    if (rc != SQLITE_OK)
        return fault(db, rc, path, e);
    if (id != APPLICATION_ID)
        return err_add(e, ERR_STORAGE_ERROR,
                       "%s is a database, but no ledger of pocketca", path);
    if (version > SQL_SCHEMA)
        return err_add(e, ERR_STORAGE_ERROR,
                       "the ledger %s has schema %" PRId64 ", this program "
                       "knows schemas up to %d: use the newer program",
                       path, version, SQL_SCHEMA);
    if (version < SQL_SCHEMA)
        rc = schema_bring_up(db, (int)version);
    if (rc == SQLITE_OK)
        rc = statements_fit(db);
    if (rc != SQLITE_OK)
        return fault(db, rc, path, e);
    rc = settle_file(db, path);
    return rc == SQLITE_OK ? 0 : fault(db, rc, path, e);
}

static void store_conn_drop(struct store_conn *base)
{
    struct sq_conn *c = sq_of(base);

    for (int i = 0; i < SQL__MAX; i++)
        sqlite3_finalize(c->st[i]);
    sq_tally_drop(c);
    sq_ids_drop(c);
    sqlite3_close(c->db);
    free(c);
}

static int note_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sq_store *s = arg;

    (void)db;
    (void)name;
    atomic_store(&s->wal_pages, pages);
    return SQLITE_OK;
}

static struct store_conn *conn_make(struct store *base, bool writer,
                                    struct errs *e)
{
    struct sq_store *s = (struct sq_store *)base;
    struct sq_conn *c = xcalloc(1, sizeof(*c));
    int rc;

    c->base.ops = base->ops;
    c->store = s;
    c->writer = writer;
    rc = db_open(s->path, &c->db);
    if (rc == SQLITE_OK)
        rc = settle(c->db, writer);
    if (rc != SQLITE_OK) {
        fault(c->db, rc, s->path, e);
        store_conn_drop(&c->base);
        return NULL;
    }
    if (writer)
        sqlite3_wal_hook(c->db, note_wal, s);
    return &c->base;
}

static void store_drop(struct store *base)
{
    struct sq_store *s = (struct sq_store *)base;

    sq_recent_free(s->recent);
    leafset_free(&s->tainted);
    pthread_mutex_destroy(&s->tainted_lock);
    free(s->path);
    free(s);
}

static const char *conn_error(const struct store_conn *base)
{
    const struct sq_conn *c = (const struct sq_conn *)base;

    return c->error[0] ? c->error : "no error";
}

static enum store_result begin(struct store_conn *base)
{
    struct sq_conn *c = sq_of(base);

    return sq_do(c, c->writer ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, "");
}

static uint64_t changes(const struct store_conn *base)
{
    return (uint64_t)sqlite3_total_changes64(
        ((const struct sq_conn *)base)->db);
}

static enum store_result rollback(struct store_conn *base)
{
    struct sq_conn *c = sq_of(base);

    sq_tally_drop(c);
    sq_ids_drop(c);
    if (c->writer)
        sq_recent_end(c, false);
    if (sqlite3_get_autocommit(c->db))
        return STORE_OK;
    return sq_do(c, SQL_ROLLBACK, "");
}

static enum store_result commit(struct store_conn *base)
{
    struct sq_conn *c = sq_of(base);
    enum store_result r = sq_tally_flush(c);

    if (r == STORE_OK)
        r = sq_recent_merge(c);
    if (r == STORE_OK)
        r = sq_do(c, SQL_COMMIT, "");
    sq_recent_end(c, r == STORE_OK);
    /* Whatever it was, no transaction stays open. */
    if (r != STORE_OK)
        sq_ids_drop(c);
    if (r != STORE_OK && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

static const struct store_ops ops = {
    .close = store_drop,
    .conn_open = conn_make,
    .conn_close = store_conn_drop,
    .conn_error = conn_error,
    .begin = begin,
    .changes = changes,
    .commit = commit,
    .rollback = rollback,
    .entry_put = sq_entry_put,
    .tile_put = sq_tile_put,
    .head_put = sq_head_put,
    .head_last = sq_head_last,
    .heads = sq_heads,
    .entries = sq_entries,
    .tiles = sq_tiles,
    .cert_put = sq_cert_put,
    .cert_revoke = sq_cert_revoke,
    .cert_by_leaf = sq_cert_by_leaf,
    .cert_by_serial = sq_cert_by_serial,
    .cert_status = sq_cert_status,
    .cert_by_sha256 = sq_cert_by_sha256,
    .cert_by_idem = sq_cert_by_idem,
    .cert_descendants = sq_cert_descendants,
    .cert_by_key = sq_cert_by_key,
    .cert_by_lost_key = sq_cert_by_lost_key,
    .key_compromised = sq_key_compromised,
    .ancestor_compromised = sq_ancestor_compromised,
    .cert_list = sq_cert_list,
    .certs = sq_certs,
    .name_has = sq_name_has,
    .digests_have = sq_digests_have,
    .posting_count = sq_posting_count,
    .revoked = sq_revoked,
    .partition_last = sq_partition_last,
    .partition = sq_partition,
    .serial_put = sq_serial_put,
    .serial_raise = sq_serial_raise,
    .serial_remove = sq_serial_remove,
    .serial_find = sq_serial_find,
    .serials = sq_serials,
    .serials_revoked = sq_serials_revoked,
    .block_put = sq_block_put,
    .block_remove = sq_block_remove,
    .block_find = sq_block_find,
    .block_next = sq_block_next,
    .token_put = sq_token_put,
    .token_by_id = sq_token_by_id,
    .token_use = sq_token_use,
    .token_touch = sq_token_touch,
    .token_remove = sq_token_remove,
    .token_label = sq_token_label,
    .token_list = sq_token_list,
    .token_all = sq_token_all,
    .authority_put = sq_authority_put,
    .authorities = sq_authorities,
    .crl_get = sq_crl_get,
    .crl_put = sq_crl_put,
    .crl_last = sq_crl_last,
    .fact_get = sq_fact_get,
    .fact_put = sq_fact_put,
    .count = sq_count,
    .log_move = sq_log_move,
    .log_restart = sq_log_restart,
    .checkpoint = sq_checkpoint,
};

struct store *sq_open(const char *path, struct errs *e)
{
    struct sq_store *s;
    sqlite3 *db = NULL;
    int rc;

    if (judge_file(path, e) != 0)
        return NULL;
    s = xcalloc(1, sizeof(*s));
    s->base.ops = &ops;
    s->path = xstrdup(path);
    pthread_mutex_init(&s->tainted_lock, NULL);
    rc = db_open(path, &db);
    if (rc == SQLITE_OK && judge_db(db, path, e) != 0)
        rc = SQLITE_ERROR;
    else if (rc != SQLITE_OK || (rc = sq_bans_load(s, db)) != SQLITE_OK ||
             (rc = sq_tainted_load(s, db)) != SQLITE_OK ||
             (rc = sq_recent_load(s, db)) != SQLITE_OK)
        fault(db, rc, path, e);
    sqlite3_close(db);
    if (rc == SQLITE_OK)
        return &s->base;
    store_drop(&s->base);
    return NULL;
}
