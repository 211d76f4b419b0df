/* SPDX-License-Identifier: ISC */
/* The decision: octets that are not what the profile, the request and the
 * issuer say are not signed, whatever the writer was told. */
#include "decision_made.h"

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
    ck_assert_uint_eq(c.sig.tbs_len, good.len);
    ck_assert_mem_eq(c.sig.tbs, good.data, good.len);
    ck_assert_int_eq(cert_verify(&c, &ca.key, v, &e), 0);
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
                  what >= EXT_PUT_CRITICAL, what >= EXT_PUT ? &v : NULL);
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
        {PUT(SAN),
         "3021820b7765622e6578616d706c65820b6170692e6578616d706c65"
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

    for (size_t i = 0; i < COUNT(cases); i++) {
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
    AUTO(buf) struct buf tbs = {0}, leaf = {0}, own = {0};
    AUTO(decision) struct decision *d = NULL;
    struct strs warnings = {0};

    buf_put(&tbs, ca.sig.tbs, ca.sig.tbs_len);
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
    errs_free(&e);
    buf_put(&own, ca.sig.tbs, ca.sig.tbs_len);
    ck_assert_ptr_null(decide_authority(&own, &ca, &warnings, &e));
    ck_assert_int_eq(e.v[0].code, ERR_NAME_NOT_ALLOWED);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "subject is its issuer's"));
    strs_free(&warnings);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_good_one_passes_and_is_what_is_signed,
                                  each_deviation_is_refused,
                                  no_other_octet_is_signed,
                                  the_least_lifetime_holds_to_the_second,
                                  reasons_come_at_once_policy_first,
                                  what_is_refused_has_its_lints,
                                  authorities_pass_lints};

    return decision_run("decision", tests, COUNT(tests));
}
