/* SPDX-License-Identifier: ISC */
/* The files below data/crl: written beside, synced, renamed.  "NAME.crl.new"
 * stays until the ledger has its hash and it has been renamed, so that whatever
 * moment the process ends in, the next one finds the file that the ledger
 * means. */
#include "signer_crl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <openssl/evp.h>

static char *path_of(const struct signer *s, const char *name,
                     const char *suffix)
{
    return xasprintf("%s/crl/%s%s", s->conf->data, name, suffix);
}

enum err crl_file_error(int why)
{
    return why == ENOSPC || why == EDQUOT || why == EFBIG ? ERR_STORAGE_FULL
                                                          : ERR_STORAGE_ERROR;
}

static int fail(struct errs *e, const char *path)
{
    return err_add(e, crl_file_error(errno), "%s: %s", path, strerror(errno));
}

/* That of the file. */
static int sync_dir(const struct signer *s, const char *name, struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, "");
    AUTO(fd) int fd = -1;

    *strrchr(path, '/') = '\0';
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? 0 : fail(e, path);
}

/* An authority's partitions have a directory of their own. */
static int make_dir(const struct signer *s, const char *name, struct errs *e)
{
    AUTO(free) char *authority = xstrndup(name, strcspn(name, "/"));
    AUTO(free) char *path = path_of(s, authority, "");

    if (!strchr(name, '/'))
        return 0;
    if (mkdir(path, 0700) == 0)
        return sync_dir(s, authority, e);
    return errno == EEXIST ? 0 : fail(e, path);
}

int crl_file_new(const struct signer *s, const char *name, struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, ".crl.new");
    int fd;

    if (make_dir(s, name, e) != 0)
        return -1;
    /* Whatever it is that is left: written to, a FIFO would never end. */
    unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? fail(e, path) : fd;
}

int crl_file_open(const char *path)
{
    const int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    errno = 0;
    return -1;
}

void crl_file_drop(const struct signer *s, const char *name)
{
    AUTO(free) char *path = path_of(s, name, ".crl.new");

    unlink(path);
}

static bool is_same(const char *a, const char *b)
{
    struct stat x, y;

    return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

int crl_file_keep(const struct signer *s, const char *name, uint64_t number)
{
    AUTO(free) char *path = path_of(s, name, ".crl");

    for (;; number++) {
        AUTO(free) char *kept = xasprintf("%s.%" PRIu64, path, number);

        if (link(path, kept) == 0)
            return 0;
        if (errno != EEXIST) /* not every file system has links */
            return rename(path, kept);
        if (is_same(path, kept))
            return 0;
    }
}

/* "STEM.crl", or one that is kept; false for what only begins so. */
static bool is_list(const char *file, const char *stem, uint64_t *number)
{
    AUTO(free) char *own = xasprintf("%s.crl", stem);
    AUTO(free) char *kept = NULL;
    const size_t len = strlen(own);

    *number = 0;
    if (strncmp(file, own, len) != 0 || file[len] == '\0')
        return strcmp(file, own) == 0;
    *number = strtoull(file + len + 1, NULL, 10);
    kept = xasprintf("%s.%" PRIu64, own, *number);
    return *number && strcmp(file, kept) == 0;
}

void crl_file_each(const struct signer *s, const char *authority,
                   crl_file_fn *fn, void *arg)
{
    for (int parts = 0; parts < 2; parts++) {
        AUTO(free)
        char *dir = xasprintf("%s/crl%s%s", s->conf->data, parts ? "/" : "",
                              parts ? authority : "");
        DIR *d = opendir(dir);
        const struct dirent *f;
        uint64_t number;

        while (d && (f = readdir(d))) {
            unsigned long n = parts ? strtoul(f->d_name, NULL, 10) : 0;
            AUTO(free)
            char *stem = parts ? xasprintf("%lu", n) : xstrdup(authority);
            AUTO(free) char *path = xasprintf("%s/%s", dir, f->d_name);

            if (is_list(f->d_name, stem, &number) && n <= UINT32_MAX &&
                (n > 0) == (parts > 0))
                fn(arg, (uint32_t)n, number, path);
        }
        if (d)
            closedir(d);
    }
}

static int hash_fd(int fd, uint8_t sha256[32])
{
    AUTO(evp_md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t part[16384];
    ssize_t n;

    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        abort();
    while ((n = read(fd, part, sizeof(part))) > 0)
        EVP_DigestUpdate(md, part, (size_t)n);
    EVP_DigestFinal_ex(md, sha256, NULL);
    return n < 0 ? -1 : 0;
}

int crl_file_sync(int fd, struct errs *e)
{
    return fsync(fd) == 0 ? 0 : fail(e, "the new CRL");
}

int crl_file_publish(const struct signer *s, const char *name, struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *fresh = path_of(s, name, ".crl.new");

    return rename(fresh, path) == 0 ? sync_dir(s, name, e) : fail(e, path);
}

static bool has_hash(const char *path, const uint8_t sha256[32])
{
    AUTO(fd) int fd = crl_file_open(path);
    uint8_t is[32];

    return fd >= 0 && hash_fd(fd, is) == 0 &&
           memcmp(is, sha256, sizeof(is)) == 0;
}

int crl_file_restore(const struct signer *s, const char *name,
                     const uint8_t sha256[32])
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *fresh = path_of(s, name, ".crl.new");

    if (has_hash(path, sha256))
        return 1;
    return has_hash(fresh, sha256) && rename(fresh, path) == 0 &&
           sync_dir(s, name, &e) == 0;
}

/* Whether its issuingDistributionPoint is that of url; NULL: it has none. */
static bool is_about(const struct crl *c, const char *url)
{
    AUTO(buf) struct buf idp = {0};

    if (url)
        crl_put_idp(&idp, url);
    return c->idp_len == idp.len &&
           (idp.len == 0 || memcmp(c->idp, idp.data, idp.len) == 0);
}

/* Whether that is "…/crl/NAME.crl". */
static bool is_named(const struct crl *c, const char *name)
{
    AUTO(free) char *end = xasprintf("/crl/%s.crl", name);
    const size_t len = strlen(end);

    return c->idp_len > len && memcmp(c->idp + c->idp_len - len, end, len) == 0;
}

struct crl_in_place crl_file_look(const struct signer *s, const char *name,
                                  const char *url)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(fd) int fd = crl_file_open(path);
    struct stat st;
    struct crl_in_place in = {.there = lstat(path, &st) == 0};
    struct crl c = {0};
    void *p;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0)
        return in;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return in;
    if (crl_parse_frame(&c, p, (size_t)st.st_size, &e) == 0) {
        in.number = c.number;
        in.fits = is_about(&c, url);
        in.named = is_named(&c, name);
    }
    munmap(p, (size_t)st.st_size);
    return in;
}

struct parts {
    const struct signer *s;
    const char *authority;
    uint32_t last;
};

static struct crl_in_place look_at(const struct parts *p, uint32_t partition)
{
    AUTO(free) char *scope = crl_scope(p->authority, partition);

    return crl_file_look(p->s, scope, NULL);
}

static void note_part(void *arg, uint32_t partition, uint64_t number,
                      const char *path)
{
    struct parts *p = arg;

    (void)path;
    if (!number && partition > p->last && partition < CRL_ALL &&
        look_at(p, partition).named)
        p->last = partition;
}

uint32_t crl_file_parts(const struct signer *s, const char *authority,
                        uint32_t known)
{
    struct parts p = {s, authority, known};

    crl_file_each(s, authority, note_part, &p);
    while (p.last + 1 < CRL_ALL && look_at(&p, p.last + 1).there)
        p.last++;
    return p.last;
}

void crl_file_remove(const struct signer *s, const char *name)
{
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *served = xasprintf("%s.crl", name);
    AUTO(buf) struct buf b = {0};

    crl_file_drop(s, name);
    unlink(path);
    if (!s->front)
        return;
    msg_begin(&b, MSG_CRL_GONE, 0, false);
    buf_str(&b, served);
    (void)msg_send(s->front->sock, &b, -1, false);
}

void crl_file_tell(const struct signer *s, const char *name,
                   const struct crl_state *st)
{
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *served = xasprintf("%s.crl", name);
    AUTO(fd) int fd = -1;
    AUTO(buf) struct buf b = {0};
    struct msg_crl_file m = {
        .name = served,
        .number = st->number,
        .this_update = st->this_update,
        .next_update = st->next_update,
    };
    struct stat is;

    if (!s->front)
        return;
    fd = crl_file_open(path);
    if (fd < 0 || fstat(fd, &is) != 0)
        return;
    m.size = (uint64_t)is.st_size;
    memcpy(m.sha256, st->sha256, sizeof(m.sha256));
    msg_begin(&b, MSG_CRL_FILE, 0, false);
    msg_crl_file_put(&b, &m);
    (void)msg_send(s->front->sock, &b, fd, false);
}
