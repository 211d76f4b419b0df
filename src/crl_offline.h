/* SPDX-License-Identifier: ISC */
/* The CRL of an authority whose key the service does not hold: made here,
 * with a number from the ledger, and handed to the signer. */
#ifndef POCKETCA_CRL_OFFLINE_H
#define POCKETCA_CRL_OFFLINE_H

#include <openssl/evp.h>

#include "cert.h"
#include "client.h"

/* Asks for the number, builds an empty CRL that is valid for `lifetime`
 * seconds, installs it. */
int crl_offline(struct client *c, const char *authority,
                const struct cert *issuer, EVP_PKEY *key, int64_t lifetime,
                struct errs *e);

/* Installs a CRL that was signed elsewhere, by an authority whose key is not
 * here. */
int crl_send(struct client *c, const char *authority, const struct buf *der,
             struct errs *e);

#endif
