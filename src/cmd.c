/* SPDX-License-Identifier: ISC */
#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "proc.h"

static void option_help(const struct cmd_option *o)
{
    char left[64];
    int n = 0;

    if (o->letter)
        n = snprintf(left, sizeof(left), "-%c, --%s", o->letter, o->name);
    else
        n = snprintf(left, sizeof(left), "    --%s", o->name);
    if (o->arg)
        snprintf(left + n, sizeof(left) - (size_t)n, " %s", o->arg);
    if (strlen(left) > 26)
        printf("  %s\n  %-26s  %s\n", left, "", o->help);
    else
        printf("  %-26s  %s\n", left, o->help);
}

static void help(const struct cmd_option *table, const char *usage)
{
    static const struct cmd_option row = {
        "help", 'h', NULL, "says this and ends", NULL, NULL};

    printf("usage: pocketca %s\n\n", usage);
    for (const struct cmd_option *o = table; o && o->name; o++)
        option_help(o);
    option_help(&row);
}

/* The row for argv[0] ("--name", "--name=VALUE", "-x", "-xVALUE"); *value is
 * what is glued to it, or NULL. */
static const struct cmd_option *option_find(const struct cmd_option *table,
                                            char *text, char **value)
{
    size_t len = strcspn(text, "=");
    bool is_long = text[1] == '-';

    for (const struct cmd_option *o = table; o && o->name; o++) {
        if (is_long && strlen(o->name) == len - 2 &&
            strncmp(o->name, text + 2, len - 2) == 0) {
            *value = text[len] ? text + len + 1 : NULL;
            return o;
        }
        if (!is_long && o->letter && text[1] == o->letter) {
            *value = text[2] ? text + 2 : NULL;
            return o;
        }
    }
    return NULL;
}

/* An empty value is a variable that a script meant to fill in; only a text may
 * be empty. */
static int option_judge(const char *command, const struct cmd_option *o,
                        const char *value)
{
    if (!o->arg && value)
        return cmd_usage(command, "--%s takes no value", o->name);
    if (o->arg && !value)
        return cmd_usage(command, "--%s wants %s", o->name, o->arg);
    if (o->arg && !*value && strcmp(o->arg, "TEXT") != 0)
        return cmd_usage(command, "--%s is empty", o->name);
    return EXIT_DONE;
}

static int operands_judge(const char *command, int n, char **v)
{
    for (int i = 0; i < n; i++)
        if (!*v[i])
            return cmd_usage(command, "argument %d is empty", i + 1);
    return EXIT_DONE;
}

/* One option; how many words of argv it took, or -1. */
static int option_take(const char *command, const struct cmd_option *table,
                       int left, char **argv, const void **seen)
{
    char *value = NULL;
    const struct cmd_option *o = option_find(table, argv[0], &value);
    int taken = 1;

    if (!o) {
        cmd_usage(command, "there is no option %s", argv[0]);
        return -1;
    }
    for (; *seen; seen++)
        if (*seen == o && !o->list) {
            cmd_usage(command, "--%s is there twice", o->name);
            return -1;
        }
    *seen = o;
    if (o->arg && !value && left > 1) {
        value = argv[1];
        taken = 2;
    }
    if (option_judge(command, o, value) != EXIT_DONE)
        return -1;
    if (o->list)
        strs_add(o->list, value);
    else
        *o->value = value ? value : "";
    return taken;
}

int cmd_options(int *argc, char ***argv, const struct cmd_option *table,
                const char *usage, int *code)
{
    const char *command = (*argv)[0];
    AUTO(free)
    const void **seen = xcalloc((size_t)*argc + 1, sizeof(*seen));
    char **v = *argv + 1;
    int operands = 0, i, n;

    for (i = 1; i < *argc; i += n) {
        char *word = (*argv)[i];

        n = 1;
        if (strcmp(word, "--") == 0) {
            i++;
            break;
        }
        if (word[0] != '-' || !word[1]) {
            v[operands++] = word;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            help(table, usage);
            *code = EXIT_DONE;
            return -1;
        }
        n = option_take(command, table, *argc - i, *argv + i, seen);
        if (n < 0) {
            *code = EXIT_USAGE;
            return -1;
        }
    }
    for (; i < *argc; i++)
        v[operands++] = (*argv)[i];
    *argv = v;
    *argc = operands;
    *code = operands_judge(command, operands, v);
    return *code == EXIT_DONE ? EXIT_DONE : -1;
}

int cmd_fail(const struct errs *e)
{
    fflush(stdout);
    for (size_t i = 0; i < e->n; i++)
        fprintf(stderr, "pocketca: %s\n", e->v[i].detail);
    return errs_exit_code(e);
}

int cmd_bad(const struct errs *e)
{
    cmd_fail(e);
    return EXIT_USAGE;
}

int cmd_refused(const struct errs *e)
{
    return errs_first(e)->code == ERR_BAD_ARGUMENT ? cmd_bad(e) : cmd_fail(e);
}

void cmd_warn(const struct strs *warnings)
{
    for (size_t i = 0; i < warnings->n; i++)
        fprintf(stderr, "pocketca: warning: %s\n", warnings->v[i]);
}

int cmd_usage(const char *command, const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fprintf(stderr, "pocketca %s: ", command);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nTry `pocketca %s --help`.\n", command);
    return EXIT_USAGE;
}

/* So that no file of root's is left in data. */
int cmd_become_owner(const struct conf *c, struct errs *e)
{
    struct stat st;

    if (geteuid() != 0)
        return 0;
    if (stat(c->data, &st) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", c->data, strerror(errno));
    if (st.st_uid != 0)
        proc_drop_ids(st.st_uid, st.st_gid);
    return 0;
}

struct client *cmd_client(const char *conf_option, int *code)
{
    return cmd_client_pass(conf_option, NULL, code);
}

struct client *cmd_client_open(const char *conf_option,
                               const struct passphrase_from *from,
                               struct errs *e)
{
    /* The client refers to it as long as it lives: until the process ends. */
    static struct conf *conf;

    conf_free(conf);
    conf = conf_load(conf_path(conf_option), e);
    if (!conf || (from && passphrase_given(from, &conf->given_pass, e) < 0))
        return NULL;
    /* An offline root answers with its key closed. */
    conf->may_ask = from ? from->ask : !conf->offline;
    return cmd_become_owner(conf, e) == 0 ? client_open(conf, e) : NULL;
}

struct client *cmd_client_pass(const char *conf_option,
                               const struct passphrase_from *from, int *code)
{
    AUTO(errs) struct errs e = {0};
    struct client *client = cmd_client_open(conf_option, from, &e);

    if (!client)
        *code = cmd_fail(&e);
    return client;
}
