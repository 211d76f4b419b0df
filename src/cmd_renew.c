/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include "cmd_record.h"

int cmd_renew(int argc, char **argv)
{
    struct request_args a = {0};
    const char *file = NULL, *out = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"lifetime", 'l', "SPAN", "90d, 12h; default: the profile's",
         &a.lifetime, NULL},
        {"out", 'o', "FILE", "a new file for the chain; default: stdout", &out,
         NULL},
        {"json", 'j', NULL, "the certificate object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(csr) struct csr csr = {0};
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(client) struct client *c = NULL;
    const char *path;
    int code;

    if (cmd_options(&argc, &argv, options, "renew SERIAL [CSR|-] …", &code) < 0)
        return code;
    if (argc < 1 || argc > 2)
        return cmd_usage("renew", "a serial number, and perhaps a CSR");
    path = argc == 2 ? argv[1] : NULL;
    if (cmd_serial(&m.renews, argv[0], &e) < 0 ||
        (path && cmd_read_csr(path, &der, &csr, &e) < 0) ||
        request_fill(&m, path ? &csr : NULL, &a, &e) < 0)
        return cmd_fail(&e);
    m.protocol = xstrdup("cli");
    c = cmd_client(file, &code);
    if (!c)
        return code;
    if (cmd_issue_run(c, MSG_RENEW, &m, out, json, &e) < 0)
        return cmd_fail(&e);
    return EXIT_DONE;
}
