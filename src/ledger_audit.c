/* SPDX-License-Identifier: ISC */
/* The audit: from the first entry to the newest head, tile by tile. */
#include "ledger_audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tm.h"

enum { PROGRESS = 1 << 17 }; /* entries between two lines of progress */

void audit_finding(struct audit *a, uint64_t index, const char *fmt, ...)
{
    AUTO(errs) struct errs escaped = {0};
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    /* What is quoted comes from a file that somebody may have edited. */
    err_add(&escaped, ERR_BAD_ARGUMENT, "%s", text);
    a->say(a->arg, escaped.v[0].detail);
    if (!a->findings++ || index < a->first) {
        free(a->sentence);
        a->sentence = take_ptr(escaped.v[0].detail);
        a->first = index;
    }
}

int audit_store(struct audit *a, enum store_result r)
{
    if (r == STORE_OK || r == STORE_NONE)
        return 0;
    return err_add(a->e, ERR_STORAGE_ERROR, "the ledger cannot be read: %s",
                   store_conn_error(a->c));
}

/* One state of everything that has no chunks; kept short. */
static int snapshot(struct audit *a)
{
    int rc = audit_store(a, store_begin(a->c));

    if (rc != 0)
        return rc;
    rc = audit_tree_begin(a);
    if (rc == 0)
        rc = audit_state_begin(a);
    store_rollback(a->c);
    return rc;
}

static void chunk_reset(struct audit_chunk *k)
{
    for (unsigned i = 0; i < TILE_WIDTH; i++)
        entry_free(&k->v[i].e);
    memset(k, 0, sizeof(*k));
}

static void say_progress(struct audit *a, uint64_t done)
{
    AUTO(free) char *line = NULL;

    if (done == a->head.size || done % PROGRESS)
        return;
    line = xasprintf("%" PRIu64 " of %" PRIu64 " entries read", done,
                     a->head.size);
    a->say(a->arg, line);
}

static int walk(struct audit *a)
{
    for (uint64_t at = 0; at < a->head.size; at += a->chunk->n) {
        uint64_t left = a->head.size - at;

        chunk_reset(a->chunk);
        a->chunk->first = at;
        a->chunk->n = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
        if (audit_tree(a) != 0 || audit_certs(a) != 0 || audit_serials(a) != 0)
            return -1;
        audit_state(a);
        say_progress(a, at + a->chunk->n);
    }
    return 0;
}

static void say_result(struct audit *a)
{
    char when[TM_RFC3339_SIZE], root[2 * HASH_LEN + 1];
    AUTO(free) char *line = NULL;

    tm_rfc3339(when, a->head.time);
    hex_encode(root, a->head.root, HASH_LEN);
    line =
        xasprintf("%" PRIu64 " entries, %" PRIu64 " certificates and %" PRIu64
                  " tokens fit the head of %s: root %s",
                  a->head.size, a->certs, a->tokens, when, root);
    a->say(a->arg, line);
}

static int run(struct audit *a)
{
    if (snapshot(a) != 0 || audit_heads(a) != 0 || walk(a) != 0 ||
        audit_postings(a) != 0 || audit_state_end(a) != 0)
        return -1;
    if (!a->findings) {
        say_result(a);
        return 0;
    }
    return err_add(a->e, ERR_BAD_ARGUMENT,
                   "the ledger does not fit (%" PRIu64 " found), first: %s",
                   a->findings, a->sentence);
}

int ledger_audit(struct store_conn *reader, EVP_PKEY *key, ledger_say_fn *say,
                 void *arg, struct errs *e)
{
    struct audit a = {.c = reader, .key = key, .say = say, .arg = arg, .e = e};
    int rc;

    a.chunk = xcalloc(1, sizeof(*a.chunk));
    rc = run(&a);
    chunk_reset(a.chunk);
    audit_state_free(&a);
    free(a.chunk);
    free(a.heads);
    free(a.sentence);
    return rc;
}
