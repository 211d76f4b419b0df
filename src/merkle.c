/* SPDX-License-Identifier: ISC */
#include "merkle.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"

/* SHA-256 over prefix, a and b. */
static void digest(uint8_t *out, uint8_t prefix, const void *a, size_t a_len,
                   const void *b, size_t b_len)
{
    AUTO(evp_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (!ctx || !EVP_DigestInit_ex2(ctx, digest_md(DIGEST_SHA256), NULL) ||
        !EVP_DigestUpdate(ctx, &prefix, 1) ||
        !EVP_DigestUpdate(ctx, a, a_len) || !EVP_DigestUpdate(ctx, b, b_len) ||
        !EVP_DigestFinal_ex(ctx, out, NULL))
        abort();
}

void merkle_leaf(uint8_t out[MERKLE_HASH], const void *entry, size_t len)
{
    digest(out, 0, entry, len, "", 0);
}

/* RFC 6962 section 2.1: SHA-256(0x01 || left || right). */
static void node(uint8_t out[MERKLE_HASH], const uint8_t *left,
                 const uint8_t *right)
{
    digest(out, 1, left, MERKLE_HASH, right, MERKLE_HASH);
}

void merkle_append_tree(struct merkle_edge *e, unsigned level,
                        const uint8_t root[MERKLE_HASH])
{
    uint64_t size = e->size >> level;
    uint8_t carry[MERKLE_HASH], left[MERKLE_HASH];
    unsigned i = level;

    memcpy(carry, root, MERKLE_HASH);
    for (; size & 1; size >>= 1, i++) {
        memcpy(left, e->hash[i], MERKLE_HASH);
        memcpy(e->hash[i], carry, MERKLE_HASH);
        node(carry, left, carry);
    }
    memcpy(e->hash[i], carry, MERKLE_HASH);
    e->size += UINT64_C(1) << level;
}

void merkle_append(struct merkle_edge *e, const uint8_t leaf[MERKLE_HASH])
{
    merkle_append_tree(e, 0, leaf);
}

void merkle_root(const struct merkle_edge *e, uint8_t out[MERKLE_HASH])
{
    uint8_t root[MERKLE_HASH];
    unsigned i = 0;

    if (e->size == 0) {
        digest_sum(DIGEST_SHA256, "", 0, out);
        return;
    }
    while (!(e->size >> i & 1))
        i++;
    memcpy(root, e->hash[i], MERKLE_HASH);
    for (i++; i < MERKLE_LEVELS; i++)
        if (e->size >> i & 1)
            node(root, e->hash[i], root);
    memcpy(out, root, MERKLE_HASH);
}
