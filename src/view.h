/* SPDX-License-Identifier: ISC */
/* How records are shown: the JSON objects and CSV lines of the interface, the
 * same over HTTP and on the command line. */
#ifndef POCKETCA_VIEW_H
#define POCKETCA_VIEW_H

#include <jansson.h>

#include "msg.h"

/* The certificate object; authorities NULL: without pem and chain_pem. */
json_t *view_record(const struct record *r, int64_t now,
                    const struct authority_infos *authorities);
/* Adds also_revoked to a certificate object. */
void view_also_revoked(json_t *object, const struct serial *v, size_t n);
json_t *view_token(const struct token *t);
json_t *view_authority(const struct authority_info *a);
/* What a profile allows, narrowed by limits (NULL: none). */
json_t *view_profile(const struct profile *p, const struct limits *l);
/* problem+json (RFC 9457). */
json_t *view_problem(const struct errs *e);
/* RFC 4180, cells that begin with = + - @ quoted against spreadsheets. */
void view_csv_header(struct buf *b);
void view_csv_record(struct buf *b, const struct record *r, int64_t now);

/* JSON to structs, for token requests and issue bodies. */
/* Strict: duplicate members, trailing data, BOM, over `depth` refused with
 * ERR_BAD_JSON.  The caller decrefs. */
json_t *view_parse(const void *text, size_t len, struct errs *e);

#endif
