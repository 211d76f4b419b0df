/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "name.h"
#include "puny.h"
#include "tm.h"
#include "unit.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"

/* The normal text of what is parsed, or what err_add() was given. */
static char *parse(const char *text, size_t len)
{
    AUTO(errs) struct errs e = {0};
    struct name n = {0};
    char *out;

    if (name_parse(&n, text, len, &e)) {
        ck_assert_uint_eq(e.n, 1);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_NAME);
        ck_assert_ptr_null(n.value);
        return xstrdup(e.v[0].detail);
    }
    ck_assert_uint_eq(e.n, 0);
    out = name_text(&n);
    name_free(&n);
    return out;
}

START_TEST(good_names_become_normal)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a.b", "dns:a.b"},
        {"dns:a.b", "dns:a.b"},
        {"DNS:A.b", "dns:a.b"},
        {"WEB.Example.Internal", "dns:web.example.internal"},
        {"web", "dns:web"},
        {"3com.example", "dns:3com.example"},
        {"a--b.example", "dns:a--b.example"},
        {"1.2.3.x", "dns:1.2.3.x"},
        {"0x7g", "dns:0x7g"},
        {L63 ".a", "dns:" L63 ".a"},
        {L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a",
         "dns:" L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"},
        {"*.example.internal", "dns:*.example.internal"},
        {"xn--bcher-kva.example", "dns:xn--bcher-kva.example"},
        {"XN--BCHER-KVA.example", "dns:xn--bcher-kva.example"},
        {"xn--wgv71a119e.jp", "dns:xn--wgv71a119e.jp"},
        {"*.xn--p1ai.x", "dns:*.xn--p1ai.x"},
        {"10.0.0.1", "ip:10.0.0.1"},
        {"ip:255.255.255.255", "ip:255.255.255.255"},
        {"::1", "ip:::1"},
        {"ip:2001:DB8:0:0:1:0:0:1", "ip:2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "ip:2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "ip:2001:0:0:1::1"},
        {"fe80::", "ip:fe80::"},
        {"::", "ip:::"},
        {"::1.2.3.4", "ip:::102:304"},
        {"1:2:3:4:5:6:7:8", "ip:1:2:3:4:5:6:7:8"},
        {"joe@Example.ORG", "email:joe@example.org"},
        {"Joe.X+tag@a.b", "email:Joe.X+tag@a.b"},
        {"email:o'neil@b", "email:o'neil@b"},
        {"spiffe://TD.example/Ns/x", "uri:spiffe://td.example/Ns/x"},
        {"HTTPS://Web:8443/a?b=c@d#e", "uri:https://web:8443/a?b=c@d#e"},
        {"uri:https://[2001:DB8::0]/", "uri:https://[2001:db8::]/"},
        {"https://10.1.2.3", "uri:https://10.1.2.3/"},
        {"https://a.b", "uri:https://a.b/"},
        {"http://a.b?x", "uri:http://a.b/?x"},
        {"https://a.b:443/x", "uri:https://a.b/x"},
        {"http://a.b:80", "uri:http://a.b/"},
        {"https://a.b:80/x", "uri:https://a.b:80/x"},
        {"https://[::1]:443#f", "uri:https://[::1]/#f"},
        {"spiffe://td:443", "uri:spiffe://td:443"},
        {"spiffe://td/%61dm%49n/%7e%2d%2f%c3%bc",
         "uri:spiffe://td/admIn/~-%2F%C3%BC"},
        {"https://a.b/?%61=%3f#%5f", "uri:https://a.b/?a=%3F#_"},
        {"spiffe://prod_eu/x", "uri:spiffe://prod_eu/x"},
        {"https://a.b/...", "uri:https://a.b/..."},
        {"https://a.b/.well-known/%C3%A4",
         "uri:https://a.b/.well-known/%C3%A4"},
        {"https://a.b?x=../y", "uri:https://a.b/?x=../y"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = parse(cases[i].in, strlen(cases[i].in));

        ck_assert_str_eq(got, cases[i].out);
    }
}
END_TEST

#define BAD(text, rule)                                                        \
    {                                                                          \
        text, sizeof(text) - 1, rule                                           \
    }

START_TEST(bad_names_are_refused_by_their_rule)
{
    static const struct {
        const char *in;
        size_t len;
        const char *rule;
    } cases[] = {
        BAD("", "is empty"),
        BAD("dns:", "is empty"),
        BAD("a..b", "has an empty label"),
        BAD(".a.b", "has an empty label"),
        BAD("a.b.", "has an empty label"),
        BAD(".", "has an empty label"),
        BAD(L63 "d.a", "label of more than 63"),
        BAD(L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "ab",
            "longer than 253"),
        BAD("-a.b", "begins or ends with a hyphen"),
        BAD("a.b-", "begins or ends with a hyphen"),
        BAD("a.-b", "begins or ends with a hyphen"),
        BAD("a_b.c", "no letter, digit, hyphen or dot"),
        BAD("a b.c", "no letter, digit, hyphen or dot"),
        BAD(" a.b", "no letter, digit, hyphen or dot"),
        BAD("a/b", "no letter, digit, hyphen or dot"),
        BAD("a.b:443", "no letter, digit, hyphen or dot"),
        BAD("<script>.x", "no letter, digit, hyphen or dot"),
        BAD("a\0.b", "contains a control character"),
        BAD("a.b\0", "contains a control character"),
        BAD("a\r\nb.c", "contains a control character"),
        BAD("\x1b[2J.c", "contains a control character"),
        BAD("a\x7f.b", "contains a control character"),
        BAD("b\303\274cher.example", "written in their xn-- form"),
        BAD("a\xff.b", "written in their xn-- form"),
        BAD("*", "the whole first label"),
        BAD("*.internal", "the whole first label"),
        BAD("*.", "the whole first label"),
        BAD("a.*.b", "the whole first label"),
        BAD("a*.b", "the whole first label"),
        BAD("*a.b.c", "the whole first label"),
        BAD("*.*.b", "the whole first label"),
        BAD("**.b.c", "the whole first label"),
        BAD("*.a..b", "has an empty label"),
        BAD("xn--.a", "begins or ends with a hyphen"),
        BAD("xn--99999999.b", "not Punycode"),
        BAD("xn--zca-\xc3\xbc.b", "written in their xn-- form"),
        BAD("xn--abc-.b", "begins or ends with a hyphen"),
        BAD("dns:10.0.0.1", "ends in a number"),
        BAD("0x7f.1", "ends in a number"),
        BAD("1.2.3", "ends in a number"),
        BAD("2130706433", "ends in a number"),
        BAD("0x7f000001", "ends in a number"),
        BAD("0X7F.0X1", "ends in a number"),
        BAD("0177.0.0.1", "ends in a number"),
        BAD("256.1.1.1", "ends in a number"),
        BAD("a.0x", "ends in a number"),
        BAD("a.1", "ends in a number"),
        BAD("ip:", "neither an IPv4 nor an IPv6"),
        BAD("ip:a.b", "neither an IPv4 nor an IPv6"),
        BAD("ip:1.2.3", "neither an IPv4 nor an IPv6"),
        BAD("ip:01.2.3.4", "neither an IPv4 nor an IPv6"),
        BAD("ip:10.0.0.0/8", "neither an IPv4 nor an IPv6"),
        BAD("ip:fe80::1%eth0", "neither an IPv4 nor an IPv6"),
        BAD("ip:10.0.0.1\0", "neither an IPv4 nor an IPv6"),
        BAD("ip:[::1]", "neither an IPv4 nor an IPv6"),
        BAD("::ffff:10.0.0.1", "IPv4 address in IPv6 form"),
        BAD("::FFFF:a00:1", "IPv4 address in IPv6 form"),
        BAD("@b", "nothing before the @"),
        BAD("email:b", "has no @"),
        BAD("a@", "is empty"),
        BAD("a@b@c", "no letter, digit, hyphen or dot"),
        BAD(".a@b", "before the @"),
        BAD("a..a@b", "before the @"),
        BAD("a.@b", "before the @"),
        BAD("\"a b\"@c", "may not have before the @"),
        BAD("a b@c", "may not have before the @"),
        BAD("a\0b@c", "may not have before the @"),
        BAD("\xc3\xbc@c", "may not have before the @"),
        BAD(L63 "de@c", "more than 64 characters before the @"),
        BAD("a@*.b.c", "the whole first label"),
        BAD("a@10.0.0.1", "ends in a number"),
        BAD("a@b..c", "has an empty label"),
        BAD("uri:urn:uuid:1", "does not begin with scheme://"),
        BAD("https://a:0443/", "has a port that is no number"),
        BAD("uri:/a", "does not begin with scheme://"),
        BAD("uri:1a://b", "does not begin with scheme://"),
        BAD("https://", "has no host"),
        BAD("https:///a", "has no host"),
        BAD("https://:80/", "has no host"),
        BAD("https://a@b/", "user information"),
        BAD("https://a:b@c/", "user information"),
        BAD("https://a..b/", "neither a DNS name nor an address"),
        BAD("https://1.2.3/", "neither a DNS name nor an address"),
        BAD("https://%61.b/", "neither a DNS name nor an address"),
        BAD("https://*.a.b/", "neither a DNS name nor an address"),
        BAD("https://[::1/", "bracket that is not closed"),
        BAD("https://[1.2.3.4]/", "no IPv6 address"),
        BAD("https://[]/", "no IPv6 address"),
        BAD("https://[::1]x/", "between its host and its path"),
        BAD("https://a:/", "port"),
        BAD("https://a:0/", "port"),
        BAD("https://a:65536/", "port"),
        BAD("https://a:8x/", "port"),
        BAD("https://a/ b", "RFC 3986 does not allow"),
        BAD("https://a/<b>", "RFC 3986 does not allow"),
        BAD("https://a/[b]", "RFC 3986 does not allow"),
        BAD("https://a/#b#c", "RFC 3986 does not allow"),
        BAD("https://a/\xc3\xbc", "RFC 3986 does not allow"),
        BAD("https://a/%", "hexadecimal"),
        BAD("https://a/%4", "hexadecimal"),
        BAD("https://a/%zz", "hexadecimal"),
        BAD("https://a/%00", "control character"),
        BAD("https://a/%0a", "control character"),
        BAD("https://a/\0", "control character"),
        BAD("https://a/.", "path segment"),
        BAD("https://a/b/../c", "path segment"),
        BAD("https://a/b/%2e%2E/c", "path segment"),
        BAD("https://a/b/.%2e", "path segment"),
        BAD("https://a/b/./?c", "path segment"),
        BAD("https://a/b/..#c", "path segment"),
        BAD("https://a/b/..%2fc", "path segment"),
        BAD("https://a/b%2F..%5cc", "path segment"),
        BAD("https://a/b/..%3fc", "path segment"),
        BAD("https://a/b/%2e%2e%23c", "path segment"),
        BAD("https://[::ffff:10.0.0.1]/", "IPv4 address in IPv6 form"),
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = parse(cases[i].in, cases[i].len);

        ck_assert_msg(strstr(got, cases[i].rule) != NULL, "\"%s\": %s",
                      cases[i].in, got);
        ck_assert_msg(strncmp(got, "the name \"", 10) == 0, "%s", got);
    }
}
END_TEST

START_TEST(the_name_is_quoted_and_not_at_any_length)
{
    static const char nul[] = "a\0b.c";
    AUTO(free) char *got = parse(nul, sizeof(nul) - 1);
    AUTO(free) char *longest = xmalloc(100000);
    AUTO(free) char *answer = NULL;

    ck_assert_str_eq(got,
                     "the name \"dns:a\\x00b.c\" contains a control character");
    memset(longest, 'a', 100000);
    answer = parse(longest, 100000);
    ck_assert_uint_lt(strlen(answer), 400);
}
END_TEST

START_TEST(a_long_uri_is_refused_at_its_length)
{
    char uri[1100] = "https://a/";
    AUTO(free) char *good = NULL;
    AUTO(free) char *bad = NULL;

    memset(uri + 10, 'a', sizeof(uri) - 10);
    good = parse(uri, 1024);
    bad = parse(uri, 1025);
    ck_assert_uint_eq(strlen(good), 1028);
    ck_assert_ptr_nonnull(strstr(bad, "longer than 1024"));
}
END_TEST

START_TEST(punycode_is_judged_strictly)
{
    static const struct {
        const char *in, *rule;
    } cases[] = {
        {"xn--zca.b", NULL}, /* eszett */
        {"xn--r8jz45g.b", NULL},
        {"xn--maana-pta.b", NULL},
        {"xn--ngbrx4e.b", NULL},
        {"xn--4caaaaaaaaaaaaaaaaaaaa.b", NULL},
        {"xn--ab-.b", "begins or ends with a hyphen"},
        {"xn--a.b", "that no name may have"},      /* U+0080 */
        {"xn--7ba.b", "that no name may have"},    /* capital A umlaut */
        {"xn--ab-g4t.b", "that no name may have"}, /* U+202E */
        {"xn--zug.b", "that no name may have"},    /* U+200B */
        {"xn--x-ro7g.b", "that no name may have"}, /* U+E000 */
        {"xn--0n7c.b", "that no name may have"},   /* U+FFFE */
        {"xn--1426e.b", "that no name may have"},  /* U+E0001 */
        {"xn---zca.b", "not in its shortest form"},
        {"xn----0fa.b", "hyphen when decoded"},
        {"xn----zfa.b", "hyphen when decoded"},
        {"xn--9.b", "not Punycode"}, /* cut integer */
        {"xn--zca9.b", "not Punycode"},
        {"xn--99999999999999999999.b", "not Punycode"}, /* overflow */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = parse(cases[i].in, strlen(cases[i].in));

        if (cases[i].rule)
            ck_assert_msg(strstr(got, cases[i].rule) != NULL, "%s: %s",
                          cases[i].in, got);
        else
            ck_assert_str_eq(got + 4, cases[i].in);
    }
}
END_TEST

/* No DNS name comes so far with it: the label would end in a hyphen. */
START_TEST(punycode_of_plain_ascii)
{
    ck_assert_ptr_nonnull(strstr(puny_check("xn--abc-", 8), "plain ASCII"));
    ck_assert_ptr_null(puny_check("xn--zca", 7));
}
END_TEST

START_TEST(general_names)
{
    static const struct {
        unsigned tag;
        const char *in;
        size_t len;
        const char *out; /* NULL: refused */
    } cases[] = {
        {2, "A.b", 3, "dns:a.b"},
        {2, "dns:a.b", 7, NULL},
        {2, "10.0.0.1", 8, NULL},
        {2, "::1", 3, NULL},
        {2, "a@b", 3, NULL},
        {2, "", 0, NULL},
        {2, "a.b\0", 4, NULL},
        {7, "\x0a\0\0\x01", 4, "ip:10.0.0.1"},
        {7, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16, "ip:::1"},
        {7, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04", 16, NULL},
        {7, "\x0a\0\0", 3, NULL},
        {7, "\x0a\0\0\x01\x01", 5, NULL},
        {7, "\x0a\0\0\x01\xff\xff\xff\xff", 8, NULL},
        {7, "", 0, NULL},
        {1, "joe@B", 5, "email:joe@b"},
        {1, "a.b", 3, NULL},
        {1, "Joe <joe@b>", 11, NULL},
        {6, "spiffe://td/x", 13, "uri:spiffe://td/x"},
        {6, "a.b", 3, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct name n = {0};
        int r = name_from_general(
            &n, cases[i].tag, (const uint8_t *)cases[i].in, cases[i].len, &e);
        AUTO(free) char *text = r ? NULL : name_text(&n);

        if (cases[i].out) {
            ck_assert_int_eq(r, 0);
            ck_assert_str_eq(text, cases[i].out);
        } else {
            ck_assert_msg(r == -1, "case %zu", i);
            ck_assert_uint_eq(e.n, 1);
            ck_assert_int_eq(e.v[0].code, ERR_BAD_NAME);
        }
        name_free(&n);
    }
}
END_TEST

START_TEST(common_names_that_are_names)
{
    static const char *const yes[] = {
        "a.b",  "web",   "*.a.b", "10.0.0.1", "::1",  "joe@b",
        "a..b", "1.2.3", "a_b.c", "*.*.b",    "a.b.", "a..a@b",
    };
    static const char *const no[] = {
        "",        "Joe Doe", "Example, Inc.",         "https://a.b/",
        "dns:a.b", "a_b",     "b\303\274cher.example", "St. Gallen",
        "C:/x.y",
    };

    for (size_t i = 0; i < COUNT(yes); i++)
        ck_assert_msg(name_is_like(yes[i], strlen(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        ck_assert_msg(!name_is_like(no[i], strlen(no[i])), "%s", no[i]);
    ck_assert(!name_is_like("a.b\0", 4));
}
END_TEST

START_TEST(lists_have_no_doubles)
{
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(names_parse(&l, "a.b, A.B ,10.0.0.1,\tip:10.0.0.1", &e),
                     0);
    ck_assert_uint_eq(l.n, 2);
    ck_assert_str_eq(l.v[0].value, "a.b");
    ck_assert_str_eq(l.v[1].value, "10.0.0.1");
    ck_assert_int_eq(names_parse(&l, "c.d,,x..y,-z,e.f", &e), -1);
    ck_assert_uint_eq(e.n, 3);
    ck_assert_uint_eq(l.n, 2);
    ck_assert_int_eq(names_parse(&l, "", &e), -1);
}
END_TEST

/* 40 000 different names and each again: nothing grows with the square. */
START_TEST(long_lists_stay_fast)
{
    AUTO(names) struct names l = {0};
    AUTO(errs) struct errs e = {0};
    int64_t start = tm_mono_us();

    for (int i = 0; i < 80000; i++) {
        AUTO(free) char *text = xasprintf("n%d.x", i % 40000);
        struct name n;

        ck_assert_int_eq(name_parse(&n, text, strlen(text), &e), 0);
        names_add(&l, &n);
    }
    ck_assert_uint_eq(l.n, 40000);
    for (size_t i = 0; i < l.n; i += 997)
        ck_assert(names_has(&l, &l.v[i]));
    ck_assert_int_lt(tm_mono_us() - start, 5000000);
}
END_TEST

START_TEST(lists_travel_and_are_not_believed)
{
    AUTO(names) struct names l = {0}, back = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf b = {0};
    struct rd r;

    ck_assert_int_eq(names_parse(&l, "a.b,*.c.d,::1,joe@b,spiffe://td/x", &e),
                     0);
    names_put(&b, &l);
    for (size_t cut = 0; cut <= b.len; cut++) {
        r = rd_of(b.data, cut);
        names_free(&back);
        names_get(&r, &back);
        ck_assert(rd_done(&r) == (cut == b.len));
    }
    ck_assert_uint_eq(back.n, l.n);
    for (size_t i = 0; i < l.n; i++) {
        ck_assert(name_equal(&l.v[i], &back.v[i]));
        ck_assert_int_eq(l.v[i].wildcard, back.v[i].wildcard);
        ck_assert_int_eq(l.v[i].ip_len, back.v[i].ip_len);
    }
    for (uint8_t kind = 0; kind < 8; kind++) {
        buf_reset(&b);
        buf_u32(&b, 1);
        buf_u8(&b, kind);
        buf_str(&b, "a..b");
        r = rd_of(b.data, b.len);
        names_get(&r, &back);
        ck_assert(!rd_done(&r));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        good_names_become_normal,
        bad_names_are_refused_by_their_rule,
        the_name_is_quoted_and_not_at_any_length,
        a_long_uri_is_refused_at_its_length,
        punycode_is_judged_strictly,
        punycode_of_plain_ascii,
        general_names,
        common_names_that_are_names,
        lists_have_no_doubles,
        long_lists_stay_fast,
        lists_travel_and_are_not_believed,
    };

    return unit_run("name", tests, COUNT(tests));
}
