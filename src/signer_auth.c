/* SPDX-License-Identifier: ISC */
/* Evidence to who: the signer looks everything up in its own tables. */
#include "signer_crl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "utf8.h"

enum { TOUCH_EVERY = 60 };

void who_free(struct who *w)
{
    requester_free(&w->requester);
    limits_free(&w->limits);
    token_free(&w->token);
    record_free(&w->record);
    free(w->request_id);
    *w = (struct who){0};
}

int auth_store_error(enum store_result r, struct errs *e)
{
    return err_add(e, ERR_STORAGE_ERROR, "the ledger cannot be read (%s)",
                   r == STORE_BROKEN ? "it may be damaged" : "try again");
}

/* last_used of a credential that only reads: written now and then. */
struct touch_job {
    struct job job;
    int64_t now;
};

static enum store_result touch_apply(struct signer *s, struct job *j)
{
    struct touch_job *t = (struct touch_job *)j;
    enum store_result r = store_token_touch(s->writer, j->about, t->now);

    return r == STORE_NONE ? STORE_OK : r;
}

static const struct job_kind touch_kind = {.apply = touch_apply,
                                           .done = job_done};

unsigned auth_slot(const char *id, size_t slots)
{
    unsigned slot = 0;

    for (const char *p = id; *p; p++)
        slot = slot * 31 + (unsigned char)*p;
    return slot % (unsigned)slots;
}

/* False when it has been noted a moment ago, and is not in the store yet. */
static bool claim_touch(struct signer *s, const char *id, int64_t now)
{
    const unsigned slot =
        auth_slot(id, COUNT(s->touched));
    bool mine;

    pthread_mutex_lock(&s->touch_lock);
    mine = strcmp(s->touched[slot].id, id) != 0 ||
           now - s->touched[slot].at >= TOUCH_EVERY;
    if (mine) {
        memcpy(s->touched[slot].id, id, TOKEN_ID_LEN);
        s->touched[slot].at = now;
    }
    pthread_mutex_unlock(&s->touch_lock);
    return mine;
}

static void touch(struct signer *s, const struct token *t, int64_t now)
{
    AUTO(errs) struct errs e = {0};
    struct touch_job *j;

    if (now - t->last_used < TOUCH_EVERY || !claim_touch(s, t->id, now))
        return;
    j = job_new(sizeof(*j), &touch_kind, NULL, 0, NULL);
    j->now = now;
    j->job.about = xstrdup(t->id);
    if (job_queue(s, &j->job, &e) != 0)
        job_free(&j->job);
}

static int check_end(const struct token *t, int64_t now, struct errs *e)
{
    char when[TM_RFC3339_SIZE];

    if (!t->not_after || now <= t->not_after)
        return 0;
    tm_rfc3339(when, t->not_after);
    return err_add(e, ERR_TOKEN_EXPIRED, "token %s ended at %s", t->id, when);
}

int auth_alive(const struct who *w, struct errs *e)
{
    const struct token *t = &w->token;
    char when[TM_RFC3339_SIZE];

    if (!t->max_uses || t->uses < t->max_uses)
        return 0;
    tm_rfc3339(when, t->last_used);
    return err_add(e, ERR_TOKEN_USED_UP,
                   "token %s had %" PRIu64 " use%s, the last at %s", t->id,
                   t->max_uses, t->max_uses == 1 ? "" : "s", when);
}

/* What the token in *out lets it do. */
static int take_token(struct who *out, struct errs *e)
{
    const struct token *t = &out->token;

    if (token_limits(t, &out->limits, e) != 0)
        return -1;
    out->requester =
        (struct requester){WHO_TOKEN, xstrdup(t->id), xstrdup_null(t->label)};
    out->roles = t->roles;
    out->narrow = out->limits.profiles.n || out->limits.names.n;
    return 0;
}

static int who_token(struct worker *w, const char *text, bool repeats,
                     struct who *out, struct errs *e)
{
    char id[TOKEN_ID_LEN + 1];
    uint8_t shown[32];
    const int64_t now = tm_now();
    enum store_result r;
    bool known;

    /* The comparison takes the same time whatever is wrong, and an id that is
     * none is looked up too.  That an id was used lately may show: it is no
     * secret. */
    token_split(text, strlen(text), id, shown);
    r = token_known(w, id, &out->token);
    if (r != STORE_OK && r != STORE_NONE)
        return auth_store_error(r, e);
    known = r == STORE_OK && !out->token.removed_at;
    if (CRYPTO_memcmp(shown, out->token.secret_sha256, sizeof(shown)) != 0 ||
        !known)
        return err_add(e, ERR_TOKEN_UNKNOWN, "this token is not known here");
    if (check_end(&out->token, now, e) != 0 ||
        (!repeats && auth_alive(out, e) != 0) || take_token(out, e) != 0)
        return -1;
    touch(w->s, &out->token, now);
    return 0;
}

int auth_as(struct worker *w, const char *id, struct who *out, struct errs *why,
            struct errs *e)
{
    struct token *t = &out->token;
    enum store_result r;

    who_free(out);
    out->began_us = tm_mono_us();
    r = store_token_by_id(w->reader, id, t);
    if (r == STORE_NONE)
        return err_add(e, ERR_NOT_FOUND, "there is no token %.100s", id);
    if (r != STORE_OK)
        return auth_store_error(r, e);
    if (take_token(out, e) != 0)
        return -1;
    if (t->removed_at)
        err_add(why, ERR_TOKEN_UNKNOWN, "token %s was removed", t->id);
    check_end(t, tm_now(), why);
    auth_alive(out, why);
    auth_role(out, ROLE_ISSUE, why);
    return 0;
}

/* It is within its dates, and neither the ledger nor a list that was published
 * before an older copy of it says revoked. */
static int judge_cert(struct signer *s, struct record *r,
                      const struct cert *cert, const char *serial,
                      struct errs *e)
{
    const int64_t now = tm_now();
    char when[TM_RFC3339_SIZE];

    crl_lost_mark(s, r);
    if (r->revoked_at) {
        tm_rfc3339(when, r->revoked_at);
        return err_add(e, ERR_CERTIFICATE_REVOKED,
                       "certificate %s was revoked at %s (%s)", serial, when,
                       crl_reason_text(r->reason));
    }
    if (now >= cert->not_before && now <= cert->not_after)
        return 0;
    tm_rfc3339(when,
               now > cert->not_after ? cert->not_after : cert->not_before);
    return err_add(e, ERR_CERTIFICATE_EXPIRED, "certificate %s %s %s", serial,
                   now > cert->not_after ? "ended at" : "begins at", when);
}

static int who_cert(struct worker *w, const uint8_t sha256[32], struct who *out,
                    struct errs *e)
{
    struct record *r = &out->record;
    AUTO(cert) struct cert cert = {0};
    char text[2 * SERIAL_MAX + 1], id[65];
    enum store_result got;

    if (crl_lost_wait(w->s, e) != 0)
        return -1;
    got = store_cert_by_sha256(w->reader, sha256, r);
    if (got == STORE_NONE)
        return err_add(e, ERR_CERTIFICATE_FOREIGN,
                       "the client certificate was not issued here");
    if (got != STORE_OK ||
        cert_parse_any(&cert, r->der.data, r->der.len, e) != 0) {
        errs_free(e);
        return auth_store_error(STORE_BROKEN, e);
    }
    serial_text(text, &r->serial);
    if (judge_cert(w->s, r, &cert, text, e) != 0)
        return -1;
    hex_encode(id, sha256, 32);
    out->requester =
        (struct requester){WHO_CERTIFICATE, xstrdup(id), xstrdup(text)};
    return 0;
}

static void who_user(const struct worker *w, struct who *out)
{
    uid_t uid = w->peer->uid;

    out->requester.type = WHO_USER;
    out->requester.id = xasprintf("%u", (unsigned)uid);
    out->requester.label = uid == w->s->own_uid ? xstrdup_null(w->s->own_user)
                           : uid == 0           ? xstrdup("root")
                                                : NULL;
    out->roles = ROLE_ADMIN;
}

int auth_who(struct worker *w, const struct caller *c, bool repeats,
             struct who *out, struct errs *e)
{
    int rc = 0;

    *out = (struct who){.began_us = tm_mono_us()};
    out->request_id = xstrdup_null(c->request_id);
    if (w->peer->kind == PEER_A)
        who_user(w, out);
    else if (c->evidence == EV_TOKEN)
        rc = who_token(w, c->token, repeats, out, e);
    else if (c->evidence == EV_CERT)
        rc = who_cert(w, c->cert, out, e);
    else
        rc = err_add(e, ERR_TOKEN_MISSING,
                     "send `Authorization: Bearer pca_...`, or a client "
                     "certificate of this authority");
    if (rc != 0)
        who_free(out);
    return rc;
}

int auth_role(const struct who *w, unsigned role, struct errs *e)
{
    if (w->roles & (role | ROLE_ADMIN))
        return 0;
    if (w->requester.type == WHO_CERTIFICATE)
        return err_add(e, ERR_ROLE_MISSING,
                       "a client certificate may read, renew and revoke "
                       "itself, and nothing else");
    return err_add(e, ERR_ROLE_MISSING, "token %s has not the role %s",
                   w->requester.id, role_text(role));
}

/* What a certificate without other names goes by. */
static void add_cn(struct cert *c)
{
    AUTO(subject) struct subject subject = {0};
    struct name n;

    subject_read(&subject, c->subject, c->subject_len);
    if (subject.v[SUBJECT_CN] && name_of_cn(&n, subject.v[SUBJECT_CN]))
        names_add(&c->names, &n);
}

int auth_may(const struct who *w, unsigned may, struct errs *e)
{
    unsigned last = ROLE_ADMIN;

    if (may & MAY_ANY || w->roles & may ||
        (may & MAY_ITSELF && w->requester.type == WHO_CERTIFICATE))
        return 0;
    while (last > 1 && !(may & last))
        last >>= 1;
    return auth_role(w, last, e);
}

bool auth_covers(const struct who *w, const struct record *r)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};

    if (w->requester.type == WHO_CERTIFICATE)
        return w->record.leaf == r->leaf;
    if (!w->narrow)
        return true;
    if (cert_parse_any(&cert, r->der.data, r->der.len, &e) != 0)
        return false;
    if (cert.names.n == 0)
        add_cn(&cert);
    return limits_cover(&w->limits, r->profile, &cert.names);
}

bool auth_sees(const struct who *w, const struct record *r)
{
    if (w->requester.type == WHO_TOKEN && r->requester.type == WHO_TOKEN &&
        strcmp(w->requester.id, r->requester.id) == 0)
        return true;
    return auth_covers(w, r);
}

char *auth_scope(const struct who *w)
{
    return xasprintf("%s:%s", who_type_text(w->requester.type),
                     w->requester.id);
}

int auth_text(const char *what, const char *text, size_t max, struct errs *e)
{
    const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
    size_t n = 0;

    for (; p < end; n++) {
        uint32_t c = utf8_next(&p, end);

        if (c == UTF8_BAD)
            return err_add(e, ERR_BAD_ARGUMENT, "%s: \"%s\" is not UTF-8", what,
                           text);
        if (utf8_is_control(c))
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%s: \"%s\" contains a control character", what,
                           text);
    }
    if (n > max)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: %zu characters, at most %zu are permitted", what, n,
                       max);
    return 0;
}
