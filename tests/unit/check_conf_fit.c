/* SPDX-License-Identifier: ISC */
/* What an authority, or one above it, does not let a profile keep: each rule
 * with its line, and whose certificate it is that says so. */
#include "conf_parse.h"
#include "profile_read.h"

/* "dns:a.b email:b dn:Acme": subtrees; of a directory name its o. */
static void put_subtrees(struct buf *b, int which, const char *text)
{
    AUTO(strs) struct strs all = {0};
    const size_t list = der_open(b, DER_CTX_CONS(which));

    strs_split(&all, text, ' ');
    for (size_t i = 0; i < all.n; i++) {
        const char *value = strchr(all.v[i], ':') + 1;
        const size_t one = der_open(b, DER_SEQUENCE);

        if (strncmp(all.v[i], "dn:", 3) == 0) {
            const struct subject name = {.v = {[SUBJECT_O] = (char *)value}};
            const size_t dn = der_open(b, DER_CTX_CONS(4));

            subject_write(b, &name);
            der_close(b, dn);
        } else {
            der_put(b,
                    strncmp(all.v[i], "dns:", 4) == 0 ? DER_CTX(2) : DER_CTX(1),
                    value, strlen(value));
        }
        der_close(b, one);
    }
    der_close(b, list);
}

struct made {
    struct cert cert;
    struct buf constraints, eku;
};

static void made_free(struct made *m)
{
    buf_free(&m->constraints);
    buf_free(&m->eku);
}
AUTO_VALUE(made, struct made, made_free)

static void make(struct made *m, const char *permitted, const char *excluded)
{
    size_t seq;

    *m = (struct made){.cert = {.path_len = -1}};
    if (!*permitted && !*excluded)
        return;
    seq = der_open(&m->constraints, DER_SEQUENCE);
    if (*permitted)
        put_subtrees(&m->constraints, 0, permitted);
    if (*excluded)
        put_subtrees(&m->constraints, 1, excluded);
    der_close(&m->constraints, seq);
    m->cert.ext[EXT_CONSTRAINTS] = (struct cert_ext){
        .value = m->constraints.data, .len = m->constraints.len};
}

/* EKU_OTHER: 1.2.3. */
static void make_eku(struct made *m, unsigned eku)
{
    static const uint8_t oid[] = {0x2a, 0x03};
    size_t seq;

    m->cert.eku = eku;
    seq = der_open(&m->eku, DER_SEQUENCE);
    if (eku & EKU_OTHER)
        der_put_oid(&m->eku, oid, sizeof(oid));
    der_close(&m->eku, seq);
    m->cert.ext[EXT_EKU] =
        (struct cert_ext){.value = m->eku.data, .len = m->eku.len};
}

/* i.pem signs, and r.pem signed that. */
static char *said(const char *rules, const struct made *i, const struct made *r)
{
    AUTO(errs) struct errs none = {0}, e = {0};
    AUTO(conf) struct conf *c = read_conf(rules, &none);
    AUTO(strs) struct strs all = {0};
    const struct conf_issuer chain[] = {{&i->cert, "i.pem"},
                                        {&r->cert, "r.pem"}};

    ck_assert_msg(c != NULL, "%s: %s", rules, none.n ? none.v[0].detail : "");
    conf_fit(c, rules_of(c), chain, 2, &e);
    for (size_t k = 0; k < e.n; k++) {
        ck_assert_int_eq(e.v[k].code, ERR_BAD_ARGUMENT);
        strs_add(&all, e.v[k].detail);
    }
    return strs_join(&all, "\n");
}

#define AT "/c/x.conf:"

START_TEST(names_and_subjects)
{
    static const struct {
        const char *rules, *permitted, *excluded, *wanted; /* of i.pem */
    } cases[] = {
        {SERVER NAMES, "", "", ""},
        {SERVER NAMES, "dns:internal", "", ""},
        {SERVER "names = { \"dns:a.internal\",\n\"dns:b.org\", \"ip:**\" }\n",
         "dns:internal", "",
         AT "10: profile p: names \"dns:b.org\" allows more than the name "
            "constraints of i.pem permit"},
        {SERVER NAMES, "", "dns:bad.internal",
         AT "9: profile p: names \"dns:**.internal\" allows more than the name "
            "constraints of i.pem permit"},
        {SERVER NAMES
         "deny = { \"dns:bad.internal\", \"dns:**.bad.internal\" }\n",
         "", "dns:bad.internal", ""},
        {SERVER NAMES, "email:b", "", ""},
        {SERVER NAMES "subject = \"email=joe@b\"\n", "email:b", "", ""},
        {SERVER NAMES "subject = \"email=joe@c\"\n", "email:b", "",
         AT
         "10: profile p: subject fixes the email \"joe@c\", which is outside "
         "the name constraints of i.pem"},
        {SERVER NAMES "subject = \"email=joe@c\"\n", "", "email:c",
         AT
         "10: profile p: subject fixes the email \"joe@c\", which is outside "
         "the name constraints of i.pem"},
        {SERVER NAMES "subject = \"o=Acme\"\n", "dn:Acme dn:Other", "", ""},
        {SERVER NAMES "subject = \"o=Evil\"\n", "dn:Acme dn:Other", "",
         AT "10: profile p: no subject that it makes is within the directory "
            "names that the name constraints of i.pem permit: O=Acme; O=Other"},
        {SERVER NAMES "subject = o\n", "dn:Acme", "",
         AT "10: profile p: subject \"o\" allows more than the directory names "
            "that the name constraints of i.pem permit: O=Acme"},
        {SERVER NAMES "subject = o\n", "", "dn:Acme",
         AT
         "10: profile p: subject allows the directory name \"O=Acme\", which "
         "the name constraints of i.pem exclude"},
        /* without a subject: at the profile */
        {SERVER NAMES, "dn:Acme", "",
         AT "7: profile p: no subject that it makes is within the directory "
            "names that the name constraints of i.pem permit: O=Acme"},
        {SERVER NAMES "subject = \"cn=\"\n", "dn:Acme", "dn:Evil", ""},
    };

    for (size_t k = 0; k < COUNT(cases); k++)
        for (int above = 0; above < 2; above++) {
            AUTO(made) struct made bound, free_one;
            AUTO(free) char *got = NULL;
            char *i;

            make(&bound, cases[k].permitted, cases[k].excluded);
            make(&free_one, "", "");
            got = above ? said(cases[k].rules, &free_one, &bound)
                        : said(cases[k].rules, &bound, &free_one);
            if (above && (i = strstr(got, "r.pem")))
                *i = 'i';
            ck_assert_str_eq(got, cases[k].wanted);
        }
}
END_TEST

/* The common name is the first DNS name, which nothing of subject says. */
START_TEST(the_first_dns_name)
{
    const struct subject name = {
        .v = {[SUBJECT_CN] = (char[]){"web.internal"}}};
    AUTO(made) struct made bound, free_one;
    AUTO(free) char *got = NULL;
    size_t at[4];

    make(&free_one, "", "");
    bound = (struct made){.cert = {.path_len = -1}};
    at[0] = der_open(&bound.constraints, DER_SEQUENCE);
    at[1] = der_open(&bound.constraints, DER_CTX_CONS(0));
    at[2] = der_open(&bound.constraints, DER_SEQUENCE);
    at[3] = der_open(&bound.constraints, DER_CTX_CONS(4));
    subject_write(&bound.constraints, &name);
    for (int i = 3; i >= 0; i--)
        der_close(&bound.constraints, at[i]);
    bound.cert.ext[EXT_CONSTRAINTS] = (struct cert_ext){
        .value = bound.constraints.data, .len = bound.constraints.len};
    got = said(SERVER NAMES, &bound, &free_one);
    ck_assert_str_eq(
        got, AT "7: profile p: the first DNS name as \"cn\" allows more than "
                "the directory names that the name constraints of i.pem "
                "permit: CN=web.internal");
}
END_TEST

START_TEST(purposes)
{
    static const char wider[] = AT "8: profile p: usage has a purpose that the "
                                   "extended key usage of i.pem does not";
    static const struct {
        const char *rules;
        unsigned eku;
        const char *wanted;
    } cases[] = {
        {SERVER NAMES, 0, ""},
        {SERVER NAMES, EKU_SERVER, ""},
        {SERVER NAMES, EKU_ANY, ""},
        {SERVER NAMES, EKU_CLIENT | EKU_ANY, ""},
        {SERVER NAMES, EKU_CLIENT, wider},
        {SERVER NAMES, EKU_OTHER, wider},
        {"usage = mutual\n" NAMES, EKU_SERVER, wider},
        {"usage = mutual\n" NAMES, EKU_SERVER | EKU_CLIENT, ""},
        {"usage = 1.2.3\n" NAMES, EKU_SERVER, wider},
        {"usage = 1.2.3\n" NAMES, EKU_OTHER, ""},
        {"usage = { 1.2.3, 1.2.4 }\n" NAMES, EKU_OTHER, wider},
        {"usage = { 1.2.4, 1.2.3 }\n" NAMES, EKU_OTHER, wider},
        {"usage = 1.2.4\n" NAMES, EKU_ANY, ""},
        /* a responder is certified by whom it answers for */
        {"usage = ocsp\n subject = \"cn=R\"\n", EKU_SERVER, ""},
    };

    for (size_t k = 0; k < COUNT(cases); k++) {
        AUTO(made) struct made bound, free_one;
        AUTO(free) char *got = NULL;

        make(&free_one, "", "");
        make(&bound, "", "");
        make_eku(&bound, cases[k].eku);
        got = said(cases[k].rules, &bound, &free_one);
        ck_assert_msg(strcmp(got, cases[k].wanted) == 0, "case %zu: %s", k,
                      got);
    }
}
END_TEST

/* The second is one further from what is certified. */
START_TEST(path_lengths)
{
    static const struct {
        const char *rules;
        int first, second;
        const char *wanted;
    } cases[] = {
        {SERVER NAMES, 0, 0, ""},
        {"usage = intermediate\nsubject = \"cn=X\"\n", -1, -1, ""},
        {"usage = intermediate\nsubject = \"cn=X\"\n", 1, 2, ""},
        {"usage = intermediate\nsubject = \"cn=X\"\n", 0, 2,
         AT "8: profile p: usage intermediate with path-len 0 needs a path "
            "length of 1 in i.pem, which has 0"},
        {"usage = intermediate\nsubject = \"cn=X\"\n", 1, 1,
         AT "8: profile p: usage intermediate with path-len 0 needs a path "
            "length of 2 in r.pem, which has 1"},
        {"usage = intermediate\nsubject = \"cn=X\"\npath-len = 1\n", 2, 3, ""},
        {"usage = intermediate\nsubject = \"cn=X\"\npath-len = 1\n", 2, 2,
         AT "8: profile p: usage intermediate with path-len 1 needs a path "
            "length of 3 in r.pem, which has 2"},
        {"usage = intermediate\nsubject = \"cn=X\"\npath-len = 1\n", -1, 0,
         AT "8: profile p: usage intermediate with path-len 1 needs a path "
            "length of 3 in r.pem, which has 0"},
    };

    for (size_t k = 0; k < COUNT(cases); k++) {
        AUTO(made) struct made i, r;
        AUTO(free) char *got = NULL;

        make(&i, "", "");
        make(&r, "", "");
        i.cert.path_len = cases[k].first;
        r.cert.path_len = cases[k].second;
        got = said(cases[k].rules, &i, &r);
        ck_assert_msg(strcmp(got, cases[k].wanted) == 0, "case %zu: %s", k,
                      got);
    }
}
END_TEST

START_TEST(hosts)
{
    AUTO(errs) struct errs none = {0}, e = {0};
    AUTO(conf) struct conf *c = read_conf(SERVER NAMES, &none);
    AUTO(made) struct made i, r;
    const struct conf_issuer chain[] = {{&i.cert, "i.pem"}, {&r.cert, "r.pem"}};

    make(&i, "dns:internal", "");
    make(&r, "dns:ca.org", "");
    conf_fit_host(c, chain, 1, &e);
    ck_assert_uint_eq(e.n, 0);
    conf_fit_host(c, chain, 2, &e);
    ck_assert_uint_eq(e.n, 1);
    ck_assert_str_eq(e.v[0].detail,
                     "/c/x.conf: host \"ca.internal\" is outside the name "
                     "constraints of r.pem, so the service would have no "
                     "certificate");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {names_and_subjects, the_first_dns_name,
                                  purposes, path_lengths, hosts};

    return unit_run("conf_fit", tests, COUNT(tests));
}
