/* SPDX-License-Identifier: ISC */
/* The fields that every certificate has: serial number, validity, key. */
#include <string.h>

#include "lint_part.h"
#include "tm.h"

enum { SERIAL_SHORT = 8, SERVER_DAYS = 825 };
/* 2050-01-01T00:00:00Z */
#define YEAR_2050 INT64_C(2524608000)

static bool serial_zero(LINT_ARGS)
{
    return c->serial.len == 1 && c->serial.v[0] == 0;
}

static bool serial_short(LINT_ARGS)
{
    return c->serial.len < SERIAL_SHORT;
}

static bool time_form(int64_t t, uint8_t tag)
{
    return tag != (t < YEAR_2050 ? DER_UTC_TIME : DER_GENERALIZED_TIME);
}

static bool not_before_form(LINT_ARGS)
{
    return time_form(c->not_before, c->not_before_tag);
}

static bool not_after_form(LINT_ARGS)
{
    return time_form(c->not_after, c->not_after_tag);
}

static bool no_end(LINT_ARGS)
{
    return c->not_after == TM_LAST;
}

static bool server_lifetime(LINT_ARGS)
{
    return c->eku & EKU_SERVER &&
           c->not_after - c->not_before >= SERVER_DAYS * TM_DAY;
}

static bool rsa_octets(LINT_ARGS)
{
    return c->key.type == KEY_RSA && c->key.bits % 8;
}

/* Milliseconds: before signing it was done with the request. */
static bool rsa_weak(LINT_ARGS)
{
    AUTO(errs) struct errs e = {0};

    return c->sig.value && c->key.type == KEY_RSA &&
           key_rsa_weak(&c->key, &e) != 0;
}

/* A hash function weaker than the curve under it. */
static bool short_hash(LINT_ARGS)
{
    return (issuer->key.curve == CURVE_P384 &&
            c->sig.alg == SIG_ECDSA_SHA256) ||
           (issuer->key.curve == CURVE_P521 && c->sig.alg != SIG_ECDSA_SHA512);
}

/* As long as the hash is what every verifier takes. */
static bool pss_salt(LINT_ARGS)
{
    return c->sig.salt != sig_salt(c->sig.alg);
}

static bool critical_unknown(LINT_ARGS)
{
    return c->odd_critical.raw;
}

static const struct lint rows[] = {
    {"serial_zero", LINT_ERROR, LINT_ANY, "RFC 5280 4.1.2.2",
     "the serial number is zero", serial_zero, NULL},
    {"serial_short", LINT_WARNING, LINT_ANY | LINT_NOT_SELF, "BR 7.1",
     "the serial number is too short for 64 bits of randomness", serial_short,
     NULL},
    {"not_before_form", LINT_ERROR, LINT_ANY, "RFC 5280 4.1.2.5",
     "notBefore is UTCTime from 2050 on, or GeneralizedTime before",
     not_before_form, NULL},
    {"not_after_form", LINT_ERROR, LINT_ANY, "RFC 5280 4.1.2.5",
     "notAfter is UTCTime from 2050 on, or GeneralizedTime before",
     not_after_form, NULL},
    {"no_end", LINT_WARNING, LINT_ANY, "RFC 5280 4.1.2.5",
     "notAfter is the value that means no end", no_end, NULL},
    {"server_lifetime", LINT_WARNING, LINT_LEAF, "BR 6.3.2",
     "a server certificate lives longer than 825 days, which some clients "
     "refuse from every authority",
     server_lifetime, NULL},
    {"rsa_octets", LINT_WARNING, LINT_ANY, "BR 6.1.5",
     "the bits of the RSA modulus are no multiple of eight", rsa_octets, NULL},
    {"rsa_weak", LINT_ERROR, LINT_ANY, "BR 6.1.1.3",
     "the RSA modulus can be factored", rsa_weak, NULL},
    {"critical_unknown", LINT_WARNING, LINT_ANY, "RFC 5280 4.2",
     "a critical extension is unknown here: who does not know it either "
     "refuses "
     "the certificate",
     critical_unknown, NULL},
    {"pss_salt", LINT_WARNING, LINT_ANY, "RFC 4055 3.1",
     "the salt of the RSA-PSS signature is not as long as the hash, and some "
     "clients accept no other",
     pss_salt, NULL},
    {"short_hash", LINT_WARNING, LINT_ANY | LINT_PAIR, "RFC 5480 4",
     "the hash function of the signature is weaker than the issuer's curve",
     short_hash, NULL},
};
LINT_TABLE(lint_body, rows);
