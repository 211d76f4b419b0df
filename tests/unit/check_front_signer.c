/* SPDX-License-Identifier: ISC */
/* The front's link to the signer, whose part is played here. */
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "front_core.h"
#include "mem.h"
#include "proc.h"
#include "unit.h"

/* Together several times what the socket has room for, a few in a packet. */
enum { MANY = 3000, OCTETS = 15000 };

static struct front front;
static struct req *asked[MANY];
static sem_t answered;
static struct msg_in in;
static int signer;

static void start(void)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    signer = dup2(pair[1], 100); /* FD_PEER may be either of them */
    ck_assert_int_eq(dup2(pair[0], FD_PEER), FD_PEER);
    sem_init(&answered, 0, 0);
    signer_link_start(&front);
}

static void ask(size_t i, enum msg_type type)
{
    struct req *r = asked[i] = req_new(&front, NULL, NULL, "");

    r->core->sem = &answered;
    msg_begin(&r->frame, type, 0, false);
    memset(buf_extend(&r->frame, OCTETS), (int)i, OCTETS);
    signer_link_send(r);
}

/* How many requests there are in the frames that come, each answered. */
static void answer_all(void)
{
    AUTO(buf) struct buf b = {0};
    struct frame f;

    for (size_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(msg_recv(signer, PEER_F, &in, &f), 1);
        ck_assert_uint_eq(f.body.n, OCTETS);
        msg_begin(&b, MSG_TEXT, f.id, false);
        buf_u8(&b, f.body.p[0]);
        ck_assert_int_eq(msg_send(signer, &b, -1, false), 0);
    }
}

/* The socket is full in the middle of what is held back or sent at once: what
 * did not go is sent when there is room, nothing twice and nothing never. */
static void flood(enum msg_type type)
{
    start();
    signer_link_hold();
    for (size_t i = 0; i < MANY; i++)
        ask(i, type);
    signer_link_let_go();
    answer_all();
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(sem_wait(&answered), 0);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(asked[i]->answers.n, 1);
        ck_assert_uint_eq(asked[i]->answers.v[0].octets[0], (uint8_t)i);
        req_free(asked[i]);
    }
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &(struct frame){0}),
                     MSG_NONE);
}

START_TEST(quick_ones_wait_for_a_signer_that_does_not_read)
{
    flood(MSG_GET);
}
END_TEST

START_TEST(others_wait_for_a_signer_that_does_not_read)
{
    flood(MSG_LIST);
}
END_TEST

/* What may share a packet goes in one, another kind at once. */
START_TEST(what_may_share_a_packet_is_held_back)
{
    struct frame f;

    start();
    signer_link_hold();
    ask(0, MSG_OCSP);
    ask(1, MSG_ISSUE);
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &f), MSG_NONE);
    ask(2, MSG_LIST);
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_LIST);
    signer_link_let_go();
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_OCSP);
    ck_assert_uint_lt(in.at, in.n);
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &f), 1);
    ck_assert_int_eq(f.type, MSG_ISSUE);
    ask(3, MSG_GET); /* nobody holds any more */
    ck_assert_int_eq(msg_recv_now(signer, PEER_F, &in, &f), 1);
}
END_TEST

/* All slots but that of notices are taken: the next one is told so. */
START_TEST(more_than_may_wait_is_said)
{
    enum { SLOTS = 4096 };
    AUTO(buf) struct buf b = {0};
    struct req *first, *last;
    struct frame f;

    start();
    ask(0, MSG_GET);
    first = asked[0];
    for (size_t i = 2; i < SLOTS; i++)
        ask(0, MSG_GET);
    ck_assert_int_eq(sem_trywait(&answered), -1);
    last = req_new(&front, NULL, NULL, "");
    last->core->sem = &answered;
    msg_begin(&last->frame, MSG_GET, 0, false);
    signer_link_send(last);
    ck_assert_int_eq(sem_wait(&answered), 0);
    ck_assert_uint_eq(last->core->failed.n, 1);
    ck_assert_int_eq(last->core->failed.v[0].code, ERR_QUEUE_FULL);
    ck_assert_int_eq(err_status(last->core->failed.v[0].code), 503);
    req_free(last);
    /* An answer makes room. */
    ck_assert_int_eq(msg_recv(signer, PEER_F, &in, &f), 1);
    msg_begin(&b, MSG_TEXT, f.id, false);
    ck_assert_int_eq(msg_send(signer, &b, -1, false), 0);
    ck_assert_int_eq(sem_wait(&answered), 0);
    req_free(first);
    ask(0, MSG_GET);
    ck_assert_int_eq(sem_trywait(&answered), -1);
}
END_TEST

/* Nobody works: so many signatures wait, and no more. */
START_TEST(more_arithmetic_than_may_wait_is_not_taken)
{
    enum { SIGNATURES = 1024 };
    struct req *last = req_new(&front, NULL, NULL, "");

    for (size_t i = 0; i < SIGNATURES; i++)
        ck_assert(crypto_push(req_new(&front, NULL, NULL, "")));
    ck_assert(!crypto_push(last));
    req_free(last);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        quick_ones_wait_for_a_signer_that_does_not_read,
        others_wait_for_a_signer_that_does_not_read,
        what_may_share_a_packet_is_held_back,
        more_than_may_wait_is_said,
        more_arithmetic_than_may_wait_is_not_taken,
    };

    return unit_run("front_signer", tests, COUNT(tests));
}
