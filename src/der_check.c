/* SPDX-License-Identifier: ISC */
#include "der.h"

#include "mem.h"

/* X.690 8.3.2: the first nine bits are not all the same. */
static bool integer_valid(const struct der_tlv *t)
{
    if (t->len == 0)
        return false;
    return t->len == 1 || !((t->val[0] == 0x00 && t->val[1] < 0x80) ||
                            (t->val[0] == 0xff && t->val[1] >= 0x80));
}

/* X.690 11.2.1: unused bits are zero. */
static bool bits_valid(const struct der_tlv *t)
{
    unsigned unused;

    if (t->len == 0 || t->val[0] > 7)
        return false;
    unused = t->val[0];
    if (t->len == 1)
        return unused == 0;
    return !(t->val[t->len - 1] & ((1U << unused) - 1));
}

static bool bool_valid(const struct der_tlv *t)
{
    return t->len == 1 && (t->val[0] == 0x00 || t->val[0] == 0xff);
}

static bool null_valid(const struct der_tlv *t)
{
    return t->len == 0;
}

static bool oid_valid(const struct der_tlv *t)
{
    struct der d = der_of(t->raw, t->raw_len);
    struct der_tlv oid;

    return der_get_oid(&d, &oid) == 0;
}

static const struct {
    uint8_t tag;
    bool (*valid)(const struct der_tlv *t);
} leaves[] = {
    {DER_BOOLEAN, bool_valid},    {DER_INTEGER, integer_valid},
    {DER_BIT_STRING, bits_valid}, {DER_NULL, null_valid},
    {DER_OID, oid_valid},         {DER_ENUMERATED, integer_valid},
};

enum { UNIVERSAL_MAX = 0x3f, CONSTRUCTED = 0x20 };

/* X.690 10.2: of the universal types only these are ever constructed, and
 * they always. */
static bool form_valid(uint8_t tag)
{
    unsigned number = tag & 0x1f;
    bool always = number == (DER_SEQUENCE & 0x1f) || number == (DER_SET & 0x1f);
    bool external = number == 8 || number == 11; /* EXTERNAL, EMBEDDED PDV */

    if (tag > UNIVERSAL_MAX)
        return true;
    return !!(tag & CONSTRUCTED) == (always || external);
}

static bool leaf_valid(const struct der_tlv *t)
{
    for (size_t i = 0; i < COUNT(leaves); i++)
        if (leaves[i].tag == t->tag)
            return leaves[i].valid(t);
    return true;
}

int der_check(const void *p, size_t len)
{
    struct der level[DER_DEPTH];
    struct der_tlv t;
    size_t depth = 0;

    level[0] = der_of(p, len);
    if (der_next(&level[0], &t) || !der_end(&level[0]))
        return -1;
    level[0] = der_of(p, len);
    for (;;) {
        while (der_end(&level[depth]))
            if (depth-- == 0)
                return 0;
        if (der_next(&level[depth], &t) || !form_valid(t.tag))
            return -1;
        if (!(t.tag & CONSTRUCTED)) {
            if (!leaf_valid(&t))
                return -1;
            continue;
        }
        if (++depth == DER_DEPTH)
            return -1;
        level[depth] = der_of(t.val, t.len);
    }
}
