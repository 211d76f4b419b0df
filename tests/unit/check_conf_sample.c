/* SPDX-License-Identifier: ISC */
/* The sample configuration, and where it is shown. */
#include <string.h>

#include "conf.h"
#include "unit.h"

/* The sample that is installed and the manual show the same. */
START_TEST(the_sample_is_good)
{
    const char *source = getenv("SOURCE");
    AUTO(free)
    char *path = xasprintf("%s/etc/pocketca.conf", source ? source : ".");
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = conf_load(path, &e);

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    ck_assert_uint_eq(c->profiles.n, 6);
}
END_TEST

/* The example in pocketca.conf(5) is the sample, line for line. */
START_TEST(the_manual_shows_the_sample)
{
    const char *source = getenv("SOURCE");
    AUTO(free)
    char *sample_path =
        xasprintf("%s/etc/pocketca.conf", source ? source : ".");
    AUTO(free)
    char *page_path =
        xasprintf("%s/man/pocketca.conf.5", source ? source : ".");
    AUTO(buf) struct buf sample = {0};
    AUTO(buf) struct buf page = {0};
    AUTO(errs) struct errs e = {0};
    const char *begin, *end;

    ck_assert_int_eq(conf_read(sample_path, &sample, &e), 0);
    ck_assert_int_eq(conf_read(page_path, &page, &e), 0);
    buf_putc(&page, 0);
    begin = strstr((const char *)page.data, "\n# A sample");
    ck_assert_ptr_nonnull(begin);
    begin++;
    end = strstr(begin, "\n.Ed");
    ck_assert_ptr_nonnull(end);
    ck_assert_uint_eq((size_t)(end + 1 - begin),
                      sample.len - strlen("# SPDX-License-Identifier: ISC\n"));
    ck_assert_int_eq(
        memcmp(begin, sample.data + strlen("# SPDX-License-Identifier: ISC\n"),
               (size_t)(end + 1 - begin)),
        0);
}
END_TEST

/* Each profile that README.md shows is one of the sample. */
START_TEST(the_readme_shows_the_sample)
{
    static const char *const begin[] = {"\nprofile people {",
                                        "\nprofile workload {"};
    const char *source = getenv("SOURCE");
    const char *root = source ? source : ".";
    AUTO(free) char *sample_path = xasprintf("%s/etc/pocketca.conf", root);
    AUTO(free) char *readme_path = xasprintf("%s/README.md", root);
    AUTO(buf) struct buf sample = {0};
    AUTO(buf) struct buf readme = {0};
    AUTO(errs) struct errs e = {0};

    ck_assert_int_eq(conf_read(sample_path, &sample, &e), 0);
    ck_assert_int_eq(conf_read(readme_path, &readme, &e), 0);
    buf_putc(&sample, 0);
    buf_putc(&readme, 0);
    for (size_t i = 0; i < COUNT(begin); i++) {
        const char *a = strstr((const char *)sample.data, begin[i]);
        const char *b = strstr((const char *)readme.data, begin[i]);
        const char *end = a ? strstr(a, "\n}\n") : NULL;

        ck_assert(a && b && end);
        ck_assert_int_eq(strncmp(a, b, (size_t)(end - a) + 3), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_sample_is_good,
        the_manual_shows_the_sample,
        the_readme_shows_the_sample,
    };

    return unit_run("conf_sample", tests, COUNT(tests));
}
