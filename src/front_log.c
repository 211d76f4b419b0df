/* SPDX-License-Identifier: ISC */
/* The line of the log that a request leaves. */
#include "front_core.h"

#include <string.h>

#include "log.h"

/* A token that stands where an id belongs is not the log's to keep. */
static void log_path(struct log_line *l, const char *path)
{
    const char *token = strstr(path, "pca_");

    if (token)
        log_fmt(l, "path", "%.*spca_", (int)(token - path), path);
    else
        log_str(l, "path", path);
}

/* What is asked in masses is of interest only when it goes wrong. */
static enum log_level level_of(const struct req *r, bool whole)
{
    const bool quiet =
        r->route && r->route->listeners & QUIET && whole && r->status < 400;

    return quiet ? LOG_DEBUG : LOG_INFO;
}

static void put(const struct req *r, int64_t us, bool whole,
                enum log_level level)
{
    static const char *const methods[METHOD__MAX] = {
        "-", [METHOD_GET] = "GET", [METHOD_POST] = "POST",
        [METHOD_DELETE] = "DELETE"};
    static const char *const shown[EV__MAX] = {"none", "token", "certificate"};
    struct log_line l; /* long, and cleared by the compiler */

    log_begin(&l, level, "request");
    log_str(&l, "id", r->caller.request_id);
    log_str(&l, "from", r->caller.address);
    log_str(&l, "shown", shown[r->caller.evidence]);
    log_str(&l, "method", r->head ? "HEAD" : methods[r->method]);
    log_path(&l, r->path);
    if (r->status)
        log_int(&l, "status", r->status);
    if (r->code)
        log_str(&l, "code", err_code(r->code));
    if (!whole)
        log_str(&l, "cut", "yes");
    log_int(&l, "us", us);
    log_end(&l);
}

void front_log(const struct req *r, int64_t us, bool whole)
{
    const enum log_level level = level_of(r, whole);

    if (log_wants(level))
        put(r, us, whole, level);
}
