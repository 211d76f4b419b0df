/* SPDX-License-Identifier: ISC */
#include "utf8.h"

bool utf8_is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

bool utf8_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

uint32_t utf8_next(const uint8_t **p, const uint8_t *end)
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
        return UTF8_BAD;
    for (unsigned i = 0; i < more; i++) {
        if ((**p & 0xc0) != 0x80)
            return UTF8_BAD;
        c = c << 6 | (*(*p)++ & 0x3f);
    }
    if (c < least[more] || utf8_is_surrogate(c) || c > 0x10ffff)
        return UTF8_BAD;
    return c;
}

void utf8_put(struct buf *b, uint32_t c)
{
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    buf_putc(b, (uint8_t)(lead[more] | c >> 6 * more));
    while (more--)
        buf_putc(b, (uint8_t)(0x80 | (c >> 6 * more & 0x3f)));
}

size_t utf8_count(const uint8_t *p, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += (p[i] & 0xc0) != 0x80;
    return n;
}
