/* SPDX-License-Identifier: ISC */
/* The signer over a real ledger: issue, renew, repeat, frames. */
#include "signer_cert.h"

#include <sys/resource.h>

/* OpenSSL's opinion of leaf, issuing and root together. */
static int chain_holds(const struct ca *c, const struct record *r)
{
    AUTO(x509) X509 *root = openssl_read(&c->root);
    AUTO(x509) X509 *issuing = openssl_read(&c->issuing);
    AUTO(x509) X509 *leaf = openssl_read(&r->der);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *middle = sk_X509_new_null();
    int rc;

    X509_STORE_add_cert(store, root);
    sk_X509_push(middle, issuing);
    X509_STORE_CTX_init(ctx, store, leaf, middle);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    rc = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(middle);
    return rc;
}

START_TEST(a_certificate_is_what_was_asked)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record got = {0};
    AUTO(cert) struct cert cert = {0};
    struct caller admin;
    struct ca_want w = {
        .names = "web.internal,10.1.2.3", .spki = &spki, .note = "n"};
    int64_t now = tm_now();

    admin = ca_up(&c);
    new_key(&spki);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    ck_assert_int_eq(chain_holds(&c, &r), 1);
    read_cert(&r, &cert);
    ck_assert_uint_eq(cert.names.n, 2);
    ck_assert_str_eq(cert.names.v[0].value, "web.internal");
    ck_assert_mem_eq(cert.key.spki, spki.data, spki.len);
    ck_assert(cert.not_after - cert.not_before == 90 * TM_DAY - 1);
    ck_assert(llabs(cert.not_before - (now - TM_MINUTE)) <= 2);
    ck_assert_str_eq(r.profile, "server");
    ck_assert_str_eq(r.authority, "issuing");
    ck_assert_str_eq(r.requester.label, "admin");
    ck_assert_str_eq(r.protocol, "http");
    ck_assert_str_eq(r.note, "n");
    ck_assert(serial_equal(&r.serial, &cert.serial));
    ck_assert_uint_eq(r.serial.len, 16);
    ck_assert_uint_eq(r.serial.v[0] & 0xc0, 0x40);
    ck_assert_int_eq(ca_get(&c, &admin, &r.serial, &got), ERR_NONE);
    ck_assert_uint_eq(got.leaf, r.leaf);
    ck_assert_uint_eq(got.der.len, r.der.len);
    ck_assert_mem_eq(got.der.data, r.der.data, r.der.len);
    caller_free(&admin);
}
END_TEST

/* Each refusal with its code, and nothing in the ledger afterwards. */
START_TEST(what_policy_refuses_leaves_nothing)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf ca_key = {0};
    AUTO(cert) struct cert issuing = {0};
    AUTO(errs) struct errs e = {0};
    struct caller admin;
    char note[NOTE_MAX + 2];
    uint64_t before;
    size_t i = 0;

    memset(note, 'x', NOTE_MAX + 1);
    note[NOTE_MAX + 1] = 0;
    new_key(&spki);
    admin = ca_up(&c);
    cert_parse(&issuing, c.issuing.data, c.issuing.len, &e);
    buf_put(&ca_key, issuing.key.spki, issuing.key.spki_len);
    const struct {
        struct ca_want w;
        enum err code;
    } cases[] = {
        {{.names = "web.example.org", .spki = &spki}, ERR_NAME_NOT_ALLOWED},
        {{.names = "11.0.0.1", .spki = &spki}, ERR_NAME_NOT_ALLOWED},
        {{.names = "a@b.internal", .spki = &spki}, ERR_NAME_TYPE_NOT_ALLOWED},
        {{.names = "*.internal.evil", .spki = &spki}, ERR_NAME_NOT_ALLOWED},
        {{.names = "w.internal", .profile = "nix", .spki = &spki},
         ERR_UNKNOWN_PROFILE},
        {{.names = "*.a.internal", .profile = "client", .spki = &spki},
         ERR_WILDCARD_NOT_ALLOWED},
        {{.names = "w.internal", .spki = &spki, .lifetime = 398 * TM_DAY},
         ERR_LIFETIME_TOO_LONG},
        {{.names = "w.internal", .spki = &spki, .note = note},
         ERR_BAD_ARGUMENT},
        {{.names = "w.internal", .spki = &spki, .note = "a\nb"},
         ERR_BAD_ARGUMENT},
        {{.names = "w.internal", .spki = &spki, .power = CSR_POWER_CA},
         ERR_EXTENSION_NOT_ALLOWED},
        {{.names = "w.internal", .spki = &ca_key}, ERR_KEY_NOT_ALLOWED},
        {{.names = "w.internal", .spki = &spki, .replaces = {{0x41, 0x42}, 2}},
         ERR_NOT_FOUND},
        {{.names = "w.internal"}, ERR_BAD_CSR}, /* no key at all */
        {{.spki = &spki}, ERR_NO_NAMES},
    };

    before = ca_tree_size(&c);
    for (i = 0; i < COUNT(cases); i++) {
        AUTO(record) struct record r = {0};

        enum err code = ca_issue(&c, &admin, &cases[i].w, &r, NULL);
        ck_assert_msg(code == cases[i].code, "case %zu: %s", i, err_code(code));
    }
    ck_assert(ca_tree_size(&c) == before);
    caller_free(&admin);
}
END_TEST

START_TEST(a_repeat_gives_the_same_certificate_for_ever)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    struct caller admin, one;
    struct token t = {
        .label = (char *)"one", .roles = ROLE_ISSUE, .max_uses = 1};
    struct ca_want w = {.names = "web.internal", .spki = &spki, .idem = "k"};
    bool repeated;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &t, &one), ERR_NONE);
    ck_assert_int_eq(ca_issue(&c, &one, &w, &a, &repeated), ERR_NONE);
    ck_assert(!repeated);
    for (int round = 0; round < 3; round++) {
        AUTO(record) struct record b = {0};
        AUTO(record) struct record other = {0};
        AUTO(record) struct record revoked = {0};
        struct ca_want changed = w;

        /* The token has no use left: a repeat costs none. */
        ck_assert_int_eq(ca_issue(&c, &one, &w, &b, &repeated), ERR_NONE);
        ck_assert(repeated);
        ck_assert_mem_eq(a.der.data, b.der.data, a.der.len);
        changed.names = "other.internal";
        ck_assert_int_eq(ca_issue(&c, &one, &changed, &other, NULL),
                         ERR_IDEMPOTENCY_CONFLICT);
        changed.idem = "k2";
        ck_assert_int_eq(ca_issue(&c, &one, &changed, &other, NULL),
                         ERR_TOKEN_USED_UP);
        /* Another credential's key is another key. */
        if (round == 0) {
            ck_assert_int_eq(ca_issue(&c, &admin, &w, &other, &repeated),
                             ERR_NONE);
            ck_assert(!repeated);
            ck_assert(!serial_equal(&other.serial, &a.serial));
        }
        if (round == 1)
            ck_assert_int_eq(
                ca_revoke(&c, &admin, &a.serial, -1, -1, &revoked, NULL),
                ERR_NONE);
        ca_stop(&c); /* and once more after a restart */
        ca_start(&c);
    }
    caller_free(&admin);
    caller_free(&one);
}
END_TEST

/* Sent before any answer is read, so that they are under way together. */
static unsigned ask_many(struct ca *c, const struct caller *who,
                         const struct ca_want *w, unsigned n, unsigned *repeats,
                         struct serial *last)
{
    unsigned good = 0;

    *repeats = 0;
    for (unsigned i = 0; i < n; i++) {
        ca_put_issue(ca_begin(c, MSG_ISSUE, who), w);
        ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
    }
    for (unsigned i = 0; i < n; i++) {
        AUTO(record) struct record r = {0};
        struct frame f;
        bool repeated = false;
        enum err code;

        ca_recv(c, &f);
        code = ca_record(&f, &r, &repeated);
        ck_assert(code == ERR_NONE || code == ERR_TOKEN_USED_UP);
        good += code == ERR_NONE;
        *repeats += repeated;
        if (code == ERR_NONE && last->len)
            ck_assert(serial_equal(&r.serial, last));
        if (code == ERR_NONE)
            *last = r.serial;
    }
    return good;
}

START_TEST(one_use_is_one_certificate_however_many_ask)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin, one;
    struct token t = {
        .label = (char *)"one", .roles = ROLE_ISSUE, .max_uses = 1};
    struct ca_want w = {.names = "web.internal", .spki = &spki};
    struct serial last = {0};
    unsigned repeats;
    uint64_t before;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_token(&c, &admin, &t, &one), ERR_NONE);
    before = ca_tree_size(&c);
    ck_assert_uint_eq(ask_many(&c, &one, &w, 64, &repeats, &last), 1);
    ck_assert(ca_tree_size(&c) == before + 1);
    /* The same with a key: all get the one. */
    caller_free(&one);
    t.label = (char *)"two";
    ck_assert_int_eq(ca_token(&c, &admin, &t, &one), ERR_NONE);
    w.idem = "key";
    last.len = 0;
    before = ca_tree_size(&c);
    ck_assert_uint_eq(ask_many(&c, &one, &w, 64, &repeats, &last), 64);
    ck_assert_uint_eq(repeats, 63);
    ck_assert(ca_tree_size(&c) == before + 1);
    caller_free(&admin);
    caller_free(&one);
}
END_TEST

START_TEST(the_service_is_named_by_its_configuration)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record next = {0};
    AUTO(record) struct record none = {0};
    AUTO(cert) struct cert cert = {0};
    struct token t = {.label = (char *)"rev", .roles = ROLE_REVOKE};
    struct caller admin, rev;
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    buf_blob(ca_begin(&c, MSG_SERVICE_CERT, NULL), spki.data, spki.len);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_record(&f, &r, NULL), ERR_NONE);
    read_cert(&r, &cert);
    ck_assert_uint_eq(cert.names.n, 2);
    ck_assert_str_eq(cert.names.v[0].value, "ca.internal");
    ck_assert_str_eq(r.protocol, "service");
    ck_assert_str_eq(r.profile, "");
    ck_assert(cert.not_after - cert.not_before == 30 * TM_DAY - 1);
    ck_assert_int_eq(chain_holds(&c, &r), 1);
    ck_assert_uint_eq(r.replaces.len, 0);
    buf_blob(ca_begin(&c, MSG_SERVICE_CERT, NULL), spki.data, spki.len);
    ca_ask(&c, &f); /* of the next one it is known which it replaces */
    ck_assert_int_eq(ca_record(&f, &none, NULL), ERR_NONE);
    ck_assert_int_eq(ca_get(&c, &admin, &none.serial, &next), ERR_NONE);
    ck_assert(serial_equal(&next.replaces, &r.serial));
    record_free(&none);
    ck_assert_int_eq(ca_token(&c, &admin, &t, &rev), ERR_NONE);
    ck_assert_int_eq(ca_revoke(&c, &rev, &r.serial, -1, -1, &none, NULL),
                     ERR_ROLE_MISSING);
    ck_assert_int_eq(ca_revoke(&c, &admin, &r.serial, -1, -1, &none, NULL),
                     ERR_NONE);
    caller_free(&admin);
    caller_free(&rev);
}
END_TEST

/* Their answers are gathered while more of them wait: none is kept back when
 * nothing comes, when something else comes, or when there are many. */
START_TEST(every_quick_question_is_answered)
{
    enum { MANY = 40 };
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    struct ca_want w = {.names = "w.internal", .spki = &spki};
    size_t n_records = 0;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    for (int round = 1; round <= MANY; round++) {
        for (int i = 0; i < round; i++) {
            serial_put(ca_begin(&c, MSG_GET, &admin), &r.serial);
            ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
        }
        if (round % 3 == 0) {
            ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
            ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
        }
        for (int i = 0; i < round + (round % 3 == 0); i++) {
            AUTO(record) struct record got = {0};
            struct frame f;

            ca_recv(&c, &f);
            ck_assert_int_eq(ca_record(&f, &got, NULL), ERR_NONE);
            n_records++;
        }
    }
    ck_assert_uint_eq(n_records, MANY * (MANY + 1) / 2 + MANY / 3);
    caller_free(&admin);
}
END_TEST

START_TEST(a_clock_that_steps_stops_issuing_only)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record none = {0};
    struct caller admin;
    struct ca_want w = {.names = "w.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    /* As if the wall clock had been 40 days earlier until now. */
    pthread_mutex_lock(&c.s->clock.lock);
    c.s->clock.offset -= 40 * TM_DAY;
    pthread_mutex_unlock(&c.s->clock.lock);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &none, NULL), ERR_CLOCK_SUSPECT);
    ck_assert_int_eq(ca_get(&c, &admin, &a.serial, &none), ERR_NONE);
    record_free(&none);
    ck_assert_int_eq(ca_revoke(&c, &admin, &a.serial, -1, -1, &none, NULL),
                     ERR_NONE);
    record_free(&none);
    /* Time itself ends it. */
    pthread_mutex_lock(&c.s->clock.lock);
    c.s->clock.offset += 40 * TM_DAY;
    pthread_mutex_unlock(&c.s->clock.lock);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &none, NULL), ERR_NONE);
    /* An hour before the newest entry. */
    c.s->clock.newest_entry += TM_HOUR;
    record_free(&none);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &none, NULL), ERR_CLOCK_SUSPECT);
    caller_free(&admin);
}
END_TEST

/* A front that broke loose: the frame's head ends it, its body is refused. */
START_TEST(broken_frames_are_refused)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    struct ca_want w = {.names = "w.internal", .spki = &spki};
    struct frame f;
    uint64_t before;

    new_key(&spki);
    admin = ca_up(&c);
    before = ca_tree_size(&c);
    for (size_t cut = 1; cut < 60; cut += 7) {
        struct buf *b = ca_begin(&c, MSG_ISSUE, &admin);

        ca_put_issue(b, &w);
        b->len -= cut;
        ca_ask(&c, &f);
        ck_assert_int_eq(ca_error(&f, NULL), ERR_BAD_REQUEST);
    }
    buf_u8(ca_begin(&c, MSG_HELLO, NULL), 1); /* a rest */
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, NULL), ERR_BAD_REQUEST);
    /* Frames of no caller at all, a million of them being too slow here. */
    for (int i = 0; i < 1000; i++) {
        msg_begin(&c.out, MSG_GET, ++c.id, false);
        buf_u8(&c.out, (uint8_t)i);
        ca_ask(&c, &f);
        ck_assert_int_eq(ca_error(&f, NULL), ERR_BAD_REQUEST);
    }
    ck_assert(ca_tree_size(&c) == before);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    caller_free(&admin);
}
END_TEST

static void ends_the_connection(const void *p, size_t len)
{
    AUTO(ca) struct ca c;
    int broke = 0;

    ca_make(&c);
    ca_start(&c);
    ck_assert_int_eq(send(c.front, p, len, 0), (ssize_t)len);
    /* One worker took it and ends with -1; the process would end with it. */
    ca_stop(&c);
    for (int i = 0; i < CA_WORKERS; i++)
        broke += c.ended[i] == -1;
    ck_assert_int_eq(broke, 1);
}

START_TEST(a_broken_head_ends_the_connection)
{
    AUTO(buf) struct buf b = {0};

    buf_u16(&b, 999); /* no such type */
    buf_u16(&b, 0);
    buf_u32(&b, 0);
    buf_u64(&b, 1);
    ends_the_connection(b.data, b.len);
    b.data[0] = 0;
    b.data[1] = MSG_CRL_BUILD; /* a command's */
    ends_the_connection(b.data, b.len);
    b.data[1] = MSG_RECORD; /* the signer's own */
    ends_the_connection(b.data, b.len);
    b.data[1] = MSG_GET;
    b.data[7] = 1; /* a length that is not there */
    ends_the_connection(b.data, b.len);
}
END_TEST

/* What is short passes, and a command says so: exit 3. */
START_TEST(a_lock_that_cannot_be_had_now_may_be_later)
{
    struct rlimit was, none;
    struct conf c = {.data = strdup("/tmp")};
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
    none = was;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(signer_lock(&c, 0, &e), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
    ck_assert_int_eq(e.v[0].code, ERR_STORAGE_ERROR);
    errs_free(&e);
    free(c.data);
    c.data = strdup("/nonexistent");
    ck_assert_int_eq(signer_lock(&c, 0, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    free(c.data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_certificate_is_what_was_asked,
        what_policy_refuses_leaves_nothing,
        a_repeat_gives_the_same_certificate_for_ever,
        one_use_is_one_certificate_however_many_ask,
        the_service_is_named_by_its_configuration,
        every_quick_question_is_answered,
        a_clock_that_steps_stops_issuing_only,
        broken_frames_are_refused,
        a_broken_head_ends_the_connection,
        a_lock_that_cannot_be_had_now_may_be_later,
    };

    return unit_run("signer", tests, COUNT(tests));
}
