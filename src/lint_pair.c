/* SPDX-License-Identifier: ISC */
/* A certificate and the one above it (RFC 5280 section 6.1). */
#include <string.h>

#include "lint_part.h"

static bool issuer_name(LINT_ARGS)
{
    return c->issuer_len != issuer->subject_len ||
           memcmp(c->issuer, issuer->subject, c->issuer_len) != 0;
}

static bool issuer_no_ca(LINT_ARGS)
{
    return issuer != c && !issuer->ca;
}

static bool issuer_usage(LINT_ARGS)
{
    return issuer != c && lint_has(issuer, EXT_KEY_USAGE) &&
           !(issuer->ku & KU_CERT_SIGN);
}

static bool aki_ski(LINT_ARGS)
{
    return c->aki && issuer->ski &&
           (c->aki_len != issuer->ski_len ||
            memcmp(c->aki, issuer->ski, c->aki_len) != 0);
}

static bool outlives(LINT_ARGS)
{
    return c->not_after > issuer->not_after;
}

static bool predates(LINT_ARGS)
{
    return c->not_before < issuer->not_before;
}

static bool path_len_zero(LINT_ARGS)
{
    return issuer != c && issuer->path_len == 0;
}

static bool path_len_grows(LINT_ARGS)
{
    return issuer != c && issuer->path_len > 0 &&
           (c->path_len < 0 || c->path_len >= issuer->path_len);
}

/* pathLenConstraint counts what is between, but for what an authority issued
 * to itself (RFC 5280 section 4.2.1.9).  The issuer's is judged above. */
static bool path_len_exceeded(LINT_ARGS)
{
    const struct cert *below = issuer;
    int between = c->ca;

    if (issuer == c)
        return false;
    for (const struct cert *at = issuer->above; at; at = at->above) {
        between += !cert_self_signed(below);
        if (at->path_len >= 0 && at->path_len < between)
            return true;
        below = at;
    }
    return false;
}

static bool constraints_broken(LINT_ARGS)
{
    for (const struct cert *at = issuer; at; at = at->above)
        if (constraints_refuse(at, c))
            return true;
    return false;
}

/* What everybody but RFC 5280 does: the purposes of those above bind. */
static bool eku_wider(LINT_ARGS)
{
    for (const struct cert *at = issuer; at && at != c; at = at->above)
        if (!cert_eku_within(c, at))
            return true;
    return false;
}

static bool signature_of_other_key(LINT_ARGS)
{
    return sig_alg_key(c->sig.alg) != issuer->key.type;
}

/* Not of what is still to be signed. */
static bool signature_wrong(LINT_ARGS)
{
    AUTO(errs) struct errs e = {0};
    AUTO(key_verifier) struct key_verifier *v = NULL;

    if (!c->sig.value || signature_of_other_key(c, issuer, l))
        return false;
    v = key_verifier_new();
    return cert_verify(c, &issuer->key, v, &e) != 0 &&
           e.v[0].code == ERR_BAD_SIGNATURE;
}

static const struct lint rows[] = {
    {"issuer_name", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.3",
     "the issuer is not the subject of the issuer's certificate", issuer_name,
     NULL},
    {"issuer_no_ca", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.4",
     "the issuer is no authority", issuer_no_ca, NULL},
    {"issuer_usage", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.4",
     "the issuer's key may not sign certificates", issuer_usage, NULL},
    {"aki_ski", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 4.2.1.1",
     "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier", aki_ski,
     NULL},
    {"outlives_issuer", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.3",
     "the validity ends after the issuer's", outlives, NULL},
    {"predates_issuer", LINT_WARNING, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.3",
     "the validity begins before the issuer's", predates, NULL},
    {"path_len_zero", LINT_ERROR, LINT_CA | LINT_PAIR, "RFC 5280 4.2.1.9",
     "the issuer may have no authority below it", path_len_zero, NULL},
    {"path_len_grows", LINT_WARNING, LINT_CA | LINT_PAIR, "house rule",
     "pathLenConstraint is not below the issuer's", path_len_grows, NULL},
    {"path_len_exceeded", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 4.2.1.9",
     "an authority above the issuer has more authorities below it than its "
     "pathLenConstraint allows",
     path_len_exceeded, NULL},
    {"name_constraints", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 4.2.1.10",
     "a name is outside the name constraints of the issuer, or of one above it",
     constraints_broken, NULL},
    {"eku_wider", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 4.2.1.12",
     "extKeyUsage has a purpose that the issuer's, or that of one above it, "
     "has not",
     eku_wider, NULL},
    {"signature_of_other_key", LINT_ERROR, LINT_ANY | LINT_PAIR,
     "RFC 5280 4.1.1.2", "the signature algorithm is not the issuer key's",
     signature_of_other_key, NULL},
    {"signature_wrong", LINT_ERROR, LINT_ANY | LINT_PAIR, "RFC 5280 6.1.3",
     "the signature is not of the issuer's key", signature_wrong, NULL},
};
LINT_TABLE(lint_pair, rows);
