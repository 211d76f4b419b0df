/* SPDX-License-Identifier: ISC */
#include "uri.h"

#include <string.h>

#include "ascii.h"
#include "buf.h"
#include "host.h"

static bool in(const char *set, char c)
{
    return c && strchr(set, c);
}

static bool is_unreserved(char c)
{
    return ascii_is_alnum(c) || in("-._~", c);
}

/* RFC 3986 section 2: unreserved, sub-delims, and ":" "@" "/" "?". */
static bool is_plain(char c)
{
    return ascii_is_alnum(c) || in("-._~!$&'()*+,;=:@/?", c);
}

static size_t scheme_len(const char *p, size_t len)
{
    size_t n = 0;

    while (n < len && (ascii_is_alpha(p[n]) ||
                       (n && (ascii_is_digit(p[n]) || in("+-.", p[n])))))
        n++;
    return n;
}

bool uri_is_like(const char *text, size_t len)
{
    size_t n = scheme_len(text, len);

    return n && len - n >= 3 && memcmp(text + n, "://", 3) == 0;
}

/* The octet at p, percent-decoded; how many characters it takes. */
static size_t octet(const char *p, const char *end, int *value)
{
    *value = (unsigned char)*p;
    if (*p != '%')
        return 1;
    *value = end - p < 3 || ascii_hex(p[1]) < 0 || ascii_hex(p[2]) < 0
                 ? -1
                 : ascii_hex(p[1]) << 4 | ascii_hex(p[2]);
    return 3;
}

/* Path, query and fragment: every character, and what it stands for. */
static const char *rest_rule(const char *p, const char *end)
{
    bool fragment = false;
    int value;

    for (size_t n; p < end; p += n) {
        n = octet(p, end, &value);
        if (value < 0)
            return "has a \"%\" that is not followed by two hexadecimal "
                   "digits";
        if (value < 0x20 || value == 0x7f)
            return "contains a control character";
        if (n == 1 && *p == '#' && !fragment)
            fragment = true;
        else if (n == 1 && !is_plain(*p))
            return "contains a character that RFC 3986 does not allow in a "
                   "URI";
    }
    return NULL;
}

/* RFC 3986 section 6.2.2: what needs no encoding is not encoded, and the
 * digits of all else are capitals. */
static void rest_put(struct buf *b, const char *p, const char *end)
{
    int value;

    for (size_t n; p < end; p += n) {
        n = octet(p, end, &value);
        if (n == 1 || is_unreserved((char)value))
            buf_putc(b, (uint8_t)value);
        else
            buf_printf(b, "%%%02X", (unsigned)value);
    }
}

/* RFC 3986 section 3.3: "." and "..", also when a dot, or what ends them, is
 * encoded: who decodes first would leave the path that a pattern allows. */
static const char *path_rule(const char *p, const char *end)
{
    unsigned dots = 0, others = 0;
    int value = 0;

    for (size_t n = 1; p <= end; p += n) {
        bool ends = p == end;

        if (!ends) {
            n = octet(p, end, &value);
            ends = in("/?#\\", (char)value);
        }
        if (ends && !others && dots && dots <= 2)
            return "has a path segment \".\" or \"..\"";
        if (p == end || *p == '?' || *p == '#')
            break;
        if (ends)
            dots = others = 0;
        else if (value == '.')
            dots++;
        else
            others++;
    }
    return NULL;
}

static const char *ipv6_put(struct buf *b, const char *p, size_t len)
{
    uint8_t ip[16];
    char text[HOST_IP_SIZE];

    if (host_ip(ip, p, len) != 16)
        return "has something in brackets that is no IPv6 address";
    if (host_ip_mapped(ip, sizeof(ip)))
        return "has an IPv4 address in IPv6 form; write it as IPv4";
    host_ip_text(text, ip, 16);
    buf_printf(b, "[%s]", text);
    return NULL;
}

static const char *host_put(struct buf *b, const char *p, size_t len)
{
    uint8_t ip[16];
    char name[HOST_DNS_SIZE];
    const char *rule;

    if (len == 0)
        return "has no host";
    if (p[0] == '[')
        return ipv6_put(b, p + 1, len - 2);
    if (host_ip(ip, p, len) == 4) {
        buf_put(b, p, len);
        return NULL;
    }
    rule = host_dns(name, p, len, HOST_UNDERSCORE);
    if (rule)
        return "has a host that is neither a DNS name nor an address";
    buf_puts(b, name);
    return NULL;
}

static const char *port_rule(const char *p, const char *end)
{
    unsigned port = 0;

    if (p == end || end - p > 5 || *p == '0')
        return "has a port that is no number from 1 to 65535";
    for (; p < end && ascii_is_digit(*p); p++)
        port = port * 10 + (unsigned)(*p - '0');
    if (p < end || port == 0 || port > 65535)
        return "has a port that is no number from 1 to 65535";
    return NULL;
}

/* usual: the port that is meant without one, ":443", or NULL. */
static const char *authority_put(struct buf *b, const char *p, const char *end,
                                 const char *usual)
{
    const char *host_end, *rule;

    if (memchr(p, '@', (size_t)(end - p)))
        return "has user information before the host";
    if (p < end && *p == '[') {
        host_end = memchr(p, ']', (size_t)(end - p));
        if (!host_end)
            return "has a bracket that is not closed";
        host_end++;
    } else {
        host_end = memchr(p, ':', (size_t)(end - p));
        host_end = host_end ? host_end : end;
    }
    rule = host_put(b, p, (size_t)(host_end - p));
    if (rule || host_end == end)
        return rule;
    if (*host_end != ':')
        return "has something between its host and its path";
    if (!usual || strlen(usual) != (size_t)(end - host_end) ||
        memcmp(usual, host_end, strlen(usual)) != 0)
        buf_put(b, host_end, (size_t)(end - host_end));
    return port_rule(host_end + 1, end);
}

/* The schemes that have one (RFC 9110 section 4.2), and an empty path that is
 * "/" (RFC 3986 section 6.2.3). */
static const char *usual_port(const struct buf *scheme)
{
    if (scheme->len == 4 && memcmp(scheme->data, "http", 4) == 0)
        return ":80";
    if (scheme->len == 5 && memcmp(scheme->data, "https", 5) == 0)
        return ":443";
    return NULL;
}

const char *uri_normal(char **out, const char *text, size_t len)
{
    const char *end = text + len, *p, *path, *rule;
    size_t scheme = scheme_len(text, len);
    AUTO(buf) struct buf b = {0};
    const char *usual;

    if (len > URI_MAX)
        return "is longer than 1024 characters";
    if (!uri_is_like(text, len))
        return "does not begin with scheme://";
    for (size_t i = 0; i < scheme; i++)
        buf_putc(&b, (uint8_t)ascii_lower(text[i]));
    usual = usual_port(&b);
    buf_puts(&b, "://");
    p = path = text + scheme + 3;
    while (path < end && !in("/?#", *path))
        path++;
    if ((rule = authority_put(&b, p, path, usual)) ||
        (rule = rest_rule(path, end)) || (rule = path_rule(path, end)))
        return rule;
    if (usual && (path == end || *path != '/'))
        buf_putc(&b, '/');
    rest_put(&b, path, end);
    *out = buf_take_str(&b);
    return NULL;
}

void uri_host(const char *uri, const char **host, size_t *len)
{
    const char *p = strstr(uri, "://");

    *host = p ? p + 3 : uri;
    *len = **host == '[' ? strcspn(*host, "]") + 1 : strcspn(*host, ":/?#");
}
