/* SPDX-License-Identifier: ISC */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

void build_cert(struct worker *w, const struct build *b, struct record *r,
                struct cert *parsed)
{
    const struct signer_authority *a = b->authority;
    struct key_signer *key = worker_key(w, a);
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf tbs = {0};
    struct cert_spec spec = {
        .issuer = a->cert.subject,
        .issuer_len = a->cert.subject_len,
        .not_before = b->not_before,
        .not_after = b->not_after,
        .aki = a->ski,
        .crl_url = a->crl_url,
        .issuer_url = a->issuer_url,
        .ocsp_url = w->s->ocsp_url,
        .alg = key_signer_alg(key),
    };

    profile_spec(b->profile, b->taken, b->key, &spec);
    serial_random(&spec.serial);
    cert_write_tbs(&tbs, &spec);
    cert_seal(&r->der, tbs.data, tbs.len, key);
    r->serial = spec.serial;
    if (cert_parse(parsed, r->der.data, r->der.len, &e) != 0)
        log_fatal("build", "a certificate of our own is malformed: %s",
                  e.n ? e.v[0].detail : "");
}
