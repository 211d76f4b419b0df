/* SPDX-License-Identifier: ISC */
/* What the commands about certificates share. */
#ifndef POCKETCA_CMD_RECORD_H
#define POCKETCA_CMD_RECORD_H

#include <jansson.h>

#include "cmd.h"
#include "csr.h"
#include "request.h"
#include "revocations.h"

/* A file, or standard input for "-", at most max octets; -1 with the reason.
 */
int cmd_read(const char *path, size_t max, struct buf *out, struct errs *e);
/* A passphrase: the file without its line end, and a NUL behind it. */
int cmd_read_line(const char *path, struct buf *out, struct errs *e);
/* A CRL in PEM or DER, at most max octets, as DER. */
int cmd_read_crl(const char *path, size_t max, struct buf *der, struct errs *e);
/* What that CRL of the first authority (DER, from the file `path`) revokes is
 * taken over, and so is its number; -1 when any of it is refused. */
int cmd_import_crl(struct client *c, const char *path, const struct buf *der,
                   struct errs *e);
/* One certificate in DER, or any number in PEM; not judged.  *out was empty. */
int cmd_read_certs(const char *path, struct blobs *out, struct errs *e);
/* CERT|SERIAL: the first certificate of a file is parsed for its serial number,
 * and all of them are put; of a serial number *out stays empty.  The exit code,
 * not EXIT_DONE when reasons were printed. */
int cmd_read_certificate(const char *what, struct serial *serial,
                         struct blobs *out);
/* What the ledger has under that serial number; -1 with ERR_NOT_FOUND when it
 * has nothing. */
int cmd_record_get(struct client *c, const struct serial *serial,
                   struct record *out, struct errs *e);
/* What it has of this certificate, of which that is the serial number; else
 * what cmd_record_get() finds, which is another one. */
int cmd_record_of(struct client *c, const struct buf *der,
                  const struct serial *serial, struct record *out,
                  struct errs *e);
/* Reads, decodes, parses and verifies a CSR; it points into *der, and has what
 * csr_parse() could read on -1 too. */
int cmd_read_csr(const char *path, struct buf *der, struct csr *csr,
                 struct errs *e);
/* A request made of a CSR (NULL: none, for a renewal) and these: reads,
 * decodes, parses and verifies.  What is wrong with a CSR that can be read is
 * in out->errs.  The exit code, not EXIT_DONE when reasons were printed. */
int cmd_request(const char *path, const struct request_args *a,
                struct msg_issue *out);
/* A command whose one operand is a CSR: its arguments are taken, those of the
 * request by the first CMD_REQUEST_OPTIONS rows of options, which are filled
 * here, and the request is made as by cmd_request().  -1 when the caller is to
 * return *code, as with cmd_options(). */
enum { CMD_REQUEST_OPTIONS = 6 };
int cmd_request_csr(int argc, char **argv, struct cmd_option *options,
                    struct msg_issue *out, int *code);
/*
 * --out: a new file, made before anything is issued and before root is given
 * up, so that nothing is issued that cannot be handed over.  It stays only when
 * it was written.
 */
struct cmd_out {
    const char *path; /* NULL: standard output */
    int fd;
    pid_t keeper; /* the process that removes it */
    int keep;     /* tells the keeper */
};
#define CMD_OUT_NONE ((struct cmd_out){.fd = -1, .keep = -1})
/* *o was CMD_OUT_NONE, and stays so without a path; -1 also when there is
 * something at the path. */
int cmd_out_open(struct cmd_out *o, const char *path, struct errs *e);
/* The whole content, synced: the file stays. */
int cmd_out_write(const struct cmd_out *o, const struct buf *content,
                  struct errs *e);
/* What was not written is gone afterwards. */
void cmd_out_close(struct cmd_out *o);
AUTO_VALUE(cmd_out, struct cmd_out, cmd_out_close)
/* ISSUE or RENEW of m by way of the configuration at `conf` (or NULL), and how
 * the answer is shown: the chain to the new file `out` (NULL: standard output),
 * or the object with json; warnings to standard error.  The exit code, reasons
 * printed. */
int cmd_issue_run(const char *conf, enum msg_type type,
                  const struct msg_issue *m, const char *out, bool json);
/* Sends what client_begin() started and shows the RECORD that it is answered
 * with, as cmd_issue_run() does. */
enum chain { CHAIN_TLS, CHAIN_WHOLE /* with the root */ };
int cmd_record_answer(struct client *c, enum chain chain,
                      const struct cmd_out *out, bool json);
/* The signer's authorities, for chains. */
int cmd_authorities(struct client *c, struct msg_hello *out, struct errs *e);
/* Prints a JSON value and a line end, and releases it. */
void cmd_print_json(json_t *value);
/* SHA-256 of a SubjectPublicKeyInfo: in hexadecimal, or of a file with a
 * certificate, CSR or key; pass_file (or NULL) opens a private one. */
int cmd_key(const char *what, const char *pass_file, uint8_t sha256[32],
            struct errs *e);
/* cmd_query.c: the arguments of the list as options.  values has CMD_QUERY_MAX
 * places, all NULL at first; page: order, limit and cursor, too.  How many
 * there are. */
enum { CMD_QUERY_MAX = 17 };
size_t cmd_query_options(struct cmd_option *to, const char **values, bool page);
/* What was given for that argument (in snake_case), or NULL. */
const char *cmd_query_value(const char *const *values, const char *key);
int cmd_query_fill(struct query *q, const char *const *values, struct errs *e);
/* A certificate in a line: by its names, or its subject where it has none. */
void cmd_record_line(const struct record *r, int64_t now);
/* cmd_revocations.c: revokes one, and shows it. */
int cmd_revoke_serial(struct client *c, const struct msg_revoke *m, bool json,
                      struct errs *e);
/* All that match: one is revoked, of more it is shown what would be, unless
 * yes.  The exit code. */
int cmd_revoke_many(struct client *c, struct msg_revocations *m, bool yes,
                    bool json);
/* A serial from the command line; -1 with ERR_BAD_ARGUMENT. */
int cmd_serial(struct serial *out, const char *text, struct errs *e);

#endif
