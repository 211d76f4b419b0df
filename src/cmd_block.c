/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_record.h"
#include "digest.h"
#include "key.h"
#include "pem.h"
#include "tm.h"

enum { FILE_MAX = 65536, PAGE = 1000 };

struct block {
    const char *file, *note, *pass_file, *list, *remove;
};

/* A private key is read for its public half alone, whoever may read the file:
 * one that lay open is just what is to be blocked. */
static int from_private(const struct block *b, const struct buf *text,
                        const char *path, struct buf *spki, struct errs *e)
{
    AUTO(buf) struct buf pass = {0};
    int rc;

    if (b->pass_file && cmd_read_line(b->pass_file, &pass, e) < 0)
        return -1;
    rc = key_public_half(
        text, path, b->pass_file ? (const char *)pass.data : NULL, spki, e);
    mem_wipe(pass.data, pass.len);
    return rc;
}

static int from_der(const struct buf *der, const char *path, struct buf *spki,
                    struct errs *e)
{
    AUTO(errs) struct errs no_cert = {0}, no_csr = {0}, no_key = {0};
    AUTO(cert) struct cert cert = {0};
    AUTO(csr) struct csr csr = {0};
    struct key_pub pub;

    if (cert_parse_any(&cert, der->data, der->len, &no_cert) == 0)
        buf_put(spki, cert.key.spki, cert.key.spki_len);
    else if (csr_parse(&csr, der->data, der->len, &no_csr) == 0)
        buf_put(spki, csr.key.spki, csr.key.spki_len);
    else if (key_pub_parse(&pub, der->data, der->len, &no_key) == 0)
        buf_put(spki, der->data, der->len);
    else
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s is no certificate, CSR or key that is read here: "
                       "give the SHA-256 of its SubjectPublicKeyInfo",
                       path);
    return 0;
}

static int from_file(const struct block *b, const char *path,
                     uint8_t sha256[32], struct errs *e)
{
    AUTO(buf) struct buf text = {0}, der = {0}, spki = {0};
    char label[64];
    enum pem_result r;
    size_t used;
    int rc;

    if (cmd_read(path, FILE_MAX, &text, e) < 0)
        return -1;
    r = pem_read_next(text.data, text.len, label, &der, &used);
    if (r == PEM_PRIVATE || r == PEM_ENCRYPTED ||
        (r == PEM_OK && strcmp(label, "EC PARAMETERS") == 0))
        rc = from_private(b, &text, path, &spki, e);
    else
        rc = from_der(r == PEM_OK ? &der : &text, path, &spki, e);
    mem_wipe(text.data, text.len);
    if (rc == 0)
        digest_sum(DIGEST_SHA256, spki.data, spki.len, sha256);
    return rc;
}

static int get_key(const struct block *b, const char *what, uint8_t sha256[32],
                   struct errs *e)
{
    if (strlen(what) == 64 && access(what, F_OK) != 0 &&
        hex_decode(sha256, 32, what, 64) == 32)
        return 0;
    return from_file(b, what, sha256, e);
}

static int print_line(struct frame *f, struct errs *e)
{
    uint8_t sha256[32];
    char text[65], when[TM_RFC3339_SIZE];
    AUTO(free) char *note = NULL;

    rd_bytes(&f->body, sha256, sizeof(sha256));
    tm_rfc3339(when, rd_i64(&f->body));
    note = rd_str_null(&f->body);
    if (f->type != MSG_BLOCKED || !rd_done(&f->body))
        return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    hex_encode(text, sha256, sizeof(sha256));
    printf("%s  %s%s%s\n", text, when, note ? "  " : "", note ? note : "");
    return 0;
}

static int list(struct client *c, struct errs *e)
{
    struct frame f;

    client_begin(c, MSG_BLOCK_LIST);
    if (client_send(c, e) < 0)
        return -1;
    for (;;) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type == MSG_DONE)
            return 0;
        if (print_line(&f, e) < 0)
            return -1;
    }
}

/* What has the key already is not revoked by this: the command says how. */
static int warn_holders(struct client *c, const uint8_t sha256[32],
                        struct errs *e)
{
    AUTO(query) struct query q;
    struct frame f = {.more = true};

    query_init(&q);
    q.has_key_sha256 = true;
    memcpy(q.key_sha256, sha256, sizeof(q.key_sha256));
    q.status = STATUS_VALID;
    q.limit = PAGE;
    query_put(client_begin(c, MSG_LIST), &q);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        AUTO(record) struct record r = {0};
        char serial[2 * SERIAL_MAX + 1];

        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type != MSG_RECORD)
            continue;
        rd_u8(&f.body);
        record_get(&f.body, &r);
        serial_text(serial, &r.serial);
        fprintf(stderr,
                "pocketca: warning: certificate %s has this key and is valid: "
                "pocketca revoke %s --reason keyCompromise\n",
                serial, serial);
    }
    return 0;
}

static int block(struct client *c, const struct block *b,
                 const uint8_t sha256[32], struct errs *e)
{
    struct buf *body = client_begin(c, b->remove ? MSG_UNBLOCK : MSG_BLOCK);
    struct frame f;
    char text[65];

    buf_put(body, sha256, 32);
    if (!b->remove)
        buf_str(body, b->note);
    if (client_call(c, MSG_DONE, &f, e) < 0)
        return -1;
    hex_encode(text, sha256, 32);
    printf("%s %s\n", text, b->remove ? "is not blocked any more" : "blocked");
    return b->remove ? 0 : warn_holders(c, sha256, e);
}

static int run(const struct block *b, const char *what)
{
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    uint8_t sha256[32];
    int code, rc;

    if (what && get_key(b, what, sha256, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(b->file, &code);
    if (!c)
        return code;
    rc = b->list ? list(c, &e) : block(c, b, sha256, &e);
    return rc < 0 ? cmd_fail(&e) : EXIT_DONE;
}

int cmd_block(int argc, char **argv)
{
    struct block b = {0};
    const struct cmd_option options[] = {
        {"note", 0, "TEXT", "why", &b.note, NULL},
        {"list", 'l', NULL, "shows the keys that are blocked", &b.list, NULL},
        {"remove", 0, NULL, "takes a block back; the ledger keeps both",
         &b.remove, NULL},
        {"passphrase-file", 0, "FILE", "for an encrypted private key",
         &b.pass_file, NULL},
        CMD_CONF_OPTION(b.file),
        {0}};
    int code;

    if (cmd_options(&argc, &argv, options,
                    "block [options] KEY|CERTIFICATE|CSR|SHA256", &code) < 0)
        return code;
    if (b.list ? argc != 0 || b.remove || b.note : argc != 1)
        return cmd_usage("block", "one key, certificate, CSR or SHA-256 of a "
                                  "SubjectPublicKeyInfo, or --list alone");
    if (b.remove && b.note)
        return cmd_usage("block", "--note goes with a block, not --remove");
    return run(&b, b.list ? NULL : argv[0]);
}
