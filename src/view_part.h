/* SPDX-License-Identifier: ISC */
/* What the files of view share. */
#ifndef POCKETCA_VIEW_PART_H
#define POCKETCA_VIEW_PART_H

#include "view.h"

/* What the DER says; empty when it cannot be read. */
void view_cert(struct cert *out, const struct buf *der);
enum query_status view_status(const struct record *r, const struct cert *c,
                              int64_t now);

#endif
