/* SPDX-License-Identifier: ISC */
/* The handlers of the routes, and what they share. */
#ifndef POCKETCA_FRONT_HANDLE_H
#define POCKETCA_FRONT_HANDLE_H

#include "front.h"
#include "front_args.h"

/* Rows of the table at most: the metrics have a place for each. */
enum { FRONT_ROUTES_MAX = 48 };

/* front_cert.c */
front_fn front_issue, front_renew, front_renew_self;
front_fn front_get, front_get_pem, front_get_der;
/* front_revoke.c */
front_fn front_revoke;
/* A reason's word; NULL: none, -1.  Which of them a caller may give, the signer
 * says.  -1 with an ERR_BAD_ARGUMENT. */
int front_reason(const char *text, int *out, struct errs *e);
/* front_revocations.c */
front_fn front_revocations;
/* front_list.c */
front_fn front_list;
/* front_token.c */
front_fn front_token_make, front_token_list, front_token_self,
    front_token_remove;
/* front_ca.c */
front_fn front_authorities, front_profiles;
front_fn front_ca_pem, front_ca_der, front_ca_root_crt, front_ca_chain;
/* front_crl_reply.c */
front_fn front_crl_der, front_crl_pem, front_crl_chain;
/* front_run.c */
front_fn front_health, front_ready, front_metrics, front_openapi;
/* front_ocsp.c */
front_fn front_ocsp_get, front_ocsp_post;

/* What curl and the standards call them. */
#define TYPE_CHAIN "application/pem-certificate-chain"
#define TYPE_DER "application/pkix-cert"
#define TYPE_JSON "application/json"

enum cert_format { CERT_PEM = 0, CERT_JSON, CERT_DER };
/* Replies with the certificate of a RECORD's record. */
void front_reply_record(struct req *r, int status, const struct record *rec,
                        enum cert_format format);

/* The arguments of the query, all of them among names; -1 when the request is
 * answered already. */
int front_query(struct req *r, const char *const *names,
                struct front_args *out);
/* For routes without arguments. */
int front_query_none(struct req *r);
/* r->part as a serial number; -1 when the request is answered with 404. */
int front_serial(struct req *r, struct serial *s);
/* The only answer, which is of that type: anything else is a fault of ours. */
struct rd *front_answer(struct req *r, enum msg_type type);
/* Ends the process unless the answer was read exactly. */
void front_answer_done(const struct req *r, const struct rd *body);
/* front_ask(), but 413 when the frame is larger than frames are. */
void front_ask_checked(struct req *r, front_fn *fn);
/* What the client has already, by If-None-Match or If-Modified-Since, is this:
 * 304. */
bool front_not_modified(const struct req *r, const char *etag,
                        int64_t modified);
/* 415 with the sentence that helps. */
void front_refuse_type(struct req *r, const char *type, const char *wanted);

/* front_metrics.c: the front's own, in Prometheus text. */
void front_metrics_put(const struct req *r, struct buf *out);

/* doc/openapi.yaml, embedded by the build. */
extern const unsigned char front_openapi_text[];
extern const size_t front_openapi_size;

#endif
