/* SPDX-License-Identifier: ISC */
/* The configuration that `pocketca init` writes. */
#include "conf.h"

#include <string.h>

/* A string in double quotes; `$` would begin a variable. */
static void put_quoted(struct buf *b, const char *s)
{
    buf_putc(b, '"');
    for (; *s; s++) {
        if (strchr("\"\\$", *s))
            buf_putc(b, '\\');
        buf_putc(b, (uint8_t)*s);
    }
    buf_putc(b, '"');
}

static void put_option(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s = ", name);
    put_quoted(b, value);
    buf_putc(b, '\n');
}

static void put_list(struct buf *b, const char *name, const struct strs *l)
{
    buf_printf(b, "%s = { ", name);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            buf_puts(b, ", ");
        put_quoted(b, l->v[i]);
    }
    buf_puts(b, " }\n");
}

static void put_head(struct buf *b, const struct conf_init *i)
{
    buf_puts(b, i->offline
                    ? "# pocketca.conf(5), of an offline root: it has no "
                      "service.\n\n"
                    : "# pocketca.conf(5).  `pocketca check` after every "
                      "change, then SIGHUP to the service.\n\n");
    buf_puts(b, "# Ledger, keys and certificates; relative to this file.\n");
    put_option(b, "data", i->data);
    if (i->offline) {
        buf_puts(b, "offline = yes\n");
    } else {
        buf_puts(b, "# Names of the service's own TLS certificate.\n");
        put_list(b, "host", i->host);
    }
    buf_puts(b, "# Written into certificates, for CRL, OCSP and the issuer's "
                "certificate.\n");
    put_option(b, "public-url", i->public_url ? i->public_url : "none");
}

static void put_root(struct buf *b, const struct conf_init *i)
{
    buf_puts(b, "\nauthority root {\n    certificate = \"root.pem\"\n    ");
    put_option(b, "key", i->root_key);
    buf_puts(b, "    crl-lifetime = \"365d\"\n"
                "    crl-refresh = \"180d\"\n}\n");
}

static void put_top(struct buf *b, const struct conf_init *i)
{
    if (i->user) {
        buf_puts(b, "# Who the service runs as when it is started as root.\n");
        put_option(b, "user", i->user);
    }
    buf_puts(b, "\n# Everything, for those with a credential.\nlisten api {\n"
                "    ");
    put_option(b, "url", i->listen_api);
    buf_puts(b, "}\n# CRL, OCSP and CA certificates, for everybody.\n"
                "listen public {\n    ");
    put_option(b, "url", i->listen_public);
    buf_puts(b, "}\n\nauthority issuing {\n"
                "    certificate = \"issuing.pem\"\n"
                "    key = \"file:keys/issuing.key\"\n");
    if (i->passphrase_file) {
        buf_puts(b, "    ");
        put_option(b, "passphrase-file", i->passphrase_file);
    }
    buf_puts(b, "    crl-lifetime = \"7d\"\n"
                "    crl-refresh = \"1d\"\n}\n");
}

static void put_profile(struct buf *b, const char *name, const char *usage,
                        const struct strs *names, const struct strs *subject,
                        bool single_label)
{
    buf_printf(b, "\nprofile %s {\n    usage = { %s }\n    ", name, usage);
    put_list(b, "names", names);
    if (subject && subject->n) {
        buf_puts(b, "    ");
        put_list(b, "subject", subject);
    }
    buf_printf(b, "    single-label = %s\n", single_label ? "yes" : "no");
    buf_puts(b, "    wildcards = no\n"
                "    keys = { \"ec:P-256\", \"ec:P-384\", \"ed25519\", "
                "\"rsa:2048-4096\" }\n"
                "    lifetime = \"90d\"\n"
                "    max-lifetime = \"397d\"\n}\n");
}

void conf_write(struct buf *out, const struct conf_init *i)
{
    AUTO(strs) struct strs all = {0};
    bool everything = !i->allow || i->allow->n == 0;
    bool single = everything || strs_has(i->allow, "dns:**");
    const struct strs *names = everything ? &all : i->allow;

    put_head(out, i);
    if (i->offline) {
        put_root(out, i);
        return;
    }
    strs_add(&all, "dns:**");
    strs_add(&all, "ip:**");
    put_top(out, i);
    put_profile(out, "server", "\"server\"", names, i->subject, single);
    put_profile(out, "client", "\"client\"", names, i->subject, single);
    put_profile(out, "mutual", "\"server\", \"client\"", names, i->subject,
                single);
}
