/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "crl.h"
#include "crl_offline.h"
#include "key.h"
#include "pem.h"
#include "tm.h"

/* What fits a frame. */
enum { CRL_MAX = 60000 };

struct sign {
    const char *file, *authority, *key, *span;
    int64_t lifetime;
    struct passphrase_from pass;
    bool offline;
};

/* Before cmd_client() gives root up: the files may be root's own.  *data, of
 * the configuration, stays NULL without one. */
static EVP_PKEY *load_key(struct sign *s, char **data, struct errs *e)
{
    AUTO(conf) struct conf *c = conf_load(conf_path(s->file), e);
    AUTO(free) char *path = NULL;
    AUTO(free) char *uri = NULL;
    EVP_PKEY *key = NULL;
    char *pass = NULL;

    s->offline = c && c->offline; /* then the signer opens it */
    *data = c ? xstrdup(c->data) : NULL;
    if (!c || c->offline || passphrase_given(&s->pass, &pass, e) < 0)
        return NULL;
    path = s->key ? xstrdup(s->key) : xasprintf("%s/keys/root.key", c->data);
    uri = xasprintf("file:%s", path);
    if (!pass && key_is_encrypted(path))
        pass = passphrase_ask(path, e);
    key = key_load(uri, NULL, pass, e);
    passphrase_free(pass);
    return key;
}

/* The service holds this one's key. */
static int build(struct client *c, const char *authority, struct errs *e)
{
    struct frame f;

    buf_str(client_begin(c, MSG_CRL_BUILD), authority);
    return client_call(c, MSG_DONE, &f, e);
}

/* What is for a CRL that is signed by this command means nothing where the
 * key's holder makes it. */
static int judge_made(const struct sign *s, const char *authority,
                      struct errs *e)
{
    const char *option = s->key         ? "--key"
                         : s->span      ? "--lifetime"
                         : s->offline   ? NULL
                         : s->pass.file ? "--passphrase-file"
                         : s->pass.fd   ? "--passphrase-fd"
                                        : NULL;

    return option ? err_add(e, ERR_BAD_ARGUMENT,
                            "%s is for a CRL that is signed by this command: "
                            "that of %s is made as the configuration says",
                            option, authority)
                  : 0;
}

static int sign_with(const struct sign *s, struct client *c,
                     const struct authority_info *a, EVP_PKEY *key,
                     struct errs *e)
{
    AUTO(cert) struct cert cert = {0};
    AUTO(buf) struct buf spki = {0};

    if (cert_parse(&cert, a->der.data, a->der.len, e) < 0)
        return -1;
    key_spki(key, &spki);
    if (spki.len != cert.key.spki_len ||
        memcmp(spki.data, cert.key.spki, spki.len) != 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the key is not that of authority %s", a->name);
    return crl_offline(c, a->name, &cert, key, s->lifetime, e);
}

static int judge(struct sign *s, struct errs *e)
{
    int r = passphrase_judge(&s->pass, e);

    if (tm_parse_span(s->span ? s->span : "365d", &s->lifetime) < 0)
        r = err_add(e, ERR_BAD_ARGUMENT, "lifetime \"%s\" is not like 365d",
                    s->span);
    return r;
}

static int sign(struct sign *s)
{
    AUTO(errs) struct errs e = {0}, no_key = {0};
    AUTO(free) char *data = NULL;
    AUTO(evp_pkey) EVP_PKEY *key = load_key(s, &data, &no_key);
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(client) struct client *c = NULL;
    const struct passphrase_from none = {.ask = true};
    const struct authority_info *a;
    int code, rc;

    c = cmd_client_pass(s->file, s->offline ? &s->pass : &none, &code);
    if (!c)
        return code;
    if (cmd_authorities(c, &hello, &e) < 0)
        return cmd_fail(&e);
    a = authority_infos_find(&hello.authorities, s->authority);
    if (!a)
        rc = err_add(&e, ERR_NOT_FOUND, "there is no authority \"%s\"",
                     s->authority);
    else if (a->has_key)
        rc = judge_made(s, a->name, &e) < 0 ? -1 : build(c, a->name, &e);
    else if (s->offline)
        rc = err_add(&e, ERR_KEY_NOT_ALLOWED,
                     "the root's key is encrypted, and there is no passphrase "
                     "(--passphrase-file)");
    else if (!key)
        return cmd_fail(&no_key);
    else
        rc = sign_with(s, c, a, key, &e);
    if (rc < 0)
        return cmd_fail(&e);
    printf("%s/crl/%s.crl is signed\n", data, a->name);
    return EXIT_DONE;
}

int cmd_read_crl(const char *path, size_t max, struct buf *der, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    char label[64];
    enum pem_result r;

    if (cmd_read(path, max, &text, e) < 0)
        return -1;
    r = pem_read(text.data, text.len, label, der);
    if (r == PEM_OK && strcmp(label, "X509 CRL") == 0)
        return 0;
    if (r == PEM_NOT && text.len && text.data[0] == DER_SEQUENCE) {
        buf_put(der, text.data, text.len);
        return 0;
    }
    /* As `cfssl gencrl` writes it. */
    if (r == PEM_NOT && text.len &&
        base64_decode(der, (const char *)text.data, text.len) == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT, "%s is not a CRL in PEM or DER", path);
}

/* The authority whose CRL it is, by its issuer. */
static const struct authority_info *issuer_of(const struct crl *crl,
                                              const struct msg_hello *hello)
{
    for (size_t i = 0; i < hello->authorities.n; i++) {
        const struct authority_info *a = &hello->authorities.v[i];
        AUTO(errs) struct errs e = {0};
        AUTO(cert) struct cert cert = {0};

        if (cert_parse(&cert, a->der.data, a->der.len, &e) == 0 &&
            cert.subject_len == crl->issuer_len &&
            memcmp(cert.subject, crl->issuer, crl->issuer_len) == 0)
            return a;
    }
    return NULL;
}

static int import(const char *file, const char *path)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(buf) struct buf der = {0};
    const struct authority_info *a;
    struct crl crl;
    int code;

    if (cmd_read_crl(path, CRL_MAX, &der, &e) < 0 ||
        crl_parse(&crl, der.data, der.len, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    if (cmd_authorities(c, &hello, &e) < 0)
        return cmd_fail(&e);
    a = issuer_of(&crl, &hello);
    if (!a)
        err_add(&e, ERR_NOT_FOUND,
                "%s: the CRL's issuer is no authority of this service", path);
    else
        crl_send(c, a->name, &der, &e);
    if (e.n)
        return cmd_fail(&e);
    printf("%s.crl is number %" PRIu64 "\n", a->name, crl.number);
    return EXIT_DONE;
}

int cmd_crl(int argc, char **argv)
{
    struct sign s = {.pass = {.ask = true}};
    const struct cmd_option options[] = {
        {"authority", 'a', "NAME", "whose CRL; required", &s.authority, NULL},
        {"key", 0, "FILE", "its key; default: keys/root.key", &s.key, NULL},
        CMD_PASSPHRASE_OPTIONS(s.pass),
        {"lifetime", 0, "SPAN", "of a CRL signed here; 365d by default",
         &s.span, NULL},
        CMD_CONF_OPTION(s.file),
        {0}};
    AUTO(errs) struct errs e = {0};
    int code;

    if (cmd_options(&argc, &argv, options,
                    "crl sign --authority NAME … | crl import FILE", &code) < 0)
        return code;
    if (argc == 2 && strcmp(argv[0], "import") == 0 && !s.authority && !s.key &&
        !s.span && !s.pass.file && !s.pass.fd)
        return import(s.file, argv[1]);
    if (argc != 1 || strcmp(argv[0], "sign") != 0 || !s.authority)
        return cmd_usage("crl", "sign --authority NAME, or import FILE");
    return judge(&s, &e) < 0 ? cmd_bad(&e) : sign(&s);
}
