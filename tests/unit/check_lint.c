/* SPDX-License-Identifier: ISC */
/* Every lint: a good certificate, changed so that it breaks that rule and no
 * other. */
#include "lint_edit.h"

static const struct broken cases[] = {
    /* what the reader refuses */
    {"not_der", LEAF, 0, {{PART_SERIAL, "0001"}}},
    {"version_not_3", LEAF, 0, {{PART_VERSION, "a003020101"}}},
    {"serial_form", LEAF, 0, {{PART_SERIAL, "80"}}},
    {"signature_algorithm_missing", LEAF, 0, {{PART_ALG, "0500"}}},
    {"issuer_form", LEAF, 0, {{PART_ISSUER, "300431023000"}}},
    {"validity_form", LEAF, 0, {{PART_VALIDITY, "-"}}},
    {"validity_order",
     LEAF,
     0,
     {{PART_VALIDITY, "u270101000000Z u261231235959Z"}}},
    {"subject_form", LEAF, 0, {{PART_SUBJECT, "-"}}},
    {"issuer_form",
     LEAF,
     0,
     {{PART_ISSUER, "300f310d300b06035504031c0400110000"}}},
    {"issuer_form", LEAF, 0, {{PART_ISSUER, "300d310b300906035504031e02d800"}}},
    {"key_form", LEAF, 0, {{PART_SPKI, "3000"}}},
    {"extensions_form", LEAF, 0, {{PART_EXTS, ""}}},
    {"tbs_tail", LEAF, 0, {{PART_TAIL, "0500"}}},
    {"extensions_many", LEAF, 0, {{MANY, NULL}}},
    {"extension_twice",
     LEAF,
     0,
     {{ADD, "300806032a0304040100"}, {ADD, "300806032a0304040100"}}},
    {"critical_unknown", LEAF, 0, {{ADD, "300b06032a03040101ff040100"}}},
    {"critical_unknown", LEAF, 0, {{E(TLS_FEATURE), "!3003020105"}}},
    {"basic_constraints_form", LEAF, 0, {{E(BASIC), "!3003010100"}}},
    {"key_usage_form", LEAF, 0, {{E(KEY_USAGE), "!030100"}}},
    {"eku_form", LEAF, 0, {{E(EKU), "3000"}}},
    {"ski_form", LEAF, 0, {{E(SKI), "0400"}}},
    {"aki_form", LEAF, 0, {{E(AKI), "3006820101800101"}}},
    {"san_form", LEAF, 0, {{E(SAN), "3000"}}},
    {"san_form", LEAF, 0, {{E(SAN), "3011" DNS_WEB "a0020500"}}},
    {"san_form", LEAF, 0, {{E(SAN), "3011" DNS_WEB "a4020500"}}},
    {"san_form", LEAF, 0, {{E(SAN), "3010" DNS_WEB "880180"}}},
    {"name_constraints_form", CA, 0, {{E(CONSTRAINTS), "!0500"}}},
    /* what would else be passed over, and so not be enforced */
    {"name_constraints_form", CA, 0, {{E(CONSTRAINTS), "!3002a000"}}},
    {"name_constraints_form", CA, 0, {{E(CONSTRAINTS), "!30020500"}}},
    {"name_constraints_form", CA, 0, {{E(CONSTRAINTS), "!3004a0023000"}}},
    {"name_constraints_form",
     CA,
     0,
     {{E(CONSTRAINTS), "!3009a00730058903612e62"}}},
    {"name_constraints_form",
     CA,
     0,
     {{E(CONSTRAINTS), "!300ea00c30058203612e6231038201ff"}}},
    {"name_constraints_form",
     CA,
     0,
     {{E(CONSTRAINTS), "!300ba00930078203612e620500"}}},
    {"name_constraints_form",
     CA,
     0,
     {{E(CONSTRAINTS), "!3012a10730058203612e62a00730058203612e62"}}},
    {"signature_algorithms_differ", LEAF, 0, {{PART_OUTER_ALG, ED_ALG}}},
    {"signature_algorithm",
     LEAF,
     0,
     {{PART_ALG, SHA1_ALG}, {PART_OUTER_ALG, SHA1_ALG}}},
    {"signature_form", LEAF, 0, {{PART_SIG, "0500"}}},
    /* serial number, validity, key */
    {"serial_zero", ROOT, 0, {{PART_SERIAL, "00"}}},
    {"serial_short", LEAF, 0, {{PART_SERIAL, "41020304050607"}}},
    {"not_before_form",
     LEAF,
     0,
     {{PART_VALIDITY, "g20261124000000Z u270101000000Z"}}},
    {"not_after_form",
     LEAF,
     0,
     {{PART_VALIDITY, "u261124000000Z g20270101000000Z"}}},
    {"no_end", ROOT, 0, {{PART_VALIDITY, "u261123000000Z g99991231235959Z"}}},
    {"server_lifetime",
     LEAF,
     0,
     {{PART_VALIDITY, "u261124000000Z u290226000000Z"}}},
    {"rsa_octets", LEAF, true, {{RSA_KEY, "01"}}},
    {"rsa_weak", LEAF, 0, {{RSA_KEY, ""}}},
    {"pss_salt signature_of_other_key",
     LEAF,
     0,
     {{PART_ALG, PSS_ALG}, {PART_OUTER_ALG, PSS_ALG}}},
    {"short_hash", LEAF, true, {{ISSUER + KEY_P384, NULL}}},
    /* issuer and subject */
    {"issuer_empty",
     LEAF,
     0,
     {{PART_ISSUER, "3000"}, {ISSUER + PART_SUBJECT, ""}}},
    {"ca_subject_empty", CA, 0, {{PART_SUBJECT, ""}}},
    {"nobody", LEAF, 0, {{PART_SUBJECT, ""}, {E(SAN), NULL}, {E(EKU), CLIENT}}},
    {"self_issued_leaf",
     LEAF,
     0,
     {{PART_SUBJECT, "Nu:Test Root"}, {E(EKU), CLIENT}}},
    {"cn_length", LEAF, 0, {{PART_SUBJECT, "Nu:@65"}, {E(EKU), CLIENT}}},
    {"organization_length", LEAF, 0, {{PART_SUBJECT, "Ou:@65"}}},
    {"unit_length", LEAF, 0, {{PART_SUBJECT, "Uu:@65"}}},
    {"locality_length", LEAF, 0, {{PART_SUBJECT, "Lu:@129"}}},
    {"state_length", LEAF, 0, {{PART_SUBJECT, "Su:@129"}}},
    {"serial_number_length", LEAF, 0, {{PART_SUBJECT, "#p:@65"}}},
    {"email_length", CA, 0, {{PART_SUBJECT, "Ei:@256"}}},
    {"country_form", LEAF, 0, {{PART_SUBJECT, "Cp:de"}}},
    {"country_form", LEAF, 0, {{PART_SUBJECT, "Cp:DEU"}}},
    {"country_string", LEAF, 0, {{PART_SUBJECT, "Cu:DE"}}},
    {"serial_number_string", LEAF, 0, {{PART_SUBJECT, "#u:1"}}},
    {"email_string", CA, 0, {{PART_SUBJECT, "Eu:a@b"}}},
    {"domain_component_string", LEAF, 0, {{PART_SUBJECT, "Du:x"}}},
    {"attribute_empty", LEAF, 0, {{PART_SUBJECT, "Ou:"}}},
    {"string_old", LEAF, 0, {{PART_SUBJECT, "Ot:x"}}},
    {"string_blank", LEAF, 0, {{PART_SUBJECT, "Ou:x "}}},
    {"string_control", LEAF, 0, {{PART_SUBJECT, "Ou:a\tb"}}},
    {"printable_form", LEAF, 0, {{PART_SUBJECT, "Op:a@b"}}},
    {"ia5_form", LEAF, 0, {{PART_SUBJECT, "Di:\xff"}}},
    {"many_values", LEAF, 0, {{PART_SUBJECT, "Ou:a+Uu:b"}}},
    {"set_order many_values", LEAF, 0, {{PART_SUBJECT, "Uu:b+Ou:a"}}},
    {"cn_twice", LEAF, 0, {{PART_SUBJECT, "Nu:web.example/Nu:web.example"}}},
    {"cn_not_in_san", LEAF, 0, {{PART_SUBJECT, "Nu:other.example"}}},
    {"email_not_in_san", LEAF, 0, {{PART_SUBJECT, "Ei:a@b"}}},
    /* alternative names */
    {"san_missing", LEAF, 0, {{PART_SUBJECT, "Ou:x"}, {E(SAN), NULL}}},
    {"server_without_host",
     LEAF,
     0,
     {{PART_SUBJECT, "Ou:x"}, {E(SAN), "30058103614062"}}},
    {"server_without_host server_odd_names",
     LEAF,
     0,
     {{PART_SUBJECT, "Ou:x"},
      {E(SAN), "3014a01206082b06010505070805a00616045f782e61"}}},
    {"server_odd_names",
     LEAF,
     0,
     {{PART_SUBJECT, "Ou:x"},
      {E(SAN), "3014a01206082b06010505070807a00616045f782e61"}}},
    {"san_not_critical", LEAF, 0, {{PART_SUBJECT, ""}}},
    {"san_critical", LEAF, 0, {{E(SAN), "~"}}},
    {"san_twice", LEAF, 0, {{E(SAN), "301a" DNS_WEB DNS_WEB}}},
    {"server_odd_names", LEAF, 0, {{E(SAN), "3012" DNS_WEB "88032a0304"}}},
    {"dns_capitals", LEAF, 0, {{E(SAN), "300d820b7765622e4578616d706c65"}}},
    {"ip_nobody", LEAF, 0, {{E(SAN), "3013" DNS_WEB "870400000000"}}},
    {"ip_nobody", LEAF, 0, {{E(SAN), "3013" DNS_WEB "8704e0000001"}}},
    {"email_without_mailbox", LEAF, 0, {{E(EKU), MAIL}}},
    {"spiffe_form", LEAF, 0, {{E(SAN), SPIFFE("2f782f")}}},
    {"spiffe_form", LEAF, 0, {{E(SAN), SPIFFE("2f783f")}}},
    {"spiffe_form", LEAF, 0, {{E(SAN), SPIFFE("2f2f78")}}},
    {"spiffe_form", LEAF, 0, {{E(SAN), SPIFFE("2f782b")}}},
    {"spiffe_form", LEAF, 0, {{E(SAN), SPIFFE("3a3939")}}},
    {"spiffe_many",
     LEAF,
     0,
     {{E(SAN), "302b" DNS_WEB "860d7370696666653a2f2f74642f78"
               "860d7370696666653a2f2f74642f79"}}},
    {"wildcard_no_server",
     LEAF,
     0,
     {{E(EKU), CLIENT}, {E(SAN), "300f820d2a2e7765622e6578616d706c65"}}},
    /* usage */
    {"ca_key_usage_missing", CA, 0, {{E(KEY_USAGE), NULL}}},
    {"key_usage_missing", LEAF, 0, {{E(KEY_USAGE), NULL}}},
    {"key_usage_not_critical", LEAF, 0, {{E(KEY_USAGE), "~"}}},
    {"ca_without_cert_sign",
     CA,
     0,
     {{E(KEY_USAGE), "!03020102"}, {E(BASIC), "!30030101ff"}}},
    {"ca_without_crl_sign", CA, 0, {{E(KEY_USAGE), "!03020204"}}},
    {"leaf_cert_sign", LEAF, 0, {{E(KEY_USAGE), "!03020284"}}},
    {"leaf_crl_sign", LEAF, 0, {{E(KEY_USAGE), "!03020182"}}},
    {"key_usage_unknown", LEAF, 0, {{E(KEY_USAGE), "!0303068040"}}},
    {"ec_usage", LEAF, 0, {{E(KEY_USAGE), "!030205a0"}}},
    {"ed25519_usage", LEAF, 0, {{KEY_ED, NULL}, {E(KEY_USAGE), "!03020388"}}},
    {"rsa_usage", LEAF, true, {{RSA_KEY, ""}, {E(KEY_USAGE), "!03020388"}}},
    {"only_without_agreement", LEAF, 0, {{E(KEY_USAGE), "!03020081"}}},
    {"basic_not_critical", CA, 0, {{E(BASIC), "~"}}},
    {"path_len_without_cert_sign ca_without_cert_sign",
     CA,
     0,
     {{E(KEY_USAGE), "!03020102"}}},
    {"server_usage", LEAF, 0, {{E(KEY_USAGE), "!03020640"}}},
    {"client_usage", LEAF, 0, {{E(KEY_USAGE), "!03020640"}, {E(EKU), CLIENT}}},
    {"ocsp_usage",
     LEAF,
     0,
     {{E(KEY_USAGE), "!03020308"}, {E(EKU), OCSP}, {E(NOCHECK), "0500"}}},
    {"email_usage",
     LEAF,
     true,
     {{RSA_KEY, ""},
      {E(KEY_USAGE), "!03020410"},
      {E(EKU), MAIL},
      {E(SAN), "30058103614062"}}},
    {"code_usage", LEAF, 0, {{E(KEY_USAGE), "!03020640"}, {E(EKU), CODE}}},
    {"time_usage", LEAF, 0, {{E(KEY_USAGE), "!03020308"}, {E(EKU), "!" STAMP}}},
    {"eku_missing", LEAF, 0, {{E(EKU), NULL}}},
    {"eku_any", LEAF, 0, {{E(EKU), "30060604551d2500"}}},
    {"eku_any_critical", CA, 0, {{E(EKU), "!30060604551d2500"}}},
    {"eku_twice",
     LEAF,
     0,
     {{E(EKU), "301406082b0601050507030106082b06010505070301"}}},
    {"ocsp_mixed",
     LEAF,
     0,
     {{E(EKU), "301406082b0601050507030906082b06010505070301"},
      {E(NOCHECK), "0500"}}},
    {"ocsp_without_nocheck", LEAF, 0, {{E(EKU), OCSP}}},
    {"nocheck_elsewhere", LEAF, 0, {{E(NOCHECK), "0500"}}},
    {"nocheck_form", LEAF, 0, {{E(EKU), OCSP}, {E(NOCHECK), "3000"}}},
    {"time_mixed",
     LEAF,
     0,
     {{E(EKU), "!301406082b0601050507030806082b06010505070301"}}},
    {"time_not_critical", LEAF, 0, {{E(EKU), STAMP}}},
    /* key identifiers */
    {"ca_ski_missing", CA, 0, {{E(SKI), NULL}}},
    {"ski_missing", LEAF, 0, {{E(SKI), NULL}}},
    {"ski_critical", LEAF, 0, {{E(SKI), "~"}}},
    {"aki_missing", LEAF, 0, {{E(AKI), NULL}}},
    {"aki_without_key", LEAF, 0, {{E(AKI), "3000"}}},
    {"aki_critical", LEAF, 0, {{E(AKI), "~"}}},
    {"aki_half", LEAF, 0, {{E(AKI), "30198014%A820101"}}},
    /* where to ask */
    {"cdp_form", LEAF, 0, {{E(CDP), "3000"}}},
    {"cdp_form", LEAF, 0, {{E(CDP), CDP_OF("8e0b687474703a2f2f612e622f")}}},
    {"cdp_form", LEAF, 0, {{E(CDP), "30063004a2020c00"}}},
    {"cdp_form", LEAF, 0, {{E(CDP), "30083006a204a0020c00"}}},
    {"cdp_form", LEAF, 0, {{E(CDP), "30083006a004a1020c00"}}},
    {"cdp_reasons_only", LEAF, 0, {{E(CDP), "3006300481020780"}}},
    {"cdp_uri", LEAF, 0, {{E(CDP), "300b3009a007a0058603666f6f"}}},
    {"cdp_scheme", LEAF, 0, {{E(CDP), CDP_OF(FTP)}}},
    {"cdp_https", LEAF, 0, {{E(CDP), CDP_OF(HTTPS)}}},
    {"cdp_critical", LEAF, 0, {{E(CDP), "~"}}},
    {"aia_form", LEAF, 0, {{E(AIA), "3000"}}},
    {"aia_form", LEAF, 0, {{E(AIA), AIA_OF("0c0b687474703a2f2f612e622f")}}},
    {"aia_uri", LEAF, 0, {{E(AIA), "3011300f06082b060105050730018603666f6f"}}},
    {"aia_scheme", LEAF, 0, {{E(AIA), AIA_OF(FTP)}}},
    {"aia_https", LEAF, 0, {{E(AIA), AIA_OF(HTTPS)}}},
    {"aia_critical", LEAF, 0, {{E(AIA), "~"}}},
    {"tls_feature_form", LEAF, 0, {{E(TLS_FEATURE), "3000"}}},
    {"staple_without_ocsp",
     LEAF,
     0,
     {{E(TLS_FEATURE), "3003020105"}, {E(AIA), NULL}}},
    /* policies */
    {"policies_form", LEAF, 0, {{E(POLICIES), "3000"}}},
    {"policy_twice",
     LEAF,
     0,
     {{E(POLICIES), "300e300506032a0304300506032a0304"}}},
    {"policy_cps",
     LEAF,
     0,
     {{E(POLICIES), "3018301606032a0304300f300d06082b06010505070201"
                    "0c0178"}}},
    {"notice_string",
     LEAF,
     0,
     {{E(POLICIES), "301a301806032a03043011300f06082b06010505070202"
                    "30031a0178"}}},
    {"notice_length",
     LEAF,
     0,
     {{E(POLICIES), "3081e73081e406032a03043081dc3081d906082b06010505070202"
                    "3081cc0c81c9%N"}}},
    {"leaf_policy_mappings",
     LEAF,
     0,
     {{E(POLICY_MAPPINGS), "!300c300a06032a030406032a0305"}}},
    {"policy_mappings_any",
     CA,
     0,
     {{E(POLICY_MAPPINGS), "!300d300b06032a03040604551d2000"}}},
    {"policy_mappings_not_critical",
     CA,
     0,
     {{E(POLICY_MAPPINGS), "300c300a06032a030406032a0305"}}},
    {"leaf_policy_constraints",
     LEAF,
     0,
     {{E(POLICY_CONSTRAINTS), "!3003800100"}}},
    {"policy_constraints_empty", CA, 0, {{E(POLICY_CONSTRAINTS), "!3000"}}},
    {"policy_constraints_not_critical",
     CA,
     0,
     {{E(POLICY_CONSTRAINTS), "3003800100"}}},
    {"inhibit_any_not_critical", CA, 0, {{E(INHIBIT_ANY), "020100"}}},
    {"inhibit_any_form", CA, 0, {{E(INHIBIT_ANY), "!3000"}}},
    {"leaf_inhibit_any", LEAF, 0, {{E(INHIBIT_ANY), "!020100"}}},
    /* name constraints */
    {"leaf_name_constraints", LEAF, 0, {{E(CONSTRAINTS), "!" NC_AB}}},
    {"name_constraints_not_critical", CA, 0, {{E(CONSTRAINTS), NC_AB}}},
    {"name_constraints_empty", CA, 0, {{E(CONSTRAINTS), "!3000"}}},
    {"name_constraints_bounds",
     CA,
     0,
     {{E(CONSTRAINTS), "!300ca00a30088203612e62800101"}}},
    {"name_constraints_dns",
     CA,
     0,
     {{E(CONSTRAINTS), "!300aa008300682042e612e62"}}},
    {"name_constraints_ip",
     CA,
     0,
     {{E(CONSTRAINTS), "!300aa008300687040a000000"}}},
    {"name_constraints_ip",
     CA,
     0,
     {{E(CONSTRAINTS), "!300ea00c300a87080a000000ff00ff00"}}},
    {"name_constraints_uri",
     CA,
     0,
     {{E(CONSTRAINTS), "!300ba00930078605683a2f2f78"}}},
    /* the pair */
    {"issuer_name", LEAF, 0, {{ISSUER + PART_SUBJECT, "Nu:Other"}}},
    {"issuer_no_ca", LEAF, 0, {{ISSUER + E(BASIC), "!3000"}}},
    {"issuer_usage", LEAF, 0, {{ISSUER + E(KEY_USAGE), "!03020102"}}},
    {"aki_ski", LEAF, 0, {{ISSUER + E(SKI), "0402abcd"}}},
    {"outlives_issuer",
     CA,
     0,
     {{PART_VALIDITY, "u261124000000Z u470101000000Z"}}},
    {"predates_issuer",
     CA,
     0,
     {{PART_VALIDITY, "u251124000000Z u270101000000Z"}}},
    {"path_len_zero", CA, 0, {{ISSUER + E(BASIC), "!30060101ff020100"}}},
    {"path_len_exceeded", CA, 0, {{FAR + E(BASIC), "!30060101ff020100"}}},
    {"name_constraints", LEAF, 0, {{FAR + E(CONSTRAINTS), "!" NC_AB}}},
    {"path_len_grows",
     CA,
     0,
     {{ISSUER + E(BASIC), "!30060101ff020101"},
      {E(BASIC), "!30060101ff020101"}}},
    {"name_constraints", LEAF, 0, {{ISSUER + E(CONSTRAINTS), "!" NC_AB}}},
    {"eku_wider", LEAF, 0, {{ISSUER + E(EKU), CLIENT}}},
    {"eku_wider", LEAF, 0, {{FAR + E(EKU), CLIENT}}},
    {"eku_wider",
     LEAF,
     0,
     {{E(EKU), "300506032a0305"}, {ISSUER + E(EKU), "300506032a0304"}}},
    {"eku_wider", CA, 0, {{ISSUER + E(EKU), CLIENT}}},
    {"eku_wider", CA, 0, {{E(EKU), OCSP}, {ISSUER + E(EKU), CLIENT}}},
    {"signature_of_other_key",
     LEAF,
     0,
     {{PART_ALG, ED_ALG}, {PART_OUTER_ALG, ED_ALG}}},
    {"signature_wrong", LEAF, 0, {{PART_SIG, "0303000102"}}},
};
enum { CASES = COUNT(cases) };

/* Both lists have the same names. */
static bool same_set(const char *a, const char *b)
{
    struct strs x = {0}, y = {0};
    bool same;

    strs_split(&x, a, ' ');
    strs_split(&y, b, ' ');
    same = x.n == y.n;
    for (size_t i = 0; i < x.n; i++)
        same = same && strs_has(&y, x.v[i]);
    strs_free(&x);
    strs_free(&y);
    return same;
}

START_TEST(each_breaks_its_rule_alone)
{
    for (size_t i = 0; i < CASES; i++) {
        AUTO(free) char *got = lint_edited(&cases[i]);

        ck_assert_msg(same_set(got, cases[i].lints), "wanted %s, got \"%s\"",
                      cases[i].lints, got);
    }
}
END_TEST

START_TEST(good_ones_break_none)
{
    static const enum base bases[] = {LEAF, CA, ROOT};

    for (size_t i = 0; i < COUNT(bases); i++) {
        const struct broken b = {.base = bases[i]};
        AUTO(free) char *got = lint_edited(&b);

        ck_assert_str_eq(got, "");
    }
}
END_TEST

START_TEST(every_lint_has_a_case)
{
    const struct lint *l, *other;

    for (size_t n = 0; (l = lint_at(n)); n++) {
        size_t len = strlen(l->name), i = 0;

        while (i < CASES &&
               (strncmp(cases[i].lints, l->name, len) != 0 ||
                (cases[i].lints[len] && cases[i].lints[len] != ' ')))
            i++;
        ck_assert_msg(i < CASES, "%s has no case", l->name);
        for (size_t k = 0; k < n && (other = lint_at(k)); k++)
            ck_assert_str_ne(other->name, l->name);
        ck_assert(l->citation[0] && l->text[0]);
        ck_assert(l->text[strlen(l->text) - 1] != '.');
    }
    ck_assert_uint_gt(CASES, 100);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {each_breaks_its_rule_alone,
                                  good_ones_break_none, every_lint_has_a_case};
    int code;

    base_begin();
    code = unit_run("lint", tests, COUNT(tests));
    base_end();
    return code;
}
