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
#include "mem.h"
#include "name.h"
#include "pattern.h"
#include "subject.h"

enum { SERIAL_MAX = 20, SKI_LEN = 20 };

/* KeyUsage: bit n of RFC 5280 section 4.2.1.3 is 1 << n. */
enum key_usage {
    KU_DIGITAL_SIGNATURE = 1 << 0,
    KU_NON_REPUDIATION = 1 << 1,
    KU_KEY_ENCIPHERMENT = 1 << 2,
    KU_DATA_ENCIPHERMENT = 1 << 3,
    KU_KEY_AGREEMENT = 1 << 4,
    KU_CERT_SIGN = 1 << 5,
    KU_CRL_SIGN = 1 << 6,
    KU_ENCIPHER_ONLY = 1 << 7,
    KU_DECIPHER_ONLY = 1 << 8,
};

enum ext_key_usage {
    EKU_SERVER = 1 << 0,
    EKU_CLIENT = 1 << 1,
    EKU_OCSP = 1 << 2,
    EKU_ANY = 1 << 3,
    EKU_OTHER = 1 << 4, /* on reading only */
    EKU_CODE = 1 << 5,
    EKU_EMAIL = 1 << 6,
    EKU_TIME = 1 << 7,
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
/* The same of each of the patterns, every reason; -1 when one is refused. */
int cert_constraints_parse(struct cert_constraints *c,
                           const struct strs *patterns, struct errs *e);
void cert_constraints_free(struct cert_constraints *c);
AUTO_VALUE(cert_constraints, struct cert_constraints, cert_constraints_free)

/* A serial number: octets of the DER INTEGER without its sign octet. */
struct serial {
    uint8_t v[SERIAL_MAX];
    uint8_t len; /* 0: none */
};
/* 16 octets: the bits 01, 46 of the time in milliseconds, 80 from the DRBG.
 * Those made one after the other lie side by side in the ledger's index. */
void serial_new(struct serial *s);
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
    const struct subject *subject; /* NULL: the cn alone is it */
    const struct names *names;     /* SAN; NULL or empty: none; NAME_CN is in
                                      the subject, and passed over */
    const uint8_t *spki;
    size_t spki_len;
    bool ca;
    int path_len;                /* -1: none; only with ca */
    unsigned ku, eku;            /* enum key_usage, enum ext_key_usage */
    const struct buf *eku_other; /* more purposes, OIDs in DER; NULL: none */
    const uint8_t *ski;          /* SKI_LEN octets; NULL: computed from spki */
    const uint8_t *aki;          /* SKI_LEN octets; NULL: none */
    const char *crl_url;         /* NULL: no CRL distribution point */
    const char *issuer_url;      /* caIssuers; NULL: none */
    const char *ocsp_url;        /* NULL: none */
    const struct cert_constraints *constraints; /* NULL: none */
    const struct buf *extra; /* more Extensions, DER; NULL: none */
    enum sig_alg alg;
};

/* Appends the TBSCertificate.  Extensions, always in this order: basic
 * constraints and key usage (critical), extended key usage (critical for time
 * stamping, RFC 3161 section 2.3), SKI, AKI, SAN
 * (critical when the subject is empty), CRL distribution point, AIA, name
 * constraints (critical), then `extra` as it is. */
void cert_write_tbs(struct buf *tbs, const struct cert_spec *spec);

/* Why a certificate was not read: the name that `lint` gives it, where it is
 * prescribed, and a sentence. */
#define CERT_FAULT_TABLE(X)                                                    \
    X(DER, "not_der", "X.690 10", "it is not DER")                             \
    X(VERSION, "version_not_3", "RFC 5280 4.1.2.1", "its version is not 3")    \
    X(SERIAL, "serial_form", "RFC 5280 4.1.2.2",                               \
      "its serial number is negative, longer than 20 octets, or not DER")      \
    X(INNER_ALG, "signature_algorithm_missing", "RFC 5280 4.1.2.3",            \
      "it has no signature algorithm")                                         \
    X(ISSUER, "issuer_form", "RFC 5280 4.1.2.4", "its issuer is malformed")    \
    X(VALIDITY, "validity_form", "RFC 5280 4.1.2.5",                           \
      "its validity is malformed, or before 1950")                             \
    X(ORDER, "validity_order", "RFC 5280 4.1.2.5",                             \
      "its validity ends before it begins")                                    \
    X(SUBJECT, "subject_form", "RFC 5280 4.1.2.6", "its subject is malformed") \
    X(KEY, "key_form", "RFC 5280 4.1.2.7", "it has no public key")             \
    X(EXTENSIONS, "extensions_form", "RFC 5280 4.1.2.9",                       \
      "its extensions are malformed")                                          \
    X(TAIL, "tbs_tail", "RFC 5280 4.1", "something follows its extensions")    \
    X(COUNT, "extensions_many", "RFC 5280 4.1.2.9",                            \
      "it has more than 64 extensions")                                        \
    X(TWICE, "extension_twice", "RFC 5280 4.2", "it has an extension twice")   \
    X(BASIC, "basic_constraints_form", "RFC 5280 4.2.1.9",                     \
      "its basicConstraints is malformed")                                     \
    X(KEY_USAGE, "key_usage_form", "RFC 5280 4.2.1.3",                         \
      "its keyUsage is malformed")                                             \
    X(EKU, "eku_form", "RFC 5280 4.2.1.12", "its extKeyUsage is malformed")    \
    X(SKI, "ski_form", "RFC 5280 4.2.1.2",                                     \
      "its subjectKeyIdentifier is malformed")                                 \
    X(AKI, "aki_form", "RFC 5280 4.2.1.1",                                     \
      "its authorityKeyIdentifier is malformed")                               \
    X(SAN, "san_form", "RFC 5280 4.2.1.6", "its subjectAltName is malformed")  \
    X(CONSTRAINTS, "name_constraints_form", "RFC 5280 4.2.1.10",               \
      "its nameConstraints is malformed")                                      \
    X(ALGS_DIFFER, "signature_algorithms_differ", "RFC 5280 4.1.1.2",          \
      "its two signature algorithms differ")                                   \
    X(ALG, "signature_algorithm", "RFC 5280 4.1.1.2",                          \
      "its signature algorithm is not accepted")                               \
    X(SIGNATURE, "signature_form", "RFC 5280 4.1.1.3",                         \
      "its signature is malformed")
enum cert_fault {
    CERT_FAULT_NONE = 0,
#define X(id, name, cite, text) CERT_FAULT_##id,
    CERT_FAULT_TABLE(X)
#undef X
        CERT_FAULT_CRITICAL, /* cert_parse() only: a lint warns of it */
    CERT_FAULT__MAX
};

/* The extensions that are known. */
enum cert_ext_id {
    EXT_BASIC = 0,
    EXT_KEY_USAGE,
    EXT_EKU,
    EXT_SKI,
    EXT_AKI,
    EXT_SAN,
    EXT_CDP,
    EXT_AIA,
    EXT_CONSTRAINTS,
    EXT_POLICIES,
    EXT_POLICY_MAPPINGS,
    EXT_POLICY_CONSTRAINTS,
    EXT_INHIBIT_ANY,
    EXT_TLS_FEATURE,
    EXT_NOCHECK,
    EXT__MAX
};
/* "subjectAltName" */
const char *cert_ext_text(enum cert_ext_id id);
/* The known extension that has this OID, or EXT__MAX. */
enum cert_ext_id cert_ext_of(const struct der_tlv *oid);
struct cert_ext {
    const uint8_t *value; /* contents of the OCTET STRING; NULL: absent */
    size_t len;
    bool critical;
};

/* A certificate as read.  Pointers are into the DER; names are owned. */
struct cert {
    enum cert_fault fault; /* all else is empty unless it is NONE */
    const uint8_t *der;
    size_t der_len;
    struct sig sig;
    struct serial serial;
    const uint8_t *issuer, *subject; /* Names, DER */
    size_t issuer_len, subject_len;
    int64_t not_before, not_after;
    uint8_t not_before_tag, not_after_tag; /* DER_UTC_TIME or the other */
    struct key_pub key;
    struct names names;
    bool ca;
    int path_len;
    unsigned ku, eku;
    const uint8_t *ski, *aki; /* NULL when absent */
    size_t ski_len, aki_len;
    struct cert_ext ext[EXT__MAX];
    struct der_tlv odd_critical; /* OID of an unknown one; raw NULL: none */
    struct der_tlv odd_name;     /* SAN entry that is malformed; as well */
    /* Of its issuer, where whoever read both has put it: NULL else. */
    const struct cert *above;
    const uint8_t *exts; /* all of them, for cert_ext_next() */
    size_t exts_len, n_exts;
};

/* Strict; one v3 certificate and nothing else.  -1 with ERR_BAD_REQUEST, and
 * *out is empty but for its fault.  Refused beside what is not DER: doubled
 * extensions, unknown critical ones (those about policies are passed over),
 * unique identifiers. SAN entries that are no struct name (otherName,
 * directoryName ...) are passed over.  The result points into der, which must
 * outlive it.  Nothing but the names is allocated. */
int cert_parse(struct cert *out, const uint8_t *der, size_t len,
               struct errs *e);
/* As cert_parse(), but unknown critical extensions are passed over, and
 * odd_critical is the first: for what the ledger has, where a profile has
 * granted it, and for who only looks at a certificate (RFC 5280 section 4.2
 * forbids to trust one).  So are names that are malformed, such as a host with
 * an underscore, and odd_name is the first of them. */
int cert_parse_any(struct cert *out, const uint8_t *der, size_t len,
                   struct errs *e);
/* Adds what a certificate that cert_parse_any() took would be refused for by
 * cert_parse(), and returns the fault; CERT_FAULT_NONE: nothing. */
enum cert_fault cert_judge_odd(const struct cert *c, struct errs *e);
/* As cert_parse() of a TBSCertificate alone, but unknown critical extensions
 * are as in cert_parse_any(): der and sig.value stay NULL. */
int cert_parse_tbs(struct cert *out, const uint8_t *tbs, size_t len,
                   struct errs *e);
/* The name is that of the issuer, and the key identifiers do not differ: it may
 * have issued the other, which only the signature tells. */
bool cert_may_issue(const struct cert *issuer, const struct cert *c);
/* It may have issued itself. */
bool cert_self_signed(const struct cert *c);
/* 0 when its signature is of that key; -1 as key_verify(). */
int cert_verify(const struct cert *c, const struct key_pub *issuer,
                struct key_verifier *v, struct errs *e);
void cert_free(struct cert *c);
AUTO_VALUE(cert, struct cert, cert_free)
/* True when extKeyUsage has that purpose, or (within) none that the issuer's,
 * if it has one, does not; a responder's OCSPSigning needs none above it (RFC
 * 6960 section 4.2.2.2). */
bool cert_eku_has(const struct cert *c, const void *oid, size_t len);
bool cert_eku_within(const struct cert *c, const struct cert *issuer);
/* The subtrees of its name constraints that are permitted, or excluded; empty
 * when there are none. */
struct der cert_subtrees(const struct cert *c, bool excluded);
/* The next GeneralSubtree ::= SEQUENCE { base, [0] minimum, [1] maximum } of
 * them; bounds: it has more than a base.  False at the end. */
bool cert_subtree_next(struct der *list, struct der_tlv *base, bool *bounds);
/* True when the relative names of base, a directoryName, begin that Name,
 * compared as RFC 5280 section 7.1 has it but for letters beyond ASCII, which
 * are only equal to themselves: whatever the type of string, the case and the
 * blanks.  perhaps: true as well when such letters are all that keeps them
 * apart, for what is excluded. */
bool cert_dn_within(const uint8_t *name, size_t name_len,
                    const struct der_tlv *base, bool perhaps);
/* True when the name constraints of this certificate, if it has any, permit
 * every name that the pattern matches and none of `deny` does. */
bool cert_constraints_permit(const struct cert *c, const struct pattern *p,
                             const struct patterns *deny);
/* "CN=a.b,O=Example" (RFC 4514, most significant last) of a Name; the caller
 * frees; "" for an empty one. */
char *cert_name_text(const uint8_t *name, size_t len);
/* Appends an Extension; value is what the OCTET STRING has. */
void cert_ext_put(struct buf *b, bool critical, const void *oid, size_t oid_len,
                  const struct buf *value);
/* The next Extension ::= SEQUENCE { OID, critical DEFAULT FALSE, OCTET STRING }
 * of a list, moved past; -1 when it is malformed. */
int cert_ext_next(struct der *list, struct der_tlv *oid, bool *critical,
                  struct der *value);
/* The key identifier of an AuthorityKeyIdentifier (section 4.2.1.1: [0] key
 * id, [1] issuer, [2] serial, each optional), moved past; *id is untouched when
 * it has none.  -1 when it is malformed. */
int cert_aki_read(struct der *value, const uint8_t **id, size_t *len);
/* True for a GeneralName (section 4.2.1.6) as far as its kind and what is in
 * otherName, directoryName and registeredID go. */
bool cert_general_valid(const struct der_tlv *t);
/* The one URI of the one distribution point (section 4.2.1.13); -1 when there
 * is another number of either. */
int cert_crl_uri(const struct cert *c, struct der_tlv *uri);
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
/* The same of text that was read from path, none of it judged; *out was empty.
 */
int cert_split(const char *path, const struct buf *text, struct blobs *out,
               struct errs *e);

#endif
