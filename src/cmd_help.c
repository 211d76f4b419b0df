/* SPDX-License-Identifier: ISC */
#include "cmd.h"

#include <string.h>

void cmd_help_all(FILE *to)
{
    fprintf(to, "usage: pocketca COMMAND [options] [operands]\n\n");
    for (const struct cmd *c = cmd_table; c->name; c++)
        fprintf(to, "  %-17s  %s\n", c->name, c->summary);
    fprintf(to,
            "\n`pocketca COMMAND --help` says more; so does pocketca(1).\n");
}

int cmd_unknown(const char *name)
{
    fprintf(stderr,
            "pocketca: there is no command \"%s\".\n"
            "Try `pocketca help`.\n",
            name);
    return EXIT_USAGE;
}

int cmd_help(int argc, char **argv)
{
    static char option[] = "--help";
    int code;

    if (cmd_options(&argc, &argv, NULL, "help [COMMAND]", &code) < 0)
        return code;
    if (argc > 1)
        return cmd_usage("help", "one command at a time");
    if (argc == 0) {
        cmd_help_all(stdout);
        return EXIT_DONE;
    }
    for (const struct cmd *c = cmd_table; c->name; c++)
        if (strcmp(c->name, argv[0]) == 0) {
            char *words[] = {argv[0], option, NULL};

            return c->run(2, words);
        }
    return cmd_unknown(argv[0]);
}
