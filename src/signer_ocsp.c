/* SPDX-License-Identifier: ISC */
/* The status of certificates, signed; and the notices that keep the front from
 * telling an old one. */
#include "signer_ocsp.h"
#include "signer_crl.h"

#include <stdlib.h>
#include <string.h>

enum { NOTICE_MAX = 2000 }; /* serials in one frame */

bool ocsp_budget_take(struct signer *s, int64_t now_us)
{
    const int64_t rate = s->conf->ocsp_sign_budget;
    struct ocsp_budget *b = &s->ocsp_budget;
    bool good;

    pthread_mutex_lock(&s->responder_lock);
    /* In millionths of a signature, at most those of a second. */
    if (now_us - b->at_us >= 1000000)
        b->left = rate * 1000000;
    else
        b->left += (now_us - b->at_us) * rate;
    if (b->left > rate * 1000000)
        b->left = rate * 1000000;
    b->at_us = now_us;
    good = b->left >= 1000000;
    if (good)
        b->left -= 1000000;
    pthread_mutex_unlock(&s->responder_lock);
    return good;
}

/* BEGIN and its end cost as much as the look-up.  `size` was read before: what
 * is seen has at least as much. */
static enum store_result read_on(struct worker *w, uint64_t size)
{
    if (w->reading && w->read_size == size)
        return STORE_OK;
    ocsp_read_end(w);
    w->reading = true;
    w->read_size = size;
    return store_begin(w->reader);
}

void ocsp_read_end(struct worker *w)
{
    if (w->reading)
        store_rollback(w->reader);
    w->reading = false;
}

static enum store_result look_up(struct worker *w, size_t i,
                                 struct ocsp_single *one)
{
    const char *authority = w->s->authorities[i].name;
    AUTO(revoked_serial) struct revoked_serial gone = {0};
    struct cert_status st = {0};
    struct crl_lost lost;
    enum store_result r =
        store_cert_status(w->reader, authority, &one->serial, &st);

    if (r == STORE_NONE) { /* its certificate is not here: revoked, or none */
        r = store_serial_find(w->reader, authority, &one->serial, &gone);
        st.revoked_at = gone.at;
        st.reason = gone.reason;
    }
    if (r != STORE_OK && r != STORE_NONE)
        return r;
    one->state = r == STORE_NONE ? OCSP_STATE_UNKNOWN
                 : st.revoked_at ? OCSP_STATE_REVOKED
                                 : OCSP_STATE_GOOD;
    one->revoked_at = st.revoked_at;
    one->reason = st.reason;
    if (!st.revoked_at && crl_lost_find(w->s, i, &one->serial, &lost)) {
        one->state = OCSP_STATE_REVOKED;
        one->revoked_at = lost.revoked_at;
        one->reason = lost.reason;
    }
    return STORE_OK;
}

/* A minute back, for clients whose clock is behind, as a certificate's
 * notBefore is; but not before what it tells of. */
static int64_t this_update(const struct ocsp_single *v, size_t n, int64_t now)
{
    int64_t t = now - TM_MINUTE;

    for (size_t i = 0; i < n; i++)
        if (v[i].revoked_at > t)
            t = v[i].revoked_at < now ? v[i].revoked_at : now;
    return t;
}

/* What needs a signature of its own, each time that it is asked. */
static bool is_costly(const struct msg_ocsp *m, const struct ocsp_single *v)
{
    bool costly = m->nonce_len || m->n > 1;

    for (size_t i = 0; i < m->n; i++)
        costly |= v[i].state == OCSP_STATE_UNKNOWN;
    return costly;
}

static struct key_signer *responder_key(struct worker *w, size_t i)
{
    if (!w->ocsp_keys[i])
        w->ocsp_keys[i] = key_signer_new(w->s->responders[i].key);
    return w->ocsp_keys[i];
}

/* Fills out but for the snapshot, where it can be signed now. */
static void sign(struct worker *w, const struct msg_ocsp *m,
                 const struct ocsp_single *v, struct msg_ocsp_answer *out)
{
    struct signer *s = w->s;
    const int64_t now = tm_now();
    AUTO(buf) struct buf cert = {0};
    struct ocsp_answer a = {
        .cert = &cert,
        .produced_at = now,
        .this_update = this_update(v, m->n, now),
        .v = v,
        .n = m->n,
        .nonce = m->nonce,
        .nonce_len = m->nonce_len,
    };
    int64_t end;

    if (responder_cert(s, m->authority, &cert, &end) != 0 || now > end ||
        (is_costly(m, v) && !ocsp_budget_take(s, tm_mono_us())))
        return;
    a.issuer = &s->responders[m->authority].issuer;
    a.key_hash = s->responders[m->authority].key_hash;
    a.next_update =
        a.this_update + s->authorities[m->authority].conf->ocsp_lifetime;
    if (a.next_update > end)
        a.next_update = end;
    ocsp_answer_put(&out->der, &a, responder_key(w, m->authority));
    out->error = 0;
    out->keep = !is_costly(m, v);
    out->this_update = a.this_update;
    out->next_update = a.next_update;
}

int handle_ocsp(struct worker *w, const struct frame *f, const struct caller *c,
                struct rd *body, struct errs *e)
{
    AUTO(msg_ocsp_answer) struct msg_ocsp_answer out = {.snapshot = w->s->size};
    struct ocsp_single v[OCSP_IDS_MAX] = {0};
    /* Before the first look-up: it could have missed what is read meanwhile. */
    const bool all_read = w->s->crl_lost_read;
    struct msg_ocsp m;
    enum store_result r;

    (void)c; /* everybody may ask */
    msg_ocsp_get(body, &m);
    if (body_done(f, body, e) != 0)
        return -1;
    if (m.authority >= w->s->n_authorities)
        return err_add(e, ERR_BAD_REQUEST, "there is no authority %u",
                       (unsigned)m.authority);
    r = read_on(w, out.snapshot);
    for (size_t i = 0; i < m.n && r == STORE_OK; i++) {
        v[i] =
            (struct ocsp_single){.digest = m.digest[i], .serial = m.serial[i]};
        r = look_up(w, m.authority, &v[i]);
    }
    if (r != STORE_OK)
        return auth_store_error(r, e);
    out.error = OCSP_TRY_LATER;
    if (all_read)
        sign(w, &m, v, &out);
    buf_reset(&w->reply);
    buf_reserve(&w->reply, MSG_HEAD + out.der.len + 64);
    msg_begin(&w->reply, MSG_OCSP_ANSWER, f->id, false);
    msg_ocsp_answer_put(&w->reply, &out);
    peer_send(w->peer, &w->reply);
    return 0;
}

/* ---- notices ---- */

void ocsp_note(struct job *j, size_t authority, const struct serial *serial)
{
    j->changed =
        xreallocarray(j->changed, j->n_changed + 1, sizeof(*j->changed));
    j->changed[j->n_changed++] =
        (struct ocsp_change){(uint16_t)authority, *serial};
}

void ocsp_tell(struct signer *s, struct job *j)
{
    AUTO(buf) struct buf b = {0};

    for (size_t at = 0; s->front && at < j->n_changed; at += NOTICE_MAX) {
        const size_t left = j->n_changed - at;
        const size_t n = left < NOTICE_MAX ? left : NOTICE_MAX;

        msg_begin(&b, MSG_OCSP_CHANGED, 0, false);
        buf_u64(&b, s->size);
        buf_u32(&b, (uint32_t)n);
        for (size_t i = at; i < at + n; i++)
            ocsp_change_put(&b, &j->changed[i]);
        peer_send(s->front, &b);
    }
}
