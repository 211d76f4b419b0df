/* SPDX-License-Identifier: ISC */
/* Profiles and requests made up at random, written down as the configuration
 * and as CSRs: for check_property.c. */
#ifndef POCKETCA_PROPERTY_MADE_H
#define POCKETCA_PROPERTY_MADE_H

#include "x509.h"

#include <arpa/inet.h>

#include "conf.h"
#include "mkcsr.h"

enum { LIST_MAX = 8, KEYS = 5, DAY = 86400 };

static uint64_t seed;

static unsigned draw(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static bool chance(unsigned one_in)
{
    return draw(one_in) == 0;
}

/* ---- what the test knows of a profile ---- */

struct list {
    const char *v[LIST_MAX];
    size_t n;
};

enum how { DROP = 0, TAKE, FIX, NO_CN };

struct rules {
    struct list names, deny, keys;
    int usage;
    bool wildcards, single, staple, cdp, aia, policy, extension, critical;
    enum how field[SUBJECT__MAX];
    unsigned path_len, min_names, max_names, days, max_days, min_days,
        ahead_days;
};

static const struct {
    const char *text;
    const char *purposes[3]; /* as OpenSSL numbers them */
} usages[] = {
    {"server", {"1.3.6.1.5.5.7.3.1"}},
    {"mutual", {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}},
    {"client\", \"email", {"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"}},
    {"client\", \"1.2.3.4", {"1.3.6.1.5.5.7.3.2", "1.2.3.4"}},
    {"ocsp", {"1.3.6.1.5.5.7.3.9"}},
    {"intermediate", {NULL}},
    {"code-signing", {"1.3.6.1.5.5.7.3.3"}},
    {"time-stamping", {"1.3.6.1.5.5.7.3.8"}},
};
enum { USAGES = COUNT(usages), OCSP = 4, CA = 5, TIME = 7 };

static const char *const patterns[] = {
    "dns:**.a.example",
    "dns:*.b.example",
    "dns:c.example",
    "dns:**",
    "ip:10.0.0.0/8",
    "ip:fd00::/8",
    "email:*@a.example",
    "email:x@b.example",
    "uri:spiffe://td/**",
    "cn:**",
    "cn:svc-*",
    "cn:Jane Doe",
    "dns:web",
};
static const char *const denials[] = {
    "dns:**.x.a.example",       "dns:secret.b.example",
    "ip:10.9.0.0/16",           "email:root@a.example",
    "uri:spiffe://td/admin/**", "cn:svc-root",
    "dns:y.a.example",          "cn:web*",
};
static const char *const values[SUBJECT__MAX] = {
    "DE", "State", "Town", "Example Ltd", "Unit", "Fixed CN", "42", "a@b.c"};
static const char *const key_specs[] = {"ec:P-256", "ec:P-384", "ed25519",
                                        "rsa:2048", "rsa:3072"};

#define PICK(l, from, one_in)                                                  \
    do {                                                                       \
        for (size_t i_ = 0; i_ < COUNT(from); i_++)         \
            if ((l)->n < LIST_MAX && chance(one_in))                           \
                (l)->v[(l)->n++] = (from)[i_];                                 \
    } while (0)

static void invent_rules(struct rules *r)
{
    *r = (struct rules){.usage = (int)draw(USAGES),
                        .wildcards = chance(2),
                        .single = chance(4),
                        .staple = chance(6),
                        .cdp = !chance(4),
                        .aia = !chance(4),
                        .policy = chance(3),
                        .extension = chance(3),
                        .critical = chance(2),
                        .max_names = 1 + draw(6),
                        .min_days = draw(3),
                        .ahead_days = chance(2) ? draw(10) : 0};
    r->min_names = r->names.n && chance(6) ? 1 + draw(2) : 0;
    r->path_len = r->usage == CA ? draw(3) : 0;
    PICK(&r->names, patterns, r->usage == CA ? 12 : 3);
    if (chance(2))
        PICK(&r->deny, denials, 5);
    PICK(&r->keys, key_specs, 2);
    r->days = r->min_days + 1 + draw(5);
    r->max_days = r->days + draw(5);
    for (int f = 0; f < SUBJECT__MAX; f++)
        r->field[f] = chance(2) ? DROP : chance(2) ? TAKE : FIX;
    if (r->field[SUBJECT_CN] == DROP && chance(3))
        r->field[SUBJECT_CN] = NO_CN;
}

static void put_list(struct buf *b, const char *key, const struct list *l)
{
    if (!l->n)
        return;
    buf_printf(b, "%s = {", key);
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s\"%s\"", i ? ", " : " ", l->v[i]);
    buf_puts(b, " }\n");
}

static void put_subject(struct buf *b, const struct rules *r)
{
    static const char *const keys[] = {
        "c", "st", "l", "o", "ou", "cn", "serial-number", "email"};
    struct list l = {0};
    char text[SUBJECT__MAX][64];

    for (int f = 0; f < SUBJECT__MAX; f++) {
        if (r->field[f] == DROP)
            continue;
        snprintf(text[f], sizeof(text[f]), "%s%s%s", keys[f],
                 r->field[f] == TAKE ? "" : "=",
                 r->field[f] == FIX ? values[f] : "");
        l.v[l.n++] = text[f];
    }
    put_list(b, "subject", &l);
}

static struct conf *write_rules(const struct rules *r, struct errs *e)
{
    AUTO(buf) struct buf b = {0};

    buf_printf(&b,
               "data = \".\"\nhost = { \"ca\" }\npublic-url = \"http://ca\"\n"
               "listen api { url = \"https://127.0.0.1:1\" }\n"
               "listen public { url = \"http://127.0.0.1:2\" }\n"
               "authority issuing { certificate = \"i\" key = \"file:k\" }\n"
               "profile p {\nusage = { \"%s\" }\n",
               usages[r->usage].text);
    put_list(&b, "names", &r->names);
    put_list(&b, "deny", &r->deny);
    put_list(&b, "keys", &r->keys);
    put_subject(&b, r);
    buf_printf(&b, "lifetime = %ud\nmax-lifetime = %ud\nmax-names = %u\n",
               r->days, r->max_days, r->max_names);
    if (r->min_days)
        buf_printf(&b, "min-lifetime = %ud\n", r->min_days);
    if (r->ahead_days)
        buf_printf(&b, "not-before = %ud\n", r->ahead_days);
    buf_printf(&b, "wildcards = %s\nsingle-label = %s\nmust-staple = %s\n",
               r->wildcards ? "yes" : "no", r->single ? "yes" : "no",
               r->staple ? "yes" : "no");
    buf_printf(&b, "cdp = %s\naia = %s\n", r->cdp ? "yes" : "no",
               r->aia ? "yes" : "no");
    if (r->path_len)
        buf_printf(&b, "path-len = %u\n", r->path_len);
    if (r->policy)
        buf_puts(&b, "policies = \"1.2.3 http://cps\"\n");
    if (r->extension)
        buf_printf(&b, "extensions = \"1.2.9 %s\"\n",
                   r->critical ? "critical base64:DAFB" : "hex:0c0141");
    if (r->min_names)
        buf_printf(&b, "min-names = %u\n", r->min_names);
    buf_puts(&b, "}\n");
    return conf_parse("/c/x.conf", (const char *)b.data, b.len, e);
}

/* ---- requests ---- */

struct wish {
    struct list san, listed;
    const char *cn, *field[SUBJECT__MAX];
    bool power, any, ocsp, critical, other_name;
    int key;
    unsigned days, ahead_days;
};

static const char *const names[] = {
    "dns:web.a.example",
    "dns:x.y.a.example",
    "dns:z.x.a.example",
    "dns:y.a.example",
    "dns:*.a.example",
    "dns:*.x.a.example",
    "dns:q.b.example",
    "dns:secret.b.example",
    "dns:*.b.example",
    "dns:r.q.b.example",
    "dns:c.example",
    "dns:WEB.A.Example",
    "dns:web",
    "dns:evil.org",
    "dns:a.example",
    "ip:10.1.2.3",
    "ip:10.9.1.1",
    "ip:11.0.0.1",
    "ip:fd00::1",
    "ip:2001:db8::1",
    "email:jane@a.example",
    "email:root@a.example",
    "email:x@b.example",
    "email:y@b.example",
    "uri:spiffe://td/x",
    "uri:spiffe://td/admin/y",
    "uri:spiffe://evil/x",
    "uri:spiffe://td",
};
static const char *const cns[] = {
    "Jane Doe",       "jane  doe", "svc-web",       "SVC-Root",
    "Evil Person",    "jane",      "web.a.example", "evil.org",
    "jane@a.example", "10.1.2.3",  "c.example",     "Robert'); DROP TABLE--",
};

static const char *const mails[] = {"ask@for.it", "jane@a.example",
                                    "root@a.example", "x@b.example"};

static bool any_fits(const struct list *l, const char *name);

/* Any name, or, most of the time, one that the profile has, if it has any. */
static const char *invent_name(const struct rules *r)
{
    const bool any = chance(8);
    const char *name = NULL;

    for (int i = 0; i < 60; i++) {
        name = names[draw(COUNT(names))];
        if (any || any_fits(&r->names, name))
            break;
    }
    return name;
}

static void invent_wish(struct wish *w, const struct rules *r)
{
    *w = (struct wish){.power = chance(12),
                       .any = chance(30),
                       .ocsp = chance(12),
                       .critical = chance(30),
                       .other_name = chance(20),
                       .key = (int)draw(KEYS),
                       .days = chance(3) ? draw(12) : 0,
                       .ahead_days = chance(6) ? draw(14) : 0};
    for (unsigned n = r->usage == CA ? draw(2) : draw(4); n > 0; n--)
        w->san.v[w->san.n++] = invent_name(r);
    for (unsigned n = chance(8) ? 1 + draw(3) : 0; n > 0; n--)
        w->listed.v[w->listed.n++] = invent_name(r);
    if (chance(2))
        w->cn = cns[draw(COUNT(cns))];
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (f != SUBJECT_CN && chance(3))
            w->field[f] = f == SUBJECT_C ? "FR" : "Asked For";
    if (w->field[SUBJECT_EMAIL])
        w->field[SUBJECT_EMAIL] = mails[draw(COUNT(mails))];
}

static void put_san(struct mkcsr *m, const struct wish *w)
{
    AUTO(buf) struct buf san = {0};
    size_t at = der_open(&san, DER_SEQUENCE);
    uint8_t ip[16];

    for (size_t i = 0; i < w->san.n; i++) {
        const char *s = w->san.v[i], *v = strchr(s, ':') + 1;

        if (*s == 'i' && inet_pton(AF_INET, v, ip) == 1)
            der_put(&san, DER_CTX(7), ip, 4);
        else if (*s == 'i' && inet_pton(AF_INET6, v, ip) == 1)
            der_put(&san, DER_CTX(7), ip, 16);
        else
            der_put(&san,
                    DER_CTX(*s == 'd'   ? 2
                            : *s == 'e' ? 1
                                        : 6),
                    v, strlen(v));
    }
    if (w->other_name)
        der_put(&san, DER_CTX(8), "\x2a\x03", 2);
    der_close(&san, at);
    if (w->san.n || w->other_name)
        mkcsr_ext(m, OID(CE_SAN), false, san.data, san.len);
}

static void put_wish(struct mkcsr *m, const struct wish *w,
                     const struct buf *spki)
{
    static const struct {
        const char *oid;
        size_t len;
        uint8_t tag;
    } types[SUBJECT__MAX] = {{OID(AT_C), DER_PRINTABLE_STRING},
                             {OID(AT_ST), DER_UTF8_STRING},
                             {OID(AT_L), DER_T61_STRING},
                             {OID(AT_O), DER_UTF8_STRING},
                             {OID(AT_OU), DER_PRINTABLE_STRING},
                             {OID(AT_CN), DER_UTF8_STRING},
                             {OID(AT_SERIAL_NUMBER), DER_PRINTABLE_STRING},
                             {OID(AT_EMAIL), DER_IA5_STRING}};
    AUTO(buf) struct buf rdns = {0};

    for (int f = 0; f < SUBJECT__MAX; f++) {
        const char *v = f == SUBJECT_CN ? w->cn : w->field[f];

        if (v)
            mkcsr_rdn(&rdns, types[f].oid, types[f].len, types[f].tag, v,
                      strlen(v));
    }
    mkcsr_rdn(&rdns, "\x55\x04\x0c", 3, DER_UTF8_STRING, "Boss", 4);
    mkcsr_wrap(&m->subject, DER_SEQUENCE, &rdns);
    buf_put(&m->spki, spki->data, spki->len);
    put_san(m, w);
    if (w->power)
        mkcsr_ext(m, OID(CE_BASIC), true, "\x30\x03\x01\x01\xff", 5);
    if (w->any)
        mkcsr_ext(m, OID(CE_EKU), false, "\x30\x06\x06\x04\x55\x1d\x25\x00", 8);
    else if (w->ocsp)
        mkcsr_ext(m, OID(CE_EKU), false,
                  "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09", 12);
    if (w->critical)
        mkcsr_ext(m, "\x2a\x03\x63", 3, true, "\x05\x00", 2);
    mkcsr_ext(m, "\x2a\x03\x62", 3, false, "\x05\x00", 2);
    mkcsr_ext(m, OID(CE_SKI), false, "\x04\x02hi", 4);
}

#endif
