/* SPDX-License-Identifier: ISC */
/*
 * Lints: one rule of a standard each, judged on a certificate as it was read.
 * What they are is in the tables of lint_*.c; what the reader itself refuses
 * counts as lints too (CERT_FAULT_TABLE in cert.h).
 */
#ifndef POCKETCA_LINT_H
#define POCKETCA_LINT_H

#include "cert.h"

enum lint_severity { LINT_WARNING = 0, LINT_ERROR };

/* Which certificates a lint is about. */
enum lint_about {
    LINT_LEAF = 1 << 0,
    LINT_CA = 1 << 1,
    LINT_ANY = LINT_LEAF | LINT_CA,
    LINT_SELF = 1 << 2,     /* self-signed ones only */
    LINT_NOT_SELF = 1 << 3, /* all but these */
    LINT_PAIR = 1 << 4,     /* where the issuer's certificate is at hand */
};

struct lint {
    const char *name; /* stable: "validity_order" */
    enum lint_severity severity;
    unsigned about;       /* enum lint_about */
    const char *citation; /* "RFC 5280 4.1.2.5", or "house rule" */
    const char *text;     /* the finding, a sentence without its full stop */
    /* True when the certificate breaks the rule.  issuer is NULL but for
     * LINT_PAIR. */
    bool (*broken)(const struct cert *c, const struct cert *issuer,
                   const struct lint *l);
    const void *arg; /* what one function needs for several rules */
};

/* Every finding of one certificate; zero-initialised is none. */
enum { LINT_FINDINGS_MAX = 256 };
struct lint_findings {
    const struct lint *v[LINT_FINDINGS_MAX];
    size_t n, errors;
};

/* Runs all that apply.  issuer: its certificate, or NULL; a self-signed
 * certificate is its own.  Those above it count as far as `above` goes. */
void lint_run(const struct cert *c, const struct cert *issuer,
              struct lint_findings *out);
/* Reads and runs; what cannot be read has one finding, and then reason (owned
 * by the caller) is what the reader said; else NULL. */
void lint_der(const uint8_t *der, size_t len, const struct cert *issuer,
              struct lint_findings *out, char **reason);
/* "error" or "warning" */
const char *lint_severity_text(enum lint_severity s);
/* "validity_order: the sentence (RFC …)"; the caller frees. */
char *lint_text(const struct lint *l);
/* The n-th of all, the reader's among them; NULL behind the last. */
const struct lint *lint_at(size_t n);

#endif
