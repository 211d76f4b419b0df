/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cert.h"
#include "mem.h"
#include "pem.h"

enum { FILE_SIZE_MAX = 1 << 20 };

void blobs_free(struct blobs *l)
{
    for (size_t i = 0; i < l->n; i++)
        buf_free(&l->v[i]);
    free(l->v);
    *l = (struct blobs){0};
}

/* The whole of a regular file. */
static int file_read(const char *path, struct buf *out, struct errs *e)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st))
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT, "%s is not a file", path);
    do {
        if (out->len > FILE_SIZE_MAX)
            return err_add(e, ERR_BAD_ARGUMENT, "%s is larger than 1 MiB",
                           path);
        n = read(fd, buf_extend(out, 65536), 65536);
        out->len -= 65536 - (size_t)(n > 0 ? n : 0);
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    return 0;
}

static void blob_add(struct blobs *l, struct buf *der)
{
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    l->v[l->n++] = *der;
    *der = (struct buf){0};
}

int cert_split(const char *path, const struct buf *text, struct blobs *out,
               struct errs *e)
{
    size_t at = 0, used;

    for (; at < text->len; at += used) {
        AUTO(buf) struct buf der = {0};
        enum pem_result r;
        char label[64];

        r = pem_read_next(text->data + at, text->len - at, label, &der, &used);
        if (r == PEM_NOT && at + used == text->len)
            break;
        if (r != PEM_OK)
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%s is not a PEM file of certificates", path);
        if (strcmp(label, "CERTIFICATE") != 0)
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%s has a PEM block \"%s\" where a CERTIFICATE is "
                           "expected",
                           path, label);
        blob_add(out, &der);
    }
    if (out->n == 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s has no certificate in it",
                       path);
    return 0;
}

int cert_load(const char *path, struct blobs *out, struct errs *e)
{
    AUTO(buf) struct buf text = {0};
    AUTO(blobs) struct blobs l = {0};

    if (file_read(path, &text, e) || cert_split(path, &text, &l, e))
        return -1;
    for (size_t i = 0; i < l.n; i++) {
        AUTO(errs) struct errs why = {0};
        AUTO(cert) struct cert c = {0};

        if (cert_parse(&c, l.v[i].data, l.v[i].len, &why))
            return err_add(e, ERR_BAD_ARGUMENT, "%s, certificate %zu: %s", path,
                           i + 1, why.v[0].detail);
    }
    for (size_t i = 0; i < l.n; i++)
        blob_add(out, &l.v[i]);
    return 0;
}
