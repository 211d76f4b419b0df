/* SPDX-License-Identifier: ISC */
/*
 * Certificate revocation lists (RFC 5280 section 5): built as a stream, so
 * that memory does not grow with the list.
 */
#ifndef POCKETCA_CRL_H
#define POCKETCA_CRL_H

#include "cert.h"
#include "key.h"

/* CRLReason (RFC 5280 section 5.3.1); the numbers are the standard's. */
enum crl_reason {
    REASON_UNSPECIFIED = 0,
    REASON_KEY_COMPROMISE = 1,
    REASON_CA_COMPROMISE = 2,
    REASON_AFFILIATION_CHANGED = 3,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION_OF_OPERATION = 5,
    REASON_CERTIFICATE_HOLD = 6,
    REASON_REMOVE_FROM_CRL = 8,
    REASON_PRIVILEGE_WITHDRAWN = 9,
    REASON_AA_COMPROMISE = 10,
};
/* "keyCompromise" …; NULL for a number that is none. */
const char *crl_reason_text(int reason);
/* -1 when it is no reason's name. */
int crl_reason_parse(const char *text);
/* True for those a caller may give: unspecified, keyCompromise,
 * affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn. */
bool crl_reason_allowed(int reason);

struct crl_entry {
    struct serial serial;
    int64_t revoked_at;
    int reason;
};

struct crl_spec {
    const uint8_t *issuer; /* Name, DER */
    size_t issuer_len;
    const uint8_t *aki; /* SKI_LEN octets */
    int64_t this_update, next_update;
    uint64_t number;
    /* It covers the certificates whose CRL distribution point is this URL
     * (issuingDistributionPoint, section 5.2.5); NULL: all. */
    const char *url;
};

/* Appends the IssuingDistributionPoint of a CRL for what names that URL. */
void crl_put_idp(struct buf *b, const char *url);

/* "issuing" or, of a partition, "issuing/3": which CRL it is, in names of
 * files, paths and entries.  The caller frees. */
char *crl_scope(const char *authority, uint32_t partition);
/* Where it is served; the caller frees. */
char *crl_url(const char *public_url, const char *authority,
              uint32_t partition);
/* The partition whose CRL the distribution point of a certificate names, 0
 * when it names none of the authority's; n and the address when it does. */
uint32_t crl_partition_of(const struct cert *c, const char *authority,
                          struct der_tlv *uri);

/* The next entry: 1 and filled, 0 at the end, -1 a fault (build fails). */
typedef int crl_next_fn(void *arg, struct crl_entry *out);

/* Writes the whole CRL (DER) to fd, an empty regular file opened for reading
 * and writing.  Reasons of unspecified are left out of the entry.  Returns
 * the number of entries, or -1 when next() or the file failed (errno): what is
 * in the file then is nothing. */
int64_t crl_build(int fd, const struct crl_spec *spec, struct key_signer *s,
                  crl_next_fn *next, void *arg);

/* Those that are not read yet. */
struct crl_entries {
    struct der rest;
    struct der date; /* that of the one before, encoded, which is */
    int64_t at;
};

/* A CRL as read; pointers into its DER. */
struct crl {
    const uint8_t *issuer, *aki, *idp;
    size_t issuer_len, aki_len;
    size_t idp_len; /* contents of the extension; 0: it has none */
    struct sig sig;
    int64_t this_update, next_update;
    uint64_t number;
    struct crl_entries revoked; /* for crl_entry_next() */
    size_t entries;
};
/* Strict; one v2 CRL and nothing else, an unknown critical extension refused,
 * and one that covers only a part (issuingDistributionPoint).  -1 with
 * ERR_BAD_REQUEST.  The result points into der. */
int crl_parse(struct crl *out, const uint8_t *der, size_t len,
              struct errs *e);
/* The same but for the entries, which nobody has looked at yet (entries is
 * 0), and with issuingDistributionPoint permitted. */
int crl_parse_frame(struct crl *out, const uint8_t *der, size_t len,
                    struct errs *e);
/* As crl_parse(), of what other programs make: version 1 too, and without a
 * number (0) or nextUpdate (0). */
int crl_parse_any(struct crl *out, const uint8_t *der, size_t len,
                  struct errs *e);
/* As crl_parse_any(), of one that may cover only a part too. */
int crl_parse_part(struct crl *out, const uint8_t *der, size_t len,
                   struct errs *e);
/* 0 when the CRL is that of this issuer, and signed by it; -1 with
 * ERR_BAD_REQUEST; name is for the reason. */
int crl_verify(const struct crl *crl, const struct cert *issuer,
               const char *name, struct errs *e);
/* The next of list (a copy of crl.revoked), moved past: 1 and filled; 0 at the
 * end; -1 when it is malformed, or has a critical extension (section 5.3). */
int crl_entry_next(struct crl_entries *list, struct crl_entry *out);

struct crl_made {
    int64_t entries;    /* as crl_build() returned them */
    uint8_t sha256[32]; /* of the file, for crl_check() to fill in */
};

/* Reads what crl_build() made back from fd, once, and verifies all of it: it is
 * DER, says what spec says, has that many entries, and is signed by key.  0, or
 * -1 with ERR_STORAGE_ERROR.  Memory does not grow with the file, but for an
 * Ed25519 key, which signs all of it at once. */
int crl_check(int fd, const struct crl_spec *spec, const struct key_pub *key,
              struct crl_made *made, struct errs *e);

/* Reads the CRL of issuer behind fd: fn has each entry before it is known that
 * the signature is right.  0, or -1 with ERR_STORAGE_ERROR, and what fn had is
 * nothing.  Memory as of crl_check(). */
typedef void crl_entry_fn(void *arg, const struct crl_entry *entry);
int crl_walk(int fd, const struct cert *issuer, crl_entry_fn *fn, void *arg,
             struct errs *e);

#endif
