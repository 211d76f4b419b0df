/* SPDX-License-Identifier: ISC */
/* revoke: one certificate, or all that match, which is a dry run first. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "crl.h"

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

static bool is_authority(struct client *c, const struct buf *der)
{
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(errs) struct errs e = {0};
    bool it = false;

    if (cmd_authorities(c, &hello, &e) < 0)
        return false;
    for (size_t i = 0; i < hello.authorities.n && !it; i++) {
        const struct buf *own = &hello.authorities.v[i].der;

        it =
            own->len == der->len && memcmp(own->data, der->data, own->len) == 0;
    }
    return it;
}

/* A file is the certificate that it is, not another with its serial.  An
 * authority's own is refused by its serial, with the reason. */
static int find(struct client *c, const struct buf *der, struct msg_revoke *m,
                struct errs *e)
{
    AUTO(record) struct record r = {0};

    if (is_authority(c, der))
        return 0;
    if (cmd_record_of(c, der, &m->serial, &r, e) < 0)
        return -1;
    m->leaf = r.leaf;
    if (r.der.len == der->len && memcmp(r.der.data, der->data, der->len) == 0)
        return 0;
    return err_add(e, ERR_NOT_FOUND,
                   "this certificate was not issued here: another one has its "
                   "serial number");
}

/* An offline root whose key is encrypted has it in its ledger alone. */
static int say_unsigned(struct client *c)
{
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(errs) struct errs e = {0};

    if (cmd_authorities(c, &hello, &e) < 0)
        return cmd_fail(&e);
    for (size_t i = 0; i < hello.authorities.n; i++)
        if (hello.authorities.v[i].has_key)
            return EXIT_DONE;
    fflush(stdout);
    fprintf(stderr,
            "pocketca: warning: no CRL says so before `pocketca crl sign "
            "--authority %s`, since the key is encrypted\n",
            hello.authorities.v[0].name);
    return EXIT_DONE;
}

static int run_one(const struct given *g, const char *what,
                   struct msg_revoke *m, struct errs *e)
{
    AUTO(blobs) struct blobs file = {0};
    AUTO(client) struct client *c = NULL;
    int code = cmd_read_certificate(what, &m->serial, &file);

    if (code != EXIT_DONE)
        return code;
    c = cmd_client(g->conf, &code);
    if (!c)
        return code;
    if ((file.n && find(c, &file.v[0], m, e) < 0) ||
        cmd_revoke_serial(c, m, g->json, e) < 0)
        return cmd_fail(e);
    return say_unsigned(c);
}

static int run_many(const struct given *g, struct msg_revocations *m,
                    struct errs *e)
{
    AUTO(client) struct client *c = NULL;
    int code;

    if (cmd_query_fill(&m->q, g->filters, e) < 0)
        return cmd_bad(e);
    if (g->key && cmd_key(g->key, NULL, m->q.key_sha256, e) < 0)
        return cmd_fail(e);
    m->q.has_key_sha256 |= g->key != NULL;
    c = cmd_client(g->conf, &code);
    if (c)
        code = cmd_revoke_many(c, m, g->yes, g->json);
    return c && code == EXIT_DONE ? say_unsigned(c) : code;
}

static int run(struct given *g, const char *what)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_revocations) struct msg_revocations m = {0};
    struct msg_revoke one;

    query_init(&m.q);
    if (parse_reason(g->reason, &m.reason, &e) < 0 ||
        parse_renewals(g->renewals, &m.renewals, &e) < 0)
        return cmd_bad(&e);
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
