#!/bin/sh
# SPDX-License-Identifier: ISC
# pocketca lint: our own certificates, and others.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue web.internal
printf '' >"$T/nothing"
ok 'our own are clean' "$POCKETCA" lint "$T/web.internal.pem" "$CA/root.pem" \
    "$CA/chain.pem" --issuer "$CA/root.pem"
is 'without a word' "$(wc -c <"$T/out" | tr -d ' ')" 0
ok 'from standard input' sh -c '"$1" lint - <"$2"' - "$POCKETCA" "$CA/root.pem"
openssl x509 -in "$CA/root.pem" -outform DER -out "$T/root.der"
ok 'DER' "$POCKETCA" lint "$T/root.der"

exits 2 'no file' "$POCKETCA" lint
exits 1 'a file that is not there' "$POCKETCA" lint "$T/none"
exits 1 'an empty one' "$POCKETCA" lint "$T/nothing"
exits 1 'a key' "$POCKETCA" lint "$T/web.internal.key"

# A certificate as people make them with openssl.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/o.key" -subj /CN=o.example \
    -days 3000 -set_serial 0 -addext keyUsage=critical,keyAgreement \
    -addext extendedKeyUsage=serverAuth -addext basicConstraints=CA:FALSE \
    -out "$T/o.pem" 2>/dev/null
cat "$CA/root.pem" "$T/o.pem" >"$T/two.pem"
exits 1 'errors' "$POCKETCA" lint "$T/two.pem"
cp "$T/out" "$T/lines"
like 'which file, which certificate, where it stands' "$T/lines" \
    "^$T/two\.pem:2: error serial_zero: the serial number is zero \(RFC 5280 4\.1\.2\.2\)$"
like 'an RSA key that agrees' "$T/lines" ':2: error rsa_usage: .*\(RFC 3279'
like 'no names' "$T/lines" ':2: error san_missing: .*\(RFC 9525'
like 'a warning is one' "$T/lines" ':2: warning server_lifetime: '
unlike 'the first has none' "$T/lines" ':1: '
"$POCKETCA" lint --json "$T/two.pem" >"$T/body"
json 'as JSON' '[.[] | select(.lint == "serial_zero")] == [{
    "file": "'"$T"'/two.pem", "certificate": 2, "severity": "error",
    "lint": "serial_zero", "citation": "RFC 5280 4.1.2.2",
    "text": "the serial number is zero"}]'

exits 1 'another issuer' "$POCKETCA" lint "$T/web.internal.pem" \
    --issuer "$T/o.pem"
openssl x509 -in "$T/web.internal.pem" -out "$T/leaf.pem"
exits 1 'another issuer alone' "$POCKETCA" lint "$T/leaf.pem" \
    --issuer "$T/o.pem"
like 'its name differs' "$T/out" ' error issuer_name: '
like 'it is no authority' "$T/out" ' error issuer_no_ca: '

# Only warnings.
openssl req -x509 -newkey ed25519 -nodes -keyout "$T/w.key" -subj /CN=w.example \
    -days 30 -addext subjectAltName=critical,DNS:w.example \
    -addext keyUsage=critical,digitalSignature,keyCertSign,cRLSign \
    -out "$T/w.pem" 2>/dev/null
ok 'only warnings' "$POCKETCA" lint "$T/w.pem"
like 'they are shown' "$T/out" ' warning san_critical: '

# A name that no certificate should have is one finding among others.
openssl req -x509 -newkey ed25519 -nodes -keyout "$T/w.key" -subj /CN=w \
    -days 30 -addext subjectAltName=DNS:a_b.example \
    -addext basicConstraints=critical,CA:FALSE -out "$T/odd.pem" 2>/dev/null
exits 1 'a host with an underscore' "$POCKETCA" lint "$T/odd.pem"
like 'is said once' "$T/out" ' error san_form: .*a_b\.example'
is 'and only once' "$(grep -c a_b "$T/out")" 1
like 'the others say what they are' "$T/out" \
    ' warning key_usage_missing: there is no keyUsage'

# What cannot be read says why.
{ cat "$T/root.der"; printf x; } >"$T/tail.der"
exits 1 'a tail' "$POCKETCA" lint "$T/tail.der"
like 'is not DER' "$T/out" ':1: error not_der: '
openssl req -x509 -newkey rsa:1024 -nodes -keyout "$T/s.key" -subj /CN=s \
    -days 30 -out "$T/s.pem" 2>/dev/null
exits 1 'a small key' "$POCKETCA" lint "$T/s.pem"
like 'with its size' "$T/out" ' error key_form: .*1024 bits'
finish
