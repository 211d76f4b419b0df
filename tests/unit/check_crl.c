/* SPDX-License-Identifier: ISC */
/* CRLs that are written: as a stream, read again by OpenSSL, and checked. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "crl_made.h"
#include "mem.h"
#include "tm.h"
#include "unit.h"

static const char *const key_specs[] = {"ec:P-256", "ec:P-384", "ed25519",
                                        "rsa:2048"};
enum { KEYS = COUNT(key_specs) };

static struct party keys[KEYS];

/* How often the disk was told to begin with what is in a file; with how much
 * of it so far, and with how much at once after the first time. */
static unsigned begun;
static off_t begun_to, longest;

int __real_sync_file_range(int fd, off_t from, off_t len, unsigned flags);
int __wrap_sync_file_range(int fd, off_t from, off_t len, unsigned flags);

int __wrap_sync_file_range(int fd, off_t from, off_t len, unsigned flags)
{
    const off_t size = lseek(fd, 0, SEEK_END);

    ck_assert(from <= begun_to && len == 0);
    ck_assert_uint_eq(flags, SYNC_FILE_RANGE_WRITE); /* and to wait for none */
    if (begun++ && size - begun_to > longest)
        longest = size - begun_to;
    begun_to = size;
    return __real_sync_file_range(fd, from, len, flags);
}

/* The system has no thread to give. */
static bool no_threads;

typedef void *thread_fn(void *arg);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *attr,
                          thread_fn *fn, void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr,
                          thread_fn *fn, void *arg);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr,
                          thread_fn *fn, void *arg)
{
    return no_threads ? EAGAIN : __real_pthread_create(t, attr, fn, arg);
}

static void entry_is(const X509_REVOKED *r, const struct crl_entry *want)
{
    AUTO(bignum)
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(r), NULL);
    uint8_t v[SERIAL_MAX];
    int critical;
    ASN1_ENUMERATED *reason =
        X509_REVOKED_get_ext_d2i(r, NID_crl_reason, &critical, NULL);

    ck_assert_int_eq(BN_bn2bin(n, v), want->serial.len);
    ck_assert_mem_eq(v, want->serial.v, want->serial.len);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_REVOKED_get0_revocationDate(r),
                                          (time_t)want->revoked_at),
                     0);
    if (want->reason == REASON_UNSPECIFIED) {
        ck_assert_ptr_null(reason);
        ck_assert_ptr_null(X509_REVOKED_get0_extensions(r));
        return;
    }
    ck_assert_int_eq(critical, 0);
    ck_assert_int_eq(ASN1_ENUMERATED_get(reason), want->reason);
    ASN1_ENUMERATED_free(reason);
}

static void frame_is(const X509_CRL *x, const struct crl_spec *spec)
{
    AUTHORITY_KEYID *aki =
        X509_CRL_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
    uint64_t n;

    ck_assert_int_eq(X509_CRL_get_version(x), 1);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(x),
                                          (time_t)spec->this_update),
                     0);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_CRL_get0_nextUpdate(x),
                                          (time_t)spec->next_update),
                     0);
    ck_assert_int_eq(X509_CRL_get_ext_count(x), spec->url ? 3 : 2);
    ck_assert_mem_eq(ASN1_STRING_get0_data(aki->keyid), spec->aki, SKI_LEN);
    ck_assert_int_eq(ASN1_STRING_length(aki->keyid), SKI_LEN);
    ck_assert_int_eq(ASN1_INTEGER_get_uint64(&n, number), 1);
    ck_assert_uint_eq(n, spec->number);
    AUTHORITY_KEYID_free(aki);
    ASN1_INTEGER_free(number);
}

static uint8_t checked[32]; /* the hash of what was found right */

static int check(int fd, const struct issuer *i, int64_t count)
{
    AUTO(errs) struct errs e = {0};
    struct crl_made made = {.entries = count};
    int r = crl_check(fd, &i->spec, &i->cert.key, &made, &e);

    ck_assert_uint_eq(e.n, r == 0 ? 0 : 1);
    if (r != 0)
        ck_assert_int_eq(e.v[0].code, ERR_STORAGE_ERROR);
    memcpy(checked, made.sha256, sizeof(checked));
    return r;
}

static void read_back(const struct buf *der, const struct crl_spec *spec,
                      uint64_t count)
{
    AUTO(errs) struct errs e = {0};
    struct crl_entry is;
    struct crl_entries list;
    struct crl c;

    ck_assert_msg(crl_parse(&c, der->data, der->len, &e) == 0, "%s",
                  e.n ? e.v[0].detail : "");
    ck_assert_uint_eq(c.entries, count);
    ck_assert_uint_eq(c.number, spec->number);
    ck_assert_int_eq(c.this_update, spec->this_update);
    ck_assert_int_eq(c.next_update, spec->next_update);
    ck_assert_mem_eq(c.aki, spec->aki, SKI_LEN);
    ck_assert_uint_eq(c.issuer_len, spec->issuer_len);
    ck_assert_mem_eq(c.issuer, spec->issuer, spec->issuer_len);
    list = c.revoked;
    for (uint64_t k = 0; crl_entry_next(&list, &is) == 1; k++) {
        const struct crl_entry want = entry_of(k);

        ck_assert_uint_eq(is.serial.len, want.serial.len);
        ck_assert_mem_eq(is.serial.v, want.serial.v, want.serial.len);
        ck_assert_int_eq(is.revoked_at, want.revoked_at);
        ck_assert_int_eq(is.reason, want.reason);
    }
}

static void build_and_compare(const struct party *key, uint64_t count,
                              uint64_t number)
{
    AUTO(issuer) struct issuer i;
    AUTO(buf) struct buf der = {0};
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = count};
    uint8_t hash[32];
    STACK_OF(X509_REVOKED) * list;

    issuer_make(&i, key);
    i.spec.number = number;
    ck_assert_int_eq(crl_build(fd, &i.spec, key->signer, next, &source),
                     (int64_t)count);
    ck_assert_int_eq(check(fd, &i, (int64_t)count), 0);
    slurp(fd, &der);
    digest_sum(DIGEST_SHA256, der.data, der.len, hash);
    ck_assert_mem_eq(checked, hash, sizeof(hash));

    AUTO(x509_crl) X509_CRL *x = openssl_crl(&der);

    ck_assert_int_eq(X509_CRL_verify(x, key->key), 1);
    frame_is(x, &i.spec);
    list = X509_CRL_get_REVOKED(x);
    if (count == 0)
        ck_assert_ptr_null(list);
    else
        ck_assert_int_eq(sk_X509_REVOKED_num(list), (int)count);
    for (uint64_t k = 0; k < count; k++) {
        struct crl_entry want = entry_of(k);

        entry_is(sk_X509_REVOKED_value(list, (int)k), &want);
    }
    read_back(&der, &i.spec, count);
}

START_TEST(every_length)
{
    /* across each change of a length's form but the last */
    static const uint64_t counts[] = {0, 1,   2,    3,    4,    5,    6,   7,
                                      8, 100, 1300, 1400, 1500, 1600, 1700};

    for (size_t k = 0; k < COUNT(counts); k++)
        build_and_compare(&keys[_i], counts[k], counts[k] + 1);
}
END_TEST

START_TEST(a_long_list)
{
    build_and_compare(&keys[_i], 100000, 77);
}
END_TEST

START_TEST(without_a_thread)
{
    no_threads = true;
    build_and_compare(&keys[0], 100000, 78);
    no_threads = false;
}
END_TEST

/* Entries are written by the MiB behind the room for the longest head, which
 * a list of 16 MiB and more fills: its lengths become that one by one. */
START_TEST(around_16_mib)
{
    AUTO(issuer) struct issuer i;
    uint64_t count = 0;

    issuer_make(&i, &keys[0]);
    for (size_t len = 0; len < (size_t)1 << 24; count++) {
        const struct crl_entry e = entry_of(count);

        len += 4U + e.serial.len + (e.serial.v[0] & 0x80 ? 1U : 0) +
               (e.revoked_at < INT64_C(2524608000) ? 15U : 17U) +
               (e.reason ? 14U : 0);
    }
    for (uint64_t k = count - 10; k <= count + 1; k++) {
        AUTO(fd) int fd = empty_file();
        struct source source = {.count = k};

        begun = 0;
        begun_to = 0;
        ck_assert_int_eq(crl_build(fd, &i.spec, keys[0].signer, next, &source),
                         (int64_t)k);
        ck_assert_int_eq(check(fd, &i, (int64_t)k), 0);
        /* The last octets of a list that is not moved. */
        ck_assert_uint_eq(begun, k >= count);
    }
}
END_TEST

/* The disk begins with a long list while it is made: what fsync() finds at the
 * end is what was written last. */
START_TEST(the_disk_begins_early)
{
    AUTO(issuer) struct issuer i;
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 700000};
    off_t size;

    issuer_make(&i, &keys[0]);
    begun = 0;
    longest = begun_to = 0;
    ck_assert_int_eq(crl_build(fd, &i.spec, keys[0].signer, next, &source),
                     700000);
    size = lseek(fd, 0, SEEK_END);
    ck_assert_int_gt(size, 20 << 20);
    ck_assert_uint_ge(begun, 4);
    ck_assert_int_lt(longest, 1 << 20);
    ck_assert_int_lt(size - begun_to, 1 << 20);
}
END_TEST

START_TEST(numbers_of_64_bits)
{
    static const uint64_t numbers[] = {
        0,         1, 0x7f, 0x80, 0xff, 0x100, UINT64_C(0x7fffffffffffffff),
        UINT64_MAX};

    for (size_t k = 0; k < COUNT(numbers); k++)
        build_and_compare(&keys[0], 2, numbers[k]);
}
END_TEST

/* The largest resident size so far, in KiB. */
static long peak(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

START_TEST(memory_does_not_grow_with_the_list)
{
    AUTO(issuer) struct issuer i;
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 500000};
    long before;

    issuer_make(&i, &keys[0]);
    before = peak();
    ck_assert_int_eq(crl_build(fd, &i.spec, keys[0].signer, next, &source),
                     500000);
    ck_assert_int_gt(lseek(fd, 0, SEEK_END), 15000000);
    ck_assert_int_lt(peak() - before, 4096);
    ck_assert_int_eq(check(fd, &i, 500000), 0);
    ck_assert_int_lt(peak() - before, 8192);
}
END_TEST

/* Of a part: OpenSSL reads which, and crl_parse() refuses it as a whole. */
START_TEST(a_part)
{
    AUTO(issuer) struct issuer i;
    AUTO(buf) struct buf der = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 3};
    struct crl c;
    int critical;

    issuer_make(&i, &keys[_i]);
    i.spec.url = "http://ca.example:8080/crl/issuing-1.crl";
    ck_assert_int_eq(crl_build(fd, &i.spec, keys[_i].signer, next, &source), 3);
    ck_assert_int_eq(check(fd, &i, 3), 0);
    slurp(fd, &der);

    AUTO(x509_crl) X509_CRL *x = openssl_crl(&der);
    ISSUING_DIST_POINT *idp = X509_CRL_get_ext_d2i(
        x, NID_issuing_distribution_point, &critical, NULL);
    GENERAL_NAME *name =
        sk_GENERAL_NAME_value(idp->distpoint->name.fullname, 0);

    frame_is(x, &i.spec);
    ck_assert_int_eq(critical, 1);
    ck_assert_int_eq(name->type, GEN_URI);
    ck_assert_int_eq(ASN1_STRING_length(name->d.ia5), (int)strlen(i.spec.url));
    ck_assert_mem_eq(ASN1_STRING_get0_data(name->d.ia5), i.spec.url,
                     strlen(i.spec.url));
    ck_assert_int_eq(
        idp->onlyuser + idp->onlyCA + idp->indirectCRL + idp->onlyattr, 0);
    ISSUING_DIST_POINT_free(idp);
    ck_assert_int_eq(crl_parse(&c, der.data, der.len, &e), -1);
    i.spec.url = "http://ca.example:8080/crl/issuing-2.crl";
    ck_assert_int_eq(check(fd, &i, 3), -1);
    i.spec.url = NULL;
    ck_assert_int_eq(check(fd, &i, 3), -1);
}
END_TEST

/* Whatever octet is another, whatever was meant: it is not published. */
START_TEST(what_is_not_what_was_meant_is_found)
{
    AUTO(issuer) struct issuer i, other;
    AUTO(buf) struct buf der = {0};
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 5};

    issuer_make(&i, &keys[_i]);
    issuer_make(&other, &keys[(_i + 1) % KEYS]);
    ck_assert_int_eq(crl_build(fd, &i.spec, keys[_i].signer, next, &source), 5);
    ck_assert_int_eq(check(fd, &i, 5), 0);
    ck_assert_int_eq(check(fd, &i, 4), -1);
    ck_assert_int_eq(check(fd, &i, 6), -1);
    ck_assert_int_eq(check(fd, &other, 5), -1);
    i.spec.number++;
    ck_assert_int_eq(check(fd, &i, 5), -1);
    i.spec.number--;
    i.spec.next_update++;
    ck_assert_int_eq(check(fd, &i, 5), -1);
    i.spec.next_update--;
    slurp(fd, &der);
    for (size_t at = 0; at < der.len; at++) {
        uint8_t v = der.data[at] ^ 0x01;

        ck_assert_int_eq(pwrite(fd, &v, 1, (off_t)at), 1);
        ck_assert_msg(check(fd, &i, 5) == -1, "octet %zu", at);
        ck_assert_int_eq(pwrite(fd, der.data + at, 1, (off_t)at), 1);
    }
    ck_assert_int_eq(ftruncate(fd, (off_t)der.len - 1), 0);
    ck_assert_int_eq(check(fd, &i, 5), -1);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(check(fd, &i, 5), -1);
}
END_TEST

START_TEST(failures_are_said)
{
    AUTO(issuer) struct issuer i;

    issuer_make(&i, &keys[_i]);
    for (uint64_t at = 1; at < 10000; at += 3333) {
        AUTO(fd) int fd = empty_file();
        struct source source = {.count = 10000, .fail_at = at};

        ck_assert_int_eq(crl_build(fd, &i.spec, keys[_i].signer, next, &source),
                         -1);
    }
}
END_TEST

START_TEST(a_file_that_refuses)
{
    AUTO(issuer) struct issuer i;
    AUTO(fd) int full = open("/dev/full", O_RDWR);
    AUTO(fd) int read_only = open("/dev/null", O_RDONLY);
    struct source source = {.count = 5000};

    issuer_make(&i, &keys[_i]);
    errno = 0;
    ck_assert_int_eq(crl_build(full, &i.spec, keys[_i].signer, next, &source),
                     -1);
    ck_assert_int_eq(errno, ENOSPC);
    /* Of a long list the rest is not asked for. */
    source = (struct source){.count = 500000};
    errno = 0;
    ck_assert_int_eq(crl_build(full, &i.spec, keys[_i].signer, next, &source),
                     -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_uint_lt(source.at, 50000);
    source = (struct source){.count = 5000};
    ck_assert_int_eq(
        crl_build(read_only, &i.spec, keys[_i].signer, next, &source), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* What openssl verify -crl_check does with it. */
START_TEST(openssl_finds_the_revoked_one)
{
    AUTO(issuer) struct issuer i;
    AUTO(buf) struct buf der = {0}, leaf_der = {0};
    AUTO(fd) int fd = empty_file();
    struct source source = {.count = 10};
    struct cert_spec s;

    issuer_make(&i, &keys[_i]);
    ck_assert_int_eq(crl_build(fd, &i.spec, keys[_i].signer, next, &source),
                     10);
    slurp(fd, &der);
    for (uint64_t k = 9; k < 11; k++) {
        AUTO(x509) X509 *root = openssl_read(&i.der);
        AUTO(x509_crl) X509_CRL *crl = openssl_crl(&der);
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        X509 *leaf;

        s = root_spec(&keys[_i]);
        s.serial = entry_of(k).serial;
        s.ca = false;
        s.cn = "leaf";
        s.ku = KU_DIGITAL_SIGNATURE;
        s.issuer = i.cert.subject;
        s.issuer_len = i.cert.subject_len;
        s.aki = i.cert.ski;
        buf_reset(&leaf_der);
        cert_make(&leaf_der, &s, &keys[_i]);
        leaf = openssl_read(&leaf_der);
        X509_STORE_add_cert(store, root);
        X509_STORE_add_crl(store, crl);
        X509_STORE_CTX_init(ctx, store, leaf, NULL);
        X509_STORE_CTX_set_time(ctx, 0, (time_t)DAY_ONE + 3600);
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CRL_CHECK |
                                          X509_V_FLAG_X509_STRICT);
        X509_verify_cert(ctx);
        ck_assert_int_eq(X509_STORE_CTX_get_error(ctx),
                         k < 10 ? X509_V_ERR_CERT_REVOKED : X509_V_OK);
        X509_STORE_CTX_free(ctx);
        X509_STORE_free(store);
        X509_free(leaf);
    }
}
END_TEST
int main(void)
{
    Suite *suite = suite_create("crl");
    TCase *each = tcase_create("each key"), *once = tcase_create("once");
    SRunner *r;
    int failed;

    for (size_t i = 0; i < KEYS; i++)
        party_make(&keys[i], key_specs[i]);
    tcase_set_timeout(each, 120);
    tcase_set_timeout(once, 120);
    tcase_add_test(once, memory_does_not_grow_with_the_list);
    tcase_add_test(once, around_16_mib);
    tcase_add_test(once, the_disk_begins_early);
    tcase_add_test(once, numbers_of_64_bits);
    tcase_add_loop_test(each, every_length, 0, KEYS);
    tcase_add_loop_test(each, a_long_list, 0, KEYS);
    tcase_add_test(each, without_a_thread);
    tcase_add_loop_test(each, a_part, 0, KEYS);
    tcase_add_loop_test(each, what_is_not_what_was_meant_is_found, 0, KEYS);
    tcase_add_loop_test(each, failures_are_said, 0, KEYS);
    tcase_add_loop_test(each, a_file_that_refuses, 0, KEYS);
    tcase_add_loop_test(each, openssl_finds_the_revoked_one, 0, KEYS);
    suite_add_tcase(suite, once);
    suite_add_tcase(suite, each);
    r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    for (size_t i = 0; i < KEYS; i++)
        party_free(&keys[i]);
    return failed != 0;
}
