/* SPDX-License-Identifier: ISC */
/*
 * Why something was refused.  One table holds every reason: its stable code
 * (doc/openapi.yaml), its HTTP status and its title (RFC 9457).  A function
 * that refuses adds one or more reasons and returns -1; it never logs.
 */
#ifndef POCKETCA_ERR_H
#define POCKETCA_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"
#include "buf.h"

#define ERR_TABLE(X)                                                           \
    X(BAD_CSR, 400, "bad-csr", "Malformed certificate signing request")        \
    X(BAD_SIGNATURE, 400, "bad-signature", "Signature of the CSR is wrong")    \
    X(CSR_IS_PRIVATE_KEY, 400, "csr-is-private-key", "This is a private key")  \
    X(BAD_NAME, 400, "bad-name", "Malformed name")                             \
    X(NO_NAMES, 400, "no-names", "No names to certify")                        \
    X(BAD_JSON, 400, "bad-json", "Malformed JSON")                             \
    X(BAD_ARGUMENT, 400, "bad-argument", "Malformed argument")                 \
    X(BAD_REQUEST, 400, "bad-request", "Malformed request")                    \
    X(TOKEN_MISSING, 401, "token-missing", "No credential")                    \
    X(TOKEN_UNKNOWN, 401, "token-unknown", "Unknown token")                    \
    X(TOKEN_EXPIRED, 401, "token-expired", "Expired token")                    \
    X(TOKEN_USED_UP, 401, "token-used-up", "Token without uses left")          \
    X(CERTIFICATE_EXPIRED, 401, "certificate-expired",                         \
      "Expired client certificate")                                            \
    X(CERTIFICATE_REVOKED, 401, "certificate-revoked",                         \
      "Revoked client certificate")                                            \
    X(CERTIFICATE_FOREIGN, 401, "certificate-foreign",                         \
      "Client certificate of another authority")                               \
    X(ROLE_MISSING, 403, "role-missing", "Not permitted")                      \
    X(NOT_FOUND, 404, "not-found", "Not found")                                \
    X(METHOD_NOT_ALLOWED, 405, "method-not-allowed", "Method not allowed")     \
    X(NOT_ACCEPTABLE, 406, "not-acceptable", "No such representation")         \
    X(IDEMPOTENCY_CONFLICT, 409, "idempotency-conflict",                       \
      "Idempotency-Key used for another request")                              \
    X(ALREADY_REVOKED, 409, "already-revoked", "Already revoked")              \
    X(LABEL_TAKEN, 409, "label-taken", "Label in use")                         \
    X(TOO_LARGE, 413, "too-large", "Request too large")                        \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported-media-type",                   \
      "Unsupported media type")                                                \
    X(UNKNOWN_PROFILE, 422, "unknown-profile", "Unknown profile")              \
    X(PROFILE_NOT_ALLOWED, 422, "profile-not-allowed", "Profile not allowed")  \
    X(NAME_NOT_ALLOWED, 422, "name-not-allowed", "Name not allowed")           \
    X(NAME_NOT_IN_TOKEN, 422, "name-not-in-token",                             \
      "Name outside the token's names")                                        \
    X(NAME_TYPE_NOT_ALLOWED, 422, "name-type-not-allowed",                     \
      "Type of name not allowed")                                              \
    X(WILDCARD_NOT_ALLOWED, 422, "wildcard-not-allowed",                       \
      "Wildcard not allowed")                                                  \
    X(TOO_FEW_NAMES, 422, "too-few-names", "Too few names")                    \
    X(TOO_MANY_NAMES, 422, "too-many-names", "Too many names")                 \
    X(KEY_NOT_ALLOWED, 422, "key-not-allowed", "Key not allowed")              \
    X(KEY_WEAK, 422, "key-weak", "Weak key")                                   \
    X(KEY_COMPROMISED, 422, "key-compromised", "Compromised key")              \
    X(EXTENSION_NOT_ALLOWED, 422, "extension-not-allowed",                     \
      "Extension not allowed")                                                 \
    X(LIFETIME_TOO_LONG, 422, "lifetime-too-long", "Lifetime too long")        \
    X(LIFETIME_TOO_SHORT, 422, "lifetime-too-short", "Lifetime too short")     \
    X(NOT_BEFORE_NOT_ALLOWED, 422, "not-before-not-allowed",                   \
      "Beginning not allowed")                                                 \
    X(ISSUER_EXPIRES, 422, "issuer-expires", "The issuer ends before that")    \
    X(REASON_NOT_ALLOWED, 422, "reason-not-allowed",                           \
      "Revocation reason not allowed")                                         \
    X(LINT, 422, "lint", "The certificate would break a rule")                 \
    X(TOO_MANY_ATTEMPTS, 429, "too-many-attempts", "Too many attempts")        \
    X(QUEUE_FULL, 503, "queue-full", "Too much work is waiting")               \
    X(STORAGE_FULL, 503, "storage-full", "No space left for the ledger")       \
    X(STORAGE_ERROR, 503, "storage-error", "The ledger cannot be written")     \
    X(CLOCK_SUSPECT, 503, "clock-suspect", "The clock cannot be right")        \
    X(SIGNER_AWAY, 503, "signer-away", "The signer is restarting")

enum err {
    ERR_NONE = 0,
#define X(id, status, code, title) ERR_##id,
    ERR_TABLE(X)
#undef X
        ERR__MAX
};

struct err_item {
    enum err code;
    char *detail; /* the value and the rule that refused it, a sentence that
                   * others can stand around: lower case, no full stop */
    char *name;   /* the name it is about ("dns:a.b"), or NULL */
};

/* Every reason of one refusal; zero-initialised is none. */
struct errs {
    struct err_item *v;
    size_t n;
};

const char *err_code(enum err e);
const char *err_title(enum err e);
int err_status(enum err e);

/* Adds a reason; foreign octets in it are escaped; always returns -1. */
int err_add(struct errs *l, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* As err_add(), about one name. */
int err_add_name(struct errs *l, enum err e, const char *name, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
/* The text with what is no printable UTF-8 as \xNN, and cut where it is long;
 * the caller frees. */
char *err_escape(const char *text);
/* The reason that decides the status: the one with the lowest status, the
 * first of those; NULL when there is none. */
const struct err_item *errs_first(const struct errs *l);
/* True when there are so many that a further one is dropped. */
bool errs_full(const struct errs *l);
void errs_free(struct errs *l);
AUTO_VALUE(errs, struct errs, errs_free)
/* Appends the reasons of `from`, which is empty afterwards. */
void errs_move(struct errs *to, struct errs *from);

/* The same, each reason once. */
void errs_merge(struct errs *to, struct errs *from);

/* On the wire between processes. */
void errs_put(struct buf *b, const struct errs *l);
void errs_get(struct rd *r, struct errs *l);

/* The process exit code that goes with a refusal: 1, or 3 for a 503. */
int errs_exit_code(const struct errs *l);

#endif
