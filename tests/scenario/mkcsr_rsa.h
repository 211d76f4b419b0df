/* SPDX-License-Identifier: ISC */
/* RSA keys that nobody should have, and that can sign. */
#ifndef POCKETCA_MKCSR_RSA_H
#define POCKETCA_MKCSR_RSA_H

#include <openssl/evp.h>

/* KIND: prime, square, close, small, roca; NULL: there is no such. */
EVP_PKEY *rsa_odd(const char *kind);

#endif
