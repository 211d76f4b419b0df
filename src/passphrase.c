/* SPDX-License-Identifier: ISC */
#include "passphrase.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>

AUTO_VALUE(secret, struct buf, buf_wipe)

void passphrase_free(char *pass)
{
    if (pass)
        mem_wipe(pass, strlen(pass));
    free(pass);
}

/* ---- one line from a descriptor ---- */

/* A line end, end_char, or the end closes it; what follows is not read further
 * than the buffer goes. */
static char *line_of(int fd, int end_char, const char *what, struct errs *e)
{
    AUTO(secret) struct buf b = {0};
    uint8_t *room = buf_extend(&b, PASSPHRASE_MAX + 2);
    size_t len = 0, end;
    ssize_t n = 1;

    while (n > 0 && len < PASSPHRASE_MAX + 2 && !memchr(room, '\n', len) &&
           (end_char < 0 || !memchr(room, end_char, len))) {
        n = read(fd, room + len, PASSPHRASE_MAX + 2 - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            len += (size_t)n;
    }
    if (n < 0) {
        err_add(e, ERR_BAD_ARGUMENT, "%s: %s", what, strerror(errno));
        return NULL;
    }
    for (end = 0; end < len && room[end] != '\n';)
        end++;
    if (end > 0 && room[end - 1] == '\r')
        end--;
    if (end < 1 || end > PASSPHRASE_MAX || memchr(room, 0, end)) {
        err_add(e, ERR_BAD_ARGUMENT,
                "%s: its first line is not a passphrase of 1 to %d octets",
                what, PASSPHRASE_MAX);
        return NULL;
    }
    return xstrndup((const char *)room, end);
}

/* The first line of a file; NULL with a reason that begins with `what`. */
static char *file_read(const char *what, const char *path, struct errs *e)
{
    AUTO(free) char *name = xasprintf("%s: \"%s\"", what, path);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        err_add(e, ERR_BAD_ARGUMENT, "%s: %s", name, strerror(errno));
        return NULL;
    }
    return line_of(fd, -1, name, e);
}

static char *read_fd(const char *text, struct errs *e)
{
    AUTO(free) char *name = xasprintf("--passphrase-fd: \"%s\"", text);

    return line_of((int)strtol(text, NULL, 10), -1, name, e);
}

int passphrase_judge(const struct passphrase_from *from, struct errs *e)
{
    const size_t digits = from->fd ? strspn(from->fd, "0123456789") : 0;

    if (from->file && from->fd)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--passphrase-file and --passphrase-fd: one of them");
    if (from->fd && (digits < 1 || digits > 5 || from->fd[digits]))
        return err_add(e, ERR_BAD_ARGUMENT,
                       "--passphrase-fd: \"%s\" is no number of a descriptor",
                       from->fd);
    return 0;
}

int passphrase_given(const struct passphrase_from *from, char **out,
                     struct errs *e)
{
    *out = NULL;
    if (!from->file && !from->fd)
        return 0;
    if (passphrase_judge(from, e) < 0)
        return -1;
    *out = from->fd ? read_fd(from->fd, e)
                    : file_read("--passphrase-file", from->file, e);
    return *out ? 0 : -1;
}

/* ---- the terminal ---- */

char *passphrase_ask(const char *whose, struct errs *e)
{
    AUTO(free) char *prompt = xasprintf("Passphrase of %s: ", whose);
    AUTO(fd) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios was, quiet;
    char *pass;

    if (tty < 0 || tcgetattr(tty, &was) < 0)
        return NULL;
    quiet = was;
    /* ^C ends the line instead of us, who would leave the echo off. */
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
    quiet.c_cc[VEOL] = was.c_cc[VINTR];
    if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
        return NULL;
    (void)!write(tty, prompt, strlen(prompt));
    pass = line_of(tty, was.c_cc[VINTR], "the terminal", e);
    tcsetattr(tty, TCSAFLUSH, &was);
    (void)!write(tty, "\n", 1);
    if (pass && strchr(pass, was.c_cc[VINTR])) {
        passphrase_free(pass);
        err_add(e, ERR_BAD_ARGUMENT, "interrupted at the terminal");
        return NULL;
    }
    return pass;
}

/* ---- every authority ---- */

/* NULL: this is no process of a unit that has some. */
static const char *credentials(void)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");

    return dir && *dir ? dir : NULL;
}

static char *read_credential(const char *name, struct errs *e)
{
    const char *dir = credentials();
    AUTO(free) char *path = NULL;

    if (!dir) {
        err_add(e, ERR_BAD_ARGUMENT,
                "passphrase-credential: \"%s\": CREDENTIALS_DIRECTORY is not "
                "set; systemd sets it where the unit has LoadCredential=, and "
                "by hand `pocketca check` takes --passphrase-file",
                name);
        return NULL;
    }
    path = xasprintf("%s/%s", dir, name);
    return file_read("passphrase-credential", path, e);
}

static int fill(const struct conf *c, struct conf_authority *a,
                const char *given, bool ask, struct errs *e)
{
    const size_t before = e->n;

    if (!conf_key_closed(c, a))
        return 0;
    if (a->passphrase_file)
        a->pass = file_read("passphrase-file", a->passphrase_file, e);
    else if (a->passphrase_credential && (credentials() || !given))
        a->pass = read_credential(a->passphrase_credential, e);
    else if (given)
        a->pass = xstrdup(given);
    else if (ask) {
        AUTO(free) char *whose = xasprintf("the key of authority %s", a->name);

        a->pass = passphrase_ask(whose, e);
    }
    return e->n == before ? 0 : -1;
}

int passphrase_fill(struct conf *c, const char *given, bool ask, struct errs *e)
{
    int r = 0;

    for (size_t i = 0; i < c->n_authorities; i++)
        if (fill(c, &c->authorities[i], given, ask, e) < 0)
            r = -1;
    return r;
}

/* ---- the memfd ---- */

/* The mapping is kept: only what is mapped can be locked.  0 or errno. */
static int lock_pages(struct passphrase_kept *k, size_t len)
{
    void *at =
        len ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, k->fd, 0) : MAP_FAILED;

    if (at == MAP_FAILED)
        return len ? errno : 0;
    k->at = at;
    k->len = len;
    madvise(at, len, MADV_DONTDUMP);
    return mlock(at, len) < 0 ? errno : 0; /* RLIMIT_MEMLOCK */
}

void passphrase_drop(struct passphrase_kept *k)
{
    if (k->at)
        munmap(k->at, k->len);
    if (k->fd >= 0)
        close(k->fd);
    *k = PASSPHRASE_NONE;
}

int passphrase_seal(const struct conf *c, struct passphrase_kept *out,
                    int *unlocked)
{
    AUTO(secret) struct buf b = {0};
    int fd = memfd_create("passphrases", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    buf_extend(&b, c->n_authorities * (PASSPHRASE_MAX + 128));
    buf_reset(&b);
    for (size_t i = 0; i < c->n_authorities; i++)
        if (c->authorities[i].pass) {
            buf_str(&b, c->authorities[i].name);
            buf_str(&b, c->authorities[i].pass);
        }
    if (fd >= 0 && write(fd, b.data, b.len) == (ssize_t)b.len &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0) {
        *out = (struct passphrase_kept){.fd = fd};
        *unlocked = lock_pages(out, b.len);
        return 0;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static void take(struct conf *c, const char *name, char *pass)
{
    for (size_t i = 0; i < c->n_authorities; i++)
        if (strcmp(c->authorities[i].name, name) == 0 &&
            !c->authorities[i].pass) {
            c->authorities[i].pass = pass;
            return;
        }
    passphrase_free(pass);
}

int passphrase_unseal(struct conf *c, int fd)
{
    AUTO(secret) struct buf b = {0};
    struct stat st;
    struct rd r;
    size_t len;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        st.st_size > 1024 * 1024)
        return -1;
    len = (size_t)st.st_size;
    if (len == 0)
        return 0;
    if (pread(fd, buf_extend(&b, len), len, 0) != (ssize_t)len)
        return -1;
    r = rd_of(b.data, len);
    while (!rd_done(&r) && !r.failed) {
        AUTO(free) char *name = rd_str(&r);
        char *pass = rd_str(&r);

        if (r.failed) {
            passphrase_free(pass);
            return -1;
        }
        take(c, name, pass);
    }
    return 0;
}
