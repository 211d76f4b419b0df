/* SPDX-License-Identifier: ISC */
/* Many revocations: the signer does a page at a time, and is asked for the next
 * one until all are through. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front_handle.h"
#include "log.h"
#include "tm.h"
#include "view.h"

enum {
    PAGE = 250,
    CALL_MAX = 100000, /* matches in one call; the next one goes on */
};

struct many {
    struct msg_revocations m;
    struct revocations all;
    bool limited;
    size_t left;  /* so many more may match */
    json_t *rows; /* of a dry run */
};

static void many_free(void *state)
{
    struct many *s = state;

    msg_revocations_free(&s->m);
    revocations_free(&s->all);
    json_decref(s->rows);
    free(s);
}

/* ---- what is asked for */

/* The members of JSON: those of a query that are texts, then the others. */
enum { N_TEXTS = 15 };
struct given {
    const char *text[N_TEXTS], *reason;
    int replaced, renewals, dry_run; /* -1: not given */
    uint64_t limit;                  /* 0: not given */
};
#define TEXT(name, i) [i] = {name, VIEW_TEXT, offsetof(struct given, text[i])}
static const struct view_member members[] = {
    TEXT("name", 0),
    TEXT("covers", 1),
    TEXT("status", 2),
    TEXT("profile", 3),
    TEXT("authority", 4),
    TEXT("requester", 5),
    TEXT("key_sha256", 6),
    TEXT("sha256", 7),
    TEXT("issued_after", 8),
    TEXT("issued_before", 9),
    TEXT("expires_after", 10),
    TEXT("expires_before", 11),
    TEXT("expires_within", 12),
    TEXT("order", 13),
    TEXT("cursor", 14),
    [N_TEXTS] = {"reason", VIEW_TEXT, offsetof(struct given, reason)},
    {"replaced", VIEW_BOOL, offsetof(struct given, replaced)},
    {"renewals", VIEW_BOOL, offsetof(struct given, renewals)},
    {"dry_run", VIEW_BOOL, offsetof(struct given, dry_run)},
    {"limit", VIEW_COUNT, offsetof(struct given, limit)},
};
#undef TEXT

static int take_json(struct many *s, const struct given *g, struct errs *e)
{
    char number[24];
    int rc = 0;

    for (size_t i = 0; i < N_TEXTS; i++)
        if (g->text[i] &&
            query_set(&s->m.q, members[i].name, g->text[i], e) != 0)
            rc = -1;
    if (front_reason(g->reason, &s->m.reason, e) != 0)
        rc = -1;
    s->m.q.replaced = g->replaced;
    s->m.renewals = g->renewals;
    s->m.dry = g->dry_run != 0;
    s->limited = g->limit != 0;
    snprintf(number, sizeof(number), "%" PRIu64, g->limit);
    if (g->limit && query_set(&s->m.q, "limit", number, e) != 0)
        rc = -1;
    return rc;
}

static int read_json(const struct req *r, struct many *s, struct errs *e)
{
    AUTO(json) json_t *object = view_parse(r->body.data, r->body.len, e);
    struct given g = {.replaced = -1, .renewals = -1, .dry_run = -1};

    if (!object || view_read(object, members, COUNT(members), &g, e) != 0)
        return -1;
    return take_json(s, &g, e);
}

static int take_arg(struct many *s, const struct front_args *args,
                    const struct front_arg *a, struct errs *e)
{
    int dry = s->m.dry, rc;

    if (strcmp(a->key, "reason") == 0)
        return front_reason(a->value, &s->m.reason, e);
    if (strcmp(a->key, "renewals") == 0)
        return front_args_bool(args, a->key, &s->m.renewals, e);
    if (strcmp(a->key, "dry_run") == 0) {
        rc = front_args_bool(args, a->key, &dry, e);
        s->m.dry = dry;
        return rc;
    }
    s->limited |= strcmp(a->key, "limit") == 0;
    return query_set(&s->m.q, a->key, a->value, e);
}

static int read_args(const char *text, size_t len, struct many *s,
                     struct errs *e)
{
    AUTO(front_args) struct front_args args = {0};
    const char *names[COUNT(members) + 1] = {NULL};
    int rc = 0;

    for (size_t i = 0; i < COUNT(members); i++)
        names[i] = members[i].name;
    if (front_args_parse(&args, text, len, e) != 0 ||
        front_args_only(&args, names, e) != 0)
        return -1;
    for (size_t i = 0; i < args.n; i++)
        if (take_arg(s, &args, &args.v[i], e) != 0)
            rc = -1;
    return rc;
}

/* Arguments are in one place: what comes twice would have to be weighed. */
static int read_all(const struct req *r, bool json, struct many *s,
                    struct errs *e)
{
    const bool query = r->query && *r->query;

    if (query && r->body.len)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the arguments are in the query or in the body, not in "
                       "both");
    if (query)
        return read_args(r->query, strlen(r->query), s, e);
    if (json)
        return read_json(r, s, e);
    return read_args((const char *)r->body.data, r->body.len, s, e);
}

/* ---- page by page */

static front_fn page_came;

static void ask_page(struct req *r)
{
    struct many *s = r->state;

    s->m.q.limit = s->left > PAGE ? PAGE : (unsigned)s->left;
    s->m.wait = s->left <= PAGE;
    msg_revocations_put(front_begin(r, MSG_REVOCATIONS), &s->m);
    front_ask_checked(r, page_came);
}

static void take_row(struct req *r, struct rd *body)
{
    struct many *s = r->state;
    AUTO(record) struct record rec = {0};

    rd_u8(body);
    record_get(body, &rec);
    front_answer_done(r, body);
    json_array_append_new(s->rows, view_record(&rec, tm_now(), NULL));
    s->m.show--;
}

/* How many of them matched. */
static size_t matched(const struct revocations *l, size_t from)
{
    size_t n = 0;

    for (; from < l->n; from++)
        n += l->v[from].outcome != OUTCOME_RENEWAL;
    return n;
}

static void take_page(struct req *r)
{
    AUTO(errs) struct errs e = {0};
    struct many *s = r->state;
    const size_t before = s->all.n;

    for (size_t i = 0; i < r->answers.n; i++) {
        struct answer *a = &r->answers.v[i];

        if (a->type == MSG_RECORD) {
            take_row(r, &a->body);
            continue;
        }
        if (a->type != MSG_REVOKED_PAGE)
            log_fatal("signer", "%s where REVOKED_PAGE belongs",
                      msg_name(a->type));
        revocations_get(&a->body, &s->all);
        front_answer_done(r, &a->body);
    }
    s->left -= matched(&s->all, before);
    if (s->all.cursor && s->left) {
        if (revocations_next(&s->m, &s->all, &e) != 0)
            log_fatal("signer", "the cursor %s", s->all.cursor);
        ask_page(r);
        return;
    }
    revocations_settle(&s->all);
    front_reply_json(
        r, 200,
        view_revocations(&s->all, s->m.dry ? json_incref(s->rows) : NULL));
}

/* Objects of certificates take a while: not on the thread of everyone. */
static void page_came(struct req *r)
{
    front_work(r, take_page);
}

void front_revocations(struct req *r)
{
    AUTO(free) char *ct = front_content_type(r);
    AUTO(errs) struct errs e = {0};
    const bool json = strcmp(ct, TYPE_JSON) == 0;
    struct many *s = xcalloc(1, sizeof(*s));

    query_init(&s->m.q);
    s->m.reason = s->m.renewals = -1;
    s->m.dry = true;
    s->rows = json_array();
    r->state = s;
    r->state_free = many_free;
    if (r->body.len && !json && *ct &&
        strcmp(ct, "application/x-www-form-urlencoded") != 0) {
        front_refuse_type(r, ct,
                          "send a form, curl -d requester=NAME, or JSON");
        return;
    }
    if (read_all(r, json, s, &e) != 0 || query_check(&s->m.q, &e) != 0) {
        front_problem(r, &e);
        return;
    }
    s->m.show = s->m.dry ? s->m.q.limit : 0;
    s->limited &= !s->m.dry;
    s->left = s->limited ? s->m.q.limit : CALL_MAX;
    ask_page(r);
}
