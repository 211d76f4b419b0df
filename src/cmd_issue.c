/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include "cmd_record.h"

int cmd_issue(int argc, char **argv)
{
    struct request_args a = {0};
    const char *file = NULL, *out = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"profile", 'p', "NAME", "profile; default: the first", &a.profile,
         NULL},
        {"lifetime", 'l', "SPAN", "90d, 12h; default: the profile's",
         &a.lifetime, NULL},
        {"not-before", 0, "TIME", "2026-01-31T12:00:00Z; default: now",
         &a.not_before, NULL},
        {"names", 'n', "LIST", "instead of the names in the CSR", &a.names,
         NULL},
        {"note", 0, "TEXT", "is kept with the certificate", &a.note, NULL},
        {"replaces", 0, "SERIAL", "the certificate that this one replaces",
         &a.replaces, NULL},
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
    int code;

    if (cmd_options(&argc, &argv, options, "issue CSR|- [--profile NAME] …",
                    &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("issue", "one CSR, please (a file, or - for stdin)");
    if (cmd_read_csr(argv[0], &der, &csr, &e) < 0 ||
        request_fill(&m, &csr, &a, &e) < 0)
        return cmd_fail(&e);
    m.protocol = xstrdup("cli");
    c = cmd_client(file, &code);
    if (!c)
        return code;
    if (cmd_issue_run(c, MSG_ISSUE, &m, out, json, &e) < 0)
        return cmd_fail(&e);
    return EXIT_DONE;
}
