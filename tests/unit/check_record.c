/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <ctype.h>
#include <string.h>

#include "mem.h"
#include "pem.h"
#include "record.h"
#include "tm.h"
#include "unit.h"

static void fill_record(struct record *r)
{
    r->leaf = 77;
    r->authority = xstrdup("issuing");
    r->profile = xstrdup("server");
    r->requester = (struct requester){WHO_TOKEN, xstrdup("id"), xstrdup("ci")};
    r->protocol = xstrdup("http");
    r->note = xstrdup("n");
    r->issued_at = 1000;
    r->revoked_at = 2000;
    r->reason = 4;
    r->serial = (struct serial){{0x40, 1}, 2};
    r->replaces = (struct serial){{0x41}, 1};
    r->replaced_by = (struct serial){{0x42}, 1};
    strs_add(&r->warnings, "w");
    buf_puts(&r->der, "der");
}

START_TEST(a_record_comes_back_and_no_part_of_it_does)
{
    AUTO(record) struct record r = {0};
    AUTO(record) struct record back = {0};
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf again = {0};
    struct rd rd;

    fill_record(&r);
    record_put(&b, &r);
    rd = rd_of(b.data, b.len);
    record_get(&rd, &back);
    ck_assert(rd_done(&rd));
    record_put(&again, &back);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    ck_assert_str_eq(back.requester.label, "ci");
    for (size_t n = 0; n < b.len; n++) {
        AUTO(free) uint8_t *copy = xmemdup(b.data, n);
        AUTO(record) struct record part = {0};

        rd = rd_of(copy, n);
        record_get(&rd, &part);
        ck_assert(!rd_done(&rd));
    }
}
END_TEST

START_TEST(a_requester_of_no_type_is_refused)
{
    AUTO(buf) struct buf b = {0};

    for (int type = 0; type < 8; type++) {
        struct requester q = {0};
        struct rd rd;

        buf_reset(&b);
        buf_u8(&b, (uint8_t)type);
        buf_str(&b, "id");
        buf_str(&b, NULL);
        rd = rd_of(b.data, b.len);
        requester_get(&rd, &q);
        ck_assert_int_eq(rd_done(&rd), type < WHO__MAX);
        requester_free(&q);
    }
}
END_TEST

START_TEST(tokens_are_made_in_their_form_and_never_twice)
{
    AUTO(token) struct token a = {0};
    AUTO(token) struct token b = {0};
    char id[TOKEN_ID_LEN + 1];
    uint8_t sha256[32];

    token_generate(&a);
    token_generate(&b);
    ck_assert_str_ne(a.id, b.id);
    ck_assert_str_ne(a.secret, b.secret);
    ck_assert_uint_eq(strlen(a.id), TOKEN_ID_LEN);
    ck_assert_uint_eq(strlen(a.secret),
                      4 + TOKEN_ID_LEN + 1 + TOKEN_SECRET_LEN);
    ck_assert_int_eq(token_split(a.secret, strlen(a.secret), id, sha256), 0);
    ck_assert_str_eq(id, a.id);
    ck_assert_mem_eq(sha256, a.secret_sha256, 32);
    ck_assert_mem_ne(a.secret_sha256, b.secret_sha256, 32);
}
END_TEST

/* Over many secrets each character that may occur does. */
START_TEST(secrets_use_their_whole_alphabet)
{
    unsigned seen[256] = {0}, kinds = 0;

    for (int i = 0; i < 400; i++) {
        AUTO(token) struct token t = {0};

        token_generate(&t);
        for (const char *s = t.secret + 5 + TOKEN_ID_LEN; *s; s++) {
            ck_assert(isalnum((unsigned char)*s));
            seen[(unsigned char)*s]++;
        }
    }
    for (int i = 0; i < 256; i++) {
        kinds += seen[i] != 0;
        /* 17 200 characters of 62: 277 each; a factor of 2 is far out. */
        ck_assert(!seen[i] || (seen[i] > 138 && seen[i] < 555));
    }
    ck_assert_uint_eq(kinds, 62);
}
END_TEST

START_TEST(what_is_no_token_is_hashed_and_refused)
{
    AUTO(token) struct token t = {0};
    static const char *const others[] = {
        "", "pca_", "pca_abc_def", "Bearer pca_x", "pca_______________",
    };
    char id[TOKEN_ID_LEN + 1] = "?", text[80];
    uint8_t sha256[32], zero[32] = {0};
    size_t len;

    for (size_t i = 0; i < COUNT(others); i++) {
        memset(sha256, 0, sizeof(sha256));
        ck_assert_int_eq(token_split(others[i], strlen(others[i]), id, sha256),
                         -1);
        ck_assert_str_eq(id, "");
        ck_assert_mem_ne(sha256, zero, 32);
    }
    token_generate(&t);
    len = strlen(t.secret);
    for (size_t i = 0; i < len; i++) {
        strcpy(text, t.secret);
        text[i] = '/';
        ck_assert_int_eq(token_split(text, len, id, sha256), -1);
        ck_assert_mem_ne(sha256, t.secret_sha256, 32);
    }
    strcpy(text, t.secret);
    text[5] = 'A'; /* upper case in the id */
    ck_assert_int_eq(token_split(text, len, id, sha256), -1);
    strcpy(text, t.secret);
    strcat(text, "x");
    ck_assert_int_eq(token_split(text, len + 1, id, sha256), -1);
    ck_assert_int_eq(token_split(t.secret, len - 1, id, sha256), -1);
}
END_TEST

START_TEST(a_token_comes_back)
{
    AUTO(token) struct token t = {0};
    AUTO(token) struct token back = {0};
    AUTO(buf) struct buf b = {0};
    struct rd rd;

    token_generate(&t);
    t.label = xstrdup("ci");
    t.roles = ROLE_ISSUE | ROLE_READ;
    strs_add(&t.profiles, "server");
    strs_add(&t.names, "dns:*.a.internal");
    t.wildcards = true;
    t.max_uses = 5;
    t.uses = 2;
    t.created_at = 1;
    t.not_after = 2;
    t.last_used = 3;
    t.creator = (struct requester){WHO_USER, xstrdup("0"), NULL};
    token_put(&b, &t);
    rd = rd_of(b.data, b.len);
    token_get(&rd, &back);
    ck_assert(rd_done(&rd));
    ck_assert_str_eq(back.secret, t.secret);
    ck_assert(back.roles == t.roles && back.wildcards && back.uses == 2);
    ck_assert_str_eq(back.names.v[0], "dns:*.a.internal");
    ck_assert_mem_eq(back.secret_sha256, t.secret_sha256, 32);
}
END_TEST

START_TEST(limits_are_what_the_token_says)
{
    struct token t = {.roles = ROLE_ADMIN};
    struct limits l = {0};
    struct errs e = {0};

    ck_assert_int_eq(token_limits(&t, &l, &e), 0);
    ck_assert(l.limited && !l.wildcards); /* whatever the roles */
    limits_free(&l);
    t.wildcards = true;
    ck_assert_int_eq(token_limits(&t, &l, &e), 0);
    ck_assert(l.limited && l.wildcards);
    limits_free(&l);
    t.wildcards = false;
    t.roles = ROLE_ISSUE;
    ck_assert_int_eq(token_limits(&t, &l, &e), 0);
    ck_assert(l.limited && !l.wildcards);
    limits_free(&l);
    t.roles = ROLE_ADMIN;
    strs_add(&t.names, "dns:*.a.internal");
    ck_assert_int_eq(token_limits(&t, &l, &e), 0);
    ck_assert(l.limited && l.names.n == 1);
    limits_free(&l);
    strs_add(&t.names, "dns:a.*.b");
    ck_assert_int_eq(token_limits(&t, &l, &e), -1);
    ck_assert_uint_ge(e.n, 1);
    errs_free(&e);
    strs_free(&t.names);
}
END_TEST

START_TEST(roles_have_names)
{
    static const char *const names[] = {"issue", "revoke", "read", "metrics",
                                        "admin"};
    unsigned all = 0;

    for (int i = 0; i < 5; i++) {
        unsigned role = role_parse(names[i]);

        ck_assert_uint_ne(role, 0);
        ck_assert_str_eq(role_text(role), names[i]);
        all |= role;
    }
    ck_assert_uint_eq(all, 31);
    ck_assert_uint_eq(role_parse("Issue"), 0);
    ck_assert_uint_eq(role_parse(""), 0);
    ck_assert_ptr_null(role_text(3));
    ck_assert_ptr_null(role_text(0));
}
END_TEST

static int set(struct query *q, const char *key, const char *value)
{
    struct errs e = {0};
    int rc = query_set(q, key, value, &e);

    ck_assert_msg((rc == 0) == (e.n == 0), "%s=%s", key, value);
    if (rc != 0)
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    errs_free(&e);
    return rc;
}

START_TEST(arguments_are_taken_or_refused_with_a_reason)
{
    static const struct {
        const char *key, *value;
        int rc;
    } cases[] = {
        {"name", "*.a.internal", 0},
        {"name", "10.0.0.0/8", 0},
        {"name", "a.*.b", -1},
        {"name", "", -1},
        {"covers", "web.a.internal", 0},
        {"covers", "*.a.internal", -1},
        {"covers", "10.0.0.1", -1},
        {"covers", "", -1},
        {"status", "valid", 0},
        {"status", "any", -1},
        {"status", "Valid", -1},
        {"replaced", "true", 0},
        {"replaced", "1", -1},
        {"profile", "server", 0},
        {"profile", "", -1},
        {"requester", "'; DROP TABLE certificates", 0}, /* a label, bound */
        {"key_sha256", "00", -1},
        {"sha256", "zz", -1},
        {"issued_after", "2026-11-23T09:25:53Z", 0},
        {"issued_after", "yesterday", -1},
        {"expires_within", "14d", 0},
        {"expires_within", "0d", -1},
        {"expires_within", "14", -1},
        {"order", "expiry", 0},
        {"order", "newest", -1},
        {"limit", "1", 0},
        {"limit", "1000", 0},
        {"limit", "0", -1},
        {"limit", "1001", -1},
        {"limit", "-1", -1},
        {"limit", "1e9", -1},
        {"limit", "99999999999999999999", -1},
        {"limit", " 5", -1},
        {"limit", "", -1},
        {"cursor", "abc", -1},
        {"cursor", "", -1},
        {"cursor", "ffffffffffffffffffffffffffffffffff", -1},
        {"colour", "red", -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(query) struct query q;

        query_init(&q);
        ck_assert_msg(set(&q, cases[i].key, cases[i].value) == cases[i].rc,
                      "%s=%s", cases[i].key, cases[i].value);
    }
}
END_TEST

START_TEST(the_narrower_of_two_bounds_holds)
{
    AUTO(query) struct query q;
    const int64_t now = tm_now();
    char soon[TM_RFC3339_SIZE];

    query_init(&q);
    ck_assert_int_eq(set(&q, "expires_within", "10d"), 0);
    tm_rfc3339(soon, now + TM_DAY);
    ck_assert_int_eq(set(&q, "expires_before", soon), 0);
    ck_assert(q.expires_before == now + TM_DAY && q.expires_after >= now);
    tm_rfc3339(soon, now + 20 * TM_DAY);
    ck_assert_int_eq(set(&q, "expires_before", soon), 0);
    ck_assert(q.expires_before == now + TM_DAY);
    tm_rfc3339(soon, now - TM_DAY);
    ck_assert_int_eq(set(&q, "expires_after", soon), 0);
    ck_assert(q.expires_after >= now);
}
END_TEST

START_TEST(a_query_comes_back)
{
    AUTO(query) struct query q;
    AUTO(query) struct query back;
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf again = {0};
    AUTO(free) char *cursor = NULL;
    char hex[65];
    struct rd rd;

    memset(hex, 'a', 64);
    hex[64] = 0;
    query_init(&q);
    ck_assert_int_eq(set(&q, "name", "**.a.internal"), 0);
    ck_assert_int_eq(set(&q, "covers", "WEB.a.internal"), 0);
    ck_assert_str_eq(q.covers, "web.a.internal");
    ck_assert_int_eq(set(&q, "status", "revoked"), 0);
    ck_assert_int_eq(set(&q, "replaced", "false"), 0);
    ck_assert_int_eq(set(&q, "sha256", hex), 0);
    ck_assert_int_eq(set(&q, "order", "expiry"), 0);
    cursor = query_cursor(&q, 12345, 678);
    ck_assert_int_eq(set(&q, "cursor", cursor), 0);
    ck_assert(q.cursor_time == 12345 && q.cursor_leaf == 678);
    query_put(&b, &q);
    rd = rd_of(b.data, b.len);
    query_get(&rd, &back);
    ck_assert(rd_done(&rd));
    query_put(&again, &back);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
    ck_assert(back.has_sha256 && !back.has_key_sha256 && back.replaced == 0);
    for (size_t n = 0; n < b.len; n++) {
        AUTO(free) uint8_t *copy = xmemdup(b.data, n);
        AUTO(query) struct query part;

        rd = rd_of(copy, n);
        query_get(&rd, &part);
        ck_assert(!rd_done(&rd));
    }
}
END_TEST

START_TEST(a_cursor_belongs_to_its_order)
{
    AUTO(query) struct query q;
    AUTO(free) char *cursor = NULL;
    struct errs e = {0};

    query_init(&q);
    q.by_expiry = true;
    cursor = query_cursor(&q, 1, 2);
    ck_assert_int_eq(set(&q, "cursor", cursor), 0);
    ck_assert_int_eq(query_check(&q, &e), 0);
    ck_assert_int_eq(set(&q, "order", "issued"), 0);
    ck_assert_int_eq(query_check(&q, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    errs_free(&e);
}
END_TEST

START_TEST(a_chain_leaves_the_root_out_and_ends)
{
    struct authority_info v[3] = {
        {.name = (char *)"issuing", .parent = (char *)"middle"},
        {.name = (char *)"middle", .parent = (char *)"root"},
        {.name = (char *)"root"},
    };
    struct authority_infos l = {v, 3};
    AUTO(buf) struct buf leaf = {0};
    AUTO(buf) struct buf out = {0};
    unsigned n = 0;

    buf_puts(&leaf, "L");
    for (int i = 0; i < 3; i++)
        pem_put(&v[i].pem, "CERTIFICATE", v[i].name, strlen(v[i].name));
    authority_chain_pem(&l, "issuing", &leaf, &out);
    buf_putc(&out, 0);
    for (char *s = (char *)out.data; (s = strstr(s, "-BEGIN CERT")); s++)
        n++;
    ck_assert_uint_eq(n, 3); /* leaf, issuing, middle */
    buf_reset(&out);
    v[1].parent = (char *)"issuing"; /* a circle */
    authority_chain_pem(&l, "issuing", NULL, &out);
    ck_assert_uint_lt(out.len, 2000);
    for (int i = 0; i < 3; i++)
        buf_free(&v[i].pem);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_record_comes_back_and_no_part_of_it_does,
        a_requester_of_no_type_is_refused,
        tokens_are_made_in_their_form_and_never_twice,
        secrets_use_their_whole_alphabet,
        what_is_no_token_is_hashed_and_refused,
        a_token_comes_back,
        limits_are_what_the_token_says,
        roles_have_names,
        arguments_are_taken_or_refused_with_a_reason,
        the_narrower_of_two_bounds_holds,
        a_query_comes_back,
        a_cursor_belongs_to_its_order,
        a_chain_leaves_the_root_out_and_ends,
    };

    return unit_run("record", tests, COUNT(tests));
}
