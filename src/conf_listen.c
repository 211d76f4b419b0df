/* SPDX-License-Identifier: ISC */
/* Where the service listens: URLs with addresses, and unix:PATH. */
#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/un.h>

enum { KEPT = 64 /* descriptors for other than connections and CRLs */ };

static bool has_partitions(const struct conf *c)
{
    for (size_t i = 0; i < c->n_authorities; i++)
        if (c->authorities[i].crl_partition_size)
            return true;
    return false;
}

/* A connection has a descriptor, and one for a file that it is sent. */
unsigned conf_share_connections(const struct conf *c, uint64_t limit)
{
    const uint64_t kept = KEPT + (has_partitions(c) ? limit / 4 : 0);
    const uint64_t room = limit > kept ? (limit - kept) / 2 / c->n_listens : 0;

    if (room >= c->max_connections)
        return c->max_connections;
    return room ? (unsigned)room : 1;
}

uint64_t conf_share_crls(const struct conf *c, uint64_t limit)
{
    const uint64_t taken =
        KEPT + 2 * c->n_listens * (uint64_t)conf_share_connections(c, limit);

    return limit > taken ? limit - taken : 0;
}

static int parse_unix(struct conf_listen *out, const char *path,
                      const char *dir, struct errs *e)
{
    AUTO(free)
    char *full = *path == '/' ? xstrdup(path) : xasprintf("%s/%s", dir, path);

    if (!*path)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"unix:\" has no path; write unix:PATH");
    if (strlen(full) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"%s\" is longer than the %zu octets that the path of "
                       "a socket may have",
                       full, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    out->path = take_ptr(full);
    return 0;
}

/* The address, without brackets; -1 when it is none. */
static int parse_host(char **host, const char *text, size_t len)
{
    AUTO(free) char *h = xstrndup(text, len);
    unsigned char octets[16];

    if (strcasecmp(h, "localhost") == 0) {
        *host = xstrdup("127.0.0.1");
        return 0;
    }
    if (len > 2 && h[0] == '[' && h[len - 1] == ']') {
        h[len - 1] = '\0';
        memmove(h, h + 1, len - 1);
        if (inet_pton(AF_INET6, h, octets) != 1)
            return -1;
    } else if (inet_pton(AF_INET, h, octets) != 1) {
        return -1;
    }
    *host = take_ptr(h);
    return 0;
}

/* ":8443" or nothing, then nothing or "/"; 0 when it is not. */
static int parse_port(const char *text, int standard)
{
    char *end;
    long port = standard;

    if (*text == ':') {
        if (text[1] < '0' || text[1] > '9')
            return 0;
        port = strtol(text + 1, &end, 10);
        text = end;
    }
    if (strcmp(text, "") != 0 && strcmp(text, "/") != 0)
        return 0;
    return port >= 1 && port <= 65535 ? (int)port : 0;
}

int conf_listen_parse(struct conf_listen *out, const char *url, const char *dir,
                      struct errs *e)
{
    struct conf_listen l = {.kind = out->kind};
    const char *host, *end;
    int bad = 0;

    if (strncmp(url, "unix:", 5) == 0) {
        if (parse_unix(&l, url + 5, dir, e) < 0)
            return -1;
    } else if (strncmp(url, "https://", 8) == 0 ||
               strncmp(url, "http://", 7) == 0) {
        l.tls = url[4] == 's';
        host = url + (l.tls ? 8 : 7);
        end = host +
              (*host == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/"));
        if (*host == '[' && end[-1] != ']')
            bad = 1;
        else if (parse_host(&l.host, host, (size_t)(end - host)) < 0)
            bad = 1;
        else if (!(l.port = parse_port(end, l.tls ? 443 : 80)))
            bad = 1;
    } else {
        bad = 1;
    }
    if (bad) {
        free(l.host);
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"%s\" is no address to listen on; write "
                       "https://ADDRESS:PORT, http://ADDRESS:PORT (an IPv6 "
                       "address in brackets) or unix:PATH",
                       url);
    }
    l.url = xstrdup(url);
    *out = l;
    return 0;
}

bool conf_listen_is_loopback(const struct conf_listen *l)
{
    static const unsigned char one[16] = {[15] = 1};
    unsigned char octets[16];

    if (l->path)
        return true;
    if (inet_pton(AF_INET, l->host, octets) == 1)
        return octets[0] == 127;
    return inet_pton(AF_INET6, l->host, octets) == 1 &&
           memcmp(octets, one, 16) == 0;
}

static bool hosts_clash(const char *a, const char *b)
{
    static const unsigned char any[16];
    const int family = strchr(a, ':') ? AF_INET6 : AF_INET;
    const size_t n = family == AF_INET6 ? 16 : 4;
    unsigned char x[16], y[16];

    return inet_pton(family, a, x) == 1 && inet_pton(family, b, y) == 1 &&
           (memcmp(x, y, n) == 0 || memcmp(x, any, n) == 0 ||
            memcmp(y, any, n) == 0);
}

bool conf_listen_clash(const struct conf_listen *a, const struct conf_listen *b)
{
    if (a->path || b->path)
        return a->path && b->path && strcmp(a->path, b->path) == 0;
    return a->port == b->port && hosts_clash(a->host, b->host);
}

void conf_listen_free(struct conf_listen *l)
{
    free(l->url);
    free(l->path);
    free(l->host);
    *l = (struct conf_listen){0};
}
