/* SPDX-License-Identifier: ISC */
/* `pocketca sign-intermediate`: the root certifies an authority's key. */
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"

struct asked {
    const char *file, *out, *authority, *lifetime, *path_len, *constrain;
    struct passphrase_from pass;
};

/* An authority has a common name and no more. */
static void fill_warnings(struct strs *to, const struct csr *csr)
{
    strs_copy(to, &csr->warnings);
    for (enum subject_field i = 0; i < SUBJECT__MAX; i++)
        if (i != SUBJECT_CN && csr->subject.v[i]) {
            AUTO(free) char *values = subject_values(csr->subject.v[i]);

            strs_add_own(to, xasprintf("the %s %s of the subject was "
                                       "dropped: the name of an authority is "
                                       "its common name",
                                       subject_field_text(i), values));
        }
    for (size_t i = 0; i < csr->san.n; i++) {
        AUTO(free) char *name = name_text(&csr->san.v[i]);

        strs_add_own(to, xasprintf("the alternative name \"%s\" was dropped: "
                                   "an authority has none",
                                   name));
    }
    for (size_t i = 0; i < csr->odd_san.n; i++)
        strs_add_own(to, xasprintf("the alternative name of type %s was "
                                   "dropped: an authority has none",
                                   csr->odd_san.v[i]));
}

static int fill_values(struct msg_sign_ca *m, const struct asked *a,
                       struct errs *e)
{
    AUTO(cert_constraints) struct cert_constraints limits = {0};
    int r = passphrase_judge(&a->pass, e);

    if (a->lifetime &&
        (tm_parse_span(a->lifetime, &m->lifetime) < 0 || m->lifetime < TM_HOUR))
        r = err_add(e, ERR_BAD_ARGUMENT,
                    "--lifetime: \"%s\" is no length of time from 1h to 100y, "
                    "as in 10y",
                    a->lifetime);
    if (a->path_len &&
        (!strchr("0123456789", a->path_len[0]) || strlen(a->path_len) != 1))
        r = err_add(e, ERR_BAD_ARGUMENT,
                    "--path-len: \"%s\" is not a number from 0 to 9",
                    a->path_len);
    if (a->constrain)
        strs_split(&m->permitted, a->constrain, ',');
    if (cert_constraints_parse(&limits, &m->permitted, e) < 0)
        r = -1;
    m->path_len = a->path_len ? (uint8_t)(a->path_len[0] - '0') : 0;
    m->authority = xstrdup(a->authority ? a->authority : "root");
    return r;
}

static void fill_csr(struct msg_sign_ca *m, const struct csr *csr)
{
    const char *cn = csr->subject.v[SUBJECT_CN];

    m->cn = xstrdup(cn ? cn : "");
    m->power = csr->power;
    m->critical = xstrdup_null(csr->critical);
    fill_warnings(&m->warnings, csr);
    buf_put(&m->spki, csr->key.spki, csr->key.spki_len);
}

static int run(const char *path, const struct asked *a)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(csr) struct csr csr = {0};
    AUTO(msg_sign_ca) struct msg_sign_ca m = {0};
    AUTO(cmd_out) struct cmd_out out = CMD_OUT_NONE;
    AUTO(client) struct client *c = NULL;
    int code;

    if (fill_values(&m, a, &e) < 0)
        return cmd_bad(&e);
    if (cmd_read_csr(path, &der, &csr, &e) < 0 ||
        cmd_out_open(&out, a->out, &e) < 0)
        return cmd_fail(&e);
    fill_csr(&m, &csr);
    c = cmd_client_pass(a->file, &a->pass, &code);
    if (!c)
        return code;
    msg_sign_ca_put(client_begin(c, MSG_SIGN_CA), &m);
    return cmd_record_answer(c, CHAIN_WHOLE, &out, false);
}

int cmd_sign_intermediate(int argc, char **argv)
{
    struct asked a = {.pass = {.ask = true}};
    const struct cmd_option options[] = {
        {"authority", 'a', "NAME", "that signs; default: root", &a.authority,
         NULL},
        {"lifetime", 'l', "T", "default: 10y, or what the root has left",
         &a.lifetime, NULL},
        {"constrain", 0, "LIST", "patterns of names, for name constraints",
         &a.constrain, NULL},
        {"path-len", 0, "N", "authorities below it; default 0", &a.path_len,
         NULL},
        {"out", 'o', "FILE", "a new file for the chain; default: stdout",
         &a.out, NULL},
        CMD_PASSPHRASE_OPTIONS(a.pass),
        CMD_CONF_OPTION(a.file),
        {0}};
    int code;

    if (cmd_options(&argc, &argv, options, "sign-intermediate CSR|- …", &code) <
        0)
        return code;
    if (argc != 1)
        return cmd_usage("sign-intermediate",
                         "one CSR, please (a file, or - for stdin)");
    return run(argv[0], &a);
}
