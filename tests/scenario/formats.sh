#!/bin/sh
# SPDX-License-Identifier: ISC
# What a CSR may come as, and what the answer may be.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
csr a.internal
openssl req -in "$T/a.internal.csr" -outform DER -out "$T/a.der"
post() { # STATUS CODE WHAT CURL-ARG…
    p_status=$1 p_code=$2 p_what=$3
    shift 3
    want "$p_status" "$p_code" "$p_what" "$@" "$API/v1/certificates"
}
for type in application/pkcs10 application/x-pem-file \
    application/x-x509-csr text/plain application/octet-stream \
    application/x-www-form-urlencoded 'text/plain; charset=utf-8'; do
    post 201 - "PEM as $type" -H "Content-Type: $type" \
        --data-binary @"$T/a.internal.csr"
    is 'the chain comes back' "$(header Content-Type)" \
        application/pem-certificate-chain
done
post 201 - 'PEM without a type' -H 'Content-Type:' \
    --data-binary @"$T/a.internal.csr"
is 'Location is relative' "$(header Location)" \
    "/v1/certificates/$(serial_of "$T/body")"
post 201 - 'PEM by curl -d, without its line ends' -d @"$T/a.internal.csr"
post 201 - 'DER as application/pkcs10' -H 'Content-Type: application/pkcs10' \
    --data-binary @"$T/a.der"
post 201 - 'DER as octet-stream' -H 'Content-Type: application/octet-stream' \
    --data-binary @"$T/a.der"
post 201 - 'DER without a type' -H 'Content-Type:' --data-binary @"$T/a.der"
post 201 - 'chunked' -H 'Transfer-Encoding: chunked' \
    -H 'Content-Type: application/pkcs10' --data-binary @"$T/a.internal.csr"
sed 's/$/\r/' "$T/a.internal.csr" >"$T/crlf.csr"
post 201 - 'PEM with CR LF' --data-binary @"$T/crlf.csr"
sed 's/CERTIFICATE REQUEST/NEW CERTIFICATE REQUEST/' "$T/a.internal.csr" \
    >"$T/new.csr"
post 201 - 'NEW CERTIFICATE REQUEST' --data-binary @"$T/new.csr"

openssl req -in "$T/a.internal.csr" -text -out "$T/text.csr"
like 'a CSR in words, then in PEM' "$T/text.csr" '^ *Version: 1'
post 201 - 'is taken' --data-binary @"$T/text.csr"
post 400 bad-csr 'but not without its line ends' -d @"$T/text.csr"

# RSA-PSS as OpenSSL makes it: the salt as long as the key has room
openssl req -new -newkey rsa:2048 -nodes -keyout "$T/rsa.key" -subj /CN=a.internal \
    -sigopt rsa_padding_mode:pss -sha512 -out "$T/pss.csr" 2>"$T/openssl"
openssl req -in "$T/pss.csr" -noout -text >"$T/text"
like 'a salt longer than the hash' "$T/text" 'Salt Length: 0xBE'
post 201 - 'is taken' --data-binary @"$T/pss.csr"

jq -n --rawfile csr "$T/a.internal.csr" '{csr: $csr}' >"$T/a.json"
post 201 - 'JSON' -H 'Content-Type: application/json' \
    --data-binary @"$T/a.json"
like 'is answered in JSON' "$T/head" '^[Cc]ontent-[Tt]ype: application/json'
json 'with the object' '(.serial | length) == 32 and .status == "valid"
    and .names == ["dns:a.internal"] and .profile == "server"
    and .authority == "issuing" and .requester.type == "token"
    and (.pem | startswith("-----BEGIN CERTIFICATE-----"))
    and (.chain_pem | startswith("-----BEGIN CERTIFICATE-----"))
    and .key.type == "ec" and .key.curve == "P-256"
    and (.key.sha256 | length) == 64 and (.sha256 | length) == 64
    and (.leaf_index | type) == "number" and .protocol == "http"
    and (.not_before | endswith("Z")) and (.issued_at | endswith("Z"))'
jq -r .pem "$T/body" >"$T/leaf.pem"
is 'sha256 is over the certificate' "$(jq -r .sha256 "$T/body")" \
    "$(openssl x509 -in "$T/leaf.pem" -outform DER | sha256sum | cut -d' ' -f1)"
is 'key.sha256 is over the public key' "$(jq -r .key.sha256 "$T/body")" \
    "$(openssl pkey -in "$T/a.internal.key" -pubout -outform DER | sha256sum |
        cut -d' ' -f1)"
post 201 - 'JSON for a bare CSR when accepted' -H 'Accept: application/json' \
    --data-binary @"$T/a.internal.csr"
json 'an object' '.serial'
post 201 - 'DER when accepted' -H 'Accept: application/pkix-cert' \
    --data-binary @"$T/a.internal.csr"
ok 'is DER of the leaf' openssl x509 -inform DER -in "$T/body" -noout
post 201 - 'PEM for JSON when accepted' \
    -H 'Accept: application/pem-certificate-chain' \
    -H 'Content-Type: application/json' --data-binary @"$T/a.json"
is 'is the chain' "$(grep -c BEGIN "$T/body")" 2
before=$(state)
post 406 not-acceptable 'an image is not to be had' -H 'Accept: image/png' \
    --data-binary @"$T/a.internal.csr"
post 415 unsupported-media-type 'XML is not read' \
    -H 'Content-Type: application/xml' --data-binary @"$T/a.internal.csr"
like 'and the line to use is said' "$T/body" 'data-binary'
post 415 unsupported-media-type 'multipart is not read' \
    -F csr=@"$T/a.internal.csr"
like 'and the line to use is said' "$T/body" 'data-binary'
post 415 unsupported-media-type 'JSON as text' -H 'Content-Type: text/json' \
    --data-binary @"$T/a.json"
post 400 bad-csr 'a form' -d 'csr=abc'
post 400 bad-csr 'an empty body' -H 'Content-Type: application/pkcs10' -d ''
post 400 csr-is-private-key 'a private key' \
    --data-binary @"$T/a.internal.key"
secret=$(sed -n 2p "$T/a.internal.key")
unlike 'the key is not repeated' "$T/body" "$secret"
unlike 'nor logged' "$T/log" "$secret"
cat "$T/a.internal.csr" "$T/a.internal.csr" >"$T/two.csr"
post 400 bad-csr 'two CSRs' --data-binary @"$T/two.csr"
post 400 bad-csr 'a certificate' --data-binary @"$CA/root.pem"
head -c 65537 /dev/zero >"$T/big"
post 413 too-large 'over 64 KiB' -H 'Content-Type: application/pkcs10' \
    --data-binary @"$T/big"
post 413 too-large 'over 64 KiB, chunked' -H 'Transfer-Encoding: chunked' \
    -H 'Content-Type: application/pkcs10' --data-binary @"$T/big"
is 'nothing of that was recorded' "$(state)" "$before"

# the same certificate in its forms
issue b.internal
for path in "$serial" "$(echo "$serial" | tr a-f A-F)" "0x$serial" \
    "00$serial" "$(echo "$serial" | sed 's/../&:/g; s/:$//')"; do
    want 200 - "serial as $path" "$API/v1/certificates/$path"
done
want 200 - '.pem' "$API/v1/certificates/$serial.pem"
ok 'is the chain of before' cmp "$T/body" "$T/b.internal.pem"
want 200 - '.der' "$API/v1/certificates/$serial.der"
is 'as application/pkix-cert' "$(header Content-Type)" application/pkix-cert
ok 'is the leaf' openssl x509 -inform DER -in "$T/body" -noout
openssl x509 -inform DER -in "$T/body" -out "$T/der.pem"
is 'the same one' "$(serial_of "$T/der.pem")" "$serial"
decimal=$(openssl x509 -in "$T/der.pem" -noout -serial | sed 's/.*=//' |
    sed 's/[A-F]/9/g')
want 404 not-found 'another serial' "$API/v1/certificates/$decimal"
want 404 not-found 'not a serial' "$API/v1/certificates/xyz"
want 404 not-found 'an unknown ending' "$API/v1/certificates/$serial.txt"
finish
