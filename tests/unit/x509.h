/* SPDX-License-Identifier: ISC */
/* What the tests of certificates and CRLs share: keys, and certificates made
 * with the code under test. */
#ifndef POCKETCA_X509_H
#define POCKETCA_X509_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>
/* OpenSSL's are macros, of other values than ours. */
#undef KU_DIGITAL_SIGNATURE
#undef KU_NON_REPUDIATION
#undef KU_KEY_ENCIPHERMENT
#undef KU_DATA_ENCIPHERMENT
#undef KU_KEY_AGREEMENT
#undef KU_ENCIPHER_ONLY
#undef KU_DECIPHER_ONLY
#undef KU_CRL_SIGN

#include "cert.h"

/* A key with everything that is made of it. */
struct party {
    EVP_PKEY *key;
    struct key_signer *signer;
    struct buf spki;
};

static inline void party_make(struct party *p, const char *spec)
{
    AUTO(errs) struct errs e = {0};

    *p = (struct party){.key = key_generate(spec, &e)};
    if (!p->key)
        abort();
    p->signer = key_signer_new(p->key);
    key_spki(p->key, &p->spki);
}

static inline void party_free(struct party *p)
{
    key_signer_free(p->signer);
    EVP_PKEY_free(p->key);
    buf_free(&p->spki);
}
AUTO_VALUE(party, struct party, party_free)
AUTO_DEFINE(x509, X509 *, X509_free)
AUTO_DEFINE(bignum, BIGNUM *, BN_free)

/* 2026-11-23T00:00:00Z */
#define DAY_ONE INT64_C(1795392000)

static inline struct cert_spec root_spec(const struct party *p)
{
    return (struct cert_spec){.serial = {.v = {0x41, 0x02}, .len = 2},
                              .not_before = DAY_ONE,
                              .not_after = DAY_ONE + 86400 * INT64_C(7300) - 1,
                              .cn = "Test Root",
                              .spki = p->spki.data,
                              .spki_len = p->spki.len,
                              .ca = true,
                              .path_len = -1,
                              .ku = KU_CERT_SIGN | KU_CRL_SIGN,
                              .alg = key_signer_alg(p->signer)};
}

/* SEQUENCE { tbs, algorithm, signature }, whatever the octets are: the program
 * itself seals only what passed (decision.h). */
static inline void tbs_seal(struct buf *out, const struct buf *tbs,
                            struct key_signer *s)
{
    AUTO(buf) struct buf sig = {0};
    size_t seq;

    key_sign(s, tbs->data, tbs->len, &sig);
    seq = der_open(out, DER_SEQUENCE);
    buf_put(out, tbs->data, tbs->len);
    sig_alg_put(out, key_signer_alg(s));
    der_put_bits(out, sig.data, sig.len);
    der_close(out, seq);
}

/* The certificate of spec, signed. */
static inline void cert_make(struct buf *out, const struct cert_spec *spec,
                             const struct party *issuer)
{
    AUTO(buf) struct buf tbs = {0};

    cert_write_tbs(&tbs, spec);
    tbs_seal(out, &tbs, issuer->signer);
}

/* What OpenSSL reads, which must be all of it and encode to the same. */
static inline X509 *openssl_read(const struct buf *der)
{
    const unsigned char *p = der->data;
    unsigned char *again = NULL;
    X509 *x = d2i_X509(NULL, &p, (long)der->len);
    int len;

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_eq(p, der->data + der->len);
    len = i2d_X509(x, &again);
    ck_assert_int_eq(len, (int)der->len);
    ck_assert_mem_eq(again, der->data, der->len);
    OPENSSL_free(again);
    return x;
}

#endif
