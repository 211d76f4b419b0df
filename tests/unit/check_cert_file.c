/* SPDX-License-Identifier: ISC */
/* Files with certificates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "unit.h"
#include "x509.h"

START_TEST(files_that_hold_no_certificate)
{
    static const struct {
        const char *content, *why;
    } cases[] = {
        {"", "no certificate"},
        {" \n", "no certificate"},
        {"hello", "not a PEM file"},
        {"-----BEGIN CERTIFICATE-----\nMIIB\n", "not a PEM file"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
         "certificate 1"},
        {"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
         "X509 CRL"},
    };
    AUTO(free) char *path = xasprintf("/tmp/check_cert_read.%d", getpid());

    for (size_t i = 0; i <= COUNT(cases); i++) {
        bool missing = i == COUNT(cases);
        const char *why = missing ? "No such file" : cases[i].why;
        AUTO(blobs) struct blobs l = {0};
        AUTO(errs) struct errs e = {0};
        FILE *f;

        if (!missing) {
            f = fopen(path, "w");
            fputs(cases[i].content, f);
            fclose(f);
        }
        ck_assert_int_eq(cert_load(path, &l, &e), -1);
        unlink(path);
        ck_assert_uint_eq(l.n, 0);
        ck_assert_msg(strstr(e.v[0].detail, why) != NULL, "%s", e.v[0].detail);
        ck_assert_ptr_nonnull(strstr(e.v[0].detail, path));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_that_hold_no_certificate,
    };

    return unit_run("cert_file", tests, COUNT(tests));
}
