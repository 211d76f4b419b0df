/* SPDX-License-Identifier: ISC */
/* The options of the top level, of listen and authority: tables of what each
 * value has to be. */
#include "conf_parse.h"

#include <stdlib.h>
#include <string.h>

#include "tm.h"

/* Names that become file names, path segments and words of the log. */
static bool title_is_good(const char *t)
{
    size_t len = strlen(t);

    return len >= 1 && len <= 64 && !strchr("-_.", *t) &&
           strspn(t, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

bool conf_title_check(struct parse *p, const char *what)
{
    if (title_is_good(p->title))
        return true;
    conf_complain(
        p,
        "%s \"%s\": a name is 1 to 64 of a-z 0-9 - _ . and begins with a "
        "letter or digit",
        what, p->title);
    return false;
}

static void *listen_begin(struct parse *p)
{
    static const char *const kinds[LISTEN__MAX] = {
        [LISTEN_API] = "api", [LISTEN_PUBLIC] = "public"};
    static enum listen_kind kind;

    for (int k = LISTEN_API; k < LISTEN__MAX; k++)
        if (strcmp(p->title, kinds[k]) == 0) {
            kind = (enum listen_kind)k;
            return &kind;
        }
    conf_complain(p, "listen \"%s\": there is only api and public", p->title);
    return NULL;
}

static void set_listen(struct parse *p, const struct field *f, void *at,
                       const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct conf_listen l = {.kind = *(enum listen_kind *)at};
    struct conf *c = p->c;

    if (conf_listen_parse(&l, value, p->dir, &e) < 0) {
        conf_complain_all(p, f->name, &e);
        return;
    }
    if (l.kind == LISTEN_PUBLIC && l.tls)
        conf_complain(p,
                      "%s: public speaks plain HTTP only, so that a client can "
                      "fetch what it needs to judge TLS",
                      f->name);
    if (l.kind == LISTEN_API && !l.tls && !conf_listen_is_loopback(&l))
        conf_complain(
            p,
            "%s: \"%s\" would send tokens in the clear; plain HTTP is "
            "for loopback and unix: only",
            f->name, value);
    for (size_t i = 0; i < c->n_listens; i++)
        if (conf_listen_clash(&c->listens[i], &l))
            conf_complain(p, "%s: \"%s\": %s listens there", f->name, value,
                          c->listens[i].url);
    c->listens =
        xreallocarray(c->listens, c->n_listens + 1, sizeof(*c->listens));
    c->listens[c->n_listens++] = l;
}

static void *authority_begin(struct parse *p)
{
    struct conf *c = p->c;
    struct conf_authority *a;

    if (!conf_title_check(p, "authority"))
        return NULL;
    if (strcmp(p->title, "chain") == 0 ||
        (strcmp(p->title, "root") == 0) != c->offline) {
        if (c->offline) {
            conf_complain(p,
                          "authority \"%s\": with offline = yes there is the "
                          "root alone, called root",
                          p->title);
            return NULL;
        }
        conf_complain(p, "authority \"%s\": that name is taken", p->title);
        return NULL;
    }
    c->authorities = xreallocarray(c->authorities, c->n_authorities + 1,
                                   sizeof(*c->authorities));
    a = &c->authorities[c->n_authorities++];
    *a = (struct conf_authority){.name = xstrdup(p->title),
                                 .crl_lifetime = 7 * TM_DAY,
                                 .crl_refresh = TM_DAY,
                                 .crl_wait = true,
                                 .ocsp_lifetime = TM_HOUR};
    return a;
}

static void check_crl(struct parse *p, const struct conf_authority *a)
{
    const char *option =
        conf_given(p, "crl-refresh") ? "crl-refresh" : "crl-lifetime";
    char refresh[32], lifetime[32];

    if (a->crl_refresh < a->crl_lifetime)
        return;
    tm_print_span(refresh, sizeof(refresh), a->crl_refresh);
    tm_print_span(lifetime, sizeof(lifetime), a->crl_lifetime);
    COMPLAIN(p, option, 0,
             "authority %s: crl-refresh %s must be shorter than "
             "crl-lifetime %s",
             a->name, refresh, lifetime);
}

static void authority_end(struct parse *p, void *at)
{
    struct conf_authority *a = at;

    check_crl(p, a);
    if (a->crl_partition_size && (!p->c->public_url || p->c->offline))
        COMPLAIN(p, "crl-partition-size", 0,
                 "authority %s: crl-partition-size needs a public-url "
                 "that a service answers",
                 a->name);
    if (a->passphrase_file && a->passphrase_credential)
        COMPLAIN(p, "passphrase-file", 0,
                 "authority %s: passphrase-file, and "
                 "passphrase-credential in line %d: one of them",
                 a->name, conf_line(p, "passphrase-credential", 0));
}

#define AT(member) offsetof(struct conf, member)
const struct field conf_top_fields[] = {
    {"data", false, true, conf_set_data, AT(data), 0, 0},
    {"offline", false, false, conf_set_bool, AT(offline), 0, 0},
    {"host", true, false, conf_set_host, AT(host), 0, 0},
    {"public-url", false, false, conf_set_public_url, AT(public_url), 0, 0},
    {"root", false, false, conf_set_path, AT(root), 0, 0},
    {"ledger-key", false, false, conf_set_key_uri, AT(ledger_key), 0, 0},
    {"weak-keys", false, false, conf_set_path, AT(weak_keys), 0, 0},
    {"user", false, false, conf_set_str, AT(user), 0, 0},
    {"signer-user", false, false, conf_set_str, AT(signer_user), 0, 0},
    {"log-level", false, false, conf_set_level, AT(log_level), 0, 0},
    {"max-connections", false, false, conf_set_count, AT(max_connections), 8,
     100000},
    {"max-connections-per-address", false, false, conf_set_count,
     AT(max_connections_per_address), 1, 100000},
    {"ocsp-sign-budget", false, false, conf_set_count, AT(ocsp_sign_budget), 0,
     1000000},
    {"disk-floor", false, false, conf_set_size, AT(disk_floor), 0, INT64_MAX},
    {0},
};
#undef AT

static const struct field listen_fields[] = {
    {"url", true, true, set_listen, 0, 0, 0},
    {0},
};

#define AT(member) offsetof(struct conf_authority, member)
static const struct field authority_fields[] = {
    {"certificate", false, true, conf_set_path, AT(certificate), 0, 0},
    {"key", false, true, conf_set_key_uri, AT(key), 0, 0},
    {"passphrase-file", false, false, conf_set_path, AT(passphrase_file), 0, 0},
    {"passphrase-credential", false, false, conf_set_credential,
     AT(passphrase_credential), 0, 0},
    {"crl-lifetime", false, false, conf_set_span, AT(crl_lifetime), TM_MINUTE,
     3650 * TM_DAY},
    {"crl-refresh", false, false, conf_set_span, AT(crl_refresh), 10,
     3650 * TM_DAY},
    {"crl-partition-size", false, false, conf_set_count, AT(crl_partition_size),
     1, 10000000},
    {"crl-wait", false, false, conf_set_bool, AT(crl_wait), 0, 0},
    {"ocsp-lifetime", false, false, conf_set_span, AT(ocsp_lifetime),
     5 * TM_MINUTE, 30 * TM_DAY},
    {0},
};
#undef AT

/* Authorities before profiles, which name them. */
const struct conf_section conf_sections[CONF_SECTIONS] = {
    {"listen", listen_fields, listen_begin, NULL},
    {"authority", authority_fields, authority_begin, authority_end},
    {"profile", conf_profile_fields, conf_profile_begin, conf_profile_end},
};
