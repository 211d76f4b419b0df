/* SPDX-License-Identifier: ISC */
/*
 * Tokens that a worker has read lately, so that a client with many requests
 * costs one look into the ledger and not one each.  Only removal takes a right
 * away behind its back, and each removal counts token_removals up before it is
 * answered; what is limited in uses changes with each use, and is never kept.
 * The end of a token is judged each time.
 */
#include "signer.h"

#include <string.h>

/* last_used is not older than this. */
enum { KNOWN_US = 10 * 1000 * 1000 };

static void keep(struct known_token *k, const struct token *t,
                 uint64_t removals)
{
    buf_reset(&k->token);
    if (t->max_uses || t->removed_at)
        return;
    memcpy(k->id, t->id, sizeof(k->id));
    k->removals = removals;
    k->until_us = tm_mono_us() + KNOWN_US;
    token_put(&k->token, t);
}

enum store_result token_known(struct worker *w, const char *id,
                              struct token *out)
{
    struct known_token *k = &w->known[auth_slot(id, KNOWN_MAX)];
    /* Before the row is read: a removal since then is one more. */
    const uint64_t removals = w->s->token_removals;
    struct rd rd = rd_of(k->token.data, k->token.len);
    enum store_result r;

    if (rd.n && strcmp(k->id, id) == 0 && k->removals == removals &&
        tm_mono_us() < k->until_us) {
        token_get(&rd, out);
        if (!rd_done(&rd))
            log_fatal("token", "%s is not as it was kept", id);
        return STORE_OK;
    }
    r = store_token_by_id(w->reader, id, out);
    if (r == STORE_OK)
        keep(k, out, removals);
    return r;
}
