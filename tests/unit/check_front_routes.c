/* SPDX-License-Identifier: ISC */
/* The table of routes, against itself and against doc/openapi.yaml. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "front_core.h"
#include "front_handle.h"
#include "mem.h"
#include "unit.h"

static const char *const methods[METHOD__MAX] = {
    [METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_DELETE] = "delete"};

/* The lines of the description's operation, from "    get:" on. */
static char *operation(const struct route *r)
{
    AUTO(free)
    char *all = xstrndup((const char *)front_openapi_text, front_openapi_size);
    AUTO(free) char *path = xasprintf("\n  %s:\n", r->name);
    AUTO(free) char *method = xasprintf("\n    %s:\n", methods[r->method]);
    char *at = strstr(all, path), *end;

    ck_assert_msg(at, "%s is not described", r->name);
    at += strlen(path) - 1;
    end = strstr(at, "\n  /");
    if (!end)
        end = strstr(at, "\ncomponents:");
    *end = '\0';
    at = strstr(at, method);
    ck_assert_msg(at, "%s %s is not described", methods[r->method], r->name);
    at += strlen(method);
    for (int m = METHOD_GET; m < METHOD__MAX; m++) {
        AUTO(free) char *next = xasprintf("\n    %s:\n", methods[m]);

        if ((end = strstr(at, next)))
            *end = '\0';
    }
    return xstrdup(at);
}

START_TEST(each_route_is_described)
{
    for (size_t i = 0; i < front_routes_n; i++) {
        const struct route *r = &front_routes[i];
        AUTO(free) char *text = operation(r);
        bool open = strstr(text, "security: []");

        ck_assert_msg(open == !r->who,
                      "%s %s: who may call it is described otherwise",
                      methods[r->method], r->name);
    }
}
END_TEST

START_TEST(no_other_is_described)
{
    AUTO(free)
    char *all = xstrndup((const char *)front_openapi_text, front_openapi_size);
    size_t n = 0;

    *strstr(all, "\ncomponents:") = '\0';
    for (int m = METHOD_GET; m < METHOD__MAX; m++) {
        AUTO(free) char *line = xasprintf("\n    %s:\n", methods[m]);

        for (char *s = all; (s = strstr(s, line)); s++)
            n++;
    }
    ck_assert_uint_eq(n, front_routes_n);
    ck_assert_ptr_null(strstr(all, "\n    put:"));
    ck_assert_ptr_null(strstr(all, "\n    patch:"));
}
END_TEST

/* Each code of errors is in the description. */
START_TEST(each_code_is_described)
{
    AUTO(free)
    char *all = xstrndup((const char *)front_openapi_text, front_openapi_size);

    for (int e = ERR_NONE + 1; e < ERR__MAX; e++)
        ck_assert_msg(strstr(all, err_code((enum err)e)), "%s",
                      err_code((enum err)e));
}
END_TEST

/* "/v1/tokens/{id}" with each {} replaced by what. */
static char *example(const char *name, const char *what)
{
    char *path = xstrdup(name);
    const char *from;

    while ((from = strchr(path, '{'))) {
        char *next = xasprintf("%.*s%s%s", (int)(from - path), path, what,
                               strchr(from, '}') + 1);

        free(path);
        path = next;
    }
    return path;
}

START_TEST(each_path_leads_to_its_route)
{
    for (size_t i = 0; i < front_routes_n; i++) {
        const struct route *r = &front_routes[i];
        AUTO(free) char *path = example(r->name, "x9");
        struct route_found found;

        route_find(front_routes, front_routes_n, ON_API, r->method, path,
                   &found);
        ck_assert_msg(found.route == r, "%s leads elsewhere", path);
        if (strchr(r->path, '{'))
            ck_assert_str_eq(found.part,
                             strstr(r->path, "{}/{}") ? "x9/x9" : "x9");
        free(found.part);
        route_find(front_routes, front_routes_n, ON_PUBLIC, r->method, path,
                   &found);
        ck_assert_msg(!found.route == !(r->listeners & ON_PUBLIC), "%s", path);
        ck_assert_uint_eq(!found.allow, !(r->listeners & ON_PUBLIC));
        free(found.part);
    }
}
END_TEST

START_TEST(what_public_serves_needs_no_credential)
{
    for (size_t i = 0; i < front_routes_n; i++) {
        const struct route *r = &front_routes[i];

        ck_assert(r->handler);
        ck_assert(r->listeners & ON_API);
        if (r->listeners & ON_PUBLIC)
            ck_assert_msg(!r->who && (strncmp(r->path, "/crl/", 5) == 0 ||
                                      strncmp(r->path, "/ca/", 4) == 0 ||
                                      strncmp(r->path, "/ocsp", 5) == 0 ||
                                      strcmp(r->path, "/healthz") == 0),
                          "%s", r->path);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_route_is_described,
        no_other_is_described,
        each_code_is_described,
        each_path_leads_to_its_route,
        what_public_serves_needs_no_credential,
    };

    return unit_run("front_routes", tests, COUNT(tests));
}
