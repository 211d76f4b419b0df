/* SPDX-License-Identifier: ISC */
/* The first session with the signer: the admin token, and the root's CRL. */
#include "init.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd_record.h"
#include "crl_offline.h"
#include "tm.h"

int init_token(const struct init *i, struct client *c, struct errs *e)
{
    char label[] = "admin";
    struct token asked = {.label = label, .roles = ROLE_ADMIN};
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
    if (init_write(i, "admin.token", 0600, &line, e) < 0)
        return -1;
    return init_write(i, "admin.curlrc", 0600, &rc, e);
}

/* An offline root signs with the key that the configuration names. */
static int make_crl(struct client *c, struct errs *e)
{
    struct frame f;

    buf_str(client_begin(c, MSG_CRL_BUILD), "root");
    return client_call(c, MSG_DONE, &f, e);
}

int init_ledger(const struct init *i, const struct cert *root,
                EVP_PKEY *root_key, struct errs *e)
{
    AUTO(free) char *path = xasprintf("%s/pocketca.conf", i->tmp);
    AUTO(conf) struct conf *conf = NULL;
    AUTO(buf) struct buf text = {0};
    AUTO(client) struct client *c = NULL;

    /* The same as what was written, but for where it is meanwhile. */
    init_conf(i, i->tmp, &text);
    conf = conf_parse(path, (const char *)text.data, text.len, e);
    if (!conf)
        return -1;
    conf->given_pass = xstrdup_null(i->pass);
    c = client_open(conf, e);
    if (!c)
        return -1;
    if (i->form != INIT_ROOT && init_token(i, c, e) < 0)
        return -1;
    if (i->import_crl &&
        cmd_import_crl(c, i->import_crl, &i->imported_crl, e) < 0)
        return -1;
    if (i->form == INIT_ROOT)
        return make_crl(c, e);
    if (!root_key) /* it is where it was, and so is its CRL */
        return 0;
    return crl_offline(c, "root", root, root_key, 365 * TM_DAY, e);
}
