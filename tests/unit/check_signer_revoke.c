/* SPDX-License-Identifier: ISC */
/* Revoking: what follows what, and what goes along with it. */
#include "ca.h"

#include "ca_crl.h"
#include "digest.h"
#include "signer_narrow.h"
#include "unit.h"

/* How many entries say so. */
static uint64_t revoked(const struct ca *c)
{
    uint64_t n = 0;

    for (size_t i = 0; i < COUNT(c->s->counters.revoked); i++)
        n += c->s->counters.revoked[i];
    return n;
}

START_TEST(revoking_again_follows_the_rules)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    static const struct {
        int reason;
        enum err code;
        int then;
    } steps[] = {
        {REASON_CERTIFICATE_HOLD, ERR_REASON_NOT_ALLOWED, -1},
        {REASON_REMOVE_FROM_CRL, ERR_REASON_NOT_ALLOWED, -1},
        {REASON_CA_COMPROMISE, ERR_REASON_NOT_ALLOWED, -1},
        {REASON_AA_COMPROMISE, ERR_REASON_NOT_ALLOWED, -1},
        {REASON_SUPERSEDED, ERR_NONE, REASON_SUPERSEDED},
        {REASON_SUPERSEDED, ERR_NONE, REASON_SUPERSEDED},
        {-1, ERR_NONE, REASON_SUPERSEDED},
        {REASON_UNSPECIFIED, ERR_ALREADY_REVOKED, REASON_SUPERSEDED},
        {REASON_PRIVILEGE_WITHDRAWN, ERR_ALREADY_REVOKED, REASON_SUPERSEDED},
        {REASON_KEY_COMPROMISE, ERR_NONE, REASON_KEY_COMPROMISE},
        {REASON_KEY_COMPROMISE, ERR_NONE, REASON_KEY_COMPROMISE},
        {REASON_SUPERSEDED, ERR_ALREADY_REVOKED, REASON_KEY_COMPROMISE},
        {-1, ERR_NONE, REASON_KEY_COMPROMISE},
    };
    int64_t first = 0;
    uint64_t number;
    int was = -1;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &r, NULL), ERR_NONE);
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(record) struct record now = {0};
        uint64_t before = ca_tree_size(&c), counted = revoked(&c);
        enum err code =
            ca_revoke(&c, &admin, &r.serial, steps[i].reason, -1, &now, NULL);

        ck_assert_msg(code == steps[i].code, "step %zu: %s", i, err_code(code));
        if (code != ERR_NONE) {
            ck_assert(ca_tree_size(&c) == before);
            continue;
        }
        if (!first) {
            first = now.revoked_at;
            sleep(1); /* so that a later date would show */
        }
        ck_assert(now.revoked_at == first);
        ck_assert_int_eq(now.reason, steps[i].then);
        ck_assert_uint_eq(revoked(&c) - counted, steps[i].then != was);
        was = steps[i].then;
        ck_assert_int_eq(on_crl(&c, &r.serial, &number), steps[i].then);
    }
    caller_free(&admin);
}
END_TEST

START_TEST(a_compromised_key_takes_its_lineage_along)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf fresh = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record d = {0};
    AUTO(record) struct record twin = {0};
    AUTO(record) struct record other = {0};
    AUTO(record) struct record named = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, self;
    struct ca_want w = {
        .names = "x.internal", .spki = &spki, .profile = "client"};
    struct ca_want again = {.names = "x.internal", .spki = &fresh};
    uint32_t also = 0;
    uint64_t number;

    new_key(&spki);
    new_key(&fresh);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ck_assert_int_eq(ca_renew(&c, &self, &again, &b), ERR_NONE);
    self = ca_cert_caller(&b);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &d), ERR_NONE);
    w.names = "twin.internal"; /* the same key elsewhere */
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &twin, NULL), ERR_NONE);
    new_key(&spki);
    w.names = "other.internal";
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &other, NULL), ERR_NONE);
    /* Named as the successor, but asked for anew: no descendant. */
    w.replaces = a.serial;
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &named, NULL), ERR_NONE);
    ck_assert_int_eq(
        ca_revoke(&c, &admin, &a.serial, REASON_KEY_COMPROMISE, -1, &r, &also),
        ERR_NONE);
    ck_assert_uint_eq(also, 3); /* b, d, twin */
    ck_assert_int_eq(on_crl(&c, &b.serial, &number), REASON_KEY_COMPROMISE);
    ck_assert_int_eq(on_crl(&c, &d.serial, &number), REASON_KEY_COMPROMISE);
    ck_assert_int_eq(on_crl(&c, &twin.serial, &number), REASON_KEY_COMPROMISE);
    ck_assert_int_eq(on_crl(&c, &other.serial, &number), -1);
    ck_assert_int_eq(on_crl(&c, &named.serial, &number), -1);
    /* Neither the keys nor the lineage come back. */
    again = (struct ca_want){.names = "y.internal", .spki = &fresh};
    record_free(&r);
    ck_assert_int_eq(ca_issue(&c, &admin, &again, &r, NULL),
                     ERR_KEY_COMPROMISED);
    again = (struct ca_want){.renews = d.serial};
    ck_assert_int_eq(ca_renew(&c, &admin, &again, &r), ERR_KEY_COMPROMISED);
    new_key(&fresh);
    again.spki = &fresh;
    again.names = "x.internal";
    ck_assert_int_eq(ca_renew(&c, &admin, &again, &r), ERR_KEY_COMPROMISED);
    caller_free(&admin);
}
END_TEST

/* Whatever is under way when a key is revoked: it is revoked too, or was never
 * issued. */
START_TEST(nothing_slips_past_a_compromise)
{
    enum { ROUNDS = 10, EACH = 24 };
    AUTO(ca) struct ca c;
    struct caller admin;
    unsigned refused = 0;

    admin = ca_up(&c);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(buf) struct buf spki = {0};
        AUTO(record) struct record first = {0};
        struct ca_want w = {.names = "x.internal", .spki = &spki};
        struct serial made[2 * EACH];
        unsigned n = 0;

        new_key(&spki);
        ck_assert_int_eq(ca_issue(&c, &admin, &w, &first, NULL), ERR_NONE);
        for (int i = 0; i <= 2 * EACH; i++) {
            const struct msg_revoke m = {first.serial, REASON_KEY_COMPROMISE,
                                         -1, 0};

            if (i == EACH)
                msg_revoke_put(ca_begin(&c, MSG_REVOKE, &admin), &m);
            else
                ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
            ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
        }
        for (int i = 0; i <= 2 * EACH; i++) {
            AUTO(record) struct record r = {0};
            struct frame f;
            enum err code;

            ca_recv(&c, &f);
            if (f.type == MSG_REVOKED)
                continue;
            code = ca_record(&f, &r, NULL);
            ck_assert(code == ERR_NONE || code == ERR_KEY_COMPROMISED);
            refused += code != ERR_NONE;
            if (code == ERR_NONE)
                made[n++] = r.serial;
        }
        for (unsigned i = 0; i < n; i++) {
            AUTO(record) struct record r = {0};

            ck_assert_int_eq(ca_get(&c, &admin, &made[i], &r), ERR_NONE);
            ck_assert(r.revoked_at);
        }
    }
    ck_assert_uint_gt(refused, 0);
    caller_free(&admin);
}
END_TEST

/* A connection like a command's, which the running signer serves. */
struct admin {
    struct signer *s;
    struct peer *peer;
    int sock;
    pthread_t thread;
};

static void *admin_work(void *arg)
{
    struct admin *a = arg;

    peer_serve(a->s, a->peer);
    return NULL;
}

static void admin_open(struct admin *a, struct signer *s)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    *a = (struct admin){s, peer_new(pair[1], PEER_A, geteuid()), pair[0], 0};
    pthread_create(&a->thread, NULL, admin_work, a);
}

static void admin_close(struct admin *a)
{
    shutdown(a->sock, SHUT_RDWR);
    pthread_join(a->thread, NULL);
    close(a->sock);
}

static void key_hash(const struct buf *spki, uint8_t out[32])
{
    digest_sum(DIGEST_SHA256, spki->data, spki->len, out);
}

/* Asks for it, and does not wait. */
static void admin_block(struct admin *a, const struct buf *spki)
{
    AUTO(buf) struct buf out = {0};
    const struct caller nobody = {0};
    uint8_t key[32];

    key_hash(spki, key);
    msg_begin(&out, MSG_BLOCK, 1, false);
    caller_put(&out, &nobody);
    buf_put(&out, key, sizeof(key));
    buf_str(&out, NULL);
    ck_assert_int_eq(msg_send(a->sock, &out, -1, false), 0);
}

/* The entry of that block, once it is answered. */
static uint64_t admin_blocked(struct admin *a, const struct buf *spki)
{
    AUTO(errs) struct errs e = {0};
    struct store_conn *c = store_conn_open(a->s->store, false, &e);
    static struct msg_in in;
    struct frame f;
    uint8_t key[32];
    uint64_t entry;

    ck_assert_int_eq(msg_recv(a->sock, PEER_S, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_DONE);
    key_hash(spki, key);
    ck_assert_int_eq(store_block_find(c, key, &entry), STORE_OK);
    store_conn_close(c);
    return entry;
}

/* Blocks the key of a certificate while many renewals to other keys are under
 * way: none is issued behind the block. */
START_TEST(no_rekey_slips_past_a_block)
{
    enum { ROUNDS = 10, EACH = 24 };
    AUTO(ca) struct ca c;
    struct caller admin;
    struct admin command;
    unsigned refused = 0;

    admin = ca_up(&c);
    admin_open(&command, c.s);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(buf) struct buf spki = {0}, fresh = {0};
        AUTO(record) struct record first = {0};
        struct ca_want w = {.names = "x.internal", .spki = &spki};
        uint64_t leaf = 0;

        new_key(&spki);
        new_key(&fresh);
        ck_assert_int_eq(ca_issue(&c, &admin, &w, &first, NULL), ERR_NONE);
        w.spki = &fresh;
        w.renews = first.serial;
        for (int i = 0; i < 2 * EACH; i++) {
            if (i == EACH)
                admin_block(&command, &spki);
            ca_put_issue(ca_begin(&c, MSG_RENEW, &admin), &w);
            ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
        }
        for (int i = 0; i < 2 * EACH; i++) {
            AUTO(record) struct record r = {0};
            struct frame f;
            enum err code;

            ca_recv(&c, &f);
            code = ca_record(&f, &r, NULL);
            ck_assert(code == ERR_NONE || code == ERR_KEY_COMPROMISED);
            refused += code != ERR_NONE;
            if (code == ERR_NONE && r.leaf > leaf)
                leaf = r.leaf;
        }
        ck_assert_uint_lt(leaf, admin_blocked(&command, &spki));
    }
    ck_assert_uint_gt(refused, 0);
    admin_close(&command);
    caller_free(&admin);
}
END_TEST

/* Certificate `names` of the key, and what it renews itself to, with another.
 */
static void renewed(struct ca *c, const struct caller *admin,
                    const struct ca_want *w, struct record out[2])
{
    AUTO(buf) struct buf fresh = {0};
    const struct ca_want again = {.names = w->names, .spki = &fresh};
    struct caller self;

    new_key(&fresh);
    ck_assert_int_eq(ca_issue(c, admin, w, &out[0], NULL), ERR_NONE);
    self = ca_cert_caller(&out[0]);
    ck_assert_int_eq(ca_renew(c, &self, &again, &out[1]), ERR_NONE);
}

/* Who has a compromised key renews any certificate of it to a key of his own:
 * that one goes along, also when the one before it is revoked already. */
START_TEST(a_thief_keeps_no_renewal)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record r = {0};
    struct record twin[2] = {0}, gone[2] = {0};
    struct caller admin;
    struct ca_want w = {
        .names = "x.internal", .spki = &spki, .profile = "client"};
    uint32_t also = 9;
    uint64_t number;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    w.names = "twin.internal";
    renewed(&c, &admin, &w, twin);
    w.names = "gone.internal";
    renewed(&c, &admin, &w, gone);
    ck_assert_int_eq(ca_revoke(&c, &admin, &gone[0].serial, REASON_SUPERSEDED,
                               -1, &r, &also),
                     ERR_NONE);
    ck_assert_uint_eq(also, 0);
    /* For another reason the certificates of the key alone. */
    record_free(&r);
    ck_assert_int_eq(ca_revoke(&c, &admin, &a.serial, -1, 1, &r, &also),
                     ERR_NONE);
    ck_assert_uint_eq(also, 1);
    ck_assert_int_eq(on_crl(&c, &twin[0].serial, &number), 0);
    ck_assert_int_eq(on_crl(&c, &twin[1].serial, &number), -1);
    record_free(&r);
    ck_assert_int_eq(
        ca_revoke(&c, &admin, &a.serial, REASON_KEY_COMPROMISE, -1, &r, &also),
        ERR_NONE);
    ck_assert_uint_eq(also, 2);
    for (int i = 0; i < 2; i++) {
        const struct record *v = i ? gone : twin;

        ck_assert_int_eq(on_crl(&c, &v[1].serial, &number),
                         REASON_KEY_COMPROMISE);
        ck_assert_int_eq(on_crl(&c, &v[0].serial, &number),
                         i ? REASON_SUPERSEDED : 0);
    }
    for (int i = 0; i < 2; i++) {
        record_free(&twin[i]);
        record_free(&gone[i]);
    }
    caller_free(&admin);
}
END_TEST

START_TEST(without_renewals_the_others_stay)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record r = {0};
    struct caller admin, self;
    struct ca_want w = {.names = "x.internal", .spki = &spki};
    uint32_t also = 9;
    uint64_t number;

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &b), ERR_NONE);
    ck_assert_int_eq(ca_revoke(&c, &admin, &a.serial, -1, -1, &r, &also),
                     ERR_NONE);
    ck_assert_uint_eq(also, 0);
    ck_assert_int_eq(on_crl(&c, &b.serial, &number), -1);
    record_free(&r);
    ck_assert_int_eq(ca_revoke(&c, &admin, &a.serial, -1, 1, &r, &also),
                     ERR_NONE);
    ck_assert_uint_eq(also, 1);
    ck_assert_int_eq(on_crl(&c, &b.serial, &number), 0);
    caller_free(&admin);
}
END_TEST

/* Another certificate of the key, outside of what the token may. */
START_TEST(who_asks_reaches_what_goes_along)
{
    enum { ADMIN, NARROW, ITSELF };
    static const struct {
        int who, reason;
        uint32_t also;
    } rows[] = {
        {ADMIN, REASON_SUPERSEDED, 1},
        {NARROW, REASON_SUPERSEDED, 0},
        {NARROW, REASON_KEY_COMPROMISE, 1},
        {ITSELF, REASON_SUPERSEDED, 1},
    };
    AUTO(ca) struct ca c;
    struct caller callers[3];

    callers[ADMIN] = ca_up(&c);
    callers[NARROW] =
        narrow(&c, &callers[ADMIN], "n", ROLE_REVOKE, "dns:x.internal", false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf) struct buf spki = {0};
        AUTO(record) struct record one = {0}, other = {0}, r = {0};
        struct ca_want w = {.names = "x.internal", .spki = &spki};
        uint32_t also = 9;

        new_key(&spki);
        ck_assert_int_eq(ca_issue(&c, callers, &w, &one, NULL), ERR_NONE);
        w.names = "y.internal";
        ck_assert_int_eq(ca_issue(&c, callers, &w, &other, NULL), ERR_NONE);
        callers[ITSELF] = ca_cert_caller(&one);
        ck_assert_int_eq(ca_revoke(&c, &callers[rows[i].who], &one.serial,
                                   rows[i].reason, 1, &r, &also),
                         ERR_NONE);
        ck_assert_msg(also == rows[i].also, "row %zu: %u", i, also);
    }
    caller_free(&callers[ADMIN]);
    caller_free(&callers[NARROW]);
}
END_TEST

START_TEST(an_authority_does_not_revoke_itself)
{
    AUTO(ca) struct ca c;
    AUTO(cert) struct cert issuing = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record r = {0};
    struct caller admin;
    const struct serial unknown = {{0x41, 0x41}, 2};

    admin = ca_up(&c);
    cert_parse(&issuing, c.issuing.data, c.issuing.len, &e);
    ck_assert_int_eq(ca_revoke(&c, &admin, &issuing.serial, -1, -1, &r, NULL),
                     ERR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ca_revoke(&c, &admin, &unknown, -1, -1, &r, NULL),
                     ERR_NOT_FOUND);
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        revoking_again_follows_the_rules,
        a_compromised_key_takes_its_lineage_along,
        nothing_slips_past_a_compromise,
        no_rekey_slips_past_a_block,
        a_thief_keeps_no_renewal,
        without_renewals_the_others_stay,
        who_asks_reaches_what_goes_along,
        an_authority_does_not_revoke_itself,
    };

    return unit_run("signer_revoke", tests, COUNT(tests));
}
