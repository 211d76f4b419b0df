/* SPDX-License-Identifier: ISC */
/* What each signature algorithm is; for the key_*.c files only. */
#ifndef POCKETCA_KEY_SIG_H
#define POCKETCA_KEY_SIG_H

#include "digest.h"
#include "key.h"

struct sig_info {
    enum key_type type;
    enum digest digest; /* not for Ed25519 */
    bool pss;
    const char *oid;
    size_t oid_len;
    const char *text;
};
const struct sig_info *sig_info(enum sig_alg a);

/* Whether the RSA modulus with this SHA-256 was added, and not pushed out by
 * another since; from any thread. */
bool key_passed(const uint8_t sha256[32]);
void key_passed_add(const uint8_t sha256[32]);

#endif
