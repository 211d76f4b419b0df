/* SPDX-License-Identifier: ISC */
/* OCSPResponse (RFC 6960 section 4.2), and whose certificates it is about. */
#include "ocsp.h"

#include <string.h>

#include "crl.h"
#include "oid.h"

enum { ROOM = 1000 }; /* for most answers */

void ocsp_issuer_init(struct ocsp_issuer *out, const struct cert *issuer)
{
    for (int i = 0; i < OCSP_HASHES; i++) {
        const enum digest d = (enum digest)i;

        digest_sum(d, issuer->subject, issuer->subject_len, out->name[i]);
        digest_sum(d, issuer->key.point, issuer->key.point_len, out->key[i]);
    }
}

bool ocsp_id_of(const struct ocsp_id *id, const struct ocsp_issuer *issuer)
{
    return id->digest != DIGEST__MAX &&
           memcmp(id->name, issuer->name[id->digest],
                  digest_size(id->digest)) == 0 &&
           memcmp(id->key, issuer->key[id->digest], digest_size(id->digest)) ==
               0;
}

void ocsp_error_der(uint8_t out[OCSP_ERROR_LEN], enum ocsp_error error)
{
    const uint8_t der[OCSP_ERROR_LEN] = {DER_SEQUENCE, 3, DER_ENUMERATED, 1,
                                         (uint8_t)error};

    memcpy(out, der, sizeof(der));
}

static void put_id(struct buf *b, const struct ocsp_issuer *issuer,
                   const struct ocsp_single *s)
{
    const size_t size = digest_size(s->digest);
    const size_t id = der_open(b, DER_SEQUENCE);
    const size_t alg = der_open(b, DER_SEQUENCE);

    if (s->digest == DIGEST_SHA1)
        der_put_oid(b, OID(SHA1));
    else
        der_put_oid(b, OID(SHA256));
    der_put_null(b);
    der_close(b, alg);
    der_put(b, DER_OCTET_STRING, issuer->name[s->digest], size);
    der_put(b, DER_OCTET_STRING, issuer->key[s->digest], size);
    der_put_uint(b, s->serial.v, s->serial.len);
    der_close(b, id);
}

/* CertStatus: [0] NULL, [1] RevokedInfo, [2] NULL. */
static void put_state(struct buf *b, const struct ocsp_single *s)
{
    size_t info, reason;
    const uint8_t code = (uint8_t)s->reason;

    if (s->state != OCSP_STATE_REVOKED) {
        der_put(b, DER_CTX(s->state), NULL, 0);
        return;
    }
    info = der_open(b, DER_CTX_CONS(1));
    der_put_gentime(b, s->revoked_at);
    if (s->reason != REASON_UNSPECIFIED) {
        reason = der_open(b, DER_CTX_CONS(0));
        der_put(b, DER_ENUMERATED, &code, 1);
        der_close(b, reason);
    }
    der_close(b, info);
}

static void put_nonce(struct buf *b, const struct ocsp_answer *a)
{
    const size_t tagged = der_open(b, DER_CTX_CONS(1));
    const size_t list = der_open(b, DER_SEQUENCE);
    const size_t ext = der_open(b, DER_SEQUENCE);
    size_t value;

    der_put_oid(b, OID(OCSP_NONCE));
    value = der_open(b, DER_OCTET_STRING);
    der_put(b, DER_OCTET_STRING, a->nonce, a->nonce_len);
    der_close(b, value);
    der_close(b, ext);
    der_close(b, list);
    der_close(b, tagged);
}

static void put_data(struct buf *b, const struct ocsp_answer *a)
{
    const size_t data = der_open(b, DER_SEQUENCE);
    const size_t by_key = der_open(b, DER_CTX_CONS(2));
    size_t list;

    der_put(b, DER_OCTET_STRING, a->key_hash, SKI_LEN);
    der_close(b, by_key);
    der_put_gentime(b, a->produced_at);
    list = der_open(b, DER_SEQUENCE);
    for (size_t i = 0; i < a->n; i++) {
        const size_t single = der_open(b, DER_SEQUENCE);
        size_t next;

        put_id(b, a->issuer, &a->v[i]);
        put_state(b, &a->v[i]);
        der_put_gentime(b, a->this_update);
        next = der_open(b, DER_CTX_CONS(0));
        der_put_gentime(b, a->next_update);
        der_close(b, next);
        der_close(b, single);
    }
    der_close(b, list);
    if (a->nonce_len)
        put_nonce(b, a);
    der_close(b, data);
}

/* BasicOCSPResponse. */
static void put_basic(struct buf *out, const struct ocsp_answer *a,
                      struct key_signer *s)
{
    AUTO(buf) struct buf sig = {0};
    const size_t basic = der_open(out, DER_SEQUENCE);
    const size_t data = out->len;
    size_t certs, list;

    put_data(out, a);
    key_sign(s, out->data + data, out->len - data, &sig);
    sig_alg_put(out, key_signer_alg(s));
    der_put_bits(out, sig.data, sig.len);
    certs = der_open(out, DER_CTX_CONS(0));
    list = der_open(out, DER_SEQUENCE);
    buf_put(out, a->cert->data, a->cert->len);
    der_close(out, list);
    der_close(out, certs);
    der_close(out, basic);
}

void ocsp_answer_put(struct buf *out, const struct ocsp_answer *a,
                     struct key_signer *s)
{
    static const uint8_t successful = 0;
    size_t response, tagged, bytes, octets;

    buf_reserve(out, ROOM);
    response = der_open(out, DER_SEQUENCE);

    der_put(out, DER_ENUMERATED, &successful, 1);
    tagged = der_open(out, DER_CTX_CONS(0));
    bytes = der_open(out, DER_SEQUENCE);
    der_put_oid(out, OID(OCSP_BASIC));
    octets = der_open(out, DER_OCTET_STRING);
    put_basic(out, a, s);
    der_close(out, octets);
    der_close(out, bytes);
    der_close(out, tagged);
    der_close(out, response);
}
