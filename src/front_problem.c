/* SPDX-License-Identifier: ISC */
/* Refusals: problem+json (RFC 9457). */
#include "front_core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "front_handle.h"
#include "view.h"

/* Seconds after which it is worth another try. */
static const int retry_after[ERR__MAX] = {
    [ERR_TOO_MANY_ATTEMPTS] = 10, [ERR_QUEUE_FULL] = 1,
    [ERR_STORAGE_FULL] = 30,      [ERR_STORAGE_ERROR] = 5,
    [ERR_CLOCK_SUSPECT] = 60,     [ERR_SIGNER_AWAY] = 1,
};

void front_problem(struct req *r, struct errs *e)
{
    AUTO(buf) struct buf out = {0};
    enum err code = errs_first(e)->code;
    char seconds[16];

    if (who_first(r, e))
        return;
    r->code = code;
    /* RFC 6750 section 3: what went wrong, where a token was shown. */
    if (err_status(code) == 401)
        front_header(r, "WWW-Authenticate",
                     r->caller.evidence == EV_TOKEN
                         ? "Bearer error=\"invalid_token\""
                         : "Bearer");
    if (retry_after[code]) {
        snprintf(seconds, sizeof(seconds), "%d", retry_after[code]);
        front_header(r, "Retry-After", seconds);
    }
    view_print(&out, view_problem(e));
    errs_free(e);
    front_reply(r, err_status(code), "application/problem+json", &out);
}

void front_refuse(struct req *r, enum err code, const char *fmt, ...)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    err_add(&e, code, "%s", text);
    front_problem(r, &e);
}
