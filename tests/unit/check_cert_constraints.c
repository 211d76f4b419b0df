/* SPDX-License-Identifier: ISC */
/* Name constraints, as they are written and as OpenSSL holds them. */
#include "cert_made.h"

static void constrain(struct cert_constraints *c, const char *text)
{
    AUTO(errs) struct errs e = {0};
    struct strs parts = {0};

    strs_split(&parts, text, ',');
    for (size_t i = 0; i < parts.n; i++) {
        struct pattern p;

        ck_assert_int_eq(pattern_parse(&p, parts.v[i], &e), 0);
        ck_assert_int_eq(cert_constraints_add(c, &p, &e), 0);
        pattern_free(&p);
    }
    strs_free(&parts);
}

static char *subtrees_text(const STACK_OF(GENERAL_SUBTREE) * l)
{
    struct strs texts = {0};
    char *s;

    for (int i = 0; i < sk_GENERAL_SUBTREE_num(l); i++) {
        const GENERAL_SUBTREE *t = sk_GENERAL_SUBTREE_value(l, i);

        ck_assert_ptr_null(t->minimum);
        ck_assert_ptr_null(t->maximum);
        strs_add_own(&texts, general_text(t->base));
    }
    s = strs_join(&texts, " ");
    strs_free(&texts);
    return s;
}

#define NO_IP4 "7:0000000000000000"
#define NO_IP6                                                                 \
    "7:0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(constraints_say_what_is_permitted)
{
    static const struct {
        const char *allow, *permitted, *excluded;
    } cases[] = {
        {"dns:**.internal", "2:internal", "1: 6: " NO_IP4 " " NO_IP6},
        {"dns:*.a.b,dns:**.a.b,dns:x", "2:a.b 2:x", "1: 6: " NO_IP4 " " NO_IP6},
        {"ip:10.0.0.0/9,ip:10.1.0.0/16,ip:127.0.0.1",
         "7:0a000000ff800000 7:7f000001ffffffff", "2: 1: 6: " NO_IP6},
        {"dns:**,ip:**", "", "1: 6:"},
        {"email:*@b,email:joe@c,uri:spiffe://td/**,ip:**,dns:**",
         "1:b 1:joe@c 6:td", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(cert_constraints) struct cert_constraints nc = {0};
        AUTO(chain) struct chain c;

        constrain(&nc, cases[i].allow);
        chain_make(&c, 0, &nc);

        AUTO(x509) X509 *x = openssl_read(&c.issuing);
        int critical;
        NAME_CONSTRAINTS *read =
            X509_get_ext_d2i(x, NID_name_constraints, &critical, NULL);
        AUTO(free) char *permitted = subtrees_text(read->permittedSubtrees);
        AUTO(free) char *excluded = subtrees_text(read->excludedSubtrees);

        ck_assert_int_eq(critical, 1);
        ck_assert_str_eq(permitted, cases[i].permitted);
        ck_assert_str_eq(excluded, cases[i].excluded);
        ck_assert_int_eq(*permitted == 0, read->permittedSubtrees == NULL);
        ck_assert_int_eq(*excluded == 0, read->excludedSubtrees == NULL);
        ck_assert_ptr_nonnull(c.issuing_read.ext[EXT_CONSTRAINTS].value);
        NAME_CONSTRAINTS_free(read);
    }
}
END_TEST

START_TEST(constraints_without_limits_are_left_out)
{
    AUTO(cert_constraints) struct cert_constraints nc = {0};
    AUTO(chain) struct chain c;

    constrain(&nc, "dns:**,ip:**,email:**,uri:**,dns:a.b,ip:10.0.0.0/8");
    chain_make(&c, 0, &nc);
    ck_assert_ptr_null(c.issuing_read.ext[EXT_CONSTRAINTS].value);
}
END_TEST

START_TEST(a_constraint_on_an_address_in_a_uri_is_refused)
{
    static const char *const cases[] = {"uri:https://10.0.0.1/**",
                                        "uri:https://[::1]:8443/x"};

    for (size_t i = 0; i < 2; i++) {
        AUTO(cert_constraints) struct cert_constraints nc = {0};
        AUTO(errs) struct errs e = {0};
        struct pattern p;

        ck_assert_int_eq(pattern_parse(&p, cases[i], &e), 0);
        ck_assert_int_eq(cert_constraints_add(&nc, &p, &e), -1);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
        pattern_free(&p);
    }
}
END_TEST

/* OpenSSL holds leaves to the constraints as we meant them.  (Not to the
 * empty subtrees of email and uri, which it takes as matching nothing; NSS
 * and Go take them as everything.) */
START_TEST(constraints_hold)
{
    static const char both[] = "dns:**.internal,ip:10.0.0.0/8";
    static const char all[] = "dns:**,ip:**,email:*@b,uri:s://td/**";
    static const struct {
        const char *allow, *names;
        int error;
    } cases[] = {
        {both, "web.internal", X509_V_OK},
        {both, "a.b.internal,10.1.2.3", X509_V_OK},
        {both, "*.a.internal", X509_V_OK},
        {both, "internal", X509_V_OK}, /* both "*.x" and "**.x" as x */
        {both, "web.internal.org", X509_V_ERR_PERMITTED_VIOLATION},
        {both, "webinternal", X509_V_ERR_PERMITTED_VIOLATION},
        {both, "web.internal,a.org", X509_V_ERR_PERMITTED_VIOLATION},
        {both, "web.internal,11.0.0.1", X509_V_ERR_PERMITTED_VIOLATION},
        {both, "web.internal,::1", X509_V_ERR_PERMITTED_VIOLATION},
        {"ip:10.0.0.0/8", "10.0.0.1", X509_V_OK},
        {"ip:10.0.0.0/8", "web", X509_V_ERR_EXCLUDED_VIOLATION},
        {"dns:**", "web,10.0.0.1", X509_V_ERR_EXCLUDED_VIOLATION},
        {"dns:**", "web,::1", X509_V_ERR_EXCLUDED_VIOLATION},
        {all, "a.b,10.0.0.1,::1,joe@b,s://td/x", X509_V_OK},
        {all, "a.b,joe@c", X509_V_ERR_PERMITTED_VIOLATION},
        {all, "a.b,s://te/x", X509_V_ERR_PERMITTED_VIOLATION},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(cert_constraints) struct cert_constraints nc = {0};
        AUTO(chain) struct chain c;
        struct cert_spec s;

        constrain(&nc, cases[i].allow);
        chain_make(&c, 0, &nc);
        names_of(&c.names, cases[i].names);
        s = leaf_spec(&keys[0], &c.names);
        issue(&c.leaf, &s, &c.issuing_read, &keys[0]);
        ck_assert_msg(verify(&c, &c.leaf) == cases[i].error, "%s: %s",
                      cases[i].names,
                      X509_verify_cert_error_string(verify(&c, &c.leaf)));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        constraints_say_what_is_permitted,
        constraints_without_limits_are_left_out,
        a_constraint_on_an_address_in_a_uri_is_refused,
        constraints_hold,
    };
    int failed;

    for (size_t i = 0; i < KEYS; i++)
        party_make(&keys[i], key_specs[i]);
    failed =
        unit_run("cert_constraints", tests, COUNT(tests));
    for (size_t i = 0; i < KEYS; i++)
        party_free(&keys[i]);
    return failed;
}
