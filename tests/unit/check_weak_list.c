/* SPDX-License-Identifier: ISC */
/* Lists of weak keys: what OpenSSL prints of a key is how it is listed. */
#include "weak_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include "mem.h"
#include "unit.h"

/* The line of a key, by OpenSSL's own printing of its modulus. */
static char *line_of(EVP_PKEY *key)
{
    BIGNUM *n = NULL;
    BIO *b = BIO_new(BIO_s_mem());
    char *text, hex[41];
    uint8_t sha1[20];
    long len;

    ck_assert(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n));
    BIO_puts(b, "Modulus=");
    BN_print(b, n);
    BIO_puts(b, "\n");
    len = BIO_get_mem_data(b, &text);
    SHA1((const uint8_t *)text, (size_t)len, sha1);
    hex_encode(hex, sha1, sizeof(sha1));
    BIO_free(b);
    BN_free(n);
    return xstrdup(hex + 20);
}

static bool has(const struct weak_list *l, EVP_PKEY *key)
{
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf spki = {0};
    struct key_pub k;

    key_spki(key, &spki);
    ck_assert_int_eq(key_pub_parse(&k, spki.data, spki.len, &e), 0);
    return weak_list_has(l, &k);
}

/* 2049 to 2052 bits: the first octet begins with a digit that is not printed,
 * and 2056: it does not. */
START_TEST(a_listed_key_is_found)
{
    static const unsigned bits[] = {2048, 2049, 2052, 2056};
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *ec = key_generate("ec:P-256", &e);
    AUTO(weak_list) struct weak_list none = {0};

    for (size_t i = 0; i < COUNT(bits); i++) {
        AUTO(weak_list) struct weak_list l = {0};
        AUTO(evp_pkey) EVP_PKEY *key = EVP_RSA_gen(bits[i]);
        AUTO(evp_pkey) EVP_PKEY *other = EVP_RSA_gen(bits[i]);
        AUTO(free) char *line = line_of(key);
        AUTO(free)
        char *text = xasprintf("# %u bits\nffffffffffffffffffff\n%s\n"
                               "00000000000000000000\n",
                               bits[i], line);

        ck_assert_int_eq(weak_list_read(&l, "f", text, strlen(text), &e), 0);
        ck_assert_uint_eq(l.n, 3);
        ck_assert(has(&l, key));
        ck_assert(!has(&l, other));
        ck_assert(!has(&l, ec));
        ck_assert(!has(&none, key));
    }
}
END_TEST

START_TEST(lines)
{
    static const struct {
        const char *text;
        int n; /* -1: refused in that line */
        unsigned line;
    } cases[] = {
        {"", 0, 0},
        {"#\n\n# 0123456789abcdef0123\n", 0, 0},
        {"0123456789abcdef0123", 1, 0},
        {"0123456789abcdef0123\n0123456789ABCDEF0123\n", 2, 0},
        {"0123456789abcdef012", -1, 1},
        {"#\n0123456789abcdef01234\n", -1, 2},
        {"0123456789abcdef0123\n0123456789abcdef0123\r\n", -1, 2},
        {" 0123456789abcdef012\n", -1, 1},
        {"0123456789abcdef012g\n", -1, 1},
        {"0x23456789abcdef0123\n", -1, 1},
        {"\n\n\n#\n-\n", -1, 5},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(weak_list) struct weak_list l = {0};
        AUTO(free) char *where = xasprintf("dir/f:%u: ", cases[i].line);
        int rc = weak_list_read(&l, "dir/f", cases[i].text,
                                strlen(cases[i].text), &e);

        ck_assert_msg(rc == (cases[i].n < 0 ? -1 : 0), "case %zu", i);
        ck_assert_uint_eq(l.n, cases[i].n < 0 ? 0 : (size_t)cases[i].n);
        if (rc != 0)
            ck_assert_msg(strstr(e.v[0].detail, where) == e.v[0].detail, "%s",
                          e.v[0].detail);
    }
}
END_TEST

static void put(const char *dir, const char *name, const char *text)
{
    AUTO(free) char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void refused(const char *dir, const char *said)
{
    AUTO(errs) struct errs e = {0};
    AUTO(weak_list) struct weak_list l = {0};

    ck_assert_int_eq(weak_list_load(&l, dir, &e), -1);
    ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    ck_assert_msg(strstr(e.v[0].detail, said), "%s", e.v[0].detail);
}

START_TEST(a_directory)
{
    static const uint8_t tail[WEAK_LIST_TAIL] = {0x22, 1};
    char dir[] = "/tmp/check_weak_list.XXXXXX";
    AUTO(errs) struct errs e = {0};
    AUTO(weak_list) struct weak_list l = {0};
    AUTO(free) char *big = NULL, *line = NULL;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    big = xasprintf("%s/blacklist.RSA-8192", dir);
    line = xasprintf("rm -r '%s'", dir);
    refused("/nowhere", "/nowhere");
    refused(dir, "no list");
    put(dir, "blacklist.DSA-1024", "x\n"); /* of no concern */
    put(dir, "blacklist.RSA-2048~", "x\n");
    put(dir, "blacklist.RSA-", "x\n");
    put(dir, "blacklist.RSA-2048", "# none\n");
    refused(dir, "no list with a key");
    put(dir, "blacklist.RSA-2048", "22010000000000000000\n");
    put(dir, "blacklist.RSA-4096", "#\n11000000000000000000\n");
    ck_assert_int_eq(weak_list_load(&l, dir, &e), 0);
    ck_assert_uint_eq(l.n, 2);
    ck_assert(weak_list_find(&l, tail));
    put(dir, "blacklist.RSA-4096", "#\n1100000000000000000\n");
    refused(dir, "blacklist.RSA-4096:2: ");
    put(dir, "blacklist.RSA-4096", "");
    put(dir, "blacklist.RSA-8192", "#");
    ck_assert_int_eq(truncate(big, WEAK_LIST_MAX), 0);
    refused(dir, "16 MiB");
    ck_assert_int_eq(unlink(big), 0);
    ck_assert_int_eq(mkfifo(big, 0600), 0);
    refused(dir, "not a regular file");
    ck_assert_int_eq(system(line), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_listed_key_is_found, lines, a_directory};

    return unit_run("weak_list", tests, COUNT(tests));
}
