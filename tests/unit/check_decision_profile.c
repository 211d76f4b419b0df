/* SPDX-License-Identifier: ISC */
/* Decisions about all that a profile may say. */
#include "decision_made.h"

/* A profile with everything that one may have. */
static void make_rich(struct profile *p)
{
    static struct key_rule rule = {KEY_EC, CURVE_P256, 256, 256};
    static const char *const patterns[] = {"email:*@example.org", "cn:jane*"};
    AUTO(errs) struct errs e = {0};

    *p = (struct profile){.name = xstrdup("people"),
                          .lifetime = TM_DAY,
                          .max_lifetime = TM_DAY,
                          .not_before = TM_HOUR,
                          .max_names = 3,
                          .must_staple = true,
                          .aia = true};
    p->keys = xmemdup(&rule, sizeof(rule));
    p->n_keys = 1;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct pattern one;

        pattern_parse(&one, patterns[i], &e);
        patterns_add(&p->names, &one);
    }
    profile_usage(p, "email", &e);
    profile_usage(p, "1.3.6.1.5.5.7.3.17", &e);
    profile_subject(p, "o=Example, Ltd", &e);
    profile_subject(p, "ou", &e);
    profile_subject(p, "cn", &e);
    profile_policy(p, "1.2.3.4 http://a.b/cps", &e);
    profile_extension(p, "1.2.3.5 hex:0500", &e);
    profile_extension(p, "1.2.3.6 critical base64:BQA=", &e);
    profile_compile(p);
    ck_assert_msg(e.n == 0, "%s", e.n ? e.v[0].detail : "");
}

/* The TBSCertificate for that claim under p, as the signer makes it. */
static void write_rich(struct buf *tbs, const struct profile *p,
                       const struct taken *t, int64_t begin)
{
    struct cert_spec s = {.issuer = ca.subject,
                          .issuer_len = ca.subject_len,
                          .not_before = begin,
                          .not_after = begin + TM_DAY - 1,
                          .aki = ca.ski,
                          .crl_url = "http://ca/crl",
                          .issuer_url = "http://ca/der",
                          .ocsp_url = "http://ca/ocsp",
                          .alg = SIG_ECDSA_SHA256};

    profile_spec(p, t, &key, &s);
    serial_new(&s.serial);
    buf_reset(tbs);
    cert_write_tbs(tbs, &s);
}

/* What the profile says where the writer did as another one says. */
static void change_fixed(struct profile *p)
{
    free(p->fixed.v[SUBJECT_O]);
    p->fixed.v[SUBJECT_O] = xstrdup("Example, Inc");
}

static void change_staple(struct profile *p)
{
    buf_reset(&p->extra);
    p->must_staple = false;
    profile_compile(p);
}

static void change_purpose(struct profile *p)
{
    buf_reset(&p->eku_other);
}

static void change_names(struct profile *p)
{
    struct pattern *cn = &p->names.v[1];

    free(cn->value);
    cn->value = xstrdup("joe");
}

static void change_aia(struct profile *p)
{
    p->aia = false;
}

static void change_cdp(struct profile *p)
{
    p->cdp = true;
}

static void change_ahead(struct profile *p)
{
    p->not_before = TM_MINUTE;
}

static void change_default(struct profile *p)
{
    p->lifetime = TM_HOUR;
}

/* The same critical extension, of another value, or not granted at all. */
static void change_value(struct profile *p)
{
    static const char critical[] = "\x01\x01\xff\x04\x02\x05";
    uint8_t *at = memmem(p->extra.data, p->extra.len, critical, 6);

    at[5] = 0x04;
}

static void change_critical(struct profile *p)
{
    p->extra.len = 0;
    profile_compile(p);
}

START_TEST(everything_that_a_profile_may_say)
{
    AUTO(profile) struct profile p, other;
    AUTO(taken) struct taken t = {0};
    AUTO(subject) struct subject asked_subject = {0};
    AUTO(names) struct names san = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf tbs = {0};
    const struct span span = {.not_before = DAY_ONE + TM_DAY + TM_HOUR};
    struct decision_facts f = facts();
    struct strs warnings = {0};
    static const struct {
        void (*change)(struct profile *p);
        const char *why;
    } cases[] = {
        {change_fixed, "name-not-allowed the certificate's subject"},
        {change_staple, "extension-not-allowed the certificate's extensions"},
        {change_purpose, "extension-not-allowed the certificate's extKeyUsage"},
        {change_names, "cn:jane doe"},
        {change_aia, "extension-not-allowed the certificate's authority"},
        {change_cdp, "extension-not-allowed the certificate's CRL"},
        {change_ahead, "lint the certificate's validity does not begin"},
        {change_value, "extension-not-allowed the certificate's extensions"},
        {change_critical, "extension-not-allowed the certificate's extensions"},
        {change_default, "lint the certificate's validity is not as long"},
    };

    make_rich(&p);
    names_parse(&san, "jane@example.org", &e);
    subject_set(&asked_subject, SUBJECT_CN, xstrdup("jane doe"));
    subject_set(&asked_subject, SUBJECT_OU, xstrdup("Sales"));
    ck_assert_int_eq(
        profile_take(&p,
                     &(struct claim){.names = &san, .subject = &asked_subject},
                     &t, &warnings, &e),
        0);
    f.profile = &p;
    f.taken = &t;
    f.asked = &span;
    write_rich(&tbs, &p, &t, span.not_before);
    AUTO(free) char *good_said = judge(&tbs, &f);
    ck_assert_ptr_eq(strstr(good_said, "warning critical_unknown: "),
                     good_said);
    ck_assert_str_eq(strchr(good_said, '\n'), "\n"); /* and nothing else */
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *said = NULL;

        make_rich(&other);
        cases[i].change(&other);
        f.profile = &other;
        said = judge(&tbs, &f);
        ck_assert_msg(strstr(said, cases[i].why) != NULL,
                      "%zu: wanted \"%s\", got \"%s\"", i, cases[i].why, said);
        if (i + 1 < COUNT(cases))
            profile_free(&other);
    }
}
END_TEST

/* What is denied of common names is denied of one that is a name as well. */
START_TEST(a_denied_common_name_is_no_decision)
{
    AUTO(profile) struct profile p;
    AUTO(taken) struct taken t = {0};
    AUTO(subject) struct subject fields = {0};
    AUTO(names) struct names san = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf tbs = {0};
    AUTO(free) char *said = NULL;
    const struct span span = {.not_before = DAY_ONE + TM_DAY + TM_HOUR};
    const struct claim claim = {.names = &san, .subject = &fields};
    struct decision_facts f = facts();
    struct strs warnings = {0};
    struct pattern deny;

    make_rich(&p);
    names_parse(&san, "jane@example.org", &e);
    subject_set(&fields, SUBJECT_CN, xstrdup("jane@example.org"));
    subject_set(&fields, SUBJECT_OU, xstrdup("Sales"));
    ck_assert_int_eq(profile_take(&p, &claim, &t, &warnings, &e), 0);
    f.profile = &p;
    f.taken = &t;
    f.asked = &span;
    write_rich(&tbs, &p, &t, span.not_before);
    said = judge(&tbs, &f);
    ck_assert_ptr_null(strstr(said, "name-not-allowed"));
    free(said);
    ck_assert_int_eq(pattern_parse(&deny, "cn:jane@*", &e), 0);
    patterns_add(&p.deny, &deny);
    said = judge(&tbs, &f);
    ck_assert_msg(strstr(said, "name-not-allowed") != NULL, "%s", said);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {everything_that_a_profile_may_say,
                                  a_denied_common_name_is_no_decision};

    return decision_run("decision_profile", tests, COUNT(tests));
}
