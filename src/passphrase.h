/* SPDX-License-Identifier: ISC */
/*
 * Passphrases of private keys: from a file, a systemd credential, a descriptor
 * or the terminal; never from the command line or the environment, which
 * others can read.  The supervisor hands them on in a sealed memfd.
 */
#ifndef POCKETCA_PASSPHRASE_H
#define POCKETCA_PASSPHRASE_H

#include "conf.h"

enum { PASSPHRASE_MAX = 1024 };

/* What was said beside the configuration. */
struct passphrase_from {
    const char *file; /* --passphrase-file, or NULL */
    const char *fd;   /* --passphrase-fd, a number, or NULL */
    bool ask;         /* the terminal may be asked */
};

/* -1 with the reason when both were given, or what is no descriptor. */
int passphrase_judge(const struct passphrase_from *from, struct errs *e);
/* The first line of --passphrase-file or --passphrase-fd, 1 to PASSPHRASE_MAX
 * octets without NUL, for passphrase_free(); *out is NULL when neither was
 * given.  -1 with the reason, that of passphrase_judge() too. */
int passphrase_given(const struct passphrase_from *from, char **out,
                     struct errs *e);
/* Asks once, without echo, on the controlling terminal; for passphrase_free().
 * NULL with a reason, or without one when there is no terminal. */
char *passphrase_ask(const char *whose, struct errs *e);
/* Wipes and frees; NULL is nothing. */
void passphrase_free(char *pass);

/* Fills a->pass of every authority whose key is encrypted and that has none
 * yet: from passphrase-file, passphrase-credential (where there are any, or
 * nothing is given), `given` (may be NULL), or the terminal when `ask`.  A
 * source that cannot be read is -1 with the reason; an authority without any
 * source is left to key_load(). */
int passphrase_fill(struct conf *c, const char *given, bool ask,
                    struct errs *e);

/* A sealed memfd; its pages are locked and in no core dump until it is
 * dropped. */
struct passphrase_kept {
    int fd; /* -1: none */
    void *at;
    size_t len;
};
#define PASSPHRASE_NONE ((struct passphrase_kept){.fd = -1})
/* All of c; when its pages cannot be locked, *unlocked is why: errno.  -1 with
 * errno. */
int passphrase_seal(const struct conf *c, struct passphrase_kept *out,
                    int *unlocked);
/* *k is none afterwards, as it may be before. */
void passphrase_drop(struct passphrase_kept *k);
/* Fills them in from such a memfd; -1 when it is none. */
int passphrase_unseal(struct conf *c, int fd);

#endif
