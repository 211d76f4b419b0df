/* SPDX-License-Identifier: ISC */
#include "cmd.h"

#include <stdio.h>

#include "log.h"
#include "proc.h"

int cmd_check(int argc, char **argv)
{
    const char *file = NULL;
    struct passphrase_from pass = {0};
    const struct cmd_option options[] = {
        CMD_PASSPHRASE_OPTIONS(pass), CMD_CONF_OPTION(file), {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = NULL;
    AUTO(strs) struct strs warnings = {0};
    int code;

    if (cmd_options(&argc, &argv, options, "check [-c FILE]", &code) < 0)
        return code;
    if (argc > 0)
        return cmd_usage("check", "\"%s\" is too much", argv[0]);
    if (passphrase_judge(&pass, &e) < 0)
        return cmd_bad(&e);
    c = conf_load(conf_path(file), &e);
    if (!c || passphrase_given(&pass, &c->given_pass, &e) < 0 ||
        passphrase_fill(c, c->given_pass, !c->offline, &e) < 0)
        return cmd_fail(&e);
    code = conf_check(c, &warnings, &e) < 0 ? cmd_fail(&e) : EXIT_DONE;
    cmd_warn(&warnings);
    if (code == EXIT_DONE)
        printf("%s is good\n", c->file);
    return code;
}

/* The same for the supervisor, which itself never opens a key. */
int check_main(const char *path)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = NULL;
    AUTO(strs) struct strs warnings = {0};

    proc_child_init("check");
    c = proc_conf(path);
    if (passphrase_unseal(c, FD_PASS) < 0)
        log_fatal("start", "the passphrases did not come");
    proc_drop(c->signer_user ? c->signer_user : c->user);
    conf_check(c, &warnings, &e);
    for (size_t i = 0; i < warnings.n; i++)
        log_msg(LOG_WARN, "configuration", "%s", warnings.v[i]);
    for (size_t i = 0; i < e.n; i++)
        log_msg(LOG_ERROR, "configuration", "%s", e.v[i].detail);
    return e.n ? EXIT_REFUSED : EXIT_DONE;
}
