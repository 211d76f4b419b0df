#!/bin/sh
# SPDX-License-Identifier: ISC
# Every octet of a good CSR changed, once each, over one connection: refused,
# or issued under the same policy; the service stays.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.example.internal'
plain
serve
pids="$(pid_of front) $(pid_of signer)"
openssl genpkey -algorithm RSA -out "$T/rsa.key" 2>/dev/null
openssl genpkey -algorithm ED25519 -out "$T/ed.key" 2>/dev/null
for key in '' "$T/rsa.key" "$T/ed.key"; do
    kind=$(basename "${key:-p256}" .key)
    "$MKCSR" ${key:+-k "$key"} -c a.example.internal \
        -n dns:a.example.internal -w "$BEARER" >"$T/stream"
    count=$(grep -ao 'POST /v1/' "$T/stream" | wc -l)
    "$RAWHTTP" -t 60000 -i 3000 127.0.0.1 "$plain_port" <"$T/stream" \
        >"$T/answers" 2>/dev/null
    tr -d '\000' <"$T/answers" | grep -ao 'HTTP/1\.1 [0-9][0-9][0-9]' |
        sort | uniq -c >"$T/codes"
    is "$kind: each of $count is answered" \
        "$(awk '{ s += $1 } END { print s + 0 }' "$T/codes")" "$count"
    unlike "$kind: no 5xx" "$T/codes" ' 5[0-9][0-9]$'
    is "$kind: all are 4xx or 201" "$(grep -Evc ' (4[0-9][0-9]|201)$' \
        "$T/codes")" 0
    refused=$(awk '$3 ~ /^4/ { s += $1 } END { print s + 0 }' "$T/codes")
    [ "$refused" -ge $((count * 9 / 10)) ]
    is "$kind: nearly all are refused ($refused of $count)" $? 0
done
is 'same processes' "$(pid_of front) $(pid_of signer)" "$pids"
want 200 - 'what was issued' "$API/v1/certificates?limit=1000&profile=server"
json 'has names that the policy allows' '[.certificates[].names[] |
    select(endswith(".example.internal") | not)] | length == 0'
ok 'the audit agrees' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
