/* SPDX-License-Identifier: ISC */
/* What a CRL and an OCSP answer say of one certificate, and whether answers
 * agree.  OpenSSL makes the OCSP answers. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "status.h"
#include "unit.h"
#include "x509.h"

/* Behind ours: it has macros of the same names. */
#include <openssl/ocsp.h>

#define URL "http://ca.example:8080/crl/issuing/1.crl"

/* An authority, a leaf of it, and a CRL that has it or not. */
struct scene {
    struct party ca, key, other; /* other: a responder's */
    struct buf ca_der, leaf_der, crl;
    struct cert issuer, leaf;
};

static void make_cert(struct scene *s, const struct cert_spec *spec,
                      struct buf *der, struct cert *out)
{
    AUTO(errs) struct errs e = {0};

    cert_make(der, spec, &s->ca);
    ck_assert_int_eq(cert_parse(out, der->data, der->len, &e), 0);
}

static void scene_make(struct scene *s)
{
    struct cert_spec spec;

    *s = (struct scene){0};
    party_make(&s->ca, "ec:P-256");
    party_make(&s->key, "ec:P-256");
    party_make(&s->other, "ec:P-256");
    spec = root_spec(&s->ca);
    make_cert(s, &spec, &s->ca_der, &s->issuer);
    spec = root_spec(&s->key);
    spec.issuer = s->issuer.subject;
    spec.issuer_len = s->issuer.subject_len;
    spec.ca = false;
    spec.ku = KU_DIGITAL_SIGNATURE;
    spec.serial.v[0] = 0x55;
    spec.not_after = DAY_ONE + 86400;
    make_cert(s, &spec, &s->leaf_der, &s->leaf);
}

static void scene_free(struct scene *s)
{
    cert_free(&s->issuer);
    cert_free(&s->leaf);
    buf_free(&s->ca_der);
    buf_free(&s->leaf_der);
    buf_free(&s->crl);
    party_free(&s->ca);
    party_free(&s->key);
    party_free(&s->other);
}
AUTO_VALUE(scene, struct scene, scene_free)

static int one(void *arg, struct crl_entry *out)
{
    struct crl_entry **e = arg;

    if (!*e)
        return 0;
    *out = **e;
    *e = NULL;
    return 1;
}

/* entry NULL: an empty list; url NULL: of everything. */
static void make_crl(struct scene *s, struct crl_entry *entry, const char *url,
                     struct key_signer *by)
{
    const struct crl_spec spec = {.issuer = s->issuer.subject,
                                  .issuer_len = s->issuer.subject_len,
                                  .aki = s->issuer.ski,
                                  .this_update = DAY_ONE,
                                  .next_update = DAY_ONE + 7 * 86400,
                                  .number = 1,
                                  .url = url};
    FILE *f = tmpfile();
    off_t size;

    ck_assert_int_ge(crl_build(fileno(f), &spec, by, one, &entry), 0);
    size = lseek(fileno(f), 0, SEEK_END);
    buf_reset(&s->crl);
    ck_assert_int_eq(
        pread(fileno(f), buf_extend(&s->crl, (size_t)size), (size_t)size, 0),
        size);
    fclose(f);
}

static enum says judged(const struct scene *s, int64_t now, int *reason)
{
    AUTO(status) struct status st = {.url = xstrdup(URL)};

    status_judge_crl(&s->leaf, &s->issuer, s->crl.data, s->crl.len, now, &st);
    ck_assert((st.says == SAYS_FAILED) == (st.detail != NULL));
    if (reason)
        *reason = st.reason;
    return st.says;
}

START_TEST(a_crl_says_good_or_revoked)
{
    AUTO(scene) struct scene s;
    struct crl_entry gone;
    int reason;

    scene_make(&s);
    gone = (struct crl_entry){s.leaf.serial, DAY_ONE, REASON_SUPERSEDED};
    make_crl(&s, NULL, NULL, s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_GOOD);
    make_crl(&s, &gone, NULL, s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, &reason), SAYS_REVOKED);
    ck_assert_int_eq(reason, REASON_SUPERSEDED);
    gone.serial.v[1] ^= 1;
    make_crl(&s, &gone, NULL, s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_GOOD);
}
END_TEST

/* A partition is good for the certificates that name it, and for no other. */
START_TEST(another_partition_says_nothing)
{
    AUTO(scene) struct scene s;

    scene_make(&s);
    make_crl(&s, NULL, URL, s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_GOOD);
    make_crl(&s, NULL, "http://ca.example:8080/crl/issuing/2.crl", s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_FAILED);
    make_crl(&s, NULL, URL "x", s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_FAILED);
}
END_TEST

START_TEST(one_that_is_none_fails)
{
    AUTO(scene) struct scene s;

    scene_make(&s);
    make_crl(&s, NULL, NULL, s.key.signer); /* by another key */
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_FAILED);
    make_crl(&s, NULL, NULL, s.ca.signer);
    ck_assert_int_eq(judged(&s, DAY_ONE + 8 * 86400, NULL), SAYS_FAILED);
    ck_assert_int_eq(judged(&s, DAY_ONE - 86400, NULL), SAYS_FAILED);
    for (size_t i = 0; i < s.crl.len; i += 7) {
        s.crl.data[i] ^= 0x20;
        ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_FAILED);
        s.crl.data[i] ^= 0x20;
    }
    s.crl.len--;
    ck_assert_int_eq(judged(&s, DAY_ONE + 60, NULL), SAYS_FAILED);
}
END_TEST

#define NOBODY                                                                 \
    {                                                                          \
        .says = SAYS_NOTHING                                                   \
    }
#define GOOD                                                                   \
    {                                                                          \
        .says = SAYS_GOOD                                                      \
    }
#define UNKNOWN                                                                \
    {                                                                          \
        .says = SAYS_UNKNOWN                                                   \
    }
#define FAILED                                                                 \
    {                                                                          \
        .says = SAYS_FAILED                                                    \
    }
#define GONE(at, why)                                                          \
    {                                                                          \
        .says = SAYS_REVOKED, .revoked_at = (at), .reason = (why)              \
    }

static const struct {
    struct status v[3];
    enum verdict want;
} cases[] = {
    {{GOOD, GOOD, GOOD}, VERDICT_GOOD},
    {{NOBODY, GOOD, GOOD}, VERDICT_GOOD},
    {{GONE(5, 1), GONE(5, 1), GONE(5, 1)}, VERDICT_REVOKED},
    {{NOBODY, GONE(5, 1), GONE(5, 1)}, VERDICT_REVOKED},
    {{GONE(5, 1), GOOD, GONE(5, 1)}, VERDICT_DIFFER},
    {{GOOD, GONE(5, 1), GOOD}, VERDICT_DIFFER},
    {{GONE(5, 1), GONE(6, 1), GONE(5, 1)}, VERDICT_DIFFER},
    {{GONE(5, 1), GONE(5, 4), GONE(5, 1)}, VERDICT_DIFFER},
    {{GOOD, GOOD, FAILED}, VERDICT_INCOMPLETE},
    {{GONE(5, 1), FAILED, GONE(5, 1)}, VERDICT_INCOMPLETE},
    {{GONE(5, 1), FAILED, GOOD}, VERDICT_DIFFER},
    {{NOBODY, NOBODY, NOBODY}, VERDICT_UNKNOWN},
    {{UNKNOWN, NOBODY, UNKNOWN}, VERDICT_UNKNOWN},
};

START_TEST(answers_agree_or_not)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(status_verdict(cases[i].v, 3) == cases[i].want,
                      "case %zu: %s", i,
                      verdict_text(status_verdict(cases[i].v, 3)));
}
END_TEST

/* ---- OCSP */

AUTO_DEFINE(ocsp_basic, OCSP_BASICRESP *, OCSP_BASICRESP_free)
AUTO_DEFINE(ocsp_req, OCSP_REQUEST *, OCSP_REQUEST_free)
AUTO_DEFINE(ocsp_resp, OCSP_RESPONSE *, OCSP_RESPONSE_free)

enum signer_kind { ISSUER, RESPONDER, NO_RESPONDER, SOMEBODY };
enum nonce_kind { NONE, THE_SAME, ANOTHER };

/* An answer to a question, and what it is to be judged as. */
struct answer {
    const char *what;
    int state, reason;
    int64_t from, until; /* after the moment of the question */
    enum signer_kind by;
    int64_t by_until; /* the responder's certificate, likewise; 0: for long */
    enum nonce_kind nonce;
    bool about_another, without_nonce; /* without: none was asked with */
    enum says want;
    const char *detail; /* in the reason */
};

enum {
    HOUR = 3600,
    NOW = 7 * 24 * HOUR, /* after DAY_ONE, which is not the machine's now */
    GONE_AT = 2 * HOUR,
    NO_END = INT32_MAX,
    S_GOOD = V_OCSP_CERTSTATUS_GOOD,
    S_REVOKED = V_OCSP_CERTSTATUS_REVOKED,
    S_UNKNOWN = V_OCSP_CERTSTATUS_UNKNOWN,
};

static const struct answer answers[] = {
    {"good", S_GOOD, 0, -60, HOUR, ISSUER, 0, THE_SAME, 0, 0, SAYS_GOOD, NULL},
    {"without an end", S_GOOD, 0, -60, NO_END, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_GOOD, NULL},
    {"revoked", S_REVOKED, REASON_SUPERSEDED, -60, HOUR, ISSUER, 0, THE_SAME, 0,
     0, SAYS_REVOKED, NULL},
    {"for no reason", S_REVOKED, -1, -60, HOUR, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_REVOKED, NULL},
    {"unknown", S_UNKNOWN, 0, -60, HOUR, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_UNKNOWN, NULL},
    {"its last second", S_GOOD, 0, -HOUR, 0, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_GOOD, NULL},
    {"ended a second ago", S_GOOD, 0, -HOUR, -1, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_FAILED, "it ended at 2026-11-29T23:59:59Z"},
    {"ended, without a nonce", S_GOOD, 0, -HOUR, -1, ISSUER, 0, NONE, 0, true,
     SAYS_FAILED, "it ended at"},
    {"revoked, and ended", S_REVOKED, 1, -HOUR, -1, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_FAILED, "it ended at"},
    {"ended long ago", S_GOOD, 0, -NOW, -NOW + HOUR, ISSUER, 0, NONE, 0, true,
     SAYS_FAILED, "it ended at 2026-11-23T01:00:00Z"},
    {"a clock that is a little ahead", S_GOOD, 0, 300, HOUR, ISSUER, 0,
     THE_SAME, 0, 0, SAYS_GOOD, NULL},
    {"of the future", S_GOOD, 0, 301, HOUR, ISSUER, 0, THE_SAME, 0, 0,
     SAYS_FAILED, "it begins only at"},
    {"by a responder", S_GOOD, 0, -60, HOUR, RESPONDER, 0, THE_SAME, 0, 0,
     SAYS_GOOD, NULL},
    {"in a responder's last second", S_GOOD, 0, -60, HOUR, RESPONDER, 1,
     THE_SAME, 0, 0, SAYS_GOOD, NULL},
    {"by a responder that ended", S_GOOD, 0, -60, HOUR, RESPONDER, -1, THE_SAME,
     0, 0, SAYS_FAILED, "is signed neither"},
    {"by what is no responder", S_GOOD, 0, -60, HOUR, NO_RESPONDER, 0, THE_SAME,
     0, 0, SAYS_FAILED, "is signed neither"},
    {"by somebody", S_GOOD, 0, -60, HOUR, SOMEBODY, 0, THE_SAME, 0, 0,
     SAYS_FAILED, "is signed neither"},
    {"without the nonce", S_GOOD, 0, -60, HOUR, ISSUER, 0, NONE, 0, 0,
     SAYS_FAILED, "it may be an old one"},
    {"with another", S_GOOD, 0, -60, HOUR, ISSUER, 0, ANOTHER, 0, 0,
     SAYS_FAILED, "another nonce"},
    {"with one that nobody asked with", S_GOOD, 0, -60, HOUR, ISSUER, 0,
     ANOTHER, 0, true, SAYS_GOOD, NULL},
    {"about another", S_GOOD, 0, -60, HOUR, ISSUER, 0, THE_SAME, true, 0,
     SAYS_FAILED, "about another certificate"},
};

static X509 *make_responder(struct scene *s, const struct answer *a)
{
    const struct party *self = a->by == SOMEBODY ? &s->other : &s->ca;
    struct cert_spec spec = root_spec(&s->other);
    AUTO(buf) struct buf der = {0};

    if (a->by == ISSUER)
        return openssl_read(&s->ca_der);
    spec.issuer = s->issuer.subject;
    spec.issuer_len = s->issuer.subject_len;
    spec.cn = "Responder";
    spec.ca = false;
    spec.ku = KU_DIGITAL_SIGNATURE;
    spec.eku = a->by == NO_RESPONDER ? EKU_SERVER : EKU_OCSP;
    spec.serial.v[1] = 0x66;
    if (a->by_until)
        spec.not_after = DAY_ONE + NOW + a->by_until;
    cert_make(&der, &spec, self);
    return openssl_read(&der);
}

static OCSP_CERTID *certid(const struct scene *s, const struct answer *a)
{
    AUTO(x509) X509 *leaf = openssl_read(&s->leaf_der);
    AUTO(x509) X509 *issuer = openssl_read(&s->ca_der);

    return OCSP_cert_to_id(EVP_sha1(), a->about_another ? issuer : leaf,
                           issuer);
}

static void put_single(OCSP_BASICRESP *basic, const struct scene *s,
                       const struct answer *a)
{
    const int64_t now = DAY_ONE + NOW;
    OCSP_CERTID *id = certid(s, a);
    ASN1_TIME *from = ASN1_TIME_set(NULL, now + a->from);
    ASN1_TIME *until =
        a->until == NO_END ? NULL : ASN1_TIME_set(NULL, now + a->until);
    ASN1_TIME *gone = ASN1_TIME_set(NULL, DAY_ONE + GONE_AT);

    ck_assert_ptr_nonnull(OCSP_basic_add1_status(basic, id, a->state, a->reason,
                                                 gone, from, until));
    ASN1_TIME_free(gone);
    ASN1_TIME_free(until);
    ASN1_TIME_free(from);
    OCSP_CERTID_free(id);
}

static void make_answer(struct scene *s, const struct question *q,
                        const struct answer *a, struct buf *out)
{
    AUTO(buf) struct buf asked = {0};
    AUTO(ocsp_basic) OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    AUTO(x509) X509 *by = make_responder(s, a);
    AUTO(ocsp_req) OCSP_REQUEST *request = NULL;
    AUTO(ocsp_resp) OCSP_RESPONSE *response = NULL;
    const uint8_t *p;
    uint8_t *der = NULL, another[32] = {1};
    int n;

    question_put(q, &asked);
    p = asked.data;
    request = d2i_OCSP_REQUEST(NULL, &p, (long)asked.len);
    put_single(basic, s, a);
    if (a->nonce == THE_SAME)
        ck_assert_int_eq(OCSP_copy_nonce(basic, request), 1);
    else if (a->nonce == ANOTHER)
        OCSP_basic_add1_nonce(basic, another, sizeof(another));
    ck_assert_int_eq(OCSP_basic_sign(basic, by,
                                     a->by == ISSUER ? s->ca.key : s->other.key,
                                     EVP_sha256(), NULL, 0),
                     1);
    response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    n = i2d_OCSP_RESPONSE(response, &der);
    ck_assert_int_gt(n, 0);
    buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
}

static void judge_answer(const struct answer *a)
{
    AUTO(scene) struct scene s;
    AUTO(question) struct question *q = NULL;
    AUTO(status) struct status st = {0};
    AUTO(buf) struct buf der = {0};

    scene_make(&s);
    q = question_new(&s.leaf, &s.issuer, !a->without_nonce);
    ck_assert_ptr_nonnull(q);
    make_answer(&s, q, a, &der);
    question_judge(q, der.data, der.len, DAY_ONE + NOW, &st);
    ck_assert_msg(st.says == a->want, "%s: %s: %s", a->what, says_text(st.says),
                  st.detail ? st.detail : "");
    ck_assert_msg(!a->detail || strstr(st.detail, a->detail), "%s: %s", a->what,
                  st.detail);
    if (st.says == SAYS_REVOKED) {
        ck_assert_int_eq(st.revoked_at, DAY_ONE + GONE_AT);
        ck_assert_int_eq(st.reason, a->reason < 0 ? 0 : a->reason);
    }
    if (st.says != SAYS_FAILED)
        ck_assert_int_eq(st.this_update, DAY_ONE + NOW + a->from);
}

START_TEST(an_ocsp_answer_is_judged)
{
    for (size_t i = 0; i < COUNT(answers); i++)
        judge_answer(&answers[i]);
}
END_TEST

/* Whatever octet is changed, it is none, or says the same. */
START_TEST(an_ocsp_answer_that_was_touched_fails)
{
    AUTO(scene) struct scene s;
    AUTO(question) struct question *q = NULL;
    AUTO(buf) struct buf der = {0};

    scene_make(&s);
    q = question_new(&s.leaf, &s.issuer, true);
    make_answer(&s, q, &answers[2], &der);
    for (size_t i = 0; i < der.len; i++) {
        AUTO(status) struct status st = {0}, cut = {0};

        question_judge(q, der.data, i, DAY_ONE + NOW, &cut);
        ck_assert_int_eq(cut.says, SAYS_FAILED);
        der.data[i] ^= 0x20;
        question_judge(q, der.data, der.len, DAY_ONE + NOW, &st);
        der.data[i] ^= 0x20;
        ck_assert_msg(st.says == SAYS_FAILED ||
                          (st.says == SAYS_REVOKED &&
                           st.reason == REASON_SUPERSEDED &&
                           st.revoked_at == DAY_ONE + GONE_AT),
                      "octet %zu: %s", i, says_text(st.says));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_crl_says_good_or_revoked, another_partition_says_nothing,
        one_that_is_none_fails,     answers_agree_or_not,
        an_ocsp_answer_is_judged,   an_ocsp_answer_that_was_touched_fails,
    };

    return unit_run("status", tests, COUNT(tests));
}
