/* SPDX-License-Identifier: ISC */
/* Every lint: a good certificate, changed so that it breaks that rule and no
 * other. */
#include <stdio.h>

#include "cert_edit.h"
#include "lint.h"
#include "unit.h"

static struct party root_key, leaf_key, p384_key, ed_key;
static struct buf root, issuing, leaf;

/* An edit: of the certificate, or with ISSUER of the one above it.  EXT: the
 * value in hexadecimal, "!" before it makes it critical, NULL takes it away,
 * "~" flips whether it is critical.  In hexadecimal %A is the issuer's key
 * identifier, %N 201 letters. */
enum {
    EXT = 100,
    ADD = 200,
    RSA_KEY,
    KEY_P384,
    KEY_ED,
    MANY,
    ISSUER = 1000,
    FAR = 2 * ISSUER
};
struct edit {
    int what;
    const char *value;
};
enum base { LEAF, CA, ROOT };
struct broken {
    const char *lints; /* what is found, the first in question before */
    enum base base;
    bool tbs; /* without a signature */
    struct edit edits[4];
};

static const struct {
    const char *oid;
    size_t len;
} oids[EXT__MAX] = {
    [EXT_BASIC] = {OID(CE_BASIC)},
    [EXT_KEY_USAGE] = {OID(CE_KEY_USAGE)},
    [EXT_EKU] = {OID(CE_EKU)},
    [EXT_SKI] = {OID(CE_SKI)},
    [EXT_AKI] = {OID(CE_AKI)},
    [EXT_SAN] = {OID(CE_SAN)},
    [EXT_CDP] = {OID(CE_CDP)},
    [EXT_AIA] = {OID(PE_AIA)},
    [EXT_CONSTRAINTS] = {OID(CE_NAME_CONSTRAINTS)},
    [EXT_POLICIES] = {OID(CE_POLICIES)},
    [EXT_POLICY_MAPPINGS] = {OID(CE_POLICY_MAPPINGS)},
    [EXT_POLICY_CONSTRAINTS] = {OID(CE_POLICY_CONSTRAINTS)},
    [EXT_INHIBIT_ANY] = {OID(CE_INHIBIT_ANY)},
    [EXT_TLS_FEATURE] = {OID(PE_TLS_FEATURE)},
    [EXT_NOCHECK] = {OID(OCSP_NOCHECK)},
};

#define E(id) (EXT + EXT_##id)
#define SERVER "300a06082b06010505070301"
#define CLIENT "300a06082b06010505070302"
#define OCSP "300a06082b06010505070309"
#define CODE "300a06082b06010505070303"
#define MAIL "300a06082b06010505070304"
#define STAMP "300a06082b06010505070308"
#define DNS_WEB "820b7765622e6578616d706c65"
#define FTP "860b6674703a2f2f612e622f63"
#define HTTPS "860b68747470733a2f2f612e62"
#define CDP_OF(name) "30133011a00fa00d" name
#define AIA_OF(name) "3019301706082b06010505073001" name
#define NC_AB "3009a00730058203612e62"
#define ED_ALG "300506032b6570"
#define SHA1_ALG "300906072a8648ce3d0401"

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
    {"name_constraints_form", CA, 0, {{E(CONSTRAINTS), "!0500"}}},
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
    {"san_not_critical", LEAF, 0, {{PART_SUBJECT, ""}}},
    {"san_critical", LEAF, 0, {{E(SAN), "~"}}},
    {"san_twice", LEAF, 0, {{E(SAN), "301a" DNS_WEB DNS_WEB}}},
    {"server_odd_names", LEAF, 0, {{E(SAN), "3012" DNS_WEB "88032a0304"}}},
    {"dns_capitals", LEAF, 0, {{E(SAN), "300d820b7765622e4578616d706c65"}}},
    {"ip_nobody", LEAF, 0, {{E(SAN), "3013" DNS_WEB "870400000000"}}},
    {"ip_nobody", LEAF, 0, {{E(SAN), "3013" DNS_WEB "8704e0000001"}}},
    {"email_without_mailbox", LEAF, 0, {{E(EKU), MAIL}}},
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
    {"cdp_reasons_only", LEAF, 0, {{E(CDP), "3006300481020780"}}},
    {"cdp_uri", LEAF, 0, {{E(CDP), "300b3009a007a0058603666f6f"}}},
    {"cdp_scheme", LEAF, 0, {{E(CDP), CDP_OF(FTP)}}},
    {"cdp_https", LEAF, 0, {{E(CDP), CDP_OF(HTTPS)}}},
    {"cdp_critical", LEAF, 0, {{E(CDP), "~"}}},
    {"aia_form", LEAF, 0, {{E(AIA), "3000"}}},
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
    {"signature_of_other_key",
     LEAF,
     0,
     {{PART_ALG, ED_ALG}, {PART_OUTER_ALG, ED_ALG}}},
    {"signature_wrong", LEAF, 0, {{PART_SIG, "0303000102"}}},
};
enum { CASES = sizeof(cases) / sizeof(*cases) };

static void attribute_put(struct buf *b, const char *text, size_t len)
{
    static const struct {
        char letter;
        const char *oid;
        size_t len;
    } types[] = {
        {'N', OID(AT_CN)},
        {'O', OID(AT_O)},
        {'U', OID(AT_OU)},
        {'L', OID(AT_L)},
        {'S', OID(AT_ST)},
        {'C', OID(AT_C)},
        {'#', OID(AT_SERIAL_NUMBER)},
        {'E', OID(AT_EMAIL)},
        {'D', OID(AT_DC)},
    };
    const uint8_t tag = text[1] == 'u'   ? DER_UTF8_STRING
                        : text[1] == 'p' ? DER_PRINTABLE_STRING
                        : text[1] == 'i' ? DER_IA5_STRING
                                         : DER_T61_STRING;
    size_t seq = der_open(b, DER_SEQUENCE);
    char many[300];

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (types[i].letter == text[0])
            der_put_oid(b, types[i].oid, types[i].len);
    if (text[3] == '@') {
        memset(many, 'x', sizeof(many));
        der_put(b, tag, many, (size_t)atoi(text + 4));
    } else {
        der_put(b, tag, text + 3, len - 3);
    }
    der_close(b, seq);
}

/* "Nu:web/Ou:a+Uu:b": RDNs of attributes; "-": malformed. */
static void put_cn(struct buf *b, const char *text)
{
    size_t name = der_open(b, DER_SEQUENCE), set, len;

    while (*text && *text != '-') {
        set = der_open(b, DER_SET);
        for (;; text++) {
            len = strcspn(text, "/+");
            attribute_put(b, text, len);
            text += len;
            if (*text != '+')
                break;
        }
        der_close(b, set);
        text += *text == '/';
    }
    if (*text == '-')
        der_put_null(b);
    der_close(b, name);
}

/* "u261124000000Z g20270101000000Z": UTCTime and GeneralizedTime. */
static void validity_put(struct buf *b, const char *text)
{
    size_t seq = der_open(b, DER_SEQUENCE);

    while (*text && *text != '-') {
        size_t len = strcspn(text, " ");

        der_put(b, *text == 'u' ? DER_UTC_TIME : DER_GENERALIZED_TIME, text + 1,
                len - 1);
        text += len + (text[len] == ' ');
    }
    der_close(b, seq);
}

/* A modulus of ones, which has the factor 3; `more` octets before them. */
static void rsa_put(struct buf *b, const char *more)
{
    size_t seq = der_open(b, DER_SEQUENCE), alg, key;
    AUTO(buf) struct buf n = {0}, bits = {0};

    alg = der_open(b, DER_SEQUENCE);
    der_put_oid(b, OID(RSA));
    der_put_null(b);
    der_close(b, alg);
    if (*more)
        buf_putc(&n, 1);
    memset(buf_extend(&n, 256), 0xff, 256);
    key = der_open(&bits, DER_SEQUENCE);
    der_put_uint(&bits, n.data, n.len);
    der_put_int(&bits, 65537);
    der_close(&bits, key);
    der_put_bits(b, bits.data, bits.len);
    der_close(b, seq);
}

/* Hexadecimal with its placeholders filled in. */
static void value_put(struct buf *out, const char *hex)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    uint8_t octet;

    cert_parse(&c, root.data, root.len, &e);
    for (; *hex; hex += 2) {
        if (*hex != '%') {
            ck_assert_int_eq(hex_decode(&octet, 1, hex, 2), 1);
            buf_putc(out, octet);
        } else if (hex[1] == 'A') {
            buf_put(out, c.ski, c.ski_len);
        } else {
            memset(buf_extend(out, 201), 'x', 201);
        }
    }
}

static void ext_edit(struct cert_edit *c, int id, const char *value)
{
    AUTO(buf) struct buf v = {0};
    struct der list = der_of(c->part[PART_EXTS].data, c->part[PART_EXTS].len);
    bool critical = value && *value == '!';

    if (value && *value == '~') {
        struct der_tlv oid;
        struct der was;

        do
            ck_assert_int_eq(cert_ext_next(&list, &oid, &critical, &was), 0);
        while (!der_oid_is(&oid, oids[id].oid, oids[id].len));
        critical = !critical;
        buf_put(&v, was.p, was.n);
    } else if (value) {
        value_put(&v, value + critical);
    }
    cert_edit_ext(c, oids[id].oid, oids[id].len, critical, value ? &v : NULL);
}

static void many_exts(struct cert_edit *c)
{
    for (uint8_t i = 0; i < 65; i++) {
        const uint8_t oid[] = {0x2a, 0x03, i};
        AUTO(buf) struct buf v = {0};

        buf_putc(&v, 0);
        cert_edit_ext(c, oid, sizeof(oid), false, &v);
    }
}

static void key_edit(struct cert_edit *c, const struct party *p)
{
    buf_reset(&c->part[PART_SPKI]);
    buf_put(&c->part[PART_SPKI], p->spki.data, p->spki.len);
}

static void apply(struct cert_edit *c, int what, const char *value)
{
    struct buf *part = what < PART__MAX ? &c->part[what] : NULL;

    if (what == PART_SUBJECT) {
        buf_reset(part);
        put_cn(part, value);
    } else if (what == PART_VALIDITY) {
        buf_reset(part);
        validity_put(part, value);
    } else if (part) {
        cert_edit_hex(c, (enum part)what, value);
    } else if (what == ADD) {
        value_put(&c->part[PART_EXTS], value);
    } else if (what == RSA_KEY) {
        buf_reset(&c->part[PART_SPKI]);
        rsa_put(&c->part[PART_SPKI], value);
    } else if (what == MANY) {
        many_exts(c);
    } else if (what == KEY_P384 || what == KEY_ED) {
        key_edit(c, what == KEY_ED ? &ed_key : &p384_key);
    } else {
        ext_edit(c, what - EXT, value);
    }
}

/* The certificate with its edits (level 0), the issuer with its own (1), or
 * the one above that. */
static void edited(const struct broken *b, int level, struct cert_edit *out)
{
    cert_edit_open(out, level || b->base == ROOT ? &root
                        : b->base == CA          ? &issuing
                                                 : &leaf);
    for (size_t i = 0; i < sizeof(b->edits) / sizeof(*b->edits); i++) {
        const struct edit *e = &b->edits[i];

        if ((e->what || e->value) && level == e->what / ISSUER)
            apply(out, e->what % ISSUER, e->value);
    }
}

/* The names of what was found, in order. */
static char *found_text(const struct lint_findings *f)
{
    struct strs names = {0};
    char *text;

    for (size_t i = 0; i < f->n; i++)
        strs_add(&names, f->v[i]->name);
    text = strs_join(&names, " ");
    strs_free(&names);
    return text;
}

static char *lint_edited(const struct broken *b)
{
    AUTO(cert_edit) struct cert_edit e = {0}, above = {0}, far = {0};
    AUTO(buf) struct buf der = {0}, issuer_der = {0}, far_der = {0}, tbs = {0};
    AUTO(cert) struct cert c = {0}, issuer = {0}, farther = {0};
    AUTO(errs) struct errs why = {0};
    AUTO(free) char *reason = NULL;
    struct lint_findings f = {0};

    edited(b, 0, &e);
    edited(b, 1, &above);
    edited(b, 2, &far);
    cert_edit_close(&e, root_key.signer, &der);
    cert_edit_close(&above, root_key.signer, &issuer_der);
    ck_assert_int_eq(cert_parse(&issuer, issuer_der.data, issuer_der.len, &why),
                     0);
    cert_edit_close(&far, root_key.signer, &far_der);
    ck_assert_int_eq(cert_parse(&farther, far_der.data, far_der.len, &why), 0);
    issuer.above = &farther;
    if (b->tbs) {
        cert_edit_tbs(&e, &tbs);
        ck_assert_int_eq(cert_parse_tbs(&c, tbs.data, tbs.len, &why), 0);
        lint_run(&c, &issuer, &f);
    } else {
        lint_der(der.data, der.len, b->base == ROOT ? NULL : &issuer, &f,
                 &reason);
    }
    return found_text(&f);
}

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

    for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
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

/* True when an issuer with these name constraints may not certify the name. */
static bool name_refused(const char *constraints, const char *name)
{
    AUTO(cert_edit) struct cert_edit edit = {0};
    AUTO(buf) struct buf above_der = {0}, tbs = {0};
    AUTO(cert) struct cert c = {0}, above = {0};
    AUTO(names) struct names names = {0};
    AUTO(errs) struct errs e = {0};
    struct cert_spec s = root_spec(&leaf_key);
    struct lint_findings f = {0};
    bool refused = false;

    cert_edit_open(&edit, &root);
    ext_edit(&edit, EXT_CONSTRAINTS, constraints);
    cert_edit_close(&edit, root_key.signer, &above_der);
    cert_parse(&above, above_der.data, above_der.len, &e);
    names_parse(&names, name, &e);
    s.issuer = above.subject;
    s.issuer_len = above.subject_len;
    s.names = &names;
    s.cn = "somebody";
    cert_write_tbs(&tbs, &s);
    cert_parse_tbs(&c, tbs.data, tbs.len, &e);
    ck_assert_msg(e.n == 0, "%s", e.n ? e.v[0].detail : "");
    lint_run(&c, &above, &f);
    for (size_t i = 0; i < f.n; i++)
        refused |= strcmp(f.v[i]->name, "name_constraints") == 0;
    return refused;
}

START_TEST(constraints_permit_and_exclude)
{
    static const struct {
        const char *constraints, *pass, *refuse;
    } rows[] = {
        {"!300ea00c300a8208622e6578616d706c",
         "b.exampl,a.b.exampl,*.b.exampl,10.0.0.1,joe@c", "ab.exampl,c,exampl"},
        {"!300ea10c300a8208622e6578616d706c", "c,ab.exampl",
         "b.exampl,a.b.exampl"},
        {"!300ea00c300a87080a000000ff000000", "10.1.2.3,a.b",
         "11.0.0.1,fd00::1"},
        {"!3009a00730058103612e62", "joe@a.b,x.y", "joe@x.a.b,joe@b"},
        {"!300aa008300681042e612e62", "joe@x.a.b", "joe@a.b"},
        {"!300ba009300781056a6f654062", "joe@b", "bob@b,joe@c"},
        {"!3009a00730058603612e62", "s://a.b/x,x.y", "s://x.a.b/,s://b"},
        {"!300aa008300686042e612e62", "s://x.a.b/", "s://a.b/"},
        {"!3006a00430028200", "x.y,joe@b", ""},
        {"!3006a10430028200", "joe@b", "x.y"},
        {"!3006a10430028100", "x.y", "joe@b"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct strs pass = {0}, refuse = {0};

        strs_split(&pass, rows[i].pass, ',');
        strs_split(&refuse, rows[i].refuse, ',');
        for (size_t k = 0; k < pass.n; k++)
            ck_assert_msg(!name_refused(rows[i].constraints, pass.v[k]),
                          "%zu: %s", i, pass.v[k]);
        for (size_t k = 0; k < refuse.n; k++)
            ck_assert_msg(name_refused(rows[i].constraints, refuse.v[k]),
                          "%zu: %s", i, refuse.v[k]);
        strs_free(&pass);
        strs_free(&refuse);
    }
}
END_TEST

static void issue(struct buf *out, struct cert_spec *s)
{
    memcpy(s->serial.v, "\x41\x02\x03\x04\x05\x06\x07\x08", 8);
    s->serial.len = 8;
    cert_make(out, s, &root_key);
}

static void make_base(void)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    AUTO(names) struct names names = {0};
    struct cert_spec s = root_spec(&root_key);

    issue(&root, &s);
    cert_parse(&c, root.data, root.len, &e);
    s.issuer = c.subject;
    s.issuer_len = c.subject_len;
    s.aki = c.ski;
    s.spki = leaf_key.spki.data;
    s.spki_len = leaf_key.spki.len;
    s.cn = "Test Issuing";
    s.path_len = 0;
    issue(&issuing, &s);
    names_parse(&names, "web.example,10.0.0.1", &e);
    s.ca = false;
    s.cn = "web.example";
    s.names = &names;
    s.ku = KU_DIGITAL_SIGNATURE;
    s.eku = EKU_SERVER;
    s.not_after = s.not_before + 90 * INT64_C(86400) - 1;
    s.crl_url = s.ocsp_url = s.issuer_url = "http://a.b/c";
    issue(&leaf, &s);
}

int main(void)
{
    const TTest *const tests[] = {each_breaks_its_rule_alone,
                                  good_ones_break_none, every_lint_has_a_case,
                                  constraints_permit_and_exclude};
    int code;

    party_make(&root_key, "ec:P-256");
    party_make(&leaf_key, "ec:P-256");
    party_make(&p384_key, "ec:P-384");
    party_make(&ed_key, "ed25519");
    make_base();
    code = unit_run("lint", tests, sizeof(tests) / sizeof(*tests));
    party_free(&root_key);
    party_free(&leaf_key);
    party_free(&p384_key);
    party_free(&ed_key);
    buf_free(&root);
    buf_free(&issuing);
    buf_free(&leaf);
    return code;
}
