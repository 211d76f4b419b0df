#!/bin/sh
# SPDX-License-Identifier: ISC
# The public listener serves its own few things, and the authorities.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue a.internal
for path in /crl/issuing.crl /crl/issuing.pem /crl/root.crl /crl/chain.pem \
    /ca/root.pem /ca/root.der /ca/root.crt /ca/issuing.pem /ca/issuing.der \
    /ca/chain.pem /healthz; do
    BEARER=''
    want 200 - "public: $path" "$PUBLIC$path"
done
BEARER=$ADMIN
for path in /v1/certificates "/v1/certificates/$serial" /v1/authorities \
    /v1/profiles /v1/tokens /v1/tokens/self /v1/openapi.yaml /readyz \
    /metrics; do
    want 404 not-found "public has no $path" "$PUBLIC$path"
    like 'and says who has' "$T/body" "nothing at $path on this listener; that of the API"
done
for path in / /v1/nothing; do
    want 404 not-found "nobody has $path" "$PUBLIC$path"
    like 'and that is all' "$T/body" "nothing at $path\""
done
before=$(state)
want 404 not-found 'public issues nothing' --data-binary @"$T/a.internal.csr" \
    "$PUBLIC/v1/certificates"
want 404 not-found 'public renews nothing' -X POST "$PUBLIC/v1/renew"
want 404 not-found 'public revokes nothing' -X POST \
    "$PUBLIC/v1/certificates/$serial/revoke"
is 'nothing changed' "$(state)" "$before"

BEARER=''
req "$PUBLIC/ca/root.pem"
ok 'root.pem' cmp "$T/body" "$CA/root.pem"
req "$PUBLIC/ca/chain.pem"
is 'chain.pem has issuing and root' "$(grep -c BEGIN "$T/body")" 2
req "$PUBLIC/ca/issuing.der"
openssl x509 -inform DER -in "$T/body" -out "$T/i.pem"
ok 'issuing.der is the issuing certificate' \
    openssl verify -CAfile "$CA/root.pem" "$T/i.pem"
req "$PUBLIC/ca/root.crt"
is 'root.crt for browsers' "$(header Content-Type)" application/x-x509-ca-cert
like 'is PEM' "$T/body" 'BEGIN CERTIFICATE'
req "$PUBLIC/crl/issuing.crl"
is 'a CRL says what it is' "$(header Content-Type)" application/pkix-crl
ok 'the address in the certificate works' \
    openssl verify -crl_download -crl_check -CAfile "$CA/root.pem" \
    -untrusted "$CA/issuing.pem" "$T/a.internal.pem"

# PEM is made as it is sent: whatever the last line has, and in many pieces
same_pem() { # as OpenSSL writes it
    curl -sSf -o "$T/c.der" "$PUBLIC/crl/issuing.crl" &&
        curl -sSf -o "$T/c.pem" "$PUBLIC/crl/issuing.pem" &&
        openssl crl -inform DER -in "$T/c.der" | cmp - "$T/c.pem" &&
        curl -sSf "$PUBLIC/crl/chain.pem" >"$T/chain" &&
        curl -sSf "$PUBLIC/crl/root.pem" | cat "$T/c.pem" - |
        cmp - "$T/chain"
}
revoked=0
grow() { # N: revokes so many serials more
    i=0
    : >"$T/index.txt"
    while [ "$i" -lt "$1" ]; do
        printf 'R\t330101000000Z\t260101000000Z\t%04X\tunknown\t/CN=x\n' \
            $((4096 + revoked)) >>"$T/index.txt"
        i=$((i + 1)) revoked=$((revoked + 1))
    done
    "$POCKETCA" import -c "$CA/pocketca.conf" "$T/index.txt" >"$T/out" 2>&1 ||
        note "$T/out"
}
served_has() { # N entries?
    [ "$(curl -sSf "$PUBLIC/crl/issuing.crl" | openssl crl -inform DER -noout \
        -text | grep -c 'Serial Number')" = "$1" ]
}
ok 'an empty one in PEM' same_pem
for n in 1 1 1 1 1 1 3000; do
    grow "$n"
    eventually 100 "$revoked entries" served_has "$revoked"
    ok "$revoked entries in PEM, and in the chain" same_pem
done
[ "$(wc -c <"$T/c.pem")" -gt 80000 ]
is 'that is several pieces' $? 0

want 200 - 'authorities need no credential' "$API/v1/authorities"
json 'root and issuing' '[.authorities[].name] | sort == ["issuing", "root"]'
json 'in full' '[.authorities[] | (.subject | length) > 0 and
    (.not_before | endswith("Z")) and (.not_after | endswith("Z")) and
    (.sha256 | length) == 64 and (.pem | startswith("-----BEGIN"))] | all'
is 'sha256 of the root' \
    "$(jq -r '.authorities[] | select(.name == "root").sha256' "$T/body")" \
    "$(openssl x509 -in "$CA/root.pem" -outform DER | sha256sum |
        cut -d' ' -f1)"
want 200 - 'openapi needs no credential' "$API/v1/openapi.yaml"
like 'openapi' "$T/body" '^openapi:'
BEARER=$ADMIN
want 200 - 'profiles' "$API/v1/profiles"
json 'the three' '[.profiles[].name] | sort == ["client", "mutual", "server"]'
finish
