/* SPDX-License-Identifier: ISC */
/* Renewal. */
#include "signer_cert.h"

#include <poll.h>

START_TEST(a_renewal_keeps_names_key_and_requester)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf fresh = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record old = {0};
    AUTO(record) struct record none = {0};
    AUTO(cert) struct cert cert = {0};
    struct caller admin, self;
    struct ca_want w = {.names = "web.internal,10.0.0.1", .spki = &spki};
    struct ca_want again = {0};

    new_key(&spki);
    new_key(&fresh);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ck_assert_int_eq(ca_renew(&c, &self, &again, &b), ERR_NONE);
    ck_assert(serial_equal(&b.replaces, &a.serial));
    ck_assert_int_eq(b.requester.type, WHO_TOKEN);
    ck_assert_str_eq(b.requester.label, "admin");
    read_cert(&b, &cert);
    ck_assert_mem_eq(cert.key.spki, spki.data, spki.len);
    ck_assert_uint_eq(cert.names.n, 2);
    ck_assert_int_eq(ca_get(&c, &admin, &a.serial, &old), ERR_NONE);
    ck_assert(serial_equal(&old.replaced_by, &b.serial));
    /* Another key by the certificate alone; by token it may. */
    again.spki = &fresh;
    again.names = w.names;
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none), ERR_KEY_NOT_ALLOWED);
    again.spki = &spki;
    again.names = "web.internal";
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none), ERR_NAME_NOT_ALLOWED);
    again.names = "web.internal,10.0.0.1,more.internal";
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none), ERR_NAME_NOT_ALLOWED);
    again = (struct ca_want){.renews = b.serial};
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none), ERR_ROLE_MISSING);
    again = (struct ca_want){.lifetime = 398 * TM_DAY};
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none), ERR_LIFETIME_TOO_LONG);
    again =
        (struct ca_want){.renews = b.serial, .spki = &fresh, .names = w.names};
    ck_assert_int_eq(ca_renew(&c, &admin, &again, &none), ERR_NONE);
    again.renews.len = 0;
    ck_assert_int_eq(ca_renew(&c, &admin, &again, &none), ERR_BAD_REQUEST);
    caller_free(&admin);
}
END_TEST

START_TEST(profiles_decide_about_renewal)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(buf) struct buf fresh = {0};
    AUTO(record) struct record once = {0};
    AUTO(record) struct record client = {0};
    AUTO(record) struct record r = {0};
    AUTO(record) struct record none = {0};
    struct caller admin, self;
    struct ca_want w = {
        .names = "w.internal", .spki = &spki, .profile = "once"};

    new_key(&spki);
    new_key(&fresh);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &once, NULL), ERR_NONE);
    self = ca_cert_caller(&once);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &none),
                     ERR_PROFILE_NOT_ALLOWED);
    w.profile = "client";
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &client, NULL), ERR_NONE);
    self = ca_cert_caller(&client);
    w.spki = &fresh;
    w.profile = NULL;
    ck_assert_int_eq(ca_renew(&c, &self, &w, &r), ERR_NONE); /* rekey = yes */
    /* Today's policy: the profile has shrunk, then gone. */
    ca_stop(&c);
    ca_configure(&c, "profile client { usage = { \"client\" }\n"
                     "names = { \"dns:**.other\" } lifetime = \"1d\" }\n");
    ca_start(&c);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &none),
                     ERR_NAME_NOT_ALLOWED);
    ca_stop(&c);
    ca_configure(&c, "profile new { usage = { \"client\" }\n"
                     "names = { \"dns:**\" } lifetime = \"1d\" }\n");
    ca_start(&c);
    ck_assert_int_eq(ca_renew(&c, &self, &(struct ca_want){0}, &none),
                     ERR_UNKNOWN_PROFILE);
    caller_free(&admin);
}
END_TEST

START_TEST(an_ended_certificate_renews_by_token_only)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    AUTO(record) struct record none = {0};
    struct caller admin, self;
    struct ca_want w = {.names = "w.internal", .spki = &spki, .lifetime = 61};
    struct ca_want again = {0};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    /* It began a minute ago: it has a second left. */
    sleep(2);
    ck_assert_int_eq(ca_renew(&c, &self, &again, &none),
                     ERR_CERTIFICATE_EXPIRED);
    again.renews = a.serial;
    ck_assert_int_eq(ca_renew(&c, &admin, &again, &b), ERR_NONE);
    caller_free(&admin);
}
END_TEST

/* It is not answered while the lists that were kept have not been read. */
static void ask_unread(struct ca *c)
{
    struct pollfd front = {.fd = c->front, .events = POLLIN};
    AUTO(record) struct record r = {0};
    struct frame f;

    c->s->crl_began_us = tm_mono_us() + 9000000;
    c->s->crl_lost_read = false;
    ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
    ck_assert_int_eq(poll(&front, 1, 200), 0);
    pthread_mutex_lock(&c->s->crl_lock);
    c->s->crl_lost_read = true;
    pthread_cond_broadcast(&c->s->crl_passed);
    pthread_mutex_unlock(&c->s->crl_lock);
    ca_recv(c, &f);
    ck_assert_int_eq(ca_record(&f, &r, NULL), ERR_NONE);
}

/* Until then nobody knows who is good, or what key. */
START_TEST(nobody_is_judged_before_kept_lists_are_read)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    AUTO(record) struct record a = {0};
    AUTO(record) struct record b = {0};
    struct caller admin, self;
    struct ca_want w = {.names = "w.internal", .spki = &spki};

    new_key(&spki);
    admin = ca_up(&c);
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &a, NULL), ERR_NONE);
    self = ca_cert_caller(&a);
    ca_settle(&c);
    serial_put(ca_begin(&c, MSG_GET, &self), &a.serial);
    ask_unread(&c);
    ca_put_issue(ca_begin(&c, MSG_RENEW, &admin),
                 &(struct ca_want){.renews = a.serial});
    ask_unread(&c);
    ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
    ask_unread(&c);
    w.idem = "once";
    ck_assert_int_eq(ca_issue(&c, &admin, &w, &b, NULL), ERR_NONE);
    ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
    ask_unread(&c);
    serial_put(ca_begin(&c, MSG_GET, &admin), &a.serial);
    ask_unread(&c);
    caller_free(&admin);
}
END_TEST

/* So many wait that no worker is left: they are refused, and soon. */
START_TEST(kept_lists_that_take_long_keep_nobody)
{
    AUTO(ca) struct ca c;
    AUTO(buf) struct buf spki = {0};
    struct caller admin;
    struct ca_want w = {.names = "w.internal", .spki = &spki};
    struct query q;
    struct frame f;

    new_key(&spki);
    admin = ca_up(&c);
    ca_settle(&c);
    c.s->crl_lost_read = false;
    c.s->crl_began_us = tm_mono_us();
    for (int i = 0; i < 3 * CA_WORKERS; i++) {
        ca_put_issue(ca_begin(&c, MSG_ISSUE, &admin), &w);
        ck_assert_int_eq(msg_send(c.front, &c.out, -1, false), 0);
    }
    for (int i = 0; i < 3 * CA_WORKERS; i++) {
        ca_recv(&c, &f);
        ck_assert_int_eq(ca_error(&f, NULL), ERR_SIGNER_AWAY);
    }
    ck_assert_int_lt(tm_mono_us() - c.s->crl_began_us, 4000000);
    query_init(&q);
    query_put(ca_begin(&c, MSG_LIST, &admin), &q);
    ca_ask(&c, &f);
    ck_assert_int_eq(ca_error(&f, NULL), ERR_SIGNER_AWAY);
    c.s->crl_lost_read = true;
    caller_free(&admin);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nobody_is_judged_before_kept_lists_are_read,
        kept_lists_that_take_long_keep_nobody,
        a_renewal_keeps_names_key_and_requester,
        profiles_decide_about_renewal,
        an_ended_certificate_renews_by_token_only,
    };

    return unit_run("signer_renew", tests, COUNT(tests));
}
