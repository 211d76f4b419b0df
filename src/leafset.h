/* SPDX-License-Identifier: ISC */
/* A set of leaves of the ledger, in 16 to 32 octets each. */
#ifndef POCKETCA_LEAFSET_H
#define POCKETCA_LEAFSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"

/* All zero is empty. */
struct leafset {
    uint64_t *v; /* leaf + 1, or 0: nothing is here */
    size_t n, cap;
};
void leafset_free(struct leafset *s);
AUTO_VALUE(leafset, struct leafset, leafset_free)
bool leafset_has(const struct leafset *s, uint64_t leaf);
/* False: it was there. */
bool leafset_add(struct leafset *s, uint64_t leaf);

#endif
