/* SPDX-License-Identifier: ISC */
/*
 * The service's own keys, made in memory, and the certificate that the signer
 * gives for each.  A new one takes the old one's place in a moment; a handshake
 * may still use the old one, for 30 s at most, and a new one comes every five
 * seconds at most.
 */
#include "front_core.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>
#include <sys/socket.h>

#include "ascii.h"
#include "cert.h"
#include "digest.h"
#include "log.h"
#include "tm.h"

enum { CHAIN_MAX = 8, FORMER = 8 };

struct shown {
    gnutls_privkey_t key;
    struct serial serial;
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shown *now_shown, *former[FORMER];
static unsigned oldest;
static int64_t valid_from, due; /* of now_shown, by tm_now() */

static struct shown *shown_new(struct buf *spki)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);
    struct shown *s = xcalloc(1, sizeof(*s));
    struct buf pem = {0};
    gnutls_datum_t d;

    if (!key)
        log_fatal("tls", "the service's key: %s", e.v[0].detail);
    key_spki(key, spki);
    key_to_pem(key, NULL, &pem);
    d = (gnutls_datum_t){pem.data, (unsigned)pem.len};
    if (gnutls_privkey_init(&s->key) < 0 ||
        gnutls_privkey_import_x509_raw(s->key, &d, GNUTLS_X509_FMT_PEM, NULL,
                                       0) < 0)
        log_fatal("tls", "the service's key does not load");
    buf_wipe(&pem);
    return s;
}

static void shown_free(struct shown *s)
{
    if (!s)
        return;
    gnutls_privkey_deinit(s->key);
    for (unsigned i = 0; i < s->n; i++)
        gnutls_pcert_deinit(&s->chain[i]);
    free(s);
}

static int shown_add(struct shown *s, const struct buf *der)
{
    const gnutls_datum_t d = {der->data, (unsigned)der->len};

    if (s->n == CHAIN_MAX ||
        gnutls_pcert_import_x509_raw(&s->chain[s->n], &d, GNUTLS_X509_FMT_DER,
                                     0) < 0)
        return -1;
    s->n++;
    return 0;
}

/* The leaf, then what signed it, without the root. */
static void shown_certify(struct shown *s, const struct front *f,
                          const struct record *r)
{
    const struct authority_infos *all = &f->hello.authorities;
    const struct authority_info *a = authority_infos_find(all, r->authority);
    int bad = shown_add(s, &r->der);

    s->serial = r->serial;
    for (; !bad && a && a->parent; a = authority_infos_find(all, a->parent))
        bad = shown_add(s, &a->der);
    if (bad)
        log_fatal("tls", "the service's certificate does not load");
}

/* Takes s. */
static void adopt(const struct front *f, struct shown *s,
                  const struct record *r)
{
    AUTO(errs) struct errs e = {0};
    struct cert c;
    int64_t life;

    shown_certify(s, f, r);
    if (cert_parse(&c, r->der.data, r->der.len, &e) < 0)
        log_fatal("tls", "the service's certificate: %s", e.v[0].detail);
    life = c.not_after - c.not_before;
    pthread_mutex_lock(&lock);
    shown_free(former[oldest]);
    former[oldest] = now_shown;
    oldest = (oldest + 1) % FORMER;
    now_shown = s;
    valid_from = c.not_before;
    due = c.not_before + life * 2 / 3;
    pthread_mutex_unlock(&lock);
    cert_free(&c);
}

int tls_renew(struct front *f)
{
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record record = {0};
    AUTO(buf) struct buf spki = {0};
    struct shown *s = shown_new(&spki);
    struct req *r = req_new(f, NULL, NULL, "");
    struct rd body;
    int got;

    buf_blob(front_begin(r, MSG_SERVICE_CERT), spki.data, spki.len);
    got = signer_link_call(r, MSG_RECORD, &body, &e);
    if (got == 0) {
        rd_u8(&body);
        record_get(&body, &record);
        if (!rd_done(&body))
            log_fatal("frame", "a RECORD of the signer is malformed");
        adopt(f, s, &record);
    } else {
        log_msg(LOG_ERROR, "tls", "no certificate for the service: %s",
                e.v[0].detail);
        shown_free(s);
    }
    req_free(r);
    return got;
}

void tls_revoked(const struct serial *s)
{
    pthread_mutex_lock(&lock);
    if (now_shown && serial_equal(&now_shown->serial, s))
        due = INT64_MIN;
    pthread_mutex_unlock(&lock);
}

bool tls_due(void)
{
    const int64_t now = tm_now();
    bool is;

    pthread_mutex_lock(&lock);
    is = now < valid_from || now >= due;
    pthread_mutex_unlock(&lock);
    return is;
}

int tls_choose(gnutls_session_t s, const gnutls_datum_t *ca, int n_ca,
               const gnutls_pk_algorithm_t *algs, int n_algs,
               gnutls_pcert_st **pcert, unsigned *n_pcert,
               gnutls_privkey_t *key)
{
    int have;

    (void)s;
    (void)ca;
    (void)n_ca;
    (void)algs;
    (void)n_algs;
    pthread_mutex_lock(&lock);
    have = now_shown ? 0 : -1;
    if (now_shown) {
        *pcert = now_shown->chain;
        *n_pcert = now_shown->n;
        *key = now_shown->key;
    }
    pthread_mutex_unlock(&lock);
    return have;
}

ssize_t tls_push(gnutls_transport_ptr_t to, const giovec_t *v, int n)
{
    struct link *l = to;
    const struct msghdr m = {.msg_iov = (void *)(uintptr_t)v,
                             .msg_iovlen = (size_t)n};
    ssize_t sent =
        sendmsg(l->fd, &m, MSG_NOSIGNAL | (l->head_next ? MSG_MORE : 0));

    if (sent >= 0)
        l->head_next = false;
    return sent;
}

static void refuse_plain(struct link *l)
{
    static const char answer[] =
        "HTTP/1.1 400 Bad Request\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Connection: close\r\n\r\n"
        "HTTPS is spoken here: the URL begins with https://\n";

    send(l->fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    l->refused = true;
}

/* recv(2).  A record of TLS never begins with a letter, a method does. */
static ssize_t pull(gnutls_transport_ptr_t p, void *to, size_t max)
{
    struct link *l = p;
    const ssize_t n = recv(l->fd, to, max, 0);

    if (n > 0 && !l->heard && ascii_is_alpha(*(const char *)to)) {
        refuse_plain(l);
        return 0;
    }
    l->heard |= n > 0;
    return n;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    struct pollfd fd = {.fd = ((struct link *)p)->fd, .events = POLLIN};

    return poll(&fd, 1, (int)ms);
}

void tls_begin(gnutls_session_t s, struct link *l)
{
    gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
    gnutls_transport_set_ptr(s, l);
    gnutls_transport_set_vec_push_function(s, tls_push);
    gnutls_transport_set_pull_function(s, pull);
    gnutls_transport_set_pull_timeout_function(s, pull_timeout);
}

bool tls_peer(gnutls_session_t s, uint8_t sha256[32])
{
    unsigned n = 0;
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(s, &n);

    if (!peers || n == 0)
        return false;
    digest_sum(DIGEST_SHA256, peers[0].data, peers[0].size, sha256);
    return true;
}
