/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "ascii.h"
#include "cert.h"
#include "mem.h"

enum { SERIAL_OCTETS = 16, TIME_OCTETS = 6 };
enum { RANDOM_OCTETS = SERIAL_OCTETS - TIME_OCTETS };
/* The generator takes as long for a few octets as for hundreds.  No process
 * forks once it has made a serial number and makes more of them. */
enum { SUPPLY = 51 * RANDOM_OCTETS };
static _Thread_local struct {
    uint8_t v[SUPPLY];
    size_t left;
} supply;

static uint64_t milliseconds(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_REALTIME, &t) != 0)
        abort();
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void serial_new(struct serial *s)
{
    uint64_t ms = milliseconds();

    *s = (struct serial){.len = SERIAL_OCTETS};
    if (!supply.left) {
        if (RAND_bytes(supply.v, SUPPLY) != 1)
            abort();
        supply.left = SUPPLY;
    }
    for (size_t i = TIME_OCTETS; i > 0; i--, ms >>= 8)
        s->v[i - 1] = (uint8_t)ms;
    s->v[0] = (uint8_t)((s->v[0] & 0x3f) | 0x40);
    supply.left -= RANDOM_OCTETS;
    memcpy(s->v + TIME_OCTETS, supply.v + supply.left, RANDOM_OCTETS);
}

void serial_text(char *out, const struct serial *s)
{
    hex_encode(out, s->v, s->len);
}

/* The digits of the text without colons and leading zeroes: how many, or -1
 * when it is no serial number. */
static int digits_get(uint8_t out[2 * SERIAL_MAX], const char *text)
{
    bool any = false;
    int n = 0;

    for (const char *p = text; *p; p++) {
        int v = ascii_hex(*p);

        if (*p == ':' && any && ascii_hex(p[-1]) >= 0 && ascii_hex(p[1]) >= 0)
            continue;
        if (v < 0)
            return -1;
        any = true;
        if (v == 0 && n == 0)
            continue;
        if (n == 2 * SERIAL_MAX)
            return -1;
        out[n++] = (uint8_t)v;
    }
    return any ? n : -1;
}

int serial_parse(struct serial *s, const char *text)
{
    uint8_t v[2 * SERIAL_MAX];
    int n;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    n = digits_get(v, text);
    if (n < 0)
        return -1;
    *s = (struct serial){.len = (uint8_t)(n ? (n + 1) / 2 : 1)};
    for (int i = 0; i < n; i++) {
        int at = 2 * s->len - n + i;

        s->v[at / 2] |= (uint8_t)(at % 2 ? v[i] : v[i] << 4);
    }
    return 0;
}

bool serial_equal(const struct serial *a, const struct serial *b)
{
    return a->len == b->len && memcmp(a->v, b->v, a->len) == 0;
}
