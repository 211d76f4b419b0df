/* SPDX-License-Identifier: ISC */
/*
 * Keys: public ones read strictly from a SubjectPublicKeyInfo and used
 * through contexts that are made once a thread; private ones by URI.
 */
#ifndef POCKETCA_KEY_H
#define POCKETCA_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "buf.h"
#include "der.h"
#include "err.h"

AUTO_DEFINE(evp_pkey, EVP_PKEY *, EVP_PKEY_free)
AUTO_DEFINE(bio, BIO *, BIO_free_all)

enum key_type { KEY_STOP = 0, KEY_RSA, KEY_EC, KEY_ED25519, KEY__MAX };
enum key_curve { CURVE_NONE = 0, CURVE_P256, CURVE_P384, CURVE_P521 };
/* Bits of an RSA modulus; profiles draw the line closer. */
enum { KEY_RSA_MIN = 2048, KEY_RSA_MAX = 8192 };

/* A public key as read; the pointers are into the SPKI's memory. */
struct key_pub {
    enum key_type type;
    enum key_curve curve;
    int bits; /* RSA: of the modulus; EC: of the field; Ed25519: 256 */
    const uint8_t *spki;
    size_t spki_len;
    const uint8_t *point; /* contents of the BIT STRING: EC: uncompressed
                             point; Ed25519: 32 octets; RSA: RSAPublicKey */
    size_t point_len;
    const uint8_t *n, *exp; /* RSA: modulus and exponent, no sign octet */
    size_t n_len, exp_len;
};

/* "rsa", "ec", "ed25519" */
const char *key_type_text(enum key_type t);
/* "P-256", …; NULL for CURVE_NONE */
const char *key_curve_text(enum key_curve c);

/* RFC 5480, 8410, 3279: strict reading and what needs no arithmetic: named
 * curve, uncompressed point of the right length, RSA modulus odd, exponent
 * 65537, at most 8192 bits, parameters as prescribed.  Adds ERR_BAD_CSR when it
 * is not DER or not a SubjectPublicKeyInfo, ERR_KEY_NOT_ALLOWED for an
 * algorithm, curve or form that is never certified (P-192, DSA, X25519,
 * explicit parameters, compressed, hybrid), ERR_KEY_WEAK for a key of ours
 * that is too weak (exponent, even modulus, under 2048 bits, small order). That
 * an EC point is on its curve is what key_verify() finds.  Of a key that is
 * refused *out has spki, and a type when it is one that policy can judge. */
int key_pub_parse(struct key_pub *out, const uint8_t *spki, size_t len,
                  struct errs *e);
/* What needs arithmetic, of an RSA key: -1 with ERR_KEY_WEAK for a modulus that
 * is prime, has a small factor or close primes, or is ROCA's.  Some
 * milliseconds, but microseconds for a modulus that passed lately; key_verify()
 * does it once the signature is right. */
int key_rsa_weak(const struct key_pub *k, struct errs *e);
/* SHA-256 over the SubjectPublicKeyInfo. */
void key_pub_sha256(const struct key_pub *k, uint8_t out[32]);
/* SHA-1 of the BIT STRING contents: method (1) of RFC 5280 4.2.1.2. */
void key_pub_ski(const struct key_pub *k, uint8_t out[20]);

/* "ec:P-256", "ed25519", "rsa:2048-4096", "rsa:3072"; else -1 with
 * ERR_BAD_ARGUMENT. */
struct key_rule {
    enum key_type type;
    enum key_curve curve;
    int min, max;
};
int key_rule_parse(struct key_rule *out, const char *text, struct errs *e);
bool key_rule_match(const struct key_rule *r, const struct key_pub *k);

/* Signature algorithms we accept and make. */
enum sig_alg {
    SIG_STOP = 0,
    SIG_RSA_SHA256,
    SIG_RSA_SHA384,
    SIG_RSA_SHA512,
    SIG_RSA_PSS_SHA256, /* RFC 4055, salt 32, MGF1 with the same hash */
    SIG_RSA_PSS_SHA384,
    SIG_RSA_PSS_SHA512,
    SIG_ECDSA_SHA256,
    SIG_ECDSA_SHA384,
    SIG_ECDSA_SHA512,
    SIG_ED25519,
    SIG__MAX
};
/* What is signed and its signature, as certificates, CRLs and CSRs are made of;
 * the pointers are into the DER. */
struct sig {
    const uint8_t *tbs; /* TBSCertificate and the like, with tag and length */
    size_t tbs_len;
    enum sig_alg alg;
    uint32_t salt; /* octets of that of RSA-PSS, of whatever length: OpenSSL
                      makes it as long as the key has room; 0 for all else */
    const uint8_t *value; /* contents of the BIT STRING */
    size_t len;
};
/* An AlgorithmIdentifier, the next element of d, to out's alg and salt; adds
 * ERR_BAD_SIGNATURE (with the name of what it is: SHA-1, MD5, odd PSS
 * parameters …). */
int sig_alg_parse(struct der *d, struct sig *out, struct errs *e);
/* As long as the salt of RSA-PSS is to be, in octets: as the hash (RFC 4055
 * section 3.1); 0 for all else. */
uint32_t sig_salt(enum sig_alg a);
/* -1 with ERR_BAD_SIGNATURE when the salt is shorter than that. */
int sig_salt_judge(const struct sig *s, struct errs *e);
void sig_alg_put(struct buf *b, enum sig_alg a);
/* The type of the keys that make it. */
enum key_type sig_alg_key(enum sig_alg a);

/* Everything a thread needs to verify, allocated once; not shared. */
struct key_verifier;
struct key_verifier *key_verifier_new(void);
void key_verifier_free(struct key_verifier *v);
AUTO_DEFINE(key_verifier, struct key_verifier *, key_verifier_free)
/* 0 when it is k's signature over the octets; -1 with ERR_BAD_SIGNATURE when
 * not, or when its algorithm is another key type's; -1 with ERR_KEY_NOT_ALLOWED
 * when the point is not on the curve, and with what key_rsa_weak() finds. */
int key_verify(struct key_verifier *v, const struct key_pub *k,
               const struct sig *s, struct errs *e);
/* Why the key is none to sign with, of what that said; NULL: the signature is
 * not the key's. */
const char *key_refused(const struct errs *why);
/* The same over something too long for memory, tbs of which is not looked at.
 * Not for SIG_ED25519, which wants everything at once. */
void key_verify_init(struct key_verifier *v, enum sig_alg alg);
void key_verify_update(struct key_verifier *v, const void *p, size_t len);
int key_verify_final(struct key_verifier *v, const struct key_pub *k,
                     const struct sig *s, struct errs *e);

/* A private key for signing, one for each thread. */
struct key_signer;
struct key_signer *key_signer_new(EVP_PKEY *key);
void key_signer_free(struct key_signer *s);
AUTO_DEFINE(key_signer, struct key_signer *, key_signer_free)
enum sig_alg key_signer_alg(const struct key_signer *s);
/* Appends the signature octets (no BIT STRING).  A failure of OpenSSL ends the
 * process: a key that stops signing is a fault of our own. */
void key_sign(struct key_signer *s, const void *tbs, size_t len,
              struct buf *sig);
/* The same over something too long for memory: init, update …, final.  Not
 * for Ed25519 (one-shot): key_signer_streams() says so. */
bool key_signer_streams(const struct key_signer *s);
void key_sign_init(struct key_signer *s);
void key_sign_update(struct key_signer *s, const void *p, size_t len);
void key_sign_final(struct key_signer *s, struct buf *sig);
/* Signs something and verifies it: 0 when s is the private half of k, -1 as
 * key_verify(). */
int key_pair_judge(struct key_verifier *v, const struct key_pub *k,
                   struct key_signer *s, struct errs *e);

/* Private keys. */
/* "ec:P-256", "ec:P-384", "ed25519", "rsa:2048" … "rsa:4096". */
EVP_PKEY *key_generate(const char *spec, struct errs *e);
/* PKCS#8 PEM, encrypted (PBES2: PBKDF2-HMAC-SHA256 600 000, AES-256-CBC) when
 * pass is not NULL. */
void key_to_pem(EVP_PKEY *key, const char *pass, struct buf *out);
/* "file:PATH", relative to dir.  pass may be NULL: then an encrypted key is
 * refused at once (never a prompt of OpenSSL's).  Also refused: a file that
 * group or others may read. */
EVP_PKEY *key_load(const char *uri, const char *dir, const char *pass,
                   struct errs *e);
/* Appends the SubjectPublicKeyInfo of a private key in PEM, of whatever kind
 * and strength; path is for the reason. */
int key_public_half(const struct buf *pem, const char *path, const char *pass,
                    struct buf *spki, struct errs *e);
/* True when the PEM at path is an encrypted private key. */
bool key_is_encrypted(const char *path);
/* The key's SubjectPublicKeyInfo, appended. */
void key_spki(EVP_PKEY *key, struct buf *out);
/* "ec:P-256", "rsa:3072", "ed25519" of a parsed key. */
void key_pub_spec(const struct key_pub *k, char *out, size_t size);

#endif
