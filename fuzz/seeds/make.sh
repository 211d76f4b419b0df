#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes the seeds of der, pem, csr and ocsp anew, and two of cert, beside the
# findings that are kept there by hand.  Keys are made for it and thrown away.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/seeds.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

req() { # NAME KEY ARGUMENTS...
    out=csr/$1.der key=$2
    shift 2
    openssl req -new -key "$tmp/$key" -outform DER -out "$out" "$@"
}

for curve in P-256 P-384; do
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve \
        -out "$tmp/$curve"
done
openssl genpkey -algorithm ED25519 -out "$tmp/ed25519"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -out "$tmp/rsa" 2>/dev/null

req p256 P-256 -subj '/CN=a.example' \
    -addext 'subjectAltName=DNS:a.example,DNS:*.b.example,IP:10.0.0.1'
req p384 P-384 -sha384 -subj '/C=DE/O=Example/CN=a.example' \
    -addext 'subjectAltName=email:a@b.example,URI:spiffe://td.example/x'
req ed25519 ed25519 -subj '/CN=10.0.0.1' \
    -addext 'keyUsage=digitalSignature' -addext 'extendedKeyUsage=serverAuth'
req rsa rsa -subj / -addext 'subjectAltName=DNS:a.example'
req pss rsa -subj /CN=a.example -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:-1
req power P-256 -subj /CN=a.example -addext 'basicConstraints=CA:TRUE' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -addext 'extendedKeyUsage=anyExtendedKeyUsage,OCSPSigning' \
    -addext 'nameConstraints=permitted;DNS:example' \
    -addext '1.2.3.4=critical,ASN1:UTF8:x' \
    -addext 'subjectAltName=otherName:1.2.3;UTF8:x,RID:1.2.3,dirName:dn' \
    -config /dev/stdin <<'CONF'
[req]
distinguished_name = dn
[dn]
CN = x
CONF
openssl req -x509 -key "$tmp/rsa" -subj /CN=root -days 7300 -outform DER \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -out cert/pss
openssl req -x509 -key "$tmp/P-256" -days 7300 -outform DER -out cert/wide \
    -subj '/C=DE/DC=example/O=Ex/OU=A+L=B/serialNumber=7/emailAddress=a@b.c' \
    -addext 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign' \
    -addext 'extendedKeyUsage=serverAuth,clientAuth,1.2.3.4' \
    -addext 'subjectAltName=DNS:a.b,email:a@b.c,URI:http://a.b/,IP:fd00::1' \
    -addext 'certificatePolicies=1.2.3,2.23.140.1.2.1' \
    -addext 'policyConstraints=critical,requireExplicitPolicy:1' \
    -addext 'inhibitAnyPolicy=critical,0' -addext 'tlsfeature=status_request' \
    -addext 'nameConstraints=critical,permitted;DNS:b,excluded;DNS:c.b' \
    -addext 'crlDistributionPoints=URI:http://a.b/c' -addext '1.2.3.4=DER:0500' \
    -addext 'authorityInfoAccess=OCSP;URI:http://a.b/o,caIssuers;URI:http://a.b/'
openssl req -inform DER -in csr/p256.der -out csr/p256.pem
tr -d '\n' <csr/p256.pem >csr/oneline.pem

cp csr/p256.pem pem/lines
cp csr/oneline.pem pem/oneline
printf -- '-----BEGIN A-----\nAQ==\n-----END A-----\n' >pem/short
printf -- '-----BEGIN A-----AQID-----END A----- -----BEGIN B-----\nAQI=\n' \
    >pem/several
printf -- '-----END B-----\n' >>pem/several
printf -- '-----BEGIN X PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQ==\n' \
    >pem/encrypted

cp csr/p256.der csr/power.der der/
octets() { # FILE OCTETS (octal escapes)
    # shellcheck disable=SC2059
    printf "$2" >"der/$1"
}
octets utctime '\027\015491231235959Z'
octets gentime '\030\01799991231235959Z'
octets oid '\006\024\151\203\266\233\244\357\237\330\317\213\340\252\327\245\364\223\334\274\051\001'
octets bmp '\036\006\000a\040\254\000\374'
octets universal '\034\010\000\001\366\000\000\000\000a'
octets t61 '\024\003a\374b'
octets utf8 '\014\012a\303\274\342\202\254\360\237\230\200'
octets numbers '\060\017\002\001\000\002\002\000\200\002\001\177\012\001\005\001\001\377'
octets nested '\060\012\240\010\060\006\241\004\060\002\005\000'

openssl req -x509 -key "$tmp/P-256" -subj '/CN=a' -out "$tmp/ca.pem"
ask() { # NAME ARGUMENTS...
    out=ocsp/$1
    shift
    openssl ocsp -issuer "$tmp/ca.pem" "$@" -reqout "$out" >/dev/null 2>&1
}
ask one -serial 0x40aabbccddeeff -no_nonce
ask nonce -serial 1
ask sha256 -sha256 -serial 2 -serial 0xffffffffffffffffffffffffffffffffffffffff
ask four -serial 1 -serial 2 -sha256 -serial 3 -serial 0
ask signed -serial 1 -signer "$tmp/ca.pem" -signkey "$tmp/P-256"
