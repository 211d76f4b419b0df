/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <string.h>

#include "crl.h"
#include "pem.h"
#include "tm.h"
#include "unit.h"
#include "view.h"
#include "x509.h"

/* A leaf with these names, in a record whose every text attacks. */
static void make_record(struct record *r, const struct party *p,
                        const struct names *names)
{
    struct cert_spec spec = root_spec(p);

    spec.cn = "a.internal";
    spec.names = names;
    spec.ca = false;
    spec.ku = KU_DIGITAL_SIGNATURE;
    cert_make(&r->der, &spec, p);
    r->serial = spec.serial;
    r->leaf = 77;
    r->authority = xstrdup("issuing");
    r->profile = xstrdup("server");
    r->requester = (struct requester){WHO_TOKEN, xstrdup("id"),
                                      xstrdup("=cmd|' /C calc'!A0")};
    r->protocol = xstrdup("http");
    r->note = xstrdup("@\"quoted\",\r\n<script>");
    r->issued_at = DAY_ONE;
}

static void make_names(struct names *l)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(names_parse(l, "a.internal,fd00:0::17", &e), 0);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    ck_assert_msg(s, "no text %s", key);
    return s;
}

START_TEST(a_record_is_shown_whole)
{
    AUTO(party) struct party p;
    AUTO(names) struct names names = {0};
    AUTO(record) struct record r = {0};
    struct authority_info root = {.name = (char *)"root"};
    struct authority_info issuing = {.name = (char *)"issuing",
                                     .parent = (char *)"root"};
    struct authority_info both[] = {root, issuing};
    struct authority_infos l = {both, 2};
    json_t *o;

    party_make(&p, "ec:P-384");
    make_names(&names);
    make_record(&r, &p, &names);
    pem_put(&both[1].pem, "CERTIFICATE", r.der.data, r.der.len);
    o = view_record(&r, DAY_ONE, &l);
    ck_assert_str_eq(text_of(o, "serial"), "4102");
    ck_assert_str_eq(text_of(o, "status"), "valid");
    ck_assert_str_eq(text_of(o, "subject"), "CN=a.internal");
    ck_assert_str_eq(text_of(o, "not_before"), "2026-11-23T00:00:00Z");
    ck_assert_str_eq(text_of(o, "note"), r.note);
    ck_assert_str_eq(
        json_string_value(json_array_get(json_object_get(o, "names"), 1)),
        "ip:fd00::17");
    ck_assert_str_eq(text_of(json_object_get(o, "key"), "curve"), "P-384");
    ck_assert_ptr_null(json_object_get(json_object_get(o, "key"), "bits"));
    ck_assert_uint_eq(strlen(text_of(o, "sha256")), 64);
    ck_assert(json_is_null(json_object_get(o, "replaces")));
    ck_assert_ptr_null(json_object_get(o, "revoked_at"));
    ck_assert_ptr_null(json_object_get(o, "warnings"));
    ck_assert_ptr_nonnull(strstr(text_of(o, "pem"), "-----END CERT"));
    /* leaf and issuing, not the root */
    ck_assert_uint_eq(strlen(text_of(o, "chain_pem")),
                      2 * strlen(text_of(o, "pem")));
    json_decref(o);
    buf_free(&both[1].pem);
}
END_TEST

START_TEST(its_life_is_told)
{
    AUTO(party) struct party p;
    AUTO(record) struct record r = {0};
    int64_t end = DAY_ONE + 86400 * INT64_C(7300) - 1;
    struct serial also[] = {{{0x41}, 1}, {{0x42}, 1}};
    struct msg_revoked m = {.also = also, .n = 2};
    json_t *o;

    party_make(&p, "ed25519");
    make_record(&r, &p, NULL);
    o = view_record(&r, end, NULL);
    ck_assert_str_eq(text_of(o, "status"), "valid");
    ck_assert_ptr_null(json_object_get(o, "pem"));
    ck_assert_ptr_null(json_object_get(o, "chain_pem"));
    json_decref(o);
    o = view_record(&r, end + 1, NULL);
    ck_assert_str_eq(text_of(o, "status"), "expired");
    json_decref(o);
    r.revoked_at = DAY_ONE + 5;
    r.reason = REASON_SUPERSEDED;
    strs_add(&r.warnings, "w");
    o = view_record(&r, end + 1, NULL);
    ck_assert_str_eq(text_of(o, "status"), "revoked");
    ck_assert_str_eq(text_of(o, "reason"), "superseded");
    ck_assert_str_eq(text_of(o, "revoked_at"), "2026-11-23T00:00:05Z");
    ck_assert_uint_eq(json_array_size(json_object_get(o, "warnings")), 1);
    json_decref(o);
    m.record = r;
    o = view_revoked(&m, end, NULL);
    ck_assert_str_eq(text_of(o, "status"), "revoked");
    ck_assert_uint_eq(json_array_size(json_object_get(o, "also_revoked")), 2);
    ck_assert_ptr_null(json_object_get(o, "crl"));
    json_decref(o);
    m.crl_pending = true;
    o = view_revoked(&m, end, NULL);
    ck_assert_str_eq(text_of(o, "crl"), "pending");
    json_decref(o);
}
END_TEST

/* A ledger that was tampered with, and labels that are no UTF-8. */
START_TEST(what_cannot_be_read_is_shown_all_the_same)
{
    AUTO(record) struct record r = {0};
    AUTO(buf) struct buf csv = {0};
    json_t *o;

    r.authority = xstrdup("issuing");
    r.profile = xstrdup("");
    r.requester = (struct requester){WHO_TOKEN, xstrdup("i"), xstrdup("\xff<")};
    r.protocol = xstrdup("http");
    buf_puts(&r.der, "no DER");
    o = view_record(&r, DAY_ONE, NULL);
    ck_assert_str_eq(text_of(json_object_get(o, "requester"), "label"), "?<");
    ck_assert(json_is_null(json_object_get(o, "profile")));
    ck_assert(json_is_null(json_object_get(o, "key")));
    json_decref(o);
    view_csv_record(&csv, &r, DAY_ONE);
    ck_assert_uint_gt(csv.len, 20);
}
END_TEST

static size_t cells(const char *line)
{
    size_t n = 1;
    bool quoted = false;

    for (; *line; line++) {
        quoted ^= *line == '"';
        n += !quoted && *line == ',';
    }
    ck_assert(!quoted);
    return n;
}

START_TEST(csv_has_no_formula)
{
    AUTO(party) struct party p;
    AUTO(names) struct names names = {0};
    AUTO(record) struct record r = {0};
    AUTO(buf) struct buf head = {0}, line = {0};

    party_make(&p, "ec:P-256");
    make_names(&names);
    make_record(&r, &p, &names);
    view_csv_header(&head);
    view_csv_record(&line, &r, DAY_ONE);
    AUTO(free) char *h = buf_take_str(&head), *s = buf_take_str(&line);

    ck_assert_uint_eq(cells(h), cells(s));
    ck_assert_str_eq(h + strlen(h) - 2, "\r\n");
    ck_assert_str_eq(s + strlen(s) - 2, "\r\n");
    ck_assert_ptr_nonnull(strstr(s, ",\"'=cmd|"));
    ck_assert_ptr_nonnull(strstr(s, ",\"'@\"\"quoted\"\",\r\n<script>\","));
    ck_assert_ptr_nonnull(strstr(s, ",\"dns:a.internal ip:fd00::17\","));
    for (const char *c = "=+-@\t"; *c; c++) {
        char bad[4] = {',', '"', *c};

        ck_assert_ptr_null(strstr(s, bad));
        bad[1] = *c;
        bad[2] = '\0';
        ck_assert_ptr_null(strstr(s, bad));
    }
}
END_TEST

START_TEST(a_token_is_shown_without_its_secret)
{
    AUTO(token)
    struct token t = {.id = xstrdup("abc"),
                      .label = xstrdup("ci"),
                      .roles = ROLE_ISSUE | ROLE_ADMIN,
                      .uses = 3};
    json_t *o = view_token(&t);
    AUTO(buf) struct buf text = {0};

    ck_assert_ptr_null(json_object_get(o, "token"));
    ck_assert(json_is_null(json_object_get(o, "names")));
    ck_assert(json_is_null(json_object_get(o, "max_uses")));
    ck_assert(json_is_null(json_object_get(o, "last_used")));
    ck_assert_int_eq(json_integer_value(json_object_get(o, "uses")), 3);
    ck_assert_str_eq(
        json_string_value(json_array_get(json_object_get(o, "roles"), 1)),
        "admin");
    json_decref(o);
    memset(t.secret_sha256, 0xab, sizeof(t.secret_sha256));
    view_print(&text, view_token(&t));
    buf_putc(&text, 0);
    ck_assert_ptr_null(strstr((char *)text.data, "abab"));
    t.secret = xstrdup("pca_x");
    strs_add(&t.names, "dns:*.a");
    o = view_token(&t);
    ck_assert_str_eq(text_of(o, "token"), "pca_x");
    ck_assert_uint_eq(json_array_size(json_object_get(o, "names")), 1);
    json_decref(o);
}
END_TEST

static void add_pattern(struct patterns *l, const char *text)
{
    AUTO(errs) struct errs e = {0};
    struct pattern p = {0};

    ck_assert_int_eq(pattern_parse(&p, text, &e), 0);
    patterns_add(l, &p);
}

START_TEST(a_profile_is_narrowed)
{
    struct key_rule keys[] = {{KEY_RSA, CURVE_NONE, 2048, 4096},
                              {KEY_RSA, CURVE_NONE, 3072, 3072},
                              {KEY_EC, CURVE_P256, 0, 0},
                              {KEY_ED25519, CURVE_NONE, 0, 0}};
    struct profile p = {.name = (char *)"server",
                        .eku = EKU_SERVER,
                        .wildcards = true,
                        .keys = keys,
                        .n_keys = 4,
                        .lifetime = 90 * TM_DAY,
                        .max_lifetime = 397 * TM_DAY};
    struct limits l = {.limited = true};
    json_t *o;

    add_pattern(&p.names, "dns:**.internal");
    add_pattern(&p.names, "ip:10.0.0.0/8");
    add_pattern(&p.names, "dns:x.a.org");
    add_pattern(&l.names, "dns:*.a.internal");
    add_pattern(&l.names, "ip:0.0.0.0/0");
    add_pattern(&l.names, "dns:*.a.org");
    add_pattern(&l.names, "email:*@b.org");
    o = view_profile(&p, &l);
    ck_assert(json_is_false(json_object_get(o, "wildcards")));
    ck_assert_str_eq(text_of(o, "lifetime"), "90d");
    json_t *want = json_pack("[s, s, s]", "dns:*.a.internal", "ip:10.0.0.0/8",
                             "dns:x.a.org");
    ck_assert(json_equal(json_object_get(o, "names"), want));
    json_decref(want);
    want = json_pack("[s, s, s, s]", "rsa:2048-4096", "rsa:3072", "ec:P-256",
                     "ed25519");
    ck_assert(json_equal(json_object_get(o, "keys"), want));
    json_decref(want);
    json_decref(o);
    o = view_profile(&p, NULL);
    ck_assert(json_is_true(json_object_get(o, "wildcards")));
    ck_assert_uint_eq(json_array_size(json_object_get(o, "names")), 3);
    json_decref(o);
    patterns_free(&p.names);
    limits_free(&l);
}
END_TEST

START_TEST(a_problem_has_every_reason)
{
    AUTO(errs) struct errs e = {0};
    json_t *o;

    err_add_name(&e, ERR_NAME_NOT_ALLOWED, "dns:a", "not \"a\"\x1b[2J");
    err_add(&e, ERR_BAD_NAME, "bad");
    o = view_problem(&e);
    ck_assert_int_eq(json_integer_value(json_object_get(o, "status")), 400);
    ck_assert_str_eq(text_of(o, "code"), "bad-name");
    ck_assert_str_eq(text_of(o, "detail"), "bad");
    ck_assert_ptr_nonnull(text_of(o, "title"));
    ck_assert_ptr_nonnull(text_of(o, "type"));
    ck_assert_uint_eq(json_array_size(json_object_get(o, "errors")), 2);
    ck_assert_str_eq(
        text_of(json_array_get(json_object_get(o, "errors"), 0), "name"),
        "dns:a");
    json_decref(o);
}
END_TEST

static enum err parse(const char *text, size_t len)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *exact = xmemdup(text, len);
    json_t *j = view_parse(exact, len, &e);

    ck_assert(!j == (e.n == 1));
    json_decref(j);
    return e.n ? e.v[0].code : ERR_NONE;
}

START_TEST(json_is_strict)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " {\"a\": [1, -1, true, null]} \n",
                                       "{\"a\":\"[[[[[[[[[[[[\\\"[[[[[[\"}",
                                       "[[[[[[[[1]]]]]]]]",
                                       "{\"a\":\"\\ud83d\\ude00\"}"};
    static const char *const bad[] = {"",
                                      " ",
                                      "1",
                                      "\"x\"",
                                      "null",
                                      "{",
                                      "{}{}",
                                      "{} x",
                                      "[1,]",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"a\":1.5}",
                                      "{\"a\":1.0}",
                                      "{\"a\":1e2}",
                                      "{\"a\":1e999}",
                                      "{\"a\":[[0.1]]}",
                                      "{\"a\":NaN}",
                                      "{\"a\":99999999999999999999}",
                                      "{\"a\":01}",
                                      "\xef\xbb\xbf{}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{'a':1}",
                                      "{/**/}",
                                      "[[[[[[[[[1]]]]]]]]]",
                                      "{\"a\":\"\n\"}",
                                      "[\"\\\"",
                                      "{\"\\u0000\":1}"};

    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(parse(good[i], strlen(good[i])) == ERR_NONE, "%s",
                      good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(parse(bad[i], strlen(bad[i])) == ERR_BAD_JSON, "%s",
                      bad[i]);
    ck_assert_int_eq(parse("{}\0", 3), ERR_BAD_JSON);
    ck_assert_int_eq(parse("{\"a\":\"b\0\"}", 10), ERR_BAD_JSON);
    ck_assert_int_eq(parse("{\0}\0", 4), ERR_BAD_JSON);
}
END_TEST

START_TEST(a_hundred_thousand_brackets_are_nothing)
{
    AUTO(free) char *s = xmalloc(100000);

    memset(s, '[', 100000);
    ck_assert_int_eq(parse(s, 100000), ERR_BAD_JSON);
    for (size_t i = 0; i < 100000; i++)
        s[i] = "{\"a\":"[i % 5];
    ck_assert_int_eq(parse(s, 100000), ERR_BAD_JSON);
}
END_TEST

struct thing {
    const char *text;
    struct strs texts;
    int flag;
    uint64_t count;
};

static const struct view_member members[] = {
    {"text", VIEW_TEXT, offsetof(struct thing, text)},
    {"texts", VIEW_TEXTS, offsetof(struct thing, texts)},
    {"flag", VIEW_BOOL, offsetof(struct thing, flag)},
    {"count", VIEW_COUNT, offsetof(struct thing, count)},
};

static size_t refused_as(const char *text, enum err code)
{
    AUTO(errs) struct errs e = {0};
    struct thing t = {0};
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    int rc = view_read(j, members, 4, &t, &e);

    ck_assert_int_eq(rc, e.n ? -1 : 0);
    for (size_t i = 0; i < e.n; i++)
        ck_assert_int_eq(e.v[i].code, code);
    strs_free(&t.texts);
    json_decref(j);
    return e.n;
}

static size_t refused(const char *text)
{
    return refused_as(text, ERR_BAD_JSON);
}

START_TEST(members_are_read_by_type)
{
    AUTO(errs) struct errs e = {0};
    struct thing t = {.flag = -1};
    json_t *j = json_loads("{\"text\":\"x\",\"texts\":[\"a\",\"b\"],"
                           "\"flag\":false,\"count\":7}",
                           0, NULL);

    ck_assert_int_eq(view_read(j, members, 4, &t, &e), 0);
    ck_assert_str_eq(t.text, "x");
    ck_assert_uint_eq(t.texts.n, 2);
    ck_assert_str_eq(t.texts.v[1], "b");
    ck_assert_int_eq(t.flag, 0);
    ck_assert_uint_eq(t.count, 7);
    strs_free(&t.texts);
    json_decref(j);

    j = json_loads("{\"Text\":\"x\"}", 0, NULL);
    ck_assert_int_eq(view_read(j, members, 4, &t, &e), -1);
    ck_assert_str_eq(e.v[0].detail, "there is no member \"Text\"; there is: "
                                    "text, texts, flag, count");
    json_decref(j);

    ck_assert_uint_eq(refused("{}"), 0);
    ck_assert_uint_eq(refused("[]"), 1);
    ck_assert_uint_eq(refused("\"x\""), 1);
    ck_assert_uint_eq(refused("{\"text\":null}"), 1);
    ck_assert_uint_eq(refused("{\"text\":1}"), 1);
    ck_assert_uint_eq(refused("{\"texts\":\"a\"}"), 1);
    ck_assert_uint_eq(refused("{\"texts\":[1]}"), 1);
    ck_assert_uint_eq(refused("{\"texts\":[\"a\",null]}"), 1);
    ck_assert_uint_eq(refused("{\"flag\":1}"), 1);
    ck_assert_uint_eq(refused_as("{\"count\":0}", ERR_BAD_ARGUMENT), 1);
    ck_assert_uint_eq(refused_as("{\"count\":-1}", ERR_BAD_ARGUMENT), 1);
    ck_assert_uint_eq(refused("{\"count\":\"1\"}"), 1);
    ck_assert_uint_eq(refused("{\"Text\":\"x\",\"flag\":0,\"no\":1}"), 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_record_is_shown_whole,
        its_life_is_told,
        what_cannot_be_read_is_shown_all_the_same,
        csv_has_no_formula,
        a_token_is_shown_without_its_secret,
        a_profile_is_narrowed,
        a_problem_has_every_reason,
        json_is_strict,
        a_hundred_thousand_brackets_are_nothing,
        members_are_read_by_type,
    };

    return unit_run("view", tests, COUNT(tests));
}
