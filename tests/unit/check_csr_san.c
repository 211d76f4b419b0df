/* SPDX-License-Identifier: ISC */
/* The names in the SAN of a CSR. */
#include "csr_made.h"

START_TEST(san_names)
{
    static const struct {
        unsigned tag;
        struct octets name;
        const char *text; /* NULL: bad-name */
    } cases[] = {
        {2, O("web.internal"), "dns:web.internal"},
        {2, O("WEB.Internal"), "dns:web.internal"},
        {2, O("*.internal.example"), "dns:*.internal.example"},
        {2, O("localhost"), "dns:localhost"},
        {2, O("xn--mnchen-3ya.example"), "dns:xn--mnchen-3ya.example"},
        {7, O("\x0a\x00\x00\x01"), "ip:10.0.0.1"},
        {7, O("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), "ip:2001:db8::1"},
        {1, O("a@b.example"), "email:a@b.example"},
        {6, O("spiffe://td.example/x"), "uri:spiffe://td.example/x"},
        {2, O(""), NULL},
        {2, O("a\0.example"), NULL},
        {2, O("a.example\0"), NULL},
        {2, O("a\r\n.example"), NULL},
        {2, O("\x1b[31m.example"), NULL},
        {2, O("a..example"), NULL},
        {2, O(".example"), NULL},
        {2, O("a.example."), NULL},
        {2, O("-a.example"), NULL},
        {2, O("a-.example"), NULL},
        {2, O("a b.example"), NULL},
        {2, O("m\xc3\xbcnchen.example"), NULL},
        {2, O("xn--\xff.example"), NULL},
        {2, O("xn--0.example"), NULL},
        {2, O("10.0.0.1"), NULL},
        {2, O("0x7f.1"), NULL},
        {2, O("1.2.3"), NULL},
        {2, O("*"), NULL},
        {2, O("a.*.b"), NULL},
        {2, O("a*.b.example"), NULL},
        {2, O("*.*.example"), NULL},
        {2, O("*a.example"), NULL},
        {7, O(""), NULL},
        {7, O("\x0a\x00\x00\x01\x00"), NULL},
        {7, O("\x0a\x00\x00\x00\xff\xff\xff\x00"), NULL},
        {7, O("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01"), NULL},
        {1, O("a"), NULL},
        {1, O("a@b@c"), NULL},
        {1, O("a\0@b.example"), NULL},
        {6, O("nothing"), NULL},
        {6, O("http://a b/"), NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(names) struct names n = {0};
        AUTO(csr) struct csr c = {0};
        AUTO(free) char *text = NULL;
        enum err r;

        mkcsr_no_subject(&m);
        mkcsr_san(&m, DER_CTX(cases[i].tag), cases[i].name.p, cases[i].name.n);
        r = judge_make(&m, &c, &n);
        if (!cases[i].text) {
            ck_assert_msg(r == ERR_BAD_NAME, "case %zu: %s", i, err_code(r));
            continue;
        }
        ck_assert_msg(r == ERR_NONE, "case %zu: %s", i, err_code(r));
        ck_assert_uint_eq(n.n, 1);
        text = name_text(&n.v[0]);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

/* A label of 63 and one of 64 octets, a name of 253 and one of 254. */
START_TEST(san_lengths)
{
    for (size_t label = 63; label <= 64; label++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        char name[80];

        memset(name, 'a', label);
        memcpy(name + label, ".example", 8);
        mkcsr_san(&m, DER_CTX(2), name, label + 8);
        ck_assert_int_eq(judge_make(&m, NULL, NULL),
                         label == 63 ? ERR_NONE : ERR_BAD_NAME);
    }
    for (size_t len = 253; len <= 254; len++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        char name[254];

        for (size_t i = 0; i < len; i++)
            name[i] = i % 50 == 49 ? '.' : 'a';
        mkcsr_san(&m, DER_CTX(2), name, len);
        ck_assert_int_eq(judge_make(&m, NULL, NULL),
                         len == 253 ? ERR_NONE : ERR_BAD_NAME);
    }
}
END_TEST

/* Values of the SAN that cannot be read: never "no SAN". */
START_TEST(san_broken)
{
    static const struct {
        struct octets value;
        enum err code;
    } cases[] = {
        {O("\x30\x03\x82\x01"
           "a"),
         ERR_NONE},
        {O("\x30\x00"), ERR_BAD_NAME}, /* zero names */
        {O(""), ERR_BAD_CSR},
        {O("a.example"), ERR_BAD_CSR},
        {O("\x05\x00"), ERR_BAD_CSR},
        {O("\x31\x03\x82\x01"
           "a"),
         ERR_BAD_CSR},
        {O("\x82\x01"
           "a"),
         ERR_BAD_CSR},
        {O("\x30\x03\x82\x01"
           "a\x00"),
         ERR_BAD_CSR},
        {O("\x30\x03\x82\x02"
           "a"),
         ERR_BAD_CSR},
        {O("\x30\x80\x82\x01"
           "a\x00\x00"),
         ERR_BAD_CSR},
        {O("\x30\x81\x03\x82\x01"
           "a"),
         ERR_BAD_CSR},
        {O("\x30\x03\x0c\x01"
           "a"),
         ERR_BAD_CSR}, /* not a GeneralName */
        {O("\x30\x03\x89\x01"
           "a"),
         ERR_BAD_CSR}, /* [9] */
        {O("\x30\x05\xa2\x03\x0c\x01"
           "a"),
         ERR_BAD_CSR}, /* [2] constructed */
        {O("\x30\x03\x84\x01"
           "a"),
         ERR_BAD_CSR}, /* [4] primitive */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        enum err r;

        mkcsr_ext(&m, OID(CE_SAN), false, cases[i].value.p, cases[i].value.n);
        r = judge_make(&m, NULL, NULL);
        ck_assert_msg(r == cases[i].code, "case %zu: %s", i, err_code(r));
    }
}
END_TEST

/* Kinds that are never certified: for the policy to refuse by name. */
START_TEST(san_odd_kinds)
{
    static const struct octets kinds[] = {
        O("\xa0\x07\x06\x02\x2a\x03\xa0\x01x"), /* not DER inside: [0] { x } */
        O("\xa0\x09\x06\x02\x2a\x03\xa0\x03\x0c\x01x"),
        O("\xa4\x02\x30\x00"),
        O("\xa5\x05\xa1\x03\x0c\x01x"),
        O("\x88\x02\x2a\x03"),
        O("\xa3\x02\x30\x00"),
    };
    static const char *const texts[] = {
        NULL,           "otherName 1.2.3", "directoryName",
        "ediPartyName", "registeredID",    "x400Address"};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(buf) struct buf san = {0};
        AUTO(names) struct names n = {0};
        AUTO(csr) struct csr c = {0};
        enum err r;

        mkcsr_no_subject(&m);
        der_put_head(&san, DER_SEQUENCE, kinds[i].n * 2);
        buf_put(&san, kinds[i].p, kinds[i].n);
        buf_put(&san, kinds[i].p, kinds[i].n);
        mkcsr_ext(&m, OID(CE_SAN), false, san.data, san.len);
        r = judge_make(&m, &c, &n);
        ck_assert_msg(r == (texts[i] ? ERR_NONE : ERR_BAD_CSR), "kind %zu: %s",
                      i, err_code(r));
        if (!texts[i])
            continue;
        ck_assert_uint_eq(n.n, 0);
        ck_assert_uint_eq(c.odd_san.n, 1);
        ck_assert_str_eq(c.odd_san.v[0], texts[i]);
    }
}
END_TEST

static void san_many(struct mkcsr *m, unsigned names, bool same)
{
    AUTO(buf) struct buf san = {0};
    size_t at = der_open(&san, DER_SEQUENCE);

    for (unsigned i = 0; i < names; i++) {
        AUTO(free) char *name = xasprintf("n%u.example", same ? 7 : i);

        der_put(&san, DER_CTX(2), name, strlen(name));
    }
    der_close(&san, at);
    mkcsr_ext(m, OID(CE_SAN), false, san.data, san.len);
}

START_TEST(san_many_names)
{
    AUTO(mkcsr) struct mkcsr same = {0}, many = {0}, over = {0}, lots = {0};
    AUTO(names) struct names n = {0}, l = {0};
    AUTO(buf) struct buf der = {0};
    int64_t start;

    mkcsr_no_subject(&same);
    san_many(&same, 50, true);
    ck_assert_int_eq(judge_make(&same, NULL, &n), ERR_NONE);
    ck_assert_uint_eq(n.n, 1);
    mkcsr_no_subject(&many);
    san_many(&many, 1000, false);
    ck_assert_int_eq(judge_make(&many, NULL, &l), ERR_NONE);
    ck_assert_uint_eq(l.n, 1000);
    san_many(&over, 1001, false);
    ck_assert_int_eq(judge_make(&over, NULL, NULL), ERR_TOO_MANY_NAMES);
    san_many(&lots, 10000, false);
    mkcsr_make(&lots, &der);
    start = tm_mono_us();
    ck_assert_int_eq(mkcsr_judge(&der, NULL, NULL, NULL), ERR_TOO_MANY_NAMES);
    ck_assert_int_lt(tm_mono_us() - start, 50000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        san_names, san_lengths, san_broken, san_odd_kinds, san_many_names,
    };

    return unit_run("csr_san", tests, COUNT(tests));
}
