/* SPDX-License-Identifier: ISC */
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "mem.h"
#include "uri.h"

/* Each reads a pattern without prefix, or gives the rule that it breaks. */
typedef const char *read_fn(struct pattern *out, const char *text);

static const char *mailbox(struct pattern *out, const char *text)
{
    AUTO(errs) struct errs e = {0};
    struct name n = {0};

    if (name_parse_kind(&n, NAME_EMAIL, text, strlen(text), &e))
        return "is neither a mail address nor as in email:*@example.org";
    out->how = PATTERN_EXACT;
    out->value = n.value;
    return NULL;
}

static const char *domain(struct pattern *out, enum pattern_how how,
                          const char *text)
{
    char name[HOST_DNS_SIZE];
    const char *rule = host_dns(name, text, strlen(text), 0);

    if (rule)
        return rule;
    out->how = how;
    out->value = xstrdup(name);
    return NULL;
}

static const char *read_dns(struct pattern *out, const char *text)
{
    if (strncmp(text, "**.", 3) == 0)
        return domain(out, PATTERN_SUFFIX, text + 3);
    if (strncmp(text, "*.", 2) == 0)
        return domain(out, PATTERN_ONE, text + 2);
    return domain(out, PATTERN_EXACT, text);
}

static void mask(uint8_t *ip, unsigned len, unsigned prefix)
{
    for (unsigned i = 0; i < len; i++) {
        unsigned keep = prefix <= i * 8 ? 0 : prefix - i * 8;

        if (keep < 8)
            ip[i] &= (uint8_t)(0xff00U >> keep);
    }
}

/* A decimal number without sign or leading zero, at most max; -1 else. */
static int number(const char *text, unsigned max)
{
    unsigned v = 0;

    if (!*text || (text[0] == '0' && text[1]))
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        v = v * 10 + (unsigned)(*text - '0');
        if (v > max)
            return -1;
    }
    return (int)v;
}

static const char *read_ip(struct pattern *out, const char *text)
{
    const char *slash = strchrnul(text, '/');
    char address[HOST_IP_SIZE];
    uint8_t ip[16], masked[16];
    uint8_t len = host_ip(ip, text, (size_t)(slash - text));
    int prefix = len * 8;

    if (!len)
        return "is neither an address nor a network as in ip:10.0.0.0/8";
    if (host_ip_mapped(ip, len))
        return "is an IPv4 address in IPv6 form; write it as IPv4";
    if (*slash)
        prefix = number(slash + 1, len * 8);
    if (prefix < 0)
        return "has a prefix length that is no number from 0 to 32 (IPv4) "
               "or 128 (IPv6)";
    memcpy(masked, ip, len);
    mask(masked, len, (unsigned)prefix);
    if (memcmp(masked, ip, len) != 0)
        return "has bits set behind its prefix length";
    host_ip_text(address, ip, len);
    out->how = PATTERN_NET;
    out->value = xstrdup(address);
    memcpy(out->ip, ip, len);
    out->ip_len = len;
    out->prefix = (uint8_t)prefix;
    return NULL;
}

static const char *read_email(struct pattern *out, const char *text)
{
    if (strncmp(text, "*@", 2) == 0)
        return domain(out, PATTERN_SUFFIX, text + 2);
    if (strchr(text, '*'))
        return "has a \"*\" that is not all of what is before the @";
    return mailbox(out, text);
}

static const char *read_uri(struct pattern *out, const char *text)
{
    size_t len = strlen(text);
    bool below = len > 3 && strcmp(text + len - 3, "/**") == 0;
    const char *rule;

    if (below)
        len -= 2;
    if (memchr(text, '*', len))
        return "has a \"*\" that is not in a last \"/**\"";
    if (below && text[strcspn(text, "?#")])
        return "has a \"/**\" behind the end of the path";
    rule = uri_normal(&out->value, text, len);
    if (rule)
        return rule;
    out->how = below ? PATTERN_PREFIX : PATTERN_EXACT;
    return NULL;
}

static const char *read_cn(struct pattern *out, const char *text)
{
    AUTO(errs) struct errs e = {0};
    size_t len = strlen(text);
    bool begins = len > 1 && text[len - 1] == '*';
    struct name n = {0};

    if (strcmp(text, "*") == 0)
        return "is nothing but a \"*\"; any common name is \"cn:**\"";
    if (begins)
        len--;
    if (memchr(text, '*', len))
        return "has a \"*\" that is not its end";
    if (name_parse_kind(&n, NAME_CN, text, len, &e))
        return "is no common name of 1 to 64 characters";
    out->how = begins ? PATTERN_PREFIX : PATTERN_EXACT;
    out->value = n.value;
    return NULL;
}

static read_fn *const readers[NAME__MAX] = {
    [NAME_DNS] = read_dns, [NAME_IP] = read_ip, [NAME_EMAIL] = read_email,
    [NAME_URI] = read_uri, [NAME_CN] = read_cn,
};

/* As name_kind_of(), which does not know networks. */
static enum name_kind kind_of(const char **text)
{
    size_t len = strlen(*text);
    const char *slash = strchr(*text, '/');
    uint8_t ip[16];

    if (slash && host_ip(ip, *text, (size_t)(slash - *text)))
        return NAME_IP;
    return name_kind_of(text, &len);
}

int pattern_parse(struct pattern *out, const char *text, struct errs *e)
{
    const char *value = text, *rule = NULL;
    struct pattern p = {.kind = kind_of(&value)};

    if (strcmp(value, "**") == 0) {
        p.how = PATTERN_ALL;
        p.value = xstrdup("");
    } else {
        rule = readers[p.kind](&p, value);
    }
    if (rule)
        return err_add(e, ERR_BAD_ARGUMENT, "the pattern \"%s:%.300s\" %s",
                       name_kind_text(p.kind), value, rule);
    *out = p;
    return 0;
}

/* How many labels `name` has before ".b"; 0 when it is not below b. */
static unsigned labels_before(const char *name, const char *b)
{
    size_t n = strlen(name), m = strlen(b);
    unsigned labels = 1;

    if (n < m + 2 || name[n - m - 1] != '.' || strcmp(name + n - m, b) != 0)
        return 0;
    for (size_t i = 0; i < n - m - 1; i++)
        labels += name[i] == '.';
    return labels;
}

/* Mail domains hold no wildcards and no deeper labels: "@b" behind it. */
static bool mail_at(const char *mail, const char *b)
{
    const char *at = strrchr(mail, '@');

    return at && strcmp(at + 1, b) == 0;
}

static bool starts_with(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static bool net_has(const struct pattern *p, const uint8_t *ip, size_t len)
{
    uint8_t masked[16];

    if (len != p->ip_len)
        return false;
    memcpy(masked, ip, len);
    mask(masked, p->ip_len, p->prefix);
    return memcmp(masked, p->ip, len) == 0;
}

bool pattern_match(const struct pattern *p, const struct name *n)
{
    if (p->kind != n->kind)
        return false;
    switch (p->how) {
    case PATTERN_EXACT:
        return strcmp(p->value, n->value) == 0;
    case PATTERN_ONE:
        return labels_before(n->value, p->value) == 1;
    case PATTERN_SUFFIX:
        if (p->kind == NAME_EMAIL)
            return mail_at(n->value, p->value);
        return labels_before(n->value, p->value) > 0;
    case PATTERN_PREFIX:
        return starts_with(n->value, p->value) &&
               (p->kind == NAME_CN || strlen(n->value) > strlen(p->value));
    case PATTERN_NET:
        return net_has(p, n->ip, n->ip_len);
    case PATTERN_ALL:
        return true;
    case PATTERN_STOP:
    case PATTERN__MAX:
        break;
    }
    abort();
}

static bool dns_within(const struct pattern *inner, const struct pattern *outer)
{
    unsigned labels = labels_before(inner->value, outer->value);

    if (inner->how == PATTERN_EXACT && outer->how == PATTERN_ONE)
        return labels == 1;
    if (outer->how == PATTERN_ONE)
        return inner->how == PATTERN_ONE &&
               strcmp(inner->value, outer->value) == 0;
    if (inner->how == PATTERN_EXACT)
        return labels > 0;
    return labels > 0 || strcmp(inner->value, outer->value) == 0;
}

bool pattern_within(const struct pattern *inner, const struct pattern *outer)
{
    bool same = strcmp(inner->value, outer->value) == 0;

    if (inner->kind != outer->kind)
        return false;
    if (outer->how == PATTERN_ALL)
        return true;
    if (inner->how == PATTERN_ALL)
        return false;
    if (outer->how == PATTERN_EXACT)
        return inner->how == PATTERN_EXACT && same;
    if (outer->how == PATTERN_NET)
        return inner->prefix >= outer->prefix &&
               net_has(outer, inner->ip, inner->ip_len);
    if (outer->how == PATTERN_PREFIX)
        return starts_with(inner->value, outer->value) &&
               (inner->how == PATTERN_PREFIX || !same ||
                inner->kind == NAME_CN);
    if (outer->kind == NAME_EMAIL)
        return inner->how == PATTERN_SUFFIX
                   ? same
                   : mail_at(inner->value, outer->value);
    return dns_within(inner, outer);
}

/* The halves of a network may be in different ones. */
static bool net_covered(const struct patterns *l, const struct pattern *net)
{
    struct pattern half = *net; /* borrows */
    bool parts = false;

    for (size_t i = 0; i < l->n; i++) {
        if (pattern_within(net, &l->v[i]))
            return true;
        parts |= pattern_within(&l->v[i], net);
    }
    if (!parts)
        return false;
    half.prefix++;
    if (!net_covered(l, &half))
        return false;
    half.ip[net->prefix / 8] |= (uint8_t)(0x80U >> net->prefix % 8);
    return net_covered(l, &half);
}

/* Of names other than addresses there are always more than several smaller
 * patterns have. */
bool patterns_cover(const struct patterns *l, const struct pattern *p)
{
    const struct pattern v4 = {
        .kind = NAME_IP, .how = PATTERN_NET, .value = p->value, .ip_len = 4};
    struct pattern v6 = v4;

    v6.ip_len = 16;
    for (size_t i = 0; i < l->n; i++)
        if (pattern_within(p, &l->v[i]))
            return true;
    if (p->how == PATTERN_NET)
        return net_covered(l, p);
    return p->kind == NAME_IP && net_covered(l, &v4) && net_covered(l, &v6);
}

unsigned pattern_size(const struct pattern *p, unsigned enough)
{
    const unsigned host_bits =
        p->how == PATTERN_NET ? 8U * p->ip_len - p->prefix : 0;

    if (p->how != PATTERN_EXACT && p->how != PATTERN_NET)
        return enough;
    return host_bits < 31 && 1U << host_bits < enough ? 1U << host_bits
                                                      : enough;
}

char *pattern_text(const struct pattern *p)
{
    static const struct {
        const char *before, *after;
    } marks[PATTERN__MAX] = {
        [PATTERN_EXACT] = {"", ""},     [PATTERN_ONE] = {"*.", ""},
        [PATTERN_SUFFIX] = {"**.", ""}, [PATTERN_PREFIX] = {"", "**"},
        [PATTERN_NET] = {"", ""},       [PATTERN_ALL] = {"**", ""},
    };
    const char *before = p->how == PATTERN_SUFFIX && p->kind == NAME_EMAIL
                             ? "*@"
                             : marks[p->how].before;
    char prefix[8] = "";

    if (p->how == PATTERN_NET && p->prefix != p->ip_len * 8)
        snprintf(prefix, sizeof(prefix), "/%u", p->prefix);
    return xasprintf("%s:%s%s%s%s", name_kind_text(p->kind), before, p->value,
                     p->kind == NAME_CN && p->how == PATTERN_PREFIX
                         ? "*"
                         : marks[p->how].after,
                     prefix);
}

void pattern_copy(struct pattern *to, const struct pattern *from)
{
    *to = *from;
    to->value = xstrdup(from->value);
}

void pattern_free(struct pattern *p)
{
    free(p->value);
    *p = (struct pattern){0};
}

void patterns_add(struct patterns *l, struct pattern *p)
{
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    l->v[l->n++] = *p;
    *p = (struct pattern){0};
}

bool patterns_match(const struct patterns *l, const struct name *n)
{
    for (size_t i = 0; i < l->n; i++)
        if (pattern_match(&l->v[i], n))
            return true;
    return false;
}

bool patterns_has_kind(const struct patterns *l, enum name_kind k)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == k)
            return true;
    return false;
}

char *patterns_text(const struct patterns *l)
{
    AUTO(strs) struct strs texts = {0};

    for (size_t i = 0; i < l->n; i++)
        strs_add_own(&texts, pattern_text(&l->v[i]));
    return strs_join(&texts, ", ");
}

void patterns_free(struct patterns *l)
{
    for (size_t i = 0; i < l->n; i++)
        pattern_free(&l->v[i]);
    free(l->v);
    *l = (struct patterns){0};
}
