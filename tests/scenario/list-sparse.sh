#!/bin/sh
# SPDX-License-Identifier: ISC
# A list whose filters match half of the certificates each and together one, the
# oldest: the signer looks at some thousand and wants to be asked again; who asks
# for a list need not know.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
"$BUILD/bench/fill" "$CA" 50001 >"$T/out" 2>&1
is 'certificates are stored' "$?" 0
serve
sparse='profile=client&requester=0'
first=dns:node-0000000.bench.internal

for order in issued expiry; do
    req "$API/v1/certificates?$sparse&order=$order"
    is "$order: answered" "$status" 200
    json "$order: with the one that matches" \
        "[.certificates[].names[0]] == [\"$first\"]"
    json "$order: and that is all" '.next == null'
done
req "$API/v1/certificates?$sparse&name=*.other.internal"
json 'nothing is nothing' '.certificates == [] and .next == null'
req "$API/v1/certificates?$sparse&limit=1"
json 'a limit that is met' '.certificates | length == 1'
req -H 'Accept: text/csv' "$API/v1/certificates?$sparse"
is 'CSV: a head and one line' "$(wc -l <"$T/body")" 2
req -X POST -d dry_run=true -d profile=client -d requester=0 \
    "$API/v1/revocations"
is 'revocations: answered' "$status" 200
json 'revocations: one' '.matched == 1'
req "$API/v1/certificates?profile=client&requester=1&limit=1000"
json 'a dense list is a page' '(.certificates | length) == 1000 and .next'

list() { # OPTION…
    "$POCKETCA" list -c "$CA/pocketca.conf" --profile client --requester 0 \
        "$@" >"$T/list" 2>"$T/err"
}
ok 'the command' list --json
is 'finds it' "$(jq -r '.certificates[].names[0]' "$T/list")" "$first"
ok 'the command with a limit' list --json --limit 1
is 'finds it too' "$(jq -r '.certificates[].names[0]' "$T/list")" "$first"
ok 'and with a limit that is not met' list --json --limit 5
is 'goes on to the end' "$(jq -c '[(.certificates | length), .next]' \
    "$T/list")" '[1,null]'
ok 'in CSV' list --csv
is 'a head and one line' "$(wc -l <"$T/list")" 2

stop
is 'the service ended' "$?" 0
finish
