/* SPDX-License-Identifier: ISC */
#include "key_sig.h"

#include <stdlib.h>

#include <openssl/rsa.h>

#include "mem.h"

struct key_signer {
    EVP_PKEY *key;
    enum sig_alg alg;
    enum digest digest;
    EVP_MD_CTX *md;
    EVP_PKEY_CTX *ctx; /* NULL: Ed25519 */
    size_t max;        /* octets of the longest signature */
};

static enum sig_alg alg_of(EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519"))
        return SIG_ED25519;
    if (EVP_PKEY_is_a(key, "RSA"))
        return SIG_RSA_SHA256;
    if (!EVP_PKEY_is_a(key, "EC"))
        abort();
    return EVP_PKEY_get_bits(key) > 384   ? SIG_ECDSA_SHA512
           : EVP_PKEY_get_bits(key) > 256 ? SIG_ECDSA_SHA384
                                          : SIG_ECDSA_SHA256;
}

struct key_signer *key_signer_new(EVP_PKEY *key)
{
    struct key_signer *s = xcalloc(1, sizeof(*s));
    int max = EVP_PKEY_get_size(key);

    s->alg = alg_of(key);
    s->digest = sig_info(s->alg)->digest;
    if (!EVP_PKEY_up_ref(key) || max <= 0 || !(s->md = EVP_MD_CTX_new()))
        abort();
    s->key = key;
    s->max = (size_t)max;
    if (s->alg == SIG_ED25519)
        return s;
    s->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!s->ctx || EVP_PKEY_sign_init(s->ctx) <= 0)
        abort();
    if (s->alg == SIG_RSA_SHA256 &&
        EVP_PKEY_CTX_set_rsa_padding(s->ctx, RSA_PKCS1_PADDING) <= 0)
        abort();
    if (EVP_PKEY_CTX_set_signature_md(s->ctx, digest_md(s->digest)) <= 0)
        abort();
    return s;
}

void key_signer_free(struct key_signer *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->md);
    EVP_PKEY_CTX_free(s->ctx);
    EVP_PKEY_free(s->key);
    free(s);
}

enum sig_alg key_signer_alg(const struct key_signer *s)
{
    return s->alg;
}

bool key_signer_streams(const struct key_signer *s)
{
    return s->ctx != NULL;
}

void key_sign_init(struct key_signer *s)
{
    if (!s->ctx || !EVP_DigestInit_ex2(s->md, digest_md(s->digest), NULL))
        abort();
}

void key_sign_update(struct key_signer *s, const void *p, size_t len)
{
    if (!EVP_DigestUpdate(s->md, p, len))
        abort();
}

void key_sign_final(struct key_signer *s, struct buf *sig)
{
    uint8_t sum[DIGEST_SIZE_MAX], *out;
    size_t was = sig->len, len = s->max;

    if (!EVP_DigestFinal_ex(s->md, sum, NULL))
        abort();
    out = buf_extend(sig, s->max);
    if (EVP_PKEY_sign(s->ctx, out, &len, sum, digest_size(s->digest)) <= 0)
        abort();
    sig->len = was + len;
}

/* RFC 8032 hashes twice, so it wants everything at once. */
static void ed25519_sign(struct key_signer *s, const void *tbs, size_t len,
                         struct buf *sig)
{
    size_t was = sig->len, n = s->max;
    uint8_t *out = buf_extend(sig, s->max);

    if (!EVP_MD_CTX_reset(s->md) ||
        EVP_DigestSignInit_ex(s->md, NULL, NULL, NULL, NULL, s->key, NULL) <=
            0 ||
        EVP_DigestSign(s->md, out, &n, tbs, len) <= 0)
        abort();
    sig->len = was + n;
}

void key_sign(struct key_signer *s, const void *tbs, size_t len,
              struct buf *sig)
{
    if (s->alg == SIG_ED25519) {
        ed25519_sign(s, tbs, len, sig);
        return;
    }
    key_sign_init(s);
    key_sign_update(s, tbs, len);
    key_sign_final(s, sig);
}

int key_pair_judge(struct key_verifier *v, const struct key_pub *k,
                   struct key_signer *s, struct errs *e)
{
    static const uint8_t text[] = "pocketca";
    AUTO(buf) struct buf made = {0};
    struct sig sig = {.tbs = text, .tbs_len = sizeof(text), .alg = s->alg};

    key_sign(s, text, sizeof(text), &made);
    sig.value = made.data;
    sig.len = made.len;
    return key_verify(v, k, &sig, e);
}
