/* SPDX-License-Identifier: ISC */
/* JSON as text.  The library's own printer looks at every octet of a string by
 * itself, which was half of what an answer cost: two certificates in PEM are
 * three thousand. */
#include <stdlib.h>
#include <string.h>

#include "view.h"

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct buf *b, unsigned char c)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *at = c ? strchr(letters, c) : NULL;

    if (at) {
        buf_putc(b, '\\');
        buf_putc(b, (uint8_t)names[at - letters]);
    } else {
        buf_printf(b, "\\u%04X", c);
    }
}

static void put_string(struct buf *b, const char *s, size_t len)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < len;) {
        size_t n = 0;

        while (i + n < len && is_plain((unsigned char)s[i + n]))
            n++;
        buf_put(b, s + i, n);
        i += n;
        if (i < len)
            put_escaped(b, (unsigned char)s[i++]);
    }
    buf_putc(b, '"');
}

static void put_line(struct buf *b, unsigned depth)
{
    buf_putc(b, '\n');
    while (depth--)
        buf_puts(b, "  ");
}

static void put_value(struct buf *b, const json_t *j, unsigned depth);

static void put_array(struct buf *b, const json_t *j, unsigned depth)
{
    json_t *v;
    size_t i;

    buf_putc(b, '[');
    json_array_foreach(j, i, v)
    {
        if (i)
            buf_putc(b, ',');
        put_line(b, depth + 1);
        put_value(b, v, depth + 1);
    }
    if (json_array_size(j))
        put_line(b, depth);
    buf_putc(b, ']');
}

static void put_object(struct buf *b, const json_t *j, unsigned depth)
{
    const char *key;
    json_t *v;
    bool first = true;

    buf_putc(b, '{');
    json_object_foreach((json_t *)j, key, v)
    {
        if (!first)
            buf_putc(b, ',');
        first = false;
        put_line(b, depth + 1);
        put_string(b, key, strlen(key));
        buf_puts(b, ": ");
        put_value(b, v, depth + 1);
    }
    if (!first)
        put_line(b, depth);
    buf_putc(b, '}');
}

static void put_value(struct buf *b, const json_t *j, unsigned depth)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        put_object(b, j, depth);
        break;
    case JSON_ARRAY:
        put_array(b, j, depth);
        break;
    case JSON_STRING:
        put_string(b, json_string_value(j), json_string_length(j));
        break;
    case JSON_INTEGER:
        buf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
        break;
    case JSON_TRUE:
        buf_puts(b, "true");
        break;
    case JSON_FALSE:
        buf_puts(b, "false");
        break;
    case JSON_NULL:
        buf_puts(b, "null");
        break;
    default: /* a fraction, which nothing of ours has */
        abort();
    }
}

void view_print(struct buf *b, json_t *object)
{
    put_value(b, object, 0);
    buf_putc(b, '\n');
    json_decref(object);
}
