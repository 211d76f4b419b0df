#!/bin/sh
# SPDX-License-Identifier: ISC
# One octet a second of head or body, or a reader that never reads: closed at
# a deadline of ours, while a fresh client is answered at once.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
plain
serve
head -c 4000 /dev/zero | tr '\0' a >"$T/many"
{ printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: '; cat "$T/many"; } |
    "$RAWHTTP" -d 1000 -t 90000 127.0.0.1 "$plain_port" >"$T/a" 2>"$T/a.ms" &
a=$!
{ printf 'POST /v1/certificates HTTP/1.1\r\nHost: localhost\r\n'
printf 'Authorization: Bearer %s\r\nContent-Length: 4000\r\n\r\n' "$BEARER"
cat "$T/many"; } >"$T/body-drip"
"$RAWHTTP" -d 20 -t 120000 127.0.0.1 "$plain_port" <"$T/body-drip" \
    >"$T/b" 2>"$T/b.ms" &
b=$!
"$RAWHTTP" -t 90000 -i 90000 127.0.0.1 "$plain_port" </dev/null \
    >"$T/c" 2>"$T/c.ms" &
c=$!
i=0
while [ $i -lt 11 ]; do
    curl -sS -o /dev/null -w '%{time_total}\n' \
        "http://127.0.0.1:$plain_port/healthz" >>"$T/fresh"
    sleep 0.2
    i=$((i + 1))
done
# half of them: a busy machine may keep one waiting, a drip all
took=$(sort -n "$T/fresh" | sed -n 6p)
echo "$took" | awk '{ exit !($1 > 0 && $1 < 0.3) }'
is "a fresh client is answered ($took s)" $? 0
wait "$a"
is 'the head drip was closed' $? 0
wait "$b"
is 'the body drip was closed' $? 0
wait "$c"
is 'the silent one was closed' $? 0
for f in a b c; do
    ms=$(cat "$T/$f.ms")
    [ "$ms" -lt 65000 ]
    is "$f: at our deadline ($ms ms)" $? 0
done
unlike 'none got an answer of 200' "$T/a" '^HTTP/1.1 200'
finish
