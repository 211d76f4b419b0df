/* SPDX-License-Identifier: ISC */
/* Certificates changed at random: whatever we read OpenSSL reads as well, and
 * as the same. */
#include <strings.h>

#include "lint.h"
#include "mutant.h"

static void same_extensions(const struct cert *c, X509 *x)
{
    struct der list = der_of(c->exts, c->exts_len), value;
    struct der_tlv oid;
    bool critical;

    ck_assert_int_eq(X509_get_ext_count(x), (int)c->n_exts);
    for (int i = 0; i < (int)c->n_exts; i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        const ASN1_OBJECT *o = X509_EXTENSION_get_object(e);
        const ASN1_OCTET_STRING *s = X509_EXTENSION_get_data(e);

        ck_assert_int_eq(cert_ext_next(&list, &oid, &critical, &value), 0);
        same_octets(oid.val, oid.len, OBJ_get0_data(o), (int)OBJ_length(o));
        same_octets(value.p, value.n, ASN1_STRING_get0_data(s),
                    ASN1_STRING_length(s));
        ck_assert_int_eq(X509_EXTENSION_get_critical(e), critical);
    }
}

/* OpenSSL has the first bit of each octet highest, and nine bits of ours. */
static unsigned usage_of(uint32_t theirs)
{
    unsigned ku = 0;

    for (unsigned i = 0; i < 8; i++)
        ku |= theirs & 0x80U >> i ? 1U << i : 0;
    return ku | (theirs & 0x8000 ? KU_DECIPHER_ONLY : 0);
}

/* One that OpenSSL may know, and find malformed. */
static bool has_unknown(const struct cert *c)
{
    struct der list = der_of(c->exts, c->exts_len), value;
    struct der_tlv oid;
    bool critical;

    while (cert_ext_next(&list, &oid, &critical, &value) == 0)
        if (cert_ext_of(&oid) == EXT__MAX)
            return true;
    return false;
}

/* What OpenSSL finds malformed is an error here too. */
static void same_usage(const struct cert *c, X509 *x)
{
    uint32_t flags = X509_get_extension_flags(x);

    if (flags & EXFLAG_INVALID) {
        struct lint_findings f = {0};

        lint_run(c, NULL, &f);
        ck_assert(f.errors || has_unknown(c));
        return;
    }
    ck_assert_int_eq(!!(flags & EXFLAG_CA), c->ca);
    ck_assert_int_eq(X509_get_pathlen(x), c->path_len);
    if (c->ext[EXT_KEY_USAGE].value)
        ck_assert_uint_eq(usage_of(X509_get_key_usage(x)),
                          c->ku & ((KU_DECIPHER_ONLY << 1) - 1));
    if (c->ext[EXT_EKU].value) {
        uint32_t eku = X509_get_extended_key_usage(x);

        ck_assert_int_eq(!!(eku & XKU_SSL_SERVER), !!(c->eku & EKU_SERVER));
        ck_assert_int_eq(!!(eku & XKU_SSL_CLIENT), !!(c->eku & EKU_CLIENT));
        ck_assert_int_eq(!!(eku & XKU_OCSP_SIGN), !!(c->eku & EKU_OCSP));
        ck_assert_int_eq(!!(eku & XKU_ANYEKU), !!(c->eku & EKU_ANY));
    }
}

/* A host is once in ours, and in lower case. */
static bool has_host(const struct cert *c, const ASN1_STRING *s)
{
    const char *p = (const char *)ASN1_STRING_get0_data(s);
    size_t len = (size_t)ASN1_STRING_length(s);

    for (size_t k = 0; k < c->names.n; k++)
        if (c->names.v[k].kind == NAME_DNS &&
            strlen(c->names.v[k].value) == len &&
            strncasecmp(c->names.v[k].value, p, len) == 0)
            return true;
    return false;
}

static void same_hosts(const struct cert *c, X509 *x)
{
    GENERAL_NAMES *l = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    int hosts = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(l); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(l, i);

        if (g->type != GEN_DNS)
            continue;
        ck_assert(has_host(c, g->d.dNSName));
        hosts++;
    }
    for (size_t k = 0; k < c->names.n; k++)
        hosts -= c->names.v[k].kind == NAME_DNS;
    ck_assert_int_ge(hosts, 0);
    GENERAL_NAMES_free(l);
}

/* Its own key signed it, or did not. */
static void same_verdict(const struct cert *c, X509 *x, struct key_verifier *v)
{
    AUTO(errs) struct errs e = {0};
    EVP_PKEY *key = X509_get0_pubkey(x);

    ck_assert_int_eq(cert_verify(c, &c->key, v, &e) == 0,
                     key && X509_verify(x, key) == 1);
}

static void same(const struct cert *c, const struct buf *der,
                 struct key_verifier *v)
{
    const unsigned char *p = der->data;
    AUTO(x509) X509 *x = d2i_X509(NULL, &p, (long)der->len);

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    same_time(c->not_before, X509_get0_notBefore(x));
    same_time(c->not_after, X509_get0_notAfter(x));
    same_serial(&c->serial, X509_get0_serialNumber(x));
    same_name(c->issuer, c->issuer_len, X509_get_issuer_name(x));
    same_name(c->subject, c->subject_len, X509_get_subject_name(x));
    same_key(&c->key, X509_get_X509_PUBKEY(x));
    same_extensions(c, x);
    same_usage(c, x);
    same_hosts(c, x);
    same_verdict(c, x, v);
}

static bool read_one(const struct buf *der, void *arg)
{
    AUTO(cert) struct cert c = {0};
    AUTO(errs) struct errs e = {0};

    if (cert_parse(&c, der->data, der->len, &e) != 0)
        return false;
    same(&c, der, arg);
    return true;
}

START_TEST(openssl_reads_the_same)
{
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();

    mutants_read_seeds("cert", read_one, v);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {openssl_reads_the_same};

    return unit_run("cert_mutants", tests, COUNT(tests));
}
