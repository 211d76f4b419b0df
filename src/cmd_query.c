/* SPDX-License-Identifier: ISC */
/* The options that say which certificates are meant. */
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"

/* The arguments of the list (query_set() knows their meaning). */
static const struct {
    const char *option, *key, *arg, *help;
    bool page; /* about what is shown, not which */
} arguments[] = {
    {"name", "name", "PATTERN", "dns:**.b, ip:10.0.0.0/8, email:*@b, uri:…",
     false},
    {"covers", "covers", "DNS", "serves that name, exactly or by wildcard",
     false},
    {"status", "status", "WORD", "valid, revoked, expired", false},
    {"replaced", "replaced", "BOOL", "true: has a successor; false: has none",
     false},
    {"profile", "profile", "NAME", "of this profile", false},
    {"authority", "authority", "NAME", "signed by it", false},
    {"requester", "requester", "ID", "id or label of who asked", false},
    {"key-sha256", "key_sha256", "HEX", "with this public key", false},
    {"sha256", "sha256", "HEX", "with this fingerprint", false},
    {"issued-after", "issued_after", "TIME", "RFC 3339", false},
    {"issued-before", "issued_before", "TIME", "RFC 3339", false},
    {"expires-after", "expires_after", "TIME", "RFC 3339", false},
    {"expires-before", "expires_before", "TIME", "RFC 3339", false},
    {"expires-within", "expires_within", "SPAN", "14d, 12h", false},
    {"order", "order", "WORD", "issued (newest first) or expiry (soonest)",
     true},
    {"limit", "limit", "N", "so many and a cursor; default: all of them", true},
    {"cursor", "cursor", "TEXT", "goes on behind an earlier page", true},
};
_Static_assert(COUNT(arguments) == CMD_QUERY_MAX, "a place for every option");

size_t cmd_query_options(struct cmd_option *to, const char **values, bool page)
{
    size_t n = 0;

    for (size_t i = 0; i < COUNT(arguments); i++)
        if (page || !arguments[i].page)
            to[n++] = (struct cmd_option){
                arguments[i].option, 0,          arguments[i].arg,
                arguments[i].help,   &values[i], NULL};
    return n;
}

const char *cmd_query_value(const char *const *values, const char *key)
{
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (strcmp(arguments[i].key, key) == 0)
            return values[i];
    return NULL;
}

int cmd_query_fill(struct query *q, const char *const *values, struct errs *e)
{
    int rc = 0;

    for (size_t i = 0; i < COUNT(arguments); i++)
        if (values[i] && query_set(q, arguments[i].key, values[i], e) < 0)
            rc = -1;
    return rc < 0 ? rc : query_check(q, e);
}
