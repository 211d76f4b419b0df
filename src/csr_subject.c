/* SPDX-License-Identifier: ISC */
/* The subject (RFC 5280 section 4.1.2.4) and what a CN adds to the names. */
#include "csr_part.h"

#include <stdlib.h>
#include <string.h>

#include "oid.h"

enum { RDNS_MAX = 32, ATTRIBUTES_MAX = 64 };

static int text_parse(struct csr *c, const struct der_tlv *oid,
                      const struct der_tlv *value, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    bool cn = der_oid_is(oid, OID(AT_CN));
    const char *rule = der_text(&text, value);
    char type[200];

    if (!rule && cn && text.len == 0)
        rule = "is empty";
    if (rule) {
        der_oid_print(type, sizeof(type), oid->val, oid->len);
        return err_add(e, cn ? ERR_BAD_NAME : ERR_BAD_CSR,
                       "The %s %s of the subject %s.",
                       cn ? "common name" : "attribute", type, rule);
    }
    if (!cn)
        return 0;
    if (c->cn)
        strs_add_own(&c->warnings,
                     xasprintf("The subject has several common names; \"%s\" "
                               "was dropped, the last one counts.",
                               c->cn));
    free(c->cn);
    c->cn = buf_take_str(&text);
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

/* A CN that is a name is one more; any other is dropped, which only matters
 * to somebody who meant it when there is no other name. */
static int cn_add(const struct csr *c, struct names *out, struct strs *warnings,
                  struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    struct name n;
    size_t len = strlen(c->cn);
    bool like = name_is_like(c->cn, len);

    if (like && name_parse(&n, c->cn, len, &why) == 0) {
        names_add(out, &n);
        return 0;
    }
    if (out->n || c->odd_san.n) {
        strs_add_own(warnings, xasprintf("The common name \"%s\" is no name "
                                         "that can be certified; it was "
                                         "dropped.",
                                         c->cn));
        return 0;
    }
    if (!like)
        return 0;
    errs_move(e, &why);
    return -1;
}

static int no_names(const struct csr *c, struct errs *e)
{
    if (c->cn)
        return err_add(e, ERR_NO_NAMES,
                       "The request has no names, and its common name \"%s\" "
                       "is none either: put them into the subjectAltName of "
                       "the CSR or name them with it (?names=web.internal).",
                       c->cn);
    return err_add(e, ERR_NO_NAMES,
                   "The request has no names: put them into the "
                   "subjectAltName of the CSR or name them with it "
                   "(?names=web.internal).");
}

int csr_names(const struct csr *c, const struct names *names, struct names *out,
              struct strs *warnings, struct errs *e)
{
    AUTO(names) struct names l = {0};
    const struct names *from = names ? names : &c->san;

    for (size_t i = 0; i < from->n; i++) {
        struct name n;

        name_copy(&n, &from->v[i]);
        names_add(&l, &n);
    }
    if (!names && c->cn && cn_add(c, &l, warnings, e))
        return -1;
    if (l.n == 0 && (names || c->odd_san.n == 0))
        return no_names(c, e);
    *out = l;
    l = (struct names){0};
    return 0;
}
