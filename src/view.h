/* SPDX-License-Identifier: ISC */
/* How records are shown: the JSON objects and CSV lines of the interface, the
 * same over HTTP and on the command line; and how JSON is read. */
#ifndef POCKETCA_VIEW_H
#define POCKETCA_VIEW_H

#include <jansson.h>

#include "msg.h"
#include "revocations.h"

AUTO_DEFINE(json, json_t *, json_decref)

/* Every object returned is the caller's to json_decref(); none is NULL. */

/* The certificate object; authorities NULL: without pem and chain_pem. */
json_t *view_record(const struct record *r, int64_t now,
                    const struct authority_infos *authorities);
/* The same with also_revoked, and crl: "pending" where it is. */
json_t *view_revoked(const struct msg_revoked *m, int64_t now,
                     const struct authority_infos *authorities);
/* What many revocations came to, settled: with the serials of all that were
 * revoked; or, of a dry run, with the first certificates that match, objects
 * whose array is taken (NULL: no dry run). */
json_t *view_revocations(const struct revocations *l, json_t *first);
/* With `token` only when the secret is in it. */
json_t *view_token(const struct token *t);
json_t *view_authority(const struct authority_info *a);
/* What a profile allows, narrowed by limits (NULL: none). */
json_t *view_profile(const struct profile *p, const struct limits *l);
/* What would become of a request: would_issue, profile, authority, rules,
 * errors, certificate. */
json_t *view_explained(const struct msg_explained *m);
/* problem+json (RFC 9457); there is at least one reason. */
json_t *view_problem(const struct errs *e);
/* RFC 4180, cells that begin with = + - @ quoted against spreadsheets. */
void view_csv_header(struct buf *b);
void view_csv_record(struct buf *b, const struct record *r, int64_t now);
/* What view_problem(), view_record() and the others made, as text with a line
 * end; the object is let go. */
void view_print(struct buf *b, json_t *object);

/* Strict: one document of UTF-8, an object or array; duplicate members,
 * trailing data, BOM, NUL, over 8 levels and numbers that are no integers are
 * refused with ERR_BAD_JSON.  NULL then; else the caller decrefs. */
json_t *view_parse(const void *text, size_t len, struct errs *e);

/* What an object may have, and where in a struct it goes. */
enum view_kind {
    VIEW_STOP = 0,
    VIEW_TEXT,  /* const char *, borrowed from the object */
    VIEW_TEXTS, /* struct strs, emptied first: the caller frees */
    VIEW_BOOL,  /* int: 0 or 1 */
    VIEW_COUNT, /* uint64_t, 1 or more */
    VIEW__MAX
};
struct view_member {
    const char *name;
    enum view_kind kind;
    size_t at; /* offsetof() */
};
/* Fills the members that are there.  What is no object, unknown members and
 * wrong types are ERR_BAD_JSON, each with a reason; -1 then. */
int view_read(const json_t *object, const struct view_member *m, size_t n,
              void *out, struct errs *e);

#endif
