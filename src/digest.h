/* SPDX-License-Identifier: ISC */
/*
 * Hash functions, fetched from OpenSSL once: a fetch by name takes locks that
 * all threads share.
 */
#ifndef POCKETCA_DIGEST_H
#define POCKETCA_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "auto.h"

AUTO_DEFINE(evp_md_ctx, EVP_MD_CTX *, EVP_MD_CTX_free)

enum digest {
    DIGEST_SHA1 = 0, /* key identifiers only */
    DIGEST_SHA256,
    DIGEST_SHA384,
    DIGEST_SHA512,
    DIGEST__MAX
};

enum { DIGEST_SIZE_MAX = 64 };

/* Valid for the life of the process. */
const EVP_MD *digest_md(enum digest d);
/* Octets of a result. */
size_t digest_size(enum digest d);
/* The digest of len octets; out has digest_size(d). */
void digest_sum(enum digest d, const void *p, size_t len, uint8_t *out);

#endif
