#!/bin/sh
# SPDX-License-Identifier: ISC
# Idempotency-Key: the same request once, for ever; another is a conflict.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
csr a.internal
csr b.internal
t=$(token '"issue","read","revoke"' '"uses":2')
BEARER=$t
post() { # STATUS CODE WHAT KEY CSR QUERY CURL-ARG…
    i1=$1 i2=$2 i3=$3 i4=$4 i5=$5 i6=$6
    shift 6
    want "$i1" "$i2" "$i3" -H "Idempotency-Key: $i4" "$@" \
        --data-binary @"$T/$i5.csr" "$API/v1/certificates${i6:+?$i6}"
}
post 201 - 'the first time' k1 a.internal ''
serial=$(serial_of "$T/body")
cp "$T/body" "$T/first"
post 200 - 'the second time' k1 a.internal ''
ok 'the same certificate' cmp "$T/body" "$T/first"
post 200 - 'in another form' k1 a.internal '' -H 'Accept: application/json'
json 'the same' ".serial == \"$serial\""
like 'Location too' "$T/head" "^[Ll]ocation: /v1/certificates/$serial"
jq -n --rawfile csr "$T/a.internal.csr" '{csr: $csr}' >"$T/a.json"
want 200 - 'as JSON' -H 'Idempotency-Key: k1' \
    -H 'Content-Type: application/json' --data-binary @"$T/a.json" \
    "$API/v1/certificates"
json 'the same' ".serial == \"$serial\""
post 409 idempotency-conflict 'another CSR' k1 b.internal ''
for q in lifetime=5d note=x profile=server names=a.internal \
    "replaces=$serial"; do
    post '409' idempotency-conflict "another request: $q" k1 a.internal "$q"
done
req "$API/v1/tokens/self"
json 'repeats cost no use' '.uses == 1'
post 422 unknown-profile 'a refusal' k2 a.internal profile=nope
post 201 - 'is not remembered' k2 a.internal ''
post 200 - 'a used-up token still gets its repeat' k2 a.internal ''
post 401 token-used-up 'but nothing new' k3 a.internal ''
BEARER=$ADMIN
post 201 - 'the key belongs to the credential' k1 a.internal ''
is 'another certificate' "$([ "$(serial_of "$T/body")" != "$serial" ] &&
    echo yes)" yes
req -X POST "$API/v1/certificates/$(serial_of "$T/body")/revoke"
post 200 - 'also when it was revoked since' k1 a.internal '' \
    -H 'Accept: application/json'
json 'and says so' '.status == "revoked"'
stop
serve
post 200 - 'also after a restart' k1 a.internal ''

# many at once wait for the first
csr c.internal
i=0
while [ $i -lt 24 ]; do
    (curl -sS --max-time 20 -o "$T/many.$i" -w '%{http_code}\n' \
        --cacert "$CA/root.pem" --oauth2-bearer "$ADMIN" \
        -H 'Idempotency-Key: many' --data-binary @"$T/c.internal.csr" \
        "$API/v1/certificates" >"$T/status.$i" 2>&1) &
    pids="${pids:-} $!"
    i=$((i + 1))
done
# shellcheck disable=SC2086
wait $pids
is 'one 201' "$(cat "$T"/status.* | grep -c 201)" 1
is 'and 23 of 200' "$(cat "$T"/status.* | grep -c 200)" 23
is 'all the same' "$(sha256sum "$T"/many.* | cut -d' ' -f1 | sort -u |
    wc -l)" 1

before=$(state)
long=$(head -c 65 /dev/zero | tr '\0' k)
for key in '' "$long" 'with space' 'täst'; do
    req -H "Idempotency-Key: $key" -H 'X-None:' \
        --data-binary @"$T/b.internal.csr" "$API/v1/certificates"
    [ -n "$key" ] || continue # curl leaves an empty header out
    is "key '$key' is refused" "$status" 400
done
is 'nothing but the keyless one was recorded' \
    "$(state | head -n 1 | jq .tree_size)" \
    "$(($(echo "$before" | head -n 1 | jq .tree_size) + 1))"
post 201 - '64 characters are fine' \
    "$(head -c 64 /dev/zero | tr '\0' k)" b.internal ''
finish
