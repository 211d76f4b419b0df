/* SPDX-License-Identifier: ISC */
#include "mkcsr_der.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

void die(const char *what)
{
    fprintf(stderr, "mkcsr: %s\n", what);
    exit(2);
}

void put(struct bytes *b, const void *p, size_t n)
{
    if (n > sizeof(b->v) - b->n)
        die("too long");
    memcpy(b->v + b->n, p, n);
    b->n += n;
}

struct bytes *fresh(void)
{
    struct bytes *b = malloc(sizeof(*b));

    if (!b)
        die("memory");
    b->n = 0;
    return b;
}

void tlv(struct bytes *b, int tag, const void *p, size_t n)
{
    unsigned char h[6] = {(unsigned char)tag};
    size_t k = 1;

    if (n < 0x80) {
        h[k++] = (unsigned char)n;
    } else {
        int octets = n > 0xffff ? 3 : n > 0xff ? 2 : 1;

        h[k++] = (unsigned char)(0x80 | octets);
        while (octets-- > 0)
            h[k++] = (unsigned char)(n >> (8 * octets));
    }
    put(b, h, k);
    put(b, p, n);
}

void wrap(struct bytes *b, int tag, struct bytes *inner)
{
    tlv(b, tag, inner->v, inner->n);
    free(inner);
}

void oid(struct bytes *b, const char *dotted)
{
    ASN1_OBJECT *o = OBJ_txt2obj(dotted, 1);

    if (!o)
        die("object identifier");
    tlv(b, 0x06, OBJ_get0_data(o), OBJ_length(o));
    ASN1_OBJECT_free(o);
}

static int nibble(int c)
{
    if (!isxdigit(c))
        die("hex");
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

void put_text(struct bytes *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '%') {
            c = (unsigned char)(nibble(s[1]) << 4 | nibble(s[2]));
            s += 2;
        }
        put(b, &c, 1);
    }
}

void put_hex(struct bytes *b, const char *s)
{
    for (; *s; s += 2) {
        unsigned char c = (unsigned char)(nibble(s[0]) << 4 | nibble(s[1]));

        put(b, &c, 1);
    }
}

void put_file(struct bytes *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    unsigned char piece[4096];
    size_t n = 0;

    if (!f)
        die(path);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        put(b, piece, n);
    fclose(f);
}
