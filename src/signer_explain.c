/* SPDX-License-Identifier: ISC */
/* What would become of a request: judged as handle_issue() does, by the same
 * functions, up to the decision about the TBSCertificate.  Nothing is signed,
 * queued or remembered. */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A line has two texts of some 600 octets at most. */
enum { LINES_A_FRAME = 32, TBS_MAX = RECORD_MAX - 4096 };

/* Whether a field of the subject is a name that was denied: the CN may be. */
static bool is_denied(const struct report *r, const struct names *names,
                      const char *value)
{
    AUTO(name) struct name cn = {0};

    if (name_of_cn(&cn, value)) {
        AUTO(free) char *text = name_text(&cn);

        if (report_denies(r, text))
            return true;
    }
    for (size_t i = 0; i < names->n; i++) {
        AUTO(free) char *text = name_text(&names->v[i]);

        if (strcmp(names->v[i].value, value) == 0 && report_denies(r, text))
            return true;
    }
    return false;
}

/* What the profile did with a field of the subject. */
static void told_field(struct report *r, const struct issue_ask *a,
                       enum subject_field f)
{
    const char *asked = a->m->subject.v[f], *is = a->taken.subject.v[f];
    AUTO(free)
    char *all = asked && strchr(asked, '\n') ? subject_values(asked)
                                             : xstrdup_null(asked);
    AUTO(free)
    char *about = xasprintf("%s=%s", subject_field_text(f),
                            is    ? is
                            : all ? all
                                  : "");

    if (is && is_denied(r, &a->taken.names, is))
        report_note(r, "subject", about, "is a name that is denied");
    else if (is)
        report_rule(r, "subject", about, &(struct errs){0}, 0, "%s",
                    a->profile->fixed.v[f] ? "the profile's own"
                    : asked && strcasecmp(asked, is) == 0
                        ? "taken from the request"
                        : "from the names");
    else if (asked)
        report_note(r, "subject", about, "not taken from the request");
}

static void told_subject(struct report *r, const struct issue_ask *a)
{
    for (int i = 0; i < SUBJECT__MAX; i++)
        told_field(r, a, (enum subject_field)i);
}

/* Where the configuration says that a certificate has it. */
static const char *const ext_rules[EXT__MAX + 1] = {
    [EXT_BASIC] = "usage",       [EXT_KEY_USAGE] = "usage",
    [EXT_EKU] = "usage",         [EXT_SKI] = "key",
    [EXT_AKI] = "authority",     [EXT_SAN] = "names",
    [EXT_CDP] = "cdp",           [EXT_AIA] = "aia",
    [EXT_POLICIES] = "policies", [EXT_TLS_FEATURE] = "must-staple",
    [EXT_NOCHECK] = "usage",     [EXT__MAX] = "extensions",
};

static void told_extensions(struct report *r, const struct cert *c)
{
    struct der list = der_of(c->exts, c->exts_len), value;
    struct der_tlv oid;
    bool critical;

    while (!der_end(&list) &&
           cert_ext_next(&list, &oid, &critical, &value) == 0) {
        const enum cert_ext_id id = cert_ext_of(&oid);
        char text[64];

        der_oid_print(text, sizeof(text), oid.val, oid.len);
        report_rule(r, ext_rules[id] ? ext_rules[id] : "extensions",
                    id == EXT__MAX ? text : cert_ext_text(id),
                    &(struct errs){0}, 0, "in the certificate%s",
                    critical ? ", critical" : "");
    }
}

/* The octets that would be signed, judged; or the reasons. */
static void decide(struct worker *w, const struct build *b,
                   struct msg_explained *out, struct errs *why)
{
    AUTO(strs) struct strs warnings = {0};
    struct build with = *b;
    AUTO(decision) struct decision *passed = NULL;
    const struct cert *c;

    if (b->profile->cdp)
        with.crl_partition = crl_partition_guess(w, b->authority);
    passed = build_decide(w, &with, &warnings, why);
    c = passed ? decision_cert(passed) : NULL;
    if (c && c->sig.tbs_len > TBS_MAX)
        err_add(why, ERR_TOO_LARGE, "the certificate would have %zu octets",
                c->sig.tbs_len);
    report_rule(&out->report, "lint", NULL, why, 0,
                "the octets pass policy and every lint");
    report_notes(&out->report, "lint", &warnings);
    if (why->n)
        return;
    told_extensions(&out->report, c);
    buf_put(&out->tbs, c->sig.tbs, c->sig.tbs_len);
}

static void answer(struct worker *w, const struct frame *f,
                   const struct msg_explained *m)
{
    size_t at = 0, n;

    do {
        n = m->report.n - at;
        if (n > LINES_A_FRAME)
            n = LINES_A_FRAME;
        msg_begin(&w->reply, MSG_EXPLAINED, f->id, at + n < m->report.n);
        msg_explained_put(&w->reply, m, at, n);
        peer_send_wait(w->peer, &w->reply);
        at += n;
    } while (at < m->report.n);
}

/* That the ledger cannot be read says nothing about the request. */
static bool is_ours(const struct errs *why)
{
    for (size_t i = 0; i < why->n; i++)
        if (err_status(why->v[i].code) >= 500)
            return true;
    return false;
}

/* Only who administers the service looks at it with other eyes. */
static int look_as(struct worker *w, const char *id, struct who *who,
                   struct report *r, struct errs *why, struct errs *e)
{
    if (w->peer->kind != PEER_A)
        return err_add(e, ERR_BAD_REQUEST,
                       "a token is named on the admin socket only");
    if (auth_as(w, id, who, why, e) != 0)
        return -1;
    report_rule(r, "token", id, why, 0, "is in force, with the role issue");
    return 0;
}

/* What was wrong with the request before it came here. */
static void told_errs(struct report *r, struct msg_issue *m, struct errs *why)
{
    const size_t had = why->n;

    errs_move(why, &m->errs);
    if (why->n > had)
        report_rule(r, "request", NULL, why, had, "-");
}

int handle_explain(struct worker *w, const struct frame *f,
                   const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(msg_explained) struct msg_explained out = {0};
    AUTO(who) struct who who = {0};
    AUTO(errs) struct errs why = {0};
    AUTO(ask)
    struct issue_ask a = {.m = &m, .now = tm_now(), .report = &out.report};
    AUTO(free) char *token = NULL;
    struct build b = {0};

    msg_issue_get(body, &m);
    token = rd_str_null(body);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        auth_role(&who, ROLE_ISSUE, e) != 0 ||
        clock_check(w->s, a.now, e) != 0 ||
        (token && look_as(w, token, &who, &out.report, &why, e) != 0))
        return -1;
    told_errs(&out.report, &m, &why);
    issue_ask(w, &who, &a, &b, &why);
    if (b.profile) /* it came to what is taken */
        told_subject(&out.report, &a);
    report_notes(&out.report, "request", &m.warnings);
    if (why.n == 0)
        decide(w, &b, &out, &why);
    if (is_ours(&why)) {
        errs_move(e, &why);
        return -1;
    }
    out.profile = a.profile ? xstrdup(a.profile->name) : NULL;
    out.authority = b.authority ? xstrdup(b.authority->name) : NULL;
    answer(w, f, &out);
    return 0;
}
