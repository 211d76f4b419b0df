/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration to a struct conf.  libconfuse reads the grammar;
 * every value reaches us as a string with its line, and the tables below say
 * what it has to be.
 */
#include "conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>
#include <stdio.h>
#include <sys/un.h>

#include "log.h"
#include "tm.h"

/* Where a value stood: the n-th note of an option is its n-th value. */
struct note {
    const cfg_opt_t *opt;
    int line;
};

/* libconfuse takes the end of the file for the end of every open section.  So
 * the text goes on with an option of ours, which only the top level has. */
#define END_MARK "end-of-file"

struct parse {
    struct conf *c;
    struct errs *errs;
    const char *file;
    char *dir;
    int last_line;
    struct note *notes;
    size_t n_notes;
    /* where we are while walking */
    const char *title;
    int line;
};

/* libconfuse's callbacks carry no argument of ours. */
static _Thread_local struct parse *parsing;

struct field {
    const char *name;
    bool list, required;
    /* Judges one value and stores it at `at`. */
    void (*set)(struct parse *p, const struct field *f, void *at,
                const char *value);
    size_t offset;
    int64_t min, max;
};

struct section {
    const char *name;
    const struct field *fields;
    void *(*begin)(struct parse *p);
    void (*end)(struct parse *p, void *at);
};

static void complain(struct parse *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct parse *p, const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    err_add(p->errs, ERR_BAD_ARGUMENT, "%s:%d: %s", p->file, p->line, text);
}

/* Takes the reasons of another module, with file and line before each. */
static void complain_all(struct parse *p, const char *name, struct errs *from)
{
    for (size_t i = 0; i < from->n; i++)
        complain(p, "%s: %s", name, from->v[i].detail);
    errs_free(from);
}

/* ---- values ---- */

static void set_str(struct parse *p, const struct field *f, void *at,
                    const char *value)
{
    if (!*value) {
        complain(p, "%s is empty", f->name);
        return;
    }
    free(*(char **)at);
    *(char **)at = xstrdup(value);
}

static char *path_join(const char *dir, const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    if (*path == '/')
        return xstrndup(path, len);
    while (len >= 2 && path[0] == '.' && path[1] == '/') {
        path += 2;
        len -= 2;
    }
    if (len == 0 || (len == 1 && *path == '.'))
        return xstrdup(dir);
    return xasprintf("%s%s%.*s", dir, strcmp(dir, "/") == 0 ? "" : "/",
                     (int)len, path);
}

static void set_data(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    struct sockaddr_un sun;

    if (!*value) {
        complain(p, "%s is empty", f->name);
        return;
    }
    *(char **)at = path_join(p->dir, value);
    if (strlen(p->c->data) + sizeof("/admin.sock") > sizeof(sun.sun_path))
        complain(p,
                 "data: \"%s\" is longer than %zu octets, so the path of the "
                 "socket in it would be too long",
                 p->c->data, sizeof(sun.sun_path) - sizeof("/admin.sock"));
}

/* A path relative to data, which the table has before every other one. */
static void set_path(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    if (!*value) {
        complain(p, "%s is empty", f->name);
        return;
    }
    free(*(char **)at);
    *(char **)at = path_join(p->c->data ? p->c->data : p->dir, value);
}

static void set_key_uri(struct parse *p, const struct field *f, void *at,
                        const char *value)
{
    if (strncmp(value, "file:", 5) != 0 || !value[5]) {
        complain(p, "%s: \"%s\" is no key; write file:PATH", f->name, value);
        return;
    }
    free(*(char **)at);
    *(char **)at = xstrdup(value);
}

static void set_span(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    char least[32], most[32];
    int64_t t;

    tm_print_span(least, sizeof(least), f->min);
    tm_print_span(most, sizeof(most), f->max);
    if (tm_parse_span(value, &t) < 0)
        complain(p,
                 "%s: \"%s\" is no length of time; write one number and one of "
                 "s m h d y, as in 90d",
                 f->name, value);
    else if (t < f->min || t > f->max)
        complain(p, "%s: %s is not between %s and %s", f->name, value, least,
                 most);
    else
        *(int64_t *)at = t;
}

static int parse_number(const char *text, int64_t *out, char **end)
{
    long long n;

    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    n = strtoll(text, end, 10);
    if (errno)
        return -1;
    *out = n;
    return 0;
}

static void set_count(struct parse *p, const struct field *f, void *at,
                      const char *value)
{
    int64_t n;
    char *end;

    if (parse_number(value, &n, &end) < 0 || *end || n < f->min || n > f->max)
        complain(p, "%s: \"%s\" is no number from %lld to %lld", f->name, value,
                 (long long)f->min, (long long)f->max);
    else
        *(unsigned *)at = (unsigned)n;
}

static void set_size(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    static const char units[] = "KMGT";
    const char *unit;
    int64_t n;
    int shift = 0;
    char *end;

    if (parse_number(value, &n, &end) == 0) {
        if (*end && (unit = strchr(units, *end))) {
            shift = 10 * (int)(unit - units + 1);
            end++;
        }
        if (!*end && n <= (INT64_MAX >> shift) && n << shift <= f->max) {
            *(int64_t *)at = n << shift;
            return;
        }
    }
    complain(p,
             "%s: \"%s\" is no size; write octets, or a number with K, M "
             "or G behind it",
             f->name, value);
}

static void set_bool(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},
                 {"no", false}, {"false", false}, {"off", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i].text) == 0) {
            *(bool *)at = words[i].value;
            return;
        }
    complain(p, "%s: \"%s\" is neither yes nor no", f->name, value);
}

static void set_level(struct parse *p, const struct field *f, void *at,
                      const char *value)
{
    static const char *const words[] = {[LOG_ERROR] = "error",
                                        [LOG_WARN] = "warn",
                                        [LOG_INFO] = "info",
                                        [LOG_DEBUG] = "debug"};

    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
        if (strcmp(value, words[i]) == 0) {
            *(int *)at = i;
            return;
        }
    complain(p, "%s: \"%s\" is none of error, warn, info, debug", f->name,
             value);
}

static void set_host(struct parse *p, const struct field *f, void *at,
                     const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct name n;

    if (name_parse(&n, value, strlen(value), &e) < 0) {
        complain_all(p, f->name, &e);
        return;
    }
    if (n.kind != NAME_DNS && n.kind != NAME_IP)
        complain(p, "%s: \"%s\" is neither a DNS name nor an address", f->name,
                 value);
    else
        strs_add(at, value);
    name_free(&n);
}

/* What may stand in a URL that is written into certificates. */
static bool url_is_plain(const char *s)
{
    for (; *s; s++)
        if (*s <= 0x20 || *s >= 0x7f || strchr("\"<>\\^`{|}?#@", *s))
            return false;
    return true;
}

static void set_public_url(struct parse *p, const struct field *f, void *at,
                           const char *value)
{
    size_t len = strlen(value);
    const char *host = value + 7;

    if (strcmp(value, "none") == 0)
        return;
    if (strncmp(value, "http://", 7) != 0 || !*host || *host == '/' ||
        *host == ':' || !url_is_plain(value) || len > 200) {
        complain(p,
                 "%s: \"%s\" cannot be written into certificates; write "
                 "http://HOST:PORT, perhaps with a path, of at most 200 "
                 "octets, or none",
                 f->name, value);
        return;
    }
    while (value[len - 1] == '/')
        len--;
    *(char **)at = xstrndup(value, len);
}

static void set_usage(struct parse *p, const struct field *f, void *at,
                      const char *value)
{
    static const struct {
        const char *text;
        unsigned eku;
    } words[] = {{"server", EKU_SERVER}, {"client", EKU_CLIENT}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i].text) == 0) {
            *(unsigned *)at |= words[i].eku;
            return;
        }
    complain(p, "%s: \"%s\" is neither server nor client", f->name, value);
}

static void set_pattern(struct parse *p, const struct field *f, void *at,
                        const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct pattern pat = {0};

    if (pattern_parse(&pat, value, &e) < 0)
        complain_all(p, f->name, &e);
    else
        patterns_add(at, &pat);
}

static void set_key_rule(struct parse *p, const struct field *f, void *at,
                         const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct profile *profile = at;
    struct key_rule rule;

    if (key_rule_parse(&rule, value, &e) < 0) {
        complain_all(p, f->name, &e);
        return;
    }
    profile->keys = xreallocarray(profile->keys, profile->n_keys + 1,
                                  sizeof(*profile->keys));
    profile->keys[profile->n_keys++] = rule;
}

/* ---- sections ---- */

enum { LISTENS_MAX = 32 };

/* Names that become file names, path segments and words of the log. */
static bool title_is_good(const char *t)
{
    size_t len = strlen(t);

    return len >= 1 && len <= 64 && *t != '-' && *t != '.' &&
           strspn(t, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

static bool title_check(struct parse *p, const char *what)
{
    if (title_is_good(p->title))
        return true;
    complain(p,
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
    complain(p, "listen \"%s\": there is only api and public", p->title);
    return NULL;
}

static void set_listen(struct parse *p, const struct field *f, void *at,
                       const char *value)
{
    AUTO(errs) struct errs e = {0};
    struct conf_listen l = {.kind = *(enum listen_kind *)at};
    struct conf *c = p->c;

    if (conf_listen_parse(&l, value, p->dir, &e) < 0) {
        complain_all(p, f->name, &e);
        return;
    }
    if (l.kind == LISTEN_PUBLIC && l.tls)
        complain(p,
                 "%s: public speaks plain HTTP only, so that a client can "
                 "fetch what it needs to judge TLS",
                 f->name);
    if (l.kind == LISTEN_API && !l.tls && !conf_listen_is_loopback(&l))
        complain(p,
                 "%s: \"%s\" would send tokens in the clear; plain HTTP is "
                 "for loopback and unix: only",
                 f->name, value);
    for (size_t i = 0; i < c->n_listens; i++)
        if (strcmp(c->listens[i].url, l.url) == 0)
            complain(p, "%s: \"%s\" is there twice", f->name, value);
    c->listens =
        xreallocarray(c->listens, c->n_listens + 1, sizeof(*c->listens));
    c->listens[c->n_listens++] = l;
}

static void *authority_begin(struct parse *p)
{
    struct conf *c = p->c;
    struct conf_authority *a;

    if (!title_check(p, "authority"))
        return NULL;
    if (strcmp(p->title, "root") == 0 || strcmp(p->title, "chain") == 0) {
        complain(p, "authority \"%s\": that name is taken", p->title);
        return NULL;
    }
    c->authorities = xreallocarray(c->authorities, c->n_authorities + 1,
                                   sizeof(*c->authorities));
    a = &c->authorities[c->n_authorities++];
    *a = (struct conf_authority){.name = xstrdup(p->title),
                                 .crl_lifetime = 7 * TM_DAY,
                                 .crl_refresh = TM_DAY};
    return a;
}

static void authority_end(struct parse *p, void *at)
{
    struct conf_authority *a = at;

    if (a->crl_refresh >= a->crl_lifetime)
        complain(p,
                 "authority %s: crl-refresh must be shorter than "
                 "crl-lifetime",
                 a->name);
}

static void *profile_begin(struct parse *p)
{
    struct profiles *l = &p->c->profiles;
    struct profile *f;

    if (!title_check(p, "profile"))
        return NULL;
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    f = &l->v[l->n++];
    *f = (struct profile){.name = xstrdup(p->title),
                          .lifetime = 90 * TM_DAY,
                          .max_names = 100,
                          .renew = true};
    return f;
}

static void profile_end(struct parse *p, void *at)
{
    static const char *const keys[] = {"ec:P-256", "ec:P-384", "ed25519",
                                       "rsa:2048-4096"};
    static const struct field keys_field = {.name = "keys"};
    struct profile *f = at;

    if (!f->n_keys)
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            set_key_rule(p, &keys_field, f, keys[i]);
    if (!f->max_lifetime)
        f->max_lifetime = f->lifetime;
    if (f->lifetime > f->max_lifetime)
        complain(p, "profile %s: lifetime is longer than max-lifetime",
                 f->name);
    if (f->authority && !conf_authority(p->c, f->authority))
        complain(p, "profile %s: there is no authority \"%s\"", f->name,
                 f->authority);
}

#define AT(member) offsetof(struct conf, member)
static const struct field top_fields[] = {
    {"data", false, true, set_data, AT(data), 0, 0},
    {"host", true, true, set_host, AT(host), 0, 0},
    {"public-url", false, false, set_public_url, AT(public_url), 0, 0},
    {"root", false, false, set_path, AT(root), 0, 0},
    {"ledger-key", false, false, set_key_uri, AT(ledger_key), 0, 0},
    {"user", false, false, set_str, AT(user), 0, 0},
    {"signer-user", false, false, set_str, AT(signer_user), 0, 0},
    {"log-level", false, false, set_level, AT(log_level), 0, 0},
    {"max-connections", false, false, set_count, AT(max_connections), 8,
     100000},
    {"max-connections-per-address", false, false, set_count,
     AT(max_connections_per_address), 1, 100000},
    {"disk-floor", false, false, set_size, AT(disk_floor), 0, INT64_MAX},
    {0},
};
#undef AT

static const struct field listen_fields[] = {
    {"url", true, true, set_listen, 0, 0, 0},
    {0},
};

#define AT(member) offsetof(struct conf_authority, member)
static const struct field authority_fields[] = {
    {"certificate", false, true, set_path, AT(certificate), 0, 0},
    {"key", false, true, set_key_uri, AT(key), 0, 0},
    {"crl-lifetime", false, false, set_span, AT(crl_lifetime), TM_MINUTE,
     3650 * TM_DAY},
    {"crl-refresh", false, false, set_span, AT(crl_refresh), 10, 3650 * TM_DAY},
    {0},
};
#undef AT

#define AT(member) offsetof(struct profile, member)
static const struct field profile_fields[] = {
    {"authority", false, false, set_str, AT(authority), 0, 0},
    {"usage", true, true, set_usage, AT(eku), 0, 0},
    {"names", true, true, set_pattern, AT(names), 0, 0},
    {"wildcards", false, false, set_bool, AT(wildcards), 0, 0},
    {"single-label", false, false, set_bool, AT(single_label), 0, 0},
    {"keys", true, false, set_key_rule, 0, 0, 0},
    {"lifetime", false, false, set_span, AT(lifetime), TM_MINUTE,
     36500 * TM_DAY},
    {"max-lifetime", false, false, set_span, AT(max_lifetime), TM_MINUTE,
     36500 * TM_DAY},
    {"max-names", false, false, set_count, AT(max_names), 1, 1000},
    {"renew", false, false, set_bool, AT(renew), 0, 0},
    {"rekey", false, false, set_bool, AT(rekey), 0, 0},
    {0},
};
#undef AT

/* Authorities before profiles, which name them. */
static const struct section sections[] = {
    {"listen", listen_fields, listen_begin, NULL},
    {"authority", authority_fields, authority_begin, authority_end},
    {"profile", profile_fields, profile_begin, profile_end},
};
enum {
    N_SECTIONS = sizeof(sections) / sizeof(sections[0]),
    FIELDS_MAX = 16,
    /* and END_MARK, CFG_END */
    TABLE_MAX = FIELDS_MAX + N_SECTIONS + 2
};

/* ---- libconfuse ---- */

static int note_value(cfg_t *cfg, cfg_opt_t *opt, const char *value,
                      void *result)
{
    struct parse *p = parsing;

    p->notes = xreallocarray(p->notes, p->n_notes + 1, sizeof(*p->notes));
    p->notes[p->n_notes++] = (struct note){opt, cfg->line};
    *(const char **)result = value;
    return 0;
}

static void report(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void report(cfg_t *cfg, const char *fmt, va_list ap)
{
    AUTO(free) char *text = xvasprintf(fmt, ap);

    parsing->line = cfg->line;
    if (cfg->line > parsing->last_line) {
        parsing->line = parsing->last_line;
        complain(parsing, "the file ends in the middle; a brace or a quote is "
                          "missing");
    } else {
        complain(parsing, "%s", text);
    }
}

static size_t table_fill(cfg_opt_t *to, const struct field *f)
{
    size_t n = 0;

    for (; f->name; f++)
        if (f->list)
            to[n++] = (cfg_opt_t)CFG_STR_LIST_CB(f->name, NULL, CFGF_NODEFAULT,
                                                 note_value);
        else
            to[n++] = (cfg_opt_t)CFG_STR_CB(f->name, NULL, CFGF_NODEFAULT,
                                            note_value);
    return n;
}

static cfg_t *grammar(void)
{
    static cfg_opt_t top[TABLE_MAX], inner[N_SECTIONS][TABLE_MAX];
    size_t n = table_fill(top, top_fields);

    for (size_t i = 0; i < N_SECTIONS; i++) {
        size_t m = table_fill(inner[i], sections[i].fields);

        inner[i][m] = (cfg_opt_t)CFG_END();
        top[n++] =
            (cfg_opt_t)CFG_SEC(sections[i].name, inner[i],
                               CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    }
    top[n++] =
        (cfg_opt_t)CFG_STR_CB(END_MARK, NULL, CFGF_NODEFAULT, note_value);
    top[n] = (cfg_opt_t)CFG_END();
    return cfg_init(top, CFGF_NONE);
}

/* The line of the n-th value of an option, or of its last one. */
static int note_line(const struct parse *p, const cfg_opt_t *opt, unsigned nth,
                     unsigned *count)
{
    int line = 0;

    *count = 0;
    for (size_t i = 0; i < p->n_notes; i++)
        if (p->notes[i].opt == opt) {
            if (*count <= nth)
                line = p->notes[i].line;
            ++*count;
        }
    return line;
}

static void field_walk(struct parse *p, cfg_t *cfg, const struct field *f,
                       uint8_t *at)
{
    cfg_opt_t *opt = cfg_getopt(cfg, f->name);
    unsigned n = cfg_opt_size(opt), noted;

    note_line(p, opt, UINT_MAX, &noted);
    if (noted != n) {
        p->line = note_line(p, opt, UINT_MAX, &noted);
        complain(p, "%s is there twice", f->name);
        return;
    }
    if (n == 0 && f->required)
        complain(p, "%s is missing%s%s", f->name, p->title ? " in " : "",
                 p->title ? p->title : "");
    for (unsigned i = 0; i < n; i++) {
        const char *value = cfg_opt_getnstr(opt, i);
        int end = p->line;

        p->line = note_line(p, opt, i, &noted);
        if (value)
            f->set(p, f, at + f->offset, value);
        p->line = end;
    }
}

static void section_walk(struct parse *p, cfg_t *cfg, const struct section *s)
{
    unsigned n = cfg_size(cfg, s->name);

    for (unsigned i = 0; i < n; i++) {
        cfg_t *sec = cfg_getnsec(cfg, s->name, i);
        uint8_t *at;

        p->title = cfg_title(sec);
        p->line = sec->line;
        at = s->begin(p);
        if (!at)
            continue;
        for (const struct field *f = s->fields; f->name; f++)
            field_walk(p, sec, f, at);
        if (s->end)
            s->end(p, at);
    }
    p->title = NULL;
}

static void walk(struct parse *p, cfg_t *cfg)
{
    unsigned marks;

    note_line(p, cfg_getopt(cfg, END_MARK), 0, &marks);
    p->line = p->last_line;
    if (marks != 1)
        complain(p, marks ? "there is no option " END_MARK
                          : "the file ends in a comment");
    for (const struct field *f = top_fields; f->name; f++)
        field_walk(p, cfg, f, (uint8_t *)p->c);
    for (size_t i = 0; i < N_SECTIONS; i++)
        section_walk(p, cfg, &sections[i]);
    p->line = p->last_line;
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (!cfg_size(cfg, sections[i].name))
            complain(p, "there is no section %s", sections[i].name);
}

/* The directory of the file, absolute, so that a later chdir changes nothing
 * and a child may be started from anywhere. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO(free) char *dir = NULL;
    AUTO(free) char *cwd = NULL;

    if (slash == path)
        return xstrdup("/");
    dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
    if (*dir == '/')
        return take_ptr(dir);
    cwd = getcwd(NULL, 0);
    return path_join(cwd ? cwd : "/", dir);
}

static void finish(struct parse *p)
{
    struct conf *c = p->c;

    if (!c->root)
        c->root = path_join(c->data ? c->data : p->dir, "root.pem");
    if (!c->ledger_key)
        c->ledger_key = xstrdup("file:keys/ledger.key");
    if (c->max_connections_per_address > c->max_connections)
        c->max_connections_per_address = c->max_connections;
}

static int count_lines(const char *text, size_t len)
{
    int n = 0;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n' || i + 1 == len;
    return n ? n : 1;
}

static void parse_text(struct parse *p, const char *text, size_t len)
{
    AUTO(buf) struct buf whole = {0};
    cfg_t *cfg = grammar();
    FILE *in;

    buf_put(&whole, text, len);
    buf_puts(&whole, "\n" END_MARK " = yes\n");
    in = fmemopen(whole.data, whole.len, "r");
    if (!cfg || !in)
        abort();
    p->last_line = count_lines(text, len);
    parsing = p;
    cfg_set_error_function(cfg, report);
    if (cfg_parse_fp(cfg, in) == CFG_SUCCESS)
        walk(p, cfg);
    else if (!p->errs->n)
        complain(p, "this is no configuration");
    parsing = NULL;
    cfg_free(cfg);
    fclose(in);
}

struct conf *conf_parse(const char *path, const char *text, size_t len,
                        struct errs *e)
{
    AUTO(conf) struct conf *c = xcalloc(1, sizeof(*c));
    struct errs found = {0};
    struct parse p = {.c = c, .errs = &found, .file = path, .line = 1};
    size_t failed;

    if (len && memchr(text, 0, len)) {
        err_add(e, ERR_BAD_ARGUMENT, "%s: there is a NUL octet in it", path);
        return NULL;
    }
    c->file = xstrdup(path);
    c->log_level = LOG_INFO;
    c->max_connections = 1024;
    c->max_connections_per_address = 512;
    c->disk_floor = INT64_C(64) << 20;
    p.dir = directory_of(path);
    parse_text(&p, text, len);
    finish(&p);
    free(p.dir);
    free(p.notes);
    failed = found.n;
    errs_move(e, &found);
    return failed ? NULL : take_ptr(c);
}
