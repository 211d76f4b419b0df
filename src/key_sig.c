/* SPDX-License-Identifier: ISC */
/* AlgorithmIdentifier of signatures (RFC 4055, 5758, 8410). */
#include "key_sig.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mem.h"
#include "oid.h"

static const struct sig_info infos[SIG__MAX] = {
    [SIG_RSA_SHA256] = {KEY_RSA, DIGEST_SHA256, false, OID(RSA_SHA256),
                        "RSA with SHA-256"},
    [SIG_RSA_SHA384] = {KEY_RSA, DIGEST_SHA384, false, OID(RSA_SHA384),
                        "RSA with SHA-384"},
    [SIG_RSA_SHA512] = {KEY_RSA, DIGEST_SHA512, false, OID(RSA_SHA512),
                        "RSA with SHA-512"},
    [SIG_RSA_PSS_SHA256] = {KEY_RSA, DIGEST_SHA256, true, OID(RSA_PSS),
                            "RSA-PSS with SHA-256"},
    [SIG_RSA_PSS_SHA384] = {KEY_RSA, DIGEST_SHA384, true, OID(RSA_PSS),
                            "RSA-PSS with SHA-384"},
    [SIG_RSA_PSS_SHA512] = {KEY_RSA, DIGEST_SHA512, true, OID(RSA_PSS),
                            "RSA-PSS with SHA-512"},
    [SIG_ECDSA_SHA256] = {KEY_EC, DIGEST_SHA256, false, OID(ECDSA_SHA256),
                          "ECDSA with SHA-256"},
    [SIG_ECDSA_SHA384] = {KEY_EC, DIGEST_SHA384, false, OID(ECDSA_SHA384),
                          "ECDSA with SHA-384"},
    [SIG_ECDSA_SHA512] = {KEY_EC, DIGEST_SHA512, false, OID(ECDSA_SHA512),
                          "ECDSA with SHA-512"},
    [SIG_ED25519] = {KEY_ED25519, DIGEST_SHA512, false, OID(ED25519),
                     "Ed25519"},
};

/* Known only to be named. */
static const struct {
    const char *oid;
    size_t oid_len;
    const char *text;
} refused[] = {
    {OID(RSA_SHA1), "RSA with SHA-1"},
    {OID(RSA_MD5), "RSA with MD5"},
    {OID(RSA_MD2), "RSA with MD2"},
    {OID(RSA_SHA224), "RSA with SHA-224"},
    {OID(ECDSA_SHA1), "ECDSA with SHA-1"},
    {OID(ECDSA_SHA224), "ECDSA with SHA-224"},
    {OID(DSA_SHA1), "DSA with SHA-1"},
    {OID(DSA_SHA256), "DSA with SHA-256"},
    {OID(ED448), "Ed448"},
};

static const struct {
    enum sig_alg alg;
    enum digest digest;
    const char *oid;
    size_t oid_len;
} pss_hashes[] = {
    {SIG_RSA_PSS_SHA256, DIGEST_SHA256, OID(SHA256)},
    {SIG_RSA_PSS_SHA384, DIGEST_SHA384, OID(SHA384)},
    {SIG_RSA_PSS_SHA512, DIGEST_SHA512, OID(SHA512)},
};
enum { PSS_HASHES = COUNT(pss_hashes), SALT_DEFAULT = 20 };

const struct sig_info *sig_info(enum sig_alg a)
{
    if (a <= SIG_STOP || a >= SIG__MAX)
        abort();
    return &infos[a];
}

enum key_type sig_alg_key(enum sig_alg a)
{
    return sig_info(a)->type;
}

uint32_t sig_salt(enum sig_alg a)
{
    const struct sig_info *i = sig_info(a);

    return i->pss ? (uint32_t)digest_size(i->digest) : 0;
}

int sig_salt_judge(const struct sig *s, struct errs *e)
{
    const uint32_t least = sig_salt(s->alg);

    if (s->salt >= least)
        return 0;
    return err_add(e, ERR_BAD_SIGNATURE,
                   "the signature algorithm %s has a salt of %" PRIu32
                   " octets, which is shorter than the hash (%" PRIu32 ")",
                   sig_info(s->alg)->text, s->salt, least);
}

static int odd(struct errs *e, const char *what)
{
    return err_add(e, ERR_BAD_SIGNATURE,
                   "the signature algorithm is malformed: %s", what);
}

/* NULL, or nothing: RFC 4055 sections 2.1 and 5 want both accepted. */
static int null_or_nothing(struct der *params)
{
    struct der_tlv null;

    if (der_end(params))
        return 0;
    return der_get(params, DER_NULL, &null) || null.len || !der_end(params) ? -1
                                                                            : 0;
}

/* AlgorithmIdentifier of one of the hash functions: its index, or -1. */
static int pss_hash_parse(struct der *d)
{
    struct der alg;
    struct der_tlv oid;

    if (der_enter(d, DER_SEQUENCE, &alg) || der_get_oid(&alg, &oid) ||
        null_or_nothing(&alg))
        return -1;
    for (int i = 0; i < PSS_HASHES; i++)
        if (der_oid_is(&oid, pss_hashes[i].oid, pss_hashes[i].oid_len))
            return i;
    return -1;
}

/* The mask's hash function: its index, or -1. */
static int pss_mask_parse(struct der *d)
{
    struct der alg;
    struct der_tlv oid;
    int hash;

    if (der_enter(d, DER_SEQUENCE, &alg) || der_get_oid(&alg, &oid) ||
        !der_oid_is(&oid, OID(MGF1)))
        return -1;
    hash = pss_hash_parse(&alg);
    return der_end(&alg) ? hash : -1;
}

/* RFC 4055 section 3.1: one hash for all; the defaults mean SHA-1, and the
 * trailer has no other value. */
static int pss_parse(struct der *params, struct sig *out, struct errs *e)
{
    struct der seq, hash, mask, salt;
    int h, told;

    if (der_enter(params, DER_SEQUENCE, &seq) || !der_end(params))
        return odd(e, "RSA-PSS without its parameters");
    if (der_enter_opt(&seq, DER_CTX_CONS(0), &hash) != 1)
        return odd(e, "RSA-PSS with SHA-1");
    h = pss_hash_parse(&hash);
    if (h < 0 || !der_end(&hash))
        return odd(e, "RSA-PSS with a hash that is not SHA-256, SHA-384 or "
                      "SHA-512");
    if (der_enter_opt(&seq, DER_CTX_CONS(1), &mask) != 1 ||
        pss_mask_parse(&mask) != h || !der_end(&mask))
        return odd(e, "RSA-PSS with a mask that is not MGF1 with the same "
                      "hash");
    out->salt = SALT_DEFAULT;
    told = der_enter_opt(&seq, DER_CTX_CONS(2), &salt);
    if (told < 0 ||
        (told && (der_get_int31(&salt, &out->salt) || !der_end(&salt))) ||
        out->salt > KEY_RSA_MAX / 8 || !der_end(&seq))
        return odd(e, "RSA-PSS with odd parameters");
    if (told && out->salt == SALT_DEFAULT)
        return odd(e, "RSA-PSS with a salt of 20 octets, which DER leaves out");
    out->alg = pss_hashes[h].alg;
    return 0;
}

static int unknown(const struct der_tlv *oid, struct errs *e)
{
    char text[200];
    const char *name = text;

    der_oid_print(text, sizeof(text), oid->val, oid->len);
    for (size_t i = 0; i < COUNT(refused); i++)
        if (der_oid_is(oid, refused[i].oid, refused[i].oid_len))
            name = refused[i].text;
    return err_add(e, ERR_BAD_SIGNATURE,
                   "the signature algorithm %s is not accepted", name);
}

int sig_alg_parse(struct der *d, struct sig *out, struct errs *e)
{
    struct der seq;
    struct der_tlv oid;

    out->salt = 0;
    if (der_enter(d, DER_SEQUENCE, &seq) || der_get_oid(&seq, &oid))
        return odd(e, "it is not an AlgorithmIdentifier in DER");
    if (der_oid_is(&oid, OID(RSA_PSS)))
        return pss_parse(&seq, out, e);
    for (int a = SIG_STOP + 1; a < SIG__MAX; a++) {
        const struct sig_info *i = &infos[a];

        if (!der_oid_is(&oid, i->oid, i->oid_len))
            continue;
        if (i->type == KEY_RSA ? null_or_nothing(&seq) : !der_end(&seq))
            return odd(e, "it has parameters");
        out->alg = (enum sig_alg)a;
        return 0;
    }
    return unknown(&oid, e);
}

static void pss_hash_put(struct buf *b, const struct sig_info *i)
{
    size_t at = der_open(b, DER_SEQUENCE);

    for (int h = 0; h < PSS_HASHES; h++)
        if (pss_hashes[h].digest == i->digest)
            der_put_oid(b, pss_hashes[h].oid, pss_hashes[h].oid_len);
    der_put_null(b);
    der_close(b, at);
}

static void pss_put(struct buf *b, const struct sig_info *i)
{
    size_t params = der_open(b, DER_SEQUENCE), at, mask;

    at = der_open(b, DER_CTX_CONS(0));
    pss_hash_put(b, i);
    der_close(b, at);
    at = der_open(b, DER_CTX_CONS(1));
    mask = der_open(b, DER_SEQUENCE);
    der_put_oid(b, OID(MGF1));
    pss_hash_put(b, i);
    der_close(b, mask);
    der_close(b, at);
    at = der_open(b, DER_CTX_CONS(2));
    der_put_int(b, (uint32_t)digest_size(i->digest));
    der_close(b, at);
    der_close(b, params);
}

void sig_alg_put(struct buf *b, enum sig_alg a)
{
    const struct sig_info *i = sig_info(a);
    size_t at = der_open(b, DER_SEQUENCE);

    der_put_oid(b, i->oid, i->oid_len);
    if (i->pss)
        pss_put(b, i);
    else if (i->type == KEY_RSA)
        der_put_null(b);
    der_close(b, at);
}
