#!/bin/sh
# SPDX-License-Identifier: ISC
# Keys that nobody should have, over HTTP and by the command alike: each is
# refused with its reason, and nothing is recorded.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.example.internal'
serve
export POCKETCA_CONF="$CA/pocketca.conf"
N=dns:a.example.internal

# The request in $T/odd.der is refused both ways, for the reason ERE.
refused() { # STATUS CODE WHAT ERE
    steady_begin
    want "$1" "$2" "$3: $1 $2" -H 'Content-Type: application/pkcs10' \
        --data-binary @"$T/odd.der" "$API/v1/certificates"
    jq -r '.errors[].detail' "$T/body" >"$T/reasons"
    like "$3: with its reason" "$T/reasons" "$4"
    exits 1 "$3: the command" "$POCKETCA" issue "$T/odd.der"
    like "$3: which says the same" "$T/out" "$4"
    steady "$3"
}
odd() { # STATUS CODE WHAT ERE MKCSR-ARG…
    o1=$1 o2=$2 o3=$3 o4=$4
    shift 4
    "$MKCSR" -n $N "$@" >"$T/odd.der" || bail "mkcsr $*"
    refused "$o1" "$o2" "$o3" "$o4"
}
# A key of OpenSSL's, which signs its own request.
own() { # STATUS CODE WHAT ERE GENPKEY-ARG…
    o1=$1 o2=$2 o3=$3 o4=$4
    shift 4
    openssl genpkey "$@" -out "$T/odd.key" 2>/dev/null || bail "genpkey $*"
    odd "$o1" "$o2" "$o3" "$o4" -k "$T/odd.key"
}
# A public key in $T/spki, with the signature of another: what is wrong with its
# form is found before anything is computed.
foreign() { # STATUS CODE WHAT ERE [MKCSR-ARG…]
    odd "$@" -S "$T/spki"
}
public() { # GENPKEY-ARG… → $T/spki
    openssl genpkey "$@" -out "$T/odd.key" 2>/dev/null || bail "genpkey $*"
    openssl pkey -in "$T/odd.key" -pubout -outform DER -out "$T/spki"
}
numbers() { # MODULUS EXPONENT, hexadecimal → $T/spki
    printf '%s\n' 'asn1=SEQUENCE:spki' '[spki]' 'a=SEQUENCE:alg' \
        'k=BITWRAP,SEQUENCE:rsa' '[alg]' 'o=OID:rsaEncryption' 'n=NULL' \
        '[rsa]' "n=INTEGER:0x$1" "e=INTEGER:0x$2" >"$T/spki.conf"
    openssl asn1parse -genconf "$T/spki.conf" -noout -out "$T/spki" ||
        bail 'asn1parse -genconf'
}
digits() { # N: that many
    head -c "$1" /dev/zero | tr '\0' b
}
"$MKCSR" -n $N >"$T/odd.der"
ok 'a good key passes the command' "$POCKETCA" issue "$T/odd.der"
"$MKCSR" -n $N >"$T/odd.der"
want 201 - 'and HTTP' --data-binary @"$T/odd.der" "$API/v1/certificates"
openssl genpkey -algorithm RSA -out "$T/rsa.key" 2>/dev/null
"$MKCSR" -n $N -k "$T/rsa.key" >"$T/odd.der"
want 201 - 'as does one of RSA' --data-binary @"$T/odd.der" \
    "$API/v1/certificates"

# RSA: size
rsa() { # STATUS CODE WHAT ERE OPTION
    own "$1" "$2" "$3" "$4" -algorithm RSA -pkeyopt "$5"
}
rsa 422 key-weak 'RSA 1024' 'has 1024 bits; 2048 are' rsa_keygen_bits:1024
rsa 422 key-weak 'RSA 2047' 'has 2047 bits; 2048 are' rsa_keygen_bits:2047
rsa 422 key-not-allowed 'RSA 4104' 'rsa:4104; profile "server" allows' rsa_keygen_bits:4104
numbers "$(digits 4095)d" 010001
foreign 422 key-not-allowed 'RSA 16384' 'has 16384 bits; 8192 are'
numbers "$(digits 16383)d" 010001
foreign 422 key-not-allowed 'RSA 65536' 'has .* bits' -k "$T/rsa.key"

# RSA: form
numbers "$(digits 511)c" 010001
foreign 422 key-weak 'an even modulus' 'modulus is even'
for e in 00 01 03 010000 010003 ffffffffffffffff; do
    numbers "$(digits 511)d" $e
    foreign 422 key-weak "exponent 0x$e" \
        "exponent is not 65537 but $(printf %u 0x$e)\$"
done
numbers "$(digits 511)d" "$(digits 17)"
foreign 422 key-weak 'an exponent of 68 bits' \
    'exponent is not 65537 but a number of 68 bits'
rsa 422 key-weak 'exponent 3, its own' 'exponent is not 65537 but 3$' \
    rsa_keygen_pubexp:3
rsa 422 key-weak 'exponent 65539, its own' 'exponent is not 65537 but 65539$' \
    rsa_keygen_pubexp:65539

# RSA: what can be factored; each signs its own request
odd 422 key-weak 'a small factor' 'a small factor' -r small
odd 422 key-weak 'a prime' 'modulus is a prime' -r prime
odd 422 key-weak 'a square' 'the same or too close' -r square
odd 422 key-weak 'close primes' 'the same or too close' -r close
odd 422 key-weak 'ROCA' 'CVE-2017-15361' -r roca

# curves
for c in P-192 P-224 secp256k1 brainpoolP256r1 brainpoolP384r1 \
    brainpoolP512r1; do
    own 422 key-not-allowed "$c" "its curve is $c" -algorithm EC \
        -pkeyopt ec_paramgen_curve:$c
done
own 422 key-not-allowed 'explicit parameters' 'explicit parameters' \
    -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -pkeyopt ec_param_enc:explicit

# points
openssl ecparam -name prime256v1 -genkey -noout -out "$T/ec.key"
for f in compressed hybrid; do
    openssl ec -in "$T/ec.key" -pubout -conv_form $f -outform DER \
        -out "$T/spki" 2>/dev/null
    foreign 422 key-not-allowed "$f" "$f" -k "$T/ec.key"
done
p256='\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075\003\001\007'
printf '\060\031'"$p256"'\003\002\000\000' >"$T/spki"
foreign 422 key-not-allowed 'the point at infinity' 'point at infinity'
printf '\060\131'"$p256"'\003\102\000\004' >"$T/spki"
head -c 64 /dev/zero | tr '\0' a >>"$T/spki"
foreign 422 key-not-allowed 'a point off its curve' 'not on the curve P-256'

# algorithms: what cannot sign comes with the signature of another
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 \
    -out "$T/dsa.par" 2>/dev/null
own 400 bad-signature DSA 'algorithm is DSA' -paramfile "$T/dsa.par"
public -algorithm DH -pkeyopt group:ffdhe2048
foreign 422 key-not-allowed DH 'algorithm is Diffie-Hellman'
for a in X25519 X448; do
    public -algorithm $a
    foreign 422 key-not-allowed $a "algorithm is $a"
done
public -algorithm ED448
foreign 422 key-not-allowed Ed448 'algorithm is Ed448'
public -algorithm RSA-PSS
foreign 422 key-not-allowed 'RSA for PSS' 'algorithm is RSA for PSS'

# our own
for k in issuing root; do
    odd 422 key-not-allowed "the $k key" 'the key of an authority' \
        -k "$CA/keys/$k.key"
done
odd 422 'key-not-allowed' "the ledger's key" "or the ledger's" \
    -k "$CA/keys/ledger.key"

# found, lost
issue b.example.internal
ok 'revoked' "$POCKETCA" revoke "$serial" --reason keyCompromise
odd 422 key-compromised 'a key that was compromised' \
    'revoked for keyCompromise at' -k "$T/b.example.internal.key"
csr c.example.internal
ok 'blocked' "$POCKETCA" block "$T/c.example.internal.csr"
odd 422 key-compromised 'a key that is blocked' 'was blocked at' \
    -k "$T/c.example.internal.key"

"$MKCSR" -n $N >"$T/odd.der"
want 201 - 'a good one after all that' --data-binary @"$T/odd.der" \
    "$API/v1/certificates"
ok 'the audit agrees' "$POCKETCA" audit
finish
