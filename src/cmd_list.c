/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"
#include "view.h"

enum { LINE, CSV, JSON };
enum { ROOT_LEN = 32 };

struct list {
    int form;
    unsigned left; /* rows still wanted; not used without a limit */
    json_t *rows;
    json_t *as_of;
    char *cursor;
};

static int take_row(struct list *l, struct frame *f, struct errs *e)
{
    AUTO(record) struct record r = {0};
    AUTO(buf) struct buf line = {0};

    rd_u8(&f->body);
    record_get(&f->body, &r);
    if (!rd_done(&f->body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    l->left--;
    if (l->form == JSON) {
        json_array_append_new(l->rows, view_record(&r, tm_now(), NULL));
    } else if (l->form == CSV) {
        view_csv_record(&line, &r, tm_now());
        fwrite(line.data, 1, line.len, stdout);
    } else {
        cmd_record_line(&r, tm_now());
    }
    return 0;
}

static void take_end(struct list *l, struct frame *f)
{
    char root_text[2 * ROOT_LEN + 1];
    uint8_t root[ROOT_LEN];
    uint64_t size;

    free(l->cursor);
    l->cursor = rd_str_null(&f->body);
    size = rd_u64(&f->body);
    rd_bytes(&f->body, root, sizeof(root));
    hex_encode(root_text, root, sizeof(root));
    json_decref(l->as_of);
    l->as_of = json_pack("{s:I, s:s}", "tree_size", (json_int_t)size,
                         "root_hash", root_text);
}

static int page(struct client *c, const struct query *q, struct list *l,
                struct errs *e)
{
    struct frame f = {.more = true};

    query_put(client_begin(c, MSG_LIST), q);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type == MSG_LIST_END)
            take_end(l, &f);
        else if (take_row(l, &f, e) < 0)
            return -1;
    }
    return 0;
}

/* Page after page to the end, or until there are as many as were wanted: a page
 * may have fewer. */
static int run(struct client *c, struct query *q, bool all, struct list *l,
               struct errs *e)
{
    AUTO(buf) struct buf head = {0};

    if (l->form == CSV) {
        view_csv_header(&head);
        fwrite(head.data, 1, head.len, stdout);
    }
    l->left = q->limit;
    do {
        q->limit = all ? q->limit : l->left;
        if (page(c, q, l, e) < 0)
            return -1;
    } while ((all || l->left) && l->cursor &&
             query_set(q, "cursor", l->cursor, e) == 0);
    if (e->n)
        return -1;
    if (l->form == JSON)
        cmd_print_json(json_pack("{s:O, s:s?, s:O}", "certificates", l->rows,
                                 "next", l->cursor, "as_of", l->as_of));
    else if (l->form == LINE && l->cursor)
        fprintf(stderr, "pocketca: there are more: --cursor %s\n", l->cursor);
    return 0;
}

int cmd_list(int argc, char **argv)
{
    const char *values[CMD_QUERY_MAX] = {0}, *file = NULL, *json = NULL,
               *csv = NULL;
    struct cmd_option options[CMD_QUERY_MAX + 4] = {
        CMD_CONF_OPTION(file),
        {"json", 'j', NULL, "as JSON", &json, NULL},
        {"csv", 0, NULL, "as CSV", &csv, NULL}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(query) struct query q;
    struct list l = {0};
    int code;

    query_init(&q);
    cmd_query_options(options + 3, values, true);
    if (cmd_options(&argc, &argv, options, "list [--name PATTERN] …", &code) <
        0)
        return code;
    if (argc > 0)
        return cmd_usage("list", "\"%s\" is too much; --name %s?", argv[0],
                         argv[0]);
    if (json && csv)
        return cmd_usage("list", "--json or --csv, not both");
    if (cmd_query_fill(&q, values, &e) < 0)
        return cmd_bad(&e);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    l.form = json ? JSON : csv ? CSV : LINE;
    l.rows = json_array();
    code = run(c, &q, !cmd_query_value(values, "limit"), &l, &e) < 0
               ? cmd_fail(&e)
               : EXIT_DONE;
    json_decref(l.rows);
    json_decref(l.as_of);
    free(l.cursor);
    return code;
}
