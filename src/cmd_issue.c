/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include "cmd_record.h"

int cmd_issue(int argc, char **argv)
{
    struct request_args a = {0};
    const char *file = NULL, *out = NULL, *json = NULL;
    struct cmd_option options[CMD_REQUEST_OPTIONS + 4] = {
        [CMD_REQUEST_OPTIONS] = {"out", 'o', "FILE",
                                 "a new file for the chain; default: stdout",
                                 &out, NULL},
        {"json", 'j', NULL, "the certificate object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(msg_issue) struct msg_issue m = {0};
    int code;

    cmd_request_options(options, &a);
    if (cmd_options(&argc, &argv, options, "issue CSR|- [--profile NAME] …",
                    &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("issue", "one CSR, please (a file, or - for stdin)");
    code = cmd_request(argv[0], &a, &m);
    return code == EXIT_DONE ? cmd_issue_run(file, MSG_ISSUE, &m, out, json)
                             : code;
}
