/* SPDX-License-Identifier: ISC */
/* Reading of a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
#include "key.h"

#include <inttypes.h>
#include <string.h>

#include "digest.h"
#include "mem.h"
#include "oid.h"

enum { ED25519_LEN = 32 };

static int bad(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_CSR, "the public key is malformed: %s", what);
}

static int refused(struct errs *e, const char *what)
{
    return err_add(e, ERR_KEY_NOT_ALLOWED, "the key is never certified: %s",
                   what);
}

static int weak(struct errs *e, const char *what)
{
    return err_add(e, ERR_KEY_WEAK, "the key is weak: %s", what);
}

static int bit_length(const uint8_t *p, size_t len)
{
    int bits = (int)len * 8;

    for (unsigned top = p[0]; top < 0x80; top = top << 1 | 1)
        bits--;
    return bits;
}

static int exponent_judge(const struct key_pub *k, struct errs *e)
{
    uint64_t v = 0;

    for (size_t i = 0; i < k->exp_len && i < sizeof(v); i++)
        v = v << 8 | k->exp[i];
    if (k->exp_len > sizeof(v))
        return err_add(e, ERR_KEY_WEAK,
                       "the key is weak: its RSA exponent is not 65537 but a "
                       "number of %d bits",
                       bit_length(k->exp, k->exp_len));
    if (v == 65537)
        return 0;
    return err_add(
        e, ERR_KEY_WEAK,
        "the key is weak: its RSA exponent is not 65537 but %" PRIu64, v);
}

/* What needs no arithmetic. */
static int rsa_judge(const struct key_pub *k, struct errs *e)
{
    int r = 0;

    if (k->bits < KEY_RSA_MIN)
        r = err_add(e, ERR_KEY_WEAK,
                    "the RSA modulus has %d bits; %d are the least", k->bits,
                    KEY_RSA_MIN);
    if (!(k->n[k->n_len - 1] & 1))
        r = weak(e, "its RSA modulus is even");
    return exponent_judge(k, e) ? -1 : r;
}

/* RFC 3279 section 2.3.1: parameters NULL, RSAPublicKey in the bits. */
static int rsa_parse(struct key_pub *k, struct der *params, struct errs *e)
{
    struct der d = der_of(k->point, k->point_len), seq;
    struct der_tlv null;

    if (der_get(params, DER_NULL, &null) || null.len || !der_end(params))
        return bad(e, "the parameters of an RSA key are not NULL");
    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d) ||
        der_get_uint(&seq, &k->n, &k->n_len) ||
        der_get_uint(&seq, &k->exp, &k->exp_len) || !der_end(&seq))
        return bad(e, "an RSA key is a SEQUENCE of modulus and exponent, "
                      "both positive");
    if (k->n_len > KEY_RSA_MAX) /* octets: so bit_length() cannot overflow */
        return refused(e, "its RSA modulus has far too many bits");
    k->bits = k->n[0] ? bit_length(k->n, k->n_len) : 0;
    if (k->bits > KEY_RSA_MAX)
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the RSA modulus has %d bits; %d are the most", k->bits,
                       KEY_RSA_MAX);
    k->type = KEY_RSA;
    return rsa_judge(k, e);
}

static const struct curve {
    enum key_curve curve; /* CURVE_NONE: known only to be named */
    int bits;
    const char *name, *oid;
    size_t oid_len;
} curve_table[] = {
    {CURVE_P256, 256, "P-256", OID(P256)},
    {CURVE_P384, 384, "P-384", OID(P384)},
    {CURVE_P521, 521, "P-521", OID(P521)},
    {CURVE_NONE, 192, "P-192", OID(P192)},
    {CURVE_NONE, 224, "P-224", OID(P224)},
    {CURVE_NONE, 256, "secp256k1", OID(SECP256K1)},
    {CURVE_NONE, 256, "brainpoolP256r1", OID(BRAINPOOL_P256R1)},
    {CURVE_NONE, 384, "brainpoolP384r1", OID(BRAINPOOL_P384R1)},
    {CURVE_NONE, 512, "brainpoolP512r1", OID(BRAINPOOL_P512R1)},
};

/* RFC 5480 section 2.1.1: namedCurve is the only choice. */
static int curve_parse(const struct curve **out, struct der *params,
                       struct errs *e)
{
    struct der_tlv oid;
    char text[200];

    if (der_peek(params) == DER_SEQUENCE)
        return refused(e, "its curve is given by explicit parameters");
    if (der_peek(params) == DER_NULL)
        return refused(e, "its curve is implicit");
    if (der_get_oid(params, &oid) || !der_end(params))
        return bad(e, "an EC key names its curve by one OID");
    for (size_t i = 0; i < COUNT(curve_table); i++) {
        const struct curve *c = &curve_table[i];

        if (!der_oid_is(&oid, c->oid, c->oid_len))
            continue;
        *out = c;
        if (c->curve != CURVE_NONE)
            return 0;
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the key is never certified: its curve is %s", c->name);
    }
    der_oid_print(text, sizeof(text), oid.val, oid.len);
    return err_add(e, ERR_KEY_NOT_ALLOWED,
                   "the key is never certified: its curve is %s", text);
}

/* SEC 1 section 2.3.3: the first octet says the form. */
static int ec_parse(struct key_pub *k, struct der *params, struct errs *e)
{
    const struct curve *c = NULL;
    size_t field;

    if (curve_parse(&c, params, e))
        return -1;
    field = ((size_t)c->bits + 7) / 8;
    if (k->point_len == 0)
        return bad(e, "an EC key has no point");
    if (k->point[0] == 0 && k->point_len == 1)
        return refused(e, "its point is the point at infinity");
    if ((k->point[0] == 2 || k->point[0] == 3) && k->point_len == 1 + field)
        return refused(e, "its point is compressed");
    if ((k->point[0] == 6 || k->point[0] == 7) && k->point_len == 1 + 2 * field)
        return refused(e, "its point is in hybrid form");
    if (k->point[0] != 4 || k->point_len != 1 + 2 * field)
        return bad(e, "an EC point has another form or length");
    k->type = KEY_EC;
    k->curve = c->curve;
    k->bits = c->bits;
    return 0;
}

/* y (little-endian, sign bit cleared) of the points whose order divides 8:
 * for these anybody can make a signature. */
static const char low_order[][ED25519_LEN + 1] = {
    {0},
    {1},
    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
};

/* RFC 8032 section 5.1.3: y is below 2^255 - 19. */
static bool ed25519_canonical(const uint8_t y[ED25519_LEN])
{
    if (y[0] < 0xed || y[ED25519_LEN - 1] != 0x7f)
        return true;
    for (int i = 1; i < ED25519_LEN - 1; i++)
        if (y[i] != 0xff)
            return true;
    return false;
}

/* RFC 8410 sections 3 and 4: no parameters, 32 octets. */
static int ed25519_parse(struct key_pub *k, struct der *params, struct errs *e)
{
    uint8_t y[ED25519_LEN];

    if (!der_end(params))
        return bad(e, "an Ed25519 key has parameters");
    if (k->point_len != ED25519_LEN)
        return bad(e, "an Ed25519 key has not 32 octets");
    memcpy(y, k->point, sizeof(y));
    y[ED25519_LEN - 1] &= 0x7f;
    if (!ed25519_canonical(y))
        return bad(e, "an Ed25519 key is not in its canonical form");
    k->type = KEY_ED25519;
    k->bits = 256;
    for (size_t i = 0; i < COUNT(low_order); i++)
        if (memcmp(y, low_order[i], sizeof(y)) == 0)
            return weak(e, "its Ed25519 point has small order");
    return 0;
}

static const struct algorithm {
    const char *name, *oid;
    size_t oid_len;
    int (*parse)(struct key_pub *k, struct der *params, struct errs *e);
} algorithms[] = {
    {"EC", OID(EC), ec_parse},
    {"RSA", OID(RSA), rsa_parse},
    {"Ed25519", OID(ED25519), ed25519_parse},
    {"RSA for PSS only", OID(RSA_PSS), NULL},
    {"DSA", OID(DSA), NULL},
    {"Diffie-Hellman", OID(DH), NULL},
    {"Diffie-Hellman", OID(X942_DH), NULL},
    {"EC for ECDH only", OID(ECDH), NULL},
    {"X25519", OID(X25519), NULL},
    {"X448", OID(X448), NULL},
    {"Ed448", OID(ED448), NULL},
};

static int algorithm_parse(struct key_pub *k, const struct der_tlv *oid,
                           struct der *params, struct errs *e)
{
    char text[200];

    for (size_t i = 0; i < COUNT(algorithms); i++) {
        const struct algorithm *a = &algorithms[i];

        if (!der_oid_is(oid, a->oid, a->oid_len))
            continue;
        if (a->parse)
            return a->parse(k, params, e);
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "the key is never certified: its algorithm is %s",
                       a->name);
    }
    der_oid_print(text, sizeof(text), oid->val, oid->len);
    return err_add(e, ERR_KEY_NOT_ALLOWED,
                   "the key is never certified: its algorithm is %s", text);
}

int key_pub_parse(struct key_pub *out, const uint8_t *spki, size_t len,
                  struct errs *e)
{
    struct key_pub k = {.spki = spki, .spki_len = len};
    struct der d = der_of(spki, len), seq, alg;
    struct der_tlv oid;
    int r;

    *out = k;
    if (der_enter(&d, DER_SEQUENCE, &seq) || !der_end(&d) ||
        der_enter(&seq, DER_SEQUENCE, &alg) || der_get_oid(&alg, &oid) ||
        der_get_bits(&seq, &k.point, &k.point_len) || !der_end(&seq))
        return bad(e, "it is not a SubjectPublicKeyInfo in DER");
    r = algorithm_parse(&k, &oid, &alg, e);
    *out = k;
    return r;
}

void key_pub_sha256(const struct key_pub *k, uint8_t out[32])
{
    digest_sum(DIGEST_SHA256, k->spki, k->spki_len, out);
}

void key_pub_ski(const struct key_pub *k, uint8_t out[20])
{
    digest_sum(DIGEST_SHA1, k->point, k->point_len, out);
}
