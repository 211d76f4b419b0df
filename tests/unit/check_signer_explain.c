/* SPDX-License-Identifier: ISC */
/* What would become of a request. */
#include "signer_cert.h"

/* What an EXPLAIN says, all its frames; the first reason, or ERR_NONE. */
static enum err explain(struct ca *c, const struct caller *who,
                        const struct ca_want *w, const char *token,
                        struct msg_explained *out)
{
    struct buf *b = ca_begin(c, MSG_EXPLAIN, who);
    struct frame f;
    enum err code;

    ca_put_issue(b, w);
    buf_str(b, token);
    ca_ask(c, &f);
    code = ca_error(&f, NULL);
    if (code != ERR_NONE)
        return code;
    for (;; ca_recv(c, &f)) {
        ck_assert_int_eq(f.type, MSG_EXPLAINED);
        msg_explained_get(&f.body, out);
        ck_assert(rd_done(&f.body));
        if (!f.more)
            return ERR_NONE;
    }
}

static uint64_t uses_of(const struct ca *c, const struct caller *who)
{
    AUTO(token) struct token t = {0};
    AUTO(errs) struct errs e = {0};
    struct store_conn *conn = store_conn_open(c->s->store, false, &e);
    char id[TOKEN_ID_LEN + 1];
    uint8_t secret[32];

    token_split(who->token, strlen(who->token), id, secret);
    ck_assert_int_eq(store_token_by_id(conn, id, &t), STORE_OK);
    store_conn_close(conn);
    return t.uses;
}

START_TEST(what_is_explained_spends_and_leaves_nothing)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, one;
    struct token t = {
        .label = (char *)"one", .roles = ROLE_ISSUE, .max_uses = 1};
    struct ca_want w = {.names = "web.internal", .spki = &spki, .idem = "k"};
    uint64_t before;
    bool repeated;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &t, &one), ERR_NONE);
    before = ca_tree_size(&c);
    for (int i = 0; i < 3; i++) {
        AUTO(msg_explained) struct msg_explained m = {0};
        AUTO(cert) struct cert cert = {0};
        AUTO(errs) struct errs e = {0};

        ck_assert_int_eq(explain(&c, &one, &w, NULL, &m), ERR_NONE);
        ck_assert_int_eq(cert_parse_tbs(&cert, m.tbs.data, m.tbs.len, &e), 0);
        ck_assert_str_eq(cert.names.v[0].value, "web.internal");
        ck_assert_mem_eq(cert.key.spki, spki.data, spki.len);
        ck_assert_str_eq(m.profile, "server");
        report_errs(&m.report, &e);
        ck_assert_uint_eq(e.n, 0);
    }
    ck_assert(ca_tree_size(&c) == before);
    ck_assert_uint_eq(uses_of(&c, &one), 0);
    ck_assert_int_eq(ca_issue(&c, &one, &w, &r, &repeated), ERR_NONE);
    ck_assert(!repeated);
    ck_assert(ca_tree_size(&c) == before + 1);
    caller_free(&admin);
    caller_free(&one);
}
END_TEST

/* A front never looks with the eyes of a token that nobody showed, and whoever
 * may not issue is told nothing. */
START_TEST(who_is_told_is_who_may_issue)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(msg_explained) struct msg_explained m = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, reader, cert;
    struct token t = {.label = (char *)"reader", .roles = ROLE_READ};
    struct ca_want w = {.names = "web.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &t, &reader), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    cert = ca_cert_caller(&r);
    ck_assert_int_eq(explain(&c, NULL, &w, NULL, &m), ERR_TOKEN_MISSING);
    ck_assert_int_eq(explain(&c, &reader, &w, NULL, &m), ERR_ROLE_MISSING);
    ck_assert_int_eq(explain(&c, &cert, &w, NULL, &m), ERR_ROLE_MISSING);
    ck_assert_int_eq(explain(&c, &admin, &w, "abc", &m), ERR_BAD_REQUEST);
    ck_assert_uint_eq(m.report.n, 0);
    caller_free(&admin);
    caller_free(&reader);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_explained_spends_and_leaves_nothing,
        who_is_told_is_who_may_issue,
    };

    return unit_run("signer_explain", tests, COUNT(tests));
}
