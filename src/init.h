/* SPDX-License-Identifier: ISC */
/* What the files of `pocketca init` share. */
#ifndef POCKETCA_INIT_H
#define POCKETCA_INIT_H

#include <sys/types.h>

#include "cert.h"
#include "client.h"
#include "conf.h"
#include "err.h"
#include "key.h"
#include "mem.h"
#include "name.h"
#include "passphrase.h"

/* What is made: root and issuing authority, an offline root, an issuing
 * authority that an offline root is to certify; or an authority that another
 * program has made is taken over. */
enum init_form { INIT_BOTH = 0, INIT_ROOT, INIT_CSR, INIT_IMPORT };

struct init {
    /* what was asked, judged */
    enum init_form form;
    char *passphrase_file; /* where pass came from, absolute */
    const char *name, *key;
    int64_t lifetime, root_lifetime;
    bool constrain;
    struct names host;
    struct patterns allow;
    struct strs host_text, allow_text;
    const char *listen_api, *listen_public;
    char *public_url;   /* NULL: none */
    char *pass;         /* of the root key, or the issuing one alone; or NULL */
    char *root_key_out; /* absolute */
    int root_key_fd;    /* of root_key_out, new; -1: into keys/ */
    const char *import_cert, *import_key, *import_chain, *import_crl;
    struct buf imported_crl; /* DER */
    struct blobs imported; /* the authority to its root; one when it is that */
    EVP_PKEY *imported_key;
    struct strs subject; /* of profiles, that its constraints permit; or none */
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

/* Reads and judges what --import-cert and the like name (init_import.c). */
int init_import(struct init *i, struct errs *e);
/* Everything below i->tmp (init_make.c); runs in a process of its own. */
int init_make(const struct init *i, struct errs *e);
/* The token and the root's first CRL, by way of the signer (init_ledger.c); no
 * CRL when root and root_key are NULL. */
int init_ledger(const struct init *i, const struct cert *root,
                EVP_PKEY *root_key, struct errs *e);

/* admin.token and admin.curlrc below i->tmp, of a token that c makes.  One that
 * is there and was never used is of an attempt that was killed, and is removed;
 * one that was used stays the only one. */
int init_token(const struct init *i, struct client *c, struct errs *e);
/* The text of the configuration, with its files below `data`. */
void init_conf(const struct init *i, const char *data, struct buf *out);

/* A new file below i->tmp, synced (init_place.c). */
int init_write(const struct init *i, const char *name, mode_t mode,
               const struct buf *content, struct errs *e);
/* The whole content to a new file's descriptor, synced. */
int init_write_fd(int fd, const char *name, const struct buf *content,
                  struct errs *e);
/* A file at path in one step, whole and synced with its directory, whatever
 * was there before. */
int init_replace(const char *path, mode_t mode, const struct buf *content,
                 struct errs *e);
/* Refuses what exists, makes i->tmp. */
int init_place_begin(struct init *i, struct errs *e);
/* Gives the files to the user, syncs all of them, moves all to their place. */
int init_place_finish(struct init *i, struct errs *e);
/* Each reason once, and naming what was typed for what lies below i->tmp, which
 * is there (init_said.c). */
void init_said(const struct init *i, struct errs *e);
/* Removes what begin and make left. */
void init_place_undo(struct init *i);

#endif
