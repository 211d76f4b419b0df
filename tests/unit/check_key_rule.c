/* SPDX-License-Identifier: ISC */
/* Rules for public keys: "ec:P-256", "rsa:2048-4096". */
#include "spki.h"

START_TEST(rules)
{
    static const struct {
        const char *text;
        enum key_type type;
        enum key_curve curve;
        int min, max;
    } good[] = {
        {"ec:P-256", KEY_EC, CURVE_P256, 0, 0},
        {"ec:P-384", KEY_EC, CURVE_P384, 0, 0},
        {"ec:P-521", KEY_EC, CURVE_P521, 0, 0},
        {"ed25519", KEY_ED25519, CURVE_NONE, 0, 0},
        {"rsa:2048", KEY_RSA, CURVE_NONE, 2048, 2048},
        {"rsa:2048-4096", KEY_RSA, CURVE_NONE, 2048, 4096},
        {"rsa:3072-3072", KEY_RSA, CURVE_NONE, 3072, 3072},
        {"rsa:8192", KEY_RSA, CURVE_NONE, 8192, 8192},
    };
    static const char *const bad[] = {
        "",          "rsa",           "rsa:",           "rsa:1024",
        "rsa:2047",  "rsa:8193",      "rsa:02048",      "rsa:4096-2048",
        "rsa:2048-", "rsa:-4096",     "rsa:2048-4096x", "rsa:2048 ",
        "rsa: 2048", "rsa:1024-4096", "rsa:2048-16384", "rsa:99999999999999",
        "ec",        "ec:",           "ec:p-256",       "ec:P-224",
        "ec:P-256 ", "Ed25519",       "ed25519:",       "ed448",
        "dsa",       "RSA:2048",
    };

    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r;

        ck_assert_int_eq(key_rule_parse(&r, good[i].text, &e), 0);
        ck_assert_int_eq(r.type, good[i].type);
        ck_assert_int_eq(r.curve, good[i].curve);
        ck_assert_int_eq(r.min, good[i].min);
        ck_assert_int_eq(r.max, good[i].max);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r = {.min = -5};

        ck_assert_msg(key_rule_parse(&r, bad[i], &e) == -1, "%s", bad[i]);
        ck_assert_int_eq(r.min, -5);
        ck_assert_int_eq(e.v[0].code, ERR_BAD_ARGUMENT);
    }
}
END_TEST

START_TEST(rules_match)
{
    static const struct {
        const char *rule;
        struct key_pub key;
        bool match;
    } cases[] = {
        {"ec:P-256", {.type = KEY_EC, .curve = CURVE_P256}, true},
        {"ec:P-256", {.type = KEY_EC, .curve = CURVE_P384}, false},
        {"ec:P-256", {.type = KEY_ED25519, .bits = 256}, false},
        {"ed25519", {.type = KEY_ED25519, .bits = 256}, true},
        {"ed25519", {.type = KEY_RSA, .bits = 2048}, false},
        {"rsa:2048", {.type = KEY_RSA, .bits = 2048}, true},
        {"rsa:2048", {.type = KEY_RSA, .bits = 2049}, false},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 2048}, true},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 4096}, true},
        {"rsa:2048-4096", {.type = KEY_RSA, .bits = 4097}, false},
        {"rsa:3072-4096", {.type = KEY_RSA, .bits = 2048}, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(errs) struct errs e = {0};
        struct key_rule r;

        ck_assert_int_eq(key_rule_parse(&r, cases[i].rule, &e), 0);
        ck_assert_msg(key_rule_match(&r, &cases[i].key) == cases[i].match,
                      "case %zu", i);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {rules, rules_match};

    return unit_run("key_rule", tests, COUNT(tests));
}
