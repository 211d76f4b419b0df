/* SPDX-License-Identifier: ISC */
/* The configuration that init writes. */
#include <string.h>

#include "conf.h"
#include "tm.h"
#include "unit.h"

/* What init writes is read back as it was meant, whatever is in a path. */
START_TEST(written_and_read)
{
    AUTO(buf) struct buf b = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = NULL;
    struct strs host = {0}, allow = {0};
    struct conf_init i = {.data = "/a \"b\\c ${HOME} $d 'e/ü",
                          .host = &host,
                          .allow = &allow,
                          .listen_api = "https://127.0.0.1:8443",
                          .listen_public = "http://127.0.0.1:8080",
                          .public_url = NULL,
                          .user = "pocketca"};

    strs_add(&host, "ca.internal");
    strs_add(&host, "::1");
    conf_write(&b, &i);
    c = conf_parse("/x/y.conf", (const char *)b.data, b.len, &e);
    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    ck_assert_str_eq(c->data, i.data);
    ck_assert_str_eq(c->user, "pocketca");
    ck_assert_ptr_null(c->public_url);
    ck_assert_uint_eq(c->host.n, 2);
    ck_assert_uint_eq(c->profiles.n, 3);
    ck_assert_str_eq(c->profiles.v[0].name, "server");
    ck_assert_uint_eq(c->profiles.v[1].eku, EKU_CLIENT);
    ck_assert_uint_eq(c->profiles.v[2].eku, EKU_CLIENT | EKU_SERVER);
    ck_assert(c->profiles.v[0].single_label);
    ck_assert_int_eq(c->profiles.v[0].lifetime, 90 * TM_DAY);
    ck_assert_int_eq(c->authorities[0].crl_lifetime, 7 * TM_DAY);
    ck_assert(c->authorities[0].crl_wait);
    ck_assert_int_eq(c->authorities[0].ocsp_lifetime, 3600);
    strs_free(&host);
}
END_TEST

START_TEST(written_with_limits)
{
    AUTO(buf) struct buf b = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = NULL;
    struct strs host = {0}, allow = {0}, subject = {0};
    struct conf_init i = {.data = ".",
                          .host = &host,
                          .allow = &allow,
                          .subject = &subject,
                          .listen_api = "unix:api.sock",
                          .listen_public = "http://0.0.0.0:8080",
                          .public_url = "http://ca:8080/x"};

    strs_add(&host, "ca");
    strs_add(&allow, "dns:**.internal");
    strs_add(&allow, "ip:10.0.0.0/8");
    strs_add(&subject, "c=DE");
    strs_add(&subject, "o=\"Acme\" ${Größe}");
    conf_write(&b, &i);
    c = conf_parse("/x/y.conf", (const char *)b.data, b.len, &e);
    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    ck_assert_str_eq(c->data, "/x");
    ck_assert_str_eq(c->listens[0].path, "/x/api.sock");
    ck_assert_str_eq(c->public_url, "http://ca:8080/x");
    ck_assert_ptr_null(c->user);
    ck_assert(!c->profiles.v[0].single_label);
    ck_assert_uint_eq(c->profiles.v[2].names.n, 2);
    ck_assert_str_eq(c->profiles.v[2].fixed.v[SUBJECT_O], "\"Acme\" ${Größe}");
    strs_free(&host);
    strs_free(&allow);
    strs_free(&subject);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        written_and_read,
        written_with_limits,
    };

    return unit_run("conf_write", tests, COUNT(tests));
}
