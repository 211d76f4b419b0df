#!/bin/sh
# SPDX-License-Identifier: ISC
# Wrong tokens without end are answered 429; the right one is served meanwhile.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
plain
serve
P=http://127.0.0.1:$plain_port
wrong="pca_aaaaaaaaaaaa_$(head -c 43 /dev/zero | tr '\0' a)"
before=$(state)
# one connection, 1 500 requests
i=0
while [ $i -lt 1500 ]; do
    for path in tokens/self certificates; do
        i=$((i + 1))
        printf 'url = "%s/v1/%s"\noutput = "%s/answer.%d"\n' "$P" $path "$T" $i
    done
done >"$T/urls"
curl -sS --max-time 60 --oauth2-bearer "$wrong" -K "$T/urls" -D "$T/heads" \
    -w '%{http_code}\n' >"$T/codes" 2>"$T/curl.err"
tail -n 20 "$T/codes" >"$T/last"
is 'all of them are answered' "$(grep -c . "$T/codes")" 1500
is 'the first are wrong' "$(head -n 1 "$T/codes")" 401
# one in a tenth of a second is judged all the same, perhaps the last
like 'the last are too many' "$T/last" 429
is 'and nothing else' "$(sort -u "$T/codes" | tr '\n' ' ')" '401 429 '
[ "$(grep -c 401 "$T/codes")" -ge 1000 ]
is 'a thousand were judged' $? 0
# the first of them: a client started anew may well take that tenth of a second
tr -d '\r' <"$T/heads" | awk -v RS= '/^HTTP\/1.1 429/ { print; exit }' >"$T/head"
mv "$T/answer.$(grep -n -m 1 429 "$T/codes" | cut -d: -f1)" "$T/body"
like 'one says when to come again' "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
json 'and why' '.code == "too-many-attempts" and (.detail | test("1000"))'
BEARER=$ADMIN
want 200 - 'the right one is served from the same address' "$P/v1/tokens/self"
BEARER=''
want 401 token-missing 'and none is as it was' "$P/v1/tokens/self"
is 'nothing was recorded' "$(state)" "$before"
finish
