/* SPDX-License-Identifier: ISC */
/*
 * The command line's way to the signer: over the admin socket when a service
 * runs, else the same signer in this process, behind the ledger's lock.
 */
#ifndef POCKETCA_CLIENT_H
#define POCKETCA_CLIENT_H

#include "conf.h"
#include "msg.h"

struct client;
/* NULL with ERR_SIGNER_AWAY when a service holds the lock and does not
 * answer, or with what conf_check() says.  Passphrases come as c->given_pass
 * and c->may_ask say. */
struct client *client_open(struct conf *c, struct errs *e);
void client_close(struct client *c);
AUTO_DEFINE(client, struct client *, client_close)
/* The buffer to build a request in: msg type, an empty caller put. */
struct buf *client_begin(struct client *c, enum msg_type type);
/* Sends what client_begin() started. */
int client_send(struct client *c, struct errs *e);
/* The next frame of the answer; the body is valid until the next call.
 * -1 with the signer's reasons when it is MSG_ERROR, or when it is gone. */
int client_recv(struct client *c, struct frame *f, struct errs *e);
/* client_send(), client_recv() of exactly one frame of type `want`. */
int client_call(struct client *c, enum msg_type want, struct frame *f,
                struct errs *e);

#endif
