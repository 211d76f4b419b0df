/* SPDX-License-Identifier: ISC */
#include "cmd_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "init.h"
#include "pem.h"
#include "tm.h"
#include "view.h"

enum {
    CSR_MAX = 65536,
    CERTS_MAX = 1 << 20,
    CHUNK = 4096,
    LINE_MAX_LEN = 1024
};

int cmd_read(const char *path, size_t max, struct buf *out, struct errs *e)
{
    AUTO(file) FILE *f = NULL;
    const bool from_stdin = strcmp(path, "-") == 0;
    uint8_t chunk[CHUNK];
    size_t n;

    f = from_stdin ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
    if (!f)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        buf_put(out, chunk, n);
        if (out->len > max)
            return err_add(e, ERR_TOO_LARGE, "%s: over %zu octets", path, max);
    }
    if (ferror(f))
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    return 0;
}

int cmd_read_line(const char *path, struct buf *out, struct errs *e)
{
    if (cmd_read(path, LINE_MAX_LEN, out, e) < 0)
        return -1;
    while (out->len &&
           (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r'))
        out->len--;
    buf_putc(out, 0);
    return 0;
}

int cmd_read_csr(const char *path, struct buf *der, struct csr *csr,
                 struct errs *e)
{
    AUTO(buf) struct buf body = {0};
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();
    int r;

    if (cmd_read(path, CSR_MAX, &body, e) < 0 ||
        csr_decode(body.data, body.len, der, e) < 0)
        return -1;
    r = csr_parse(csr, der->data, der->len, e);
    return csr_verify(csr, v, e) < 0 ? -1 : r;
}

int cmd_read_certs(const char *path, struct blobs *out, struct errs *e)
{
    AUTO(buf) struct buf body = {0};

    if (cmd_read(path, CERTS_MAX, &body, e) < 0)
        return -1;
    if (body.len == 0 || body.data[0] != DER_SEQUENCE)
        return cert_split(path, &body, out, e);
    out->v = xcalloc(1, sizeof(*out->v));
    out->v[out->n++] = body;
    body = (struct buf){0};
    return 0;
}

int cmd_read_certificate(const char *what, struct serial *serial,
                         struct blobs *out)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};

    if (access(what, F_OK) != 0) {
        if (serial_parse(serial, what) == 0)
            return EXIT_DONE;
        err_add(&e, ERR_BAD_ARGUMENT,
                "\"%s\" is neither a file that is there nor a serial number in "
                "hexadecimal",
                what);
        return cmd_bad(&e);
    }
    if (cmd_read_certs(what, out, &e) < 0 ||
        cert_parse_any(&cert, out->v[0].data, out->v[0].len, &e) < 0)
        return cmd_fail(&e);
    *serial = cert.serial;
    return EXIT_DONE;
}

int cmd_record_get(struct client *c, const struct serial *serial,
                   struct record *out, struct errs *e)
{
    struct frame f;

    serial_put(client_begin(c, MSG_GET), serial);
    if (client_call(c, MSG_RECORD, &f, e) < 0)
        return -1;
    rd_u8(&f.body);
    record_get(&f.body, out);
    return rd_done(&f.body)
               ? 0
               : err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
}

int cmd_record_of(struct client *c, const struct buf *der,
                  const struct serial *serial, struct record *out,
                  struct errs *e)
{
    AUTO(query) struct query q;
    struct frame f = {.more = true};

    query_init(&q);
    q.has_sha256 = true;
    digest_sum(DIGEST_SHA256, der->data, der->len, q.sha256);
    query_put(client_begin(c, MSG_LIST), &q);
    if (client_send(c, e) < 0)
        return -1;
    while (f.more) {
        if (client_recv(c, &f, e) < 0)
            return -1;
        if (f.type != MSG_RECORD)
            continue;
        rd_u8(&f.body);
        record_free(out);
        record_get(&f.body, out);
        if (!rd_done(&f.body))
            return err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    }
    return out->der.len ? 0 : cmd_record_get(c, serial, out, e);
}

int cmd_authorities(struct client *c, struct msg_hello *out, struct errs *e)
{
    struct frame f;

    client_begin(c, MSG_HELLO);
    if (client_call(c, MSG_AUTHORITIES, &f, e) < 0)
        return -1;
    msg_hello_get(&f.body, out);
    return rd_done(&f.body)
               ? 0
               : err_add(e, ERR_SIGNER_AWAY, "the signer named no authorities");
}

void cmd_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

int cmd_serial(struct serial *out, const char *text, struct errs *e)
{
    if (serial_parse(out, text) == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "\"%s\" is not a serial number in hexadecimal; `pocketca "
                   "list` shows them",
                   text);
}

static int write_out(const struct cmd_out *out, const struct record *r,
                     const struct buf *pem, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    char serial[2 * SERIAL_MAX + 1];

    if (cmd_out_write(out, pem, &why) == 0)
        return 0;
    serial_text(serial, &r->serial);
    return err_add(e, ERR_BAD_ARGUMENT,
                   "%s; the certificate is issued: pocketca show --json %s",
                   why.v[0].detail, serial);
}

static int show(const struct record *r, const struct authority_infos *l,
                enum chain chain, const struct cmd_out *out, bool json,
                struct errs *e)
{
    const struct authority_info *a = authority_infos_find(l, r->authority);
    AUTO(buf) struct buf pem = {0};

    cmd_warn(&r->warnings);
    if (json) {
        cmd_print_json(view_record(r, tm_now(), l));
        if (!out->path)
            return 0;
    }
    authority_chain_pem(l, r->authority, &r->der, &pem);
    while (a && a->parent)
        a = authority_infos_find(l, a->parent);
    if (chain == CHAIN_WHOLE && a)
        pem_put(&pem, "CERTIFICATE", a->der.data, a->der.len);
    if (out->path)
        return write_out(out, r, &pem, e);
    fwrite(pem.data, 1, pem.len, stdout);
    return 0;
}

int cmd_record_answer(struct client *c, enum chain chain,
                      const struct cmd_out *out, bool json)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(record) struct record r = {0};
    struct frame f;

    if (client_call(c, MSG_RECORD, &f, &e) < 0)
        return cmd_refused(&e);
    rd_u8(&f.body);
    record_get(&f.body, &r);
    if (!rd_done(&f.body))
        err_add(&e, ERR_SIGNER_AWAY, "the signer's answer is broken");
    else if (cmd_authorities(c, &hello, &e) == 0)
        show(&r, &hello.authorities, chain, out, json, &e);
    return e.n ? cmd_fail(&e) : EXIT_DONE;
}

static void request_options(struct cmd_option *to, struct request_args *a)
{
    const struct cmd_option all[CMD_REQUEST_OPTIONS] = {
        {"profile", 'p', "NAME", "profile; default: the first", &a->profile,
         NULL},
        {"lifetime", 'l', "SPAN", "90d, 12h; default: the profile's",
         &a->lifetime, NULL},
        {"not-before", 0, "TIME", "2026-01-31T12:00:00Z; default: now",
         &a->not_before, NULL},
        {"names", 'n', "LIST", "instead of the names in the CSR", &a->names,
         NULL},
        {"replaces", 0, "SERIAL", "the certificate that this one replaces",
         &a->replaces, NULL},
        {"note", 0, "TEXT", "is kept with the certificate", &a->note, NULL},
    };

    memcpy(to, all, sizeof(all));
}

/* Whether a frame has the room. */
static bool fits(const struct msg_issue *m)
{
    AUTO(buf) struct buf b = {0};

    msg_issue_put(&b, m);
    return b.len < MSG_MAX - CHUNK;
}

int cmd_request(const char *path, const struct request_args *a,
                struct msg_issue *out)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_issue) struct msg_issue values = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(csr) struct csr csr = {0};

    if (request_fill(&values, NULL, a, &e) < 0)
        return cmd_bad(&e);
    if (path && cmd_read_csr(path, &der, &csr, &e) < 0 && !csr.sig.tbs)
        return cmd_fail(&e);
    request_fill(out, path ? &csr : NULL, a, &e);
    errs_merge(&out->errs, &e); /* told with what the signer has to say */
    if (out->errs.n && !fits(out))
        return cmd_fail(&out->errs);
    out->protocol = xstrdup("cli");
    return EXIT_DONE;
}

int cmd_request_csr(int argc, char **argv, struct cmd_option *options,
                    struct msg_issue *out, int *code)
{
    struct request_args a = {0};
    const char *command = argv[0];
    AUTO(free)
    char *usage = xasprintf("%s CSR|- [--profile NAME] …", command);

    request_options(options, &a);
    if (cmd_options(&argc, &argv, options, usage, code) < 0)
        return -1;
    *code = argc == 1 ? cmd_request(argv[0], &a, out)
                      : cmd_usage(command, "one CSR, please (a file, or - for "
                                           "stdin)");
    return *code == EXIT_DONE ? 0 : -1;
}

int cmd_issue_run(const char *conf, enum msg_type type,
                  const struct msg_issue *m, const char *out, bool json)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cmd_out) struct cmd_out o = CMD_OUT_NONE;
    AUTO(client) struct client *c = NULL;
    int code;

    if (cmd_out_open(&o, out, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(conf, &code);
    if (!c)
        return code;
    msg_issue_put(client_begin(c, type), m);
    return cmd_record_answer(c, CHAIN_TLS, &o, json);
}

void cmd_record_line(const struct record *r, int64_t now)
{
    AUTO(json) json_t *o = view_record(r, now, NULL);
    const char *end = json_string_value(json_object_get(o, "not_after"));
    const json_t *names = json_object_get(o, "names"), *name;
    size_t i;

    printf("%-32s  %-7s  %.10s ",
           json_string_value(json_object_get(o, "serial")),
           json_string_value(json_object_get(o, "status")), end ? end : "");
    json_array_foreach(names, i, name) printf(" %s", json_string_value(name));
    if (json_array_size(names) == 0)
        printf(" %s", json_string_value(json_object_get(o, "subject")));
    putchar('\n');
}
