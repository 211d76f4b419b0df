/* SPDX-License-Identifier: ISC */
/* Which row of the table a raw path is. */
#include "front_core.h"

#include <stdlib.h>
#include <string.h>

#include "front_head.h"

/* What a part of a path is without its %; NULL when it is none: a slash that
 * hides, or a way out. */
static char *decode_part(const char *path, size_t len)
{
    char *part = head_decode(path, len);

    if (part && !strchr(part, '/') && strcmp(part, ".") != 0 &&
        strcmp(part, "..") != 0)
        return part;
    free(part);
    return NULL;
}

/* "{}" and what follows it within the same part of the path. */
static char *match_part(const char *pattern, const char *path)
{
    size_t part_len = strcspn(path, "/");
    size_t tail_len = strcspn(pattern, "/");

    if (part_len <= tail_len || strcmp(pattern + tail_len, path + part_len))
        return NULL;
    part_len -= tail_len;
    if (strncmp(pattern, path + part_len, tail_len) != 0)
        return NULL;
    return decode_part(path, part_len);
}

/* "{}/{}" and what follows it: both, with a slash between. */
static char *match_two(const char *pattern, const char *path)
{
    size_t len = strcspn(path, "/");
    AUTO(free) char *first = NULL;
    AUTO(free) char *second = NULL;

    if (len == 0 || !path[len])
        return NULL;
    first = decode_part(path, len);
    second = match_part(pattern, path + len + 1);
    return first && second ? xasprintf("%s/%s", first, second) : NULL;
}

/* *part is set when the pattern has one and this is true. */
static bool match(const char *pattern, const char *path, char **part)
{
    *part = NULL;
    while (*pattern && *pattern != '{' && *pattern == *path)
        pattern++, path++;
    if (*pattern != '{')
        return *pattern == *path; /* both at their ends */
    if (!*path)
        return false;
    if (strncmp(pattern, "{}/{}", 5) == 0)
        *part = match_two(pattern + 5, path);
    else if (pattern[1] == '}')
        *part = match_part(pattern + 2, path);
    else
        *part = head_decode(path, strlen(path));
    return *part;
}

void route_find(const struct route *table, size_t n, unsigned listener,
                enum front_method m, const char *path, struct route_found *out)
{
    char *part;

    *out = (struct route_found){0};
    for (size_t i = 0; i < n; i++) {
        const struct route *r = &table[i];

        if (!(r->listeners & listener) || !match(r->path, path, &part))
            continue;
        out->allow |= 1U << r->method;
        if (r->method == m && !out->route) {
            out->route = r;
            out->part = part;
        } else {
            free(part);
        }
    }
}

char *route_allow(unsigned allow)
{
    static const char *const names[METHOD__MAX] = {
        [METHOD_GET] = "GET, HEAD",
        [METHOD_POST] = "POST",
        [METHOD_DELETE] = "DELETE",
    };
    AUTO(buf) struct buf b = {0};

    for (unsigned m = METHOD_STOP + 1; m < METHOD__MAX; m++)
        if (allow & 1U << m)
            buf_printf(&b, "%s%s", b.len ? ", " : "", names[m]);
    return buf_take_str(&b);
}
