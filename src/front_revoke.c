/* SPDX-License-Identifier: ISC */
/* Revocation. */
#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "front_handle.h"
#include "log.h"
#include "tm.h"
#include "view.h"

struct terms {
    const char *reason;
    int renewals; /* -1: not given */
};

static int read_json(const struct req *r, json_t **json, struct terms *t,
                     struct errs *e)
{
    static const struct view_member members[] = {
        {"reason", VIEW_TEXT, offsetof(struct terms, reason)},
        {"renewals", VIEW_BOOL, offsetof(struct terms, renewals)},
    };

    *json = view_parse(r->body.data, r->body.len, e);
    return *json ? view_read(*json, members, 2, t, e) : -1;
}

static int read_form(const struct req *r, struct front_args *form,
                     struct terms *t, struct errs *e)
{
    static const char *const names[] = {"reason", "renewals", NULL};

    if (front_args_parse(form, (const char *)r->body.data, r->body.len, e) !=
            0 ||
        front_args_only(form, names, e) != 0)
        return -1;
    t->reason = front_args_get(form, "reason");
    return front_args_bool(form, "renewals", &t->renewals, e);
}

int front_reason(const char *text, int *out, struct errs *e)
{
    *out = text ? crl_reason_parse(text) : -1;
    if (!text || *out >= 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "reason=%.64s: one of unspecified, keyCompromise, "
                   "affiliationChanged, superseded, cessationOfOperation, "
                   "privilegeWithdrawn is wanted",
                   text);
}

/* The first frame's record is everyone's; the serials are in all of them. */
static void revoked(struct req *r)
{
    AUTO(msg_revoked) struct msg_revoked m = {0};

    for (size_t i = 0; i < r->answers.n; i++) {
        struct rd *body = &r->answers.v[i].body;

        if (r->answers.v[i].type != MSG_REVOKED)
            log_fatal("signer", "%s where REVOKED belongs",
                      msg_name(r->answers.v[i].type));
        msg_revoked_get(body, &m);
        front_answer_done(r, body);
    }
    front_reply_json(r, 200,
                     view_revoked(&m, tm_now(), &r->front->hello.authorities));
}

/* Ends the request's step either way. */
static void judge(struct req *r, const struct serial *s, bool json)
{
    AUTO(errs) struct errs e = {0};
    AUTO(json) json_t *object = NULL;
    AUTO(front_args) struct front_args form = {0};
    struct terms t = {.renewals = -1};
    struct msg_revoke m = {.serial = *s};

    if ((json ? read_json(r, &object, &t, &e) : read_form(r, &form, &t, &e)) !=
            0 ||
        front_reason(t.reason, &m.reason, &e) != 0) {
        front_problem(r, &e);
        return;
    }
    m.renewals = t.renewals;
    msg_revoke_put(front_begin(r, MSG_REVOKE), &m);
    front_ask(r, revoked);
}

void front_revoke(struct req *r)
{
    AUTO(free) char *ct = front_content_type(r);
    const bool json = strcmp(ct, TYPE_JSON) == 0;
    struct serial s;

    if (front_query_none(r) != 0 || front_serial(r, &s) != 0)
        return;
    if (r->body.len && !json && *ct &&
        strcmp(ct, "application/x-www-form-urlencoded") != 0) {
        front_refuse_type(r, ct,
                          "send a form, curl -d reason=superseded, or JSON");
        return;
    }
    judge(r, &s, json && r->body.len);
}
