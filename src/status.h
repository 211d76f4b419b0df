/* SPDX-License-Identifier: ISC */
/*
 * What the ledger, the CRL and OCSP say about one certificate, and whether that
 * is the same: as anybody sees it who has the certificate and its issuer.
 */
#ifndef POCKETCA_STATUS_H
#define POCKETCA_STATUS_H

#include "cert.h"
#include "crl.h"

enum says {
    SAYS_NOTHING = 0, /* there is nobody to ask; not an answer */
    SAYS_GOOD,
    SAYS_REVOKED,
    SAYS_UNKNOWN, /* it does not know the certificate */
    SAYS_FAILED,  /* it could not be asked, or the answer is not valid */
    SAYS__MAX
};
/* "none", "good", "revoked", "unknown", "failed" */
const char *says_text(enum says s);

/* What one of them says; all zero is that there is nobody. */
struct status {
    enum says says;
    int64_t revoked_at;               /* with SAYS_REVOKED */
    int reason;                       /* enum crl_reason, with SAYS_REVOKED */
    int64_t this_update, next_update; /* 0: it has none */
    char *url;                        /* that was asked, or NULL */
    char *detail;                     /* a sentence, or NULL */
};
void status_free(struct status *s);
AUTO_VALUE(status, struct status, status_free)
/* SAYS_FAILED, or SAYS_NOTHING, and why; foreign octets are escaped. */
void status_set(struct status *s, enum says says, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum verdict {
    VERDICT_GOOD = 0,   /* all that were asked say so */
    VERDICT_REVOKED,    /* the same, at the same time for the same reason */
    VERDICT_DIFFER,     /* two answers are not the same */
    VERDICT_INCOMPLETE, /* the same as far as they answered */
    VERDICT_UNKNOWN,    /* nobody knows it, or nobody could be asked */
    VERDICT__MAX
};
/* "good", "revoked", "differ", "incomplete", "unknown" */
const char *verdict_text(enum verdict v);
enum verdict status_verdict(const struct status *v, size_t n);

/* Where the certificate's list is (RFC 5280 section 4.2.1.13: each address has
 * the issuer's whole list, so one that answers is enough). */
struct status_points {
    struct strs urls;   /* http addresses, in their order */
    struct strs others; /* a sentence of each that cannot be asked */
    bool failed;        /* one of these is no URL */
};
void status_points_free(struct status_points *p);
AUTO_VALUE(status_points, struct status_points, status_points_free)
/* None of them when it names none; -1 when that is malformed. */
int status_points_read(struct status_points *p, const struct cert *c);
/* These sentences behind what it has. */
void status_tell(struct status *s, const struct strs *more);
/* What the CRL (DER), fetched from out->url, says.  SAYS_FAILED when it is not
 * one (RFC 5280 section 5), is not signed by the issuer, covers others
 * (issuingDistributionPoint), or is not of now; that a certificate which ended
 * is not on it says nothing. */
void status_judge_crl(const struct cert *c, const struct cert *issuer,
                      const uint8_t *der, size_t len, int64_t now,
                      struct status *out);

/* status_ocsp.c: one question and its answer (RFC 6960), by OpenSSL. */
struct question;
/* To out->url the responder of the certificate (authorityInfoAccess); -1 when
 * it names none by http (SAYS_NOTHING). */
int status_ocsp_url(const struct cert *c, struct status *out);
/* With a nonce of 32 octets (RFC 9654 section 2.1), or without.  NULL when
 * OpenSSL does not read one of the certificates. */
struct question *question_new(const struct cert *c, const struct cert *issuer,
                              bool nonce);
void question_free(struct question *q);
AUTO_DEFINE(question, struct question *, question_free)
/* OCSPRequest, DER. */
void question_put(const struct question *q, struct buf *out);
/* What the OCSPResponse says.  SAYS_FAILED when it is none, is not signed by
 * the issuer or by whom it authorized, is about another certificate or not of
 * now, or has not the nonce that was asked with. */
void question_judge(const struct question *q, const uint8_t *der, size_t len,
                    int64_t now, struct status *out);

#endif
