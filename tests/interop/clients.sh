#!/bin/sh
# SPDX-License-Identifier: ISC
# curl, openssl and GnuTLS as clients of the service itself.
. "$(dirname "$0")/lib.sh"
need certtool
ca_start
foreign_start
mutual_start

path=/readyz page='"ready"\|^ready'
curl -fsS --cacert "$root" "$API/readyz" | grep -q "$page" ||
    bail "/readyz says something else"
handshakes "$api_port" "the service's own certificate"

for version in 1_2 1_3; do
    request "$api_port" | timeout 15 openssl s_client -quiet -CAfile "$root" \
        -verify_return_error -tls$version -connect "127.0.0.1:$api_port" \
        >"$work/tls.log" 2>&1 || bail "no TLS $version"
    grep -q "$page" "$work/tls.log" || bail "no page over TLS $version"
done
for version in 1 1_1; do
    request "$api_port" | timeout 15 openssl s_client -quiet \
        -CAfile "$root" -cipher DEFAULT@SECLEVEL=0 -tls$version \
        -connect "127.0.0.1:$api_port" >"$work/tls.log" 2>&1 &&
        bail "TLS $version is spoken"
done
proved "TLS 1.2 and 1.3 are spoken, 1.0 and 1.1 are not"

# By its certificate alone a client sees itself, whatever the key.
for client in $clients; do
    for type in $key_types; do
        serial=$(serial_of "$work/good-$type.pem")
        path=/v1/certificates/$serial page="\"serial\": *\"$serial\""
        served "$client" "$root" "$api_port" "good-$type" ||
            bail "$client with a $type certificate does not see itself"
    done
    serial=$(serial_of "$work/good-rsa.pem")
    path=/v1/certificates/$serial page="\"serial\": *\"$serial\""
    served "$client" "$root" "$api_port" good-p256 &&
        bail "$client sees another's certificate"
    for bad in none:token-missing foreign:certificate-foreign \
        revoked:certificate-revoked; do
        stem=${bad%%:*} page=${bad#*:}
        [ "$stem" != none ] || stem=
        # shellcheck disable=SC2086 # none is no argument
        served "$client" "$root" "$api_port" $stem ||
            bail "$client with ${stem:-no} certificate: not $page"
    done
    proved "$client sees itself by its certificate, and nobody else"
done

# Key and certificate in one file, as some programs want them.
serial=$(serial_of "$work/good-rsa.pem")
curl -fsS --cacert "$root" --cert "$work/good-rsa-pair.pem" \
    "$API/v1/certificates/$serial" >"$work/itself.json" ||
    bail "curl --cert with key and certificate in one file"
proved "curl --cert takes key and certificate in one file"

# What GnuTLS thinks of the certificates and of the CRLs.
for type in $key_types; do
    certtool --verify --load-ca-certificate "$root" \
        --infile "$work/good-$type.pem" >"$work/certtool.log" 2>&1 ||
        bail "certtool refuses a $type certificate"
done
certtool --verify --load-ca-certificate "$work/foreign-ca.pem" \
    --infile "$work/good-rsa.pem" >"$work/certtool.log" 2>&1 &&
    bail "certtool takes a certificate by a foreign root"
curl -fsS -o "$work/issuing.pem" "$PUBLIC/ca/issuing.pem"
curl -fsS -o "$work/issuing-crl.pem" "$PUBLIC/crl/issuing.pem"
certtool --verify-crl --load-ca-certificate "$work/issuing.pem" \
    --infile "$work/issuing-crl.pem" >"$work/certtool.log" 2>&1 ||
    bail "certtool refuses the CRL"
certtool --crl-info --infile "$work/issuing-crl.pem" |
    grep -qi "$(serial_of "$work/revoked.pem")" ||
    bail "certtool does not see the revoked serial"
proved "GnuTLS's certtool verifies chains and CRL"
finish
