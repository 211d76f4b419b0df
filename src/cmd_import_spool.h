/* SPDX-License-Identifier: ISC */
/* What `pocketca import` read and has not sent yet, on disk. */
#ifndef POCKETCA_CMD_IMPORT_SPOOL_H
#define POCKETCA_CMD_IMPORT_SPOOL_H

#include <stdio.h>

#include "buf.h"
#include "msg.h"

/* Whatever the order, what is revoked comes out first, so that no certificate
 * is good for a moment, or for ever when the import breaks off; of that, what
 * is for keyCompromise, so that nothing of it is raised to that later.  Then
 * the certificates; then what an index names, which is about what is there by
 * then. */
struct spool {
    FILE *files[4];
};

/* -1 with errno set; spool_close() then as well. */
int spool_open(struct spool *s);
void spool_close(struct spool *s);
/* An item and where it is from; -1 with errno set. */
int spool_put(struct spool *s, const char *source,
              const struct msg_import_item *m);
/* From now on it is read; -1 with errno set when not all of it is there. */
int spool_rewind(struct spool *s);
/* 1 with the next one, a str and the item; 0 at the end; -1 with errno set. */
int spool_next(struct spool *s, struct buf *item);

#endif
