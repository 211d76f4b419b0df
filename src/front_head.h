/* SPDX-License-Identifier: ISC */
/*
 * The head of a request, judged before anything is done with it: what would
 * let two readers of the same octets see two different requests is refused.
 * Pure functions.
 */
#ifndef POCKETCA_FRONT_HEAD_H
#define POCKETCA_FRONT_HEAD_H

#include "err.h"
#include "mem.h"

enum { HEAD_FIELDS_MAX = 128, HEAD_ID_MAX = 64 };

struct head_field {
    const char *name;
    char *value; /* as it was read; head_check() cuts the blanks behind it */
    size_t name_len, value_len;
    size_t blanks; /* before the value, as read; 0: not known */
};

struct req_head {
    /* given */
    const char *method, *version, *url; /* url raw, as it came */
    size_t n;
    bool too_many;
    size_t size; /* octets of the head, as read; 0: not known */
    /* found; pointers into what was given */
    const char *path; /* behind an authority, with the query */
    const char *authorization, *request_id, *expect;
    bool has_length, chunked;
    uint64_t length;
    struct head_field v[HEAD_FIELDS_MAX]; /* given, n of them */
};

/* Cuts the blanks behind each value, which are no part of it (RFC 9112 section
 * 5.1), where they stand.  -1 with ERR_BAD_REQUEST; then the connection is to
 * be closed, since where this request ends is not sure. */
int head_check(struct req_head *h, struct errs *e);
/* The bearer's text in the value of Authorization, or NULL when it is of
 * another scheme. */
const char *head_bearer(const char *authorization);
/* 1 to 64 of [A-Za-z0-9._-] */
bool head_id_ok(const char *id);
/* The %-coded text decoded; NULL when a % is broken or makes a NUL.  The caller
 * frees. */
char *head_decode(const char *s, size_t len);

#endif
