/* SPDX-License-Identifier: ISC */
#include "pem.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

enum { LABEL_SIZE = 64, LINE_OCTETS = 48, LINE_CHARS = 64 };

static const char begin_text[] = "-----BEGIN ", end_text[] = "-----END ",
                  dashes[] = "-----";

/* What is left of the text. */
struct text {
    const char *p;
    size_t n;
};

/* The rest of a line that begins or ends a block. */
static void put_label(struct buf *b, const char *label)
{
    buf_puts(b, label);
    buf_puts(b, dashes);
    buf_putc(b, '\n');
}

void pem_put(struct buf *b, const char *label, const void *der, size_t len)
{
    const uint8_t *p = der;
    uint8_t *to;

    buf_puts(b, begin_text);
    put_label(b, label);
    to = buf_extend(b, (len / LINE_OCTETS + 1) * (LINE_CHARS + 1));
    while (len) {
        size_t n = len < LINE_OCTETS ? len : LINE_OCTETS;

        /* It ends what it writes with a NUL. */
        to += EVP_EncodeBlock(to, p, (int)n);
        *to++ = '\n';
        p += n;
        len -= n;
    }
    b->len = (size_t)(to - b->data);
    buf_puts(b, end_text);
    put_label(b, label);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct text *t, size_t n)
{
    t->p += n;
    t->n -= n;
}

static void skip_space(struct text *t)
{
    while (t->n && is_space(*t->p))
        skip(t, 1);
}

static bool starts(const struct text *t, const char *with)
{
    size_t n = strlen(with);

    return t->n >= n && memcmp(t->p, with, n) == 0;
}

static bool take(struct text *t, const char *what)
{
    if (!starts(t, what))
        return false;
    skip(t, strlen(what));
    return true;
}

/* RFC 7468 section 3: words of printable characters, one separator between
 * them; up to the dashes that end the line. */
static int label_take(struct text *t, char out[LABEL_SIZE])
{
    size_t n = 0;

    while (n < t->n && n < LABEL_SIZE && t->p[n] >= ' ' && t->p[n] < 0x7f) {
        struct text at = {t->p + n, t->n - n};

        if (n && starts(&at, dashes)) {
            if (t->p[0] == ' ' || t->p[n - 1] == ' ')
                return -1;
            memcpy(out, t->p, n);
            out[n] = '\0';
            skip(t, n + strlen(dashes));
            return 0;
        }
        n++;
    }
    return -1;
}

/* One more than the value of each digit; comparisons instead would be guessed
 * wrongly at every other octet. */
#define RUN(c, v)                                                              \
    [(c)] = (v), [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3
static const uint8_t
    digits[256] = {RUN('A', 1),  RUN('E', 5),  RUN('I', 9),  RUN('M', 13),
                   RUN('Q', 17), RUN('U', 21), ['Y'] = 25,   ['Z'] = 26,
                   RUN('a', 27), RUN('e', 31), RUN('i', 35), RUN('m', 39),
                   RUN('q', 43), RUN('u', 47), ['y'] = 51,   ['z'] = 52,
                   RUN('0', 53), RUN('4', 57), ['8'] = 61,   ['9'] = 62,
                   ['+'] = 63,   ['/'] = 64};
#undef RUN

/* Three octets at most of the last, shorter group, whose bits beyond them are
 * zero (RFC 4648 section 3.5). */
static int tail_put(struct buf *out, uint32_t bits, unsigned chars,
                    unsigned pads)
{
    if (chars == 0)
        return pads == 0 ? 0 : -1;
    if (chars == 1 || chars + pads != 4)
        return -1;
    bits <<= 6 * pads;
    if (bits & (pads == 2 ? 0xffffU : 0xffU))
        return -1;
    buf_putc(out, (uint8_t)(bits >> 16));
    if (pads == 1)
        buf_putc(out, (uint8_t)(bits >> 8));
    return 0;
}

enum { GROUPS = 16 }; /* of a line */

/* Whole groups, at most a line of them, up to whatever else comes. */
static void groups_take(struct text *t, struct buf *out)
{
    uint8_t *p = buf_extend(out, 3 * GROUPS);

    for (int i = 0; i < GROUPS && t->n >= 4; i++, skip(t, 4)) {
        unsigned bits = 0, all = 1;

        for (int k = 0; k < 4; k++) {
            const unsigned v = digits[(uint8_t)t->p[k]];

            bits = bits << 6 | (v - 1);
            all = all && v;
        }
        if (!all)
            break;
        *p++ = (uint8_t)(bits >> 16);
        *p++ = (uint8_t)(bits >> 8);
        *p++ = (uint8_t)bits;
    }
    out->len = (size_t)(p - out->data);
}

/* Base64 with white space anywhere, up to the first dash. */
static int base64_take(struct text *t, struct buf *out)
{
    uint32_t bits = 0;
    unsigned chars = 0, pads = 0;

    for (;; skip(t, 1)) {
        unsigned v;

        if (!chars && !pads)
            groups_take(t, out);
        if (!t->n || *t->p == '-')
            break;
        v = digits[(uint8_t)*t->p];
        if (is_space(*t->p))
            continue;
        if (*t->p == '=' && ++pads <= 2)
            continue;
        if (!v || pads)
            return -1;
        bits = bits << 6 | (v - 1);
        if (++chars == 4) {
            uint8_t *p = buf_extend(out, 3);

            p[0] = (uint8_t)(bits >> 16);
            p[1] = (uint8_t)(bits >> 8);
            p[2] = (uint8_t)bits;
            bits = chars = 0;
        }
    }
    return tail_put(out, bits, chars, pads);
}

/* What a label and RFC 1421 headers say before any base64 is looked at. */
static enum pem_result kind_of(const char *label, struct text body)
{
    static const char private_text[] = "PRIVATE KEY";
    size_t n = strlen(label), tail = sizeof(private_text) - 1;

    skip_space(&body);
    if (starts(&body, "Proc-Type:") || starts(&body, "DEK-Info:") ||
        strncmp(label, "ENCRYPTED ", 10) == 0)
        return PEM_ENCRYPTED;
    if (n >= tail && strcmp(label + n - tail, private_text) == 0)
        return PEM_PRIVATE;
    return PEM_OK;
}

/* The END line that belongs to the label. */
static int end_take(struct text *t, const char *label)
{
    return take(t, end_text) && take(t, label) && take(t, dashes) ? 0 : -1;
}

/* Moves past a block that is not to be decoded. */
static void block_skip(struct text *t, const char *label)
{
    const char *end;

    while ((end = memmem(t->p, t->n, end_text, strlen(end_text)))) {
        skip(t, (size_t)(end - t->p));
        if (end_take(t, label) == 0)
            return;
    }
    skip(t, t->n);
}

enum pem_result pem_read_next(const void *text, size_t len, char label_out[64],
                              struct buf *der, size_t *used)
{
    struct text t = {text, len};
    size_t was = der->len;
    enum pem_result kind;

    *used = 0;
    label_out[0] = '\0';
    skip_space(&t);
    if (!take(&t, begin_text)) {
        *used = t.n ? 0 : len;
        return PEM_NOT;
    }
    if (label_take(&t, label_out)) {
        label_out[0] = '\0';
        return PEM_BROKEN;
    }
    kind = kind_of(label_out, t);
    if (kind != PEM_OK) {
        block_skip(&t, label_out);
    } else if (base64_take(&t, der) || der->len == was ||
               end_take(&t, label_out)) {
        der->len = was;
        return PEM_BROKEN;
    }
    skip_space(&t);
    *used = len - t.n;
    return kind;
}

enum pem_result pem_read(const void *text, size_t len, char label_out[64],
                         struct buf *der)
{
    size_t was = der->len, used;
    enum pem_result r = pem_read_next(text, len, label_out, der, &used);

    if (r == PEM_OK && used < len) {
        der->len = was;
        return PEM_MANY;
    }
    return r;
}

int base64_decode(struct buf *out, const char *text, size_t len)
{
    const size_t was = out->len;
    struct text t = {text, len};

    if (base64_take(&t, out) == 0 && t.n == 0)
        return 0;
    out->len = was;
    return -1;
}
