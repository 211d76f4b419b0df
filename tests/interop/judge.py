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


def verify(key, thing, signed):
    """The signature of thing, over those octets."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(thing.signature, signed, ec.ECDSA(thing.signature_hash_algorithm))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(thing.signature, signed, padding.PKCS1v15(),
                   thing.signature_hash_algorithm)
    else:
        key.verify(thing.signature, signed)


def judge(root, path):
    chain = load(path) + [root]
    for cert, issuer in zip(chain, chain[1:]):
        verify(issuer.public_key(), cert, cert.tbs_certificate_bytes)
        if cert.issuer != issuer.subject:
            raise ValueError("the issuer's name differs")
        for ext in cert.extensions:
            if ext.critical and isinstance(ext.value, x509.UnrecognizedExtension):
                raise ValueError(f"{ext.oid} is critical and not known")
        cert.subject.rfc4514_string()
        aki = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        ski = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        if aki.value.key_identifier != ski.value.digest:
            raise ValueError("the key identifiers differ")


def main(top, *names):
    failed = False
    for name in names:
        try:
            judge(load(top)[0], name)
        except Exception as e:
            print(f"{name}: {type(e).__name__} {e}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
