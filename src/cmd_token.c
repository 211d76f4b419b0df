/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"
#include "view.h"

/* Each value may itself be a comma-separated list.  Empty is no list:
 * somebody's variable was not set, and without it the token would be without
 * that limit. */
static int flatten(struct strs *to, const char *what, const struct strs *from,
                   struct errs *e)
{
    int rc = 0;

    for (size_t i = 0; i < from->n; i++) {
        if (!*from->v[i])
            rc = err_add(e, ERR_BAD_ARGUMENT, "%s: the list is empty", what);
        strs_split(to, from->v[i], ',');
    }
    return rc;
}

static int fill_roles(struct token *t, const struct strs *roles, struct errs *e)
{
    AUTO(strs) struct strs flat = {0};
    int rc = flatten(&flat, "roles", roles, e);

    for (size_t i = 0; i < flat.n; i++) {
        unsigned one = role_parse(flat.v[i]);

        t->roles |= one;
        if (!one)
            rc = err_add(e, ERR_BAD_ARGUMENT,
                         "\"%s\" is no role; issue, revoke, read, metrics and "
                         "admin are",
                         flat.v[i]);
    }
    return rc;
}

static int fill_end(struct token *t, const char *lifetime, struct errs *e)
{
    int64_t span;

    if (strcmp(lifetime, "never") == 0)
        return 0;
    if (tm_parse_span(lifetime, &span) < 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "lifetime \"%s\" is neither like 90d nor \"never\"",
                       lifetime);
    t->not_after = tm_now() + span;
    return 0;
}

static int fill_uses(struct token *t, const char *uses, struct errs *e)
{
    if (!uses)
        return 0;
    if (strspn(uses, "0123456789") == strlen(uses) && strlen(uses) < 10)
        t->max_uses = strtoull(uses, NULL, 10);
    if (t->max_uses == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "uses \"%s\" is not a number from 1 to 999999999", uses);
    return 0;
}

static int ask(struct client *c, const struct token *asked, struct token *made,
               struct errs *e)
{
    struct frame f;

    token_put(client_begin(c, MSG_TOKEN_MAKE), asked);
    if (client_call(c, MSG_TOKEN, &f, e) < 0)
        return -1;
    token_get(&f.body, made);
    return rd_done(&f.body) && made->secret
               ? 0
               : err_add(e, ERR_SIGNER_AWAY, "the signer made no token");
}

/* Gives the exit code. */
static int make(const char *file, const struct token *asked, bool json)
{
    AUTO(client) struct client *c = NULL;
    AUTO(token) struct token made = {0};
    AUTO(errs) struct errs e = {0};
    json_t *object;
    int code;

    c = cmd_client(file, &code);
    if (!c)
        return code;
    if (ask(c, asked, &made, &e) < 0)
        return cmd_refused(&e);
    if (json) {
        object = view_token(&made);
        json_object_set_new(object, "token", json_string(made.secret));
        cmd_print_json(object);
    } else {
        printf("%s\n", made.secret);
    }
    return EXIT_DONE;
}

static int token_make(int argc, char **argv)
{
    AUTO(strs) struct strs roles = {0};
    AUTO(strs) struct strs names = {0};
    AUTO(strs) struct strs profiles = {0};
    const char *file = NULL, *label = NULL, *wildcards = NULL, *uses = NULL,
               *lifetime = "90d", *json = NULL;
    const struct cmd_option options[] = {
        {"label", 0, "TEXT", "what it is for; required", &label, NULL},
        {"roles", 0, "LIST", "issue, revoke, read, metrics, admin; required",
         NULL, &roles},
        {"role", 0, "ROLE", "one more", NULL, &roles},
        {"profiles", 0, "LIST", "these profiles only", NULL, &profiles},
        {"profile", 0, "NAME", "one more", NULL, &profiles},
        {"names", 0, "LIST", "names of these patterns only", NULL, &names},
        {"name", 0, "PATTERN", "one more", NULL, &names},
        {"wildcards", 0, NULL, "may ask for wildcard names", &wildcards, NULL},
        {"uses", 0, "N", "so many certificates", &uses, NULL},
        {"lifetime", 0, "SPAN", "90d by default; never", &lifetime, NULL},
        {"json", 'j', NULL, "the token object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(token) struct token t = {0};
    int code;

    if (cmd_options(&argc, &argv, options,
                    "token make --label TEXT --roles LIST …", &code) < 0)
        return code;
    if (argc > 0 || !label || roles.n == 0)
        return cmd_usage("token make", "--label and --roles are required");
    t.label = xstrdup(label);
    t.wildcards = wildcards;
    if (flatten(&t.profiles, "profiles", &profiles, &e) |
        flatten(&t.names, "names", &names, &e) | fill_roles(&t, &roles, &e) |
        fill_end(&t, lifetime, &e) | fill_uses(&t, uses, &e))
        return cmd_bad(&e);
    return make(file, &t, json);
}

static void print_line(const struct token *t)
{
    char end[TM_RFC3339_SIZE] = "never";
    const char *between = "";

    if (t->not_after)
        tm_rfc3339(end, t->not_after);
    printf("%s  %-10.10s  ", t->id, end);
    for (unsigned r = ROLE_ISSUE; r <= ROLE_ADMIN; r <<= 1)
        if (t->roles & r) {
            printf("%s%s", between, role_text(r));
            between = ",";
        }
    printf("  %s\n", t->label);
}

static int list_page(struct client *c, char **after, json_t *rows, bool json,
                     struct errs *e)
{
    struct buf *b = client_begin(c, MSG_TOKEN_LIST);
    struct frame f = {.more = true};

    buf_str(b, *after);
    buf_u32(b, 1000);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        AUTO(token) struct token t = {0};

        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type == MSG_LIST_END)
            break;
        token_get(&f.body, &t);
        if (json)
            json_array_append_new(rows, view_token(&t));
        else
            print_line(&t);
    }
    free(*after);
    *after = rd_str_null(&f.body);
    return 0;
}

static int token_list(int argc, char **argv)
{
    const char *file = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"json", 'j', NULL, "as JSON", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(free) char *after = NULL;
    AUTO(json) json_t *rows = json_array();
    int code;

    if (cmd_options(&argc, &argv, options, "token list [--json]", &code) < 0)
        return code;
    if (argc > 0)
        return cmd_usage("token list", "\"%s\" is too much", argv[0]);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    do {
        if (list_page(c, &after, rows, json, &e) < 0)
            return cmd_fail(&e);
    } while (after);
    if (json)
        cmd_print_json(json_pack("{s:O, s:n}", "tokens", rows, "next"));
    return EXIT_DONE;
}

static int token_remove(int argc, char **argv)
{
    const char *file = NULL;
    const struct cmd_option options[] = {CMD_CONF_OPTION(file), {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    struct frame f;
    int code;

    if (cmd_options(&argc, &argv, options, "token remove ID", &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("token remove", "one id, please");
    c = cmd_client(file, &code);
    if (!c)
        return code;
    buf_str(client_begin(c, MSG_TOKEN_REMOVE), argv[0]);
    return client_call(c, MSG_DONE, &f, &e) < 0 ? cmd_fail(&e) : EXIT_DONE;
}

static struct {
    const char *name;
    char full[16]; /* what messages call it */
    int (*run)(int argc, char **argv);
} verbs[] = {{"make", "token make", token_make},
             {"list", "token list", token_list},
             {"remove", "token remove", token_remove}};

int cmd_token(int argc, char **argv)
{
    static const struct cmd_option none[] = {{0}};
    int code;

    for (size_t i = 0; argc > 1 && i < COUNT(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            argv[1] = verbs[i].full;
            return verbs[i].run(argc - 1, argv + 1);
        }
    if (argc > 1 && strcmp(argv[1], "-h") != 0 &&
        strcmp(argv[1], "--help") != 0)
        return cmd_usage(
            "token", "make, list or remove comes first, not \"%s\"", argv[1]);
    if (cmd_options(&argc, &argv, none,
                    "token make|list|remove …   (each has --help)", &code) < 0)
        return code;
    return cmd_usage("token", "make, list or remove?");
}
