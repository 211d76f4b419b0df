/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pattern.h"
#include "unit.h"

static struct pattern pattern(const char *text)
{
    AUTO(errs) struct errs e = {0};
    struct pattern p = {0};

    ck_assert_msg(pattern_parse(&p, text, &e) == 0, "%s: %s", text,
                  e.n ? e.v[0].detail : "");
    return p;
}

static bool match(const char *text, const char *name)
{
    AUTO(errs) struct errs e = {0};
    struct pattern p = pattern(text);
    struct name n;
    bool yes;

    ck_assert_msg(name_parse(&n, name, strlen(name), &e) == 0, "%s", name);
    yes = pattern_match(&p, &n);
    name_free(&n);
    pattern_free(&p);
    return yes;
}

START_TEST(each_form_matches_what_it_says)
{
    static const struct {
        const char *pattern, *name;
        bool yes;
    } cases[] = {
        {"dns:a.b", "a.b", true},
        {"dns:A.b", "a.B", true},
        {"dns:a.b", "x.a.b", false},
        {"dns:a.b", "xa.b", false},
        {"dns:*.a.internal", "x.a.internal", true},
        {"dns:*.a.internal", "X.A.INTERNAL", true},
        {"dns:*.a.internal", "a.internal", false},
        {"dns:*.a.internal", "x.y.a.internal", false},
        {"dns:*.a.internal", "xa.internal", false},
        {"dns:*.a.internal", "xyza.internal", false},
        {"dns:**.a.internal", "xyza.internal", false},
        {"dns:**.a.internal", "b.xyza.internal", false},
        {"dns:*.a.internal", "x.a.internal.evil.org", false},
        {"dns:*.a.internal", "x.b.internal", false},
        {"dns:*.a.internal", "*.a.internal", true},
        {"dns:*.a.internal", "*.x.a.internal", false},
        {"dns:**.a.internal", "x.a.internal", true},
        {"dns:**.a.internal", "x.y.z.a.internal", true},
        {"dns:**.a.internal", "*.y.a.internal", true},
        {"dns:**.a.internal", "a.internal", false},
        {"dns:**.a.internal", "xa.internal", false},
        {"dns:**.internal", "web", false},
        {"dns:**", "web", true},
        {"dns:**", "*.a.b", true},
        {"dns:**", "10.0.0.1", false},
        {"dns:*.b", "joe@x.b", false},
        {"ip:10.0.0.0/8", "10.255.0.1", true},
        {"ip:10.0.0.0/8", "11.0.0.0", false},
        {"ip:10.0.0.0/8", "a00::", false},
        {"ip:10.0.0.0/9", "10.127.255.255", true},
        {"ip:10.0.0.0/9", "10.128.0.0", false},
        {"ip:10.0.0.1", "10.0.0.1", true},
        {"ip:10.0.0.1", "10.0.0.0", false},
        {"ip:0.0.0.0/0", "255.1.1.1", true},
        {"ip:0.0.0.0/0", "::1", false},
        {"ip:::/0", "::1", true},
        {"ip:::/0", "1.1.1.1", false},
        {"ip:fd00::/8", "fdff::1", true},
        {"ip:fd00::/8", "fe00::1", false},
        {"fd00::/8", "fd00::1", true},
        {"10.0.0.0/31", "10.0.0.2", false},
        {"ip:**", "::1", true},
        {"ip:**", "a.b", false},
        {"email:joe@b", "joe@B", true},
        {"email:joe@b", "Joe@b", false},
        {"email:*@b", "any.one@b", true},
        {"email:*@b", "joe@a.b", false},
        {"email:*@b", "joe@xb", false},
        {"email:**", "joe@b", true},
        {"uri:spiffe://td/a", "spiffe://td/a", true},
        {"uri:spiffe://td/a", "spiffe://td/a/b", false},
        {"uri:spiffe://td/**", "spiffe://td/a/b", true},
        {"uri:spiffe://TD/**", "spiffe://td/a", true},
        {"uri:spiffe://td/admin", "spiffe://td/%61d%6din", true},
        {"uri:spiffe://td/%61dmin/**", "spiffe://td/admin/x", true},
        {"uri:spiffe://td/a/**", "spiffe://td/a%2fb", false},
        {"uri:https://a.b/x", "https://A.b:443/x", true},
        {"uri:https://a.b/", "https://a.b", true},
        {"uri:spiffe://td/**", "spiffe://td/", false},
        {"uri:spiffe://td/**", "spiffe://td", false},
        {"uri:spiffe://td/**", "spiffe://td.evil.org/a", false},
        {"uri:spiffe://td/a/**", "spiffe://td/ab", false},
        {"spiffe://td/a/**", "spiffe://td/A/b", false},
        {"uri:**", "https://x/", true},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(match(cases[i].pattern, cases[i].name) == cases[i].yes,
                      "%s %s", cases[i].pattern, cases[i].name);
}
END_TEST

/* Common names are in no list of names, so they have cases of their own; "x*"
 * has x itself, unlike the path below a URI. */
START_TEST(common_names)
{
    static const char *const patterns[] = {"cn:svc-*", "cn:svc-", "cn:svc-a",
                                           "cn:SVC-A*", "cn:**"};
    static const struct {
        const char *cn;
        const char *matches; /* one of 0 and 1 for each of them */
    } cases[] = {
        {"svc-", "11001"},   {"svc-a", "10111"},   {"Svc-A", "10111"},
        {"svc-ab", "10011"}, {"svc-b", "10001"},   {"svc", "00001"},
        {"a svc-", "00001"}, {"svc - a", "00001"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name n;

        ck_assert(name_of_cn(&n, cases[i].cn));
        for (size_t k = 0; k < COUNT(patterns); k++) {
            struct pattern p = pattern(patterns[k]);

            ck_assert_msg(pattern_match(&p, &n) == (cases[i].matches[k] == '1'),
                          "%s %s", patterns[k], cases[i].cn);
            pattern_free(&p);
        }
        name_free(&n);
    }
    for (size_t i = 0; i < 25; i++) {
        static const char within[] = "10001"
                                     "11001"
                                     "10111"
                                     "10011"
                                     "00001";
        struct pattern in = pattern(patterns[i / 5]);
        struct pattern out = pattern(patterns[i % 5]);

        ck_assert_msg(pattern_within(&in, &out) == (within[i] == '1'),
                      "%s within %s", patterns[i / 5], patterns[i % 5]);
        pattern_free(&in);
        pattern_free(&out);
    }
}
END_TEST

START_TEST(bad_patterns_are_refused)
{
    static const char *const cases[] = {
        "",
        "dns:",
        "*",
        "dns:*",
        "*.",
        "**.",
        "***",
        "a.*",
        "a*.b",
        "*a.b",
        "*.*.b",
        "**.*.b",
        "*.**.b",
        "a.**.b",
        "dns:**b",
        "*..b",
        ".b",
        "b.",
        "%",
        "_",
        "'; DROP",
        "dns:10.0.0.1",
        "**.1",
        "b\xc3\xbc.x",
        "ip:",
        "ip:*",
        "ip:10.0.0.0/33",
        "ip:10.0.0.0/-1",
        "ip:10.0.0.0/",
        "ip:10.0.0.0/08",
        "ip:10.0.0.0/8 ",
        "ip:10.0.0.0/+8",
        "ip:10.0.0.0/8/8",
        "ip:10.0.0.1/8",
        "ip:fd00::/129",
        "ip:fd00::1/64",
        "ip:10.0.0/8",
        "ip:::ffff:10.0.0.0/104",
        "ip:10.0.0.0/99999999999",
        "email:*",
        "email:b",
        "email:*@",
        "email:*@*.b",
        "email:a*@",
        "*@*",
        "email:**@b",
        "email:*@10.0.0.1",
        "uri:*",
        "uri:**/a",
        "uri:spiffe://**",
        "uri:spiffe:///**",
        "uri:spiffe://td**",
        "uri:spiffe://td/*",
        "uri:spiffe://*/**",
        "uri:spiffe://td/**/a",
        "uri:spiffe://td/a**",
        "uri:/**",
        "uri:https://td/?x/**",
        "uri:https://td/#/**",
        "uri:s://td/../**",
        "cn:",
        "cn:*",
        "cn:a*b",
        "cn:**a",
        "cn:***",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct pattern p = {0};

        ck_assert_msg(pattern_parse(&p, cases[i], &e) == -1, "\"%s\"",
                      cases[i]);
        ck_assert_uint_eq(e.n, 1);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
        ck_assert_ptr_null(p.value);
        if (strcmp(cases[i], "cn:*") == 0)
            ck_assert_ptr_nonnull(strstr(e.v[0].detail, "is \"cn:**\""));
    }
}
END_TEST

START_TEST(texts_come_back)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"A.b", "dns:a.b"},
        {"*.B", "dns:*.b"},
        {"**.b", "dns:**.b"},
        {"**", "dns:**"},
        {"10.0.0.0/8", "ip:10.0.0.0/8"},
        {"10.0.0.1/32", "ip:10.0.0.1"},
        {"FD00:0::/8", "ip:fd00::/8"},
        {"::1", "ip:::1"},
        {"ip:**", "ip:**"},
        {"*@B", "email:*@b"},
        {"Joe@B", "email:Joe@b"},
        {"email:**", "email:**"},
        {"SPIFFE://TD/**", "uri:spiffe://td/**"},
        {"https://A/B", "uri:https://a/B"},
        {"uri:**", "uri:**"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pattern p = pattern(cases[i].in), again;
        AUTO(free) char *text = pattern_text(&p);

        ck_assert_str_eq(text, cases[i].out);
        again = pattern(text);
        ck_assert(pattern_within(&p, &again) && pattern_within(&again, &p));
        pattern_free(&p);
        pattern_free(&again);
    }
}
END_TEST

static const char *const many[] = {
    "dns:a.b",        "dns:x.a.b",      "dns:y.x.a.b",     "dns:b",
    "dns:xa.b",       "dns:*.b",        "dns:*.a.b",       "dns:**.b",
    "dns:**.a.b",     "dns:**.x.a.b",   "dns:**",          "ip:10.0.0.1",
    "ip:10.0.0.0/8",  "ip:10.0.0.0/30", "ip:0.0.0.0/0",    "ip:::1",
    "ip:::/0",        "ip:**",          "email:x@b",       "email:*@b",
    "email:*@a.b",    "email:x@a.b",    "email:**",        "uri:s://td/a",
    "uri:s://td/a/b", "uri:s://td/**",  "uri:s://td/a/**", "uri:s://td/",
    "uri:**",
};

static const char *const names_tried[] = {
    "a.b",      "x.a.b",      "y.x.a.b",    "z.y.x.a.b", "b",        "xa.b",
    "*.a.b",    "q.b",        "q.a.b",      "p.q.b",     "p.q.a.b",  "web",
    "10.0.0.1", "10.0.0.2",   "10.0.0.9",   "9.0.0.1",   "::1",      "::2",
    "x@b",      "y@b",        "y@a.b",      "x@a.b",     "y@c",      "s://td/a",
    "s://td/b", "s://td/a/b", "s://td/a/c", "s://td/",   "s://tx/a",
};

/* Within means: whatever the inner one matches, the outer one does too; and
 * the names above tell every two of these patterns apart. */
START_TEST(within_agrees_with_match)
{
    const size_t n = COUNT(many);

    for (size_t i = 0; i < n * n; i++) {
        struct pattern in = pattern(many[i / n]), out = pattern(many[i % n]);
        bool within = pattern_within(&in, &out), subset = true;

        for (size_t k = 0; k < COUNT(names_tried); k++)
            if (match(many[i / n], names_tried[k]) &&
                !match(many[i % n], names_tried[k]))
                subset = false;
        ck_assert_msg(within == subset, "%s within %s: %d", many[i / n],
                      many[i % n], within);
        pattern_free(&in);
        pattern_free(&out);
    }
}
END_TEST

/* Each set of networks of four bits, or some of them, against every address. */
START_TEST(networks_cover_together)
{
    static const char *const nets[] = {
        "ip:10.0.0.0/29",  "ip:10.0.0.8/29", "ip:10.0.0.0/30",
        "ip:10.0.0.4/30",  "ip:10.0.0.8/31", "ip:10.0.0.10/31",
        "ip:10.0.0.12/30", "ip:10.0.0.6",    "ip:10.0.0.7",
        "ip:10.0.0.4/31",  "ip:10.0.0.15",   "ip:a00::/28"};
    struct pattern whole = pattern("ip:10.0.0.0/28");
    unsigned covered = 0;

    for (unsigned set = 0; set < 1U << COUNT(nets); set++) {
        AUTO(patterns) struct patterns l = {0};
        bool all = true;

        for (size_t i = 0; i < COUNT(nets); i++)
            if (set & 1U << i) {
                struct pattern p = pattern(nets[i]);

                patterns_add(&l, &p);
            }
        for (uint8_t a = 0; a < 16; a++) {
            const struct name n = {
                .kind = NAME_IP, .ip = {10, 0, 0, a}, .ip_len = 4};

            all &= patterns_match(&l, &n);
        }
        ck_assert_msg(patterns_cover(&l, &whole) == all, "set %x", set);
        covered += all;
    }
    ck_assert_uint_gt(covered, 100);
    pattern_free(&whole);
}
END_TEST

START_TEST(what_covers_what)
{
    static const struct {
        const char *one, *two, *pattern;
        bool yes;
    } cases[] = {
        {"ip:0.0.0.0/0", "ip:::/0", "ip:**", true},
        {"ip:0.0.0.0/0", "ip:8000::/1", "ip:**", false},
        {"ip:128.0.0.0/1", "ip:::/0", "ip:**", false},
        {"ip:**", "ip:::/0", "ip:10.0.0.0/8", true},
        {"ip:10.0.0.1", "ip:10.0.0.0", "ip:10.0.0.0/31", true},
        {"ip:10.0.0.1", "ip:10.0.0.2", "ip:10.0.0.0/31", false},
        {"ip:::1", "ip:::", "ip:::/127", true},
        {"ip:::1", "ip:10.0.0.1", "ip:10.0.0.1", true},
        {"ip:::1", "ip:10.0.0.1", "ip:10.0.0.2", false},
        {"dns:*.b", "dns:**.b", "dns:**.b", true},
        {"dns:*.b", "dns:**.a.b", "dns:**.b", false},
        {"dns:a.b", "dns:c.d", "dns:c.d", true},
        {"cn:a*", "cn:b*", "cn:**", false},
        {"email:*@b", "ip:**", "email:**", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(patterns) struct patterns l = {0};
        struct pattern p = pattern(cases[i].one);

        patterns_add(&l, &p);
        p = pattern(cases[i].two);
        patterns_add(&l, &p);
        p = pattern(cases[i].pattern);
        ck_assert_msg(patterns_cover(&l, &p) == cases[i].yes, "case %zu", i);
        pattern_free(&p);
    }
}
END_TEST

START_TEST(lists)
{
    AUTO(patterns) struct patterns l = {0};
    AUTO(free) char *text = NULL;
    struct pattern p = pattern("*.b");
    struct name n = {.kind = NAME_DNS, .value = (char[]){"a.b"}};

    ck_assert(!patterns_match(&l, &n));
    patterns_add(&l, &p);
    p = pattern("10.0.0.0/8");
    patterns_add(&l, &p);
    ck_assert(patterns_match(&l, &n));
    ck_assert(patterns_has_kind(&l, NAME_IP));
    ck_assert(!patterns_has_kind(&l, NAME_URI));
    text = patterns_text(&l);
    ck_assert_str_eq(text, "dns:*.b, ip:10.0.0.0/8");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_form_matches_what_it_says,
        common_names,
        bad_patterns_are_refused,
        texts_come_back,
        within_agrees_with_match,
        networks_cover_together,
        what_covers_what,
        lists,
    };

    return unit_run("pattern", tests, COUNT(tests));
}
