/* SPDX-License-Identifier: ISC */
/* Header values that choose a representation (RFC 9110). */
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "front_args.h"

/* One "type/subtype" at s in lower case; its length, or 0. */
static size_t media_range(char out[MEDIA_SIZE], const char *s)
{
    size_t n = 0, slashes = 0;

    for (; ascii_is_tchar(s[n]) || s[n] == '/'; n++) {
        if (n + 1 == MEDIA_SIZE)
            return 0;
        slashes += s[n] == '/';
        out[n] = ascii_lower(s[n]);
    }
    out[n] = '\0';
    return slashes == 1 && out[0] != '/' && out[n - 1] != '/' ? n : 0;
}

bool media_type_read(char out[MEDIA_SIZE], const char *value)
{
    size_t n;

    out[0] = '\0';
    if (!value)
        return true;
    value += strspn(value, " \t");
    if (!*value)
        return true;
    n = media_range(out, value);
    if (n) {
        value += n + strspn(value + n, " \t");
        if (!*value || *value == ';')
            return true;
    }
    out[0] = '\0';
    return false;
}

/* Past a parameter's value, quoted or not. */
static const char *skip_value(const char *s)
{
    if (*s != '"')
        return s + strcspn(s, ";, \t");
    for (s++; *s && *s != '"'; s++)
        if (*s == '\\' && s[1])
            s++;
    return *s ? s + 1 : s;
}

/* "0.5" in thousandths; what is no weight counts as none. */
static int weight(const char *s)
{
    int q = *s == '1' ? 1000 : 0, unit = 100;

    if (*s != '0' && *s != '1')
        return 0;
    if (s[1] == '.')
        for (s += 2; ascii_is_digit(*s) && unit; s++, unit /= 10)
            q += (*s - '0') * unit;
    return q > 1000 ? 1000 : q;
}

/* The next element of Accept, moved past: its range and weight; false when it
 * is no range (range is then empty). */
static bool next_range(const char **at, char range[MEDIA_SIZE], int *q)
{
    const char *s = *at + strspn(*at, " \t,");
    size_t n = media_range(range, s);

    *q = 1000;
    s += n;
    while (*s && *s != ',') {
        s += strspn(s, " \t;");
        if ((*s == 'q' || *s == 'Q') && s[1] == '=')
            *q = weight(s + 2);
        s += strcspn(s, "=;, \t");
        if (*s == '=')
            s = skip_value(s + 1);
    }
    *at = s;
    if (n == 0)
        range[0] = '\0';
    return n > 0;
}

/* How closely a range fits: 3 that type, 2 type/any, 1 any, 0 not. */
static int fit(const char *range, const char *type)
{
    size_t slash = strcspn(range, "/");

    if (strcmp(range, type) == 0)
        return 3;
    if (strcmp(range, "*/*") == 0)
        return 1;
    if (strcmp(range + slash, "/*") == 0 &&
        strncmp(range, type, slash + 1) == 0)
        return 2;
    return 0;
}

/* The weight that Accept gives to a type: that of the closest range. */
static int accept_weight(const char *accept, const char *type)
{
    int best = 0, found = 0, q;
    char range[MEDIA_SIZE];

    while (*accept) {
        if (next_range(&accept, range, &q) && fit(range, type) > best) {
            best = fit(range, type);
            found = q;
        }
    }
    return found;
}

int accept_choose(const char *accept, const char *const *types, size_t n)
{
    int best = 0, chosen = -1;

    if (!accept || !accept[strspn(accept, " \t,")])
        return 0;
    for (size_t i = 0; i < n; i++) {
        int q = accept_weight(accept, types[i]);

        if (q > best) {
            best = q;
            chosen = (int)i;
        }
    }
    return chosen;
}

bool etag_match(const char *header, const char *etag)
{
    const size_t len = strlen(etag);
    const char *s = header;

    while (*(s += strspn(s, " \t,"))) {
        const char *end;

        if (*s == '*')
            return true;
        if (strncmp(s, "W/", 2) == 0)
            s += 2;
        if (*s != '"' || !(end = strchr(s + 1, '"')))
            return false;
        if ((size_t)(end + 1 - s) == len && memcmp(s, etag, len) == 0)
            return true;
        s = end + 1;
    }
    return false;
}
