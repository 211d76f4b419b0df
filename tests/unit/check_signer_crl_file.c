/* SPDX-License-Identifier: ISC */
/* The files below crl/: what they say of themselves, and what a start makes of
 * those that say nothing. */
#include <errno.h>
#include <inttypes.h>

#include "ca_crl.h"

#include "unit.h"

enum { SIZE = 3 };

static void begin(struct ca *c)
{
    ca_make(c);
    c->conf->authorities[0].crl_partition_size = SIZE;
    ca_start(c);
}

static bool is_there(const struct ca *c, const char *name)
{
    char path[160];

    ca_path(c, path, name);
    return access(path, F_OK) == 0;
}

static off_t size_of(const struct ca *c, const char *name)
{
    struct stat st;
    char path[160];

    ca_path(c, path, name);
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

/* ---- what they say */

static bool fits(const struct ca *c, const char *name, const char *url)
{
    return crl_file_look(c->s, name, url).fits;
}

static struct crl_in_place look(const struct ca *c, const char *name)
{
    return crl_file_look(c->s, name, NULL);
}

START_TEST(a_file_is_about_its_address_alone)
{
    AUTO(ca) struct ca c;
    AUTO(free) char *url = crl_url("http://ca.internal:8080", "issuing", 1);
    AUTO(free) char *other = crl_url("http://ca.internal:8080", "issuing", 2);

    begin(&c);
    ck_assert_uint_ne(look(&c, "issuing/1").number, 0);
    ck_assert(fits(&c, "issuing/1", url));
    ck_assert(!fits(&c, "issuing/1", other));
    ck_assert(!fits(&c, "issuing/1", NULL));
    ck_assert(fits(&c, "issuing", NULL));
    ck_assert(!fits(&c, "issuing", url));
    ck_assert(look(&c, "issuing/1").named);
    ck_assert(!look(&c, "issuing").named);
    ca_copy(&c, "crl/issuing/1.crl", "crl/issuing/21.crl");
    ck_assert(!look(&c, "issuing/21").named);
    ck_assert_uint_ne(look(&c, "issuing/21").number, 0);
}
END_TEST

/* Nothing, or nothing that can be read. */
START_TEST(a_file_that_says_nothing)
{
    AUTO(ca) struct ca c;
    char path[160];

    begin(&c);
    ck_assert(!look(&c, "issuing/99").there);
    ca_write(&c, "crl/issuing/98.crl", "", 0);
    ca_write(&c, "crl/issuing/97.crl", "0", 1);
    ca_path(&c, path, "crl/issuing/96.crl");
    ck_assert_int_eq(symlink("1.crl", path), 0);
    ca_path(&c, path, "crl/issuing/95.crl");
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* which nobody writes to */
    for (int n = 95; n <= 99; n++) {
        AUTO(free) char *name = xasprintf("issuing/%d", n);
        const struct crl_in_place in = look(&c, name);

        ck_assert(in.there == (n < 99));
        ck_assert_uint_eq(in.number, 0);
        ck_assert(!in.fits && !in.named);
    }
}
END_TEST

/* A start looks for partitions that the ledger does not know by their files. */
START_TEST(the_highest_file_in_place)
{
    AUTO(ca) struct ca c;
    static const char *const others[] = {
        "x.crl",  "0.crl",          "08.crl", "9.crl.1",       "9.crl.new",
        "9.crlx", "4294967296.crl", "-1.crl", "4294967297.crl"};

    begin(&c);
    for (size_t i = 0; i < COUNT(others); i++) {
        AUTO(free) char *name = xasprintf("crl/issuing/%s", others[i]);

        ca_write(&c, name, "", 0);
    }
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 0), 2);
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 7), 7);
    part_crl(&c, 10, 1);
    part_crl(&c, 9, 1);
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 2), 10);
    /* What does not say so is of a partition when it follows one. */
    ca_write(&c, "crl/issuing/12.crl", "", 0);
    ca_copy(&c, "crl/issuing/9.crl", "crl/issuing/57.crl");
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 2), 10);
    ca_write(&c, "crl/issuing/11.crl", "", 0);
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 2), 12);
    part_crl(&c, CRL_ALL, 1); /* that is none */
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", 2), 12);
    ck_assert_uint_eq(crl_file_parts(c.s, "issuing", CRL_ALL - 1), CRL_ALL - 1);
}
END_TEST

struct seen {
    unsigned n, in_place;
    uint64_t partitions, numbers; /* their sums */
};

static void note_file(void *arg, uint32_t partition, uint64_t number,
                      const char *path)
{
    struct seen *k = arg;

    ck_assert_int_eq(access(path, F_OK), 0);
    k->n++;
    k->in_place += !number;
    k->partitions += partition;
    k->numbers += number;
}

/* By its name, and by nothing that only looks so. */
START_TEST(what_is_in_place_or_kept)
{
    AUTO(ca) struct ca c;
    static const char *const names[] = {
        "issuing.crl.7",    "issuing/1.crl.20",        "issuing/3.crl.100",
        "issuing.crl",      "issuing/1.crl",           "issuing.crl.new",
        "issuing.crl.0",    "issuing.crl.07",          "issuing.crl.7x",
        "issuing.crlx7",    "issuing2.crl.7",          "0.crl.7",
        "1.crl.7",          "issuing/0.crl.7",         "issuing/issuing.crl.7",
        "issuing/01.crl.7", "issuing/4294967296.crl.7"};
    struct seen k = {0};
    char path[160];

    ca_make(&c);
    ca_start(&c);
    ca_path(&c, path, "crl/issuing");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *name = xasprintf("crl/%s", names[i]);

        ca_write(&c, name, "", 0);
    }
    crl_file_each(c.s, "issuing", note_file, &k);
    ck_assert_uint_eq(k.n, 5);
    ck_assert_uint_eq(k.in_place, 2);
    ck_assert_uint_eq(k.partitions, 5);
    ck_assert_uint_eq(k.numbers, 127);
}
END_TEST

/* ---- keeping and writing them */

static size_t unread(const struct ca *c)
{
    size_t n;

    pthread_mutex_lock(&c->s->crl_lock);
    n = c->s->crls[0].unread.n;
    pthread_mutex_unlock(&c->s->crl_lock);
    return n;
}

static uint64_t number_of(struct ca *c, const char *name)
{
    uint64_t number;

    X509_CRL_free(openssl_crl(c, name, &number));
    return number;
}

START_TEST(what_is_kept_stays)
{
    AUTO(ca) struct ca c;
    const struct signer *s;
    char path[160];

    begin(&c);
    s = c.s;
    ca_write(&c, "crl/x.crl", "1", 1);
    ck_assert_int_eq(crl_file_keep(s, "x", 7), 0);
    ck_assert_int_eq(crl_file_keep(s, "x", 7), 0);
    ck_assert(is_there(&c, "crl/x.crl"));
    ck_assert(is_there(&c, "crl/x.crl.7"));
    ck_assert(!is_there(&c, "crl/x.crl.8"));
    /* Another with the same number. */
    ca_path(&c, path, "crl/x.crl");
    ck_assert_int_eq(unlink(path), 0);
    ca_write(&c, "crl/x.crl", "22", 2);
    ck_assert_int_eq(crl_file_keep(s, "x", 7), 0);
    ck_assert_int_eq(size_of(&c, "crl/x.crl.7"), 1);
    ck_assert_int_eq(size_of(&c, "crl/x.crl.8"), 2);
    /* Without links, which a directory has nowhere. */
    ca_path(&c, path, "crl/y.crl");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(crl_file_keep(s, "y", 7), 0);
    ck_assert(!is_there(&c, "crl/y.crl"));
    ck_assert(is_there(&c, "crl/y.crl.7"));
    ck_assert_int_eq(crl_file_keep(s, "y", 7), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(why_a_file_cannot_be_written)
{
    ck_assert_int_eq(crl_file_error(ENOSPC), ERR_STORAGE_FULL);
    ck_assert_int_eq(crl_file_error(EDQUOT), ERR_STORAGE_FULL);
    ck_assert_int_eq(crl_file_error(EFBIG), ERR_STORAGE_FULL);
    ck_assert_int_eq(crl_file_error(EIO), ERR_STORAGE_ERROR);
    ck_assert_int_eq(crl_file_error(EACCES), ERR_STORAGE_ERROR);
}
END_TEST

/* Whatever a process that was killed has left, or somebody has put there. */
START_TEST(a_new_file_is_empty)
{
    AUTO(ca) struct ca c;
    AUTO(errs) struct errs e = {0};
    struct stat st;
    char path[160];

    begin(&c);
    ca_path(&c, path, "crl/x.crl.new");
    ca_write(&c, "crl/x.crl.new", "left", 4);
    for (int i = 0; i < 3; i++) {
        AUTO(fd) int fd = crl_file_new(c.s, "x", &e);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert(S_ISREG(st.st_mode));
        ck_assert_int_eq(size_of(&c, "crl/x.crl.new"), 0);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(i ? symlink("issuing.crl", path) : mkfifo(path, 0600),
                         0);
    }
    ck_assert_int_ne(size_of(&c, "crl/issuing.crl"), 0);
}
END_TEST

/* It says nothing, and a start does not wait for who might write to it. */
START_TEST(what_is_kept_is_no_file)
{
    AUTO(ca) struct ca c;
    char path[160];

    begin(&c);
    ca_stop(&c);
    ca_path(&c, path, "crl/issuing.crl.7");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ca_path(&c, path, "crl/issuing/1.crl.7");
    ck_assert_int_eq(symlink("/dev/zero", path), 0);
    ca_path(&c, path, "crl/issuing/1.crl.8");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ca_start(&c);
    ck_assert_uint_eq(unread(&c), 3);
    ck_assert_uint_ne(number_of(&c, "issuing.crl"), 0);
}
END_TEST

/* ---- a start */

/* As of a copy that was cut off: what it listed nobody knows, so it is kept and
 * said, also where the one that the ledger means is beside it. */
START_TEST(a_list_that_cannot_be_read_is_kept)
{
    AUTO(ca) struct ca c;
    static const char *const names[] = {"issuing.crl", "issuing/1.crl"};

    begin(&c);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *file = xasprintf("crl/%s", names[i]);
        AUTO(free) char *fresh = xasprintf("%s.new", file);
        const uint64_t number = number_of(&c, names[i]);
        AUTO(free)
        char *kept = xasprintf("%s.%" PRIu64, file, number + 1);
        char path[160];

        ca_stop(&c);
        ca_copy(&c, file, fresh);
        ca_path(&c, path, file);
        ck_assert_int_eq(truncate(path, 100), 0);
        ca_start(&c);
        ck_assert_int_eq(size_of(&c, kept), 100);
        ck_assert_uint_eq(unread(&c), 1);
        ck_assert_uint_gt(number_of(&c, names[i]), number);
        ca_path(&c, path, kept);
        ck_assert_int_eq(unlink(path), 0);
    }
    ca_stop(&c);
    ca_write(&c, "crl/issuing/3.crl", "", 0); /* which the ledger lacks */
    ca_start(&c);
    ck_assert_uint_eq(unread(&c), 1);
    ck_assert_uint_ne(number_of(&c, "issuing/3.crl"), 0);
}
END_TEST

/* It opens no partition, least of all all those before it. */
START_TEST(a_stray_file_is_kept)
{
    AUTO(ca) struct ca c;
    uint32_t parts;

    begin(&c);
    ca_stop(&c);
    ca_write(&c, "crl/issuing/4294967295.crl", "x", 1);
    ca_copy(&c, "crl/issuing/1.crl", "crl/issuing/200000000.crl");
    for (int i = 0; i < 2; i++) {
        ca_start(&c);
        pthread_mutex_lock(&c.s->crl_lock);
        parts = c.s->crls[0].n_parts;
        pthread_mutex_unlock(&c.s->crl_lock);
        ck_assert_uint_eq(parts, CRL_SPARE);
        ck_assert_uint_eq(unread(&c), 1); /* of the other all is known */
        ck_assert(!is_there(&c, "crl/issuing/4294967295.crl"));
        ck_assert(!is_there(&c, "crl/issuing/200000000.crl"));
        ca_stop(&c);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_is_about_its_address_alone,
        a_file_that_says_nothing,
        the_highest_file_in_place,
        what_is_in_place_or_kept,
        what_is_kept_stays,
        why_a_file_cannot_be_written,
        a_new_file_is_empty,
        what_is_kept_is_no_file,
        a_list_that_cannot_be_read_is_kept,
        a_stray_file_is_kept,
    };

    return unit_run("signer_crl_file", tests, COUNT(tests));
}
