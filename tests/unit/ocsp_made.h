/* SPDX-License-Identifier: ISC */
/* For check_ocsp*.c: two authorities. */
#ifndef POCKETCA_OCSP_MADE_H
#define POCKETCA_OCSP_MADE_H

#include <stdlib.h>

#include "x509.h"

#include <openssl/ocsp.h>

#include "crl.h"
#include "mem.h"
#include "ocsp.h"
#include "oid.h"
#include "tm.h"
#include "unit.h"

AUTO_DEFINE(ocsp_req, OCSP_REQUEST *, OCSP_REQUEST_free)
AUTO_DEFINE(ocsp_resp, OCSP_RESPONSE *, OCSP_RESPONSE_free)
AUTO_DEFINE(ocsp_basic, OCSP_BASICRESP *, OCSP_BASICRESP_free)

static struct party issuing, responder;
static struct buf issuing_der, responder_der;
static struct cert issuing_cert;
static struct ocsp_issuer issuer;

static inline void setup(void)
{
    struct cert_spec s = root_spec(&issuing);
    AUTO(errs) struct errs e = {0};

    cert_make(&issuing_der, &s, &issuing);
    ck_assert_int_eq(
        cert_parse(&issuing_cert, issuing_der.data, issuing_der.len, &e), 0);
    ocsp_issuer_init(&issuer, &issuing_cert);
    s = root_spec(&responder);
    s.serial.v[0] = 0x42;
    s.cn = "Responder";
    s.issuer = issuing_cert.subject;
    s.issuer_len = issuing_cert.subject_len;
    s.ca = false;
    s.ku = KU_DIGITAL_SIGNATURE;
    s.eku = EKU_OCSP;
    cert_make(&responder_der, &s, &issuing);
}

static inline void teardown(void)
{
    cert_free(&issuing_cert);
    buf_free(&issuing_der);
    buf_free(&responder_der);
}

static inline OCSP_CERTID *id_of(const EVP_MD *md, long serial)
{
    AUTO(x509) X509 *x = openssl_read(&issuing_der);
    ASN1_INTEGER *n = ASN1_INTEGER_new();
    OCSP_CERTID *id;

    ASN1_INTEGER_set(n, serial);
    id = OCSP_cert_id_new(md, X509_get_subject_name(x),
                          X509_get0_pubkey_bitstr(x), n);
    ASN1_INTEGER_free(n);
    return id;
}

/* The tests of that case, each with certificates of its own. */
static inline int ocsp_run(const char *name, TCase *tc)
{
    Suite *suite = suite_create(name);
    SRunner *r;
    int failed;

    party_make(&issuing, "ec:P-256");
    party_make(&responder, "ec:P-256");
    tcase_add_unchecked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    party_free(&issuing);
    party_free(&responder);
    return failed != 0;
}

#endif
