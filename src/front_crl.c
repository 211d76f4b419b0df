/* SPDX-License-Identifier: ISC */
/* The finished CRL files, as the signer hands them over. */
#include "front_core.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct crl_files files; /* by name */
static int64_t changed;

/* Under the lock. */
static void unref(struct crl_file *f)
{
    if (--f->refs)
        return;
    msg_crl_file_free(&f->meta);
    close(f->fd);
    free(f);
}

/* Under the lock: the first whose name is not before this one. */
static size_t find(const char *name)
{
    size_t from = 0, to = files.n;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (strcmp(files.v[mid]->meta.name, name) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static bool is_at(size_t i, const char *name)
{
    return i < files.n && strcmp(files.v[i]->meta.name, name) == 0;
}

static void add(struct crl_files *l, struct crl_file *f)
{
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    l->v[l->n++] = f;
}

static void insert(size_t i, struct crl_file *f)
{
    add(&files, f);
    memmove(&files.v[i + 1], &files.v[i], (files.n - 1 - i) * sizeof(*files.v));
    files.v[i] = f;
}

void crl_put(struct msg_crl_file *m, int fd)
{
    struct crl_file *f = xmalloc(sizeof(*f)), *old;
    size_t i;

    *f = (struct crl_file){
        .meta = *m, .fd = fd, .modified = m->this_update, .refs = 1};
    pthread_mutex_lock(&lock);
    i = find(m->name);
    if (is_at(i, m->name)) {
        /* Two may be of the same second, and Last-Modified tells no less. */
        old = files.v[i];
        if (f->modified <= old->modified)
            f->modified = old->modified + 1;
        files.v[i] = f;
        unref(old);
    } else {
        insert(i, f);
    }
    changed = f->modified > changed ? f->modified : changed + 1;
    pthread_mutex_unlock(&lock);
}

void crl_drop(const char *name)
{
    size_t i;

    pthread_mutex_lock(&lock);
    i = find(name);
    if (is_at(i, name)) {
        unref(files.v[i]);
        files.n--;
        memmove(&files.v[i], &files.v[i + 1], (files.n - i) * sizeof(*files.v));
        changed++;
    }
    pthread_mutex_unlock(&lock);
}

/* Under the lock. */
static void take(struct crl_files *l, size_t i)
{
    files.v[i]->refs++;
    add(l, files.v[i]);
}

void crl_files_find(struct crl_files *l, const char *name)
{
    size_t i;

    pthread_mutex_lock(&lock);
    i = find(name);
    if (is_at(i, name))
        take(l, i);
    pthread_mutex_unlock(&lock);
}

void crl_files_below(struct crl_files *l, const char *prefix)
{
    pthread_mutex_lock(&lock);
    for (size_t i = find(prefix);
         i < files.n &&
         strncmp(files.v[i]->meta.name, prefix, strlen(prefix)) == 0;
         i++)
        take(l, i);
    pthread_mutex_unlock(&lock);
}

int64_t crl_files_changed(void)
{
    int64_t t;

    pthread_mutex_lock(&lock);
    t = changed;
    pthread_mutex_unlock(&lock);
    return t;
}

void crl_files_free(struct crl_files *l)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < l->n; i++)
        unref(l->v[i]);
    pthread_mutex_unlock(&lock);
    free(l->v);
    *l = (struct crl_files){0};
}
