/* SPDX-License-Identifier: ISC */
/* Basic constraints, key usage and extended key usage. */
#include "lint_part.h"
#include "oid.h"

static bool no_key_usage(LINT_ARGS)
{
    return !lint_has(c, EXT_KEY_USAGE);
}

static bool key_usage_not_critical(LINT_ARGS)
{
    return lint_has(c, EXT_KEY_USAGE) && !c->ext[EXT_KEY_USAGE].critical;
}

static bool ca_without_cert_sign(LINT_ARGS)
{
    return lint_has(c, EXT_KEY_USAGE) && !(c->ku & KU_CERT_SIGN);
}

static bool ca_without_crl_sign(LINT_ARGS)
{
    return c->ku & KU_CERT_SIGN && !(c->ku & KU_CRL_SIGN);
}

static bool leaf_cert_sign(LINT_ARGS)
{
    return c->ku & KU_CERT_SIGN;
}

static bool leaf_crl_sign(LINT_ARGS)
{
    return c->ku & KU_CRL_SIGN;
}

static bool key_usage_unknown(LINT_ARGS)
{
    return c->ku > (KU_DECIPHER_ONLY << 1) - 1;
}

static bool ec_usage(LINT_ARGS)
{
    return c->key.type == KEY_EC &&
           c->ku & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT);
}

static bool ed25519_usage(LINT_ARGS)
{
    return c->key.type == KEY_ED25519 &&
           c->ku & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT |
                    KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY);
}

static bool rsa_usage(LINT_ARGS)
{
    return c->key.type == KEY_RSA &&
           c->ku & (KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY);
}

static bool only_without_agreement(LINT_ARGS)
{
    return c->ku & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY) &&
           !(c->ku & KU_KEY_AGREEMENT);
}

static bool basic_not_critical(LINT_ARGS)
{
    return !c->ext[EXT_BASIC].critical;
}

static bool path_len_without_cert_sign(LINT_ARGS)
{
    return c->path_len >= 0 && lint_has(c, EXT_KEY_USAGE) &&
           !(c->ku & KU_CERT_SIGN);
}

/* An extended usage, and the key usages of which it needs one. */
struct need {
    unsigned eku, ku;
};

static bool usage_unfit(LINT_ARGS)
{
    const struct need *n = l->arg;

    return c->eku & n->eku && lint_has(c, EXT_KEY_USAGE) && !(c->ku & n->ku);
}

static bool no_eku(LINT_ARGS)
{
    return !lint_has(c, EXT_EKU);
}

static bool eku_any(LINT_ARGS)
{
    return c->eku & EKU_ANY;
}

static bool eku_any_critical(LINT_ARGS)
{
    return c->eku & EKU_ANY && c->ext[EXT_EKU].critical;
}

static bool eku_twice(LINT_ARGS)
{
    struct der value = lint_ext(c, EXT_EKU), list, rest;
    struct der_tlv one, other;

    if (!lint_has(c, EXT_EKU) || der_enter(&value, DER_SEQUENCE, &list))
        return false;
    while (!der_end(&list) && der_next(&list, &one) == 0)
        for (rest = list; !der_end(&rest) && der_next(&rest, &other) == 0;)
            if (der_oid_is(&one, other.val, other.len))
                return true;
    return false;
}

static bool ocsp_mixed(LINT_ARGS)
{
    return c->eku & EKU_OCSP && c->eku & ~(unsigned)EKU_OCSP;
}

static bool ocsp_without_nocheck(LINT_ARGS)
{
    return c->eku & EKU_OCSP && !lint_has(c, EXT_NOCHECK);
}

static bool nocheck_elsewhere(LINT_ARGS)
{
    return lint_has(c, EXT_NOCHECK) && !(c->eku & EKU_OCSP);
}

static bool nocheck_form(LINT_ARGS)
{
    return lint_has(c, EXT_NOCHECK) &&
           (c->ext[EXT_NOCHECK].len != 2 ||
            c->ext[EXT_NOCHECK].value[0] != DER_NULL ||
            c->ext[EXT_NOCHECK].value[1] != 0);
}

static bool time_mixed(LINT_ARGS)
{
    return c->eku & EKU_TIME && c->eku & ~(unsigned)EKU_TIME;
}

static bool time_not_critical(LINT_ARGS)
{
    return c->eku & EKU_TIME && !c->ext[EXT_EKU].critical;
}

static const struct need
    server_needs = {EKU_SERVER, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT |
                                    KU_KEY_AGREEMENT},
    client_needs = {EKU_CLIENT, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
    ocsp_needs = {EKU_OCSP, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION},
    email_needs = {EKU_EMAIL, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION |
                                  KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT},
    code_needs = {EKU_CODE, KU_DIGITAL_SIGNATURE},
    time_needs = {EKU_TIME, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION};

#define KU "RFC 5280 4.2.1.3"
#define EKU "RFC 5280 4.2.1.12"
static const struct lint rows[] = {
    {"ca_key_usage_missing", LINT_ERROR, LINT_CA, KU,
     "an authority has no keyUsage", no_key_usage, NULL},
    {"key_usage_missing", LINT_WARNING, LINT_LEAF, "BR 7.1.2.7.11",
     "there is no keyUsage, so that the key may be used for anything",
     no_key_usage, NULL},
    {"key_usage_not_critical", LINT_WARNING, LINT_ANY, KU,
     "keyUsage is not critical", key_usage_not_critical, NULL},
    {"ca_without_cert_sign", LINT_ERROR, LINT_CA, KU,
     "an authority's keyUsage has no keyCertSign", ca_without_cert_sign, NULL},
    {"ca_without_crl_sign", LINT_WARNING, LINT_CA, "BR 7.1.2.10.7",
     "an authority's keyUsage has no cRLSign", ca_without_crl_sign, NULL},
    {"leaf_cert_sign", LINT_ERROR, LINT_LEAF, KU,
     "keyCertSign without cA in basicConstraints", leaf_cert_sign, NULL},
    {"leaf_crl_sign", LINT_WARNING, LINT_LEAF, "BR 7.1.2.7.11",
     "cRLSign in a certificate that is no authority's", leaf_crl_sign, NULL},
    {"key_usage_unknown", LINT_ERROR, LINT_ANY, KU,
     "keyUsage has a bit behind decipherOnly", key_usage_unknown, NULL},
    {"ec_usage", LINT_ERROR, LINT_ANY, "RFC 5480 3, RFC 8813 3",
     "an EC key may not encipher keys or data", ec_usage, NULL},
    {"ed25519_usage", LINT_ERROR, LINT_ANY, "RFC 8410 5, RFC 9295 3",
     "an Ed25519 key may only sign", ed25519_usage, NULL},
    {"rsa_usage", LINT_ERROR, LINT_ANY, "RFC 3279 2.3.1",
     "an RSA key may not agree on keys", rsa_usage, NULL},
    {"only_without_agreement", LINT_WARNING, LINT_ANY, KU,
     "encipherOnly or decipherOnly without keyAgreement means nothing",
     only_without_agreement, NULL},
    {"basic_not_critical", LINT_ERROR, LINT_CA, "RFC 5280 4.2.1.9",
     "an authority's basicConstraints is not critical", basic_not_critical,
     NULL},
    {"path_len_without_cert_sign", LINT_ERROR, LINT_CA, "RFC 5280 4.2.1.9",
     "a pathLenConstraint without keyCertSign", path_len_without_cert_sign,
     NULL},
    {"server_usage", LINT_ERROR, LINT_LEAF, EKU,
     "serverAuth needs digitalSignature, keyEncipherment or keyAgreement",
     usage_unfit, &server_needs},
    {"client_usage", LINT_ERROR, LINT_LEAF, EKU,
     "clientAuth needs digitalSignature or keyAgreement", usage_unfit,
     &client_needs},
    {"ocsp_usage", LINT_ERROR, LINT_LEAF, EKU,
     "OCSPSigning needs digitalSignature or nonRepudiation", usage_unfit,
     &ocsp_needs},
    {"email_usage", LINT_ERROR, LINT_LEAF, EKU,
     "emailProtection needs a usage to sign, encipher or agree", usage_unfit,
     &email_needs},
    {"code_usage", LINT_ERROR, LINT_LEAF, EKU,
     "codeSigning needs digitalSignature", usage_unfit, &code_needs},
    {"time_usage", LINT_ERROR, LINT_LEAF, EKU,
     "timeStamping needs digitalSignature or nonRepudiation", usage_unfit,
     &time_needs},
    {"eku_missing", LINT_WARNING, LINT_LEAF, "BR 7.1.2.7.10",
     "there is no extKeyUsage, so that the certificate is good for anything",
     no_eku, NULL},
    {"eku_any", LINT_ERROR, LINT_LEAF, "BR 7.1.2.7.10",
     "extKeyUsage has anyExtendedKeyUsage", eku_any, NULL},
    {"eku_any_critical", LINT_WARNING, LINT_ANY, EKU,
     "extKeyUsage is critical beside anyExtendedKeyUsage", eku_any_critical,
     NULL},
    {"eku_twice", LINT_WARNING, LINT_ANY, "house rule",
     "extKeyUsage has the same purpose twice", eku_twice, NULL},
    {"ocsp_mixed", LINT_WARNING, LINT_LEAF, "BR 7.1.2.8.5",
     "OCSPSigning beside another purpose", ocsp_mixed, NULL},
    {"ocsp_without_nocheck", LINT_WARNING, LINT_LEAF, "RFC 6960 4.2.2.2.1",
     "an OCSP responder without ocsp-nocheck is itself looked up",
     ocsp_without_nocheck, NULL},
    {"nocheck_elsewhere", LINT_ERROR, LINT_ANY, "RFC 6960 4.2.2.2.1",
     "ocsp-nocheck in a certificate that is no OCSP responder's",
     nocheck_elsewhere, NULL},
    {"nocheck_form", LINT_ERROR, LINT_ANY, "RFC 6960 4.2.2.2.1",
     "ocsp-nocheck is not NULL", nocheck_form, NULL},
    {"time_mixed", LINT_ERROR, LINT_LEAF, "RFC 3161 2.3",
     "timeStamping beside another purpose", time_mixed, NULL},
    {"time_not_critical", LINT_ERROR, LINT_LEAF, "RFC 3161 2.3",
     "extKeyUsage with timeStamping is not critical", time_not_critical, NULL},
};
LINT_TABLE(lint_usage, rows);
