/* SPDX-License-Identifier: ISC */
#include "signer.h"

#include <string.h>

static void say(void *arg, const char *line)
{
    struct worker *w = arg;
    struct buf *b = &w->reply;

    msg_begin(b, MSG_TEXT, w->asked, true);
    buf_blob(b, line, strnlen(line, MSG_MAX / 2));
    peer_send_wait(w->peer, b);
}

int handle_audit(struct worker *w, const struct frame *f,
                 const struct caller *c, struct rd *body, struct errs *e)
{
    (void)c;
    if (body_done(f, body, e) != 0)
        return -1;
    w->asked = f->id;
    if (ledger_audit(w->reader, w->s->ledger_key, say, w, e) != 0)
        return -1;
    msg_begin(&w->reply, MSG_DONE, f->id, false);
    peer_send(w->peer, &w->reply);
    return 0;
}
