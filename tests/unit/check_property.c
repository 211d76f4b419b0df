/* SPDX-License-Identifier: ISC */
/*
 * Random requests under random profiles and tokens, through the functions that
 * front and signer use.  Whatever is issued is read by OpenSSL's own parser
 * and judged by the plain rules below, which share nothing with the code under
 * test: they know the profile as the test wrote it down, and the request as
 * the test made it up.
 *
 *   SEED=n CASES=n tests/unit/check_property
 */
#include "property_judge.h"

#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "tm.h"
#include "unit.h"

enum { CSRS = 8 };

/* ---- through the code under test ---- */

/* As it travels from the front to the signer. */
static void travel(struct msg_issue *m)
{
    AUTO(buf) struct buf b = {0};
    struct rd rd;

    msg_issue_put(&b, m);
    msg_issue_free(m);
    rd = rd_of(b.data, b.len);
    msg_issue_get(&rd, m);
    ck_assert(rd_done(&rd));
}

static int judge_and_write(const struct profile *p, const struct limits *lim,
                           struct msg_issue *m, struct buf *out, struct errs *e)
{
    const struct claim claim = {.names = &m->names,
                                .listed = m->listed,
                                .odd = m->odd_san.n > 0,
                                .subject = &m->subject};
    AUTO(taken) struct taken t = {0};
    AUTO(buf) struct buf tbs = {0};
    struct key_pub key;
    struct request r = {.names = &t.names,
                        .odd_san = &m->odd_san,
                        .key = &key,
                        .power = m->power,
                        .critical = m->critical};
    struct cert_spec spec = {
        .issuer = (const uint8_t *)"\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04"
                                   "\x03\x0c\x01I",
        .issuer_len = 14,
        .aki = (const uint8_t *)"01234567890123456789",
        .crl_url = "http://ca/crl",
        .issuer_url = "http://ca/ca",
        .ocsp_url = "http://ca/ocsp",
        .alg = key_signer_alg(authority.signer)};

    if (key_pub_parse(&key, m->spki.data, m->spki.len, e) != 0 ||
        profile_take(p, &claim, &t, &m->warnings, e) != 0)
        return -1;
    r.cn = p->fixed.v[SUBJECT_CN] ? NULL : t.subject.v[SUBJECT_CN];
    if (profile_judge(p, lim, &r, NULL, e) != 0 ||
        profile_validity(p, &m->span, DAY_ONE, DAY_ONE + 12 * DAY,
                         &spec.not_before, &spec.not_after, e) != 0)
        return -1;
    profile_spec(p, &t, &key, &spec);
    serial_new(&spec.serial);
    cert_write_tbs(&tbs, &spec);
    tbs_seal(out, &tbs, authority.signer);
    return 0;
}

/* 0 and a certificate, or -1 with reasons. */
static int issue(const struct profile *p, const struct limits *lim,
                 const struct wish *w, struct buf *out, struct errs *e)
{
    AUTO(mkcsr) struct mkcsr m = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(csr) struct csr csr = {0};
    AUTO(msg_issue) struct msg_issue msg = {0};
    struct request_args args = {0};
    struct strs listed = {0};
    char days[16], ahead[TM_RFC3339_SIZE];
    int rc;

    put_wish(&m, w, &keys[w->key].spki);
    mkcsr_make(&m, &der);
    for (size_t i = 0; i < w->listed.n; i++)
        strs_add(&listed, w->listed.v[i]);
    args.name_list = w->listed.n ? &listed : NULL;
    snprintf(days, sizeof(days), "%ud", w->days);
    args.lifetime = w->days ? days : NULL;
    tm_rfc3339(ahead, DAY_ONE + (int64_t)w->ahead_days * DAY);
    args.not_before = w->ahead_days ? ahead : NULL;
    rc = csr_parse(&csr, der.data, der.len, e);
    if (rc == 0)
        rc = request_fill(&msg, &csr, &args, e);
    strs_free(&listed);
    if (rc != 0)
        return -1;
    msg.protocol = xstrdup("http");
    travel(&msg);
    return judge_and_write(p, lim, &msg, out, e);
}

/* ---- the cases ---- */

static void invent_token(struct trial *t, struct limits *lim)
{
    AUTO(errs) struct errs e = {0};

    t->token = (struct list){0};
    t->limited = lim->limited = chance(2);
    t->token_wild = lim->wildcards = chance(2);
    if (chance(2))
        PICK(&t->token, patterns, 3);
    for (size_t i = 0; i < t->token.n; i++) {
        struct pattern p;

        ck_assert_int_eq(pattern_parse(&p, t->token.v[i], &e), 0);
        patterns_add(&lim->names, &p);
    }
}

static unsigned number(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

START_TEST(what_is_issued_satisfies_the_profile)
{
    const unsigned cases = number("CASES", 16000);
    unsigned tried = 0, good = 0, issued = 0, kinds[USAGES] = {0};

    seed = number("SEED", 20261125);
    fprintf(stderr, "# SEED=%u CASES=%u\n", (unsigned)seed, cases);
    while (tried < cases) {
        AUTO(errs) struct errs e = {0};
        struct rules r;
        AUTO(conf) struct conf *c = NULL;

        invent_rules(&r);
        c = write_rules(&r, &e);
        tried++;
        good += c != NULL;
        for (int i = 0; c && i < CSRS; i++, tried++) {
            AUTO(errs) struct errs why = {0};
            AUTO(limits) struct limits lim = {0};
            AUTO(buf) struct buf der = {0};
            struct wish w;
            struct trial t = {.r = &r, .w = &w};

            invent_wish(&w, &r);
            invent_token(&t, &lim);
            if (issue(&c->profiles.v[0], &lim, &w, &der, &why) != 0) {
                ck_assert_uint_gt(why.n, 0);
                continue;
            }
            issued++;
            kinds[r.usage]++;
            check_all(&t, &der);
        }
    }
    fprintf(stderr, "# %u cases: %u profiles, %u certificates\n", tried, good,
            issued);
    ck_assert_uint_gt(good, cases / 100);
    ck_assert_uint_gt(issued, cases / 20);
    for (int i = 0; i < USAGES; i++)
        ck_assert_msg(kinds[i] > 0, "no certificate for %s", usages[i].text);
}
END_TEST

/* One name that is forbidden is enough, wherever it stands. */
START_TEST(one_forbidden_name_in_every_position)
{
    struct rules r = {.names = {{"dns:**.a.example", "ip:10.0.0.0/8"}, 2},
                      .deny = {{"dns:y.a.example"}, 1},
                      .max_names = LIST_MAX,
                      .days = 1,
                      .max_days = 1,
                      .cdp = true,
                      .aia = true};
    static const char *const bad[] = {
        "dns:evil.org", "dns:y.a.example",      "dns:*.a.example",
        "ip:11.0.0.1",  "email:jane@a.example", "uri:spiffe://td/x",
        "dns:web",      "dns:a.example",        "ip:fd00::1"};
    static const char *const good[LIST_MAX] = {
        "dns:1.a.example", "dns:2.a.example", "ip:10.0.0.3",
        "dns:4.a.example", "dns:5.a.example", "ip:10.0.0.6",
        "dns:7.a.example", "dns:8.a.example"};
    const struct limits none = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = write_rules(&r, &e);

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    for (size_t b = 0; b <= COUNT(bad); b++)
        for (size_t at = 0; at < LIST_MAX; at++)
            for (int listed = 0; listed < 2; listed++) {
                struct wish w = {.san = {{0}, LIST_MAX}};
                AUTO(errs) struct errs why = {0};
                AUTO(buf) struct buf der = {0};
                const bool none_bad = b == COUNT(bad);
                int rc;

                memcpy(w.san.v, good, sizeof(good));
                if (!none_bad)
                    w.san.v[at] = bad[b];
                if (listed)
                    w.listed = w.san;
                rc = issue(&c->profiles.v[0], &none, &w, &der, &why);
                ck_assert_msg((rc == 0) == none_bad, "%s at %zu",
                              none_bad ? "nothing" : bad[b], at);
                if (rc != 0)
                    ck_assert_str_eq(why.v[0].name, bad[b]);
            }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_is_issued_satisfies_the_profile,
                                  one_forbidden_name_in_every_position};

    party_make(&authority, "ec:P-256");
    for (int i = 0; i < KEYS; i++)
        party_make(&keys[i], key_specs[i]);
    return unit_run("property", tests, COUNT(tests));
}
