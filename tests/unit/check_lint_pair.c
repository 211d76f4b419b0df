/* SPDX-License-Identifier: ISC */
/* Lints about a certificate and those above it: what name constraints and
 * purposes leave to it, and what looks like a fault and is none. */
#include "lint_edit.h"

/* True when an issuer with these name constraints may not certify the name. */
static bool name_refused(const char *constraints, const char *name)
{
    AUTO(cert_edit) struct cert_edit edit = {0};
    AUTO(buf) struct buf above_der = {0}, tbs = {0};
    AUTO(cert) struct cert c = {0}, above = {0};
    AUTO(names) struct names names = {0};
    AUTO(errs) struct errs e = {0};
    struct cert_spec s = root_spec(&leaf_key);
    struct lint_findings f = {0};
    bool refused = false;

    cert_edit_open(&edit, &root);
    ext_edit(&edit, EXT_CONSTRAINTS, constraints);
    cert_edit_close(&edit, root_key.signer, &above_der);
    cert_parse(&above, above_der.data, above_der.len, &e);
    names_parse(&names, name, &e);
    s.issuer = above.subject;
    s.issuer_len = above.subject_len;
    s.names = &names;
    s.cn = "somebody";
    cert_write_tbs(&tbs, &s);
    cert_parse_tbs(&c, tbs.data, tbs.len, &e);
    ck_assert_msg(e.n == 0, "%s", e.n ? e.v[0].detail : "");
    lint_run(&c, &above, &f);
    for (size_t i = 0; i < f.n; i++)
        refused |= strcmp(f.v[i]->name, "name_constraints") == 0;
    return refused;
}

START_TEST(constraints_permit_and_exclude)
{
    static const struct {
        const char *constraints, *pass, *refuse;
    } rows[] = {
        {"!300ea00c300a8208622e6578616d706c",
         "b.exampl,a.b.exampl,*.b.exampl,10.0.0.1,joe@c", "ab.exampl,c,exampl"},
        {"!300ea10c300a8208622e6578616d706c", "c,ab.exampl",
         "b.exampl,a.b.exampl"},
        {"!300ea00c300a87080a000000ff000000", "10.1.2.3,a.b",
         "11.0.0.1,fd00::1"},
        {"!3009a00730058103612e62", "joe@a.b,x.y", "joe@x.a.b,joe@b"},
        {"!300aa008300681042e612e62", "joe@x.a.b", "joe@a.b"},
        {"!300ba009300781056a6f654062", "joe@b", "bob@b,joe@c"},
        {"!3009a00730058603612e62", "s://a.b/x,x.y", "s://x.a.b/,s://b"},
        {"!300aa008300686042e612e62", "s://x.a.b/", "s://a.b/"},
        {"!3006a00430028200", "x.y,joe@b", ""},
        {"!3006a10430028200", "joe@b", "x.y"},
        {"!3006a10430028100", "x.y", "joe@b"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strs pass = {0}, refuse = {0};

        strs_split(&pass, rows[i].pass, ',');
        strs_split(&refuse, rows[i].refuse, ',');
        for (size_t k = 0; k < pass.n; k++)
            ck_assert_msg(!name_refused(rows[i].constraints, pass.v[k]),
                          "%zu: %s", i, pass.v[k]);
        for (size_t k = 0; k < refuse.n; k++)
            ck_assert_msg(name_refused(rows[i].constraints, refuse.v[k]),
                          "%zu: %s", i, refuse.v[k]);
        strs_free(&pass);
        strs_free(&refuse);
    }
}
END_TEST

/* What looks like a fault and is none. */
START_TEST(these_break_none)
{
    static const struct broken fine[] = {
        {"", LEAF, 0, {{E(SAN), SPIFFE("2f612e")}}},
        {"",
         LEAF,
         0,
         {{E(EKU), "300506032a0304"},
          {ISSUER + E(EKU), "300a06032a030306032a0304"}}},
        /* who asks a responder does not ask what those above it may */
        {"",
         LEAF,
         0,
         {{E(EKU), OCSP},
          {ADD, "300f06092b060105050730010504020500"},
          {ISSUER + E(EKU), CLIENT}}},
    };

    for (size_t i = 0; i < COUNT(fine); i++) {
        AUTO(free) char *got = lint_edited(&fine[i]);

        ck_assert_msg(!*got, "case %zu: %s", i, got);
    }
}
END_TEST

/* True when an authority whose constraints have this directory name does not
 * certify that subject (as cert_edit_name() takes them). */
static bool subject_refused(bool excluded, const char *base,
                            const char *subject)
{
    const struct broken b = {.base = LEAF};
    AUTO(cert_edit) struct cert_edit e = {0}, above = {0};
    AUTO(buf) struct buf der = {0}, issuer_der = {0}, nc = {0};
    AUTO(cert) struct cert c = {0}, issuer = {0};
    AUTO(errs) struct errs why = {0};
    struct lint_findings f = {0};
    bool refused = false;
    size_t at[4];

    edited(&b, 0, &e);
    edited(&b, 1, &above);
    at[0] = der_open(&nc, DER_SEQUENCE);
    at[1] = der_open(&nc, DER_CTX_CONS(excluded));
    at[2] = der_open(&nc, DER_SEQUENCE);
    at[3] = der_open(&nc, DER_CTX_CONS(4));
    put_cn(&nc, base);
    for (int i = 3; i >= 0; i--)
        der_close(&nc, at[i]);
    cert_edit_ext(&above, OID(CE_NAME_CONSTRAINTS), true, &nc);
    buf_reset(&e.part[PART_SUBJECT]);
    put_cn(&e.part[PART_SUBJECT], subject);
    cert_edit_close(&e, root_key.signer, &der);
    cert_edit_close(&above, root_key.signer, &issuer_der);
    ck_assert_int_eq(cert_parse(&issuer, issuer_der.data, issuer_der.len, &why),
                     0);
    ck_assert_int_eq(cert_parse(&c, der.data, der.len, &why), 0);
    lint_run(&c, &issuer, &f);
    for (size_t i = 0; i < f.n; i++)
        refused |= strcmp(f.v[i]->name, "name_constraints") == 0;
    return refused;
}

/* RFC 5280 section 7.1: types of string, case and blanks count for nothing. */
START_TEST(directory_names_compare)
{
    static const struct {
        const char *base, *subject;
        bool within;
    } rows[] = {
        {"Ou:Evil Corp", "Ou:Evil Corp/Nu:a", true},
        {"Ou:Evil Corp", "Op:Evil Corp/Nu:a", true},
        {"Op:EVIL corp", "Ou:evil  Corp ", true},
        {"Ou:Evil Corp", "Ou:Evil Corp.", false},
        {"Ou:Evil Corp", "Nu:Evil Corp", false},
        {"Ou:Evil Corp", "Nu:a/Ou:Evil Corp", false},
        {"Ou:Evil Corp/Uu:x", "Ou:Evil Corp", false},
        {"Ou:a+Uu:b", "Uu:B+Ou:A/Nu:c", true},
        {"Ou:a", "Ou:a+Uu:b", false},
        {"Ou:a+Uu:b", "Ou:a", false},
        {"", "Ou:a", true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(subject_refused(true, rows[i].base, rows[i].subject) ==
                          rows[i].within,
                      "excluded, %zu", i);
        ck_assert_msg(subject_refused(false, rows[i].base, rows[i].subject) ==
                          !rows[i].within,
                      "permitted, %zu", i);
    }
}
END_TEST

/* Letters beyond ASCII are not folded: what may be equal is excluded, and only
 * what is equal for sure is permitted. */
START_TEST(directory_names_beyond_ascii)
{
    static const struct {
        const char *base, *subject;
        bool excluded, permitted;
    } rows[] = {
        {"Ou:M\u00fcller", "Ou:m\u00fcller", true, true},
        {"Ou:M\u00fcller", "Ou:M\u00dcLLER", true, false},
        {"Ou:M\u00fcller", "Ou:Mu\u0308ller", true, false},
        {"Ou:Mu\u0308ller", "Ou:M\u00fcller", true, false},
        {"Ou:Stra\u00dfe 1", "Ou:Strasse 1", true, false},
        {"Ou:evil corp", "Ou:evil\u00a0corp", true, false},
        {"Ou:evil", "Ou:\uff45\uff36\uff29\uff2c", true, false},
        {"Ou:evil", "Ou:\u212aevil", true, false},
        {"Ou:M\u00fcller", "Ot:M\xfcLLER", true, true},
        {"Ou:M\u00fcller", "Ou:M\u00fcller AG", false, false},
        {"Ou:M\u00fcller", "Ou:K\u00f6ln", false, false},
        {"Ou:M\u00fcller", "Ou:Meier", false, false},
        {"Ou:M\u00fcller", "Uu:M\u00fcller", false, false},
        {"Ou:\u00e4/Uu:b", "Ou:\u00c4/Uu:c", false, false},
        {"Ou:\u00e4/Uu:b", "Ou:\u00c4/Uu:B", true, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(subject_refused(true, rows[i].base, rows[i].subject) ==
                          rows[i].excluded,
                      "excluded, %zu", i);
        ck_assert_msg(subject_refused(false, rows[i].base, rows[i].subject) ==
                          !rows[i].permitted,
                      "permitted, %zu", i);
    }
}
END_TEST

/* What cannot be compared is within nothing that is permitted, and refused
 * where anything of its kind is excluded. */
START_TEST(what_cannot_be_compared)
{
    ck_assert(name_refused("!3009a10730058603612e62", "https://10.0.0.1/"));
    ck_assert(name_refused("!3009a10730058603612e62", "https://[fd00::1]/"));
    ck_assert(name_refused("!3009a00730058603612e62", "https://10.0.0.1/"));
    ck_assert(!name_refused("!3009a10730058203612e62", "https://10.0.0.1/"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {constraints_permit_and_exclude,
                                  these_break_none, directory_names_compare,
                                  directory_names_beyond_ascii,
                                  what_cannot_be_compared};
    int code;

    base_begin();
    code = unit_run("lint_pair", tests, COUNT(tests));
    base_end();
    return code;
}
