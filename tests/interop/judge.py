# SPDX-License-Identifier: ISC
"""Judges chains (leaf first) by Python's cryptography: every extension is read,
and each signature verified by the certificate behind it.

judge.py ROOT CHAIN...
"""
import re
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

PEM = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)


def load(path):
    with open(path, "rb") as f:
        return [x509.load_pem_x509_certificate(m) for m in PEM.findall(f.read())]


def verify(cert, issuer):
    key, signed = issuer.public_key(), cert.tbs_certificate_bytes
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(cert.signature, signed, ec.ECDSA(cert.signature_hash_algorithm))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(cert.signature, signed, padding.PKCS1v15(),
                   cert.signature_hash_algorithm)
    else:
        key.verify(cert.signature, signed)
    if cert.issuer != issuer.subject:
        raise ValueError("the issuer's name differs")


def judge(root, path):
    chain = load(path) + [root]
    for cert, issuer in zip(chain, chain[1:]):
        verify(cert, issuer)
        for ext in cert.extensions:
            if ext.critical and isinstance(ext.value, x509.UnrecognizedExtension):
                raise ValueError(f"{ext.oid} is critical and not known")
        cert.subject.rfc4514_string()
        aki = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        ski = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        if aki.value.key_identifier != ski.value.digest:
            raise ValueError("the key identifiers differ")


failed = False
top = load(sys.argv[1])[0]
for name in sys.argv[2:]:
    try:
        judge(top, name)
    except Exception as e:
        print(f"{name}: {type(e).__name__} {e}")
        failed = True
sys.exit(failed)
