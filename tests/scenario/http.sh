#!/bin/sh
# SPDX-License-Identifier: ISC
# HEAD, 304, Allow, Location, request ids: what HTTP promises.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue a.internal
for path in /v1/certificates "/v1/certificates/$serial" \
    "/v1/certificates/$serial.pem" "/v1/certificates/$serial.der" \
    /v1/authorities /v1/profiles /v1/tokens /v1/tokens/self \
    /v1/openapi.yaml /healthz /readyz /metrics /ca/root.pem /ca/root.der \
    /ca/root.crt /ca/issuing.pem /ca/issuing.der /ca/chain.pem \
    /crl/issuing.crl /crl/issuing.pem /crl/root.crl /crl/chain.pem; do
    want 200 - "GET $path" "$API$path"
    length=$(wc -c <"$T/body")
    said=$(header Content-Length)
    type=$(header Content-Type)
    [ -n "$said" ] && is "$path: its length" "$length" "$said"
    want 200 - "HEAD $path" -I "$API$path"
    is "$path: same type" "$(header Content-Type)" "$type"
    case $path in
    /metrics | /readyz | /v1/tokens* | /v1/certificates) ;;
    *) is "$path: same length" "$(header Content-Length)" "$said" ;;
    esac
    want 405 method-not-allowed "PATCH $path" -X PATCH "$API$path"
    like "$path: Allow has GET" "$T/head" '^[Aa]llow:.*GET'
    like "$path: Allow has HEAD" "$T/head" '^[Aa]llow:.*HEAD'
done
for path in /v1/renew "/v1/certificates/$serial/revoke" \
    "/v1/certificates/$serial/renew"; do
    want 405 method-not-allowed "GET $path" "$API$path"
    like "$path: Allow has POST" "$T/head" '^[Aa]llow:.*POST'
done
BEARER=''
want 405 method-not-allowed 'a wrong method comes before 401' -X PUT \
    "$API/v1/certificates"
want 404 not-found 'an unknown path comes before 401' "$API/v1/nope"
for path in / /v1 /v1/ /v1/certificates/ /v2/certificates /V1/certificates \
    /crl/ /crl/nope.crl /ca/nope.pem /ca/../admin.token /crl/issuing.key; do
    want 404 not-found "$path is unknown" --path-as-is "$API$path" ||
        true
done
like 'problem+json' "$T/head" '^[Cc]ontent-[Tt]ype: application/problem\+json'
json 'in full' '(.type | type) == "string" and (.title | length) > 0 and
    .status == 404 and (.detail | length) > 0 and .code == "not-found"'

# caching of what does not change
BEARER=''
for path in /crl/issuing.crl /crl/chain.pem; do
    want 200 - "$path" "$PUBLIC$path"
    size=$(header Content-Length)
    etag=$(header ETag)
    modified=$(header Last-Modified)
    like "$path: ETag" "$T/head" '^[Ee][Tt]ag: "'
    like "$path: Last-Modified" "$T/head" '^[Ll]ast-[Mm]odified: .* GMT'
    like "$path: Expires" "$T/head" '^[Ee]xpires: .* GMT'
    want 304 - "$path: If-None-Match" -H "If-None-Match: $etag" "$PUBLIC$path"
    is "$path: nothing comes with a 304" "$(wc -c <"$T/body")" 0
    is "$path: of what is known it has the length, and no type" \
        "$(header Content-Length) $(header Content-Type)" "$size "
    want 304 - "$path: one of several" \
        -H "If-None-Match: \"zz\", $etag" "$PUBLIC$path"
    want 304 - "$path: *" -H 'If-None-Match: *' "$PUBLIC$path"
    want 304 - "$path: weak" -H "If-None-Match: W/$etag" "$PUBLIC$path"
    want 200 - "$path: another ETag" -H 'If-None-Match: "zz"' "$PUBLIC$path"
    want 304 - "$path: If-Modified-Since" \
        -H "If-Modified-Since: $modified" "$PUBLIC$path"
    want 200 - "$path: since long ago" \
        -H 'If-Modified-Since: Mon, 23 Nov 2020 09:25:53 GMT' "$PUBLIC$path"
    want 200 - "$path: ETag beats the date" -H 'If-None-Match: "zz"' \
        -H "If-Modified-Since: $modified" "$PUBLIC$path"
done
BEARER=$ADMIN
req -X POST "$API/v1/certificates/$serial/revoke"
want 200 - 'a new CRL has another ETag' -H "If-None-Match: $etag" \
    "$PUBLIC/crl/chain.pem"

# request ids
want 200 - 'an id is kept' -H 'X-Request-Id: abc.DEF-1_2' "$API/healthz"
is 'in the answer' "$(header X-Request-Id)" abc.DEF-1_2
like 'and in the log' "$T/log" 'abc\.DEF-1_2'
for id in 'with space' "$(head -c 65 /dev/zero | tr '\0' x)" 'a/b' 'ä'; do
    req -H "X-Request-Id: $id" "$API/healthz"
    got=$(header X-Request-Id)
    [ -n "$got" ] && [ "$got" != "$id" ]
    is 'a bad id is replaced' $? 0
done
want 404 not-found 'in a refusal too' -H 'X-Request-Id: refused-1' \
    "$API/nope"
is 'the same id' "$(header X-Request-Id)" refused-1
req "$API/healthz"
one=$(header X-Request-Id)
req "$API/healthz"
[ -n "$one" ] && [ "$one" != "$(header X-Request-Id)" ]
is 'made ones differ' $? 0

# over TLS a head waits for its body, and where none comes for nothing
segments() { # WHAT WANTED REQUEST…: several as one
    s_what=$1 s_want=$2
    shift 2
    for r; do
        printf '%s HTTP/1.1\r\nHost: x\r\n' "$r"
        printf 'Authorization: Bearer %s\r\n\r\n' "$BEARER"
    done >"$T/requests"
    is "$s_what" "$("$BUILD/tests/scenario/segments" "$api_port" \
        <"$T/requests" 2>&1)" "$s_want"
}
segments 'head and body are one segment' 1 'GET /v1/certificates'
segments 'the answer to HEAD waits for none' 2 'HEAD /v1/certificates' \
    'HEAD /v1/certificates'

# what stands around a header's value is no part of it (RFC 9112 section 5.1)
BEARER=''
tab=$(printf '\t')
for h in "Authorization: Bearer $ADMIN " "Authorization: Bearer $ADMIN $tab " \
    "Authorization: $tab  Bearer $ADMIN"; do
    want 200 - "'$(echo "$h" | sed 's/pca_[^ ]*/T/')'" -H "$h" \
        "$API/v1/tokens/self"
done
BEARER=$ADMIN
csr b.internal
post() { # STATUS CODE WHAT CURL-ARG…
    p1=$1 p2=$2 p3=$3
    shift 3
    want "$p1" "$p2" "$p3" "$@" --data-binary @"$T/b.internal.csr" \
        "$API/v1/certificates"
}
post 201 - 'a Content-Type with a blank behind it' \
    -H 'Content-Type: application/pkcs10 ' -H 'Idempotency-Key: k'
post 200 - 'an Idempotency-Key with one' -H 'Idempotency-Key:  k '
post 200 - 'an Accept with one' -H 'Idempotency-Key: k' \
    -H 'Accept: application/json '
json 'is heard' '.serial | length > 0'
req "$PUBLIC/crl/chain.pem"
etag=$(header ETag)
modified=$(header Last-Modified)
want 304 - 'an If-None-Match' -H "If-None-Match: $etag  " "$PUBLIC/crl/chain.pem"
want 304 - 'an If-Modified-Since' -H "If-Modified-Since: $modified " \
    "$PUBLIC/crl/chain.pem"
want 200 - 'a Host' -H "Host: localhost  " "$API/healthz"
req -H 'X-Request-Id: abc ' "$API/healthz"
is 'and an X-Request-Id' "$(header X-Request-Id)" abc

# nobody is believed because a header says so
BEARER=''
for h in 'X-SSL-Client-Verify: SUCCESS' 'X-SSL-Client-Cert: x' \
    'X-Forwarded-For: 127.0.0.1' 'X-Forwarded-User: admin' \
    'X-Client-Cert-Sha256: 00' 'Forwarded: for=127.0.0.1'; do
    want 401 token-missing "$h is ignored" -H "$h" "$API/v1/certificates"
done
like 'WWW-Authenticate' "$T/head" '^[Ww][Ww][Ww]-[Aa]uthenticate: Bearer'
want 401 token-missing 'another scheme' -u admin:x "$API/v1/certificates"
want '400|401' any 'a token in the query string' \
    "$API/v1/certificates?access_token=$ADMIN"
unlike 'is not logged' "$T/log" 'pca_[a-z0-9]+_'
finish
