/* SPDX-License-Identifier: ISC */
#include "der.h"

#include "ascii.h"
#include "mem.h"
#include "utf8.h"

/* As utf8_next(), of another encoding. */
typedef uint32_t char_fn(const uint8_t **p, const uint8_t *end);

static uint32_t ascii(const uint8_t **p, const uint8_t *end)
{
    (void)end;
    return **p < 0x80 ? *(*p)++ : UTF8_BAD;
}

static uint32_t digit_or_space(const uint8_t **p, const uint8_t *end)
{
    uint32_t c = ascii(p, end);

    return c == ' ' || ascii_is_digit((int)c) ? c : UTF8_BAD;
}

/* T.61 as everybody writes and reads it, though it is not what T.61 says. */
static uint32_t latin1(const uint8_t **p, const uint8_t *end)
{
    (void)end;
    return *(*p)++;
}

static uint32_t wide(const uint8_t **p, const uint8_t *end, size_t width)
{
    uint32_t c = 0;

    if ((size_t)(end - *p) < width)
        return UTF8_BAD;
    while (width--)
        c = c << 8 | *(*p)++;
    return utf8_is_surrogate(c) || c > 0x10ffff ? UTF8_BAD : c;
}

static uint32_t ucs2(const uint8_t **p, const uint8_t *end)
{
    return wide(p, end, 2);
}

static uint32_t ucs4(const uint8_t **p, const uint8_t *end)
{
    return wide(p, end, 4);
}

/* PrintableString takes all of ASCII: requests with "@" or "*" in one are
 * common, and nothing of them is copied. */
static const struct {
    uint8_t tag;
    char_fn *next;
    const char *rule;
} strings[] = {
    {DER_UTF8_STRING, utf8_next, "is not UTF-8"},
    {DER_PRINTABLE_STRING, ascii, "is not ASCII"},
    {DER_IA5_STRING, ascii, "is not ASCII"},
    {DER_T61_STRING, latin1, "is not Latin-1"},
    {DER_BMP_STRING, ucs2, "is not UCS-2"},
    {DER_UNIVERSAL_STRING, ucs4, "is not UCS-4"},
    {DER_NUMERIC_STRING, digit_or_space, "has more than digits"},
};
enum { STRINGS = COUNT(strings) };

static const char *chars_put(struct buf *out, const struct der_tlv *s,
                             char_fn *next, const char *rule)
{
    const uint8_t *p = s->val, *end = s->val + s->len;

    while (p < end) {
        uint32_t c = next(&p, end);

        if (c == UTF8_BAD)
            return rule;
        if (c == 0)
            return "contains a NUL";
        if (utf8_is_control(c))
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
