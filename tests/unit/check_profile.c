/* SPDX-License-Identifier: ISC */
#include "profile_made.h"

static const struct key_pub p256 = {
    .type = KEY_EC, .curve = CURVE_P256, .bits = 256};

static const struct limits no_limits;

static char *judge(const struct profile *p, const struct limits *lim,
                   const char *names)
{
    AUTO(errs) struct errs e = {0};
    AUTO(names) struct names l = {0};
    struct request r = {.names = &l, .key = &p256};

    ck_assert_int_eq(names_parse(&l, names, &e), 0);
    return codes(p, lim, &r);
}

START_TEST(names_by_profile)
{
    static const struct {
        const char *names, *codes;
    } cases[] = {
        {"web.internal", ""},
        {"WEB.Internal,a.b.internal,10.1.2.3,localhost", ""},
        {"web", "name-not-allowed=dns:web"},
        {"internal", "name-not-allowed=dns:internal"},
        {"web.internal.org", "name-not-allowed=dns:web.internal.org"},
        {"11.0.0.1", "name-not-allowed=ip:11.0.0.1"},
        {"::1", "name-not-allowed=ip:::1"},
        {"joe@internal", "name-type-not-allowed=email:joe@internal"},
        {"spiffe://internal/x",
         "name-type-not-allowed=uri:spiffe://internal/x"},
        {"*.a.internal", "wildcard-not-allowed=dns:*.a.internal"},
        {"*.a.org", "name-not-allowed=dns:*.a.org "
                    "wildcard-not-allowed=dns:*.a.org"},
        {"a.org,web.internal,b.org,joe@b",
         "name-not-allowed=dns:a.org name-not-allowed=dns:b.org "
         "name-type-not-allowed=email:joe@b"},
    };
    AUTO(profile)
    struct profile p =
        profile_of("server", "dns:**.internal,ip:10.0.0.0/8,dns:localhost");

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = judge(&p, &no_limits, cases[i].names);

        ck_assert_str_eq(got, cases[i].codes);
    }
}
END_TEST

/* One forbidden name is found wherever it stands. */
START_TEST(a_bad_name_in_every_place)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**.internal");

    for (int bad = 0; bad < 40; bad++) {
        struct strs names = {0};
        AUTO(free) char *text = NULL;
        AUTO(free) char *got = NULL;

        for (int i = 0; i < 40; i++)
            strs_add_own(&names, i == bad ? xstrdup("evil.org")
                                          : xasprintf("n%d.internal", i));
        text = strs_join(&names, ",");
        strs_free(&names);
        got = judge(&p, &no_limits, text);
        ck_assert_str_eq(got, "name-not-allowed=dns:evil.org");
    }
}
END_TEST

START_TEST(single_labels_need_leave)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**");
    AUTO(free) char *without = judge(&p, &no_limits, "web,web.a");
    AUTO(free) char *with = NULL;

    ck_assert_str_eq(without, "name-not-allowed=dns:web");
    p.single_label = true;
    with = judge(&p, &no_limits, "web,web.a");
    ck_assert_str_eq(with, "");
}
END_TEST

START_TEST(names_by_token)
{
    static const struct {
        const char *names, *codes;
    } cases[] = {
        {"x.a.internal", ""},
        {"X.A.INTERNAL", ""},
        {"a.internal", "name-not-in-token=dns:a.internal"},
        {"x.y.a.internal", "name-not-in-token=dns:x.y.a.internal"},
        {"xa.internal", "name-not-in-token=dns:xa.internal"},
        {"x.a.internal,a.internal.evil.org",
         "name-not-allowed=dns:a.internal.evil.org "
         "name-not-in-token=dns:a.internal.evil.org"},
        {"10.0.0.1", "name-not-in-token=ip:10.0.0.1"},
    };
    AUTO(profile)
    struct profile p = profile_of("server", "dns:**.internal,ip:10.0.0.0/8");
    AUTO(limits) struct limits lim = {.limited = true};

    patterns_of(&lim.names, "*.a.internal");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = judge(&p, &lim, cases[i].names);

        ck_assert_str_eq(got, cases[i].codes);
    }
}
END_TEST

/* A responder has no names to limit, and may do what no name says: its CN is
 * what a token has or has not. */
START_TEST(nameless_by_token)
{
    static const struct {
        const char *token, *codes;
    } cases[] = {
        {"dns:a.internal", "name-not-in-token=cn:responder"},
        {"dns:**,ip:**,email:**,uri:**", "name-not-in-token=cn:responder"},
        {"cn:other*", "name-not-in-token=cn:responder"},
        {"dns:a.internal,cn:Responder", ""},
        {"cn:**", ""},
        {"", ""}, /* a token without names */
    };
    AUTO(profile) struct profile p = profile_of("ocsp", "dns:a.b");

    patterns_free(&p.names);
    p.eku = EKU_OCSP;
    p.fixed.v[SUBJECT_CN] = xstrdup("Responder");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(limits) struct limits lim = {.limited = true};
        struct names none = {0};
        const struct request r = {.names = &none, .key = &p256};
        AUTO(free) char *got = NULL;

        if (*cases[i].token)
            patterns_of(&lim.names, cases[i].token);
        got = codes(&p, &lim, &r);
        ck_assert_msg(strcmp(got, cases[i].codes) == 0, "%s: %s",
                      cases[i].token, got);
    }
}
END_TEST

/* Both have to allow wildcards; a token without limits has no say. */
START_TEST(wildcards_by_both)
{
    static const char no[] = "wildcard-not-allowed=dns:*.a.internal";
    AUTO(profile) struct profile p = profile_of("server", "dns:**.internal");

    for (int i = 0; i < 16; i++) {
        AUTO(limits) struct limits lim = {.limited = i & 1, .wildcards = i & 2};
        AUTO(free) char *got = NULL;
        bool token = !(i & 1) || (i & 2), both;

        p.wildcards = i & 4;
        if (i & 8)
            patterns_of(&lim.names, "dns:**.internal");
        both = !token && !p.wildcards;
        got = judge(&p, &lim, "*.a.internal");
        if (both)
            ck_assert_uint_gt(strlen(got), strlen(no));
        else
            ck_assert_str_eq(got, token && p.wildcards ? "" : no);
    }
}
END_TEST

START_TEST(counts_of_names)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(names) struct names none = {0};
    struct request r = {.names = &none, .key = &p256};
    AUTO(free) char *empty = codes(&p, &no_limits, &r);
    AUTO(free) char *two = NULL;
    AUTO(free) char *three = NULL;

    p.max_names = 2;
    two = judge(&p, &no_limits, "a.x,b.x");
    three = judge(&p, &no_limits, "a.x,b.x,c.x");
    ck_assert_str_eq(empty, "no-names");
    ck_assert_str_eq(two, "");
    ck_assert_str_eq(three, "too-many-names");
    p.min_names = 2;
    AUTO(free) char *one = judge(&p, &no_limits, "a.x");
    AUTO(free) char *enough = judge(&p, &no_limits, "a.x,b.x");
    AUTO(free) char *none_still = codes(&p, &no_limits, &r);
    ck_assert_str_eq(one, "too-few-names");
    ck_assert_str_eq(enough, "");
    ck_assert_str_eq(none_still, "no-names");
}
END_TEST

START_TEST(keys)
{
    static const struct key_pub p384 = {.type = KEY_EC, .curve = CURVE_P384};
    static const struct key_pub rsa1 = {.type = KEY_RSA, .bits = 2047};
    static const struct key_pub rsa2 = {.type = KEY_RSA, .bits = 4097};
    static const struct key_pub ed = {.type = KEY_ED25519, .bits = 256};
    static const struct key_pub *const bad[] = {&p384, &rsa1, &rsa2, &ed};
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    struct request r = {.names = &l};

    names_parse(&l, "a.x", &e);
    for (size_t i = 0; i < 4; i++) {
        AUTO(errs) struct errs why = {0};

        r.key = bad[i];
        ck_assert_int_eq(profile_judge(&p, &no_limits, &r, NULL, &why), -1);
        ck_assert_uint_eq(why.n, 1);
        ck_assert_int_eq(why.v[0].code, ERR_KEY_NOT_ALLOWED);
        ck_assert_ptr_nonnull(
            strstr(why.v[0].detail, "ec:P-256, rsa:2048-4096"));
    }
}
END_TEST

START_TEST(power)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    struct request r = {.names = &l, .key = &p256};

    names_parse(&l, "a.x", &e);
    for (unsigned bit = CSR_POWER_CA; bit <= CSR_POWER_CRITICAL; bit <<= 1) {
        AUTO(free) char *got = NULL;
        AUTO(free) char *granted = NULL;

        r.power = bit;
        r.critical = "1.2.3";
        p.eku = EKU_SERVER;
        got = codes(&p, &no_limits, &r);
        ck_assert_str_eq(got, "extension-not-allowed");
        p.eku = EKU_OCSP;
        granted = codes(&p, &no_limits, &r);
        ck_assert_str_eq(granted,
                         bit == CSR_POWER_OCSP ? "" : "extension-not-allowed");
    }
}
END_TEST

/* It is granted by whatever rule writes its OID. */
START_TEST(critical_extensions)
{
#define NO "extension-not-allowed"
    static const struct {
        const char *oids;
        bool staple;
        const char *codes;
    } critical[] = {
        {"1.2.3", false, ""},
        {"1.2.4", false, ""},
        {"1.2.3 1.2.4", false, ""},
        {"1.2", false, NO},
        {"1.2.3.4", false, NO},
        {"1.2.4 critical", false, NO},
        {"1.2.5 1.2.3 1.2.6", false, NO " " NO},
        {NULL, false, NO},
        {"1.3.6.1.5.5.7.1.24", false, NO},
        {"1.3.6.1.5.5.7.1.24", true, ""},
        {"1.3.6.1.5.5.7.48.1.5", true, NO},
    };
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    struct request r = {.names = &l, .key = &p256};

    names_parse(&l, "a.x", &e);
    p.eku = EKU_SERVER;
    r.power = CSR_POWER_CRITICAL;
    strs_add(&p.extensions, "1.2.3 hex:0500");
    strs_add(&p.extensions, "1.2.4 critical hex:0500");
    for (size_t i = 0; i < COUNT(critical); i++) {
        AUTO(free) char *is = NULL;

        p.must_staple = critical[i].staple;
        r.critical = critical[i].oids;
        is = codes(&p, &no_limits, &r);
        ck_assert_msg(strcmp(is, critical[i].codes) == 0, "%zu: %s", i, is);
    }
}
END_TEST

START_TEST(names_of_no_kind)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(strs) struct strs odd = {0};
    struct request r = {.names = &l, .odd_san = &odd, .key = &p256};

    names_parse(&l, "a.x", &e);
    strs_add(&odd, "otherName");
    strs_add(&odd, "directoryName");
    AUTO(free) char *got = codes(&p, &no_limits, &r);
    ck_assert_str_eq(got, "name-type-not-allowed name-type-not-allowed");
}
END_TEST

START_TEST(every_reason_at_once)
{
    AUTO(profile) struct profile p = profile_of("server", "dns:**.x");
    AUTO(limits) struct limits lim = {.limited = true};
    static const struct key_pub ed = {.type = KEY_ED25519};
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    struct request r = {
        .names = &l, .key = &ed, .power = CSR_POWER_CA | CSR_POWER_ANY_EKU};

    p.max_names = 1;
    strs_add(&lim.profiles, "client");
    patterns_of(&lim.names, "a.x");
    names_parse(&l, "a.x,*.b.y", &e);
    AUTO(free) char *got = codes(&p, &lim, &r);
    ck_assert_str_eq(got, "profile-not-allowed too-many-names "
                          "name-not-allowed=dns:*.b.y "
                          "wildcard-not-allowed=dns:*.b.y "
                          "name-not-in-token=dns:*.b.y "
                          "wildcard-not-allowed=dns:*.b.y key-not-allowed "
                          "extension-not-allowed extension-not-allowed");
}
END_TEST

static const char *choose(const struct profiles *l, const char *asked,
                          const struct limits *lim, char **why)
{
    AUTO(errs) struct errs e = {0};
    const struct profile *p = profiles_choose(l, asked, lim, &e);

    ck_assert_uint_eq(e.n, p ? 0 : 1);
    *why = p ? xstrdup("") : xstrdup(e.v[0].detail);
    return p ? p->name : err_code(e.v[0].code);
}

START_TEST(choosing)
{
    struct profile all[] = {profile_of("server", "dns:**"),
                            profile_of("client", "dns:**"),
                            profile_of("mutual", "dns:**")};
    struct profiles l = {all, 3}, none = {0};
    AUTO(limits) struct limits lim = {.limited = true};
    static const struct {
        const char *asked;
        bool limited;
        const char *is, *why;
    } cases[] = {
        {NULL, false, "server", ""},
        {"client", false, "client", ""},
        {"", false, "unknown-profile", "server, client, mutual"},
        {"sever", false, "unknown-profile", "server, client, mutual"},
        {NULL, true, "mutual", ""},
        {"client", true, "client", ""},
        {"server", true, "profile-not-allowed", "it allows: client, mutual"},
        {"gone", true, "unknown-profile", "use: client, mutual"},
    };
    char *why;

    strs_add(&lim.profiles, "gone");
    strs_add(&lim.profiles, "mutual");
    strs_add(&lim.profiles, "client");
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_str_eq(choose(&l, cases[i].asked,
                                cases[i].limited ? &lim : &no_limits, &why),
                         cases[i].is);
        ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s", why);
        free(why);
    }
    ck_assert_str_eq(choose(&none, NULL, &no_limits, &why), "unknown-profile");
    free(why);
    ck_assert_str_eq(choose(&none, NULL, &lim, &why), "unknown-profile");
    free(why);
    for (int i = 0; i < 3; i++)
        profile_free(&all[i]);
}
END_TEST

START_TEST(key_usage)
{
    static const struct key_pub rsa = {.type = KEY_RSA};
    struct profile p = {.eku = EKU_SERVER | EKU_CLIENT};

    ck_assert_uint_eq(profile_key_usage(&p, &p256), KU_DIGITAL_SIGNATURE);
    ck_assert_uint_eq(profile_key_usage(&p, &rsa),
                      KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
    p.eku = EKU_CLIENT;
    ck_assert_uint_eq(profile_key_usage(&p, &rsa), KU_DIGITAL_SIGNATURE);
}
END_TEST

START_TEST(what_limits_cover)
{
    AUTO(limits) struct limits lim = {.limited = true};
    AUTO(names) struct names in = {0}, out = {0}, none = {0};
    AUTO(errs) struct errs e = {0};

    names_parse(&in, "x.a,*.b.a", &e);
    names_parse(&out, "x.a,x.b", &e);
    ck_assert(limits_cover(&no_limits, "server", &out));
    ck_assert(limits_cover(&lim, "server", &out));
    ck_assert(limits_cover(&lim, "", &none));
    strs_add(&lim.profiles, "server");
    ck_assert(limits_cover(&lim, "server", &out));
    ck_assert(!limits_cover(&lim, "client", &in));
    ck_assert(!limits_cover(&lim, "", &in));
    patterns_of(&lim.names, "dns:**.a");
    ck_assert(limits_cover(&lim, "server", &in));
    ck_assert(!limits_cover(&lim, "server", &out));
    ck_assert(!limits_cover(&lim, "server", &none));
    lim.limited = false;
    ck_assert(limits_cover(&lim, "client", &out));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_by_profile,
        a_bad_name_in_every_place,
        single_labels_need_leave,
        names_by_token,
        nameless_by_token,
        wildcards_by_both,
        counts_of_names,
        keys,
        power,
        critical_extensions,
        names_of_no_kind,
        every_reason_at_once,
        choosing,
        key_usage,
        what_limits_cover,
    };

    return unit_run("profile", tests, COUNT(tests));
}
