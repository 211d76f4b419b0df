/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "conf.h"
#include "log.h"
#include "tm.h"
#include "unit.h"

static const char good[] =
    "data = \"data\"\n"
    "host = { \"ca.example.internal\", \"10.0.0.1\" }\n"
    "public-url = \"http://ca.example.internal:8080/pki/\"\n"
    "listen api { url = { \"https://0.0.0.0:8443\", \"unix:api.sock\" } }\n"
    "listen public { url = \"http://[::]:8080\" }\n"
    "authority issuing {\n"
    "  certificate = \"issuing.pem\"\n"
    "  key = \"file:keys/issuing.key\"\n"
    "  crl-lifetime = \"2d\" crl-refresh = \"6h\" "
    "crl-wait = no ocsp-lifetime = \"30m\"\n"
    "}\n"
    "profile server {\n"
    "  usage = { \"server\" }\n"
    "  names = { \"dns:**.internal\", \"ip:10.0.0.0/8\" }\n"
    "  wildcards = yes\n"
    "  keys = { \"ec:P-256\", \"rsa:2048-4096\" }\n"
    "  lifetime = \"30d\" max-lifetime = \"90d\"\n"
    "}\n";

static struct conf *parse(const char *text, struct errs *e)
{
    return conf_parse("/etc/pca/pocketca.conf", text, strlen(text), e);
}

/* The good text with the first `from` replaced by `to`. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(good, from);

    ck_assert_msg(at != NULL, "the good text has no %s", from);
    return xasprintf("%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

START_TEST(a_good_one)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf) struct conf *c = parse(good, &e);
    const struct profile *p;

    ck_assert_msg(c != NULL, "%s", e.n ? e.v[0].detail : "");
    ck_assert_uint_eq(e.n, 0);
    ck_assert_str_eq(c->file, "/etc/pca/pocketca.conf");
    ck_assert_str_eq(c->data, "/etc/pca/data");
    ck_assert_str_eq(c->root, "/etc/pca/data/root.pem");
    ck_assert_str_eq(c->ledger_key, "file:keys/ledger.key");
    ck_assert_str_eq(c->public_url, "http://ca.example.internal:8080/pki");
    ck_assert_ptr_null(c->user);
    ck_assert_uint_eq(c->host.n, 2);
    ck_assert_str_eq(c->host.v[1], "10.0.0.1");
    ck_assert_int_eq(c->log_level, LOG_INFO);
    ck_assert_uint_eq(c->n_listens, 3);
    ck_assert_int_eq(c->listens[0].kind, LISTEN_API);
    ck_assert(c->listens[0].tls);
    ck_assert_str_eq(c->listens[0].host, "0.0.0.0");
    ck_assert_int_eq(c->listens[0].port, 8443);
    ck_assert_str_eq(c->listens[1].path, "/etc/pca/api.sock");
    ck_assert_int_eq(c->listens[2].kind, LISTEN_PUBLIC);
    ck_assert_str_eq(c->listens[2].host, "::");
    ck_assert_uint_eq(c->n_authorities, 1);
    ck_assert_ptr_eq(conf_authority(c, "issuing"), &c->authorities[0]);
    ck_assert_ptr_null(conf_authority(c, "root"));
    ck_assert_str_eq(c->authorities[0].certificate,
                     "/etc/pca/data/issuing.pem");
    ck_assert_int_eq(c->authorities[0].crl_lifetime, 2 * TM_DAY);
    ck_assert_int_eq(c->authorities[0].crl_refresh, 6 * TM_HOUR);
    ck_assert(!c->authorities[0].crl_wait);
    ck_assert_int_eq(c->authorities[0].ocsp_lifetime, 1800);
    ck_assert_uint_eq(c->ocsp_sign_budget, 200);
    ck_assert_uint_eq(c->profiles.n, 1);
    p = &c->profiles.v[0];
    ck_assert_str_eq(p->name, "server");
    ck_assert_uint_eq(p->eku, EKU_SERVER);
    ck_assert_uint_eq(p->names.n, 2);
    ck_assert(p->wildcards && p->renew && !p->rekey && !p->single_label);
    ck_assert_uint_eq(p->n_keys, 2);
    ck_assert_int_eq(p->keys[1].max, 4096);
    ck_assert_int_eq(p->lifetime, 30 * TM_DAY);
    ck_assert_int_eq(p->max_lifetime, 90 * TM_DAY);
    ck_assert_uint_eq(p->max_names, 100);
}
END_TEST

/* Each is one change to the good text, and what is said about it. */
static const struct {
    const char *from, *to;
    int line;
    const char *said;
} bad[] = {
    {"wildcards", "wildcard", 14, "wildcard"},
    {"wildcards = yes", "wildcards = maybe", 14, "neither yes nor no"},
    {"wildcards = yes", "wildcards = yes\nwildcards = no", 15, "twice"},
    {"  names = ", "  names = { \"dns:a.b\" }\n  names = ", 14, "twice"},
    {"data = \"data\"\n", "\n", 17, "data is missing"},
    {"data = \"data\"", "data = \"\"", 1, "data is empty"},
    {"\"server\" }\n", "\"servers\" }\n", 12, "servers"},
    {"ip:10.0.0.0/8", "ip:10.0.0.0/40", 13, "10.0.0.0/40"},
    {"dns:**.internal", "dns:a.*.b", 13, "a.*.b"},
    {"rsa:2048-4096", "rsa:1024", 15, "rsa:1024"},
    {"ec:P-256", "ec:P-192", 15, "P-192"},
    {"lifetime = \"30d\"", "lifetime = \"30 days\"", 16, "30 days"},
    {"lifetime = \"30d\"", "lifetime = \"91d\"", 16, "max-lifetime"},
    {"max-lifetime = \"90d\"", "max-lifetime = \"-1d\"", 16, "-1d"},
    {"max-lifetime = \"90d\"", "max-lifetime = \"101y\"", 16, "101y"},
    {"crl-refresh = \"6h\"", "crl-refresh = \"3d\"", 9,
     "crl-refresh 3d must be shorter than crl-lifetime 2d"},
    {"crl-refresh = \"6h\"", "\ncrl-refresh = \"2d\"", 10,
     "crl-refresh 2d must be shorter than crl-lifetime 2d"},
    {"\"2d\" crl-refresh = \"6h\"", "\"1d\"", 9,
     "crl-refresh 1d must be shorter than crl-lifetime 1d"},
    {"crl-lifetime = \"2d\" crl-refresh = \"6h\"", "\ncrl-refresh = 7d", 10,
     "crl-refresh 7d must be shorter than crl-lifetime 7d"},
    {"crl-refresh = \"6h\"", "crl-refresh = \"1s\"", 9, "1s"},
    {"crl-wait = no", "crl-partition-size = 0", 9, "crl-partition-size"},
    {"crl-wait = no", "crl-partition-size = 10000001", 9, "10000001"},
    {"crl-wait = no", "crl-partition-size = x", 9, "crl-partition-size"},
    {"file:keys/issuing.key", "keys/issuing.key", 8, "file:PATH"},
    {"file:keys/issuing.key", "pkcs11:token=x", 8, "pkcs11"},
    {"  key = \"file:keys/issuing.key\"\n", "", 6, "key is missing"},
    {"authority issuing", "authority root", 6, "taken"},
    {"authority issuing {\n",
     "authority issuing {\n  passphrase-credential = \"../x\"\n", 7,
     "no name of a credential"},
    {"authority issuing {\n",
     "authority issuing { passphrase-credential = \"x\"\n"
     "  passphrase-file = \"x\"\n",
     7, "passphrase-credential in line 6: one of them"},
    {"http://ca.example.internal:8080/pki/\"\n",
     "none\"\nauthority second { certificate = x key = \"file:x\"\n"
     "  crl-partition-size = 9\n}\n",
     5, "crl-partition-size needs a public-url"},
    {"data = \"data\"", "data = \"data\" offline = \"perhaps\"", 1, "perhaps"},
    {"authority issuing", "authority \"../x\"", 6, "../x"},
    {"authority issuing", "authority Issuing", 6, "Issuing"},
    {"profile server", "profile \"a b\"", 11, "a b"},
    /* a section is named by the line that it begins in */
    {"  names = { \"dns:**.internal\", \"ip:10.0.0.0/8\" }\n", "\n", 14,
     "no pattern of names in line 11"},
    {"  usage = { \"server\" }\n", "  # }\n", 11, "usage is missing"},
    {"ip:10.0.0.0/8", "cn:a", 13, "subject in line 11 does not take"},
    {"\"ec:P-256\"", "\"ec:P-256\", \"ec:P-256\"", 15,
     "\"ec:P-256\" is there twice"},
    {"profile server {", "profile server { authority = \"other\"", 11,
     "no authority \"other\""},
    {"listen api", "listen admin", 4, "only api and public"},
    {"listen public", "listen api", 5, "api"},
    {"listen public { url = \"http://[::]:8080\" }\n",
     "listen public { url = \"https://[::]:8080\" }\n", 5, "plain HTTP only"},
    {"https://0.0.0.0:8443", "http://0.0.0.0:8443", 4, "in the clear"},
    {"\"unix:api.sock\"", "\"https://10.0.0.1:8443\"", 4,
     "\"https://10.0.0.1:8443\": https://0.0.0.0:8443 listens there"},
    {"https://0.0.0.0:8443", "https://0.0.0.0:65536", 4, "65536"},
    {"https://0.0.0.0:8443", "https://0.0.0.0:0", 4, ":0"},
    {"https://0.0.0.0:8443", "https://0.0.0.0:8443/x", 4, "8443/x"},
    {"https://0.0.0.0:8443", "https://ca.internal:8443", 4, "ca.internal"},
    {"https://0.0.0.0:8443", "https://::1:8443", 4, "::1"},
    {"https://0.0.0.0:8443", "https://[::1:8443", 4, "[::1"},
    {"https://0.0.0.0:8443", "ftp://0.0.0.0:8443", 4, "ftp"},
    {"https://0.0.0.0:8443", "unix:api.sock", 4, "unix:api.sock listens there"},
    {"unix:api.sock", "unix:", 4, "no path"},
    {"http://ca.example.internal:8080/pki/", "https://ca:8080", 3, "http://"},
    {"http://ca.example.internal:8080/pki/", "http://", 3, "http://"},
    {"http://ca.example.internal:8080/pki/", "http:///pki", 3, "http://"},
    {"http://ca.example.internal:8080/pki/", "http://a b", 3, "a b"},
    {"http://ca.example.internal:8080/pki/", "http://a?x=y", 3, "x=y"},
    {"http://ca.example.internal:8080/pki/", "http://u@a", 3, "u@a"},
    {"http://ca.example.internal:8080/pki/\"\n",
     "none\"\nprofile first { usage = server names = \"dns:a.b\"\n"
     "  must-staple = yes }\n",
     5, "must-staple needs OCSP, whose address public-url is"},
    {"\"10.0.0.1\"", "\"a@b.c\"", 2, "a@b.c"},
    {"\"10.0.0.1\"", "\"-a.b\"", 2, "-a.b"},
    {"\"10.0.0.1\"", "\"*.a.b\"", 2, "*.a.b"},
    {"host = { \"ca.example.internal\", \"10.0.0.1\" }", "", 17,
     "host is missing"},
    {"host =", "hosts =", 2, "hosts"},
    {"host =", "max-connections = 7\nhost =", 2, "7"},
    {"host =", "max-connections = 1e3\nhost =", 2, "1e3"},
    {"host =", "max-connections = 99999999999999999999\nhost =", 2, "9999"},
    {"host =", "ocsp-sign-budget = -1\nhost =", 2, "from 0 to 1000000"},
    {"host =", "ocsp-sign-budget = 1000001\nhost =", 2, "1000001"},
    {"\"30m\"", "\"299s\"", 9, "ocsp-lifetime"},
    {"\"30m\"", "\"31d\"", 9, "ocsp-lifetime"},
    {"host =", "disk-floor = 10X\nhost =", 2, "10X"},
    {"host =", "disk-floor = 9999999999T\nhost =", 2, "9999999999T"},
    {"host =", "log-level = loud\nhost =", 2, "loud"},
    {"host =", "weak-keys = \"\"\nhost =", 2, "weak-keys is empty"},
    {"profile server {", "profile server ", 12, "missing opening brace"},
    {"}\nprofile", "\nprofile", 11, "profile"},
    {"\"10.0.0.1\" }", "\"10.0.0.1\" ", 3, "public-url"},
    {"\"90d\"\n}", "\"90d\"\n", 17, "ends in the middle"},
    {"}\nprofile", "}\n/* profile", 17, "ends"},
    {"\"90d\"", "\"90d", 17, "quote"},
    {"{ \"ca.example.internal\", \"10.0.0.1\" }", "{}", 2,
     "host is an empty list"},
    {"{ \"server\" }", "{ }", 12, "usage is an empty list"},
    {"{ \"dns:**.internal\", \"ip:10.0.0.0/8\" }", "{\n}", 13,
     "names is an empty list"},
    {"keys = { \"ec:P-256\", \"rsa:2048-4096\" }", "keys={/* none */}", 15,
     "keys is an empty list"},
    {"wildcards = yes", "subject = {}", 14, "subject is an empty list"},
    {"wildcards = yes", "subject += {}", 14, "subject is an empty list"},
    {"wildcards = yes", "deny = {\n# \"dns:a\"\n}", 14,
     "deny is an empty list"},
    {"wildcards = yes", "deny = {} wildcards = {}", 14,
     "deny is an empty list"},
    {"wildcards = yes", "wildcards = {}", 14, "wildcards is an empty list"},
    {"max-lifetime = \"90d\"\n", "deny = {} }# {\n# ", 16,
     "deny is an empty list"},
    {"wildcards = yes", "keys = {}", 15, "keys is there twice"},
    {"wildcards = yes", "deny = {,}", 14, "unexpected token ','"},
    {"wildcards = yes", "deny = {{}}", 14, "unexpected token '{'"},
    {"host =", "end-of-file = yes\nhost =", 18, "no option"},
};

START_TEST(bad_ones)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(free) char *text = changed(bad[i].from, bad[i].to);
        AUTO(free)
        char *where = xasprintf("/etc/pca/pocketca.conf:%d: ", bad[i].line);
        AUTO(conf) struct conf *c = parse(text, &e);
        const char *d;

        ck_assert_msg(c == NULL, "accepted: %s", bad[i].to);
        ck_assert_uint_ge(e.n, 1);
        d = e.v[0].detail;
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
        ck_assert_msg(strncmp(d, where, strlen(where)) == 0 &&
                          strstr(d + strlen(where), bad[i].said),
                      "\"%s\": %s", bad[i].to, d);
    }
}
END_TEST

/* A line counts once, whatever stands on it. */
START_TEST(comments_and_lines)
{
    static const struct {
        const char *before;
        int lines;
    } cases[] = {
        {"# one\n# two\n\n", 3},
        {"// one\n  # two\n", 2},
        {"/* one\n two\n*/\n", 3},
        {"/* # one */ // two */\n", 1},
        {"user = \"# // /* none\" # one\n", 1},
        {"user = 'a\\'# b' // one \" '\n", 1},
        {"user = a//b\n", 1},
        {"user = \"a\"# one\n", 1},
        {"# \" ' one\n", 1},
        {"# one\r\n", 1},
        {"##\n#\n//\n/**/\n", 4},
        {"user = /* a \"quote */\"x # y\" # z\n", 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        for (int bad_one = 0; bad_one < 2; bad_one++) {
            AUTO(errs) struct errs e = {0};
            AUTO(free)
            char *text = xasprintf("%s%s%s", cases[i].before,
                                   bad_one ? "nope = 1\n" : "", good);
            AUTO(free)
            char *where =
                xasprintf("/etc/pca/pocketca.conf:%d: no such option 'nope'",
                          cases[i].lines + 1);
            AUTO(conf) struct conf *c = parse(text, &e);

            ck_assert_msg((c != NULL) == !bad_one, "%s: %s", cases[i].before,
                          e.n ? e.v[0].detail : "");
            if (bad_one)
                ck_assert_str_eq(e.v[0].detail, where);
        }
}
END_TEST

START_TEST(a_comment_at_the_end)
{
    static const struct {
        const char *after;
        bool good;
    } cases[] = {
        {"# no line end", true}, {"// none", true}, {"/* closed */", true},
        {"/* open", false},      {"/*/", false},    {"/", false},
        {"\"", false},           {"'", false},      {"\"\\", false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(free) char *text = xasprintf("%s%s", good, cases[i].after);
        AUTO(conf) struct conf *c = parse(text, &e);

        ck_assert_msg((c != NULL) == cases[i].good, "%s", cases[i].after);
    }
}
END_TEST

START_TEST(every_error_is_reported)
{
    AUTO(errs) struct errs e = {0};
    AUTO(conf)
    struct conf *c = parse("data = \"d\"\nhost = { \"-\" }\nlog-level = x\n"
                           "listen api { url = \"x\" }\n"
                           "profile a { usage = { \"y\" } names = { \"z\" } }",
                           &e);

    ck_assert_ptr_null(c);
    /* host, log-level, url, usage, no authority; "z" is a name */
    ck_assert_uint_eq(e.n, 5);
}
END_TEST

/* Every prefix and every single octet less: refused or read, never worse. */
START_TEST(cut_anywhere)
{
    size_t len = strlen(good), read = 0;

    for (size_t cut = 0; cut < len; cut++) {
        AUTO(errs) struct errs e = {0};
        AUTO(errs) struct errs f = {0};
        AUTO(free)
        char *less = xasprintf("%.*s%s", (int)cut, good, good + cut + 1);
        struct conf *c = conf_parse("x", good, cut, &e);
        struct conf *d = conf_parse("x", less, len - 1, &f);

        ck_assert((c != NULL) == (e.n == 0));
        ck_assert((d != NULL) == (f.n == 0));
        read += c != NULL;
        conf_free(c);
        conf_free(d);
    }
    /* Only without the last newline is it whole. */
    ck_assert_uint_eq(read, 1);
}
END_TEST

START_TEST(hostile_text)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"", 0},
        {"\0", 1},
        {"data = \"d\"\0", 11},
        {"{{{{{{{{{{{{{{{{", 16},
        {"\xff\xfe\x00\x01", 4},
        {"\xff\xfe\xff\x01", 4},
        {"/* never closed", 15},
        {"data = \"never closed", 20},
        {"include(\"/etc/passwd\")", 22},
        {"data = ${HOME", 13},
        {"__proto__ = 1", 13},
        {"data = \"\x1b[2J\"\n", 14},
    };
    AUTO(buf) struct buf deep = {0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};

        ck_assert_ptr_null(conf_parse("x", cases[i].text, cases[i].len, &e));
        ck_assert_uint_ge(e.n, 1);
        for (size_t k = 0; k < e.n; k++)
            ck_assert_ptr_null(strchr(e.v[k].detail, 0x1b));
    }
    for (int i = 0; i < 100000; i++)
        buf_puts(&deep, "profile x {\n");
    {
        AUTO(errs) struct errs e = {0};

        ck_assert_ptr_null(
            conf_parse("x", (const char *)deep.data, deep.len, &e));
    }
}
END_TEST

START_TEST(files)
{
    AUTO(errs) struct errs e = {0};

    ck_assert_ptr_null(conf_load("/nowhere/at/all.conf", &e));
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "/nowhere/at/all.conf"));
    errs_free(&e);
    ck_assert_ptr_null(conf_load("/tmp", &e));
    errs_free(&e);
    /* Nothing to wait for. */
    ck_assert_ptr_null(conf_load("/dev/zero", &e));
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "not a regular file"));
}
END_TEST

START_TEST(which_file)
{
    ck_assert_int_eq(setenv("POCKETCA_CONF", "/env.conf", 1), 0);
    ck_assert_str_eq(conf_path("/option.conf"), "/option.conf");
    ck_assert_str_eq(conf_path(NULL), "/env.conf");
    ck_assert_int_eq(unsetenv("POCKETCA_CONF"), 0);
    ck_assert_str_eq(conf_path(NULL), "/etc/pocketca/pocketca.conf");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_good_one,
        bad_ones,
        comments_and_lines,
        a_comment_at_the_end,
        every_error_is_reported,
        cut_anywhere,
        hostile_text,
        files,
        which_file,
    };

    return unit_run("conf", tests, COUNT(tests));
}
