/* SPDX-License-Identifier: ISC */
/* A whole authority in a directory of its own, and a signer over it with this
 * test as its front. */
#ifndef POCKETCA_CA_RUN_H
#define POCKETCA_CA_RUN_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "pem.h"
#include "signer_crl.h"
#include "store.h"

#include "x509.h"

enum { CA_WORKERS = 4, CA_FILES = 64 };

struct ca {
    char dir[64], file[80];
    struct conf *conf;
    struct signer *s;
    struct buf root, issuing;
    int front;
    pthread_t workers[CA_WORKERS];
    int ended[CA_WORKERS + 1]; /* what peer_serve() gave */
    struct buf out;
    uint64_t id;
    struct msg_crl_file files[CA_FILES]; /* the newest of each name */
    int file_fd[CA_FILES];
    size_t n_files;
    unsigned changes; /* how many serials OCSP_CHANGED named, and the last */
    struct ocsp_change change;
    uint64_t changes_end;
    char *token; /* an admin's, once ca_admin() made it */
    struct msg_in in;
};

static const char ca_profiles[] =
    "profile server { usage = { \"server\" }\n"
    "  names = { \"dns:**.internal\", \"ip:10.0.0.0/8\" } wildcards = yes\n"
    "  lifetime = \"90d\" max-lifetime = \"397d\" }\n"
    "profile client { usage = { \"client\" } names = { \"dns:**.internal\" }\n"
    "  lifetime = \"30d\" max-lifetime = \"30d\" rekey = yes }\n"
    "profile once { usage = { \"server\" } names = { \"dns:**.internal\" }\n"
    "  lifetime = \"30d\" max-lifetime = \"30d\" renew = no }\n";

static inline void ca_path(const struct ca *c, char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", c->dir, name);
}

static inline void ca_write(const struct ca *c, const char *name, const void *p,
                            size_t len)
{
    char path[160];
    int fd;

    ca_path(c, path, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
    close(fd);
}

static inline void ca_write_key(const struct ca *c, const char *name,
                                EVP_PKEY *key)
{
    AUTO(buf) struct buf pem = {0};

    key_to_pem(key, NULL, &pem);
    ca_write(c, name, pem.data, pem.len);
}

static inline void ca_write_cert(const struct ca *c, const char *name,
                                 const struct buf *der)
{
    AUTO(buf) struct buf pem = {0};

    pem_put(&pem, "CERTIFICATE", der->data, der->len);
    ca_write(c, name, pem.data, pem.len);
}

static inline void ca_certs(struct ca *c, struct party *root,
                            struct party *issuing)
{
    struct cert_spec r = root_spec(root), i;
    AUTO(cert) struct cert read = {0};
    AUTO(errs) struct errs e = {0};

    r.not_before = tm_now() - TM_MINUTE;
    r.not_after = r.not_before + 7300 * TM_DAY - 1;
    cert_make(&c->root, &r, root);
    ck_assert_int_eq(cert_parse(&read, c->root.data, c->root.len, &e), 0);
    i = r;
    serial_new(&i.serial);
    i.issuer = read.subject;
    i.issuer_len = read.subject_len;
    i.cn = "Test Issuing";
    i.spki = issuing->spki.data;
    i.spki_len = issuing->spki.len;
    i.path_len = 0;
    i.aki = read.ski;
    i.not_after = i.not_before + 3650 * TM_DAY - 1;
    i.alg = key_signer_alg(root->signer);
    cert_make(&c->issuing, &i, root);
    ca_write_cert(c, "root.pem", &c->root);
    ca_write_cert(c, "issuing.pem", &c->issuing);
}

static inline void ca_load(struct ca *c)
{
    AUTO(errs) struct errs e = {0};

    conf_free(c->conf);
    c->conf = conf_load(c->file, &e);
    ck_assert_msg(c->conf != NULL, "%s", e.n ? e.v[0].detail : "");
}

/* The configuration, with these profiles. */
static inline void ca_configure(struct ca *c, const char *profiles)
{
    AUTO(buf) struct buf b = {0};

    buf_printf(&b,
               "data = \".\"\nhost = { \"ca.internal\", \"127.0.0.1\" }\n"
               "public-url = \"http://ca.internal:8080\"\n"
               "listen api { url = \"https://127.0.0.1:8443\" }\n"
               "authority issuing { certificate = \"issuing.pem\"\n"
               "  key = \"file:keys/issuing.key\" crl-lifetime = \"7d\"\n"
               "  crl-refresh = \"1d\" }\n%s",
               profiles);
    ca_write(c, "pocketca.conf", b.data, b.len);
    ca_load(c);
}

static inline void ca_make(struct ca *c)
{
    AUTO(party) struct party root, issuing, ledger;
    AUTO(errs) struct errs e = {0};
    char path[160];

    *c = (struct ca){.front = -1};
    strcpy(c->dir, "/tmp/pocketca-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(c->dir));
    snprintf(c->file, sizeof(c->file), "%s/pocketca.conf", c->dir);
    ca_path(c, path, "keys");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    party_make(&root, "ec:P-256");
    party_make(&issuing, "ec:P-256");
    party_make(&ledger, "ed25519");
    ca_write_key(c, "keys/root.key", root.key);
    ca_write_key(c, "keys/issuing.key", issuing.key);
    ca_write_key(c, "keys/ledger.key", ledger.key);
    ca_certs(c, &root, &issuing);
    ca_configure(c, ca_profiles);
    ca_path(c, path, "ledger.db");
    ck_assert_int_eq(store_create(path, &e), 0);
}

struct ca_worker {
    struct ca *c;
    int i;
    struct peer *peer;
};

static inline void *ca_work(void *arg)
{
    struct ca_worker *w = arg;

    w->c->ended[w->i] = peer_serve(w->c->s, w->peer);
    free(w);
    return NULL;
}

static inline void ca_stop(struct ca *c)
{
    if (!c->s)
        return;
    shutdown(c->front, SHUT_RDWR);
    for (int i = 0; i < CA_WORKERS; i++)
        pthread_join(c->workers[i], NULL);
    signer_close(c->s);
    close(c->front);
    c->s = NULL;
    c->front = -1;
}

static inline void ca_remove(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    AUTO(free) char *path = NULL;

    while (d && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        free(path);
        path = xasprintf("%s/%s", dir, entry->d_name);
        if (entry->d_type == DT_DIR)
            ca_remove(path);
        else
            unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

static inline void ca_say(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

/* The ledger of an authority that is stopped, to read. */
struct ca_ledger {
    struct store *store;
    struct store_conn *conn;
};

static inline struct ca_ledger ca_ledger_open(const struct ca *c)
{
    AUTO(errs) struct errs e = {0};
    struct ca_ledger l;
    char path[160];

    ca_path(c, path, "ledger.db");
    l.store = store_open(path, &e);
    ck_assert_ptr_nonnull(l.store);
    l.conn = store_conn_open(l.store, false, &e);
    ck_assert_ptr_nonnull(l.conn);
    return l;
}

static inline void ca_ledger_close(struct ca_ledger *l)
{
    store_conn_close(l->conn);
    store_close(l->store);
}
AUTO_VALUE(ca_ledger, struct ca_ledger, ca_ledger_close)

/* Whatever a test did: the ledger still fits itself, to the last entry. */
static inline void ca_audit(struct ca *c)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey)
    EVP_PKEY *key = key_load("file:keys/ledger.key", c->dir, NULL, &e);
    AUTO(ca_ledger) struct ca_ledger l = ca_ledger_open(c);

    ck_assert_msg(ledger_audit(l.conn, key, ca_say, NULL, &e) == 0, "%s",
                  e.n ? e.v[0].detail : "");
}

/* As a front that starts. */
static inline void ca_forget_files(struct ca *c)
{
    while (c->n_files) {
        msg_crl_file_free(&c->files[--c->n_files]);
        close(c->file_fd[c->n_files]);
    }
}

static inline void ca_free(struct ca *c)
{
    ca_stop(c);
    ca_audit(c);
    conf_free(c->conf);
    buf_free(&c->root);
    buf_free(&c->issuing);
    buf_free(&c->out);
    ca_forget_files(c);
    free(c->token);
    ca_remove(c->dir);
}
AUTO_VALUE(ca, struct ca, ca_free)

/* A request with this credential (NULL: none) is begun in c->out. */
static inline struct buf *ca_begin(struct ca *c, enum msg_type type,
                                   const struct caller *who)
{
    const struct caller nobody = {0};

    msg_begin(&c->out, type, ++c->id, false);
    caller_put(&c->out, who ? who : &nobody);
    return &c->out;
}

static inline void ca_keep_file(struct ca *c, struct frame *f)
{
    struct msg_crl_file m;
    size_t i = 0;

    msg_crl_file_get(&f->body, &m);
    ck_assert(rd_done(&f->body));
    while (i < c->n_files && strcmp(c->files[i].name, m.name) != 0)
        i++;
    if (i < c->n_files) {
        msg_crl_file_free(&c->files[i]);
        close(c->file_fd[i]);
    } else {
        ck_assert_uint_lt(i, CA_FILES);
        c->n_files++;
    }
    c->files[i] = m;
    c->file_fd[i] = f->fd;
}

static inline void ca_drop_file(struct ca *c, struct frame *f)
{
    AUTO(free) char *name = rd_str(&f->body);
    size_t i = 0;

    ck_assert(rd_done(&f->body));
    while (i < c->n_files && strcmp(c->files[i].name, name) != 0)
        i++;
    if (i == c->n_files)
        return;
    msg_crl_file_free(&c->files[i]);
    close(c->file_fd[i]);
    c->n_files--;
    c->files[i] = c->files[c->n_files];
    c->file_fd[i] = c->file_fd[c->n_files];
}

/* The newest notice about a serial, for the tests of OCSP. */
static inline void ca_keep_change(struct ca *c, struct frame *f)
{
    c->changes_end = rd_u64(&f->body);
    for (uint32_t n = rd_u32(&f->body); n > 0; n--) {
        ocsp_change_get(&f->body, &c->change);
        c->changes++;
    }
    ck_assert(rd_done(&f->body));
}

/* The next frame that is no notice. */
static inline void ca_recv(struct ca *c, struct frame *f)
{
    for (;;) {
        ck_assert_int_eq(msg_recv(c->front, PEER_S, &c->in, f), 1);
        if (f->type == MSG_CRL_FILE)
            ca_keep_file(c, f);
        else if (f->type == MSG_CRL_GONE)
            ca_drop_file(c, f);
        else if (f->type == MSG_OCSP_CHANGED)
            ca_keep_change(c, f);
        else
            return;
    }
}

static inline void ca_ask(struct ca *c, struct frame *f)
{
    ck_assert_int_eq(msg_send(c->front, &c->out, -1, false), 0);
    ca_recv(c, f);
    ck_assert(f->id == c->id);
}

/* Waits until the CRLs are out and here, so that nothing writes by itself. */
static inline void ca_settle(struct ca *c)
{
    struct frame f;

    crl_wait_first(c->s, 60000);
    ck_assert(c->s->crls[0].whole.published);
    ca_begin(c, MSG_HELLO, NULL);
    ca_ask(c, &f);
    ck_assert_int_eq(f.type, MSG_AUTHORITIES);
}

/* Begins to run, whatever its CRLs are. */
static inline void ca_launch(struct ca *c)
{
    AUTO(errs) struct errs e = {0};
    struct peer *front;
    int pair[2], lock;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    log_set_level(LOG_ERROR);
    lock = signer_lock(c->conf, 0, &e);
    ck_assert_int_ge(lock, 0);
    front = peer_new(pair[1], PEER_F, 0);
    c->front = pair[0];
    c->s = signer_open(c->conf, front, lock, &e);
    ck_assert_msg(c->s != NULL, "%s", e.n ? e.v[0].detail : "");
    for (int i = 0; i < CA_WORKERS; i++) {
        struct ca_worker *w = xcalloc(1, sizeof(*w));

        *w = (struct ca_worker){c, i, peer_ref(front)};
        pthread_create(&c->workers[i], NULL, ca_work, w);
    }
}

static inline void ca_start(struct ca *c)
{
    ca_launch(c);
    ca_settle(c);
}

/* A connection as a command makes it, one at a time; after its close() the
 * thread is to be joined. */
static inline int ca_command(struct ca *c, pthread_t *thread)
{
    struct ca_worker *w = xcalloc(1, sizeof(*w));
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    *w =
        (struct ca_worker){c, CA_WORKERS, peer_new(pair[1], PEER_A, geteuid())};
    pthread_create(thread, NULL, ca_work, w);
    return pair[0];
}

#endif
