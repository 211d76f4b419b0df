/* SPDX-License-Identifier: ISC */
#include "name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "host.h"
#include "mem.h"
#include "subject.h"
#include "uri.h"

enum { LOCAL_MAX = 64, MAIL_MAX = 254, QUOTE_MAX = 300 };

/* Each reads a value into *out, or gives the rule that it breaks. */
typedef const char *read_fn(struct name *out, const char *text, size_t len);

static const char *read_dns(struct name *out, const char *text, size_t len)
{
    char name[HOST_DNS_SIZE];
    const char *rule = host_dns(name, text, len, HOST_WILDCARD);

    if (rule)
        return rule;
    out->wildcard = name[0] == '*';
    out->value = xstrdup(name);
    return NULL;
}

static const char *set_ip(struct name *out, const uint8_t *ip, size_t len)
{
    char text[HOST_IP_SIZE];

    if (host_ip_mapped(ip, len))
        return "is an IPv4 address in IPv6 form; write it as IPv4";
    memcpy(out->ip, ip, len);
    out->ip_len = (uint8_t)len;
    host_ip_text(text, ip, len);
    out->value = xstrdup(text);
    return NULL;
}

static const char *read_ip(struct name *out, const char *text, size_t len)
{
    uint8_t ip[16];
    uint8_t n = host_ip(ip, text, len);

    if (!n)
        return "is neither an IPv4 nor an IPv6 address";
    return set_ip(out, ip, n);
}

/* RFC 5321 section 4.1.2, Dot-string; quoted local parts are not taken. */
static const char *local_rule(const char *p, size_t len)
{
    if (len == 0)
        return "has nothing before the @";
    if (len > LOCAL_MAX)
        return "has more than 64 characters before the @";
    if (p[0] == '.' || p[len - 1] == '.' || memmem(p, len, "..", 2))
        return "has a dot at the start or end, or two in a row, before the @";
    for (size_t i = 0; i < len; i++) {
        char c = p[i];

        if (!ascii_is_alnum(c) && !(c && strchr(".!#$%&'*+-/=?^_`{|}~", c)))
            return "contains a character that a mail address may not have "
                   "before the @";
    }
    return NULL;
}

static const char *read_email(struct name *out, const char *text, size_t len)
{
    const char *at = memchr(text, '@', len), *rule;
    char domain[HOST_DNS_SIZE];
    size_t local;

    if (!at)
        return "has no @";
    local = (size_t)(at - text);
    rule = local_rule(text, local);
    if (!rule)
        rule = host_dns(domain, at + 1, len - local - 1, 0);
    if (rule)
        return rule;
    if (len > MAIL_MAX)
        return "is longer than 254 characters";
    out->value = xasprintf("%.*s@%s", (int)local, text, domain);
    return NULL;
}

static const char *read_uri(struct name *out, const char *text, size_t len)
{
    return uri_normal(&out->value, text, len);
}

static const char *read_cn(struct name *out, const char *text, size_t len)
{
    AUTO(subject) struct subject s = {0};
    const char *rule;

    subject_set(&s, SUBJECT_CN, xstrndup(text, len));
    if (memchr(text, 0, len))
        return "contains a NUL";
    if (!s.v[SUBJECT_CN])
        return "is empty";
    rule = subject_rule(SUBJECT_CN, s.v[SUBJECT_CN]);
    if (rule)
        return rule;
    out->value = take_ptr(s.v[SUBJECT_CN]);
    for (char *p = out->value; *p; p++)
        *p = ascii_lower(*p);
    return NULL;
}

static const struct {
    const char *text;
    read_fn *read;
} kinds[NAME__MAX] = {
    [NAME_DNS] = {"dns", read_dns},       [NAME_IP] = {"ip", read_ip},
    [NAME_EMAIL] = {"email", read_email}, [NAME_URI] = {"uri", read_uri},
    [NAME_CN] = {"cn", read_cn},
};

const char *name_kind_text(enum name_kind k)
{
    return kinds[k].text;
}

enum name_kind name_kind_of(const char **text, size_t *len)
{
    uint8_t ip[16];

    for (int k = NAME_DNS; k < NAME__MAX; k++) {
        size_t n = strlen(kinds[k].text);

        if (*len > n && (*text)[n] == ':' &&
            strncasecmp(*text, kinds[k].text, n) == 0) {
            *text += n + 1;
            *len -= n + 1;
            return (enum name_kind)k;
        }
    }
    if (host_ip(ip, *text, *len))
        return NAME_IP;
    if (uri_is_like(*text, *len))
        return NAME_URI;
    return memchr(*text, '@', *len) ? NAME_EMAIL : NAME_DNS;
}

/* The octets as a string to quote: not too long, a NUL made visible. */
static char *quotable(const char *text, size_t len)
{
    struct buf b = {0};

    for (size_t i = 0; i < len && i < QUOTE_MAX; i++)
        if (text[i])
            buf_putc(&b, (uint8_t)text[i]);
        else
            buf_puts(&b, "\\x00");
    if (len > QUOTE_MAX)
        buf_puts(&b, "...");
    return buf_take_str(&b);
}

static int refuse(struct errs *e, enum name_kind k, const char *text,
                  size_t len, const char *rule)
{
    AUTO(free) char *quoted = quotable(text, len);
    AUTO(free) char *name = xasprintf("%s:%s", kinds[k].text, quoted);

    return err_add_name(e, ERR_BAD_NAME, name, "the name \"%s\" %s", name,
                        rule);
}

int name_parse_kind(struct name *out, enum name_kind k, const char *value,
                    size_t len, struct errs *e)
{
    struct name n = {.kind = k};
    const char *rule = kinds[k].read(&n, value, len);

    if (rule)
        return refuse(e, k, value, len, rule);
    *out = n;
    return 0;
}

int name_parse(struct name *out, const char *text, size_t len, struct errs *e)
{
    enum name_kind k = name_kind_of(&text, &len);

    if (k == NAME_CN)
        return refuse(e, k, text, len,
                      "is a common name, which is asked for in the subject of "
                      "the CSR");
    return name_parse_kind(out, k, text, len, e);
}

static int ip_from_octets(struct name *out, const uint8_t *p, size_t len,
                          struct errs *e)
{
    struct name n = {.kind = NAME_IP};
    char text[HOST_IP_SIZE];
    const char *rule;

    if (len != 4 && len != 16)
        return err_add(e, ERR_BAD_NAME,
                       "an iPAddress of %zu octets; IPv4 has 4 and IPv6 16",
                       len);
    rule = set_ip(&n, p, len);
    if (rule) {
        host_ip_text(text, p, len);
        return refuse(e, NAME_IP, text, strlen(text), rule);
    }
    *out = n;
    return 0;
}

int name_from_general(struct name *out, unsigned tag, const uint8_t *p,
                      size_t len, struct errs *e)
{
    const char *text = (const char *)p;

    if (tag == 2)
        return name_parse_kind(out, NAME_DNS, text, len, e);
    if (tag == 7)
        return ip_from_octets(out, p, len, e);
    if (tag == 1)
        return name_parse_kind(out, NAME_EMAIL, text, len, e);
    if (tag == 6)
        return name_parse_kind(out, NAME_URI, text, len, e);
    abort();
}

bool name_is_like(const char *text, size_t len)
{
    const char *value = text;
    size_t value_len = len;
    enum name_kind k = name_kind_of(&value, &value_len);
    AUTO(name) struct name n = {0};

    if (value != text || k == NAME_URI)
        return false;
    if (!kinds[k].read(&n, text, len))
        return true;
    if (!memchr(text, '.', len) && !memchr(text, '@', len))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= 0x20 || c >= 0x7f || strchr(",;:/\"'<>()\\", c))
            return false;
    }
    return true;
}

bool name_of_cn(struct name *out, const char *cn)
{
    struct name n = {.kind = NAME_CN};

    if (read_cn(&n, cn, strlen(cn)))
        return false;
    *out = n;
    return true;
}

void name_free(struct name *n)
{
    free(n->value);
    *n = (struct name){0};
}

void name_copy(struct name *to, const struct name *from)
{
    *to = *from;
    to->value = xstrdup(from->value);
}

/* Values are normal, so that equal names have equal texts. */
bool name_equal(const struct name *a, const struct name *b)
{
    return a->kind == b->kind && strcmp(a->value, b->value) == 0;
}

char *name_text(const struct name *n)
{
    return xasprintf("%s:%s", kinds[n->kind].text, n->value);
}
