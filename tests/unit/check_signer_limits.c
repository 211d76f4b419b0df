/* SPDX-License-Identifier: ISC */
/* What a credential may: limits of tokens, roles, and a certificate itself. */
#include "signer_narrow.h"

START_TEST(a_limit_is_exact)
{
    static const struct {
        const char *names;
        enum err code;
    } cases[] = {
        {"x.a.internal", ERR_NONE},
        {"X.A.INTERNAL", ERR_NONE},
        {"a.internal", ERR_NAME_NOT_IN_TOKEN},
        {"x.y.a.internal", ERR_NAME_NOT_IN_TOKEN},
        {"xa.internal", ERR_NAME_NOT_IN_TOKEN},
        {"A.INTERNAL", ERR_NAME_NOT_IN_TOKEN},
        {"a.internal.evil.org", ERR_NAME_NOT_ALLOWED},
        {"x.a.internal,b.internal", ERR_NAME_NOT_IN_TOKEN},
        {"b.internal,x.a.internal", ERR_NAME_NOT_IN_TOKEN},
        {"x.a.internal,10.0.0.1", ERR_NAME_NOT_IN_TOKEN},
        {"*.a.internal", ERR_WILDCARD_NOT_ALLOWED},
    };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin, t;

    new_key(&spki);
    admin = ca_up(&c);
    t = narrow(&c, &admin, "a", ROLE_ISSUE, "dns:*.a.internal", false);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(record) struct record r = {0};
        struct ca_want w = {.names = cases[i].names, .spki = &spki};
        uint64_t before = ca_tree_size(&c);
        enum err code = ca_issue(&c, &t, &w, &r, NULL);

        if (cases[i].code == ERR_NONE)
            ck_assert_int_eq(code, ERR_NONE);
        else
            ck_assert_msg(err_status(code) == 422, "%s: %s", cases[i].names,
                          err_code(code));
        ck_assert_msg(code == cases[i].code ||
                          cases[i].code == ERR_NAME_NOT_ALLOWED,
                      "%s: %s", cases[i].names, err_code(code));
        ck_assert(ca_tree_size(&c) == before + (code == ERR_NONE));
    }
    caller_free(&admin);
    caller_free(&t);
}
END_TEST

START_TEST(a_profile_limit_holds)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record none = {0};
    struct token t = {.label = (char *)"p", .roles = ROLE_ISSUE};
    struct caller admin, p;
    struct ca_want w = {.names = "w.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    strs_add(&t.profiles, "client");
    ck_assert_int_eq(ca_token(&c, &admin, &t, &p), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &p, &w, &r, NULL), ERR_NONE);
    ck_assert_str_eq(r.profile, "client"); /* the token's first */
    w.profile = "server";
    ck_assert_int_eq(ca_issue(&c, &p, &w, &none, NULL),
                     ERR_PROFILE_NOT_ALLOWED);
    strs_free(&t.profiles);
    caller_free(&admin);
    caller_free(&p);
}
END_TEST

/* What is outside a token's limits does not exist for it. */
START_TEST(limits_hold_for_every_role)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record in = {0};
    AUTO(record) struct record out = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, all;
    struct ca_want w = {.names = "x.a.internal", .spki = &spki};
    struct ca_want again = {0};

    new_key(&spki);
    admin = ca_up(&c);
    all = narrow(&c, &admin, "n", ROLE_ADMIN, "dns:*.a.internal", false);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &in, NULL), ERR_NONE);
    w.names = "x.a.internal,b.internal";
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &out, NULL), ERR_NONE);
    ck_assert_int_eq(ca_get(&c, &all, &in.serial, &r), ERR_NONE);
    record_free(&r);
    ck_assert_int_eq(ca_get(&c, &all, &out.serial, &r), ERR_NOT_FOUND);
    again.renews = out.serial;
    ck_assert_int_eq(ca_renew(&c, &all, &again, &r), ERR_NOT_FOUND);
    ck_assert_int_eq(ca_revoke(&c, &all, &out.serial, -1, -1, &r, NULL),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(ca_revoke(&c, &all, &in.serial, -1, -1, &r, NULL),
                     ERR_NONE);
    caller_free(&admin);
    caller_free(&all);
}
END_TEST

START_TEST(a_token_reads_what_it_issued)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record own = {0};
    AUTO(record) struct record other = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, t;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    const struct serial unknown = {{0x41, 0x41}, 2};

    new_key(&spki);
    admin = ca_up(&c);
    t = narrow(&c, &admin, "t", ROLE_ISSUE, NULL, false);
    ck_assert_int_eq(ca_issue(&c, &t, &w, &own, NULL), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &other, NULL), ERR_NONE);
    ck_assert_int_eq(ca_get(&c, &t, &own.serial, &r), ERR_NONE);
    record_free(&r);
    /* The same answer for what exists and what does not. */
    ck_assert_int_eq(ca_get(&c, &t, &other.serial, &r), ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_get(&c, &t, &unknown, &r), ERR_ROLE_MISSING);
    caller_free(&admin);
    caller_free(&t);
}
END_TEST

START_TEST(a_certificate_may_only_itself)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, self, foreign = {.evidence = EV_CERT};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    struct token t = {.label = (char *)"x", .roles = ROLE_READ};
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &b, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ck_assert_int_eq(ca_get(&c, &self, &a.serial, &r), ERR_NONE);
    record_free(&r);
    ck_assert_int_eq(ca_get(&c, &self, &b.serial, &r), ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_issue(&c, &self, &w, &r, NULL), ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_revoke(&c, &self, &b.serial, -1, -1, &r, NULL),
                     ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_token(&c, &self, &t, NULL), ERR_ROLE_MISSING);
    ca_begin(&c, MSG_METRICS, &self);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, NULL), ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_revoke(&c, &self, &a.serial, -1, -1, &r, NULL),
                     ERR_NONE);
    record_free(&r);
    ck_assert_int_eq(ca_get(&c, &self, &a.serial, &r), ERR_CERTIFICATE_REVOKED);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &r),
                     ERR_CERTIFICATE_REVOKED);
    ck_assert_int_eq(ca_get(&c, &foreign, &b.serial, &r),
                     ERR_CERTIFICATE_FOREIGN);
    /* The authority's own certificate is no client's. */
    SHA256(c.issuing.data, c.issuing.len, foreign.cert);
    ck_assert_int_eq(ca_get(&c, &foreign, &b.serial, &r),
                     ERR_CERTIFICATE_FOREIGN);
    caller_free(&admin);
}
END_TEST

/* A request of that type that is complete, behind its head. */
static void put_request(struct buf *b, enum msg_type type,
                        const struct ca_want *w)
{
    static const struct token ask = {.id = (char *)"",
                                     .label = (char *)"l",
                                     .roles = ROLE_READ,
                                     .creator = {WHO_USER, (char *)"", NULL}};
    const struct msg_revoke m = {w->renews, -1, -1, 0};
    struct query q;

    query_init(&q);
    if (type == MSG_ISSUE || type == MSG_RENEW)
        ca_put_issue(b, w);
    else if (type == MSG_REVOKE)
        msg_revoke_put(b, &m);
    else if (type == MSG_GET)
        serial_put(b, &w->renews);
    else if (type == MSG_LIST)
        query_put(b, &q);
    else if (type == MSG_TOKEN_MAKE)
        token_put(b, &ask);
    else if (type == MSG_TOKEN_REMOVE || type == MSG_TOKEN_LIST)
        buf_str(b, type == MSG_TOKEN_LIST ? "" : "abc");
    if (type == MSG_TOKEN_LIST)
        buf_u32(b, 10);
}

/* Every request with every credential that is not enough. */
START_TEST(no_request_passes_without_its_role)
{
    static const struct {
        enum msg_type type;
        unsigned role;
    } rows[] = {
        {MSG_ISSUE, ROLE_ISSUE},      {MSG_RENEW, ROLE_ISSUE},
        {MSG_REVOKE, ROLE_REVOKE},    {MSG_GET, ROLE_READ},
        {MSG_LIST, ROLE_READ},        {MSG_TOKEN_MAKE, ROLE_ADMIN},
        {MSG_TOKEN_LIST, ROLE_ADMIN}, {MSG_TOKEN_REMOVE, ROLE_ADMIN},
        {MSG_METRICS, ROLE_METRICS},
    };
    static const unsigned roles[] = {ROLE_ISSUE, ROLE_REVOKE, ROLE_READ,
                                     ROLE_METRICS};
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, t[4];
    struct ca_want w = {.names = "x.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    w.renews = r.serial;
    for (int i = 0; i < 4; i++)
        t[i] = narrow(&c, &admin, role_text(roles[i]), roles[i], NULL, false);
    uint64_t before = ca_tree_size(&c);
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int k = -1; k < 4; k++) {
            struct frame f;
            enum err code;

            if (k >= 0 && roles[k] == rows[i].role)
                continue;
            put_request(ca_begin(&c, rows[i].type, k < 0 ? NULL : &t[k]),
                        rows[i].type, &w);
            ca_ask(&c, &f);
            code = ca_error(&f, NULL);
            ck_assert_msg(
                code == (k < 0 ? ERR_TOKEN_MISSING : ERR_ROLE_MISSING),
                "%s with %s: %s", msg_name(rows[i].type),
                k < 0 ? "nothing" : role_text(roles[k]), err_code(code));
        }
    ck_assert(ca_tree_size(&c) == before);
    for (int i = 0; i < 4; i++)
        caller_free(&t[i]);
    caller_free(&admin);
}
END_TEST

/* Renewals within the limits go along, whoever asks; what is outside stays. */
START_TEST(renewals_go_along_as_far_as_the_limits)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record twin = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, self, t;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint32_t also = 9;

    new_key(&spki);
    admin = ca_up(&c);
    t = narrow(&c, &admin, "x", ROLE_REVOKE, "dns:x.internal", false);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &b), ERR_NONE);
    w.names = "y.internal"; /* the same key */
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &twin, NULL), ERR_NONE);
    ck_assert_int_eq(
        ca_revoke(&c, &t, &a.serial, REASON_SUPERSEDED, 1, &r, &also),
        ERR_NONE);
    ck_assert_uint_eq(also, 1);
    record_free(&r);
    ck_assert_int_eq(ca_get(&c, &admin, &b.serial, &r), ERR_NONE);
    ck_assert_int_ne(r.revoked_at, 0);
    record_free(&r);
    ck_assert_int_eq(ca_get(&c, &admin, &twin.serial, &r), ERR_NONE);
    ck_assert_int_eq(r.revoked_at, 0);
    caller_free(&t);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_limit_is_exact,
        a_profile_limit_holds,
        limits_hold_for_every_role,
        a_token_reads_what_it_issued,
        a_certificate_may_only_itself,
        no_request_passes_without_its_role,
        renewals_go_along_as_far_as_the_limits,
    };

    return unit_run("signer_limits", tests, COUNT(tests));
}
