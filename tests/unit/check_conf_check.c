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

    serial_random(&s.serial);
    s.not_before = tm_now() - TM_MINUTE;
    s.not_after = tm_now() + life;
    s.cn = cn;
    s.alg = key_signer_alg(by->signer);
    s.ca = ca;
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

int main(void)
{
    const TTest *const tests[] = {signatures};
    int r;

    make_keys();
    r = unit_run("conf_check", tests, COUNT(tests));
    free_keys();
    return r;
}
