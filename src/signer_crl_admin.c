/* SPDX-License-Identifier: ISC */
/* What the command line does with CRLs: builds one now, or installs the one
 * that an authority whose key is elsewhere has signed (the root's). */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct signer_authority *get_authority(struct worker *w,
                                                    const struct frame *f,
                                                    struct rd *body,
                                                    struct errs *e)
{
    AUTO(free) char *name = rd_str(body);
    const struct signer_authority *a;

    if (body_done(f, body, e) != 0)
        return NULL;
    a = signer_authority_find(w->s, name);
    if (!a)
        err_add(e, ERR_NOT_FOUND, "there is no authority %s", name);
    return a;
}

static bool is_read(enum store_result r)
{
    return r == STORE_OK || r == STORE_NONE;
}

static int state_of(struct worker *w, const struct signer_authority *a,
                    struct crl_state *st, struct errs *e)
{
    enum store_result r;

    *st = (struct crl_state){0};
    r = store_crl_get(w->reader, a->name, 0, st);
    return is_read(r) ? 0 : auth_store_error(r, e);
}

static int note_row(void *arg, const struct revoked_row *r)
{
    (void)r;
    *(bool *)arg = true;
    return 0;
}

/* A CRL that is made without the service lists nothing: what it revoked would
 * be good again. */
static int judge_empty(struct worker *w, const struct signer_authority *a,
                       struct errs *e)
{
    struct revoked_page page = {.authority = a->name,
                                .snapshot = UINT64_MAX >> 1,
                                .ends_after = tm_now(),
                                .max = 1};
    uint32_t last = 0;
    bool any = false;
    enum store_result r =
        store_serials_revoked(w->reader, &page, note_row, &any);

    if (is_read(r))
        r = store_partition_last(w->reader, a->name, &last);
    for (; is_read(r) && !any && page.partition <= last; page.partition++)
        r = store_revoked(w->reader, &page, note_row, &any);
    if (!is_read(r))
        return auth_store_error(r, e);
    return any ? err_add(e, ERR_KEY_NOT_ALLOWED,
                         "authority %s has revoked certificates here, and a "
                         "CRL signed without the service would not list them: "
                         "put its section and its key back into the "
                         "configuration",
                         a->name)
               : 0;
}

int handle_crl_next(struct worker *w, const struct frame *f,
                    const struct caller *c, struct rd *body, struct errs *e)
{
    const struct signer_authority *a = get_authority(w, f, body, e);
    struct crl_state st;
    uint64_t seen;

    (void)c;
    if (!a || state_of(w, a, &st, e) != 0 || judge_empty(w, a, e) != 0)
        return -1;
    /* An older copy of the ledger knows less than what was published. */
    seen = crl_file_look(w->s, a->name, NULL).number;
    msg_begin(&w->reply, MSG_CRL_NUMBER, f->id, false);
    buf_u64(&w->reply, (seen > st.number ? seen : st.number) + 1);
    peer_send(w->peer, &w->reply);
    return 0;
}

static const struct job_kind build_kind = {.event = "crl-build"};

int handle_crl_build(struct worker *w, const struct frame *f,
                     const struct caller *c, struct rd *body, struct errs *e)
{
    const struct signer_authority *a = get_authority(w, f, body, e);
    AUTO(who) struct who who = {0};
    struct job *j;

    if (!a || auth_who(w, c, false, &who, e) != 0)
        return -1;
    if (!a->key)
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the key of %s is not here: pocketca crl sign "
                       "--authority %s",
                       a->name, a->name);
    j = job_new(sizeof(*j), &build_kind, w, f->id, &who);
    j->crl_asked = true;
    crl_job_add(w->s, j, a->name, 0);
    j->about = xstrdup(a->name);
    msg_begin(&j->reply, MSG_DONE, f->id, false);
    crl_job_wait(w->s, j, w->s->size, job_done);
    return 0;
}

struct install_job {
    struct job job;
    const struct signer_authority *authority;
    struct crl_state state;
    struct buf der;
};

static void install_free(struct job *job)
{
    buf_free(&((struct install_job *)job)->der);
}

/* On the CRL thread. */
static void install_publish(struct signer *s, struct job *job)
{
    struct install_job *j = (struct install_job *)job;
    size_t i = (size_t)(j->authority - s->authorities);

    msg_begin(&job->reply, MSG_DONE, job->id, false);
    crl_install(s, i, &job->who.requester, &j->der, &j->state, &job->errs);
}

static const struct job_kind install_kind = {.event = "crl-install",
                                             .free = install_free};

static int judge(const struct signer_authority *a, const struct crl *crl,
                 struct errs *e)
{
    const int64_t now = tm_now();
    char when[TM_RFC3339_SIZE];

    if (a->key)
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the CRL of %s is made by the service itself", a->name);
    if (crl_verify(crl, &a->cert, a->name, e) != 0)
        return -1;
    if (crl->next_update > now && crl->this_update <= now + 5 * TM_MINUTE)
        return 0;
    tm_rfc3339(when,
               crl->next_update > now ? crl->this_update : crl->next_update);
    return err_add(e, ERR_BAD_REQUEST,
                   crl->next_update > now
                       ? "the CRL begins at %s, which is to come"
                       : "the CRL ended at %s: a newer one is wanted",
                   when);
}

int handle_crl_install(struct worker *w, const struct frame *f,
                       const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(free) char *name = rd_str(body);
    AUTO(who) struct who who = {0};
    size_t len;
    const uint8_t *der = rd_blob(body, &len);
    const struct signer_authority *a;
    struct install_job *j;
    struct crl crl;

    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0)
        return -1;
    a = signer_authority_find(w->s, name);
    if (!a)
        return err_add(e, ERR_NOT_FOUND, "there is no authority %s", name);
    if (crl_parse(&crl, der, len, e) != 0 || judge(a, &crl, e) != 0)
        return -1;
    j = job_new(sizeof(*j), &install_kind, w, f->id, &who);
    j->authority = a;
    j->state = (struct crl_state){.number = crl.number,
                                  .this_update = crl.this_update,
                                  .next_update = crl.next_update};
    buf_put(&j->der, der, len);
    j->job.about = xstrdup(a->name);
    j->job.publish = install_publish;
    crl_job_wait(w->s, &j->job, 0, job_done);
    return 0;
}
