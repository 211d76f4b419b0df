/* SPDX-License-Identifier: ISC */
#include "weak_list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "digest.h"
#include "mem.h"

enum { DIGITS = 2 * WEAK_LIST_TAIL };

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, WEAK_LIST_TAIL);
}

void weak_list_free(struct weak_list *l)
{
    free(l->v);
    *l = (struct weak_list){0};
}

int weak_list_read(struct weak_list *l, const char *file, const char *text,
                   size_t len, struct errs *e)
{
    /* Each line but the last has at least its digits and its end. */
    size_t n = l->n, line = 1;
    const char *end = text + len, *next;
    uint8_t(*v)[WEAK_LIST_TAIL] =
        xreallocarray(NULL, n + len / (DIGITS + 1) + 1, sizeof(*v));

    if (n)
        memcpy(v, l->v, n * sizeof(*v));
    for (const char *p = text; p < end; p = next, line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t width = (size_t)((nl ? nl : end) - p);

        next = nl ? nl + 1 : end;
        if (width == 0 || *p == '#')
            continue;
        if (width != DIGITS ||
            hex_decode(v[n], WEAK_LIST_TAIL, p, width) != WEAK_LIST_TAIL) {
            free(v);
            return err_add(e, ERR_BAD_ARGUMENT,
                           "%s:%zu: a line is %d hexadecimal digits, or begins "
                           "with #",
                           file, line, DIGITS);
        }
        n++;
    }
    qsort(v, n, sizeof(*v), compare);
    free(l->v);
    l->v = v;
    l->n = n;
    return 0;
}

/* The text of a regular file; left: octets that it may still have. */
static int file_text(const char *path, size_t left, struct buf *text,
                     struct errs *e)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    ssize_t n = 1;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_add(e, ERR_BAD_ARGUMENT, "%s is not a regular file", path);
    while (n > 0 && text->len <= left) {
        n = read(fd, buf_extend(text, 65536), 65536);
        text->len -= 65536 - (size_t)(n > 0 ? n : 0);
    }
    if (n < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
    if (text->len > left)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: the lists of a directory have at most %d MiB "
                       "together",
                       path, WEAK_LIST_MAX >> 20);
    return 0;
}

/* blacklist.RSA-2048, and no copy that an editor left beside it. */
static bool is_list(const char *name)
{
    static const char prefix[] = "blacklist.RSA-";
    const size_t len = sizeof(prefix) - 1;

    return strncmp(name, prefix, len) == 0 && name[len] &&
           name[len + strspn(name + len, "0123456789")] == '\0';
}

static int load_all(struct weak_list *l, const char *dir, DIR *d,
                    struct errs *e)
{
    size_t left = WEAK_LIST_MAX;
    const struct dirent *f;

    while ((f = readdir(d))) {
        AUTO(free) char *path = NULL;
        AUTO(buf) struct buf text = {0};

        if (!is_list(f->d_name))
            continue;
        path = xasprintf("%s/%s", dir, f->d_name);
        if (file_text(path, left, &text, e) != 0 ||
            weak_list_read(l, path, (char *)text.data, text.len, e) != 0)
            return -1;
        left -= text.len;
    }
    return 0;
}

int weak_list_load(struct weak_list *l, const char *dir, struct errs *e)
{
    DIR *d = opendir(dir);
    int r;

    if (!d)
        return err_add(e, ERR_BAD_ARGUMENT, "weak-keys: %s: %s", dir,
                       strerror(errno));
    r = load_all(l, dir, d, e);
    closedir(d);
    if (r == 0 && l->n == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "weak-keys: %s has no list with a key in it "
                       "(blacklist.RSA-2048, blacklist.RSA-4096, ...)",
                       dir);
    return r;
}

bool weak_list_find(const struct weak_list *l,
                    const uint8_t tail[WEAK_LIST_TAIL])
{
    return l->n && bsearch(tail, l->v, l->n, sizeof(*l->v), compare);
}

bool weak_list_has(const struct weak_list *l, const struct key_pub *k)
{
    static const char head[] = "Modulus=";
    char text[sizeof(head) + KEY_RSA_MAX / 4 + 1], *p = text + sizeof(head) - 1;
    uint8_t sha1[20];

    if (k->type != KEY_RSA || !l->n)
        return false;
    hex_encode(p, k->n, k->n_len);
    if (*p == '0') /* OpenSSL prints a number, not octets */
        memmove(p, p + 1, strlen(p));
    memcpy(text, head, sizeof(head) - 1);
    for (; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    *p++ = '\n';
    digest_sum(DIGEST_SHA1, text, (size_t)(p - text), sha1);
    return weak_list_find(l, sha1 + sizeof(sha1) - WEAK_LIST_TAIL);
}
