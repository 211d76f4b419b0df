/* SPDX-License-Identifier: ISC */
/*
 * RSA moduli that passed key_rsa_weak() before: a machine that renews brings
 * the same one again.  Bounded, and the one thing that the trade remembers: a
 * place for each, where a newer one takes over; what was forgotten is only
 * tried again.
 */
#include "key_sig.h"

#include <pthread.h>
#include <string.h>

enum { PLACES = 2048, SIZE = 32 }; /* 64 KiB */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t passed[PLACES][SIZE];

static uint8_t *place(const uint8_t sha256[SIZE])
{
    return passed[(sha256[0] << 8 | sha256[1]) % PLACES];
}

bool key_passed(const uint8_t sha256[SIZE])
{
    bool found;

    pthread_mutex_lock(&lock);
    found = memcmp(place(sha256), sha256, SIZE) == 0;
    pthread_mutex_unlock(&lock);
    return found;
}

void key_passed_add(const uint8_t sha256[SIZE])
{
    pthread_mutex_lock(&lock);
    memcpy(place(sha256), sha256, SIZE);
    pthread_mutex_unlock(&lock);
}
