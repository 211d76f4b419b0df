/* SPDX-License-Identifier: ISC */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "oid.h"
#include "utf8.h"

static const struct {
    const char *text;
    const char *oid;
    size_t oid_len;
    uint8_t tag;
    unsigned max; /* characters */
    const char *rule;
} fields[SUBJECT__MAX] = {
    [SUBJECT_C] = {"c", OID(AT_C), DER_PRINTABLE_STRING, 2,
                   "is no country code of two capital letters"},
    [SUBJECT_ST] = {"st", OID(AT_ST), DER_UTF8_STRING, 128,
                    "is longer than 128 characters"},
    [SUBJECT_L] = {"l", OID(AT_L), DER_UTF8_STRING, 128,
                   "is longer than 128 characters"},
    [SUBJECT_O] = {"o", OID(AT_O), DER_UTF8_STRING, 64,
                   "is longer than 64 characters"},
    [SUBJECT_OU] = {"ou", OID(AT_OU), DER_UTF8_STRING, 64,
                    "is longer than 64 characters"},
    [SUBJECT_CN] = {"cn", OID(AT_CN), DER_UTF8_STRING, 64,
                    "is longer than 64 characters"},
    [SUBJECT_SERIAL_NUMBER] = {"serial-number", OID(AT_SERIAL_NUMBER),
                               DER_PRINTABLE_STRING, 64,
                               "is longer than 64 characters"},
    [SUBJECT_EMAIL] = {"email", OID(AT_EMAIL), DER_IA5_STRING, 255,
                       "is longer than 255 characters"},
};

const char *subject_field_text(enum subject_field f)
{
    return fields[f].text;
}

enum subject_field subject_field_parse(const char *text, size_t len)
{
    int f = 0;

    while (f < SUBJECT__MAX && (strlen(fields[f].text) != len ||
                                memcmp(fields[f].text, text, len) != 0))
        f++;
    return (enum subject_field)f;
}

enum subject_field subject_field_of(const struct der_tlv *oid)
{
    int f = 0;

    while (f < SUBJECT__MAX &&
           !der_oid_is(oid, fields[f].oid, fields[f].oid_len))
        f++;
    return (enum subject_field)f;
}

static bool is_printable_string(const char *s)
{
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789 '()+,-./:=?") == strlen(s);
}

/* What comparing leaves out (RFC 4518 section 2.2), and what turns the text
 * around it or ends its line: two values that look alike would be two. */
static const struct range {
    uint32_t first, last;
} unseen[] = {
    {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x115f, 0x1160},
    {0x17b4, 0x17b5},   {0x1806, 0x1806},   {0x180b, 0x180f},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x2800, 0x2800},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffc},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* Where Persian, Hindi and others write a joiner it is seen by what the letters
 * around it look like (RFC 5892 appendix A): behind a virama, and between
 * letters of the Arabic block that would join.  Of these the first list joins
 * both ways, the second only what is before it. */
enum { ZWNJ = 0x200c, ZWJ = 0x200d };
static const struct range viramas[] = {
    {0x94d, 0x94d}, {0x9cd, 0x9cd}, {0xa4d, 0xa4d}, {0xacd, 0xacd},
    {0xb4d, 0xb4d}, {0xbcd, 0xbcd}, {0xc4d, 0xc4d}, {0xccd, 0xccd},
    {0xd4d, 0xd4d}, {0xdca, 0xdca},
};
static const struct range both_ways[] = {
    {0x620, 0x620}, {0x626, 0x626}, {0x628, 0x628}, {0x62a, 0x62e},
    {0x633, 0x63f}, {0x641, 0x647}, {0x649, 0x64a}, {0x66e, 0x66f},
    {0x678, 0x687}, {0x69a, 0x6bf}, {0x6c1, 0x6c2}, {0x6cc, 0x6cc},
    {0x6ce, 0x6ce}, {0x6d0, 0x6d1}, {0x6fa, 0x6fc}, {0x6ff, 0x6ff},
};
static const struct range one_way[] = {
    {0x622, 0x625}, {0x627, 0x627}, {0x629, 0x629}, {0x62f, 0x632},
    {0x648, 0x648}, {0x671, 0x673}, {0x675, 0x677}, {0x688, 0x699},
    {0x6c0, 0x6c0}, {0x6c3, 0x6cb}, {0x6cd, 0x6cd}, {0x6cf, 0x6cf},
    {0x6d2, 0x6d3}, {0x6d5, 0x6d5}, {0x6ee, 0x6ef},
};

#define WITHIN(c, list) within((c), (list), COUNT(list))
static bool within(uint32_t c, const struct range *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= list[i].first && c <= list[i].last)
            return true;
    return false;
}

static bool joiner_is_seen(uint32_t before, uint32_t c, uint32_t after)
{
    if (c != ZWNJ && c != ZWJ)
        return false;
    if (WITHIN(before, viramas))
        return true;
    return c == ZWNJ && WITHIN(before, both_ways) &&
           (WITHIN(after, both_ways) || WITHIN(after, one_way));
}

static bool has_unseen(const char *value)
{
    const uint8_t *p = (const uint8_t *)value, *end = p + strlen(value);
    uint32_t before = 0, c;

    while (p < end && (c = utf8_next(&p, end)) != UTF8_BAD) {
        const uint8_t *next = p;
        const uint32_t after = p < end ? utf8_next(&next, end) : 0;

        if (WITHIN(c, unseen) && !joiner_is_seen(before, c, after))
            return true;
        before = c;
    }
    return false;
}

const char *subject_rule(enum subject_field f, const char *value)
{
    AUTO(buf) struct buf text = {0};
    const uint8_t tag =
        fields[f].tag == DER_IA5_STRING ? DER_IA5_STRING : DER_UTF8_STRING;
    const struct der_tlv t = {
        .tag = tag, .val = (const uint8_t *)value, .len = strlen(value)};
    const char *rule = der_text(&text, &t);

    if (rule)
        return rule;
    if (!*value)
        return "is empty";
    if (has_unseen(value))
        return "has a character that is not seen, or that turns the text "
               "around it";
    if (utf8_count(text.data, text.len) > fields[f].max)
        return fields[f].rule;
    if (f == SUBJECT_C && (strlen(value) != 2 || value[0] < 'A' ||
                           value[0] > 'Z' || value[1] < 'A' || value[1] > 'Z'))
        return fields[f].rule;
    if (fields[f].tag == DER_PRINTABLE_STRING && !is_printable_string(value))
        return "has a character that a PrintableString has not";
    return NULL;
}

/* What is compared as a blank (RFC 4518 section 2.2), and looks like one. */
static const struct range blanks[] = {
    {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

static void blanks_alike(char *s)
{
    const uint8_t *p = (const uint8_t *)s, *end = p + strlen(s), *was = p;
    char *to = s;

    for (; p < end; was = p) {
        if (WITHIN(utf8_next(&p, end), blanks)) {
            *to++ = ' ';
            continue;
        }
        memmove(to, was, (size_t)(p - was));
        to += p - was;
    }
    *to = '\0';
}

void subject_collapse(char *s)
{
    char *to = s;

    for (const char *p = s; *p; p++)
        if (*p != ' ' || (to != s && to[-1] != ' '))
            *to++ = *p;
    if (to != s && to[-1] == ' ')
        to--;
    *to = '\0';
}

void subject_set(struct subject *s, enum subject_field f, char *value)
{
    free(s->v[f]);
    blanks_alike(value);
    subject_collapse(value);
    s->v[f] = *value ? value : NULL;
    if (!*value)
        free(value);
}

void subject_add(struct subject *s, enum subject_field f, char *value)
{
    AUTO(free) char *had = s->v[f];
    char *now;

    s->v[f] = NULL;
    subject_set(s, f, value);
    now = s->v[f];
    if (!had || (now && strcmp(had, now) == 0))
        return;
    s->v[f] = now ? xasprintf("%s\n%s", had, now) : xstrdup(had);
    free(now);
}

/* As much of a text as a sentence takes. */
static void put_short(struct buf *b, const char *text)
{
    enum { SHOWN = 64 };
    const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
    const uint8_t *stop = p;

    for (int i = 0; i < SHOWN && stop < end; i++)
        utf8_next(&stop, end);
    buf_putc(b, '"');
    buf_put(b, p, (size_t)(stop - p));
    buf_puts(b, stop < end ? "…\"" : "\"");
}

char *subject_values(const char *value)
{
    enum { SHOWN = 8 };
    AUTO(strs) struct strs all = {0};
    struct buf out = {0};

    strs_split(&all, value, '\n');
    for (size_t i = 0; i < all.n && i < SHOWN; i++) {
        if (i)
            buf_puts(&out, ", ");
        put_short(&out, all.v[i]);
    }
    if (all.n > SHOWN)
        buf_puts(&out, ", …");
    return buf_take_str(&out);
}

bool subject_is_empty(const struct subject *s)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (s->v[f])
            return false;
    return true;
}

void subject_copy(struct subject *to, const struct subject *from)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        to->v[f] = xstrdup_null(from->v[f]);
}

void subject_free(struct subject *s)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        free(s->v[f]);
    *s = (struct subject){0};
}

void subject_write(struct buf *b, const struct subject *s)
{
    size_t name = der_open(b, DER_SEQUENCE), set, attribute;

    for (int f = 0; f < SUBJECT__MAX; f++) {
        if (!s->v[f])
            continue;
        set = der_open(b, DER_SET);
        attribute = der_open(b, DER_SEQUENCE);
        der_put_oid(b, fields[f].oid, fields[f].oid_len);
        der_put(b, fields[f].tag, s->v[f], strlen(s->v[f]));
        der_close(b, attribute);
        der_close(b, set);
    }
    der_close(b, name);
}

static void read_attribute(struct subject *out, struct der *set)
{
    AUTO(buf) struct buf text = {0};
    struct der_tlv oid, value;
    enum subject_field f;
    struct der seq;

    if (der_enter(set, DER_SEQUENCE, &seq) || der_get_oid(&seq, &oid) ||
        der_next(&seq, &value)) {
        *set = (struct der){0};
        return;
    }
    f = subject_field_of(&oid);
    if (f != SUBJECT__MAX && !der_text(&text, &value) && text.len)
        subject_set(out, f, buf_take_str(&text));
}

void subject_read(struct subject *out, const uint8_t *name, size_t len)
{
    struct der d = der_of(name, len), rdns, set;

    *out = (struct subject){0};
    if (der_enter(&d, DER_SEQUENCE, &rdns))
        return;
    while (!der_end(&rdns) && der_enter(&rdns, DER_SET, &set) == 0)
        while (!der_end(&set))
            read_attribute(out, &set);
}

void subject_put(struct buf *b, const struct subject *s)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        buf_str(b, s->v[f]);
}

void subject_get(struct rd *r, struct subject *s)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        s->v[f] = rd_str_null(r);
}
