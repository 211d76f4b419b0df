/* SPDX-License-Identifier: ISC */
/* Renewal: the same names again, under today's policy. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

/* Which certificate: the caller's own, or one that it may renew. */
static int choose(struct worker *w, const struct who *who,
                  const struct msg_issue *m, struct record *old, struct errs *e)
{
    enum store_result r;

    if (who->requester.type != WHO_CERTIFICATE) {
        if (auth_role(who, ROLE_ISSUE, e) != 0)
            return -1;
        if (m->renews.len == 0)
            return err_add(e, ERR_BAD_REQUEST,
                           "without a client certificate the serial is "
                           "needed: /v1/certificates/{serial}/renew");
        return find_record(w, who, &m->renews, auth_covers, old, e);
    }
    if (m->renews.len && !serial_equal(&m->renews, &who->record.serial))
        return auth_role(who, ROLE_ISSUE, e);
    r = store_cert_by_leaf(w->reader, who->record.leaf, old);
    return r == STORE_OK ? 0 : auth_store_error(r, e);
}

static int read_old(const struct record *old, struct cert *out, struct errs *e)
{
    if (cert_parse_any(out, old->der.data, old->der.len, e) == 0)
        return 0;
    errs_free(e);
    return auth_store_error(STORE_BROKEN, e);
}

static void same_names(const struct taken *asked, const struct names *had,
                       struct errs *e)
{
    for (size_t i = 0; i < asked->names.n; i++)
        if (!names_has(had, &asked->names.v[i])) {
            AUTO(free) char *text = name_text(&asked->names.v[i]);

            err_add_name(e, ERR_NAME_NOT_ALLOWED, text,
                         "%s is not in the certificate that is to be "
                         "renewed",
                         text);
        }
    for (size_t i = 0; i < had->n && !asked->partial; i++)
        if (!names_has(&asked->names, &had->v[i])) {
            AUTO(free) char *text = name_text(&had->v[i]);

            err_add_name(e, ERR_NAME_NOT_ALLOWED, text,
                         "%s is missing: a renewal has the names of the "
                         "certificate before it",
                         text);
        }
}

/* Names and subject are those of the certificate, as far as today's policy
 * takes them; a CSR beside it has to ask for the same names. */
static void take_again(struct issue_ask *a, const struct cert *was,
                       struct errs *e)
{
    AUTO(subject) struct subject subject = {0};
    AUTO(taken) struct taken asked = {0};
    AUTO(strs) struct strs warnings = {0};
    const struct claim old = {
        .names = &was->names, .listed = true, .subject = &subject};

    subject_read(&subject, was->subject, was->subject_len);
    profile_take(a->profile, &old, &a->taken, &warnings, e);
    if (a->m->spki.len == 0)
        return;
    issue_take(a, &asked, e);
    same_names(&asked, &a->taken.names, e);
}

static bool same_key(const struct key_pub *a, const struct key_pub *b)
{
    return a->spki_len == b->spki_len &&
           memcmp(a->spki, b->spki, a->spki_len) == 0;
}

static const struct profile *today(struct worker *w, const struct record *old,
                                   const struct msg_issue *m, struct errs *e)
{
    const struct profile *p =
        profiles_find(&w->s->conf->profiles, old->profile);

    if (strcmp(old->protocol, "import") == 0)
        err_add(e, ERR_PROFILE_NOT_ALLOWED,
                "the certificate was imported and has no profile: ask for a "
                "new one, which may say that it replaces it");
    else if (!p)
        err_add(e, ERR_UNKNOWN_PROFILE,
                "profile %s of the certificate does not exist any more",
                *old->profile ? old->profile : "(the service's own)");
    else if (m->profile && strcmp(m->profile, p->name) != 0)
        err_add(e, ERR_BAD_ARGUMENT,
                "profile=%s: a renewal keeps the profile, %s", m->profile,
                p->name);
    else if (!p->renew)
        err_add(e, ERR_PROFILE_NOT_ALLOWED,
                "profile %s does not renew: ask for a new certificate",
                p->name);
    else
        return p;
    return NULL;
}

/* What was revoked before it; its own key where issue_judge() will look at
 * another one.  -1 with the reason when the ledger cannot be read. */
static int judge_past(struct worker *w, const struct record *old,
                      const struct cert *was, const struct key_pub *now,
                      struct errs *e)
{
    uint8_t key[32];
    enum store_result r = store_ancestor_compromised(w->reader, old->leaf);

    if (r == STORE_OK)
        err_add(e, ERR_KEY_COMPROMISED,
                "a certificate that this one descends from was revoked for "
                "keyCompromise");
    if (r == STORE_NONE && !same_key(now, &was->key)) {
        key_pub_sha256(&was->key, key);
        r = judge_ban(w->s, w->reader, key, e);
    }
    return r == STORE_NONE || r == STORE_OK ? 0 : auth_store_error(r, e);
}

static int judge(struct worker *w, const struct who *who,
                 const struct record *old, const struct cert *was,
                 struct issue_ask *a, struct build *b, struct errs *e)
{
    const struct msg_issue *m = a->m;

    a->profile = today(w, old, m, e);
    if (m->spki.len == 0)
        a->key = was->key;
    else
        issue_read_key(a, e);
    if (judge_past(w, old, was, &a->key, e) != 0 || !a->profile)
        return -1;
    take_again(a, was, e);
    if (who->requester.type == WHO_CERTIFICATE && !a->profile->rekey &&
        !same_key(&a->key, &was->key))
        err_add(e, ERR_KEY_NOT_ALLOWED,
                "by client certificate alone the key stays the same: "
                "profile %s has not rekey = yes",
                a->profile->name);
    if (m->replaces.len && !serial_equal(&m->replaces, &old->serial))
        err_add(e, ERR_BAD_ARGUMENT,
                "replaces: a renewal replaces what it renews");
    return issue_judge(w, a, b, e);
}

int handle_renew(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(who) struct who who = {0};
    AUTO(record) struct record old = {0};
    AUTO(cert) struct cert was = {0};
    AUTO(ask) struct issue_ask a = {.m = &m, .now = tm_now()};
    const uint64_t revocations = w->s->revocations;
    struct issue_job *j;
    struct build b = {0};
    int repeat;

    msg_issue_get(body, &m);
    if (body_done(f, body, e) != 0 ||
        auth_who(w, c, m.idem_key != NULL, &who, e) != 0)
        return -1;
    repeat = issue_repeat(w, f, &m, &who, e);
    if (repeat != 0)
        return repeat == 1 ? 0 : -1;
    if (auth_alive(&who, e) != 0 || choose(w, &who, &m, &old, e) != 0 ||
        read_old(&old, &was, e) != 0)
        return -1;
    errs_move(e, &m.errs);
    if (clock_check(w->s, a.now, e) != 0)
        return -1;
    a.limits = &who.limits;
    if (judge(w, &who, &old, &was, &a, &b, e) != 0)
        return -1;
    j = issue_new(w, f, &m, &who);
    j->revocations = revocations;
    j->by_cert = j->job.who.requester.type == WHO_CERTIFICATE;
    j->renews_leaf = old.leaf;
    key_pub_sha256(&was.key, j->renews_key);
    j->record.issued_at = a.now;
    j->record.replaces = old.serial;
    j->record.profile = xstrdup(old.profile);
    requester_copy(&j->record.requester, &old.requester);
    return issue_queue(w, j, &b, e);
}
