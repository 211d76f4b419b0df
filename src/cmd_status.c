/* SPDX-License-Identifier: ISC */
/* status: what ledger, CRL and OCSP say about one certificate. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "cmd_status_ask.h"
#include "tm.h"

enum { LEDGER = 0, CRL, OCSP, SOURCES };
static const char *const source_text[SOURCES] = {"ledger", "crl", "ocsp"};

struct given {
    const char *conf, *issuer, *json, *no_nonce;
};

struct run {
    struct blobs file;    /* of CERT, the certificate first; none: a serial */
    struct blobs issuers; /* of --issuer */
    struct msg_hello hello;
    struct record record; /* of the ledger; no DER: it has none */
    struct cert cert, issuer;
    bool is_ours; /* the issuer is an authority of the ledger */
    struct status v[SOURCES];
};

static void run_free(struct run *r)
{
    blobs_free(&r->file);
    blobs_free(&r->issuers);
    msg_hello_free(&r->hello);
    record_free(&r->record);
    cert_free(&r->cert);
    cert_free(&r->issuer);
    for (int i = 0; i < SOURCES; i++)
        status_free(&r->v[i]);
}
AUTO_VALUE(run, struct run, run_free)

/* Its name says so, and its signature. */
static bool issued(const struct buf *der, const struct cert *c,
                   struct cert *issuer)
{
    AUTO(errs) struct errs e = {0};
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();

    if (cert_parse_any(issuer, der->data, der->len, &e) != 0)
        return false;
    if (cert_may_issue(issuer, c) && cert_verify(c, &issuer->key, v, &e) == 0)
        return true;
    cert_free(issuer);
    return false;
}

static bool issued_by_one(const struct blobs *l, const struct cert *c,
                          struct cert *issuer)
{
    for (size_t i = 0; i < l->n; i++)
        if (issued(&l->v[i], c, issuer))
            return true;
    return false;
}

/* file: where those of --issuer are from; NULL: none were given. */
static int find_issuer(struct run *r, const char *file, struct errs *e)
{
    const struct authority_infos *l = &r->hello.authorities;
    AUTO(free)
    char *name = cert_name_text(r->cert.issuer, r->cert.issuer_len);
    AUTO(cert) struct cert given = {0};

    if (file && !issued_by_one(&r->issuers, &r->cert, &given))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--issuer %s: no certificate in it issued this one, "
                       "whose issuer is \"%s\"",
                       file, name);
    for (size_t i = 0; i < l->n && !r->is_ours; i++)
        r->is_ours = issued(&l->v[i].der, &r->cert, &r->issuer);
    if (r->is_ours || issued_by_one(&r->issuers, &r->cert, &r->issuer) ||
        issued_by_one(&r->file, &r->cert, &r->issuer))
        return 0;
    return err_add(e, ERR_NOT_FOUND,
                   "the certificate of its issuer \"%s\" is not known here: "
                   "give it with --issuer",
                   name);
}

/* ---- the ledger */

static void judge_record(struct run *r)
{
    struct status *out = &r->v[LEDGER];
    const struct buf *der = &r->record.der;

    if (out->says != SAYS_NOTHING || out->detail)
        return;
    if (!r->is_ours) {
        status_set(out, SAYS_NOTHING,
                   "the certificate is of no authority that it has");
    } else if (!der->len) {
        status_set(out, SAYS_UNKNOWN, "it has no such serial number");
    } else if (der->len != r->cert.der_len ||
               memcmp(der->data, r->cert.der, der->len) != 0) {
        status_set(out, SAYS_UNKNOWN,
                   "another certificate has this serial number");
    } else {
        out->says = r->record.revoked_at ? SAYS_REVOKED : SAYS_GOOD;
        out->revoked_at = r->record.revoked_at;
        out->reason = r->record.reason;
    }
}

/* An authority's own certificate is no record, but known. */
static bool is_authority(struct run *r, const struct serial *serial)
{
    const struct authority_infos *l = &r->hello.authorities;

    for (size_t i = 0; i < l->n && !r->record.der.len; i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(cert) struct cert c = {0};
        const struct buf *der = &l->v[i].der;

        if (cert_parse_any(&c, der->data, der->len, &e) == 0 &&
            serial_equal(&c.serial, serial))
            buf_put(&r->record.der, der->data, der->len);
    }
    return r->record.der.len > 0;
}

/* Asked and let go at once: while this process has it no service starts. */
static int ask_ledger(struct run *r, const struct given *g,
                      const struct serial *serial, struct errs *e)
{
    AUTO(client) struct client *c = cmd_client_open(g->conf, NULL, e);
    AUTO(errs) struct errs why = {0};

    if (!c || cmd_authorities(c, &r->hello, e) < 0)
        return -1;
    if ((r->file.n ? cmd_record_of(c, &r->file.v[0], serial, &r->record, &why)
                   : cmd_record_get(c, serial, &r->record, &why)) == 0)
        return 0;
    if (why.v[0].code == ERR_NOT_FOUND &&
        (is_authority(r, serial) || r->file.n))
        return 0;
    errs_move(e, &why);
    return -1;
}

static void ask_ledger_of_file(struct run *r, const struct given *g)
{
    AUTO(errs) struct errs e = {0};

    if (!g->conf && !getenv("POCKETCA_CONF") &&
        access(conf_path(NULL), F_OK) != 0)
        status_set(&r->v[LEDGER], SAYS_NOTHING,
                   "there is no configuration here that names it");
    else if (ask_ledger(r, g, &r->cert.serial, &e) < 0)
        status_set(&r->v[LEDGER], SAYS_FAILED, "%s", e.v[0].detail);
}

/* ---- what is shown */

static const char *time_text(char out[TM_RFC3339_SIZE], int64_t t)
{
    tm_rfc3339(out, t);
    return out;
}

static void show_line(const char *source, const struct status *s)
{
    char when[TM_RFC3339_SIZE];

    printf("%-16s %s", source, says_text(s->says));
    if (s->says == SAYS_REVOKED)
        printf(" at %s, %s", time_text(when, s->revoked_at),
               crl_reason_text(s->reason) ? crl_reason_text(s->reason)
                                          : "for an unknown reason");
    if (s->detail)
        printf(": %s", s->detail);
    if (s->url)
        printf(" (%s", s->url);
    if (s->url && s->this_update)
        printf(", of %s", time_text(when, s->this_update));
    puts(s->url ? ")" : "");
}

static json_t *view_time(int64_t t)
{
    char text[TM_RFC3339_SIZE];

    return t ? json_string(time_text(text, t)) : json_null();
}

static json_t *view_status(const struct status *s)
{
    const bool revoked = s->says == SAYS_REVOKED;

    return json_pack("{s:s, s:o, s:s?, s:s?, s:o, s:o, s:s?}", "says",
                     says_text(s->says), "revoked_at",
                     view_time(revoked ? s->revoked_at : 0), "reason",
                     revoked ? crl_reason_text(s->reason) : NULL, "url", s->url,
                     "this_update", view_time(s->this_update), "next_update",
                     view_time(s->next_update), "detail", s->detail);
}

static const char *const verdict_sentence[VERDICT__MAX] = {
    "good: all that were asked agree",
    "revoked: all that were asked agree",
    "differ: they do not agree",
    "incomplete: not all could be asked",
    "unknown: nobody knows the certificate",
};

static int show(const struct run *r, bool json)
{
    const enum verdict verdict = status_verdict(r->v, SOURCES);
    char serial[2 * SERIAL_MAX + 1];
    json_t *o;

    serial_text(serial, &r->cert.serial);
    o = json_pack("{s:s, s:s}", "serial", serial, "verdict",
                  verdict_text(verdict));
    if (!json)
        printf("%-16s %s\n", "serial", serial);
    for (int i = 0; i < SOURCES; i++)
        if (json)
            json_object_set_new(o, source_text[i], view_status(&r->v[i]));
        else
            show_line(source_text[i], &r->v[i]);
    if (json)
        cmd_print_json(o);
    else {
        printf("%-16s %s\n", "verdict", verdict_sentence[verdict]);
        json_decref(o);
    }
    return verdict == VERDICT_GOOD      ? EXIT_DONE
           : verdict == VERDICT_REVOKED ? EXIT_REVOKED
                                        : EXIT_REFUSED;
}

/* The certificate, from its file or the ledger; what the ledger says of it. */
static int find(struct run *r, const struct given *g,
                const struct serial *serial, struct errs *e)
{
    const struct buf *der = &r->record.der;

    if (g->issuer && cmd_read_certs(g->issuer, &r->issuers, e) < 0)
        return -1;
    if (r->file.n)
        der = &r->file.v[0];
    else if (ask_ledger(r, g, serial, e) < 0)
        return -1;
    if (cert_parse_any(&r->cert, der->data, der->len, e) < 0)
        return -1;
    if (r->file.n)
        ask_ledger_of_file(r, g);
    if (find_issuer(r, g->issuer, e) < 0)
        return -1;
    judge_record(r);
    return 0;
}

int cmd_status(int argc, char **argv)
{
    struct given g = {0};
    const struct cmd_option options[] = {
        {"issuer", 'i', "FILE", "the issuer's certificate", &g.issuer, NULL},
        {"no-nonce", 0, NULL, "asks OCSP for what everybody gets", &g.no_nonce,
         NULL},
        {"json", 'j', NULL, "what each says as an object", &g.json, NULL},
        CMD_CONF_OPTION(g.conf),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(run) struct run r = {0};
    struct serial serial;
    int code;

    if (cmd_options(&argc, &argv, options, "status CERT|SERIAL [--json]",
                    &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("status", "one certificate or serial number, please");
    code = cmd_read_certificate(argv[0], &serial, &r.file);
    if (code != EXIT_DONE)
        return code;
    if (find(&r, &g, &serial, &e) < 0)
        return cmd_fail(&e);
    ask_crl(&r.cert, &r.issuer, &r.v[CRL]);
    ask_ocsp(&r.cert, &r.issuer, !g.no_nonce, &r.v[OCSP]);
    return show(&r, g.json);
}
