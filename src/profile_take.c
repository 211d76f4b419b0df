/* SPDX-License-Identifier: ISC */
/* What a profile takes of a request: its names, and fields of its subject. */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "profile.h"

void taken_free(struct taken *t)
{
    names_free(&t->names);
    subject_free(&t->subject);
}

static bool takes(const struct profile *p, enum subject_field f)
{
    return p->taken & 1U << f;
}

/* Whether the CN may stand in the subject though it looks like a name: "jane"
 * or "svc-backup" where no such host is certified.  A server's CN is a host to
 * some clients, whatever else it has. */
static bool is_just_a_cn(const struct profile *p, const char *cn)
{
    AUTO(errs) struct errs e = {0};
    AUTO(name) struct name n = {0};

    if (!takes(p, SUBJECT_CN) || p->eku & EKU_SERVER)
        return false;
    return name_parse(&n, cn, strlen(cn), &e) != 0 || !profile_has_name(p, &n);
}

/* What somebody's mail program takes for the address of the subject: a name to
 * judge, and an alternative name of the certificate. */
static int take_email(const struct profile *p, const struct claim *a,
                      struct taken *out, struct strs *warnings, struct errs *e)
{
    const char *mail = a->subject->v[SUBJECT_EMAIL];
    AUTO(name) struct name n = {0};

    if (!mail || !takes(p, SUBJECT_EMAIL) || strchr(mail, '\n'))
        return 0; /* several are refused as such */
    if (name_parse_kind(&n, NAME_EMAIL, mail, strlen(mail), e) != 0)
        return -1;
    if (a->listed && !names_has(&out->names, &n)) {
        strs_add_own(warnings,
                     xasprintf("the mail address \"%s\" of the subject is not "
                               "among the names; it was dropped",
                               n.value));
        return 0;
    }
    out->subject.v[SUBJECT_EMAIL] = xstrdup(n.value);
    names_add(&out->names, &n);
    return 0;
}

/* One more name to judge, of the kind for CNs. */
static int take_cn(struct taken *out, const char *cn, struct errs *e)
{
    struct name n;

    if (name_parse_kind(&n, NAME_CN, cn, strlen(cn), e) != 0)
        return -1;
    names_add(&out->names, &n);
    free(out->subject.v[SUBJECT_CN]);
    out->subject.v[SUBJECT_CN] = xstrdup(cn);
    return 0;
}

static void dropped(struct strs *warnings, const char *cn)
{
    AUTO(free) char *text = subject_values(cn);

    strs_add_own(warnings, xasprintf("the common name %s is no name that "
                                     "can be certified; it was dropped",
                                     text));
}

/* A CN that is a name: one more, or, where the names were listed, nothing
 * unless it is among them. */
static void cn_is_name(const struct profile *p, const struct claim *a,
                       struct taken *out, struct name *n)
{
    const bool ours = !a->listed || names_has(&out->names, n);

    if (ours && takes(p, SUBJECT_CN) && !subject_rule(SUBJECT_CN, n->value)) {
        free(out->subject.v[SUBJECT_CN]);
        out->subject.v[SUBJECT_CN] = xstrdup(n->value);
    }
    if (ours)
        names_add(&out->names, n);
}

/* Any CN that is neither taken nor a name is dropped, which only matters to
 * somebody who meant it when there is no other name. */
static int judge_cn(const struct profile *p, const struct claim *a,
                    struct taken *out, struct strs *warnings, struct errs *e)
{
    const char *cn = a->subject->v[SUBJECT_CN];
    AUTO(errs) struct errs why = {0};
    const size_t len = strlen(cn);
    const bool like = name_is_like(cn, len);
    AUTO(name) struct name n = {0};

    if (p->names.n == 0) { /* it wants no names, and has a CN of its own */
        dropped(warnings, cn);
        return 0;
    }
    if (like && !is_just_a_cn(p, cn)) {
        if (name_parse(&n, cn, len, &why) == 0) {
            cn_is_name(p, a, out, &n);
            return 0;
        }
    } else if (takes(p, SUBJECT_CN)) {
        return take_cn(out, cn, e);
    }
    if (a->listed)
        return 0;
    if (out->names.n || a->odd || a->partial) {
        dropped(warnings, cn);
        return 0;
    }
    if (!like)
        return 0;
    errs_move(e, &why);
    return -1;
}

static int no_names(const char *cn, struct errs *e)
{
    AUTO(free) char *text = cn ? subject_values(cn) : NULL;

    if (text)
        return err_add(e, ERR_NO_NAMES,
                       "the request has no names, and its common name %s "
                       "is none either: put them into the subjectAltName of "
                       "the CSR or name them with it (?names=web.internal)",
                       text);
    return err_add(e, ERR_NO_NAMES,
                   "the request has no names: put them into the "
                   "subjectAltName of the CSR or name them with it "
                   "(?names=web.internal)");
}

/* A certificate has one value of a field.  Which one is meant nobody knows. */
static int several(const struct profile *p, enum subject_field f,
                   const char *value, struct errs *e)
{
    AUTO(free) char *values = subject_values(value);

    return err_add(e, ERR_BAD_CSR,
                   "the subject has several values of %s, %s, and profile "
                   "\"%s\" takes one",
                   subject_field_text(f), values, p->name);
}

/* Country codes are compared without regard to case, and written in capital
 * letters (ISO 3166). */
static void upper(char *code)
{
    for (; *code; code++)
        *code = ascii_upper(*code);
}

static int take_field(const struct profile *p, enum subject_field f,
                      const char *asked, struct subject *out, struct errs *e)
{
    AUTO(free) char *value = xstrdup(asked), *text = NULL;
    const char *rule;

    if (strchr(value, '\n'))
        return several(p, f, value, e);
    if (f == SUBJECT_CN || f == SUBJECT_EMAIL)
        return 0; /* names */
    if (f == SUBJECT_C)
        upper(value);
    rule = subject_rule(f, value);
    if (rule) {
        text = subject_values(asked);
        return err_add(e, ERR_BAD_CSR, "the %s %s of the subject %s",
                       subject_field_text(f), text, rule);
    }
    out->v[f] = take_ptr(value);
    return 0;
}

/* The fields that the profile fixes or takes, but no CN or mail address that
 * it takes. */
static int take_fields(const struct profile *p, const struct subject *asked,
                       struct subject *out, struct errs *e)
{
    int rc = 0;

    for (int i = 0; i < SUBJECT__MAX; i++)
        if (p->fixed.v[i])
            out->v[i] = xstrdup(p->fixed.v[i]);
        else if (takes(p, (enum subject_field)i) && asked->v[i])
            rc |= take_field(p, (enum subject_field)i, asked->v[i], out, e);
    return rc;
}

static bool cn_is_denied(const struct profile *p, const char *cn)
{
    AUTO(name) struct name n = {0};

    return patterns_has_kind(&p->deny, NAME_CN) && name_of_cn(&n, cn) &&
           patterns_match(&p->deny, &n);
}

/* Without one of its own a certificate has its first DNS name as CN, which
 * nobody asked for: so it is left out where it is a CN that is denied. */
static void default_cn(const struct profile *p, struct taken *out)
{
    char **cn = &out->subject.v[SUBJECT_CN];
    const char *first = cert_cn(&out->names);

    if (!*cn && !p->no_cn && !p->ca && first && !cn_is_denied(p, first))
        *cn = xstrdup(first);
}

int profile_take(const struct profile *p, const struct claim *a,
                 struct taken *out, struct strs *warnings, struct errs *e)
{
    const char *cn = a->subject->v[SUBJECT_CN];
    int rc, fields;

    names_copy(&out->names, a->names);
    fields = take_fields(p, a->subject, &out->subject, e);
    rc = take_email(p, a, out, warnings, e);
    if (cn)
        rc |= judge_cn(p, a, out, warnings, e);
    if (out->names.n == 0 && p->names.n && !a->odd && !a->partial && rc == 0)
        rc = no_names(a->listed ? NULL : cn, e);
    out->partial = a->partial || rc != 0;
    if (rc == 0)
        default_cn(p, out);
    return rc | fields;
}
