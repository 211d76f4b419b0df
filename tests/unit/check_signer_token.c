/* SPDX-License-Identifier: ISC */
/* Who may: credentials, roles, limits, as the signer judges them. */
#include "signer_narrow.h"

START_TEST(a_wrong_secret_is_an_unknown_token)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, wrong = {.evidence = EV_TOKEN};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    static const char *const others[] = {"", "pca_", "x", "pca_a_b",
                                         "' OR 1=1 --"};
    char text[700], first[700];
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    wrong.token = xstrdup(admin.token);
    wrong.token[strlen(wrong.token) - 1] ^= 1;
    ca_put_issue(ca_begin(&c, MSG_ISSUE, &wrong), &w);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, first), ERR_TOKEN_UNKNOWN);
    /* The answer does not tell whether the id exists. */
    memcpy(wrong.token + 4, "000000000000", 12);
    ca_put_issue(ca_begin(&c, MSG_ISSUE, &wrong), &w);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, text), ERR_TOKEN_UNKNOWN);
    ck_assert_str_eq(text, first);
    caller_free(&wrong);
    for (size_t i = 0; i < COUNT(others); i++) {
        wrong = (struct caller){.evidence = EV_TOKEN,
                                .token = (char *)(uintptr_t)others[i]};
        ck_assert_int_eq(ca_issue(&c, &wrong, &w, &r, NULL), ERR_TOKEN_UNKNOWN);
    }
    /* Nobody is locked out by it. */
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    caller_free(&admin);
}
END_TEST

static enum err remove_token(struct ca *c, const struct caller *who,
                             const struct caller *victim)
{
    char id[TOKEN_ID_LEN + 1] = "";
    struct frame f;

    memcpy(id, victim->token + 4, TOKEN_ID_LEN);
    buf_str(ca_begin(c, MSG_TOKEN_REMOVE, who), id);
    ca_ask(c, &f);
    return ca_error(&f, NULL);
}

START_TEST(tokens_end)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record none = {0};
    struct caller admin, t;
    struct token ask = {.label = (char *)"short", .roles = ROLE_ISSUE};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    char text[700];
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    ask.not_after = tm_now() + 4;
    ck_assert_int_eq(ca_token(&c, &admin, &ask, &t), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &t, &w, &r, NULL), ERR_NONE);
    while (tm_now() <= ask.not_after)
        usleep(100000);
    ck_assert_int_eq(ca_issue(&c, &t, &w, &none, NULL), ERR_TOKEN_EXPIRED);
    ck_assert_int_eq(remove_token(&c, &admin, &t), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &t, &w, &none, NULL), ERR_TOKEN_UNKNOWN);
    ck_assert_int_eq(remove_token(&c, &admin, &t), ERR_NOT_FOUND);
    /* A whole token in the id's place is not repeated. */
    buf_str(ca_begin(&c, MSG_TOKEN_REMOVE, &admin), admin.token);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, text), ERR_NOT_FOUND);
    ck_assert_ptr_null(strstr(text, admin.token + 4 + TOKEN_ID_LEN));
    /* Its label is free again, and readable on what it issued. */
    caller_free(&t);
    ask.not_after = 0;
    ck_assert_int_eq(ca_token(&c, &admin, &ask, &t), ERR_NONE);
    ck_assert_int_eq(ca_get(&c, &admin, &r.serial, &none), ERR_NONE);
    ck_assert_str_eq(none.requester.label, "short");
    caller_free(&t);
    caller_free(&admin);
}
END_TEST

/* Each worker has seen the token and may remember it; none lets it pass once
 * its removal was answered.  One that lives goes on. */
START_TEST(a_removed_token_is_refused_at_once)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin, t, other;
    struct token ask = {.label = (char *)"gone", .roles = ROLE_ISSUE},
                 stays = {.label = (char *)"stays", .roles = ROLE_ISSUE};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    enum { EACH = 8 * CA_WORKERS };

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &ask, &t), ERR_NONE);
    ck_assert_int_eq(ca_token(&c, &admin, &stays, &other), ERR_NONE);
    for (int i = 0; i < EACH; i++) {
        AUTO(record) struct record r = {0};
        AUTO(record) struct record s = {0};

        ck_assert_int_eq(ca_issue(&c, &t, &w, &r, NULL), ERR_NONE);
        ck_assert_int_eq(ca_issue(&c, &other, &w, &s, NULL), ERR_NONE);
    }
    ck_assert_int_eq(remove_token(&c, &admin, &t), ERR_NONE);
    for (int i = 0; i < EACH; i++) {
        AUTO(record) struct record r = {0};
        AUTO(record) struct record none = {0};

        ck_assert_int_eq(ca_issue(&c, &t, &w, &none, NULL), ERR_TOKEN_UNKNOWN);
        ck_assert_int_eq(ca_issue(&c, &other, &w, &r, NULL), ERR_NONE);
    }
    caller_free(&t);
    caller_free(&other);
    caller_free(&admin);
}
END_TEST

START_TEST(no_token_makes_more_than_itself)
{
    /* nothing, control characters, Latin-1 */
    static const char *const bad[] = {"", "a\x1b", "a\xc2\x9b", "a\xe9"};
    AUTO(ca) struct ca c;
    struct caller admin, maker;
    const int64_t now = tm_now();
    struct token own = {.label = (char *)"maker",
                        .roles = ROLE_ADMIN,
                        .max_uses = 4,
                        .not_after = now + TM_DAY};
    struct token t = {
        .roles = ROLE_ISSUE, .max_uses = 1, .not_after = now + TM_HOUR};
    uint64_t before;

    admin = ca_up(&c);
    strs_add(&own.names, "dns:**.a.internal");
    strs_add(&own.profiles, "client");
    ck_assert_int_eq(ca_token(&c, &admin, &own, &maker), ERR_NONE);
    strs_add(&t.names, "dns:*.x.a.internal");
    strs_add(&t.profiles, "client");
    before = ca_tree_size(&c);
#define TRY(label_, change, code)                                              \
    do {                                                                       \
        struct token t_ = t;                                                   \
        t_.label = (char *)label_;                                             \
        change;                                                                \
        ck_assert_int_eq(ca_token(&c, &maker, &t_, NULL), code);               \
    } while (0)
    AUTO(strs) struct strs none = {0}, wide = {0}, server = {0};

    strs_add(&wide, "dns:**.internal");
    strs_add(&server, "server");
    TRY("a", t_.names = none, ERR_NAME_NOT_IN_TOKEN);
    TRY("b", t_.names = wide, ERR_NAME_NOT_IN_TOKEN);
    TRY("c", t_.profiles = none, ERR_PROFILE_NOT_ALLOWED);
    TRY("d", t_.profiles = server, ERR_PROFILE_NOT_ALLOWED);
    TRY("e", t_.wildcards = true, ERR_WILDCARD_NOT_ALLOWED);
    TRY("f", t_.not_after = 0, ERR_LIFETIME_TOO_LONG);
    TRY("g", t_.not_after = own.not_after + 1, ERR_LIFETIME_TOO_LONG);
    TRY("h", t_.max_uses = 0, ERR_ROLE_MISSING);
    TRY("i", t_.max_uses = 4, ERR_ROLE_MISSING);
    for (size_t i = 0; i < COUNT(bad); i++)
        TRY(bad[i], , ERR_BAD_ARGUMENT);
    TRY("j", t_.roles = 0, ERR_BAD_ARGUMENT);
    TRY("k", t_.not_after = now - 1, ERR_BAD_ARGUMENT);
    ck_assert(ca_tree_size(&c) == before);
    TRY("l", , ERR_NONE);
    TRY("l", , ERR_LABEL_TAKEN);
    TRY("m", t_.max_uses = 2, ERR_ROLE_MISSING); /* two are used */
    ck_assert(ca_tree_size(&c) == before + 1);
#undef TRY
    strs_free(&t.names);
    strs_free(&t.profiles);
    strs_free(&own.names);
    strs_free(&own.profiles);
    caller_free(&admin);
    caller_free(&maker);
}
END_TEST

/* Whatever is asked at once: one has 4 of the maker's 9, which keeps 4. */
START_TEST(uses_are_handed_over)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin, maker;
    const struct token own = {
        .label = (char *)"maker", .roles = ROLE_ADMIN, .max_uses = 9};
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    unsigned made = 0, issued = 0;
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &own, &maker), ERR_NONE);
    for (int i = 0; i < 8; i++) {
        char label[2] = {(char)('a' + i)};
        struct token t = {.label = label, .roles = ROLE_ADMIN, .max_uses = 4};

        token_put(ca_begin(&c, MSG_TOKEN_MAKE, &maker), &t);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < 8; i++) {
        enum err code;

        ca_recv(&c, &f);
        code = ca_error(&f, NULL);
        ck_assert(code == ERR_NONE || code == ERR_ROLE_MISSING);
        made += code == ERR_NONE;
    }
    ck_assert_uint_eq(made, 1);
    for (int i = 0; i < 5; i++) {
        AUTO(record) struct record r = {0};

        issued += ca_issue(&c, &maker, &w, &r, NULL) == ERR_NONE;
    }
    ck_assert_uint_eq(issued, 4);
    caller_free(&admin);
    caller_free(&maker);
}
END_TEST

/* The one that comes too late has no use left at all. */
START_TEST(the_last_use_is_used_once)
{
    AUTO(ca) struct ca c;
    struct caller admin, maker;
    const struct token own = {
        .label = (char *)"maker", .roles = ROLE_ADMIN, .max_uses = 2};
    unsigned made = 0, late = 0;
    struct frame f;

    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &own, &maker), ERR_NONE);
    for (int i = 0; i < 4; i++) {
        char label[2] = {(char)('a' + i)};
        struct token t = {.label = label, .roles = ROLE_ADMIN, .max_uses = 1};

        token_put(ca_begin(&c, MSG_TOKEN_MAKE, &maker), &t);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < 4; i++) {
        enum err code;

        ca_recv(&c, &f);
        code = ca_error(&f, NULL);
        made += code == ERR_NONE;
        late += code == ERR_TOKEN_USED_UP;
    }
    ck_assert_uint_eq(made, 1);
    ck_assert_uint_eq(late, 3);
    caller_free(&admin);
    caller_free(&maker);
}
END_TEST

/* Rows of a list, and the cursor (freed by the caller) or NULL. */
static unsigned list(struct ca *c, const struct caller *who,
                     const struct query *q, char **cursor)
{
    unsigned n = 0;
    struct frame f;

    query_put(ca_begin(c, MSG_LIST, who), q);
    for (ca_ask(c, &f); f.type == MSG_RECORD; ca_recv(c, &f)) {
        AUTO(record) struct record r = {0};

        ck_assert(f.more);
        ck_assert_int_eq(ca_record(&f, &r, NULL), ERR_NONE);
        n++;
    }
    ck_assert_int_eq(f.type, MSG_LIST_END);
    ck_assert(!f.more);
    *cursor = rd_str_null(&f.body);
    ck_assert(rd_u64(&f.body) == c->s->size);
    return n;
}

START_TEST(a_list_pages_and_shows_what_limits_let_through)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin, t;
    struct query q;
    unsigned sum = 0, pages = 0;
    char *cursor = NULL;

    new_key(&spki);
    admin = ca_up(&c);
    t = narrow(&c, &admin, "t", ROLE_READ, "dns:*.a.internal", false);
    for (int i = 0; i < 250; i++) {
        AUTO(record) struct record r = {0};
        struct ca_want w = {.names = i % 10 ? "x.b.internal" : "x.a.internal",
                            .spki = &spki};

        ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    }
    for (int by_expiry = 0; by_expiry < 2; by_expiry++) {
        sum = pages = 0;
        query_init(&q);
        q.limit = 99;
        q.by_expiry = by_expiry;
        do {
            AUTO(errs) struct errs e = {0};

            if (cursor)
                ck_assert_int_eq(query_set(&q, "cursor", cursor, &e), 0);
            free(cursor);
            sum += list(&c, &admin, &q, &cursor);
            pages++;
        } while (cursor && pages < 10);
        ck_assert_uint_eq(sum, 250);
        ck_assert_uint_eq(pages, 3);
    }
    query_init(&q);
    q.limit = 1000;
    ck_assert_uint_eq(list(&c, &t, &q, &cursor), 25);
    ck_assert_ptr_null(cursor);
    q.limit = 10;
    ck_assert_uint_eq(list(&c, &t, &q, &cursor), 10);
    ck_assert_ptr_nonnull(cursor);
    free(cursor);
    caller_free(&admin);
    caller_free(&t);
}
END_TEST

/* How many tokens are told to it; *is: whether one has that label. */
static unsigned tokens_told(struct ca *c, const struct caller *who,
                            const char *label, bool *is)
{
    unsigned n = 0;
    struct frame f;

    *is = false;
    buf_str(ca_begin(c, MSG_TOKEN_LIST, who), "");
    buf_u32(&c->out, 1000);
    for (ca_ask(c, &f); f.type == MSG_TOKEN; ca_recv(c, &f), n++) {
        AUTO(token) struct token t = {0};

        token_get(&f.body, &t);
        *is |= strcmp(t.label, label) == 0;
    }
    ck_assert_int_eq(f.type, MSG_LIST_END);
    return n;
}

/* An admin with limits has power over tokens that may no more, and there are no
 * others for it. */
START_TEST(limits_hold_for_tokens_too)
{
    AUTO(ca) struct ca c;
    struct caller admin, lesser, inside, outside;
    bool is;

    admin = ca_up(&c);
    lesser =
        narrow(&c, &admin, "lesser", ROLE_ADMIN, "dns:*.a.internal", false);
    inside = narrow(&c, &admin, "in", ROLE_ISSUE, "dns:x.a.internal", false);
    outside = narrow(&c, &admin, "out", ROLE_ISSUE, "dns:b.internal", false);
    ck_assert_uint_eq(tokens_told(&c, &admin, "out", &is), 4);
    ck_assert(is);
    ck_assert_uint_eq(tokens_told(&c, &lesser, "in", &is), 2); /* and itself */
    ck_assert(is);
    ck_assert_int_eq(remove_token(&c, &lesser, &admin), ERR_NOT_FOUND);
    ck_assert_int_eq(remove_token(&c, &lesser, &outside), ERR_NOT_FOUND);
    ck_assert_int_eq(remove_token(&c, &lesser, &inside), ERR_NONE);
    ck_assert_int_eq(remove_token(&c, &lesser, &lesser), ERR_NONE);
    ck_assert_uint_eq(tokens_told(&c, &admin, "in", &is), 2);
    ck_assert(!is);
    caller_free(&admin);
    caller_free(&lesser);
    caller_free(&inside);
    caller_free(&outside);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_wrong_secret_is_an_unknown_token,
        tokens_end,
        a_removed_token_is_refused_at_once,
        no_token_makes_more_than_itself,
        uses_are_handed_over,
        the_last_use_is_used_once,
        a_list_pages_and_shows_what_limits_let_through,
        limits_hold_for_tokens_too,
    };

    return unit_run("signer_token", tests, COUNT(tests));
}
