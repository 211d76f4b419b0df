/* SPDX-License-Identifier: ISC */
/* Subcommands: `pocketca foo` is cmd_foo.c, entered from the table in main.c.
 * argv[0] is the subcommand's name.  Exit codes: 0 done; 1 refused or failed;
 * 2 usage; 3 not now, try again; 4 revoked. */
#ifndef POCKETCA_CMD_H
#define POCKETCA_CMD_H

#include <stdio.h>

#include "client.h"
#include "conf.h"
#include "err.h"
#include "passphrase.h"

enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_LATER = 3,
    EXIT_REVOKED = 4 /* status: all agree */
};

int cmd_init(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_issue(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_renew(int argc, char **argv);
int cmd_revoke(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_block(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_crl(int argc, char **argv);
int cmd_sign_intermediate(int argc, char **argv);
int cmd_install_chain(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_clock(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);
/* Every command with its summary. */
void cmd_help_all(FILE *to);
/* Says that there is none of that name: EXIT_USAGE. */
int cmd_unknown(const char *name);

/* The table of main.c, ended by a row without name. */
struct cmd {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary; /* "signs a CSR" */
};
extern const struct cmd cmd_table[];

/*
 * Options: --name VALUE or --name=VALUE, -x VALUE; a table each.  Every
 * subcommand has --help (usage on stdout, exit 0).
 */
struct cmd_option {
    const char *name; /* "profile" */
    char letter;      /* 'c', or 0 */
    const char *arg;  /* "NAME" in the usage; NULL: a flag */
    const char *help;
    const char **value; /* set to the value, or to "" for a flag */
    struct strs *list;  /* instead of value: may be repeated */
};
/* Options anywhere before "--", each at most once.  Afterwards *argv are the
 * operands alone, *argc of them: the first one is (*argv)[0]; no value and no
 * operand is empty, but for the value of a TEXT.  usage is what
 * follows "pocketca " in the first line of the help, "issue [options] CSR".
 * table is ended by a row without name; NULL: no options but --help.  Returns
 * EXIT_DONE to go on, or -1 when the caller is to return *code (help was
 * printed, or a usage error said). */
int cmd_options(int *argc, char ***argv, const struct cmd_option *table,
                const char *usage, int *code);

/* Prints every reason to stderr and gives the exit code: EXIT_REFUSED, or
 * EXIT_LATER. */
int cmd_fail(const struct errs *e);
/* The same of values that options cannot have: EXIT_USAGE. */
int cmd_bad(const struct errs *e);
/* The same of what the signer said: it judges some values too. */
int cmd_refused(const struct errs *e);
/* "pocketca: warning: sentence" on stderr, a line each. */
void cmd_warn(const struct strs *warnings);
/* "pocketca foo: sentence" and the hint to --help; EXIT_USAGE. */
int cmd_usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Loads the configuration, drops to the owner of its data when root, opens
 * the client.  NULL with *code set and the reason printed.  Read files that
 * the caller named before this: afterwards they may be out of reach. */
struct client *cmd_client(const char *conf_option, int *code);
/* The same for a command that signs: from says where passphrases are. */
struct client *cmd_client_pass(const char *conf_option,
                               const struct passphrase_from *from, int *code);
/* The same, with the reason in e; from may be NULL. */
struct client *cmd_client_open(const char *conf_option,
                               const struct passphrase_from *from,
                               struct errs *e);
/* When root: the owner of the data for good. */
int cmd_become_owner(const struct conf *c, struct errs *e);
/* The row of the option that every command with a configuration has. */
#define CMD_CONF_OPTION(var)                                                   \
    {                                                                          \
        "config", 'c', "FILE",                                                 \
            "the configuration, instead of "                                   \
            "/etc/pocketca/pocketca.conf",                                     \
            &(var), NULL                                                       \
    }
/* The rows of the options that say where a passphrase is; from is a struct
 * passphrase_from. */
#define CMD_PASSPHRASE_OPTIONS(from)                                           \
    {"passphrase-file", 0,   "FILE", "its first line opens encrypted keys",    \
     &(from).file,      NULL},                                                 \
    {                                                                          \
        "passphrase-fd", 0, "N", "a descriptor to read that line from",        \
            &(from).fd, NULL                                                   \
    }

#endif
