/* SPDX-License-Identifier: ISC */
/*
 * `pocketca install-chain`: the certificate that an offline root has made, and
 * all above it, take their place; then the service can start.  The authority's
 * own certificate is the last to come: before it there is no authority.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include "buf.h"
#include "chain.h"
#include "cmd.h"
#include "init.h"
#include "pem.h"
#include "tm.h"

struct asked {
    const char *file, *authority;
    struct passphrase_from pass;
};

static const struct conf_authority *choose(const struct conf *c,
                                           const char *name, struct errs *e)
{
    for (size_t i = 0; i < c->n_authorities; i++) {
        const struct conf_authority *a = &c->authorities[i];

        if (name ? strcmp(a->name, name) == 0
                 : access(a->certificate, F_OK) < 0)
            return a;
    }
    if (name)
        err_add(e, ERR_NOT_FOUND, "--authority: there is no \"%s\" in %s", name,
                c->file);
    else
        err_add(e, ERR_BAD_ARGUMENT,
                "%s: every authority has its certificate (%s)", c->file,
                c->authorities[0].certificate);
    return NULL;
}

static int judge(const struct conf *c, const struct conf_authority *a,
                 const char *path, const struct blobs *l, struct errs *e)
{
    AUTO(evp_pkey) EVP_PKEY *key = key_load(a->key, c->data, a->pass, e);
    AUTO(buf) struct buf spki = {0};

    if (!key)
        return -1;
    key_spki(key, &spki);
    return chain_judge(path, l, spki.data, spki.len, tm_now(), e);
}

/* What a file has to be, or becomes. */
static int place(const char *path, const struct blobs *l, size_t from,
                 size_t to, bool keep, struct errs *e)
{
    AUTO(buf) struct buf pem = {0};
    AUTO(buf) struct buf was = {0};

    for (size_t i = from; i < to; i++)
        pem_put(&pem, "CERTIFICATE", l->v[i].data, l->v[i].len);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return init_replace(path, 0644, &pem, e);
    if (conf_read(path, &was, e) < 0)
        return -1;
    if (was.len == pem.len && memcmp(was.data, pem.data, was.len) == 0)
        return 0;
    return keep ? err_add(e, ERR_BAD_ARGUMENT,
                          "%s is there, with another certificate; nothing is "
                          "ever overwritten",
                          path)
                : init_replace(path, 0644, &pem, e);
}

/* Nothing is in the way. */
static int vacant(const struct conf *c, const struct conf_authority *a,
                  const struct blobs *l, struct errs *e)
{
    if (access(a->certificate, F_OK) == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: is there; nothing is ever overwritten",
                       a->certificate);
    return access(c->root, F_OK) == 0
               ? place(c->root, l, l->n - 1, l->n, true, e)
               : 0;
}

static int install(const struct conf *c, const struct conf_authority *a,
                   const struct blobs *l, struct errs *e)
{
    const bool first = a == &c->authorities[0];
    AUTO(free) char *chain = xasprintf("%s/chain.pem", c->data);

    if (place(c->root, l, l->n - 1, l->n, true, e) < 0)
        return -1;
    /* Nobody uses what an attempt before this one has left of it. */
    if (first && place(chain, l, 0, l->n, false, e) < 0)
        return -1;
    return place(a->certificate, l, 0, conf_chain_own(l), true, e);
}

/* The whole configuration, with the chain (or NULL) in place of what is not
 * there yet. */
static int check(const struct conf *c, const struct conf_chain *in,
                 struct errs *e)
{
    AUTO(strs) struct strs warnings = {0};
    int r = conf_check_chain(c, in, &warnings, e);

    cmd_warn(&warnings);
    return r;
}

static bool has_token(const struct conf *c)
{
    AUTO(free) char *token = xasprintf("%s/admin.token", c->data);

    return access(token, F_OK) == 0;
}

/* A new service's admin is made with its first authority; also when the
 * process before this one came no further. */
static int finish(struct conf *c, struct errs *e)
{
    struct init i = {.root_key_fd = -1, .data = c->data, .tmp = c->data};
    AUTO(client) struct client *client = NULL;

    if (has_token(c))
        return 0;
    client = client_open(c, e);
    return client ? init_token(&i, client, e) : -1;
}

static bool all_there(const struct conf *c)
{
    for (size_t i = 0; i < c->n_authorities; i++)
        if (access(c->authorities[i].certificate, F_OK) < 0)
            return false;
    return true;
}

/* What the passphrases are for. */
static int prepare(struct conf *c, const struct asked *a, struct errs *e)
{
    if (cmd_become_owner(c, e) < 0)
        return -1;
    return passphrase_fill(c, c->given_pass, a->pass.ask, e);
}

static int take(struct conf *c, const char *path, const struct asked *a,
                const struct blobs *l, struct errs *e)
{
    const struct conf_authority *which = choose(c, a->authority, e);
    const struct conf_chain in = {.authority = which, .certs = l, .file = path};
    AUTO(strs) struct strs warnings = {0};

    if (!which || prepare(c, a, e) < 0 || judge(c, which, path, l, e) < 0 ||
        vacant(c, which, l, e) < 0 || check(c, &in, e) < 0 ||
        install(c, which, l, e) < 0 || finish(c, e) < 0)
        return -1;
    chain_lint(path, l, &warnings);
    cmd_warn(&warnings);
    printf("Authority %s has its certificate, %s.\n", which->name,
           which->certificate);
    return 0;
}

static int run(const char *path, const struct asked *a)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = conf_load(conf_path(a->file), &e);
    AUTO(blobs) struct blobs l = {0};
    int r;

    /* Before root is given up: it may be root's file. */
    if (!c || cert_load(path, &l, &e) < 0 ||
        passphrase_given(&a->pass, &c->given_pass, &e) < 0)
        return cmd_fail(&e);
    if (!all_there(c) || has_token(c))
        r = take(c, path, a, &l, &e);
    else if (prepare(c, a, &e) < 0 || check(c, NULL, &e) < 0)
        r = -1;
    else
        r = finish(c, &e);
    return r < 0 ? cmd_fail(&e) : EXIT_DONE;
}

int cmd_install_chain(int argc, char **argv)
{
    struct asked a = {.pass = {.ask = true}};
    const struct cmd_option options[] = {
        {"authority", 'a', "NAME",
         "whose; default: the first without a certificate", &a.authority, NULL},
        CMD_PASSPHRASE_OPTIONS(a.pass),
        CMD_CONF_OPTION(a.file),
        {0}};
    AUTO(errs) struct errs e = {0};
    int code;

    if (cmd_options(&argc, &argv, options, "install-chain FILE …", &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("install-chain", "one file with the chain, please");
    if (passphrase_judge(&a.pass, &e) < 0)
        return cmd_bad(&e);
    return run(argv[0], &a);
}
