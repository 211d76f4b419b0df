#!/bin/sh
# SPDX-License-Identifier: ISC
# Octets that no good client sends.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
plain
serve
issue a.internal
openssl req -in "$T/a.internal.csr" -outform DER -out "$T/a.der"
A="Authorization: Bearer $BEARER"
H='Host: localhost'
steady_begin
# raw WHAT WANTED: $T/in is sent; the statuses that come back, on one line,
# match the ERE; `closed` stands for none.
raw() {
    "$RAWHTTP" -t 12000 -i 1200 127.0.0.1 "$plain_port" <"$T/in" \
        >"$T/answer" 2>"$T/took"
    got=$(tr -d '\000' <"$T/answer" | grep -ao '^HTTP/1\.[01] [0-9][0-9][0-9]' |
        cut -d' ' -f2 | tr '\n' ' ' | sed 's/ $//')
    if echo "${got:-closed}" | grep -Eqx "$2"; then point ok "$1"; else
        point 'not ok' "$1"
        echo "#   got ${got:-closed}, wanted $2"
        note "$T/answer"
    fi
}
lines() { printf '%s\r\n' "$@"; }
n=$(wc -c <"$T/a.der")
SMUGGLED=$(lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
    "Content-Length: $n" 'X-Request-Id: smuggled' '' ; echo x)
SMUGGLED=${SMUGGLED%x}
refused='4[0-9][0-9]|closed'
# libmicrohttpd 0.9.75 writes the head of this answer of its own twice
bad_length='400( 400)?|413( 413)?|closed'

# the helper itself
{ lines 'GET /healthz HTTP/1.1' "$H" '' 'GET /healthz HTTP/1.1' "$H" ''; } >"$T/in"
raw 'two good requests on one connection' '200 200'

# lengths
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'Content-Length: 4' \
        'Transfer-Encoding: chunked' '' 0 ''
    printf '%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'both length headers' "$refused"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'Content-Length: 4' \
        "Content-Length: 40" ''
    printf 'abcd%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'two Content-Lengths' "$refused"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'Content-Length: 4' \
        "Content-Length: 4" ''
    printf 'abcd%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'the same Content-Length twice' "$refused"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" "Content-Length : $n" ''
    printf '%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'a space before the colon' "$refused"
# (libmicrohttpd 0.9.75 refuses these itself, and says its head twice)
for length in abc +5 -1 -5 0x5 5,5 '5 5' '5 ' 99999999999999999999 ' ' ''; do
    {
        lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
            "Content-Length: $length" ''
        printf 'abcde%s' "$SMUGGLED"
        cat "$T/a.der"
    } >"$T/in"
    raw "Content-Length '$length'" "$bad_length"
done
for te in xchunked 'chunked, chunked' 'gzip, chunked' identity 'chunked x' \
    "$(printf 'chunked\013')"; do
    {
        lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
            "Transfer-Encoding: $te" '' 0 ''
        printf '%s' "$SMUGGLED"
        cat "$T/a.der"
    } >"$T/in"
    raw "Transfer-Encoding '$te'" "$refused"
done
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
        'Transfer-Encoding: chunked' 'Transfer-Encoding: chunked' '' 0 ''
    printf '%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'Transfer-Encoding twice' "$refused"
{
    lines 'POST /v1/certificates HTTP/1.0' "$H" "$A" \
        'Transfer-Encoding: chunked' '' 0 ''
    printf '%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'chunked in HTTP/1.0' "$refused"
for size in 0x5 -1 12345678901234567 g ''; do
    {
        lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
            'Transfer-Encoding: chunked' '' "$size" hello 0 ''
        printf '%s' "$SMUGGLED"
        cat "$T/a.der"
    } >"$T/in"
    raw "chunk size '$size'" "$refused"
done

# hosts, folds, tokens
lines 'GET /healthz HTTP/1.1' '' >"$T/in"
raw 'no Host' "$refused"
lines 'GET /healthz HTTP/1.1' "$H" 'Host: evil' '' >"$T/in"
raw 'two Hosts' "$refused"
lines 'GET http://evil.org/healthz HTTP/1.1' "$H" '' >"$T/in"
raw 'an absolute form for another host' "$refused"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'Content-Length: 5' \
        ' 0' ''
    printf 'hello%s' "$SMUGGLED"
    cat "$T/a.der"
} >"$T/in"
raw 'a folded header' "($refused)( 4[0-9][0-9])?"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'X-A: b' \
        "	Content-Length: $n" ''
    cat "$T/a.der"
} >"$T/in"
raw 'a length in a fold' "$refused"
lines 'GET /v1/tokens HTTP/1.1' "$H" "$A" "$A" '' >"$T/in"
raw 'two Authorization headers' 400
printf 'GET /healthz HTTP/1.1\r\n%s\r\nX-\001: b\r\n\r\n' "$H" >"$T/in"
raw 'a control character in a header name' "$refused"
printf 'GET /healthz HTTP/1.1\r\n%s\r\nX A: b\r\n\r\n' "$H" >"$T/in"
raw 'a space in a header name' "$refused"
printf 'GET /healthz HTTP/1.1\r\n%s\r\n: b\r\n\r\n' "$H" >"$T/in"
raw 'an empty header name' "$refused"

# paths
for path in '/v1/certificates/%00' '/crl/%2e%2e/ca/root.pem' \
    '/crl/../ca/root.pem' '/./healthz' '//healthz' '/v1//certificates' \
    '/v1%2fcertificates' '/healthz%zz' '/healthz%' '/healthz%2' \
    '/healthz/' '/%68ealthz' '/v1/certificates/..%2f..%2fadmin.token' \
    '/ca/root.pem%00.der' '/ca/root.pem;x' '/CRL/issuing.crl'; do
    lines "GET $path HTTP/1.1" "$H" "$A" '' >"$T/in"
    raw "path $path" "$refused"
done
lines 'GET /v1/certificates?b HTTP/1.1' "$H" "$A" '' >"$T/in"
raw 'an argument without =' 400
lines 'GET /v1/certificates?limit=1&limit=2 HTTP/1.1' "$H" "$A" '' >"$T/in"
raw 'an argument twice' 400
lines 'GET /v1/certificates?limit=%31 HTTP/1.1' "$H" "$A" '' >"$T/in"
raw 'an encoded argument is fine' 200
printf 'GET /healthz\001 HTTP/1.1\r\n%s\r\n\r\n' "$H" >"$T/in"
raw 'a control octet in the path' "$refused"
printf 'GET /healthz\377 HTTP/1.1\r\n%s\r\n\r\n' "$H" >"$T/in"
raw 'a high octet in the path' "$refused"
long=$(head -c 40000 /dev/zero | tr '\0' a)
lines "GET /$long HTTP/1.1" "$H" '' >"$T/in"
raw 'an URL of 40 kB' "$refused"
{
    lines 'GET /healthz HTTP/1.1' "$H"
    seq -f 'X-H%g: b' 1 10000 | sed 's/$/\r/'
    lines ''
} >"$T/in"
raw '10 000 headers' "$refused"

# bodies
head -c 65537 /dev/zero >"$T/over"
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" 'Content-Length: 65537' ''
    cat "$T/over"
} >"$T/in"
raw 'one octet over the limit, declared' '413|closed'
{
    lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
        'Transfer-Encoding: chunked' '' 10001
    cat "$T/over"
    lines '' 0 ''
} >"$T/in"
raw 'one octet over the limit, chunked' '413|closed'
lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
    'Content-Length: 10000000000' 'Expect: 100-continue' '' >"$T/in"
raw '10 GB behind Expect: refused before the body' 413
{
    lines 'POST /v1/tokens HTTP/1.1' "$H" "$A" \
        'Content-Type: application/json' 'Content-Length: 16385' ''
    head -c 16385 /dev/zero | tr '\0' ' '
} >"$T/in"
raw '16 KiB and one octet for other routes' '413|closed'

# methods, versions, other protocols
for m in TRACE CONNECT get OPTIONS PUT FOO; do
    lines "$m /healthz HTTP/1.1" "$H" '' >"$T/in"
    raw "method $m" "$refused"
done
lines 'GET /healthz HTTP/9.9' "$H" '' >"$T/in"
raw 'version 9.9' "$refused|505"
lines 'GET /healthz' '' >"$T/in"
raw 'HTTP/0.9' "$refused|200"
printf '\026\003\001\002\000\001\000\001\374\003\003' >"$T/in"
raw 'TLS on the plain port' "$refused"
lines 'GET /healthz HTTP/1.1' "$H" '' |
    "$RAWHTTP" -t 5000 127.0.0.1 "$api_port" >"$T/answer" 2>/dev/null
like 'plain HTTP on the TLS port is refused' "$T/answer" '^HTTP/1.1 400'
like 'and told why' "$T/answer" '^HTTPS is spoken here'
is 'also what has much to say' "$(head -c 300000 /dev/zero |
    curl -sS -o /dev/null -w '%{http_code}' --data-binary @- \
        "http://127.0.0.1:$api_port/v1/certificates" 2>&1)" 400
head -c 3000 /dev/urandom >"$T/in"
raw 'noise' "$refused|505"
i=0
while [ $i -lt 20 ]; do
    { lines 'POST /v1/certificates HTTP/1.1' "$H" "$A" \
        "Content-Length: $n" ''; head -c $((i * 10)) "$T/a.der"; } |
        "$RAWHTTP" -h 127.0.0.1 "$plain_port" >/dev/null 2>&1
    lines 'GET /v1/certificates HTTP/1.1' "$H" "$A" '' |
        "$RAWHTTP" -h 127.0.0.1 "$plain_port" >/dev/null 2>&1
    i=$((i + 1))
done
steady 'after all that'
unlike 'the smuggled request never ran' "$T/log" smuggled
unlike 'no secret in the log' "$T/log" "${BEARER##*_}"
finish
