/* SPDX-License-Identifier: ISC */
/*
 * Many distinct certification requests, made beforehand by OpenSSL so that
 * the load generator only has to send them: each with a P-256 key and a DNS
 * name of its own.
 *
 *   make_csrs COUNT > FILE     PEM, one after another
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "die.h"

static void must(int ok, const char *what)
{
    if (!ok)
        die(1, "%s failed", what);
}

static void put_names(X509_REQ *req, const char *name)
{
    STACK_OF(X509_EXTENSION) *list = NULL;
    X509V3_CTX ctx;
    char san[80];

    snprintf(san, sizeof(san), "DNS:%s", name);
    X509V3_set_ctx(&ctx, NULL, NULL, req, NULL, 0);
    X509_EXTENSION *ext =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, san);
    must(ext != NULL, "X509V3_EXT_conf_nid");
    must(X509v3_add_ext(&list, ext, -1) != NULL, "X509v3_add_ext");
    must(X509_REQ_add_extensions(req, list), "X509_REQ_add_extensions");
    X509_EXTENSION_free(ext);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void put_csr(long i)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *req = X509_REQ_new();
    char name[64];

    must(key && req, "EVP_EC_gen");
    snprintf(name, sizeof(name), "host-%06ld.bench.internal", i);
    X509_NAME *subject = X509_REQ_get_subject_name(req);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                    (unsigned char *)name, -1, -1, 0),
         "X509_NAME_add_entry_by_txt");
    must(X509_REQ_set_version(req, X509_REQ_VERSION_1), "the version");
    must(X509_REQ_set_pubkey(req, key), "X509_REQ_set_pubkey");
    put_names(req, name);
    must(X509_REQ_sign(req, key, EVP_sha256()) > 0, "X509_REQ_sign");
    must(PEM_write_X509_REQ(stdout, req), "PEM_write_X509_REQ");
    X509_REQ_free(req);
    EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
    long count = argc == 2 ? atol(argv[1]) : 0;

    if (count < 1 || count > 999999)
        die(2, "usage: make_csrs COUNT > FILE");
    for (long i = 0; i < count; i++)
        put_csr(i);
    if (fflush(stdout) != 0)
        die(1, "writing: %s", strerror(errno));
    return 0;
}
