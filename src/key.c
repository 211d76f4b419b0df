/* SPDX-License-Identifier: ISC */
#include "key.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"

static const char *const types[KEY__MAX] = {
    [KEY_RSA] = "rsa",
    [KEY_EC] = "ec",
    [KEY_ED25519] = "ed25519",
};

static const char *const curves[] = {
    [CURVE_P256] = "P-256",
    [CURVE_P384] = "P-384",
    [CURVE_P521] = "P-521",
};

const char *key_type_text(enum key_type t)
{
    return types[t];
}

const char *key_curve_text(enum key_curve c)
{
    return curves[c];
}

void key_pub_spec(const struct key_pub *k, char *out, size_t size)
{
    if (k->type == KEY_RSA)
        snprintf(out, size, "rsa:%d", k->bits);
    else if (k->type == KEY_EC)
        snprintf(out, size, "ec:%s", curves[k->curve]);
    else
        snprintf(out, size, "%s", types[k->type]);
}

/* A number of bits, moved past: four digits, as all of 2048 to 8192 are. */
static int bits_take(const char **s, int *out)
{
    int v = 0, digits = 0;

    for (; ascii_is_digit(**s) && digits < 5; (*s)++, digits++)
        v = v * 10 + **s - '0';
    *out = v;
    return digits == 4 && v >= KEY_RSA_MIN && v <= KEY_RSA_MAX ? 0 : -1;
}

static int rsa_rule_parse(struct key_rule *out, const char *s)
{
    struct key_rule r = {.type = KEY_RSA};

    if (bits_take(&s, &r.min))
        return -1;
    r.max = r.min;
    if (*s == '-') {
        s++;
        if (bits_take(&s, &r.max) || r.max < r.min)
            return -1;
    }
    if (*s)
        return -1;
    *out = r;
    return 0;
}

static int ec_rule_parse(struct key_rule *out, const char *s)
{
    for (enum key_curve c = CURVE_P256; c <= CURVE_P521; c++)
        if (strcmp(s, curves[c]) == 0) {
            *out = (struct key_rule){.type = KEY_EC, .curve = c};
            return 0;
        }
    return -1;
}

int key_rule_parse(struct key_rule *out, const char *text, struct errs *e)
{
    int bad;

    if (strncmp(text, "rsa:", 4) == 0) {
        bad = rsa_rule_parse(out, text + 4);
    } else if (strncmp(text, "ec:", 3) == 0) {
        bad = ec_rule_parse(out, text + 3);
    } else {
        bad = strcmp(text, "ed25519") != 0;
        if (!bad)
            *out = (struct key_rule){.type = KEY_ED25519};
    }
    if (!bad)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "\"%s\" is no kind of key: ec:P-256, ec:P-384, ec:P-521, "
                   "ed25519, or rsa with bits from %d to %d (rsa:3072, "
                   "rsa:2048-4096)",
                   text, KEY_RSA_MIN, KEY_RSA_MAX);
}

bool key_rule_match(const struct key_rule *r, const struct key_pub *k)
{
    if (r->type != k->type)
        return false;
    if (r->type == KEY_EC)
        return r->curve == k->curve;
    return r->type != KEY_RSA || (k->bits >= r->min && k->bits <= r->max);
}
