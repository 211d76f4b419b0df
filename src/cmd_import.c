/* SPDX-License-Identifier: ISC */
/* Everything named is read into a spool first, while the user's rights last;
 * from there it goes to the signer in frames, so memory stays small. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "cmd.h"
#include "cmd_import_seen.h"
#include "cmd_import_spool.h"
#include "cmd_record.h"
#include "crl.h"
#include "index_txt.h"
#include "pem.h"
#include "tm.h"

enum {
    FILE_MAX = 64 * 1024 * 1024,
    DEPTH_MAX = 16,
    BATCH_ITEMS = 200,
    BATCH_OCTETS = 48 * 1024, /* and one certificate more fits a frame */
    SAID_MAX = 20,
};

struct import {
    const char *file, *authority, *dry;
    struct strs crls;
    struct spool spool;
    uint64_t crl_number;
    size_t counts[4], unfit, unread; /* unread may be a revocation */
    struct client *client;
    struct buf body;
    char *sources[BATCH_ITEMS];
    uint32_t n;
    struct seen seen; /* of a dry run */
};

static void say(size_t *count, const char *source, const char *why)
{
    fprintf(stderr, "pocketca: %s: %s\n", source, why);
    ++*count;
}

static void pass_over(const char *source, const char *what)
{
    fprintf(stderr, "pocketca: warning: %s: %s is passed over\n", source, what);
}

static int spool_fails(struct errs *e)
{
    return err_add(e, ERR_STORAGE_ERROR, "the spool: %s", strerror(errno));
}

static void import_free(struct import *im)
{
    for (uint32_t i = 0; i < im->n; i++)
        free(im->sources[i]);
    seen_free(&im->seen);
    spool_close(&im->spool);
    buf_free(&im->body);
    strs_free(&im->crls);
    free(im);
}
AUTO_DEFINE(import, struct import *, import_free)

/* ---- reading */

static int take_cert(struct import *im, const char *source,
                     const struct buf *der)
{
    const struct msg_import_item m = {.kind = IMPORT_CERT, .der = *der};

    return spool_put(&im->spool, source, &m);
}

static int take_index(struct import *im, const char *path,
                      const struct buf *text)
{
    struct index_txt t = {
        .file = path, .text = (const char *)text->data, .len = text->len};
    const int64_t now = tm_now();
    struct index_row row;
    int got;

    for (;;) {
        AUTO(errs) struct errs e = {0};
        AUTO(free) char *source = NULL;
        struct msg_import_item m;

        got = index_txt_next(&t, &row, &e);
        if (got == 0)
            return 0;
        if (got < 0) {
            fprintf(stderr, "pocketca: %s\n", e.v[0].detail);
            im->unread++;
            continue;
        }
        if (row.state != 'R' && row.not_after < now)
            continue;
        source = xasprintf("%s:%u", path, t.line);
        m = (struct msg_import_item){.kind = row.state == 'R' ? IMPORT_SERIAL
                                                              : IMPORT_NAMED,
                                     .serial = row.serial,
                                     .at = row.revoked_at,
                                     .reason = row.reason,
                                     .not_after = row.not_after};
        if (spool_put(&im->spool, source, &m) != 0)
            return -1;
    }
}

/* Every certificate in the text; what stands between is passed over, as
 * `openssl ca` writes the certificate in words too. */
static int take_pem(struct import *im, const char *path, const struct buf *text,
                    bool named)
{
    static const char mark[] = "-----BEGIN ";
    const uint8_t *p = text->data, *end = p + text->len;
    bool found = false;

    while ((p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1))) {
        AUTO(buf) struct buf der = {0};
        char label[64];
        size_t used = 0;
        enum pem_result r =
            pem_read_next(p, (size_t)(end - p), label, &der, &used);

        if (r == PEM_OK && strcmp(label, "CERTIFICATE") == 0) {
            found = true;
            if (take_cert(im, path, &der) != 0)
                return -1;
        }
        if (r == PEM_BROKEN)
            say(&im->unread, path, "it is not whole PEM");
        p += used ? used : sizeof(mark) - 1;
    }
    if (!found && named)
        say(&im->unfit, path, "there is no certificate in it");
    return 0;
}

static bool has_end(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcmp(path + n - m, end) == 0;
}

static int take_file(struct import *im, const char *path, bool named)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf text = {0};

    if (cmd_read(path, FILE_MAX, &text, &e) < 0) {
        fprintf(stderr, "pocketca: %s\n", e.v[0].detail);
        im->unread++;
        return 0;
    }
    if (has_end(path, "index.txt") ||
        (text.len > 2 && strchr("VRE", text.data[0]) && text.data[1] == '\t'))
        return take_index(im, path, &text);
    if (text.len && text.data[0] == 0x30)
        return take_cert(im, path, &text);
    return take_pem(im, path, &text, named);
}

/* What a directory is searched for. */
static bool is_wanted(const char *name)
{
    return name[0] != '.' && (strcmp(name, "index.txt") == 0 ||
                              has_end(name, ".pem") || has_end(name, ".crt") ||
                              has_end(name, ".cer") || has_end(name, ".der"));
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static int take_path(struct import *im, const char *path, unsigned depth);

/* One of a directory's.  A link leads to a file, never in a circle. */
static int take_entry(struct import *im, const char *path, const char *name,
                      unsigned depth)
{
    struct stat st;
    const bool is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    const bool is_there = stat(path, &st) == 0;

    if (is_there && S_ISDIR(st.st_mode) && !is_link)
        return take_path(im, path, depth);
    if (is_there && S_ISDIR(st.st_mode))
        pass_over(path, "a link to a directory");
    else if (is_there && !S_ISREG(st.st_mode) && is_wanted(name))
        pass_over(path, "what is no regular file");
    else if (is_wanted(name))
        return take_path(im, path, depth); /* says why it is not there */
    return 0;
}

static int take_dir(struct import *im, DIR *dir, const char *path,
                    unsigned depth)
{
    AUTO(strs) struct strs names = {0};
    const struct dirent *d;
    int rc = 0;

    while ((errno = 0, d = readdir(dir)))
        if (d->d_name[0] != '.')
            strs_add(&names, d->d_name);
    if (errno)
        say(&im->unread, path, strerror(errno));
    if (names.n)
        qsort(names.v, names.n, sizeof(*names.v), by_name);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        AUTO(free) char *sub = xasprintf("%s/%s", path, names.v[i]);

        rc = take_entry(im, sub, names.v[i], depth + 1);
    }
    return rc;
}

static int take_path(struct import *im, const char *path, unsigned depth)
{
    DIR *dir = opendir(path);
    int rc = 0;

    if (!dir)
        return take_file(im, path, depth == 0);
    if (depth > DEPTH_MAX)
        say(&im->unread, path, "it is more than 16 directories deep");
    else
        rc = take_dir(im, dir, path, depth);
    closedir(dir);
    return rc;
}

static int take_crl(struct import *im, const struct cert *issuer,
                    const char *path, const struct buf *der, struct errs *e)
{
    struct crl_entry entry;
    struct crl_entries list;
    struct crl crl;

    if (crl_parse_part(&crl, der->data, der->len, e) < 0 ||
        crl_verify(&crl, issuer, im->authority, e) < 0)
        return -1;
    if (crl.number > im->crl_number)
        im->crl_number = crl.number;
    list = crl.revoked;
    while (crl_entry_next(&list, &entry) == 1) {
        const struct msg_import_item m = {.kind = IMPORT_SERIAL,
                                          .serial = entry.serial,
                                          .at = entry.revoked_at,
                                          .reason = entry.reason,
                                          .not_after = TM_LAST};

        if (spool_put(&im->spool, path, &m) != 0)
            return spool_fails(e);
    }
    return 0;
}

/* ---- sending */

static void begin(struct import *im)
{
    struct buf *b = client_begin(im->client, MSG_IMPORT);

    buf_str(b, im->authority);
    buf_u8(b, im->dry != NULL);
    buf_u64(b, im->crl_number);
    buf_u32(b, im->n);
    buf_put(b, im->body.data, im->body.len);
}

static void count(struct import *im, const char *source,
                  enum import_outcome outcome, const char *why)
{
    im->counts[outcome]++;
    if (outcome == IMPORT_REFUSED)
        fprintf(stderr, "pocketca: %s: %s\n", source, why ? why : "");
    if (outcome == IMPORT_NEW && why)
        fprintf(stderr, "pocketca: warning: %s: %s\n", source, why);
    if (outcome == IMPORT_MISSING && im->counts[outcome] <= SAID_MAX)
        fprintf(stderr, "pocketca: warning: %s: its certificate is not here\n",
                source);
}

static int flush(struct import *im, struct errs *e)
{
    struct rd sent = rd_of(im->body.data, im->body.len);
    struct frame f;
    uint32_t n;

    begin(im);
    if (client_call(im->client, MSG_IMPORTED, &f, e) < 0)
        return -1;
    n = rd_u32(&f.body);
    if (n != im->n)
        f.body.failed = true;
    for (uint32_t i = 0; i < n && !f.body.failed; i++) {
        enum import_outcome outcome = rd_u8(&f.body) & 3;
        AUTO(free) char *said = rd_str_null(&f.body);
        const char *why = said;
        struct msg_import_item m = {0};

        msg_import_item_get(&sent, &m);
        if (im->dry)
            outcome = seen_outcome(&im->seen, &m, outcome, &why);
        msg_import_item_free(&m);
        count(im, im->sources[i], outcome, why);
    }
    for (uint32_t i = 0; i < im->n; i++)
        free(im->sources[i]);
    im->n = 0;
    buf_reset(&im->body);
    return rd_done(&f.body)
               ? 0
               : err_add(e, ERR_SIGNER_AWAY, "the signer's answer is broken");
}

static int send_all(struct import *im, struct errs *e)
{
    AUTO(buf) struct buf item = {0};
    int r;

    if (spool_rewind(&im->spool) < 0)
        return spool_fails(e);
    while ((r = spool_next(&im->spool, &item)) == 1) {
        struct rd rd = rd_of(item.data, item.len);
        AUTO(free) char *source = rd_str(&rd);

        if (im->n &&
            (im->n == BATCH_ITEMS || im->body.len + rd.n > BATCH_OCTETS) &&
            flush(im, e) < 0)
            return -1;
        if (rd.n > BATCH_OCTETS) {
            say(&im->unfit, source, "it is too large for a certificate");
            continue;
        }
        im->sources[im->n++] = take_ptr(source);
        buf_put(&im->body, rd.p, rd.n);
    }
    if (r < 0)
        return spool_fails(e);
    return im->n || im->crl_number ? flush(im, e) : 0;
}

/* Published before the command ends. */
static int publish(struct import *im, struct errs *e)
{
    struct frame f;

    if (im->dry || (!im->counts[IMPORT_NEW] && !im->crl_number))
        return 0;
    buf_str(client_begin(im->client, MSG_CRL_BUILD), im->authority);
    return client_call(im->client, MSG_DONE, &f, e);
}

static int read_crls(struct import *im, struct blobs *out, struct errs *e)
{
    out->v = xcalloc(im->crls.n + 1, sizeof(*out->v));
    for (; out->n < im->crls.n; out->n++)
        if (cmd_read_crl(im->crls.v[out->n], FILE_MAX, &out->v[out->n], e) < 0)
            return -1;
    return 0;
}

static int choose(struct import *im, const struct msg_hello *hello,
                  struct cert *cert, struct errs *e)
{
    const struct authority_info *a = NULL;

    for (size_t i = 0; i < hello->authorities.n && !a; i++)
        if (im->authority
                ? strcmp(hello->authorities.v[i].name, im->authority) == 0
                : hello->authorities.v[i].has_key)
            a = &hello->authorities.v[i];
    if (!a)
        return err_add(e, ERR_NOT_FOUND, "there is no authority \"%s\"",
                       im->authority ? im->authority : "with a key");
    im->authority = a->name;
    return cert_parse(cert, a->der.data, a->der.len, e);
}

static size_t refused(const struct import *im)
{
    return im->counts[IMPORT_REFUSED] + im->unfit + im->unread;
}

static int read_paths(struct import *im, const struct strs *paths,
                      struct errs *e)
{
    for (size_t i = 0; i < paths->n; i++)
        if (take_path(im, paths->v[i], 0) != 0)
            return spool_fails(e);
    if (im->unread && !im->dry)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "nothing is imported: %zu above could not be read, and "
                       "what was revoked has to stay so",
                       im->unread);
    return 0;
}

static int run(struct import *im, const struct strs *paths)
{
    AUTO(errs) struct errs e = {0};
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(cert) struct cert issuer = {0};
    AUTO(blobs) struct blobs crls = {0};
    int code;

    if (spool_open(&im->spool) < 0)
        spool_fails(&e);
    if (e.n || read_crls(im, &crls, &e) < 0 || read_paths(im, paths, &e) < 0)
        return cmd_fail(&e);
    c = cmd_client(im->file, &code);
    if (!c)
        return code;
    im->client = c;
    if (cmd_authorities(c, &hello, &e) < 0 ||
        choose(im, &hello, &issuer, &e) < 0)
        return cmd_fail(&e);
    for (size_t i = 0; i < im->crls.n; i++)
        if (take_crl(im, &issuer, im->crls.v[i], &crls.v[i], &e) < 0)
            return cmd_fail(&e);
    if (send_all(im, &e) < 0 || publish(im, &e) < 0)
        return cmd_fail(&e);
    printf("%zu %s, %zu known already, %zu refused, %zu valid in an index and "
           "not here\n",
           im->counts[IMPORT_NEW], im->dry ? "to be imported" : "imported",
           im->counts[IMPORT_KNOWN], refused(im), im->counts[IMPORT_MISSING]);
    return refused(im) ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_import_crl(struct client *c, const char *path, const struct buf *der,
                   struct errs *e)
{
    AUTO(import) struct import *im = xcalloc(1, sizeof(*im));
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(cert) struct cert issuer = {0};
    int rc = -1;

    im->client = c;
    if (spool_open(&im->spool) < 0)
        spool_fails(e);
    else if (cmd_authorities(c, &hello, e) == 0 &&
             choose(im, &hello, &issuer, e) == 0 &&
             take_crl(im, &issuer, path, der, e) == 0)
        rc = send_all(im, e);
    if (rc == 0 && refused(im))
        rc = err_add(e, ERR_BAD_ARGUMENT, "%s: not all of it was taken", path);
    return rc;
}

int cmd_import(int argc, char **argv)
{
    AUTO(import) struct import *im = xcalloc(1, sizeof(*im));
    const struct cmd_option options[] = {
        {"authority", 'a', "NAME", "who signed them; default: the first",
         &im->authority, NULL},
        {"crl", 0, "FILE", "its last CRL: what is on it stays revoked", NULL,
         &im->crls},
        {"dry-run", 0, NULL, "judges everything and imports nothing", &im->dry,
         NULL},
        CMD_CONF_OPTION(im->file),
        {0}};
    AUTO(strs) struct strs paths = {0};
    int code;

    if (cmd_options(&argc, &argv, options, "import [options] PATH...", &code) ==
        0) {
        for (int i = 0; i < argc; i++)
            strs_add(&paths, argv[i]);
        code = argc == 0 && im->crls.n == 0
                   ? cmd_usage("import", "certificates, directories, an "
                                         "index.txt, or --crl")
                   : run(im, &paths);
    }
    return code;
}
