/* SPDX-License-Identifier: ISC */
/* CRLs: whatever we read OpenSSL reads too, with as many entries. */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct crl *c, const uint8_t *data, size_t size)
{
    const unsigned char *p = data;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)size);
    unsigned char *again = NULL;
    int entries;

    if (!x || p != data + size || X509_CRL_get_version(x) != 1)
        abort();
    if (i2d_X509_CRL(x, &again) != (int)size || memcmp(again, data, size) != 0)
        abort();
    entries = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(x));
    if (c->entries != (size_t)(entries < 0 ? 0 : entries))
        abort();
    OPENSSL_free(again);
    X509_CRL_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(errs) struct errs e = {0};
    struct crl c;

    if (crl_parse(&c, data, size, &e) == 0)
        compare(&c, data, size);
    return 0;
}
