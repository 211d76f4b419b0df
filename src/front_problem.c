/* SPDX-License-Identifier: ISC */
/* Refusals: problem+json (RFC 9457). */
#include "front_core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "front_attempts.h"
#include "front_handle.h"
#include "tm.h"
#include "view.h"

/* Seconds after which it is worth another try. */
static const int retry_after[ERR__MAX] = {
    [ERR_TOO_MANY_ATTEMPTS] = 1, [ERR_QUEUE_FULL] = 1,
    [ERR_STORAGE_FULL] = 30,     [ERR_STORAGE_ERROR] = 5,
    [ERR_CLOCK_SUSPECT] = 60,    [ERR_SIGNER_AWAY] = 1,
};

/* A wrong token too many is not told that it is wrong. */
static void judge_attempt(const struct req *r, struct errs *e)
{
    if (errs_first(e)->code != ERR_TOKEN_UNKNOWN ||
        attempt_noted(r->caller.address, tm_mono_us()))
        return;
    errs_free(e);
    err_add(e, ERR_TOO_MANY_ATTEMPTS,
            "%s showed over %d wrong tokens; now one in %d ms is judged",
            r->caller.address, ATTEMPTS_BURST, ATTEMPTS_EVERY_US / 1000);
}

void front_problem(struct req *r, struct errs *e)
{
    AUTO(buf) struct buf out = {0};
    enum err code;
    char seconds[16];

    if (who_first(r, e))
        return;
    judge_attempt(r, e);
    code = errs_first(e)->code;
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
