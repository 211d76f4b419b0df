/* SPDX-License-Identifier: ISC */
/* OCSP in the signer, with this test as its front. */
#include "ca.h"

#include <openssl/ocsp.h>
#include <sqlite3.h>

#include "signer_ocsp.h"
#include "unit.h"

/* Becomes true behind the next look-up. */
static atomic_bool *being_read;

enum store_result __real_store_cert_status(struct store_conn *c,
                                           const char *authority,
                                           const struct serial *serial,
                                           struct cert_status *out);
enum store_result __wrap_store_cert_status(struct store_conn *c,
                                           const char *authority,
                                           const struct serial *serial,
                                           struct cert_status *out);

enum store_result __wrap_store_cert_status(struct store_conn *c,
                                           const char *authority,
                                           const struct serial *serial,
                                           struct cert_status *out)
{
    const enum store_result r =
        __real_store_cert_status(c, authority, serial, out);

    if (being_read)
        *being_read = true;
    being_read = NULL;
    return r;
}

/* An authority that answers, one certificate, and its admin. */
struct box {
    struct ca ca;
    struct buf spki;
    struct caller admin;
    struct record r;
};

static void box_make(struct box *b)
{
    AUTO(errs) struct errs e = {0};
    struct ca_want w = {.names = "x.internal", .spki = &b->spki};

    *b = (struct box){0};
    new_key(&b->spki);
    ca_make(&b->ca);
    ca_start(&b->ca);
    ck_assert_int_eq(responders_start(b->ca.s, &e), 0);
    b->admin = ca_admin(&b->ca);
    ck_assert_int_eq(ca_issue(&b->ca, &b->admin, &w, &b->r, NULL), ERR_NONE);
}

static void box_free(struct box *b)
{
    record_free(&b->r);
    caller_free(&b->admin);
    buf_free(&b->spki);
    ca_free(&b->ca);
}
AUTO_VALUE(box, struct box, box_free)

/* n times that one. */
static void put_ask_n(struct buf *out, const struct serial *s, uint8_t n,
                      size_t nonce)
{
    static const uint8_t octets[OCSP_NONCE_MAX] = {9};
    const struct msg_ocsp m = {.n = n,
                               .digest = {DIGEST_SHA1, DIGEST_SHA1},
                               .serial = {*s, *s},
                               .nonce = octets,
                               .nonce_len = nonce};

    msg_ocsp_put(out, &m);
}

static void put_ask(struct buf *out, const struct serial *s, size_t nonce)
{
    put_ask_n(out, s, 1, nonce);
}

static void get_answer(struct frame *f, struct msg_ocsp_answer *out)
{
    ck_assert_int_eq(f->type, MSG_OCSP_ANSWER);
    msg_ocsp_answer_get(&f->body, out);
    ck_assert(rd_done(&f->body));
}

static void ask(struct box *b, const struct serial *s, size_t nonce,
                struct msg_ocsp_answer *out)
{
    struct frame f;

    put_ask(ca_begin(&b->ca, MSG_OCSP, NULL), s, nonce);
    ca_ask(&b->ca, &f);
    get_answer(&f, out);
}

/* What OpenSSL reads of it: the status, or -1 - OCSPResponseStatus. */
static int state_of(const struct msg_ocsp_answer *m, int *reason)
{
    const unsigned char *p = m->der.data;
    OCSP_RESPONSE *x;
    OCSP_BASICRESP *basic;
    ASN1_GENERALIZEDTIME *from, *to;
    int state, why;

    if (m->error)
        return -1 - m->error;
    x = d2i_OCSP_RESPONSE(NULL, &p, (long)m->der.len);
    ck_assert_ptr_nonnull(x);
    basic = OCSP_response_get1_basic(x);
    state = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), &why, NULL, &from,
                                    &to);
    /* what the front goes by is what the octets say */
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(from, m->this_update), 0);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(to, m->next_update), 0);
    if (reason)
        *reason = why;
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(x);
    return state;
}

static int status(struct box *b, const struct serial *s, size_t nonce)
{
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer m = {0};

    ask(b, s, nonce, &m);
    return state_of(&m, NULL);
}

START_TEST(what_was_issued_is_good_and_nothing_else)
{
    AUTO(box) struct box b;
    struct serial other;

    box_make(&b);
    ck_assert_int_eq(status(&b, &b.r.serial, 0), V_OCSP_CERTSTATUS_GOOD);
    ck_assert_int_eq(status(&b, &b.r.serial, 32), V_OCSP_CERTSTATUS_GOOD);
    for (int i = 0; i < 20; i++) {
        serial_new(&other);
        ck_assert_int_eq(status(&b, &other, 0), V_OCSP_CERTSTATUS_UNKNOWN);
    }
    for (int bit = 0; bit < 128; bit++) {
        other = b.r.serial;
        other.v[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (other.v[0])
            ck_assert_int_ne(status(&b, &other, 0), V_OCSP_CERTSTATUS_GOOD);
    }
    other = (struct serial){.v = {0}, .len = 1};
    ck_assert_int_eq(status(&b, &other, 0), V_OCSP_CERTSTATUS_UNKNOWN);
}
END_TEST

/* Those of the authority above are none of ours. */
START_TEST(of_another_authority_is_not_good)
{
    AUTO(box) struct box b;
    AUTO(cert) struct cert own = {0};
    AUTO(errs) struct errs e = {0};

    box_make(&b);
    ck_assert_int_eq(cert_parse(&own, b.ca.issuing.data, b.ca.issuing.len, &e),
                     0);
    ck_assert_int_eq(status(&b, &own.serial, 0), V_OCSP_CERTSTATUS_UNKNOWN);
}
END_TEST

START_TEST(the_notice_comes_before_the_reply)
{
    AUTO(box) struct box b;
    AUTO(record) struct record gone = {0};
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer before = {0};
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer after = {0};
    int reason;

    box_make(&b);
    ask(&b, &b.r.serial, 0, &before);
    ck_assert(before.keep);
    ck_assert_uint_eq(b.ca.changes, 0);
    /* ca_recv() passes over notices only until the reply. */
    ck_assert_int_eq(ca_revoke(&b.ca, &b.admin, &b.r.serial,
                               REASON_KEY_COMPROMISE, -1, &gone, NULL),
                     ERR_NONE);
    ck_assert_uint_eq(b.ca.changes, 1);
    ck_assert(serial_equal(&b.ca.change.serial, &b.r.serial));
    ck_assert_uint_eq(b.ca.change.authority, 0);
    ck_assert(before.snapshot < b.ca.changes_end);
    ask(&b, &b.r.serial, 0, &after);
    ck_assert(after.snapshot >= b.ca.changes_end);
    ck_assert_int_eq(state_of(&after, &reason), V_OCSP_CERTSTATUS_REVOKED);
    ck_assert_int_eq(reason, REASON_KEY_COMPROMISE);
    ck_assert_int_eq(after.this_update, gone.revoked_at);
}
END_TEST

/* A worker of this test's own, which nothing but these calls moves. */
static int status_by(struct worker *w, int answers, const struct serial *s,
                     uint64_t *snapshot)
{
    static struct msg_in in;
    AUTO(buf) struct buf b = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer m = {0};
    struct frame f = {.type = MSG_OCSP, .id = 1};
    struct rd body;

    put_ask(&b, s, 0);
    body = rd_of(b.data, b.len);
    ck_assert_int_eq(handle_ocsp(w, &f, NULL, &body, &e), 0);
    ck_assert(w->reading);
    ck_assert_int_eq(msg_recv(answers, PEER_S, &in, &f), 1);
    get_answer(&f, &m);
    *snapshot = m.snapshot;
    return state_of(&m, NULL);
}

START_TEST(a_read_that_goes_on_is_never_behind_a_commit)
{
    AUTO(box) struct box b;
    AUTO(record) struct record gone = {0};
    struct worker *w;
    uint64_t first, second;
    int pair[2];

    box_make(&b);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    w = worker_new(b.ca.s, peer_new(pair[1], PEER_F, 0));
    ck_assert_int_eq(status_by(w, pair[0], &b.r.serial, &first),
                     V_OCSP_CERTSTATUS_GOOD);
    ck_assert_int_eq(status_by(w, pair[0], &b.r.serial, &second),
                     V_OCSP_CERTSTATUS_GOOD);
    ck_assert_uint_eq(first, second);
    ck_assert_int_eq(
        ca_revoke(&b.ca, &b.admin, &b.r.serial, -1, -1, &gone, NULL), ERR_NONE);
    ck_assert(w->reading);
    ck_assert_int_eq(status_by(w, pair[0], &b.r.serial, &second),
                     V_OCSP_CERTSTATUS_REVOKED);
    ck_assert_uint_ge(second, b.ca.changes_end);
    worker_free(w);
    close(pair[0]);
}
END_TEST

/* Lists that were kept are read to the end while a certificate is looked up: it
 * may have missed what they say of it. */
START_TEST(what_is_read_meanwhile_may_have_been_missed)
{
    AUTO(box) struct box b;
    struct worker *w;
    uint64_t size;
    int pair[2];

    box_make(&b);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    w = worker_new(b.ca.s, peer_new(pair[1], PEER_F, 0));
    b.ca.s->crl_lost_read = false;
    being_read = &b.ca.s->crl_lost_read;
    ck_assert_int_eq(status_by(w, pair[0], &b.r.serial, &size),
                     -1 - OCSP_TRY_LATER);
    ck_assert_int_eq(status_by(w, pair[0], &b.r.serial, &size),
                     V_OCSP_CERTSTATUS_GOOD);
    worker_free(w);
    close(pair[0]);
}
END_TEST

/* The log could never begin again under a read that nobody ends. */
START_TEST(no_read_goes_on_in_silence)
{
    AUTO(box) struct box b;
    AUTO(record) struct record gone = {0};
    sqlite3 *db;
    char path[160];
    int left = -1;

    box_make(&b);
    for (int i = 0; i < 2 * CA_WORKERS; i++) /* each of them once, or more */
        ck_assert_int_eq(status(&b, &b.r.serial, 0), V_OCSP_CERTSTATUS_GOOD);
    ck_assert_int_eq(
        ca_revoke(&b.ca, &b.admin, &b.r.serial, -1, -1, &gone, NULL), ERR_NONE);
    ca_path(&b.ca, path, "ledger.db");
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version", NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_wal_checkpoint_v2(
                         db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(left, 0);
    sqlite3_close(db);
}
END_TEST

/* All that is revoked along is told, and nothing that was undone. */
START_TEST(each_that_goes_along_is_told)
{
    AUTO(box) struct box b;
    AUTO(record) struct record other = {0};
    AUTO(record) struct record gone = {0};
    struct ca_want w = {.names = "y.internal", .spki = &b.spki};
    uint32_t also;

    box_make(&b);
    ck_assert_int_eq(ca_issue(&b.ca, &b.admin, &w, &other, NULL), ERR_NONE);
    ck_assert_int_eq(ca_revoke(&b.ca, &b.admin, &b.r.serial,
                               REASON_KEY_COMPROMISE, -1, &gone, &also),
                     ERR_NONE);
    ck_assert_uint_eq(also, 1);
    ck_assert_uint_eq(b.ca.changes, 2);
    ck_assert_int_eq(status(&b, &other.serial, 0), V_OCSP_CERTSTATUS_REVOKED);
    ck_assert_int_eq(ca_revoke(&b.ca, &b.admin, &b.r.serial, REASON_SUPERSEDED,
                               -1, &gone, &also),
                     ERR_ALREADY_REVOKED);
    ck_assert_uint_eq(b.ca.changes, 2);
}
END_TEST

START_TEST(the_budget_is_for_what_is_not_kept)
{
    AUTO(box) struct box b;
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer two = {0}, again = {0};
    struct serial other;
    struct frame f;

    box_make(&b);
    serial_new(&other);
    b.ca.conf->ocsp_sign_budget = 0;
    put_ask_n(ca_begin(&b.ca, MSG_OCSP, NULL), &b.r.serial, 2, 0);
    ca_ask(&b.ca, &f);
    get_answer(&f, &two);
    ck_assert_int_eq(two.error, OCSP_TRY_LATER);
    ck_assert_int_eq(status(&b, &b.r.serial, 0), V_OCSP_CERTSTATUS_GOOD);
    ck_assert_int_eq(status(&b, &b.r.serial, 16), -1 - OCSP_TRY_LATER);
    ck_assert_int_eq(status(&b, &other, 0), -1 - OCSP_TRY_LATER);
    b.ca.conf->ocsp_sign_budget = 1000000;
    ck_assert_int_eq(status(&b, &b.r.serial, 16), V_OCSP_CERTSTATUS_GOOD);
    ck_assert_int_eq(status(&b, &other, 0), V_OCSP_CERTSTATUS_UNKNOWN);
    put_ask_n(ca_begin(&b.ca, MSG_OCSP, NULL), &b.r.serial, 2, 0);
    ca_ask(&b.ca, &f);
    get_answer(&f, &again);
    ck_assert(!again.error && !again.keep);
}
END_TEST

static unsigned taken(struct signer *s, unsigned tries, int64_t at_us)
{
    unsigned n = 0;

    while (tries--)
        n += ocsp_budget_take(s, at_us);
    return n;
}

START_TEST(the_budget_fills_up_by_time_and_not_over)
{
    AUTO(box) struct box b;
    struct signer *s;
    int64_t t = INT64_C(1000000000);

    box_make(&b);
    s = b.ca.s;
    b.ca.conf->ocsp_sign_budget = 200;
    ck_assert_uint_eq(taken(s, 1000, t), 200);
    ck_assert_uint_eq(taken(s, 10, t), 0);
    ck_assert_uint_eq(taken(s, 10, t + 4999), 0);
    ck_assert_uint_eq(taken(s, 10, t + 5000), 1);
    ck_assert_uint_eq(taken(s, 1000, t + 505000), 100);
    ck_assert_uint_eq(taken(s, 1000, t + 100 * INT64_C(1000000)), 200);
    ck_assert_uint_eq(taken(s, 1, t + 101 * INT64_C(1000000)), 1);
    ck_assert_uint_eq(taken(s, 1000, t + 101 * INT64_C(1000000) + 999999), 200);
    ck_assert_uint_eq(taken(s, 1000, t + INT64_C(9000000000000)), 200);
}
END_TEST

static void end_at(struct box *b, int64_t end)
{
    pthread_mutex_lock(&b->ca.s->responder_lock);
    b->ca.s->responders[0].not_after = end;
    pthread_mutex_unlock(&b->ca.s->responder_lock);
}

/* No answer outlives the certificate that it is signed with. */
START_TEST(a_responder_that_ended_signs_nothing)
{
    AUTO(box) struct box b;
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer m = {0};
    int64_t end;

    box_make(&b);
    responders_stop(b.ca.s); /* which would renew it */
    end = tm_now() + 60;
    end_at(&b, end);
    ask(&b, &b.r.serial, 0, &m);
    ck_assert(!m.error && m.next_update == end);
    end_at(&b, tm_now() - 1);
    ck_assert_int_eq(status(&b, &b.r.serial, 0), -1 - OCSP_TRY_LATER);
    end_at(&b, tm_now() + 60);
    ck_assert_int_eq(status(&b, &b.r.serial, 0), V_OCSP_CERTSTATUS_GOOD);
}
END_TEST

/* The responder's own certificate is on record, answers and stays. */
START_TEST(a_responder_is_not_revoked)
{
    AUTO(box) struct box b;
    AUTO(buf) struct buf der = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record gone = {0};
    int64_t end, begin = 0;

    box_make(&b);
    ck_assert_int_eq(responder_cert(b.ca.s, 0, &der, &end), 0);
    ck_assert_int_eq(end, responder_end(b.ca.s, 0, &begin));
    ck_assert_int_eq(cert_parse(&cert, der.data, der.len, &e), 0);
    ck_assert_uint_eq(cert.eku, EKU_OCSP);
    ck_assert_uint_eq(cert.ku, KU_DIGITAL_SIGNATURE);
    ck_assert_ptr_nonnull(cert.ext[EXT_NOCHECK].value);
    ck_assert_ptr_null(cert.ext[EXT_CDP].value);
    ck_assert_int_eq(cert.not_after, end);
    ck_assert_int_eq(cert.not_before, begin);
    ck_assert_int_eq(ca_get(&b.ca, &b.admin, &cert.serial, &r), ERR_NONE);
    ck_assert_str_eq(r.protocol, "ocsp");
    ck_assert_int_ge(r.issued_at, cert.not_before);
    ck_assert_int_le(r.issued_at, b.r.issued_at);
    ck_assert_int_eq(
        ca_revoke(&b.ca, &b.admin, &cert.serial, -1, -1, &gone, NULL),
        ERR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(status(&b, &cert.serial, 0), V_OCSP_CERTSTATUS_GOOD);
}
END_TEST

/* No authority of that number, no certificate, five: the frame is refused. */
START_TEST(hostile_frames)
{
    AUTO(box) struct box b;
    struct frame f;
    struct msg_ocsp m = {.authority = 99, .n = 1};
    struct buf *out;

    box_make(&b);
    m.serial[0] = b.r.serial;
    msg_ocsp_put(ca_begin(&b.ca, MSG_OCSP, NULL), &m);
    ca_ask(&b.ca, &f);
    ck_assert_int_eq(ca_error(&f, NULL), ERR_BAD_REQUEST);
    for (int n = 0; n < 256; n += n ? 1 : 5) { /* 0, 5, 6 … */
        out = ca_begin(&b.ca, MSG_OCSP, NULL);
        buf_u16(out, 0);
        buf_u8(out, (uint8_t)n);
        for (int i = 0; i < n; i++) {
            buf_u8(out, 0);
            serial_put(out, &b.r.serial);
        }
        buf_blob(out, NULL, 0);
        ca_ask(&b.ca, &f);
        ck_assert_int_eq(ca_error(&f, NULL), ERR_BAD_REQUEST);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_issued_is_good_and_nothing_else,
        of_another_authority_is_not_good,
        the_notice_comes_before_the_reply,
        a_read_that_goes_on_is_never_behind_a_commit,
        what_is_read_meanwhile_may_have_been_missed,
        no_read_goes_on_in_silence,
        each_that_goes_along_is_told,
        the_budget_is_for_what_is_not_kept,
        the_budget_fills_up_by_time_and_not_over,
        a_responder_that_ended_signs_nothing,
        a_responder_is_not_revoked,
        hostile_frames,
    };

    return unit_run("signer_ocsp", tests, COUNT(tests));
}
