/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include "cmd_record.h"

int cmd_issue(int argc, char **argv)
{
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

    if (cmd_request_csr(argc, argv, options, &m, &code) < 0)
        return code;
    return cmd_issue_run(file, MSG_ISSUE, &m, out, json);
}
