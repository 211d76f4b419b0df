/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"

enum { PAGE = 1000 };

struct block {
    const char *file, *note, *pass_file, *list, *remove;
};

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

    if (what && cmd_key(what, b->pass_file, sha256, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(b->file, &code);
    if (!c)
        return code;
    rc = b->list ? list(c, &e) : block(c, b, sha256, &e);
    return rc < 0 ? cmd_refused(&e) : EXIT_DONE;
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
