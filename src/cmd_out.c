/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include <fcntl.h>
#include <sys/wait.h>

#include "cmd_record.h"
#include "init.h"

enum { CHAIN_MAX = 65536 };

/* Removes the file unless it hears that it is to stay, also when the command is
 * killed. */
static _Noreturn void keep(const char *path, int from)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    ssize_t n;
    char said;

    for (size_t i = 0; i < COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    do {
        n = read(from, &said, 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1)
        unlink(path);
    _exit(0);
}

/* Room for any chain, where the file system can promise it. */
static int reserve(int fd)
{
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, CHAIN_MAX) < 0 &&
                   errno != EOPNOTSUPP && errno != ENOSYS
               ? -1
               : 0;
}

int cmd_out_open(struct cmd_out *o, const char *path, struct errs *e)
{
    int pair[2];

    if (!path)
        return 0;
    if (pipe2(pair, O_CLOEXEC) < 0)
        return err_add(e, ERR_BAD_ARGUMENT, "--out: %s", strerror(errno));
    o->keep = pair[1];
    o->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (o->fd >= 0 && (reserve(o->fd) < 0 || (o->keeper = fork()) < 0)) {
        err_add(e, ERR_BAD_ARGUMENT, "--out: %s: %s", path, strerror(errno));
        unlink(path);
    } else if (o->fd < 0)
        err_add(e, ERR_BAD_ARGUMENT, "--out: %s: %s", path, strerror(errno));
    else if (o->keeper == 0) {
        close(pair[1]);
        keep(path, pair[0]);
    } else
        o->path = path;
    close(pair[0]);
    return o->path ? 0 : -1;
}

int cmd_out_write(const struct cmd_out *o, const struct buf *content,
                  struct errs *e)
{
    if (init_write_fd(o->fd, o->path, content, e) < 0)
        return -1;
    if (ftruncate(o->fd, (off_t)content->len) < 0 ||
        write(o->keep, "k", 1) != 1)
        return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", o->path, strerror(errno));
    return 0;
}

void cmd_out_close(struct cmd_out *o)
{
    if (o->fd >= 0)
        close(o->fd);
    if (o->keep >= 0)
        close(o->keep);
    if (o->path)
        while (waitpid(o->keeper, NULL, 0) < 0 && errno == EINTR)
            ;
    *o = CMD_OUT_NONE;
}
