#!/bin/sh
# SPDX-License-Identifier: ISC
# Ten reloads while certificates are being issued: nobody is turned away at the
# door, and what was acknowledged is there afterwards.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
csr a.internal
printf 'oauth2-bearer = "%s"\ncacert = "%s"\n' "$ADMIN" "$CA/root.pem" >"$T/rc"
# Each with a connection of its own; the serial of each 201, the status of all.
ask() { # N
    while [ ! -e "$T/enough" ]; do
        curl -sS --max-time 30 -K "$T/rc" -H 'Accept: application/json' \
            --data-binary @"$T/a.internal.csr" -w '\n%{http_code}\n' \
            "$API/v1/certificates" >"$T/answer.$1" 2>>"$T/curl.$1"
        code=$(tail -n 1 "$T/answer.$1")
        echo "$code" >>"$T/codes.$1"
        [ "$code" != 201 ] ||
            sed '$d' "$T/answer.$1" | jq -r .serial >>"$T/serials.$1"
    done
}
askers=''
for n in 1 2 3; do
    ask $n &
    askers="$askers $!"
done
ready() { grep -cE 'event=ready' "$T/log"; }
later() { [ "$(ready)" -gt "$was" ]; }
n=0
while [ $n -lt 10 ]; do
    n=$((n + 1))
    was=$(ready)
    kill -HUP "$SERVE"
    eventually 150 "reload $n" later
done
: >"$T/enough"
# shellcheck disable=SC2086
wait $askers
cat "$T"/serials.* | sort >"$T/acknowledged"
[ "$(wc -l <"$T/acknowledged")" -ge 10 ]
is "certificates came all the while ($(wc -l <"$T/acknowledged"))" $? 0
# 503 says that it is to be tried again; nobody is cut off or refused.
is 'no answer but 201 and 503' \
    "$(cat "$T"/codes.* | grep -Evc '^(201|503)$')" 0
is 'curl had nothing to say' "$(cat "$T"/curl.*)" ''
is 'none twice' "$(uniq -d "$T/acknowledged")" ''
lost=''
while read -r serial; do
    req "$API/v1/certificates/$serial"
    [ "$status" = 200 ] || lost="$lost $serial"
done <"$T/acknowledged"
is 'what was acknowledged is there' "$lost" ''
want 200 - 'ready' "$API/readyz"
stop
ok 'the ledger is whole' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
