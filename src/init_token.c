/* SPDX-License-Identifier: ISC */
/* The first admin: a token, its file, and the same for curl. */
#include "init.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

static char admin[] = "admin";

/* 1 and the token of that label; 0: none.  An attempt that was killed made it
 * first of all, so the first page has it. */
static int find_admin(struct client *c, struct token *out, struct errs *e)
{
    struct buf *b = client_begin(c, MSG_TOKEN_LIST);
    struct frame f = {.more = true};
    int found = 0;

    buf_str(b, NULL);
    buf_u32(b, 1000);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        AUTO(token) struct token t = {0};

        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type != MSG_TOKEN)
            break;
        token_get(&f.body, &t);
        if (found || strcmp(t.label, admin) != 0)
            continue;
        *out = t;
        t = (struct token){0};
        found = 1;
    }
    return found;
}

/* One that nobody has used is of an attempt that was killed before its file was
 * there: its secret is lost.  1: somebody has one. */
static int drop_lost(struct client *c, struct errs *e)
{
    AUTO(token) struct token t = {0};
    int found = find_admin(c, &t, e);
    struct frame f;

    if (found <= 0 || t.last_used)
        return found;
    buf_str(client_begin(c, MSG_TOKEN_REMOVE), t.id);
    return client_call(c, MSG_DONE, &f, e);
}

static int put_file(const struct init *i, const char *name,
                    const struct buf *text, struct errs *e)
{
    AUTO(free) char *path = xasprintf("%s/%s", i->tmp, name);

    return init_replace(path, 0600, text, e);
}

static int make(const struct init *i, struct client *c, struct errs *e)
{
    struct token asked = {
        .label = admin, .roles = ROLE_ADMIN, .wildcards = true};
    AUTO(token) struct token made = {0};
    AUTO(buf) struct buf line = {0};
    AUTO(buf) struct buf rc = {0};
    struct frame f;

    token_put(client_begin(c, MSG_TOKEN_MAKE), &asked);
    if (client_call(c, MSG_TOKEN, &f, e) < 0)
        return -1;
    token_get(&f.body, &made);
    if (!rd_done(&f.body) || !made.secret)
        return err_add(e, ERR_BAD_ARGUMENT, "the signer made no token");
    buf_printf(&line, "%s\n", made.secret);
    buf_printf(&rc, "# For curl -K.\noauth2-bearer = \"%s\"\n", made.secret);
    buf_puts(&rc, "cacert = \"");
    for (const char *p = i->data; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_putc(&rc, '\\');
        buf_putc(&rc, (uint8_t)*p);
    }
    buf_puts(&rc, "/root.pem\"\n");
    /* That file says that all is done: it comes last. */
    if (put_file(i, "admin.curlrc", &rc, e) < 0)
        return -1;
    return put_file(i, "admin.token", &line, e);
}

int init_token(const struct init *i, struct client *c, struct errs *e)
{
    int had = drop_lost(c, e);

    return had == 0 ? make(i, c, e) : had < 0 ? -1 : 0;
}
