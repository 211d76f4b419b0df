/* SPDX-License-Identifier: ISC */
/* What a dry run would have imported by now, so that it counts as an import
 * does: the signer, which changes nothing, forgets from frame to frame. */
#ifndef POCKETCA_CMD_IMPORT_SEEN_H
#define POCKETCA_CMD_IMPORT_SEEN_H

#include "msg.h"

/* A hash table of serial numbers, 32 octets each; zero-initialised is empty. */
struct seen_row;
struct seen {
    struct seen_row *v;
    size_t n, size;
};
void seen_free(struct seen *s);
/* The outcome that the item would have, after all before it: `said` is what the
 * signer says of it alone.  *why: a sentence when it became IMPORT_REFUSED. */
enum import_outcome seen_outcome(struct seen *s,
                                 const struct msg_import_item *m,
                                 enum import_outcome said, const char **why);

#endif
