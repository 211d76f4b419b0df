/* SPDX-License-Identifier: ISC */
#include "der.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "tm.h"

enum { OID_MAX = 64 };

struct der der_of(const void *p, size_t len)
{
    return (struct der){.p = p, .n = len};
}

bool der_end(const struct der *d)
{
    return d->n == 0;
}

int der_peek(const struct der *d)
{
    return d->n ? d->p[0] : -1;
}

/* X.690 10.1: definite, in the fewest octets; *head is what they took. */
static int length_get(const struct der *d, size_t *head, size_t *len)
{
    size_t octets;

    if (d->n < 2)
        return -1;
    *len = d->p[1];
    *head = 2;
    if (*len < 0x80)
        return 0;
    octets = *len & 0x7f;
    /* 0 is the indefinite form; four octets hold more than any input. */
    if (octets == 0 || octets > 4 || d->n < 2 + octets || d->p[2] == 0)
        return -1;
    *len = 0;
    for (size_t i = 0; i < octets; i++)
        *len = *len << 8 | d->p[2 + i];
    *head += octets;
    return *len < 0x80 ? -1 : 0;
}

int der_next(struct der *d, struct der_tlv *out)
{
    size_t head, len;

    if (length_get(d, &head, &len) || len > d->n - head)
        return -1;
    if ((d->p[0] & 0x1f) == 0x1f ||
        d->p[0] == 0) /* high tag, end-of-contents */
        return -1;
    *out = (struct der_tlv){.tag = d->p[0],
                            .val = d->p + head,
                            .raw = d->p,
                            .len = len,
                            .raw_len = head + len};
    d->p += head + len;
    d->n -= head + len;
    return 0;
}

int der_get(struct der *d, uint8_t tag, struct der_tlv *out)
{
    return der_peek(d) == tag ? der_next(d, out) : -1;
}

int der_enter(struct der *d, uint8_t tag, struct der *inner)
{
    struct der_tlv t;

    if (der_get(d, tag, &t))
        return -1;
    *inner = der_of(t.val, t.len);
    return 0;
}

int der_enter_opt(struct der *d, uint8_t tag, struct der *inner)
{
    if (der_peek(d) != tag)
        return 0;
    return der_enter(d, tag, inner) ? -1 : 1;
}

int der_get_bool(struct der *d, bool *out)
{
    struct der_tlv t;

    if (der_get(d, DER_BOOLEAN, &t) || t.len != 1)
        return -1;
    if (t.val[0] != 0x00 && t.val[0] != 0xff)
        return -1;
    *out = t.val[0] == 0xff;
    return 0;
}

int der_get_uint(struct der *d, const uint8_t **p, size_t *len)
{
    struct der_tlv t;

    if (der_get(d, DER_INTEGER, &t) || t.len == 0 || t.val[0] & 0x80)
        return -1;
    if (t.len > 1 && t.val[0] == 0) {
        if (!(t.val[1] & 0x80))
            return -1;
        t.val++;
        t.len--;
    }
    *p = t.val;
    *len = t.len;
    return 0;
}

int der_get_int31(struct der *d, uint32_t *out)
{
    const uint8_t *p;
    size_t len;
    uint32_t v = 0;

    if (der_get_uint(d, &p, &len) || len > 4 || (len == 4 && p[0] & 0x80))
        return -1;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | p[i];
    *out = v;
    return 0;
}

int der_get_bits(struct der *d, const uint8_t **p, size_t *len)
{
    struct der_tlv t;

    if (der_get(d, DER_BIT_STRING, &t) || t.len == 0 || t.val[0] != 0)
        return -1;
    *p = t.val + 1;
    *len = t.len - 1;
    return 0;
}

/* X.690 8.19.2: no arc begins with 0x80, the last octet ends an arc. */
bool der_oid_valid(const uint8_t *p, size_t len)
{
    bool starts = true;

    if (len == 0 || len > OID_MAX || p[len - 1] & 0x80)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (starts && p[i] == 0x80)
            return false;
        starts = !(p[i] & 0x80);
    }
    return true;
}

int der_get_oid(struct der *d, struct der_tlv *out)
{
    struct der_tlv t;

    if (der_get(d, DER_OID, &t) || !der_oid_valid(t.val, t.len))
        return -1;
    *out = t;
    return 0;
}

bool der_oid_is(const struct der_tlv *oid, const void *contents, size_t len)
{
    return oid->len == len && memcmp(oid->val, contents, len) == 0;
}

/* An arc as decimal digits, the lowest first: arcs of 2.25 have 128 bits, and
 * nothing but OID_MAX bounds them. */
struct arc {
    uint8_t digit[OID_MAX * 3];
    size_t n;
};

static void arc_add(struct arc *a, unsigned octet)
{
    unsigned carry = octet & 0x7f;

    for (size_t i = 0; i < a->n; i++) {
        carry += a->digit[i] * 128U;
        a->digit[i] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    for (; carry && a->n < sizeof(a->digit); carry /= 10)
        a->digit[a->n++] = (uint8_t)(carry % 10);
}

/* X.690 8.19.4: the first arc holds two, 40 * x + y; takes y's part away. */
static unsigned arc_split(struct arc *a)
{
    unsigned first = a->n == 0   ? 0
                     : a->n == 1 ? a->digit[0]
                     : a->n == 2 ? a->digit[1] * 10U + a->digit[0]
                                 : 80;
    unsigned x = first < 80 ? first / 40 : 2;

    for (unsigned tens = x * 4, i = 1; tens; i++) {
        unsigned have = a->digit[i] + (tens > a->digit[i] ? 10U : 0);

        a->digit[i] = (uint8_t)(have - tens);
        tens = have >= 10;
    }
    while (a->n && a->digit[a->n - 1] == 0)
        a->n--;
    return x;
}

void der_oid_print(char *out, size_t size, const uint8_t *p, size_t len)
{
    char text[OID_MAX * 5], *at = text;
    struct arc a = {.n = 0};

    for (size_t i = 0; i < len && i < OID_MAX; i++) {
        arc_add(&a, p[i]);
        if (p[i] & 0x80)
            continue;
        if (at == text)
            *at++ = (char)('0' + arc_split(&a));
        *at++ = '.';
        if (a.n == 0)
            *at++ = '0';
        while (a.n)
            *at++ = (char)('0' + a.digit[--a.n]);
    }
    *at = '\0';
    if (size)
        snprintf(out, size, "%s", text);
}

/* One arc, moved past with the dot behind it; -1 when there is none. */
static int64_t arc_read(const char **text)
{
    const char *p = *text;
    int64_t v = 0;

    if (!ascii_is_digit(*p) || (*p == '0' && ascii_is_digit(p[1])))
        return -1;
    for (; ascii_is_digit(*p); p++) {
        v = v * 10 + (*p - '0');
        if (v > INT32_MAX)
            return -1;
    }
    if (*p == '.' && p[1])
        p++;
    else if (*p)
        return -1;
    *text = p;
    return v;
}

static void arc_put(struct buf *b, uint64_t v)
{
    int shift = 0;

    while (v >> (shift + 7))
        shift += 7;
    for (; shift > 0; shift -= 7)
        buf_putc(b, (uint8_t)(0x80 | (v >> shift & 0x7f)));
    buf_putc(b, (uint8_t)(v & 0x7f));
}

int der_oid_parse(struct buf *out, const char *text)
{
    const size_t was = out->len;
    int64_t first = arc_read(&text), arc = *text ? arc_read(&text) : -1;

    if (first < 0 || first > 2 || arc < 0 || (first < 2 && arc > 39))
        return -1;
    arc_put(out, (uint64_t)(first * 40 + arc));
    while (*text && (arc = arc_read(&text)) >= 0)
        arc_put(out, (uint64_t)arc);
    if (arc >= 0 && out->len - was <= OID_MAX)
        return 0;
    out->len = was;
    return -1;
}

/* Two decimal digits; of anything else what is no part of a date. */
static int two(const uint8_t *p)
{
    if (!ascii_is_digit(p[0]) || !ascii_is_digit(p[1]))
        return -10000;
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* "YYMMDDHHMMSSZ" below its century. */
static int time_fields(const uint8_t *p, int century, int64_t *t)
{
    const struct tm_civil c = {
        .year = century * 100 + two(p),
        .month = two(p + 2),
        .day = two(p + 4),
        .hour = two(p + 6),
        .minute = two(p + 8),
        .second = two(p + 10),
    };

    return p[12] == 'Z' ? tm_from_civil(&c, t) : -1;
}

int der_get_time(struct der *d, int64_t *t)
{
    struct der_tlv v;

    if (der_next(d, &v))
        return -1;
    if (v.tag == DER_UTC_TIME && v.len == 13)
        return time_fields(v.val, v.val[0] >= '5' ? 19 : 20, t);
    if (v.tag == DER_GENERALIZED_TIME && v.len == 15)
        return time_fields(v.val + 2, two(v.val), t);
    return -1;
}

/* The length octets, shortest form, into out (5 octets); how many. */
static size_t length_put(uint8_t out[5], size_t len)
{
    size_t octets = 0;

    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    if (len > UINT32_MAX)
        abort();
    for (size_t rest = len; rest; rest >>= 8)
        octets++;
    out[0] = (uint8_t)(0x80 | octets);
    for (size_t i = octets; i; i--, len >>= 8)
        out[i] = (uint8_t)len;
    return 1 + octets;
}

size_t der_open(struct buf *b, uint8_t tag)
{
    buf_putc(b, tag);
    return b->len;
}

void der_close(struct buf *b, size_t at)
{
    uint8_t head[5];
    size_t n;

    if (at == 0 || at > b->len)
        abort();
    n = length_put(head, b->len - at);
    memcpy(buf_insert(b, at, n), head, n);
}

void der_put_head(struct buf *b, uint8_t tag, size_t len)
{
    uint8_t head[5];
    size_t n = length_put(head, len);

    buf_putc(b, tag);
    buf_put(b, head, n);
}

void der_put(struct buf *b, uint8_t tag, const void *p, size_t len)
{
    der_put_head(b, tag, len);
    buf_put(b, p, len);
}

void der_put_bool(struct buf *b, bool v)
{
    der_put(b, DER_BOOLEAN, v ? "\xff" : "\0", 1);
}

void der_put_uint(struct buf *b, const uint8_t *p, size_t len)
{
    while (len && *p == 0) {
        p++;
        len--;
    }
    if (len == 0 || p[0] & 0x80) {
        der_put_head(b, DER_INTEGER, len + 1);
        buf_putc(b, 0);
        buf_put(b, p, len);
    } else {
        der_put(b, DER_INTEGER, p, len);
    }
}

void der_put_int(struct buf *b, uint32_t v)
{
    uint8_t p[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                    (uint8_t)v};

    der_put_uint(b, p, sizeof(p));
}

void der_put_oid(struct buf *b, const void *contents, size_t len)
{
    der_put(b, DER_OID, contents, len);
}

void der_put_null(struct buf *b)
{
    der_put(b, DER_NULL, NULL, 0);
}

void der_put_bits(struct buf *b, const void *p, size_t len)
{
    der_put_head(b, DER_BIT_STRING, len + 1);
    buf_putc(b, 0);
    buf_put(b, p, len);
}

void der_put_named_bits(struct buf *b, uint32_t bits)
{
    uint8_t v[5] = {0};
    size_t last = 0;

    for (size_t i = 0; i < 32; i++)
        if (bits & UINT32_C(1) << i) {
            v[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
            last = i;
        }
    if (bits == 0) {
        der_put(b, DER_BIT_STRING, v, 1);
        return;
    }
    v[0] = (uint8_t)(7 - last % 8);
    der_put(b, DER_BIT_STRING, v, 2 + last / 8);
}

/* The year has four digits, or two of them. */
static void time_put(struct buf *b, uint8_t tag, const struct tm_civil *c)
{
    const int f[] = {c->year / 100, c->year % 100, c->month, c->day,
                     c->hour,       c->minute,     c->second};
    const int from = tag == DER_UTC_TIME, len = 15 - 2 * from;
    uint8_t *p = buf_extend(b, 2 + (size_t)len);

    *p++ = tag;
    *p++ = (uint8_t)len;
    for (int i = from; i < 7; i++) {
        *p++ = (uint8_t)('0' + f[i] / 10);
        *p++ = (uint8_t)('0' + f[i] % 10);
    }
    *p = 'Z';
}

void der_put_time(struct buf *b, int64_t t)
{
    struct tm_civil c;

    tm_to_civil(t, &c);
    time_put(b, c.year < 2050 ? DER_UTC_TIME : DER_GENERALIZED_TIME, &c);
}

void der_put_gentime(struct buf *b, int64_t t)
{
    struct tm_civil c;

    tm_to_civil(t, &c);
    time_put(b, DER_GENERALIZED_TIME, &c);
}
