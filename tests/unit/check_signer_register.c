/* SPDX-License-Identifier: ISC */
/* What a start writes into the ledger, and what it refuses to. */
#include "signer_cert.h"

struct seen {
    enum entry_type type;
    uint64_t n, all;
};

static int see(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct seen *s = arg;
    AUTO(entry) struct entry e = {0};

    (void)index;
    ck_assert_int_eq(entry_decode(p, len, &e), 0);
    s->n += e.type == s->type;
    s->all++;
    return 0;
}

/* The entries of that type, of a ledger that nobody has open; all: all. */
static uint64_t entries(const struct ca *c, enum entry_type type, uint64_t *all)
{
    AUTO(ca_ledger) struct ca_ledger l = ca_ledger_open(c);
    struct seen s = {.type = type};

    ck_assert_int_eq(store_entries(l.conn, 0, UINT64_MAX >> 1, see, &s),
                     STORE_OK);
    if (all)
        *all = s.all;
    return s.n;
}

static void start_once(struct ca *c)
{
    ca_start(c);
    ca_stop(c);
}

static void start_with(struct ca *c, const char *profiles)
{
    ca_configure(c, profiles);
    start_once(c);
}

/* Each differs from the first in one key. */
START_TEST(a_policy_is_on_record_when_it_changed_and_only_then)
{
#define P(rest) "profile p { usage = { \"server\" } " rest " }\n"
#define N "names = { \"dns:**\" } "
#define L "lifetime = \"2d\" max-lifetime = \"9d\" "
    static const char *const policies[] = {
        P(N L),
        P(L "names = { \"dns:*.a\" }"),
        P(N L "deny = { \"dns:b.a\" }"),
        P(N L "authority = \"issuing\""),
        P(N L "wildcards = yes"),
        P(N L "single-label = yes"),
        P(N L "max-names = 7"),
        P(N L "min-names = 2"),
        P(N L "subject = { \"o=A\" }"),
        P(N L "subject = { \"o\" }"),
        P(N L "subject = { \"cn=\" }"),
        P(N L "keys = { \"ec:P-256\" }"),
        P(N "lifetime = \"2d\" max-lifetime = \"8d\""),
        P(N "lifetime = \"3d\" max-lifetime = \"9d\""),
        P(N L "min-lifetime = \"1d\""),
        P(N L "not-before = \"1h\""),
        P(N L "renew = no"),
        P(N L "rekey = yes"),
        P(N L "policies = { \"1.2.3.4\" }"),
        P(N L "must-staple = yes"),
        P(N L "cdp = no"),
        P(N L "aia = no"),
        P(N L "extensions = { \"1.2.3.5 hex:0500\" }"),
        "profile q { usage = { \"server\" } " N L "}\n",
        "profile p { usage = { \"mutual\" } " N L "}\n",
    };
#undef P
#undef N
#undef L
    AUTO(ca) struct ca c;

    ca_make(&c);
    for (size_t i = 1; i < COUNT(policies); i++) {
        start_with(&c, policies[0]);
        start_with(&c, policies[i]);
        ck_assert_msg(entries(&c, ENTRY_PROFILES, NULL) == 2 * i,
                      "not on record: %s", policies[i]);
    }
    start_once(&c);
    ck_assert_uint_eq(entries(&c, ENTRY_PROFILES, NULL),
                      2 * (COUNT(policies) - 1));
    ck_assert_uint_eq(entries(&c, ENTRY_AUTHORITY, NULL), 2);
}
END_TEST

/* A name is one certificate's for ever. */
START_TEST(another_certificate_takes_no_name_that_is_known)
{
    AUTO(ca) struct ca c;
    AUTO(errs) struct errs e = {0};
    AUTO(buf) struct buf der = {0};
    AUTO(party) struct party root;
    uint64_t before, after;
    struct cert_spec spec;
    int lock;

    ca_make(&c);
    start_once(&c);
    entries(&c, ENTRY_AUTHORITY, &before);
    root =
        (struct party){.key = key_load("file:keys/root.key", c.dir, NULL, &e)};
    root.signer = key_signer_new(root.key);
    key_spki(root.key, &root.spki);
    spec = root_spec(&root);
    spec.not_before = tm_now() - TM_MINUTE;
    spec.not_after = spec.not_before + 7300 * TM_DAY - 1;
    cert_make(&der, &spec, &root);
    ca_write_cert(&c, "root.pem", &der);
    ca_load(&c);
    lock = signer_lock(c.conf, 0, &e);
    ck_assert_int_ge(lock, 0);
    ck_assert_ptr_null(signer_open(c.conf, NULL, lock, &e));
    ck_assert_msg(strstr(e.v[0].detail, "authority root with another") != NULL,
                  "%s", e.v[0].detail);
    entries(&c, ENTRY_AUTHORITY, &after);
    ck_assert_uint_eq(after, before);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_policy_is_on_record_when_it_changed_and_only_then,
        another_certificate_takes_no_name_that_is_known,
    };

    return unit_run("signer_register", tests, COUNT(tests));
}
