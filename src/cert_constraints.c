/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cert.h"
#include "host.h"
#include "mem.h"
#include "uri.h"

/* A base as constraints have it: a domain or host, no whole name. */
static void permit(struct cert_constraints *c, enum name_kind k,
                   const char *base, size_t len)
{
    struct name n = {.kind = k, .value = xstrndup(base, len)};

    names_add(&c->permitted, &n);
}

static void permit_net(struct cert_constraints *c, const struct pattern *p)
{
    struct pattern copy;

    for (size_t i = 0; i < c->nets.n; i++)
        if (pattern_within(p, &c->nets.v[i]))
            return;
    pattern_copy(&copy, p);
    patterns_add(&c->nets, &copy);
}

static int permit_uri(struct cert_constraints *c, const struct pattern *p,
                      struct errs *e)
{
    const char *host;
    uint8_t ip[16];
    size_t len;

    uri_host(p->value, &host, &len);
    if (host[0] == '[' || host_ip(ip, host, len))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the pattern \"uri:%s\" has an address as host, which "
                       "name constraints cannot permit (RFC 5280 section "
                       "4.2.1.10)",
                       p->value);
    permit(c, NAME_URI, host, len);
    return 0;
}

int cert_constraints_add(struct cert_constraints *c, const struct pattern *p,
                         struct errs *e)
{
    if (p->how == PATTERN_ALL)
        c->any |= 1U << p->kind;
    else if (p->kind == NAME_IP)
        permit_net(c, p);
    else if (p->kind == NAME_URI)
        return permit_uri(c, p, e);
    else
        permit(c, p->kind, p->value, strlen(p->value));
    return 0;
}

void cert_constraints_free(struct cert_constraints *c)
{
    names_free(&c->permitted);
    patterns_free(&c->nets);
    *c = (struct cert_constraints){0};
}
