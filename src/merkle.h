/* SPDX-License-Identifier: ISC */
/*
 * The Merkle tree of RFC 6962 section 2.1 over SHA-256, grown at its right
 * edge: one hash for each complete subtree, largest first.
 */
#ifndef POCKETCA_MERKLE_H
#define POCKETCA_MERKLE_H

#include <stddef.h>
#include <stdint.h>

enum { MERKLE_HASH = 32, MERKLE_LEVELS = 64 };

/* hash[i] is valid when bit i of size is set: the root of a complete subtree
 * of 2^i leaves.  Right after an append it is also valid for each lower i: the
 * root over the newest 2^i leaves, which that append completed. */
struct merkle_edge {
    uint64_t size;
    uint8_t hash[MERKLE_LEVELS][MERKLE_HASH];
};

/* SHA-256(0x00 || entry) */
void merkle_leaf(uint8_t out[MERKLE_HASH], const void *entry, size_t len);
void merkle_append(struct merkle_edge *e, const uint8_t leaf[MERKLE_HASH]);
/* As merkle_append(), with the root of 2^level leaves at once; size must be a
 * multiple of that. */
void merkle_append_tree(struct merkle_edge *e, unsigned level,
                        const uint8_t root[MERKLE_HASH]);
/* The root over all leaves; SHA-256 of nothing for an empty tree. */
void merkle_root(const struct merkle_edge *e, uint8_t out[MERKLE_HASH]);

#endif
