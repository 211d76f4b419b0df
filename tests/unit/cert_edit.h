/* SPDX-License-Identifier: ISC */
/* A certificate taken apart, changed in one place, and put together and signed
 * again. */
#ifndef POCKETCA_CERT_EDIT_H
#define POCKETCA_CERT_EDIT_H

#include "mem.h"
#include "oid.h"
#include "x509.h"

/* The parts, in order; those from PART_OUTER_ALG on are outside the TBS. */
enum part {
    PART_VERSION = 0,
    PART_SERIAL, /* contents of the INTEGER, as an edit */
    PART_ALG,
    PART_ISSUER,
    PART_VALIDITY,
    PART_SUBJECT,
    PART_SPKI,
    PART_EXTS, /* contents of the list */
    PART_TAIL,
    PART_OUTER_ALG,
    PART_SIG, /* empty: signed anew */
    PART__MAX
};
struct cert_edit {
    struct buf part[PART__MAX];
    bool no_exts; /* the [3] itself is left out */
};

static inline void cert_edit_free(struct cert_edit *e)
{
    for (int i = 0; i < PART__MAX; i++)
        buf_free(&e->part[i]);
}
AUTO_VALUE(cert_edit, struct cert_edit, cert_edit_free)

static inline void cert_edit_open(struct cert_edit *e, const struct buf *der)
{
    struct der d = der_of(der->data, der->len), seq, tbs, tagged, exts;
    struct der_tlv t;

    *e = (struct cert_edit){0};
    ck_assert_int_eq(der_enter(&d, DER_SEQUENCE, &seq), 0);
    ck_assert_int_eq(der_enter(&seq, DER_SEQUENCE, &tbs), 0);
    for (int i = PART_VERSION; i <= PART_SPKI; i++) {
        ck_assert_int_eq(der_next(&tbs, &t), 0);
        if (i == PART_SERIAL)
            buf_put(&e->part[i], t.val, t.len);
        else
            buf_put(&e->part[i], t.raw, t.raw_len);
    }
    ck_assert_int_eq(der_enter(&tbs, DER_CTX_CONS(3), &tagged), 0);
    ck_assert_int_eq(der_enter(&tagged, DER_SEQUENCE, &exts), 0);
    buf_put(&e->part[PART_EXTS], exts.p, exts.n);
    ck_assert_int_eq(der_next(&seq, &t), 0);
    buf_put(&e->part[PART_OUTER_ALG], t.raw, t.raw_len);
}

/* Hexadecimal in place of a part. */
static inline void cert_edit_hex(struct cert_edit *e, enum part p,
                                 const char *hex)
{
    size_t len = strlen(hex) / 2;

    buf_reset(&e->part[p]);
    if (len)
        ck_assert_int_eq(
            hex_decode(buf_extend(&e->part[p], len), len, hex, 2 * len),
            (int)len);
}

/* The extension with that OID in place of the one that is there, or last.
 * value NULL: taken away. */
static inline void cert_edit_ext(struct cert_edit *e, const void *oid,
                                 size_t oid_len, bool critical,
                                 const struct buf *value)
{
    struct buf out = {0};
    struct der list = der_of(e->part[PART_EXTS].data, e->part[PART_EXTS].len);
    bool done = value == NULL;

    while (!der_end(&list)) {
        struct der_tlv raw, id;
        struct der one, v;
        bool was;

        one = list;
        ck_assert_int_eq(der_next(&list, &raw), 0);
        ck_assert_int_eq(cert_ext_next(&one, &id, &was, &v), 0);
        if (!der_oid_is(&id, oid, oid_len))
            buf_put(&out, raw.raw, raw.raw_len);
    }
    if (!done) {
        size_t seq = der_open(&out, DER_SEQUENCE);

        der_put_oid(&out, oid, oid_len);
        if (critical)
            der_put_bool(&out, true);
        der_put(&out, DER_OCTET_STRING, value->data, value->len);
        der_close(&out, seq);
    }
    buf_free(&e->part[PART_EXTS]);
    e->part[PART_EXTS] = out;
}

/* Appends the TBSCertificate. */
static inline void cert_edit_tbs(const struct cert_edit *e, struct buf *out)
{
    size_t seq = der_open(out, DER_SEQUENCE), tagged, list;

    for (int i = PART_VERSION; i <= PART_SPKI; i++)
        if (i == PART_SERIAL)
            der_put(out, DER_INTEGER, e->part[i].data, e->part[i].len);
        else
            buf_put(out, e->part[i].data, e->part[i].len);
    if (!e->no_exts) {
        tagged = der_open(out, DER_CTX_CONS(3));
        list = der_open(out, DER_SEQUENCE);
        buf_put(out, e->part[PART_EXTS].data, e->part[PART_EXTS].len);
        der_close(out, list);
        der_close(out, tagged);
    }
    buf_put(out, e->part[PART_TAIL].data, e->part[PART_TAIL].len);
    der_close(out, seq);
}

/* Appends the certificate. */
static inline void cert_edit_close(const struct cert_edit *e,
                                   struct key_signer *s, struct buf *out)
{
    AUTO(buf) struct buf tbs = {0}, sig = {0};
    size_t seq;

    cert_edit_tbs(e, &tbs);
    seq = der_open(out, DER_SEQUENCE);
    buf_put(out, tbs.data, tbs.len);
    buf_put(out, e->part[PART_OUTER_ALG].data, e->part[PART_OUTER_ALG].len);
    if (e->part[PART_SIG].len) {
        buf_put(out, e->part[PART_SIG].data, e->part[PART_SIG].len);
    } else {
        key_sign(s, tbs.data, tbs.len, &sig);
        der_put_bits(out, sig.data, sig.len);
    }
    der_close(out, seq);
}

#endif
