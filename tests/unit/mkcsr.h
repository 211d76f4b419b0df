/* SPDX-License-Identifier: ISC */
/*
 * Requests made octet by octet: good ones by default, and any part of them
 * replaced.  What they say is signed with a key of ours, so that a refusal is
 * about the form.
 */
#ifndef POCKETCA_MKCSR_H
#define POCKETCA_MKCSR_H

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "csr.h"
#include "oid.h"
#include "profile.h"

#define MKCSR __attribute__((unused)) static

/* Parts as DER, appended to; what is empty gets its default. */
struct mkcsr {
    struct buf version; /* INTEGER 0 */
    struct buf subject; /* CN=a.example */
    struct buf spki;    /* of the signing key */
    struct buf attrs;   /* contents of [0]; default: exts, when there are */
    struct buf exts;    /* contents of Extensions */
    struct buf tail;    /* behind the attributes */
    struct buf alg;     /* ECDSA with SHA-256 */
    struct buf after;   /* behind the signature */
    bool no_attrs;      /* not even an empty [0] */
};

MKCSR void mkcsr_free(struct mkcsr *m)
{
    buf_free(&m->version);
    buf_free(&m->subject);
    buf_free(&m->spki);
    buf_free(&m->attrs);
    buf_free(&m->exts);
    buf_free(&m->tail);
    buf_free(&m->alg);
    buf_free(&m->after);
}
AUTO_VALUE(mkcsr, struct mkcsr, mkcsr_free)

/* One key for all of a test program. */
MKCSR EVP_PKEY *mkcsr_key(void)
{
    static EVP_PKEY *key;

    if (!key)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    ck_assert_ptr_nonnull(key);
    return key;
}

MKCSR void mkcsr_wrap(struct buf *out, uint8_t tag, const struct buf *contents)
{
    der_put(out, tag, contents->data, contents->len);
}

/* SEQUENCE { OID, value } in a SET: one part of a subject. */
MKCSR void mkcsr_rdn(struct buf *rdns, const void *oid, size_t oid_len,
                     uint8_t tag, const void *value, size_t len)
{
    size_t set = der_open(rdns, DER_SET), seq = der_open(rdns, DER_SEQUENCE);

    der_put_oid(rdns, oid, oid_len);
    der_put(rdns, tag, value, len);
    der_close(rdns, seq);
    der_close(rdns, set);
}

/* A subject that is one CN. */
MKCSR void mkcsr_cn(struct mkcsr *m, uint8_t tag, const void *cn, size_t len)
{
    size_t at = der_open(&m->subject, DER_SEQUENCE);

    mkcsr_rdn(&m->subject, OID(AT_CN), tag, cn, len);
    der_close(&m->subject, at);
}

MKCSR void mkcsr_no_subject(struct mkcsr *m)
{
    der_put(&m->subject, DER_SEQUENCE, NULL, 0);
}

MKCSR void mkcsr_ext(struct mkcsr *m, const void *oid, size_t oid_len,
                     bool critical, const void *value, size_t len)
{
    size_t at = der_open(&m->exts, DER_SEQUENCE);

    der_put_oid(&m->exts, oid, oid_len);
    if (critical)
        der_put_bool(&m->exts, true);
    der_put(&m->exts, DER_OCTET_STRING, value, len);
    der_close(&m->exts, at);
}

/* A SAN of one GeneralName. */
MKCSR void mkcsr_san(struct mkcsr *m, uint8_t tag, const void *p, size_t len)
{
    AUTO(buf) struct buf san = {0};
    size_t at = der_open(&san, DER_SEQUENCE);

    der_put(&san, tag, p, len);
    der_close(&san, at);
    mkcsr_ext(m, OID(CE_SAN), false, san.data, san.len);
}

/* An attribute with the values that `set` has in it. */
MKCSR void mkcsr_attr(struct buf *attrs, const void *oid, size_t oid_len,
                      const struct buf *set)
{
    size_t at = der_open(attrs, DER_SEQUENCE);

    der_put_oid(attrs, oid, oid_len);
    mkcsr_wrap(attrs, DER_SET, set);
    der_close(attrs, at);
}

MKCSR void mkcsr_ext_request(struct mkcsr *m)
{
    AUTO(buf) struct buf value = {0};

    mkcsr_wrap(&value, DER_SEQUENCE, &m->exts);
    mkcsr_attr(&m->attrs, OID(EXTENSION_REQUEST), &value);
}

MKCSR void mkcsr_or(struct buf *out, const struct buf *part, const void *p,
                    size_t len)
{
    if (part->len)
        buf_put(out, part->data, part->len);
    else
        buf_put(out, p, len);
}

MKCSR void mkcsr_info(struct mkcsr *m, struct buf *info)
{
    static const uint8_t subject[] = "\x30\x14\x31\x12\x30\x10\x06\x03\x55\x04"
                                     "\x03\x0c\x09"
                                     "a.example";
    AUTO(buf) struct buf spki = {0};
    size_t at = der_open(info, DER_SEQUENCE);

    key_spki(mkcsr_key(), &spki);
    if (!m->attrs.len && m->exts.len)
        mkcsr_ext_request(m);
    mkcsr_or(info, &m->version, "\x02\x01\x00", 3);
    mkcsr_or(info, &m->subject, subject, sizeof(subject) - 1);
    mkcsr_or(info, &m->spki, spki.data, spki.len);
    if (!m->no_attrs)
        mkcsr_wrap(info, DER_CTX_CONS(0), &m->attrs);
    buf_put(info, m->tail.data, m->tail.len);
    der_close(info, at);
}

/* SEQUENCE { info, alg, BIT STRING sig } */
MKCSR void mkcsr_seal(const struct mkcsr *m, const struct buf *info,
                      const struct buf *sig, struct buf *out)
{
    size_t at = der_open(out, DER_SEQUENCE);
    AUTO(buf) struct buf alg = {0};

    sig_alg_put(&alg, SIG_ECDSA_SHA256);
    buf_put(out, info->data, info->len);
    mkcsr_or(out, &m->alg, alg.data, alg.len);
    der_put_bits(out, sig->data, sig->len);
    buf_put(out, m->after.data, m->after.len);
    der_close(out, at);
}

MKCSR void mkcsr_make(struct mkcsr *m, struct buf *out)
{
    AUTO(buf) struct buf info = {0}, sig = {0};
    struct key_signer *s = key_signer_new(mkcsr_key());

    mkcsr_info(m, &info);
    key_sign(s, info.data, info.len, &sig);
    mkcsr_seal(m, &info, &sig, out);
    key_signer_free(s);
}

AUTO_VALUE(mkcsr_strs, struct strs, strs_free)

/* The names that a profile which has every kind takes of it, or of the list
 * in their place. */
MKCSR int mkcsr_take(const struct csr *c, const struct names *listed,
                     struct names *out, struct strs *warnings, struct errs *e)
{
    static const char *const all[] = {"dns:**", "ip:**", "email:**", "uri:**"};
    AUTO(profile) struct profile p = {0};
    AUTO(taken) struct taken t = {0};
    const struct claim claim = {.names = listed ? listed : &c->san,
                                .listed = listed != NULL,
                                .odd = !listed && c->odd_san.n > 0,
                                .partial = c->partial,
                                .subject = &c->subject};
    int rc;

    for (size_t i = 0; i < COUNT(all); i++) {
        struct pattern one;

        ck_assert_int_eq(pattern_parse(&one, all[i], e), 0);
        patterns_add(&p.names, &one);
    }
    rc = profile_take(&p, &claim, &t, warnings, e);
    *out = t.names;
    t.names = (struct names){0};
    return rc;
}

/* Everything that is done with a request: the code of what decides, or
 * ERR_NONE.  Without errors *c and *names are filled where they are given. */
MKCSR enum err mkcsr_judge(const struct buf *der, struct csr *c,
                           struct names *names, char **detail)
{
    static struct key_verifier *v;
    AUTO(errs) struct errs e = {0};
    AUTO(csr) struct csr mine = {0};
    AUTO(names) struct names l = {0};
    AUTO(mkcsr_strs) struct strs warnings = {0};
    const struct err_item *first;
    /* A copy that is exactly as long, so that reading on is noticed. */
    uint8_t *copy = xmemdup(der->data, der->len);
    int rc = csr_parse(&mine, copy, der->len, &e);

    if (!v)
        v = key_verifier_new();
    if (!mine.sig.tbs)
        ck_assert(rc && subject_is_empty(&mine.subject) && !mine.san.n &&
                  !mine.power);
    /* What can be read of a bad one is judged as well. */
    if (mine.sig.tbs) {
        rc |= csr_verify(&mine, v, &e);
        rc |= mkcsr_take(&mine, NULL, &l, &warnings, &e);
    }
    ck_assert_int_eq(rc != 0, e.n != 0);
    first = errs_first(&e);
    if (detail)
        *detail = first ? xstrdup(first->detail) : NULL;
    if (!rc && c) {
        *c = mine;
        mine = (struct csr){0};
    }
    if (!rc && names) {
        *names = l;
        l = (struct names){0};
    }
    free(copy); /* c's pointers into it are not to be used */
    return first ? first->code : ERR_NONE;
}

#endif
