/* SPDX-License-Identifier: ISC */
/* What a configuration needs of other files: a whole authority on disk, and
 * each thing in it that may be wrong. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca.h"
#include "tm.h"
#include "unit.h"
#include "weak_key.h"

static struct party root_key, middle_key, issuing_key;

/* What make_cert() writes besides. */
static int path_len = -1;
static const struct cert_constraints *constraints;

static void make_keys(void)
{
    party_make(&root_key, "ec:P-256");
    party_make(&middle_key, "ec:P-256");
    party_make(&issuing_key, "ec:P-256");
}

static void free_keys(void)
{
    party_free(&root_key);
    party_free(&middle_key);
    party_free(&issuing_key);
}

/* An authority's certificate, valid from now on; issuer NULL: its own. */
static void make_cert(struct buf *out, const char *cn, const struct party *key,
                      const struct buf *issuer, const struct party *by,
                      int64_t life, bool ca)
{
    struct cert_spec s = root_spec(key);
    AUTO(cert) struct cert above = {0};
    AUTO(errs) struct errs e = {0};

    serial_new(&s.serial);
    s.not_before = tm_now() - TM_MINUTE;
    s.not_after = tm_now() + life;
    s.cn = cn;
    s.alg = key_signer_alg(by->signer);
    s.ca = ca;
    s.path_len = path_len;
    s.constraints = constraints;
    if (!ca)
        s.ku = KU_DIGITAL_SIGNATURE;
    if (issuer) {
        cert_parse_any(&above, issuer->data, issuer->len, &e);
        s.issuer = above.subject;
        s.issuer_len = above.subject_len;
        s.aki = above.ski;
    }
    buf_free(out);
    cert_make(out, &s, by);
}

/* One after the other into a file. */
static void write_certs(const struct ca *c, const char *name,
                        const struct buf *first, const struct buf *second,
                        const struct buf *third)
{
    const struct buf *const all[] = {first, second, third};
    AUTO(buf) struct buf pem = {0};

    for (size_t i = 0; i < COUNT(all) && all[i]; i++)
        pem_put(&pem, "CERTIFICATE", all[i]->data, all[i]->len);
    ca_write(c, name, pem.data, pem.len);
}

/* All that it says: errors, then warnings, a line each, with the directory as
 * "@". */
static char *checked(struct ca *c)
{
    AUTO(errs) struct errs e = {0};
    AUTO(strs) struct strs warnings = {0};
    AUTO(buf) struct buf all = {0};
    AUTO(buf) struct buf out = {0};
    int r;

    r = conf_check(c->conf, &warnings, &e);
    ck_assert_int_eq(r, e.n ? -1 : 0);
    for (size_t i = 0; i < e.n; i++)
        buf_printf(&all, "error: %s\n", e.v[i].detail);
    for (size_t i = 0; i < warnings.n; i++)
        buf_printf(&all, "warning: %s\n", warnings.v[i]);
    buf_putc(&all, '\0');
    for (const char *p = (char *)all.data; *p;)
        if (strncmp(p, c->dir, strlen(c->dir)) == 0) {
            buf_putc(&out, '@');
            p += strlen(c->dir);
        } else {
            buf_putc(&out, (uint8_t)*p++);
        }
    buf_putc(&out, '\0');
    return xstrdup((char *)out.data);
}

#define ROOT_KEY                                                               \
    "warning: the root's key lies unencrypted in @/keys/root.key; the "        \
    "service does not need it: move it to a safe place\n"

#define ORPHAN                                                                 \
    "error: @/issuing.pem: issued neither by @/root.pem nor by another "       \
    "authority, and its issuer's certificate is not behind it in its file\n"

static void says(struct ca *c, const char *wanted)
{
    AUTO(free) char *got = checked(c);

    ck_assert_str_eq(got, wanted);
}

static void setup(struct ca *c, struct buf *root, struct buf *issuing)
{
    ca_make(c);
    make_cert(root, "Root", &root_key, NULL, &root_key, 900 * TM_DAY, true);
    make_cert(issuing, "Issuing", &issuing_key, root, &root_key, 90 * TM_DAY,
              true);
    ca_write_key(c, "keys/issuing.key", issuing_key.key);
    write_certs(c, "root.pem", root, NULL, NULL);
    write_certs(c, "issuing.pem", issuing, NULL, NULL);
}

static void teardown(struct ca *c)
{
    conf_free(c->conf);
    c->conf = NULL;
    buf_free(&c->root);
    buf_free(&c->issuing);
    ca_remove(c->dir);
}

START_TEST(signatures)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0}, weak = {0};
    AUTO(party) struct party weak_key = {0};

    party_make_weak(&weak_key);
    setup(&c, &root, &issuing);
    says(&c, ROOT_KEY);
    make_cert(&issuing, "Issuing", &issuing_key, &root, &middle_key,
              90 * TM_DAY, true);
    write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
    says(
        &c,
        "error: @/issuing.pem: not signed by the key of @/root.pem\n" ROOT_KEY);
    /* the right key signed, and is none that may */
    make_cert(&weak, "Root", &weak_key, NULL, &weak_key, 900 * TM_DAY, true);
    make_cert(&issuing, "Issuing", &issuing_key, &weak, &weak_key, 90 * TM_DAY,
              true);
    write_certs(&c, "root.pem", &weak, NULL, NULL);
    write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
    says(&c, "error: @/root.pem: the key is weak: the primes of its RSA "
             "modulus are the same or too close\n"
             "error: @/root.pem: the key is weak: the primes of its RSA "
             "modulus are the same or too close\n" ROOT_KEY);
    teardown(&c);
}
END_TEST

/* chmod, and what is there. */
START_TEST(data)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0};
    char ledger[160];

    setup(&c, &root, &issuing);
    ca_path(&c, ledger, "ledger.db");
    chmod(c.dir, 0750);
    says(&c, "error: data: @ is open to others (mode 750); chmod 700 it\n");
    chmod(c.dir, 0701);
    says(&c, "error: data: @ is open to others (mode 701); chmod 700 it\n");
    chmod(c.dir, 0700);
    unlink(ledger);
    says(&c, "error: @/ledger.db: No such file or directory; `pocketca init` "
             "makes it\n");
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    says(&c, "error: @/ledger.db is not a regular file\n");
    free(c.conf->data);
    c.conf->data = xasprintf("%s/root.pem", c.dir);
    says(&c, "error: data: @/root.pem is not a directory\n");
    free(c.conf->data);
    c.conf->data = xasprintf("%s/none", c.dir);
    says(&c, "error: data: @/none: No such file or directory\n");
    teardown(&c);
}
END_TEST

START_TEST(keys)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0};

    setup(&c, &root, &issuing);
    ca_write_key(&c, "keys/issuing.key", middle_key.key);
    says(&c, "error: file:keys/issuing.key: not the key of "
             "@/issuing.pem\n" ROOT_KEY);
    ca_write_key(&c, "keys/issuing.key", issuing_key.key);
    ca_write_key(&c, "keys/ledger.key", issuing_key.key);
    says(&c, "error: file:keys/ledger.key: the ledger's key must be "
             "Ed25519\n" ROOT_KEY);
    teardown(&c);
}
END_TEST

/* How an end that is so far away is told; NULL: not at all. */
START_TEST(ends)
{
    static const struct {
        int64_t life;
        const char *said;
    } cases[] = {
        {30 * TM_DAY + TM_HOUR, NULL},
        {30 * TM_DAY - TM_HOUR, "ends soon, at "},
        {TM_HOUR, "ends soon, at "},
        {-1, "ended at "},
    };
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0};

    setup(&c, &root, &issuing);
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int which = 0; which < 2; which++) {
            AUTO(free) char *got = NULL, *wanted = NULL;
            const int64_t far = 900 * TM_DAY;

            make_cert(&root, "Root", &root_key, NULL, &root_key,
                      which ? cases[i].life : far, true);
            make_cert(&issuing, "Issuing", &issuing_key, &root, &root_key,
                      which ? far : cases[i].life, true);
            write_certs(&c, "root.pem", &root, NULL, NULL);
            write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
            got = checked(&c);
            wanted =
                xasprintf("warning: @/%s.pem %s", which ? "root" : "issuing",
                          cases[i].said ? cases[i].said : "");
            if (cases[i].said)
                ck_assert_msg(strncmp(got, wanted, strlen(wanted)) == 0, "%s",
                              got);
            else
                ck_assert_str_eq(got, ROOT_KEY);
        }
    teardown(&c);
}
END_TEST

START_TEST(what_the_certificates_are)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0}, other = {0};
    char path[160];

    setup(&c, &root, &issuing);
    make_cert(&other, "Other", &middle_key, NULL, &middle_key, 900 * TM_DAY,
              true);
    write_certs(&c, "root.pem", &other, NULL, NULL);
    says(&c, ORPHAN ROOT_KEY);
    write_certs(&c, "root.pem", &issuing, NULL, NULL);
    says(&c, "error: root: @/root.pem did not issue itself\n" ORPHAN ROOT_KEY);
    write_certs(&c, "root.pem", &root, NULL, NULL);
    make_cert(&issuing, "Issuing", &issuing_key, &root, &root_key, 90 * TM_DAY,
              false);
    write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
    says(&c, "error: @/issuing.pem: this is not the certificate of an "
             "authority\n" ROOT_KEY);
    /* nobody vouches for itself but the root */
    write_certs(&c, "issuing.pem", &other, NULL, NULL);
    ca_write_key(&c, "keys/issuing.key", middle_key.key);
    says(&c, ORPHAN ROOT_KEY);
    ca_path(&c, path, "issuing.pem");
    unlink(path);
    says(&c, "error: @/issuing.pem: is not there yet; `pocketca install-chain` "
             "brings the chain that the root has signed\n" ROOT_KEY);
    teardown(&c);
}
END_TEST

/* Behind an authority stand those between it and the root, which may be there
 * too. */
START_TEST(what_is_between)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, middle = {0}, issuing = {0}, leaf = {0};

    setup(&c, &root, &issuing);
    make_cert(&middle, "Middle", &middle_key, &root, &root_key, 900 * TM_DAY,
              true);
    make_cert(&issuing, "Issuing", &issuing_key, &middle, &middle_key,
              90 * TM_DAY, true);
    write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
    says(&c, ORPHAN ROOT_KEY);
    write_certs(&c, "issuing.pem", &issuing, &root, NULL);
    says(&c, ORPHAN ROOT_KEY);
    write_certs(&c, "issuing.pem", &issuing, &middle, NULL);
    says(&c, ROOT_KEY);
    write_certs(&c, "issuing.pem", &issuing, &middle, &root);
    says(&c, ROOT_KEY);
    /* those are judged as well */
    make_cert(&leaf, "Leaf", &middle_key, &root, &root_key, 90 * TM_DAY, false);
    write_certs(&c, "issuing.pem", &issuing, &middle, &leaf);
    says(&c, "error: @/issuing.pem: this is not the certificate of an "
             "authority\n" ROOT_KEY);
    make_cert(&middle, "Middle", &middle_key, &root, &issuing_key, 900 * TM_DAY,
              true);
    write_certs(&c, "issuing.pem", &issuing, &middle, NULL);
    says(
        &c,
        "error: @/issuing.pem: not signed by the key of @/root.pem\n" ROOT_KEY);
    make_cert(&middle, "Middle", &middle_key, &root, &root_key, TM_HOUR, true);
    write_certs(&c, "issuing.pem", &issuing, &middle, NULL);
    {
        AUTO(free) char *got = checked(&c);

        ck_assert_msg(strncmp(got, "warning: @/issuing.pem ends soon", 32) == 0,
                      "%s", got);
    }
    teardown(&c);
}
END_TEST

/* The root is known by its octets, not by their number. */
START_TEST(the_root_behind)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, middle = {0}, issuing = {0};
    AUTO(free) char *got = NULL;
    char cn[61] = "";

    setup(&c, &root, &issuing);
    for (size_t n = 0; n == 0 || root.len != middle.len; n++) {
        memset(cn, 0, sizeof(cn));
        memset(cn, 'R', 1 + n % 60);
        make_cert(&root, cn, &root_key, NULL, &root_key, TM_HOUR, true);
        make_cert(&middle, "M", &middle_key, &root, &root_key, 900 * TM_DAY,
                  true);
    }
    make_cert(&issuing, "Issuing", &issuing_key, &middle, &middle_key,
              90 * TM_DAY, true);
    write_certs(&c, "root.pem", &root, NULL, NULL);
    write_certs(&c, "issuing.pem", &issuing, &middle, &root);
    got = checked(&c);
    ck_assert_msg(strncmp(got, "warning: @/root.pem ends soon", 29) == 0, "%s",
                  got);
    ck_assert_ptr_null(strstr(got, "@/issuing.pem"));
    teardown(&c);
}
END_TEST

#define DEEPER "usage = intermediate subject = \"cn=X\" }\n"
#define TOO_DEEP(line, file)                                                   \
    "error: @/pocketca.conf:" line ": profile p: usage intermediate with "     \
    "path-len 0 needs a path length of 1 in @/" file ", which has 0\n"

/* Profiles, and the names of the service, by the certificates of the authority
 * that signs. */
START_TEST(what_an_authority_may_sign)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0}, second = {0};
    AUTO(cert_constraints) struct cert_constraints nc = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(pattern) struct pattern org = {0};

    setup(&c, &root, &issuing);
    path_len = 0;
    make_cert(&second, "Second", &middle_key, &root, &root_key, 90 * TM_DAY,
              true);
    write_certs(&c, "second.pem", &second, NULL, NULL);
    ca_write_key(&c, "keys/second.key", middle_key.key);
    ca_configure(&c, "authority second { certificate = second.pem\n"
                     "key = \"file:keys/second.key\" }\n"
                     "profile p { authority = second " DEEPER);
    says(&c, TOO_DEEP("10", "second.pem") ROOT_KEY);
    ca_configure(&c, "authority second { certificate = second.pem\n"
                     "key = \"file:keys/second.key\" }\n"
                     "profile p { " DEEPER);
    says(&c, ROOT_KEY);
    /* a root that issues by itself is its own issuer, once */
    make_cert(&root, "Root", &root_key, NULL, &root_key, 900 * TM_DAY, true);
    write_certs(&c, "root.pem", &root, NULL, NULL);
    write_certs(&c, "issuing.pem", &root, NULL, NULL);
    ca_write_key(&c, "keys/issuing.key", root_key.key);
    ca_configure(&c, "profile p { " DEEPER);
    says(&c, TOO_DEEP("8", "issuing.pem") ROOT_KEY);
    path_len = -1;
    ck_assert_int_eq(pattern_parse(&org, "dns:**.org", &e), 0);
    ck_assert_int_eq(cert_constraints_add(&nc, &org, &e), 0);
    constraints = &nc;
    make_cert(&issuing, "Issuing", &issuing_key, &root, &root_key, 90 * TM_DAY,
              true);
    constraints = NULL;
    write_certs(&c, "issuing.pem", &issuing, NULL, NULL);
    ca_write_key(&c, "keys/issuing.key", issuing_key.key);
    ca_configure(&c, "profile p { usage = server names = \"dns:**.org\" }\n");
    says(&c, "error: @/pocketca.conf: host \"ca.internal\" is outside the name "
             "constraints of @/issuing.pem, so the service would have no "
             "certificate\n"
             "error: @/pocketca.conf: host \"127.0.0.1\" is outside the name "
             "constraints of @/issuing.pem, so the service would have no "
             "certificate\n" ROOT_KEY);
    teardown(&c);
}
END_TEST

START_TEST(the_key_of_the_root)
{
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0}, pem = {0};

    setup(&c, &root, &issuing);
    says(&c, ROOT_KEY);
    c.conf->offline = true; /* then it belongs there */
    says(&c, "");
    c.conf->offline = false;
    key_to_pem(root_key.key, "secret", &pem);
    ca_write(&c, "keys/root.key", pem.data, pem.len);
    says(&c, "");
    teardown(&c);
}
END_TEST

START_TEST(warnings)
{
    static const struct {
        const char *url;
        bool loopback;
    } cases[] = {
        {"http://localhost", true},      {"http://localhost:80", true},
        {"http://LOCALHOST/pki", true},  {"http://localhost.b", false},
        {"http://127.0.0.1:8080", true}, {"http://127.9.9.9", true},
        {"http://12.0.0.1", false},      {"http://[::1]", true},
        {"http://[::1]:8080", true},     {"http://[::1:2]", false},
    };
    struct ca c;
    AUTO(buf) struct buf root = {0}, issuing = {0};
    char path[160];

    setup(&c, &root, &issuing);
    ca_path(&c, path, "keys/root.key");
    unlink(path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free)
        char *wanted =
            xasprintf("warning: public-url is %s, so certificates name an "
                      "address that only this machine reaches\n",
                      cases[i].url);

        free(c.conf->public_url);
        c.conf->public_url = xstrdup(cases[i].url);
        says(&c, cases[i].loopback ? wanted : "");
    }
    /* and those of the configuration itself */
    ca_configure(&c, "profile p { usage = server\n"
                     "names = { \"dns:**.internal\", \"dns:a.internal\" } }\n");
    says(&c, "warning: @/pocketca.conf:9: profile p: names \"dns:a.internal\" "
             "adds nothing to \"dns:**.internal\" in line 9\n");
    c.conf->weak_keys = xasprintf("%s/none", c.dir);
    {
        AUTO(free) char *got = checked(&c);

        ck_assert_msg(strncmp(got, "error: weak-keys: @/none", 24) == 0, "%s",
                      got);
    }
    teardown(&c);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signatures,
        data,
        keys,
        ends,
        what_is_between,
        what_the_certificates_are,
        the_root_behind,
        what_an_authority_may_sign,
        warnings,
        the_key_of_the_root,
    };
    int r;

    make_keys();
    r = unit_run("conf_check", tests, COUNT(tests));
    free_keys();
    return r;
}
