/* SPDX-License-Identifier: ISC */
/* The subjects that a profile makes, and the directory names that an authority
 * permits and excludes. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "oid.h"
#include "unit.h"

static const struct {
    char letter;
    const char *oid;
    size_t len;
} types[] = {
    {'C', OID(AT_C)},  {'S', OID(AT_ST)}, {'L', OID(AT_L)},
    {'O', OID(AT_O)},  {'U', OID(AT_OU)}, {'N', OID(AT_CN)},
    {'D', OID(AT_DC)}, {'E', OID(AT_EMAIL)},
};

static void put_attribute(struct buf *b, const char *text, size_t len)
{
    size_t seq = der_open(b, DER_SEQUENCE);

    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].letter == *text)
            der_put_oid(b, types[i].oid, types[i].len);
    der_put(b, DER_UTF8_STRING, text + 2, len - 2);
    der_close(b, seq);
}

/* "C:DE/O:a+U:b": a Name. */
static void put_name(struct buf *b, const char *text)
{
    size_t name = der_open(b, DER_SEQUENCE);

    while (*text) {
        size_t set = der_open(b, DER_SET);

        do {
            size_t len = strcspn(text, "/+");

            put_attribute(b, text, len);
            text += len;
        } while (*text++ == '+');
        der_close(b, set);
        text -= text[-1] == '\0';
    }
    der_close(b, name);
}

/* "C:DE/O:a|O:b", "-" for the empty name: subtrees of either kind. */
static void put_subtrees(struct buf *b, int which, const char *text)
{
    struct strs all = {0};
    size_t at[3];

    if (!*text)
        return;
    at[0] = der_open(b, DER_CTX_CONS(which));
    strs_split(&all, text, '|');
    for (size_t i = 0; i < all.n; i++) {
        at[1] = der_open(b, DER_SEQUENCE);
        at[2] = der_open(b, DER_CTX_CONS(4));
        put_name(b, strcmp(all.v[i], "-") == 0 ? "" : all.v[i]);
        der_close(b, at[2]);
        der_close(b, at[1]);
    }
    strs_free(&all);
    der_close(b, at[0]);
}

/* An authority with these constraints, of which der has the octets. */
static struct cert authority(struct buf *der, const char *permitted,
                             const char *excluded)
{
    struct cert c = {0};
    size_t seq = der_open(der, DER_SEQUENCE);

    put_subtrees(der, 0, permitted);
    put_subtrees(der, 1, excluded);
    der_close(der, seq);
    c.ext[EXT_CONSTRAINTS] =
        (struct cert_ext){.value = der->data, .len = der->len};
    return c;
}

static const char before[] = "data = \"/d\"\nhost = \"a.b\"\n"
                             "listen api { url = \"http://127.0.0.1:1\" }\n"
                             "authority i { certificate = \"i\" "
                             "key = \"file:k\" }\nprofile p {\n";

static struct conf *read_profile(const char *rules)
{
    AUTO(free) char *text = xasprintf("%s%s\n}\n", before, rules);
    AUTO(errs) struct errs e = {0};
    struct conf *c = conf_parse("/c/x.conf", text, strlen(text), &e);

    ck_assert_msg(c != NULL, "%s: %s", rules, e.n ? e.v[0].detail : "");
    return c;
}

#define SERVER "usage = server names = \"dns:**.internal\" "
#define CN "usage = client names = { \"dns:**.internal\", \"cn:svc-*\" } "
#define ACME "C:DE/O:Acme"

START_TEST(subjects_fit)
{
    static const struct {
        const char *rules, *permitted, *excluded;
        int how;
        const char *field;
    } cases[] = {
        /* what is permitted */
        {SERVER, ACME, "", DN_NONE, NULL},
        {SERVER "subject = { \"c=DE\", \"o=Acme\" }", ACME, "", DN_FITS, NULL},
        {SERVER "subject = { \"o=ACME\", \"c=DE\" }", ACME, "", DN_FITS, NULL},
        {SERVER "subject = { \"c=DE\", \"o=Acme\", ou }", ACME, "", DN_FITS,
         NULL},
        {SERVER "subject = { \"c=DE\", o }", ACME, "", DN_WIDER, "o"},
        {SERVER "subject = { c, \"o=Acme\" }", ACME, "", DN_WIDER, "c"},
        {SERVER "subject = { \"c=DE\", l, \"o=Acme\" }", ACME, "", DN_WIDER,
         "l"},
        {SERVER "subject = { \"c=DE\", \"l=x\", \"o=Acme\" }", ACME, "",
         DN_NONE, NULL},
        {SERVER "subject = { \"c=DE\", \"o=Other\" }", ACME, "", DN_NONE, NULL},
        {SERVER "subject = \"o=Acme\"", ACME, "", DN_NONE, NULL},
        {SERVER "subject = \"c=DE\"", ACME, "", DN_NONE, NULL},
        {SERVER "subject = { \"c=DE\", o, \"cn=\" }", "C:DE", "", DN_FITS,
         NULL},
        {SERVER "subject = \"cn=\"", ACME, "", DN_FITS, NULL},
        {SERVER "subject = { \"cn=\", o }", "O:Acme", "", DN_WIDER, "o"},
        {SERVER "subject = { \"cn=\", o }", ACME, "", DN_NONE, NULL},
        {SERVER "subject = { \"c=DE\", \"o=Acme\" }", "O:Acme/C:DE", "",
         DN_NONE, NULL},
        {SERVER "subject = { \"c=DE\", \"o=Acme\" }", "C:DE+O:Acme", "",
         DN_NONE, NULL},
        {SERVER "subject = \"o=Acme\"", "O:Acme/O:Acme", "", DN_NONE, NULL},
        {SERVER "subject = \"o=Acme\"", "D:internal|O:Other|O:Acme", "",
         DN_FITS, NULL},
        {SERVER, "-", "", DN_FITS, NULL},
        {SERVER, "N:web.internal", "", DN_WIDER, "cn"},
        {SERVER, "N:web.other", "", DN_NONE, NULL},
        {CN "subject = cn", "N:svc-a", "", DN_WIDER, "cn"},
        {CN "subject = { \"o=A\", cn }", "O:A", "", DN_FITS, NULL},
        {"usage = ocsp subject = { \"cn=R\" }", "N:R", "", DN_FITS, NULL},
        {"usage = ocsp subject = { \"cn=R\" }", "O:A", "", DN_NONE, NULL},
        {"usage = intermediate subject = { \"o=A\", \"cn=R\" }", "O:A", "",
         DN_FITS, NULL},
        /* what is excluded */
        {SERVER, "", "O:Evil", DN_FITS, NULL},
        {SERVER "subject = \"o=evil\"", "", "O:Evil", DN_EXCLUDED, NULL},
        {SERVER "subject = \"o=Good\"", "", "O:Evil", DN_FITS, NULL},
        {SERVER "subject = o", "", "O:Evil", DN_EXCLUDED, NULL},
        {SERVER "subject = { \"c=DE\", o }", "", "O:Evil", DN_FITS, NULL},
        {SERVER "subject = { c, o }", "", "O:Evil", DN_EXCLUDED, NULL},
        {SERVER "subject = { c, o }", "", "O:Evil/C:DE", DN_FITS, NULL},
        {SERVER "subject = { \"c=DE\", o }", "C:DE", "C:DE/O:Evil",
         DN_EXCLUDED, NULL},
        {SERVER "subject = { \"c=DE\", \"o=A\" }", "C:DE", "C:DE/O:Evil",
         DN_FITS, NULL},
        {SERVER "subject = \"o=M\u00dcLLER\"", "", "O:M\u00fcller", DN_EXCLUDED,
         NULL},
        {SERVER, "", "-", DN_EXCLUDED, NULL},
        {SERVER "subject = \"cn=\"", "", "-", DN_FITS, NULL},
        {SERVER, "", "N:web.internal", DN_EXCLUDED, NULL},
        {SERVER, "", "N:web.other", DN_FITS, NULL},
        {SERVER, "", "N:Jane Doe", DN_FITS, NULL},
        {SERVER "deny = \"dns:web.internal\"", "", "N:web.internal", DN_FITS,
         NULL},
        {SERVER "deny = \"dns:web.internal\"", "", "N:*.internal", DN_FITS,
         NULL},
        {"usage = server names = \"dns:**\"", "", "N:admin", DN_FITS, NULL},
        {"usage = server names = \"dns:**\" single-label = yes", "", "N:admin",
         DN_EXCLUDED, NULL},
        {"usage = server names = \"ip:**\"", "", "N:10.0.0.1", DN_FITS, NULL},
        {CN "subject = cn", "", "N:svc-root", DN_EXCLUDED, NULL},
        {CN "subject = cn", "", "N:root", DN_FITS, NULL},
        {CN "subject = cn", "", "N:r\u00f6\u00f6t", DN_EXCLUDED, NULL},
        {CN "subject = cn", "", "N:web.internal", DN_EXCLUDED, NULL},
        {CN "subject = cn deny = \"cn:svc-root\"", "", "N:Svc-Root", DN_FITS,
         NULL},
        {"usage = client names = { \"dns:**.internal\", \"cn:**\" } "
         "subject = cn deny = \"cn:web.internal\"",
         "", "N:web.internal", DN_FITS, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(conf) struct conf *c = NULL;
        AUTO(buf) struct buf der = {0};
        struct cert ca =
            authority(&der, cases[i].permitted, cases[i].excluded);
        struct dn_fit fit;

        c = read_profile(cases[i].rules);
        fit = profile_dn_fit(&c->profiles.v[0], &ca);
        ck_assert_msg((int)fit.how == cases[i].how, "case %zu, %s: %u", i,
                      cases[i].rules, fit.how);
        if (cases[i].field)
            ck_assert_str_eq(subject_field_text(fit.field), cases[i].field);
    }
}
END_TEST

/* "c=DE o=Acme", "cn=" for none; "-": no way. */
static char *fitted(const char *rules, const struct cert *ca)
{
    AUTO(conf) struct conf *c = read_profile(rules);
    struct profile *p = &c->profiles.v[0];
    struct strs all = {0};
    char *text;

    if (!profile_fit(p, ca))
        strs_add(&all, "-");
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (p->fixed.v[f])
            strs_add_own(&all, xasprintf("%s=%s",
                                         subject_field_text(
                                             (enum subject_field)f),
                                         p->fixed.v[f]));
    if (p->no_cn)
        strs_add(&all, "cn=");
    text = strs_join(&all, " ");
    strs_free(&all);
    return text;
}

/* Of the authority and of the one above it. */
START_TEST(subjects_are_made_to_fit)
{
    static const struct {
        const char *rules, *permitted, *excluded, *above, *wanted;
    } cases[] = {
        {SERVER, "", "", "", ""},
        {SERVER, ACME, "", "", "c=DE o=Acme"},
        {SERVER, "C:DE", "", ACME, "c=DE o=Acme"},
        {SERVER, ACME, "", "C:DE", "c=DE o=Acme"},
        {SERVER, "C:DE|C:FR", "", "C:FR/O:B", "c=FR o=B"},
        {SERVER, "C:DE", "", "C:FR", "cn="},
        {SERVER, "D:internal|O:Acme", "", "", "o=Acme"},
        {SERVER, "D:internal/D:acme", "", "", "cn="},
        {SERVER, "O:Acme/C:DE", "", "", "cn="},
        {SERVER, "C:Germany", "", "", "cn="},
        {SERVER, "N:web.internal", "", "", "cn="},
        {SERVER, "", "-", "", "cn="},
        {SERVER, "", "N:web.internal", "", "cn="},
        {SERVER, "", "O:Evil", "", ""},
        {SERVER, "C:DE", "C:DE/N:web.internal", "", "cn="},
        {SERVER "subject = \"l=x\"", "D:internal", "", "", "- l=x"},
        {"usage = ocsp subject = \"cn=R\"", ACME, "", "", "c=DE o=Acme cn=R"},
        {"usage = ocsp subject = \"cn=R\"", "D:internal", "", "", "- cn=R"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf der = {0}, above_der = {0};
        struct cert ca =
            authority(&der, cases[i].permitted, cases[i].excluded);
        struct cert above = authority(&above_der, cases[i].above, "");
        AUTO(free) char *got = NULL;

        ca.above = &above;
        got = fitted(cases[i].rules, &ca);
        ck_assert_msg(strcmp(got, cases[i].wanted) == 0, "case %zu: %s", i,
                      got);
    }
}
END_TEST

START_TEST(a_responder_has_a_name)
{
    static const char url[] = "http://ca.example.internal:8080/";
    AUTO(buf) struct buf der = {0}, other_der = {0};
    struct cert ca = authority(&der, ACME, "");
    struct cert other = authority(&other_der, "D:internal", "");
    AUTO(taken) struct taken s = {0}, none = {0}, uri = {0};

    ck_assert(profile_fit_responder(&s, "issuing", url, &ca));
    ck_assert_str_eq(s.subject.v[SUBJECT_O], "Acme");
    ck_assert_str_eq(s.subject.v[SUBJECT_CN], "OCSP responder of issuing");
    ck_assert_uint_eq(s.names.n, 0);
    ck_assert(!profile_fit_responder(&none, "issuing", NULL, &other));
    ck_assert(profile_fit_responder(&uri, "issuing", url, &other));
    ck_assert_ptr_null(uri.subject.v[SUBJECT_CN]);
    ck_assert_uint_eq(uri.names.n, 1);
    ck_assert_str_eq(uri.names.v[0].value, url);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {subjects_fit, subjects_are_made_to_fit,
                                  a_responder_has_a_name};

    return unit_run("profile_fit", tests, COUNT(tests));
}
