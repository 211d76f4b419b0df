/* SPDX-License-Identifier: ISC */
#include "cmd.h"

#include <stdio.h>

#include <confuse.h>
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#ifdef WITH_SANDBOX
#include <seccomp.h>
#endif

#include "sandbox.h"

int cmd_version(int argc, char **argv)
{
    int code;

    if (cmd_options(&argc, &argv, NULL, "version", &code) < 0)
        return code;
    if (argc > 0)
        return cmd_usage("version", "\"%s\" is too much", argv[0]);
    printf("pocketca %s\n", PACKAGE_VERSION);
    printf("openssl %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
    printf("sqlite %s\n", sqlite3_libversion());
    printf("libmicrohttpd %s\n", MHD_get_version());
    printf("gnutls %s\n", gnutls_check_version(NULL));
    printf("jansson %s\n", jansson_version_str());
    printf("libconfuse %s\n", confuse_version);
#ifdef WITH_SANDBOX
    {
        const struct scmp_version *v = seccomp_version();

        printf("libseccomp %u.%u.%u\n", v->major, v->minor, v->micro);
    }
#endif
    printf("sandbox %s\n", sandbox_text());
    return EXIT_DONE;
}
