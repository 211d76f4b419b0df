/* SPDX-License-Identifier: ISC */
#include "signer_crl.h"
#include "signer_ocsp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "digest.h"

enum { AUTHORITIES_MAX = 64, LOCK_POLL_MS = 20 };

/* What another try may find mended is no fault of the configuration. */
static int lock_fails(const char *path, struct errs *e)
{
    bool away = errno == EROFS || errno == ENOSPC || errno == EDQUOT ||
                errno == EIO || errno == EMFILE || errno == ENFILE;

    return err_add(e, away ? ERR_STORAGE_ERROR : ERR_BAD_ARGUMENT, "%s: %s",
                   path, strerror(errno));
}

int signer_lock(const struct conf *c, int wait_ms, struct errs *e)
{
    AUTO(free) char *path = xasprintf("%s/lock", c->data);
    AUTO(fd)
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int taken = -1;

    if (fd < 0)
        return lock_fails(path, e);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return lock_fails(path, e);
        if (wait_ms <= 0)
            return err_add(e, ERR_SIGNER_AWAY,
                           "another process has the ledger in %s", c->data);
        usleep(LOCK_POLL_MS * 1000);
        wait_ms -= LOCK_POLL_MS;
    }
    taken = fd;
    fd = -1;
    return taken;
}

size_t signer_authority_index(const struct signer *s, const char *name)
{
    size_t i = 0;

    while (i < s->n_authorities && strcmp(s->authorities[i].name, name) != 0)
        i++;
    return i;
}

const struct signer_authority *signer_authority_find(const struct signer *s,
                                                     const char *name)
{
    size_t i = signer_authority_index(s, name);

    return i < s->n_authorities ? &s->authorities[i] : NULL;
}

const struct signer_authority *signer_authority_of(const struct signer *s,
                                                   const struct profile *p)
{
    return signer_authority_find(
        s, p->authority ? p->authority : s->conf->authorities[0].name);
}

static void put_info(struct signer *s, char *name, const struct buf *der)
{
    struct authority_info *a;

    s->infos.v = xreallocarray(s->infos.v, s->infos.n + 1, sizeof(*s->infos.v));
    a = &s->infos.v[s->infos.n++];
    *a = (struct authority_info){.name = name};
    buf_put(&a->der, der->data, der->len);
}

static int add_info(struct signer *s, const char *name, const char *path,
                    struct errs *e)
{
    AUTO(blobs) struct blobs certs = {0};

    if (cert_load(path, &certs, e) != 0)
        return -1;
    /* The authority's own comes first, as everywhere. */
    put_info(s, xstrdup(name), &certs.v[0]);
    return 0;
}

static bool is_there(const struct signer *s, const struct buf *der)
{
    for (size_t i = 0; i < s->infos.n; i++)
        if (s->infos.v[i].der.len == der->len &&
            memcmp(s->infos.v[i].der.data, der->data, der->len) == 0)
            return true;
    return false;
}

/* Those between an authority and the root stand behind its own.  They have
 * names that no other certificate and no other order of the configuration
 * gives to them. */
static int add_above(struct signer *s, const char *path, struct errs *e)
{
    AUTO(blobs) struct blobs certs = {0};

    if (cert_load(path, &certs, e) != 0)
        return -1;
    for (size_t i = 1; i < certs.n; i++) {
        const struct buf *der = &certs.v[i];
        AUTO(cert) struct cert c = {0};
        uint8_t sha256[32];
        char hex[9];

        if (cert_parse(&c, der->data, der->len, e) != 0)
            return -1;
        if (cert_self_signed(&c) || is_there(s, der))
            continue;
        digest_sum(DIGEST_SHA256, der->data, der->len, sha256);
        hex_encode(hex, sha256, 4);
        put_info(s, xasprintf("intermediate-%s", hex), der);
    }
    return 0;
}

/* Who issued it, as its name and key identifier say; nobody, when that is
 * itself. */
static int find_parent(struct signer *s, struct authority_info *a,
                       struct errs *e)
{
    AUTO(cert) struct cert own = {0};

    if (cert_parse(&own, a->der.data, a->der.len, e) != 0)
        return -1;
    if (cert_self_signed(&own))
        return 0;
    for (size_t i = 0; i < s->infos.n; i++) {
        struct authority_info *p = &s->infos.v[i];
        AUTO(cert) struct cert c = {0};

        if (p == a || cert_parse(&c, p->der.data, p->der.len, e) != 0)
            continue;
        if (cert_may_issue(&c, &own)) {
            a->parent = xstrdup(p->name);
            return 0;
        }
    }
    return err_add(e, ERR_BAD_ARGUMENT,
                   "the issuer of authority %s is neither the root nor "
                   "another authority of the configuration, and not behind it "
                   "in its file",
                   a->name);
}

/* Each has a root above it: no circle. */
static int find_root(const struct signer *s, const struct authority_info *a,
                     struct errs *e)
{
    const struct authority_info *at = a;

    for (size_t i = 0; at && i < s->infos.n; i++)
        at = at->parent ? authority_infos_find(&s->infos, at->parent) : NULL;
    return at ? err_add(e, ERR_BAD_ARGUMENT,
                        "above authority %s there is no root: they have "
                        "issued each other",
                        a->name)
              : 0;
}

/* A root that issues by itself is known by its own name alone. */
static int add_root(struct signer *s, struct errs *e)
{
    struct authority_info *root;

    if (add_info(s, "root", s->conf->root, e) != 0)
        return -1;
    root = &s->infos.v[s->infos.n - 1];
    for (size_t i = 0; i + 1 < s->infos.n; i++) {
        const struct buf *der = &s->infos.v[i].der;

        if (der->len != root->der.len ||
            memcmp(der->data, root->der.data, der->len) != 0)
            continue;
        free(root->name);
        buf_free(&root->der);
        s->infos.n--;
        break;
    }
    return 0;
}

static int load_infos(struct signer *s, struct errs *e)
{
    const struct conf *c = s->conf;
    AUTO(free) char *root_key = xasprintf("%s/keys/root.key", c->data);
    int bad = 0;

    for (size_t i = 0; i < c->n_authorities; i++)
        if (add_info(s, c->authorities[i].name, c->authorities[i].certificate,
                     e) != 0)
            return -1;
    for (size_t i = 0; i < c->n_authorities; i++)
        if (add_above(s, c->authorities[i].certificate, e) != 0)
            return -1;
    if (add_root(s, e) != 0)
        return -1;
    for (size_t i = 0; i < s->infos.n; i++) {
        s->infos.v[i].has_key = i < c->n_authorities;
        bad |= find_parent(s, &s->infos.v[i], e);
    }
    for (size_t i = 0; !bad && i < s->infos.n; i++)
        bad |= find_root(s, &s->infos.v[i], e);
    s->infos.v[s->infos.n - 1].key_exposed =
        access(root_key, F_OK) == 0 && !key_is_encrypted(root_key);
    return bad;
}

static int load_key(struct signer *s, struct signer_authority *a,
                    struct errs *e)
{
    AUTO(buf) struct buf spki = {0};

    if (s->conf->offline && conf_key_closed(s->conf, a->conf)) {
        s->infos.v[a - s->authorities].has_key = false;
        return 0;
    }
    a->key = key_load(a->conf->key, s->conf->data, a->conf->pass, e);
    if (!a->key)
        return -1;
    key_spki(a->key, &spki);
    if (spki.len == a->cert.key.spki_len &&
        memcmp(spki.data, a->cert.key.spki, spki.len) == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "the key %s is not that of authority %s", a->conf->key,
                   a->name);
}

static int open_authority(struct signer *s, size_t i, struct errs *e)
{
    struct signer_authority *a = &s->authorities[i];
    const char *url = s->conf->public_url;

    a->info = &s->infos.v[i];
    a->name = a->info->name;
    a->conf = conf_authority(s->conf, a->name);
    if (cert_parse(&a->cert, a->info->der.data, a->info->der.len, e) != 0)
        return -1;
    key_pub_sha256(&a->cert.key, a->key_sha256);
    if (a->cert.ski_len == SKI_LEN)
        memcpy(a->ski, a->cert.ski, SKI_LEN);
    else
        key_pub_ski(&a->cert.key, a->ski);
    if (url) {
        a->crl_url = crl_url(url, a->name, 0);
        a->issuer_url = xasprintf("%s/ca/%s.der", url, a->name);
    }
    return a->conf ? load_key(s, a, e) : 0;
}

static struct signer_authority *above(struct signer *s,
                                      const struct signer_authority *a)
{
    const char *parent = a->info->parent;

    return parent ? &s->authorities[signer_authority_index(s, parent)] : NULL;
}

/* The lints see the whole chain, and /readyz judges what is in use. */
static void join_above(struct signer *s, struct signer_authority *a)
{
    if (a->info->parent)
        a->cert.above = &above(s, a)->cert;
    if (a->conf)
        for (; a; a = above(s, a))
            a->in_use = true;
}

static int open_authorities(struct signer *s, struct errs *e)
{
    AUTO(buf) struct buf frame = {0};

    authority_infos_put(&frame, &s->infos);
    if (s->infos.n > AUTHORITIES_MAX || frame.len > MSG_MAX - 4096)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "%zu authorities of %zu octets: that is too many",
                       s->infos.n, frame.len);
    s->n_authorities = s->infos.n;
    s->authorities = xcalloc(s->n_authorities, sizeof(*s->authorities));
    s->crls = xcalloc(s->n_authorities, sizeof(*s->crls));
    for (size_t i = 0; i < s->n_authorities; i++)
        if (open_authority(s, i, e) != 0)
            return -1;
    for (size_t i = 0; i < s->n_authorities; i++)
        join_above(s, &s->authorities[i]);
    if (s->conf->public_url && !s->conf->offline)
        s->ocsp_url = xasprintf("%s/ocsp", s->conf->public_url);
    return 0;
}

static int open_ledger(struct signer *s, struct errs *e)
{
    AUTO(free) char *path = xasprintf("%s/ledger.db", s->conf->data);
    AUTO(free) char *crls = xasprintf("%s/crl", s->conf->data);
    AUTO(buf) struct buf spki = {0};

    if (mkdir(crls, 0700) != 0 && errno != EEXIST)
        return err_add(e, ERR_STORAGE_ERROR, "%s: %s", crls, strerror(errno));
    s->ledger_key = key_load(s->conf->ledger_key, s->conf->data, NULL, e);
    if (!s->ledger_key)
        return -1;
    key_spki(s->ledger_key, &spki);
    digest_sum(DIGEST_SHA256, spki.data, spki.len, s->ledger_key_sha256);
    s->store = store_open(path, e);
    if (!s->store)
        return -1;
    s->writer = store_conn_open(s->store, true, e);
    if (!s->writer)
        return -1;
    s->ledger = ledger_open(s->writer, s->ledger_key, e);
    return s->ledger ? 0 : -1;
}

static int load_weak(struct signer *s, struct errs *e)
{
    const char *dir = s->conf->weak_keys;

    return dir ? weak_list_load(&s->weak, dir, e) : 0;
}

static void init_locks(struct signer *s)
{
    pthread_condattr_t mono;

    pthread_mutex_init(&s->queue_lock, NULL);
    pthread_cond_init(&s->queue_wake, NULL);
    pthread_mutex_init(&s->touch_lock, NULL);
    pthread_mutex_init(&s->head_lock, NULL);
    pthread_mutex_init(&s->crl_lock, NULL);
    pthread_mutex_init(&s->admin_lock, NULL);
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&s->crl_wake, &mono);
    pthread_cond_init(&s->crl_passed, &mono);
    pthread_mutex_init(&s->responder_lock, NULL);
    pthread_cond_init(&s->responder_wake, &mono);
    pthread_condattr_destroy(&mono);
}

static int start_threads(struct signer *s, struct errs *e)
{
    if (commit_start(s, e) != 0 || crl_start(s, e) != 0)
        return -1;
    /* In a command the committer moves the log. */
    return s->front ? checkpoint_start(s, e) : 0;
}

struct signer *signer_open(const struct conf *c, struct peer *front,
                           int lock_fd, struct errs *e)
{
    struct signer *s = xcalloc(1, sizeof(*s));

    s->conf = c;
    s->front = front;
    s->lock_fd = lock_fd;
    s->own_uid = geteuid();
    s->counters.issued = xcalloc(count_slots(c), sizeof(*s->counters.issued));
    init_locks(s);
    clock_open(s);
    if (load_weak(s, e) == 0 && load_infos(s, e) == 0 &&
        open_ledger(s, e) == 0 && signer_register(s, e) == 0 &&
        open_authorities(s, e) == 0 && start_threads(s, e) == 0)
        return s;
    signer_close(s);
    return NULL;
}

static void free_authority(struct signer_authority *a)
{
    cert_free(&a->cert);
    EVP_PKEY_free(a->key);
    free(a->crl_url);
    free(a->issuer_url);
}

void signer_stop(struct signer *s)
{
    responders_stop(s);
    if (s->committer_runs)
        commit_drain(s);
    crl_stop(s);
    commit_stop(s);
    checkpoint_stop(s);
}

void signer_close(struct signer *s)
{
    if (!s)
        return;
    signer_stop(s);
    ledger_close(s->ledger);
    store_conn_close(s->writer);
    store_close(s->store);
    EVP_PKEY_free(s->ledger_key);
    weak_list_free(&s->weak);
    for (size_t i = 0; i < s->n_authorities; i++)
        free_authority(&s->authorities[i]);
    for (size_t i = 0; i < s->n_authorities; i++) {
        for (uint32_t n = 0; n < s->crls[i].n_parts; n++)
            crl_part_free(s->crls[i].parts[n]);
        free(s->crls[i].parts);
        crl_lost_free(&s->crls[i].whole);
        strs_free(&s->crls[i].unread);
    }
    free(s->authorities);
    free(s->crls);
    responders_free(s);
    authority_infos_free(&s->infos);
    strs_free(&s->warnings);
    free(s->ocsp_url);
    free(s->own_user);
    free(s->counters.issued);
    peer_unref(s->front);
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* the lock goes with it */
    free(s);
}
