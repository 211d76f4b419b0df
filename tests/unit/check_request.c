/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "request.h"
#include "unit.h"

/* Any two of these are different requests. */
START_TEST(every_argument_counts)
{
    static char one[] = "a.b", two[] = "c.d", both[] = "a.b,c.d";
    static char *list1[] = {one}, *list2[] = {one, two}, *list3[] = {both};
    const struct strs a = {list1, 1}, b = {list2, 2}, c = {list3, 1},
                      none = {NULL, 0};
    const struct serial serial = {.v = {1}, .len = 1};
    const struct {
        const char *csr;
        struct request_args args;
        const struct serial *renews;
    } all[] = {
        {"x", {0}, NULL},
        {"y", {0}, NULL},
        {"", {0}, NULL},
        {"x", {.profile = ""}, NULL},
        {"x", {.profile = "p"}, NULL},
        {"x", {.lifetime = "p"}, NULL},
        {"x", {.not_before = "p"}, NULL},
        {"x", {.note = "p"}, NULL},
        {"x", {.replaces = "p"}, NULL},
        {"x", {.names = "p"}, NULL},
        {"x", {.names = "a.b"}, NULL},
        {"x", {.name_list = &none}, NULL},
        {"x", {.name_list = &a}, NULL},
        {"x", {.name_list = &b}, NULL},
        {"x", {.name_list = &c}, NULL},
        {"x", {0}, &serial},
    };
    enum { N = COUNT(all) };
    uint8_t hash[N][32], again[32];

    for (size_t i = 0; i < N; i++) {
        request_hash(hash[i], all[i].csr, strlen(all[i].csr), &all[i].args,
                     all[i].renews);
        request_hash(again, all[i].csr, strlen(all[i].csr), &all[i].args,
                     all[i].renews);
        ck_assert_mem_eq(hash[i], again, 32);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(memcmp(hash[i], hash[j], 32) != 0, "%zu = %zu", i, j);
    }
}
END_TEST

START_TEST(every_bad_argument_is_named)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(errs) struct errs e = {0};
    char note[REQUEST_NOTE_MAX + 2];
    const struct request_args a = {.lifetime = "soon",
                                   .not_before = "2026-02-30T00:00:00Z",
                                   .note = note,
                                   .replaces = "xyz",
                                   .names = "a.b,-c.d"};

    memset(note, 'n', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    ck_assert_int_eq(request_fill(&m, NULL, &a, &e), -1);
    ck_assert_uint_eq(e.n, 5);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "soon"));
    ck_assert_ptr_nonnull(strstr(e.v[1].detail, "2026-02-30"));
    ck_assert_ptr_nonnull(strstr(e.v[3].detail, "xyz"));
    ck_assert_int_eq(e.v[4].code, ERR_BAD_NAME);
    ck_assert_ptr_nonnull(strstr(e.v[4].detail, "-c.d"));
}
END_TEST

START_TEST(an_empty_list_is_not_no_list)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(errs) struct errs e = {0};
    const struct request_args a = {.names = ""};

    ck_assert_int_eq(request_fill(&m, NULL, &a, &e), -1);
    ck_assert_int_eq(errs_first(&e)->code, ERR_NO_NAMES);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_argument_counts,
        every_bad_argument_is_named,
        an_empty_list_is_not_no_list,
    };

    return unit_run("request", tests, COUNT(tests));
}
