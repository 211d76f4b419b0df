/* SPDX-License-Identifier: ISC */
/* The SHA-256 of a public key, whatever holds it. */
#include <string.h>
#include <unistd.h>

#include "cmd_record.h"
#include "digest.h"
#include "key.h"
#include "pem.h"

enum { FILE_MAX = 65536 };

/* A private key is read for its public half alone, whoever may read the file:
 * one that lay open is just what is to be blocked. */
static int from_private(const char *pass_file, const struct buf *text,
                        const char *path, struct buf *spki, struct errs *e)
{
    AUTO(buf) struct buf pass = {0};
    int rc;

    if (pass_file && cmd_read_line(pass_file, &pass, e) < 0)
        return -1;
    rc = key_public_half(text, path, pass_file ? (const char *)pass.data : NULL,
                         spki, e);
    mem_wipe(pass.data, pass.len);
    return rc;
}

static int from_der(const struct buf *der, const char *path, struct buf *spki,
                    struct errs *e)
{
    AUTO(errs) struct errs no_cert = {0}, no_csr = {0}, no_key = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(csr) struct csr csr = {0};
    struct key_pub pub;

    if (cert_parse_any(&cert, der->data, der->len, &no_cert) == 0)
        buf_put(spki, cert.key.spki, cert.key.spki_len);
    else if (csr_parse(&csr, der->data, der->len, &no_csr) == 0)
        buf_put(spki, csr.key.spki, csr.key.spki_len);
    else if (key_pub_parse(&pub, der->data, der->len, &no_key) == 0)
        buf_put(spki, der->data, der->len);
    else
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s is no certificate, CSR or key that is read here: "
                       "give the SHA-256 of its SubjectPublicKeyInfo",
                       path);
    return 0;
}

static int from_file(const char *pass_file, const char *path,
                     uint8_t sha256[32], struct errs *e)
{
    AUTO(buf) struct buf text = {0}, der = {0}, spki = {0};
    char label[64];
    enum pem_result r;
    size_t used;
    int rc;

    if (cmd_read(path, FILE_MAX, &text, e) < 0)
        return -1;
    r = pem_read_next(text.data, text.len, label, &der, &used);
    if (r == PEM_PRIVATE || r == PEM_ENCRYPTED ||
        (r == PEM_OK && strcmp(label, "EC PARAMETERS") == 0))
        rc = from_private(pass_file, &text, path, &spki, e);
    else
        rc = from_der(r == PEM_OK ? &der : &text, path, &spki, e);
    mem_wipe(text.data, text.len);
    if (rc == 0)
        digest_sum(DIGEST_SHA256, spki.data, spki.len, sha256);
    return rc;
}

int cmd_key(const char *what, const char *pass_file, uint8_t sha256[32],
            struct errs *e)
{
    if (strlen(what) == 64 && access(what, F_OK) != 0 &&
        hex_decode(sha256, 32, what, 64) == 32)
        return 0;
    return from_file(pass_file, what, sha256, e);
}
