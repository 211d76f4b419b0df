/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd.h"

int cmd_clock(int argc, char **argv)
{
    const char *file = NULL;
    const struct cmd_option options[] = {CMD_CONF_OPTION(file), {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    struct frame f;
    int code;

    if (cmd_options(&argc, &argv, options, "clock accept [-c FILE]", &code) < 0)
        return code;
    if (argc != 1 || strcmp(argv[0], "accept") != 0)
        return cmd_usage("clock", "accept, when the time is right after all");
    c = cmd_client(file, &code);
    if (!c)
        return code;
    client_begin(c, MSG_CLOCK_ACCEPT);
    return client_call(c, MSG_DONE, &f, &e) < 0 ? cmd_fail(&e) : EXIT_DONE;
}
