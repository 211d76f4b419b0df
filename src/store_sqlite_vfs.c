/* SPDX-License-Identifier: ISC */
/*
 * SQLite writes each page of a commit to its log by two system calls, a head
 * of 24 octets and then the page.  They follow each other in the file, so this
 * layer over the system's VFS gathers them and writes them as one: when the
 * log is synced, read, measured, cut or closed, when a write does not follow
 * the one before, or when the buffer is full.
 *
 * Nothing is promised earlier for it: with synchronous=FULL a commit counts,
 * and is seen by other connections, only after the sync of the log, which
 * writes and syncs and fails as it would have before.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "mem.h"
#include "store_sqlite.h"

/* What the system's VFS takes at once is less than 128 KiB. */
enum { GATHER = 30 * (24 + 4096) };

struct log_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    uint8_t *v;         /* GATHER octets, once there was a write */
    sqlite3_int64 at;   /* where v belongs */
    int n;
};

static sqlite3_vfs *system_vfs;

static struct log_file *log_of(sqlite3_file *f)
{
    return (struct log_file *)f;
}

static int flush(struct log_file *l)
{
    int n = l->n;

    l->n = 0;
    return n ? l->real->pMethods->xWrite(l->real, l->v, n, l->at) : SQLITE_OK;
}

static int log_close(sqlite3_file *f)
{
    struct log_file *l = log_of(f);
    int rc = flush(l), closed = l->real->pMethods->xClose(l->real);

    free(l->v);
    return rc != SQLITE_OK ? rc : closed;
}

static int log_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    struct log_file *l = log_of(f);
    int rc = flush(l);

    return rc != SQLITE_OK ? rc : l->real->pMethods->xRead(l->real, p, n, at);
}

static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct log_file *l = log_of(f);
    int rc = SQLITE_OK;

    if (l->n && (at != l->at + l->n || n > GATHER - l->n))
        rc = flush(l);
    if (rc != SQLITE_OK)
        return rc;
    if (n > GATHER)
        return l->real->pMethods->xWrite(l->real, p, n, at);
    if (!l->v)
        l->v = xmalloc(GATHER);
    if (!l->n)
        l->at = at;
    memcpy(l->v + l->n, p, (size_t)n);
    l->n += n;
    return SQLITE_OK;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct log_file *l = log_of(f);
    int rc = flush(l);

    return rc != SQLITE_OK ? rc : l->real->pMethods->xTruncate(l->real, size);
}

static int log_sync(sqlite3_file *f, int flags)
{
    struct log_file *l = log_of(f);
    int rc = flush(l);

    return rc != SQLITE_OK ? rc : l->real->pMethods->xSync(l->real, flags);
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct log_file *l = log_of(f);
    int rc = flush(l);

    return rc != SQLITE_OK ? rc : l->real->pMethods->xFileSize(l->real, size);
}

/* A log is never locked; what else is asked goes through. */
static int log_lock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xLock(log_of(f)->real, level);
}

static int log_unlock(sqlite3_file *f, int level)
{
    return log_of(f)->real->pMethods->xUnlock(log_of(f)->real, level);
}

static int log_reserved(sqlite3_file *f, int *out)
{
    return log_of(f)->real->pMethods->xCheckReservedLock(log_of(f)->real, out);
}

static int log_control(sqlite3_file *f, int op, void *arg)
{
    return log_of(f)->real->pMethods->xFileControl(log_of(f)->real, op, arg);
}

static int log_sector(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xSectorSize(log_of(f)->real);
}

static int log_traits(sqlite3_file *f)
{
    return log_of(f)->real->pMethods->xDeviceCharacteristics(log_of(f)->real);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_reserved,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

/* Everything but the log is the system's own file. */
static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                    int flags, int *out)
{
    struct log_file *l = log_of(f);
    int rc;

    if (!(flags & SQLITE_OPEN_WAL))
        return system_vfs->xOpen(system_vfs, name, f, flags, out);
    (void)vfs;
    *l = (struct log_file){.real = (sqlite3_file *)(l + 1)};
    rc = system_vfs->xOpen(system_vfs, name, l->real, flags, out);
    if (l->real->pMethods)
        l->base.pMethods = &log_methods;
    return rc;
}

static sqlite3_vfs gather;

static void vfs_register(void)
{
    /* Every allocation would take a lock of all threads, to be counted.  Too
     * late only where somebody else has used SQLite before, in a test. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    system_vfs = sqlite3_vfs_find(NULL);
    gather = *system_vfs;
    gather.zName = "pocketca";
    gather.pNext = NULL;
    gather.szOsFile += (int)sizeof(struct log_file);
    gather.xOpen = vfs_open;
    if (sqlite3_vfs_register(&gather, 0) != SQLITE_OK)
        abort();
}

const char *sq_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, vfs_register);
    return gather.zName;
}
