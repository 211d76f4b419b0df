/* SPDX-License-Identifier: ISC */
/* The files below data/crl: written beside, synced, renamed.  "NAME.crl.new"
 * stays until the ledger has its hash and it has been renamed, so that whatever
 * moment the process ends in, the next one finds the file that the ledger
 * means. */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <openssl/evp.h>

enum { LINE = 48, LINES = 512 }; /* octets a line of PEM, lines a write */

static char *path_of(const struct signer *s, const char *name,
                     const char *suffix)
{
    return xasprintf("%s/crl/%s%s", s->conf->data, name, suffix);
}

static int fail(struct errs *e, const char *path)
{
    return err_add(e, errno == ENOSPC ? ERR_STORAGE_FULL : ERR_STORAGE_ERROR,
                   "%s: %s", path, strerror(errno));
}

int crl_file_new(const struct signer *s, const char *name, struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, ".crl.new");
    int fd =
        open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 ? fail(e, path) : fd;
}

static int hash_fd(int fd, uint8_t sha256[32], off_t *size)
{
    AUTO(evp_md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t part[16384];
    ssize_t n;

    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        abort();
    for (*size = 0; (n = pread(fd, part, sizeof(part), *size)) > 0; *size += n)
        EVP_DigestUpdate(md, part, (size_t)n);
    EVP_DigestFinal_ex(md, sha256, NULL);
    return n < 0 ? -1 : 0;
}

int crl_file_seal(int fd, uint8_t sha256[32], struct errs *e)
{
    off_t size;

    if (fsync(fd) != 0 || hash_fd(fd, sha256, &size) != 0)
        return fail(e, "the new CRL");
    return 0;
}

static int put_pem(FILE *out, int fd)
{
    uint8_t der[LINE * LINES];
    char line[4 * LINE / 3 + 1];
    off_t at = 0;
    ssize_t n;

    fputs("-----BEGIN X509 CRL-----\n", out);
    while ((n = pread(fd, der, sizeof(der), at)) > 0) {
        /* Whole lines only, so that padding comes at the end alone. */
        for (ssize_t i = 0; i < n; i += LINE) {
            EVP_EncodeBlock((uint8_t *)line, der + i,
                            n - i < LINE ? (int)(n - i) : LINE);
            fputs(line, out);
            fputc('\n', out);
        }
        at += n;
    }
    fputs("-----END X509 CRL-----\n", out);
    return n < 0 || ferror(out) ? -1 : 0;
}

/* 0, or -1 with errno: everything out and on the disk, then in place. */
static int finish(FILE *f, const char *from, const char *to)
{
    int rc = fflush(f) != 0 || fsync(fileno(f)) != 0 ? -1 : 0;

    if (fclose(f) != 0 || rc != 0)
        return -1;
    return rename(from, to);
}

static int write_pem(const struct signer *s, const char *name, int fd,
                     struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, ".pem");
    AUTO(free) char *fresh = path_of(s, name, ".pem.new");
    FILE *f = fopen(fresh, "we");

    if (!f)
        return fail(e, fresh);
    if (put_pem(f, fd) != 0) {
        fail(e, fresh);
        fclose(f);
        return -1;
    }
    return finish(f, fresh, path) == 0 ? 0 : fail(e, path);
}

static int append_file(FILE *out, const char *path)
{
    AUTO(file) FILE *in = fopen(path, "re");
    char part[16384];
    size_t n;

    if (!in)
        return errno == ENOENT ? 0 : -1; /* the root's may be elsewhere yet */
    while ((n = fread(part, 1, sizeof(part), in)) > 0)
        if (fwrite(part, 1, n, out) != n)
            return -1;
    return ferror(in) ? -1 : 0;
}

/* The CRLs of the first authority and of all above it. */
static int write_chain(const struct signer *s, struct errs *e)
{
    AUTO(free) char *path = path_of(s, "chain", ".pem");
    AUTO(free) char *fresh = path_of(s, "chain", ".pem.new");
    const struct authority_info *a = s->authorities[0].info;
    FILE *f = fopen(fresh, "we");

    if (!f)
        return fail(e, fresh);
    for (size_t i = 0; a && i < s->infos.n; i++) {
        AUTO(free) char *part = path_of(s, a->name, ".pem");

        if (append_file(f, part) != 0) {
            fail(e, part);
            fclose(f);
            return -1;
        }
        a = a->parent ? authority_infos_find(&s->infos, a->parent) : NULL;
    }
    return finish(f, fresh, path) == 0 ? 0 : fail(e, path);
}

static int sync_dir(const struct signer *s, struct errs *e)
{
    AUTO(free) char *path = path_of(s, "", "");
    AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0 ? 0 : fail(e, path);
}

int crl_file_publish(const struct signer *s, const char *name, int fd,
                     struct errs *e)
{
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *fresh = path_of(s, name, ".crl.new");

    if (write_pem(s, name, fd, e) != 0)
        return -1;
    if (rename(fresh, path) != 0)
        return fail(e, path);
    if (write_chain(s, e) != 0)
        return -1;
    return sync_dir(s, e);
}

static bool has_hash(const char *path, const uint8_t sha256[32])
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t is[32];
    off_t size;

    return fd >= 0 && hash_fd(fd, is, &size) == 0 &&
           memcmp(is, sha256, sizeof(is)) == 0;
}

int crl_file_restore(const struct signer *s, const char *name,
                     const uint8_t sha256[32])
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(free) char *fresh = path_of(s, name, ".crl.new");
    AUTO(fd) int fd = -1;

    if (!has_hash(path, sha256)) {
        if (!has_hash(fresh, sha256) || rename(fresh, path) != 0)
            return 0;
    }
    /* The PEM is made from it once more: nothing else vouches for it. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && write_pem(s, name, fd, &e) == 0 &&
           write_chain(s, &e) == 0 && sync_dir(s, &e) == 0;
}

uint64_t crl_file_number(const struct signer *s, const char *name)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *path = path_of(s, name, ".crl");
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    struct crl c = {0};
    void *p;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0)
        return 0;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return 0;
    (void)crl_parse_frame(&c, p, (size_t)st.st_size, &e);
    munmap(p, (size_t)st.st_size);
    return c.number;
}

static void tell(const struct signer *s, const char *name, const char *suffix,
                 const struct crl_state *st, int64_t next_update)
{
    AUTO(free) char *path = path_of(s, name, suffix);
    AUTO(free) char *served = xasprintf("%s%s", name, suffix);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    AUTO(buf) struct buf b = {0};
    struct msg_crl_file m = {
        .name = served,
        .number = st->number,
        .this_update = st->this_update,
        .next_update = next_update,
    };
    off_t size;

    if (fd < 0 || hash_fd(fd, m.sha256, &size) != 0)
        return;
    m.size = (uint64_t)size;
    msg_begin(&b, MSG_CRL_FILE, 0, false);
    msg_crl_file_put(&b, &m);
    (void)msg_send(s->front->sock, &b, fd, false);
}

void crl_file_tell(const struct signer *s, const char *name,
                   const struct crl_state *st, int64_t chain_next)
{
    if (!s->front)
        return;
    tell(s, name, ".crl", st, st->next_update);
    tell(s, name, ".pem", st, st->next_update);
    tell(s, "chain", ".pem", st, chain_next);
}
