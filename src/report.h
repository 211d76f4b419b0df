/* SPDX-License-Identifier: ISC */
/*
 * What each rule said of a request, line by line: for `pocketca explain`.  Who
 * judges adds its reasons to a struct errs, as ever, and then tells the report
 * of the rule; with NULL for a report nothing is told, and nothing costs.
 */
#ifndef POCKETCA_REPORT_H
#define POCKETCA_REPORT_H

#include "err.h"
#include "mem.h"

enum report_result { REPORT_ALLOW = 0, REPORT_DENY, REPORT_NOTE, REPORT__MAX };

struct report_line {
    enum report_result result;
    enum err code; /* of a denial, else ERR_NONE */
    char *rule;    /* "names", "deny", "keys": as in the configuration */
    char *about;   /* the name, key, extension ...; or NULL */
    char *detail;
    bool named; /* the reason is about a name, which `about` is */
};
struct report {
    struct report_line *v;
    size_t n;
};
void report_free(struct report *r);
AUTO_VALUE(report, struct report, report_free)

/* "allow", "deny", "note" */
const char *report_result_text(enum report_result r);

/* The rule has judged `about` (NULL: nothing in particular).  Each reason that
 * e has beyond the first `had` is a denial; without one the sentence says why
 * it is allowed.  Foreign octets are escaped. */
void report_rule(struct report *r, const char *rule, const char *about,
                 const struct errs *e, size_t had, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* Worth knowing, and no reason for or against. */
void report_note(struct report *r, const char *rule, const char *about,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same of each sentence, about nothing in particular. */
void report_notes(struct report *r, const char *rule, const struct strs *l);
/* True when a name is denied: "dns:a.b". */
bool report_denies(const struct report *r, const char *name);
/* The denials alone, as reasons. */
void report_errs(const struct report *r, struct errs *out);

/* On the wire between processes: n lines from the first. */
void report_put(struct buf *b, const struct report *r, size_t first, size_t n);
/* Adds them. */
void report_get(struct rd *rd, struct report *r);

#endif
