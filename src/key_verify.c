/* SPDX-License-Identifier: ISC */
/*
 * Verification.  OpenSSL decodes a SubjectPublicKeyInfo through chains of
 * decoders that share locks, so none is ever given to it: an EC key is one
 * EVP_PKEY for each curve and thread whose point is set anew, an RSA key is
 * made from its two numbers.
 */
#include "key_sig.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "mem.h"

AUTO_DEFINE(evp_pkey_ctx, EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

enum { CURVES = CURVE_P521 + 1 };

struct key_verifier {
    EVP_MD_CTX *md;
    /* The context holds the key, so a new point is a new key for it too. */
    struct {
        EVP_PKEY *key;
        EVP_PKEY_CTX *ctx;
    } ec[CURVES];
    EVP_PKEY_CTX *rsa; /* makes keys from their numbers */
};

static void ec_new(struct key_verifier *v, enum key_curve c)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)key_curve_text(c), 0),
        OSSL_PARAM_construct_end()};
    AUTO(evp_pkey_ctx)
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    if (!make || EVP_PKEY_fromdata_init(make) <= 0 ||
        EVP_PKEY_fromdata(make, &v->ec[c].key, EVP_PKEY_KEY_PARAMETERS,
                          params) <= 0)
        abort();
    v->ec[c].ctx = EVP_PKEY_CTX_new_from_pkey(NULL, v->ec[c].key, NULL);
    if (!v->ec[c].ctx || EVP_PKEY_verify_init(v->ec[c].ctx) <= 0)
        abort();
}

struct key_verifier *key_verifier_new(void)
{
    struct key_verifier *v = xcalloc(1, sizeof(*v));

    if (!(v->md = EVP_MD_CTX_new()))
        abort();
    for (int c = CURVE_P256; c < CURVES; c++)
        ec_new(v, (enum key_curve)c);
    v->rsa = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!v->rsa || EVP_PKEY_fromdata_init(v->rsa) <= 0)
        abort();
    return v;
}

void key_verifier_free(struct key_verifier *v)
{
    if (!v)
        return;
    EVP_MD_CTX_free(v->md);
    EVP_PKEY_CTX_free(v->rsa);
    for (int c = 0; c < CURVES; c++) {
        EVP_PKEY_CTX_free(v->ec[c].ctx);
        EVP_PKEY_free(v->ec[c].key);
    }
    free(v);
}

static int wrong(struct errs *e)
{
    return err_add(e, ERR_BAD_SIGNATURE,
                   "the signature was not made by the key it comes with, or "
                   "something was changed after it was signed");
}

/* RFC 3279 section 2.2.3: Ecdsa-Sig-Value, two positive numbers no longer
 * than the field. */
static bool ecdsa_sig_valid(const uint8_t *sig, size_t len, size_t field)
{
    struct der d = der_of(sig, len), seq;
    const uint8_t *p;
    size_t n;

    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d))
        return false;
    for (int i = 0; i < 2; i++)
        if (der_get_uint(&seq, &p, &n) || n > field || p[0] == 0)
            return false;
    return der_end(&seq);
}

static int ec_verify(struct key_verifier *v, const struct key_pub *k,
                     const uint8_t *sum, const struct sig *s, struct errs *e)
{
    if (EVP_PKEY_set1_encoded_public_key(v->ec[k->curve].key, k->point,
                                         k->point_len) <= 0)
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the key is never certified: its point is not on the "
                       "curve %s",
                       key_curve_text(k->curve));
    if (!ecdsa_sig_valid(s->value, s->len, k->point_len / 2))
        return err_add(e, ERR_BAD_SIGNATURE,
                       "the signature is not an ECDSA signature in DER");
    return EVP_PKEY_verify(v->ec[k->curve].ctx, s->value, s->len, sum,
                           digest_size(sig_info(s->alg)->digest)) == 1
               ? 0
               : wrong(e);
}

/* A number as OSSL_PARAM has it: in the order of this machine. */
static OSSL_PARAM number(const char *name, uint8_t *out, const uint8_t *p,
                         size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? len - 1 - i : i] = p[i];
    return OSSL_PARAM_construct_BN(name, out, len);
}

static EVP_PKEY *rsa_make(struct key_verifier *v, const struct key_pub *k)
{
    uint8_t n[KEY_RSA_MAX / 8], exp[8];
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[3];

    if (k->n_len > sizeof(n) || k->exp_len > sizeof(exp))
        abort();
    params[0] = number(OSSL_PKEY_PARAM_RSA_N, n, k->n, k->n_len);
    params[1] = number(OSSL_PKEY_PARAM_RSA_E, exp, k->exp, k->exp_len);
    params[2] = OSSL_PARAM_construct_end();
    if (EVP_PKEY_fromdata(v->rsa, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        return NULL;
    return key;
}

static int rsa_verify(struct key_verifier *v, const struct key_pub *k,
                      const uint8_t *sum, const struct sig *s, struct errs *e)
{
    const struct sig_info *i = sig_info(s->alg);
    AUTO(evp_pkey) EVP_PKEY *key = rsa_make(v, k);
    AUTO(evp_pkey_ctx) EVP_PKEY_CTX *ctx = NULL;
    const EVP_MD *md = digest_md(i->digest);
    int padding = i->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

    if (!key)
        return err_add(e, ERR_KEY_WEAK, "the RSA key cannot be used");
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!ctx || EVP_PKEY_verify_init(ctx) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
        abort();
    if (i->pss && (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) <= 0 ||
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)s->salt) <= 0))
        abort();
    if (EVP_PKEY_verify(ctx, s->value, s->len, sum, digest_size(i->digest)) !=
        1)
        return wrong(e);
    return key_rsa_weak(k, e);
}

static int ed25519_verify(const struct key_pub *k, const struct sig *s,
                          struct errs *e)
{
    /* Of its own: one that verified is no longer one that hashes. */
    AUTO(evp_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AUTO(evp_pkey)
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
                                                   k->point, k->point_len);

    if (!ctx || !key ||
        EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) <= 0)
        abort();
    return EVP_DigestVerify(ctx, s->value, s->len, s->tbs, s->tbs_len) == 1
               ? 0
               : wrong(e);
}

static int judge_type(const struct key_pub *k, enum sig_alg alg, struct errs *e)
{
    const struct sig_info *i = sig_info(alg);

    if (i->type == k->type)
        return 0;
    return err_add(e, ERR_BAD_SIGNATURE,
                   "the signature algorithm %s does not fit a key of type %s",
                   i->text, key_type_text(k->type));
}

void key_verify_init(struct key_verifier *v, enum sig_alg alg)
{
    if (!EVP_DigestInit_ex2(v->md, digest_md(sig_info(alg)->digest), NULL))
        abort();
}

void key_verify_update(struct key_verifier *v, const void *p, size_t len)
{
    if (!EVP_DigestUpdate(v->md, p, len))
        abort();
}

int key_verify_final(struct key_verifier *v, const struct key_pub *k,
                     const struct sig *s, struct errs *e)
{
    uint8_t sum[DIGEST_SIZE_MAX];
    int r;

    if (judge_type(k, s->alg, e))
        return -1;
    if (!EVP_DigestFinal_ex(v->md, sum, NULL))
        abort();
    r = k->type == KEY_EC ? ec_verify(v, k, sum, s, e)
                          : rsa_verify(v, k, sum, s, e);
    if (r)
        ERR_clear_error();
    return r;
}

int key_verify(struct key_verifier *v, const struct key_pub *k,
               const struct sig *s, struct errs *e)
{
    int r;

    if (judge_type(k, s->alg, e))
        return -1;
    if (k->type != KEY_ED25519) {
        key_verify_init(v, s->alg);
        key_verify_update(v, s->tbs, s->tbs_len);
        return key_verify_final(v, k, s, e);
    }
    r = ed25519_verify(k, s, e);
    if (r)
        ERR_clear_error();
    return r;
}

const char *key_refused(const struct errs *why)
{
    const struct err_item *first = errs_first(why);

    return first->code == ERR_BAD_SIGNATURE ? NULL : first->detail;
}
