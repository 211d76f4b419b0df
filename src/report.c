/* SPDX-License-Identifier: ISC */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const results[REPORT__MAX] = {
    [REPORT_ALLOW] = "allow",
    [REPORT_DENY] = "deny",
    [REPORT_NOTE] = "note",
};

void report_free(struct report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].rule);
        free(r->v[i].about);
        free(r->v[i].detail);
    }
    free(r->v);
    *r = (struct report){0};
}

const char *report_result_text(enum report_result r)
{
    return results[r];
}

static struct report_line *add(struct report *r, enum report_result result,
                               enum err code, const char *rule,
                               const char *about, const char *detail)
{
    r->v = xreallocarray(r->v, r->n + 1, sizeof(*r->v));
    r->v[r->n++] = (struct report_line){
        .result = result,
        .code = code,
        .rule = xstrdup(rule),
        .about = about ? err_escape(about) : NULL,
        .detail = err_escape(detail),
    };
    return &r->v[r->n - 1];
}

void report_rule(struct report *r, const char *rule, const char *about,
                 const struct errs *e, size_t had, const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    if (!r)
        return;
    for (size_t i = had; i < e->n; i++) {
        const char *name = e->v[i].name;

        add(r, REPORT_DENY, e->v[i].code, rule, name ? name : about,
            e->v[i].detail)
            ->named = name != NULL;
    }
    /* Reasons beyond so many are dropped: none is no permission then. */
    if (e->n > had || errs_full(e))
        return;
    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    add(r, REPORT_ALLOW, ERR_NONE, rule, about, text);
}

void report_note(struct report *r, const char *rule, const char *about,
                 const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    if (!r)
        return;
    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    add(r, REPORT_NOTE, ERR_NONE, rule, about, text);
}

void report_notes(struct report *r, const char *rule, const struct strs *l)
{
    for (size_t i = 0; i < l->n; i++)
        report_note(r, rule, NULL, "%s", l->v[i]);
}

bool report_denies(const struct report *r, const char *name)
{
    AUTO(free) char *shown = err_escape(name);

    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].named && strcmp(r->v[i].about, shown) == 0)
            return true;
    return false;
}

void report_errs(const struct report *r, struct errs *out)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].result == REPORT_DENY && r->v[i].named)
            err_add_name(out, r->v[i].code, r->v[i].about, "%s",
                         r->v[i].detail);
        else if (r->v[i].result == REPORT_DENY)
            err_add(out, r->v[i].code, "%s", r->v[i].detail);
}

void report_put(struct buf *b, const struct report *r, size_t first, size_t n)
{
    buf_u32(b, (uint32_t)n);
    for (size_t i = first; i < first + n; i++) {
        buf_u8(b, (uint8_t)r->v[i].result);
        buf_u16(b, (uint16_t)r->v[i].code);
        buf_str(b, r->v[i].rule);
        buf_str(b, r->v[i].about);
        buf_str(b, r->v[i].detail);
        buf_u8(b, r->v[i].named);
    }
}

void report_get(struct rd *rd, struct report *r)
{
    uint32_t n = rd_u32(rd);

    for (uint32_t i = 0; i < n && !rd->failed; i++) {
        const uint8_t result = rd_u8(rd);
        const uint16_t code = rd_u16(rd);
        AUTO(free) char *rule = rd_str(rd);
        AUTO(free) char *about = rd_str_null(rd);
        AUTO(free) char *detail = rd_str(rd);
        const uint8_t named = rd_u8(rd);

        if (result >= REPORT__MAX || code >= ERR__MAX ||
            (result == REPORT_DENY) != (code != ERR_NONE) ||
            named > (result == REPORT_DENY && about))
            rd->failed = true;
        if (!rd->failed)
            add(r, (enum report_result)result, (enum err)code, rule, about,
                detail)
                ->named = named;
    }
}
