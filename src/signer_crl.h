/* SPDX-License-Identifier: ISC */
/*
 * The signer's CRLs, shared by signer_crl*.c and those who revoke or ask for
 * one.  A thread of its own makes and publishes them; each has its state under
 * crl_lock.
 */
#ifndef POCKETCA_SIGNER_CRL_H
#define POCKETCA_SIGNER_CRL_H

#include "signer.h"

/* What a CRL that was published lists, and the ledger's own list of the same
 * scope, made from an older copy, does not. */
struct crl_lost {
    struct serial serial;
    uint8_t reason;
    /* It is revoked in the ledger, without its certificate: of a partition, of
     * which the ledger cannot know then. */
    bool known;
    int64_t revoked_at;
};

/* One CRL (signer_crl.c), under the signer's crl_lock. */
struct signer_crl {
    uint32_t partition; /* 0: the complete one */
    char *url;          /* what its certificates name; NULL: the complete one */
    struct crl_state state; /* the newest one's */
    bool published;         /* its file is in place, and the front has it */
    bool wanted;            /* to be built at once */
    uint64_t revoked_end;   /* behind the newest entry that revoked one */
    uint64_t parts_end; /* the complete one: of those in partitions, likewise */
    int64_t took_us;    /* to make it */
    int64_t retry_at;   /* after a failure: not before */
    enum err failed;    /* why the last one could not be made */
    int64_t closed_at;  /* since then it gets no certificate; 0: it may */
    int64_t ends;       /* of a closed one: the last notAfter in it */
    struct strs kept;   /* files of earlier ones that lost is from */
    struct crl_lost *lost; /* by serial; each once */
    size_t n_lost, n_unknown; /* unknown: of these, those that are not known */
};
/* Those of an authority, under that lock too; the CRL thread adds to them. */
struct signer_crls {
    struct signer_crl whole;
    struct signer_crl **parts; /* partition n is n - 1 */
    uint32_t n_parts;
    bool loaded;      /* those of earlier processes are there */
    uint64_t number;  /* the highest that any of them has had */
    uint32_t filling; /* the one that new certificates name; 0: none yet */
    uint64_t filled;  /* how many do */
    bool asked;       /* somebody waits for the next */
    int64_t retry_at; /* after opening one failed: not before */
    enum err failed;  /* why opening the last one did */
    uint64_t settled; /* what was revoked before is not lost any more */
    struct strs unread; /* kept files, each with why it says nothing */
    struct crl_entry ended; /* of the authority itself: signer_crl_above.c */
};
/* The CRL of a partition (0: the complete one); NULL: there is none such. */
static inline struct signer_crl *crl_slot(const struct signer_crls *l,
                                          uint32_t partition)
{
    if (partition == 0)
        return (struct signer_crl *)(uintptr_t)&l->whole;
    return partition <= l->n_parts ? l->parts[partition - 1] : NULL;
}

/* Partitions that are published before anybody needs them, so that issuing does
 * not wait. */
enum { CRL_SPARE = 2 };

#define CRL_ALL UINT32_MAX /* in place of a partition: all, and none */
struct crl_ref {
    uint32_t authority, partition;
};

/* signer_crl.c: the thread.  -1 with reasons when it cannot be started. */
int crl_start(struct signer *s, struct errs *e);
void crl_stop(struct signer *s);
/* Waits until each CRL of ours has been published, or failed to be; at most
 * ms. */
void crl_wait_first(struct signer *s, int ms);
/* On the CRL thread, while it makes a complete list: the partitions that
 * somebody waits for. */
void crl_serve_parts(struct signer *s, struct store_conn *c);

/* signer_crl_wait.c: who waits for which CRLs. */
/* The job is about a certificate of that partition; nothing when the CRLs of
 * the authority are not made here (any more). */
void crl_job_add(const struct signer *s, struct job *j, const char *authority,
                 uint32_t partition);
/* After the commit: reply(s, j), which owns j, runs when the CRLs that j is
 * about have everything before `needs`; 0: all that has been revoked so far.
 * With reasons in j->errs when they cannot be published.  At once, with
 * crl_pending as it is, when none of the authorities has crl-wait and it was
 * not asked for them alone. */
void crl_job_wait(struct signer *s, struct job *j, uint64_t needs,
                  void (*reply)(struct signer *s, struct job *j));
/* The CRLs that j is about are to have everything before `end`, soon. */
void crl_job_note(struct signer *s, const struct job *j, uint64_t end);
/* For the CRL thread, lock held: somebody can be answered, or wants a file
 * put in place. */
bool crl_has_ready(const struct signer *s);
/* Lets those go whose CRLs are out; with reasons, those too who wait for this
 * one, which failed; NULL: everybody. */
void crl_answer(struct signer *s, const struct signer_crl *failed,
                const struct errs *why);
/* Lock held: what was revoked before `end` is to be on c, one of l. */
void crl_revoked(struct signer_crls *l, struct signer_crl *c, uint64_t end);
/* What a job waits for, by what is known now; lock held. */
void crl_job_settle(struct signer *s, struct job *j);
/* Puts in place what was signed elsewhere. */
void crl_publish_others(struct signer *s);

/* signer_crl_build.c, on the CRL thread. */
/* Makes it, has the ledger know of it, publishes it; -1 with reasons, as all
 * functions with errs below. */
int crl_make(struct signer *s, struct store_conn *db, size_t i,
             struct signer_crl *c, struct errs *e);
/* A CRL that was signed elsewhere. */
int crl_install(struct signer *s, size_t i, const struct requester *who,
                const struct buf *der, struct crl_state *st, struct errs *e);
/* A CRL of the authority has this number, so every later one a higher one. */
void crl_number_seen(struct signer *s, size_t i, uint64_t number);
/* Published is what the front has been given already. */
void crl_set_published(struct signer *s, size_t i, struct signer_crl *c,
                       const struct crl_state *st);

/* signer_crl_first.c, on the CRL thread: what is there already, and what was
 * revoked and not yet published when the last process ended. */
void crl_first_pass(struct signer *s, struct store_conn *db);
/* On any thread: the highest partition that there is, or will be after that. */
uint32_t crl_partition_last(struct signer *s, struct store_conn *db, size_t i);

/* signer_crl_lost.c: what was published, and the ledger does not know. */
/* On the CRL thread, once: reads the files that were kept. */
void crl_lost_load(struct signer *s, struct store_conn *db);
/* On any other thread: until a service has read them; before that nobody knows
 * who is good.  -1 with ERR_SIGNER_AWAY, at once when it has run for a second:
 * workers that wait keep everybody waiting. */
int crl_lost_wait(struct signer *s, struct errs *e);
/* On the CRL thread: forgets what is revoked in the ledger by now, and removes
 * files that say nothing more. */
void crl_lost_settle(struct signer *s, struct store_conn *db);
/* True and *out when such a file says that it is revoked. */
bool crl_lost_find(struct signer *s, size_t i, const struct serial *serial,
                   struct crl_lost *out);
/* A record that such a file says is revoked says so too. */
void crl_lost_mark(struct signer *s, struct record *r);
/* As store_key_compromised(), by such files, of certificates that the ledger
 * has. */
enum store_result crl_lost_ban(struct signer *s, struct store_conn *db,
                               const uint8_t key_sha256[32],
                               struct key_ban *out);
/* Lock held: what is unknown, and the command that mends it, as a sentence
 * that the caller frees; NULL when nothing is. */
char *crl_lost_text(const struct signer *s, size_t i,
                    const struct signer_crl *c);
/* On the CRL thread: what the list of a partition (0: all) has beside the
 * ledger's rows. */
struct crl_lost_walk {
    const struct signer_crls *l;
    uint32_t partition;
    bool whole;
    size_t at;
};
/* As crl_next_fn. */
int crl_lost_next(struct crl_lost_walk *w, struct crl_entry *out);
void crl_lost_free(struct signer_crl *c);

/* signer_crl_above.c: what an authority whose key is elsewhere revoked here. */
/* On the CRL thread: its list, authority i's, is another one. */
void crl_above_read(struct signer *s, size_t i);
/* Lock held: that authority i was revoked by it, as a sentence that the caller
 * frees; NULL when it was not. */
char *crl_above_text(const struct signer *s, size_t i);

/* signer_crl_part.c: partitions. */
/* The partition of the next certificate, 0 when the authority has none.  Waits
 * until its CRL is out; -1 with ERR_STORAGE_ERROR when that cannot be. */
int crl_partition_take(struct signer *s, const struct signer_authority *a,
                       uint32_t *partition, struct errs *e);
/* What it would be about now, by the ledger alone. */
uint32_t crl_partition_guess(struct worker *w,
                             const struct signer_authority *a);
/* When the last certificate in it ends; without any, as after a restore from an
 * older copy, nobody knows. */
int64_t crl_part_ends(const struct partition_row *row);
/* Nothing that it covers is valid, or was so long ago that a CRL still names
 * it. */
bool crl_is_over(const struct signer *s, size_t i, const struct signer_crl *c,
                 int64_t now);
/* On the CRL thread: those that are over are served no more. */
void crl_retire(struct signer *s);
/* Lock held: how many CRLs are served, and how many the front may hold. */
uint64_t crl_count(const struct signer *s);
uint64_t crl_count_max(const struct signer *s);
/* Lock held: one more is to be opened. */
bool crl_wants_part(struct signer *s, size_t i, int64_t now);
/* On the CRL thread: publishes the first CRL of one more. */
void crl_open_part(struct signer *s, struct store_conn *db, size_t i);
/* After one was made: when the last certificate in it ends. */
void crl_note_end(struct signer *s, struct store_conn *db, size_t i,
                  struct signer_crl *c);
void crl_part_free(struct signer_crl *c);

/* signer_crl_file.c: the files below data/crl. */
/* A new "NAME.crl.new" there, open for reading and writing: the descriptor. */
int crl_file_new(const struct signer *s, const char *name, struct errs *e);
/* The descriptor of a regular file, to be read, without waiting for anybody; -1
 * with errno, which is 0 when it is something else. */
int crl_file_open(const char *path);
/* The reason for a file that cannot be written, by errno. */
enum err crl_file_error(int why);
/* Removes a new one that came to nothing: the disk may be full of it. */
void crl_file_drop(const struct signer *s, const char *name);
/* Keeps what is in place as "NAME.crl.NUMBER", with a higher number when
 * another is kept so already; -1 when it cannot be. */
int crl_file_keep(const struct signer *s, const char *name, uint64_t number);
/* Those of an authority that are kept, and, with number 0, in place. */
typedef void crl_file_fn(void *arg, uint32_t partition, uint64_t number,
                         const char *path);
void crl_file_each(const struct signer *s, const char *authority,
                   crl_file_fn *fn, void *arg);
/* What is behind fd is on the disk: 0, or -1. */
int crl_file_sync(int fd, struct errs *e);
/* Puts it in the place of the one before it. */
int crl_file_publish(const struct signer *s, const char *name, struct errs *e);
/* 1 when the file in place, or the one that was about to be (it is put in
 * place), has this hash; 0 when not. */
int crl_file_restore(const struct signer *s, const char *name,
                     const uint8_t sha256[32]);
/* The CRL in place, if there is one. */
struct crl_in_place {
    bool there;
    uint64_t number; /* 0: it cannot be read */
    bool fits;       /* it is about url (NULL: about everything) */
    bool named;      /* about "…/crl/NAME.crl", whatever public-url was */
};
struct crl_in_place crl_file_look(const struct signer *s, const char *name,
                                  const char *url);
/* The highest of an authority's partitions, known or one whose file in place
 * says so; a file that says nothing counts when it follows that one: they are
 * opened in order. */
uint32_t crl_file_parts(const struct signer *s, const char *authority,
                        uint32_t known);
/* Removes the file in place, and the new one; tells the front. */
void crl_file_remove(const struct signer *s, const char *name);
/* Sends the front the file in place. */
void crl_file_tell(const struct signer *s, const char *name,
                   const struct crl_state *st);

#endif
