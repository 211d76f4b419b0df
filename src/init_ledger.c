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
