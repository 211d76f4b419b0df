/* SPDX-License-Identifier: ISC */
#include "puny.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ascii.h"
#include "mem.h"

/* RFC 3492 section 5. */
enum {
    BASE = 36,
    TMIN = 1,
    TMAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_N = 0x80
};
enum { LABEL_MAX = 63, POINT_MAX = 0x10ffff };

struct points {
    uint32_t v[LABEL_MAX];
    size_t n;
};

/* Blocks of which RFC 5892 lets in no code point: controls, signs and capitals
 * of Latin-1, capitals of Greek and Cyrillic, spaces and direction marks,
 * arrows and dingbats, surrogates, private use, specials. */
static const struct {
    uint32_t first, last;
} never[] = {
    {0x80, 0xb6},     {0xc0, 0xde},     {0xf7, 0xf7},         {0x391, 0x3a9},
    {0x400, 0x42f},   {0x2000, 0x200b}, {0x200e, 0x206f},     {0x2190, 0x2bff},
    {0x3000, 0x3004}, {0xd800, 0xf8ff}, {0xfdd0, 0xfdef},     {0xfe00, 0xfe1f},
    {0xfeff, 0xfeff}, {0xff00, 0xffff}, {0xe0000, POINT_MAX},
};

static int digit_value(char c)
{
    if (ascii_is_lower(c))
        return c - 'a';
    if (ascii_is_digit(c))
        return c - '0' + 26;
    return -1;
}

static char digit_char(uint32_t v)
{
    return (char)(v < 26 ? 'a' + v : '0' + (v - 26));
}

/* Section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;

    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
        delta /= BASE - TMIN;
    return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

/* One generalised integer, added to *i. */
static int integer_get(const char **p, const char *end, uint32_t bias,
                       uint32_t *i)
{
    uint64_t w = 1, sum = *i;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        int digit = *p < end ? digit_value(**p) : -1;

        if (digit < 0)
            return -1;
        (*p)++;
        sum += (uint64_t)digit * w;
        if (sum > UINT32_MAX)
            return -1;
        if ((uint32_t)digit < t)
            break;
        w *= BASE - t;
        if (w > UINT32_MAX)
            return -1;
    }
    *i = (uint32_t)sum;
    return 0;
}

/* Section 6.2. */
static int decode(const char *p, size_t len, struct points *out)
{
    const char *end = p + len, *basic = memrchr(p, '-', len);
    uint32_t n = INITIAL_N, bias = INITIAL_BIAS, i = 0;

    out->n = 0;
    if (basic) {
        for (; p < basic; p++)
            out->v[out->n++] = (uint8_t)*p;
        p++;
    }
    while (p < end) {
        uint32_t before = i, points = (uint32_t)out->n + 1;

        if (out->n == LABEL_MAX || integer_get(&p, end, bias, &i))
            return -1;
        bias = adapt(i - before, points, before == 0 && n == INITIAL_N);
        if (i / points > POINT_MAX - n)
            return -1;
        n += i / points;
        i %= points;
        memmove(out->v + i + 1, out->v + i, (out->n - i) * sizeof(*out->v));
        out->v[i++] = n;
        out->n++;
    }
    return 0;
}

static size_t integer_put(char *out, uint32_t value, uint32_t bias)
{
    size_t len = 0;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);

        if (value < t)
            break;
        out[len++] = digit_char(t + (value - t) % (BASE - t));
        value = (value - t) / (BASE - t);
    }
    out[len++] = digit_char(value);
    return len;
}

static uint32_t next_point(const struct points *in, uint32_t from)
{
    uint32_t least = POINT_MAX + 1;

    for (size_t i = 0; i < in->n; i++)
        if (in->v[i] >= from && in->v[i] < least)
            least = in->v[i];
    return least;
}

/* Section 6.3; out holds what any 63 code points come to. */
static size_t encode(const struct points *in, char *out)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
    size_t len = 0, basic, done;

    for (size_t i = 0; i < in->n; i++)
        if (in->v[i] < INITIAL_N)
            out[len++] = (char)in->v[i];
    done = basic = len;
    if (basic)
        out[len++] = '-';
    while (done < in->n) {
        uint32_t m = next_point(in, n);

        delta += (m - n) * (uint32_t)(done + 1);
        n = m;
        for (size_t i = 0; i < in->n; i++) {
            if (in->v[i] < n)
                delta++;
            if (in->v[i] != n)
                continue;
            len += integer_put(out + len, delta, bias);
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        n++;
    }
    return len;
}

static bool point_never(uint32_t c)
{
    if ((c & 0xfffe) == 0xfffe) /* noncharacters of every plane */
        return true;
    for (size_t i = 0; i < COUNT(never); i++)
        if (c >= never[i].first && c <= never[i].last)
            return true;
    return false;
}

const char *puny_check(const char *label, size_t len)
{
    struct points u;
    char again[LABEL_MAX * 8];
    bool ascii = true;

    if (len <= 4 || len > LABEL_MAX || decode(label + 4, len - 4, &u))
        return "has an xn-- label that is not Punycode (RFC 3492)";
    for (size_t i = 0; i < u.n; i++) {
        if (u.v[i] >= INITIAL_N)
            ascii = false;
        if (point_never(u.v[i]))
            return "has an xn-- label with a character that no name may "
                   "have (RFC 5892)";
    }
    if (ascii)
        return "has an xn-- label that stands for plain ASCII";
    if (u.v[0] == '-' || u.v[u.n - 1] == '-')
        return "has an xn-- label that begins or ends with a hyphen when "
               "decoded";
    if (encode(&u, again) != len - 4 || memcmp(again, label + 4, len - 4) != 0)
        return "has an xn-- label that is not in its shortest form";
    return NULL;
}
