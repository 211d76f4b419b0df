#!/bin/sh
# SPDX-License-Identifier: ISC
# Authorities with keys of each type: OpenSSL and GnuTLS believe their OCSP
# answers and their CRLs, complete and of a partition.
. "$(dirname "$0")/lib.sh"
need ocsptool certtool

by_openssl() # OPTION...
{
    openssl ocsp "$@" -issuer "$CA/issuing.pem" -cert "$asked" \
        -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$work/said.log" 2>&1 ||
        return 0
    grep -q '^Response verify OK' "$work/said.log" || return 0
    sed -n 's/^.*\.pem: //p' "$work/said.log"
}
by_ocsptool() # OPTION...
{
    timeout 20 ocsptool "$@" --load-cert="$asked" \
        --load-issuer="$CA/issuing.pem" --load-trust="$CA/chain.pem" \
        >"$work/said.log" 2>&1 || return 0
    grep -q '^Verifying OCSP Response: Success' "$work/said.log" || return 0
    sed -n 's/^.*Certificate Status: //p' "$work/said.log"
}
# By the CRL at the address in the certificate.
by_crl()
{
    address=$(openssl x509 -in "$asked" -noout -ext crlDistributionPoints |
        sed -n 's/.*URI://p')
    curl -fsS "$address" | openssl crl -inform DER -out "$work/named.crl"
    certtool --verify-crl --infile "$work/named.crl" \
        --load-ca-certificate "$CA/issuing.pem" >"$work/said.log" 2>&1 &&
        grep -q 'output: Verified' "$work/said.log" || return 0
    openssl verify -crl_check -partial_chain -trusted "$CA/issuing.pem" \
        -CRLfile "$work/named.crl" "$asked" 2>&1 |
        sed -n 's/.*: OK$/good/p; s/^error 23 .*revoked$/revoked/p'
}
# told STATE ASKER [OPTION...]: that is what it believes.
told()
{
    wanted=$1
    shift
    state=$("$@")
    [ "${state:-nothing}" = "$wanted" ] ||
        bail "$key: $*: ${asked##*/} is ${state:-nothing}, not $wanted"
}
all() # STATE FILE
{
    asked=$2
    for hash in -sha1 -sha256; do
        told "$1" by_openssl $hash
        told "$1" by_openssl $hash -no_nonce
    done
    told "$1" by_ocsptool --ask
    told "$1" by_ocsptool --ask="$PUBLIC/ocsp" --nonce
    told "$1" by_crl
}

for key in ed25519 ec:P-256 ec:P-384 rsa:2048 rsa:3072; do
    for partition_size in '' 100; do
        CA=$work/ca-$key-$partition_size API=
        ca_start --key "$key"
        BEARER=$(cat "$CA/admin.token")
        for name in good bad; do
            certify "$name" p256 server "$name.internal"
            all good "$work/$name.pem"
        done
        revoke bad
        all revoked "$work/bad.pem"
        all good "$work/good.pem"
        stop || bail "$key: the service did not end well"
    done
    proved "$key: OCSP and CRLs, by OpenSSL and GnuTLS"
done
finish
