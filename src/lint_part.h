/* SPDX-License-Identifier: ISC */
/* The tables of lint_*.c, for lint.c, and what they share. */
#ifndef POCKETCA_LINT_PART_H
#define POCKETCA_LINT_PART_H

#include "lint.h"
#include "mem.h"

struct lint_table {
    const struct lint *v;
    size_t n;
};
#define LINT_TABLE(name, rows)                                                 \
    const struct lint_table name = {rows, COUNT(rows)}

extern const struct lint_table lint_body, lint_subject, lint_san, lint_usage,
    lint_ids, lint_points, lint_policy, lint_constraints, lint_pair;

/* The parameters of every lint function; few need them all. */
#define LINT_ARGS                                                              \
    __attribute__((unused)) const struct cert *c,                              \
        __attribute__((unused)) const struct cert *issuer,                     \
        __attribute__((unused)) const struct lint *l

static inline bool lint_has(const struct cert *c, enum cert_ext_id id)
{
    return c->ext[id].value != NULL;
}
/* The contents of an extension that is there. */
static inline struct der lint_ext(const struct cert *c, enum cert_ext_id id)
{
    return der_of(c->ext[id].value, c->ext[id].len);
}

/* One attribute of a Name at a time. */
struct lint_rdns {
    struct der rdns, set;
    bool begins; /* the last one was the first of its set */
};
struct lint_rdns lint_name(const uint8_t *name, size_t len);
bool lint_attribute(struct lint_rdns *at, struct der_tlv *oid,
                    struct der_tlv *value);

/* True when a name that the certificate has is outside what its issuer's
 * name constraints allow (RFC 5280 section 4.2.1.10). */
bool constraints_refuse(const struct cert *issuer, const struct cert *c);

#endif
