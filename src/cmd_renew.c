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
    AUTO(msg_issue) struct msg_issue m = {0};
    int code;

    if (cmd_options(&argc, &argv, options, "renew SERIAL [CSR|-] …", &code) < 0)
        return code;
    if (argc < 1 || argc > 2)
        return cmd_usage("renew", "a serial number, and perhaps a CSR");
    if (cmd_serial(&m.renews, argv[0], &e) < 0)
        return cmd_bad(&e);
    code = cmd_request(argc == 2 ? argv[1] : NULL, &a, &m);
    return code == EXIT_DONE ? cmd_issue_run(file, MSG_RENEW, &m, out, json)
                             : code;
}
