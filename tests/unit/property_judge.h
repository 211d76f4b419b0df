/* SPDX-License-Identifier: ISC */
/* A certificate as OpenSSL reads it, judged by plain rules that know the
 * profile and the request as they were made up: for check_property.c. */
#ifndef POCKETCA_PROPERTY_JUDGE_H
#define POCKETCA_PROPERTY_JUDGE_H

#include "property_made.h"

static struct party authority;
static struct party keys[KEYS];

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

    if (p - pattern != n - name ||
        strncmp(pattern, name, (size_t)(n - name)) != 0)
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

/* As it was asked for, but for case and how it was written.  A mail address of
 * the subject that is taken is asked for too. */
static bool asked_for(const struct rules *r, const struct wish *w,
                      const char *name)
{
    const struct list *l = w->listed.n ? &w->listed : &w->san;
    const char *mail =
        r->field[SUBJECT_EMAIL] == TAKE ? w->field[SUBJECT_EMAIL] : NULL;

    if (!w->listed.n && mail && strncmp(name, "email:", 6) == 0 &&
        strcmp(name + 6, mail) == 0)
        return true;
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

static bool has_mail(const struct shown *s, const char *mail)
{
    for (size_t i = 0; i < s->names.n; i++)
        if (strncmp(s->names.v[i], "email:", 6) == 0 &&
            strcmp(s->names.v[i] + 6, mail) == 0)
            return true;
    return false;
}

static void check_names(const struct trial *t, const struct shown *s)
{
    const char *cn = s->subject.v[SUBJECT_CN];
    AUTO(free) char *as_name = xasprintf("cn:%s", cn ? cn : "");
    bool in_san = false;

    ck_assert_uint_le(s->names.n, t->r->max_names);
    ck_assert_uint_ge(s->names.n + (cn != NULL), t->r->min_names);
    for (size_t i = 0; i < s->names.n; i++) {
        const char *n = s->names.v[i];

        ck_assert_msg(name_good(t->r, &t->token, t->token_wild, t->limited, n),
                      "%s is not allowed", n);
        ck_assert_msg(asked_for(t->r, t->w, n), "%s was not asked for", n);
        in_san |= cn && strcasecmp(strchr(n, ':') + 1, cn) == 0;
    }
    ck_assert(s->names.n || cn);
    if (cn && t->r->field[SUBJECT_CN] != FIX)
        ck_assert_msg(!any_fits(&t->r->deny, as_name), "%s is denied", as_name);
    if (s->subject.v[SUBJECT_EMAIL] && t->r->field[SUBJECT_EMAIL] != FIX)
        ck_assert(has_mail(s, s->subject.v[SUBJECT_EMAIL]));
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
            ck_assert(f == SUBJECT_CN || !wish || is ||
                      (f == SUBJECT_EMAIL && t->w->listed.n));
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
    ck_assert_int_eq(X509_get_pathlen(x), ca ? (long)t->r->path_len : -1);
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
        {"2.5.29.37", usages[r->usage].purposes[0], r->usage == TIME, NULL},
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
        {"1.2.9", r->extension, r->critical, "0c0141"},
    };
    int n = 0;

    for (size_t i = 0; i < COUNT(all); i++) {
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

#endif
