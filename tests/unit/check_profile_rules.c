/* SPDX-License-Identifier: ISC */
/* The rules of profiles as the configuration has them: what they compile to,
 * which contradict each other, and what they take of a request. */
#include "profile_read.h"

/* Each alone makes a configuration no good, and the reason names the line and
 * what it is about. */
START_TEST(contradictions)
{
    static const struct {
        const char *rules, *where, *said, *and;
    } cases[] = {
        {SERVER NAMES "deny = \"dns:**.internal\"\n", ":10:", "covers all of",
         "in line 9"},
        {SERVER NAMES "deny = \"dns:**\"\n", ":10:", "covers all of",
         "\"dns:**.internal\""},
        {SERVER "names = { \"dns:a.b\",\n\"dns:c.d\" }\ndeny = \"dns:c.d\"\n",
         ":11:", "covers all of", "in line 10"},
        {SERVER "names = { \"dns:a.b\",\n\"ip:10.0.0.0/8\" }\n"
                "deny = { \"ip:10.0.0.0/9\",\n\"ip:10.128.0.0/9\" }\n",
         ":10:", "names \"ip:10.0.0.0/8\" can never match", "deny in line 11"},
        {SERVER "names = { \"dns:**\", \"ip:**\" }\n"
                "deny = { \"ip:0.0.0.0/0\", \"ip:::/0\" }\n",
         ":9:", "names \"ip:**\" can never match", "deny in line 10"},
        {SERVER "names = { \"ip:10.0.0.0/31\", \"ip:10.0.0.1\" }\n"
                "min-names = 3\n",
         ":10:", "can never match", "allows 2"},
        {SERVER NAMES "deny = \"dns:**.org\"\n", ":10:", "can never match",
         "in line 9"},
        {SERVER "names = { \"dns:a.b\",\n\"dns:c.d\",\n\"dns:A.b\" }\n",
         ":11:", "names has \"dns:a.b\" twice", "in line 9"},
        {SERVER NAMES "deny = { \"dns:a.internal\",\n\"dns:a.internal\" }\n",
         ":11:", "deny has \"dns:a.internal\" twice", "in line 10"},
        {SERVER NAMES "deny = \"ip:10.0.0.1\"\n", ":10:", "can never match",
         "ip:10.0.0.1"},
        {SERVER "names = \"dns:a.b\"\nwildcards = yes\n",
         ":10:", "wildcards = yes", "in line 9"},
        {SERVER "names = \"dns:*.b\"\nwildcards = yes\n",
         ":10:", "wildcards = yes", "in line 9"},
        {SERVER "names = \"ip:**\"\nwildcards = yes\n",
         ":10:", "wildcards = yes", "in line 9"},
        {SERVER NAMES "single-label = yes\n", ":10:", "single-label = yes",
         "in line 9"},
        {SERVER NAMES "subject = cn\n", ":10:", "cn: pattern", "in line 9"},
        {SERVER NAMES "subject = email\n", ":10:", "email: pattern",
         "in line 9"},
        {SERVER NAMES "subject = \"o=a\xe2\x80\x8b\"\n", ":10:", "not seen",
         ""},
        {SERVER "names = { \"dns:**\",\n\"cn:**\" }\n",
         ":10:", "\"cn:**\" can never match", "subject"},
        {SERVER NAMES "subject = \"cn=web.internal\"\n",
         ":10:", "fixes the cn \"web.internal\"", "in line 8"},
        {SERVER NAMES "lifetime = \"2d\"\nmax-lifetime = \"1d\"\n",
         ":11:", "lifetime in line 10", "max-lifetime"},
        {SERVER NAMES "lifetime = \"2d\"\nmin-lifetime = \"3d\"\n",
         ":11:", "lifetime in line 10", "min-lifetime"},
        {SERVER NAMES "path-len = 1\n", ":10:", "path-len is for", "line 8"},
        {SERVER NAMES "must-staple = yes\naia = no\n",
         ":10:", "aia = no in line 11", ""},
        {"usage = client\n" NAMES "must-staple = yes\n",
         ":10:", "must-staple is for servers", "line 8"},
        {"usage = intermediate\n" NAMES "subject = \"cn=X\"\n",
         ":9:", "usage intermediate in line 8", "names"},
        {"usage = { intermediate, server }\n" NAMES, ":8:", "stands alone",
         "intermediate"},
        {"usage = { ocsp, client }\n" NAMES, ":8:", "stands alone", "ocsp"},
        {"usage = { time-stamping, 1.2.3 }\n" NAMES, ":8:", "stands alone",
         "time-stamping"},
        {"usage = intermediate\n", ":7:", "needs a cn", "intermediate"},
        {"usage = ocsp\n", ":7:", "needs a cn", "ocsp"},
        {SERVER, ":7:", "names is missing", ""},
        {"usage = { mutual, client }\n" NAMES, ":8:", "client", "twice"},
        {"usage = { client, 1.3.6.1.5.5.7.3.2 }\n" NAMES, ":8:", "client",
         "twice"},
        {"usage = 2.5.29.37.0\n" NAMES, ":8:", "anyExtendedKeyUsage", ""},
        {"usage = 3.1.1\n" NAMES, ":8:", "3.1.1", "OID"},
        {"usage = 1.3..6\n" NAMES, ":8:", "1.3..6", "OID"},
        {"usage = 1.3.06\n" NAMES, ":8:", "1.3.06", "OID"},
        {"usage = 1.3.6.\n" NAMES, ":8:", "1.3.6.", "OID"},
        {SERVER NAMES "subject = { o, \"o=Example\" }\n", ":10:", "twice", ""},
        {SERVER NAMES "subject = \"x=1\"\n", ":10:", "x=1", "serial-number"},
        {SERVER NAMES "subject = \"c=de\"\n", ":10:", "c=de", "country code"},
        {SERVER NAMES "subject = \"o=\"\n", ":10:", "o=", "is empty"},
        {SERVER NAMES "policies = \"x\"\n", ":10:", "no policy", "x"},
        {SERVER NAMES "policies = \"1.2.3 ftp://a\"\n", ":10:", "no policy",
         ""},
        {SERVER NAMES "policies = \"1.2.3 http://\"\n", ":10:", "no policy",
         ""},
        {SERVER NAMES "policies = \"1.2.3 http://a/b c\"\n",
         ":10:", "no policy", ""},
        {SERVER NAMES "policies = { \"1.2.3\", \"1.2.3 http://a\" }\n",
         ":10:", "twice", "1.2.3"},
        {SERVER NAMES "extensions = \"2.5.29.17 hex:0500\"\n",
         ":10:", "names decide it", "2.5.29.17"},
        {SERVER NAMES "extensions = \"1.3.6.1.5.5.7.1.24 hex:0500\"\n",
         ":10:", "must-staple decides", ""},
        {SERVER NAMES "extensions = \"1.2.3 hex:050\"\n",
         ":10:", "no hexadecimal", ""},
        {SERVER NAMES "extensions = \"1.2.3 hex:0501\"\n", ":10:", "in DER",
         ""},
        {SERVER NAMES "extensions = \"1.2.3 hex:05000500\"\n", ":10:", "in DER",
         ""},
        {SERVER NAMES "extensions = \"1.2.3 hex:\"\n", ":10:", "in DER", ""},
        {SERVER NAMES "extensions = { \"1.2.3 hex:0500\", \"1.2.3 hex:0500\" "
                      "}\n",
         ":10:", "twice", ""},
        {SERVER NAMES "extensions = \"1.2.3 critical\"\n",
         ":10:", "no hex: or base64:", ""},
        {SERVER NAMES "extensions = \"1.2.3 Critical hex:0500\"\n",
         ":10:", "no hex: or base64:", ""},
        {SERVER NAMES "extensions = \"1.2.3 critical critical hex:0500\"\n",
         ":10:", "no hex: or base64:", ""},
        {SERVER NAMES "extensions = \"2.5.29.19 critical hex:0500\"\n",
         ":10:", "usage decides it", ""},
        {SERVER NAMES "extensions = \"1.2.3 base64:BQ\"\n", ":10:", "no base64",
         ""},
        {SERVER NAMES "extensions = \"1.2.3 base64:BQA-\"\n",
         ":10:", "no base64", ""},
        {SERVER NAMES "extensions = \"1.2.3 base64:BQB=\"\n",
         ":10:", "no base64", ""},
        {SERVER NAMES "extensions = \"1.2.3 base64:BQE=\"\n", ":10:", "in DER",
         ""},
        {SERVER NAMES "extensions = \"1.2.3 base64:\"\n", ":10:", "in DER", ""},
        {SERVER NAMES "extensions = { \"1.2.3 hex:0500\", "
                      "\"1.2.3 critical base64:BQA=\" }\n",
         ":10:", "twice", ""},
        {"usage = client\n" NAMES "deny = \"dns:a.internal\"\n"
         "subject = \"cn=A.internal\"\n",
         ":11:", "fixes the cn \"A.internal\"", "deny in line 10"},
        {"usage = email\nnames = \"email:*@a.b\"\n"
         "deny = \"email:root@a.b\"\nsubject = \"email=root@a.b\"\n",
         ":11:", "fixes the email", "deny in line 10"},
        {SERVER NAMES "min-names = 4 max-names = 3\n", ":10:", "min-names 4",
         "max-names 3"},
        {SERVER "names = { \"dns:a.b\", \"dns:c.d\" } min-names = 3\n",
         ":9:", "can never match", "allows 2"},
        {SERVER "names = { \"ip:10.1.1.0/31\", \"ip:::1\" } min-names = 4\n",
         ":9:", "can never match", "allows 3"},
        {SERVER
         "names = { \"dns:a.b\", \"cn:**\" } subject = cn min-names = 3\n",
         ":9:", "can never match", "allows 2"},
        {"usage = ocsp subject = \"cn=x\" min-names = 1\n",
         ":8:", "can never match", "allows 0"},
        {SERVER "names = { \"email:**\", \"cn:**\" } subject = cn\n",
         ":9:", "no dns:, ip: or uri: pattern", "in line 8"},
        {SERVER NAMES "renew = no\nrekey = yes\n",
         ":11:", "rekey = yes can never match", "in line 10"},
        {SERVER NAMES "lifetime = 1m\n", ":10:", "1m", "61s"},
        {SERVER NAMES "lifetime = 2m\nmax-lifetime = 1m\n", ":11:", "1m",
         "61s"},
        {SERVER NAMES "subject = \"email=joe\"\n", ":10:", "email=joe",
         "is no mail address"},
        {SERVER NAMES "extensions = \"2.5.29.33 critical hex:3000\"\n",
         ":10:", "policyMappings", ""},
        {SERVER NAMES "extensions = \"2.5.29.54 hex:020100\"\n",
         ":10:", "2.5.29.54", "is not critical"},
        {SERVER NAMES "extensions = \"2.5.29.36 hex:3003800100\"\n",
         ":10:", "2.5.29.36", "is not critical"},
        {SERVER NAMES "extensions = \"2.5.29.36 critical hex:3000\"\n",
         ":10:", "2.5.29.36", "is empty"},
        {SERVER NAMES "extensions = \"2.5.29.54 critical hex:0500\"\n",
         ":10:", "2.5.29.54", "is no number"},
        {"usage = intermediate subject = \"cn=x\"\n"
         "extensions = \"2.5.29.33 critical hex:3000\"\n",
         ":9:", "2.5.29.33", "policyMappings"},
        {SERVER NAMES "min-names = 0\n", ":10:", "min-names", "1 to 1000"},
        {SERVER NAMES "not-before = \"2y\"\n", ":10:", "not-before", "2y"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(conf) struct conf *c = read_conf(cases[i].rules, &e);
        const char *said = e.n ? e.v[0].detail : "";

        ck_assert_msg(!c, "case %zu passed: %s", i, cases[i].rules);
        ck_assert_msg(strstr(said, cases[i].where) &&
                          strstr(said, cases[i].said) &&
                          strstr(said, cases[i].and),
                      "case %zu, %zu reasons: %s", i, e.n, said);
    }
}
END_TEST

/* One mistake is told once. */
START_TEST(each_once)
{
    static const char *const cases[] = {
        SERVER NAMES "deny = \"dns:**.internal\"\n",
        SERVER NAMES "deny = \"dns:**\"\n",
        SERVER "names = \"ip:10.0.0.0/8\" deny = \"ip:10.0.0.0/8\"\n",
        SERVER "names = \"ip:10.0.0.0/31\"\n"
               "deny = { \"ip:10.0.0.0\", \"ip:10.0.0.1\" }\n",
        SERVER "names = \"dns:a..b\"\n",
        SERVER "names = {}\n",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(conf) struct conf *c = read_conf(cases[i], &e);

        ck_assert_ptr_null(c);
        ck_assert_msg(e.n == 1, "case %zu: %zu, %s", i, e.n, e.v[0].detail);
    }
}
END_TEST

/* Each is a good configuration, perhaps with what is hardly meant. */
START_TEST(what_is_taken)
{
    static const struct {
        const char *rules, *said; /* NULL: nothing */
    } cases[] = {
        {SERVER "names = { \"dns:**.b\",\n\"dns:a.b\" }\n",
         "/c/x.conf:10: profile p: names \"dns:a.b\" adds nothing to "
         "\"dns:**.b\" in line 9"},
        {SERVER "names = { \"dns:*.b\",\n\"dns:**.b\" }\n",
         "/c/x.conf:9: profile p: names \"dns:*.b\" adds nothing to "
         "\"dns:**.b\" in line 10"},
        {SERVER NAMES "deny = { \"dns:a.internal\",\n\"dns:*.internal\" }\n",
         "/c/x.conf:10: profile p: deny \"dns:a.internal\" adds nothing to "
         "\"dns:*.internal\" in line 11"},
        {SERVER "names = { \"ip:10.0.0.0/8\", \"ip:**\" }\n",
         "/c/x.conf:9: profile p: names \"ip:10.0.0.0/8\" adds nothing to "
         "\"ip:**\" in line 9"},
        /* a single label is certified where it is named */
        {SERVER "names = { \"dns:**\", \"dns:web\" }\n", NULL},
        {SERVER "names = { \"dns:**\", \"dns:web\" } single-label = yes\n",
         "/c/x.conf:9: profile p: names \"dns:web\" adds nothing to \"dns:**\" "
         "in line 9"},
        {SERVER "names = { \"dns:**.b\", \"dns:b\", \"dns:c.b.a\" }\n", NULL},
        {SERVER "names = { \"ip:10.0.0.0/8\", \"ip:a00::/8\" }\n", NULL},
        {SERVER NAMES "deny = { \"dns:a.internal\", \"dns:*.a.internal\" }\n",
         NULL},
        /* as far as a rule goes */
        {SERVER NAMES "not-before = no\n", NULL},
        {SERVER "names = \"dns:*.a.b\" wildcards = yes\n", NULL},
        {SERVER "names = \"dns:web\" single-label = yes\n", NULL},
        {SERVER "names = \"uri:spiffe://a/**\"\n", NULL},
        {SERVER NAMES "min-names = 2 max-names = 2\n", NULL},
        {SERVER NAMES "min-lifetime = 2d lifetime = 2d\n", NULL},
        {SERVER "names = \"ip:fd00::/64\" min-names = 2\n", NULL},
        {"usage = intermediate names = \"cn:**\" subject = cn\n", NULL},
        {"usage = intermediate subject = \"cn=X\"\n"
         "policies = 1.2.3\n"
         "extensions = \"2.5.29.33 critical hex:300a300806022a0306022a04\"\n",
         NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(conf) struct conf *c = read_conf(cases[i].rules, &e);

        ck_assert_msg(c != NULL, "case %zu: %s", i, e.n ? e.v[0].detail : "");
        ck_assert_uint_eq(c->warnings.n, cases[i].said != NULL);
        if (cases[i].said)
            ck_assert_str_eq(c->warnings.v[0], cases[i].said);
    }
}
END_TEST

START_TEST(everything_at_once)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c = read_conf(
        "usage = { mutual, email, 1.3.6.1.5.5.7.3.3, 1.2.3.4 }\n"
        "names = { \"dns:**\", \"email:*@b.org\", \"cn:Jane  DOE\", "
        "\"cn:svc-*\" }\n"
        "deny = { \"dns:**.prod.internal\", \"cn:svc-root\" }\n"
        "wildcards = yes single-label = yes max-names = 3\n"
        "subject = { \"c=DE\", \"o=Example Ltd\", ou, cn }\n"
        "lifetime = 2d max-lifetime = 3d min-lifetime = 1h not-before = yes\n"
        "policies = { 1.2.3, \"1.2.4 https://b.org/cps\" }\n"
        "must-staple = yes cdp = no\n"
        "min-names = 2\n"
        "extensions = { \"1.2.5  hex:0C0141\", \"1.2.6 critical base64:BQA=\" "
        "}\n",
        &e);
    const struct profile *p;
    AUTO(free) char *names = NULL;

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    p = rules_of(c);
    names = strs_join(&p->usage, ",");
    ck_assert_str_eq(names, "server,client,email,code-signing,1.2.3.4");
    ck_assert_uint_eq(p->eku, EKU_SERVER | EKU_CLIENT | EKU_EMAIL | EKU_CODE);
    ck_assert(!p->ca);
    ck_assert_uint_eq(p->names.n, 4);
    ck_assert_str_eq(p->names.v[2].value, "jane doe");
    ck_assert_uint_eq(p->deny.n, 2);
    ck_assert_str_eq(p->fixed.v[SUBJECT_O], "Example Ltd");
    ck_assert_uint_eq(p->taken, 1U << SUBJECT_OU | 1U << SUBJECT_CN);
    ck_assert_int_eq(p->min_lifetime, TM_HOUR);
    ck_assert_int_eq(p->not_before, 30 * TM_DAY);
    ck_assert(p->must_staple && !p->cdp && p->aia);
    ck_assert_int_eq(p->line, 8);
    ck_assert_uint_eq(p->min_names, 2);
    ck_assert_uint_eq(p->extensions.n, 2);
    ck_assert_str_eq(p->extensions.v[0], "1.2.5 hex:0c0141");
    ck_assert_str_eq(p->extensions.v[1], "1.2.6 critical hex:0500");
}
END_TEST

/* What is denied of common names holds for one that is a host as well. */
START_TEST(denying_common_names)
{
    static const struct {
        const char *san, *cn, *is; /* the subject's cn, or "denied" */
    } cases[] = {
        {"a.internal", "root", "denied"},
        {"a.internal", "ROOT", "denied"},
        {"a.internal", "admin", "denied"},
        {"a.internal", "admin.internal", "denied"},
        {"a.internal", "Admin of it", "denied"},
        {"a.internal", "ro\xc2\xadot of it", "bad-name"},
        {"a.internal", "user", "user"},
        {"a.internal", NULL, "a.internal"},
        {"admin.internal", NULL, ""}, /* nobody asked for it */
        {"admin.internal", "user", "user"},
        {"root,user", NULL, ""},
    };
    static const struct key_pub key = {
        .type = KEY_EC, .curve = CURVE_P256, .bits = 256};
    static const struct limits none;
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c =
        read_conf("usage = client names = { \"dns:**\", \"cn:**\" } "
                  "single-label = yes subject = cn "
                  "deny = { \"cn:root\", \"cn:admin*\" }\n",
                  &e);

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs why = {0};
        AUTO(names) struct names san = {0};
        AUTO(taken) struct taken t = {0};
        const struct subject subject = {
            .v = {[SUBJECT_CN] = (char *)cases[i].cn}};
        const struct claim asked = {.names = &san, .subject = &subject};
        struct request r = {.names = &t.names, .key = &key};
        struct strs warnings = {0};
        const char *got;

        ck_assert_int_eq(names_parse(&san, cases[i].san, &why), 0);
        if (profile_take(rules_of(c), &asked, &t, &warnings, &why) != 0) {
            got = err_code(why.v[0].code);
        } else {
            r.cn = t.subject.v[SUBJECT_CN];
            got = profile_judge(rules_of(c), &none, &r, NULL, &why) ? "denied"
                  : r.cn                                            ? r.cn
                                                                    : "";
        }
        strs_free(&warnings);
        ck_assert_msg(strcmp(got, cases[i].is) == 0, "case %zu: %s, not %s", i,
                      got, cases[i].is);
        for (size_t k = 0; k < why.n && why.v[k].code != ERR_BAD_NAME; k++)
            ck_assert_msg(why.v[k].code == ERR_NAME_NOT_ALLOWED &&
                              strstr(why.v[k].detail, "\"cn:") &&
                              strstr(why.v[k].detail, "denied"),
                          "case %zu: %s", i, why.v[k].detail);
    }
}
END_TEST

/* What is denied is refused, also behind a wildcard. */
START_TEST(denying)
{
    static const struct {
        const char *name;
        bool refused;
    } cases[] = {
        {"a.internal", false},       {"prod.internal", false},
        {"x.prod.internal", true},   {"*.prod.internal", true},
        {"*.x.internal", true}, /* stands for db.x.internal */
        {"db.x.internal", true},     {"DB.X.Internal", true},
        {"*.db.x.internal", false},  {"10.0.0.1", false},
        {"10.9.0.1", true},          {"x.y.prod.internal", true},
        {"*.x.prod.internal", true},
    };
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c =
        read_conf(SERVER "names = { \"dns:**\", \"ip:10.0.0.0/8\" } "
                         "wildcards = yes deny = { \"dns:**.prod.internal\", "
                         "\"dns:db.x.internal\", \"ip:10.9.0.0/16\" }\n",
                  &e);
    static const struct key_pub key = {
        .type = KEY_EC, .curve = CURVE_P256, .bits = 256};
    static const struct limits none;

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs why = {0};
        AUTO(names) struct names l = {0};
        struct request r = {.names = &l, .key = &key};
        int rc;

        ck_assert_int_eq(names_parse(&l, cases[i].name, &why), 0);
        rc = profile_judge(rules_of(c), &none, &r, NULL, &why);
        ck_assert_msg((rc != 0) == cases[i].refused, "%s", cases[i].name);
        if (rc != 0) {
            ck_assert_int_eq(why.v[0].code, ERR_NAME_NOT_ALLOWED);
            ck_assert_ptr_nonnull(strstr(why.v[0].detail, "denied"));
        }
    }
}
END_TEST

START_TEST(beginnings)
{
    enum { NOW = 1795392060 };
    static const struct {
        int64_t begin, lifetime;
        enum err is;
    } cases[] = {
        {0, 0, ERR_NONE},
        {NOW, 0, ERR_NONE},
        {NOW - 60, 0, ERR_NONE},
        {NOW - 61, 0, ERR_NOT_BEFORE_NOT_ALLOWED},
        {1, 0, ERR_NOT_BEFORE_NOT_ALLOWED},
        {NOW + 14 * TM_DAY, 0, ERR_NONE},
        {NOW + 20 * TM_DAY + 1, 0, ERR_NOT_BEFORE_NOT_ALLOWED},
        {INT64_MAX, 0, ERR_NOT_BEFORE_NOT_ALLOWED},
        {NOW, TM_HOUR, ERR_NONE},
        {NOW, TM_HOUR - 1, ERR_LIFETIME_TOO_SHORT},
        {NOW + 6 * TM_DAY, 10 * TM_DAY, ERR_ISSUER_EXPIRES},
        /* a default that is cut is not cut below min-lifetime */
        {NOW + 15 * TM_DAY - TM_HOUR + 1, 0, ERR_NONE},
        {NOW + 15 * TM_DAY - TM_HOUR + 2, 0, ERR_ISSUER_EXPIRES},
    };
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c = read_conf(SERVER NAMES "not-before = 20d lifetime = 2d "
                                            "max-lifetime = 20d "
                                            "min-lifetime = 1h\n",
                               &e);

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs why = {0};
        const struct span asked = {cases[i].lifetime, cases[i].begin};
        int64_t from = 0, to = 0, end = NOW + 15 * TM_DAY;
        int rc =
            profile_validity(rules_of(c), &asked, NOW, end, &from, &to, &why);

        ck_assert_msg((rc ? why.v[0].code : ERR_NONE) == cases[i].is,
                      "case %zu: %s", i, rc ? why.v[0].detail : "");
        if (rc == 0)
            ck_assert_int_eq(from, cases[i].begin ? cases[i].begin : NOW - 60);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        contradictions,       each_once, what_is_taken, everything_at_once,
        denying_common_names, denying,   beginnings,
    };

    return unit_run("profile_rules", tests, COUNT(tests));
}
