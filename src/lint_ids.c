/* SPDX-License-Identifier: ISC */
/* Key identifiers (RFC 5280 sections 4.2.1.1 and 4.2.1.2). */
#include "lint_part.h"

static bool no_ski(LINT_ARGS)
{
    return !c->ski;
}

static bool ski_critical(LINT_ARGS)
{
    return c->ext[EXT_SKI].critical;
}

static bool aki_missing(LINT_ARGS)
{
    return !lint_has(c, EXT_AKI);
}

static bool aki_without_key(LINT_ARGS)
{
    return lint_has(c, EXT_AKI) && !c->aki;
}

static bool aki_critical(LINT_ARGS)
{
    return c->ext[EXT_AKI].critical;
}

/* Issuer and serial number come together or not at all. */
static bool aki_half(LINT_ARGS)
{
    struct der value = lint_ext(c, EXT_AKI), seq;
    struct der_tlv t;
    unsigned seen = 0;

    if (!lint_has(c, EXT_AKI) || der_enter(&value, DER_SEQUENCE, &seq))
        return false;
    while (!der_end(&seq) && der_next(&seq, &t) == 0)
        seen |= t.tag == DER_CTX_CONS(1) ? 1U : t.tag == DER_CTX(2) ? 2U : 0;
    return seen == 1 || seen == 2;
}

static const struct lint rows[] = {
    {"ca_ski_missing", LINT_ERROR, LINT_CA, "RFC 5280 4.2.1.2",
     "an authority has no subjectKeyIdentifier", no_ski, NULL},
    {"ski_missing", LINT_WARNING, LINT_LEAF, "RFC 5280 4.2.1.2",
     "there is no subjectKeyIdentifier", no_ski, NULL},
    {"ski_critical", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.2",
     "subjectKeyIdentifier is critical", ski_critical, NULL},
    {"aki_missing", LINT_ERROR, LINT_ANY | LINT_NOT_SELF, "RFC 5280 4.2.1.1",
     "there is no authorityKeyIdentifier", aki_missing, NULL},
    {"aki_without_key", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.1",
     "authorityKeyIdentifier has no keyIdentifier", aki_without_key, NULL},
    {"aki_critical", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.1",
     "authorityKeyIdentifier is critical", aki_critical, NULL},
    {"aki_half", LINT_ERROR, LINT_ANY, "RFC 5280 4.2.1.1",
     "authorityKeyIdentifier has an issuer without a serial number, or the "
     "reverse",
     aki_half, NULL},
};
LINT_TABLE(lint_ids, rows);
