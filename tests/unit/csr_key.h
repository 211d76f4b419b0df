/* SPDX-License-Identifier: ISC */
/* For check_csr*.c: keys of every type. */
#ifndef POCKETCA_CSR_KEY_H
#define POCKETCA_CSR_KEY_H

#include "mkcsr.h"

#include <stdio.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pem.h"
#include "tm.h"
#include "unit.h"

static inline EVP_PKEY *make(const char *spec)
{
    AUTO(errs) struct errs e = {0};

    return key_generate(spec, &e);
}

#endif
