#!/bin/sh
# SPDX-License-Identifier: ISC
# Is it revoked? OCSP says so at once, by POST and GET, with and without nonce.
. "${SOURCE:?}/tests/scenario/lib.sh"

# ocsp WHAT ERE OPTION…: what openssl says of $T/a.internal.pem
ocsp() {
    o_what=$1 o_want=$2
    shift 2
    openssl ocsp "$@" -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
    like "$o_what" "$T/ocsp" "$o_want"
}
about() { # what is asked about, and where
    echo "-issuer $CA/issuing.pem -cert $T/$1.pem -url $PUBLIC/ocsp"
}
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
# The request in the path, percent-encoded as nginx does it.
escaped() { openssl base64 -A -in "$1" | sed 's/+/%2B/g; s/=/%3D/g; s,/,%2F,g'; }
POST='Content-Type: application/ocsp-request'

init
serve
issue b.internal
issue a.internal
# shellcheck disable=SC2046
for hash in sha1 sha256; do
    ocsp "$hash with a nonce" ': good' -$hash $(about a.internal)
    like "$hash: signed by the responder" "$T/ocsp" 'Response verify OK'
    unlike "$hash: the nonce came back" "$T/ocsp" 'no nonce'
    ocsp "$hash without a nonce" ': good' -no_nonce -$hash $(about a.internal)
done
is 'the address in the certificate' \
    "$(openssl x509 -in "$T/a.internal.pem" -noout -ocsp_uri)" "$PUBLIC/ocsp"

# What is not one of ours.
ocsp 'a serial that was not issued' '0xabcdef: unknown' \
    -issuer "$CA/issuing.pem" -serial 0xabcdef -url "$PUBLIC/ocsp"
ocsp 'of the root, which does not answer' 'unauthorized' \
    -issuer "$CA/root.pem" -cert "$CA/issuing.pem" -url "$PUBLIC/ocsp"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/x.key" -out "$T/x.pem" -subj /CN=Other 2>/dev/null
ocsp 'of somebody else' 'unauthorized' -issuer "$T/x.pem" \
    -cert "$T/a.internal.pem" -url "$PUBLIC/ocsp"

# Several at once.
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/a.internal.pem" \
    -cert "$T/b.internal.pem" -serial 0x1234 -CAfile "$CA/root.pem" \
    -url "$PUBLIC/ocsp" >"$T/ocsp" 2>&1
is 'two good' "$(grep -c ': good' "$T/ocsp")" 2
is 'one unknown' "$(grep -c ': unknown' "$T/ocsp")" 1

# The responder: delegated, never asked about, in the answer, on record.
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/a.internal.pem" -no_nonce \
    -reqout "$T/a.req" -respout "$T/a.resp" -url "$PUBLIC/ocsp" \
    -CAfile "$CA/root.pem" -resp_text >"$T/text" 2>&1
like 'by its key' "$T/text" 'Responder Id: [0-9A-F]{40}$'
sed -n '/BEGIN CERT/,/END CERT/p' "$T/text" >"$T/responder.pem"
ok 'the responder is certified by the authority' openssl verify \
    -CAfile "$CA/root.pem" -untrusted "$CA/issuing.pem" "$T/responder.pem"
openssl x509 -in "$T/responder.pem" -noout -text >"$T/responder.text"
like 'OCSP Signing' "$T/responder.text" 'OCSP Signing'
like 'nocheck' "$T/responder.text" 'OCSP No Check'
unlike 'no CRL to look at' "$T/responder.text" 'CRL Distribution'
ok 'it is valid' openssl x509 -in "$T/responder.pem" -noout \
    -checkend 0
no 'two weeks and not longer' openssl x509 -in "$T/responder.pem" -noout \
    -checkend 1209600
responder=$(serial_of "$T/responder.pem")
want 200 - 'it is on record' "$API/v1/certificates/$responder"
json 'as the service made it' '.requester.type == "service"'
before=$(state)
want 422 reason-not-allowed 'and is not revoked' -X POST \
    "$API/v1/certificates/$responder/revoke"
like 'the reason says why' "$T/body" "responder's certificate"
is 'nothing changed' "$(state)" "$before"

# Over HTTP.
BEARER=''
for base in "$PUBLIC" "$API"; do
    want 200 - "POST $base" -H "$POST" --data-binary @"$T/a.req" "$base/ocsp"
    is 'its type' "$(header Content-Type)" application/ocsp-response
    ok 'the same answer' cmp "$T/body" "$T/a.resp"
    want 200 - "GET $base" "$base/ocsp/$(escaped "$T/a.req")"
    ok 'the same answer' cmp "$T/body" "$T/a.resp"
    b64=$(openssl base64 -A -in "$T/a.req")
    want 200 - 'GET, nothing escaped' --path-as-is "$base/ocsp/$b64"
    ok 'the same answer' cmp "$T/body" "$T/a.resp"
    want 200 - 'GET, lower-case escapes' \
        "$base/ocsp/$(escaped "$T/a.req" | sed 's/%2B/%2b/g; s/%3D/%3d/g; s/%2F/%2f/g')"
    ok 'the same answer' cmp "$T/body" "$T/a.resp"
done
want 200 - 'twice escaped' "$PUBLIC/ocsp/$(escaped "$T/a.req" | sed 's/%/%25/g')x%253D"
is 'is malformed' "$(hex "$T/body")" 30030a0101
want 200 - 'with a line end in it' "$PUBLIC/ocsp/%0A$(escaped "$T/a.req")"
is 'is malformed' "$(hex "$T/body")" 30030a0101

# What is kept is answered with the same headers, and each one's own id.
kept() { # NAME URL [CURL-ARGUMENT...]
    name=$1 url=$2
    shift 2
    want 200 - "$name" -H "X-Request-Id: $name" "$@" "$url"
    is "$name: one id, its own" "$(grep -i '^X-Request-Id:' "$T/head" | tr -d '\r')" \
        "X-Request-Id: $name"
    is "$name: the other headers" "$(sed '/^X-Request-Id:/Id; /^Date:/Id' "$T/head" |
        sort | tr -d '\r')" "$headers"
}
path=/ocsp/$(escaped "$T/a.req")
want 200 - 'a kept answer' "$PUBLIC$path"
headers=$(sed '/^X-Request-Id:/Id; /^Date:/Id' "$T/head" | sort | tr -d '\r')
kept first "$PUBLIC$path"
kept another-listener "$API$path"
kept posted "$PUBLIC/ocsp" -H "$POST" --data-binary @"$T/a.req"
want 200 - 'the last of a connection' -H 'Connection: close' "$PUBLIC$path"
kept after-the-last "$PUBLIC$path"
want 304 - 'one that is known' -H 'If-None-Match: *' "$PUBLIC$path"
kept after-known "$PUBLIC$path"
kept after-head "$PUBLIC$path" -I

# RFC 5019 section 6.2.
want 200 - 'a cached answer' "$PUBLIC/ocsp/$(escaped "$T/a.req")"
like 'max-age' "$T/head" '^Cache-Control: max-age=900, public, no-transform, must-revalidate'
etag=$(header ETag) modified=$(header Last-Modified)
like 'an entity tag' "$T/head" '^ETag: "[0-9a-f]{32}"'
is 'Last-Modified is thisUpdate' "$(date -u -d "$modified" '+%b %e %T %Y GMT')" \
    "$(sed -n 's/.*This Update: //p' "$T/text" | head -n 1)"
is 'Expires is nextUpdate' "$(date -u -d "$(header Expires)" '+%b %e %T %Y GMT')" \
    "$(sed -n 's/.*Next Update: //p' "$T/text" | head -n 1)"
size=$(header Content-Length)
want 304 - 'not again' -H "If-None-Match: $etag" "$PUBLIC/ocsp/$(escaped "$T/a.req")"
is 'of what is known it has the length' "$(header Content-Length)" "$size"
want 304 - 'nor by date' -H "If-Modified-Since: $modified" \
    "$PUBLIC/ocsp/$(escaped "$T/a.req")"
want 200 - 'another tag' -H 'If-None-Match: "0"' "$PUBLIC/ocsp/$(escaped "$T/a.req")"
want 200 - 'HEAD' -I "$PUBLIC/ocsp/$(escaped "$T/a.req")"
is 'with the length' "$(header Content-Length)" "$(wc -c <"$T/a.resp")"
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/a.internal.pem" -reqout "$T/n.req" >/dev/null 2>&1
want 200 - 'one with a nonce' -H "$POST" --data-binary @"$T/n.req" "$PUBLIC/ocsp"
is 'is for nobody else' "$(header Cache-Control)" no-store
is 'has no tag' "$(header ETag)" ''
mv "$T/body" "$T/n.resp"
want 200 - 'once more' -H "$POST" --data-binary @"$T/n.req" "$PUBLIC/ocsp"
no 'is signed anew' cmp "$T/body" "$T/n.resp"
BEARER=$ADMIN

# Revoked: by every way of asking, from the answer to the revocation on.
want 200 - 'revoked' -d reason=superseded "$API/v1/certificates/$serial/revoke"
when=$(jq -r .revoked_at "$T/body")
BEARER=''
# shellcheck disable=SC2046
for way in '-no_nonce' '-nonce' '-no_nonce -sha256'; do
    # shellcheck disable=SC2086
    ocsp "revoked ($way)" ': revoked' $way $(about a.internal)
    like 'with the reason' "$T/ocsp" 'Reason: superseded'
    is 'and the date' \
        "$(date -u -d "$(sed -n 's/.*Revocation Time: //p' "$T/ocsp")" +%FT%TZ)" "$when"
done
want 200 - 'GET with the old tag' -H "If-None-Match: $etag" \
    "$PUBLIC/ocsp/$(escaped "$T/a.req")"
BEARER=$ADMIN
# shellcheck disable=SC2046
ocsp 'the other is good' ': good' $(about b.internal)
# shellcheck disable=SC2046
ocsp 'and kept' ': good' -no_nonce $(about b.internal)
# shellcheck disable=SC2046
ocsp 'that is not the answer about both' 'a.internal.pem: revoked' -no_nonce \
    $(about b.internal) $(about a.internal)

# Watching.
want 200 - 'metrics' "$API/metrics"
like 'the end of the responder' "$T/body" \
    '^pocketca_responder_not_after_seconds\{authority="issuing"\} 1209[0-9]{3}$'
like 'and its age: notBefore lies a minute back' "$T/body" \
    '^pocketca_responder_age_seconds\{authority="issuing"\} ([6-9]|1[0-9])[0-9]$'
want 200 - 'ready' "$API/readyz"

# After a restart the same, by another responder.
metric() { req "$API/metrics" && grep -c "$1" "$T/body"; }
is 'none of it ends within a week' \
    "$(metric 'expiring_certificates{within="7d"} 0')" 1
is 'one within two' "$(metric 'expiring_certificates{within="14d"} 1')" 1
stop
is 'stops' $? 0
serve
is 'the one before was replaced' \
    "$(metric 'expiring_certificates{within="14d"} 1')" 1
want 200 - 'which says by which' "$API/v1/certificates/$responder"
json 'replaced_by' '.replaced_by | length == 32'
# shellcheck disable=SC2046
ocsp 'still revoked' ': revoked' -no_nonce $(about a.internal)
# shellcheck disable=SC2046
ocsp 'still good' ': good' -no_nonce $(about b.internal)

# The settings: life of an answer, and what may be signed for one alone.
stop
sed -i 's/^authority issuing {/authority issuing {\n  ocsp-lifetime = "10m"/' \
    "$CA/pocketca.conf"
echo 'ocsp-sign-budget = 0' >>"$CA/pocketca.conf"
serve
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" \
    -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
like 'without a budget, with a nonce: what everybody gets' "$T/ocsp" ': good'
like 'which has none' "$T/ocsp" 'no nonce in response'
from=$(date -u -d "$(sed -n 's/.*This Update: //p' "$T/ocsp")" +%s)
until=$(date -u -d "$(sed -n 's/.*Next Update: //p' "$T/ocsp")" +%s)
is 'ten minutes' $((until - from)) 600
ocsp 'an unknown serial' trylater -issuer "$CA/issuing.pem" -serial 0xabcdef \
    -url "$PUBLIC/ocsp"
stop
is 'stops' $? 0
sed -i 's/ocsp-sign-budget = 0/ocsp-sign-budget = -1/' "$CA/pocketca.conf"
no 'no negative budget' "$POCKETCA" check -c "$CA/pocketca.conf"
like 'is named' "$T/out" 'ocsp-sign-budget: "-1" is no number from 0'
finish
