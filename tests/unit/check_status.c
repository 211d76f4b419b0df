/* SPDX-License-Identifier: ISC */
/* What a CRL says of one certificate, and whether answers agree. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "status.h"
#include "unit.h"
#include "x509.h"

#define URL "http://ca.example:8080/crl/issuing/1.crl"

/* An authority, a leaf of it, and a CRL that has it or not. */
struct scene {
    struct party ca, key;
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
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(status_verdict(cases[i].v, 3) == cases[i].want,
                      "case %zu: %s", i,
                      verdict_text(status_verdict(cases[i].v, 3)));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_crl_says_good_or_revoked,
        another_partition_says_nothing,
        one_that_is_none_fails,
        answers_agree_or_not,
    };

    return unit_run("status", tests, sizeof(tests) / sizeof(*tests));
}
