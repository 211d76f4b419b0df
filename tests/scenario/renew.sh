#!/bin/sh
# SPDX-License-Identifier: ISC
# Renewal: by token, by the certificate itself, with and without a CSR.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue a.internal
old=$serial
renew() { # STATUS CODE WHAT SERIAL CURL-ARG…
    r1=$1 r2=$2 r3=$3 r4=$4
    shift 4
    want "$r1" "$r2" "$r3" -H 'Accept: application/json' -X POST "$@" \
        "$API/v1/certificates/$r4/renew"
}
renew 201 - 'by token, nothing in the body' "$old"
json 'same names, same key, lineage' ".replaces == \"$old\" and
    .names == [\"dns:a.internal\"] and .requester.type == \"token\""
second=$(jq -r .serial "$T/body")
is 'another serial' "$([ "$second" != "$old" ] && echo yes)" yes
jq -r .pem "$T/body" >"$T/second.pem"
is 'the same key' "$(openssl x509 -in "$T/second.pem" -noout -pubkey)" \
    "$(openssl pkey -in "$T/a.internal.key" -pubout)"
like 'Location' "$T/head" "^[Ll]ocation: /v1/certificates/$second"
req "$API/v1/certificates/$old"
json 'the old one says by what' ".replaced_by == \"$second\" and
    .status == \"valid\""
renew 201 - 'an empty form' "$old" -d ''
want 400 bad-csr 'a form with an argument' -d lifetime=5d \
    "$API/v1/certificates/$old/renew"
json 'is told where it belongs' 'any(.errors[]; .code == "bad-argument" and
    (.detail | test("lifetime belongs into the URL")))'
want 201 - 'lifetime=5d' -X POST "$API/v1/certificates/$old/renew?lifetime=5d"
[ "$(grep -c BEGIN "$T/body")" = 2 ]
is 'answered as a chain' $? 0
days=$(($(date -d "$(openssl x509 -in "$T/body" -noout -enddate |
    cut -d= -f2)" +%s) - $(date +%s)))
[ "$days" -le 432000 ] && [ "$days" -gt 431000 ]
is 'five days' $? 0
renew 201 - 'with a CSR of the same key' "$old" \
    --data-binary @"$T/a.internal.csr"
cp "$T/a.internal.key" "$T/kept.key"
csr a.internal # the same name, a new key
renew 201 - 'with a CSR of a new key, by token' "$old" \
    --data-binary @"$T/a.internal.csr"
csr other.internal
before=$(state)
req -X POST --data-binary @"$T/other.internal.csr" \
    "$API/v1/certificates/$old/renew"
case $status in 4*) got=4xx ;; *) got=$status ;; esac
is 'other names are refused' "$got" 4xx
renew 404 not-found 'an unknown serial' 00112233445566778899aabbccddeeff
want '400|401|403|404' any 'a token alone does not say which certificate' \
    -X POST "$API/v1/renew"
is 'nothing was recorded' "$(state)" "$before"

# by the certificate itself
BEARER=''
cert=$T/a.internal.pem key=$T/kept.key
mtls() {
    m1=$1 m2=$2 m3=$3
    shift 3
    want "$m1" "$m2" "$m3" --cert "$cert" --key "$key" "$@"
}
mtls 201 - 'curl --cert renews itself' -X POST "$API/v1/renew"
cp "$T/body" "$T/third.pem"
third=$(serial_of "$T/third.pem")
ok 'verified' openssl verify -CAfile "$CA/root.pem" -untrusted "$T/third.pem" \
    "$T/third.pem"
mtls 201 - 'by its own serial' -X POST "$API/v1/certificates/$old/renew"
mtls '403|404' 'role-missing|not-found' 'not another one' -X POST \
    "$API/v1/certificates/$second/renew"
openssl req -new -key "$T/kept.key" -subj /CN=a.internal \
    -addext subjectAltName=DNS:a.internal -out "$T/same.csr" 2>/dev/null
mtls 201 - 'a CSR of the same key' --data-binary @"$T/same.csr" \
    "$API/v1/renew"
BEARER=$ADMIN
before=$(state)
BEARER=''
mtls 422 key-not-allowed 'a new key is refused' \
    --data-binary @"$T/a.internal.csr" "$API/v1/renew"
openssl req -new -key "$T/other.internal.key" -subj / -out "$T/wrong.csr" \
    -addext subjectAltName=DNS:other.internal -addext basicConstraints=CA:TRUE \
    2>/dev/null
mtls 422 name-not-allowed 'everything wrong' --data-binary @"$T/wrong.csr" \
    "$API/v1/renew?lifetime=400d"
json 'is said at once' '[.errors[].code] | sort == ["extension-not-allowed",
    "key-not-allowed", "lifetime-too-long", "name-not-allowed",
    "name-not-allowed"]'
is 'nothing was recorded' "$(state)" "$before"
mtls 200 - 'it may read itself' "$API/v1/certificates/$old"
json 'itself' ".serial == \"$old\""
mtls '403|404' 'role-missing|not-found' 'it may not read another' "$API/v1/certificates/$second"
mtls 403 role-missing 'it may not list' "$API/v1/certificates"
mtls 403 role-missing 'it may not issue' --data-binary @"$T/other.internal.csr" \
    "$API/v1/certificates"
mtls 403 role-missing 'it may not make tokens' -H 'Content-Type: application/json' \
    -d '{"label":"x","roles":["read"]}' "$API/v1/tokens"
cert=$T/third.pem
mtls 201 - 'the renewed one renews' -X POST "$API/v1/renew"
BEARER=$ADMIN
req "$API/v1/certificates/$(serial_of "$T/body")"
json 'the first requester stays' '.requester.type == "token"'

# rekey = yes and renew = no in a profile
stop
sed -i 's/^profile server {/&\n  rekey = yes/; s/^profile client {/&\n  renew = no/' \
    "$CA/pocketca.conf"
serve
BEARER='' cert=$T/third.pem
mtls 201 - 'rekey = yes lets the key change' \
    --data-binary @"$T/a.internal.csr" "$API/v1/renew"
BEARER=$ADMIN
issue c.internal profile=client
renew 422 profile-not-allowed 'renew = no' "$serial"
renew 201 - 'others still may' "$old"

# revoked certificates
req -X POST "$API/v1/certificates/$old/revoke"
BEARER='' cert=$T/a.internal.pem
mtls 401 certificate-revoked 'a revoked one cannot renew itself' \
    -X POST "$API/v1/renew"
# one of another CA with the same name
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
    -keyout "$T/evil.key" -out "$T/evil.pem" -subj /CN=a.internal \
    -addext subjectAltName=DNS:a.internal 2>/dev/null
cert=$T/evil.pem key=$T/evil.key
mtls 401 certificate-foreign 'one of another CA' -X POST "$API/v1/renew"
want 401 token-missing 'nothing at all' -X POST "$API/v1/renew"
BEARER=$ADMIN cert=$T/evil.pem
mtls 200 - 'a token sent too decides alone' "$API/v1/certificates/$second"
finish
