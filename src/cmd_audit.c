/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "cmd.h"

static int print_line(struct frame *f, struct errs *e)
{
    size_t len;
    const uint8_t *p = rd_blob(&f->body, &len);

    if (!rd_done(&f->body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    printf("%.*s\n", (int)len, (const char *)p);
    return 0;
}

int cmd_audit(int argc, char **argv)
{
    const char *file = NULL;
    const struct cmd_option options[] = {CMD_CONF_OPTION(file), {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    struct frame f = {.more = true};
    int code;

    if (cmd_options(&argc, &argv, options, "audit [-c FILE]", &code) < 0)
        return code;
    if (argc > 0)
        return cmd_usage("audit", "\"%s\" is too much", argv[0]);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    client_begin(c, MSG_AUDIT);
    if (client_send(c, &e) < 0)
        return cmd_fail(&e);
    while (f.more) {
        if (client_recv(c, &f, &e) < 0)
            return cmd_fail(&e);
        if (f.type == MSG_TEXT && print_line(&f, &e) < 0)
            return cmd_fail(&e);
    }
    return EXIT_DONE;
}
