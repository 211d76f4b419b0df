/* SPDX-License-Identifier: ISC */
/* Certificates changed at random, in an octet or in an element: whatever we
 * read OpenSSL reads as well, and as the same. */
#include <dirent.h>
#include <stdio.h>
#include <strings.h>

#include "lint.h"
#include "unit.h"
#include "x509.h"

enum { SEEDS_MAX = 32, MUTANTS = 1500 };

static struct buf seeds[SEEDS_MAX];
static size_t n_seeds;

/* The same numbers in each run. */
static uint32_t random_below(uint32_t n)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}

/* ---- mutants */

enum change { CUT, TWICE, TAG, EMPTY, CHANGES };

static void copy_changed(struct buf *out, const struct der_tlv *t,
                         enum change c)
{
    if (c == TWICE)
        buf_put(out, t->raw, t->raw_len);
    if (c == TWICE)
        buf_put(out, t->raw, t->raw_len);
    if (c == EMPTY)
        der_put(out, t->tag, t->val, 0);
    if (c == TAG)
        der_put(out, (uint8_t)(t->tag ^ 1U << random_below(8)), t->val, t->len);
}

/* Also what an OCTET STRING has inside, as of an extension. */
static bool is_nested(const struct der_tlv *t)
{
    return t->tag & 0x20 || (t->tag == DER_OCTET_STRING && t->len &&
                             der_check(t->val, t->len) == 0);
}

/* The elements with the one changed that *left comes down to; the lengths
 * around it are right again. */
static void rebuild(struct buf *out, struct der list, int *left, enum change c)
{
    struct der_tlv t;

    while (!der_end(&list) && der_next(&list, &t) == 0) {
        if ((*left)-- == 0) {
            copy_changed(out, &t, c);
        } else if (is_nested(&t)) {
            size_t at = der_open(out, t.tag);

            rebuild(out, der_of(t.val, t.len), left, c);
            der_close(out, at);
        } else {
            buf_put(out, t.raw, t.raw_len);
        }
    }
}

static void mutate(struct buf *out, const struct buf *seed)
{
    int left = (int)random_below(120);

    if (random_below(2)) {
        rebuild(out, der_of(seed->data, seed->len), &left,
                (enum change)random_below(CHANGES));
        return;
    }
    buf_put(out, seed->data, seed->len);
    for (uint32_t n = 1 + random_below(2); n; n--)
        out->data[random_below((uint32_t)out->len)] ^=
            (uint8_t)(1U << random_below(8));
}

/* ---- the same */

static void same_octets(const void *a, size_t a_len, const void *b, int b_len)
{
    ck_assert_uint_eq(a_len, (size_t)b_len);
    ck_assert_mem_eq(a, b, a_len);
}

static void same_name(const uint8_t *ours, size_t len, const X509_NAME *theirs)
{
    const unsigned char *p;
    size_t n;

    ck_assert_int_eq(X509_NAME_get0_der(theirs, &p, &n), 1);
    same_octets(ours, len, p, (int)n);
}

static void same_serial(const struct cert *c, X509 *x)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    uint8_t v[SERIAL_MAX];

    ck_assert_int_eq(BN_is_negative(n), 0);
    ck_assert_int_eq(BN_bn2binpad(n, v, c->serial.len), c->serial.len);
    ck_assert_mem_eq(v, c->serial.v, c->serial.len);
    BN_free(n);
}

/* Not every point is on its curve: that is found when it verifies. */
static void same_key(const struct cert *c, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

    same_octets(c->key.spki, c->key.spki_len, der, len);
    OPENSSL_free(der);
    if (!key)
        ck_assert_int_eq(c->key.type, KEY_EC);
    else if (c->key.type != KEY_ED25519)
        ck_assert_int_eq(EVP_PKEY_get_bits(key), c->key.bits);
}

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
    ck_assert_int_eq(
        ASN1_TIME_cmp_time_t(X509_get0_notBefore(x), (time_t)c->not_before), 0);
    ck_assert_int_eq(
        ASN1_TIME_cmp_time_t(X509_get0_notAfter(x), (time_t)c->not_after), 0);
    same_serial(c, x);
    same_name(c->issuer, c->issuer_len, X509_get_issuer_name(x));
    same_name(c->subject, c->subject_len, X509_get_subject_name(x));
    same_key(c, x);
    same_extensions(c, x);
    same_usage(c, x);
    same_hosts(c, x);
    same_verdict(c, x, v);
}

/* How many of the mutants were read. */
static size_t run(const struct buf *seed, struct key_verifier *v)
{
    size_t taken = 0;

    for (int i = 0; i < MUTANTS; i++) {
        AUTO(buf) struct buf der = {0};
        AUTO(cert) struct cert c = {0};
        AUTO(errs) struct errs e = {0};

        if (i == 0)
            buf_put(&der, seed->data, seed->len);
        else
            mutate(&der, seed);
        if (cert_parse(&c, der.data, der.len, &e) == 0) {
            same(&c, &der, v);
            taken++;
        } else {
            ck_assert_int_ne(i, 0);
        }
    }
    return taken;
}

START_TEST(openssl_reads_the_same)
{
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();

    for (size_t i = 0; i < n_seeds; i++) {
        size_t taken = run(&seeds[i], v);

        ck_assert_uint_gt(taken, MUTANTS / 20);
        ck_assert_uint_lt(taken, MUTANTS);
    }
}
END_TEST

static void seeds_load(void)
{
    const char *srcdir = getenv("srcdir");
    AUTO(free)
    char *dir = xasprintf("%s/fuzz/seeds/cert", srcdir ? srcdir : ".");
    struct dirent **list;
    int n = scandir(dir, &list, NULL, alphasort);

    if (n < 0)
        abort();
    for (int i = 0; i < n; i++) {
        AUTO(free) char *path = xasprintf("%s/%s", dir, list[i]->d_name);
        AUTO(file)
        FILE *f = list[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
        uint8_t v[4096];

        free(list[i]);
        if (f && n_seeds < SEEDS_MAX)
            buf_put(&seeds[n_seeds++], v, fread(v, 1, sizeof(v), f));
    }
    free(list);
}

int main(void)
{
    const TTest *const tests[] = {openssl_reads_the_same};
    int code;

    seeds_load();
    code = unit_run("cert_mutants", tests, COUNT(tests));
    for (size_t i = 0; i < n_seeds; i++)
        buf_free(&seeds[i]);
    return code;
}
