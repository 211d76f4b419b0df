/* SPDX-License-Identifier: ISC */
/* What a profile takes of a request: names, and fields of the subject. */
#include "profile_read.h"

/* "dns:a.b,cn:x | o=Example,cn=X | warnings" or a code. */
static char *taken_of(const struct profile *p, const char *san, bool listed,
                      const char *cn)
{
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names names = {0};
    AUTO(subject) struct subject s = {0};
    AUTO(taken) struct taken t = {0};
    const struct claim claim = {
        .names = &names, .listed = listed, .subject = &s};
    struct strs warnings = {0}, all = {0};
    AUTO(free) char *list = NULL;
    char *out;

    if (*san)
        ck_assert_int_eq(names_parse(&names, san, &e), 0);
    if (cn)
        subject_set(&s, SUBJECT_CN, xstrdup(cn));
    subject_set(&s, SUBJECT_O, xstrdup("Evil  Corp "));
    subject_set(&s, SUBJECT_OU, xstrdup("People"));
    if (profile_take(p, &claim, &t, &warnings, &e) != 0)
        return xstrdup(err_code(e.v[0].code));
    for (size_t i = 0; i < t.names.n; i++)
        strs_add_own(&all, name_text(&t.names.v[i]));
    list = strs_join(&all, ",");
    out = xasprintf("%s|%s|%s|%s|%zu", list,
                    t.subject.v[SUBJECT_O] ? t.subject.v[SUBJECT_O] : "",
                    t.subject.v[SUBJECT_OU] ? t.subject.v[SUBJECT_OU] : "",
                    t.subject.v[SUBJECT_CN] ? t.subject.v[SUBJECT_CN] : "",
                    warnings.n);
    strs_free(&all);
    strs_free(&warnings);
    return out;
}

START_TEST(taking)
{
#define PEOPLE                                                                 \
    "usage = { client, email } names = { \"email:*@b.org\", \"cn:**\" } "      \
    "subject = { cn, ou, \"o=Example\" }\n"
    static const struct {
        const char *rules, *san;
        bool listed;
        const char *cn, *is;
    } cases[] = {
        /* as without subject: the first DNS name */
        {SERVER NAMES, "a.internal", false, NULL,
         "dns:a.internal|||a.internal|0"},
        {SERVER NAMES, "a.internal", false, "b.internal",
         "dns:a.internal,dns:b.internal|||a.internal|0"},
        {SERVER NAMES, "a.internal", true, "b.internal",
         "dns:a.internal|||a.internal|0"},
        {SERVER NAMES, "a.internal", false, "Jane Doe",
         "dns:a.internal|||a.internal|1"},
        {SERVER NAMES, "", false, "Jane Doe", "no-names"},
        {SERVER NAMES, "", false, NULL, "no-names"},
        {SERVER NAMES, "", false, "a..b", "bad-name"},
        {SERVER NAMES, "", false, "web.internal",
         "dns:web.internal|||web.internal|0"},
        {SERVER NAMES "subject = \"cn=\"", "a.internal", false, "b.internal",
         "dns:a.internal,dns:b.internal||||0"},
        {SERVER NAMES "subject = { \"o=X\", \"cn=Fixed one\" }", "a.internal",
         false, NULL, "dns:a.internal|X||Fixed one|0"},
        /* people */
        {PEOPLE, "jane@b.org", false, "Jane  Doe",
         "email:jane@b.org,cn:jane doe|Example|People|Jane Doe|0"},
        {PEOPLE, "jane@b.org", false, "jane",
         "email:jane@b.org,cn:jane|Example|People|jane|0"},
        {PEOPLE, "jane@b.org", false, "evil.org",
         "email:jane@b.org,cn:evil.org|Example|People|evil.org|0"},
        {PEOPLE, "jane@b.org", false, "jane@b.org",
         "email:jane@b.org|Example|People|jane@b.org|0"},
        {PEOPLE, "jane@b.org", false, "joe@b.org",
         "email:jane@b.org,email:joe@b.org|Example|People|joe@b.org|0"},
        {PEOPLE, "jane@b.org", true, "joe@b.org",
         "email:jane@b.org|Example|People||0"},
        {PEOPLE, "jane@b.org", true, "Jane",
         "email:jane@b.org,cn:jane|Example|People|Jane|0"},
        {PEOPLE, "", false, "Jane Doe",
         "cn:jane doe|Example|People|Jane Doe|0"},
        {PEOPLE, "jane@b.org", false, NULL,
         "email:jane@b.org|Example|People||0"},
        {PEOPLE, "", false, NULL, "no-names"},
        {PEOPLE, "", false,
         "12345678 12345678 12345678 12345678 12345678 12345678 12345678 12",
         "bad-name"},
        {"usage = client names = { \"dns:**.internal\", \"cn:svc-*\" } "
         "subject = cn",
         "", false, "svc-backup", "cn:svc-backup|||svc-backup|0"},
        {"usage = client names = { \"dns:**.internal\", \"cn:**\" } "
         "subject = cn",
         "", false, "a.internal", "dns:a.internal|||a.internal|0"},
        /* a single label is a host where it may be certified as one */
        {"usage = client names = { \"dns:**\", \"cn:**\" } subject = cn", "",
         false, "svc-backup", "cn:svc-backup|||svc-backup|0"},
        {"usage = client names = { \"dns:**\", \"cn:**\" } subject = cn "
         "single-label = yes",
         "", false, "svc-backup", "dns:svc-backup|||svc-backup|0"},
        {"usage = client names = { \"dns:**.b\", \"dns:svc-backup\", "
         "\"cn:**\" } subject = cn",
         "", false, "svc-backup", "dns:svc-backup|||svc-backup|0"},
        {"usage = mutual names = { \"dns:**\", \"cn:**\" } subject = cn", "",
         false, "svc-backup", "dns:svc-backup|||svc-backup|0"},
        /* a server's CN is a host to some clients */
        {"usage = server names = { \"ip:**\", \"cn:**\" } subject = cn",
         "10.0.0.1", false, "evil.org",
         "ip:10.0.0.1,dns:evil.org|||evil.org|0"},
        {"usage = intermediate names = \"cn:*\" subject = { cn, o }", "", false,
         "sub.ca", "bad"},
        {"usage = intermediate names = \"cn:**\" subject = { cn, o }", "",
         false, "sub.ca", "cn:sub.ca|Evil Corp||sub.ca|0"},
        {"usage = intermediate names = \"cn:**\" subject = { cn, o }", "",
         false, NULL, "no-names"},
        {"usage = ocsp subject = { \"cn=Responder\" }", "", false, NULL,
         "|||Responder|0"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(conf) struct conf *c = read_conf(cases[i].rules, &e);
        AUTO(free) char *got = NULL;

        if (strcmp(cases[i].is, "bad") == 0) {
            ck_assert_msg(!c, "case %zu", i);
            continue;
        }
        ck_assert_msg(c != NULL, "case %zu: %s", i, e.n ? e.v[0].detail : "");
        got = taken_of(rules_of(c), cases[i].san, cases[i].listed, cases[i].cn);
        ck_assert_msg(strcmp(got, cases[i].is) == 0, "case %zu: %s, not %s", i,
                      got, cases[i].is);
    }
}
END_TEST

static char *texts_of(const struct names *l)
{
    struct strs all = {0};
    char *s;

    for (size_t i = 0; i < l->n; i++)
        strs_add_own(&all, name_text(&l->v[i]));
    s = strs_join(&all, ",");
    strs_free(&all);
    return s;
}

/* The mail address of a subject is a name, which is judged, or is dropped. */
START_TEST(taking_a_mail_address)
{
#define MAIL "usage = email names = \"email:*@b.org\" subject = "
    static const struct {
        const char *rules, *san, *mail;
        bool listed;
        const char *is; /* names|email|warnings, or a code */
    } cases[] = {
        {MAIL "email", "jane@b.org", "joe@B.org", false,
         "email:jane@b.org,email:joe@b.org|joe@b.org|0"},
        {MAIL "email", "jane@b.org", "jane@b.org", false,
         "email:jane@b.org|jane@b.org|0"},
        {MAIL "email", "", "jane@b.org", false,
         "email:jane@b.org|jane@b.org|0"},
        {MAIL "email", "jane@b.org", "joe@b.org", true, "email:jane@b.org||1"},
        {MAIL "email", "joe@b.org", "joe@b.org", true,
         "email:joe@b.org|joe@b.org|0"},
        {MAIL "email", "jane@b.org", "<joe@b.org> Joe", false, "bad-name"},
        {MAIL "email", "jane@b.org", "joe", false, "bad-name"},
        {MAIL "email", "jane@b.org", "joe@b.org@c.org", false, "bad-name"},
        {MAIL "o", "jane@b.org", "joe@evil.org", false, "email:jane@b.org||0"},
        {MAIL "\"email=all@b.org\"", "jane@b.org", "joe@evil.org", false,
         "email:jane@b.org|all@b.org|0"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(conf) struct conf *c = read_conf(cases[i].rules, &e);
        AUTO(names) struct names san = {0};
        AUTO(taken) struct taken t = {0};
        AUTO(free) char *got = NULL;
        const struct subject subject = {
            .v = {[SUBJECT_EMAIL] = (char *)cases[i].mail}};
        const struct claim asked = {
            .names = &san, .listed = cases[i].listed, .subject = &subject};
        struct strs warnings = {0};

        ck_assert_msg(c != NULL, "case %zu: %s", i, e.n ? e.v[0].detail : "");
        if (*cases[i].san)
            ck_assert_int_eq(names_parse(&san, cases[i].san, &e), 0);
        if (profile_take(rules_of(c), &asked, &t, &warnings, &e) != 0) {
            got = xstrdup(err_code(e.v[0].code));
        } else {
            AUTO(free) char *list = texts_of(&t.names);

            got = xasprintf(
                "%s|%s|%zu", list,
                t.subject.v[SUBJECT_EMAIL] ? t.subject.v[SUBJECT_EMAIL] : "",
                warnings.n);
        }
        strs_free(&warnings);
        ck_assert_msg(strcmp(got, cases[i].is) == 0, "case %zu: %s, not %s", i,
                      got, cases[i].is);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        taking,
        taking_a_mail_address,
    };

    return unit_run("profile_take", tests, COUNT(tests));
}
