/* SPDX-License-Identifier: ISC */
#include "signer.h"

#include "cert.h"

static bool on;

void signer_log_on(void)
{
    on = true;
}

void signer_log(enum log_level level, const char *event, const struct who *w,
                const char *about, const struct errs *e, bool repeated)
{
    const struct err_item *first = errs_first(e);
    struct log_line l;

    if (!on)
        return;
    log_begin(&l, level, event);
    log_str(&l, "id", w->request_id);
    if (w->requester.type != WHO_STOP)
        log_fmt(&l, "who", "%s:%s", who_type_text(w->requester.type),
                w->requester.id ? w->requester.id : "");
    log_str(&l, "label", w->requester.label);
    log_str(&l, "about", about);
    log_str(&l, "result",
            first      ? err_code(first->code)
            : repeated ? "repeated"
                       : "ok");
    if (first)
        log_str(&l, "detail", first->detail);
    if (w->began_us)
        log_int(&l, "us", tm_mono_us() - w->began_us);
    log_end(&l);
}
