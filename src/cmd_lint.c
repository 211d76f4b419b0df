/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd.h"
#include "cmd_record.h"
#include "lint.h"

enum { ABOVE_MAX = 8 };

/* What all files share. */
struct run {
    struct blobs issuers; /* of --issuer */
    json_t *json;         /* an array, or NULL: lines */
    bool errors;
};

static bool read_at(const struct blobs *l, size_t i, struct cert *out)
{
    AUTO(errs) struct errs e = {0};

    return cert_parse_any(out, l->v[i].data, l->v[i].len, &e) == 0;
}

/* By its name, and with `sure` by its key identifier too. */
static bool find_named(const struct blobs *l, const struct cert *of, bool sure,
                       struct cert *out)
{
    for (size_t i = 0; i < l->n; i++) {
        if (read_at(l, i, out) &&
            (sure ? cert_may_issue(out, of)
                  : out->subject_len == of->issuer_len &&
                        memcmp(out->subject, of->issuer, of->issuer_len) == 0))
            return true;
        cert_free(out);
    }
    return false;
}

/* From --issuer or the file itself. */
static bool find_sure(const struct run *r, const struct blobs *l,
                      const struct cert *of, struct cert *out)
{
    return find_named(&r->issuers, of, true, out) ||
           find_named(l, of, true, out);
}

/* Or one that is of that name alone, or whatever --issuer is: the lints say
 * what does not fit. */
static bool find_issuer(const struct run *r, const struct blobs *l,
                        const struct cert *of, struct cert *out)
{
    return find_sure(r, l, of, out) ||
           find_named(&r->issuers, of, false, out) ||
           find_named(l, of, false, out) ||
           (r->issuers.n && read_at(&r->issuers, 0, out));
}

/* From its issuer up, each joined to the next; how many there are. */
static size_t find_above(const struct run *r, const struct blobs *l,
                         const struct cert *c, struct cert out[ABOVE_MAX])
{
    size_t n = 0;

    if (cert_self_signed(c) || !find_issuer(r, l, c, &out[0]))
        return 0;
    for (n = 1; n < ABOVE_MAX && !cert_self_signed(&out[n - 1]) &&
                find_sure(r, l, &out[n - 1], &out[n]);
         n++)
        out[n - 1].above = &out[n];
    return n;
}

static void show(struct run *r, const char *file, size_t n,
                 const struct lint *l, const char *reason)
{
    AUTO(free) char *line = lint_text(l);

    r->errors |= l->severity == LINT_ERROR;
    if (r->json)
        json_array_append_new(
            r->json, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "file", file,
                               "certificate", (json_int_t)n, "severity",
                               lint_severity_text(l->severity), "lint", l->name,
                               "citation", l->citation, "text",
                               reason ? reason : l->text));
    else if (reason)
        printf("%s:%zu: %s %s: %s (%s)\n", file, n,
               lint_severity_text(l->severity), l->name, reason, l->citation);
    else
        printf("%s:%zu: %s %s\n", file, n, lint_severity_text(l->severity),
               line);
}

static void judge(struct run *r, const char *file, const struct blobs *l,
                  size_t i)
{
    AUTO(cert) struct cert c = {0};
    struct cert above[ABOVE_MAX];
    AUTO(free) char *reason = NULL;
    struct lint_findings found = {0};
    size_t n = 0;

    if (read_at(l, i, &c))
        n = find_above(r, l, &c, above);
    lint_der(l->v[i].data, l->v[i].len, n ? above : NULL, &found, &reason);
    while (n > 0)
        cert_free(&above[--n]);
    for (size_t k = 0; k < found.n; k++)
        show(r, file, i + 1, found.v[k], k == 0 ? reason : NULL);
}

static int judge_files(struct run *r, int argc, char **argv, struct errs *e)
{
    for (int i = 0; i < argc; i++) {
        AUTO(blobs) struct blobs l = {0};

        if (cmd_read_certs(argv[i], &l, e) < 0)
            return -1;
        for (size_t k = 0; k < l.n; k++)
            judge(r, argv[i], &l, k);
    }
    return 0;
}

int cmd_lint(int argc, char **argv)
{
    const char *issuer = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"issuer", 'i', "FILE", "the issuer's certificate", &issuer, NULL},
        {"json", 'j', NULL, "the findings as an array", &json, NULL},
        {0}};
    AUTO(errs) struct errs e = {0};
    struct run r = {0};
    int code, rc;

    if (cmd_options(&argc, &argv, options, "lint FILE|- … [--issuer FILE]",
                    &code) < 0)
        return code;
    if (argc < 1)
        return cmd_usage("lint", "which certificates? (files, or - for stdin)");
    if (json)
        r.json = json_array();
    rc = issuer && cmd_read_certs(issuer, &r.issuers, &e) < 0
             ? -1
             : judge_files(&r, argc, argv, &e);
    if (rc == 0 && r.json)
        cmd_print_json(take_ptr(r.json));
    json_decref(r.json);
    blobs_free(&r.issuers);
    if (rc < 0)
        return cmd_fail(&e);
    return r.errors ? EXIT_REFUSED : EXIT_DONE;
}
