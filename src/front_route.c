/* SPDX-License-Identifier: ISC */
/* Which row of the table a raw path is. */
#include "front_core.h"

#include <stdlib.h>
#include <string.h>

#include "front_head.h"

/* "{}" and what follows it within the same part of the path. */
static bool match_part(const char *pattern, const char *path, char **part)
{
    size_t part_len = strcspn(path, "/");
    size_t tail_len = strcspn(pattern, "/");

    if (part_len <= tail_len || strcmp(pattern + tail_len, path + part_len))
        return false;
    part_len -= tail_len;
    if (strncmp(pattern, path + part_len, tail_len) != 0)
        return false;
    *part = head_decode(path, part_len);
    /* A slash that hides, or a way out, is no part. */
    if (*part && !strchr(*part, '/') && strcmp(*part, ".") != 0 &&
        strcmp(*part, "..") != 0)
        return true;
    free(*part);
    *part = NULL;
    return false;
}

/* *part is set when the pattern has one and this is true. */
static bool match(const char *pattern, const char *path, char **part)
{
    const char *hole = strchr(pattern, '{');
    size_t n = hole ? (size_t)(hole - pattern) : 0;

    *part = NULL;
    if (!hole)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, n) != 0 || !path[n])
        return false;
    if (hole[1] == '}')
        return match_part(hole + 2, path + n, part);
    *part = head_decode(path + n, strlen(path + n));
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
