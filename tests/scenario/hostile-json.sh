#!/bin/sh
# SPDX-License-Identifier: ISC
# JSON that is not quite JSON, or not what is asked for.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
csr a.internal
csrline=$(sed ':a;N;$!ba;s/\n/\\n/g' "$T/a.internal.csr")
steady_begin
bad() { # WHAT, body in $T/json; to both routes that take JSON
    for route in certificates tokens; do
        want '400|413' 'bad-json|too-large' "$1 ($route)" \
            -H 'Content-Type: application/json' --data-binary @"$T/json" \
            "$API/v1/$route"
    done
}
text() { printf '%b' "$2" >"$T/json"; bad "$1"; }
GOOD="\"label\":\"x\",\"roles\":[\"read\"]"
head -c 10000 /dev/zero | tr '\0' '[' >"$T/json"
bad '10 000 brackets'
{ printf '{"a":'; head -c 10000 /dev/zero | tr '\0' '['; } >"$T/json"
bad '10 000 brackets inside'
head -c 100000 /dev/zero | tr '\0' '[' >"$T/json"
bad '100 000 brackets'
text 'a doubled member' "{$GOOD,\"label\":\"y\"}"
text 'a doubled member spelled with \\u' "{$GOOD,\"l\\\\u0061bel\":\"y\"}"
text 'an unknown member' "{$GOOD,\"nope\":1}"
text 'a huge number' "{$GOOD,\"uses\":1e999}"
text 'a fraction' "{$GOOD,\"uses\":1.5}"
text 'NaN' "{$GOOD,\"uses\":NaN}"
text 'a number over 64 bits' "{$GOOD,\"uses\":99999999999999999999}"
text 'two documents' "{$GOOD} {$GOOD}"
text 'something after it' "{$GOOD} x"
text 'a byte order mark' "\\0357\\0273\\0277{$GOOD}"
printf '{%s}' "$GOOD" | iconv -f UTF-8 -t UTF-16LE >"$T/json"
bad 'UTF-16'
text 'a lone surrogate' '{"label":"\\ud800","roles":["read"]}'
text 'an encoded NUL' '{"label":"a\\u0000b","roles":["read"]}'
json 'is named in words of ours' '.detail | test("no text may have .u0000")'
text 'a NUL' '{"label":"a\0000b","roles":["read"]}'
text 'invalid UTF-8' '{"label":"\0377","roles":["read"]}'
text 'an array' '[1]'
text 'a string' '"x"'
text 'null' 'null'
text 'nothing' ''
text 'blanks' '   '
text 'an open object' '{"label":"x"'
text 'single quotes' "{'label':'x'}"
text 'a comment' "{/**/$GOOD}"
text 'a trailing comma' "{$GOOD,}"
{ printf '{"a0":0'; seq -f ',"a%g":0' 1 1000; printf '}'; } | tr -d '\n' \
    >"$T/json"
bad 'a thousand members'
{ printf '{"a0":0'; seq -f ',"a%g":0' 1 10000; printf '}'; } | tr -d '\n' \
    >"$T/json"
bad '10 000 members'
for m in '"csr":1' '"csr":null' '"csr":[]' '"names":"a"' '"names":{}' \
    '"names":[null]' '"profile":1' '"lifetime":90' '"note":{}' \
    '"replaces":1'; do
    want 400 bad-json "wrong type: $m" -H 'Content-Type: application/json' \
        -d "{\"csr\":\"$csrline\",$m}" "$API/v1/certificates"
done
json 'the value and the rule are named' \
    '.detail == "replaces=1: a string is wanted"'
for m in '"label":1' '"roles":"read"' '"roles":[1]' '"names":"x"' \
    '"profiles":{}' '"wildcards":"yes"' '"uses":"1"' '"lifetime":1'; do
    name=$(echo "$m" | sed 's/:.*//')
    base=$(printf '{"label":"x","roles":["read"]}' |
        jq -c "del(.$name)" | sed 's/^{//; s/}$//')
    want 400 bad-json "wrong type: $m" -H 'Content-Type: application/json' \
        -d "{${base:+$base,}$m}" "$API/v1/tokens"
done
want 400 bad-json 'no CSR' -H 'Content-Type: application/json' -d '{}' \
    "$API/v1/certificates"
steady 'after all that'
finish
