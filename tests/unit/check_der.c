/* SPDX-License-Identifier: ISC */
#include "octets.h"

START_TEST(elements)
{
    struct der d = der_of(B("\x30\x05\x02\x01\x07\x05\x00\x04\x00")), in;
    struct der_tlv t;

    ck_assert_int_eq(der_peek(&d), DER_SEQUENCE);
    ck_assert_int_eq(der_enter_opt(&d, DER_SET, &in), 0);
    ck_assert_int_eq(der_enter_opt(&d, DER_SEQUENCE, &in), 1);
    ck_assert_int_eq(der_get(&in, DER_NULL, &t), -1);
    ck_assert_int_eq(der_get(&in, DER_INTEGER, &t), 0);
    ck_assert_uint_eq(t.len, 1);
    ck_assert_uint_eq(t.raw_len, 3);
    ck_assert_ptr_eq(t.raw + 2, t.val);
    ck_assert(!der_end(&in));
    ck_assert_int_eq(der_next(&in, &t), 0);
    ck_assert(der_end(&in));
    ck_assert_int_eq(der_peek(&in), -1);
    ck_assert_int_eq(der_next(&in, &t), -1);
    ck_assert_int_eq(der_get(&d, DER_OCTET_STRING, &t), 0);
    ck_assert_uint_eq(t.len, 0);
    ck_assert(der_end(&d));
}
END_TEST

START_TEST(lengths_refused)
{
    static const struct octets cases[] = {
        O("\x04"),                                     /* no length */
        O("\x04\x01"),                                 /* contents missing */
        O("\x04\x80\x00\x00"),                         /* indefinite */
        O("\x30\x80\x05\x00\x00\x00"),                 /* indefinite */
        O("\x04\x81\x01\x00"),                         /* not shortest */
        O("\x04\x82\x00\x01\x00"),                     /* leading zero */
        O("\x04\x81"),                                 /* length cut */
        O("\x04\x84\x7f\xff\xff\xff"),                 /* far beyond the end */
        O("\x04\x84\xff\xff\xff\xff"),                 /* wraps 32 bits */
        O("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff"), /* wraps 64 bits */
        O("\x04\x85\x01\x00\x00\x00\x00"),             /* five octets */
        O("\x04\xff\x00"),                             /* reserved */
        O("\x1f\x01\x00"),                             /* high tag number */
        O("\xbf\x81\x01\x00"),                         /* high tag number */
        O("\x00\x00"),                                 /* end-of-contents */
    };

    uint8_t zero_first[4 + 128] = {0x04, 0x82, 0x00, 0x80};
    struct der z = der_of(zero_first, sizeof(zero_first));
    struct der_tlv zt;

    ck_assert_int_eq(der_next(&z, &zt), -1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct der d = der_of(cases[i].p, cases[i].n), was = d;
        struct der_tlv t;

        ck_assert_msg(der_next(&d, &t) == -1, "case %zu", i);
        ck_assert_msg(d.p == was.p && d.n == was.n, "case %zu moved", i);
    }
}
END_TEST

/* Each length form, written and read, against OpenSSL. */
START_TEST(lengths_written)
{
    static const size_t sizes[] = {0,   1,     127,   128,    255,
                                   256, 65535, 65536, 1 << 20};

    for (size_t i = 0; i < COUNT(sizes); i++) {
        AUTO(buf) struct buf b = {0}, c = {0};
        AUTO(free) uint8_t *data = calloc(1, sizes[i] + 1);
        size_t at = der_open(&b, DER_OCTET_STRING);
        const uint8_t *p;
        struct der d;
        struct der_tlv t;
        long len;
        int tag, class;

        buf_put(&b, data, sizes[i]);
        der_close(&b, at);
        der_put(&c, DER_OCTET_STRING, data, sizes[i]);
        ck_assert_uint_eq(b.len, c.len);
        ck_assert_mem_eq(b.data, c.data, b.len);
        d = der_of(b.data, b.len);
        ck_assert_int_eq(der_get(&d, DER_OCTET_STRING, &t), 0);
        ck_assert_uint_eq(t.len, sizes[i]);
        ck_assert(der_end(&d));
        p = b.data;
        ck_assert_int_eq(ASN1_get_object(&p, &len, &tag, &class, (long)b.len),
                         0);
        ck_assert_int_eq(len, (long)sizes[i]);
        for (size_t cut = 0; cut < b.len; cut += 1 + b.len / 500) {
            d = der_of(b.data, cut);
            ck_assert_int_eq(der_next(&d, &t), -1);
        }
    }
}
END_TEST

START_TEST(booleans)
{
    static const struct {
        struct octets der;
        int rc;
        bool v;
    } cases[] = {
        {O("\x01\x01\x00"), 0, false},      {O("\x01\x01\xff"), 0, true},
        {O("\x01\x01\x01"), -1, false},     {O("\x01\x00"), -1, false},
        {O("\x01\x02\xff\xff"), -1, false}, {O("\x02\x01\xff"), -1, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct der d = der_of(cases[i].der.p, cases[i].der.n);
        bool v = !cases[i].v;

        ck_assert_int_eq(der_get_bool(&d, &v), cases[i].rc);
        ck_assert(cases[i].rc || v == cases[i].v);
    }
}
END_TEST

START_TEST(integers)
{
    static const struct {
        struct octets der;
        int uint_rc;
        size_t len;
        int64_t int31; /* -1: refused */
    } cases[] = {
        {O("\x02\x01\x00"), 0, 1, 0},
        {O("\x02\x01\x7f"), 0, 1, 127},
        {O("\x02\x02\x00\x80"), 0, 1, 128},
        {O("\x02\x02\x01\x00"), 0, 2, 256},
        {O("\x02\x04\x7f\xff\xff\xff"), 0, 4, 0x7fffffff},
        {O("\x02\x05\x00\x80\x00\x00\x00"), 0, 4, -1},
        {O("\x02\x05\x01\x00\x00\x00\x00"), 0, 5, -1},
        {O("\x02\x00"), -1, 0, -1},
        {O("\x02\x01\x80"), -1, 0, -1},
        {O("\x02\x01\xff"), -1, 0, -1},
        {O("\x02\x02\x00\x00"), -1, 0, -1},
        {O("\x02\x02\x00\x7f"), -1, 0, -1},
        {O("\x02\x02\xff\x80"), -1, 0, -1},
        {O("\x0a\x01\x00"), -1, 0, -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct der d = der_of(cases[i].der.p, cases[i].der.n), again = d;
        const uint8_t *p;
        size_t len = 0;
        uint32_t v = 0;
        int rc = der_get_uint(&d, &p, &len);

        ck_assert_msg(rc == cases[i].uint_rc, "case %zu", i);
        ck_assert_uint_eq(len, cases[i].len);
        rc = der_get_int31(&again, &v);
        ck_assert_msg((rc ? -1 : (int64_t)v) == cases[i].int31, "case %zu", i);
    }
}
END_TEST

START_TEST(integers_written)
{
    static const uint32_t values[] = {
        0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 1 << 23, 0x7fffffff};

    for (size_t i = 0; i < COUNT(values); i++) {
        AUTO(buf) struct buf b = {0};
        ASN1_INTEGER *a;
        const uint8_t *p;
        struct der d;
        uint32_t v;

        der_put_int(&b, values[i]);
        d = der_of(b.data, b.len);
        ck_assert_int_eq(der_get_int31(&d, &v), 0);
        ck_assert_uint_eq(v, values[i]);
        ck_assert(der_end(&d));
        p = b.data;
        a = d2i_ASN1_INTEGER(NULL, &p, (long)b.len);
        ck_assert_ptr_nonnull(a);
        ck_assert_int_eq(ASN1_INTEGER_get(a), values[i]);
        ASN1_INTEGER_free(a);
    }
}
END_TEST

START_TEST(bit_strings)
{
    static const struct {
        struct octets der;
        int rc;
    } cases[] = {
        {O("\x03\x02\x00\x80"), 0},  {O("\x03\x01\x00"), 0},
        {O("\x03\x00"), -1},         {O("\x03\x02\x01\x80"), -1},
        {O("\x03\x02\x08\x80"), -1}, {O("\x23\x04\x03\x02\x00\x80"), -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct der d = der_of(cases[i].der.p, cases[i].der.n);
        const uint8_t *p;
        size_t len;

        ck_assert_int_eq(der_get_bits(&d, &p, &len), cases[i].rc);
    }
}
END_TEST

/* Named bits: what OpenSSL makes of the same bits. */
START_TEST(named_bits)
{
    for (uint32_t bits = 0; bits < 1024; bits++) {
        AUTO(buf) struct buf b = {0};
        ASN1_BIT_STRING *s = ASN1_BIT_STRING_new();
        uint8_t *der = NULL;
        int len;

        for (int i = 0; i < 10; i++)
            if (bits >> i & 1)
                ASN1_BIT_STRING_set_bit(s, i, 1);
        len = i2d_ASN1_BIT_STRING(s, &der);
        der_put_named_bits(&b, bits);
        ck_assert_int_eq((int)b.len, len);
        ck_assert_mem_eq(b.data, der, b.len);
        OPENSSL_free(der);
        ASN1_BIT_STRING_free(s);
    }
}
END_TEST

START_TEST(whole_values)
{
    static const struct {
        struct octets der;
        int rc;
    } cases[] = {
        {O("\x30\x00"), 0},
        {O("\x05\x00"), 0},
        {O("\x30\x03\x02\x01\x80"), 0},      /* -128 */
        {O("\xa0\x03\x01\x01\xff"), 0},      /* [0] { TRUE } */
        {O("\x80\x01\x01"), 0},              /* [0] IMPLICIT */
        {O("\x03\x02\x01\x80"), 0},          /* one unused, zero */
        {O(""), -1},                         /* nothing */
        {O("\x30\x00\x00"), -1},             /* trailing octet */
        {O("\x30\x00\x30\x00"), -1},         /* two of them */
        {O("\x30\x03\x01\x01\x01"), -1},     /* TRUE is 0xff */
        {O("\xa0\x03\x01\x01\x01"), -1},     /* also below a tag */
        {O("\x30\x04\x02\x02\x00\x01"), -1}, /* long INTEGER */
        {O("\x30\x04\x02\x02\xff\x80"), -1}, /* long INTEGER */
        {O("\x30\x02\x02\x00"), -1},         /* empty INTEGER */
        {O("\x30\x03\x05\x01\x00"), -1},     /* NULL that is not */
        {O("\x30\x03\x06\x01\x80"), -1},     /* OID */
        {O("\x03\x02\x01\x81"), -1},         /* unused bit set */
        {O("\x03\x02\x08\x00"), -1},         /* eight unused */
        {O("\x03\x01\x01"), -1},             /* unused of nothing */
        {O("\x24\x04\x04\x02hi"), -1},       /* constructed string */
        {O("\x10\x00"), -1},                 /* primitive SEQUENCE */
        {O("\x31\x04\x30\x80\x00\x00"), -1}, /* indefinite inside */
        {O("\x30\x04\x30\x03\x05\x00"), -1}, /* runs over the end */
        {O("\x22\x03\x02\x01\x01"), -1},     /* constructed INTEGER */
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(der_check(cases[i].der.p, cases[i].der.n) == cases[i].rc,
                      "case %zu", i);
}
END_TEST

/* SEQUENCE in SEQUENCE …, levels of them. */
static void nest(struct buf *b, unsigned levels)
{
    size_t at[3000];

    for (unsigned i = 0; i < levels; i++)
        at[i] = der_open(b, DER_SEQUENCE);
    while (levels)
        der_close(b, at[--levels]);
}

START_TEST(depth_is_bounded)
{
    for (unsigned levels = 1; levels <= 2000; levels += levels < 64 ? 1 : 97) {
        AUTO(buf) struct buf b = {0};

        nest(&b, levels);
        ck_assert_int_eq(der_check(b.data, b.len), levels < DER_DEPTH ? 0 : -1);
    }
}
END_TEST

START_TEST(texts)
{
    static const struct {
        struct octets der;
        const char *text; /* NULL: refused */
    } cases[] = {
        {O("\x0c\x03"
           "abc"),
         "abc"},
        {O("\x0c\x00"), ""},
        {O("\x0c\x02\xc3\xbc"), "\xc3\xbc"},
        {O("\x0c\x04\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80"},
        {O("\x0c\x03\xef\xbf\xbd"), "\xef\xbf\xbd"},
        {O("\x13\x03"
           "a*b"),
         "a*b"},
        {O("\x16\x03"
           "a@b"),
         "a@b"},
        {O("\x1e\x04\x00"
           "a\x00\xfc"),
         "a\xc3\xbc"},
        {O("\x1e\x02\x20\xac"), "\xe2\x82\xac"},
        {O("\x1c\x04\x00\x01\xf6\x00"), "\xf0\x9f\x98\x80"},
        {O("\x14\x01\xfc"), "\xc3\xbc"},
        {O("\x12\x03"
           "1 2"),
         "1 2"},
        {O("\x0c\x03"
           "a\0b"),
         NULL},
        {O("\x0c\x01\x1b"), NULL},
        {O("\x0c\x02\r\n"), NULL},
        {O("\x0c\x01\x7f"), NULL},
        {O("\x0c\x02\xc2\x9b"), NULL}, /* C1 control */
        {O("\x0c\x01\xff"), NULL},
        {O("\x0c\x01\xc3"), NULL},         /* cut */
        {O("\x0c\x02\xc0\xaf"), NULL},     /* not shortest */
        {O("\x0c\x03\xe0\x80\xaf"), NULL}, /* not shortest */
        {O("\x0c\x04\xf0\x80\x80\xaf"), NULL},
        {O("\x0c\x03\xed\xa0\x80"), NULL}, /* surrogate */
        {O("\x0c\x04\xf4\x90\x80\x80"), NULL},
        {O("\x0c\x04\xf8\x88\x80\x80"), NULL},
        {O("\x0c\x02\x80\x80"), NULL},
        {O("\x13\x01\xfc"), NULL},
        {O("\x16\x01\x80"), NULL},
        {O("\x1e\x03\x00"
           "ab"),
         NULL},
        {O("\x1e\x02\xd8\x00"), NULL},
        {O("\x1e\x02\x00\x00"), NULL},
        {O("\x1c\x04\x00\x11\x00\x00"), NULL},
        {O("\x1c\x04\x80\x00\x00"
           "a"),
         NULL},
        {O("\x12\x01"
           "a"),
         NULL},
        {O("\x04\x01"
           "a"),
         NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf out = {0};
        AUTO(free) char *text = NULL;
        struct der d = der_of(cases[i].der.p, cases[i].der.n);
        struct der_tlv t;
        const char *rule;

        ck_assert_int_eq(der_next(&d, &t), 0);
        rule = der_text(&out, &t);
        ck_assert_msg(!rule == !!cases[i].text, "case %zu: %s", i,
                      rule ? rule : "taken");
        if (rule)
            ck_assert_uint_eq(out.len, 0);
        text = buf_take_str(&out);
        if (!rule)
            ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        elements,     lengths_refused,  lengths_written, booleans,
        integers,     integers_written, bit_strings,     named_bits,
        whole_values, depth_is_bounded, texts,
    };

    return unit_run("der", tests, COUNT(tests));
}
