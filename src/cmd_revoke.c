/* SPDX-License-Identifier: ISC */
/* revoke: one certificate, or all that match, which is a dry run first. */
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_record.h"
#include "crl.h"

enum { FILE_MAX = 65536 };

struct given {
    const char *conf, *reason, *renewals, *key, *yes, *json;
    const char *filters[CMD_QUERY_MAX];
};

static int parse_reason(const char *text, int *reason, struct errs *e)
{
    *reason = text ? crl_reason_parse(text) : -1;
    if (!text || *reason >= 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "\"%s\" is no reason; unspecified, keyCompromise, "
                   "affiliationChanged, superseded, cessationOfOperation and "
                   "privilegeWithdrawn are",
                   text);
}

static int parse_renewals(const char *text, int *renewals, struct errs *e)
{
    *renewals = !text ? -1 : strcmp(text, "true") == 0;
    if (!text || *renewals || strcmp(text, "false") == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "renewals \"%s\" is neither true nor false", text);
}

/* A file is the certificate that it is, not another with its serial. */
static int is_it(struct client *c, const struct buf *der,
                 const struct serial *serial, struct errs *e)
{
    AUTO(record) struct record r = {0};
    struct frame f;

    serial_put(client_begin(c, MSG_GET), serial);
    if (client_call(c, MSG_RECORD, &f, e) < 0)
        return -1;
    rd_u8(&f.body);
    record_get(&f.body, &r);
    if (!rd_done(&f.body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    if (r.der.len == der->len && memcmp(r.der.data, der->data, der->len) == 0)
        return 0;
    return err_add(e, ERR_NOT_FOUND,
                   "this certificate was not issued here: another one has its "
                   "serial number");
}

/* SERIAL, or else a file whose first certificate is put, in DER. */
static int read_what(const char *what, struct serial *serial, struct buf *der,
                     struct errs *e)
{
    AUTO(blobs) struct blobs all = {0};
    AUTO(buf) struct buf text = {0};
    AUTO(cert) struct cert cert = {0};

    if (access(what, F_OK) != 0)
        return cmd_serial(serial, what, e);
    if (cmd_read(what, FILE_MAX, &text, e) < 0)
        return -1;
    if (text.len && text.data[0] == 0x30)
        buf_put(der, text.data, text.len);
    else if (cert_split(what, &text, &all, e) < 0)
        return -1;
    else
        buf_put(der, all.v[0].data, all.v[0].len);
    if (cert_parse_any(&cert, der->data, der->len, e) < 0)
        return -1;
    *serial = cert.serial;
    return 0;
}

static int run_one(const struct given *g, const char *what,
                   struct msg_revoke *m, struct errs *e)
{
    AUTO(buf) struct buf der = {0};
    AUTO(client) struct client *c = NULL;
    int code;

    if (read_what(what, &m->serial, &der, e) < 0)
        return cmd_fail(e);
    c = cmd_client(g->conf, &code);
    if (!c)
        return code;
    if ((der.len && is_it(c, &der, &m->serial, e) < 0) ||
        cmd_revoke_serial(c, m, g->json, e) < 0)
        return cmd_fail(e);
    return EXIT_DONE;
}

static int run_many(const struct given *g, struct msg_revocations *m,
                    struct errs *e)
{
    AUTO(client) struct client *c = NULL;
    int code;

    if (cmd_query_fill(&m->q, g->filters, e) < 0 ||
        (g->key && cmd_key(g->key, NULL, m->q.key_sha256, e) < 0))
        return cmd_fail(e);
    m->q.has_key_sha256 |= g->key != NULL;
    c = cmd_client(g->conf, &code);
    return c ? cmd_revoke_many(c, m, g->yes, g->json) : code;
}

static int run(struct given *g, const char *what)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_revocations) struct msg_revocations m = {0};
    struct msg_revoke one;

    query_init(&m.q);
    if (parse_reason(g->reason, &m.reason, &e) < 0 ||
        parse_renewals(g->renewals, &m.renewals, &e) < 0)
        return cmd_fail(&e);
    if (!what)
        return run_many(g, &m, &e);
    one = (struct msg_revoke){.reason = m.reason, .renewals = m.renewals};
    return run_one(g, what, &one, &e);
}

static bool has_filter(const struct given *g)
{
    for (size_t i = 0; i < CMD_QUERY_MAX; i++)
        if (g->filters[i])
            return true;
    return g->key;
}

int cmd_revoke(int argc, char **argv)
{
    struct given g = {0};
    struct cmd_option options[CMD_QUERY_MAX + 7] = {
        {"reason", 'r', "WORD", "keyCompromise, superseded, …", &g.reason,
         NULL},
        {"renewals", 0, "true|false",
         "also what was renewed from it or has its key; default: for "
         "keyCompromise",
         &g.renewals, NULL},
        {"yes", 'y', NULL, "more than one, without asking back", &g.yes, NULL},
        {"json", 'j', NULL, "as JSON", &g.json, NULL},
        {"key", 'k', "FILE|HEX", "with the key of this file", &g.key, NULL},
        CMD_CONF_OPTION(g.conf)};
    int code;

    cmd_query_options(options + 6, g.filters, false);
    if (cmd_options(&argc, &argv, options,
                    "revoke SERIAL|CERTIFICATE | --key FILE | --name "
                    "PATTERN …",
                    &code) < 0)
        return code;
    if (argc > 1 || (argc == 1) == has_filter(&g))
        return cmd_usage("revoke", "one serial number or certificate, or "
                                   "options that say which are meant");
    if (g.key && cmd_query_value(g.filters, "key_sha256"))
        return cmd_usage("revoke", "--key or --key-sha256, not both");
    return run(&g, argc ? argv[0] : NULL);
}
