/* SPDX-License-Identifier: ISC */
/* Answers with CRLs: DER from the file; PEM, and several after each other, are
 * made as they are sent. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "digest.h"
#include "front_handle.h"
#include "log.h"
#include "tm.h"

enum { FRESH_S = 3600, ROOM = 48, LINE = 65, LINES = 512 };

static const char head[] = "-----BEGIN X509 CRL-----\n";
static const char foot[] = "-----END X509 CRL-----\n";
enum { HEAD = sizeof(head) - 1, FOOT = sizeof(foot) - 1 };

/* ---- PEM of a file, from anywhere in it */

static uint64_t pem_body(uint64_t der)
{
    uint64_t rest = der % ROOM;

    return der / ROOM * LINE + (rest ? (rest + 2) / 3 * 4 + 1 : 0);
}

static ssize_t copy(char *out, size_t max, const char *text, size_t len,
                    size_t from)
{
    size_t n = len - from < max ? len - from : max;

    memcpy(out, text + from, n);
    return (ssize_t)n;
}

/* `at` is behind the first line. */
static ssize_t read_lines(int fd, uint64_t at, char *out, size_t max)
{
    uint8_t der[ROOM * LINES];
    char text[LINE * LINES + 1];
    size_t len = 0;
    ssize_t n = pread(fd, der, sizeof(der), (off_t)(at / LINE * ROOM));

    for (ssize_t i = 0; i < n; i += ROOM) {
        len += (size_t)EVP_EncodeBlock((uint8_t *)text + len, der + i,
                                       n - i < ROOM ? (int)(n - i) : ROOM);
        text[len++] = '\n';
    }
    return at % LINE < len ? copy(out, max, text, len, at % LINE) : -1;
}

static ssize_t read_pem(const struct crl_file *f, uint64_t at, char *out,
                        size_t max)
{
    const uint64_t body = pem_body(f->meta.size);

    if (at < HEAD)
        return copy(out, max, head, HEAD, (size_t)at);
    at -= HEAD;
    if (at >= body)
        return copy(out, max, foot, FOOT, (size_t)(at - body));
    return read_lines(f->fd, at, out,
                      body - at < max ? (size_t)(body - at) : max);
}

static uint64_t pem_size(const struct crl_file *f)
{
    return HEAD + pem_body(f->meta.size) + FOOT;
}

static ssize_t read_files(void *arg, uint64_t at, char *out, size_t max)
{
    const struct crl_files *l = arg;

    for (size_t i = 0; i < l->n; i++) {
        uint64_t size = pem_size(l->v[i]);

        if (at < size)
            return read_pem(l->v[i], at, out, max);
        at -= size;
    }
    return -1;
}

static void free_files(void *arg)
{
    crl_files_free(arg);
    free(arg);
}

/* ---- answers */

/* Never beyond nextUpdate, and not long: a cache knows of no revocation.
 * The status: 200, or 304, of which the length is that of 200 too. */
static int reply_head(struct req *r, const struct crl_files *l,
                       const uint8_t sha256[32], int64_t modified)
{
    const int64_t now = tm_now();
    int64_t expires = now + FRESH_S;
    char etag[2 + 64 + 1] = "\"", when[TM_HTTP_SIZE];

    for (size_t i = 0; i < l->n; i++)
        if (l->v[i]->meta.next_update < expires)
            expires = l->v[i]->meta.next_update;
    hex_encode(etag + 1, sha256, 32);
    strcat(etag, "\"");
    front_header(r, "ETag", etag);
    /* Of the future is no date (RFC 9110 section 8.8.2.1), and then it is not
     * the one that the list is known by. */
    tm_http(when, modified < now ? modified : now);
    front_header(r, "Last-Modified", when);
    tm_http(when, expires);
    front_header(r, "Expires", when);
    return front_not_modified(r, etag, modified) ? 304 : 200;
}

/* The signer has given all CRLs that there were when it started: the complete
 * one of the first authority comes last.  Otherwise refused. */
static bool is_complete(struct req *r)
{
    const struct authority_infos *all = &r->front->hello.authorities;
    AUTO(free) char *last = NULL;
    struct crl_files l = {0};

    if (!all->n || !all->v[0].has_key)
        return true;
    last = xasprintf("%s.crl", all->v[0].name);
    crl_files_find(&l, last);
    if (l.n) {
        crl_files_free(&l);
        return true;
    }
    front_refuse(r, ERR_SIGNER_AWAY, "%s is not published yet", last);
    return false;
}

static struct crl_files *find(struct req *r, const char *name)
{
    struct crl_files *l = xcalloc(1, sizeof(*l));

    crl_files_find(l, name);
    if (l->n)
        return l;
    free(l);
    if (is_complete(r))
        front_refuse(r, ERR_NOT_FOUND, "there is no CRL %.100s", name);
    return NULL;
}

void front_crl_der(struct req *r)
{
    AUTO(free) char *name = xasprintf("%s.crl", r->part);
    struct crl_files *l;
    const struct crl_file *f;
    int fd;

    if (front_query_none(r) != 0 || !(l = find(r, name)))
        return;
    f = l->v[0];
    fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) /* others ask for more than there is: no fault of ours */
        front_refuse(r, ERR_QUEUE_FULL, "no descriptor is left to send %s by",
                     name);
    else
        front_reply_fd(r, reply_head(r, l, f->meta.sha256, f->modified),
                       "application/pkix-crl", fd, f->meta.size);
    free_files(l);
}

/* Takes l. */
static void reply_pem(struct req *r, struct crl_files *l, int64_t modified)
{
    AUTO(buf) struct buf all = {0};
    uint8_t sha256[32];
    uint64_t size = 0;

    buf_puts(&all, "PEM");
    for (size_t i = 0; i < l->n; i++) {
        buf_put(&all, l->v[i]->meta.sha256, sizeof(l->v[i]->meta.sha256));
        size += pem_size(l->v[i]);
    }
    digest_sum(DIGEST_SHA256, all.data, all.len, sha256);
    front_reply_read(r, reply_head(r, l, sha256, modified),
                     "application/x-pem-file", size, read_files, l, free_files);
}

void front_crl_pem(struct req *r)
{
    AUTO(free) char *name = xasprintf("%s.crl", r->part);
    struct crl_files *l;

    if (front_query_none(r) == 0 && (l = find(r, name)))
        reply_pem(r, l, l->v[0]->modified);
}

/* A partition before the complete one, so that of two that are of the same
 * second the one that knows more is found first. */
static void add_authority(struct crl_files *l, const char *name)
{
    AUTO(free) char *whole = xasprintf("%s.crl", name);
    AUTO(free) char *below = xasprintf("%s/", name);

    crl_files_below(l, below);
    crl_files_find(l, whole);
}

/* The CRLs of each authority that signs here, since after a new key for one the
 * certificates of both are in use, and of all above them. */
void front_crl_chain(struct req *r)
{
    const struct authority_infos *all = &r->front->hello.authorities;
    const int64_t modified = crl_files_changed();
    AUTO(free) bool *added = NULL;
    struct crl_files *l;

    if (front_query_none(r) != 0 || !is_complete(r))
        return;
    added = xcalloc(all->n + 1, sizeof(*added));
    l = xcalloc(1, sizeof(*l));
    for (size_t i = 0; i < all->n; i++)
        for (const struct authority_info *a =
                 all->v[i].has_key ? &all->v[i] : NULL;
             a && !added[a - all->v];
             a = a->parent ? authority_infos_find(all, a->parent) : NULL) {
            added[a - all->v] = true;
            add_authority(l, a->name);
        }
    reply_pem(r, l, modified);
}
