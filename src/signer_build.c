/* SPDX-License-Identifier: ISC */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

enum { CN_MAX = 64 };

/* The first DNS name, when it fits into a common name. */
static const char *common_name(const struct names *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == NAME_DNS)
            return strlen(l->v[i].value) <= CN_MAX ? l->v[i].value : NULL;
    return NULL;
}

void build_cert(struct worker *w, const struct build *b, struct record *r,
                struct cert *parsed, char **cn)
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
        .cn = common_name(b->names),
        .names = b->names,
        .spki = b->key->spki,
        .spki_len = b->key->spki_len,
        .path_len = -1,
        .ku = b->ku,
        .eku = b->eku,
        .aki = a->ski,
        .crl_url = a->crl_url,
        .issuer_url = a->issuer_url,
        .ocsp_url = w->s->ocsp_url,
        .alg = key_signer_alg(key),
    };

    serial_random(&spec.serial);
    cert_write_tbs(&tbs, &spec);
    cert_seal(&r->der, tbs.data, tbs.len, key);
    r->serial = spec.serial;
    *cn = xstrdup_null(spec.cn);
    if (cert_parse(parsed, r->der.data, r->der.len, &e) != 0)
        log_fatal("build", "a certificate of our own is malformed: %s",
                  e.n ? e.v[0].detail : "");
}
