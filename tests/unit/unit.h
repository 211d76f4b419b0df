/* SPDX-License-Identifier: ISC */
/* What every unit test program's main() does. */
#ifndef POCKETCA_UNIT_H
#define POCKETCA_UNIT_H

#include <check.h>

#include "mem.h"

/* Runs the tests as one suite; the exit code of the program. */
static inline int unit_run(const char *name, const TTest *const *tests,
                           size_t n)
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    SRunner *r;
    int failed;

    tcase_set_timeout(c, 120);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

#endif
