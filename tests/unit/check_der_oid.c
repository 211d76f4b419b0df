/* SPDX-License-Identifier: ISC */
/* Object identifiers. */
#include "octets.h"

START_TEST(oids_refused)
{
    uint8_t longest[66] = {0x06, 64};
    struct octets cases[] = {
        O("\x06\x00"),             /* empty */
        O("\x06\x02\x2a\x80"),     /* arc without end */
        O("\x06\x03\x2a\x80\x01"), /* arc with leading zero */
        O("\x06\x02\x80\x01"),     /* first arc with leading zero */
        O("\x0d\x01\x2a"),         /* RELATIVE-OID */
    };
    struct der d;
    struct der_tlv t;

    for (size_t i = 0; i < COUNT(cases); i++) {
        d = der_of(cases[i].p, cases[i].n);
        ck_assert_msg(der_get_oid(&d, &t) == -1, "case %zu", i);
    }
    memset(longest + 2, 1, 64);
    d = der_of(longest, sizeof(longest));
    ck_assert_int_eq(der_get_oid(&d, &t), 0);
    {
        uint8_t longer[67] = {0x06, 65};

        memset(longer + 2, 1, 65);
        d = der_of(longer, sizeof(longer));
        ck_assert_int_eq(der_get_oid(&d, &t), -1);
    }
}
END_TEST

START_TEST(oids_printed)
{
    static const char *const oids[] = {
        "0.0",
        "0.39",
        "1.0",
        "1.39.5",
        "2.0",
        "2.19",
        "2.20",
        "2.39.1",
        "2.40",
        "2.47.0.1",
        "2.48",
        "2.999",
        "2.5.4.3",
        "1.3.0.127.128.16383.16384",
        "1.2.840.113549.1.1.1",
        "2.25.329800735698586629295641978511506172918",
        "2.920.100000000000000000000000000000",
    };
    char text[300];
    uint8_t der[100];

    for (size_t i = 0; i < COUNT(oids); i++) {
        int n = a2d_ASN1_OBJECT(der, sizeof(der), oids[i], -1);

        ck_assert_int_gt(n, 0);
        der_oid_print(text, sizeof(text), der, (size_t)n);
        ck_assert_str_eq(text, oids[i]);
    }
    der_oid_print(text, 6, B(OID_AT_CN));
    ck_assert_str_eq(text, "2.5.4");
    text[0] = 'x';
    der_oid_print(text, 0, B(OID_AT_CN));
    ck_assert_int_eq(text[0], 'x');
    /* The longest arc there can be. */
    memset(der, 0xff, 63);
    der[63] = 0x7f;
    der_oid_print(text, sizeof(text), der, 64);
    ck_assert_int_gt((int)strlen(text), 130);
}
END_TEST

/* oid.h against OpenSSL's names. */
START_TEST(oids_known)
{
#define K(id, name)                                                            \
    {                                                                          \
        OID(id), name                                                          \
    }
    static const struct {
        const char *p;
        size_t n;
        const char *name;
    } known[] = {
        K(AT_CN, "CN"),
        K(AT_SERIAL_NUMBER, "serialNumber"),
        K(AT_C, "C"),
        K(AT_L, "L"),
        K(AT_ST, "ST"),
        K(AT_O, "O"),
        K(AT_OU, "OU"),
        K(AT_EMAIL, "emailAddress"),
        K(CE_SKI, "subjectKeyIdentifier"),
        K(CE_KEY_USAGE, "keyUsage"),
        K(CE_SAN, "subjectAltName"),
        K(CE_BASIC, "basicConstraints"),
        K(CE_CRL_NUMBER, "crlNumber"),
        K(CE_REASON, "CRLReason"),
        K(CE_IDP, "issuingDistributionPoint"),
        K(CE_NAME_CONSTRAINTS, "nameConstraints"),
        K(CE_CDP, "crlDistributionPoints"),
        K(CE_POLICIES, "certificatePolicies"),
        K(CE_AKI, "authorityKeyIdentifier"),
        K(CE_EKU, "extendedKeyUsage"),
        K(PE_AIA, "authorityInfoAccess"),
        K(AD_OCSP, "OCSP"),
        K(AD_CA_ISSUERS, "caIssuers"),
        K(KP_SERVER, "serverAuth"),
        K(KP_CLIENT, "clientAuth"),
        K(KP_OCSP, "OCSPSigning"),
        K(KP_ANY, "anyExtendedKeyUsage"),
        K(OCSP_NOCHECK, "noCheck"),
        K(EXTENSION_REQUEST, "extReq"),
        K(MS_EXTENSION_REQUEST, "msExtReq"),
        K(CHALLENGE_PASSWORD, "challengePassword"),
        K(RSA, "rsaEncryption"),
        K(RSA_SHA256, "RSA-SHA256"),
        K(RSA_SHA384, "RSA-SHA384"),
        K(RSA_SHA512, "RSA-SHA512"),
        K(RSA_SHA1, "RSA-SHA1"),
        K(RSA_MD5, "RSA-MD5"),
        K(RSA_PSS, "RSASSA-PSS"),
        K(MGF1, "MGF1"),
        K(SHA256, "SHA256"),
        K(SHA384, "SHA384"),
        K(SHA512, "SHA512"),
        K(EC, "id-ecPublicKey"),
        K(P256, "prime256v1"),
        K(P384, "secp384r1"),
        K(P521, "secp521r1"),
        K(ECDSA_SHA1, "ecdsa-with-SHA1"),
        K(ECDSA_SHA256, "ecdsa-with-SHA256"),
        K(ECDSA_SHA384, "ecdsa-with-SHA384"),
        K(ECDSA_SHA512, "ecdsa-with-SHA512"),
        K(ED25519, "ED25519"),
        K(RSA_MD2, "RSA-MD2"),
        K(RSA_SHA224, "RSA-SHA224"),
        K(ECDSA_SHA224, "ecdsa-with-SHA224"),
        K(DSA, "DSA"),
        K(DSA_SHA1, "DSA-SHA1"),
        K(DSA_SHA256, "dsa_with_SHA256"),
        K(DH, "dhKeyAgreement"),
        K(X942_DH, "dhpublicnumber"),
        K(X25519, "X25519"),
        K(X448, "X448"),
        K(ED448, "ED448"),
        K(P192, "prime192v1"),
        K(P224, "secp224r1"),
        K(SECP256K1, "secp256k1"),
        K(BRAINPOOL_P256R1, "brainpoolP256r1"),
        K(BRAINPOOL_P384R1, "brainpoolP384r1"),
        K(BRAINPOOL_P512R1, "brainpoolP512r1"),
    };

    for (size_t i = 0; i < COUNT(known); i++) {
        ASN1_OBJECT *o = OBJ_txt2obj(known[i].name, 0);

        ck_assert_msg(o != NULL, "%s", known[i].name);
        ck_assert_msg(OBJ_length(o) == known[i].n &&
                          memcmp(OBJ_get0_data(o), known[i].p, known[i].n) == 0,
                      "%s", known[i].name);
        ASN1_OBJECT_free(o);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        oids_refused,
        oids_printed,
        oids_known,
    };

    return unit_run("der_oid", tests, COUNT(tests));
}
