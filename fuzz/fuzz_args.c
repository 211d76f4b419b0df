/* SPDX-License-Identifier: ISC */
/* Arguments that are taken are taken again when they are written out, and the
 * readers of header values end. */
#include <stdlib.h>
#include <string.h>

#include "front_args.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void put_encoded(struct buf *b, const char *s)
{
    for (; *s; s++)
        buf_printf(b, "%%%02x", (unsigned char)*s);
}

static void again(const struct front_args *a)
{
    AUTO(buf) struct buf b = {0};
    AUTO(front_args) struct front_args back = {0};
    AUTO(errs) struct errs e = {0};

    for (size_t i = 0; i < a->n; i++) {
        buf_puts(&b, i ? "&" : "");
        put_encoded(&b, a->v[i].key);
        buf_putc(&b, '=');
        put_encoded(&b, a->v[i].value);
    }
    if (front_args_parse(&back, (char *)b.data, b.len, &e) != 0 ||
        back.n != a->n)
        abort();
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(front_args_get(&back, a->v[i].key), a->v[i].value) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    static const char *const types[] = {"application/json", "text/csv"};
    AUTO(front_args) struct front_args a = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *text = xstrndup((const char *)p, len);
    char type[MEDIA_SIZE];

    if (front_args_parse(&a, (const char *)p, len, &e) == 0)
        again(&a);
    else if (a.n || !e.n)
        abort();
    media_type_read(type, text);
    if (accept_choose(text, types, 2) >= 2)
        abort();
    etag_match(text, "\"a\"");
    return 0;
}
