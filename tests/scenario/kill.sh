#!/bin/sh
# SPDX-License-Identifier: ISC
# kill -9 of signer, front, supervisor or all under load, again and again:
# every certificate a client received is in the ledger, none twice, and the
# service is back within 2 s, but for a moment in which the machine is busy.
. "${SOURCE:?}/tests/scenario/lib.sh"

ROUNDS=${ROUNDS:-50}
LIMIT=${LIMIT:-2000}
now() { date +%s%N | sed 's/......$//'; } # milliseconds
init
plain
serve
csr load.internal
# the load: each client posts on and on, and keeps what it was given
cat >"$T/curlrc" <<RC
oauth2-bearer = "$BEARER"
data-binary = "@$T/load.internal.csr"
url = "http://127.0.0.1:$plain_port/v1/certificates"
RC
load() {
    n=0
    while [ ! -e "$T/enough" ]; do
        n=$((n + 1))
        code=$(curl -s --max-time 5 -K "$T/curlrc" -o "$T/got.$1" \
            -w '%{http_code}') && whole=yes || whole=no
        # cut short is not received: Content-Length tells
        if [ "$code $whole" = '201 yes' ]; then
            sed '/^-----END/q' "$T/got.$1" |
                openssl x509 -noout -serial >>"$T/serials.$1" \
                    2>"$T/openssl.$1" || {
                echo broken >>"$T/serials.$1"
                cat "$T/openssl.$1" "$T/got.$1" >>"$T/broken"
            }
        fi
        echo "$code" >>"$T/codes.$1"
    done
}
for i in 1 2 3; do
    load $i &
    loads="${loads:-} $!"
done
sleep 0.5
worst=0 late=0 round=0
while [ $round -lt "$ROUNDS" ]; do
    front=$(pid_of front) signer=$(pid_of signer)
    case $((round % 4)) in
    0) [ -z "$signer" ] || kill -KILL "$signer" ;;
    1) [ -z "$front" ] || kill -KILL "$front" ;;
    2 | 3)
        # all of them, or the supervisor alone; then another at once
        [ $((round % 4)) -eq 2 ] ||
            kill -KILL $front $signer 2>/dev/null
        kill -KILL "$SERVE"
        wait "$SERVE" 2>/dev/null
        launch
        ;;
    esac
    start=$(now)
    while :; do
        took=$(($(now) - start))
        curl -sf -o /dev/null --max-time 2 \
            "http://127.0.0.1:$plain_port/readyz" && break
        if ! kill -0 "$SERVE" 2>/dev/null; then
            # a slow disk may keep the killed ones, and so their lock, for 3 s
            wait "$SERVE"
            [ $? -eq 3 ] || bail "serve ended in round $round"
            launch
        fi
        [ $took -lt 20000 ] || bail "not back after 20 s in round $round"
        sleep 0.02
    done
    took=$(($(now) - start))
    [ $took -le $worst ] || worst=$took
    [ $took -le "$LIMIT" ] || late=$((late + 1))
    round=$((round + 1))
    sleep "0.$(($(od -An -N1 -tu1 /dev/urandom) % 4))"
done
: >"$T/enough"
# shellcheck disable=SC2086
wait $loads
# one of the four kinds that were always late would be a quarter
[ $((late * 8)) -le "$ROUNDS" ]
is "back within $LIMIT ms ($late were later, at most $worst ms)" $? 0
cat "$T"/serials.* | sed 's/.*=//' | tr 'A-F' 'a-f' | sort >"$T/received"
count=$(wc -l <"$T/received")
[ "$count" -gt "$ROUNDS" ]
is "there was load ($count certificates)" $? 0
is 'none broken' "$(grep -c broken "$T/received")" 0
[ ! -s "$T/broken" ] || note "$T/broken"
is 'none twice' "$(uniq -d "$T/received")" ''
cursor=''
: >"$T/ledger"
while :; do
    req "$API/v1/certificates?limit=1000&name=load.internal${cursor:+&cursor=$cursor}"
    [ "$status" = 200 ] || bail "list: $status"
    jq -r '.certificates[].serial' "$T/body" >>"$T/ledger"
    cursor=$(jq -r '.next // empty' "$T/body")
    [ -n "$cursor" ] || break
done
sort -o "$T/ledger" "$T/ledger"
is 'none twice in the ledger' "$(uniq -d "$T/ledger")" ''
is 'every one received is in the ledger' \
    "$(comm -23 "$T/received" "$T/ledger")" ''
unlike 'nobody saw a 500' "$T/codes.1" '^50[0-24-9]'
stop
is 'and ends well' $? 0
ok 'the audit agrees' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
