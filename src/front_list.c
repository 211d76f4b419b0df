/* SPDX-License-Identifier: ISC */
/* The list of certificates: a page of JSON, or all of them as CSV. */
#include <stdlib.h>
#include <string.h>

#include "front_handle.h"
#include "log.h"
#include "tm.h"
#include "view.h"

enum {
    CSV_PAGE = 250,
    /* The signer looks at so many rows and then wants to be asked again: so
     * long it is, and then the client has to. */
    GO_ON_US = 5 * 1000 * 1000,
};

struct list {
    struct query q;
    json_t *rows;  /* JSON */
    json_t *as_of; /* JSON: of the first answer, which all rows include */
    bool all;      /* CSV without a limit */
    unsigned left; /* rows still wanted, unless all */
    bool begun;    /* CSV: the first page has been sent */
    bool more;     /* CSV: there is another page */
};

static void list_free(void *state)
{
    struct list *l = state;

    query_free(&l->q);
    json_decref(l->rows);
    json_decref(l->as_of);
    free(l);
}

struct list_end {
    char *cursor; /* NULL at the end; owned */
    uint64_t size;
    uint8_t root[32];
};

static void read_end(struct req *r, struct list_end *end)
{
    struct answer *a;

    *end = (struct list_end){0};
    if (r->answers.n == 0)
        log_fatal("signer", "an empty answer to LIST");
    a = &r->answers.v[r->answers.n - 1];
    if (a->type != MSG_LIST_END)
        log_fatal("signer", "a list ends with %s", msg_name(a->type));
    end->cursor = rd_str_null(&a->body);
    end->size = rd_u64(&a->body);
    rd_bytes(&a->body, end->root, sizeof(end->root));
    front_answer_done(r, &a->body);
}

static void read_row(struct req *r, size_t i, struct record *rec)
{
    struct answer *a = &r->answers.v[i];

    if (a->type != MSG_RECORD)
        log_fatal("signer", "%s inside a list", msg_name(a->type));
    rd_u8(&a->body);
    record_get(&a->body, rec);
    front_answer_done(r, &a->body);
}

static void ask_page(struct req *r, front_fn *fn)
{
    const struct list *l = r->state;

    query_put(front_begin(r, MSG_LIST), &l->q);
    front_ask_checked(r, fn);
}

/* ---- JSON ---- */

static json_t *as_of(const struct list_end *end)
{
    char root[65];

    hex_encode(root, end->root, sizeof(end->root));
    return json_pack("{s:I, s:s}", "tree_size", (json_int_t)end->size,
                     "root_hash", root);
}

static void go_on(struct list *l, const char *cursor)
{
    AUTO(errs) struct errs e = {0};

    if (query_set(&l->q, "cursor", cursor, &e) != 0)
        log_fatal("signer", "the cursor %s", cursor);
}

static front_fn page_came;

static void render(struct req *r)
{
    struct list *l = r->state;
    struct list_end end;
    const int64_t now = tm_now();

    read_end(r, &end);
    if (!l->as_of)
        l->as_of = as_of(&end);
    for (size_t i = 0; i + 1 < r->answers.n; i++, l->left--) {
        AUTO(record) struct record rec = {0};

        read_row(r, i, &rec);
        json_array_append_new(l->rows, view_record(&rec, now, NULL));
    }
    if (end.cursor && l->left && tm_mono_us() < r->start_us + GO_ON_US) {
        go_on(l, end.cursor);
        l->q.limit = l->left;
        ask_page(r, page_came);
    } else {
        front_reply_json(r, 200,
                         json_pack("{s:O, s:s?, s:O}", "certificates", l->rows,
                                   "next", end.cursor, "as_of", l->as_of));
    }
    free(end.cursor);
}

/* A thousand objects take a while: not on the thread that serves everyone. */
static void page_came(struct req *r)
{
    front_work(r, render);
}

/* ---- CSV ---- */

/* The rows of the page go out; where the next one begins is noted. */
static void put_page(struct req *r)
{
    struct list *l = r->state;
    struct buf *out = front_out(r);
    struct list_end end;
    const int64_t now = tm_now();
    const size_t n = r->answers.n - 1;

    read_end(r, &end);
    for (size_t i = 0; i < n; i++) {
        AUTO(record) struct record rec = {0};

        read_row(r, i, &rec);
        view_csv_record(out, &rec, now);
    }
    if (!l->all)
        l->left -= n < l->left ? (unsigned)n : l->left;
    l->more = end.cursor && (l->all || l->left);
    if (l->more) {
        go_on(l, end.cursor);
        l->q.limit = l->all || l->left > CSV_PAGE ? CSV_PAGE : l->left;
    }
    free(end.cursor);
}

/* A page can be empty, and another follow. */
static void next_page(struct req *r)
{
    const struct list *l = r->state;

    put_page(r);
    if (front_out(r)->len == 0 && l->more)
        ask_page(r, next_page);
    else if (front_out(r)->len == 0)
        front_end(r);
}

static void stream(struct req *r)
{
    struct list *l = r->state;

    if (!l->begun) {
        l->begun = true;
        view_csv_header(front_out(r));
        put_page(r);
    } else if (l->more) {
        ask_page(r, next_page);
    } else {
        front_end(r);
    }
}

/* Only now is it known that there is no refusal. */
static void first_page(struct req *r)
{
    front_header(r, "Content-Disposition",
                 "attachment; filename=\"certificates.csv\"");
    front_stream(r, 200, "text/csv; charset=utf-8; header=present", stream);
}

/* ---- both ---- */

static int read_query(struct req *r, struct list *l, struct errs *e)
{
    AUTO(front_args) struct front_args args = {0};
    const char *text = r->query ? r->query : "";
    int rc = 0;

    if (front_args_parse(&args, text, strlen(text), e) != 0)
        return -1;
    for (size_t i = 0; i < args.n; i++)
        if (query_set(&l->q, args.v[i].key, args.v[i].value, e) != 0)
            rc = -1;
    l->all = !front_args_get(&args, "limit");
    return rc == 0 ? query_check(&l->q, e) : -1;
}

void front_list(struct req *r)
{
    static const char *const types[] = {TYPE_JSON, "text/csv"};
    AUTO(errs) struct errs e = {0};
    struct list *l = xcalloc(1, sizeof(*l));
    int type;

    query_init(&l->q);
    r->state = l;
    r->state_free = list_free;
    if (read_query(r, l, &e) != 0) {
        front_problem(r, &e);
        return;
    }
    type = front_accept(r, types, 2);
    if (type < 0) {
        front_refuse(r, ERR_NOT_ACCEPTABLE, "Accept permits neither %s nor %s",
                     types[0], types[1]);
        return;
    }
    l->left = l->q.limit;
    if (type == 0)
        l->rows = json_array();
    else if (l->all || l->left > CSV_PAGE)
        l->q.limit = CSV_PAGE;
    ask_page(r, type == 1 ? first_page : page_came);
}
