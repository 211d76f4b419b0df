/* SPDX-License-Identifier: ISC */
/* Answers over HTTP: http:// only, at most so large, within some seconds. */
#ifndef POCKETCA_CMD_STATUS_ASK_H
#define POCKETCA_CMD_STATUS_ASK_H

#include "status.h"

/* Asks at the address in the certificate, and judges the answer. */
void ask_crl(const struct cert *c, const struct cert *issuer,
             struct status *out);
void ask_ocsp(const struct cert *c, const struct cert *issuer, bool nonce,
              struct status *out);

#endif
