/* SPDX-License-Identifier: ISC */
/* What is said for and against a certificate before it is written: policy,
 * the key, the validity; and, where something is against it, the lints, with
 * another key where that is what is wrong. */
#include "signer_crl.h"

#include <string.h>

enum store_result judge_ban(struct signer *s, struct store_conn *c,
                            const uint8_t sha256[32], struct errs *e)
{
    struct key_ban ban;
    char text[65], since[TM_RFC3339_SIZE];
    enum store_result r = store_key_compromised(c, sha256, &ban);

    if (r == STORE_NONE)
        r = crl_lost_ban(s, c, sha256, &ban);
    if (r != STORE_OK)
        return r;
    hex_encode(text, sha256, 32);
    tm_rfc3339(since, ban.since);
    err_add(e, ERR_KEY_COMPROMISED,
            "the key with SHA-256 %s was %s at %s and is never certified again",
            text, ban.blocked ? "blocked" : "revoked for keyCompromise", since);
    return STORE_OK;
}

bool is_own_key(const struct signer *s, const uint8_t sha256[32])
{
    if (memcmp(s->ledger_key_sha256, sha256, 32) == 0)
        return true;
    for (size_t i = 0; i < s->n_authorities; i++)
        if (memcmp(s->authorities[i].key_sha256, sha256, 32) == 0)
            return true;
    return false;
}

int issue_judge_key(struct worker *w, const struct key_pub *key, struct errs *e)
{
    uint8_t sha256[32];
    enum store_result r;

    key_pub_sha256(key, sha256);
    if (is_own_key(w->s, sha256))
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "this is the key of an authority, or the ledger's");
    if (weak_list_has(&w->s->weak, key))
        return err_add(e, ERR_KEY_WEAK,
                       "the key is weak: its RSA modulus is on a list of keys "
                       "that everybody knows (weak-keys)");
    if (crl_lost_wait(w->s, e) != 0)
        return -1;
    r = judge_ban(w->s, w->reader, sha256, e);
    if (r == STORE_NONE)
        return 0;
    return r == STORE_OK ? -1 : auth_store_error(r, e);
}

/* Whoever read the CSR has told what is wrong with the key, too. */
void issue_read_key(struct issue_ask *a, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    const struct buf *spki = &a->m->spki;

    a->bad_key = key_pub_parse(&a->key, spki->data, spki->len, &why) != 0;
    errs_merge(e, &why);
}

int issue_take(const struct issue_ask *a, struct taken *out, struct errs *e)
{
    struct msg_issue *m = a->m;
    const struct claim asked = {.names = &m->names,
                                .listed = m->listed,
                                .odd = m->odd_san.n > 0,
                                .partial = m->partial,
                                .subject = &m->subject};

    return profile_take(a->profile, &asked, out, &m->warnings, e);
}

static void told_validity(struct report *r, const struct build *b,
                          const struct errs *e, size_t had)
{
    char from[TM_RFC3339_SIZE], to[TM_RFC3339_SIZE];

    if (!r)
        return;
    tm_rfc3339(from, b->not_before);
    tm_rfc3339(to, b->not_after);
    report_rule(r, "lifetime", NULL, e, had, "from %s to %s", from, to);
}

/* Refused, it is written for the lints as without what was asked for; not at
 * all when the issuer has ended. */
static void judge_validity(const struct issue_ask *a, struct build *b,
                           struct errs *e)
{
    AUTO(errs) struct errs none = {0};
    const int64_t end = b->authority->cert.not_after;
    const size_t had = e->n;
    const int rc = profile_validity(a->profile, b->asked, a->now, end,
                                    &b->not_before, &b->not_after, e);

    told_validity(a->report, b, e, had);
    if (rc != 0)
        profile_validity(a->profile, &(struct span){0}, a->now, end,
                         &b->not_before, &b->not_after, &none);
}

static void judge_note(const struct issue_ask *a, struct errs *e)
{
    const size_t had = e->n;

    if (!a->m->note)
        return;
    auth_text("note", a->m->note, NOTE_MAX, e);
    report_rule(a->report, "note", NULL, e, had, "fits");
}

static void judge_lints(struct worker *w, const struct issue_ask *a,
                        const struct build *b, struct errs *e)
{
    AUTO(strs) struct strs warnings = {0};
    struct build with = *b;
    const size_t had = e->n;

    /* Without all of its names it would be judged for what is missing. */
    if (!b->not_after || a->taken.partial ||
        (a->taken.names.n == 0 && a->profile->names.n))
        return;
    if (a->bad_key)
        with.key = &b->authority->cert.key;
    build_lint(w, &with, &warnings, e);
    report_rule(a->report, "lint", NULL, e, had, "no lint is against it");
    report_notes(a->report, "lint", &warnings);
}

static void begin(struct worker *w, const struct issue_ask *a, struct build *b)
{
    const struct profile *p = a->profile;

    *b = (struct build){.authority = signer_authority_of(w->s, p),
                        .profile = p,
                        .limits = a->limits,
                        .taken = &a->taken,
                        .key = &a->key,
                        .asked = &a->m->span,
                        .now = a->now};
    if (!b->authority || !b->authority->key)
        log_fatal("profile", "%s: its authority has no key", p->name);
}

int issue_judge(struct worker *w, const struct issue_ask *a, struct build *b,
                struct errs *e)
{
    const struct request req = {
        .names = &a->taken.names,
        .odd_san = &a->m->odd_san,
        .partial = a->taken.partial,
        .key = &a->key,
        .cn = a->profile->fixed.v[SUBJECT_CN] ? NULL
                                              : a->taken.subject.v[SUBJECT_CN],
        .power = a->m->power,
        .critical = a->m->critical,
    };
    size_t had;

    begin(w, a, b);
    profile_judge(a->profile, a->limits, &req, a->report, e);
    had = e->n;
    issue_judge_key(w, &a->key, e);
    report_rule(a->report, "key", NULL, e, had,
                "not listed as weak, not blocked, no authority's own");
    judge_validity(a, b, e);
    judge_note(a, e);
    if (e->n == 0)
        return 0;
    judge_lints(w, a, b, e);
    return -1;
}

static void judge_replaces(struct worker *w, const struct who *who,
                           const struct issue_ask *a, struct errs *e)
{
    AUTO(record) struct record old = {0};
    AUTO(errs) struct errs why = {0};
    const struct serial *s = &a->m->replaces;
    const size_t had = e->n;

    if (s->len == 0)
        return;
    if (find_record(w, who, s, auth_sees, &old, &why) != 0) {
        if (why.v[0].code == ERR_NOT_FOUND)
            err_add(e, ERR_NOT_FOUND, "replaces: %s", why.v[0].detail);
        else
            errs_move(e, &why);
    }
    report_rule(a->report, "replaces", NULL, e, had, "it is there");
}

int issue_ask(struct worker *w, const struct who *who, struct issue_ask *a,
              struct build *b, struct errs *e)
{
    const struct msg_issue *m = a->m;
    size_t had = e->n;

    a->limits = &who->limits;
    a->profile =
        profiles_choose(&w->s->conf->profiles, m->profile, a->limits, e);
    report_rule(a->report, "profile",
                a->profile ? a->profile->name : m->profile, e, had,
                m->profile ? "as asked for" : "the first there is");
    if (!a->profile)
        return -1;
    had = e->n;
    issue_read_key(a, e);
    issue_take(a, &a->taken, e);
    if (e->n > had)
        report_rule(a->report, "request", NULL, e, had, "-");
    judge_replaces(w, who, a, e);
    return issue_judge(w, a, b, e);
}
