/* SPDX-License-Identifier: ISC */
/* SubjectPublicKeyInfos as they come: for check_key*.c. */
#ifndef POCKETCA_SPKI_H
#define POCKETCA_SPKI_H

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "key_sig.h"
#include "mem.h"
#include "oid.h"
#include "tm.h"
#include "unit.h"

static const enum err taken = ERR_NONE;

/* Parses; the code of the first reason, ERR_NONE when it is a key. */
static inline enum err judge(const struct buf *spki, struct key_pub *k)
{
    AUTO(errs) struct errs e = {0};
    struct key_pub mine, *out = k ? k : &mine;
    const struct err_item *first;
    int rc;

    *out = (struct key_pub){0};
    rc = key_pub_parse(out, spki->data, spki->len, &e);
    ck_assert(rc || out->type != KEY_STOP);
    /* Whoever judges a key that is refused has room for one of these. */
    ck_assert(out->type != KEY_RSA || out->n_len <= KEY_RSA_MAX / 8);
    ck_assert_int_eq(rc != 0, e.n != 0);
    first = errs_first(&e);
    return first ? first->code : ERR_NONE;
}

static inline void spki_open(struct buf *b, size_t at[2], const void *oid,
                             size_t len)
{
    at[0] = der_open(b, DER_SEQUENCE);
    at[1] = der_open(b, DER_SEQUENCE);
    der_put_oid(b, oid, len);
}

/* SEQUENCE { SEQUENCE { oid, params }, BIT STRING }, params as they come. */
static inline void spki_put(struct buf *b, const void *oid, size_t oid_len,
                            const struct buf *params, const void *bits,
                            size_t len)
{
    size_t at[2];

    spki_open(b, at, oid, oid_len);
    buf_put(b, params->data, params->len);
    der_close(b, at[1]);
    der_put_bits(b, bits, len);
    der_close(b, at[0]);
}

static inline void rsa_put(struct buf *b, const uint8_t *n, size_t n_len,
                           const void *exp, size_t exp_len)
{
    AUTO(buf) struct buf params = {0}, key = {0};
    size_t at = der_open(&key, DER_SEQUENCE);

    der_put_null(&params);
    der_put_uint(&key, n, n_len);
    der_put_uint(&key, exp, exp_len);
    der_close(&key, at);
    spki_put(b, OID(RSA), &params, key.data, key.len);
}

static inline void ec_put(struct buf *b, const void *curve, size_t curve_len,
                          const void *point, size_t len)
{
    AUTO(buf) struct buf params = {0};

    der_put_oid(&params, curve, curve_len);
    spki_put(b, OID(EC), &params, point, len);
}

static inline EVP_PKEY *make(const char *type, const char *group)
{
    EVP_PKEY *k = group ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                        : EVP_PKEY_Q_keygen(NULL, NULL, type);

    ck_assert_msg(k != NULL, "%s %s", type, group ? group : "");
    return k;
}

#endif
