/* SPDX-License-Identifier: ISC */
/* Look-ups: answered by the worker from its own connection. */
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 100 }; /* one read of the store */

int handle_hello(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    struct msg_hello m = {.authorities = w->s->infos,
                          .warnings = w->s->warnings};
    AUTO(buf) struct buf spki = {0};

    (void)c;
    if (body_done(f, body, e) != 0)
        return -1;
    key_spki(w->s->ledger_key, &spki);
    m.ledger_key = spki;
    msg_begin(&w->reply, MSG_AUTHORITIES, f->id, false);
    msg_hello_put(&w->reply, &m);
    peer_send(w->peer, &w->reply);
    return 0;
}

int handle_who(struct worker *w, const struct frame *f, const struct caller *c,
               struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    struct msg_what what;
    struct msg_who m = {0};
    struct token bare;

    msg_what_get(body, &what);
    if (body_done(f, body, e) != 0 ||
        auth_who(w, c, what.repeats, &who, e) != 0 ||
        auth_may(&who, what.may, e) != 0)
        return -1;
    bare = who.token;
    if (who.requester.type != WHO_TOKEN) {
        bare = (struct token){.id = who.requester.id,
                              .label = who.requester.label,
                              .roles = who.roles,
                              .creator = who.requester};
    }
    memset(bare.secret_sha256, 0, sizeof(bare.secret_sha256));
    m.type = who.requester.type;
    m.token = bare;
    msg_begin(&w->reply, MSG_CALLER, f->id, false);
    msg_who_put(&w->reply, &m);
    peer_send(w->peer, &w->reply);
    return 0;
}

static bool has_read(const struct who *w)
{
    return w->roles & (ROLE_READ | ROLE_ADMIN);
}

static bool issued_it(const struct who *w, const struct record *r)
{
    return w->requester.type == r->requester.type &&
           strcmp(w->requester.id, r->requester.id) == 0;
}

int handle_get(struct worker *w, const struct frame *f, const struct caller *c,
               struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(record) struct record r = {0};
    AUTO(errs) struct errs why = {0};
    struct serial serial;
    int found;

    serial_get(body, &serial);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        crl_lost_wait(w->s, e) != 0)
        return -1;
    found = find_record(w, &who, &serial, auth_sees, &r, &why);
    /* Without the role only what it issued, or itself: of the others not even
     * whether they exist is said. */
    if (!has_read(&who) && (found != 0 || (who.requester.type == WHO_TOKEN &&
                                           !issued_it(&who, &r))))
        return auth_role(&who, ROLE_READ, e);
    if (found != 0) {
        errs_move(e, &why);
        return -1;
    }
    reply_record(&w->reply, f->id, false, &r, false);
    peer_send(w->peer, &w->reply);
    return 0;
}

/* One page of rows, encoded so that the read is over before they are sent. */
struct list {
    struct worker *w;
    const struct who *who;
    uint64_t id;
    struct buf frames; /* u32 length, frame; ... */
    struct query q;
    enum query_status status; /* judged here, where q has none */
    int64_t now;
    unsigned rows;   /* of this read */
    unsigned wanted; /* still, of the whole answer */
    bool more;       /* a row was left over */
    uint64_t leaf;   /* more: behind this row, and its end */
    int64_t not_after;
};

/* While a list that was published knows more than the ledger, the ledger
 * cannot be asked for a status. */
static void take_status(struct list *l)
{
    l->now = tm_now();
    if (!l->w->s->crl_lost_any)
        return;
    l->status = l->q.status;
    l->q.status = STATUS_ANY;
}

/* As list_check of the store. */
static bool has_status(const struct list *l, const struct record *r)
{
    return l->status == STATUS_ANY ||
           l->status == (r->revoked_at           ? STATUS_REVOKED
                         : l->not_after < l->now ? STATUS_EXPIRED
                                                 : STATUS_VALID);
}

static int take_row(void *arg, struct record *r)
{
    struct list *l = arg;
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert cert = {0};

    if (l->wanted == 0 || l->rows == ROWS) {
        l->more = true;
        return 1;
    }
    l->rows++;
    l->leaf = r->leaf;
    if (cert_parse_any(&cert, r->der.data, r->der.len, &e) != 0)
        return 0; /* the audit's to report */
    l->not_after = cert.not_after;
    crl_lost_mark(l->w->s, r);
    if (!has_status(l, r) || !auth_sees(l->who, r))
        return 0;
    l->wanted--;
    reply_record(&l->w->reply, l->id, false, r, true);
    buf_blob(&l->frames, l->w->reply.data, l->w->reply.len);
    return 0;
}

static void send_rows(struct list *l)
{
    struct rd r = rd_of(l->frames.data, l->frames.len);

    while (r.n) {
        size_t len;
        const uint8_t *p = rd_blob(&r, &len);

        buf_reset(&l->w->reply);
        buf_put(&l->w->reply, p, len);
        peer_send_wait(l->w->peer, &l->w->reply);
    }
    buf_reset(&l->frames);
}

/* Reads and sends until there are enough rows, or no more, or so many were
 * looked at that whoever asked is to ask again. */
static int run_list(struct list *l, struct errs *e)
{
    unsigned scanned = 0;
    enum store_result r;

    take_status(l);
    do {
        struct list_walk walk = {.look = LIST_LOOK - scanned};

        l->rows = 0;
        l->more = false;
        l->q.limit =
            l->wanted < ROWS && !l->who->narrow && l->status == STATUS_ANY
                ? l->wanted
                : ROWS;
        r = store_cert_list(l->w->reader, &l->q, l->now, &walk, take_row, l);
        if (r != STORE_OK && r != STORE_NONE)
            return auth_store_error(r, e);
        send_rows(l);
        scanned += walk.looked;
        if (!l->more && walk.early) {
            l->more = true;
            l->not_after = walk.not_after;
            l->leaf = walk.leaf;
        }
        query_go_on(&l->q, l->not_after, l->leaf);
    } while (l->more && l->wanted && scanned < LIST_LOOK);
    return 0;
}

/* Before the rows are read, so that they include all that is in it. */
static struct head head_now(struct signer *s)
{
    struct head h;

    pthread_mutex_lock(&s->head_lock);
    h = s->head;
    pthread_mutex_unlock(&s->head_lock);
    return h;
}

static void put_list_end(struct worker *w, uint64_t id, const char *cursor,
                         const struct head *h)
{
    msg_begin(&w->reply, MSG_LIST_END, id, false);
    buf_str(&w->reply, cursor);
    buf_u64(&w->reply, h->size);
    buf_put(&w->reply, h->root, sizeof(h->root));
    peer_send_wait(w->peer, &w->reply); /* behind many rows */
}

int handle_list(struct worker *w, const struct frame *f, const struct caller *c,
                struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(free) char *cursor = NULL;
    const struct head head = head_now(w->s);
    struct list l = {.w = w, .who = &who, .id = f->id};
    int rc = -1;

    query_get(body, &l.q);
    l.wanted = l.q.limit;
    if (body_done(f, body, e) == 0 && query_check(&l.q, e) == 0 &&
        auth_who(w, c, false, &who, e) == 0 &&
        auth_role(&who, ROLE_READ, e) == 0 && crl_lost_wait(w->s, e) == 0)
        rc = run_list(&l, e);
    if (rc == 0) {
        cursor = l.more ? query_cursor(&l.q, l.not_after, l.leaf) : NULL;
        put_list_end(w, f->id, cursor, &head);
    }
    buf_free(&l.frames);
    query_free(&l.q);
    return rc;
}

struct token_list {
    const struct who *who;
    struct buf frames;
    struct buf frame;
    uint64_t id;
    unsigned rows, wanted;
    bool more;
    char last[TOKEN_ID_LEN + 1];
};

static int take_token(void *arg, struct token *t)
{
    struct token_list *l = arg;
    struct token bare = *t;

    if (l->wanted == 0 || l->rows == ROWS) {
        l->more = true;
        return 1;
    }
    l->rows++;
    strncpy(l->last, t->id, TOKEN_ID_LEN);
    if (!token_within(l->who, t))
        return 0;
    l->wanted--;
    memset(bare.secret_sha256, 0, sizeof(bare.secret_sha256));
    msg_begin(&l->frame, MSG_TOKEN, l->id, true);
    token_put(&l->frame, &bare);
    buf_blob(&l->frames, l->frame.data, l->frame.len);
    return 0;
}

static int run_tokens(struct worker *w, struct token_list *l, struct errs *e)
{
    struct rd rows;
    enum store_result r;

    do {
        l->rows = 0;
        l->more = false;
        buf_reset(&l->frames);
        r = store_token_list(w->reader, l->last, ROWS + 1, take_token, l);
        if (r != STORE_OK && r != STORE_NONE)
            return auth_store_error(r, e);
        rows = rd_of(l->frames.data, l->frames.len);
        while (rows.n) {
            size_t len;
            const uint8_t *p = rd_blob(&rows, &len);

            buf_reset(&w->reply);
            buf_put(&w->reply, p, len);
            peer_send_wait(w->peer, &w->reply);
        }
    } while (l->more && l->wanted);
    return 0;
}

int handle_token_list(struct worker *w, const struct frame *f,
                      const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(free) char *after = rd_str(body);
    const struct head head = head_now(w->s);
    struct token_list l = {.who = &who, .id = f->id, .wanted = rd_u32(body)};
    int rc = -1;

    if (body_done(f, body, e) != 0)
        return -1;
    if (strlen(after) > TOKEN_ID_LEN || l.wanted < 1 || l.wanted > 1000)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "cursor or limit is not what an earlier answer gave");
    memcpy(l.last, after, strlen(after));
    if (auth_who(w, c, false, &who, e) == 0 &&
        auth_role(&who, ROLE_ADMIN, e) == 0)
        rc = run_tokens(w, &l, e);
    if (rc == 0)
        put_list_end(w, f->id, l.more ? l.last : NULL, &head);
    buf_free(&l.frames);
    buf_free(&l.frame);
    return rc;
}
