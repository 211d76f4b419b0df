/* SPDX-License-Identifier: ISC */
/* The finished CRL files, as the signer hands them over. */
#include "front_core.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include "log.h"

enum { FILES_MAX = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct msg_crl_file meta;
    int fd;
} files[FILES_MAX];
static size_t n_files;

/* Under the lock; n_files when there is none. */
static size_t find(const char *name)
{
    size_t i = 0;

    while (i < n_files && strcmp(files[i].meta.name, name) != 0)
        i++;
    return i;
}

void crl_put(struct msg_crl_file *m, int fd)
{
    size_t i;

    pthread_mutex_lock(&lock);
    i = find(m->name);
    if (i == FILES_MAX)
        log_fatal("crl", "more than %d CRL files", FILES_MAX);
    if (i < n_files) {
        msg_crl_file_free(&files[i].meta);
        close(files[i].fd);
    } else {
        n_files++;
    }
    files[i].meta = *m;
    files[i].fd = fd;
    pthread_mutex_unlock(&lock);
}

int front_crl(const char *name, struct msg_crl_file *meta, int *fd)
{
    size_t i;

    pthread_mutex_lock(&lock);
    i = find(name);
    if (i < n_files) {
        *meta = files[i].meta;
        meta->name = xstrdup(name);
        *fd = fcntl(files[i].fd, F_DUPFD_CLOEXEC, 0);
        if (*fd < 0)
            log_fatal("crl", "no descriptor: %s", strerror(errno));
    }
    i = i < n_files;
    pthread_mutex_unlock(&lock);
    return i ? 0 : -1;
}
