/* SPDX-License-Identifier: ISC */
/* JSON from outside: stricter than the library asks to be by itself. */
#include <string.h>

#include "view.h"

enum { DEPTH_MAX = 8 };

/* Before the parser recurses.  Brackets inside strings do not count. */
static bool too_deep(const char *s, size_t len)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) {
        if (quoted && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            quoted = !quoted;
        else if (!quoted && (s[i] == '[' || s[i] == '{') && ++depth > DEPTH_MAX)
            return true;
        else if (!quoted && (s[i] == ']' || s[i] == '}'))
            depth--;
    }
    return false;
}

/* True when a number somewhere is no integer; depth is bounded already. */
static bool has_real(const json_t *j)
{
    const char *key;
    json_t *v;
    size_t i;

    json_array_foreach(j, i, v) if (has_real(v)) return true;
    json_object_foreach((json_t *)j, key, v) if (has_real(v)) return true;
    return json_is_real(j);
}

json_t *view_parse(const void *text, size_t len, struct errs *e)
{
    json_error_t why;
    json_t *j;

    if (too_deep(text, len)) {
        err_add(e, ERR_BAD_JSON, "nested deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    if (len == 0) {
        err_add(e, ERR_BAD_JSON, "the body is empty; a JSON object is wanted");
        return NULL;
    }
    j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!j) {
        err_add(e, ERR_BAD_JSON, "line %d, column %d: %s", why.line, why.column,
                json_error_code(&why) == json_error_null_character
                    ? "no text may have \\u0000 in it"
                    : why.text);
        return NULL;
    }
    if (has_real(j)) {
        err_add(e, ERR_BAD_JSON,
                "a number with a fraction or an exponent; "
                "only integers are taken");
        json_decref(j);
        return NULL;
    }
    return j;
}

typedef int read_fn(const json_t *j, const char *name, void *to,
                    struct errs *e);

/* The value that is no `wanted`, and where it stands. */
static int wrong(const json_t *j, const char *name, const char *wanted,
                 struct errs *e)
{
    AUTO(free)
    char *text = json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT |
                                   JSON_ENSURE_ASCII);

    return err_add(e, ERR_BAD_JSON, "%s=%.64s: %s is wanted", name, text,
                   wanted);
}

static int read_text(const json_t *j, const char *name, void *to,
                     struct errs *e)
{
    if (!json_is_string(j))
        return wrong(j, name, "a string", e);
    *(const char **)to = json_string_value(j);
    return 0;
}

static int read_texts(const json_t *j, const char *name, void *to,
                      struct errs *e)
{
    struct strs *l = to;
    json_t *v;
    size_t i;

    if (!json_is_array(j))
        return wrong(j, name, "a list of strings", e);
    strs_free(l);
    json_array_foreach(j, i, v)
    {
        if (!json_is_string(v)) {
            AUTO(free) char *place = xasprintf("%s[%zu]", name, i);

            return wrong(v, place, "a string", e);
        }
        strs_add(l, json_string_value(v));
    }
    return 0;
}

static int read_bool(const json_t *j, const char *name, void *to,
                     struct errs *e)
{
    if (!json_is_boolean(j))
        return wrong(j, name, "true or false", e);
    *(int *)to = json_is_true(j);
    return 0;
}

static int read_count(const json_t *j, const char *name, void *to,
                      struct errs *e)
{
    if (!json_is_integer(j))
        return wrong(j, name, "an integer", e);
    if (json_integer_value(j) < 1)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: %" JSON_INTEGER_FORMAT " is not from 1 on", name,
                       json_integer_value(j));
    *(uint64_t *)to = (uint64_t)json_integer_value(j);
    return 0;
}

static read_fn *const readers[VIEW__MAX] = {
    [VIEW_TEXT] = read_text,
    [VIEW_TEXTS] = read_texts,
    [VIEW_BOOL] = read_bool,
    [VIEW_COUNT] = read_count,
};

static const struct view_member *find(const struct view_member *m, size_t n,
                                      const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0)
            return &m[i];
    return NULL;
}

static int no_such(const struct view_member *m, size_t n, const char *key,
                   struct errs *e)
{
    AUTO(buf) struct buf all = {0};

    for (size_t i = 0; i < n; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", m[i].name);
    return err_add(e, ERR_BAD_JSON,
                   "there is no member \"%.100s\"; there is: %.*s", key,
                   (int)all.len, (const char *)all.data);
}

int view_read(const json_t *object, const struct view_member *m, size_t n,
              void *out, struct errs *e)
{
    const char *key;
    json_t *v;
    int rc = 0;

    if (!json_is_object(object))
        return err_add(e, ERR_BAD_JSON, "an object is wanted");
    json_object_foreach((json_t *)object, key, v)
    {
        const struct view_member *one = find(m, n, key);

        if (!one)
            rc = no_such(m, n, key, e);
        else if (readers[one->kind](v, key, (char *)out + one->at, e) != 0)
            rc = -1;
    }
    return rc;
}
