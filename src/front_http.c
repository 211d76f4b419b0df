/* SPDX-License-Identifier: ISC */
/*
 * libmicrohttpd: one epoll thread a listener.  Its handler is called when the
 * head is there, for each piece of the body, when the body is whole, and again
 * whenever a suspended request is resumed; an answer may be queued the first
 * time and from the body's end on, not between.
 */
#include "front_core.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "front_head.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "tm.h"

enum {
    POOL = 16 * 1024,       /* request line and headers */
    DROP_MAX = 1024 * 1024, /* of a body that is read for nothing */
};

struct listener {
    struct front *front;
    const struct conf_listen *conf;
    struct turn turn;
};
static struct listener *listeners;
static size_t n_listeners;

/* ---- connections ---- */

static char *address_text(const struct sockaddr *a)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (a && a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;

        inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
    } else if (a && a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)a;

        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
            inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof(text));
        else
            inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
    }
    return xstrdup(*text ? text : "unix");
}

static void on_connection(void *arg, struct MHD_Connection *conn,
                          void **context, enum MHD_ConnectionNotificationCode c)
{
    struct listener *in = arg;
    const union MHD_ConnectionInfo *fd, *address, *tls;

    if (c == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context)
            link_close(in->front, *context);
        *context = NULL;
        return;
    }
    fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    address = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    *context = link_open(in->front, fd->connect_fd,
                         address_text(address ? address->client_addr : NULL));
    if (!in->conf->tls)
        return;
    tls = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    tls_begin(tls->tls_session, *context);
}

static struct link *link_of(struct MHD_Connection *conn)
{
    return MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

/* The request line is there: the raw URL, which the handler is not given. */
static void *on_url(void *arg, const char *url, struct MHD_Connection *conn)
{
    struct listener *in = arg;
    struct link *l = link_of(conn);
    struct req *r = req_new(in->front, conn, l, url);

    link_phase(l, PHASE_HEAD, 0);
    r->core->turn = &in->turn;
    r->listener = in->conf->kind;
    r->tls = in->conf->tls;
    return r;
}

/* Nothing is decoded before it is judged. */
static size_t unescape(void *arg, struct MHD_Connection *conn, char *s)
{
    (void)arg;
    (void)conn;
    return strlen(s);
}

/* ---- the head ---- */

/* The blanks before a value: what lies between it and its header's name, where
 * both are still where they were read, the colon a NUL. */
static size_t blanks_before(const char *name, size_t name_len,
                            const char *value)
{
    const char *from = name + name_len + 1;
    const size_t n = (uintptr_t)value - (uintptr_t)from;

    return n < POOL && strspn(from, " \t") >= n ? n : 0;
}

static enum MHD_Result gather(void *arg, enum MHD_ValueKind kind,
                              const char *name, size_t name_len,
                              const char *value, size_t value_len)
{
    struct req_head *h = arg;

    (void)kind;
    if (h->n == HEAD_FIELDS_MAX) {
        h->too_many = true;
        return MHD_NO;
    }
    /* Where front_head() finds it too: in memory of the connection's own. */
    h->v[h->n++] = (struct head_field){
        name, (char *)(uintptr_t)(value ? value : ""), name_len, value_len,
        value ? blanks_before(name, name_len, value) : 0};
    return MHD_YES;
}

static _Atomic uint64_t next_id;

static void id_start(void)
{
    uint64_t seed;

    if (getentropy(&seed, sizeof(seed)) < 0)
        log_fatal("start", "getentropy");
    next_id = seed;
}

/* 16 hexadecimal digits; the caller frees. */
static char *id_text(uint64_t id)
{
    char *text = xcalloc(1, 2 * sizeof(id) + 1);
    uint8_t octets[sizeof(id)];

    for (size_t i = 0; i < sizeof(id); i++)
        octets[i] = (uint8_t)(id >> (56 - 8 * i));
    hex_encode(text, octets, sizeof(octets));
    return text;
}

static void make_id(struct req *r, const char *given)
{
    if (given && head_id_ok(given))
        r->caller.request_id = xstrdup(given);
    else
        r->caller.request_id = id_text(next_id++);
}

static void find_evidence(struct req *r, const struct req_head *h)
{
    struct link *l = r->core->link;
    const char *bearer = head_bearer(h->authorization);

    if (bearer) {
        r->caller.evidence = EV_TOKEN;
        r->caller.token = xstrdup(bearer);
        return;
    }
    if (r->tls && !l->cert_known) {
        const union MHD_ConnectionInfo *tls = MHD_get_connection_info(
            r->core->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

        l->has_cert = tls_peer(tls->tls_session, l->cert);
        l->cert_known = true;
    }
    if (l->has_cert) {
        r->caller.evidence = EV_CERT;
        memcpy(r->caller.cert, l->cert, sizeof(l->cert));
    }
}

static enum front_method method_of(struct req *r, const char *text)
{
    static const char *const names[METHOD__MAX] = {
        [METHOD_GET] = "GET",
        [METHOD_POST] = "POST",
        [METHOD_DELETE] = "DELETE",
    };

    r->head = strcmp(text, "HEAD") == 0;
    if (r->head)
        return METHOD_GET;
    for (int m = METHOD_STOP + 1; m < METHOD__MAX; m++)
        if (strcmp(text, names[m]) == 0)
            return (enum front_method)m;
    return METHOD_STOP;
}

/* Who mixes the two addresses up has a path that is right. */
static int no_route(const struct req *r, struct errs *e)
{
    struct route_found on_api;

    route_find(front_routes, front_routes_n, ON_API, r->method, r->path,
               &on_api);
    free(on_api.part);
    return err_add(e, ERR_NOT_FOUND, "there is nothing at %s%s", r->path,
                   on_api.allow ? " on this listener; that of the API has it"
                                : "");
}

static int find_route(struct req *r, const char *method, struct errs *e)
{
    struct route_found found;
    AUTO(free) char *allow = NULL;

    r->method = method_of(r, method);
    route_find(front_routes, front_routes_n,
               r->listener == LISTEN_API ? ON_API : ON_PUBLIC, r->method,
               r->path, &found);
    r->route = found.route;
    r->part = found.part;
    if (found.route)
        return 0;
    if (!found.allow)
        return no_route(r, e);
    allow = route_allow(found.allow);
    front_header(r, "Allow", allow);
    return err_add(e, ERR_METHOD_NOT_ALLOWED, "%s is not for %s, only %s",
                   method, r->path, allow);
}

static int check_permit(struct req *r, const struct req_head *h, struct errs *e)
{
    size_t max = r->route->body_max ? r->route->body_max : BODY_SMALL;

    r->core->body_max = max;
    if (h->has_length && h->length > max) {
        r->core->last = true; /* its body is not read at all */
        return err_add(e, ERR_TOO_LARGE,
                       "the body has %" PRIu64 " octets; %zu are permitted",
                       h->length, max);
    }
    if (r->route->who && r->caller.evidence == EV_NONE)
        return err_add(e, ERR_TOKEN_MISSING,
                       "no token and no client certificate came with the "
                       "request (Authorization: Bearer pca_…)");
    return 0;
}

static void split_path(struct req *r, const char *path)
{
    const char *mark = strchr(path, '?');
    size_t n = mark ? (size_t)(mark - path) : strlen(path);

    r->path = xstrndup(path, n);
    if (mark)
        r->query = mark + 1; /* within r->url */
}

static int judge(struct req *r, struct req_head *h, struct errs *e)
{
    struct front_core *c = r->core;

    if (head_check(h, e) < 0) {
        c->last = true; /* where the next one begins is not sure */
        return -1;
    }
    /* Without a length there is no body; what follows all the same would be
     * taken for the next request. */
    c->last = strcmp(h->method, "POST") == 0 && !h->has_length && !h->chunked;
    split_path(r, h->path);
    find_evidence(r, h);
    if (find_route(r, h->method, e) == 0 && check_permit(r, h, e) == 0)
        return 0;
    /* A client that waits for leave to send, or has too much to send, hears it
     * at once; for the others the body is read first, lest they miss it. */
    if (h->expect || h->length > DROP_MAX)
        c->last = true;
    return -1;
}

/* ---- the handler ---- */

static enum MHD_Result queue(struct req *r)
{
    struct front_core *c = r->core;
    enum MHD_Result done;

    c->stage = STAGE_REPLY;
    c->link->head_next = c->reply_len && !r->head && r->status != 304;
    link_phase(c->link, PHASE_REPLY, c->reply_len);
    done = MHD_queue_response(c->conn, (unsigned)r->status, c->response);
    if (!c->spare) {
        MHD_destroy_response(c->response);
        c->response = NULL;
    }
    return done;
}

static enum MHD_Result on_head(struct req *r, const char *method,
                               const char *version)
{
    static _Thread_local struct req_head h; /* large, and cleared up to v */
    struct front_core *c = r->core;

    memset(&h, 0, offsetof(struct req_head, v));
    h.method = method;
    h.version = version;
    h.url = r->url;
    MHD_get_connection_values_n(c->conn, MHD_HEADER_KIND, gather, &h);
    h.size = MHD_get_connection_info(c->conn,
                                     MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
                 ->header_size;
    r->caller.address = xstrdup(c->link->address);
    c->stage = STAGE_BODY;
    c->refused = judge(r, &h, &c->failed) < 0;
    make_id(r, h.request_id);
    if (!r->path)
        r->path = xstrdup("-");
    link_phase(c->link, PHASE_BODY, 0);
    if (!c->refused || !c->last)
        return MHD_YES;
    c->todo = TODO_STOP;
    c->known = true; /* at once: nobody is asked */
    c->link->refused = true;
    front_problem(r, &c->failed);
    return queue(r);
}

static enum MHD_Result on_body(struct req *r, const char *p, size_t *len)
{
    struct front_core *c = r->core;

    if (!c->refused && r->body.len + *len > c->body_max) {
        c->refused = true;
        err_add(&c->failed, ERR_TOO_LARGE, "the body has more than %zu octets",
                c->body_max);
    }
    if (c->refused)
        c->dropped += *len;
    else
        buf_put(&r->body, p, *len);
    *len = 0;
    return c->dropped > DROP_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **con_cls)
{
    struct req *r = *con_cls;
    struct front_core *c = r->core;
    front_fn *fn;

    (void)arg;
    (void)conn;
    (void)url;
    if (c->stage == STAGE_HEAD)
        return on_head(r, method, version);
    if (c->stage == STAGE_REPLY)
        return MHD_YES;
    if (*upload_len)
        return on_body(r, upload, upload_len);
    /* A crypto thread has made an answer. */
    if (c->response)
        return queue(r);
    fn = c->stage == STAGE_BODY ? r->route ? r->route->handler : NULL : c->next;
    c->stage = STAGE_RUN;
    return req_run(r, fn) ? queue(r) : MHD_YES;
}

/* ---- the end of a request ---- */

static void on_completed(void *arg, struct MHD_Connection *conn, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    struct req *r = *con_cls;
    int64_t us;

    (void)arg;
    (void)conn;
    if (!r)
        return;
    *con_cls = NULL;
    us = tm_mono_us() - r->start_us;
    link_phase(r->core->link, PHASE_IDLE, 0);
    /* One whose head never came whole is not a request. */
    if (r->path) {
        front_log(r, us, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
        front_metrics_done(r, us);
    }
    req_free(r);
}

/* ---- start and end ---- */

static unsigned connections_max(const struct front *f)
{
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur == RLIM_INFINITY)
        return f->conf->max_connections;
    return conf_share_connections(f->conf, lim.rlim_cur);
}

static struct MHD_Daemon *daemon_start(struct listener *in, int fd)
{
    const struct conf *conf = in->front->conf;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                     (in->conf->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)tls_choose},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, in, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, connections_max(in->front),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        in->conf->path ? 0U : conf->max_connections_per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, in,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, on_url, in, MHD_OPTION_UNESCAPE_CALLBACK,
        unescape, NULL, MHD_OPTION_ARRAY, in->conf->tls ? tls : none,
        MHD_OPTION_END);
}

void http_start(struct front *f)
{
    id_start();
    n_listeners = f->conf->n_listens;
    listeners = xcalloc(n_listeners, sizeof(*listeners));
    for (size_t i = 0; i < n_listeners; i++) {
        struct listener *in = &listeners[i];
        struct MHD_Daemon *daemon;

        in->front = f;
        in->conf = &f->conf->listens[i];
        daemon = daemon_start(in, FD_LISTEN + (int)i);
        if (!daemon)
            log_fatal("start", "%s cannot be served", in->conf->url);
        turn_start(&in->turn, daemon);
    }
}

void http_quiesce(void)
{
    for (size_t i = 0; i < n_listeners; i++)
        turn_quiesce(&listeners[i].turn);
}
