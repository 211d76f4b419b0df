/* SPDX-License-Identifier: ISC */
/* The parts of a CSR, for the csr*.c files only. */
#ifndef POCKETCA_CSR_PART_H
#define POCKETCA_CSR_PART_H

#include "csr.h"

/* What is wrong with the request's form, as a sentence; -1. */
int csr_bad(struct errs *e, const char *what);
/* The subject, a Name: sets the fields that there are. */
int csr_subject_parse(struct csr *c, const struct der_tlv *name,
                      struct errs *e);
/* Contents of the attributes: names and power of an extensionRequest. */
int csr_attributes_parse(struct csr *c, struct der attrs, struct errs *e);

#endif
