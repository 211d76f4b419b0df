# SPDX-License-Identifier: ISC
"""Judges an OCSP answer by Python's cryptography: it is about the certificate,
signed by a responder whom its issuer lets sign.  Prints its status.

ocsp.py ISSUER CERTIFICATE ANSWER
"""
import sys

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from judge import load, verify


def judge(issuer, cert, answer):
    (responder,) = answer.certificates
    verify(issuer.public_key(), responder, responder.tbs_certificate_bytes)
    verify(responder.public_key(), answer, answer.tbs_response_bytes)
    found = responder.extensions.get_extension_for_class
    found(x509.OCSPNoCheck)
    if ExtendedKeyUsageOID.OCSP_SIGNING not in found(x509.ExtendedKeyUsage).value:
        sys.exit("the responder may not sign answers")
    if answer.responder_key_hash != found(x509.SubjectKeyIdentifier).value.digest:
        sys.exit("the answer is another responder's")
    asked = ocsp.OCSPRequestBuilder().add_certificate(
        cert, issuer, answer.hash_algorithm).build()
    for part in "serial_number", "issuer_key_hash", "issuer_name_hash":
        if getattr(answer, part) != getattr(asked, part):
            sys.exit(f"the answer has another {part}")


def main(issuer, cert, answer):
    with open(answer, "rb") as f:
        read = ocsp.load_der_ocsp_response(f.read())
    judge(load(issuer)[0], load(cert)[0], read)
    print(f"{cert}: {read.certificate_status.name.lower()}")


main(*sys.argv[1:])
