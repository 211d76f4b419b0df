/* SPDX-License-Identifier: ISC */
/* For check_decision*.c: a good certificate before it is signed, and how it is
 * judged. */
#ifndef POCKETCA_DECISION_MADE_H
#define POCKETCA_DECISION_MADE_H

#include "cert_edit.h"
#include "decision.h"
#include "ext_oids.h"
#include "tm.h"
#include "unit.h"

static struct party ca_key, leaf_key, other_key;
static struct buf ca_der, good; /* good: a TBSCertificate */
static struct cert ca;
static struct taken taken;
static struct span asked;
static struct key_pub key;
static struct profile profile;
static const struct limits unlimited;

static inline struct decision_facts facts(void)
{
    return (struct decision_facts){.profile = &profile,
                                   .limits = &unlimited,
                                   .taken = &taken,
                                   .asked = &asked,
                                   .key = &key,
                                   .issuer = &ca,
                                   .issuer_ski = ca.ski,
                                   .crl_url = "http://ca/crl",
                                   .issuer_url = "http://ca/der",
                                   .ocsp_url = "http://ca/ocsp",
                                   .alg = SIG_ECDSA_SHA256,
                                   .now = DAY_ONE + TM_DAY};
}

/* The codes and details of what is wrong with it, "" when it passes. */
static inline char *judge(const struct buf *tbs, const struct decision_facts *f)
{
    AUTO(decision) struct decision *d = NULL;
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf copy = {0}, text = {0};
    struct strs warnings = {0};

    buf_put(&copy, tbs->data, tbs->len);
    d = decide_leaf(&copy, f, &warnings, &e);
    ck_assert(!d == (e.n > 0));
    for (size_t i = 0; i < e.n; i++)
        buf_printf(&text, "%s %s\n", err_code(e.v[i].code), e.v[i].detail);
    for (size_t i = 0; i < warnings.n; i++)
        buf_printf(&text, "warning %s\n", warnings.v[i]);
    strs_free(&warnings);
    return buf_take_str(&text);
}

static inline void make_ca(struct errs *e)
{
    struct cert_spec s = root_spec(&ca_key);

    serial_new(&s.serial);
    cert_make(&ca_der, &s, &ca_key);
    cert_parse(&ca, ca_der.data, ca_der.len, e);
}

static inline void make_profile(struct errs *e)
{
    static struct pattern pattern;
    static struct key_rule rule = {KEY_EC, CURVE_P256, 256, 256};

    pattern_parse(&pattern, "dns:*.example", e);
    profile = (struct profile){.name = (char *)"server",
                               .eku = EKU_SERVER,
                               .names = {&pattern, 1},
                               .keys = &rule,
                               .n_keys = 1,
                               .max_lifetime = 90 * TM_DAY,
                               .lifetime = 90 * TM_DAY,
                               .cdp = true,
                               .aia = true,
                               .max_names = 3};
}

static inline void make(void)
{
    AUTO(errs) struct errs e = {0};
    struct cert_spec s;

    make_ca(&e);
    make_profile(&e);
    names_parse(&taken.names, "web.example,api.example", &e);
    key_pub_parse(&key, leaf_key.spki.data, leaf_key.spki.len, &e);
    taken.subject.v[SUBJECT_CN] = xstrdup("web.example");
    asked.lifetime = 30 * TM_DAY + TM_MINUTE + 1;
    s = (struct cert_spec){.issuer = ca.subject,
                           .issuer_len = ca.subject_len,
                           .not_before = DAY_ONE + TM_DAY - TM_MINUTE,
                           .not_after = DAY_ONE + 31 * TM_DAY,
                           .subject = &taken.subject,
                           .names = &taken.names,
                           .spki = leaf_key.spki.data,
                           .spki_len = leaf_key.spki.len,
                           .path_len = -1,
                           .ku = KU_DIGITAL_SIGNATURE,
                           .eku = EKU_SERVER,
                           .aki = ca.ski,
                           .crl_url = "http://ca/crl",
                           .issuer_url = "http://ca/der",
                           .ocsp_url = "http://ca/ocsp",
                           .alg = key_signer_alg(ca_key.signer)};
    serial_new(&s.serial);
    cert_write_tbs(&good, &s);
    if (e.n)
        abort();
}

static inline int decision_run(const char *name, const TTest *const *tests,
                               size_t n)
{
    int failed;

    party_make(&ca_key, "ec:P-256");
    party_make(&leaf_key, "ec:P-256");
    party_make(&other_key, "ec:P-256");
    make();
    failed = unit_run(name, tests, n);
    party_free(&ca_key);
    party_free(&leaf_key);
    party_free(&other_key);
    cert_free(&ca);
    taken_free(&taken);
    pattern_free(&profile.names.v[0]);
    buf_free(&ca_der);
    buf_free(&good);
    return failed;
}

#endif
