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

#endif
