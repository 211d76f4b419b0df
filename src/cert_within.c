/* SPDX-License-Identifier: ISC */
/* What a certificate leaves to those below it, compared: purposes, and the
 * directory names of name constraints. */
#include <string.h>

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
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return true;
}

static bool value_equal(const struct der_tlv *a, const struct der_tlv *b)
{
    AUTO(buf) struct buf x = {0};
    AUTO(buf) struct buf y = {0};

    if (a->raw_len == b->raw_len && memcmp(a->raw, b->raw, a->raw_len) == 0)
        return true;
    return comparable(a, &x) && comparable(b, &y) &&
           strcmp((char *)x.data, (char *)y.data) == 0;
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
static bool set_has(struct der set, struct der other)
{
    struct der_tlv oid, value, other_oid, other_value;

    while (attribute(&set, &oid, &value)) {
        struct der rest = other;
        bool found = false;

        while (!found && attribute(&rest, &other_oid, &other_value))
            found = der_oid_is(&oid, other_oid.val, other_oid.len) &&
                    value_equal(&value, &other_value);
        if (!found)
            return false;
    }
    return der_end(&set);
}

bool cert_dn_within(const struct cert *c, const uint8_t *base, size_t len)
{
    struct der all = der_of(c->subject, c->subject_len), own, set;
    struct der d = der_of(base, len), rdns, wanted;

    if (der_enter(&d, DER_SEQUENCE, &rdns) ||
        der_enter(&all, DER_SEQUENCE, &own))
        return false;
    while (!der_end(&rdns))
        if (der_enter(&rdns, DER_SET, &wanted) || der_end(&own) ||
            der_enter(&own, DER_SET, &set) || !set_has(wanted, set) ||
            !set_has(set, wanted))
            return false;
    return true;
}
