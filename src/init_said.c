/* SPDX-License-Identifier: ISC */
/* Reasons in the words of the command line: what they name lies in a directory
 * of which nothing stays. */
#include "init.h"

#include <stdlib.h>
#include <string.h>

/* What an imported file was called; NULL: it was none. */
static const char *typed(const struct init *i, const char *name)
{
    const char *top = i->import_chain ? i->import_chain : i->import_cert;

    if (strcmp(name, "/issuing.pem") == 0)
        return i->import_cert;
    if (strcmp(name, "/root.pem") == 0)
        return i->form == INIT_ROOT ? i->import_cert : top;
    return i->import_key;
}

/* The path without the temporary directory, of which p is the end. */
static const char *put_path(const struct init *i, const char *p,
                            struct buf *out)
{
    static const char *const files[] = {"/issuing.pem", "/root.pem",
                                        "/keys/issuing.key", "/keys/root.key"};

    for (size_t k = 0; k < COUNT(files); k++) {
        const size_t n = strlen(files[k]);
        const char *name = typed(i, files[k]);

        if (name && strncmp(p, files[k], n) == 0) {
            buf_puts(out, name);
            return p + n;
        }
    }
    buf_puts(out, i->data);
    return p;
}

/* Behind "FILE:LINE: " of the configuration, that nobody has seen. */
static const char *skip_conf(const struct init *i, const char *text)
{
    static const char conf[] = "/pocketca.conf:";
    const char *p = text + strlen(i->tmp);
    size_t line;

    if (strncmp(text, i->tmp, strlen(i->tmp)) != 0 ||
        strncmp(p, conf, sizeof(conf) - 1) != 0)
        return text;
    p += sizeof(conf) - 1;
    line = strspn(p, "0123456789:");
    return line && p[line] == ' ' ? p + line + 1 : text;
}

static char *said(const struct init *i, const char *text)
{
    AUTO(buf) struct buf out = {0};
    const char *p = skip_conf(i, text), *at;

    while ((at = strstr(p, i->tmp))) {
        buf_put(&out, p, (size_t)(at - p));
        p = put_path(i, at + strlen(i->tmp), &out);
    }
    buf_puts(&out, p);
    return buf_take_str(&out);
}

void init_said(const struct init *i, struct errs *e)
{
    AUTO(errs) struct errs all = {0};

    errs_move(&all, e);
    for (size_t k = 0; k < all.n; k++) {
        AUTO(free) char *text = said(i, all.v[k].detail);
        bool had = false;

        for (size_t n = 0; n < e->n && !had; n++)
            had = strcmp(e->v[n].detail, text) == 0;
        if (!had)
            err_add(e, all.v[k].code, "%s", text);
    }
}
