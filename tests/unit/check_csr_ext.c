/* SPDX-License-Identifier: ISC */
/* What a CSR asks: subject, names, extensions. */
#include "csr.h"

#include "mkcsr.h"
#include "tm.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct octets {
    const char *p;
    size_t n;
};
#define O(text)                                                                \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

static enum err judge_make(struct mkcsr *m, struct csr *c, struct names *n)
{
    AUTO(buf) struct buf der = {0};

    mkcsr_make(m, &der);
    return mkcsr_judge(&der, c, n, NULL);
}

/* ---- names in the SAN */

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
        ck_assert(c.has_san);
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
        "ediPartyName", "registeredID", "x400Address"};

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

/* ---- the subject */

static enum err judge_cn(uint8_t tag, const void *cn, size_t len, bool san,
                         struct csr *c, struct names *n)
{
    AUTO(mkcsr) struct mkcsr m = {0};

    mkcsr_cn(&m, tag, cn, len);
    if (san)
        mkcsr_san(&m, DER_CTX(2), "san.example", 11);
    return judge_make(&m, c, n);
}

/* What a CN is, alone and beside a SAN. */
START_TEST(common_names)
{
    static const struct {
        uint8_t tag;
        struct octets cn;
        enum err alone, beside;
        size_t names; /* beside the SAN */
    } cases[] = {
        {0x0c, O("a.example"), ERR_NONE, ERR_NONE, 2},
        {0x13, O("A.Example"), ERR_NONE, ERR_NONE, 2},
        {0x0c, O("san.example"), ERR_NONE, ERR_NONE, 1},
        {0x0c, O("SAN.example"), ERR_NONE, ERR_NONE, 1},
        {0x0c, O("10.0.0.1"), ERR_NONE, ERR_NONE, 2},
        {0x0c, O("a@b.example"), ERR_NONE, ERR_NONE, 2},
        {0x0c, O("*.b.example"), ERR_NONE, ERR_NONE, 2},
        {0x1e, O("\0a\0.\0b"), ERR_NONE, ERR_NONE, 2},
        {0x1c, O("\0\0\0a\0\0\0.\0\0\0b"), ERR_NONE, ERR_NONE, 2},
        {0x14, O("a.example"), ERR_NONE, ERR_NONE, 2},
        {0x0c, O("My Server"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("<script>alert(1)</script>"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("'; DROP TABLE certificates; --"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("dns:a.example"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("uri:spiffe://a/b"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("https://a.example/"), ERR_NO_NAMES, ERR_NONE, 1},
        {0x0c, O("a..example"), ERR_BAD_NAME, ERR_NONE, 1},
        {0x0c, O("1.2.3"), ERR_BAD_NAME, ERR_NONE, 1},
        {0x0c, O("*.*.example"), ERR_BAD_NAME, ERR_NONE, 1},
        {0x0c, O(""), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x0c, O("a\0.example"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x0c, O("a\r\n"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x0c, O("\x1b[2J"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x0c, O("\xff\xfe"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x13, O("m\xc3\xbcnchen"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x1e, O("\0a\0"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x1e, O("\0a\0\0"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
        {0x04, O("a.example"), ERR_BAD_NAME, ERR_BAD_NAME, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        for (int san = 0; san < 2; san++) {
            AUTO(names) struct names n = {0};
            enum err want = san ? cases[i].beside : cases[i].alone;
            enum err r = judge_cn(cases[i].tag, cases[i].cn.p, cases[i].cn.n,
                                  san, NULL, &n);

            ck_assert_msg(r == want, "case %zu, %d: %s", i, san, err_code(r));
            if (r == ERR_NONE)
                ck_assert_msg(n.n == (san ? cases[i].names : 1), "case %zu", i);
        }
}
END_TEST

/* Beyond the 64 characters of X.520: a name all the same. */
START_TEST(long_common_name)
{
    AUTO(names) struct names n = {0};
    AUTO(csr) struct csr c = {0};
    char cn[66] = {0};

    memset(cn, 'a', 65);
    cn[32] = '.';
    ck_assert_int_eq(judge_cn(0x0c, cn, 65, false, &c, &n), ERR_NONE);
    ck_assert_str_eq(c.subject.v[SUBJECT_CN], cn);
    ck_assert_str_eq(n.v[0].value, cn);
}
END_TEST

static void subject_of(struct mkcsr *m, const struct buf *rdns)
{
    mkcsr_wrap(&m->subject, DER_SEQUENCE, rdns);
}

START_TEST(two_common_names)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf rdns = {0};
    AUTO(names) struct names n = {0};
    AUTO(csr) struct csr c = {0};

    mkcsr_rdn(&rdns, OID(AT_CN), DER_UTF8_STRING, "one.example", 11);
    mkcsr_rdn(&rdns, OID(AT_CN), DER_UTF8_STRING, "two.example", 11);
    subject_of(&m, &rdns);
    ck_assert_int_eq(judge_make(&m, &c, &n), ERR_NONE);
    ck_assert_str_eq(c.subject.v[SUBJECT_CN], "two.example");
    ck_assert_uint_eq(n.n, 1);
    ck_assert_str_eq(n.v[0].value, "two.example");
    ck_assert_uint_eq(c.warnings.n, 1);
    ck_assert_ptr_nonnull(strstr(c.warnings.v[0], "one.example"));
}
END_TEST

/* Attributes that are dropped must be text all the same. */
START_TEST(other_attributes)
{
    static const struct {
        uint8_t tag;
        struct octets value;
        enum err code;
    } cases[] = {
        {0x0c, O("<script>alert(1)</script>"), ERR_NONE},
        {0x0c, O("Robert'); DROP TABLE students;--"), ERR_NONE},
        {0x1e, O("\x00M\x00\xfc"), ERR_NONE},
        {0x0c, O(""), ERR_NONE},
        {0x03, O("\x00\x01"), ERR_NONE},  /* x500UniqueIdentifier */
        {0x30, O("\x0c\x01x"), ERR_NONE}, /* postalAddress */
        {0x1a, O("x"), ERR_BAD_CSR},
        {0x93, O("x"), ERR_BAD_CSR},
        {0x05, O(""), ERR_BAD_CSR},
        {0x0c, O("\xc3\x28"), ERR_BAD_CSR},
        {0x0c, O("a\0b"), ERR_BAD_CSR},
        {0x0c, O("a\x1b[2J"), ERR_BAD_CSR},
        {0x0c, O("a\nb"), ERR_BAD_CSR},
        {0x13, O("\xfc"), ERR_BAD_CSR},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(buf) struct buf rdns = {0};
        enum err r;

        mkcsr_rdn(&rdns, OID(AT_CN), DER_UTF8_STRING, "a.example", 9);
        mkcsr_rdn(&rdns, OID(AT_O), cases[i].tag, cases[i].value.p,
                  cases[i].value.n);
        subject_of(&m, &rdns);
        r = judge_make(&m, NULL, NULL);
        ck_assert_msg(r == cases[i].code, "case %zu: %s", i, err_code(r));
    }
}
END_TEST

START_TEST(many_parts)
{
    for (unsigned parts = 31; parts <= 33; parts++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        AUTO(buf) struct buf rdns = {0};

        for (unsigned i = 1; i < parts; i++)
            mkcsr_rdn(&rdns, OID(AT_OU), DER_UTF8_STRING, "x", 1);
        mkcsr_rdn(&rdns, OID(AT_CN), DER_UTF8_STRING, "a.example", 9);
        subject_of(&m, &rdns);
        ck_assert_int_eq(judge_make(&m, NULL, NULL),
                         parts <= 32 ? ERR_NONE : ERR_BAD_CSR);
    }
}
END_TEST

START_TEST(no_names)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(free) char *detail = NULL;

    mkcsr_no_subject(&m);
    mkcsr_make(&m, &der);
    ck_assert_int_eq(mkcsr_judge(&der, NULL, NULL, &detail), ERR_NO_NAMES);
    ck_assert_ptr_nonnull(strstr(detail, "?names=web.internal"));
}
END_TEST

/* Names given beside the CSR take the place of all that is in it. */
START_TEST(names_given)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(csr) struct csr c = {0};
    AUTO(names) struct names given = {0}, none = {0}, out = {0};
    AUTO(mkcsr_strs) struct strs warnings = {0};
    AUTO(errs) struct errs e = {0};

    mkcsr_san(&m, DER_CTX(2), "b.example", 9);
    mkcsr_make(&m, &der);
    ck_assert_int_eq(csr_parse(&c, der.data, der.len, &e), 0);
    ck_assert_int_eq(names_parse(&given, "c.example,10.0.0.1", &e), 0);
    ck_assert_int_eq(mkcsr_take(&c, &given, &out, &warnings, &e), 0);
    ck_assert_uint_eq(out.n, 2);
    ck_assert_str_eq(out.v[0].value, "c.example");
    ck_assert_uint_eq(given.n, 2);
    names_free(&out);
    ck_assert_int_eq(mkcsr_take(&c, &none, &out, &warnings, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_NO_NAMES);
    ck_assert_uint_eq(out.n, 0);
    ck_assert_uint_eq(warnings.n, 0);
}
END_TEST

/* ---- extensions and attributes */

START_TEST(power)
{
    static const struct {
        const char *oid;
        size_t len;
        struct octets value;
        unsigned power;
    } cases[] = {
        {OID(CE_BASIC), O("\x30\x03\x01\x01\xff"), CSR_POWER_CA},
        {OID(CE_BASIC), O("\x30\x06\x01\x01\xff\x02\x01\x00"), CSR_POWER_CA},
        {OID(CE_BASIC), O("\x30\x00"), 0},
        {OID(CE_BASIC), O("\x30\x03\x02\x01\x00"), 0},
        {OID(CE_KEY_USAGE), O("\x03\x02\x02\x04"), CSR_POWER_CERT_SIGN},
        {OID(CE_KEY_USAGE), O("\x03\x02\x01\x02"), CSR_POWER_CRL_SIGN},
        {OID(CE_KEY_USAGE), O("\x03\x02\x01\x06"),
         CSR_POWER_CERT_SIGN | CSR_POWER_CRL_SIGN},
        {OID(CE_KEY_USAGE), O("\x03\x02\x05\xa0"), 0},
        {OID(CE_KEY_USAGE), O("\x03\x03\x07\x04\x80"), CSR_POWER_CERT_SIGN},
        {OID(CE_KEY_USAGE), O("\x03\x01\x00"), 0},
        {OID(CE_EKU), O("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"), 0},
        {OID(CE_EKU), O("\x30\x06\x06\x04\x55\x1d\x25\x00"), CSR_POWER_ANY_EKU},
        {OID(CE_EKU),
         O("\x30\x10\x06\x04\x55\x1d\x25\x00\x06\x08\x2b\x06\x01\x05\x05\x07"
           "\x03\x09"),
         CSR_POWER_ANY_EKU | CSR_POWER_OCSP},
        {OID(CE_NAME_CONSTRAINTS), O("\x30\x00"), CSR_POWER_CONSTRAINTS},
        {OID(CE_SKI), O("\x04\x01x"), 0},
        {OID(PE_AIA), O("\x30\x00"), 0},
        {OID(CE_CDP), O("\x30\x00"), 0},
        {OID(CE_POLICIES), O("\x30\x00"), 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        for (int critical = 0; critical < 2; critical++) {
            AUTO(mkcsr) struct mkcsr m = {0};
            AUTO(csr) struct csr c = {0};

            mkcsr_ext(&m, cases[i].oid, cases[i].len, critical,
                      cases[i].value.p, cases[i].value.n);
            ck_assert_msg(judge_make(&m, &c, NULL) == ERR_NONE, "case %zu", i);
            ck_assert_msg(c.power == cases[i].power, "case %zu: %x", i,
                          c.power);
        }
}
END_TEST

START_TEST(power_has_names)
{
    static const char *const texts[] = {"CA:TRUE",
                                        "keyCertSign",
                                        "cRLSign",
                                        "anyExtendedKeyUsage",
                                        "OCSPSigning",
                                        "nameConstraints",
                                        "an unknown critical extension"};

    for (unsigned i = 0; i < COUNT(texts); i++)
        ck_assert_str_eq(csr_power_text((enum csr_power)(1U << i)), texts[i]);
}
END_TEST

START_TEST(unknown_extensions)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(csr) struct csr c = {0};

    mkcsr_ext(&m, "\x2a\x03\x04", 3, false, "junk", 4);
    mkcsr_ext(&m, "\x2a\x03\x05", 3, true, "junk", 4);
    mkcsr_ext(&m, "\x2a\x03\x06", 3, true, "", 0);
    ck_assert_int_eq(judge_make(&m, &c, NULL), ERR_NONE);
    ck_assert_uint_eq(c.power, CSR_POWER_CRITICAL);
    ck_assert_str_eq(c.critical, "1.2.3.5 1.2.3.6");
}
END_TEST

/* Values that are not what the known extension has. */
START_TEST(extensions_malformed)
{
    static const struct {
        const char *oid;
        size_t len;
        struct octets value;
    } cases[] = {
        {OID(CE_BASIC), O("")},
        {OID(CE_BASIC), O("\x05\x00")},
        {OID(CE_BASIC), O("\x30\x03\x01\x01\x01")},
        {OID(CE_BASIC), O("\x30\x03\x01\x01\x00")}, /* a default, written */
        {OID(CE_BASIC), O("\x30\x06\x01\x01\xff\x02\x01\xff")},
        {OID(CE_BASIC), O("\x30\x06\x02\x01\x00\x01\x01\xff")},
        {OID(CE_BASIC), O("\x30\x00\x00")},
        {OID(CE_KEY_USAGE), O("")},
        {OID(CE_KEY_USAGE), O("\x03\x00")},
        {OID(CE_KEY_USAGE), O("\x03\x02\x00\x04")}, /* zeroes behind */
        {OID(CE_KEY_USAGE), O("\x03\x02\x03\x04")}, /* unused one set */
        {OID(CE_KEY_USAGE), O("\x03\x02\x08\x04")},
        {OID(CE_KEY_USAGE), O("\x04\x02\x02\x04")},
        {OID(CE_EKU), O("\x30\x00")},
        {OID(CE_EKU), O("\x06\x03\x55\x1d\x25")},
        {OID(CE_EKU), O("\x30\x02\x05\x00")},
        {OID(CE_EKU), O("\x30\x03\x06\x01\x80")},
        {OID(CE_NAME_CONSTRAINTS), O("\x05\x00")},
        {OID(CE_NAME_CONSTRAINTS), O("")},
        {OID(CE_SKI), O("not DER")},
        {OID(PE_AIA), O("\x30\x05")},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};

        mkcsr_ext(&m, cases[i].oid, cases[i].len, false, cases[i].value.p,
                  cases[i].value.n);
        ck_assert_msg(judge_make(&m, NULL, NULL) == ERR_BAD_CSR, "case %zu", i);
    }
}
END_TEST

/* The list itself, as it comes. */
START_TEST(extension_lists)
{
    static const struct {
        struct octets list;
        enum err code;
    } cases[] = {
        {O("\x30\x07\x06\x02\x2a\x03\x04\x01x"), ERR_NONE},
        {O("\x30\x0a\x06\x02\x2a\x03\x01\x01\xff\x04\x01x"), ERR_NONE},
        {O("\x30\x0a\x06\x02\x2a\x03\x01\x01\x00\x04\x01x"), ERR_BAD_CSR},
        {O("\x30\x0a\x06\x02\x2a\x03\x01\x01\x01\x04\x01x"), ERR_BAD_CSR},
        {O("\x30\x04\x06\x02\x2a\x03"), ERR_BAD_CSR},
        {O("\x30\x03\x04\x01x"), ERR_BAD_CSR},
        {O("\x30\x07\x06\x02\x2a\x03\x0c\x01x"), ERR_BAD_CSR},
        {O("\x30\x09\x06\x02\x2a\x03\x04\x01x\x05\x00"), ERR_BAD_CSR},
        {O("\x31\x07\x06\x02\x2a\x03\x04\x01x"), ERR_BAD_CSR},
        {O("\x05\x00"), ERR_BAD_CSR},
        {O("\x30\x00"), ERR_BAD_CSR},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        enum err r;

        buf_put(&m.exts, cases[i].list.p, cases[i].list.n);
        r = judge_make(&m, NULL, NULL);
        ck_assert_msg(r == cases[i].code, "case %zu: %s", i, err_code(r));
    }
}
END_TEST

START_TEST(extensions_twice)
{
    AUTO(mkcsr) struct mkcsr san = {0}, other = {0}, many = {0};

    mkcsr_san(&san, DER_CTX(2), "a.example", 9);
    mkcsr_san(&san, DER_CTX(2), "b.example", 9);
    ck_assert_int_eq(judge_make(&san, NULL, NULL), ERR_BAD_CSR);
    mkcsr_ext(&other, "\x2a\x03", 2, false, "x", 1);
    mkcsr_ext(&other, "\x2a\x04", 2, false, "x", 1);
    mkcsr_ext(&other, "\x2a\x03", 2, false, "x", 1);
    ck_assert_int_eq(judge_make(&other, NULL, NULL), ERR_BAD_CSR);
    for (uint8_t i = 0; i < 65; i++) {
        uint8_t oid[2] = {0x2a, i};

        mkcsr_ext(&many, oid, 2, false, "x", 1);
    }
    ck_assert_int_eq(judge_make(&many, NULL, NULL), ERR_BAD_CSR);
}
END_TEST

static void exts_value(struct buf *set, const char *name)
{
    AUTO(mkcsr) struct mkcsr m = {0};

    mkcsr_san(&m, DER_CTX(2), name, strlen(name));
    mkcsr_wrap(set, DER_SEQUENCE, &m.exts);
}

START_TEST(attributes)
{
    AUTO(buf) struct buf one = {0}, two = {0}, none = {0}, text = {0};
    AUTO(mkcsr) struct mkcsr good = {0}, twice = {0}, values = {0};
    AUTO(mkcsr) struct mkcsr empty = {0}, both = {0}, other = {0}, old = {0};
    AUTO(mkcsr) struct mkcsr string = {0};
    AUTO(csr) struct csr c = {0};

    exts_value(&one, "b.example");
    exts_value(&two, "b.example");
    exts_value(&two, "c.example");
    der_put(&text, DER_UTF8_STRING, "secret", 6);
    mkcsr_attr(&good.attrs, OID(CHALLENGE_PASSWORD), &text);
    mkcsr_attr(&good.attrs, OID(EXTENSION_REQUEST), &one);
    ck_assert_int_eq(judge_make(&good, &c, NULL), ERR_NONE);
    ck_assert_uint_eq(c.san.n, 1);
    csr_free(&c);
    mkcsr_attr(&old.attrs, OID(MS_EXTENSION_REQUEST), &one);
    ck_assert_int_eq(judge_make(&old, &c, NULL), ERR_NONE);
    ck_assert_uint_eq(c.san.n, 1);
    mkcsr_attr(&twice.attrs, OID(EXTENSION_REQUEST), &one);
    mkcsr_attr(&twice.attrs, OID(EXTENSION_REQUEST), &one);
    ck_assert_int_eq(judge_make(&twice, NULL, NULL), ERR_BAD_CSR);
    mkcsr_attr(&both.attrs, OID(EXTENSION_REQUEST), &one);
    mkcsr_attr(&both.attrs, OID(MS_EXTENSION_REQUEST), &one);
    ck_assert_int_eq(judge_make(&both, NULL, NULL), ERR_BAD_CSR);
    mkcsr_attr(&values.attrs, OID(EXTENSION_REQUEST), &two);
    ck_assert_int_eq(judge_make(&values, NULL, NULL), ERR_BAD_CSR);
    mkcsr_attr(&empty.attrs, OID(EXTENSION_REQUEST), &none);
    ck_assert_int_eq(judge_make(&empty, NULL, NULL), ERR_BAD_CSR);
    mkcsr_attr(&string.attrs, OID(EXTENSION_REQUEST), &text);
    ck_assert_int_eq(judge_make(&string, NULL, NULL), ERR_BAD_CSR);
    mkcsr_attr(&other.attrs, OID(CHALLENGE_PASSWORD), &text);
    mkcsr_attr(&other.attrs, OID(CHALLENGE_PASSWORD), &text);
    ck_assert_int_eq(judge_make(&other, NULL, NULL), ERR_BAD_CSR);
}
END_TEST

/* An attribute list as it comes. */
START_TEST(attributes_malformed)
{
    static const struct octets cases[] = {
        O("\x30\x00"),
        O("\x05\x00"),
        O("\x30\x02\x31\x00"),
        O("\x30\x04\x06\x02\x2a\x03"),
        O("\x30\x06\x06\x02\x2a\x03\x31\x00"),         /* no value */
        O("\x30\x08\x06\x02\x2a\x03\x30\x02\x05\x00"), /* not a SET */
        O("\x31\x08\x06\x02\x2a\x03\x31\x02\x05\x00"),
        O("\x30\x0a\x06\x02\x2a\x03\x31\x02\x05\x00\x05\x00"),
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(mkcsr) struct mkcsr m = {0};

        buf_put(&m.attrs, cases[i].p, cases[i].n);
        ck_assert_msg(judge_make(&m, NULL, NULL) == ERR_BAD_CSR, "case %zu", i);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        san_names,
        san_lengths,
        san_broken,
        san_odd_kinds,
        san_many_names,
        common_names,
        long_common_name,
        two_common_names,
        other_attributes,
        many_parts,
        no_names,
        names_given,
        power,
        power_has_names,
        unknown_extensions,
        extensions_malformed,
        extension_lists,
        extensions_twice,
        attributes,
        attributes_malformed,
    };

    return unit_run("csr_ext", tests, sizeof(tests) / sizeof(tests[0]));
}
