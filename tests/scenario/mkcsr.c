/* SPDX-License-Identifier: ISC */
/*
 * Makes a certificate signing request, good or odd, on standard output.  It
 * shares no code with the program under test: mkcsr_der.c, and OpenSSL for keys
 * and signatures.
 *
 *   -k FILE   private key (default: a new P-256 key)
 *   -r KIND   a weak RSA key instead: mkcsr_rsa.h has the kinds
 *   -S FILE   the SubjectPublicKeyInfo, DER, in place of that key's own
 *   -c CN -o O                 subject; %XX is an octet; -c may be repeated
 *   -R N      N further relative names in the subject
 *   -n KIND:VALUE              dns email uri (text with %XX), ip (hex),
 *                              other, dir; may be repeated
 *   -N N      N names n1.example.internal … in the SAN
 *   -x OID:C:HEX               a further extension, C is 1 when critical
 *   -s TAG    string type of the CN: 12 UTF8 (default), 30 BMP, 20 T61
 *   -H HASH   of the signature (sha256)
 *   -m ODD    one of the table below
 *   -f N      flip bit N of the finished DER
 *   -t N      only its first N octets
 *   -P        PEM;  -w TOKEN  as HTTP requests: every octet changed once
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "mem.h"
#include "mkcsr_der.h"
#include "mkcsr_rsa.h"

enum odd {
    ODD_NONE,
    ODD_FLIP_SIGNATURE,
    ODD_TRAILING,
    ODD_TWICE,
    ODD_INDEFINITE,
    ODD_HUGE_LENGTH,
    ODD_LONG_LENGTH,
    ODD_DEEP,
    ODD_BOOLEAN_01,
    ODD_VERSION_2,
    ODD_VERSION_NEGATIVE,
    ODD_LONG_OID,
    ODD_TWO_SAN,
    ODD_TWO_REQUESTS,
    ODD_TWO_VALUES,
    ODD_SAN_NOT_DER,
    ODD_SAN_EMPTY,
    ODD_ALGORITHM_OTHER,
};

static const struct {
    const char *name;
    enum odd odd;
} odds[] = {
    {"flip-signature", ODD_FLIP_SIGNATURE},
    {"trailing", ODD_TRAILING},
    {"twice", ODD_TWICE},
    {"indefinite", ODD_INDEFINITE},
    {"huge-length", ODD_HUGE_LENGTH},
    {"long-length", ODD_LONG_LENGTH},
    {"deep", ODD_DEEP},
    {"boolean-01", ODD_BOOLEAN_01},
    {"version-2", ODD_VERSION_2},
    {"version-negative", ODD_VERSION_NEGATIVE},
    {"long-oid", ODD_LONG_OID},
    {"two-san", ODD_TWO_SAN},
    {"two-requests", ODD_TWO_REQUESTS},
    {"two-values", ODD_TWO_VALUES},
    {"san-not-der", ODD_SAN_NOT_DER},
    {"san-empty", ODD_SAN_EMPTY},
    {"algorithm-other", ODD_ALGORITHM_OTHER},
};

static const char *cn[4], *org, *san[64], *ext[16], *hash = "sha256";
static const char *spki_path;
static int n_cn, n_san, n_ext, cn_tag = 12;
static long more_rdns, more_names;
static enum odd odd;

static void rdn(struct bytes *b, const char *type, int tag, const char *text)
{
    struct bytes *value = fresh(), *pair = fresh(), *set = fresh();

    oid(pair, type);
    put_text(value, text);
    wrap(pair, tag, value);
    wrap(set, 0x30, pair);
    wrap(b, 0x31, set);
}

static void subject(struct bytes *b)
{
    struct bytes *list = fresh();

    if (org)
        rdn(list, "2.5.4.10", 12, org);
    for (long i = 0; i < more_rdns; i++)
        rdn(list, "2.5.4.11", 12, "unit");
    for (int i = 0; i < n_cn; i++)
        rdn(list, "2.5.4.3", cn_tag, cn[i]);
    wrap(b, 0x30, list);
}

static void general_name(struct bytes *b, const char *spec)
{
    static const struct {
        const char *kind;
        int tag, hex;
    } kinds[] = {{"dns:", 0x82, 0}, {"email:", 0x81, 0}, {"uri:", 0x86, 0},
                 {"ip:", 0x87, 1}};
    struct bytes *value = fresh();

    for (size_t i = 0; i < COUNT(kinds); i++) {
        size_t n = strlen(kinds[i].kind);

        if (strncmp(spec, kinds[i].kind, n) != 0)
            continue;
        (kinds[i].hex ? put_hex : put_text)(value, spec + n);
        wrap(b, kinds[i].tag, value);
        return;
    }
    if (strncmp(spec, "other:", 6) == 0) {
        struct bytes *inner = fresh();

        oid(value, "1.3.6.1.4.1.311.20.2.3");
        tlv(inner, 12, spec + 6, strlen(spec + 6));
        wrap(value, 0xa0, inner);
        wrap(b, 0xa0, value);
        return;
    }
    if (strncmp(spec, "dir:", 4) != 0)
        die("kind of name");
    rdn(value, "2.5.4.3", 12, spec + 4);
    {
        struct bytes *name = fresh();

        wrap(name, 0x30, value);
        wrap(b, 0xa4, name);
    }
}

static void extension(struct bytes *b, const char *id, int critical,
                      const struct bytes *value)
{
    struct bytes *e = fresh();
    unsigned char yes = odd == ODD_BOOLEAN_01 ? 0x01 : 0xff;

    oid(e, id);
    if (critical || odd == ODD_BOOLEAN_01)
        tlv(e, 0x01, &yes, 1);
    tlv(e, 0x04, value->v, value->n);
    wrap(b, 0x30, e);
}

static void san_extension(struct bytes *b)
{
    struct bytes *list = fresh(), *value = fresh();

    for (int i = 0; i < n_san; i++)
        general_name(list, san[i]);
    for (long i = 1; i <= more_names; i++) {
        char name[64];

        snprintf(name, sizeof(name), "dns:n%ld.example.internal", i);
        general_name(list, name);
    }
    wrap(value, 0x30, list);
    if (odd == ODD_SAN_NOT_DER) {
        value->n = 0;
        put(value, "\x30\x80\x82\x01\x61\x00\x00", 7);
    }
    extension(b, "2.5.29.17", 0, value);
    free(value);
}

static void further_extension(struct bytes *b, const char *spec)
{
    char id[256];
    const char *colon = strchr(spec, ':');
    struct bytes *value = fresh();

    if (!colon || (size_t)(colon - spec) >= sizeof(id) || !colon[1] ||
        colon[2] != ':')
        die("extension");
    memcpy(id, spec, (size_t)(colon - spec));
    id[colon - spec] = 0;
    put_hex(value, colon + 3);
    extension(b, id, colon[1] == '1', value);
    free(value);
}

static void extensions(struct bytes *b)
{
    struct bytes *list = fresh();

    if (n_san || more_names || odd == ODD_SAN_NOT_DER || odd == ODD_SAN_EMPTY)
        san_extension(list);
    if (odd == ODD_TWO_SAN)
        san_extension(list);
    for (int i = 0; i < n_ext; i++)
        further_extension(list, ext[i]);
    if (odd == ODD_LONG_OID) {
        struct bytes *e = fresh();
        unsigned char id[80];

        memset(id, 0x81, sizeof(id));
        id[0] = 0x2a;
        id[sizeof(id) - 1] = 1;
        tlv(e, 0x06, id, sizeof(id));
        tlv(e, 0x04, "\x05", 2);
        wrap(list, 0x30, e);
    }
    wrap(b, 0x30, list);
}

static void extension_request(struct bytes *b)
{
    struct bytes *attribute = fresh(), *set = fresh();

    oid(attribute, "1.2.840.113549.1.9.14");
    extensions(set);
    if (odd == ODD_TWO_VALUES)
        extensions(set);
    wrap(attribute, 0x31, set);
    wrap(b, 0x30, attribute);
}

static void attributes(struct bytes *b)
{
    struct bytes *list = fresh();

    if (n_san || more_names || n_ext || odd != ODD_NONE)
        extension_request(list);
    if (odd == ODD_TWO_REQUESTS)
        extension_request(list);
    if (odd == ODD_DEEP) {
        struct bytes *deep = fresh();

        for (int i = 0; i < 2000; i++) {
            struct bytes *outer = fresh();

            wrap(outer, 0x30, deep);
            deep = outer;
        }
        put(list, deep->v, deep->n);
        free(deep);
    }
    wrap(b, 0xa0, list);
}

static void spki(struct bytes *b, EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int n;

    if (spki_path) {
        put_file(b, spki_path);
        return;
    }
    n = i2d_PUBKEY(key, &der);
    if (n <= 0)
        die("public key");
    put(b, der, (size_t)n);
    OPENSSL_free(der);
}

static struct bytes *request_info(EVP_PKEY *key)
{
    struct bytes *inner = fresh(), *info = fresh();
    unsigned char version = odd == ODD_VERSION_2          ? 2
                            : odd == ODD_VERSION_NEGATIVE ? 0xff
                                                          : 0;

    tlv(inner, 0x02, &version, 1);
    subject(inner);
    spki(inner, key);
    attributes(inner);
    wrap(info, 0x30, inner);
    return info;
}

/* Algorithm identifier and signature, both by OpenSSL over a dummy object, so
 * that each kind of key gets what OpenSSL gives it. */
static void sign(struct bytes *b, EVP_PKEY *key, const struct bytes *info)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int id = EVP_PKEY_get_id(key), nid;
    int plain = id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448;
    const EVP_MD *md = plain ? NULL : EVP_get_digestbyname(hash);
    struct bytes *alg = fresh(), *bits = fresh();
    unsigned char sig[4096];
    size_t n = sizeof(sig);

    if (!ctx || (!plain && !md) ||
        EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
        EVP_DigestSign(ctx, sig, &n, info->v, info->n) != 1)
        die("signature");
    EVP_MD_CTX_free(ctx);
    if (plain)
        nid = id;
    else if (!OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md), id))
        die("algorithm");
    if (odd == ODD_ALGORITHM_OTHER)
        nid = id == EVP_PKEY_RSA ? NID_ecdsa_with_SHA256
                                 : NID_sha256WithRSAEncryption;
    {
        const ASN1_OBJECT *o = OBJ_nid2obj(nid);

        tlv(alg, 0x06, OBJ_get0_data(o), OBJ_length(o));
    }
    if (id == EVP_PKEY_RSA || odd == ODD_ALGORITHM_OTHER)
        put(alg, "\x05", 2); /* NULL */
    wrap(b, 0x30, alg);
    if (odd == ODD_FLIP_SIGNATURE)
        sig[n - 1] ^= 1;
    put(bits, "", 1);
    put(bits, sig, n);
    wrap(b, 0x03, bits);
}

static struct bytes *request(EVP_PKEY *key)
{
    struct bytes *info = request_info(key), *inner = fresh(), *out = fresh();

    put(inner, info->v, info->n);
    sign(inner, key, info);
    free(info);
    if (odd == ODD_INDEFINITE) {
        put(out, "\x30\x80", 2);
        put(out, inner->v, inner->n);
        put(out, "\0", 2);
        free(inner);
    } else if (odd == ODD_HUGE_LENGTH) {
        put(out, "\x30\x84\x7f\xff\xff\xff", 6);
        put(out, inner->v, inner->n);
        free(inner);
    } else if (odd == ODD_LONG_LENGTH) {
        unsigned char h[5] = {0x30, 0x83, 0, (unsigned char)(inner->n >> 8),
                              (unsigned char)inner->n};

        put(out, h, sizeof(h));
        put(out, inner->v, inner->n);
        free(inner);
    } else {
        wrap(out, 0x30, inner);
    }
    if (odd == ODD_TRAILING)
        put(out, "\0", 1);
    if (odd == ODD_TWICE) {
        size_t n = out->n;

        put(out, out->v, n);
    }
    return out;
}

static EVP_PKEY *get_key(const char *path, const char *kind)
{
    EVP_PKEY *key = NULL;

    if (kind) {
        key = rsa_odd(kind);
    } else if (!path) {
        key = EVP_EC_gen("P-256");
    } else {
        FILE *f = fopen(path, "r");

        if (f) {
            key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
            fclose(f);
        }
    }
    if (!key)
        die("key");
    return key;
}

static void print_mutants(const struct bytes *der, const char *token)
{
    for (size_t i = 0; i < der->n; i++) {
        printf("POST /v1/certificates HTTP/1.1\r\nHost: localhost\r\n"
               "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n",
               token, der->n);
        fwrite(der->v, 1, i, stdout);
        putchar(der->v[i] ^ (1 << i % 8));
        fwrite(der->v + i + 1, 1, der->n - i - 1, stdout);
    }
}

static void print(const struct bytes *der, int pem, const char *token)
{
    if (token)
        print_mutants(der, token);
    else if (pem)
        PEM_write(stdout, "CERTIFICATE REQUEST", "", der->v, (long)der->n);
    else
        fwrite(der->v, 1, der->n, stdout);
}

static enum odd odd_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(odds); i++)
        if (strcmp(odds[i].name, name) == 0)
            return odds[i].odd;
    die("unknown -m");
}

static void add(const char **list, int *n, int max, const char *value)
{
    if (*n == max)
        die("too many");
    list[(*n)++] = value;
}

/* What the finished DER becomes, -1: no. */
static void spoil(struct bytes *der, long flip, long cut)
{
    if (flip >= 0 && (size_t)flip < der->n * 8)
        der->v[flip / 8] ^= (unsigned char)(1 << flip % 8);
    if (cut >= 0 && (size_t)cut < der->n)
        der->n = (size_t)cut;
}

int main(int argc, char **argv)
{
    const char *key_path = NULL, *kind = NULL, *token = NULL;
    long flip = -1, cut = -1;
    int pem = 0, c;
    EVP_PKEY *key;
    struct bytes *der;

    while ((c = getopt(argc, argv, "k:r:S:c:o:R:n:N:x:s:H:m:f:t:Pw:")) != -1) {
        switch (c) {
        case 'k': key_path = optarg; break;
        case 'r': kind = optarg; break;
        case 'S': spki_path = optarg; break;
        case 'c': add(cn, &n_cn, 4, optarg); break;
        case 'o': org = optarg; break;
        case 'R': more_rdns = atol(optarg); break;
        case 'n': add(san, &n_san, 64, optarg); break;
        case 'N': more_names = atol(optarg); break;
        case 'x': add(ext, &n_ext, 16, optarg); break;
        case 's': cn_tag = atoi(optarg); break;
        case 'H': hash = optarg; break;
        case 'm': odd = odd_by_name(optarg); break;
        case 'f': flip = atol(optarg); break;
        case 't': cut = atol(optarg); break;
        case 'P': pem = 1; break;
        case 'w': token = optarg; break;
        default: return 2;
        }
    }
    key = get_key(key_path, kind);
    der = request(key);
    spoil(der, flip, cut);
    print(der, pem, token);
    EVP_PKEY_free(key);
    free(der);
    return ferror(stdout) || fclose(stdout) != 0;
}
