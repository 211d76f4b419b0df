/* SPDX-License-Identifier: ISC */
/* What is in the frames: each body comes back, cut and changed it is judged. */
#include <string.h>

#include "crl.h"
#include "mem.h"
#include "msg.h"
#include "revocations.h"
#include "unit.h"

/* One of each body, with every member set. */
static void fill_issue(struct msg_issue *m)
{
    AUTO(errs) struct errs e = {0};

    m->profile = xstrdup("server");
    ck_assert_int_eq(names_parse(&m->names, "a.internal,10.0.0.1,x@b.c", &e),
                     0);
    strs_add(&m->odd_san, "otherName");
    strs_add(&m->warnings, "dropped");
    m->critical = xstrdup("1.2.3");
    m->power = CSR_POWER_CA | CSR_POWER_CRITICAL;
    err_add(&m->errs, ERR_BAD_NAME, "a..b is no name");
    err_add(&m->errs, ERR_KEY_WEAK, "the key is weak");
    m->partial = true;
    buf_puts(&m->spki, "spki");
    m->span = (struct span){86400, 1790000000};
    m->listed = true;
    subject_set(&m->subject, SUBJECT_O, xstrdup("Example"));
    m->note = xstrdup("note");
    m->replaces = (struct serial){{0x40, 1}, 2};
    m->renews = (struct serial){{0x41, 2, 3}, 3};
    m->idem_key = xstrdup("key");
    memset(m->idem_hash, 9, sizeof(m->idem_hash));
    m->protocol = xstrdup("http");
}

START_TEST(an_issue_comes_back)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(msg_issue) struct msg_issue back = {0};
    AUTO(buf) struct buf b = {0};
    AUTO(buf) struct buf again = {0};
    struct rd r;

    fill_issue(&m);
    msg_issue_put(&b, &m);
    r = rd_of(b.data, b.len);
    msg_issue_get(&r, &back);
    ck_assert(rd_done(&r));
    ck_assert_str_eq(back.profile, "server");
    ck_assert_uint_eq(back.names.n, 3);
    ck_assert_int_eq(back.names.v[1].kind, NAME_IP);
    ck_assert(back.span.lifetime == 86400 &&
              back.span.not_before == 1790000000 && back.listed &&
              strcmp(back.subject.v[SUBJECT_O], "Example") == 0 &&
              back.power == m.power);
    ck_assert(serial_equal(&back.renews, &m.renews));
    ck_assert(back.partial && back.errs.n == 2 &&
              back.errs.v[1].code == ERR_KEY_WEAK);
    msg_issue_put(&again, &back);
    ck_assert_uint_eq(again.len, b.len);
    ck_assert_mem_eq(again.data, b.data, b.len);
}
END_TEST

START_TEST(an_issue_cut_anywhere_is_refused)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(buf) struct buf b = {0};

    fill_issue(&m);
    msg_issue_put(&b, &m);
    for (size_t n = 0; n < b.len; n++) {
        AUTO(free) uint8_t *copy = xmemdup(b.data, n);
        AUTO(msg_issue) struct msg_issue back = {0};
        struct rd r = rd_of(copy, n);

        msg_issue_get(&r, &back);
        ck_assert(!rd_done(&r));
    }
}
END_TEST

/* Names may only be missing where that is a reason to refuse. */
START_TEST(what_is_partial_is_refused)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(msg_issue) struct msg_issue back = {0};
    AUTO(buf) struct buf b = {0};
    struct rd r;

    fill_issue(&m);
    errs_free(&m.errs);
    msg_issue_put(&b, &m);
    r = rd_of(b.data, b.len);
    msg_issue_get(&r, &back);
    ck_assert(!rd_done(&r));
}
END_TEST

static void fill_explained(struct msg_explained *m)
{
    AUTO(errs) struct errs e = {0};

    report_rule(&m->report, "names", "dns:a.b", &e, 0, "matches %s", "dns:**");
    err_add_name(&e, ERR_NAME_NOT_ALLOWED, "dns:c.d", "not c.d");
    err_add(&e, ERR_KEY_NOT_ALLOWED, "not that key");
    report_rule(&m->report, "keys", "ed25519", &e, 0, "never said");
    report_note(&m->report, "subject", "l=x\x1b[2J", "left out");
    m->profile = xstrdup("server");
    m->authority = xstrdup("issuing");
    buf_puts(&m->tbs, "tbs");
}

START_TEST(what_is_explained_comes_back_in_frames)
{
    AUTO(msg_explained) struct msg_explained m = {0}, back = {0};
    AUTO(errs) struct errs e = {0};

    fill_explained(&m);
    ck_assert_uint_eq(m.report.n, 4);
    for (size_t i = 0; i < m.report.n; i++) {
        AUTO(buf) struct buf b = {0};
        struct rd r;

        msg_explained_put(&b, &m, i, 1);
        r = rd_of(b.data, b.len);
        ck_assert_ptr_null(back.profile);
        msg_explained_get(&r, &back);
        ck_assert(rd_done(&r));
    }
    ck_assert_uint_eq(back.report.n, 4);
    ck_assert_str_eq(back.report.v[0].detail, "matches dns:**");
    ck_assert_str_eq(back.report.v[1].about, "dns:c.d");
    ck_assert_str_eq(back.report.v[2].about, "ed25519");
    ck_assert_str_eq(back.report.v[3].about, "l=x\\x1b[2J");
    ck_assert_int_eq(back.report.v[3].result, REPORT_NOTE);
    ck_assert_str_eq(back.authority, "issuing");
    ck_assert_uint_eq(back.tbs.len, 3);
    report_errs(&back.report, &e);
    ck_assert_uint_eq(e.n, 2);
    ck_assert_str_eq(e.v[0].name, "dns:c.d");
    ck_assert_int_eq(e.v[1].code, ERR_KEY_NOT_ALLOWED);
    ck_assert_ptr_null(e.v[1].name);
}
END_TEST

/* Reasons beyond a number are dropped: that is no permission. */
START_TEST(no_reason_left_is_no_permission)
{
    AUTO(report) struct report r = {0};
    AUTO(errs) struct errs e = {0};

    while (!errs_full(&e))
        err_add(&e, ERR_NAME_NOT_ALLOWED, "x");
    err_add(&e, ERR_NAME_NOT_ALLOWED, "dropped");
    report_rule(&r, "names", "dns:a.b", &e, e.n, "allowed");
    ck_assert_uint_eq(r.n, 0);
}
END_TEST

START_TEST(what_is_explained_cut_or_changed_is_refused_or_well_formed)
{
    AUTO(msg_explained) struct msg_explained m = {0};
    AUTO(buf) struct buf b = {0};

    fill_explained(&m);
    msg_explained_put(&b, &m, 0, m.report.n);
    for (size_t n = 0; n < b.len; n++) {
        AUTO(free) uint8_t *copy = xmemdup(b.data, n);
        AUTO(msg_explained) struct msg_explained back = {0};
        struct rd r = rd_of(copy, n);

        msg_explained_get(&r, &back);
        ck_assert(!rd_done(&r));
    }
    for (size_t i = 0; i < 8 * b.len; i++) {
        AUTO(free) uint8_t *copy = xmemdup(b.data, b.len);
        AUTO(msg_explained) struct msg_explained back = {0};
        struct rd r = rd_of(copy, b.len);

        copy[i / 8] ^= (uint8_t)(1 << i % 8);
        msg_explained_get(&r, &back);
        for (size_t k = 0; rd_done(&r) && k < back.report.n; k++)
            ck_assert((back.report.v[k].result == REPORT_DENY) ==
                      (back.report.v[k].code != ERR_NONE));
    }
}
END_TEST

/* What is believed of a changed body is at least well-formed. */
START_TEST(an_issue_changed_anywhere_is_well_formed_or_refused)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(buf) struct buf b = {0};

    fill_issue(&m);
    errs_free(&m.errs); /* their texts are escaped, and become longer */
    m.partial = false;
    msg_issue_put(&b, &m);
    for (size_t i = 0; i < b.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            AUTO(free) uint8_t *copy = xmemdup(b.data, b.len);
            AUTO(msg_issue) struct msg_issue back = {0};
            AUTO(buf) struct buf again = {0};
            struct rd r = rd_of(copy, b.len);

            copy[i] ^= (uint8_t)(1 << bit);
            msg_issue_get(&r, &back);
            if (!rd_done(&r))
                continue;
            msg_issue_put(&again, &back);
            ck_assert_uint_eq(again.len, b.len);
        }
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(msg_issue) struct msg_issue back = {0};
    AUTO(buf) struct buf b = {0};
    struct rd r;

    fill_issue(&m);
    memcpy(m.names.v[0].value, "a..ternal!", 10);
    msg_issue_put(&b, &m);
    r = rd_of(b.data, b.len);
    msg_issue_get(&r, &back);
    ck_assert(!rd_done(&r));
}
END_TEST

START_TEST(callers_show_one_thing)
{
    struct caller c = {.evidence = EV_TOKEN,
                       .token = (char *)"pca_x",
                       .request_id = (char *)"id",
                       .address = NULL},
                  back;
    AUTO(buf) struct buf b = {0};
    struct rd r;

    caller_put(&b, &c);
    r = rd_of(b.data, b.len);
    caller_get(&r, &back);
    ck_assert(rd_done(&r) && back.evidence == EV_TOKEN);
    ck_assert_str_eq(back.token, "pca_x");
    ck_assert_str_eq(back.request_id, "id");
    ck_assert_ptr_null(back.address);
    caller_free(&back);
    b.data[0] = EV__MAX;
    r = rd_of(b.data, b.len);
    caller_get(&r, &back);
    ck_assert(r.failed);
    caller_free(&back);
    buf_reset(&b);
    c = (struct caller){.evidence = EV_CERT, .cert = {1, 2, 3}};
    caller_put(&b, &c);
    r = rd_of(b.data, b.len);
    caller_get(&r, &back);
    ck_assert(rd_done(&r) && back.evidence == EV_CERT);
    ck_assert_mem_eq(back.cert, c.cert, sizeof(c.cert));
    caller_free(&back);
}
END_TEST

START_TEST(an_authority_comes_back)
{
    AUTO(buf) struct buf b = {0};
    AUTO(msg_sign_ca)
    struct msg_sign_ca m = {.authority = xstrdup("root"),
                            .cn = xstrdup("Test Issuing"),
                            .lifetime = 86400,
                            .path_len = 2,
                            .power = 65,
                            .critical = xstrdup("1.2.3")};
    AUTO(msg_sign_ca) struct msg_sign_ca back = {0};
    struct rd r;

    buf_puts(&m.spki, "spki");
    strs_add(&m.permitted, "dns:**.internal");
    strs_add(&m.warnings, "dropped");
    msg_sign_ca_put(&b, &m);
    r = rd_of(b.data, b.len);
    msg_sign_ca_get(&r, &back);
    ck_assert(rd_done(&r));
    ck_assert_str_eq(back.authority, "root");
    ck_assert_str_eq(back.cn, "Test Issuing");
    ck_assert_mem_eq(back.spki.data, "spki", 4);
    ck_assert(back.lifetime == 86400 && back.path_len == 2);
    ck_assert(back.permitted.n == 1 && back.power == 65);
    ck_assert_str_eq(back.critical, "1.2.3");
    ck_assert_str_eq(back.permitted.v[0], "dns:**.internal");
    ck_assert_uint_eq(back.warnings.n, 1);
    ck_assert_str_eq(back.warnings.v[0], "dropped");
}
END_TEST

START_TEST(serials_have_a_bound_and_one_form)
{
    static const struct {
        uint8_t octets[24];
        size_t len;
        bool good;
    } cases[] = {
        {{0}, 1, true},        {{1, 0x40}, 2, true},
        {{1, 0}, 2, true},     {{2, 0, 1}, 3, false}, /* a leading zero */
        {{21}, 22, false},                            /* longer than any */
        {{3, 1, 2}, 3, false},                        /* cut */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rd r = rd_of(cases[i].octets, cases[i].len);
        struct serial s;

        serial_get(&r, &s);
        ck_assert_msg(rd_done(&r) == cases[i].good, "case %zu", i);
        ck_assert(cases[i].good || s.len == 0);
    }
}
END_TEST

START_TEST(a_count_that_lies_allocates_nothing)
{
    AUTO(buf) struct buf b = {0};
    struct strs l = {0};
    struct rd r;

    buf_u32(&b, UINT32_MAX);
    buf_str(&b, "x");
    r = rd_of(b.data, b.len);
    strs_get(&r, &l);
    ck_assert(r.failed);
    ck_assert_uint_eq(l.n, 0);
    strs_free(&l);
}
END_TEST

START_TEST(hello_ready_and_files_come_back)
{
    AUTO(msg_hello) struct msg_hello h = {0};
    AUTO(msg_hello) struct msg_hello h2 = {0};
    AUTO(msg_ready) struct msg_ready ready = {0};
    struct msg_crl_file file = {(char *)"a.crl", 1, 2, 3, 4, {5}}, file2;
    struct authority_info a = {
        .name = xstrdup("issuing"), .parent = xstrdup("root"), .has_key = true};
    AUTO(buf) struct buf b = {0};
    struct rd r;

    buf_puts(&a.der, "der");
    h.authorities.v = xmemdup(&a, sizeof(a));
    h.authorities.n = 1;
    buf_puts(&h.ledger_key, "key");
    strs_add(&h.warnings, "w");
    msg_hello_put(&b, &h);
    r = rd_of(b.data, b.len);
    msg_hello_get(&r, &h2);
    ck_assert(rd_done(&r) && h2.authorities.n == 1);
    ck_assert_str_eq(h2.authorities.v[0].parent, "root");
    ck_assert(h2.authorities.v[0].has_key && !h2.authorities.v[0].key_exposed);
    ck_assert_ptr_nonnull(authority_infos_find(&h2.authorities, "issuing"));
    ck_assert_ptr_null(authority_infos_find(&h2.authorities, "issuin"));

    buf_reset(&b);
    buf_u8(&b, 2); /* neither yes nor no */
    buf_u32(&b, 0);
    buf_u32(&b, 0);
    r = rd_of(b.data, b.len);
    msg_ready_get(&r, &ready);
    ck_assert(!rd_done(&r));

    buf_reset(&b);
    msg_crl_file_put(&b, &file);
    r = rd_of(b.data, b.len);
    msg_crl_file_get(&r, &file2);
    ck_assert(rd_done(&r) && file2.size == 2 && file2.next_update == 4);
    msg_crl_file_free(&file2);
}
END_TEST

START_TEST(what_is_asked_of_whom_comes_back)
{
    AUTO(buf) struct buf b = {0};
    const struct msg_what what = {.may = ROLE_READ | MAY_ITSELF,
                                  .repeats = true};
    struct msg_what got;
    struct rd r;

    msg_what_put(&b, &what);
    r = rd_of(b.data, b.len);
    msg_what_get(&r, &got);
    ck_assert(rd_done(&r) && got.may == what.may && got.repeats);

    b.data[b.len - 1] = 2; /* neither yes nor no */
    r = rd_of(b.data, b.len);
    msg_what_get(&r, &got);
    ck_assert(!rd_done(&r));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_issue_comes_back,
        an_issue_cut_anywhere_is_refused,
        what_is_partial_is_refused,
        what_is_explained_comes_back_in_frames,
        no_reason_left_is_no_permission,
        what_is_explained_cut_or_changed_is_refused_or_well_formed,
        an_issue_changed_anywhere_is_well_formed_or_refused,
        a_name_that_is_none_is_refused,
        callers_show_one_thing,
        an_authority_comes_back,
        serials_have_a_bound_and_one_form,
        a_count_that_lies_allocates_nothing,
        hello_ready_and_files_come_back,
        what_is_asked_of_whom_comes_back,
    };

    return unit_run("msg_body", tests, COUNT(tests));
}
