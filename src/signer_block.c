/* SPDX-License-Identifier: ISC */
/* Keys that are blocked by themselves: somebody found one, or lost it. */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

struct block_job {
    struct job job;
    struct blocked_key key;
    uint8_t sha256[32];
    int64_t now;
};

static void block_free(struct job *job)
{
    blocked_key_free(&((struct block_job *)job)->key);
}

static enum store_result add(struct signer *s, struct block_job *j)
{
    struct entry en =
        entry_by(&j->job.who.requester, ENTRY_KEY_BLOCKED, j->now);
    AUTO(buf) struct buf object = {0};
    enum store_result r;

    ledger_block(&object, &j->key);
    r = job_entry(s, &en, object.data, object.len, &j->key.entry);
    if (r == STORE_OK)
        r = store_block_put(s->writer, &j->key);
    s->revocations++; /* what is being issued is judged again */
    return r;
}

static enum store_result block_apply(struct signer *s, struct job *job)
{
    struct block_job *j = (struct block_job *)job;
    uint64_t entry;
    enum store_result r = store_block_find(s->writer, j->sha256, &entry);

    /* Once more is no change: the first date and note stay. */
    job->repeated = r == STORE_OK;
    if (r == STORE_NONE)
        r = add(s, j);
    msg_begin(&job->reply, MSG_DONE, job->id, false);
    return r;
}

static const struct job_kind block_kind = {.event = "block",
                                           .apply = block_apply,
                                           .done = job_done,
                                           .free = block_free};

static enum store_result unblock_apply(struct signer *s, struct job *job)
{
    struct block_job *j = (struct block_job *)job;
    struct entry en =
        entry_by(&job->who.requester, ENTRY_KEY_UNBLOCKED, j->now);
    AUTO(buf) struct buf object = {0};
    uint64_t index;
    enum store_result r = store_block_find(s->writer, j->sha256, &j->key.entry);

    msg_begin(&job->reply, MSG_DONE, job->id, false);
    if (r == STORE_NONE) {
        err_add(&job->errs, ERR_NOT_FOUND,
                "the key with SHA-256 %s is not blocked by itself", job->about);
        return STORE_OK;
    }
    if (r != STORE_OK)
        return r;
    ledger_unblock(&object, &j->key);
    r = job_entry(s, &en, object.data, object.len, &index);
    return r == STORE_OK ? store_block_remove(s->writer, j->key.entry, index)
                         : r;
}

static const struct job_kind unblock_kind = {
    .event = "unblock",
    .apply = unblock_apply,
    .done = job_done,
    .free = block_free,
};

static int queue(struct worker *w, const struct frame *f, struct who *who,
                 const struct job_kind *kind, const uint8_t sha256[32],
                 char *note, struct errs *e)
{
    struct block_job *j = job_new(sizeof(*j), kind, w, f->id, who);
    char text[65];

    j->now = tm_now();
    memcpy(j->sha256, sha256, sizeof(j->sha256));
    memcpy(j->key.key_sha256, sha256, sizeof(j->sha256));
    j->key.at = j->now;
    j->key.note = note;
    hex_encode(text, sha256, 32);
    j->job.about = xstrdup(text);
    if (job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}

int handle_block(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    AUTO(free) char *note = NULL;
    uint8_t sha256[32];

    rd_bytes(body, sha256, sizeof(sha256));
    note = rd_str_null(body);
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0 ||
        (note && auth_text("note", note, NOTE_MAX, e) != 0))
        return -1;
    if (is_own_key(w->s, sha256))
        return err_add(e, ERR_KEY_NOT_ALLOWED,
                       "this is a key of the service's own, which is never "
                       "certified for others: one that was lost is replaced");
    return queue(w, f, &who, &block_kind, sha256, take_ptr(note), e);
}

int handle_unblock(struct worker *w, const struct frame *f,
                   const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    uint8_t sha256[32];

    rd_bytes(body, sha256, sizeof(sha256));
    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0)
        return -1;
    return queue(w, f, &who, &unblock_kind, sha256, NULL, e);
}

int handle_block_list(struct worker *w, const struct frame *f,
                      const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(who) struct who who = {0};
    uint64_t after = 0;
    enum store_result r;

    if (body_done(f, body, e) != 0 || auth_who(w, c, false, &who, e) != 0)
        return -1;
    for (;;) {
        AUTO(blocked_key) struct blocked_key k = {0};

        r = store_block_next(w->reader, after, &k);
        if (r != STORE_OK)
            break;
        after = k.entry;
        if (k.removed)
            continue;
        msg_begin(&w->reply, MSG_BLOCKED, f->id, true);
        buf_put(&w->reply, k.key_sha256, sizeof(k.key_sha256));
        buf_i64(&w->reply, k.at);
        buf_str(&w->reply, k.note);
        peer_send_wait(w->peer, &w->reply);
    }
    if (r != STORE_NONE)
        return auth_store_error(r, e);
    msg_begin(&w->reply, MSG_DONE, f->id, false);
    peer_send(w->peer, &w->reply);
    return 0;
}
