/* SPDX-License-Identifier: ISC */
#include "csr.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

AUTO_DEFINE(x509_req, X509_REQ *, X509_REQ_free)

static void add(STACK_OF(X509_EXTENSION) * exts, int nid, const char *value)
{
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (!x || sk_X509_EXTENSION_push(exts, x) <= 0)
        abort();
}

void csr_make(EVP_PKEY *key, const char *cn, struct buf *out)
{
    AUTO(x509_req) X509_REQ *r = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
    const bool bare = EVP_PKEY_is_a(key, "ED25519"); /* hashes by itself */
    uint8_t *der = NULL;
    int len;

    if (!r || !exts)
        abort();
    add(exts, NID_basic_constraints, "critical,CA:TRUE");
    add(exts, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign");
    if (!X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(r),
                                    NID_commonName, MBSTRING_UTF8,
                                    (const uint8_t *)cn, -1, -1, 0) ||
        !X509_REQ_set_pubkey(r, key) || !X509_REQ_add_extensions(r, exts) ||
        !X509_REQ_sign(r, key, bare ? NULL : EVP_sha256()))
        abort();
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    len = i2d_X509_REQ(r, &der);
    if (len <= 0)
        abort();
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
}
