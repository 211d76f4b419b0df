/* SPDX-License-Identifier: ISC */
/* The rules of policy about the octets, for decision.c. */
#ifndef POCKETCA_DECISION_RULE_H
#define POCKETCA_DECISION_RULE_H

#include "decision.h"

/* Judges c, as it was read, by everything that the facts say; every reason is
 * added. */
void decision_judge(const struct cert *c, const struct decision_facts *f,
                    struct errs *e);

#endif
