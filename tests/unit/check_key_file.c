/* SPDX-License-Identifier: ISC */
/* Private keys: made, written, read back. */
#include "key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "mem.h"
#include "unit.h"

static char dir[64];

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void put(const char *name, const void *p, size_t len, mode_t mode)
{
    AUTO(free) char *path = path_of(name);
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
}

/* Loads "file:NAME" from the directory; the reason's text, NULL when it is a
 * key; *spki gets its public half. */
static char *load(const char *name, const char *pass, struct buf *spki)
{
    AUTO(free) char *uri = xasprintf("file:%s", name);
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_load(uri, dir, pass, &e);

    ck_assert_int_eq(key != NULL, e.n == 0);
    if (!key) {
        ck_assert_uint_eq(e.n, 1);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
        return xstrdup(e.v[0].detail);
    }
    if (spki)
        key_spki(key, spki);
    return NULL;
}

static void refused(const char *name, const char *pass, const char *why)
{
    AUTO(free) char *text = load(name, pass, NULL);

    ck_assert_msg(text != NULL, "%s was taken", name);
    ck_assert_msg(strstr(text, why), "%s: %s", name, text);
    ck_assert_msg(!pass || !*pass || !strstr(text, pass), "%s", text);
}

static EVP_PKEY *make(const char *spec)
{
    AUTO(errs) struct errs e = {0};
    EVP_PKEY *k = key_generate(spec, &e);

    ck_assert_ptr_nonnull(k);
    return k;
}

START_TEST(what_can_be_made)
{
    static const char *const good[] = {"ec:P-256", "ec:P-384", "ed25519",
                                       "rsa:2048", "rsa:2304"};
    static const char *const bad[] = {
        "",         "ec",       "ec:P-521", "rsa:2048-4096", "rsa:1024",
        "rsa:2050", "rsa:8192", "rsa:4352", "dsa",           "x25519",
    };

    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(evp_pkey) EVP_PKEY *k = make(good[i]);
        AUTO(buf) struct buf spki = {0};
        AUTO(errs) struct errs e = {0};
        struct key_pub pub;
        char spec[32];

        key_spki(k, &spki);
        ck_assert_int_eq(key_pub_parse(&pub, spki.data, spki.len, &e), 0);
        key_pub_spec(&pub, spec, sizeof(spec));
        ck_assert_str_eq(spec, good[i]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(errs) struct errs e = {0};

        ck_assert_msg(key_generate(bad[i], &e) == NULL, "%s", bad[i]);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    }
}
END_TEST

START_TEST(written_and_read)
{
    static const char *const specs[] = {"ec:P-256", "ec:P-384", "ed25519",
                                        "rsa:2048"};

    for (size_t i = 0; i < COUNT(specs); i++)
        for (int sealed = 0; sealed < 2; sealed++) {
            AUTO(evp_pkey) EVP_PKEY *k = make(specs[i]);
            AUTO(buf) struct buf pem = {0}, want = {0}, got = {0};
            AUTO(free) char *path = path_of("k"), *why = NULL;

            key_to_pem(k, sealed ? "open sesame" : NULL, &pem);
            put("k", pem.data, pem.len, 0600);
            key_spki(k, &want);
            why = load("k", sealed ? "open sesame" : NULL, &got);
            ck_assert_msg(!why, "%s", why);
            ck_assert_uint_eq(got.len, want.len);
            ck_assert_mem_eq(got.data, want.data, want.len);
            ck_assert_int_eq(key_is_encrypted(path), sealed);
            if (!sealed)
                continue;
            refused("k", NULL, "encrypted");
            refused("k", "", "passphrase");
            refused("k", "open sesam", "passphrase");
            refused("k", "Open sesame", "passphrase");
        }
}
END_TEST

/* One wrong passphrase in 256 leaves what looks like a message: the last octet
 * counts itself.  "wrong249" does here. */
START_TEST(a_wrong_passphrase_that_decrypts)
{
    static const char pem[] =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAioayA/ZajmsgIBATAM\n"
        "BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQEuNa38JXG7jABJntbt4QpQSBkMaR\n"
        "jirFeXHQRY5DUquNT5OwZX+tJfOMqdlFinM01nZmtJUcG/ol8YarwIx7BtmGjaKZ\n"
        "wwOluzmUWKcZQvHxtjzdRh8o+Q1iR9TPLQcKmBuIpZ4dDMmpJLUY0rphOG7pOO/y\n"
        "zIdZ1fzFJxtIxS+OFVuIIRDUgHU06wE+m4zHISa9FjgApCVISuX/VJM5js8qWw==\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";

    put("k", pem, strlen(pem), 0600);
    refused("k", "wrong249", "the passphrase does not open");
    ck_assert_ptr_null(load("k", "right", NULL));
}
END_TEST

/* PBES2 with what the header promises, found in what was written. */
START_TEST(how_it_is_sealed)
{
    static const char *const parts[] = {
        "06092a864886f70d01050d",     /* PBES2 */
        "06092a864886f70d01050c",     /* PBKDF2 */
        "02030927c0",                 /* 600 000 */
        "06082a864886f70d0209",       /* HMAC with SHA-256 */
        "060960864801650304012a0410", /* AES-256-CBC and its IV */
        "0410",                       /* salt of 16 octets */
    };
    AUTO(evp_pkey) EVP_PKEY *k = make("ec:P-256");
    AUTO(buf) struct buf one = {0}, two = {0};
    AUTO(bio) BIO *bio = NULL;
    char *label, *header;
    uint8_t *der;
    long len;
    AUTO(free) char *hex = NULL;

    key_to_pem(k, "x", &one);
    key_to_pem(k, "x", &two);
    ck_assert(one.len != two.len || memcmp(one.data, two.data, one.len) != 0);
    bio = BIO_new_mem_buf(one.data, (int)one.len);
    ck_assert(PEM_read_bio(bio, &label, &header, &der, &len));
    ck_assert_str_eq(label, "ENCRYPTED PRIVATE KEY");
    hex = xmalloc((size_t)len * 2 + 1);
    hex_encode(hex, der, (size_t)len);
    for (size_t i = 0; i < COUNT(parts); i++)
        ck_assert_msg(strstr(hex, parts[i]), "%s", parts[i]);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(der);
}
END_TEST

START_TEST(who_may_read_it)
{
    static const struct {
        mode_t mode;
        bool taken;
    } cases[] = {{0600, true},  {0400, true},  {0640, false}, {0604, false},
                 {0620, false}, {0602, false}, {0644, false}, {0601, false}};
    AUTO(evp_pkey) EVP_PKEY *k = make("ed25519");
    AUTO(buf) struct buf pem = {0};

    key_to_pem(k, NULL, &pem);
    for (size_t i = 0; i < COUNT(cases); i++) {
        put("k", pem.data, pem.len, cases[i].mode);
        if (cases[i].taken)
            ck_assert_ptr_null(load("k", NULL, NULL));
        else
            refused("k", NULL, "chmod 600");
    }
}
END_TEST

START_TEST(uris)
{
    static const char *const bad[] = {
        "", "k", "file:", "FILE:k", "pkcs11:token=x", "file"};
    AUTO(evp_pkey) EVP_PKEY *k = make("ed25519");
    AUTO(buf) struct buf pem = {0};
    AUTO(free) char *path = path_of("k"), *uri = xasprintf("file:%s", path);
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *got = NULL;

    key_to_pem(k, NULL, &pem);
    put("k", pem.data, pem.len, 0600);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_ptr_null(key_load(bad[i], dir, NULL, &e));
    ck_assert_uint_eq(e.n, COUNT(bad));
    got = key_load(uri, "/nowhere", NULL, &e);
    ck_assert_ptr_nonnull(got);
    ck_assert_int_eq(EVP_PKEY_eq(got, k), 1);
}
END_TEST

START_TEST(files_that_are_no_key)
{
    static const char junk[] = "-----BEGIN PRIVATE KEY-----\nAQID\n"
                               "-----END PRIVATE KEY-----\n";
    AUTO(free) char *sub = path_of("sub"), *fifo = path_of("fifo");
    AUTO(free) char *huge = xcalloc(1, 100000);

    refused("missing", NULL, "No such file");
    ck_assert_int_eq(mkdir(sub, 0700), 0);
    refused("sub", NULL, "not a regular file");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    refused("fifo", NULL, "not a regular file");
    put("empty", "", 0, 0600);
    refused("empty", NULL, "no private key");
    put("junk", junk, strlen(junk), 0600);
    refused("junk", NULL, "no private key");
    put("huge", huge, 100000, 0600);
    refused("huge", NULL, "too large");
    ck_assert(!key_is_encrypted(sub));
    ck_assert_int_eq(unlink(fifo), 0);
    ck_assert_int_eq(rmdir(sub), 0);
}
END_TEST

static void put_traditional(const char *name, EVP_PKEY *key)
{
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long n;

    ck_assert(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
                                                   NULL, NULL));
    n = BIO_get_mem_data(bio, &text);
    put(name, text, (size_t)n, 0600);
}

/* What `openssl ecparam -genkey` writes. */
START_TEST(traditional_form)
{
    static const char params[] =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
        "-----END EC PARAMETERS-----\n";
    AUTO(evp_pkey) EVP_PKEY *k = make("ec:P-256");
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long n;

    BIO_puts(bio, params);
    ck_assert(PEM_write_bio_PrivateKey_traditional(bio, k, NULL, NULL, 0, NULL,
                                                   NULL));
    n = BIO_get_mem_data(bio, &text);
    put("k", text, (size_t)n, 0600);
    ck_assert_ptr_null(load("k", NULL, NULL));
}
END_TEST

START_TEST(keys_that_never_sign_here)
{
    AUTO(evp_pkey) EVP_PKEY *x = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    AUTO(evp_pkey)
    EVP_PKEY *curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    AUTO(evp_pkey)
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    AUTO(evp_pkey) EVP_PKEY *explicit = make("ec:P-256");
    AUTO(buf) struct buf pem = {0};

    key_to_pem(x, NULL, &pem);
    put("k", pem.data, pem.len, 0600);
    refused("k", NULL, "no type that signs");
    put_traditional("k", curve);
    refused("k", NULL, "secp256k1");
    put_traditional("k", small);
    refused("k", NULL, "1024 bits");
    ck_assert(EVP_PKEY_set_utf8_string_param(
        explicit, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"));
    put_traditional("k", explicit);
    refused("k", NULL, "explicit");
}
END_TEST

/* ECPrivateKey carries both halves: here those of two keys. */
START_TEST(halves_that_do_not_fit)
{
    AUTO(evp_pkey) EVP_PKEY *a = make("ec:P-256"), *b = make("ec:P-256");
    uint8_t *der = NULL, point[65];
    size_t point_len;
    int len;
    AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long n;

    ck_assert(EVP_PKEY_get_octet_string_param(b, OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof(point), &point_len));
    ck_assert_uint_eq(point_len, sizeof(point));
    len = i2d_PrivateKey(a, &der);
    ck_assert_int_gt(len, 65);
    memcpy(der + len - 65, point, 65);
    ck_assert(PEM_write_bio(bio, "EC PRIVATE KEY", "", der, len));
    n = BIO_get_mem_data(bio, &text);
    put("k", text, (size_t)n, 0600);
    refused("k", NULL, "belong together");
    OPENSSL_free(der);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_can_be_made,
        written_and_read,
        a_wrong_passphrase_that_decrypts,
        how_it_is_sealed,
        who_may_read_it,
        uris,
        files_that_are_no_key,
        traditional_form,
        keys_that_never_sign_here,
        halves_that_do_not_fit,
    };
    const char *tmp = getenv("TMPDIR");
    static const char *const names[] = {"k", "empty", "junk", "huge"};
    int rc;

    snprintf(dir, sizeof(dir), "%.40s/check_key.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return 99;
    rc = unit_run("key_file", tests, COUNT(tests));
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *path = path_of(names[i]);

        unlink(path);
    }
    rmdir(dir);
    return rc;
}
