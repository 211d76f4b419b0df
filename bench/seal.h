/* SPDX-License-Identifier: ISC */
/* Certificates that no service decided on. */
#ifndef POCKETCA_SEAL_H
#define POCKETCA_SEAL_H

#include "key.h"

static inline void tbs_seal(struct buf *out, const struct buf *tbs,
                            struct key_signer *s)
{
    AUTO(buf) struct buf sig = {0};
    size_t seq;

    key_sign(s, tbs->data, tbs->len, &sig);
    seq = der_open(out, DER_SEQUENCE);
    buf_put(out, tbs->data, tbs->len);
    sig_alg_put(out, key_signer_alg(s));
    der_put_bits(out, sig.data, sig.len);
    der_close(out, seq);
}

#endif
