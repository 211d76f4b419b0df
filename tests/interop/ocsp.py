# SPDX-License-Identifier: ISC
"""Judges an OCSP answer by Python's cryptography: it is about the certificate,
signed by a responder whom its issuer lets sign.  Prints its status.

ocsp.py ISSUER CERTIFICATE ANSWER
"""
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID


def verify(key, signed):
    hashed = ec.ECDSA(signed.signature_hash_algorithm)
    octets = getattr(signed, "tbs_certificate_bytes", None)
    key.verify(signed.signature, octets or signed.tbs_response_bytes, hashed)


def load(path):
    with open(path, "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


issuer, cert = load(sys.argv[1]), load(sys.argv[2])
with open(sys.argv[3], "rb") as f:
    answer = ocsp.load_der_ocsp_response(f.read())
(responder,) = answer.certificates
verify(issuer.public_key(), responder)
verify(responder.public_key(), answer)
usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
ski = responder.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
hashes = ocsp.OCSPRequestBuilder().add_certificate(
    cert, issuer, answer.hash_algorithm).build()
if ExtendedKeyUsageOID.OCSP_SIGNING not in usage.value:
    sys.exit("the responder may not sign answers")
if answer.responder_key_hash != ski.value.digest:
    sys.exit("the answer is another responder's")
if (answer.serial_number, answer.issuer_key_hash, answer.issuer_name_hash) != (
        hashes.serial_number, hashes.issuer_key_hash, hashes.issuer_name_hash):
    sys.exit("the answer is about another certificate")
print(f"{sys.argv[2]}: {answer.certificate_status.name.lower()}")
