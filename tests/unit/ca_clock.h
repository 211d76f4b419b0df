/* SPDX-License-Identifier: ISC */
/* A signer whose clock is the test's: days go by at once.  It is linked with
 * --wrap=tm_now and --wrap=tm_boot. */
#ifndef POCKETCA_CA_CLOCK_H
#define POCKETCA_CA_CLOCK_H

#include "ca_crl.h"

/* How far it is ahead of the machine's; both clocks, as when time goes by. */
static _Atomic int64_t ahead;

int64_t __real_tm_now(void);
int64_t __real_tm_boot(void);
int64_t __wrap_tm_now(void);
int64_t __wrap_tm_boot(void);

int64_t __wrap_tm_now(void)
{
    return __real_tm_now() + ahead;
}

int64_t __wrap_tm_boot(void)
{
    return __real_tm_boot() + ahead;
}

static inline void begin(struct ca *c, unsigned size, struct caller *admin)
{
    ahead = 0;
    ca_make(c);
    c->conf->authorities[0].crl_partition_size = size;
    ca_start(c);
    *admin = ca_admin(c);
}

/* The CRL thread did what there was to do before it ended. */
static inline void stop_and_go_on(struct ca *c)
{
    ca_stop(c);
    ca_start(c);
}

#endif
