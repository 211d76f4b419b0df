/* SPDX-License-Identifier: ISC */
/* The lists that the front has: by name, each as long as somebody reads it, and
 * with dates that tell one from the one before. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "front_core.h"
#include "unit.h"

static int put(const char *name, int64_t this_update)
{
    struct msg_crl_file m = {.name = xstrdup(name), .this_update = this_update};
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    crl_put(&m, fd);
    return fd;
}

/* Of the one list of this name; -1: there is none. */
static int64_t modified(const char *name)
{
    struct crl_files l = {0};
    int64_t t;

    crl_files_find(&l, name);
    ck_assert_uint_le(l.n, 1);
    t = l.n ? l.v[0]->modified : -1;
    crl_files_free(&l);
    return t;
}

/* Who has the list of a second is given the next one of the same second, also
 * when the clock was set back. */
START_TEST(a_newer_list_is_dated_later)
{
    int64_t last;

    put("a.crl", 1000);
    ck_assert_int_eq(modified("a.crl"), 1000);
    put("a.crl", 1000);
    ck_assert_int_eq(modified("a.crl"), 1001);
    put("a.crl", 1001);
    ck_assert_int_eq(modified("a.crl"), 1002);
    put("a.crl", 500);
    ck_assert_int_eq(modified("a.crl"), 1003);
    put("a.crl", 1004);
    ck_assert_int_eq(modified("a.crl"), 1004);
    ck_assert_int_eq(crl_files_changed(), 1004);
    /* What all of them make is newer with each of them, and without. */
    put("b.crl", 900);
    ck_assert_int_eq(modified("b.crl"), 900);
    last = crl_files_changed();
    ck_assert_int_eq(last, 1005);
    crl_drop("none.crl");
    ck_assert_int_eq(crl_files_changed(), last);
    crl_drop("b.crl");
    ck_assert_int_eq(crl_files_changed(), last + 1);
    ck_assert_int_eq(modified("b.crl"), -1);
    put("b.crl", 2000);
    ck_assert_int_eq(crl_files_changed(), 2000);
}
END_TEST

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(a_list_stays_while_it_is_read)
{
    struct crl_files l = {0};
    const int first = put("p/1.crl", 1), other = put("p/2.crl", 1);

    put("q.crl", 1);
    crl_files_below(&l, "p/");
    ck_assert_uint_eq(l.n, 2);
    put("p/1.crl", 2);
    crl_drop("p/2.crl");
    ck_assert(is_open(first) && is_open(other));
    ck_assert_int_eq(l.v[0]->modified, 1);
    crl_files_free(&l);
    ck_assert(!is_open(first) && !is_open(other));
    crl_files_below(&l, "p/");
    ck_assert_uint_eq(l.n, 1);
    ck_assert_str_eq(l.v[0]->meta.name, "p/1.crl");
    crl_files_free(&l);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_newer_list_is_dated_later,
        a_list_stays_while_it_is_read,
    };

    return unit_run("front_crl", tests, COUNT(tests));
}
