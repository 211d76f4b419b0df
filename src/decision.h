/* SPDX-License-Identifier: ISC */
/*
 * The decision whether a certificate is signed: policy and lints, on the octets
 * of its TBSCertificate as the strict reader finds them.  What is signed is
 * these octets; nothing else can be.
 */
#ifndef POCKETCA_DECISION_H
#define POCKETCA_DECISION_H

#include "cert.h"
#include "profile.h"

/* A TBSCertificate that passed.  Only the functions below make one. */
struct decision;

/* What it is compared with.  None of it comes from the writer: the profile,
 * the request, the issuer and the configuration say it.  Borrowed. */
struct decision_facts {
    const struct profile *profile;
    const struct limits *limits;
    const struct taken *taken; /* of the request: names, subject */
    const struct key_pub *key; /* likewise */
    const struct span *asked;  /* likewise */
    const struct cert *issuer;
    const uint8_t *issuer_ski;                   /* SKI_LEN octets */
    const char *crl_url, *issuer_url, *ocsp_url; /* of the authority */
    enum sig_alg alg; /* of the key that is to sign */
    int64_t now;
};

/* Takes the octets.  NULL with every reason: those of policy first, then
 * ERR_LINT for each lint that is an error; a sentence for each lint that warns
 * is added to warnings. */
struct decision *decide_leaf(struct buf *tbs, const struct decision_facts *f,
                             struct strs *warnings, struct errs *e);
/* An authority's own certificate: the lints.  issuer NULL: a root. */
struct decision *decide_authority(struct buf *tbs, const struct cert *issuer,
                                  struct strs *warnings, struct errs *e);
/* Of octets that policy has refused already: the reader's reason, or those of
 * the lints, as above.  Takes the octets; they can never be signed. */
void decide_refused(struct buf *tbs, const struct cert *issuer,
                    struct strs *warnings, struct errs *e);
/* As it was read; der and sig are NULL.  Lives as long as the decision. */
const struct cert *decision_cert(const struct decision *d);
void decision_free(struct decision *d);
AUTO_DEFINE(decision, struct decision *, decision_free)

/* Appends the certificate: SEQUENCE { tbs, algorithm, signature }. */
void cert_seal(struct buf *out, const struct decision *d, struct key_signer *s);

#endif
