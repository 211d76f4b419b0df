/* SPDX-License-Identifier: ISC */
/*
 * The physical limit that everything else is measured against: what one
 * certificate costs in P-256 arithmetic alone.  One verification, its key set
 * from the encoded point as a CSR brings it, and one signature; contexts
 * reused; one thread on each core; no DER, no HTTP, no store.
 *
 *   limit_p256 [SECONDS [THREADS]]         prints pairs a second
 *   limit_p256 SECONDS THREADS sign        signatures alone
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "die.h"

enum { KEYS = 64, POINT = 65, DIGEST = 32, SIG_MAX = 80, THREADS_MAX = 64 };

/* Somebody's public key with a digest that it signed. */
struct sample {
    unsigned char point[POINT], digest[DIGEST], sig[SIG_MAX];
    size_t sig_len;
};

static struct sample samples[KEYS];
static atomic_bool stop;
static bool only_sign;

static void must(int ok, const char *what)
{
    if (ok != 1)
        die(1, "%s failed", what);
}

static EVP_PKEY_CTX *sign_context(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    must(ctx && EVP_PKEY_sign_init(ctx) == 1, "EVP_PKEY_sign_init");
    return ctx;
}

static void sample_make(struct sample *s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t len = 0;

    must(key != NULL, "EVP_EC_gen");
    must(EVP_PKEY_get_octet_string_param(key, "pub", s->point, POINT, &len) ==
                 1 &&
             len == POINT,
         "reading the point");
    must(RAND_bytes(s->digest, DIGEST), "RAND_bytes");
    EVP_PKEY_CTX *ctx = sign_context(key);
    s->sig_len = SIG_MAX;
    must(EVP_PKEY_sign(ctx, s->sig, &s->sig_len, s->digest, DIGEST),
         "EVP_PKEY_sign");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void *work(void *arg)
{
    long *done = arg;
    EVP_PKEY *ca = EVP_EC_gen("P-256"), *pub = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *sign = sign_context(ca);
    EVP_PKEY_CTX *verify = EVP_PKEY_CTX_new_from_pkey(NULL, pub, NULL);
    unsigned char sig[SIG_MAX];

    must(verify && EVP_PKEY_verify_init(verify) == 1, "EVP_PKEY_verify_init");
    for (long i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
        const struct sample *s = &samples[i % KEYS];
        size_t len = sizeof(sig);

        if (!only_sign) {
            must(EVP_PKEY_set1_encoded_public_key(pub, s->point, POINT),
                 "setting the point");
            must(EVP_PKEY_verify(verify, s->sig, s->sig_len, s->digest, DIGEST),
                 "EVP_PKEY_verify");
        }
        must(EVP_PKEY_sign(sign, sig, &len, s->digest, DIGEST),
             "EVP_PKEY_sign");
        *done = i + 1;
    }
    EVP_PKEY_CTX_free(sign);
    EVP_PKEY_CTX_free(verify);
    EVP_PKEY_free(ca);
    EVP_PKEY_free(pub);
    return NULL;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 5;
    int threads = argc > 2 ? atoi(argv[2]) : 2;
    pthread_t id[THREADS_MAX];
    struct {
        _Alignas(64) long n; /* a cache line each */
    } done[THREADS_MAX] = {{0}};
    long sum = 0;

    if (seconds <= 0 || threads < 1 || threads > THREADS_MAX)
        die(2, "usage: limit_p256 [SECONDS [THREADS [sign]]]");
    only_sign = argc > 3 && strcmp(argv[3], "sign") == 0;
    for (int i = 0; i < KEYS; i++)
        sample_make(&samples[i]);

    double began = now();
    for (int i = 0; i < threads; i++)
        if (pthread_create(&id[i], NULL, work, &done[i].n) != 0)
            die(1, "pthread_create failed");
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec =
                             (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < threads; i++) {
        pthread_join(id[i], NULL);
        sum += done[i].n;
    }
    printf("%.0f\n", (double)sum / (now() - began));
    return 0;
}
