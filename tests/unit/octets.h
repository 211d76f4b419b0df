/* SPDX-License-Identifier: ISC */
/* For check_der*.c: octets with their length, in texts that may have NULs. */
#ifndef POCKETCA_OCTETS_H
#define POCKETCA_OCTETS_H

#include "der.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "oid.h"
#include "tm.h"
#include "unit.h"

#define B(text) (const uint8_t *)(text), (sizeof(text) - 1)

struct octets {
    const char *p;
    size_t n;
};
#define O(text)                                                                \
    {                                                                          \
        (text), (sizeof(text) - 1)                                             \
    }

#endif
