/* SPDX-License-Identifier: ISC */
/* CSRs changed at random: whatever we read OpenSSL reads as well, and as the
 * same. */
#include <strings.h>

#include <arpa/inet.h>

#include "csr.h"
#include "mutant.h"

AUTO_DEFINE(x509_req, X509_REQ *, X509_REQ_free)

/* ---- the subject */

/* Each of theirs is a line of ours, and there is none without one of theirs. */
static void same_field(const char *ours, const X509_NAME *name, int nid)
{
    size_t n = 0, len = 0;
    int at = -1;

    while ((at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0) {
        const ASN1_STRING *s =
            X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
        unsigned char *utf8 = NULL;

        ck_assert_int_ge(ASN1_STRING_to_UTF8(&utf8, s), 0);
        subject_collapse((char *)utf8);
        if (*utf8) {
            ck_assert_ptr_nonnull(ours);
            ck_assert_ptr_nonnull(strstr(ours, (char *)utf8));
            len += strlen((char *)utf8);
            n++;
        }
        OPENSSL_free(utf8);
    }
    ck_assert_int_eq(ours != NULL, n > 0);
    if (ours)
        ck_assert_uint_le(strlen(ours), len + n - 1);
}

static void same_subject(const struct csr *c, X509_REQ *x)
{
    static const int nids[SUBJECT__MAX] = {
        [SUBJECT_C] = NID_countryName,
        [SUBJECT_ST] = NID_stateOrProvinceName,
        [SUBJECT_L] = NID_localityName,
        [SUBJECT_O] = NID_organizationName,
        [SUBJECT_OU] = NID_organizationalUnitName,
        [SUBJECT_CN] = NID_commonName,
        [SUBJECT_SERIAL_NUMBER] = NID_serialNumber,
        [SUBJECT_EMAIL] = NID_pkcs9_emailAddress,
    };

    for (int f = 0; f < SUBJECT__MAX; f++)
        same_field(c->subject.v[f], X509_REQ_get_subject_name(x), nids[f]);
}

/* ---- the extensions that it asks for */

static void *ext_get(const STACK_OF(X509_EXTENSION) * l, int nid)
{
    int critical;
    void *v = X509V3_get_d2i(l, nid, &critical, NULL);

    if (!v)
        ck_assert_msg(critical == -1, "%s is malformed or twice",
                      OBJ_nid2sn(nid));
    return v;
}

/* As we write a name; NULL: of a kind that is never certified. */
static char *text_of(const GENERAL_NAME *g)
{
    char ip[INET6_ADDRSTRLEN];
    const ASN1_STRING *s = g->d.ia5;

    if (g->type == GEN_IPADD)
        return xasprintf(
            "ip:%s", inet_ntop(ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6,
                               ASN1_STRING_get0_data(s), ip, sizeof(ip)));
    if (g->type != GEN_DNS && g->type != GEN_EMAIL && g->type != GEN_URI)
        return NULL;
    return xasprintf("%s:%.*s",
                     g->type == GEN_DNS     ? "dns"
                     : g->type == GEN_EMAIL ? "email"
                                            : "uri",
                     ASN1_STRING_length(s),
                     (const char *)ASN1_STRING_get0_data(s));
}

static bool has_name(const struct names *l, const char *text)
{
    for (size_t i = 0; i < l->n; i++) {
        AUTO(free) char *ours = name_text(&l->v[i]);

        if (strcasecmp(ours, text) == 0)
            return true;
    }
    return false;
}

static void same_names(const struct csr *c, const STACK_OF(X509_EXTENSION) * l)
{
    int critical;
    GENERAL_NAMES *g =
        X509V3_get_d2i(l, NID_subject_alt_name, &critical, NULL);
    int n = g ? sk_GENERAL_NAME_num(g) : 0, odd = 0;

    for (int i = 0; i < n; i++) {
        AUTO(free) char *text = text_of(sk_GENERAL_NAME_value(g, i));

        if (text)
            ck_assert_msg(has_name(&c->san, text), "%s", text);
        odd += !text;
    }
    /* Malformed in a name of a kind that is refused as such. */
    if (!g && critical >= 0)
        odd = 1;
    ck_assert_int_ne(critical, -2); /* twice */
    ck_assert_int_eq(c->odd_san.n > 0, odd > 0);
    if (!g)
        return;
    ck_assert_int_le((int)c->san.n, n - odd);
    GENERAL_NAMES_free(g);
}

static unsigned power_of(const STACK_OF(X509_EXTENSION) * l)
{
    BASIC_CONSTRAINTS *basic = ext_get(l, NID_basic_constraints);
    ASN1_BIT_STRING *usage = ext_get(l, NID_key_usage);
    EXTENDED_KEY_USAGE *eku = ext_get(l, NID_ext_key_usage);
    unsigned power = 0;

    /* Whatever is in them: nobody gets any. */
    if (X509v3_get_ext_by_NID(l, NID_name_constraints, -1) >= 0)
        power = CSR_POWER_CONSTRAINTS;

    power |= basic && basic->ca ? CSR_POWER_CA : 0;
    power |= ASN1_BIT_STRING_get_bit(usage, 5) ? CSR_POWER_CERT_SIGN : 0;
    power |= ASN1_BIT_STRING_get_bit(usage, 6) ? CSR_POWER_CRL_SIGN : 0;
    for (int i = 0; eku && i < sk_ASN1_OBJECT_num(eku); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i));

        power |= nid == NID_anyExtendedKeyUsage ? CSR_POWER_ANY_EKU : 0;
        power |= nid == NID_OCSP_sign ? CSR_POWER_OCSP : 0;
    }
    BASIC_CONSTRAINTS_free(basic);
    ASN1_BIT_STRING_free(usage);
    EXTENDED_KEY_USAGE_free(eku);
    return power;
}

static bool is_known(int nid)
{
    static const int known[] = {NID_subject_alt_name,
                                NID_basic_constraints,
                                NID_key_usage,
                                NID_ext_key_usage,
                                NID_name_constraints,
                                NID_subject_key_identifier,
                                NID_authority_key_identifier,
                                NID_crl_distribution_points,
                                NID_certificate_policies,
                                NID_info_access};

    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i] == nid)
            return true;
    return false;
}

static void same_extensions(const struct csr *c, X509_REQ *x)
{
    STACK_OF(X509_EXTENSION) *l = X509_REQ_get_extensions(x);
    unsigned power = power_of(l);

    for (int i = 0; l && i < sk_X509_EXTENSION_num(l); i++) {
        X509_EXTENSION *e = sk_X509_EXTENSION_value(l, i);

        if (X509_EXTENSION_get_critical(e) &&
            !is_known(OBJ_obj2nid(X509_EXTENSION_get_object(e))))
            power |= CSR_POWER_CRITICAL;
    }
    ck_assert_uint_eq(c->power, power);
    same_names(c, l);
    sk_X509_EXTENSION_pop_free(l, X509_EXTENSION_free);
}

/* ---- all of it */

static void same(const struct csr *c, const struct buf *der,
                 struct key_verifier *v)
{
    AUTO(errs) struct errs e = {0};
    const unsigned char *p = der->data;
    AUTO(x509_req) X509_REQ *x = d2i_X509_REQ(NULL, &p, (long)der->len);
    EVP_PKEY *key;

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    ck_assert_int_eq((int)X509_REQ_get_version(x), 0);
    same_key(&c->key, X509_REQ_get_X509_PUBKEY(x));
    same_subject(c, x);
    same_extensions(c, x);
    key = X509_REQ_get0_pubkey(x);
    ck_assert_int_eq(csr_verify(c, v, &e) == 0,
                     key && X509_REQ_verify(x, key) == 1);
}

static bool read_one(const struct buf *der, void *arg)
{
    AUTO(errs) struct errs e = {0};
    AUTO(csr) struct csr c = {0};

    if (csr_parse(&c, der->data, der->len, &e) != 0)
        return false;
    same(&c, der, arg);
    return true;
}

START_TEST(openssl_reads_the_same)
{
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();

    mutants_read_seeds("csr", read_one, v);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {openssl_reads_the_same};

    return unit_run("csr_mutants", tests, COUNT(tests));
}
