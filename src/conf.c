/* SPDX-License-Identifier: ISC */
#include "conf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>

enum { CONF_MAX = 1024 * 1024 };

static const char installed[] = "/etc/pocketca/pocketca.conf";

const char *conf_path(const char *option)
{
    const char *env = getenv("POCKETCA_CONF");

    if (option)
        return option;
    return env && *env ? env : installed;
}

/* Who named no configuration may not know that there are others. */
static int none_at(const char *path, int why, struct errs *e)
{
    bool unnamed = why == ENOENT && strcmp(path, installed) == 0;

    return err_add(e, ERR_BAD_ARGUMENT, "%s: %s%s", path, strerror(why),
                   unnamed ? "; -c FILE or $POCKETCA_CONF names another one, "
                             "`pocketca init` makes one"
                           : "");
}

int conf_read(const char *path, struct buf *text, struct errs *e)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return none_at(path, errno, e);
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT, "%s: not a regular file", path);
    for (;;) {
        char piece[8192];

        n = read(fd, piece, sizeof(piece));
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path,
                           strerror(errno));
        buf_put(text, piece, (size_t)n);
        if (text->len > CONF_MAX)
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%s: a configuration has at most 1 MiB", path);
    }
}

struct conf *conf_load(const char *path, struct errs *e)
{
    AUTO(buf) struct buf text = {0};

    if (conf_read(path, &text, e) < 0)
        return NULL;
    return conf_parse(path, (const char *)text.data, text.len, e);
}

const struct conf_authority *conf_authority(const struct conf *c,
                                            const char *name)
{
    for (size_t i = 0; i < c->n_authorities; i++)
        if (strcmp(c->authorities[i].name, name) == 0)
            return &c->authorities[i];
    return NULL;
}

static void conf_authority_free(struct conf_authority *a)
{
    free(a->name);
    free(a->certificate);
    free(a->key);
    free(a->passphrase_file);
    free(a->passphrase_credential);
    if (a->pass)
        mem_wipe(a->pass, strlen(a->pass));
    free(a->pass);
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    free(c->file);
    free(c->data);
    strs_free(&c->host);
    free(c->public_url);
    free(c->root);
    free(c->ledger_key);
    free(c->weak_keys);
    free(c->user);
    free(c->signer_user);
    for (size_t i = 0; i < c->n_listens; i++)
        conf_listen_free(&c->listens[i]);
    free(c->listens);
    for (size_t i = 0; i < c->n_authorities; i++)
        conf_authority_free(&c->authorities[i]);
    free(c->authorities);
    profiles_free(&c->profiles);
    strs_free(&c->warnings);
    if (c->given_pass)
        mem_wipe(c->given_pass, strlen(c->given_pass));
    free(c->given_pass);
    free(c);
}
