/* SPDX-License-Identifier: ISC */
/* What the files of `pocketca init` share. */
#ifndef POCKETCA_INIT_H
#define POCKETCA_INIT_H

#include <sys/types.h>

#include "cert.h"
#include "conf.h"
#include "err.h"
#include "key.h"
#include "mem.h"
#include "name.h"

struct init {
    /* what was asked, judged */
    const char *name, *key;
    int64_t lifetime, root_lifetime;
    bool constrain;
    struct names host;
    struct patterns allow;
    struct strs host_text, allow_text;
    const char *listen_api, *listen_public;
    char *public_url; /* NULL: none */
    char *pass;       /* of the root key, or NULL */
    const char *root_key_out;
    int root_key_fd; /* of root_key_out, new; -1: into keys/ */
    /* where it goes */
    bool split;      /* the configuration in a directory of its own */
    char *data;      /* absolute */
    char *conf_file; /* absolute */
    const char *user;
    uid_t uid;
    gid_t gid; /* of user */
    /* where it grows */
    char *tmp;
    bool inside;         /* tmp lies in data and its entries move up */
    struct strs parents; /* directories that were made for it */
};

/* Options to a struct init (init_ask.c); -1 with *code set and the reason
 * printed. */
int init_ask(struct init *i, int argc, char **argv, int *code);
void init_free(struct init *i);

/* Everything below i->tmp (init_make.c); runs in a process of its own. */
int init_make(const struct init *i, struct errs *e);
/* The token and the root's first CRL, by way of the signer (init_ledger.c). */
int init_ledger(const struct init *i, const struct cert *root,
                EVP_PKEY *root_key, struct errs *e);

/* A new file below i->tmp, synced (init_place.c). */
int init_write(const struct init *i, const char *name, mode_t mode,
               const struct buf *content, struct errs *e);
/* The whole content to a new file's descriptor, synced. */
int init_write_fd(int fd, const char *name, const struct buf *content,
                  struct errs *e);
/* Refuses what exists, makes i->tmp. */
int init_place_begin(struct init *i, struct errs *e);
/* Gives the files to the user, syncs all of them, moves all to their place. */
int init_place_finish(struct init *i, struct errs *e);
/* Removes what begin and make left. */
void init_place_undo(struct init *i);

#endif
