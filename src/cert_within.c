/* SPDX-License-Identifier: ISC */
/* What a certificate leaves to those below it: purposes, subtrees, and how
 * directory names are compared. */
#include <string.h>

#include "ascii.h"
#include "cert.h"
#include "subject.h"

/* ---- purposes ---- */

bool cert_eku_has(const struct cert *c, const void *oid, size_t len)
{
    const struct cert_ext *x = &c->ext[EXT_EKU];
    struct der value = der_of(x->value, x->len), list;
    struct der_tlv one;

    if (der_enter(&value, DER_SEQUENCE, &list))
        return false;
    while (!der_end(&list) && der_get_oid(&list, &one) == 0)
        if (der_oid_is(&one, oid, len))
            return true;
    return false;
}

bool cert_eku_within(const struct cert *c, const struct cert *issuer)
{
    const struct cert_ext *x = &c->ext[EXT_EKU];
    struct der value = der_of(x->value, x->len), list;
    struct der_tlv one;

    if (!issuer->ext[EXT_EKU].value || issuer->eku & EKU_ANY ||
        (!c->ca && c->eku == EKU_OCSP))
        return true;
    if (!x->value || der_enter(&value, DER_SEQUENCE, &list))
        return false;
    while (!der_end(&list))
        if (der_get_oid(&list, &one) || !cert_eku_has(issuer, one.val, one.len))
            return false;
    return true;
}

/* ---- name constraints ---- */

struct der cert_subtrees(const struct cert *c, bool excluded)
{
    const struct cert_ext *x = &c->ext[EXT_CONSTRAINTS];
    struct der value = der_of(x->value, x->len), seq, one;

    if (!x->value || der_enter(&value, DER_SEQUENCE, &seq))
        return (struct der){0};
    for (int i = 0; i < 2; i++) {
        int r = der_enter_opt(&seq, DER_CTX_CONS(i), &one);

        if (r == 1 && i == excluded)
            return one;
        if (r < 0)
            break;
    }
    return (struct der){0};
}

bool cert_subtree_next(struct der *list, struct der_tlv *base, bool *bounds)
{
    struct der seq;

    if (der_end(list) || der_enter(list, DER_SEQUENCE, &seq) ||
        der_next(&seq, base))
        return false;
    *bounds = !der_end(&seq);
    return true;
}

/* ---- directory names ---- */

/* A value as it is compared: in UTF-8, without blanks that count for nothing,
 * ASCII in lower case.  False: no character string, so octets count. */
static bool comparable(const struct der_tlv *v, struct buf *out)
{
    char *end;

    if (der_text(out, v) != NULL)
        return false;
    buf_putc(out, '\0');
    subject_collapse((char *)out->data);
    end = (char *)out->data + strlen((char *)out->data);
    for (char *p = (char *)out->data; p < end; p++)
        *p = ascii_lower(*p);
    return true;
}

/* How much at either end of a text is ASCII, whatever a letter beyond it is
 * compared as: one that is an accent belongs to the letter before it. */
struct ends {
    size_t len, head, tail;
};
static struct ends ends_of(const char *text)
{
    const size_t len = strlen(text);
    struct ends e = {len, 0, 0};

    while (e.head < len && !(text[e.head] & 0x80))
        e.head++;
    while (e.tail < len && !(text[len - e.tail - 1] & 0x80))
        e.tail++;
    if (e.head && e.head < len)
        e.head--;
    return e;
}

/* False when the two differ whatever the letters beyond ASCII stand for: their
 * case, their composition and what looks like them (RFC 4518) is not known. */
static bool may_be_equal(const char *a, const char *b)
{
    const struct ends x = ends_of(a), y = ends_of(b);
    const size_t head = x.head < y.head ? x.head : y.head;
    const size_t tail = x.tail < y.tail ? x.tail : y.tail;

    if (x.head == x.len && y.head == y.len)
        return strcmp(a, b) == 0;
    return memcmp(a, b, head) == 0 &&
           memcmp(a + x.len - tail, b + y.len - tail, tail) == 0;
}

static bool value_equal(const struct der_tlv *a, const struct der_tlv *b,
                        bool perhaps)
{
    AUTO(buf) struct buf x = {0};
    AUTO(buf) struct buf y = {0};

    if (a->raw_len == b->raw_len && memcmp(a->raw, b->raw, a->raw_len) == 0)
        return true;
    if (!comparable(a, &x) || !comparable(b, &y))
        return false;
    return perhaps ? may_be_equal((char *)x.data, (char *)y.data)
                   : strcmp((char *)x.data, (char *)y.data) == 0;
}

/* The next attribute of a relative name. */
static bool attribute(struct der *set, struct der_tlv *oid,
                      struct der_tlv *value)
{
    struct der seq;

    return !der_end(set) && der_enter(set, DER_SEQUENCE, &seq) == 0 &&
           der_get_oid(&seq, oid) == 0 && der_next(&seq, value) == 0;
}

/* Relative names are equal when each attribute of one is in the other. */
static bool set_has(struct der set, struct der other, bool perhaps)
{
    struct der_tlv oid, value, other_oid, other_value;

    while (attribute(&set, &oid, &value)) {
        struct der rest = other;
        bool found = false;

        while (!found && attribute(&rest, &other_oid, &other_value))
            found = der_oid_is(&oid, other_oid.val, other_oid.len) &&
                    value_equal(&value, &other_value, perhaps);
        if (!found)
            return false;
    }
    return der_end(&set);
}

bool cert_dn_within(const uint8_t *name, size_t name_len,
                    const struct der_tlv *base, bool perhaps)
{
    struct der all = der_of(name, name_len), own, set;
    struct der d = der_of(base->val, base->len), rdns, wanted;

    if (der_enter(&d, DER_SEQUENCE, &rdns) ||
        der_enter(&all, DER_SEQUENCE, &own))
        return false;
    while (!der_end(&rdns))
        if (der_enter(&rdns, DER_SET, &wanted) || der_end(&own) ||
            der_enter(&own, DER_SET, &set) || !set_has(wanted, set, perhaps) ||
            !set_has(set, wanted, perhaps))
            return false;
    return true;
}
