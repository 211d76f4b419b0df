/* SPDX-License-Identifier: ISC */
/*
 * Patterns of names, with one meaning everywhere: profiles, tokens, --allow,
 * search.
 *
 *   dns:a.b      that name                 ip:10.0.0.0/8    a network
 *   dns:*.b      one label more than b     ip:10.0.0.1      that address
 *   dns:**.b     one label or more         email:x@b        that mailbox
 *   dns:**       every DNS name            email:*@b        mailboxes at b
 *   uri:s://h/a  that URI                  uri:s://h/a/ **  what is below
 *   cn:Jane Doe  that common name          cn:svc-*         all that begins so
 *   ip:** email:** uri:** cn:**            everything of the kind
 *
 * A wildcard name is judged as if its "*" were an ordinary label.
 */
#ifndef POCKETCA_PATTERN_H
#define POCKETCA_PATTERN_H

#include "name.h"

enum pattern_how {
    PATTERN_STOP = 0,
    PATTERN_EXACT,
    PATTERN_ONE,    /* dns only */
    PATTERN_SUFFIX, /* dns and email */
    PATTERN_PREFIX, /* uri and cn */
    PATTERN_NET,    /* ip only; one address has the full prefix */
    PATTERN_ALL,
    PATTERN__MAX
};

struct pattern {
    enum name_kind kind;
    enum pattern_how how;
    char *value;    /* normal; the part that is compared: "b" of *.b and *@b,
                       "s://h/a/" of a prefix, the address of a network; ""
                       for PATTERN_ALL */
    uint8_t ip[16]; /* PATTERN_NET, bits beyond the prefix zero */
    uint8_t ip_len, prefix;
};

struct patterns {
    struct pattern *v;
    size_t n;
};

/* With or without prefix, as for names.  -1 with one ERR_BAD_ARGUMENT that
 * quotes pattern and rule; *out is then untouched. */
int pattern_parse(struct pattern *out, const char *text, struct errs *e);
bool pattern_match(const struct pattern *p, const struct name *n);
/* How many names it matches, `enough` at most. */
unsigned pattern_size(const struct pattern *p, unsigned enough);
/* "dns:*.b"; the caller frees. */
char *pattern_text(const struct pattern *p);
/* True when every name that `inner` matches is matched by `outer`. */
bool pattern_within(const struct pattern *inner, const struct pattern *outer);
/* True when every name that p matches is matched by one of them. */
bool patterns_cover(const struct patterns *l, const struct pattern *p);
void pattern_copy(struct pattern *to, const struct pattern *from);
void pattern_free(struct pattern *p);
AUTO_VALUE(pattern, struct pattern, pattern_free)
void patterns_add(struct patterns *l, struct pattern *p); /* takes it */
bool patterns_match(const struct patterns *l, const struct name *n);
/* True when some pattern is of the kind (name-type-not-allowed else). */
bool patterns_has_kind(const struct patterns *l, enum name_kind k);
/* "dns:*.b, ip:10.0.0.0/8", for error texts; the caller frees. */
char *patterns_text(const struct patterns *l);
void patterns_free(struct patterns *l);
AUTO_VALUE(patterns, struct patterns, patterns_free)

#endif
