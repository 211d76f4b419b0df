/* SPDX-License-Identifier: ISC */
/* Certificates written: OpenSSL reads each and finds what was asked. */
#include "cert_made.h"

AUTO_DEFINE(names_of, GENERAL_NAMES *, GENERAL_NAMES_free)

static char *generals_text(const GENERAL_NAMES *l)
{
    struct strs texts = {0};
    char *s;

    for (int i = 0; i < sk_GENERAL_NAME_num(l); i++)
        strs_add_own(&texts, general_text(sk_GENERAL_NAME_value(l, i)));
    s = strs_join(&texts, " ");
    strs_free(&texts);
    return s;
}

/* "basicConstraints! keyUsage! …", in order, critical ones marked. */
static char *extensions_text(const X509 *x)
{
    struct strs texts = {0};
    char *s;

    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *ext = X509_get_ext(x, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

        strs_add_own(&texts,
                     xasprintf("%s%s", OBJ_nid2sn(nid),
                               X509_EXTENSION_get_critical(ext) ? "!" : ""));
    }
    s = strs_join(&texts, " ");
    strs_free(&texts);
    return s;
}

static void time_is(const ASN1_TIME *t, int64_t want)
{
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(t, (time_t)want), 0);
}

static void subject_is(const X509_NAME *name, const char *want)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
    len = BIO_get_mem_data(bio, &text);
    ck_assert_int_eq(len, (long)strlen(want));
    ck_assert_mem_eq(text, want, (size_t)len);
}

static void serial_is(X509 *x, const struct serial *want)
{
    AUTO(bignum)
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    uint8_t v[SERIAL_MAX];

    ck_assert(!BN_is_negative(n));
    ck_assert_int_eq(BN_num_bytes(n), want->len);
    BN_bn2bin(n, v);
    ck_assert_mem_eq(v, want->v, want->len);
}

static void key_ids_are(X509 *x, const uint8_t *ski, const uint8_t *aki)
{
    const ASN1_OCTET_STRING *s = X509_get0_subject_key_id(x);
    const ASN1_OCTET_STRING *a = X509_get0_authority_key_id(x);

    ck_assert_int_eq(ASN1_STRING_length(s), SKI_LEN);
    ck_assert_mem_eq(ASN1_STRING_get0_data(s), ski, SKI_LEN);
    if (!aki) {
        ck_assert_ptr_null(a);
        return;
    }
    ck_assert_int_eq(ASN1_STRING_length(a), SKI_LEN);
    ck_assert_mem_eq(ASN1_STRING_get0_data(a), aki, SKI_LEN);
    ck_assert_ptr_null(X509_get0_authority_issuer(x));
    ck_assert_ptr_null(X509_get0_authority_serial(x));
}

START_TEST(a_leaf_is_what_was_asked)
{
    static const char want[] =
        "basicConstraints! keyUsage! extendedKeyUsage subjectKeyIdentifier "
        "authorityKeyIdentifier subjectAltName crlDistributionPoints "
        "authorityInfoAccess";
    AUTO(chain) struct chain c;
    struct cert_spec s;
    uint8_t ski[SKI_LEN];
    unsigned len;

    chain_make(&c, (size_t)_i, NULL);
    names_of(&c.names, "web.internal,*.a.internal,10.0.0.1,fd00::1,joe@b,"
                       "spiffe://td/x");
    s = leaf_spec(&keys[_i], &c.names);
    issue(&c.leaf, &s, &c.issuing_read, &keys[_i]);

    AUTO(x509) X509 *x = openssl_read(&c.leaf);
    AUTO(x509) X509 *issuing = openssl_read(&c.issuing);
    AUTO(free) char *exts = extensions_text(x);
    AUTO(names_of)
    GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    AUTO(free) char *names = generals_text(san);

    ck_assert_int_eq(X509_get_version(x), 2);
    serial_is(x, &s.serial);
    ck_assert_int_eq(
        X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuing)),
        0);
    subject_is(X509_get_subject_name(x), "CN=web.internal");
    time_is(X509_get0_notBefore(x), s.not_before);
    time_is(X509_get0_notAfter(x), s.not_after);
    ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(x), keys[_i].key), 1);
    ck_assert_str_eq(exts, want);
    ck_assert_str_eq(names, "2:web.internal 2:*.a.internal 7:0a000001 "
                            "7:fd000000000000000000000000000001 1:joe@b "
                            "6:spiffe://td/x");
    ck_assert_uint_eq(X509_get_key_usage(x), 0x80 /* digitalSignature */);
    ck_assert_uint_eq(X509_get_extended_key_usage(x),
                      XKU_SSL_SERVER | XKU_SSL_CLIENT);
    ck_assert(!(X509_get_extension_flags(x) & (EXFLAG_CA | EXFLAG_INVALID)));
    ck_assert(X509_pubkey_digest(x, EVP_sha1(), ski, &len));
    key_ids_are(x, ski, c.issuing_read.ski);
    ck_assert_int_eq(X509_verify(x, keys[_i].key), 1);
    ck_assert_int_eq(verify(&c, &c.leaf), X509_V_OK);
}
END_TEST

START_TEST(urls_are_where_they_belong)
{
    AUTO(chain) struct chain c;
    struct cert_spec s;

    chain_make(&c, 0, NULL);
    names_of(&c.names, "web.internal");
    s = leaf_spec(&keys[0], &c.names);
    issue(&c.leaf, &s, &c.issuing_read, &keys[0]);

    AUTO(x509) X509 *x = openssl_read(&c.leaf);
    CRL_DIST_POINTS *crls =
        X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    AUTHORITY_INFO_ACCESS *aia =
        X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
    DIST_POINT *point = sk_DIST_POINT_value(crls, 0);
    ACCESS_DESCRIPTION *first = sk_ACCESS_DESCRIPTION_value(aia, 0);
    ACCESS_DESCRIPTION *second = sk_ACCESS_DESCRIPTION_value(aia, 1);
    AUTO(free) char *crl = generals_text(point->distpoint->name.fullname);
    AUTO(free) char *ocsp = general_text(first->location);
    AUTO(free) char *issuer = general_text(second->location);

    ck_assert_int_eq(sk_DIST_POINT_num(crls), 1);
    ck_assert_ptr_null(point->CRLissuer);
    ck_assert_ptr_null(point->reasons);
    ck_assert_int_eq(point->distpoint->type, 0);
    ck_assert_str_eq(crl, "6:http://ca.example:8080/crl/issuing.crl");
    ck_assert_int_eq(sk_ACCESS_DESCRIPTION_num(aia), 2);
    ck_assert_int_eq(OBJ_obj2nid(first->method), NID_ad_OCSP);
    ck_assert_str_eq(ocsp, "6:http://ca.example:8080/ocsp");
    ck_assert_int_eq(OBJ_obj2nid(second->method), NID_ad_ca_issuers);
    ck_assert_str_eq(issuer, "6:http://ca.example:8080/ca/i.crt");
    CRL_DIST_POINTS_free(crls);
    AUTHORITY_INFO_ACCESS_free(aia);
}
END_TEST

START_TEST(what_is_not_asked_is_not_there)
{
    AUTO(chain) struct chain c;
    struct cert_spec s;

    chain_make(&c, 0, NULL);
    names_of(&c.names, "web.internal");
    s = leaf_spec(&keys[0], &c.names);
    s.crl_url = s.issuer_url = s.ocsp_url = NULL;
    s.eku = 0;
    issue(&c.leaf, &s, &c.issuing_read, &keys[0]);

    AUTO(x509) X509 *x = openssl_read(&c.leaf);
    AUTO(free) char *exts = extensions_text(x);

    ck_assert_str_eq(exts, "basicConstraints! keyUsage! subjectKeyIdentifier "
                           "authorityKeyIdentifier subjectAltName");
}
END_TEST

START_TEST(roots_and_intermediates)
{
    AUTO(chain) struct chain c;

    chain_make(&c, (size_t)_i, NULL);

    AUTO(x509) X509 *root = openssl_read(&c.root);
    AUTO(x509) X509 *issuing = openssl_read(&c.issuing);
    AUTO(free) char *root_exts = extensions_text(root);
    AUTO(free) char *exts = extensions_text(issuing);

    ck_assert_str_eq(root_exts,
                     "basicConstraints! keyUsage! subjectKeyIdentifier");
    ck_assert_str_eq(exts, "basicConstraints! keyUsage! subjectKeyIdentifier "
                           "authorityKeyIdentifier crlDistributionPoints");
    subject_is(X509_get_issuer_name(root), "CN=Test Root");
    subject_is(X509_get_subject_name(root), "CN=Test Root");
    ck_assert(X509_get_extension_flags(root) & EXFLAG_SS);
    ck_assert(X509_check_ca(root) == 1 && X509_check_ca(issuing) == 1);
    ck_assert_int_eq(X509_get_pathlen(root), -1);
    ck_assert_int_eq(X509_get_pathlen(issuing), 0);
    ck_assert_uint_eq(X509_get_key_usage(issuing),
                      0x06 /* keyCertSign, cRLSign */);
    key_ids_are(issuing, c.issuing_read.ski, c.root_read.ski);
    ck_assert_int_eq(verify(&c, &c.issuing), X509_V_OK);
}
END_TEST

START_TEST(common_name_and_empty_subject)
{
    char text[80] = {0};
    static const struct {
        size_t len; /* of the first name */
        bool cn;
    } cases[] = {{1, true}, {63, true}, {64, true}, {65, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(chain) struct chain c;
        struct cert_spec s;
        X509_EXTENSION *san;
        X509 *x;

        memset(text, 'a', sizeof(text) - 1);
        text[cases[i].len] = '\0';
        if (cases[i].len > 63)
            text[30] = '.';
        chain_make(&c, 0, NULL);
        names_of(&c.names, text);
        s = leaf_spec(&keys[0], &c.names);
        issue(&c.leaf, &s, &c.issuing_read, &keys[0]);
        x = openssl_read(&c.leaf);
        ck_assert_int_eq(X509_NAME_entry_count(X509_get_subject_name(x)),
                         cases[i].cn);
        san = X509_get_ext(x, X509_get_ext_by_NID(x, NID_subject_alt_name, -1));
        ck_assert_int_eq(X509_EXTENSION_get_critical(san), !cases[i].cn);
        ck_assert_int_eq(verify(&c, &c.leaf), X509_V_OK);
        X509_free(x);
    }
}
END_TEST

START_TEST(the_first_dns_name_is_the_common_name)
{
    AUTO(names) struct names l = {0};

    names_of(&l, "10.0.0.1,joe@b");
    ck_assert_ptr_null(cert_cn(&l));
    names_of(&l, "b.c,a.b");
    ck_assert_str_eq(cert_cn(&l), "b.c");
}
END_TEST

/* RFC 5280 section 4.1.2.5: UTCTime through 2049. */
START_TEST(times_on_both_sides_of_2050)
{
    static const struct {
        int64_t t;
        int type;
        const char *text;
    } cases[] = {
        {INT64_C(2524607999), V_ASN1_UTCTIME, "491231235959Z"},
        {INT64_C(2524608000), V_ASN1_GENERALIZEDTIME, "20500101000000Z"},
        {INT64_C(253402300799), V_ASN1_GENERALIZEDTIME, "99991231235959Z"},
        {INT64_C(951782400), V_ASN1_UTCTIME, "000229000000Z"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cert_spec s = root_spec(&keys[0]);
        AUTO(buf) struct buf der = {0};
        AUTO(cert) struct cert back = {0};
        const ASN1_TIME *t;
        X509 *x;

        s.not_before = INT64_C(951782400);
        s.not_after = cases[i].t;
        cert_make(&der, &s, &keys[0]);
        x = openssl_read(&der);
        t = X509_get0_notAfter(x);
        ck_assert_int_eq(ASN1_STRING_type(t), cases[i].type);
        ck_assert_str_eq((const char *)ASN1_STRING_get0_data(t), cases[i].text);
        X509_free(x);
        read_back(&back, &der);
        ck_assert_int_eq(back.not_after, cases[i].t);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        urls_are_where_they_belong,    what_is_not_asked_is_not_there,
        common_name_and_empty_subject, the_first_dns_name_is_the_common_name,
        times_on_both_sides_of_2050,
    };
    Suite *suite = suite_create("cert");
    TCase *each = tcase_create("each key"), *once = tcase_create("once");
    SRunner *r;
    int failed;

    for (size_t i = 0; i < KEYS; i++)
        party_make(&keys[i], key_specs[i]);
    tcase_add_loop_test(each, a_leaf_is_what_was_asked, 0, KEYS);
    tcase_add_loop_test(each, roots_and_intermediates, 0, KEYS);
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(once, tests[i]);
    suite_add_tcase(suite, each);
    suite_add_tcase(suite, once);
    r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    for (size_t i = 0; i < KEYS; i++)
        party_free(&keys[i]);
    return failed != 0;
}
