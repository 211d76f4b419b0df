/* SPDX-License-Identifier: ISC */
/* The values of a configuration: what each kind has to be. */
#include "conf_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sys/un.h>

#include "log.h"
#include "tm.h"

void conf_complain(struct parse *p, const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    err_add(p->errs, ERR_BAD_ARGUMENT, "%s:%d: %s", p->file, p->line, text);
}

void conf_warn(struct parse *p, const char *fmt, ...)
{
    AUTO(free) char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    strs_add_own(&p->c->warnings,
                 xasprintf("%s:%d: %s", p->file, p->line, text));
}

void conf_complain_all(struct parse *p, const char *name, struct errs *from)
{
    for (size_t i = 0; i < from->n; i++)
        conf_complain(p, "%s: %s", name, from->v[i].detail);
    errs_free(from);
}

void conf_set_str(struct parse *p, const struct field *f, void *at,
                  const char *value)
{
    if (!*value) {
        conf_complain(p, "%s is empty", f->name);
        return;
    }
    free(*(char **)at);
    *(char **)at = xstrdup(value);
}

char *conf_path_join(const char *dir, const char *path)
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

void conf_set_data(struct parse *p, const struct field *f, void *at,
                   const char *value)
{
    struct sockaddr_un sun;

    if (!*value) {
        conf_complain(p, "%s is empty", f->name);
        return;
    }
    *(char **)at = conf_path_join(p->dir, value);
    if (strlen(p->c->data) + sizeof("/admin.sock") > sizeof(sun.sun_path))
        conf_complain(
            p,
            "data: \"%s\" is longer than %zu octets, so the path of the "
            "socket in it would be too long",
            p->c->data, sizeof(sun.sun_path) - sizeof("/admin.sock"));
}

/* A path relative to data, which the table has before every other one. */
void conf_set_path(struct parse *p, const struct field *f, void *at,
                   const char *value)
{
    if (!*value) {
        conf_complain(p, "%s is empty", f->name);
        return;
    }
    free(*(char **)at);
    *(char **)at = conf_path_join(p->c->data ? p->c->data : p->dir, value);
}

void conf_set_key_uri(struct parse *p, const struct field *f, void *at,
                      const char *value)
{
    if (strncmp(value, "file:", 5) != 0 || !value[5]) {
        conf_complain(p, "%s: \"%s\" is no key; write file:PATH", f->name,
                      value);
        return;
    }
    free(*(char **)at);
    *(char **)at = xstrdup(value);
}

/* A file name of $CREDENTIALS_DIRECTORY, and no way out of there. */
void conf_set_credential(struct parse *p, const struct field *f, void *at,
                         const char *value)
{
    if (!*value || *value == '.' || strchr(value, '/'))
        conf_complain(p, "%s: \"%s\" is no name of a credential", f->name,
                      value);
    else
        conf_set_str(p, f, at, value);
}

void conf_set_span(struct parse *p, const struct field *f, void *at,
                   const char *value)
{
    char least[32], most[32];
    int64_t t;

    tm_print_span(least, sizeof(least), f->min);
    tm_print_span(most, sizeof(most), f->max);
    if (tm_parse_span(value, &t) < 0)
        conf_complain(
            p,
            "%s: \"%s\" is no length of time up to 100y; write one number and "
            "one of s m h d y, as in 90d",
            f->name, value);
    else if (t < f->min || t > f->max)
        conf_complain(p, "%s: %s is not between %s and %s", f->name, value,
                      least, most);
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

void conf_set_count(struct parse *p, const struct field *f, void *at,
                    const char *value)
{
    int64_t n;
    char *end;

    if (parse_number(value, &n, &end) < 0 || *end || n < f->min || n > f->max)
        conf_complain(p, "%s: \"%s\" is no number from %" PRId64 " to %" PRId64,
                      f->name, value, f->min, f->max);
    else
        *(unsigned *)at = (unsigned)n;
}

void conf_set_size(struct parse *p, const struct field *f, void *at,
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
    conf_complain(p,
                  "%s: \"%s\" is no size; write octets, or a number with K, M "
                  "or G behind it",
                  f->name, value);
}

void conf_set_bool(struct parse *p, const struct field *f, void *at,
                   const char *value)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},
                 {"no", false}, {"false", false}, {"off", false}};

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(value, words[i].text) == 0) {
            *(bool *)at = words[i].value;
            return;
        }
    conf_complain(p, "%s: \"%s\" is neither yes nor no", f->name, value);
}

void conf_set_level(struct parse *p, const struct field *f, void *at,
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
    conf_complain(p, "%s: \"%s\" is none of error, warn, info, debug", f->name,
                  value);
}

void conf_set_host(struct parse *p, const struct field *f, void *at,
                   const char *value)
{
    AUTO(errs) struct errs e = {0};
    AUTO(name) struct name n = {0};

    if (name_parse(&n, value, strlen(value), &e) < 0) {
        conf_complain_all(p, f->name, &e);
        return;
    }
    if ((n.kind != NAME_DNS && n.kind != NAME_IP) || n.wildcard)
        conf_complain(
            p, "%s: \"%s\" is neither the DNS name of a host nor an address",
            f->name, value);
    else
        strs_add(at, value);
}

/* What may stand in a URL that is written into certificates. */
static bool url_is_plain(const char *s)
{
    for (; *s; s++)
        if (*s <= 0x20 || *s >= 0x7f || strchr("\"<>\\^`{|}?#@", *s))
            return false;
    return true;
}

void conf_set_public_url(struct parse *p, const struct field *f, void *at,
                         const char *value)
{
    size_t len = strlen(value);
    const char *host = value + 7;

    if (strcmp(value, "none") == 0)
        return;
    if (strncmp(value, "http://", 7) != 0 || !*host || *host == '/' ||
        *host == ':' || !url_is_plain(value) || len > 200) {
        conf_complain(p,
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
