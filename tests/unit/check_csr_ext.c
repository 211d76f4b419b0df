/* SPDX-License-Identifier: ISC */
/* What a CSR asks: subject, names, extensions. */
#include "csr_made.h"

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

START_TEST(attributes_many)
{
    static const struct buf null = {(uint8_t *)"\x05", 2, 0};

    for (uint8_t n = 32; n <= 33; n++) {
        AUTO(mkcsr) struct mkcsr m = {0};
        enum err r;

        for (uint8_t i = 0; i < n; i++)
            mkcsr_attr(&m.attrs, (const uint8_t[]){0x2a, i}, 2, &null);
        r = judge_make(&m, NULL, NULL);
        ck_assert_msg(r == (n == 32 ? ERR_NONE : ERR_BAD_CSR), "%u: %s", n,
                      err_code(r));
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
        common_names,         long_common_name,
        two_common_names,     other_attributes,
        many_parts,           no_names,
        names_given,          power,
        power_has_names,      unknown_extensions,
        extensions_malformed, extension_lists,
        extensions_twice,     attributes,
        attributes_malformed, attributes_many,
    };

    return unit_run("csr_ext", tests, COUNT(tests));
}
