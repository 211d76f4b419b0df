#!/bin/sh
# SPDX-License-Identifier: ISC
# Blocked keys: by key, certificate, CSR or hash; refused ever after, with the
# service running and without; taken back only with a trace.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
export POCKETCA_CONF="$CA/pocketca.conf"
spki() { # FILE.key: SHA-256 of its SubjectPublicKeyInfo
    openssl pkey -in "$1" ${2:+-passin} ${2:+pass:"$2"} -pubout -outform DER |
        sha256sum | cut -d ' ' -f 1
}
refused() { # NAME: its CSR, over HTTP and by the command
    want 422 key-compromised "$1: refused" --data-binary @"$T/$1.csr" \
        "$API/v1/certificates"
    json "$1: names the hash and since when" \
        ".errors[0].detail | test(\"$(spki "$T/$1.key").* at 20.*Z\")"
    exits 1 "$1: refused by the command" "$POCKETCA" issue "$T/$1.csr"
    like "$1: which says the same" "$T/out" "$(spki "$T/$1.key")"
}

issue a.internal
a=$serial
n0=$(state)
ok 'a private key, open to all' chmod 644 "$T/a.internal.key"
"$POCKETCA" block "$T/a.internal.key" --note 'found in a repository' \
    >"$T/out" 2>"$T/err"
is 'is blocked' "$?" 0
like 'by its hash' "$T/out" "^$(spki "$T/a.internal.key") blocked$"
like 'who has it is warned of' "$T/err" \
    "$a .*pocketca revoke $a --reason keyCompromise"
[ "$(state)" != "$n0" ]
is 'that is an entry' $? 0
refused a.internal
want 422 key-compromised 'no renewal with it' -X POST \
    "$API/v1/certificates/$a/renew"
csr b.internal
openssl req -new -key "$T/b.internal.key" -subj / -out "$T/rekey.csr" \
    -addext subjectAltName=DNS:a.internal
want 422 key-compromised 'and none to another key' \
    --data-binary @"$T/rekey.csr" "$API/v1/certificates/$a/renew"
want 200 - 'the certificate itself is not revoked' "$API/v1/certificates/$a"
json 'by a block alone' '.status == "valid"'
n1=$(state)
ok 'once more' "$POCKETCA" block "$T/a.internal.pem"
is 'changes nothing' "$(state)" "$n1"

csr c.internal
csr d.internal
csr e.internal
ok 'by CSR' "$POCKETCA" block "$T/c.internal.csr"
refused c.internal
ok 'by hash' "$POCKETCA" block "$(spki "$T/d.internal.key")"
refused d.internal
openssl pkey -in "$T/e.internal.key" -aes256 -passout pass:secret \
    -out "$T/e.sealed" 2>/dev/null
exits 1 'an encrypted key without its passphrase' "$POCKETCA" block \
    "$T/e.sealed" </dev/null
echo secret >"$T/pass"
ok 'and with it' "$POCKETCA" block "$T/e.sealed" --passphrase-file "$T/pass"
refused e.internal
openssl ecparam -name secp256k1 -genkey -noout -out "$T/odd.key"
ok 'a key that is never certified' "$POCKETCA" block "$T/odd.key"
exits 1 'the key of the authority' "$POCKETCA" block "$CA/keys/issuing.key"
exits 1 'of the ledger' "$POCKETCA" block "$CA/keys/ledger.key"
exits 1 'something else' "$POCKETCA" block "$CA/pocketca.conf"
exits 2 'two of them' "$POCKETCA" block "$T/c.internal.csr" "$T/d.internal.csr"
exits 2 'a list of one' "$POCKETCA" block --list "$T/c.internal.csr"
exits 2 'a note with a control character' "$POCKETCA" block \
    "$T/b.internal.csr" --note "$(printf 'a\033b')"

"$POCKETCA" block --list >"$T/list"
is 'all are listed' "$(wc -l <"$T/list")" 5
like 'with date and note' "$T/list" \
    "^$(spki "$T/a.internal.key")  20.*Z  found in a repository$"

exits 1 'one that is not blocked is not taken back' "$POCKETCA" block --remove \
    "$T/b.internal.csr"
n2=$(state)
ok 'taken back' "$POCKETCA" block --remove "$T/c.internal.csr"
[ "$(state)" != "$n2" ]
is 'with a trace' $? 0
want 201 - 'and certified again' --data-binary @"$T/c.internal.csr" \
    "$API/v1/certificates"
want 200 - 'revoked for keyCompromise' -X POST -d reason=keyCompromise \
    "$API/v1/certificates/$(jq -r .serial "$T/body" 2>/dev/null ||
        serial_of "$T/body")/revoke"
refused c.internal
exits 1 'such a block is not taken back' "$POCKETCA" block --remove \
    "$T/c.internal.csr"

stop
ok 'without a service' "$POCKETCA" block "$T/b.internal.csr"
exits 1 'refused' "$POCKETCA" issue "$T/b.internal.csr"
ok 'the audit knows of all' "$POCKETCA" audit
finish
