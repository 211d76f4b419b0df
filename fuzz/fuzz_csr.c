/* SPDX-License-Identifier: ISC */
/* A CSR that we take is one for OpenSSL too, and signed by its key. */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "csr.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* Whether OpenSSL takes it and finds the signature good. */
static bool openssl_verifies(const uint8_t *p, size_t len)
{
    const uint8_t *at = p;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)len);
    EVP_PKEY *key = req ? X509_REQ_get0_pubkey(req) : NULL;
    bool good = key && at == p + len && X509_REQ_verify(req, key) == 1;

    if (!req)
        abort();
    X509_REQ_free(req);
    return good;
}

/* By a profile that takes all there is. */
static void take(const struct csr *c)
{
    const struct profile p = {.taken = ~0U};
    const struct claim claim = {.names = &c->san, .subject = &c->subject};
    AUTO(taken) struct taken t = {0};
    AUTO(errs) struct errs e = {0};
    struct strs warnings = {0};

    profile_take(&p, &claim, &t, &warnings, &e);
    strs_free(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    static struct key_verifier *v;
    AUTO(errs) struct errs e = {0};
    AUTO(csr) struct csr c = {0};
    AUTO(buf) struct buf der = {0};

    if (!v)
        v = key_verifier_new();
    if (csr_decode(p, len, &der, &e) != 0)
        return 0;
    if (csr_parse(&c, der.data, der.len, &e) == 0) {
        int ours = csr_verify(&c, v, &e);

        if (openssl_verifies(der.data, der.len) != (ours == 0))
            abort();
    } else if (e.n == 0 || (csr_verify(&c, v, &e), c.partial && !c.sig.tbs)) {
        abort();
    }
    if (c.sig.tbs)
        take(&c);
    return 0;
}
