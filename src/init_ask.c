/* SPDX-License-Identifier: ISC */
/* What `pocketca init` is asked, judged before anything is made. */
#include "init.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

#include "cmd.h"
#include "tm.h"
#include "utf8.h"

enum { NAME_CHARS = 50 };

struct asked {
    const char *dir, *name, *host, *allow, *constrain, *key, *lifetime,
        *root_lifetime, *root_key_out, *root_only, *issuing_csr, *import_cert,
        *import_key, *import_chain, *import_crl, *listen_api, *listen_public,
        *public_url;
    struct passphrase_from pass;
};

static char *absolute(const char *path)
{
    AUTO(free) char *cwd = NULL;
    AUTO(free) char *real = realpath(path, NULL);
    size_t len = strlen(path);

    if (real)
        return take_ptr(real);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (*path == '/')
        return xstrndup(path, len);
    cwd = getcwd(NULL, 0);
    return xasprintf("%s/%.*s", cwd ? cwd : "", (int)len, path);
}

static int bad(struct errs *e, const char *option, const char *value,
               const char *rule)
{
    return err_add(e, ERR_BAD_ARGUMENT, "--%s: \"%s\" %s", option, value, rule);
}

/* Becomes part of a subject: UTF-8 that can be shown, and not too long. */
static int ask_name(struct init *i, const struct asked *a, struct errs *e)
{
    const uint8_t *p = (const uint8_t *)a->name, *end = p + strlen(a->name);
    size_t chars = 0;

    for (; p < end; chars++) {
        uint32_t c = utf8_next(&p, end);

        if (c == UTF8_BAD)
            return bad(e, "name", a->name, "is not UTF-8");
        if (utf8_is_control(c))
            return bad(e, "name", a->name, "has a control character in it");
    }
    if (chars < 1 || chars > NAME_CHARS)
        return bad(e, "name", a->name, "has not 1 to 50 characters");
    i->name = a->name;
    return 0;
}

/* As /etc/hosts has it: the resolver could keep us waiting. */
static char *full_name(void)
{
    char short_name[HOST_NAME_MAX + 1] = "";
    char *found = NULL;
    const struct hostent *h;

    gethostname(short_name, sizeof(short_name) - 1);
    if (strchr(short_name, '.'))
        return xstrdup(short_name);
    sethostent(1);
    while (!found && (h = gethostent())) {
        bool is_us = strcmp(h->h_name, short_name) == 0;

        for (char **p = h->h_aliases; !is_us && *p; p++)
            is_us = strcmp(*p, short_name) == 0;
        if (is_us && strchr(h->h_name, '.'))
            found = xstrdup(h->h_name);
    }
    endhostent();
    return found ? found : xstrdup(short_name);
}

/* A host may have a name that no certificate can. */
static void default_host(struct init *i)
{
    AUTO(free) char *full = full_name();
    AUTO(errs) struct errs ignored = {0};
    struct name n;

    if (name_parse(&n, full, strlen(full), &ignored) == 0)
        names_add(&i->host, &n);
}

static int ask_host(struct init *i, const struct asked *a, struct errs *e)
{
    if (!a->host)
        default_host(i);
    else if (names_parse(&i->host, a->host, e) < 0)
        return -1;
    for (size_t k = 0; k < i->host.n; k++) {
        const struct name *n = &i->host.v[k];

        if ((n->kind != NAME_DNS && n->kind != NAME_IP) || n->wildcard)
            return bad(e, "host", n->value,
                       "is neither the DNS name of a host nor an address");
    }
    return 0;
}

/* An authority that is there already may have name constraints. */
static bool imported_permits(const struct init *i, const struct name *n)
{
    static const struct patterns none;
    AUTO(errs) struct errs ignored = {0};
    AUTO(pattern) struct pattern p = {0};
    AUTO(free) char *text = name_text(n);
    bool permits = pattern_parse(&p, text, &ignored) == 0;

    for (size_t k = 0; permits && k < i->imported.n; k++) {
        const struct buf *der = &i->imported.v[k];
        AUTO(cert) struct cert c = {0};

        permits = cert_parse_any(&c, der->data, der->len, &ignored) == 0 &&
                  cert_constraints_permit(&c, &p, &none);
    }
    return permits;
}

/* The names by which this machine reaches itself are always the service's own,
 * unless its chain forbids them, or is not there yet and may. */
static void add_loopback(struct init *i, bool host_given)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    AUTO(errs) struct errs ignored = {0};
    const bool may = i->form != INIT_CSR || !host_given;

    for (size_t k = 0; may && k < COUNT(always); k++) {
        struct name n;

        if (name_parse(&n, always[k], strlen(always[k]), &ignored) < 0)
            continue;
        if (imported_permits(i, &n))
            names_add(&i->host, &n);
        else
            name_free(&n);
    }
    for (size_t k = 0; k < i->host.n; k++)
        strs_add(&i->host_text, i->host.v[k].value);
}

static int ask_allow(struct init *i, const struct asked *a, struct errs *e)
{
    AUTO(cert_constraints) struct cert_constraints limits = {0};
    AUTO(strs) struct strs parts = {0};
    int r = 0;

    strs_split(&parts, a->allow ? a->allow : "", ',');
    for (size_t k = 0; k < parts.n; k++) {
        struct pattern p = {0};

        if (pattern_parse(&p, parts.v[k], e) < 0) {
            r = -1;
            continue;
        }
        AUTO(free) char *text = pattern_text(&p);

        if (strs_has(&i->allow_text, text)) { /* said twice: once is enough */
            pattern_free(&p);
            continue;
        }
        strs_add(&i->allow_text, text);
        if (a->constrain && cert_constraints_add(&limits, &p, e) < 0)
            r = -1;
        patterns_add(&i->allow, &p);
    }
    return r;
}

static int ask_span(const char *option, const char *text, int64_t *out,
                    struct errs *e)
{
    if (tm_parse_span(text, out) < 0)
        return bad(e, option, text,
                   "is no length of time up to 100y; write one number and one "
                   "of s m h d y, as in 10y");
    if (*out < TM_HOUR)
        return bad(e, option, text, "is shorter than an hour");
    return 0;
}

static int ask_life(struct init *i, const struct asked *a, struct errs *e)
{
    const char *life = a->lifetime ? a->lifetime : "10y";
    const char *root = a->root_lifetime ? a->root_lifetime : "20y";

    if (ask_span("lifetime", life, &i->lifetime, e) < 0 ||
        ask_span("root-lifetime", root, &i->root_lifetime, e) < 0)
        return -1;
    if (i->lifetime > i->root_lifetime)
        return bad(e, "lifetime", life,
                   "is longer than the root's (--root-lifetime)");
    return 0;
}

static int ask_key(struct init *i, const struct asked *a, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    struct key_rule rule;

    i->key = a->key ? a->key : "ec:P-256";
    if (key_rule_parse(&rule, i->key, &why) < 0 || rule.min != rule.max ||
        (rule.type == KEY_EC && rule.curve == CURVE_P521) ||
        (rule.type == KEY_RSA && (rule.min < 2048 || rule.max > 4096)))
        return bad(e, "key", i->key,
                   "is none of ec:P-256, ec:P-384, ed25519 and rsa:2048 to "
                   "rsa:4096");
    return 0;
}

static int ask_pass(struct init *i, const struct asked *a, struct errs *e)
{
    (void)i;
    return passphrase_judge(&a->pass, e);
}

static enum init_form form_of(const struct asked *a)
{
    if (a->root_only)
        return INIT_ROOT;
    if (a->issuing_csr)
        return INIT_CSR;
    return a->import_cert ? INIT_IMPORT : INIT_BOTH;
}

/* Options that contradict each other, or are nothing without another. */
static int ask_together(const struct asked *a, struct errs *e)
{
    if (a->issuing_csr && (a->root_only || a->import_cert))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--issuing-csr makes a new authority, and no root: "
                       "neither --root-only nor --import-cert is for it");
    if (a->root_only && a->import_cert &&
        (a->key || a->root_lifetime || a->root_key_out || a->import_chain))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--root-only with --import-cert takes the root as it "
                       "is: --key, --root-lifetime, --root-key-out and "
                       "--import-chain are not for it");
    if (!a->import_cert != !a->import_key ||
        ((a->import_chain || a->import_crl) && !a->import_cert))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--import-cert and --import-key go together");
    return 0;
}

/* Options that the form has no use for would be promises not kept. */
static int ask_form(struct init *i, const struct asked *a, struct errs *e)
{
    const struct {
        const char *name, *value;
        unsigned forms; /* 1 << enum init_form */
    } all[] = {{"host", a->host, 13},
               {"allow", a->allow, 13},
               {"key", a->key, 7},
               {"constrain", a->constrain, 1},
               {"lifetime", a->lifetime, 1},
               {"root-lifetime", a->root_lifetime, 3},
               {"root-key-out", a->root_key_out, 3},
               {"listen-api", a->listen_api, 13},
               {"listen-public", a->listen_public, 13}};
    int r = 0;

    if (ask_together(a, e) < 0)
        return -1;
    i->form = form_of(a);
    for (size_t k = 0; k < COUNT(all); k++)
        if (all[k].value && !(all[k].forms & 1u << i->form))
            r = err_add(e, ERR_BAD_ARGUMENT, "--%s is not for %s", all[k].name,
                        a->root_only     ? "--root-only"
                        : a->issuing_csr ? "--issuing-csr"
                                         : "--import-cert");
    return r;
}

/* The address of the public listener as a client would write it. */
static char *default_public_url(const struct init *i,
                                const struct conf_listen *l)
{
    const struct name *first = &i->host.v[0];
    bool v6 = first->kind == NAME_IP && first->ip_len == 16;

    if (l->path)
        return NULL;
    if (conf_listen_is_loopback(l))
        return xasprintf(strchr(l->host, ':') ? "http://[%s]:%d"
                                              : "http://%s:%d",
                         l->host, l->port);
    return xasprintf(v6 ? "http://[%s]:%d" : "http://%s:%d", first->value,
                     l->port);
}

static int ask_listen(struct init *i, const struct asked *a, struct errs *e)
{
    struct conf_listen api = {.kind = LISTEN_API};
    struct conf_listen public = {.kind = LISTEN_PUBLIC};
    int r;

    i->listen_api = a->listen_api ? a->listen_api : "https://127.0.0.1:8443";
    i->listen_public =
        a->listen_public ? a->listen_public : "http://127.0.0.1:8080";
    r = conf_listen_parse(&api, i->listen_api, i->data, e);
    if (conf_listen_parse(&public, i->listen_public, i->data, e) < 0)
        r = -1;
    else if (!a->public_url && i->form != INIT_ROOT)
        i->public_url = default_public_url(i, &public);
    if (a->public_url && strcmp(a->public_url, "none") != 0)
        i->public_url = xstrdup(a->public_url);
    conf_listen_free(&api);
    conf_listen_free(&public);
    return r;
}

/* The last word has conf_parse(): what it refuses is not written. */
static int ask_conf(const struct init *i, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    AUTO(conf) struct conf *c = NULL;
    AUTO(errs) struct errs why = {0};

    init_conf(i, i->data, &text);
    c = conf_parse(i->conf_file, (const char *)text.data, text.len, &why);
    for (size_t k = 0; k < why.n; k++) {
        /* Without the file and line, which nobody has seen. */
        const char *text_of =
            strchr(why.v[k].detail + strlen(i->conf_file), ' ');

        err_add(e, ERR_BAD_ARGUMENT, "%s",
                text_of ? text_of + 1 : why.v[k].detail);
    }
    return c ? 0 : -1;
}

static void ask_place(struct init *i, const struct asked *a)
{
    const struct passwd *pw;

    i->split = !a->dir;
    i->data = a->dir ? absolute(a->dir) : xstrdup("/var/lib/pocketca");
    i->conf_file = a->dir ? xasprintf("%s/pocketca.conf", i->data)
                          : xstrdup("/etc/pocketca/pocketca.conf");
    pw = i->split && geteuid() == 0 ? getpwnam("pocketca") : NULL;
    if (pw && pw->pw_uid != 0) {
        i->user = "pocketca";
        i->uid = pw->pw_uid;
        i->gid = pw->pw_gid;
    }
}

static int judge_values(struct init *i, const struct asked *a, struct errs *e)
{
    typedef int ask_fn(struct init *, const struct asked *, struct errs *);
    static ask_fn *const all[] = {ask_form, ask_name, ask_host, ask_allow,
                                  ask_life, ask_key,  ask_pass};
    int r = 0;

    ask_place(i, a);
    if (a->root_key_out)
        i->root_key_out = absolute(a->root_key_out);
    i->constrain = a->constrain;
    i->import_cert = a->import_cert;
    i->import_key = a->import_key;
    i->import_chain = a->import_chain;
    i->import_crl = a->import_crl;
    for (size_t k = 0; k < COUNT(all); k++)
        if (all[k](i, a, e) < 0)
            r = -1;
    return r == 0 ? ask_listen(i, a, e) : r;
}

/* The service reads the file of the passphrase again, so its path is kept. */
static int read_files(struct init *i, const struct asked *a, struct errs *e)
{
    if (a->pass.file)
        i->passphrase_file = absolute(a->pass.file);
    if (passphrase_given(&a->pass, &i->pass, e) < 0)
        return -1;
    return a->import_cert ? init_import(i, e) : 0;
}

/* The exit code, reasons printed. */
static int judge(struct init *i, const struct asked *a)
{
    AUTO(errs) struct errs e = {0};

    if (judge_values(i, a, &e) < 0)
        return cmd_bad(&e);
    if (read_files(i, a, &e) < 0)
        return cmd_fail(&e);
    add_loopback(i, a->host);
    return ask_conf(i, &e) < 0 ? cmd_bad(&e) : EXIT_DONE;
}

/* As cmd_options(). */
static int read_options(struct asked *a, int *argc, char ***argv, int *code)
{
    const struct cmd_option options[] = {
        {"dir", 0, "D",
         "where it goes; else /etc/pocketca and "
         "/var/lib/pocketca",
         &a->dir, NULL},
        {"name", 0, "N", "what the authority is called (required)", &a->name,
         NULL},
        {"host", 0, "LIST", "names of the service, beside those of loopback",
         &a->host, NULL},
        {"allow", 0, "LIST", "patterns of the names that may be certified",
         &a->allow, NULL},
        {"constrain", 0, NULL, "writes them into the issuing certificate",
         &a->constrain, NULL},
        {"key", 0, "K",
         "ec:P-256 (default), ec:P-384, ed25519, rsa:2048 to "
         "rsa:4096",
         &a->key, NULL},
        {"lifetime", 0, "T", "of the issuing certificate (default 10y)",
         &a->lifetime, NULL},
        {"root-lifetime", 0, "T", "of the root certificate (default 20y)",
         &a->root_lifetime, NULL},
        {"root-key-out", 0, "FILE", "puts the root's key there instead",
         &a->root_key_out, NULL},
        {"root-only", 0, NULL, "an offline root, and no service", &a->root_only,
         NULL},
        {"issuing-csr", 0, NULL,
         "a service whose certificate an offline root will sign",
         &a->issuing_csr, NULL},
        {"import-cert", 0, "FILE", "an authority that is there already",
         &a->import_cert, NULL},
        {"import-key", 0, "FILE", "its private key", &a->import_key, NULL},
        {"import-chain", 0, "FILE", "those above it, the root last",
         &a->import_chain, NULL},
        {"import-crl", 0, "FILE", "its last CRL: what is on it stays revoked",
         &a->import_crl, NULL},
        CMD_PASSPHRASE_OPTIONS(a->pass),
        {"listen-api", 0, "URL", "default https://127.0.0.1:8443",
         &a->listen_api, NULL},
        {"listen-public", 0, "URL", "default http://127.0.0.1:8080",
         &a->listen_public, NULL},
        {"public-url", 0, "URL", "written into certificates, or none",
         &a->public_url, NULL},
        {0}};

    return cmd_options(argc, argv, options, "init --name N [options]", code);
}

int init_ask(struct init *i, int argc, char **argv, int *code)
{
    struct asked a = {0};

    if (read_options(&a, &argc, &argv, code) < 0)
        return -1;
    if (argc > 0)
        *code = cmd_usage("init", "\"%s\" is too much", argv[0]);
    else if (!a.name)
        *code = cmd_usage("init", "--name is missing");
    else
        *code = judge(i, &a);
    return *code == EXIT_DONE ? 0 : -1;
}

void init_free(struct init *i)
{
    names_free(&i->host);
    patterns_free(&i->allow);
    strs_free(&i->host_text);
    strs_free(&i->allow_text);
    strs_free(&i->subject);
    strs_free(&i->parents);
    blobs_free(&i->imported);
    buf_free(&i->imported_crl);
    EVP_PKEY_free(i->imported_key);
    free(i->public_url);
    free(i->passphrase_file);
    free(i->root_key_out);
    passphrase_free(i->pass);
    free(i->data);
    free(i->conf_file);
    free(i->tmp);
    if (i->root_key_fd >= 0)
        close(i->root_key_fd);
}
