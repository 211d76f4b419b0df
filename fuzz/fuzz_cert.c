/* SPDX-License-Identifier: ISC */
/* Certificates: whatever we read OpenSSL reads too, as the same; the lints run
 * over all. */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct cert *c, const uint8_t *data, size_t size)
{
    const unsigned char *p = data;
    X509 *x = d2i_X509(NULL, &p, (long)size);
    unsigned char *again = NULL;

    if (!x || p != data + size || X509_get_version(x) != 2)
        abort();
    if (i2d_X509(x, &again) != (int)size || memcmp(again, data, size) != 0)
        abort();
    if (ASN1_TIME_cmp_time_t(X509_get0_notBefore(x), (time_t)c->not_before) ||
        ASN1_TIME_cmp_time_t(X509_get0_notAfter(x), (time_t)c->not_after))
        abort();
    OPENSSL_free(again);
    X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    AUTO(free) char *reason = NULL;
    struct lint_findings found = {0};

    lint_der(data, size, NULL, &found, &reason);
    if (cert_parse(&c, data, size, &e) == 0) {
        AUTO(free) char *subject = cert_name_text(c.subject, c.subject_len);

        if (strchr(subject, '\n'))
            abort();
        compare(&c, data, size);
    }
    return 0;
}
