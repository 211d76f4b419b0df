/* SPDX-License-Identifier: ISC */
/* Lists of weak keys: OpenSSL reads each line as well, and finds it. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "mem.h"
#include "weak_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line that is a key is found. */
static void try_line(const struct weak_list *l, const char *line)
{
    uint8_t tail[WEAK_LIST_TAIL];
    size_t n;

    if (OPENSSL_hexstr2buf_ex(tail, sizeof(tail), &n, line, '\0') != 1 ||
        n != sizeof(tail) || !weak_list_find(l, tail))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(errs) struct errs e = {0};
    AUTO(weak_list) struct weak_list l = {0};
    AUTO(free) char *text = xstrndup((const char *)data, size);
    int rc = weak_list_read(&l, "list", (const char *)data, size, &e);
    size_t keys = 0;

    if ((rc != 0) != (e.n == 1) || (rc != 0 && l.n != 0))
        abort();
    if (rc != 0 || strlen(text) != size)
        return 0;
    for (char *at = text, *line; (line = strsep(&at, "\n"));)
        if (*line && *line != '#') {
            try_line(&l, line);
            keys++;
        }
    if (keys != l.n)
        abort();
    return 0;
}
