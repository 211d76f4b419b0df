/* SPDX-License-Identifier: ISC */
/* CRLs changed at random: whatever we read OpenSSL reads as well, and as the
 * same; what it would hold to be a part, or of somebody else, we do not read as
 * the whole. */
#include "crl_made.h"
#include "mutant.h"
#include "oid.h"

AUTO_DEFINE(x509_revoked, X509_REVOKED *, X509_REVOKED_free)

struct one {
    struct party key;
    struct issuer issuer;
    struct key_verifier *v;
};

/* ---- the same */

/* What OpenSSL goes by, wherever it finds it. */
static void same_reason(int ours, const X509_REVOKED *theirs)
{
    int critical;
    ASN1_ENUMERATED *r =
        X509_REVOKED_get_ext_d2i(theirs, NID_crl_reason, &critical, NULL);

    if (!r)
        ck_assert_int_eq(critical, -1); /* neither malformed nor twice */
    ck_assert_int_eq(r ? ASN1_ENUMERATED_get(r) : 0, ours);
    ASN1_ENUMERATED_free(r);
    ck_assert_int_lt(
        X509_REVOKED_get_ext_by_NID(theirs, NID_certificate_issuer, -1), 0);
}

static void same_entries(const struct crl *c, X509_CRL *x)
{
    STACK_OF(X509_REVOKED) *l = X509_CRL_get_REVOKED(x);
    struct crl_entries list = c->revoked;
    int n = l ? sk_X509_REVOKED_num(l) : 0;

    ck_assert_int_eq(n, (int)c->entries);
    for (int i = 0; i < n; i++) {
        const X509_REVOKED *r = sk_X509_REVOKED_value(l, i);
        struct crl_entry entry;

        ck_assert_int_eq(crl_entry_next(&list, &entry), 1);
        same_serial(&entry.serial, X509_REVOKED_get0_serialNumber(r));
        same_time(entry.revoked_at, X509_REVOKED_get0_revocationDate(r));
        same_reason(entry.reason, r);
    }
}

static void same_number(const struct crl *c, X509_CRL *x)
{
    int critical;
    ASN1_INTEGER *n = X509_CRL_get_ext_d2i(x, NID_crl_number, &critical, NULL);
    uint64_t number = 0;

    if (n)
        ck_assert_int_eq(ASN1_INTEGER_get_uint64(&number, n), 1);
    else
        ck_assert_int_eq(critical, -1);
    ck_assert_uint_eq(c->number, number);
    ASN1_INTEGER_free(n);
}

static void same_aki(const struct crl *c, X509_CRL *x)
{
    int critical;
    AUTHORITY_KEYID *aki =
        X509_CRL_get_ext_d2i(x, NID_authority_key_identifier, &critical, NULL);

    if (aki && aki->keyid)
        same_octets(c->aki, c->aki_len, ASN1_STRING_get0_data(aki->keyid),
                    ASN1_STRING_length(aki->keyid));
    else
        ck_assert_ptr_null(c->aki);
    AUTHORITY_KEYID_free(aki);
}

static void same_verdict(const struct crl *c, X509_CRL *x, const struct one *o)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(key_verify(o->v, &o->issuer.cert.key, &c->sig, &e) == 0,
                     X509_CRL_verify(x, o->key.key) == 1);
}

static void same(const struct crl *c, const struct buf *der,
                 const struct one *o)
{
    const unsigned char *p = der->data;
    AUTO(x509_crl) X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der->len);

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    same_name(c->issuer, c->issuer_len, X509_CRL_get_issuer(x));
    same_time(c->this_update, X509_CRL_get0_lastUpdate(x));
    ck_assert_int_eq(X509_CRL_get0_nextUpdate(x) != NULL, c->next_update != 0);
    if (c->next_update)
        same_time(c->next_update, X509_CRL_get0_nextUpdate(x));
    same_entries(c, x);
    same_number(c, x);
    same_aki(c, x);
    ck_assert_int_lt(X509_CRL_get_ext_by_NID(x, NID_delta_crl, -1), 0);
    ck_assert_int_eq(
        X509_CRL_get_ext_by_NID(x, NID_issuing_distribution_point, -1) >= 0,
        c->idp_len != 0);
    same_verdict(c, x, o);
}

static bool read_one(const struct buf *der, void *arg)
{
    AUTO(errs) struct errs e = {0};
    struct crl c;

    if (crl_parse_part(&c, der->data, der->len, &e) != 0)
        return false;
    same(&c, der, arg);
    return true;
}

/* ---- the seeds */

static void one_make(struct one *o, const char *spec)
{
    *o = (struct one){.v = key_verifier_new()};
    party_make(&o->key, spec);
    issuer_make(&o->issuer, &o->key);
}

static void one_free(struct one *o)
{
    issuer_free(&o->issuer);
    party_free(&o->key);
    key_verifier_free(o->v);
}
AUTO_VALUE(one, struct one, one_free)

/* The one with a key of that kind, as we make it. */
static void ours(struct one *o, struct buf *out)
{
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 5};

    ck_assert_int_eq(
        crl_build(fd, &o->issuer.spec, o->key.signer, next, &source), 5);
    slurp(fd, out);
}

/* Some extension, each of which may be one that a mutant makes of it. */
static X509_EXTENSION *ext_of(const char *oid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_nconf(NULL, NULL, oid, value);

    ck_assert_ptr_nonnull(ext);
    return ext;
}

static void crl_ext(X509_CRL *x, const char *oid, const char *value)
{
    X509_EXTENSION *ext = ext_of(oid, value);

    X509_CRL_add_ext(x, ext, -1);
    X509_EXTENSION_free(ext);
}

static void entry_ext(X509_REVOKED *r, const char *oid, const char *value)
{
    X509_EXTENSION *ext = ext_of(oid, value);

    X509_REVOKED_add_ext(r, ext, -1);
    X509_EXTENSION_free(ext);
}

static X509_REVOKED *entry_new(long serial)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_INTEGER *n = ASN1_INTEGER_new();
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE);

    ASN1_INTEGER_set(n, serial);
    X509_REVOKED_set_serialNumber(r, n);
    X509_REVOKED_set_revocationDate(r, t);
    ASN1_INTEGER_free(n);
    ASN1_TIME_free(t);
    return r;
}

/* As OpenSSL makes it, with whatever is passed over beside the rest; `of_crl`
 * and `of_entry`: an extension more, or NULL. */
static void theirs(const struct one *o, const char *of_crl,
                   const char *of_entry, struct buf *out)
{
    AUTO(x509_crl) X509_CRL *x = X509_CRL_new();
    const unsigned char *p = o->issuer.cert.subject;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)o->issuer.cert.subject_len);
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)DAY_ONE);
    unsigned char *der = NULL;
    int len;

    X509_CRL_set_version(x, 1);
    X509_CRL_set_issuer_name(x, name);
    X509_CRL_set1_lastUpdate(x, t);
    X509_CRL_set1_nextUpdate(x, t);
    for (long i = 1; i < 4; i++) {
        X509_REVOKED *r = entry_new(i);

        entry_ext(r, "2.5.29.21", "DER:0a0101");
        entry_ext(r, "2.5.29.24", "DER:180f32303236303130313030303030305a");
        if (of_entry && i == 2)
            entry_ext(r, of_entry, "DER:3000");
        X509_CRL_add0_revoked(x, r);
    }
    crl_ext(x, "2.5.29.20", "DER:020107");
    crl_ext(x, "2.5.29.35", "DER:3003800101");
    crl_ext(x, "1.2.3.4", "DER:0500");
    if (of_crl)
        crl_ext(x, of_crl, "DER:020101");
    X509_CRL_sign(x, o->key.key, EVP_sha256());
    len = i2d_X509_CRL(x, &der);
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    ASN1_TIME_free(t);
    X509_NAME_free(name);
}

START_TEST(openssl_reads_the_same)
{
    static const char *const kinds[] = {"ec:P-256", "rsa:2048", "ed25519"};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        AUTO(one) struct one o;
        AUTO(buf) struct buf der = {0};

        one_make(&o, kinds[i]);
        ours(&o, &der);
        mutants_read(&der, read_one, &o);
    }
}
END_TEST

START_TEST(nor_of_what_openssl_makes)
{
    AUTO(one) struct one o;
    AUTO(buf) struct buf der = {0};

    one_make(&o, "ec:P-256");
    theirs(&o, NULL, NULL, &der);
    mutants_read(&der, read_one, &o);
}
END_TEST

/* What changes the meaning does so whether it says critical or not. */
START_TEST(a_part_is_no_whole)
{
    AUTO(one) struct one o;
    AUTO(buf) struct buf delta = {0};
    AUTO(buf) struct buf indirect = {0};

    one_make(&o, "ec:P-256");
    theirs(&o, "2.5.29.27", NULL, &delta);
    ck_assert(!read_one(&delta, &o));
    theirs(&o, NULL, "2.5.29.29", &indirect);
    ck_assert(!read_one(&indirect, &o));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        openssl_reads_the_same, nor_of_what_openssl_makes, a_part_is_no_whole};

    return unit_run("crl_mutants", tests, COUNT(tests));
}
