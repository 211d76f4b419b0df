/* SPDX-License-Identifier: ISC */
/*
 * Certificates (RFC 5280 section 4): written from a specification, and read
 * back strictly.
 */
#ifndef POCKETCA_CERT_H
#define POCKETCA_CERT_H

#include "buf.h"
#include "der.h"
#include "err.h"
#include "key.h"
#include "name.h"
#include "pattern.h"

enum { SERIAL_MAX = 20, SKI_LEN = 20 };

/* KeyUsage: bit n of RFC 5280 section 4.2.1.3 is 1 << n. */
enum key_usage {
    KU_DIGITAL_SIGNATURE = 1 << 0,
    KU_KEY_ENCIPHERMENT = 1 << 2,
    KU_KEY_AGREEMENT = 1 << 4,
    KU_CERT_SIGN = 1 << 5,
    KU_CRL_SIGN = 1 << 6,
};

enum ext_key_usage {
    EKU_SERVER = 1 << 0,
    EKU_CLIENT = 1 << 1,
    EKU_OCSP = 1 << 2,
    EKU_ANY = 1 << 3,
    EKU_OTHER = 1 << 4, /* on reading only */
};

/* Name constraints (RFC 5280 section 4.2.1.10): permitted subtrees, and each
 * kind of name with none permitted is excluded as a whole (for email and uri
 * by the empty subtree, which not every verifier takes so). */
struct cert_constraints {
    struct names permitted; /* dns and email: domain "b"; uri: host */
    struct patterns nets;   /* PATTERN_NET */
    unsigned any;           /* 1 << kind: neither permitted nor excluded */
};
/* Widens the constraints so that they permit what the pattern matches, as
 * narrowly as they can: "*.b" and "**.b" both as b.  -1 with ERR_BAD_ARGUMENT
 * for what they cannot say (a URI whose host is an address). */
int cert_constraints_add(struct cert_constraints *c, const struct pattern *p,
                         struct errs *e);
void cert_constraints_free(struct cert_constraints *c);
AUTO_VALUE(cert_constraints, struct cert_constraints, cert_constraints_free)

/* A serial number: octets of the DER INTEGER without its sign octet. */
struct serial {
    uint8_t v[SERIAL_MAX];
    uint8_t len; /* 0: none */
};
/* 16 octets from the DRBG, first bit clear, second bit set. */
void serial_random(struct serial *s);
/* Lower-case hexadecimal; out has 2 * SERIAL_MAX + 1 octets. */
void serial_text(char *out, const struct serial *s);
/* Path or argument form: any case, colons, 0x, leading zeros; -1 else. */
int serial_parse(struct serial *s, const char *text);
bool serial_equal(const struct serial *a, const struct serial *b);

/* The subject CN for these names: the first DNS name if it fits in the 64
 * characters of RFC 5280 (ub-common-name), else NULL. */
const char *cert_cn(const struct names *names);

/* What a certificate is to contain.  Pointers are borrowed. */
struct cert_spec {
    struct serial serial;
    const uint8_t *issuer; /* Name, DER; NULL: self-issued, subject is it */
    size_t issuer_len;
    int64_t not_before, not_after; /* both inclusive */
    const char *cn;                /* subject CN, or NULL: empty subject */
    const struct names *names;     /* SAN; NULL or empty: none */
    const uint8_t *spki;
    size_t spki_len;
    bool ca;
    int path_len;           /* -1: none; only with ca */
    unsigned ku, eku;       /* enum key_usage, enum ext_key_usage */
    const uint8_t *ski;     /* SKI_LEN octets; NULL: computed from spki */
    const uint8_t *aki;     /* SKI_LEN octets; NULL: none */
    const char *crl_url;    /* NULL: no CRL distribution point */
    const char *issuer_url; /* caIssuers; NULL: none */
    const char *ocsp_url;   /* NULL: none */
    const struct cert_constraints *constraints; /* NULL: none */
    enum sig_alg alg;
};

/* Appends the TBSCertificate.  Extensions, always in this order: basic
 * constraints and key usage (critical), extended key usage, SKI, AKI, SAN
 * (critical when the subject is empty), CRL distribution point, AIA, name
 * constraints (critical). */
void cert_write_tbs(struct buf *tbs, const struct cert_spec *spec);
/* Appends SEQUENCE { tbs, algorithm, signature }: also for CRLs. */
void cert_seal(struct buf *out, const void *tbs, size_t tbs_len,
               struct key_signer *s);

/* A certificate as read.  Pointers are into the DER; names are owned. */
struct cert {
    const uint8_t *der, *tbs;
    size_t der_len, tbs_len;
    struct serial serial;
    const uint8_t *issuer, *subject; /* Names, DER */
    size_t issuer_len, subject_len;
    int64_t not_before, not_after;
    struct key_pub key;
    enum sig_alg alg;
    const uint8_t *sig;
    size_t sig_len;
    struct names names;
    bool ca, san_critical;
    int path_len;
    unsigned ku, eku;
    const uint8_t *ski, *aki; /* NULL when absent */
    size_t ski_len, aki_len;
    const uint8_t *constraints; /* contents of the extension, or NULL */
    size_t constraints_len;
};

/* Strict; one v3 certificate and nothing else.  -1 with ERR_BAD_REQUEST, and
 * *out is empty.  Refused beside what is not DER: doubled extensions, unknown
 * critical ones (those about policies are passed over), unique identifiers.
 * SAN entries that are no struct name (otherName, directoryName ...) are
 * passed over.  The result points into der, which must outlive it.  Nothing
 * but the names is allocated. */
int cert_parse(struct cert *out, const uint8_t *der, size_t len,
               struct errs *e);
void cert_free(struct cert *c);
AUTO_VALUE(cert, struct cert, cert_free)
/* "CN=a.b,O=Example" (RFC 4514, most significant last) of a Name; the caller
 * frees; "" for an empty one. */
char *cert_name_text(const uint8_t *name, size_t len);
/* The next Extension ::= SEQUENCE { OID, critical DEFAULT FALSE, OCTET STRING }
 * of a list, moved past; -1 when it is malformed. */
int cert_ext_next(struct der *list, struct der_tlv *oid, bool *critical,
                  struct der *value);
/* Judges the form of a Name: SEQUENCE OF SET OF {OID, value}, strings
 * well-formed in their encoding; 0 or -1. */
int cert_name_check(const uint8_t *name, size_t len);
/* PEM file with one or more certificates, DER of each appended to blobs in
 * order; -1 with a reason that names the path. */
struct blobs {
    struct buf *v;
    size_t n;
};
void blobs_free(struct blobs *l);
AUTO_VALUE(blobs, struct blobs, blobs_free)
int cert_load(const char *path, struct blobs *out, struct errs *e);

#endif
