/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "cmd_record.h"
#include "view.h"

static int ask(struct client *c, const struct msg_issue *m, const char *token,
               struct msg_explained *out, struct errs *e)
{
    struct buf *b = client_begin(c, MSG_EXPLAIN);
    struct frame f;

    msg_issue_put(b, m);
    buf_str(b, token);
    if (client_send(c, e) < 0)
        return -1;
    do {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type == MSG_EXPLAINED)
            msg_explained_get(&f.body, out);
        if (f.type != MSG_EXPLAINED || !rd_done(&f.body))
            return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    } while (f.more);
    return 0;
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "-";
}

static void print_rules(const json_t *all)
{
    json_t *o;
    size_t i;

    json_array_foreach(all, i, o)
        printf("%-5s  %-15s  %s: %s\n", text_at(o, "result"),
               text_at(o, "rule"), text_at(o, "about"), text_at(o, "detail"));
}

static void print_certificate(const json_t *c)
{
    json_t *o;
    size_t i;

    printf("\nsubject     %s\n", text_at(c, "subject"));
    json_array_foreach(json_object_get(c, "names"), i, o)
        printf("name        %s\n", json_string_value(o));
    printf("not before  %s\nnot after   %s\n", text_at(c, "not_before"),
           text_at(c, "not_after"));
    printf("key         %s %s\n", text_at(json_object_get(c, "key"), "type"),
           text_at(json_object_get(c, "key"), "sha256"));
    json_array_foreach(json_object_get(c, "extensions"), i, o) printf(
        "extension   %s%s\n", text_at(o, "name"),
        json_is_true(json_object_get(o, "critical")) ? ", critical" : "");
}

static void print_lines(const struct msg_explained *m)
{
    json_t *o = view_explained(m);

    print_rules(json_object_get(o, "rules"));
    if (m->tbs.len)
        print_certificate(json_object_get(o, "certificate"));
    printf("\nprofile %s: %s\n", text_at(o, "profile"),
           m->tbs.len ? "would issue" : "would not issue");
    json_decref(o);
}

static int explain(struct client *c, const struct msg_issue *m,
                   const char *token, bool json)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_explained) struct msg_explained got = {0};

    if (ask(c, m, token, &got, &e) < 0)
        return cmd_refused(&e);
    if (json)
        cmd_print_json(view_explained(&got));
    else
        print_lines(&got);
    return got.tbs.len ? EXIT_DONE : EXIT_REFUSED;
}

int cmd_explain(int argc, char **argv)
{
    const char *file = NULL, *json = NULL, *token = NULL;
    struct cmd_option options[CMD_REQUEST_OPTIONS + 4] = {
        [CMD_REQUEST_OPTIONS] = {"token", 't', "ID",
                                 "with the limits of that token", &token, NULL},
        {"json", 'j', NULL, "all of it as an object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(client) struct client *c = NULL;
    int code;

    if (cmd_request_csr(argc, argv, options, &m, &code) < 0)
        return code;
    c = cmd_client(file, &code);
    return c ? explain(c, &m, token, json) : code;
}
