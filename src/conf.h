/* SPDX-License-Identifier: ISC */
/*
 * The configuration file: read by libconfuse, checked wholly before anything
 * starts.  doc: pocketca.conf(5).
 */
#ifndef POCKETCA_CONF_H
#define POCKETCA_CONF_H

#include "err.h"
#include "mem.h"
#include "profile.h"

enum listen_kind { LISTEN_STOP = 0, LISTEN_API, LISTEN_PUBLIC, LISTEN__MAX };

struct conf_listen {
    enum listen_kind kind;
    char *url; /* as written */
    bool tls;
    char *path; /* unix:PATH, absolute; else NULL */
    char *host; /* address without brackets */
    int port;
};

struct conf_authority {
    char *name;
    char *certificate;           /* absolute path */
    char *key;                   /* "file:…" */
    char *passphrase_file;       /* absolute path, or NULL */
    char *passphrase_credential; /* its name, or NULL */
    char *pass;                  /* passphrase.h; wiped in the end */
    int64_t crl_lifetime, crl_refresh;
    unsigned crl_partition_size; /* certificates; 0: no partitions */
    bool crl_wait;         /* a revocation is answered when the CRL has it */
    int64_t ocsp_lifetime; /* of an answer: nextUpdate - thisUpdate */
};

struct conf {
    char *file;               /* its path, for messages */
    char *data;               /* absolute */
    bool offline;             /* an offline root: no service, no profiles */
    struct strs host;         /* names of the service's own certificate */
    char *public_url;         /* without trailing slash; NULL: "none" */
    char *root;               /* absolute path of the root certificate */
    char *ledger_key;         /* "file:keys/ledger.key" */
    char *user, *signer_user; /* NULL: do not change */
    char *weak_keys;          /* absolute directory, or NULL: weak_list.h */
    int log_level;            /* enum log_level */
    unsigned max_connections, max_connections_per_address;
    unsigned ocsp_sign_budget; /* a second; signer_ocsp.h */
    int64_t disk_floor;        /* octets that must stay free under data */
    struct conf_listen *listens;
    size_t n_listens;
    struct conf_authority *authorities;
    size_t n_authorities;
    struct profiles profiles;
    struct strs warnings; /* sentences: what is hardly meant, and harmless */
    /* How a command, which is its own signer, comes by passphrases. */
    char *given_pass; /* from an option, or NULL; wiped in the end */
    bool may_ask;     /* the terminal */
};

/* Parses text (a file's contents, `len` octets) as the file at `path`, which
 * messages name with line numbers and whose directory relative paths start
 * from.  Checks everything that needs no other file.  Every error is
 * ERR_BAD_ARGUMENT, "FILE:LINE: sentence".  NULL on error. */
struct conf *conf_parse(const char *path, const char *text, size_t len,
                        struct errs *e);
/* The text of the file, at most 1 MiB; -1 with a reason. */
int conf_read(const char *path, struct buf *text, struct errs *e);
/* conf_read(), then conf_parse(). */
struct conf *conf_load(const char *path, struct errs *e);
/* -c argument, else $POCKETCA_CONF, else /etc/pocketca/pocketca.conf. */
const char *conf_path(const char *option);
/* What needs other files: certificates and keys exist, are readable, fit each
 * other and chain to the root, data is there and private.  Warnings
 * (an unencrypted root key, a public-url on loopback, and those of c) are
 * sentences. */
int conf_check(const struct conf *c, struct strs *warnings, struct errs *e);
/* A chain, the root last, that is to become an authority's. */
struct conf_chain {
    const struct conf_authority *authority;
    const struct blobs *certs;
    const char *file; /* it was given in, which reasons name */
};
/* conf_check() as it would be with the chain (NULL: none) in place of the
 * authority's file and the root's. */
int conf_check_chain(const struct conf *c, const struct conf_chain *in,
                     struct strs *warnings, struct errs *e);
/* How many of a chain are in the authority's file: all but the root, unless it
 * is the authority. */
size_t conf_chain_own(const struct blobs *certs);
/* The authority's key is encrypted, and its passphrase is not here: an offline
 * root then answers, and signs nothing. */
bool conf_key_closed(const struct conf *c, const struct conf_authority *a);
const struct conf_authority *conf_authority(const struct conf *c,
                                            const char *name);
void conf_free(struct conf *c);
AUTO_DEFINE(conf, struct conf *, conf_free)

/* "https://0.0.0.0:8443", "http://[::1]:8080", "unix:/run/x.sock". */
int conf_listen_parse(struct conf_listen *out, const char *url, const char *dir,
                      struct errs *e);
bool conf_listen_is_loopback(const struct conf_listen *l);
/* Both cannot listen: one place, or one of the addresses is all of them. */
bool conf_listen_clash(const struct conf_listen *a,
                       const struct conf_listen *b);
void conf_listen_free(struct conf_listen *l);
/* How the front shares the descriptors that its limit of open files allows:
 * connections of each listener, at most max-connections; what is left is for
 * CRLs, one each, and no less than a quarter where there are partitions. */
unsigned conf_share_connections(const struct conf *c, uint64_t limit);
uint64_t conf_share_crls(const struct conf *c, uint64_t limit);

/* What `init` writes: the text of a new configuration, complete with
 * comments, which conf_parse() reads back. */
struct conf_init {
    const char *data;
    bool offline;         /* host, allow and listeners are not looked at */
    const char *root_key; /* offline: "file:…" */
    const char *passphrase_file;     /* of the issuing key; NULL: none */
    const struct strs *host, *allow; /* allow: patterns; empty: everything */
    const struct strs *subject;      /* of each profile; NULL: none */
    const char *listen_api, *listen_public, *public_url; /* NULL: none */
    const char *user;
};
void conf_write(struct buf *out, const struct conf_init *i);

#endif
