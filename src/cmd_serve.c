/* SPDX-License-Identifier: ISC */
#include "cmd.h"

#include "proc.h"

int cmd_serve(int argc, char **argv)
{
    const char *file = NULL;
    struct passphrase_from pass = {.ask = true};
    const struct cmd_option options[] = {
        CMD_PASSPHRASE_OPTIONS(pass), CMD_CONF_OPTION(file), {0}};
    AUTO(errs) struct errs e = {0};
    int code;

    if (cmd_options(&argc, &argv, options, "serve [-c FILE]", &code) < 0)
        return code;
    if (argc > 0)
        return cmd_usage("serve", "\"%s\" is too much", argv[0]);
    if (passphrase_judge(&pass, &e) < 0)
        return cmd_bad(&e);
    return supervisor_run(conf_path(file), &pass);
}
