/* SPDX-License-Identifier: ISC */
/*
 * What the supervisor and its children agree on.  A child is this binary
 * again, by execveat(2) on a descriptor opened at start, with argv[0] one of
 * PROC_FRONT and PROC_SIGNER, argv[1] the path of the configuration (for
 * messages and relative paths), and exactly these descriptors.
 */
#ifndef POCKETCA_PROC_H
#define POCKETCA_PROC_H

#include <sys/types.h>

#define PROC_FRONT "pocketca: front"
#define PROC_SIGNER "pocketca: signer"
/* Lives for a moment: conf_check(), so that the supervisor opens no key.  Its
 * findings are in the log, its exit code says whether the file is good. */
#define PROC_CHECK "pocketca: check"

enum {
    FD_CONF = 3, /* sealed memfd: the text of the configuration */
    FD_PEER = 4, /* SOCK_SEQPACKET between front and signer */
    FD_SUP = 5,  /* SOCK_SEQPACKET to the supervisor: proc_tell() */
    /* front: the listeners in the order of conf->listens, not blocking;
     * signer: FD_LISTEN is the admin socket, listening, blocking */
    FD_LISTEN = 6,
    FD_PASS = 7, /* signer and check: passphrase_seal() */
};

/*
 * Life.  The signer is ready when the ledger is open and the keys work; the
 * front when its listeners answer (it has its TLS certificate by then). SIGTERM
 * to the front drains: no new connections, requests under way are answered,
 * then exit 0.  The signer ignores SIGTERM; it ends when FD_PEER does: what
 * is queued is committed, then exit 0.  A front whose FD_PEER ends answers what
 * is under way with 503 signer-away and exits 1.
 */
#define PROC_READY "ready"

/* PR_SET_PDEATHSIG, then the parent is checked; no core dumps; SIGPIPE, SIGINT
 * and SIGHUP (the terminal's: the supervisor decides) ignored; SCHED_BATCH;
 * log_open().  The very first thing of a child. */
void proc_child_init(const char *log_name);
/* One packet to the supervisor. */
void proc_tell(const char *text);
/* Drops to the user for good when we are root and user is not NULL: groups,
 * gid, uid, checked by trying to come back.  Ends the process on failure. */
void proc_drop(const char *user);
/* The same to ids, with no other groups; for commands too. */
void proc_drop_ids(uid_t uid, gid_t gid);
/* The whole text behind FD_CONF, parsed; ends the process on failure. */
struct conf *proc_conf(const char *path);

struct passphrase_from;
int supervisor_run(const char *conf_path,
                   const struct passphrase_from *pass); /* exit code */
int front_main(const char *conf_path);
int signer_main(const char *conf_path);
int check_main(const char *conf_path);

#endif
