/* SPDX-License-Identifier: ISC */
#include "front_attempts.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

enum { PLACES = 1024 };

/* A bucket that leaks: `until` lies ahead of now by as many intervals as there
 * were attempts that have not leaked yet. */
static struct {
    uint64_t who; /* 0: nobody */
    int64_t until;
} places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* 0: not counted. */
static uint64_t who_of(const char *address)
{
    uint8_t ip[16];
    uint64_t who = 0;

    if (inet_pton(AF_INET, address, ip) == 1)
        who = UINT64_C(0xffff) << 32 | (uint64_t)ip[0] << 24 |
              (uint64_t)ip[1] << 16 | (uint64_t)ip[2] << 8 | ip[3];
    else if (inet_pton(AF_INET6, address, ip) == 1)
        for (int i = 0; i < 8; i++)
            who = who << 8 | ip[i];
    else
        return 0;
    return who ? who : 1; /* ::1 and its neighbours */
}

bool attempt_noted(const char *address, int64_t now_us)
{
    const uint64_t who = who_of(address);
    const size_t i = (who * UINT64_C(0x9e3779b97f4a7c15)) >> 54;
    bool good;

    if (!who)
        return true;
    pthread_mutex_lock(&lock);
    if (places[i].who != who || places[i].until < now_us) {
        places[i].who = who;
        places[i].until = now_us;
    }
    good = places[i].until - now_us <=
           (int64_t)(ATTEMPTS_BURST - 1) * ATTEMPTS_EVERY_US;
    if (good)
        places[i].until += ATTEMPTS_EVERY_US;
    pthread_mutex_unlock(&lock);
    return good;
}
