/* SPDX-License-Identifier: ISC */
/* Who is asking comes before what is wrong with the request. */
#include "front_core.h"

#include "front_handle.h"

void front_ask_who(struct req *r, front_fn *fn)
{
    /* A repeat may come from a token that is used up; what it repeats, the
     * signer finds out. */
    const struct msg_what what = {
        .may = r->route->who,
        .repeats = front_head(r, "Idempotency-Key") != NULL,
    };

    msg_what_put(front_begin(r, MSG_WHO), &what);
    front_ask(r, fn);
}

bool front_known(const struct req *r)
{
    return r->core->known;
}

static void refuse(struct req *r)
{
    front_problem(r, &r->core->held);
}

/* What is about the caller, or about the service, nobody else can answer. */
static bool about_request(enum err code)
{
    const int status = err_status(code);

    return status >= 400 && status < 500 && status != 401 && status != 403 &&
           status != 429;
}

bool who_first(struct req *r, struct errs *e)
{
    if (!r->route || !r->route->who || r->core->known ||
        r->caller.evidence == EV_NONE || !about_request(errs_first(e)->code))
        return false;
    errs_move(&r->core->held, e);
    front_ask_who(r, refuse);
    return true;
}
