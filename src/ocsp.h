/* SPDX-License-Identifier: ISC */
/*
 * The Online Certificate Status Protocol (RFC 6960; RFC 5019 for what may be
 * cached; RFC 9654 for nonces): requests read strictly, answers written.
 */
#ifndef POCKETCA_OCSP_H
#define POCKETCA_OCSP_H

#include "cert.h"
#include "digest.h"
#include "key.h"

enum {
    OCSP_IDS_MAX = 4, /* certificates a request */
    OCSP_NONCE_MAX = 128,
    OCSP_HASHES = 2, /* DIGEST_SHA1 and DIGEST_SHA256, by their numbers */
};

/* Of whom a request asks: hashes of the issuer's Name and of its key (RFC 6960
 * section 4.1.1), by digest. */
struct ocsp_issuer {
    uint8_t name[OCSP_HASHES][DIGEST_SIZE_MAX];
    uint8_t key[OCSP_HASHES][DIGEST_SIZE_MAX];
};
void ocsp_issuer_init(struct ocsp_issuer *out, const struct cert *issuer);

struct ocsp_id {
    enum digest digest;        /* DIGEST__MAX: none that we answer */
    const uint8_t *name, *key; /* hashes; NULL with DIGEST__MAX */
    struct serial serial;
};
/* True when the id names a certificate of that issuer. */
bool ocsp_id_of(const struct ocsp_id *id, const struct ocsp_issuer *issuer);

/* As read; pointers into its DER. */
struct ocsp_request {
    struct ocsp_id ids[OCSP_IDS_MAX];
    size_t n;
    const uint8_t *nonce;
    size_t nonce_len; /* 0: none */
    bool is_signed;   /* by whom was not looked at */
};
/* Strict; one OCSPRequest and nothing else.  A signature is read for its form
 * only: nobody has to sign to ask.  -1 with ERR_BAD_REQUEST (the answer is
 * malformedRequest): what is not DER or not version 1, no certificate or more
 * than OCSP_IDS_MAX, a serial that is negative or longer than SERIAL_MAX, a
 * nonce of 0 or more than OCSP_NONCE_MAX octets (RFC 9654 section 2.1), an
 * unknown critical extension. */
int ocsp_request_parse(struct ocsp_request *out, const uint8_t *der, size_t len,
                       struct errs *e);

/* OCSPResponseStatus of what is not signed (RFC 6960 section 4.2.1). */
enum ocsp_error {
    OCSP_MALFORMED = 1,
    OCSP_TRY_LATER = 3,
    OCSP_UNAUTHORIZED = 6,
};
enum { OCSP_ERROR_LEN = 5 };
/* OCSPResponse without responseBytes. */
void ocsp_error_der(uint8_t out[OCSP_ERROR_LEN], enum ocsp_error error);

enum ocsp_state { OCSP_STATE_GOOD = 0, OCSP_STATE_REVOKED, OCSP_STATE_UNKNOWN };
struct ocsp_single {
    enum digest digest; /* that the id was asked with */
    struct serial serial;
    enum ocsp_state state;
    int64_t revoked_at; /* with OCSP_STATE_REVOKED */
    int reason;         /* enum crl_reason; unspecified is left out */
};
/* An answer, all about one issuer.  Pointers are borrowed. */
struct ocsp_answer {
    const struct ocsp_issuer *issuer;
    const uint8_t *key_hash; /* of the responder: SKI_LEN octets (byKey) */
    const struct buf *cert;  /* of the responder, DER */
    int64_t produced_at, this_update, next_update;
    const struct ocsp_single *v;
    size_t n;
    const uint8_t *nonce; /* to be echoed */
    size_t nonce_len;     /* 0: none */
};
/* Appends the OCSPResponse: successful, signed, with the responder's
 * certificate in it. */
void ocsp_answer_put(struct buf *out, const struct ocsp_answer *a,
                     struct key_signer *s);

#endif
