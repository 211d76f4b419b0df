/* SPDX-License-Identifier: ISC */
/* The decision: octets that are not what the profile, the request and the
 * issuer say are not signed, whatever the writer was told. */
#include "cert_edit.h"
#include "decision.h"
#include "ext_oids.h"
#include "tm.h"
#include "unit.h"

static struct party ca_key, leaf_key, other_key;
static struct buf ca_der, good; /* good: a TBSCertificate */
static struct cert ca;
static struct taken taken;
static struct span asked;
static struct key_pub key;
static struct profile profile;
static const struct limits unlimited;

static struct decision_facts facts(void)
{
    return (struct decision_facts){.profile = &profile,
                                   .limits = &unlimited,
                                   .taken = &taken,
                                   .asked = &asked,
                                   .key = &key,
                                   .issuer = &ca,
                                   .issuer_ski = ca.ski,
                                   .crl_url = "http://ca/crl",
                                   .issuer_url = "http://ca/der",
                                   .ocsp_url = "http://ca/ocsp",
                                   .alg = SIG_ECDSA_SHA256,
                                   .now = DAY_ONE + TM_DAY};
}

/* The codes and details of what is wrong with it, "" when it passes. */
static char *judge(const struct buf *tbs, const struct decision_facts *f)
{
    AUTO(decision) struct decision *d = NULL;
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf copy = {0}, text = {0};
    struct strs warnings = {0};

    buf_put(&copy, tbs->data, tbs->len);
    d = decide_leaf(&copy, f, &warnings, &e);
    ck_assert(!d == (e.n > 0));
    for (size_t i = 0; i < e.n; i++)
        buf_printf(&text, "%s %s\n", err_code(e.v[i].code), e.v[i].detail);
    for (size_t i = 0; i < warnings.n; i++)
        buf_printf(&text, "warning %s\n", warnings.v[i]);
    strs_free(&warnings);
    return buf_take_str(&text);
}

START_TEST(a_good_one_passes_and_is_what_is_signed)
{
    const struct decision_facts f = facts();
    AUTO(free) char *said = judge(&good, &f);
    AUTO(decision) struct decision *d = NULL;
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    AUTO(buf) struct buf tbs = {0}, der = {0};
    struct strs warnings = {0};
    struct key_verifier *v = key_verifier_new();

    ck_assert_str_eq(said, "");
    buf_put(&tbs, good.data, good.len);
    d = decide_leaf(&tbs, &f, &warnings, &e);
    cert_seal(&der, d, ca_key.signer);
    ck_assert_int_eq(cert_parse(&c, der.data, der.len, &e), 0);
    ck_assert_uint_eq(c.tbs_len, good.len);
    ck_assert_mem_eq(c.tbs, good.data, good.len);
    ck_assert_int_eq(
        key_verify(v, &ca.key, c.alg, c.tbs, c.tbs_len, c.sig, c.sig_len, &e),
        0);
    ck_assert(names_has(&decision_cert(d)->names, &taken.names.v[0]));
    key_verifier_free(v);
}
END_TEST

enum { EXT_DROP = 100, EXT_PUT = 200, EXT_PUT_CRITICAL = 300, OTHER_KEY = 400 };
#define DROP(id) (EXT_DROP + EXT_##id)
#define PUT(id) (EXT_PUT + EXT_##id)
#define CRITICAL(id) (EXT_PUT_CRITICAL + EXT_##id)

/* As a certificate that has nothing of it but the TBS. */
static void edit_open(struct cert_edit *e)
{
    AUTO(buf) struct buf der = {0};

    tbs_seal(&der, &good, ca_key.signer);
    cert_edit_open(e, &der);
}

static void edit_apply(struct cert_edit *e, int what, const char *hex)
{
    AUTO(buf) struct buf v = {0};
    int id = what % 100;

    if (what == OTHER_KEY) {
        buf_reset(&e->part[PART_SPKI]);
        buf_put(&e->part[PART_SPKI], other_key.spki.data, other_key.spki.len);
        return;
    }
    if (what < PART__MAX) {
        cert_edit_hex(e, (enum part)what, hex);
        return;
    }
    if (hex && *hex)
        hex_decode(buf_extend(&v, strlen(hex) / 2), strlen(hex) / 2, hex,
                   strlen(hex));
    cert_edit_ext(e, ext_oids[id].oid, ext_oids[id].len,
                  what >= EXT_PUT_CRITICAL,
                  what >= EXT_PUT ? &v : NULL);
}

/* Whatever the writer could do wrong, and the reason that is given. */
START_TEST(each_deviation_is_refused)
{
    static const struct {
        int what;
        const char *hex, *why;
    } cases[] = {
        {PART_VERSION, "a003020101", "lint the certificate is refused: its v"},
        {PART_SERIAL, "41", "lint the certificate's serial number"},
        {PART_SERIAL, "7f0102030405060708090a0b0c0d0e0f01", "lint"},
        {PART_SERIAL, "010102030405060708090a0b0c0d0e0f",
         "lint the certificate's serial number"},
        {PART_ALG, "300506032b6570", "lint signature_of_other_key"},
        {PART_ALG, "300a06082a8648ce3d040303", "lint the certificate's sig"},
        {PART_ISSUER, "3000", "lint the certificate's issuer"},
        {PART_VALIDITY,
         "301e170d3236313132333233353930305a170d3238313132333233353930305a",
         "lifetime-too-long the certificate's validity"},
        {PART_VALIDITY,
         "301e170d3236313132333233353835395a170d3236313132353030303030305a",
         "lint the certificate's validity does not begin"},
        {PART_VALIDITY,
         "301e170d3236313132333233353930305a170d3236313132333233353935395a",
         "lint the certificate's validity does not begin"},
        {PART_VALIDITY,
         "3020170d3236313132333233353930305a180f32303630303130313030303030305a",
         "issuer-expires the certificate's validity"},
        {PART_SUBJECT, "3000", "name-not-allowed the certificate's subject"},
        {PART_SUBJECT, "300c310a300806035504030c0161",
         "name-not-allowed the certificate's subject"},
        {OTHER_KEY, NULL, "key-not-allowed the certificate's key"},
        {PART_TAIL, "0500", "lint the certificate is refused"},
        {DROP(SAN), NULL, "no-names "},
        {PUT(SAN), "300d820b7765622e6578616d706c66",
         "name-not-allowed \"dns:web.examplf\""},
        {PUT(SAN), "3009820761622e65782e79", "name-not-allowed"},
        {PUT(SAN), "30168205612e622e63820d2a2e7765622e6578616d706c65",
         "wildcard-not-allowed"},
        {PUT(SAN), "3016820d6170692e6578616d706c652e7882056d2e622e63",
         "name-not-allowed the certificate's names"},
        {PUT(SAN), "3021820b7765622e6578616d706c65820b6170692e6578616d706c65"
                   "8205615f622e63",
         "lint the certificate is refused: its subjectAltName"},
        {PUT(SAN), "30058103614062", "name-type-not-allowed"},
        {DROP(BASIC), NULL, "extension-not-allowed the certificate's basic"},
        {CRITICAL(BASIC), "30030101ff",
         "extension-not-allowed the certificate's basic"},
        {PUT(BASIC), "3000", "extension-not-allowed the certificate's basic"},
        {DROP(KEY_USAGE), NULL,
         "extension-not-allowed the certificate's keyUsage"},
        {CRITICAL(KEY_USAGE), "03020640",
         "extension-not-allowed the certificate's keyUsage"},
        {CRITICAL(KEY_USAGE), "03020284", "lint leaf_cert_sign"},
        {PUT(KEY_USAGE), "03020780",
         "extension-not-allowed the certificate's keyUsage"},
        {DROP(EKU), NULL,
         "extension-not-allowed the certificate's extKeyUsage"},
        {PUT(EKU), "300a06082b06010505070302",
         "extension-not-allowed the certificate's extKeyUsage"},
        {PUT(EKU), "301006082b0601050507030106042a030405",
         "extension-not-allowed the certificate's extKeyUsage"},
        {CRITICAL(EKU), "300a06082b06010505070301",
         "extension-not-allowed the certificate's extKeyUsage"},
        {DROP(SKI), NULL, "lint the certificate's subjectKeyIdentifier"},
        {PUT(SKI), "0401aa", "lint the certificate's subjectKeyIdentifier"},
        {DROP(AKI), NULL, "lint the certificate's authorityKeyIdentifier"},
        {PUT(AKI), "30038001aa",
         "lint the certificate's authorityKeyIdentifier"},
        {DROP(CDP), NULL, "extension-not-allowed the certificate's CRL"},
        {PUT(CDP), "30133011a00fa00d860b687474703a2f2f6f74686572",
         "extension-not-allowed the certificate's CRL"},
        {DROP(AIA), NULL, "extension-not-allowed the certificate's authority"},
        {PUT(AIA), "3019301706082b06010505073001860b687474703a2f2f6f74686572",
         "extension-not-allowed the certificate's authority"},
        {CRITICAL(CONSTRAINTS), "3009a00730058203612e62",
         "extension-not-allowed the certificate's extensions"},
        {PUT(POLICIES), "3007300506032a0304",
         "extension-not-allowed the certificate's extensions"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct decision_facts f = facts();
        AUTO(cert_edit) struct cert_edit edit = {0};
        AUTO(buf) struct buf tbs = {0};
        AUTO(free) char *said = NULL;

        edit_open(&edit);
        edit_apply(&edit, cases[i].what, cases[i].hex);
        cert_edit_tbs(&edit, &tbs);
        said = judge(&tbs, &f);
        ck_assert_msg(strstr(said, cases[i].why) != NULL,
                      "%zu: wanted \"%s\", got \"%s\"", i, cases[i].why, said);
    }
}
END_TEST

/* Whichever octet is another: refused, or the serial number is. */
START_TEST(no_other_octet_is_signed)
{
    const struct decision_facts f = facts();
    size_t passed = 0;

    for (size_t i = 0; i < good.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            AUTO(free) char *said = NULL;

            good.data[i] ^= (uint8_t)(1U << bit);
            said = judge(&good, &f);
            good.data[i] ^= (uint8_t)(1U << bit);
            passed += *said == '\0';
        }
    /* the free bits of the serial number */
    ck_assert_uint_eq(passed, 126);
}
END_TEST

START_TEST(the_least_lifetime_holds_to_the_second)
{
    struct decision_facts f = facts();
    struct profile p = *f.profile;
    AUTO(cert) struct cert c = {0};
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(cert_parse_tbs(&c, good.data, good.len, &e), 0);
    f.profile = &p;
    for (int more = 0; more < 2; more++) {
        AUTO(buf) struct buf tbs = {0};
        AUTO(free) char *said = NULL;

        p.min_lifetime = c.not_after - c.not_before + 1 + more;
        buf_put(&tbs, good.data, good.len);
        said = judge(&tbs, &f);
        ck_assert_msg(!strstr(said, "validity is shorter") == !more, "%s",
                      said);
    }
}
END_TEST

START_TEST(reasons_come_at_once_policy_first)
{
    const struct decision_facts f = facts();
    AUTO(cert_edit) struct cert_edit edit = {0};
    AUTO(buf) struct buf tbs = {0};
    AUTO(free) char *said = NULL;
    const char *policy, *lint;

    edit_open(&edit);
    edit_apply(&edit, DROP(CDP), NULL);
    edit_apply(&edit, CRITICAL(KEY_USAGE), "03020284");
    edit_apply(&edit, CRITICAL(AIA), "3000");
    cert_edit_tbs(&edit, &tbs);
    said = judge(&tbs, &f);
    policy = strstr(said, "extension-not-allowed");
    lint = strstr(said, "lint leaf_cert_sign: ");
    ck_assert(policy && lint && policy < lint);
    ck_assert_ptr_nonnull(strstr(said, "lint aia_critical: "));
    ck_assert_ptr_nonnull(strstr(said, "(RFC 5280 4.2.2.1)"));
}
END_TEST

/* What policy has refused is judged by the lints alone, without policy. */
START_TEST(what_is_refused_has_its_lints)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert_edit) struct cert_edit edit = {0};
    AUTO(buf) struct buf tbs = {0}, broken = {0};
    struct strs warnings = {0};

    buf_put(&tbs, good.data, good.len);
    decide_refused(&tbs, &ca, &warnings, &e);
    ck_assert_uint_eq(e.n, 0);
    edit_open(&edit);
    edit_apply(&edit, DROP(CDP), NULL);
    edit_apply(&edit, CRITICAL(AIA), "3000");
    cert_edit_tbs(&edit, &tbs);
    decide_refused(&tbs, &ca, &warnings, &e);
    ck_assert_uint_gt(e.n, 0);
    for (size_t i = 0; i < e.n; i++)
        ck_assert_int_eq(e.v[i].code, ERR_LINT);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "aia_"));
    errs_free(&e);
    buf_put(&broken, good.data, good.len - 1);
    decide_refused(&broken, &ca, &warnings, &e);
    ck_assert_uint_eq(e.n, 1);
    ck_assert_int_eq(e.v[0].code, ERR_LINT);
    strs_free(&warnings);
}
END_TEST

/* An authority's own certificate passes the lints or is not signed. */
START_TEST(authorities_pass_lints)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert_edit) struct cert_edit edit = {0};
    AUTO(buf) struct buf tbs = {0}, leaf = {0};
    AUTO(decision) struct decision *d = NULL;
    struct strs warnings = {0};

    buf_put(&tbs, ca.tbs, ca.tbs_len);
    d = decide_authority(&tbs, NULL, &warnings, &e);
    ck_assert_ptr_nonnull(d);
    cert_edit_open(&edit, &ca_der);
    edit_apply(&edit, PUT(BASIC), "30030101ff");
    cert_edit_tbs(&edit, &tbs);
    ck_assert_ptr_null(decide_authority(&tbs, NULL, &warnings, &e));
    ck_assert_int_eq(e.v[0].code, ERR_LINT);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "basic_not_critical"));
    buf_put(&leaf, good.data, good.len);
    ck_assert_ptr_null(decide_authority(&leaf, &ca, &warnings, &e));
    strs_free(&warnings);
}
END_TEST

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
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
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
    serial_random(&s.serial);
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
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        AUTO(free) char *said = NULL;

        make_rich(&other);
        cases[i].change(&other);
        f.profile = &other;
        said = judge(&tbs, &f);
        ck_assert_msg(strstr(said, cases[i].why) != NULL,
                      "%zu: wanted \"%s\", got \"%s\"", i, cases[i].why, said);
        if (i + 1 < sizeof(cases) / sizeof(*cases))
            profile_free(&other);
    }
}
END_TEST

static void make(void)
{
    AUTO(errs) struct errs e = {0};
    struct cert_spec s = root_spec(&ca_key);
    static struct pattern pattern;
    static struct key_rule rule = {KEY_EC, CURVE_P256, 256, 256};

    serial_random(&s.serial);
    cert_make(&ca_der, &s, &ca_key);
    cert_parse(&ca, ca_der.data, ca_der.len, &e);
    names_parse(&taken.names, "web.example,api.example", &e);
    key_pub_parse(&key, leaf_key.spki.data, leaf_key.spki.len, &e);
    pattern_parse(&pattern, "dns:*.example", &e);
    profile = (struct profile){.name = (char *)"server",
                               .eku = EKU_SERVER,
                               .names = {&pattern, 1},
                               .keys = &rule,
                               .n_keys = 1,
                               .max_lifetime = 90 * TM_DAY,
                               .lifetime = 90 * TM_DAY,
                               .cdp = true,
                               .aia = true,
                               .max_names = 3};
    taken.subject.v[SUBJECT_CN] = xstrdup("web.example");
    asked.lifetime = 30 * TM_DAY + TM_MINUTE + 1;
    s = (struct cert_spec){.issuer = ca.subject,
                           .issuer_len = ca.subject_len,
                           .not_before = DAY_ONE + TM_DAY - TM_MINUTE,
                           .not_after = DAY_ONE + 31 * TM_DAY,
                           .subject = &taken.subject,
                           .names = &taken.names,
                           .spki = leaf_key.spki.data,
                           .spki_len = leaf_key.spki.len,
                           .path_len = -1,
                           .ku = KU_DIGITAL_SIGNATURE,
                           .eku = EKU_SERVER,
                           .aki = ca.ski,
                           .crl_url = "http://ca/crl",
                           .issuer_url = "http://ca/der",
                           .ocsp_url = "http://ca/ocsp",
                           .alg = key_signer_alg(ca_key.signer)};
    serial_random(&s.serial);
    cert_write_tbs(&good, &s);
    if (e.n)
        abort();
}

int main(void)
{
    const TTest *const tests[] = {a_good_one_passes_and_is_what_is_signed,
                                  each_deviation_is_refused,
                                  no_other_octet_is_signed,
                                  the_least_lifetime_holds_to_the_second,
                                  reasons_come_at_once_policy_first,
                                  what_is_refused_has_its_lints,
                                  authorities_pass_lints,
                                  everything_that_a_profile_may_say};
    int failed;

    party_make(&ca_key, "ec:P-256");
    party_make(&leaf_key, "ec:P-256");
    party_make(&other_key, "ec:P-256");
    make();
    failed = unit_run("decision", tests, sizeof(tests) / sizeof(*tests));
    party_free(&ca_key);
    party_free(&leaf_key);
    party_free(&other_key);
    cert_free(&ca);
    taken_free(&taken);
    pattern_free(&profile.names.v[0]);
    buf_free(&ca_der);
    buf_free(&good);
    return failed;
}
