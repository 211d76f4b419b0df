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
#include "x509.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "conf.h"
#include "mkcsr.h"
#include "request.h"
#include "tm.h"
#include "unit.h"

enum { CSRS = 8, LIST_MAX = 8, KEYS = 5, DAY = 86400 };

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
    bool wildcards, single, staple, cdp, aia, policy, extension;
    enum how field[SUBJECT__MAX];
    unsigned max_names, days, max_days, min_days, ahead_days;
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
};
enum { USAGES = sizeof(usages) / sizeof(*usages), OCSP = 4, CA = 5 };

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
    "dns:**.x.a.example",   "dns:secret.b.example",     "ip:10.9.0.0/16",
    "email:root@a.example", "uri:spiffe://td/admin/**", "cn:svc-root",
    "dns:y.a.example",
};
static const char *const values[SUBJECT__MAX] = {
    "DE", "State", "Town", "Example Ltd", "Unit", "Fixed CN", "42", "a@b.c"};
static const char *const key_specs[] = {"ec:P-256", "ec:P-384", "ed25519",
                                        "rsa:2048", "rsa:3072"};

#define PICK(l, from, one_in)                                                  \
    do {                                                                       \
        for (size_t i_ = 0; i_ < sizeof(from) / sizeof(*(from)); i_++)         \
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
                        .max_names = 1 + draw(6),
                        .min_days = draw(3),
                        .ahead_days = chance(2) ? draw(10) : 0};
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
    if (r->policy)
        buf_puts(&b, "policies = \"1.2.3 http://cps\"\n");
    if (r->extension)
        buf_puts(&b, "extensions = \"1.2.9 hex:0c0141\"\n");
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

static bool any_fits(const struct list *l, const char *name);

/* Any name, or, most of the time, one that the profile has, if it has any. */
static const char *invent_name(const struct rules *r)
{
    const bool any = chance(8);
    const char *name = NULL;

    for (int i = 0; i < 60; i++) {
        name = names[draw(sizeof(names) / sizeof(*names))];
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
        w->cn = cns[draw(sizeof(cns) / sizeof(*cns))];
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (f != SUBJECT_CN && chance(3))
            w->field[f] = f == SUBJECT_C ? "FR" : "Asked For";
    if (w->field[SUBJECT_EMAIL])
        w->field[SUBJECT_EMAIL] = "ask@for.it";
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

/* ---- through the code under test ---- */

static struct party authority;
static struct party keys[KEYS];

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
    const struct claim claim = {&m->names, m->listed, m->odd_san.n > 0,
                                &m->subject};
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
        profile_take(p, &claim, &t, &m->warnings, e) != 0 ||
        profile_judge(p, lim, &r, e) != 0 ||
        profile_validity(p, &m->span, DAY_ONE, DAY_ONE + 12 * DAY,
                         &spec.not_before, &spec.not_after, e) != 0)
        return -1;
    profile_spec(p, &t, &key, &spec);
    serial_random(&spec.serial);
    cert_write_tbs(&tbs, &spec);
    cert_seal(out, tbs.data, tbs.len, authority.signer);
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

/* ---- the plain rules ---- */

static bool ends(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && strcmp(s + n - m, end) == 0;
}

static bool net_fits(const char *net, const char *ip)
{
    char base[64];
    const char *slash = strchr(net, '/');
    uint8_t a[16], b[16];
    int family = strchr(ip, ':') ? AF_INET6 : AF_INET;
    int bits = atoi(slash + 1);

    snprintf(base, sizeof(base), "%.*s", (int)(slash - net), net);
    if (inet_pton(family, base, a) != 1 || inet_pton(family, ip, b) != 1)
        return false;
    for (int i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
            return false;
    return true;
}

/* "dns:…" as OpenSSL read it, by a pattern of the lists above. */
static bool fits(const char *pattern, const char *name)
{
    const char *p = strchr(pattern, ':') + 1, *n = strchr(name, ':') + 1;

    if (p - pattern != n - name || strncmp(pattern, name, n - name) != 0)
        return false;
    if (strcmp(p, "**") == 0)
        return true;
    if (*pattern == 'i')
        return net_fits(p, n);
    if (*pattern == 'c')
        return p[strlen(p) - 1] == '*' ? strncasecmp(p, n, strlen(p) - 1) == 0
                                       : strcasecmp(p, n) == 0;
    if (*pattern == 'u')
        return strncmp(p, n, strlen(p) - 2) == 0 && strlen(n) > strlen(p) - 2;
    if (*pattern == 'e')
        return *p == '*' ? ends(n, p + 1) : strcmp(p, n) == 0;
    if (strncmp(p, "**.", 3) == 0)
        return ends(n, p + 2);
    if (strncmp(p, "*.", 2) == 0)
        return ends(n, p + 1) && !memchr(n, '.', strlen(n) - strlen(p + 1));
    return strcmp(p, n) == 0;
}

static bool any_fits(const struct list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (fits(l->v[i], name))
            return true;
    return false;
}

/* What the profile and the token were written to say of one name. */
static bool name_good(const struct rules *r, const struct list *token,
                      bool token_wild, bool limited, const char *name)
{
    const bool wild = strncmp(name, "dns:*.", 6) == 0;

    if (!any_fits(&r->names, name) || any_fits(&r->deny, name))
        return false;
    if (limited && token->n && !any_fits(token, name))
        return false;
    if (wild && (!r->wildcards || (limited && !token_wild)))
        return false;
    for (size_t i = 0; wild && i < r->deny.n; i++) {
        /* some label in place of the star that is denied */
        char one[300];
        const char *d = r->deny.v[i];
        const char *label = strncmp(d, "dns:", 4) || d[4] == '*' ? "q" : d + 4;

        snprintf(one, sizeof(one), "dns:%.*s%s", (int)strcspn(label, "."),
                 label, name + 5);
        if (fits(d, one))
            return false;
    }
    return strncmp(name, "dns:", 4) != 0 || strchr(name, '.') || r->single ||
           any_fits(&(struct list){{"dns:web"}, 1}, name);
}

struct shown { /* a certificate as OpenSSL reads it */
    X509 *x;
    struct strs names;
    struct subject subject;
    int entries;
};

static void show_name(struct strs *l, const GENERAL_NAME *g)
{
    char ip[64];
    int type;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(g, &type);
    const char *p = (const char *)ASN1_STRING_get0_data(s);
    const int len = ASN1_STRING_length(s);

    if (type == GEN_IPADD) {
        inet_ntop(len == 4 ? AF_INET : AF_INET6, p, ip, sizeof(ip));
        strs_add_own(l, xasprintf("ip:%s", ip));
        return;
    }
    ck_assert(type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI);
    strs_add_own(l, xasprintf("%s:%.*s",
                              type == GEN_DNS     ? "dns"
                              : type == GEN_EMAIL ? "email"
                                                  : "uri",
                              len, p));
}

static void show_subject(struct shown *s)
{
    static const int nids[SUBJECT__MAX] = {
        NID_countryName,      NID_stateOrProvinceName,    NID_localityName,
        NID_organizationName, NID_organizationalUnitName, NID_commonName,
        NID_serialNumber,     NID_pkcs9_emailAddress};
    X509_NAME *n = X509_get_subject_name(s->x);
    int known = 0;

    s->entries = X509_NAME_entry_count(n);
    for (int f = 0; f < SUBJECT__MAX; f++) {
        int at = X509_NAME_get_index_by_NID(n, nids[f], -1);
        const ASN1_STRING *v;

        if (at < 0)
            continue;
        known++;
        v = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, at));
        s->subject.v[f] = xstrndup((const char *)ASN1_STRING_get0_data(v),
                                   (size_t)ASN1_STRING_length(v));
    }
    ck_assert_int_eq(known, s->entries);
}

static void show(struct shown *s, const struct buf *der)
{
    const uint8_t *p = der->data;
    GENERAL_NAMES *san;

    *s = (struct shown){.x = d2i_X509(NULL, &p, (long)der->len)};
    ck_assert(s->x && p == der->data + der->len);
    san = X509_get_ext_d2i(s->x, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(san); i++)
        show_name(&s->names, sk_GENERAL_NAME_value(san, i));
    GENERAL_NAMES_free(san);
    show_subject(s);
}

static void shown_free(struct shown *s)
{
    X509_free(s->x);
    strs_free(&s->names);
    subject_free(&s->subject);
}

/* As it was asked for, but for case and how it was written. */
static bool asked_for(const struct wish *w, const char *name)
{
    const struct list *l = w->listed.n ? &w->listed : &w->san;

    for (size_t i = 0; i < l->n; i++)
        if (strcasecmp(l->v[i], name) == 0)
            return true;
    return !w->listed.n && w->cn &&
           strcasecmp(strchr(name, ':') + 1, w->cn) == 0;
}

struct trial {
    const struct rules *r;
    const struct wish *w;
    struct list token;
    bool limited, token_wild;
};

static void check_names(const struct trial *t, const struct shown *s)
{
    const char *cn = s->subject.v[SUBJECT_CN];
    AUTO(free) char *as_name = xasprintf("cn:%s", cn ? cn : "");
    bool in_san = false;

    ck_assert_uint_le(s->names.n, t->r->max_names);
    for (size_t i = 0; i < s->names.n; i++) {
        const char *n = s->names.v[i];

        ck_assert_msg(name_good(t->r, &t->token, t->token_wild, t->limited, n),
                      "%s is not allowed", n);
        ck_assert_msg(asked_for(t->w, n), "%s was not asked for", n);
        in_san |= cn && strcasecmp(strchr(n, ':') + 1, cn) == 0;
    }
    ck_assert(s->names.n || cn);
    /* some clients take it for the host */
    if (cn && t->r->usage <= 1 && t->r->field[SUBJECT_CN] != FIX)
        ck_assert_msg(in_san || !strchr(cn, '.'), "%s is no name", cn);
    if (cn && !in_san && t->r->field[SUBJECT_CN] != FIX)
        ck_assert_msg(
            name_good(t->r, &t->token, t->token_wild, t->limited, as_name),
            "%s is not allowed", as_name);
}

/* Blanks that count for nothing left out. */
static char *plain(const char *s)
{
    struct buf b = {0};

    for (; *s; s++)
        if (*s != ' ' || s[1] != ' ')
            buf_putc(&b, (uint8_t)*s);
    return buf_take_str(&b);
}

static void check_subject(const struct trial *t, const struct shown *s)
{
    const char *first = NULL;

    for (size_t i = 0; i < s->names.n && !first; i++)
        if (strncmp(s->names.v[i], "dns:", 4) == 0)
            first = s->names.v[i] + 4;
    for (int f = 0; f < SUBJECT__MAX; f++) {
        const char *is = s->subject.v[f];
        const char *asked = f == SUBJECT_CN ? t->w->cn : t->w->field[f];
        AUTO(free) char *wish = asked ? plain(asked) : NULL;

        switch (t->r->field[f]) {
        case FIX:
            ck_assert_str_eq(is, values[f]);
            break;
        case TAKE:
            ck_assert(!is || (wish && strcasecmp(is, wish) == 0) ||
                      (f == SUBJECT_CN && first && strcmp(is, first) == 0));
            ck_assert(f == SUBJECT_CN || !wish || is);
            break;
        case DROP:
            if (f == SUBJECT_CN && first && t->r->usage != CA)
                ck_assert_str_eq(is, first);
            else
                ck_assert_ptr_null(is);
            break;
        case NO_CN:
            ck_assert_ptr_null(is);
        }
    }
}

static void check_usage(const struct trial *t, X509 *x)
{
    const char *const *want = usages[t->r->usage].purposes;
    EXTENDED_KEY_USAGE *eku =
        X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    BASIC_CONSTRAINTS *basic =
        X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    const uint32_t ku = X509_get_key_usage(x);
    const bool ca = t->r->usage == CA;
    int n = 0;
    char oid[80];

    while (n < 3 && want[n])
        n++;
    ck_assert_int_eq(eku ? sk_ASN1_OBJECT_num(eku) : 0, n);
    for (int i = 0; i < n; i++) {
        OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1);
        ck_assert_str_eq(oid, want[i]);
    }
    ck_assert(basic && !basic->ca == !ca);
    ck_assert_int_eq(X509_get_pathlen(x), ca ? 0 : -1);
    if (ca) /* keyCertSign, cRLSign */
        ck_assert_uint_eq(ku, 0x0004 | 0x0002);
    else
        ck_assert((ku & 0x0080) && !(ku & (0x0004 | 0x0002)));
    BASIC_CONSTRAINTS_free(basic);
    sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
}

static void value_is(X509 *x, const char *oid, bool there, bool critical,
                     const char *hex)
{
    ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(x, o, -1);
    X509_EXTENSION *ext = at < 0 ? NULL : X509_get_ext(x, at);
    char got[200] = "";

    ASN1_OBJECT_free(o);
    ck_assert_msg((at >= 0) == there, "%s", oid);
    if (!there)
        return;
    ck_assert_msg(X509_EXTENSION_get_critical(ext) == critical, "%s", oid);
    if (hex) {
        const ASN1_STRING *s = X509_EXTENSION_get_data(ext);

        hex_encode(got, ASN1_STRING_get0_data(s),
                   (size_t)ASN1_STRING_length(s));
        ck_assert_str_eq(got, hex);
    }
}

static void check_extensions(const struct trial *t, const struct shown *s)
{
    const struct rules *r = t->r;
    const struct {
        const char *oid;
        bool there, critical;
        const char *hex;
    } all[] = {
        {"2.5.29.19", true, true, NULL},
        {"2.5.29.15", true, true, NULL},
        {"2.5.29.37", usages[r->usage].purposes[0], false, NULL},
        {"2.5.29.14", true, false, NULL},
        {"2.5.29.35", true, false,
         "30168014303132333435363738393031323334353637"
         "3839"},
        {"2.5.29.17", s->names.n > 0, s->entries == 0, NULL},
        {"2.5.29.31", r->cdp, false,
         "30153013a011a00f860d687474703a2f2f"
         "63612f63726c"},
        {"1.3.6.1.5.5.7.1.1", r->aia, false, NULL},
        {"2.5.29.32", r->policy, false,
         "3020301e06022a03301830160608"
         "2b06010505070201160a" /* http://cps */
         "687474703a2f2f637073"},
        {"1.3.6.1.5.5.7.1.24", r->staple, false, "3003020105"},
        {"1.3.6.1.5.5.7.48.1.5", r->usage == OCSP, false, "0500"},
        {"1.2.9", r->extension, false, "0c0141"},
    };
    int n = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        value_is(s->x, all[i].oid, all[i].there, all[i].critical, all[i].hex);
        n += all[i].there;
    }
    ck_assert_int_eq(X509_get_ext_count(s->x), n);
}

static void check_key(const struct trial *t, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
    const struct buf *asked = &keys[t->w->key].spki;
    bool allowed = t->r->keys.n == 0;

    ck_assert(key && (size_t)len == asked->len);
    ck_assert_mem_eq(spki, asked->data, asked->len);
    OPENSSL_free(spki);
    for (size_t i = 0; i < t->r->keys.n; i++)
        allowed |= strcmp(t->r->keys.v[i], key_specs[t->w->key]) == 0;
    ck_assert(allowed);
}

static void check_dates(const struct trial *t, X509 *x)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, DAY_ONE);
    int from_days, from_secs, days, secs;

    ASN1_TIME_diff(&from_days, &from_secs, now, X509_get0_notBefore(x));
    ASN1_TIME_diff(&days, &secs, X509_get0_notBefore(x), X509_get0_notAfter(x));
    ASN1_TIME_free(now);
    if (t->w->ahead_days)
        ck_assert(from_days == (int)t->w->ahead_days && from_secs == 0 &&
                  t->w->ahead_days <= t->r->ahead_days);
    else
        ck_assert(from_days == 0 && from_secs == -60);
    if (t->w->days) {
        ck_assert_uint_le(t->w->days, t->r->max_days);
        ck_assert_uint_ge(t->w->days, t->r->min_days);
        ck_assert(days + 1 == (int)t->w->days && secs == DAY - 1);
    } else {
        ck_assert_int_le(days + (secs == DAY - 1), (int)t->r->days);
    }
}

static void check_all(const struct trial *t, const struct buf *der)
{
    struct shown s;

    ck_assert_msg(!t->w->power || t->r->usage == CA, "power was granted");
    ck_assert_msg(!t->w->ocsp || t->r->usage == OCSP, "ocsp was granted");
    ck_assert(!t->w->any && !t->w->critical);
    ck_assert(!t->w->other_name || t->w->listed.n);
    show(&s, der);
    ck_assert_int_eq(X509_get_version(s.x), 2);
    ck_assert_int_eq(X509_verify(s.x, authority.key), 1);
    check_names(t, &s);
    check_subject(t, &s);
    check_usage(t, s.x);
    check_extensions(t, &s);
    check_key(t, s.x);
    check_dates(t, s.x);
    shown_free(&s);
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
    for (size_t b = 0; b <= sizeof(bad) / sizeof(*bad); b++)
        for (size_t at = 0; at < LIST_MAX; at++)
            for (int listed = 0; listed < 2; listed++) {
                struct wish w = {.san = {{0}, LIST_MAX}};
                AUTO(errs) struct errs why = {0};
                AUTO(buf) struct buf der = {0};
                const bool none_bad = b == sizeof(bad) / sizeof(*bad);
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
    return unit_run("property", tests, sizeof(tests) / sizeof(*tests));
}
