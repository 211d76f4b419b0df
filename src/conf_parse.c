/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration to a struct conf.  libconfuse reads the grammar;
 * every value reaches us as a string with its line, and the tables of
 * conf_section.c and conf_profile.c say what it has to be.
 */
#include "conf_parse.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "tm.h"

/* libconfuse takes the end of the file for the end of every open section.  So
 * the text goes on with an option of ours, which only the top level has. */
#define END_MARK "end-of-file"

/* Nor does it tell an empty list from none.  So its first brace becomes a value
 * that nobody writes. */
enum { NO_VALUE = 1 };

/* libconfuse's callbacks carry no argument of ours. */
static _Thread_local struct parse *parsing;

enum {
    FIELDS_MAX = 32,
    /* and END_MARK, CFG_END */
    TABLE_MAX = FIELDS_MAX + CONF_SECTIONS + 2
};

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
        conf_complain(parsing,
                      "the file ends in the middle; a brace or a quote is "
                      "missing");
    } else {
        conf_complain(parsing, "%s", text);
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
    static cfg_opt_t top[TABLE_MAX], inner[CONF_SECTIONS][TABLE_MAX];
    size_t n = table_fill(top, conf_top_fields);

    for (size_t i = 0; i < CONF_SECTIONS; i++) {
        size_t m = table_fill(inner[i], conf_sections[i].fields);

        inner[i][m] = (cfg_opt_t)CFG_END();
        top[n++] =
            (cfg_opt_t)CFG_SEC(conf_sections[i].name, inner[i],
                               CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    }
    top[n++] =
        (cfg_opt_t)CFG_STR_CB(END_MARK, NULL, CFGF_NODEFAULT, note_value);
    top[n] = (cfg_opt_t)CFG_END();
    return cfg_init(top, CFGF_NONE);
}

/* The line of the n-th value of an option, or of its last one. */
static int note_line(const struct parse *p, const cfg_opt_t *opt, size_t nth,
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

int conf_line(const struct parse *p, const char *option, size_t nth)
{
    unsigned count;
    int line = note_line(p, cfg_getopt(p->section, option), nth, &count);

    return line ? line : p->section_line;
}

bool conf_given(const struct parse *p, const char *option)
{
    return cfg_opt_size(cfg_getopt(p->section, option)) > 0;
}

static void field_walk(struct parse *p, cfg_t *cfg, const struct field *f,
                       uint8_t *at)
{
    cfg_opt_t *opt = cfg_getopt(cfg, f->name);
    unsigned n = cfg_opt_size(opt), noted;

    note_line(p, opt, UINT_MAX, &noted);
    if (noted != n) {
        p->line = note_line(p, opt, UINT_MAX, &noted);
        conf_complain(p, "%s is there twice", f->name);
        return;
    }
    if (n == 0 && f->required)
        conf_complain(p, "%s is missing%s%s", f->name, p->title ? " in " : "",
                      p->title ? p->title : "");
    for (unsigned i = 0; i < n; i++) {
        const char *value = cfg_opt_getnstr(opt, i);
        int end = p->line;

        p->line = note_line(p, opt, i, &noted);
        if (value && value[0] == NO_VALUE && !value[1])
            conf_complain(p, "%s is an empty list", f->name);
        else if (value)
            f->set(p, f, at + f->offset, value);
        p->line = end;
    }
}

/* Where the section begins that ends in that line. */
static int section_line(const struct parse *p, int close)
{
    for (size_t i = 0; i < p->n_sections; i++)
        if (p->sections[i].close == close)
            return p->sections[i].open;
    return close;
}

static void section_walk(struct parse *p, cfg_t *cfg,
                         const struct conf_section *s)
{
    unsigned n = cfg_size(cfg, s->name);

    for (unsigned i = 0; i < n; i++) {
        cfg_t *sec = cfg_getnsec(cfg, s->name, i);
        uint8_t *at;

        p->section = sec;
        p->title = cfg_title(sec);
        p->line = p->section_line = section_line(p, sec->line);
        at = s->begin(p);
        if (!at)
            continue;
        for (const struct field *f = s->fields; f->name; f++)
            field_walk(p, sec, f, at);
        if (s->end)
            s->end(p, at);
    }
    p->title = NULL;
    p->section = NULL;
}

/* An offline root has an authority and nothing else. */
static void check_section(struct parse *p, const char *name, unsigned n)
{
    bool wanted = !p->c->offline || strcmp(name, "authority") == 0;

    if (wanted && n == 0)
        conf_complain(p, "there is no section %s", name);
    else if (!wanted && n > 0)
        conf_complain(p, "there is a section %s, and offline = yes", name);
}

static void walk(struct parse *p, cfg_t *cfg)
{
    unsigned marks;

    note_line(p, cfg_getopt(cfg, END_MARK), 0, &marks);
    p->line = p->last_line;
    if (marks != 1)
        conf_complain(p, marks ? "there is no option " END_MARK
                               : "the file ends in a comment");
    for (const struct field *f = conf_top_fields; f->name; f++)
        field_walk(p, cfg, f, (uint8_t *)p->c);
    for (size_t i = 0; i < CONF_SECTIONS; i++)
        section_walk(p, cfg, &conf_sections[i]);
    p->line = p->last_line;
    if (!p->c->offline && !p->c->host.n && !p->errs->n)
        conf_complain(p, "host is missing");
    for (size_t i = 0; i < CONF_SECTIONS; i++)
        check_section(p, conf_sections[i].name,
                      cfg_size(cfg, conf_sections[i].name));
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
    return conf_path_join(cwd ? cwd : "/", dir);
}

static void finish(struct parse *p)
{
    struct conf *c = p->c;

    if (!c->root && c->offline && c->n_authorities &&
        c->authorities[0].certificate)
        c->root = xstrdup(c->authorities[0].certificate);
    if (!c->root)
        c->root = conf_path_join(c->data ? c->data : p->dir, "root.pem");
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

/* The end of the comment or quoted string that begins at i, or i. */
static size_t skip(const uint8_t *t, size_t i, size_t len, bool fresh,
                   bool *comment)
{
    size_t end = i;

    *comment = false;
    if (t[i] == '"' || t[i] == '\'') {
        for (end++; end < len && t[end] != t[i]; end++)
            if (t[end] == '\\')
                end++;
        return end + 1 < len ? end + 1 : len;
    }
    if (fresh &&
        (t[i] == '#' || (t[i] == '/' && i + 1 < len && t[i + 1] == '/'))) {
        const uint8_t *nl = memchr(t + i, '\n', len - i);

        *comment = true;
        return nl ? (size_t)(nl - t) : len;
    }
    if (fresh && t[i] == '/' && i + 1 < len && t[i + 1] == '*') {
        const uint8_t *close = memmem(t + i + 2, len - i - 2, "*/", 2);

        *comment = close; /* an open one is for libconfuse to refuse */
        return close ? (size_t)(close - t) + 2 : len;
    }
    return i;
}

/* libconfuse counts the line of a comment twice, so it gets to see none. */
static void blank_comments(uint8_t *t, size_t len)
{
    bool fresh = true, comment;

    for (size_t i = 0; i < len;) {
        size_t end = skip(t, i, len, fresh, &comment);

        if (end == i)
            end++;
        for (; comment && i < end; i++)
            if (t[i] != '\n')
                t[i] = ' ';
        /* Inside a word without quotes (http://…) none begins. */
        fresh = strchr(" \t\r\n={}(),+", t[end - 1]) || t[end - 1] == '"' ||
                t[end - 1] == '\'';
        i = end;
    }
}

static void fill_empty_lists(uint8_t *t, size_t len)
{
    size_t open = 0; /* of a list that nothing has followed; or 0 */
    uint8_t last = 0;
    bool comment;

    for (size_t i = 0; i < len;) {
        const size_t end = skip(t, i, len, false, &comment);

        if (t[i] == '}' && open) {
            t[open] = NO_VALUE;
            t[i] = ' ';
            open = 0;
        }
        if (!strchr(" \t\r\n", t[i])) {
            open = t[i] == '{' && last == '=' ? i : 0;
            last = t[i];
        }
        i = end > i ? end : i + 1;
    }
}

/* In a text without comments.  The braces of a list stand behind an "=". */
static void note_sections(struct parse *p, const uint8_t *t, size_t len)
{
    struct braces now = {.close = 1};
    unsigned depth = 0;
    uint8_t last = 0;
    bool comment;

    for (size_t i = 0; i < len;) {
        size_t end = skip(t, i, len, false, &comment);

        if (end == i && t[end++] == '{' && depth++ == 0)
            now.open = last == '=' ? 0 : now.close;
        if (t[i] == '}' && depth && --depth == 0 && now.open) {
            p->sections = xreallocarray(p->sections, p->n_sections + 1,
                                        sizeof(*p->sections));
            p->sections[p->n_sections++] = now;
        }
        for (; i < end; i++) {
            now.close += t[i] == '\n';
            last = strchr(" \t\r\n", t[i]) ? last : t[i];
        }
    }
}

static void parse_text(struct parse *p, const char *text, size_t len)
{
    AUTO(buf) struct buf whole = {0};
    cfg_t *cfg = grammar();
    FILE *in;

    buf_put(&whole, text, len);
    blank_comments(whole.data, len);
    fill_empty_lists(whole.data, len);
    note_sections(p, whole.data, len);
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
        conf_complain(p, "this is no configuration");
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
    c->ocsp_sign_budget = 200;
    c->disk_floor = INT64_C(64) << 20;
    p.dir = directory_of(path);
    parse_text(&p, text, len);
    finish(&p);
    free(p.dir);
    free(p.notes);
    free(p.sections);
    failed = found.n;
    errs_move(e, &found);
    return failed ? NULL : take_ptr(c);
}
