/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

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
    if (p->kind == NAME_CN)
        return err_add(
            e, ERR_BAD_ARGUMENT,
            "the pattern \"cn:%s\" is of common names, of which name "
            "constraints know nothing (RFC 5280 section 4.2.1.10)",
            p->value);
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

int cert_constraints_parse(struct cert_constraints *c,
                           const struct strs *patterns, struct errs *e)
{
    int r = 0;

    for (size_t i = 0; i < patterns->n; i++) {
        AUTO(pattern) struct pattern p = {0};

        if (pattern_parse(&p, patterns->v[i], e) < 0 ||
            cert_constraints_add(c, &p, e) < 0)
            r = -1;
    }
    return r;
}

void cert_constraints_free(struct cert_constraints *c)
{
    names_free(&c->permitted);
    patterns_free(&c->nets);
    *c = (struct cert_constraints){0};
}

/* ---- what the constraints of a certificate mean for a pattern ---- */

/* How what a pattern matches lies to a subtree. */
enum lies { OUTSIDE = 0, PARTLY, WITHIN };

/* The text is base or below it; with a leading dot only below. */
static bool below(const char *text, size_t len, const char *base, size_t n)
{
    if (n && *base == '.')
        return len >= n && strncasecmp(text + len - n, base, n) == 0;
    if (len < n || strncasecmp(text + len - n, base, n) != 0)
        return false;
    return len == n || n == 0 || text[len - n - 1] == '.';
}

static enum lies dns_lies(const struct pattern *p, const char *base, size_t n)
{
    const size_t len = strlen(p->value);

    if (n == 0)
        return WITHIN;
    if (p->how == PATTERN_ALL)
        return PARTLY;
    if (below(p->value, len, base, n))
        return WITHIN;
    if (p->how == PATTERN_EXACT)
        return OUTSIDE;
    if (*base == '.' && n == len + 1 &&
        strncasecmp(base + 1, p->value, len) == 0)
        return WITHIN;
    return below(base, n, p->value, len) ? PARTLY : OUTSIDE;
}

/* A host exactly, or with a leading dot what is below it. */
static enum lies host_lies(const char *host, size_t len, const char *base,
                           size_t n)
{
    if (n == 0 || (n == len && strncasecmp(host, base, n) == 0) ||
        (*base == '.' && below(host, len, base, n)))
        return WITHIN;
    return OUTSIDE;
}

static enum lies email_lies(const struct pattern *p, const char *base, size_t n)
{
    const char *at = memchr(base, '@', n), *host = strchr(p->value, '@');

    if (n == 0)
        return WITHIN;
    if (p->how == PATTERN_ALL)
        return PARTLY;
    host = host ? host + 1 : p->value;
    if (!at)
        return host_lies(host, strlen(host), base, n);
    if (p->how == PATTERN_EXACT)
        return strlen(p->value) == n && memcmp(p->value, base, n) == 0
                   ? WITHIN
                   : OUTSIDE;
    at++;
    return host_lies(host, strlen(host), at, n - (size_t)(at - base)) ? PARTLY
                                                                      : OUTSIDE;
}

static enum lies uri_lies(const struct pattern *p, const char *base, size_t n)
{
    const char *host;
    uint8_t ip[16];
    size_t len;

    if (p->how == PATTERN_ALL)
        return n == 0 ? WITHIN : PARTLY;
    uri_host(p->value, &host, &len);
    if (*host == '[' || host_ip(ip, host, len)) /* constraints are of hosts */
        return PARTLY;
    return host_lies(host, len, base, n);
}

/* False: it is none. */
static bool net_of(struct pattern *net, const uint8_t *base, size_t n)
{
    *net = (struct pattern){
        .kind = NAME_IP, .how = PATTERN_NET, .value = (char *)""};
    if (n != 8 && n != 32)
        return false;
    net->ip_len = (uint8_t)(n / 2);
    for (size_t i = 0; i < net->ip_len; i++) {
        net->ip[i] = base[i] & base[net->ip_len + i];
        net->prefix += (uint8_t)__builtin_popcount(base[net->ip_len + i]);
    }
    return true;
}

static enum lies ip_lies(const struct pattern *p, const uint8_t *base, size_t n)
{
    struct pattern net;

    if (!net_of(&net, base, n))
        return OUTSIDE;
    if (pattern_within(p, &net))
        return WITHIN;
    return pattern_within(&net, p) ? PARTLY : OUTSIDE;
}

static enum lies lies(const struct pattern *p, const struct der_tlv *base)
{
    const char *text = (const char *)base->val;

    if (base->tag == DER_CTX(2) && p->kind == NAME_DNS)
        return dns_lies(p, text, base->len);
    if (base->tag == DER_CTX(1) && p->kind == NAME_EMAIL)
        return email_lies(p, text, base->len);
    if (base->tag == DER_CTX(6) && p->kind == NAME_URI)
        return uri_lies(p, text, base->len);
    if (base->tag == DER_CTX(7) && p->kind == NAME_IP)
        return ip_lies(p, base->val, base->len);
    return OUTSIDE;
}

static bool of_kind(const struct der_tlv *base, enum name_kind k)
{
    return (base->tag == DER_CTX(2) && k == NAME_DNS) ||
           (base->tag == DER_CTX(1) && k == NAME_EMAIL) ||
           (base->tag == DER_CTX(6) && k == NAME_URI) ||
           (base->tag == DER_CTX(7) && k == NAME_IP);
}

/* A subtree that is denied as a whole needs no thought. */
static bool denied(const struct patterns *deny, const struct der_tlv *base)
{
    AUTO(free) char *text = xstrndup((const char *)base->val, base->len);
    struct pattern itself = {
        .kind = NAME_DNS, .how = PATTERN_EXACT, .value = text};
    struct pattern deeper = itself;
    bool first = *text == '.', second = false;
    struct pattern net;

    if (base->tag == DER_CTX(7))
        return net_of(&net, base->val, base->len) && patterns_cover(deny, &net);
    if (base->tag != DER_CTX(2) || base->len == 0)
        return false;
    deeper.how = PATTERN_SUFFIX;
    deeper.value += *text == '.';
    for (size_t i = 0; i < deny->n; i++) {
        first |= pattern_within(&itself, &deny->v[i]);
        second |= pattern_within(&deeper, &deny->v[i]);
    }
    return first && second;
}

static bool subtrees_permit(const struct cert *c, bool excluded,
                            const struct pattern *p,
                            const struct patterns *deny)
{
    struct der list = cert_subtrees(c, excluded);
    bool any = false, within = false, bounds;
    struct der_tlv base;

    while (cert_subtree_next(&list, &base, &bounds)) {
        enum lies how;

        if (!of_kind(&base, p->kind))
            continue;
        how = lies(p, &base);
        any = true;
        within |= how == WITHIN;
        if (excluded && how != OUTSIDE && !denied(deny, &base))
            return false;
    }
    return excluded || !any || within;
}

bool cert_constraints_permit(const struct cert *c, const struct pattern *p,
                             const struct patterns *deny)
{
    struct pattern net = {
        .kind = NAME_IP, .how = PATTERN_NET, .value = p->value, .ip_len = 4};

    if (p->kind == NAME_IP && p->how == PATTERN_ALL) { /* of either family */
        if (!cert_constraints_permit(c, &net, deny))
            return false;
        net.ip_len = 16;
        return cert_constraints_permit(c, &net, deny);
    }
    return subtrees_permit(c, false, p, deny) &&
           subtrees_permit(c, true, p, deny);
}
