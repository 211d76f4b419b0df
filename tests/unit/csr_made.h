/* SPDX-License-Identifier: ISC */
/* For check_csr_*.c: a CSR that was put together, judged. */
#ifndef POCKETCA_CSR_MADE_H
#define POCKETCA_CSR_MADE_H

#include "csr.h"

#include "mkcsr.h"
#include "tm.h"
#include "unit.h"

struct octets {
    const char *p;
    size_t n;
};
#define O(text)                                                                \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

static inline enum err judge_make(struct mkcsr *m, struct csr *c,
                                  struct names *n)
{
    AUTO(buf) struct buf der = {0};

    mkcsr_make(m, &der);
    return mkcsr_judge(&der, c, n, NULL);
}

#endif
