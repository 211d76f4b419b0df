/* SPDX-License-Identifier: ISC */
/* OCSPRequest (RFC 6960 section 4.1). */
#include "ocsp.h"

#include <string.h>

#include "oid.h"

static int bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_REQUEST, "the OCSP request is malformed: %s",
                   what);
}

static const struct {
    const char *oid;
    size_t len;
} hashes[OCSP_HASHES] = {
    [DIGEST_SHA1] = {OID(SHA1)},
    [DIGEST_SHA256] = {OID(SHA256)},
};

/* AlgorithmIdentifier: of a hash, with parameters NULL or none; what others
 * have is theirs.  A NULL is empty: der_check() has been here. */
static int read_hash(struct der *d, enum digest *out)
{
    struct der seq;
    struct der_tlv oid, parameters;

    *out = DIGEST__MAX;
    if (der_enter(d, DER_SEQUENCE, &seq) || der_get_oid(&seq, &oid))
        return -1;
    for (int i = 0; i < OCSP_HASHES; i++)
        if (der_oid_is(&oid, hashes[i].oid, hashes[i].len))
            *out = (enum digest)i;
    if (der_end(&seq))
        return 0;
    if (der_next(&seq, &parameters) || !der_end(&seq))
        return -1;
    return *out != DIGEST__MAX && parameters.tag != DER_NULL ? -1 : 0;
}

/* CertID.  A hash that is unknown may have any length. */
static int read_id(struct der *d, struct ocsp_id *out, struct errs *e)
{
    struct der seq;
    struct der_tlv name, key;
    const uint8_t *p;
    size_t len;

    if (der_enter(d, DER_SEQUENCE, &seq) || read_hash(&seq, &out->digest) ||
        der_get(&seq, DER_OCTET_STRING, &name) ||
        der_get(&seq, DER_OCTET_STRING, &key))
        return bad(e, "a CertID");
    if (der_get_uint(&seq, &p, &len) || len > SERIAL_MAX || !der_end(&seq))
        return bad(e, "a serial number is at most 20 octets and not negative");
    memcpy(out->serial.v, p, len);
    out->serial.len = (uint8_t)len;
    if (out->digest == DIGEST__MAX)
        return 0;
    if (name.len != digest_size(out->digest) || key.len != name.len)
        return bad(e, "a hash of another length than its algorithm's");
    out->name = name.val;
    out->key = key.val;
    return 0;
}

/* Nonce ::= OCTET STRING (SIZE(1..128)) (RFC 9654 section 2.1). */
static int read_nonce(struct der *value, struct ocsp_request *out,
                      struct errs *e)
{
    struct der_tlv nonce;

    if (out->nonce_len)
        return bad(e, "two nonces");
    if (der_get(value, DER_OCTET_STRING, &nonce) || !der_end(value) ||
        nonce.len == 0 || nonce.len > OCSP_NONCE_MAX)
        return bad(e, "a nonce is an OCTET STRING of 1 to 128 octets");
    out->nonce = nonce.val;
    out->nonce_len = nonce.len;
    return 0;
}

/* AcceptableResponses: the basic response must be among them. */
static int read_acceptable(struct der *value, struct errs *e)
{
    struct der list;
    struct der_tlv oid;
    bool basic = false;

    if (der_enter(value, DER_SEQUENCE, &list) || !der_end(value))
        return bad(e, "acceptable responses");
    while (!der_end(&list)) {
        if (der_get_oid(&list, &oid))
            return bad(e, "acceptable responses");
        basic |= der_oid_is(&oid, OID(OCSP_BASIC));
    }
    return basic ? 0 : bad(e, "only id-pkix-ocsp-basic is given");
}

/* out NULL: of a single request, where none has a meaning here. */
static int read_extensions(struct der *d, struct ocsp_request *out,
                           struct errs *e)
{
    struct der list;

    if (der_enter(d, DER_SEQUENCE, &list) || !der_end(d) || der_end(&list))
        return bad(e, "its extensions");
    while (!der_end(&list)) {
        struct der_tlv oid;
        struct der value;
        bool critical;

        if (cert_ext_next(&list, &oid, &critical, &value))
            return bad(e, "an extension");
        if (out && der_oid_is(&oid, OID(OCSP_NONCE))) {
            if (read_nonce(&value, out, e))
                return -1;
        } else if (out && der_oid_is(&oid, OID(OCSP_RESPONSE))) {
            if (read_acceptable(&value, e))
                return -1;
        } else if (critical) {
            return bad(e, "it has an unknown critical extension");
        }
    }
    return 0;
}

static int read_single(struct der *list, struct ocsp_request *out,
                       struct errs *e)
{
    struct der one, exts;
    int has;

    if (der_enter(list, DER_SEQUENCE, &one))
        return bad(e, "a Request");
    if (out->n == OCSP_IDS_MAX)
        return bad(e, "at most 4 certificates are asked about at once");
    if (read_id(&one, &out->ids[out->n++], e))
        return -1;
    has = der_enter_opt(&one, DER_CTX_CONS(0), &exts);
    if (has < 0 || !der_end(&one))
        return bad(e, "a Request");
    return has ? read_extensions(&exts, NULL, e) : 0;
}

/* GeneralName: its form; who asks is nothing to us. */
static int check_requestor(struct der *d)
{
    struct der_tlv t;

    if (der_next(d, &t) || !der_end(d))
        return -1;
    switch (t.tag) {
    case DER_CTX(1): /* rfc822Name, dNSName, uniformResourceIdentifier */
    case DER_CTX(2):
    case DER_CTX(6):
    case DER_CTX(7): /* iPAddress */
        return 0;
    case DER_CTX_CONS(4):
        return cert_name_check(t.val, t.len);
    default:
        return -1;
    }
}

/* TBSRequest. */
static int read_tbs(struct der *tbs, struct ocsp_request *out, struct errs *e)
{
    struct der list, inner;
    uint32_t version = 0;
    int has = der_enter_opt(tbs, DER_CTX_CONS(0), &inner);

    if (has < 0 || (has && (der_get_int31(&inner, &version) ||
                            !der_end(&inner) || version != 0)))
        return bad(e, "its version is not 1");
    has = der_enter_opt(tbs, DER_CTX_CONS(1), &inner);
    if (has < 0 || (has && check_requestor(&inner)))
        return bad(e, "the name of who asks");
    if (der_enter(tbs, DER_SEQUENCE, &list))
        return bad(e, "it has no list of requests");
    if (der_end(&list))
        return bad(e, "it asks about no certificate");
    while (!der_end(&list))
        if (read_single(&list, out, e))
            return -1;
    has = der_enter_opt(tbs, DER_CTX_CONS(2), &inner);
    if (has < 0 || !der_end(tbs))
        return bad(e, "something follows its list of requests");
    return has ? read_extensions(&inner, out, e) : 0;
}

/* Signature: SEQUENCE { algorithm, BIT STRING, [0] certificates OPTIONAL };
 * what is in these is not read. */
static int check_signature(struct der *d)
{
    struct der seq, inner;
    const uint8_t *p;
    size_t len;

    return der_enter(d, DER_SEQUENCE, &seq) || !der_end(d) ||
                   der_enter(&seq, DER_SEQUENCE, &inner) ||
                   der_get_bits(&seq, &p, &len) ||
                   der_enter_opt(&seq, DER_CTX_CONS(0), &inner) < 0 ||
                   !der_end(&seq)
               ? -1
               : 0;
}

int ocsp_request_parse(struct ocsp_request *out, const uint8_t *der, size_t len,
                       struct errs *e)
{
    struct der all = der_of(der, len), seq, tbs, signature;
    int has;

    *out = (struct ocsp_request){0};
    if (der_check(der, len) || der_enter(&all, DER_SEQUENCE, &seq) ||
        der_enter(&seq, DER_SEQUENCE, &tbs))
        return bad(e, "it is not DER, or no OCSPRequest");
    if (read_tbs(&tbs, out, e))
        return -1;
    has = der_enter_opt(&seq, DER_CTX_CONS(0), &signature);
    if (has < 0 || !der_end(&seq) || (has && check_signature(&signature)))
        return bad(e, "its signature");
    out->is_signed = has;
    return 0;
}
