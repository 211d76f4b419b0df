/* SPDX-License-Identifier: ISC */
/* What pem.c reads it writes so that OpenSSL reads the same. */
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "key.h"
#include "pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void compare(const char *label, const struct buf *der)
{
    AUTO(buf) struct buf pem = {0};
    AUTO(bio) BIO *bio = NULL;
    char *name = NULL, *header = NULL;
    uint8_t *data = NULL;
    long n = 0;

    pem_put(&pem, label, der->data, der->len);
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!PEM_read_bio(bio, &name, &header, &data, &n) ||
        strcmp(name, label) != 0 || (size_t)n != der->len ||
        memcmp(data, der->data, der->len) != 0)
        abort();
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    AUTO(buf) struct buf der = {0};
    char label[64];
    size_t used;

    if (pem_read(p, len, label, &der) == PEM_OK)
        compare(label, &der);
    else if (der.len)
        abort();
    while (len) {
        enum pem_result r = pem_read_next(p, len, label, &der, &used);

        if (used > len || ((r == PEM_OK) != (der.len != 0)))
            abort();
        if (r == PEM_NOT || r == PEM_BROKEN)
            break;
        buf_reset(&der);
        p += used;
        len -= used;
    }
    return 0;
}
