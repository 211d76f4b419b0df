/* SPDX-License-Identifier: ISC */
/* Names and patterns: what is accepted is normal, so that its text reads back
 * as the same, and a pattern made of a name matches that name. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void name_again(const struct name *n)
{
    AUTO(free) char *text = name_text(n);
    AUTO(errs) struct errs e = {0};
    struct name again;

    if (name_parse(&again, text, strlen(text), &e) || !name_equal(n, &again))
        abort();
    if (n->kind == NAME_DNS &&
        (strlen(n->value) > 253 || strpbrk(n->value, "ABCXYZ_/:@ \n")))
        abort();
    name_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *text = xstrndup((const char *)data, size);
    AUTO(errs) struct errs e = {0};
    struct pattern p, again;
    struct name n;
    bool named = name_parse(&n, (const char *)data, size, &e) == 0;

    (void)name_is_like((const char *)data, size);
    if (named)
        name_again(&n);
    if (pattern_parse(&p, text, &e) == 0) {
        AUTO(free) char *back = pattern_text(&p);

        if (pattern_parse(&again, back, &e) || !pattern_within(&p, &again) ||
            (named && p.how == PATTERN_EXACT && !pattern_match(&p, &n)))
            abort();
        pattern_free(&p);
        pattern_free(&again);
    }
    if (named)
        name_free(&n);
    return 0;
}
