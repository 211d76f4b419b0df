/* SPDX-License-Identifier: ISC */
/*
 * Microseconds of CPU a call of what every certificate goes through: the CSR
 * read, the profile's judgement, the certificate written, decided on (policy
 * and lints over its octets, the copy among it), sealed and read again; and
 * what an RSA key costs, new and when it passed before.
 *
 *   bench_trade
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/x509.h>

#include "cert.h"
#include "csr.h"
#include "die.h"
#include "decision.h"
#include "profile.h"
#include "seal.h"
#include "tm.h"
#include "weak_list.h"

enum { RSA_KEYS = 8, RUNS = 5 };
#define DAY INT64_C(1795392000) /* 2026-11-23T00:00:00Z */
#define NAME "host-000001.bench.internal"

struct bench {
    struct buf csr_der, issuer_der, tbs, der;
    struct csr csr;
    struct cert issuer;
    struct key_signer *ca;
    struct key_verifier *verifier;
    struct profile profile;
    struct taken taken;
    struct cert_spec spec;
    struct buf rsa[RSA_KEYS];
    unsigned rsa_at;
    struct buf weak_text; /* as large as lists may be together */
    struct weak_list weak;
};

static void need(bool ok, const char *what, const struct errs *e)
{
    if (!ok)
        die(1, "%s: %s", what, e && e->n ? e->v[0].detail : "failed");
}

/* ---- what is measured ---- */

static void csr_read(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    AUTO(csr) struct csr c = {0};

    need(csr_parse(&c, b->csr_der.data, b->csr_der.len, &e) == 0, "CSR", &e);
}

static void csr_proof(struct bench *b)
{
    AUTO(errs) struct errs e = {0};

    need(csr_verify(&b->csr, b->verifier, &e) == 0, "CSR", &e);
}

static void judge(struct bench *b)
{
    static const struct limits none;
    AUTO(errs) struct errs e = {0};
    AUTO(taken) struct taken t = {0};
    struct strs warnings = {0};
    const struct claim claim = {.names = &b->csr.san,
                                .subject = &b->csr.subject};
    const struct request r = {
        .names = &t.names, .odd_san = &b->csr.odd_san, .key = &b->csr.key};
    struct cert_spec spec;

    need(profile_take(&b->profile, &claim, &t, &warnings, &e) == 0 &&
             profile_judge(&b->profile, &none, &r, NULL, &e) == 0 &&
             profile_validity(&b->profile, &(struct span){0}, DAY,
                              DAY + 3650 * TM_DAY, &spec.not_before,
                              &spec.not_after, &e) == 0,
         "profile", &e);
    profile_spec(&b->profile, &t, &b->csr.key, &spec);
    strs_free(&warnings);
}

static void write_tbs(struct bench *b)
{
    buf_reset(&b->tbs);
    cert_write_tbs(&b->tbs, &b->spec);
}

static void decide(struct bench *b)
{
    static const struct limits none;
    static const struct span none_asked;
    const struct decision_facts f = {.profile = &b->profile,
                                     .limits = &none,
                                     .taken = &b->taken,
                                     .asked = &none_asked,
                                     .key = &b->csr.key,
                                     .issuer = &b->issuer,
                                     .issuer_ski = b->issuer.ski,
                                     .crl_url = b->spec.crl_url,
                                     .issuer_url = b->spec.issuer_url,
                                     .ocsp_url = b->spec.ocsp_url,
                                     .alg = SIG_ECDSA_SHA256,
                                     .now = DAY + TM_MINUTE};
    AUTO(errs) struct errs e = {0};
    AUTO(decision) struct decision *d = NULL;
    struct buf tbs = {0};
    struct strs warnings = {0};

    buf_put(&tbs, b->tbs.data, b->tbs.len);
    d = decide_leaf(&tbs, &f, &warnings, &e);
    need(d && warnings.n == 0, "decision", &e);
}

static void seal(struct bench *b)
{
    buf_reset(&b->der);
    tbs_seal(&b->der, &b->tbs, b->ca);
}

static void cert_read(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};

    need(cert_parse(&c, b->der.data, b->der.len, &e) == 0, "cert", &e);
}

static void rsa_weak(struct bench *b)
{
    const struct buf *spki = &b->rsa[b->rsa_at++ % RSA_KEYS];
    AUTO(errs) struct errs e = {0};
    struct key_pub k;

    need(key_pub_parse(&k, spki->data, spki->len, &e) == 0 &&
             key_rsa_weak(&k, &e) == 0,
         "RSA key", &e);
}

/* ---- measuring ---- */

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The middle of RUNS runs, for what else goes on in the machine. */
static void measure(struct bench *b, const char *what,
                    void (*fn)(struct bench *), int calls, int runs)
{
    double us[RUNS];

    for (int r = 0; r < runs; r++) {
        clock_t began = clock();

        for (int i = 0; i < calls; i++)
            fn(b);
        us[r] = (double)(clock() - began) * 1e6 / CLOCKS_PER_SEC / calls;
    }
    qsort(us, (size_t)runs, sizeof(*us), by_size);
    printf("%-34s %9.2f\n", what, us[runs / 2]);
}

/* ---- the material ---- */

static void make_issuer(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf tbs = {0};
    struct cert_spec spec = {.serial = {.v = {1}, .len = 1},
                             .not_before = DAY,
                             .not_after = DAY + 3650 * TM_DAY,
                             .cn = "Bench",
                             .ca = true,
                             .path_len = 0,
                             .ku = KU_CERT_SIGN | KU_CRL_SIGN};

    need(key != NULL, "key", &e);
    b->ca = key_signer_new(key);
    key_spki(key, &spki);
    spec.spki = spki.data;
    spec.spki_len = spki.len;
    spec.alg = key_signer_alg(b->ca);
    cert_write_tbs(&tbs, &spec);
    tbs_seal(&b->issuer_der, &tbs, b->ca);
    need(cert_parse(&b->issuer, b->issuer_der.data, b->issuer_der.len, &e) == 0,
         "issuer", &e);
}

/* GeneralNames with one dNSName. */
static X509_EXTENSION *make_san(void)
{
    AUTO(buf) struct buf names = {0};
    size_t at = der_open(&names, DER_SEQUENCE);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *san;

    der_put(&names, DER_CTX(2), NAME, strlen(NAME));
    der_close(&names, at);
    need(octets &&
             ASN1_OCTET_STRING_set(octets, names.data, (int)names.len) == 1,
         "a name", NULL);
    san = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, octets);
    ASN1_OCTET_STRING_free(octets);
    return san;
}

static void make_csr(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);
    X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *list = NULL;
    X509_EXTENSION *san = make_san();
    uint8_t *der = NULL;
    int len;

    need(key && req && san && X509v3_add_ext(&list, san, -1) &&
             X509_NAME_add_entry_by_txt(
                 X509_REQ_get_subject_name(req), "CN", MBSTRING_ASC,
                 (const unsigned char *)NAME, -1, -1, 0) &&
             X509_REQ_set_pubkey(req, key) &&
             X509_REQ_add_extensions(req, list) &&
             X509_REQ_sign(req, key, EVP_sha256()) > 0,
         "a CSR", NULL);
    len = i2d_X509_REQ(req, &der);
    need(len > 0, "a CSR", NULL);
    buf_put(&b->csr_der, der, (size_t)len);
    OPENSSL_free(der);
    X509_EXTENSION_free(san);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_REQ_free(req);
    need(csr_parse(&b->csr, b->csr_der.data, b->csr_der.len, &e) == 0, "CSR",
         &e);
}

static void make_profile(struct profile *p)
{
    static const char *const patterns[] = {"dns:**.example", "dns:**.internal",
                                           "ip:10.0.0.0/8"};
    static const char *const keys[] = {"ec:P-256", "ec:P-384", "ed25519",
                                       "rsa:2048-4096"};
    const size_t n = COUNT(keys);
    AUTO(errs) struct errs e = {0};
    struct pattern one;

    *p = (struct profile){.name = xstrdup("server"),
                          .eku = EKU_SERVER,
                          .lifetime = 90 * TM_DAY,
                          .max_lifetime = 397 * TM_DAY,
                          .max_names = 100,
                          .cdp = true,
                          .aia = true,
                          .n_keys = n};
    for (size_t i = 0; i < COUNT(patterns); i++) {
        need(pattern_parse(&one, patterns[i], &e) == 0, patterns[i], &e);
        patterns_add(&p->names, &one);
    }
    p->keys = xcalloc(n, sizeof(*p->keys));
    for (size_t i = 0; i < n; i++)
        need(key_rule_parse(&p->keys[i], keys[i], &e) == 0, keys[i], &e);
}

static void make_rsa(struct buf *spki)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("rsa:2048", &e);

    need(key != NULL, "RSA key", &e);
    key_spki(key, spki);
}

static void make_spec(struct bench *b)
{
    names_copy(&b->taken.names, &b->csr.san);
    b->taken.subject.v[SUBJECT_CN] = xstrdup(NAME);
    b->spec = (struct cert_spec){
        .issuer = b->issuer.subject,
        .issuer_len = b->issuer.subject_len,
        .not_before = DAY,
        .not_after = DAY + 90 * TM_DAY - 1,
        .subject = &b->taken.subject,
        .names = &b->taken.names,
        .spki = b->csr.key.spki,
        .spki_len = b->csr.key.spki_len,
        .path_len = -1,
        .ku = KU_DIGITAL_SIGNATURE,
        .eku = EKU_SERVER,
        .aki = b->issuer.ski,
        .crl_url = "http://ca.bench.internal:8080/crl/issuing.crl",
        .issuer_url = "http://ca.bench.internal:8080/ca/issuing.der",
        .ocsp_url = "http://ca.bench.internal:8080/ocsp",
        .alg = key_signer_alg(b->ca),
    };
    serial_new(&b->spec.serial);
}

/* 16 MiB of lines, none of them of a key of ours. */
static void make_weak(struct bench *b)
{
    uint64_t x = 0x9e3779b97f4a7c15;

    while (b->weak_text.len + 21 <= WEAK_LIST_MAX) {
        x = x * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
        buf_printf(&b->weak_text, "%08x%012llx\n", (unsigned)(x >> 32),
                   (unsigned long long)(x & 0xffffffffffff));
    }
}

static void weak_read(struct bench *b)
{
    AUTO(errs) struct errs e = {0};

    weak_list_free(&b->weak);
    need(weak_list_read(&b->weak, "list", (const char *)b->weak_text.data,
                        b->weak_text.len, &e) == 0,
         "weak keys", &e);
}

static void weak_look(struct bench *b)
{
    AUTO(errs) struct errs e = {0};
    const struct buf *spki = &b->rsa[b->rsa_at++ % RSA_KEYS];
    struct key_pub k;

    need(key_pub_parse(&k, spki->data, spki->len, &e) == 0, "RSA key", &e);
    need(!weak_list_has(&b->weak, &k), "a key of our own is listed", NULL);
}

static void bench_free(struct bench *b)
{
    weak_list_free(&b->weak);
    buf_free(&b->weak_text);
    for (int i = 0; i < RSA_KEYS; i++)
        buf_free(&b->rsa[i]);
    profile_free(&b->profile);
    taken_free(&b->taken);
    csr_free(&b->csr);
    cert_free(&b->issuer);
    buf_free(&b->csr_der);
    buf_free(&b->issuer_der);
    buf_free(&b->tbs);
    buf_free(&b->der);
    key_signer_free(b->ca);
    key_verifier_free(b->verifier);
}

int main(void)
{
    struct bench b = {.verifier = key_verifier_new()};

    make_issuer(&b);
    make_csr(&b);
    make_profile(&b.profile);
    make_spec(&b);
    for (int i = 0; i < RSA_KEYS; i++)
        make_rsa(&b.rsa[i]);
    printf("%-34s %9s\n", "", "us of CPU");
    measure(&b, "csr_parse", csr_read, 5000, RUNS);
    measure(&b, "csr_verify, P-256", csr_proof, 500, RUNS);
    measure(&b, "profile_judge", judge, 20000, RUNS);
    measure(&b, "cert_write_tbs", write_tbs, 10000, RUNS);
    measure(&b, "decide_leaf", decide, 10000, RUNS);
    measure(&b, "cert_seal, P-256", seal, 1000, RUNS);
    measure(&b, "cert_parse", cert_read, 10000, RUNS);
    /* A key is new once. */
    measure(&b, "key_rsa_weak, 2048 bits, new", rsa_weak, RSA_KEYS, 1);
    measure(&b, "key_rsa_weak, 2048 bits, passed", rsa_weak, 10000, RUNS);
    make_weak(&b);
    measure(&b, "weak_list_read, 16 MiB", weak_read, 1, RUNS);
    measure(&b, "weak_list_has, of those", weak_look, 10000, RUNS);
    printf("%-34s %9zu\n", "its keys, of 10 octets", b.weak.n);
    bench_free(&b);
    return 0;
}
