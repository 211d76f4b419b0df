#!/bin/sh
# SPDX-License-Identifier: ISC
# Lists of weak keys in the form of Debian's openssl-blacklist.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.internal'
export POCKETCA_CONF="$CA/pocketca.conf"
L=$T/lists
mkdir "$L"
rsa() { # NAME
    openssl req -new -newkey rsa:2048 -nodes -keyout "$T/$1.key" -subj / \
        -addext "subjectAltName=DNS:$1.internal" -out "$T/$1.csr" 2>/dev/null
}
# As the package's own tool makes a line.
line() { # NAME
    openssl rsa -in "$T/$1.key" -noout -modulus 2>/dev/null | sha1sum |
        cut -c 21-40
}
rsa bad
rsa late
rsa good
sed -i "1i weak-keys = \"$L\"" "$CA/pocketca.conf"
exits 1 'a directory without lists' "$POCKETCA" check
like 'is no such' "$T/out" "weak-keys: $L has no list"
echo nonsense >"$L/blacklist.RSA-2048"
exits 1 'a list that is none' "$POCKETCA" check
like 'with file and line' "$T/out" "$L/blacklist.RSA-2048:1: "
{
    echo '# a list'
    for i in 1 2 3; do echo "0${i}0000000000000000ff"; done
    line bad
} >"$L/blacklist.RSA-2048"
ok 'a good one' "$POCKETCA" check

refused() { # NAME
    want 422 key-weak "$1: refused" --data-binary @"$T/$1.csr" \
        "$API/v1/certificates"
    json "$1: for the list" '.errors[0].detail | test("on a list of keys")'
    exits 1 "$1: refused by the command" "$POCKETCA" issue "$T/$1.csr"
    like "$1: for the same reason" "$T/out" 'on a list of keys'
}
serve
steady_begin
refused bad
steady 'a listed key'
want 201 - 'another is certified' --data-binary @"$T/good.csr" \
    "$API/v1/certificates"
want 201 - 'one that is not listed yet' --data-binary @"$T/late.csr" \
    "$API/v1/certificates"
late=$(serial_of "$T/body")
stop
line late >"$L/blacklist.RSA-4096"
exits 1 'without a service' "$POCKETCA" issue "$T/bad.csr"
like 'as well' "$T/out" 'on a list of keys'
serve
refused late
want 422 key-weak 'nor is it renewed' -X POST "$API/v1/certificates/$late/renew"
finish
