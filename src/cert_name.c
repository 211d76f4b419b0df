/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cert.h"
#include "der.h"
#include "mem.h"
#include "oid.h"
#include "utf8.h"

/* One AttributeTypeAndValue of a Name that is read from its end. */
struct attribute {
    struct der_tlv oid, value;
};

/* RFC 4514 section 3, and the two that everybody else also spells out. */
static const struct {
    const char *oid;
    size_t len;
    const char *text;
} types[] = {
    {OID(AT_CN), "CN"},
    {OID(AT_L), "L"},
    {OID(AT_ST), "ST"},
    {OID(AT_O), "O"},
    {OID(AT_OU), "OU"},
    {OID(AT_C), "C"},
    {"\x55\x04\x09", 3, "STREET"},
    {OID(AT_DC), "DC"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10, "UID"},
    {OID(AT_EMAIL), "emailAddress"},
    {OID(AT_SERIAL_NUMBER), "serialNumber"},
};

static int attribute_get(struct der *set, struct attribute *a)
{
    struct der seq;

    if (der_enter(set, DER_SEQUENCE, &seq) || der_get_oid(&seq, &a->oid) ||
        der_next(&seq, &a->value) || !der_end(&seq))
        return -1;
    return 0;
}

static bool utf8_valid(const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;

    while (p < end)
        if (utf8_next(&p, end) == UTF8_BAD)
            return false;
    return true;
}

/* A character of one to four octets. */
static uint32_t char_of(const uint8_t *p, size_t width)
{
    uint32_t c = 0;

    for (size_t i = 0; i < width; i++)
        c = c << 8 | p[i];
    return c;
}

/* BMPString and UniversalString have the characters of Unicode. */
static bool chars_valid(const struct der_tlv *v, size_t width)
{
    if (width == 1)
        return true;
    if (v->len % width)
        return false;
    for (size_t i = 0; i < v->len; i += width) {
        uint32_t c = char_of(v->val + i, width);

        if (c > 0x10ffff || utf8_is_surrogate(c))
            return false;
    }
    return true;
}

/* The string types that attributes have, each in its own encoding. */
static bool value_valid(const struct der_tlv *v)
{
    static const struct {
        uint8_t tag, width;
    } strings[] = {
        {DER_UTF8_STRING, 1},      {DER_NUMERIC_STRING, 1},
        {DER_PRINTABLE_STRING, 1}, {DER_T61_STRING, 1},
        {DER_IA5_STRING, 1},       {DER_UNIVERSAL_STRING, 4},
        {DER_BMP_STRING, 2},
    };

    if (v->tag == DER_UTF8_STRING && !utf8_valid(v->val, v->len))
        return false;
    for (size_t i = 0; i < COUNT(strings); i++)
        if (v->tag == strings[i].tag)
            return chars_valid(v, strings[i].width);
    return false;
}

int cert_name_check(const uint8_t *name, size_t len)
{
    struct der d = der_of(name, len), rdns, set;
    struct attribute a;

    if (der_enter(&d, DER_SEQUENCE, &rdns) || !der_end(&d))
        return -1;
    while (!der_end(&rdns)) {
        if (der_enter(&rdns, DER_SET, &set) || der_end(&set))
            return -1;
        while (!der_end(&set))
            if (attribute_get(&set, &a) || !value_valid(&a.value))
                return -1;
    }
    return 0;
}

/* The string as UTF-8 as far as it is any; -1 when it is no string. */
static int value_utf8(struct buf *out, const struct der_tlv *v)
{
    size_t width = v->tag == DER_BMP_STRING         ? 2
                   : v->tag == DER_UNIVERSAL_STRING ? 4
                   : v->tag == DER_T61_STRING       ? 1
                                                    : 0;

    if (v->tag == DER_UTF8_STRING || v->tag == DER_PRINTABLE_STRING ||
        v->tag == DER_IA5_STRING) {
        buf_put(out, v->val, v->len);
        return 0;
    }
    if (width == 0 || v->len % width)
        return -1;
    for (size_t i = 0; i < v->len; i += width)
        utf8_put(out, char_of(v->val + i, width));
    return 0;
}

/* RFC 4514 section 2.4; controls and broken UTF-8 as \XX too. */
static void put_escaped(struct buf *b, const uint8_t *p, size_t n)
{
    const uint8_t *begin = p, *end = p + n;

    while (p < end) {
        const uint8_t *at = p;
        uint32_t c = utf8_next(&p, end);
        bool edge = (c == ' ' && (at == begin || p == end)) ||
                    (c == '#' && at == begin);

        if (c == UTF8_BAD || utf8_is_control(c)) {
            buf_printf(b, "\\%02x", *at);
            p = at + 1;
            continue;
        }
        if (edge || (c < 0x80 && strchr(",+\"\\<>;=", (int)c)))
            buf_putc(b, '\\');
        buf_put(b, at, (size_t)(p - at));
    }
}

static void put_attribute(struct buf *b, const struct attribute *a)
{
    AUTO(buf) struct buf text = {0};
    char oid[320];
    const char *type = NULL;

    for (size_t i = 0; i < COUNT(types); i++)
        if (der_oid_is(&a->oid, types[i].oid, types[i].len))
            type = types[i].text;
    if (type && value_utf8(&text, &a->value) == 0) {
        buf_printf(b, "%s=", type);
        put_escaped(b, text.data, text.len);
        return;
    }
    der_oid_print(oid, sizeof(oid), a->oid.val, a->oid.len);
    buf_printf(b, "%s=#", type ? type : oid);
    for (size_t i = 0; i < a->value.raw_len; i++)
        buf_printf(b, "%02x", a->value.raw[i]);
}

static void put_rdn(struct buf *b, struct der set)
{
    struct attribute a;

    for (bool first = true; !der_end(&set); first = false) {
        if (attribute_get(&set, &a))
            return;
        if (!first)
            buf_putc(b, '+');
        put_attribute(b, &a);
    }
}

char *cert_name_text(const uint8_t *name, size_t len)
{
    struct der d = der_of(name, len), rdns, set;
    struct buf b = {0};

    if (cert_name_check(name, len) || der_enter(&d, DER_SEQUENCE, &rdns))
        return xstrdup("");
    while (!der_end(&rdns) && der_enter(&rdns, DER_SET, &set) == 0) {
        AUTO(buf) struct buf one = {0};

        put_rdn(&one, set);
        if (b.len)
            buf_putc(&one, ',');
        memcpy(buf_insert(&b, 0, one.len), one.data, one.len);
    }
    return buf_take_str(&b);
}
