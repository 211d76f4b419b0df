/* SPDX-License-Identifier: ISC */
/*
 * PKCS#10 certification requests (RFC 2986), read by a strict walk.  Nothing
 * but the public key, names and subject fields ever leaves a CSR.
 */
#ifndef POCKETCA_CSR_H
#define POCKETCA_CSR_H

#include "buf.h"
#include "err.h"
#include "key.h"
#include "mem.h"
#include "name.h"
#include "subject.h"

/* What a CSR asks beyond names: a request for power is refused by policy. */
enum csr_power {
    CSR_POWER_CA = 1 << 0,        /* basicConstraints cA TRUE */
    CSR_POWER_CERT_SIGN = 1 << 1, /* keyUsage keyCertSign */
    CSR_POWER_CRL_SIGN = 1 << 2,
    CSR_POWER_ANY_EKU = 1 << 3,
    CSR_POWER_OCSP = 1 << 4, /* id-kp-OCSPSigning */
    CSR_POWER_CONSTRAINTS = 1 << 5,
    CSR_POWER_CRITICAL = 1 << 6, /* an unknown critical extension */
};
/* "CA:TRUE", "keyCertSign", …, for error texts; one bit at a time. */
const char *csr_power_text(enum csr_power one);

/* A CSR as read; the pointers are into its DER. */
struct csr {
    struct sig sig; /* its tbs: CertificationRequestInfo; NULL: nothing could
                     * be read */
    bool partial;   /* names or subject fields are missing: not all was read */
    bool provable;  /* key and signature are such that they can be verified */
    struct key_pub key;
    struct subject subject; /* several values: subject_add(); CN: the last */
    struct names san;     /* well-formed and normal */
    struct strs odd_san;  /* "otherName", "directoryName", …: 422 later */
    struct strs warnings; /* what was dropped, a sentence each */
    unsigned power;       /* enum csr_power */
    char *critical;       /* dotted OIDs behind CSR_POWER_CRITICAL, or NULL */
};

/* The DER of one CSR and nothing else.  The result points into der, which
 * must outlive it.  -1 adds every ERR_BAD_CSR, ERR_BAD_NAME, ERR_KEY_…,
 * ERR_BAD_SIGNATURE (an algorithm that is not accepted) and
 * ERR_TOO_MANY_NAMES (over 1000) that applies; *out is then what could be read,
 * for those who can say more against it.  The caller frees either way. */
int csr_parse(struct csr *out, const uint8_t *der, size_t len,
              struct errs *e);
void csr_free(struct csr *c);
AUTO_VALUE(csr, struct csr, csr_free)
/* Proof of possession; -1 with the reason, or without a further one where
 * csr_parse() left nothing to verify. */
int csr_verify(const struct csr *c, struct key_verifier *v, struct errs *e);

/* The CSR of an authority: the key, a subject of one CN, cA TRUE and keyUsage
 * asked for; DER, appended. */
void csr_make(EVP_PKEY *key, const char *cn, struct buf *out);

/* A body as it came: PEM, PEM without line ends, or DER; one CSR, and before
 * PEM perhaps lines of text.  Appends to der.  A private key, anywhere in the
 * body, in PEM or DER, encrypted or not, is ERR_CSR_IS_PRIVATE_KEY; all else
 * ERR_BAD_CSR. */
int csr_decode(const void *body, size_t len, struct buf *der,
               struct errs *e);

#endif
