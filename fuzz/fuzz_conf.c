/* SPDX-License-Identifier: ISC */
/* A configuration is taken or refused with reasons, each at a line; what its
 * profiles have made of their rules is DER. */
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void check_extensions(const struct buf *extra)
{
    struct der list = der_of(extra->data, extra->len), value;
    struct der_tlv oid;
    bool critical;

    while (!der_end(&list))
        if (cert_ext_next(&list, &oid, &critical, &value) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c = conf_parse("/c/x.conf", (const char *)p, len, &e);

    if (!c != (e.n > 0))
        abort();
    for (size_t i = 0; i < e.n; i++)
        if (strncmp(e.v[i].detail, "/c/x.conf:", 10) != 0)
            abort();
    for (size_t i = 0; c && i < c->profiles.n; i++)
        check_extensions(&c->profiles.v[i].extra);
    return 0;
}
