/* SPDX-License-Identifier: ISC */
#include "front_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "buf.h"

static bool is_token(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ascii_is_tchar(s[i]))
            return false;
    return len > 0;
}

static bool is_value(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
            return false;
    return true;
}

/* ---- one header and what it may be ---- */

typedef int take_fn(struct req_head *h, const char *value, struct errs *e);

static int take_host(struct req_head *h, const char *value, struct errs *e)
{
    (void)h;
    if (*value && !strpbrk(value, "/@?#\\ \t\"<>,"))
        return 0;
    return err_add(e, ERR_BAD_REQUEST, "\"%s\" is not a host", value);
}

static int take_length(struct req_head *h, const char *value, struct errs *e)
{
    size_t n = strspn(value, "0123456789");

    if (n == 0 || n > 18 || value[n])
        return err_add(e, ERR_BAD_REQUEST,
                       "Content-Length is \"%s\", which is not a number",
                       value);
    h->has_length = true;
    h->length = strtoull(value, NULL, 10);
    return 0;
}

static int take_encoding(struct req_head *h, const char *value, struct errs *e)
{
    h->chunked = true;
    if (strcasecmp(value, "chunked") == 0)
        return 0;
    return err_add(e, ERR_BAD_REQUEST,
                   "Transfer-Encoding is \"%s\"; only chunked is understood",
                   value);
}

static int take_expect(struct req_head *h, const char *value, struct errs *e)
{
    h->expect = value;
    if (strcasecmp(value, "100-continue") == 0)
        return 0;
    return err_add(e, ERR_BAD_REQUEST,
                   "Expect is \"%s\"; only 100-continue is understood", value);
}

static int take_authorization(struct req_head *h, const char *value,
                              struct errs *e)
{
    (void)e;
    h->authorization = value;
    return 0;
}

static int take_id(struct req_head *h, const char *value, struct errs *e)
{
    (void)e;
    h->request_id = value;
    return 0;
}

/* These come once or not at all. */
enum { ONCE_HOST = 0 };
static const struct {
    const char *name;
    take_fn *take;
} once[] = {
    [ONCE_HOST] = {"Host", take_host},
    {"Content-Length", take_length},
    {"Transfer-Encoding", take_encoding},
    {"Authorization", take_authorization},
    {"Expect", take_expect},
    {"X-Request-Id", take_id},
    {"Content-Type", NULL},
    {"Idempotency-Key", NULL},
    {"If-None-Match", NULL},
    {"If-Modified-Since", NULL},
};
enum { N_ONCE = COUNT(once) };

/* libmicrohttpd has gone by Transfer-Encoding as it stands, blanks and all. */
static void trim(struct head_field *f)
{
    if (strcasecmp(f->name, "Transfer-Encoding") == 0)
        return;
    while (f->value_len && strchr(" \t", f->value[f->value_len - 1]))
        f->value[--f->value_len] = '\0';
}

static int check_field(struct req_head *h, struct head_field *f, unsigned *seen,
                       struct errs *e)
{
    if (!is_token(f->name, f->name_len))
        return err_add(e, ERR_BAD_REQUEST,
                       "a header's name has octets that no name may have");
    if (!is_value(f->value, f->value_len) || strlen(f->value) != f->value_len)
        return err_add(e, ERR_BAD_REQUEST,
                       "the header %s has control characters", f->name);
    trim(f);
    for (unsigned i = 0; i < N_ONCE; i++) {
        if (strcasecmp(f->name, once[i].name) != 0)
            continue;
        if (*seen & 1U << i)
            return err_add(e, ERR_BAD_REQUEST, "the header %s came twice",
                           once[i].name);
        *seen |= 1U << i;
        return once[i].take ? once[i].take(h, f->value, e) : 0;
    }
    return 0;
}

/* ---- the request line ---- */

static const char *find_host(const struct req_head *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcasecmp(h->v[i].name, "Host") == 0)
            return h->v[i].value;
    return "";
}

/* The absolute form (RFC 9112 section 3.2.2): its authority is Host. */
static int check_absolute(struct req_head *h, struct errs *e)
{
    const char *rest = strstr(h->url, "://"), *host = find_host(h);
    size_t n;

    if (!rest || (strncasecmp(h->url, "http://", 7) != 0 &&
                  strncasecmp(h->url, "https://", 8) != 0))
        return err_add(e, ERR_BAD_REQUEST, "the path does not begin with /");
    rest += 3;
    n = strcspn(rest, "/?");
    if (n != strlen(host) || strncasecmp(rest, host, n) != 0)
        return err_add(e, ERR_BAD_REQUEST,
                       "the URL is for another host than Host says");
    h->path = rest[n] == '/' ? rest + n : "/";
    return 0;
}

static int check_url(struct req_head *h, struct errs *e)
{
    for (const char *s = h->url; *s; s++) {
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || *s == '#')
            return err_add(e, ERR_BAD_REQUEST,
                           "the URL has octets that no URL may have");
        if (*s != '%')
            continue;
        if (ascii_hex(s[1]) < 0 || ascii_hex(s[2]) < 0)
            return err_add(e, ERR_BAD_REQUEST,
                           "a %% in the URL is not followed by two "
                           "hexadecimal digits");
        if (s[1] == '0' && s[2] == '0')
            return err_add(e, ERR_BAD_REQUEST, "the URL has a NUL in it");
    }
    h->path = h->url;
    return *h->url == '/' ? 0 : check_absolute(h, e);
}

/*
 * libmicrohttpd glues a folded line to its header's name, and drops what is
 * behind a NUL and a last header without a name: then what it found is less
 * than what it read.
 */
static int check_size(const struct req_head *h, struct errs *e)
{
    size_t least = strlen(h->method) + strlen(h->url) + strlen(h->version) + 6;

    for (size_t i = 0; i < h->n; i++)
        least += h->v[i].name_len + h->v[i].value_len + 3 +
                 (h->v[i].blanks ? h->v[i].blanks : 1);
    if (h->size <= least)
        return 0;
    return err_add(e, ERR_BAD_REQUEST,
                   "the head has folded lines, NULs or a header without a "
                   "name");
}

int head_check(struct req_head *h, struct errs *e)
{
    unsigned seen = 0;
    bool old = strcmp(h->version, "HTTP/1.0") == 0;

    if (!old && strcmp(h->version, "HTTP/1.1") != 0)
        return err_add(e, ERR_BAD_REQUEST,
                       "only HTTP/1.1 and HTTP/1.0 are spoken");
    if (!is_token(h->method, strlen(h->method)))
        return err_add(e, ERR_BAD_REQUEST, "the method is not a word");
    if (h->too_many)
        return err_add(e, ERR_BAD_REQUEST, "there are more than %d headers",
                       HEAD_FIELDS_MAX);
    if (h->size && check_size(h, e) < 0)
        return -1;
    for (size_t i = 0; i < h->n; i++)
        if (check_field(h, &h->v[i], &seen, e) < 0)
            return -1;
    if (!old && !(seen & 1U << ONCE_HOST))
        return err_add(e, ERR_BAD_REQUEST, "there is no Host header");
    if (h->chunked && (h->has_length || old))
        return err_add(e, ERR_BAD_REQUEST, "Transfer-Encoding %s",
                       old ? "is not for HTTP/1.0"
                           : "and Content-Length contradict each other");
    return check_url(h, e);
}

/* ---- values ---- */

const char *head_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer";
    const size_t n = sizeof(scheme) - 1;
    const char *s;

    if (!authorization || strncasecmp(authorization, scheme, n) != 0)
        return NULL;
    s = authorization + n;
    if (*s && *s != ' ')
        return NULL;
    return s + strspn(s, " ");
}

bool head_id_ok(const char *id)
{
    size_t n = 0;

    for (; id[n] && n <= HEAD_ID_MAX; n++)
        if (!ascii_is_alnum(id[n]) && !strchr("._-", id[n]))
            return false;
    return n >= 1 && n <= HEAD_ID_MAX;
}

char *head_decode(const char *s, size_t len)
{
    AUTO(free) char *out = xcalloc(1, len + 1); /* it only shrinks */
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)s[i];

        if (c == '%') {
            if (len - i < 3 || hex_decode(&c, 1, s + i + 1, 2) != 1 || !c)
                return NULL;
            i += 2;
        }
        out[n++] = (char)c;
    }
    return take_ptr(out);
}
