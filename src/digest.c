/* SPDX-License-Identifier: ISC */
#include "digest.h"

#include <pthread.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t size;
} table[DIGEST__MAX] = {
    [DIGEST_SHA1] = {"SHA1", 20},
    [DIGEST_SHA256] = {"SHA256", 32},
    [DIGEST_SHA384] = {"SHA384", 48},
    [DIGEST_SHA512] = {"SHA512", 64},
};

static EVP_MD *fetched[DIGEST__MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    for (int d = 0; d < DIGEST__MAX; d++)
        if (!(fetched[d] = EVP_MD_fetch(NULL, table[d].name, NULL)))
            abort();
}

const EVP_MD *digest_md(enum digest d)
{
    if (pthread_once(&once, fetch) || d >= DIGEST__MAX)
        abort();
    return fetched[d];
}

size_t digest_size(enum digest d)
{
    return table[d].size;
}

void digest_sum(enum digest d, const void *p, size_t len, uint8_t *out)
{
    if (!EVP_Digest(p, len, out, NULL, digest_md(d), NULL))
        abort();
}
