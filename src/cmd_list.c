/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"
#include "view.h"

/* The arguments of the list (query_set() knows their meaning). */
static const struct {
    const char *option, *key, *arg, *help;
} arguments[] = {
    {"name", "name", "PATTERN", "dns:**.b, ip:10.0.0.0/8, email:*@b, uri:…"},
    {"covers", "covers", "DNS", "serves that name, exactly or by wildcard"},
    {"status", "status", "WORD", "valid, revoked, expired"},
    {"replaced", "replaced", "BOOL", "true: has a successor; false: has none"},
    {"profile", "profile", "NAME", "of this profile"},
    {"authority", "authority", "NAME", "signed by it"},
    {"requester", "requester", "ID", "id or label of who asked"},
    {"key-sha256", "key_sha256", "HEX", "with this public key"},
    {"sha256", "sha256", "HEX", "with this fingerprint"},
    {"issued-after", "issued_after", "TIME", "RFC 3339"},
    {"issued-before", "issued_before", "TIME", "RFC 3339"},
    {"expires-after", "expires_after", "TIME", "RFC 3339"},
    {"expires-before", "expires_before", "TIME", "RFC 3339"},
    {"expires-within", "expires_within", "SPAN", "14d, 12h"},
    {"order", "order", "WORD", "issued (newest first) or expiry (soonest)"},
    {"limit", "limit", "N", "so many and a cursor; default: all of them"},
    {"cursor", "cursor", "TEXT", "goes on behind an earlier page"},
};
enum { N_ARGUMENTS = sizeof(arguments) / sizeof(arguments[0]) };

enum { LINE, CSV, JSON };
enum { ROOT_LEN = 32 };

struct list {
    int form;
    json_t *rows;
    json_t *as_of;
    char *cursor;
};

static void print_line(const struct record *r, int64_t now)
{
    AUTO(json) json_t *o = view_record(r, now, NULL);
    const char *end = json_string_value(json_object_get(o, "not_after"));
    const json_t *names = json_object_get(o, "names"), *name;
    size_t i;

    printf("%-32s  %-7s  %.10s ",
           json_string_value(json_object_get(o, "serial")),
           json_string_value(json_object_get(o, "status")), end ? end : "");
    json_array_foreach(names, i, name) printf(" %s", json_string_value(name));
    putchar('\n');
}

static int take_row(struct list *l, struct frame *f, struct errs *e)
{
    AUTO(record) struct record r = {0};
    AUTO(buf) struct buf line = {0};

    rd_u8(&f->body);
    record_get(&f->body, &r);
    if (!rd_done(&f->body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    if (l->form == JSON) {
        json_array_append_new(l->rows, view_record(&r, tm_now(), NULL));
    } else if (l->form == CSV) {
        view_csv_record(&line, &r, tm_now());
        fwrite(line.data, 1, line.len, stdout);
    } else {
        print_line(&r, tm_now());
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

/* One page when a limit was given, else page after page to the end. */
static int run(struct client *c, struct query *q, bool all, struct list *l,
               struct errs *e)
{
    AUTO(buf) struct buf head = {0};

    if (l->form == CSV) {
        view_csv_header(&head);
        fwrite(head.data, 1, head.len, stdout);
    }
    do {
        if (page(c, q, l, e) < 0)
            return -1;
    } while (all && l->cursor && query_set(q, "cursor", l->cursor, e) == 0);
    if (e->n)
        return -1;
    if (l->form == JSON)
        cmd_print_json(json_pack("{s:O, s:s?, s:O}", "certificates", l->rows,
                                 "next", l->cursor, "as_of", l->as_of));
    else if (l->form == LINE && l->cursor)
        fprintf(stderr, "pocketca: there are more: --cursor %s\n", l->cursor);
    return 0;
}

static int fill(struct query *q, const char **values, struct errs *e)
{
    int rc = 0;

    for (size_t i = 0; i < N_ARGUMENTS; i++)
        if (values[i] && query_set(q, arguments[i].key, values[i], e) < 0)
            rc = -1;
    return rc < 0 ? rc : query_check(q, e);
}

static bool is_limited(const char **values)
{
    for (size_t i = 0; i < N_ARGUMENTS; i++)
        if (values[i] && strcmp(arguments[i].key, "limit") == 0)
            return true;
    return false;
}

int cmd_list(int argc, char **argv)
{
    const char *values[N_ARGUMENTS] = {0}, *file = NULL, *json = NULL,
               *csv = NULL;
    struct cmd_option options[N_ARGUMENTS + 4] = {
        CMD_CONF_OPTION(file),
        {"json", 'j', NULL, "as JSON", &json, NULL},
        {"csv", 0, NULL, "as CSV", &csv, NULL}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(query) struct query q;
    struct list l = {0};
    int code;

    query_init(&q);
    for (size_t i = 0; i < N_ARGUMENTS; i++)
        options[i + 3] = (struct cmd_option){
            arguments[i].option, 0,          arguments[i].arg,
            arguments[i].help,   &values[i], NULL};
    if (cmd_options(&argc, &argv, options, "list [--name PATTERN] …", &code) <
        0)
        return code;
    if (argc > 0)
        return cmd_usage("list", "\"%s\" is too much; --name %s?", argv[0],
                         argv[0]);
    if (json && csv)
        return cmd_usage("list", "--json or --csv, not both");
    if (fill(&q, values, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    l.form = json ? JSON : csv ? CSV : LINE;
    l.rows = json_array();
    code =
        run(c, &q, !is_limited(values), &l, &e) < 0 ? cmd_fail(&e) : EXIT_DONE;
    json_decref(l.rows);
    json_decref(l.as_of);
    free(l.cursor);
    return code;
}
