/* SPDX-License-Identifier: ISC */
/* Tokens. */
#include <stdlib.h>
#include <string.h>

#include "front_handle.h"
#include "log.h"
#include "tm.h"
#include "view.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

#define LIFETIME_DEFAULT (90 * TM_DAY)

static void read_token(struct rd *body, struct token *t)
{
    token_get(body, t);
    memset(t->secret_sha256, 0, sizeof(t->secret_sha256));
}

/* ---- making one ---- */

struct wish {
    const char *label, *lifetime;
    struct strs roles, profiles, names;
    int wildcards;
    uint64_t uses;
};

static void wish_free(struct wish *w)
{
    strs_free(&w->roles);
    strs_free(&w->profiles);
    strs_free(&w->names);
}

AUTO_VALUE(wish, struct wish, wish_free)

static int read_wish(const json_t *j, struct wish *w, struct errs *e)
{
#define AT(m) offsetof(struct wish, m)
    static const struct view_member members[] = {
        {"label", VIEW_TEXT, AT(label)},
        {"roles", VIEW_TEXTS, AT(roles)},
        {"profiles", VIEW_TEXTS, AT(profiles)},
        {"names", VIEW_TEXTS, AT(names)},
        {"wildcards", VIEW_BOOL, AT(wildcards)},
        {"uses", VIEW_COUNT, AT(uses)},
        {"lifetime", VIEW_TEXT, AT(lifetime)},
    };
#undef AT
    static const char *const lists[] = {"roles", "profiles", "names"};
    int rc = view_read(j, members, COUNT(members), w, e);

    if (rc == 0 && !w->label)
        rc = err_add(e, ERR_BAD_JSON, "label: it is missing");
    if (rc == 0 && !json_object_get(j, "roles"))
        rc = err_add(e, ERR_BAD_JSON, "roles: they are missing");
    /* No limit is a member left out; an empty list would read as nothing. */
    for (int i = 0; rc == 0 && i < 3; i++) {
        const json_t *list = json_object_get(j, lists[i]);

        if (list && json_array_size(list) == 0)
            rc =
                err_add(e, ERR_BAD_ARGUMENT, "%s: the list is empty", lists[i]);
    }
    return rc;
}

static int grant_roles(struct token *t, const struct strs *roles,
                       struct errs *e)
{
    int rc = 0;

    for (size_t i = 0; i < roles->n; i++) {
        unsigned one = role_parse(roles->v[i]);

        t->roles |= one;
        if (!one)
            rc = err_add(e, ERR_BAD_ARGUMENT,
                         "roles: %.64s is none of issue, revoke, read, "
                         "metrics, admin",
                         roles->v[i]);
    }
    return rc;
}

/* The default is not known before it is known who asks: -1 until then. */
static int grant_lifetime(struct token *t, const char *text, struct errs *e)
{
    int64_t span;

    t->not_after = text ? 0 : -1;
    if (!text || strcmp(text, "never") == 0)
        return 0;
    if (tm_parse_span(text, &span) != 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "lifetime \"%.64s\" is neither a span such as 90d or "
                       "12h nor \"never\"",
                       text);
    t->not_after = tm_now() + span;
    return 0;
}

/* What is a matter of policy the signer judges. */
static int grant(struct token *t, const struct wish *w, struct errs *e)
{
    int rc = grant_roles(t, &w->roles, e) | grant_lifetime(t, w->lifetime, e);

    t->id = xstrdup("");
    t->label = xstrdup(w->label);
    strs_copy(&t->profiles, &w->profiles);
    strs_copy(&t->names, &w->names);
    t->wildcards = w->wildcards;
    t->max_uses = w->uses;
    t->creator.type = WHO_TOKEN;
    t->creator.id = xstrdup("");
    return rc;
}

static void made(struct req *r)
{
    AUTO(token) struct token t = {0};
    struct rd *body = front_answer(r, MSG_TOKEN);

    read_token(body, &t);
    front_answer_done(r, body);
    front_header(r, "Cache-Control", "no-store");
    front_reply_json(r, 201, view_token(&t));
}

static void make(struct req *r)
{
    token_put(front_begin(r, MSG_TOKEN_MAKE), r->state);
    front_ask_checked(r, made);
}

/* Only what was asked for is granted or refused; the default is cut to the
 * maker's own end. */
static void make_default(struct req *r)
{
    AUTO(msg_who) struct msg_who who = {0};
    struct token *t = r->state;
    struct rd *body = front_answer(r, MSG_CALLER);

    msg_who_get(body, &who);
    front_answer_done(r, body);
    t->not_after = tm_now() + LIFETIME_DEFAULT;
    if (who.token.not_after && t->not_after > who.token.not_after)
        t->not_after = who.token.not_after;
    make(r);
}

static void state_free(void *state)
{
    token_free(state);
    free(state);
}

/* -1 when the request is answered. */
static int read_body(struct req *r, struct token *t)
{
    AUTO(errs) struct errs e = {0};
    AUTO(json) json_t *j = view_parse(r->body.data, r->body.len, &e);
    AUTO(wish) struct wish w = {0};

    if (j && read_wish(j, &w, &e) == 0 && grant(t, &w, &e) == 0)
        return 0;
    front_problem(r, &e);
    return -1;
}

void front_token_make(struct req *r)
{
    AUTO(free) char *ct = front_content_type(r);
    struct token *t = xcalloc(1, sizeof(*t));

    r->state = t;
    r->state_free = state_free;
    if (front_query_none(r) != 0)
        return;
    if (strcmp(ct, TYPE_JSON) != 0) {
        front_refuse_type(r, ct,
                          "send JSON: curl -H 'Content-Type: "
                          "application/json' -d '{\"label\": \"ci\", "
                          "\"roles\": [\"issue\"]}'");
        return;
    }
    if (read_body(r, t) != 0)
        return;
    if (t->not_after >= 0) {
        make(r);
        return;
    }
    front_ask_who(r, make_default);
}

/* ---- seeing and removing ---- */

static void listed(struct req *r)
{
    json_t *rows = json_array();
    AUTO(free) char *cursor = NULL;

    for (size_t i = 0; i < r->answers.n; i++) {
        struct answer *a = &r->answers.v[i];
        AUTO(token) struct token t = {0};

        if (a->type == MSG_LIST_END) {
            uint8_t root[32];

            cursor = rd_str_null(&a->body);
            rd_u64(&a->body);
            rd_bytes(&a->body, root, sizeof(root));
        } else if (a->type == MSG_TOKEN) {
            read_token(&a->body, &t);
            json_array_append_new(rows, view_token(&t));
        } else {
            log_fatal("signer", "%s in a list of tokens", msg_name(a->type));
        }
        front_answer_done(r, &a->body);
    }
    front_reply_json(r, 200,
                     json_pack("{s:o, s:s?}", "tokens", rows, "next", cursor));
}

static int read_limit(const char *text, uint32_t *out, struct errs *e)
{
    *out = LIMIT_DEFAULT;
    if (!text)
        return 0;
    *out = 0;
    if (*text && strlen(text) <= 4 && !text[strspn(text, "0123456789")])
        *out = (uint32_t)strtoul(text, NULL, 10);
    if (*out >= 1 && *out <= LIMIT_MAX)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "limit=%.64s: a number from 1 to %d is wanted", text,
                   LIMIT_MAX);
}

/* The id of a token. */
static int read_cursor(const char *text, struct errs *e)
{
    static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    if (!text || (strlen(text) == TOKEN_ID_LEN && !text[strspn(text, set)]))
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "cursor=%.64s: the value of next in an earlier answer is "
                   "wanted",
                   text);
}

void front_token_list(struct req *r)
{
    static const char *const names[] = {"limit", "cursor", NULL};
    AUTO(errs) struct errs e = {0};
    AUTO(front_args) struct front_args args = {0};
    uint32_t limit;
    struct buf *b;

    if (front_query(r, names, &args) != 0)
        return;
    if (read_limit(front_args_get(&args, "limit"), &limit, &e) != 0 ||
        read_cursor(front_args_get(&args, "cursor"), &e) != 0) {
        front_problem(r, &e);
        return;
    }
    b = front_begin(r, MSG_TOKEN_LIST);
    buf_str(b, front_args_get(&args, "cursor"));
    buf_u32(b, limit);
    front_ask_checked(r, listed);
}

static void self(struct req *r)
{
    AUTO(msg_who) struct msg_who who = {0};
    struct rd *body = front_answer(r, MSG_CALLER);
    json_t *o;

    msg_who_get(body, &who);
    front_answer_done(r, body);
    o = view_token(&who.token);
    json_object_set_new(o, "type", json_string(who_type_text(who.type)));
    front_header(r, "Cache-Control", "no-store");
    front_reply_json(r, 200, o);
}

void front_token_self(struct req *r)
{
    if (front_query_none(r) != 0)
        return;
    front_ask_who(r, self);
}

static void removed(struct req *r)
{
    front_answer_done(r, front_answer(r, MSG_DONE));
    front_reply(r, 204, NULL, NULL);
}

void front_token_remove(struct req *r)
{
    if (front_query_none(r) != 0)
        return;
    buf_str(front_begin(r, MSG_TOKEN_REMOVE), r->part);
    front_ask_checked(r, removed);
}
