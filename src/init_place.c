/* SPDX-License-Identifier: ISC */
/*
 * Where a new authority grows: a directory beside the place where it is to
 * be, which takes that place in one rename when everything in it is synced.
 */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static int fault(struct errs *e, const char *path)
{
    return err_add(e, ERR_BAD_ARGUMENT, "%s: %s", path, strerror(errno));
}

/* ---- files ---- */

int init_write_fd(int fd, const char *name, const struct buf *content,
                  struct errs *e)
{
    for (size_t at = 0; at < content->len;) {
        ssize_t n = write(fd, content->data + at, content->len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault(e, name);
        at += (size_t)n;
    }
    return fsync(fd) < 0 ? fault(e, name) : 0;
}

int init_write(const struct init *i, const char *name, mode_t mode,
               const struct buf *content, struct errs *e)
{
    AUTO(free) char *path = xasprintf("%s/%s", i->tmp, name);
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r;

    if (fd < 0)
        return fault(e, path);
    r = fchmod(fd, mode) < 0 ? fault(e, path)
                             : init_write_fd(fd, path, content, e);
    if (close(fd) < 0 && r == 0)
        r = fault(e, path);
    return r;
}

static int sync_path(const char *path, int flags, struct errs *e)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);

    return fd < 0 || fsync(fd) < 0 ? fault(e, path) : 0;
}

/* nftw(3) has no argument. */
static struct {
    struct errs *e;
    uid_t uid;
    gid_t gid;
    bool give;
} walking;

static int finish_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F && type != FTW_DP)
        return err_add(walking.e, ERR_BAD_ARGUMENT,
                       "%s: neither a file nor a directory", path);
    if (walking.give && lchown(path, walking.uid, walking.gid) < 0)
        return fault(walking.e, path);
    return sync_path(path, S_ISDIR(st->st_mode) ? O_DIRECTORY : 0, walking.e);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the place ---- */

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? xstrdup("/")
                         : xstrndup(path, (size_t)(slash - path));
}

/* 0 absent, 1 an empty directory, -1 anything else. */
static int judge_place(const char *path, struct errs *e)
{
    DIR *d = opendir(path);
    const struct dirent *entry;
    int found = 0;

    if (!d)
        return errno == ENOENT ? 0 : fault(e, path);
    while ((entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            found++;
    closedir(d);
    if (found)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: not empty; nothing is ever overwritten", path);
    return 1;
}

/* A rename cannot take the place of a mount point, and should not take that
 * of the directory in which the caller stands. */
static bool must_stay(const char *path, const char *parent)
{
    struct stat st, up, cwd;

    return stat(path, &st) == 0 && stat(parent, &up) == 0 &&
           (st.st_dev != up.st_dev ||
            (stat(".", &cwd) == 0 && st.st_dev == cwd.st_dev &&
             st.st_ino == cwd.st_ino));
}

/* The directories above path, as the caller's own would be. */
static int make_parents(struct init *i, const char *path, struct errs *e)
{
    AUTO(free) char *part = xstrdup(path);
    mode_t mask = umask(022);
    int r = 0;

    for (char *p = part + 1; *p && r == 0; p++)
        if (*p == '/') {
            *p = '\0';
            if (mkdir(part, 0755) == 0)
                strs_add(&i->parents, part);
            else if (errno != EEXIST)
                r = fault(e, part);
            *p = '/';
        }
    umask(mask);
    return r;
}

static char *make_tmp(const char *dir)
{
    char *path =
        xasprintf("%s/.pocketca-init-XXXXXX", strcmp(dir, "/") == 0 ? "" : dir);

    if (mkdtemp(path))
        return path;
    free(path);
    return NULL;
}

/* The directory itself may be reached by a symbolic link. */
static int sync_dir(const char *dir, struct errs *e)
{
    AUTO(free) char *inside = xasprintf("%s/.", dir);

    return sync_path(inside, O_DIRECTORY, e);
}

int init_replace(const char *path, mode_t mode, const struct buf *content,
                 struct errs *e)
{
    AUTO(free) char *dir = parent_of(path);
    AUTO(free) char *part = xasprintf("%s.part", path);
    AUTO(fd) int fd = -1;

    unlink(part);
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault(e, part);
    if (fchmod(fd, mode) < 0 || init_write_fd(fd, part, content, e) < 0 ||
        rename(part, path) < 0) {
        if (!e->n)
            fault(e, path);
        unlink(part);
        return -1;
    }
    return sync_dir(dir, e);
}

int init_place_begin(struct init *i, struct errs *e)
{
    AUTO(free) char *parent = parent_of(i->data);
    struct stat st;
    int there = judge_place(i->data, e);

    if (there < 0)
        return -1;
    if (i->split && lstat(i->conf_file, &st) == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: is there; nothing is ever overwritten",
                       i->conf_file);
    /* Of a directory that was named, a slip should not make the parents. */
    if (i->split && (make_parents(i, i->data, e) < 0 ||
                     make_parents(i, i->conf_file, e) < 0))
        return -1;
    i->inside = there && must_stay(i->data, parent);
    if (!i->inside)
        i->tmp = make_tmp(parent);
    if (!i->tmp && there) {
        i->inside = true;
        i->tmp = make_tmp(i->data);
    }
    if (!i->tmp)
        return fault(e, i->inside ? i->data : parent);
    return 0;
}

/* ---- the move ---- */

static void list_dir(const char *path, struct strs *names)
{
    DIR *d = opendir(path);
    const struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            strs_add(names, entry->d_name);
    if (d)
        closedir(d);
}

/* data was empty, so what is in it now is ours. */
static void move_back(const struct init *i)
{
    AUTO(strs) struct strs names = {0};

    list_dir(i->data, &names);
    for (size_t k = 0; k < names.n; k++) {
        AUTO(free) char *path = xasprintf("%s/%s", i->data, names.v[k]);

        remove_tree(path);
    }
}

static int move_entry(const struct init *i, const char *name, struct errs *e)
{
    AUTO(free) char *from = xasprintf("%s/%s", i->tmp, name);
    AUTO(free) char *to = xasprintf("%s/%s", i->data, name);

    return rename(from, to) < 0 ? fault(e, to) : 0;
}

/* Each entry by itself, the configuration last: without it there is no
 * authority. */
static int move_inside(const struct init *i, struct errs *e)
{
    static const char conf[] = "pocketca.conf";
    AUTO(strs) struct strs names = {0};
    int r = 0;

    list_dir(i->tmp, &names);
    for (size_t k = 0; r == 0 && k < names.n; k++)
        if (strcmp(names.v[k], conf) != 0)
            r = move_entry(i, names.v[k], e);
    if (r == 0)
        r = move_entry(i, conf, e);
    if (r == 0 && (rmdir(i->tmp) < 0 || chmod(i->data, 0700) < 0 ||
                   (i->user && chown(i->data, i->uid, i->gid) < 0)))
        r = fault(e, i->data);
    if (r < 0)
        move_back(i);
    return r;
}

static int move_whole(const struct init *i, struct errs *e)
{
    if (rename(i->tmp, i->data) == 0)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%s: not empty; nothing is ever overwritten", i->data);
    return fault(e, i->data);
}

/* Out of tmp before that becomes data; link(2) never overwrites. */
static int move_conf(const struct init *i, struct errs *e)
{
    AUTO(free) char *from = xasprintf("%s/pocketca.conf", i->data);
    AUTO(free) char *dir = parent_of(i->conf_file);
    AUTO(buf) struct buf text = {0};
    int fd, r;

    if (conf_read(from, &text, e) < 0)
        return -1;
    fd = open(i->conf_file,
              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fault(e, i->conf_file);
    r = fchmod(fd, 0644) < 0 ? fault(e, i->conf_file)
                             : init_write_fd(fd, i->conf_file, &text, e);
    if (close(fd) < 0 && r == 0)
        r = fault(e, i->conf_file);
    if (r == 0 && unlink(from) < 0)
        r = fault(e, from);
    if (r == 0)
        r = sync_path(dir, O_DIRECTORY, e);
    if (r < 0)
        unlink(i->conf_file);
    return r;
}

static int sync_parents(const struct init *i, struct errs *e)
{
    for (size_t k = 0; k < i->parents.n; k++) {
        AUTO(free) char *above = parent_of(i->parents.v[k]);

        if (sync_path(above, O_DIRECTORY, e) < 0)
            return -1;
    }
    return 0;
}

int init_place_finish(struct init *i, struct errs *e)
{
    AUTO(free) char *parent = parent_of(i->data);
    int r;

    walking.e = e;
    walking.give = i->user;
    walking.uid = i->uid;
    walking.gid = i->gid;
    if (nftw(i->tmp, finish_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        if (!e->n)
            fault(e, i->tmp);
        return -1;
    }
    r = i->inside ? move_inside(i, e) : move_whole(i, e);
    if (r < 0)
        return -1;
    free(i->tmp);
    i->tmp = NULL;
    if ((i->split && move_conf(i, e) < 0) ||
        sync_path(i->data, O_DIRECTORY, e) < 0 ||
        sync_path(parent, O_DIRECTORY, e) < 0 || sync_parents(i, e) < 0) {
        if (i->inside)
            move_back(i);
        else
            remove_tree(i->data);
        return -1;
    }
    return 0;
}

void init_place_undo(struct init *i)
{
    if (i->tmp)
        remove_tree(i->tmp);
    if (i->root_key_fd >= 0)
        unlink(i->root_key_out);
    for (size_t k = i->parents.n; k > 0; k--)
        rmdir(i->parents.v[k - 1]);
}
