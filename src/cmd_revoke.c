/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "crl.h"
#include "tm.h"
#include "view.h"

static int run_revoke(struct client *c, const struct msg_revoke *m,
                      struct msg_revoked *r, struct errs *e)
{
    struct frame f = {.more = true};

    msg_revoke_put(client_begin(c, MSG_REVOKE), m);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type != MSG_REVOKED)
            return err_add(e, ERR_SIGNER_AWAY, "REVOKE was answered by %s",
                           msg_name(f.type));
        msg_revoked_get(&f.body, r);
        if (!rd_done(&f.body))
            return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    }
    return 0;
}

static void show(const struct msg_revoked *r, bool json)
{
    char serial[2 * SERIAL_MAX + 1], when[TM_RFC3339_SIZE];

    if (json) {
        cmd_print_json(view_revoked(r, tm_now(), NULL));
        return;
    }
    serial_text(serial, &r->record.serial);
    tm_rfc3339(when, r->record.revoked_at);
    printf("%s revoked at %s, reason %s\n", serial, when,
           crl_reason_text(r->record.reason));
    for (size_t i = 0; i < r->n; i++) {
        serial_text(serial, &r->also[i]);
        printf("%s too\n", serial);
    }
    if (r->crl_pending)
        puts("the CRL that says so is being built");
}

static int parse_reason(const char *text, int *reason, struct errs *e)
{
    *reason = text ? crl_reason_parse(text) : -1;
    if (!text || *reason >= 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "\"%s\" is no reason; unspecified, keyCompromise, "
                   "affiliationChanged, superseded, cessationOfOperation and "
                   "privilegeWithdrawn are",
                   text);
}

static int parse_renewals(const char *text, int *renewals, struct errs *e)
{
    *renewals = !text ? -1 : strcmp(text, "true") == 0;
    if (!text || *renewals || strcmp(text, "false") == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "renewals \"%s\" is neither true nor false", text);
}

int cmd_revoke(int argc, char **argv)
{
    const char *file = NULL, *reason = NULL, *renewals = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"reason", 'r', "WORD", "keyCompromise, superseded, …", &reason, NULL},
        {"renewals", 0, "true|false",
         "also what was renewed from it or has its key; default: for "
         "keyCompromise",
         &renewals, NULL},
        {"json", 'j', NULL, "the certificate object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(msg_revoked) struct msg_revoked r = {0};
    struct msg_revoke m;
    int code;

    if (cmd_options(&argc, &argv, options, "revoke SERIAL [--reason WORD] …",
                    &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("revoke", "one serial number, please");
    if (cmd_serial(&m.serial, argv[0], &e) < 0 ||
        parse_reason(reason, &m.reason, &e) < 0 ||
        parse_renewals(renewals, &m.renewals, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    code = run_revoke(c, &m, &r, &e) < 0 ? cmd_fail(&e) : EXIT_DONE;
    if (code == EXIT_DONE)
        show(&r, json);
    return code;
}
