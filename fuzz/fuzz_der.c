/* SPDX-License-Identifier: ISC */
/* What der.c reads, OpenSSL reads too, and to the same meaning. */
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "der.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void agree(bool same)
{
    if (!same)
        abort();
}

static void integer(struct der d, const struct der_tlv *t)
{
    const uint8_t *at = t->raw, *v;
    size_t n;
    ASN1_INTEGER *a = d2i_ASN1_INTEGER(NULL, &at, (long)t->raw_len);

    if (der_get_uint(&d, &v, &n) == 0)
        agree(a && (size_t)ASN1_STRING_length(a) == n &&
              memcmp(ASN1_STRING_get0_data(a), v, n) == 0);
    ASN1_INTEGER_free(a);
}

static void oid(struct der d, const struct der_tlv *t)
{
    const uint8_t *at = t->raw;
    char ours[400], theirs[400];
    struct der_tlv v;
    ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &at, (long)t->raw_len);

    if (der_get_oid(&d, &v) == 0) {
        der_oid_print(ours, sizeof(ours), v.val, v.len);
        agree(o && OBJ_obj2txt(theirs, sizeof(theirs), o, 1) > 0 &&
              strcmp(ours, theirs) == 0);
    }
    ASN1_OBJECT_free(o);
}

static void text(const struct der_tlv *t)
{
    AUTO(buf) struct buf out = {0};
    const uint8_t *at = t->raw;
    uint8_t *utf8 = NULL;
    ASN1_STRING *s = NULL;
    int n;

    if (der_text(&out, t))
        return;
    s = d2i_ASN1_PRINTABLE(NULL, &at, (long)t->raw_len);
    if (s) { /* NumericString and VisibleString are not among these */
        n = ASN1_STRING_to_UTF8(&utf8, s);
        agree(n < 0 || ((size_t)n == out.len &&
                        (n == 0 || memcmp(utf8, out.data, out.len) == 0)));
    }
    OPENSSL_free(utf8);
    ASN1_STRING_free(s);
}

static void time_of(struct der d, const struct der_tlv *t)
{
    const uint8_t *at = t->raw;
    int64_t ours;
    int days, seconds;
    ASN1_TIME *a = d2i_ASN1_TIME(NULL, &at, (long)t->raw_len);
    ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);

    if (der_get_time(&d, &ours) == 0)
        agree(a && ASN1_TIME_diff(&days, &seconds, zero, a) &&
              ours == days * INT64_C(86400) + seconds);
    ASN1_TIME_free(a);
    ASN1_TIME_free(zero);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    struct der d = der_of(p, len), was = d;
    struct der_tlv t;
    int whole = der_check(p, len);

    while (der_next(&d, &t) == 0) {
        const uint8_t *at = t.raw;
        int tag, class;
        long n;

        agree(!(ASN1_get_object(&at, &n, &tag, &class, (long)was.n) & 0x80) &&
              at == t.val && (size_t)n == t.len);
        integer(was, &t);
        oid(was, &t);
        text(&t);
        time_of(was, &t);
        if (t.tag & 0x20)
            LLVMFuzzerTestOneInput(t.val, t.len < 4096 ? t.len : 4096);
        agree(whole || der_end(&d));
        was = d;
    }
    return 0;
}
