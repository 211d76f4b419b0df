/* SPDX-License-Identifier: ISC */
#include "csr_part.h"

#include <stdlib.h>
#include <string.h>

#include "oid.h"
#include "pem.h"

static const char *const powers[] = {
    "CA:TRUE",
    "keyCertSign",
    "cRLSign",
    "anyExtendedKeyUsage",
    "OCSPSigning",
    "nameConstraints",
    "an unknown critical extension",
};
enum { POWERS = COUNT(powers) };

const char *csr_power_text(enum csr_power one)
{
    for (unsigned i = 0; i < POWERS; i++)
        if ((unsigned)one == 1U << i)
            return powers[i];
    abort();
}

int csr_bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_CSR, "the CSR is malformed: %s", what);
}

/* CertificationRequestInfo (RFC 2986 section 4.1).  Where its parts can be told
 * apart each is read, so that one answer says all that is wrong. */
static int info_parse(struct csr *c, const struct der_tlv *info, struct errs *e)
{
    struct der d = der_of(info->val, info->len), attrs;
    struct der_tlv subject, spki;
    uint32_t version;

    if (der_get_int31(&d, &version) || version != 0)
        return csr_bad(e, "its version is not 0");
    if (der_get(&d, DER_SEQUENCE, &subject) ||
        der_get(&d, DER_SEQUENCE, &spki) ||
        der_enter(&d, DER_CTX_CONS(0), &attrs) || !der_end(&d))
        return csr_bad(e, "it has not subject, public key and attributes, or "
                          "has more");
    c->sig.tbs = info->raw;
    c->sig.tbs_len = info->raw_len;
    if (csr_subject_parse(c, &subject, e))
        c->partial = true;
    c->provable = key_pub_parse(&c->key, spki.raw, spki.raw_len, e) == 0;
    if (csr_attributes_parse(c, attrs, e))
        c->partial = true;
    return c->partial || !c->provable ? -1 : 0;
}

static int signature_parse(struct csr *c, struct der *d, struct errs *e)
{
    /* Stricter than of a certificate that is there: this can be made anew. */
    if (sig_alg_parse(d, &c->sig, e) || sig_salt_judge(&c->sig, e))
        return -1;
    if (der_get_bits(d, &c->sig.value, &c->sig.len) || !der_end(d))
        return csr_bad(e, "it has no signature, or something follows it");
    return 0;
}

static int request_parse(struct csr *c, const uint8_t *der, size_t len,
                         struct errs *e)
{
    struct der d = der_of(der, len), seq;
    struct der_tlv info;
    int r;

    if (der_check(der, len))
        return csr_bad(e, "it is not one element in DER, or something "
                          "follows it");
    if (der_enter(&d, DER_SEQUENCE, &seq) || der_get(&seq, DER_SEQUENCE, &info))
        return csr_bad(e, "it does not begin as a PKCS#10 request does");
    r = info_parse(c, &info, e);
    if (signature_parse(c, &seq, e)) {
        c->provable = false;
        return -1;
    }
    return r;
}

int csr_parse(struct csr *out, const uint8_t *der, size_t len, struct errs *e)
{
    *out = (struct csr){0};
    return request_parse(out, der, len, e);
}

void csr_free(struct csr *c)
{
    subject_free(&c->subject);
    free(c->critical);
    names_free(&c->san);
    strs_free(&c->odd_san);
    strs_free(&c->warnings);
    *c = (struct csr){0};
}

int csr_verify(const struct csr *c, struct key_verifier *v, struct errs *e)
{
    return c->provable ? key_verify(v, &c->key, &c->sig, e) : -1;
}

static int is_private(struct errs *e)
{
    return err_add(e, ERR_CSR_IS_PRIVATE_KEY,
                   "this holds a private key, which is not stored; one that "
                   "was sent is no secret any more: make a new key, and send "
                   "only the CSR made with it (openssl req -new -key "
                   "server.key)");
}

/* The forms of an unencrypted or encrypted private key in DER: PKCS#8
 * (RFC 5958), RSAPrivateKey (RFC 8017), ECPrivateKey (RFC 5915). */
static bool der_is_private(const uint8_t *p, size_t len)
{
    struct der d = der_of(p, len), seq;
    struct der_tlv first, second, third;

    if (der_enter(&d, DER_SEQUENCE, &seq) || der_next(&seq, &first) ||
        der_next(&seq, &second))
        return false;
    if (first.tag == DER_SEQUENCE)
        return second.tag == DER_OCTET_STRING && der_end(&seq);
    if (first.tag != DER_INTEGER)
        return false;
    if (second.tag == DER_OCTET_STRING || second.tag == DER_INTEGER)
        return true;
    return second.tag == DER_SEQUENCE && der_next(&seq, &third) == 0 &&
           third.tag == DER_OCTET_STRING;
}

/* What stands before the block is for people (RFC 7468 section 2): certtool
 * writes it, and `openssl req -text`.  It ends where a line does: JSON that
 * has a CSR in it is no text. */
static void skip_text(const char **p, size_t *len)
{
    static const char begin[] = "-----BEGIN ", bom[] = "\xef\xbb\xbf";
    const size_t n = sizeof(bom) - 1;
    const char *at;

    if (*len > n && memcmp(*p, bom, n) == 0) {
        *p += n;
        *len -= n;
    }
    at = memmem(*p, *len, begin, sizeof(begin) - 1);
    if (at && at > *p && at[-1] == '\n') {
        *len -= (size_t)(at - *p);
        *p = at;
    }
}

static int pem_decode(const char *body, size_t len, struct buf *der,
                      struct errs *e)
{
    static const char *const why[] = {
        [-PEM_BROKEN] = "it is not a PEM block from end to end",
        [-PEM_MANY] = "something follows the end of the PEM block",
        [-PEM_PRIVATE] = "it is a private key",
        [-PEM_ENCRYPTED] = "it is encrypted",
    };
    char label[64];
    size_t was = der->len;
    enum pem_result r;

    skip_text(&body, &len);
    r = pem_read(body, len, label, der);
    if (r == PEM_PRIVATE)
        return is_private(e);
    if (r == PEM_NOT)
        return csr_bad(e, "it is neither PEM (-----BEGIN CERTIFICATE "
                          "REQUEST-----) nor DER");
    /* A chain is the wrong file first, and only then too long. */
    if ((r == PEM_OK || r == PEM_MANY) &&
        strcmp(label, "CERTIFICATE REQUEST") != 0 &&
        strcmp(label, "NEW CERTIFICATE REQUEST") != 0) {
        der->len = was;
        return err_add(e, ERR_BAD_CSR,
                       "this is a PEM block of \"%s\"; a CERTIFICATE REQUEST "
                       "is expected",
                       label);
    }
    return r == PEM_OK ? 0 : csr_bad(e, why[-r]);
}

int csr_decode(const void *body, size_t len, struct buf *der, struct errs *e)
{
    static const char mark[] = "PRIVATE KEY-----";
    const uint8_t *p = body;
    size_t was = der->len;

    if (len == 0)
        return csr_bad(e, "it is empty");
    /* Wherever it stands: whoever sends one must know that it is burnt. */
    if (memmem(body, len, mark, sizeof(mark) - 1))
        return is_private(e);
    if (p[0] == DER_SEQUENCE)
        buf_put(der, body, len);
    else if (pem_decode(body, len, der, e))
        return -1;
    if (der_is_private(der->data + was, der->len - was)) {
        mem_wipe(der->data + was, der->len - was);
        der->len = was;
        return is_private(e);
    }
    return 0;
}
