/* SPDX-License-Identifier: ISC */
/* Tokens: none makes one that may more, or lasts longer, than itself. */
#include "signer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct token_job {
    struct job job;
    struct token token;
    int64_t now;
};

static void token_job_free(struct job *job)
{
    token_free(&((struct token_job *)job)->token);
}

static int within_names(const struct limits *l, const struct strs *names,
                        struct errs *e)
{
    int bad = 0;

    if (l->names.n == 0)
        return 0;
    if (names->n == 0)
        return err_add(e, ERR_NAME_NOT_IN_TOKEN,
                       "names: your own are limited, so the new token's must "
                       "be too");
    for (size_t i = 0; i < names->n; i++) {
        AUTO(pattern) struct pattern p = {0};
        bool ok = false;

        if (pattern_parse(&p, names->v[i], e) != 0)
            return -1;
        for (size_t k = 0; k < l->names.n && !ok; k++)
            ok = pattern_within(&p, &l->names.v[k]);
        if (!ok)
            bad = err_add_name(e, ERR_NAME_NOT_IN_TOKEN, names->v[i],
                               "%s goes beyond the names of your own token",
                               names->v[i]);
    }
    return bad;
}

static int within_profiles(const struct limits *l, const struct strs *profiles,
                           struct errs *e)
{
    int bad = 0;

    if (l->profiles.n == 0)
        return 0;
    if (profiles->n == 0)
        return err_add(e, ERR_PROFILE_NOT_ALLOWED,
                       "profiles: your own are limited, so the new token's "
                       "must be too");
    for (size_t i = 0; i < profiles->n; i++)
        if (!strs_has(&l->profiles, profiles->v[i]))
            bad = err_add(e, ERR_PROFILE_NOT_ALLOWED,
                          "profile %s is not among those of your own token",
                          profiles->v[i]);
    return bad;
}

/* What limits say; the same for making one and for seeing one. */
static int within_limits(const struct who *w, const struct token *t,
                         struct errs *e)
{
    int bad = within_profiles(&w->limits, &t->profiles, e) |
              within_names(&w->limits, &t->names, e);

    if (w->limits.limited && t->wildcards && !w->limits.wildcards)
        bad = err_add(e, ERR_WILDCARD_NOT_ALLOWED,
                      "wildcards: your own token has none");
    return bad;
}

bool token_within(const struct who *w, const struct token *t)
{
    AUTO(errs) struct errs e = {0};

    return !w->narrow || strcmp(w->requester.id, t->id) == 0 ||
           within_limits(w, t, &e) == 0;
}

static int within_maker(const struct who *w, const struct token *t,
                        struct errs *e)
{
    const struct token *own = &w->token;
    int bad = within_limits(w, t, e);
    char when[TM_RFC3339_SIZE];

    if (w->requester.type != WHO_TOKEN)
        return bad;
    if (own->not_after && (!t->not_after || t->not_after > own->not_after)) {
        tm_rfc3339(when, own->not_after);
        bad = err_add(e, ERR_LIFETIME_TOO_LONG,
                      "lifetime: the new token would outlive your own, which "
                      "ends at %s",
                      when);
    }
    if (own->max_uses &&
        (!t->max_uses || t->max_uses > own->max_uses - own->uses - 1))
        bad = err_add(e, ERR_ROLE_MISSING,
                      "uses: the new token would have more than the %" PRIu64
                      " that your own has left",
                      own->max_uses - own->uses - 1);
    return bad;
}

static int judge_label(const struct token *t, struct errs *e)
{
    if (!*t->label)
        return err_add(e, ERR_BAD_ARGUMENT, "label: one is needed");
    return auth_text("label", t->label, LABEL_MAX, e);
}

static int judge(struct worker *w, const struct who *who, const struct token *t,
                 int64_t now, struct errs *e)
{
    AUTO(limits) struct limits l = {0};
    AUTO(buf) struct buf size = {0};
    int bad = judge_label(t, e);

    token_put(&size, t);
    if (size.len > TOKEN_MAX)
        return err_add(e, ERR_TOO_LARGE, "the token has %zu octets", size.len);
    if (!t->roles)
        bad = err_add(e, ERR_BAD_ARGUMENT,
                      "roles: one or more of issue, revoke, read, metrics, "
                      "admin are needed");
    for (size_t i = 0; i < t->profiles.n; i++)
        if (!profiles_find(&w->s->conf->profiles, t->profiles.v[i]))
            bad = err_add(e, ERR_UNKNOWN_PROFILE, "profiles: there is no %s",
                          t->profiles.v[i]);
    if (token_limits(t, &l, e) != 0)
        bad = -1;
    if (t->not_after && t->not_after <= now)
        bad = err_add(e, ERR_BAD_ARGUMENT, "lifetime: it is over already");
    return bad ? -1 : within_maker(who, t, e);
}

/* Its uses are the maker's no more: else the two together had more than the
 * maker has. */
static enum store_result hand_over(struct signer *s, struct token_job *j)
{
    const struct who *own = &j->job.who;
    enum store_result r = job_use(s, &j->job, j->now);

    if (r != STORE_OK || j->job.errs.n || !own->token.max_uses)
        return r;
    r = store_token_use(s->writer, own->requester.id, j->token.max_uses,
                        j->now);
    if (r != STORE_NONE)
        return r;
    err_add(&j->job.errs, ERR_ROLE_MISSING,
            "uses: your own token has not that many left");
    return STORE_OK;
}

static enum store_result make_apply(struct signer *s, struct job *job)
{
    struct token_job *j = (struct token_job *)job;
    struct entry en = entry_by(&job->who.requester, ENTRY_TOKEN_MADE, j->now);
    AUTO(buf) struct buf object = {0};
    struct token bare = j->token;
    enum store_result r = store_token_label(s->writer, j->token.label);

    if (r == STORE_OK) {
        err_add(&job->errs, ERR_LABEL_TAKEN, "there is a token %s already",
                j->token.label);
        return STORE_OK;
    }
    if (r != STORE_NONE)
        return r;
    r = hand_over(s, j);
    if (r != STORE_OK || job->errs.n)
        return r;
    ledger_token(&object, &j->token);
    r = job_entry(s, &en, object.data, object.len, NULL);
    if (r == STORE_OK)
        r = store_token_put(s->writer, &j->token);
    memset(bare.secret_sha256, 0, sizeof(bare.secret_sha256));
    msg_begin(&job->reply, MSG_TOKEN, job->id, false);
    token_put(&job->reply, &bare);
    return r;
}

static const struct job_kind make_kind = {
    .event = "token-made",
    .apply = make_apply,
    .done = job_done,
    .free = token_job_free,
};

static int queue(struct worker *w, struct token_job *j, struct errs *e)
{
    if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}

/* Of what came only what a maker decides is taken. */
int handle_token_make(struct worker *w, const struct frame *f,
                      const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(token) struct token t = {0};
    AUTO(who) struct who who = {0};
    const int64_t now = tm_now();
    struct token_job *j;

    token_get(body, &t);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_ADMIN, e) != 0 || judge(w, &who, &t, now, e) != 0)
        return -1;
    token_generate(&t);
    t.created_at = now;
    t.uses = 0;
    t.last_used = t.removed_at = 0;
    requester_free(&t.creator);
    requester_copy(&t.creator, &who.requester);
    j = job_new(sizeof(*j), &make_kind, w, f->id, &who);
    j->now = now;
    j->job.about = xstrdup(t.id);
    j->token = t;
    t = (struct token){0};
    return queue(w, j, e);
}

static enum store_result remove_apply(struct signer *s, struct job *job)
{
    struct token_job *j = (struct token_job *)job;
    struct entry en =
        entry_by(&job->who.requester, ENTRY_TOKEN_REMOVED, j->now);
    enum store_result r = store_token_remove(s->writer, job->about, j->now);

    if (r == STORE_NONE) {
        err_add(&job->errs, ERR_NOT_FOUND, "there is no token %s", job->about);
        return STORE_OK;
    }
    if (r == STORE_OK)
        r = job_entry(s, &en, job->about, strlen(job->about), NULL);
    msg_begin(&job->reply, MSG_DONE, job->id, false);
    return r;
}

/* After the commit: who reads the token from here on sees that it is gone. */
static void remove_done(struct signer *s, struct job *job)
{
    s->token_removals++;
    job_done(s, job);
}

static const struct job_kind remove_kind = {
    .event = "token-removed",
    .apply = remove_apply,
    .done = remove_done,
    .free = token_job_free,
};

int handle_token_remove(struct worker *w, const struct frame *f,
                        const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(free) char *id = rd_str(body);
    AUTO(who) struct who who = {0};
    AUTO(token) struct token t = {0};
    struct token_job *j;
    enum store_result r;

    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_ADMIN, e) != 0)
        return -1;
    /* A whole token may stand where its id belongs: never say it again. */
    if (strlen(id) != TOKEN_ID_LEN)
        return err_add(e, ERR_NOT_FOUND,
                       "there is no such token: an id has "
                       "%d letters and digits",
                       TOKEN_ID_LEN);
    r = store_token_by_id(w->reader, id, &t);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    if (r == STORE_NONE || t.removed_at || !token_within(&who, &t))
        return err_add(e, ERR_NOT_FOUND, "there is no token %s", id);
    j = job_new(sizeof(*j), &remove_kind, w, f->id, &who);
    j->now = tm_now();
    j->job.about = take_ptr(id);
    return queue(w, j, e);
}
