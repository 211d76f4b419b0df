#!/bin/sh
# SPDX-License-Identifier: ISC
# Hostile OCSP requests: each an answer of OCSP's or of HTTP's, none a signature
# that was not due, and the service none the worse.
. "${SOURCE:?}/tests/scenario/lib.sh"

POST='Content-Type: application/ocsp-request'
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
put() { # HEX > octets
    # shellcheck disable=SC2059
    printf "$(echo "$1" | awk '{
        d = "0123456789abcdef"
        for (i = 1; i < length; i += 2)
            printf "\\%03o", (index(d, substr($0, i, 1)) - 1) * 16 + \
                index(d, substr($0, i + 1, 1)) - 1
    }')"
}
post() { # WHAT HEX-OF-REQUEST
    put "$2" >"$T/in"
    want 200 - "$1" -H "$POST" --data-binary @"$T/in" "$PUBLIC/ocsp"
}
gives() { # WHAT ANSWER HEX-OF-REQUEST: an unsigned one
    post "$1" "$3"
    is "$1: $2" "$(hex "$T/body")" "$2"
}
signed() { # WHAT HEX-OF-REQUEST: successful
    post "$1" "$2"
    is "$1: is answered" "$(hex "$T/body" | cut -c 1-4,9-14)" 30820a0100
}
# der TAG HEX: one element
der() {
    d_n=$((${#2} / 2))
    if [ $d_n -lt 128 ]; then
        printf '%s%02x%s' "$1" $d_n "$2"
    elif [ $d_n -lt 256 ]; then
        printf '%s81%02x%s' "$1" $d_n "$2"
    elif [ $d_n -lt 65536 ]; then
        printf '%s82%04x%s' "$1" $d_n "$2"
    else
        printf '%s83%06x%s' "$1" $d_n "$2"
    fi
}
repeat() { # N HEX
    awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) printf "%s", s }'
}

# AddressSanitizer keeps what was freed for a while; not so much here.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1"
export ASAN_OPTIONS

init
serve
issue a.internal
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/a.internal.pem" -no_nonce \
    -reqout "$T/req" >/dev/null 2>&1
BEARER=''
req=$(hex "$T/req")
len=$(wc -c <"$T/req")

# Truncated at every octet; with more behind.
bad=0 n=0
while [ $n -lt "$len" ]; do
    head -c $n "$T/req" >"$T/cut"
    req -H "$POST" --data-binary @"$T/cut" "$PUBLIC/ocsp"
    [ "$status $(hex "$T/body")" = '200 30030a0101' ] || bad=$((bad + 1))
    n=$((n + 1))
done
is 'cut at each octet is malformed' "$bad" 0
gives 'an octet behind' 30030a0101 "${req}00"
gives 'indefinite length' 30030a0101 "3080$(echo "$req" | cut -c 5-)0000"
signed 'as it is' "$req"

# The request again, from its parts.
id=$(openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/a.internal.pem" \
    -no_nonce -req_text 2>/dev/null)
name=$(echo "$id" | sed -n 's/.*Issuer Name Hash: //p' | tr 'A-F' 'a-f')
key=$(echo "$id" | sed -n 's/.*Issuer Key Hash: //p' | tr 'A-F' 'a-f')
SHA1=300906052b0e03021a0500
certid() { # SERIAL-CONTENTS [ALGORITHM NAME KEY]
    der 30 "${2:-$SHA1}$(der 04 "${3:-$name}")$(der 04 "${4:-$key}")$(der 02 "$1")"
}
request() { # LIST-CONTENTS [EXTENSIONS]
    der 30 "$(der 30 "$(der 30 "$1")${2:-}")"
}
one=$(der 30 "$(certid "$serial")")
is 'the parts are right' "$(request "$one")" "$req"
gives 'none' 30030a0101 "$(request '')"
signed 'four' "$(request "$one$one$one$one")"
gives 'five' 30030a0101 "$(request "$one$one$one$one$one")"
gives 'a hundred and eighty' 30030a0101 "$(request "$(repeat 180 "$one")")"
put "$(request "$(repeat 1000 "$one")")" >"$T/in"
want 413 too-large 'a thousand do not fit' -H "$POST" --data-binary @"$T/in" \
    "$PUBLIC/ocsp"

# Hashes that nobody's certificates are known by.
gives 'MD5' 30030a0106 "$(request "$(der 30 "$(certid 01 \
    300c06082a864886f70d02050500 "$(repeat 16 aa)" "$(repeat 16 bb)")")")"
gives 'SHA-512' 30030a0106 "$(request "$(der 30 "$(certid 01 \
    300d06096086480165030402030500 "$(repeat 64 aa)" "$(repeat 64 bb)")")")"
gives 'an unknown algorithm' 30030a0106 \
    "$(request "$(der 30 "$(certid 01 300406022a03)")")"
gives 'the right name, another key' 30030a0106 \
    "$(request "$(der 30 "$(certid 01 '' "$name" "$(repeat 20 bb)")")")"

# Serials.
gives 'a negative serial' 30030a0101 "$(request "$(der 30 "$(certid ff)")")"
signed 'serial zero' "$(request "$(der 30 "$(certid 00)")")"
ok 'serial zero is unknown' sh -c "openssl ocsp -reqin $T/in -url $PUBLIC/ocsp \
    -CAfile $CA/root.pem -resp_text 2>&1 | grep -q 'Cert Status: unknown'"
gives 'a serial of 21 octets' 30030a0101 \
    "$(request "$(der 30 "$(certid "$(repeat 21 11)")")")"
gives 'a serial of 7 kB' 30030a0101 \
    "$(request "$(der 30 "$(certid "$(repeat 7000 11)")")")"
put "$(der 30 "$(repeat 20000 11)")" >"$T/in"
want 413 too-large 'twenty thousand octets' -H "$POST" --data-binary @"$T/in" \
    "$PUBLIC/ocsp"

# Extensions.
NONCE=06092b0601050507300102
exts() { # EXTENSION…: requestExtensions
    der a2 "$(der 30 "$(for x; do der 30 "$x"; done)")"
}
nonce() { # OCTETS
    echo "$NONCE$(der 04 "$(der 04 "$(repeat "$1" 5a)")")"
}
for n in 0 129 6000; do
    gives "a nonce of $n octets" 30030a0101 "$(request "$one" "$(exts "$(nonce $n)")")"
done
for n in 1 32 128; do
    signed "a nonce of $n" "$(request "$one" "$(exts "$(nonce $n)")")"
    is "$n octets come back" "$(hex "$T/body" | grep -c "$(nonce $n)")" 1
done
gives 'two nonces' 30030a0101 "$(request "$one" "$(exts "$(nonce 4)" "$(nonce 4)")")"
gives 'an unknown critical extension' 30030a0101 \
    "$(request "$one" "$(exts 06022a030101ff04020500)")"
# A signed request is answered as any other; who signs is not looked at.
signed 'a signed request' "$(der 30 "$(der 30 "$(der 30 "$one")")$(der a0 \
    "$(der 30 300a06082a8648ce3d0403020303000102)")")"

# HTTP.
want 415 unsupported-media-type 'another content type' -H 'Content-Type: text/plain' \
    --data-binary @"$T/req" "$PUBLIC/ocsp"
want 415 unsupported-media-type 'a form' --data-binary @"$T/req" "$PUBLIC/ocsp"
want 405 method-not-allowed 'DELETE' -X DELETE "$PUBLIC/ocsp"
want '404|405' any 'GET of nothing' "$PUBLIC/ocsp/"
want 200 - 'GET of what is no base64' "$PUBLIC/ocsp/....."
is 'is malformed' "$(hex "$T/body")" 30030a0101
want 200 - 'GET of a request cut short' "$PUBLIC/ocsp/MEIwQDA"
is 'is malformed' "$(hex "$T/body")" 30030a0101
want 200 - 'GET with a space' "$PUBLIC/ocsp/MEIw%20QDA"
is 'is malformed' "$(hex "$T/body")" 30030a0101
want 400 any 'GET with a NUL' "$PUBLIC/ocsp/MEIw%00QDA" ||
    is 'or is not found' "$status" 404
long=$(awk 'BEGIN { while (n++ < 20000) printf "A" }')
want '414|431' any 'GET of 20 kB' "$PUBLIC/ocsp/$long"

# Serials by the thousand that nobody issued: signatures out of the budget
# alone, memory flat.
kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of "$1")/status"; }
N=20000
awk -v n=$N -v url="$PUBLIC/ocsp/" -v name="$name" -v key="$key" '
function octet(h) { return index(d, substr(h, 1, 1)) * 16 - 16 + index(d, substr(h, 2, 1)) - 1 }
function base64(h,   i, v, out) {
    for (i = 1; i <= length(h); i += 6) {
        v = octet(substr(h, i, 2)) * 65536
        if (i + 2 <= length(h)) v += octet(substr(h, i + 2, 2)) * 256
        if (i + 4 <= length(h)) v += octet(substr(h, i + 4, 2))
        out = out substr(b, int(v / 262144) + 1, 1) substr(b, int(v / 4096) % 64 + 1, 1)
        out = out (i + 2 <= length(h) ? substr(b, int(v / 64) % 64 + 1, 1) : "=")
        out = out (i + 4 <= length(h) ? substr(b, v % 64 + 1, 1) : "=")
    }
    gsub(/\+/, "%2B", out); gsub(/\//, "%2F", out)
    return out
}
BEGIN {
    d = "0123456789abcdef"
    b = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i = 0; i < n; i++)
        printf "url = \"%s%s\"\noutput = /dev/null\n", url,
            base64("3051304f304d304b3049300906052b0e03021a05000414" name "0414" key \
                sprintf("021040%030x", i))
}' >"$T/urls"
head -n 2 "$T/urls" >"$T/first"
curl -s -K "$T/first" -o "$T/body"
awk 'NR <= 4000' "$T/urls" >"$T/warm"
curl -s -K "$T/warm" -w '%{size_download}\n' >/dev/null
front=$(kb front) signer=$(kb signer)
began=$(date +%s)
curl -s -K "$T/urls" -w '%{http_code} %{size_download}\n' >"$T/sizes"
took=$(($(date +%s) - began + 2))
is 'all are answered' "$(grep -c '^200 ' "$T/sizes")" $N
short=$(grep -c '^200 5$' "$T/sizes")
[ $((N - short)) -le $((200 * took)) ]
is "signed from the budget ($((N - short)) in $took s)" $? 0
[ $((N - short)) -gt 0 ]
is 'which was used' $? 0
grew=$(($(kb front) - front + $(kb signer) - signer))
[ $grew -lt ${FLAT:-2048} ]
is "memory is flat ($grew kB more)" $? 0
BEARER=$ADMIN
want 200 - 'ready all the while' "$API/readyz"
like 'no process died' "$T/log" 'event=ready'
is 'once' "$(grep -c 'event=ready' "$T/log")" 1
finish
