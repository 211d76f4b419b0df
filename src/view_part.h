/* SPDX-License-Identifier: ISC */
/* What the files of view share. */
#ifndef POCKETCA_VIEW_PART_H
#define POCKETCA_VIEW_PART_H

#include "view.h"

/* What the DER says; empty when it cannot be read. */
void view_cert(struct cert *out, const struct buf *der);
enum query_status view_status(const struct record *r, const struct cert *c,
                              int64_t now);
/* Sets a member, appends a value; that there is none is a fault of ours. */
void view_set(json_t *o, const char *key, json_t *value);
void view_append(json_t *a, json_t *value);
/* null for NULL. */
json_t *view_text(const char *s);
/* Members of a certificate: subject, names, not_before, not_after, key. */
void view_contents(json_t *o, const struct cert *c);
/* The reasons, each {"code", "detail", "name"}. */
json_t *view_errors(const struct errs *e);

#endif
