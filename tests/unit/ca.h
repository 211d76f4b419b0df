/* SPDX-License-Identifier: ISC */
/* What a front asks of the signer of ca_run.h, and what comes back: what the
 * tests of the signer and of the client share. */
#ifndef POCKETCA_CA_H
#define POCKETCA_CA_H

#include <openssl/sha.h>

#include "ca_run.h"

/* The reason with the lowest status of an ERROR, and its text. */
static inline enum err ca_error(struct frame *f, char text[700])
{
    AUTO(errs) struct errs e = {0};
    const struct err_item *first;

    if (f->type != MSG_ERROR)
        return ERR_NONE;
    errs_get(&f->body, &e);
    ck_assert(rd_done(&f->body));
    first = errs_first(&e);
    ck_assert_ptr_nonnull(first);
    if (text)
        snprintf(text, 700, "%s", first->detail);
    return first->code;
}

/* What came back: ERR_NONE and the record, or the first reason. */
static inline enum err ca_record(struct frame *f, struct record *out,
                                 bool *repeated)
{
    enum err code = ca_error(f, NULL);
    uint8_t again;

    if (code != ERR_NONE)
        return code;
    ck_assert_int_eq(f->type, MSG_RECORD);
    again = rd_u8(&f->body);
    record_get(&f->body, out);
    ck_assert(rd_done(&f->body));
    if (repeated)
        *repeated = again;
    return ERR_NONE;
}

/* An issue as the front would make it of a CSR. */
struct ca_want {
    const char *names, *profile, *idem, *note;
    const struct buf *spki;
    struct serial replaces, renews;
    int64_t lifetime;
    unsigned power;
};

static inline void ca_put_issue(struct buf *b, const struct ca_want *w)
{
    AUTO(msg_issue) struct msg_issue m = {0};
    AUTO(errs) struct errs e = {0};

    m.profile = xstrdup_null(w->profile);
    if (w->names)
        ck_assert_int_eq(names_parse(&m.names, w->names, &e), 0);
    if (w->spki)
        buf_put(&m.spki, w->spki->data, w->spki->len);
    m.span.lifetime = w->lifetime;
    m.power = w->power;
    m.note = xstrdup_null(w->note);
    m.idem_key = xstrdup_null(w->idem);
    if (w->names)
        memcpy(m.idem_hash, w->names, strnlen(w->names, 32));
    m.replaces = w->replaces;
    m.renews = w->renews;
    m.protocol = xstrdup("http");
    msg_issue_put(b, &m);
}

static inline enum err ca_issue(struct ca *c, const struct caller *who,
                                const struct ca_want *w, struct record *out,
                                bool *repeated)
{
    struct frame f;

    ca_put_issue(ca_begin(c, MSG_ISSUE, who), w);
    ca_ask(c, &f);
    return ca_record(&f, out, repeated);
}

static inline enum err ca_renew(struct ca *c, const struct caller *who,
                                const struct ca_want *w, struct record *out)
{
    struct frame f;

    ca_put_issue(ca_begin(c, MSG_RENEW, who), w);
    ca_ask(c, &f);
    return ca_record(&f, out, NULL);
}

static inline enum err ca_get(struct ca *c, const struct caller *who,
                              const struct serial *s, struct record *out)
{
    struct frame f;

    serial_put(ca_begin(c, MSG_GET, who), s);
    ca_ask(c, &f);
    return ca_record(&f, out, NULL);
}

/* also: how many went with it; or NULL. */
static inline enum err ca_revoke(struct ca *c, const struct caller *who,
                                 const struct serial *s, int reason,
                                 int renewals, struct record *out,
                                 uint32_t *also)
{
    const struct msg_revoke m = {*s, reason, renewals, 0};
    struct msg_revoked got = {0};
    struct frame f;
    enum err code;

    msg_revoke_put(ca_begin(c, MSG_REVOKE, who), &m);
    ca_ask(c, &f);
    code = ca_error(&f, NULL);
    if (code != ERR_NONE)
        return code;
    ck_assert_int_eq(f.type, MSG_REVOKED);
    msg_revoked_get(&f.body, &got);
    ck_assert(rd_done(&f.body));
    *out = got.record;
    got.record = (struct record){0};
    if (also)
        *also = (uint32_t)got.n;
    msg_revoked_free(&got);
    return ERR_NONE;
}

/* A caller with a new token; free its token text with caller_free(). */
static inline enum err ca_token(struct ca *c, const struct caller *maker,
                                const struct token *t, struct caller *out)
{
    struct frame f;
    AUTO(token) struct token made = {0};
    enum err code;
    struct token ask = *t;

    ask.creator = (struct requester){WHO_TOKEN, (char *)"x", NULL};
    token_put(ca_begin(c, MSG_TOKEN_MAKE, maker), &ask);
    ca_ask(c, &f);
    code = ca_error(&f, NULL);
    if (code != ERR_NONE)
        return code;
    ck_assert_int_eq(f.type, MSG_TOKEN);
    token_get(&f.body, &made);
    ck_assert(rd_done(&f.body));
    if (out)
        *out = (struct caller){.evidence = EV_TOKEN,
                               .token = xstrdup(made.secret)};
    return ERR_NONE;
}

/* The first token comes from a command, as with `init`. */
static inline struct caller ca_admin(struct ca *c)
{
    struct token t = {.label = (char *)"admin", .roles = ROLE_ADMIN};
    struct caller out = {0};
    pthread_t thread;
    int front = c->front;

    c->front = ca_command(c, &thread);
    ck_assert_int_eq(ca_token(c, NULL, &t, &out), ERR_NONE);
    close(c->front);
    c->front = front;
    pthread_join(thread, NULL);
    return out;
}

/* Made and started; its first token. */
static inline struct caller ca_up(struct ca *c)
{
    ca_make(c);
    ca_start(c);
    return ca_admin(c);
}

static inline struct caller ca_cert_caller(const struct record *r)
{
    struct caller c = {.evidence = EV_CERT};

    SHA256(r->der.data, r->der.len, c.cert);
    return c;
}

/* A public key that nobody has had before. */
static inline void new_key(struct buf *spki)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);

    buf_reset(spki);
    key_spki(key, spki);
}

static inline uint64_t ca_tree_size(struct ca *c)
{
    return c->s->size;
}

#endif
