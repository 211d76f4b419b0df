/* SPDX-License-Identifier: ISC */
/*
 * Arguments of the query and of form bodies (application/x-www-form-
 * urlencoded), and the header values that choose among representations: pure
 * functions over text.
 */
#ifndef POCKETCA_FRONT_ARGS_H
#define POCKETCA_FRONT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct front_arg {
    char *key, *value; /* decoded, UTF-8, without control characters */
};
struct front_args {
    struct front_arg *v;
    size_t n;
};
void front_args_free(struct front_args *a);
AUTO_VALUE(front_args, struct front_args, front_args_free)

/* key=value&key=value, octets as they came; nothing at all is no argument.
 * ERR_BAD_ARGUMENT for what has no "=", comes twice, is wrongly encoded, is no
 * UTF-8 or has control characters; the reason never quotes a value, which may
 * be a secret in the wrong place. *out, which was empty, is empty after -1. */
int front_args_parse(struct front_args *out, const char *text, size_t len,
                     struct errs *e);
/* NULL when it is not there. */
const char *front_args_get(const struct front_args *a, const char *key);
/* *out: 1 for "true", 0 for "false", as it was when there is no such argument;
 * -1 with an ERR_BAD_ARGUMENT for all else. */
int front_args_bool(const struct front_args *a, const char *key, int *out,
                    struct errs *e);
/* Every argument is one of the names, a list that ends with NULL; else -1 with
 * an ERR_BAD_ARGUMENT for each. */
int front_args_only(const struct front_args *a, const char *const *names,
                    struct errs *e);

/* ---- front_accept.c: header values ---- */

/* Lower-case "type/subtype" of a Content-Type, without parameters; false when
 * it does not fit or is none.  NULL and "" are "". */
enum { MEDIA_SIZE = 80 };
bool media_type_read(char out[MEDIA_SIZE], const char *value);
/* The index of the type that Accept likes best (RFC 9110 section 12.5.1; of
 * several fields the values joined by commas), the first of equals; -1: none.
 * NULL likes everything. */
int accept_choose(const char *accept, const char *const *types, size_t n);
/* True when If-None-Match names this entity tag (given with its quotes), by
 * the weak comparison of RFC 9110 section 8.8.3.2, or is "*". */
bool etag_match(const char *header, const char *etag);

#endif
