/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "puny.h"

enum { LABEL_MAX = 63 };

static bool is_ldh(char c)
{
    return ascii_is_lower(c) || ascii_is_digit(c) || c == '-';
}

/* What is wrong with an octet that is no letter, digit, hyphen or dot. */
static const char *octet_rule(char c)
{
    unsigned char u = (unsigned char)c;

    if (u < 0x20 || u == 0x7f)
        return "contains a control character";
    if (u >= 0x80)
        return "is not ASCII; international names are written in their "
               "xn-- form";
    if (c == '*')
        return "has a \"*\" that is not the whole first label with two or "
               "more labels after it";
    return "contains a character that is no letter, digit, hyphen or dot";
}

static const char *label_rule(const char *label, size_t len, unsigned flags)
{
    if (len == 0)
        return "has an empty label (a dot at the start or end, or two in a "
               "row)";
    for (size_t i = 0; i < len; i++)
        if (!is_ldh(label[i]) && !(label[i] == '_' && flags & HOST_UNDERSCORE))
            return octet_rule(label[i]);
    if (len > LABEL_MAX)
        return "has a label of more than 63 characters";
    if (label[0] == '-' || label[len - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    if (len >= 4 && memcmp(label, "xn--", 4) == 0)
        return puny_check(label, len);
    return NULL;
}

/* inet_aton() reads decimal, octal and 0x numbers, one to four of them. */
static bool label_is_number(const char *label, size_t len)
{
    const char *digits = "0123456789";

    if (len >= 2 && memcmp(label, "0x", 2) == 0) {
        digits = "0123456789abcdef";
        label += 2;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++)
        if (!strchr(digits, label[i]))
            return false;
    return true;
}

static void lower(char *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = ascii_lower(text[i]);
    out[len] = '\0';
}

/* The labels of a name in lower case, from the one at `from`. */
static const char *labels_rule(const char *name, size_t from, size_t len,
                               unsigned flags)
{
    size_t start = from;

    for (size_t i = from; i <= len; i++) {
        const char *rule;

        if (i < len && name[i] != '.')
            continue;
        rule = label_rule(name + start, i - start, flags);
        if (rule)
            return rule;
        if (i == len && label_is_number(name + start, i - start))
            return "ends in a number, so that it would be read as an "
                   "address; addresses are written ip:192.0.2.1";
        start = i + 1;
    }
    return NULL;
}

const char *host_dns(char out[HOST_DNS_SIZE], const char *text, size_t len,
                     unsigned flags)
{
    char name[HOST_DNS_SIZE];
    const char *rule;
    size_t from = 0;

    if (len == 0)
        return "is empty";
    if (len >= HOST_DNS_SIZE)
        return "is longer than 253 characters";
    lower(name, text, len);
    if (flags & HOST_WILDCARD && len > 2 && memcmp(name, "*.", 2) == 0) {
        from = 2;
        if (!memchr(name + from, '.', len - from))
            return octet_rule('*');
    }
    rule = labels_rule(name, from, len, flags);
    if (!rule)
        memcpy(out, name, len + 1);
    return rule;
}

uint8_t host_ip(uint8_t ip[16], const char *text, size_t len)
{
    char s[HOST_IP_SIZE];
    uint8_t v[16];
    int family = memchr(text, ':', len) ? AF_INET6 : AF_INET;
    uint8_t octets = family == AF_INET ? 4 : 16;

    if (len == 0 || len >= sizeof(s) || memchr(text, 0, len))
        return 0;
    memcpy(s, text, len);
    s[len] = '\0';
    if (inet_pton(family, s, v) != 1)
        return 0;
    memcpy(ip, v, octets);
    return octets;
}

bool host_ip_mapped(const uint8_t ip[16], size_t len)
{
    static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

    return len == 16 && memcmp(ip, head, sizeof(head)) == 0;
}

static unsigned group(const uint8_t *ip, int i)
{
    return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* The first of the longest runs of two or more zero groups; 8 when none. */
static int zeroes(const uint8_t *ip, int *len)
{
    int best = 8;

    *len = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;

        while (i + n < 8 && group(ip, i + n) == 0)
            n++;
        if (n > *len) {
            *len = n;
            best = i;
        }
    }
    return best;
}

void host_ip_text(char out[HOST_IP_SIZE], const uint8_t *ip, size_t len)
{
    int run, skip, at = 0;

    if (len == 4) {
        snprintf(out, HOST_IP_SIZE, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        return;
    }
    run = zeroes(ip, &skip);
    for (int i = 0; i < 8;) {
        if (i == run) {
            at += snprintf(out + at, HOST_IP_SIZE - (size_t)at, "::");
            i += skip;
            continue;
        }
        at += snprintf(out + at, HOST_IP_SIZE - (size_t)at, "%s%x",
                       i && i != run + skip ? ":" : "", group(ip, i));
        i++;
    }
}
