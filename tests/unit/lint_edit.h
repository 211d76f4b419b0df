/* SPDX-License-Identifier: ISC */
/* Good certificates, edited so that they break rules, and what the lints find:
 * for check_lint*.c. */
#ifndef POCKETCA_LINT_EDIT_H
#define POCKETCA_LINT_EDIT_H

#include <stdio.h>

#include "cert_edit.h"
#include "ext_oids.h"
#include "lint.h"
#include "unit.h"

static struct party root_key, leaf_key, p384_key, ed_key;
static struct buf root, issuing, leaf;

/* An edit: of the certificate, or with ISSUER of the one above it.  EXT: the
 * value in hexadecimal, "!" before it makes it critical, NULL takes it away,
 * "~" flips whether it is critical.  In hexadecimal %A is the issuer's key
 * identifier, %N 201 letters. */
enum {
    EXT = 100,
    ADD = 200,
    RSA_KEY,
    KEY_P384,
    KEY_ED,
    MANY,
    ISSUER = 1000,
    FAR = 2 * ISSUER
};
struct edit {
    int what;
    const char *value;
};
enum base { LEAF, CA, ROOT };
struct broken {
    const char *lints; /* what is found, the first in question before */
    enum base base;
    bool tbs; /* without a signature */
    struct edit edits[4];
};

#define E(id) (EXT + EXT_##id)
#define SERVER "300a06082b06010505070301"
#define CLIENT "300a06082b06010505070302"
#define OCSP "300a06082b06010505070309"
#define CODE "300a06082b06010505070303"
#define MAIL "300a06082b06010505070304"
#define STAMP "300a06082b06010505070308"
#define DNS_WEB "820b7765622e6578616d706c65"
#define SPIFFE(three) "301f" DNS_WEB "86107370696666653a2f2f74642f78" three
#define FTP "860b6674703a2f2f612e622f63"
#define HTTPS "860b68747470733a2f2f612e62"
#define CDP_OF(name) "30133011a00fa00d" name
#define AIA_OF(name) "3019301706082b06010505073001" name
#define NC_AB "3009a00730058203612e62"
#define ED_ALG "300506032b6570"
/* RSA-PSS with SHA-256 and a salt of 48 octets. */
#define PSS_ALG                                                                \
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"         \
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020130"
#define SHA1_ALG "300906072a8648ce3d0401"

static void attribute_put(struct buf *b, const char *text, size_t len)
{
    static const struct {
        char letter;
        const char *oid;
        size_t len;
    } types[] = {
        {'N', OID(AT_CN)},
        {'O', OID(AT_O)},
        {'U', OID(AT_OU)},
        {'L', OID(AT_L)},
        {'S', OID(AT_ST)},
        {'C', OID(AT_C)},
        {'#', OID(AT_SERIAL_NUMBER)},
        {'E', OID(AT_EMAIL)},
        {'D', OID(AT_DC)},
    };
    const uint8_t tag = text[1] == 'u'   ? DER_UTF8_STRING
                        : text[1] == 'p' ? DER_PRINTABLE_STRING
                        : text[1] == 'i' ? DER_IA5_STRING
                                         : DER_T61_STRING;
    size_t seq = der_open(b, DER_SEQUENCE);
    char many[300];

    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].letter == text[0])
            der_put_oid(b, types[i].oid, types[i].len);
    if (text[3] == '@') {
        memset(many, 'x', sizeof(many));
        der_put(b, tag, many, (size_t)atoi(text + 4));
    } else {
        der_put(b, tag, text + 3, len - 3);
    }
    der_close(b, seq);
}

/* "Nu:web/Ou:a+Uu:b": RDNs of attributes; "-": malformed. */
static void put_cn(struct buf *b, const char *text)
{
    size_t name = der_open(b, DER_SEQUENCE), set, len;

    while (*text && *text != '-') {
        set = der_open(b, DER_SET);
        for (;; text++) {
            len = strcspn(text, "/+");
            attribute_put(b, text, len);
            text += len;
            if (*text != '+')
                break;
        }
        der_close(b, set);
        text += *text == '/';
    }
    if (*text == '-')
        der_put_null(b);
    der_close(b, name);
}

/* "u261124000000Z g20270101000000Z": UTCTime and GeneralizedTime. */
static void validity_put(struct buf *b, const char *text)
{
    size_t seq = der_open(b, DER_SEQUENCE);

    while (*text && *text != '-') {
        size_t len = strcspn(text, " ");

        der_put(b, *text == 'u' ? DER_UTC_TIME : DER_GENERALIZED_TIME, text + 1,
                len - 1);
        text += len + (text[len] == ' ');
    }
    der_close(b, seq);
}

/* A modulus of ones, which has the factor 3; `more` octets before them. */
static void rsa_put(struct buf *b, const char *more)
{
    size_t seq = der_open(b, DER_SEQUENCE), alg, key;
    AUTO(buf) struct buf n = {0}, bits = {0};

    alg = der_open(b, DER_SEQUENCE);
    der_put_oid(b, OID(RSA));
    der_put_null(b);
    der_close(b, alg);
    if (*more)
        buf_putc(&n, 1);
    memset(buf_extend(&n, 256), 0xff, 256);
    key = der_open(&bits, DER_SEQUENCE);
    der_put_uint(&bits, n.data, n.len);
    der_put_int(&bits, 65537);
    der_close(&bits, key);
    der_put_bits(b, bits.data, bits.len);
    der_close(b, seq);
}

/* Hexadecimal with its placeholders filled in. */
static void value_put(struct buf *out, const char *hex)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    uint8_t octet;

    cert_parse(&c, root.data, root.len, &e);
    for (; *hex; hex += 2) {
        if (*hex != '%') {
            ck_assert_int_eq(hex_decode(&octet, 1, hex, 2), 1);
            buf_putc(out, octet);
        } else if (hex[1] == 'A') {
            buf_put(out, c.ski, c.ski_len);
        } else {
            memset(buf_extend(out, 201), 'x', 201);
        }
    }
}

static void ext_edit(struct cert_edit *c, int id, const char *value)
{
    AUTO(buf) struct buf v = {0};
    struct der list = der_of(c->part[PART_EXTS].data, c->part[PART_EXTS].len);
    bool critical = value && *value == '!';

    if (value && *value == '~') {
        struct der_tlv oid;
        struct der was;

        do
            ck_assert_int_eq(cert_ext_next(&list, &oid, &critical, &was), 0);
        while (!der_oid_is(&oid, ext_oids[id].oid, ext_oids[id].len));
        critical = !critical;
        buf_put(&v, was.p, was.n);
    } else if (value) {
        value_put(&v, value + critical);
    }
    cert_edit_ext(c, ext_oids[id].oid, ext_oids[id].len, critical,
                  value ? &v : NULL);
}

static void many_exts(struct cert_edit *c)
{
    for (uint8_t i = 0; i < 65; i++) {
        const uint8_t oid[] = {0x2a, 0x03, i};
        AUTO(buf) struct buf v = {0};

        buf_putc(&v, 0);
        cert_edit_ext(c, oid, sizeof(oid), false, &v);
    }
}

static void key_edit(struct cert_edit *c, const struct party *p)
{
    buf_reset(&c->part[PART_SPKI]);
    buf_put(&c->part[PART_SPKI], p->spki.data, p->spki.len);
}

static void apply(struct cert_edit *c, int what, const char *value)
{
    struct buf *part = what < PART__MAX ? &c->part[what] : NULL;

    if (what == PART_SUBJECT) {
        buf_reset(part);
        put_cn(part, value);
    } else if (what == PART_VALIDITY) {
        buf_reset(part);
        validity_put(part, value);
    } else if (part) {
        cert_edit_hex(c, (enum part)what, value);
    } else if (what == ADD) {
        value_put(&c->part[PART_EXTS], value);
    } else if (what == RSA_KEY) {
        buf_reset(&c->part[PART_SPKI]);
        rsa_put(&c->part[PART_SPKI], value);
    } else if (what == MANY) {
        many_exts(c);
    } else if (what == KEY_P384 || what == KEY_ED) {
        key_edit(c, what == KEY_ED ? &ed_key : &p384_key);
    } else {
        ext_edit(c, what - EXT, value);
    }
}

/* The certificate with its edits (level 0), the issuer with its own (1), or
 * the one above that. */
static void edited(const struct broken *b, int level, struct cert_edit *out)
{
    cert_edit_open(out, level || b->base == ROOT ? &root
                        : b->base == CA          ? &issuing
                                                 : &leaf);
    for (size_t i = 0; i < COUNT(b->edits); i++) {
        const struct edit *e = &b->edits[i];

        if ((e->what || e->value) && level == e->what / ISSUER)
            apply(out, e->what % ISSUER, e->value);
    }
}

/* The names of what was found, in order. */
static char *found_text(const struct lint_findings *f)
{
    struct strs names = {0};
    char *text;

    for (size_t i = 0; i < f->n; i++)
        strs_add(&names, f->v[i]->name);
    text = strs_join(&names, " ");
    strs_free(&names);
    return text;
}

static char *lint_edited(const struct broken *b)
{
    AUTO(cert_edit) struct cert_edit e = {0}, above = {0}, far = {0};
    AUTO(buf) struct buf der = {0}, issuer_der = {0}, far_der = {0}, tbs = {0};
    AUTO(cert) struct cert c = {0}, issuer = {0}, farther = {0};
    AUTO(errs) struct errs why = {0};
    AUTO(free) char *reason = NULL;
    struct lint_findings f = {0};

    edited(b, 0, &e);
    edited(b, 1, &above);
    edited(b, 2, &far);
    cert_edit_close(&e, root_key.signer, &der);
    cert_edit_close(&above, root_key.signer, &issuer_der);
    ck_assert_int_eq(cert_parse(&issuer, issuer_der.data, issuer_der.len, &why),
                     0);
    cert_edit_close(&far, root_key.signer, &far_der);
    ck_assert_int_eq(cert_parse(&farther, far_der.data, far_der.len, &why), 0);
    issuer.above = &farther;
    if (b->tbs) {
        cert_edit_tbs(&e, &tbs);
        ck_assert_int_eq(cert_parse_tbs(&c, tbs.data, tbs.len, &why), 0);
        lint_run(&c, &issuer, &f);
    } else {
        lint_der(der.data, der.len, b->base == ROOT ? NULL : &issuer, &f,
                 &reason);
    }
    return found_text(&f);
}

static void issue(struct buf *out, struct cert_spec *s)
{
    memcpy(s->serial.v, "\x41\x02\x03\x04\x05\x06\x07\x08", 8);
    s->serial.len = 8;
    cert_make(out, s, &root_key);
}

static void make_base(void)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    AUTO(names) struct names names = {0};
    struct cert_spec s = root_spec(&root_key);

    issue(&root, &s);
    cert_parse(&c, root.data, root.len, &e);
    s.issuer = c.subject;
    s.issuer_len = c.subject_len;
    s.aki = c.ski;
    s.spki = leaf_key.spki.data;
    s.spki_len = leaf_key.spki.len;
    s.cn = "Test Issuing";
    s.path_len = 0;
    issue(&issuing, &s);
    names_parse(&names, "web.example,10.0.0.1", &e);
    s.ca = false;
    s.cn = "web.example";
    s.names = &names;
    s.ku = KU_DIGITAL_SIGNATURE;
    s.eku = EKU_SERVER;
    s.not_after = s.not_before + 90 * INT64_C(86400) - 1;
    s.crl_url = s.ocsp_url = s.issuer_url = "http://a.b/c";
    issue(&leaf, &s);
}

static void base_begin(void)
{
    party_make(&root_key, "ec:P-256");
    party_make(&leaf_key, "ec:P-256");
    party_make(&p384_key, "ec:P-384");
    party_make(&ed_key, "ed25519");
    make_base();
}

static void base_end(void)
{
    party_free(&root_key);
    party_free(&leaf_key);
    party_free(&p384_key);
    party_free(&ed_key);
    buf_free(&root);
    buf_free(&issuing);
    buf_free(&leaf);
}

#endif
