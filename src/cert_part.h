/* SPDX-License-Identifier: ISC */
/* Between cert.c and cert_ext.c. */
#ifndef POCKETCA_CERT_PART_H
#define POCKETCA_CERT_PART_H

#include "cert.h"

/* Takes one extension into c; none, or what is wrong with it, of which `why`
 * may say more. */
enum cert_fault cert_ext_read(struct cert *c, const struct der_tlv *oid,
                              bool critical, struct der *value,
                              struct errs *why);

#endif
