/* SPDX-License-Identifier: ISC */
/* Issuer and subject (RFC 5280 sections 4.1.2.4 and 4.1.2.6, appendix A.1). */
#include <string.h>

#include "ascii.h"
#include "lint_part.h"
#include "oid.h"
#include "utf8.h"

struct lint_rdns lint_name(const uint8_t *name, size_t len)
{
    struct der d = der_of(name, len);
    struct lint_rdns at = {0};

    if (der_enter(&d, DER_SEQUENCE, &at.rdns))
        at.rdns = (struct der){0};
    return at;
}

bool lint_attribute(struct lint_rdns *at, struct der_tlv *oid,
                    struct der_tlv *value)
{
    struct der pair;

    at->begins = der_end(&at->set);
    if (at->begins &&
        (der_end(&at->rdns) || der_enter(&at->rdns, DER_SET, &at->set)))
        return false;
    return der_enter(&at->set, DER_SEQUENCE, &pair) == 0 &&
           der_get_oid(&pair, oid) == 0 && der_next(&pair, value) == 0;
}

/* An attribute and the most characters that it may have. */
struct bound {
    const char *oid;
    size_t len, max;
};

static size_t characters(const struct der_tlv *v)
{
    if (v->tag == DER_BMP_STRING)
        return v->len / 2;
    if (v->tag == DER_UNIVERSAL_STRING)
        return v->len / 4;
    return v->tag == DER_UTF8_STRING ? utf8_count(v->val, v->len) : v->len;
}

static bool too_long(LINT_ARGS)
{
    const struct bound *b = l->arg;
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v))
        if (der_oid_is(&oid, b->oid, b->len) && characters(&v) > b->max)
            return true;
    return false;
}

/* Attributes whose type of string is prescribed. */
static bool wrong_string(LINT_ARGS)
{
    const struct bound *b = l->arg; /* max is the tag */
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v))
        if (der_oid_is(&oid, b->oid, b->len) && v.tag != b->max)
            return true;
    return false;
}

/* True when some value of the subject is broken. */
static bool any_value(const struct cert *c,
                      bool (*broken)(const struct der_tlv *))
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v))
        if (broken(&v))
            return true;
    return false;
}

static bool value_empty(const struct der_tlv *v)
{
    return v->len == 0;
}

static bool value_old(const struct der_tlv *v)
{
    return v->tag == DER_T61_STRING || v->tag == DER_BMP_STRING ||
           v->tag == DER_UNIVERSAL_STRING;
}

static bool value_blank(const struct der_tlv *v)
{
    return v->len && (v->val[0] == ' ' || v->val[v->len - 1] == ' ');
}

static bool value_control(const struct der_tlv *v)
{
    if (v->tag == DER_BMP_STRING || v->tag == DER_UNIVERSAL_STRING)
        return false;
    for (size_t i = 0; i < v->len; i++)
        if (v->val[i] < 0x20 || v->val[i] == 0x7f)
            return true;
    return false;
}

static bool is_printable(uint8_t o)
{
    return ascii_is_alpha(o) ||
           (o && memchr(" '()+,-./0123456789:=?", o, 22));
}

static bool value_not_printable(const struct der_tlv *v)
{
    for (size_t i = 0; v->tag == DER_PRINTABLE_STRING && i < v->len; i++)
        if (!is_printable(v->val[i]))
            return true;
    return false;
}

static bool value_not_ia5(const struct der_tlv *v)
{
    for (size_t i = 0; v->tag == DER_IA5_STRING && i < v->len; i++)
        if (v->val[i] & 0x80)
            return true;
    return false;
}

static bool attribute_empty(LINT_ARGS)
{
    return any_value(c, value_empty);
}

static bool string_old(LINT_ARGS)
{
    return any_value(c, value_old);
}

static bool string_blank(LINT_ARGS)
{
    return any_value(c, value_blank);
}

static bool string_control(LINT_ARGS)
{
    return any_value(c, value_control);
}

static bool printable_form(LINT_ARGS)
{
    return any_value(c, value_not_printable);
}

static bool ia5_form(LINT_ARGS)
{
    return any_value(c, value_not_ia5);
}

static bool country_form(LINT_ARGS)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v))
        if (der_oid_is(&oid, OID(AT_C)) &&
            (v.len != 2 || v.val[0] < 'A' || v.val[0] > 'Z' || v.val[1] < 'A' ||
             v.val[1] > 'Z'))
            return true;
    return false;
}

static bool many_values(LINT_ARGS)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v))
        if (!at.begins)
            return true;
    return false;
}

/* X.690 11.6: shorter first where one is the other's beginning. */
static bool set_order(LINT_ARGS)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);

    while (!der_end(&at.rdns) && der_enter(&at.rdns, DER_SET, &at.set) == 0)
        for (struct der_tlv v, was = {0}; !der_end(&at.set); was = v) {
            int r;

            if (der_next(&at.set, &v))
                return false;
            if (!was.raw)
                continue;
            r = memcmp(was.raw, v.raw,
                       was.raw_len < v.raw_len ? was.raw_len : v.raw_len);
            if (r > 0 || (r == 0 && was.raw_len > v.raw_len))
                return true;
        }
    return false;
}

static size_t count_cn(const struct cert *c, struct der_tlv *cn)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;
    size_t n = 0;

    while (lint_attribute(&at, &oid, &v))
        if (der_oid_is(&oid, OID(AT_CN))) {
            *cn = v;
            n++;
        }
    return n;
}

static bool cn_twice(LINT_ARGS)
{
    struct der_tlv cn;

    return count_cn(c, &cn) > 1;
}

/* What a server's CN says must be among the names that count. */
static bool cn_not_in_san(LINT_ARGS)
{
    AUTO(errs) struct errs e = {0};
    AUTO(name) struct name n = {0};
    struct der_tlv cn;

    if (!(c->eku & EKU_SERVER) || count_cn(c, &cn) != 1)
        return false;
    for (size_t i = 0; i < c->names.n; i++)
        if (strlen(c->names.v[i].value) == cn.len &&
            memcmp(c->names.v[i].value, cn.val, cn.len) == 0)
            return false;
    return name_parse(&n, (const char *)cn.val, cn.len, &e) != 0 ||
           !names_has(&c->names, &n);
}

static bool email_not_in_san(LINT_ARGS)
{
    struct lint_rdns at = lint_name(c->subject, c->subject_len);
    struct der_tlv oid, v;

    while (lint_attribute(&at, &oid, &v)) {
        AUTO(errs) struct errs e = {0};
        AUTO(name) struct name n = {0};

        if (!der_oid_is(&oid, OID(AT_EMAIL)))
            continue;
        if (name_parse_kind(&n, NAME_EMAIL, (const char *)v.val, v.len, &e) ||
            !names_has(&c->names, &n))
            return true;
    }
    return false;
}

enum { EMPTY_NAME = 2 }; /* octets */

static bool issuer_empty(LINT_ARGS)
{
    return c->issuer_len == EMPTY_NAME;
}

static bool subject_empty(LINT_ARGS)
{
    return c->subject_len == EMPTY_NAME;
}

static bool nobody(LINT_ARGS)
{
    return c->subject_len == EMPTY_NAME && !lint_has(c, EXT_SAN);
}

static bool self_issued_leaf(LINT_ARGS)
{
    return c->subject_len > EMPTY_NAME && c->issuer_len == c->subject_len &&
           memcmp(c->issuer, c->subject, c->subject_len) == 0;
}

#define BOUND(name, oid, max) static const struct bound name = {OID(oid), max}
BOUND(cn_max, AT_CN, 64);
BOUND(o_max, AT_O, 64);
BOUND(ou_max, AT_OU, 64);
BOUND(l_max, AT_L, 128);
BOUND(st_max, AT_ST, 128);
BOUND(serial_max, AT_SERIAL_NUMBER, 64);
BOUND(email_max, AT_EMAIL, 255);
BOUND(c_tag, AT_C, DER_PRINTABLE_STRING);
BOUND(serial_tag, AT_SERIAL_NUMBER, DER_PRINTABLE_STRING);
BOUND(email_tag, AT_EMAIL, DER_IA5_STRING);
BOUND(dc_tag, AT_DC, DER_IA5_STRING);

#define A1 "RFC 5280 A.1"
static const struct lint rows[] = {
    {"issuer_empty", LINT_ERROR, LINT_ANY, "RFC 5280 4.1.2.4",
     "the issuer is empty", issuer_empty, NULL},
    {"ca_subject_empty", LINT_ERROR, LINT_CA, "RFC 5280 4.1.2.6",
     "the subject of an authority is empty", subject_empty, NULL},
    {"nobody", LINT_ERROR, LINT_LEAF, "RFC 5280 4.1.2.6",
     "the subject is empty, and there are no alternative names", nobody, NULL},
    {"self_issued_leaf", LINT_WARNING, LINT_LEAF, "RFC 5280 3.2",
     "issuer and subject are the same, and it is no authority",
     self_issued_leaf, NULL},
    {"cn_length", LINT_ERROR, LINT_ANY, A1,
     "a common name has more than 64 characters", too_long, &cn_max},
    {"organization_length", LINT_ERROR, LINT_ANY, A1,
     "an organization has more than 64 characters", too_long, &o_max},
    {"unit_length", LINT_ERROR, LINT_ANY, A1,
     "an organizational unit has more than 64 characters", too_long, &ou_max},
    {"locality_length", LINT_ERROR, LINT_ANY, A1,
     "a locality has more than 128 characters", too_long, &l_max},
    {"state_length", LINT_ERROR, LINT_ANY, A1,
     "a state or province has more than 128 characters", too_long, &st_max},
    {"serial_number_length", LINT_ERROR, LINT_ANY, A1,
     "a serialNumber attribute has more than 64 characters", too_long,
     &serial_max},
    {"email_length", LINT_ERROR, LINT_ANY, A1,
     "an emailAddress has more than 255 characters", too_long, &email_max},
    {"country_form", LINT_ERROR, LINT_ANY, A1,
     "a country is not two capital letters (ISO 3166)", country_form, NULL},
    {"country_string", LINT_ERROR, LINT_ANY, A1,
     "a country is no PrintableString", wrong_string, &c_tag},
    {"serial_number_string", LINT_ERROR, LINT_ANY, A1,
     "a serialNumber attribute is no PrintableString", wrong_string,
     &serial_tag},
    {"email_string", LINT_ERROR, LINT_ANY, A1,
     "an emailAddress is no IA5String", wrong_string, &email_tag},
    {"domain_component_string", LINT_ERROR, LINT_ANY, A1,
     "a domainComponent is no IA5String", wrong_string, &dc_tag},
    {"attribute_empty", LINT_ERROR, LINT_ANY, A1,
     "an attribute of the subject is empty", attribute_empty, NULL},
    {"string_old", LINT_WARNING, LINT_ANY, "RFC 5280 4.1.2.4",
     "the subject has a TeletexString, BMPString or UniversalString",
     string_old, NULL},
    {"string_blank", LINT_WARNING, LINT_ANY, "RFC 5280 7.1",
     "an attribute of the subject begins or ends with a blank", string_blank,
     NULL},
    {"string_control", LINT_ERROR, LINT_ANY, "house rule",
     "the subject has a control character", string_control, NULL},
    {"printable_form", LINT_ERROR, LINT_ANY, "X.680 41.4",
     "a PrintableString of the subject has a character that it may not have",
     printable_form, NULL},
    {"ia5_form", LINT_ERROR, LINT_ANY, "X.680 41",
     "an IA5String of the subject is not ASCII", ia5_form, NULL},
    {"many_values", LINT_WARNING, LINT_ANY, "BR 7.1.4.1",
     "an RDN of the subject has more than one value", many_values, NULL},
    {"set_order", LINT_ERROR, LINT_ANY, "X.690 11.6",
     "the values of an RDN are not in the order of DER", set_order, NULL},
    {"cn_twice", LINT_WARNING, LINT_LEAF, "BR 7.1.4.1",
     "the subject has more than one common name", cn_twice, NULL},
    {"cn_not_in_san", LINT_WARNING, LINT_LEAF, "BR 7.1.4.3",
     "the common name of a server is not among its alternative names, so that "
     "nobody looks at it (RFC 9525)",
     cn_not_in_san, NULL},
    {"email_not_in_san", LINT_WARNING, LINT_LEAF, "RFC 5280 4.1.2.6",
     "an emailAddress of the subject is not among the alternative names",
     email_not_in_san, NULL},
};
LINT_TABLE(lint_subject, rows);
