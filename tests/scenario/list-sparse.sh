#!/bin/sh
# SPDX-License-Identifier: ISC
# A list whose filters match half of the certificates each and together the
# first and the last: in order of expiry they are found by looking at each, of
# which the signer does some thousand and wants to be asked again; who asks for a
# list need not know.
. "${SOURCE:?}/tests/scenario/lib.sh"
URLS=no # there is no ca.bench.internal

init
"$BUILD/bench/fill" "$CA" 50001 >"$T/out" 2>&1
is 'certificates are stored' "$?" 0
serve
sparse='profile=client&requester=0'
first='"dns:node-0000000.bench.internal"' last='"dns:node-0050000.bench.internal"'

req "$API/v1/certificates?$sparse"
is 'newest first: answered' "$status" 200
json 'newest first: the two that match' \
    "[.certificates[].names[0]] == [$last, $first]"
json 'newest first: and that is all' '.next == null'
sparse="$sparse&order=expiry"
req "$API/v1/certificates?$sparse"
is 'soonest end first: answered' "$status" 200
json 'soonest end first: the two that match' \
    "[.certificates[].names[0]] == [$first, $last]"
json 'soonest end first: and that is all' '.next == null'
req "$API/v1/certificates?$sparse&name=*.other.internal"
json 'nothing is nothing' '.certificates == [] and .next == null'
req "$API/v1/certificates?$sparse&limit=2"
json 'a limit that is met' '.certificates | length == 2'
req -H 'Accept: text/csv' "$API/v1/certificates?$sparse"
is 'CSV: a head and two lines' "$(wc -l <"$T/body")" 3
req -X POST -d dry_run=true -d profile=client -d requester=0 -d order=expiry \
    "$API/v1/revocations"
is 'revocations: answered' "$status" 200
json 'revocations: two' '.matched == 2'
req "$API/v1/certificates?profile=client&requester=1&limit=1000"
json 'a dense list is a page' '(.certificates | length) == 1000 and .next'

list() { # OPTION…
    "$POCKETCA" list -c "$CA/pocketca.conf" --profile client --requester 0 \
        --order expiry "$@" >"$T/list" 2>"$T/err"
}
ok 'the command' list --json
is 'finds both' "$(jq -c '[.certificates[].names[0]]' "$T/list")" \
    "[$first,$last]"
ok 'the command with a limit' list --json --limit 2
is 'finds both too' "$(jq -c '.certificates | length' "$T/list")" 2
ok 'and with a limit that is not met' list --json --limit 5
is 'goes on to the end' "$(jq -c '[(.certificates | length), .next]' \
    "$T/list")" '[2,null]'
ok 'in CSV' list --csv
is 'a head and two lines' "$(wc -l <"$T/list")" 3

stop
is 'the service ended' "$?" 0
finish
