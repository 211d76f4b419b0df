/* SPDX-License-Identifier: ISC */
/* The subject (RFC 5280 section 4.1.2.4). */
#include "csr_part.h"

#include <stdlib.h>
#include <string.h>

#include "oid.h"

enum { RDNS_MAX = 32, ATTRIBUTES_MAX = 64 };

static int text_parse(struct csr *c, const struct der_tlv *oid,
                      const struct der_tlv *value, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    const enum subject_field f = subject_field_of(oid);
    const bool cn = f == SUBJECT_CN;
    const char *rule = der_text(&text, value);
    char type[200];

    if (!rule && cn && text.len == 0)
        rule = "is empty";
    if (rule) {
        der_oid_print(type, sizeof(type), oid->val, oid->len);
        return err_add(e, cn ? ERR_BAD_NAME : ERR_BAD_CSR,
                       "the %s %s of the subject %s",
                       cn ? "common name" : "attribute", type, rule);
    }
    if (f == SUBJECT__MAX || text.len == 0)
        return 0;
    if (cn && c->subject.v[f]) {
        AUTO(free) char *had = subject_values(c->subject.v[f]);

        strs_add_own(&c->warnings,
                     xasprintf("the subject has several common names; %s "
                               "was dropped, the last one counts",
                               had));
    }
    if (cn)
        subject_set(&c->subject, f, buf_take_str(&text));
    else
        subject_add(&c->subject, f, buf_take_str(&text));
    return 0;
}

static int attribute_parse(struct csr *c, struct der *set, struct errs *e)
{
    struct der seq;
    struct der_tlv oid, value;

    if (der_enter(set, DER_SEQUENCE, &seq) || der_get_oid(&seq, &oid) ||
        der_next(&seq, &value) || !der_end(&seq))
        return csr_bad(e, "the subject has an attribute that is none");
    /* uniqueIdentifier and postalAddress: dropped without a look. */
    if ((value.tag == DER_BIT_STRING || value.tag == DER_SEQUENCE) &&
        !der_oid_is(&oid, OID(AT_CN)))
        return 0;
    return text_parse(c, &oid, &value, e);
}

int csr_subject_parse(struct csr *c, const struct der_tlv *name, struct errs *e)
{
    struct der rdns = der_of(name->val, name->len), set;
    unsigned n_rdns = 0, n_attributes = 0;
    int r = 0;

    while (!der_end(&rdns)) {
        if (der_enter(&rdns, DER_SET, &set) || der_end(&set))
            return csr_bad(e, "the subject is not a sequence of sets");
        if (++n_rdns > RDNS_MAX)
            return csr_bad(e, "the subject has more than 32 parts");
        while (!der_end(&set)) {
            if (++n_attributes > ATTRIBUTES_MAX)
                return csr_bad(e, "the subject has more than 64 attributes");
            if (attribute_parse(c, &set, e))
                r = -1;
        }
    }
    return r;
}
