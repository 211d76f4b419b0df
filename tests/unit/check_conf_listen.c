/* SPDX-License-Identifier: ISC */
/* Where the service listens. */
#include <string.h>

#include "conf.h"
#include "unit.h"

START_TEST(listen_urls)
{
    static const struct {
        const char *url, *host;
        int port;
        bool tls, loopback;
    } cases[] = {
        {"https://127.0.0.1:8443", "127.0.0.1", 8443, true, true},
        {"https://127.9.9.9/", "127.9.9.9", 443, true, true},
        {"http://[::1]:80", "::1", 80, false, true},
        {"http://[::1]", "::1", 80, false, true},
        {"http://localhost:1", "127.0.0.1", 1, false, true},
        {"https://10.0.0.1:65535", "10.0.0.1", 65535, true, false},
        {"https://[::]:8443", "::", 8443, true, false},
        {"https://[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct conf_listen l = {.kind = LISTEN_API};

        ck_assert_int_eq(conf_listen_parse(&l, cases[i].url, "/d", &e), 0);
        ck_assert_str_eq(l.host, cases[i].host);
        ck_assert_str_eq(l.url, cases[i].url);
        ck_assert_int_eq(l.port, cases[i].port);
        ck_assert_int_eq(l.tls, cases[i].tls);
        ck_assert_int_eq(conf_listen_is_loopback(&l), cases[i].loopback);
        ck_assert_int_eq(l.kind, LISTEN_API);
        conf_listen_free(&l);
    }
}
END_TEST

START_TEST(listen_clash)
{
    static const struct {
        const char *a, *b;
        bool clash;
    } cases[] = {
        {"https://127.0.0.1:1", "http://localhost:1/", true},
        {"https://127.0.0.1:1", "http://127.0.0.1:2", false},
        {"https://127.0.0.1:1", "http://127.0.0.2:1", false},
        {"https://127.0.0.1:1", "http://0.0.0.0:1", true},
        {"https://0.0.0.0:1", "http://127.0.0.1:1", true},
        {"https://0.0.0.0:1", "http://[::]:1", false},
        {"https://[::1]:1", "http://[0:0::1]:1", true},
        {"https://[::1]:1", "http://[::2]:1", false},
        {"https://[::]:1", "http://[::1]:1", true},
        {"unix:a", "unix:/d/a", true},
        {"unix:a", "unix:b", false},
        {"unix:a", "http://127.0.0.1:1", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct conf_listen a = {0}, b = {0};

        ck_assert_int_eq(conf_listen_parse(&a, cases[i].a, "/d", &e), 0);
        ck_assert_int_eq(conf_listen_parse(&b, cases[i].b, "/d", &e), 0);
        ck_assert_msg(conf_listen_clash(&a, &b) == cases[i].clash, "%s %s",
                      cases[i].a, cases[i].b);
        conf_listen_free(&a);
        conf_listen_free(&b);
    }
}
END_TEST

START_TEST(a_socket_path_has_a_length)
{
    AUTO(errs) struct errs e = {0};
    struct conf_listen l = {0};
    char dir[101] = "/";

    memset(dir + 1, 'a', sizeof(dir) - 2);
    ck_assert_int_eq(conf_listen_parse(&l, "unix:123456", dir, &e), 0);
    ck_assert_uint_eq(strlen(l.path), 107);
    conf_listen_free(&l);
    ck_assert_int_eq(conf_listen_parse(&l, "unix:1234567", dir, &e), -1);
    ck_assert_ptr_null(l.path);
    ck_assert_uint_eq(e.n, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        listen_urls,
        listen_clash,
        a_socket_path_has_a_length,
    };

    return unit_run("conf_listen", tests, COUNT(tests));
}
