/* SPDX-License-Identifier: ISC */
#include "der.h"

#include <string.h>

/* The next character, or UINT32_MAX; *p moves past it. */
typedef uint32_t char_fn(const uint8_t **p, const uint8_t *end);

#define BAD_CHAR DER_BAD_CHAR

static uint32_t ascii(const uint8_t **p, const uint8_t *end)
{
    (void)end;
    return **p < 0x80 ? *(*p)++ : BAD_CHAR;
}

static uint32_t digit_or_space(const uint8_t **p, const uint8_t *end)
{
    uint32_t c = ascii(p, end);

    return c == ' ' || (c >= '0' && c <= '9') ? c : BAD_CHAR;
}

/* T.61 as everybody writes and reads it, though it is not what T.61 says. */
static uint32_t latin1(const uint8_t **p, const uint8_t *end)
{
    (void)end;
    return *(*p)++;
}

static bool is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

static uint32_t wide(const uint8_t **p, const uint8_t *end, size_t width)
{
    uint32_t c = 0;

    if ((size_t)(end - *p) < width)
        return BAD_CHAR;
    while (width--)
        c = c << 8 | *(*p)++;
    return is_surrogate(c) || c > 0x10ffff ? BAD_CHAR : c;
}

static uint32_t ucs2(const uint8_t **p, const uint8_t *end)
{
    return wide(p, end, 2);
}

static uint32_t ucs4(const uint8_t **p, const uint8_t *end)
{
    return wide(p, end, 4);
}

/* RFC 3629: shortest form, no surrogates, nothing above U+10FFFF. */
uint32_t der_utf8_next(const uint8_t **p, const uint8_t *end)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = *(*p)++;
    unsigned more = first < 0x80                    ? 0
                    : first >= 0xc2 && first < 0xe0 ? 1
                    : first >= 0xe0 && first < 0xf0 ? 2
                    : first >= 0xf0 && first < 0xf5 ? 3
                                                    : 4;
    uint32_t c = more ? first & (0x3fU >> more) : first;

    if (more == 4 || (size_t)(end - *p) < more)
        return BAD_CHAR;
    for (unsigned i = 0; i < more; i++) {
        if ((**p & 0xc0) != 0x80)
            return BAD_CHAR;
        c = c << 6 | (*(*p)++ & 0x3f);
    }
    if (c < least[more] || is_surrogate(c) || c > 0x10ffff)
        return BAD_CHAR;
    return c;
}

/* PrintableString takes all of ASCII: requests with "@" or "*" in one are
 * common, and nothing of them is copied. */
static const struct {
    uint8_t tag;
    char_fn *next;
    const char *rule;
} strings[] = {
    {DER_UTF8_STRING, der_utf8_next, "is not UTF-8"},
    {DER_PRINTABLE_STRING, ascii, "is not ASCII"},
    {DER_IA5_STRING, ascii, "is not ASCII"},
    {DER_T61_STRING, latin1, "is not Latin-1"},
    {DER_BMP_STRING, ucs2, "is not UCS-2"},
    {DER_UNIVERSAL_STRING, ucs4, "is not UCS-4"},
    {DER_NUMERIC_STRING, digit_or_space, "has more than digits"},
};
enum { STRINGS = sizeof(strings) / sizeof(*strings) };

static void utf8_put(struct buf *b, uint32_t c)
{
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    buf_putc(b, (uint8_t)(lead[more] | c >> 6 * more));
    while (more--)
        buf_putc(b, (uint8_t)(0x80 | (c >> 6 * more & 0x3f)));
}

static const char *chars_put(struct buf *out, const struct der_tlv *s,
                             char_fn *next, const char *rule)
{
    const uint8_t *p = s->val, *end = s->val + s->len;

    while (p < end) {
        uint32_t c = next(&p, end);

        if (c == BAD_CHAR)
            return rule;
        if (c == 0)
            return "contains a NUL";
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return "contains a control character";
        utf8_put(out, c);
    }
    return NULL;
}

const char *der_text(struct buf *out, const struct der_tlv *string)
{
    size_t was = out->len;
    const char *rule = "is no character string";

    for (size_t i = 0; i < STRINGS; i++)
        if (strings[i].tag == string->tag)
            rule = chars_put(out, string, strings[i].next, strings[i].rule);
    if (rule)
        out->len = was;
    return rule;
}
