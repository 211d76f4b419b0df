/* SPDX-License-Identifier: ISC */
/*
 * Frames between the processes (doc/PROTOCOL.md): SOCK_SEQPACKET, in a packet
 * one frame, or several of the signer's or of the front's that may share one
 * (msg_may_share()); {u16 type, u16 flags, u32 length, u64 id}, then the body;
 * a packet has at most MSG_MAX octets, everything is big-endian.  One table
 * names every message, its direction and who may send it; what it does not
 * permit ends the connection.
 *
 * A request carries a caller (what was shown, never what was concluded) and
 * is answered by one frame, or by several with `more` and a last one without.
 * MSG_ERROR may answer any request.
 */
#ifndef POCKETCA_MSG_H
#define POCKETCA_MSG_H

#include "csr.h"
#include "ocsp.h"
#include "record.h"
#include "report.h"

/* Who sends: F front, A the command line on the admin socket, S signer. */
enum msg_peer { PEER_F = 1, PEER_A = 2, PEER_S = 4 };

#define MSG_TABLE(X)                                                           \
    /* requests */                                                             \
    X(HELLO, 1, PEER_F | PEER_A)        /* - -> AUTHORITIES */                 \
    X(SERVICE_CERT, 2, PEER_F)          /* blob spki -> RECORD */              \
    X(ISSUE, 3, PEER_F | PEER_A)        /* msg_issue -> RECORD */              \
    X(RENEW, 4, PEER_F | PEER_A)        /* msg_issue -> RECORD */              \
    X(REVOKE, 5, PEER_F | PEER_A)       /* msg_revoke -> REVOKED, more… */     \
    X(GET, 6, PEER_F | PEER_A)          /* serial -> RECORD */                 \
    X(LIST, 7, PEER_F | PEER_A)         /* query -> RECORD more…, LIST_END */  \
    X(WHO, 8, PEER_F | PEER_A)          /* msg_what -> CALLER */               \
    X(TOKEN_MAKE, 9, PEER_F | PEER_A)   /* token -> TOKEN with secret */       \
    X(TOKEN_LIST, 10, PEER_F | PEER_A)  /* str after, u32 limit -> TOKEN       \
                                           more…, LIST_END */                  \
    X(TOKEN_REMOVE, 11, PEER_F | PEER_A) /* str id -> DONE */                  \
    X(METRICS, 12, PEER_F | PEER_A)     /* - -> TEXT (Prometheus) */           \
    X(READY, 13, PEER_F | PEER_A)       /* - -> READINESS */                   \
    X(CRL_NEXT, 14, PEER_A)             /* str authority -> CRL_NUMBER */      \
    X(CRL_INSTALL, 15, PEER_A)          /* str authority, blob der -> DONE */  \
    X(CRL_BUILD, 16, PEER_A)            /* str authority -> DONE */            \
    X(AUDIT, 17, PEER_A)                /* - -> TEXT more…, DONE or ERROR */   \
    X(CLOCK_ACCEPT, 18, PEER_A)         /* - -> DONE */                        \
    X(IMPORT, 26, PEER_A)               /* str authority, u8 dry, u64 number,  \
                                           u32 n, items -> IMPORTED */         \
    X(BLOCK, 27, PEER_A)                /* 32 octets key, str note -> DONE */  \
    X(UNBLOCK, 28, PEER_A)              /* 32 octets key -> DONE */            \
    X(BLOCK_LIST, 29, PEER_A)           /* - -> BLOCKED more…, DONE */         \
    X(SIGN_CA, 30, PEER_A)              /* msg_sign_ca -> RECORD */            \
    X(OCSP, 36, PEER_F)                 /* msg_ocsp -> OCSP_ANSWER */          \
    X(EXPLAIN, 46, PEER_F | PEER_A)     /* msg_issue, str token ->             \
                                           EXPLAINED more…, EXPLAINED */       \
    X(REVOCATIONS, 48, PEER_F | PEER_A) /* msg_revocations -> RECORD more…,    \
                                           REVOKED_PAGE more…, REVOKED_PAGE */ \
    /* answers */                                                              \
    X(IMPORTED, 32, PEER_S)             /* u32 n, n x (u8 outcome, str why) */ \
    X(BLOCKED, 33, PEER_S)              /* 32 octets key, i64 at, str note */  \
    X(EXPLAINED, 47, PEER_S)            /* msg_explained */                    \
    X(REVOKED_PAGE, 49, PEER_S)         /* revocations; with `more` they go    \
                                           on in the next */                   \
    X(OCSP_ANSWER, 37, PEER_S)          /* msg_ocsp_answer */                  \
    X(ERROR, 64, PEER_S)                /* errs */                             \
    X(DONE, 65, PEER_S)                 /* - */                                \
    X(AUTHORITIES, 66, PEER_S)          /* msg_hello */                        \
    X(RECORD, 67, PEER_S)               /* u8 repeated, record */              \
    X(REVOKED, 68, PEER_S)              /* msg_revoked; with `more` the        \
                                           serials go on in the next */        \
    X(LIST_END, 69, PEER_S)             /* str cursor, head size and root */   \
    X(CALLER, 70, PEER_S)               /* msg_who */                          \
    X(TOKEN, 71, PEER_S)                /* token */                            \
    X(TEXT, 72, PEER_S)                 /* blob */                             \
    X(READINESS, 73, PEER_S)            /* msg_ready */                        \
    X(CRL_NUMBER, 74, PEER_S)           /* u64 number to use next */           \
    /* notices of the signer (id 0) */                                         \
    X(CRL_FILE, 96, PEER_S)             /* msg_crl_file and a descriptor */    \
    X(OCSP_CHANGED, 97, PEER_S)         /* u64 end, u32 n, n x ocsp_change */  \
    X(CRL_GONE, 98, PEER_S)             /* str name */

enum msg_type {
    MSG_STOP = 0,
#define X(name, number, from) MSG_##name = number,
    MSG_TABLE(X)
#undef X
        MSG__MAX
};

enum { MSG_MAX = 65536, MSG_HEAD = 16 };

/* "ISSUE"; NULL when there is no such type. */
const char *msg_name(unsigned type);
/* A request that is answered in microseconds and comes in masses: OCSP, GET. */
bool msg_is_quick(unsigned type);
/* A request that may stand in a packet with others of the front. */
bool msg_may_share(unsigned type);

struct frame {
    enum msg_type type;
    bool more;
    uint64_t id;
    struct rd body; /* points into the packet given to msg_recv() */
    int fd;         /* -1, or a descriptor that is the caller's to close */
};

/* Starts a frame in b (emptied first); then put the body; then msg_send(). */
void msg_begin(struct buf *b, enum msg_type type, uint64_t id, bool more);
/* Of a frame that was begun. */
enum msg_type msg_type_of(const struct buf *frame);
/* Another id for a frame that was begun. */
void msg_set_id(struct buf *frame, uint64_t id);
/* 0; -1 with errno: EPIPE and the like when the peer is gone, EAGAIN when
 * dontwait and it would block, EMSGSIZE when over MSG_MAX.  fd: passed along,
 * or -1. */
int msg_send(int sock, struct buf *frame, int fd, bool dontwait);
/* All n frames in their order, in few packets; all may share one, as above.
 * How many went: n, or fewer with errno as above. */
size_t msg_send_all(int sock, struct buf *frames, size_t n, bool dontwait);

/* What a packet brought, zeroed at first.  Its frames are handed out one after
 * another. */
struct msg_in {
    size_t at, n; /* of v, what was handed out and what there is */
    uint8_t v[MSG_MAX];
};
/* 1 a frame; 0 the peer is gone; -1 the peer broke the protocol (unknown type,
 * not permitted from `peer`, wrong length): close the connection.  Descriptors
 * are taken only when peer is PEER_S. */
int msg_recv(int sock, enum msg_peer peer, struct msg_in *in,
             struct frame *out);
/* The same without waiting: MSG_NONE when no frame is there. */
enum { MSG_NONE = 2 };
int msg_recv_now(int sock, enum msg_peer peer, struct msg_in *in,
                 struct frame *out);

/* What the client showed. */
enum evidence { EV_NONE = 0, EV_TOKEN, EV_CERT, EV__MAX };
struct caller {
    enum evidence evidence;
    char *token;        /* EV_TOKEN: the bearer's text, as it came */
    uint8_t cert[32];   /* EV_CERT: SHA-256 of the client certificate */
    char *request_id;   /* for the log; or NULL */
    char *address;      /* of the client, for the log; or NULL */
};
void caller_free(struct caller *c);
void caller_put(struct buf *b, const struct caller *c);
void caller_get(struct rd *r, struct caller *c);

/* ISSUE and RENEW: what a CSR and its arguments came to. */
struct msg_issue {
    char *profile;       /* NULL: default */
    struct names names;  /* of the SAN, or the list in its place */
    bool listed;         /* it is such a list */
    struct strs odd_san, warnings;
    struct subject subject; /* of the CSR */
    char *critical;
    unsigned power;
    struct errs errs;    /* what is wrong with it already: it is refused */
    bool partial;        /* so names or subject fields are missing */
    struct buf spki;     /* RENEW: empty keeps the key */
    struct span span;    /* 0: default */
    char *note;
    struct serial replaces;
    struct serial renews; /* RENEW: len 0 is the caller's own certificate */
    char *idem_key;
    uint8_t idem_hash[32];
    char *protocol;
};
void msg_issue_free(struct msg_issue *m);
AUTO_VALUE(msg_issue, struct msg_issue, msg_issue_free)
void msg_issue_put(struct buf *b, const struct msg_issue *m);
void msg_issue_get(struct rd *r, struct msg_issue *m);

/* EXPLAINED: what would become of an issue.  The lines go on in the next frame
 * while there is `more`; all else is in the last one. */
struct msg_explained {
    struct report report;
    char *profile, *authority; /* NULL: it did not come to that */
    struct buf tbs; /* TBSCertificate that would be signed; empty: refused */
};
void msg_explained_free(struct msg_explained *m);
AUTO_VALUE(msg_explained, struct msg_explained, msg_explained_free)
/* n lines from the first; the rest only when these are the last. */
void msg_explained_put(struct buf *b, const struct msg_explained *m,
                       size_t first, size_t n);
/* Adds to *m, which is empty before the first frame. */
void msg_explained_get(struct rd *r, struct msg_explained *m);

/* SIGN_CA: the certificate of an authority below this one. */
struct msg_sign_ca {
    char *authority; /* that signs */
    char *cn;
    struct buf spki;
    int64_t lifetime; /* seconds; 0: ten years, or what is left */
    uint8_t path_len;
    struct strs permitted; /* patterns, for name constraints; none: none */
    uint32_t power;        /* that the CSR asks for: enum csr_power */
    char *critical;        /* OIDs behind CSR_POWER_CRITICAL, or NULL */
    struct strs warnings;  /* what of the CSR was dropped */
};
void msg_sign_ca_free(struct msg_sign_ca *m);
AUTO_VALUE(msg_sign_ca, struct msg_sign_ca, msg_sign_ca_free)
void msg_sign_ca_put(struct buf *b, const struct msg_sign_ca *m);
void msg_sign_ca_get(struct rd *r, struct msg_sign_ca *m);

struct msg_revoke {
    struct serial serial;
    int reason;    /* -1: none given */
    int renewals;  /* -1: default, 0, 1 */
    uint64_t leaf; /* which one of that serial; 0: there is but one */
};
void msg_revoke_put(struct buf *b, const struct msg_revoke *m);
void msg_revoke_get(struct rd *r, struct msg_revoke *m);

/* REVOKED: the certificate as it is now, and what was revoked with it. */
struct msg_revoked {
    struct record record;
    bool crl_pending; /* the CRL that says so is still being built */
    struct serial *also;
    size_t n;
};
void msg_revoked_free(struct msg_revoked *m);
AUTO_VALUE(msg_revoked, struct msg_revoked, msg_revoked_free)
void msg_revoked_put(struct buf *b, const struct msg_revoked *m);
/* Adds to *m, which is empty before the first frame, the serials of one more.
 */
void msg_revoked_get(struct rd *r, struct msg_revoked *m);

/* AUTHORITIES: what the front needs to know, once. */
struct msg_hello {
    struct authority_infos authorities;
    struct buf ledger_key; /* SubjectPublicKeyInfo */
    struct strs warnings;  /* for the log and `check` */
};
void msg_hello_free(struct msg_hello *m);
AUTO_VALUE(msg_hello, struct msg_hello, msg_hello_free)
void msg_hello_put(struct buf *b, const struct msg_hello *m);
void msg_hello_get(struct rd *r, struct msg_hello *m);

/* WHO: for what. */
enum {
    MAY_ITSELF = 1 << 8, /* beside roles: a certificate, about itself */
    MAY_ANY = 1 << 9,    /* any credential */
};
struct msg_what {
    unsigned may; /* roles of which one is needed, and MAY_… */
    bool repeats; /* a used-up token passes */
};
void msg_what_put(struct buf *b, const struct msg_what *m);
void msg_what_get(struct rd *r, struct msg_what *m);

/* CALLER: who the evidence proves, and what that may. */
struct msg_who {
    enum who_type type;
    struct token token; /* WHO_TOKEN; for others id, label and roles only */
};
void msg_who_free(struct msg_who *m);
AUTO_VALUE(msg_who, struct msg_who, msg_who_free)
void msg_who_put(struct buf *b, const struct msg_who *m);
void msg_who_get(struct rd *r, struct msg_who *m);

struct msg_ready {
    bool ready;
    struct strs reasons, warnings;
};
void msg_ready_free(struct msg_ready *m);
AUTO_VALUE(msg_ready, struct msg_ready, msg_ready_free)
void msg_ready_put(struct buf *b, const struct msg_ready *m);
void msg_ready_get(struct rd *r, struct msg_ready *m);

/* A finished CRL file, to be served from its descriptor. */
struct msg_crl_file {
    char *name; /* "issuing.crl", "issuing/3.crl" */
    uint64_t number, size;
    int64_t this_update, next_update;
    uint8_t sha256[32];
};
void msg_crl_file_free(struct msg_crl_file *m);
void msg_crl_file_put(struct buf *b, const struct msg_crl_file *m);
void msg_crl_file_get(struct rd *r, struct msg_crl_file *m);

/* OCSP: the status of some certificates of one authority. */
struct msg_ocsp {
    uint16_t authority; /* by its place among those of HELLO */
    size_t n;
    enum digest digest[OCSP_IDS_MAX];
    struct serial serial[OCSP_IDS_MAX];
    const uint8_t *nonce; /* into the frame */
    size_t nonce_len;
};
void msg_ocsp_put(struct buf *b, const struct msg_ocsp *m);
void msg_ocsp_get(struct rd *r, struct msg_ocsp *m);

struct msg_ocsp_answer {
    uint64_t snapshot; /* it knows every entry before this one */
    uint8_t error;     /* enum ocsp_error; 0: der is the answer */
    bool keep;         /* it may be given to others who ask the same */
    int64_t this_update, next_update;
    struct buf der;
};
static inline void msg_ocsp_answer_free(struct msg_ocsp_answer *m)
{
    buf_free(&m->der);
}
AUTO_VALUE(msg_ocsp_answer, struct msg_ocsp_answer, msg_ocsp_answer_free)
void msg_ocsp_answer_put(struct buf *b, const struct msg_ocsp_answer *m);
void msg_ocsp_answer_get(struct rd *r, struct msg_ocsp_answer *m);

/* OCSP_CHANGED: answers about these of a snapshot before `end` are history. */
struct ocsp_change {
    uint16_t authority;
    struct serial serial;
};
void ocsp_change_put(struct buf *b, const struct ocsp_change *c);
void ocsp_change_get(struct rd *r, struct ocsp_change *c);

/* One thing of an IMPORT, and what became of it. */
enum import_kind { IMPORT_CERT = 1, IMPORT_SERIAL, IMPORT_NAMED, IMPORT__MAX };
enum import_outcome {
    IMPORT_NEW = 0, /* with a sentence: a warning */
    IMPORT_KNOWN,
    IMPORT_MISSING, /* IMPORT_NAMED: such a certificate is not here */
    IMPORT_REFUSED, /* with a sentence */
};
struct msg_import_item {
    enum import_kind kind;
    struct buf der;       /* IMPORT_CERT */
    struct serial serial; /* else; revoked, or just named */
    int64_t at, not_after; /* IMPORT_SERIAL */
    int reason;
};
void msg_import_item_free(struct msg_import_item *m);
void msg_import_item_put(struct buf *b, const struct msg_import_item *m);
void msg_import_item_get(struct rd *r, struct msg_import_item *m);

#endif
