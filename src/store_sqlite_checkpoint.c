/* SPDX-License-Identifier: ISC */
/* The log is moved into the database beside a busy writer. */
#include "store_sqlite.h"

enum { PAGE = 4096, FEW_PAGES = 64, PASSES = 8 };

/* *moved: how many pages of the log are in the database by now. */
static enum store_result move(struct sq_conn *c, int mode, int *moved)
{
    int all = 0, rc;

    *moved = 0;
    rc = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, &all, moved);
    /* Somebody reads or writes: what is left is the next time's. */
    if ((rc & 0xff) == SQLITE_BUSY)
        return STORE_OK;
    return sq_result(c, rc, "checkpoint");
}

/* SQLite leaves this to the last step, which keeps the writer out, when
 * anything was committed since a pass began.  A failure is told once: another
 * sync would succeed, and SQLite would take the pages for stored. */
static enum store_result sync_pages(struct sq_conn *c)
{
    sqlite3_file *f = NULL;
    int rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_FILE_POINTER, &f);

    if (rc == SQLITE_OK)
        rc = f->pMethods->xSync(f, SQLITE_SYNC_NORMAL);
    return rc == SQLITE_OK ? STORE_OK : sq_result(c, rc, "checkpoint");
}

enum store_result sq_log_move(struct store_conn *base, int64_t longer,
                              bool *done)
{
    struct sq_conn *c = sq_of(base);
    atomic_int *pages = &c->store->wal_pages;
    enum store_result r;
    int moved, passes = 0;

    *done = false;
    if ((int64_t)atomic_load(pages) * PAGE <= longer)
        return STORE_OK;
    do {
        r = move(c, SQLITE_CHECKPOINT_PASSIVE, &moved);
        if (r == STORE_OK)
            r = sync_pages(c);
    } while (r == STORE_OK && ++passes < PASSES &&
             atomic_load(pages) - moved > FEW_PAGES);
    *done = r == STORE_OK;
    return r;
}

/* With nothing left in it, and nobody who reads there, SQLite begins the log
 * anew by itself when the writer writes next. */
enum store_result sq_log_restart(struct store_conn *base)
{
    int moved;

    return move(sq_of(base), SQLITE_CHECKPOINT_PASSIVE, &moved);
}

enum store_result sq_checkpoint(struct store_conn *base)
{
    int moved;

    return move(sq_of(base), SQLITE_CHECKPOINT_TRUNCATE, &moved);
}
