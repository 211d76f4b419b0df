/* SPDX-License-Identifier: ISC */
/* For check_signer*.c: a certificate that the signer made. */
#ifndef POCKETCA_SIGNER_CERT_H
#define POCKETCA_SIGNER_CERT_H

#include "ca.h"

#include <openssl/x509_vfy.h>

#include "unit.h"

static inline void read_cert(const struct record *r, struct cert *out)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(cert_parse(out, r->der.data, r->der.len, &e), 0);
}

#endif
