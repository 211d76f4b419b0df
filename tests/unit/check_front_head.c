/* SPDX-License-Identifier: ISC */
/* The head of a request and the table of routes. */
#include <stdlib.h>
#include <string.h>

#include "front_core.h"
#include "front_head.h"
#include "unit.h"

/* "Name: value" lines, in the order given. */
static int check(struct req_head *h, const char *method, const char *url,
                 const char *const *lines)
{
    AUTO(errs) struct errs e = {0};
    int r;

    *h = (struct req_head){.method = method, .version = "HTTP/1.1", .url = url};
    for (; *lines; lines++) {
        char *name = xstrdup(*lines), *colon = strchr(name, ':');

        *colon = '\0';
        h->v[h->n++] = (struct head_field){name, colon + 2, strlen(name),
                                           strlen(colon + 2), 1};
    }
    r = head_check(h, &e);
    ck_assert_int_eq(r == 0, e.n == 0);
    if (r < 0)
        ck_assert_int_eq(e.v[0].code, ERR_BAD_REQUEST);
    return r;
}

static void drop(struct req_head *h)
{
    for (size_t i = 0; i < h->n; i++)
        free((void *)(uintptr_t)h->v[i].name);
}

static void lines_ok(const char *url, const char *const *lines, bool good)
{
    struct req_head h;

    ck_assert_msg((check(&h, "GET", url, lines) == 0) == good, "%s %s", url,
                  lines[0] ? lines[0] : "-");
    drop(&h);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(lengths)
{
    static const char *const bad[] = {
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5,5",
        "Content-Length: 5 5",
        "Content-Length: ",
        "Content-Length: 9999999999999999999",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\v",
        "Content-Length : 5",
        "Expect: 200-ok",
    };
    struct req_head h;

    for (size_t i = 0; i < COUNT(bad); i++)
        lines_ok("/", LINES("Host: a", bad[i]), false);
    ck_assert_int_eq(
        check(&h, "POST", "/", LINES("host: a", "content-LENGTH: 42")), 0);
    ck_assert(h.has_length && h.length == 42 && !h.chunked);
    drop(&h);
    ck_assert_int_eq(
        check(&h, "POST", "/", LINES("Host: a", "Transfer-Encoding: Chunked")),
        0);
    ck_assert(h.chunked && !h.has_length);
    drop(&h);
    lines_ok(
        "/",
        LINES("Host: a", "Content-Length: 4", "Transfer-Encoding: chunked"),
        false);
    lines_ok("/", LINES("Host: a", "Content-Length: 4", "content-length: 4"),
             false);
}
END_TEST

START_TEST(version)
{
    char chunked[] = "chunked";
    AUTO(errs) struct errs e = {0};
    struct req_head h = {.method = "GET", .version = "HTTP/1.0", .url = "/"};

    ck_assert_int_eq(head_check(&h, &e), 0); /* no Host is fine then */
    h.v[h.n++] = (struct head_field){"Transfer-Encoding", chunked, 17, 7, 1};
    ck_assert_int_eq(head_check(&h, &e), -1);
    h = (struct req_head){.method = "GET", .version = "", .url = "/"};
    ck_assert_int_eq(head_check(&h, &e), -1);
    h = (struct req_head){.method = "GET", .version = "HTTP/1.1", .url = "/"};
    ck_assert_int_eq(head_check(&h, &e), -1); /* no Host */
    h.method = "G T";
    ck_assert_int_eq(head_check(&h, &e), -1);
}
END_TEST

START_TEST(fields)
{
    static const char *const doubled[] = {
        "Host: a",
        "Authorization: Bearer x",
        "Content-Type: text/plain",
        "Idempotency-Key: x",
        "If-None-Match: x",
        "If-Modified-Since: x",
        "X-Request-Id: x",
    };
    char a[] = "a", nul[] = "b\0c";
    struct req_head h = {.method = "GET", .version = "HTTP/1.1", .url = "/"};
    AUTO(errs) struct errs e = {0};

    for (size_t i = 1; i < COUNT(doubled); i++) {
        lines_ok("/", LINES("Host: a", doubled[i]), true);
        lines_ok("/", LINES("Host: a", doubled[i], doubled[i]), false);
    }
    lines_ok("/", LINES("Host: a", "Host: a"), false);
    lines_ok("/", LINES("Host: a/b"), false);
    lines_ok("/", LINES("Host: u@b"), false);
    lines_ok("/", LINES("Host: "), false);
    lines_ok("/", LINES("Host: [::1]:8080"), true);
    lines_ok("/", LINES("Host: a", "Accept: x", "Accept: y"), true);
    lines_ok("/", LINES("Host: a", "X-\x01: x"), false);
    lines_ok("/", LINES("Host: a", "X A: x"), false);
    lines_ok("/", LINES("Host: a", ": x"), false);
    lines_ok("/", LINES("Host: a", "X-A: \x01"), false);
    lines_ok("/", LINES("Host: a", "X-A: b\nX-B: c"), false);
    lines_ok("/", LINES("Host: a", "X-A: tab\there \xc3\xa4"), true);
    /* a NUL that only the length shows */
    h.v[h.n++] = (struct head_field){"Host", a, 4, 1, 1};
    h.v[h.n++] = (struct head_field){"X-A", nul, 3, 3, 1};
    ck_assert_int_eq(head_check(&h, &e), -1);
}
END_TEST

/* What libmicrohttpd makes of a fold: fewer octets than there were. */
START_TEST(size)
{
    static const char text[] =
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n 0\r\n\r\n";
    char x[] = "x", five[] = "5";
    AUTO(errs) struct errs e = {0};
    struct req_head h = {
        .method = "POST",
        .version = "HTTP/1.1",
        .url = "/a",
        .v = {{"Host", x, 4, 1, 1}, {"Content-Length0", five, 15, 1, 0}},
        .n = 2,
        .size = sizeof(text) - 1,
    };

    ck_assert_int_eq(head_check(&h, &e), -1);
    h.size -= 3; /* "Content-Length0: 5" */
    ck_assert_int_eq(head_check(&h, &e), 0);
    h.size -= 2; /* no space behind the colons */
    ck_assert_int_eq(head_check(&h, &e), 0);
    h.size += 8; /* more of them than one, and known */
    ck_assert_int_eq(head_check(&h, &e), -1);
    h.v[0].blanks += 6;
    ck_assert_int_eq(head_check(&h, &e), 0);
}
END_TEST

/* RFC 9112 section 5.1: what stands around a value is no part of it. */
START_TEST(blanks)
{
    struct req_head h;

    ck_assert_int_eq(
        check(&h, "POST", "/",
              LINES("Host: a \t", "Content-Length: 42\t",
                    "Authorization: Bearer x  ", "Expect: 100-continue ",
                    "X-Request-Id: a\t ", "X-A:  ", "X-B: b  c ")),
        0);
    ck_assert_str_eq(h.v[0].value, "a");
    ck_assert_uint_eq(h.v[0].value_len, 1);
    ck_assert_uint_eq(h.length, 42);
    ck_assert_str_eq(h.authorization, "Bearer x");
    ck_assert_str_eq(h.request_id, "a");
    ck_assert_str_eq(h.v[5].value, "");
    ck_assert_str_eq(h.v[6].value, "b  c");
    drop(&h);
    /* libmicrohttpd does not take this for chunked */
    lines_ok("/", LINES("Host: a", "Transfer-Encoding: chunked "), false);
    lines_ok("/", LINES("Host:  \t"), false);
}
END_TEST

START_TEST(urls)
{
    static const char *const bad[] = {
        "/%00",         "/%zz",     "/%",
        "/%2",          "/a b",     "/\x01",
        "/\xff",        "/a#b",     "*",
        "a.b:443",      "",         "http://b/",
        "http://",      "ftp://a/", "http://a@b/",
        "http://a%2f/", "x/y",
    };
    static const char *const good[] = {
        "/",         "/a?b=%20", "http://a/x", "HTTP://A/x",
        "https://a", "//",       "/..%2f",     "http://a?x",
    };
    struct req_head h;

    for (size_t i = 0; i < COUNT(bad); i++)
        lines_ok(bad[i], LINES("Host: a"), false);
    for (size_t i = 0; i < COUNT(good); i++)
        lines_ok(good[i], LINES("Host: a"), true);
    ck_assert_int_eq(check(&h, "GET", "http://a/x?y=z", LINES("Host: a")), 0);
    ck_assert_str_eq(h.path, "/x?y=z");
    drop(&h);
}
END_TEST

START_TEST(values)
{
    char long_id[HEAD_ID_MAX + 2];
    char *s;

    ck_assert_str_eq(head_bearer("Bearer abc"), "abc");
    ck_assert_str_eq(head_bearer("bearer  abc"), "abc");
    ck_assert_str_eq(head_bearer("Bearer"), "");
    ck_assert_ptr_null(head_bearer("Bearerabc"));
    ck_assert_ptr_null(head_bearer("Basic abc"));
    ck_assert_ptr_null(head_bearer("Bear"));
    ck_assert_ptr_null(head_bearer(NULL));
    memset(long_id, 'x', sizeof(long_id));
    long_id[HEAD_ID_MAX + 1] = '\0';
    ck_assert(!head_id_ok(long_id));
    long_id[HEAD_ID_MAX] = '\0';
    ck_assert(head_id_ok(long_id));
    ck_assert(head_id_ok("abc.DEF-1_2"));
    ck_assert(!head_id_ok("") && !head_id_ok("a b") && !head_id_ok("a/b") &&
              !head_id_ok("\xc3\xa4"));
    s = head_decode("a%2Fb%41", 8);
    ck_assert_str_eq(s, "a/bA");
    free(s);
    ck_assert_ptr_null(head_decode("%4", 2));
    ck_assert_ptr_null(head_decode("%00", 3));
    ck_assert_ptr_null(head_decode("%g0", 3));
    ck_assert_ptr_null(head_decode("%41", 2)); /* not beyond its length */
}
END_TEST

/* ---- routes ---- */

static void nothing(struct req *r)
{
    (void)r;
}

static const struct route table[] = {
    {METHOD_GET, "/a", "all", ON_ANY, false, 0, nothing},
    {METHOD_POST, "/a", "all", ON_API, false, 0, nothing},
    {METHOD_GET, "/c/{}.pem", "pem", ON_API, false, 0, nothing},
    {METHOD_GET, "/c/self", "self", ON_API, false, 0, nothing},
    {METHOD_GET, "/c/{}", "one", ON_API, false, 0, nothing},
    {METHOD_DELETE, "/c/{}", "one", ON_API, false, 0, nothing},
    {METHOD_POST, "/c/{}/renew", "renew", ON_API, false, 0, nothing},
    {METHOD_GET, "/o/{*}", "rest", ON_ANY, false, 0, nothing},
};

/* "row part" or "- allow" */
static void route_is(unsigned where, enum front_method m, const char *path,
                     const char *wanted)
{
    struct route_found f;
    AUTO(free) char *got = NULL, *allow = NULL;

    route_find(table, COUNT(table), where, m, path, &f);
    allow = route_allow(f.allow);
    if (f.route)
        got = xasprintf("%s %s", f.route->name, f.part ? f.part : "");
    else
        got = xasprintf("- %s", allow);
    ck_assert_msg(strcmp(got, wanted) == 0, "%s: %s, not %s", path, got,
                  wanted);
    free(f.part);
}

START_TEST(routes)
{
    static const struct {
        const char *path, *wanted;
    } get[] = {
        {"/a", "all "},
        {"/a/", "- "},
        {"/A", "- "},
        {"/%61", "- "},
        {"//a", "- "},
        {"/", "- "},
        {"/c/", "- "},
        {"/c/x", "one x"},
        {"/c/x%3Ay", "one x:y"},
        {"/c/x.pem", "pem x"},
        {"/c/.pem", "one .pem"},
        {"/c/x.pem.pem", "pem x.pem"},
        {"/c/self", "self "},
        {"/c/x/", "- "},
        {"/c/x/y", "- "},
        {"/c/x%2Fy", "- "},
        {"/c/..", "- "},
        {"/c/%2e%2E", "- "},
        {"/c/.", "- "},
        {"/c/..pem", "one ..pem"},
        {"/c/x/renew", "- POST"},
        {"/c//renew", "- "},
        {"/c/x/renew/", "- "},
        {"/o/a/b%2Fc==", "rest a/b/c=="},
        {"/o/", "- "},
        {"/o", "- "},
    };

    for (size_t i = 0; i < COUNT(get); i++)
        route_is(ON_API, METHOD_GET, get[i].path, get[i].wanted);
    route_is(ON_API, METHOD_POST, "/a", "all ");
    route_is(ON_PUBLIC, METHOD_POST, "/a", "- GET, HEAD");
    route_is(ON_PUBLIC, METHOD_GET, "/c/x", "- ");
    route_is(ON_API, METHOD_STOP, "/a", "- GET, HEAD, POST");
    route_is(ON_API, METHOD_POST, "/c/self", "- GET, HEAD, DELETE");
    route_is(ON_API, METHOD_DELETE, "/c/self", "one self");
    route_is(ON_API, METHOD_POST, "/c/x/renew", "renew x");
}
END_TEST

/* Every row is reached by a path of its own, and says something. */
START_TEST(real_table)
{
    for (size_t i = 0; i < front_routes_n; i++) {
        const struct route *r = &front_routes[i];

        ck_assert(r->method > METHOD_STOP && r->method < METHOD__MAX);
        ck_assert(r->path[0] == '/' && r->name && r->name[0] == '/');
        ck_assert(r->listeners & ON_ANY &&
                  !(r->listeners & ~(unsigned)(ON_ANY | QUIET)));
        ck_assert_ptr_nonnull((const void *)(uintptr_t)r->handler);
        /* nothing that needs a credential is public */
        ck_assert(!r->who || r->listeners == ON_API);
    }
    ck_assert_uint_gt(front_routes_n, 20);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lengths, version, fields, size,      blanks,
                                  urls,    values,  routes, real_table};

    return unit_run("front_head", tests, COUNT(tests));
}
