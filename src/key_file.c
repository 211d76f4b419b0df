/* SPDX-License-Identifier: ISC */
/* Private keys: made, written, and read by URI. */
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "mem.h"
#include "pem.h"

enum { FILE_MAX = 65536, PBKDF2_ROUNDS = 600000, SALT_LEN = 16 };
enum { MADE_RSA_MAX = 4096, MADE_RSA_STEP = 256 };

AUTO_DEFINE(p8, PKCS8_PRIV_KEY_INFO *, PKCS8_PRIV_KEY_INFO_free)
AUTO_DEFINE(p8_sealed, X509_SIG *, X509_SIG_free)
AUTO_VALUE(secret, struct buf, buf_wipe)

EVP_PKEY *key_generate(const char *spec, struct errs *e)
{
    struct key_rule r;
    EVP_PKEY *key;

    if (key_rule_parse(&r, spec, e))
        return NULL;
    if (r.min != r.max || r.max > MADE_RSA_MAX || r.max % MADE_RSA_STEP ||
        r.curve == CURVE_P521) {
        err_add(e, ERR_BAD_ARGUMENT,
                "\"%s\" is no key that can be made: ec:P-256, ec:P-384, "
                "ed25519, or rsa:2048 to rsa:4096 in steps of %d",
                spec, MADE_RSA_STEP);
        return NULL;
    }
    if (r.type == KEY_RSA)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)r.min);
    else if (r.type == KEY_EC)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", key_curve_text(r.curve));
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!key)
        abort();
    return key;
}

/* RFC 8018 section 6.2. */
static void seal(PKCS8_PRIV_KEY_INFO *p8, const char *pass, struct buf *out)
{
    X509_ALGOR *how = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), PBKDF2_ROUNDS, NULL,
                                        SALT_LEN, NULL, NID_hmacWithSHA256);
    AUTO(p8_sealed)
    X509_SIG *sealed =
        how ? PKCS8_set0_pbe(pass, (int)strlen(pass), p8, how) : NULL;
    uint8_t *der = NULL;
    int len = sealed ? i2d_X509_SIG(sealed, &der) : -1;

    if (len <= 0)
        abort();
    pem_put(out, "ENCRYPTED PRIVATE KEY", der, (size_t)len);
    OPENSSL_free(der);
}

void key_to_pem(EVP_PKEY *key, const char *pass, struct buf *out)
{
    AUTO(p8) PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
    uint8_t *der = NULL;
    int len;

    if (!p8)
        abort();
    if (pass) {
        seal(p8, pass, out);
        return;
    }
    len = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
    if (len <= 0)
        abort();
    pem_put(out, "PRIVATE KEY", der, (size_t)len);
    OPENSSL_clear_free(der, (size_t)len);
}

void key_spki(EVP_PKEY *key, struct buf *out)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0)
        abort();
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
}

/* All of a small regular file, into memory that never moves (a copy of a key
 * would stay behind); 0, or -1 with errno. */
static int file_read(int fd, struct buf *out)
{
    ssize_t n;

    buf_extend(out, FILE_MAX + 4096);
    buf_reset(out);
    do {
        do
            n = read(fd, out->data + out->len, 4096);
        while (n < 0 && errno == EINTR);
        out->len += n > 0 ? (size_t)n : 0;
    } while (n > 0 && out->len <= FILE_MAX);
    if (n > 0)
        errno = EFBIG;
    return n ? -1 : 0;
}

static int secret_open(const char *path, struct buf *out, struct errs *e)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key file \"%s\" cannot be opened: %s", path,
                       strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key file \"%s\" is not a regular file", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key file \"%s\" has mode %04o: group and others "
                       "must have no access (chmod 600)",
                       path, (unsigned)(st.st_mode & 07777));
    if (file_read(fd, out))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key file \"%s\" cannot be read: %s", path,
                       strerror(errno));
    return 0;
}

struct pass {
    const char *text;
    bool asked;
};

/* OpenSSL's own callback would prompt on the terminal. */
static int pass_give(char *out, int size, int writing, void *arg)
{
    struct pass *p = arg;
    size_t len = p->text ? strlen(p->text) : 0;

    (void)writing;
    p->asked = true;
    if (len == 0 || size < 0 || len > (size_t)size)
        return -1;
    memcpy(out, p->text, len);
    return (int)len;
}

/* One of the kinds we sign with, and its halves fit: a file may hold any
 * public key beside the private one. */
static int key_judge(EVP_PKEY *key, const char *path, struct errs *e)
{
    AUTO(buf) struct buf spki = {0};
    AUTO(errs) struct errs why = {0};
    AUTO(key_signer) struct key_signer *s = NULL;
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();
    struct key_pub pub;

    if (!EVP_PKEY_is_a(key, "RSA") && !EVP_PKEY_is_a(key, "EC") &&
        !EVP_PKEY_is_a(key, "ED25519"))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key in \"%s\" is of no type that signs here: rsa, "
                       "ec or ed25519",
                       path);
    key_spki(key, &spki);
    if (key_pub_parse(&pub, spki.data, spki.len, &why))
        return err_add(e, ERR_BAD_ARGUMENT, "the key in \"%s\": %s", path,
                       errs_first(&why)->detail);
    s = key_signer_new(key);
    if (key_pair_judge(v, &pub, s, &why))
        return err_add(e, ERR_BAD_ARGUMENT, "the key in \"%s\": %s", path,
                       errs_first(&why)->code == ERR_BAD_SIGNATURE
                           ? "its private and its public half do not belong "
                             "together"
                           : errs_first(&why)->detail);
    return 0;
}

/* Whether OpenSSL said so of an algorithm: its errors are a queue.  What a
 * wrong passphrase makes of a key is "unsupported" too, to its decoder. */
static bool is_unsupported(void)
{
    unsigned long code;

    while ((code = ERR_get_error()))
        if (ERR_GET_LIB(code) == ERR_LIB_EVP &&
            ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
            return true;
    return false;
}

static EVP_PKEY *text_load(const struct buf *text, const char *path,
                           const char *pass, struct errs *e)
{
    AUTO(bio) BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    struct pass p = {.text = pass};
    EVP_PKEY *key;
    bool unsupported;

    if (!bio)
        abort();
    ERR_clear_error();
    key = PEM_read_bio_PrivateKey(bio, NULL, pass_give, &p);
    unsupported = is_unsupported();
    ERR_clear_error();
    if (!key)
        err_add(e, ERR_BAD_ARGUMENT,
                p.asked && !pass
                    ? "the key in \"%s\" is encrypted, and there is no "
                      "passphrase"
                : p.asked && unsupported
                    ? "the key in \"%s\" is encrypted by an algorithm that "
                      "OpenSSL has not, or no longer: write it anew with "
                      "openssl pkcs8 -topk8 (-provider legacy -provider "
                      "default)"
                : p.asked ? "the passphrase does not open the key in \"%s\""
                          : "the file \"%s\" holds no private key in PEM",
                path);
    return key;
}

static EVP_PKEY *file_load(const char *path, const char *pass, struct errs *e)
{
    AUTO(secret) struct buf text = {0};
    AUTO(evp_pkey) EVP_PKEY *key = NULL;

    if (secret_open(path, &text, e))
        return NULL;
    key = text_load(&text, path, pass, e);
    if (!key || key_judge(key, path, e))
        return NULL;
    return take_ptr(key);
}

int key_public_half(const struct buf *pem, const char *path, const char *pass,
                    struct buf *spki, struct errs *e)
{
    AUTO(evp_pkey) EVP_PKEY *key = text_load(pem, path, pass, e);

    if (!key)
        return -1;
    key_spki(key, spki);
    return 0;
}

EVP_PKEY *key_load(const char *uri, const char *dir, const char *pass,
                   struct errs *e)
{
    AUTO(free) char *path = NULL;

    if (strncmp(uri, "file:", 5) != 0 || uri[5] == '\0') {
        err_add(e, ERR_BAD_ARGUMENT,
                "\"%s\" is no key: \"file:\" and a path are expected", uri);
        return NULL;
    }
    uri += 5;
    path = uri[0] == '/' || !dir ? xstrdup(uri) : xasprintf("%s/%s", dir, uri);
    return file_load(path, pass, e);
}

bool key_is_encrypted(const char *path)
{
    static const char *const marks[] = {"-----BEGIN ENCRYPTED PRIVATE KEY",
                                        "Proc-Type: 4,ENCRYPTED"};
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    AUTO(secret) struct buf text = {0};

    if (fd < 0 || file_read(fd, &text))
        return false;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (memmem(text.data, text.len, marks[i], strlen(marks[i])))
            return true;
    return false;
}
