/* SPDX-License-Identifier: ISC */
/* CRLs that a test makes, with entries that are made from their numbers. */
#ifndef POCKETCA_CRL_MADE_H
#define POCKETCA_CRL_MADE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "crl.h"
#include "digest.h"
#include "mem.h"
#include "x509.h"

AUTO_DEFINE(x509_crl, X509_CRL *, X509_CRL_free)

/* What next() gives: entries 0 … count - 1, each made from its number. */
struct source {
    uint64_t count, at, fail_at; /* fail_at 0: never */
};

static const int reasons[] = {REASON_UNSPECIFIED,
                              REASON_KEY_COMPROMISE,
                              REASON_AFFILIATION_CHANGED,
                              REASON_SUPERSEDED,
                              REASON_CESSATION_OF_OPERATION,
                              REASON_PRIVILEGE_WITHDRAWN};
enum { REASONS = COUNT(reasons) };

static inline struct crl_entry entry_of(uint64_t i)
{
    struct crl_entry e = {.serial = {.v = {0x40}, .len = 16},
                          .revoked_at = DAY_ONE + (int64_t)(i / 3),
                          .reason = reasons[i % REASONS]};

    for (size_t k = 0; k < 8; k++)
        e.serial.v[15 - k] = (uint8_t)(i >> 8 * k);
    if (i % 7 == 3) { /* shorter, first bit set */
        e.serial.len = 9;
        e.serial.v[0] = 0x80;
        for (size_t k = 0; k < 8; k++)
            e.serial.v[8 - k] = (uint8_t)(i >> 8 * k);
    }
    if (i % 11 == 5)
        e.revoked_at = INT64_C(2524608000) + (int64_t)i; /* 2050 */
    return e;
}

static inline int next(void *arg, struct crl_entry *out)
{
    struct source *s = arg;

    if (s->fail_at && s->at == s->fail_at) {
        errno = EIO;
        return -1;
    }
    if (s->at == s->count)
        return 0;
    *out = entry_of(s->at++);
    return 1;
}

static inline int empty_file(void)
{
    FILE *f = tmpfile();
    int fd = dup(fileno(f));

    fclose(f);
    return fd;
}

/* An authority of that key, and the frame of its CRL. */
struct issuer {
    struct buf der;
    struct cert cert;
    struct crl_spec spec;
};

static inline void issuer_make(struct issuer *i, const struct party *key)
{
    AUTO(errs) struct errs e = {0};
    struct cert_spec s = root_spec(key);

    *i = (struct issuer){0};
    cert_make(&i->der, &s, key);
    ck_assert_int_eq(cert_parse(&i->cert, i->der.data, i->der.len, &e), 0);
    i->spec = (struct crl_spec){.issuer = i->cert.subject,
                                .issuer_len = i->cert.subject_len,
                                .aki = i->cert.ski,
                                .this_update = DAY_ONE - 60,
                                .next_update = DAY_ONE + 7 * 86400,
                                .number = 0x80};
}

static inline void issuer_free(struct issuer *i)
{
    cert_free(&i->cert);
    buf_free(&i->der);
}
AUTO_VALUE(issuer, struct issuer, issuer_free)

/* The whole file. */
static inline void slurp(int fd, struct buf *out)
{
    off_t size = lseek(fd, 0, SEEK_END);

    ck_assert_int_eq(pread(fd, buf_extend(out, (size_t)size), (size_t)size, 0),
                     size);
}

static inline X509_CRL *openssl_crl(const struct buf *der)
{
    const unsigned char *p = der->data;
    unsigned char *again = NULL;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der->len);

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    ck_assert_int_eq(i2d_X509_CRL(x, &again), (int)der->len);
    ck_assert_mem_eq(again, der->data, der->len);
    OPENSSL_free(again);
    return x;
}

#endif
